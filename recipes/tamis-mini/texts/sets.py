"""A set of documents, queries and judgements, written as a folder that appears whole."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from entries import Entry, digest, draw, merged

from tamis.data import query_key

FILES = ("corpus.jsonl", "queries.jsonl", "qrels.tsv")


def written(entries: Sequence[Entry], folder: Path, queries: int) -> dict[str, Any]:
    """Writes at most so many queries and every document, and returns the counts and the digest of the files."""
    documents = merged(entries)
    kinds: dict[str, tuple[str, str]] = {}
    judged: dict[str, dict[str, int]] = {}
    for document in documents:
        for ask in document.asks:
            key = query_key(ask.text)
            kinds.setdefault(key, (ask.text, ask.kind))
            grades = judged.setdefault(key, {})
            grades[document.id] = max(ask.grade, grades.get(document.id, 0))
    answered = sorted(key for key, grades in judged.items() if key and max(grades.values()))
    kept = sorted(draw(answered, queries, folder.name), key=digest)
    rows = [{"id": d.id, "title": d.title if d.shown else "", "text": d.text} for d in documents]
    asked = [{"id": f"q{digest(key)}", "text": kinds[key][0], "kind": kinds[key][1]} for key in kept]
    grades_of = [f"q{digest(key)}\t{id}\t{grade}\n" for key in kept for id, grade in sorted(judged[key].items())]
    _publish(folder, {"corpus.jsonl": _lines(rows), "queries.jsonl": _lines(asked), "qrels.tsv": "".join(grades_of)})
    return {
        "documents": len(rows),
        "queries": len(asked),
        "kinds": dict(sorted(Counter(row["kind"] for row in asked).items())),
        "sha256": hashlib.sha256(b"".join((folder / name).read_bytes() for name in FILES)).hexdigest(),
    }


def _lines(rows: Sequence[dict[str, str]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _publish(folder: Path, files: dict[str, str]) -> None:
    """Writes beside the folder and moves it there, since training may already be watching."""
    draft = folder.with_name(f".{folder.name}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for name, text in files.items():
        (draft / name).write_text(text, "utf-8", newline="\n")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
