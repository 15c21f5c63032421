"""Sections of technical documentation: headings with the text below them."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

from entries import Entry, draw

_number = re.compile(r"^(?:[\d.]+|第?[一二三四五六七八九十]+[、.]|Q\d*[:：])\s*")


def sections(folder: Path, language: str, most: int = 4000) -> Iterator[Entry]:
    """Sections of all files of a language, spread over the files; titled by the last heading or the last two."""
    paths = sorted(folder.glob(f"*.{language}.jsonl.gz"))
    files = [_rows(path) for path in paths]
    left = most
    for at, (path, rows) in enumerate(sorted(zip(paths, files, strict=True), key=lambda item: len(item[1]))):
        kept = draw(rows, left // (len(files) - at), path.name)
        left -= len(kept)
        for place, row in enumerate(kept):
            names = [_number.sub("", part.strip()) for part in row["h"].split(" > ")]
            title = names[-1] if place % 2 or len(names) < 2 else " ".join(names[-2:])
            yield Entry(title.strip("`* "), row["t"])


def _rows(path: Path) -> list[dict[str, str]]:
    rows = map(json.loads, gzip.decompress(path.read_bytes()).decode().splitlines())
    return [row for row in rows if len(row["t"]) > 80 and "CHANGELOG" not in row.get("src", "")]
