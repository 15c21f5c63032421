"""Search tokens: what lexical search matches queries and documents by."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from tamis.text.normalise import normalise
from tamis.text.scripts import HAN, MARKS, UNSPACED, han_run, unspaced_run
from tamis.text.stopwords import CHINESE, ENGLISH

LONGEST = 64  # characters of one token; longer ones are encoded data, of which the beginning is kept

_LETTER = f"(?:[^\\W_{HAN}{UNSPACED}]|[{MARKS}])"
# A word, or a compound such as qwen3-reranker-0.6b, don't, a.b@c.org, 1,000, c++.
_WORD = f"{_LETTER}+(?:(?:[-_./+@'’]|(?<=\\d),(?=\\d)){_LETTER}+)*(?:\\+\\+|#)?"
_ascii_run = re.compile(r"[a-z0-9]+(?:(?:[-_./+@']|(?<=\d),(?=\d))[a-z0-9]+)*(?:\+\+|#)?")
_run = re.compile(f"[{HAN}]+|[{UNSPACED}]+|{_WORD}")
_number = re.compile(r"\d+(?:[.,]\d+)+")
_part = re.compile(r"\d+(?:\.\d+)+[^\W_]*|[^-_./+@,#]+")


def segment(text: str) -> list[str]:
    """The search tokens of a text in its order; queries and documents are cut the same way.

    English words are stemmed; a compound gives itself and its parts; Chinese is cut into dictionary words and the words
    inside them, with character bigrams where the dictionary knows no word; kana, Hangul, Thai and other scripts without
    spaces become character bigrams. Stop words go, unless there is nothing else. Thread-safe and deterministic.

    >>> segment("The Qwen3-Reranker-0.6B ranks documents")
    ['qwen3-reranker-0.6b', 'qwen3', 'rerank', '0.6b', 'rank', 'document']
    >>> segment("合同何时无效？")
    ['合同', '何时', '无效']
    >>> segment("to be or not to be")
    ['to', 'be', 'or', 'not', 'to', 'be']
    """
    text = normalise(text)
    runs = _ascii_run.findall(text) if text.isascii() else _run.findall(text)
    return [t for run in runs for t in _cut(run)] or [t for run in runs for t in _cut(run, keep=True)]


def chinese_words(text: str) -> list[str]:
    """The dictionary's words of a Chinese text in order; nothing is left out.

    >>> chinese_words("厨师过滤食物")
    ['厨师', '过滤', '食物']
    """
    return _jieba().cut(text, False)  # type: ignore[no-any-return]


def _cut(run: str, keep: bool = False) -> Sequence[str]:
    """The tokens of a run of one script; with ``keep``, stop words too."""
    if han_run.match(run):
        return _chinese(run, frozenset() if keep else CHINESE)
    if unspaced_run.match(run):
        return _bigrams(run)
    cut = _english if len(run) <= LONGEST else _english.__wrapped__  # encoded data must not fill the cache
    return cut(run, frozenset() if keep else ENGLISH)


def _chinese(run: str, stop: frozenset[str]) -> list[str]:
    tokens: list[str] = []
    alone = ""  # the characters that stand side by side outside the dictionary's words
    for word in _jieba().cut_for_search(run, False):
        if len(word) == 1 and word not in stop:
            alone += word
            continue
        if alone:
            tokens += _unknown(alone)
            alone = ""
        if len(word) > 1:
            tokens.append(word)
    return tokens + _unknown(alone) if alone else tokens


def _unknown(run: str) -> list[str]:
    """Each character, since it may be a word (猫), and the bigrams, since they may be a name (玄霁)."""
    return [*run, *_bigrams(run)] if len(run) > 1 else [run]


def _bigrams(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


@lru_cache(maxsize=1 << 18)
def _english(word: str, stop: frozenset[str]) -> tuple[str, ...]:
    """The word's stem, or the compound and the stems of its parts."""
    word = word.replace("’", "'")
    if word in stop:
        return ()
    if word.replace("'", "").isalnum():
        return (_stem(word),)
    if _number.fullmatch(word):
        return (word.replace(",", ""),)
    parts = _part.findall(word)
    if parts == [word]:
        return (_stem(word),)
    return (word[:LONGEST], *(_stem(part) for part in parts if part not in stop))


def _stem(word: str) -> str:
    if not word[0].isascii() or len(word) > LONGEST:
        return word[:LONGEST]
    with _stemming:
        return _stemmer().stemWord(word)  # type: ignore[no-any-return]


_stemming = threading.Lock()  # the stemmer keeps the word it works on in itself


@cache
def _stemmer() -> Any:
    # Not snowballstemmer.stemmer("english"): that hands out PyStemmer where it is installed, whose version may cut
    # differently, and an index must be searched with the tokens it was built with.
    from snowballstemmer.english_stemmer import EnglishStemmer

    return EnglishStemmer()


@cache
def _jieba() -> Any:
    import rjieba

    return rjieba.Jieba()  # our own: words that others add to the shared one must not change our tokens
