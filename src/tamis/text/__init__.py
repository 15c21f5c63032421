"""Text: cleaning, normalisation, language, search tokens, sentences, words and what points back."""

from tamis.text.language import Language, detect
from tamis.text.normalise import clean, normalise, simplified
from tamis.text.pointers import abbreviations, pronouns
from tamis.text.segment import segment
from tamis.text.sentences import sentences
from tamis.text.words import tagged

__all__ = [
    "Language",
    "abbreviations",
    "clean",
    "detect",
    "normalise",
    "pronouns",
    "segment",
    "sentences",
    "simplified",
    "tagged",
]
