"""From candidates and what teachers say of them to one file of lists to learn from.

    python recipes/tamis-mini/lists.py FOLDER -o lists.jsonl

FOLDER holds what ``candidates.py`` and ``teachers.py`` made. A document's score is a teacher's logit: of Chinese the
blend's of e5-small (cosine, MaxSim, shared phrases), of English that and what the teachers of English add. Documents
that are known to answer get ``ANSWERS`` more, so that one column carries what labels and teachers say.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from candidates import MIX, PARTS, SEED

import tamis
from tamis.core import Floats
from tamis.data import atomic_write, query_key
from tamis.text import detect

# Logits a unit of each teacher's score: SPLADE's and mpnet's spread as the blend's logits do, times .524 and 12.
TAUGHT = {"splade": 0.3 * 0.524, "mpnet": 0.5 * 12}
BLEND = 0.6
COSINE = (60.0, -51.0)  # where query and document have different languages: they share no words to be counted
ANSWERS = {"cross": 3.0}
ANSWERS_OTHERWISE = 2.0
DOUBTFUL = 3.0  # logits an answer may stay below the best other document: below that the query does not ask for it


def scores(rows: list[dict[str, Any]], name: str, folder: Path) -> list[Floats]:
    """The teachers' logits of every list of a set."""
    blends = tamis.load_scorer("tamis-blend").blends
    language = name.rsplit(".", 1)[1]
    features = [np.array(row["features"]) for row in rows]
    if language == "cross":
        slope, bias = COSINE
        return [slope * x[:, 0] + bias for x in features]
    spoken = [found if (found := detect(row["query"])) in ("zh", "en") else language for row in rows]
    logits = [blends.logits(x, None, [one] * len(x)) for x, one in zip(features, spoken, strict=True)]
    others = {t: path for t in TAUGHT if (path := folder / f"{name}.{t}.json").is_file()}
    if not others:
        return logits
    told = {teacher: json.loads(path.read_text("utf-8")) for teacher, path in others.items()}
    return [
        BLEND * x + sum(TAUGHT[teacher] * np.array(columns[at]) for teacher, columns in told.items())
        for at, x in enumerate(logits)
    ]


def learnt(row: dict[str, Any], logits: Floats, name: str) -> dict[str, Any] | None:
    """The list to learn from; None where the query cannot be said to ask for what is known of it."""
    labels = np.array(row["labels"])
    if name.startswith(PARTS):  # of a document's parts, the likeliest is taken to hold the answer
        likeliest = max(np.flatnonzero(labels), key=lambda at: logits[at])
        labels = (np.arange(len(labels)) == likeliest).astype(int)
    wanted = logits + ANSWERS.get(name.rsplit(".", 1)[1], ANSWERS_OTHERWISE) * labels
    if wanted[labels > 0].max() < wanted.max() - DOUBTFUL:
        return None
    return {
        "query": row["query"],
        "documents": row["documents"],
        "labels": labels.tolist(),
        "scores": np.round(wanted, 3).tolist(),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("-o", "--output", type=Path, required=True)
    asked = options.parse_args()
    found: dict[str, dict[str, Any]] = {}
    dropped: Counter[str] = Counter()
    for name in [share.name for share in MIX]:
        path = asked.folder / f"{name}.jsonl"
        if not path.is_file():
            continue
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for row, logits in zip(rows, scores(rows, name, asked.folder), strict=True):
            made = learnt(row, logits, name)
            dropped[name] += made is None
            if made:
                found.setdefault(query_key(row["query"]), made)  # one query, one list
    kept = [found[key] for key in sorted(found)]
    random.Random(SEED).shuffle(kept)
    with atomic_write(asked.output) as out:
        for row in kept:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    doubtful = ", ".join(f"{name} {count}" for name, count in dropped.items() if count)
    print(f"{len(kept)} lists; left out as doubtful: {doubtful or 'none'}", file=sys.stderr)


if __name__ == "__main__":
    main()
