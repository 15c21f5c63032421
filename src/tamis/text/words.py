"""Chinese words with their parts of speech, for rules that need to know what a word does."""

from __future__ import annotations

from functools import cache
from typing import Any

from tamis.text.normalise import simplified


def tagged(text: str) -> list[tuple[str, str]]:
    """The words of a text with jieba's tags (``n`` noun, ``nr`` person, ``ns`` place, ``v`` verb, ``r`` pronoun, ...).

    The words joined are the text again; traditional characters are tagged as simplified ones.

    >>> tagged("你知道骆驼吗")
    [('你', 'r'), ('知道', 'v'), ('骆驼', 'n'), ('吗', 'y')]
    """
    plain = simplified(text)
    found = _jieba().tag(plain if len(plain) == len(text) else text)
    words, start = [], 0
    for word, tag in found:
        words.append((text[start : start + len(word)], tag))
        start += len(word)
    return words


@cache
def _jieba() -> Any:
    import rjieba

    return rjieba.Jieba()
