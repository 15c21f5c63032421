"""The log: rows that survive what ends the process, and a torn one that hurts nobody."""

from __future__ import annotations

import pytest

from tamis.errors import StorageError
from tamis.train.log import Log


def test_rows_in_order(tmp_path):
    log = Log(tmp_path / "training" / "log.jsonl")
    assert list(log.rows()) == []
    log.add({"step": 1, "loss": 0.5})
    log.add({"step": 1, "dev": {"ndcg@10": 0.25}})
    assert list(Log(log.path).rows()) == [{"step": 1, "loss": 0.5}, {"step": 1, "dev": {"ndcg@10": 0.25}}]


@pytest.mark.parametrize("torn", [b'{"step": 3, "lo', b'{"step": 3, "loss": 0.1}', b'{"s\xff\xfe'])
def test_a_log_that_is_gone_on_with_starts_on_a_new_line(torn, tmp_path):
    log = Log(tmp_path / "log.jsonl")
    for step in (1, 2):
        log.add({"step": step})
    with log.path.open("ab") as out:
        out.write(torn)
    log.cut(2)
    log.add({"step": 3})
    assert list(log.rows()) == [{"step": 1}, {"step": 2}, {"step": 3}]
    assert len(log.path.read_text("utf-8").splitlines()) == 3


def test_what_was_done_after_a_step_is_dropped(tmp_path):
    log = Log(tmp_path / "log.jsonl")
    for step in range(5):
        log.add({"step": step})
    log.cut(2)
    assert [row["step"] for row in log.rows()] == [0, 1, 2]
    log.cut(-1)
    assert list(log.rows()) == []


def test_a_path_that_takes_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="a row was not written"):
        Log(tmp_path / "file" / "log.jsonl").add({"step": 1})


def test_the_last_step_is_read_from_the_end(tmp_path):
    log = Log(tmp_path / "log.jsonl")
    assert log.last() == (0, 0)
    for step in range(1, 200):
        log.add({"step": step, "steps": 300, "loss": 0.5})
    log.add({"step": 199, "dev": {"ndcg@10": 0.25}})
    with log.path.open("ab") as out:
        out.write(b'{"step": 200, "ste')
    assert log.last() == (199, 300)
