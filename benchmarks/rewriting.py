"""How near the offline rewriter comes to people's rewrites: token F1 and exact match beside copying and an oracle.

    TAMIS_DATA=/path/to/data python benchmarks/rewriting.py        # about a minute

Sets of ``rewrite/``: CAsT 2019 (history: the earlier raw questions of its topic), CANARD's development sample (title,
section, questions and answers), and 2,000 Chinese rows that nobody looked at while the rules were written (rows 12,000
on after ``random.Random(1).shuffle``; rows before were seen). Tokens are words in small letters, and in Chinese single
characters. "copy" leaves every query as it is; "oracle" is the nearest to the human rewrite that can be had by putting
one stretch of the history into one place of the query, or leaving it alone.

Controls are queries of single-turn sets: without a history nothing may change; with the history of a conversation that
has nothing to do with them nothing should.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tamis.core import Query
from tamis.data import Collection
from tamis.evaluate import interval, paired
from tamis.rewrite import Offline
from tamis.text import tagged

DATA = Path(os.environ.get("TAMIS_DATA", "../shared/data"))
RESULTS = Path(__file__).parent / "results/rewriting.json"
UNSEEN, SAMPLE = 12_000, 2_000
CONTROLS = {
    "English": ("wikiqa_dev", "trecqa_dev", "trec_dl21", "scifact", "insuranceqa_en_dev"),
    "Chinese": ("kuake_dev", "stard_dev", "insuranceqa_zh_dev"),
}
LONGEST = 8  # words of a stretch that the oracle may put in

REWRITER = Offline(variants=1)


class Turn(NamedTuple):
    """A query in its conversation, and what people made of it."""

    history: Sequence[str]
    query: str
    rewrite: str


def cast() -> Iterator[Turn]:
    topics: dict[str, list[str]] = {}
    for line in (DATA / "rewrite/cast19.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        said = topics.setdefault(row["id"].split("_")[0], [])
        yield Turn(list(said), row["raw"], row["rewrite"])
        said.append(row["raw"])


def canard() -> Iterator[Turn]:
    with gzip.open(DATA / "rewrite/canard_dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            yield Turn(row["history"], row["question"], row["rewrite"])


def chinese() -> Iterator[Turn]:
    with gzip.open(DATA / "rewrite/zh_train.tsv.gz", "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    random.Random(1).shuffle(rows)
    for first, second, query, rewrite in rows[UNSEEN : UNSEEN + SAMPLE]:
        yield Turn((first, second), query, rewrite)


SETS = {"CAsT 2019": cast, "CANARD": canard, "Chinese": chinese}


def tokens(text: str, set_name: str) -> list[str]:
    return list(text.replace(" ", "")) if set_name == "Chinese" else re.findall(r"\w+", text.lower())


def f1(text: str, gold: str, name: str) -> float:
    """Harmonic mean of precision and recall over tokens, each as often as it stands."""
    one, two = Counter(tokens(text, name)), Counter(tokens(gold, name))
    total = one.total() + two.total()
    return 2 * (one & two).total() / total if total else 1.0


def oracle(turn: Turn, name: str) -> float:
    """The best that one stretch of the history in the query can do; where in the query does not count for tokens."""
    have, gold = Counter(tokens(turn.query, name)), Counter(tokens(turn.rewrite, name))
    # What may go: any one word of the query (a pronoun), or nothing.
    gone = [Counter(), *(Counter({word: 1}) for word in have)]
    if name == "Chinese":
        gone += [Counter(tokens(word, name)) for word, tag in tagged(turn.query) if tag == "r"]
    best = 0.0
    for put in {stretch for said in turn.history[-8:] for stretch in stretches(said, name)} | {()}:
        for left_out in gone:
            made = have - left_out + Counter(put)
            total = made.total() + gold.total()
            best = max(best, 2 * (made & gold).total() / total if total else 1.0)
    return best


def stretches(said: str, name: str) -> Iterator[tuple[str, ...]]:
    if name == "Chinese":
        units = [tuple(word) for word, _ in tagged(said)]
    else:
        units = [(word,) for word in tokens(said, name)[:60]]
    for start in range(len(units)):
        for end in range(start + 1, min(start + LONGEST, len(units)) + 1):
            yield tuple(token for unit in units[start:end] for token in unit)


def rewritten(query: str, history: Sequence[str]) -> str:
    return REWRITER.rewrite(Query(query, history=tuple(history)))[0].text


def measured(name: str) -> dict[str, object]:
    turns = list(SETS[name]())
    start = time.perf_counter()
    ours = [rewritten(turn.query, turn.history) for turn in turns]
    seconds = time.perf_counter() - start
    gold = [turn.rewrite for turn in turns]
    copies = [turn.query for turn in turns]
    mine = np.array([f1(text, other, name) for text, other in zip(ours, gold, strict=True)])
    copy = np.array([f1(text, other, name) for text, other in zip(copies, gold, strict=True)])
    spread, gain = interval(mine), paired(mine, copy)
    return {
        "turns": len(turns),
        "f1": {
            "copy": float(copy.mean()),
            "offline": float(mine.mean()),
            "oracle": float(np.mean([oracle(turn, name) for turn in turns])),
        },
        "interval": [spread.low, spread.high],
        "gain": [gain.difference, gain.low, gain.high, gain.p_value],
        "better": gain.wins,
        "worse": gain.losses,
        "exact": {
            "copy": float(np.mean([a == b for a, b in zip(copies, gold, strict=True)])),
            "offline": float(np.mean([a == b for a, b in zip(ours, gold, strict=True)])),
        },
        "changed": float(np.mean([a != b for a, b in zip(ours, copies, strict=True)])),
        "ms": 1000 * seconds / len(turns),
    }


def controls(language: str) -> dict[str, object]:
    """How many single-turn queries change: alone, and after a conversation about something else."""
    queries = [q.text for name in CONTROLS[language] for q in Collection.open(DATA / "eval" / name).judged]
    strange = [turn.history for turn in (chinese() if language == "Chinese" else canard()) if len(turn.history) > 1]
    draw = random.Random(0)
    return {
        "queries": len(queries),
        "alone": sum(rewritten(query, ()) != query for query in queries),
        "after another conversation": sum(rewritten(query, draw.choice(strange)) != query for query in queries),
    }


def main() -> None:
    found = {name: measured(name) for name in SETS}
    unchanged = {language: controls(language) for language in CONTROLS}
    RESULTS.write_text(json.dumps({"sets": found, "controls": unchanged}, indent=1) + "\n", "utf-8")
    print("| set | turns | F1 copy | **offline** (95 %) | oracle | better / worse | exact copy | **offline** | ms |")
    print("|---" * 9 + "|")
    for name, row in found.items():
        (low, high), f, exact = row["interval"], row["f1"], row["exact"]
        print(
            f"| {name} | {row['turns']} | {f['copy']:.3f} | **{f['offline']:.3f}** ({low:.3f} to {high:.3f}) "
            f"| {f['oracle']:.3f} | {row['better']} / {row['worse']} "
            f"| {exact['copy']:.3f} | **{exact['offline']:.3f}** | {row['ms']:.2f} |"
        )
    print("\n| controls | queries | changed alone | changed after another conversation |\n|---|---|---|---|")
    for language, row in unchanged.items():
        alone, after = row["alone"], row["after another conversation"]
        n = row["queries"]
        print(f"| {language} | {n} | {alone} ({alone / n:.1%}) | {after} ({after / n:.1%}) |")


if __name__ == "__main__":
    main()
