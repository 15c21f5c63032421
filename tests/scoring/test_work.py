"""A file scored as a job: what it leaves in its folder, what it tells, and how it is stopped."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tamis.core import Floats, Pair
from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy
from tamis.errors import DataError, InputError, PolicyExpired, StoppedError
from tamis.jobs import Jobs, Task
from tamis.scoring import batch_work
from tamis.scoring.pieces import LEAST, scored_in_pieces

from .scorers import Shared

ROWS = [("query", "document", "why"), ("ab", "ab", "=1+1"), ("ab", "", ""), ("ab", "cd", "@x"), ("", "ab", "")]


@pytest.fixture
def task(tmp_path: Path) -> Callable[..., Task]:
    def made(rows: Sequence[Sequence[str]] = ROWS, stop: Callable[[], bool] = bool) -> Task:
        with (tmp_path / "rows.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
        return Task(tmp_path, stop, lambda done, total: None, lambda message: None)

    return made


def test_the_result_the_rows_set_aside_and_the_first_of_both(task: Callable[..., Task], tmp_path: Path) -> None:
    policy = Policy(Thresholds(1.0), scorer="shared-1", stage="shared")
    found = dict(batch_work("rows.csv", "csv", Shared(), policy=policy)(task()))
    assert found.pop("seconds") > 0
    assert found.pop("refusals") == [
        {"line": 3, "field": "document", "message": "the document is blank"},
        {"line": 5, "field": "query", "message": "the query is blank"},
    ]
    assert found.pop("preview") == {
        "columns": ["rank", "score", "probability", "accepted", "reason", "query", "document", "why"],
        "rows": [
            ["1", "1.998", "", "true", "", "ab", "ab", "'=1+1"],
            ["2", "-0.002", "", "false", "threshold: score -0.002 is below 1", "ab", "cd", "'@x"],
        ],
    }
    files = ["results.csv", "errors.jsonl"]
    assert found == {"rows": 2, "pairs": 2, "accepted": 1, "refused": 2, "guarded": 2, "files": files}
    text = (tmp_path / "results.csv").read_text("utf-8")
    assert text.startswith("\ufeff") and len(list(csv.reader(io.StringIO(text)))) == 3
    assert len((tmp_path / "errors.jsonl").read_text("utf-8").splitlines()) == 2


def test_a_program_gets_every_text_as_it_was(task: Callable[..., Task], tmp_path: Path) -> None:
    listed = [("q", "answers"), ("ab", json.dumps(["cd", "ab"])), ("cd", json.dumps(["=1+1"]))]
    work = batch_work("rows.csv", "jsonl", Shared(), columns={"query": "q", "documents": "answers"})
    found = work(task(listed))
    assert found["files"] == ["results.jsonl"] and found["pairs"] == 3 and "guarded" not in found
    assert found["preview"]["columns"] == ["ranking", "scores", "q", "answers"]
    rows = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text("utf-8").splitlines()]
    assert rows[0]["ranking"] == [1, 0] and rows[1]["answers"] == '["=1+1"]'


def test_nothing_is_left_of_what_was_stopped(task: Callable[..., Task], tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        batch_work("rows.csv", "csv", Shared())(task(stop=lambda: True))
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_a_job_that_is_cancelled_says_so_and_no_more(task: Callable[..., Task], tmp_path: Path) -> None:
    begun = threading.Event()

    class Slow(Shared):
        def score(self, pairs: Sequence[Pair]) -> Floats:
            begun.set()
            while not jobs._live[job.id].stop.wait(0.01):
                pass
            return super().score(pairs)

    task([("query", "document"), *(("ab", f"d{at}") for at in range(100))])
    with Jobs(tmp_path / "jobs") as jobs:
        work = batch_work("rows.csv", "csv", Slow())
        job = jobs.start("me", "batch", "a", work, files={"rows.csv": tmp_path / "rows.csv"})
        assert begun.wait(10)
        jobs.cancel("me", job.id)
        jobs.wait(job.id)
        ended = jobs.get("me", job.id)
        assert (ended.state, ended.message, ended.total) == ("cancelled", "", 100)
        assert {path.name for path in jobs.folder_of(job).iterdir()} == {"rows.csv", "job.json"}


def test_a_policy_that_cannot_decide_says_so_before_anything_is_scored(task: Callable[..., Task]) -> None:
    policy = Policy(Thresholds(1.0), scorer="shared-1", stage="shared", expires="2001-01-01")
    scorer = Shared()
    with pytest.raises(PolicyExpired):
        batch_work("rows.csv", "csv", scorer, policy=policy)(task())
    assert scorer.seen == []


@pytest.mark.parametrize("rows", [[("ab", '["a","b"]')] * 3, [("ab", '["a","b","c","d","e","f"]')]])
def test_too_many_pairs_are_refused_before_anything_is_scored(task: Callable[..., Task], rows: list[Any]) -> None:
    scorer = Shared()
    with pytest.raises(InputError, match="expected at most 5 pairs of a query and a document, got 6"):
        batch_work("rows.csv", "csv", scorer, most=5)(task([("query", "documents"), *rows]))
    assert scorer.seen == []


def test_a_file_of_which_no_row_can_be_used_is_an_error(task: Callable[..., Task]) -> None:
    with pytest.raises(DataError, match="none of the 4 rows can be used, the first because: missing"):
        batch_work("rows.csv", "csv", Shared(), columns={"query": "frage"})(task())


def test_pieces_follow_the_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    from tamis.core import Document, Query
    from tamis.scoring import pieces

    pairs = [(Query("ab"), Document(str(at), f"ab {at}")) for at in range(2200)]
    now = 0.0

    class Paced(Shared):
        def score(self, pairs: Sequence[Pair]) -> Floats:
            nonlocal now
            now += len(pairs) * (0.001 if sum(self.seen) < 500 else 0.5)
            return super().score(pairs)

    monkeypatch.setattr(pieces.time, "monotonic", lambda: now)
    scorer, told = Paced(), list[int]()
    found = scored_in_pieces(scorer, pairs, lambda done, total: told.append(done))
    assert found.tolist() == Shared().score(pairs).tolist()
    assert scorer.seen[:4] == [32, 64, 128, 256] and LEAST in scorer.seen[-3:] and sum(scorer.seen) == 2200
    assert told[0] == 0 and told[-1] == 2200 and told == sorted(told)


def test_what_depends_on_its_companions_is_not_parted() -> None:
    from tamis.core import Document, Query

    scorer = Shared()
    scorer.depends_on_companions = True  # type: ignore[attr-defined]
    pairs = [(Query("ab"), Document(str(at), "ab")) for at in range(200)]
    scored_in_pieces(scorer, pairs, lambda done, total: None)
    assert scorer.seen == [200]
