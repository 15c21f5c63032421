"""Rows to score, and the tiny model in a module that workers can import."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


def rows(count, **more):
    return [
        {"id": at, "query": f"query {at // 3}", "document": f"document {at} " + "x" * (at % 7), **more}
        for at in range(count)
    ]


def written(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def parts(folder):
    """All that was written, by name: the bytes of parts and of rows set aside."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("part-*"))}


def scored(folder):
    """The rows of all parts, in order."""
    return [row for path in sorted(folder.glob("part-*.jsonl")) for row in read(path)]


def read(path):
    """The rows of a JSONL file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def source(tmp_path):
    return written(tmp_path / "pairs.jsonl", rows(95))
