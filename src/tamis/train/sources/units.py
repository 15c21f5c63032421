"""Words and Chinese characters: what lengths of texts are counted in, whatever the language."""

from __future__ import annotations

import re

from tamis.text import normalise
from tamis.text.scripts import HAN

_unit = re.compile(f"[{HAN}]|[^\\W_{HAN}]+")


def units(text: str) -> list[str]:
    """The words of a text and its Chinese characters, one by one, in order; normalised, without punctuation.

    >>> units("A tamis (绢筛)!")
    ['a', 'tamis', '绢', '筛']
    """
    return _unit.findall(normalise(text))
