"""Text: cleaning, normalisation, language, search tokens, sentences, words that point back."""

from tamis.text.language import Language, detect
from tamis.text.normalise import clean, normalise
from tamis.text.pointers import abbreviations, pronouns
from tamis.text.segment import segment
from tamis.text.sentences import sentences

__all__ = ["Language", "abbreviations", "clean", "detect", "normalise", "pronouns", "segment", "sentences"]
