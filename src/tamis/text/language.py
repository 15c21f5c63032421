"""Which language a text is in, as far as segmentation needs to know."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from tamis.text.scripts import HAN, UNSPACED

Language: TypeAlias = Literal["zh", "en", "mixed", "other"]

SAMPLE = 20_000  # characters looked at; more do not change the answer
MINOR = 0.1  # a script with less than this share of the words does not make a text "mixed"
CHARACTERS_A_WORD = 1.6  # mean length of Chinese words in running text, to weigh characters against words

_han = re.compile(f"[{HAN}]")
_latin = re.compile("[A-Za-zÀ-ÖØ-öø-ɏ]+")
_unspaced = re.compile(f"[{UNSPACED}]")
_others = re.compile(f"[^\\W\\d_A-Za-zÀ-ÖØ-öø-ɏ{HAN}{UNSPACED}]+")


def detect(text: str) -> Language:
    """The language by the scripts' shares of the words: Han is "zh", Latin is "en", both "mixed", the rest "other".

    >>> [detect(t) for t in ("合同何时无效？", "when is it void?", "用 Python 写的 reranker", "これはペンです")]
    ['zh', 'en', 'mixed', 'other']
    """
    text = text[:SAMPLE]
    zh = len(_han.findall(text)) / CHARACTERS_A_WORD
    en = len(_latin.findall(text))
    other = len(_unspaced.findall(text)) / CHARACTERS_A_WORD + len(_others.findall(text))
    total = zh + en + other
    if not total or other > total / 3:  # Japanese mixes kana with Han
        return "other"
    if min(zh, en) > MINOR * total:
        return "mixed"
    return "zh" if zh > en else "en"
