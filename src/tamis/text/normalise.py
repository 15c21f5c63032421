"""Cleaning of any text, and normalisation for lexical matching."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

from tamis.text.scripts import han

_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
# Soft hyphen, zero-width characters and variation selectors: invisible, so they must not keep words from matching.
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f]")


def clean(text: str) -> str:
    r"""The text as valid Unicode with no control characters; line breaks of any kind become ``\n``, tabs stay.

    Never raises. Surrogate pairs are joined, a lone surrogate becomes U+FFFD; NULs and byte order marks go.

    >>> clean("a\x00b\r\nc\ud800")
    'ab\nc\ufffd'
    """
    if _SURROGATES.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if text.isprintable():
        return text
    return _CONTROLS.sub("", _BREAKS.sub("\n", text))


def normalise(text: str) -> str:
    """The text as lexical matching sees it: NFKC, case folded, traditional Chinese characters simplified.

    >>> normalise("ＱＷＥＮ３ 漢語 Straße")
    'qwen3 汉语 strasse'
    """
    text = clean(text)
    if text.isascii():
        return text.lower()
    text = _folded(_INVISIBLE.sub("", text))
    return simplified(text) if han.search(text) else text


def _folded(text: str) -> str:
    # The fixed point of NFKC and case folding, reached after two rounds for every character (Unicode TR 44, NFKC_CF).
    for _ in range(2):
        text = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", text)


def simplified(text: str) -> str:
    """The text with traditional Chinese characters simplified, and surrogates, which have no place in it, as U+FFFD.

    >>> simplified("漢語")
    '汉语'
    """
    text = _SURROGATES.sub("\ufffd", text)
    # Twice: one character (薴) is simplified to one that is simplified further.
    for _ in range(2):
        text = _simplifier().convert(text)
    return text


@cache
def _simplifier() -> Any:
    import opencc

    return opencc.OpenCC("t2s")
