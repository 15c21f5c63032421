"""Text: cleaning, normalisation, language, search tokens, sentences."""

from tamis.text.language import Language, detect
from tamis.text.normalise import clean, normalise, simplified
from tamis.text.segment import segment
from tamis.text.sentences import sentences
from tamis.text.words import tagged

__all__ = ["Language", "clean", "detect", "normalise", "segment", "sentences", "simplified", "tagged"]
