"""Chinese words with their parts of speech, for rules that need to know what a word does."""

from __future__ import annotations

from functools import cache
from typing import Any

from tamis.text.normalise import simplified


def tagged(text: str) -> list[tuple[str, str]]:
    """The words of a text with jieba's tags (``n`` noun, ``nr`` person, ``ns`` place, ``v`` verb, ``r`` pronoun, ...).

    Traditional characters become simplified ones; the words' lengths add up to the text's, so that each can be found
    where it stands.

    >>> tagged("你知道駱駝嗎")
    [('你', 'r'), ('知道', 'v'), ('骆驼', 'n'), ('吗', 'y')]
    """
    plain = simplified(text)
    found: list[tuple[str, str]] = _jieba().tag(plain if len(plain) == len(text) else text)
    return found


@cache
def _jieba() -> Any:
    import rjieba

    return rjieba.Jieba()
