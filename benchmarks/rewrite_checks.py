"""What the checks of a language model's rewrites take and refuse: people's rewrites, those of other rows, and praise.

``TAMIS_DATA=... python benchmarks/rewrite_checks.py`` holds each human rewrite against the turns before it; then
the rewrite of the next row, which says something else; then the human one with a word of advertising before it.
"""

from __future__ import annotations

import gzip
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tamis.core import Query
from tamis.evaluate.distributions import binomial_high, binomial_low
from tamis.rewrite.model.checks import Ground, praise

ROWS, SEED = 2_000, 7
PRAISE = {"zh": ("最佳", "快速", "一站式"), "en": ("best ", "ultimate ", "easy ")}


def chinese(folder: Path) -> Iterator[tuple[Query, str]]:
    """Turns of chats and their rewrites: two turns before, the turn, the rewrite."""
    with gzip.open(folder / "zh_train.tsv.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            first, second, turn, rewrite = line.rstrip("\n").split("\t")
            yield Query(turn, history=(first, second)), rewrite


def canard(folder: Path) -> Iterator[tuple[Query, str]]:
    """Questions about a person, with the dialogue before them."""
    with gzip.open(folder / "canard_dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            yield Query(row["question"], history=tuple(row["history"])), row["rewrite"]


def cast(folder: Path) -> Iterator[tuple[Query, str]]:
    """Questions of TREC CAsT 2019, with those before them in their conversation."""
    before: dict[str, list[str]] = {}
    for row in map(json.loads, (folder / "cast19.jsonl").read_text("utf-8").splitlines()):
        turns = before.setdefault(row["id"].rpartition("_")[0], [])
        yield Query(row["raw"], history=tuple(turns)), row["rewrite"]
        turns.append(row["raw"])


SETS: dict[str, tuple[Callable[[Path], Iterator[tuple[Query, str]]], str]] = {
    "Chinese chats": (chinese, "zh"),
    "CANARD dev": (canard, "en"),
    "CAsT 2019": (cast, "en"),
}


def faults(rows: Sequence[tuple[Query, str]]) -> Counter[str]:
    """Why rewrites are refused; empty for those that are taken."""
    return Counter(Ground(query).fault_of_standalone(text) for query, text in rows)


def line(what: str, found: Counter[str]) -> str:
    """How many were taken, with a 95 % interval, and why the others were not."""
    total = sum(found.values())
    low, high = binomial_low(found[""], total, 0.025), binomial_high(found[""], total, 0.025)
    why = "; ".join(f"{text} {count}" for text, count in found.most_common() if text)
    return f"  {what}: taken {found[''] / total:.1%} [{low:.1%}, {high:.1%}] of {total}{f' ({why})' if why else ''}"


def main() -> None:
    """Print the three shares of each set."""
    folder = Path(os.environ["TAMIS_DATA"]) / "rewrite"
    for name, (read, language) in SETS.items():
        rows = list(read(folder))
        rows = random.Random(SEED).sample(rows, min(ROWS, len(rows)))
        words = PRAISE[language]
        others = [(query, rows[(at + 1) % len(rows)][1]) for at, (query, _) in enumerate(rows)]
        praised = [(query, f"{words[at % 3]}{text}") for at, (query, text) in enumerate(rows)]
        praised = [(q, text) for q, text in praised if not praise(" ".join((q.text, *q.history))) & praise(text)]
        print(name)
        for what, given in (("people's own", rows), ("of the next row", others), ("with a word of praise", praised)):
            print(line(what, faults(given)))


if __name__ == "__main__":
    main()
