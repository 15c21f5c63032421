"""Words where they stand: the places between them, and their parts of speech in Chinese."""

from __future__ import annotations

import re
from functools import lru_cache

from tamis.text.normalise import normalise, simplified
from tamis.text.scripts import han_run
from tamis.text.segment import _WORD, _jieba

_piece = re.compile(f"{han_run.pattern}|{_WORD}|.", re.DOTALL)
_owned = re.compile("['’]s$")


def aligned(text: str) -> str:
    """The text as lexical matching sees it, character by character: what stands at a place still stands there.

    >>> aligned("ＱＷＥＮ３ 漢語")
    'qwen3 汉语'
    """
    return text.lower() if text.isascii() else "".join(map(_character, text))


def borders(text: str) -> set[int]:
    """The places where words begin and end, its own ends among them, in a text that ``aligned`` gave.

    Chinese is cut into the words of the dictionary; a compound such as ``ci/cd`` or ``node.js`` is one word.

    >>> sorted(borders("最高数值 node.js"))
    [0, 2, 4, 5, 12]
    """
    found = {0, len(text)}
    for match in _piece.finditer(text):
        piece, at = match.group(), match.start()
        found |= {at, match.end()}
        if han_run.match(piece):
            for word in _jieba().cut(piece, False):
                at += len(word)
                found.add(at)
        elif owner := _owned.search(piece):
            found.add(at + owner.start())
    return found


def tagged(text: str, *, guess: bool = True) -> list[tuple[str, str]]:
    """The words of a Chinese text with jieba's tags (``n`` noun, ``nr`` person, ``ns`` place, ``v`` verb, ...).

    Traditional characters become simplified ones; the words' lengths add up to the text's, so that each can be found
    where it stands.

    Args:
        text: what is cut.
        guess: join characters that may be a name which the dictionary does not know.

    >>> tagged("退貨流程")
    [('退货', 'v'), ('流程', 'n')]
    """
    plain = simplified(text)
    if len(plain) != len(text):
        plain = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    found: list[tuple[str, str]] = _jieba().tag(plain, guess)
    return found


def between(left: str, right: str) -> str:
    """What keeps two texts' words apart where one is put beside the other: a space between Latin letters and digits.

    >>> between("Docker", "container"), between("Docker", "容器")
    (' ', '')
    """
    near = left[-1:] + right[:1]
    return " " if len(near) == 2 and near.isascii() and near.isalnum() else ""


@lru_cache(maxsize=1 << 16)
def _character(character: str) -> str:
    folded = normalise(character)
    return folded if len(folded) == 1 else character
