from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tamis.data import read_candidates, read_first_stage, read_qrels, read_run, write_qrels, write_run
from tamis.errors import DataError, InputError

ids = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(lambda t: t.isprintable() and " " not in t)
scores = st.floats(allow_nan=False, allow_infinity=False)
in_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def stream(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode())


@in_folder
@given(run=st.dictionaries(ids, st.dictionaries(ids, scores, min_size=1)))
def test_a_run_is_read_back_exactly(tmp_path: Path, run: dict[str, dict[str, float]]) -> None:
    write_run(tmp_path / "run", run)
    assert read_run(tmp_path / "run") == run


@in_folder
@given(qrels=st.dictionaries(ids, st.dictionaries(ids, st.integers(-9, 9), min_size=1)))
def test_qrels_are_read_back_exactly(tmp_path: Path, qrels: dict[str, dict[str, int]]) -> None:
    write_qrels(tmp_path / "qrels", qrels)
    assert read_qrels(tmp_path / "qrels") == qrels


def test_a_run_is_written_best_first_and_ties_as_trec_eval_orders_them(tmp_path: Path) -> None:
    write_run(tmp_path / "run", {"q": {"a": 1.0, "b": 2.0, "c": 1.0}}, tag="bm25")
    assert (tmp_path / "run").read_text() == "q Q0 b 1 2.0 bm25\nq Q0 c 2 1.0 bm25\nq Q0 a 3 1.0 bm25\n"


@pytest.mark.parametrize("bad", ["", "a b", "a\tb", "a\n", "\ufeffa", "\ud800"])
def test_ids_that_would_break_the_file_are_refused_and_nothing_is_written(tmp_path: Path, bad: str) -> None:
    with pytest.raises(InputError, match="cannot stand in a TREC file"):
        write_run(tmp_path / "run", {"q": {bad: 1.0}})
    with pytest.raises(InputError, match="cannot stand in a TREC file"):
        write_qrels(tmp_path / "qrels", {bad: {"d": 1}})
    with pytest.raises(InputError, match="not finite"):
        write_run(tmp_path / "run", {"q": {"d": float("nan")}})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        "q1\td1\t2\nq2\td 2\t0\n",
        "q1\t0\td1\t2\nq2\t0\td 2\t0\n",
        "query-id\tcorpus-id\tscore\nq1\td1\t2.0\n\nq2\td 2\t0\r\n",
        "query_id\tdoc_id\tgrade\nq1\td1\t2\nq2\td 2\t0",
    ],
)
def test_qrels_forms(content: str) -> None:
    assert read_qrels(stream(content)) == {"q1": {"d1": 2}, "q2": {"d 2": 0}}


def test_a_query_named_query_is_no_header() -> None:
    assert read_qrels(stream("query d1 1\n")) == {"query": {"d1": 1}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("q1\td1\n", "line 1: expected the columns query document grade or .*; got 2 cells"),
        ("q1\td1\t1\nq1\t0\td2\t1\n", "line 2: expected the columns query document grade; got 4 cells"),
        ("q1\td1\tyes\n", "line 1, field 'grade': expected a number, got 'yes'"),
        ("q1\td1\t1.5\n", "field 'grade': expected a whole number"),
        ("q1\td1\tnan\n", "field 'grade': expected a number"),
        ("q1 0 d1 1\nq1 0 d1 2\n", "line 2, field 'grade': document 'd1' is graded 1 and 2"),
    ],
)
def test_bad_qrels(content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_qrels(stream(content))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("q1 Q0 d1 1 2.5\n", "expected the columns query Q0 document rank score tag; got 5 cells"),
        ("q1 Q0 d1 1 high t\n", "field 'score': expected a number, got 'high'"),
        ("q1 Q0 d1 1 nan t\n", "field 'score': expected a number, got 'nan'"),
        ("q1 Q0 d1 1 2 t\nq1 Q0 d1 2 1 t\n", "line 2, field 'document': document 'd1' is listed twice"),
    ],
)
def test_bad_runs(content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_run(stream(content))


def test_candidates_stand_in_rank_order_or_the_files() -> None:
    assert read_candidates(stream("q\tb\nq\ta\np\tc\n")) == {"q": ["b", "a"], "p": ["c"]}
    assert read_candidates(stream("q\tb\t10\nq\ta\t9\n")) == {"q": ["a", "b"]}
    assert read_candidates(stream("query_id\tdoc_id\trank\tscore\nq\tb\t2\t1.5\nq\ta\t1\t3\n")) == {"q": ["a", "b"]}
    assert read_candidates(stream("q Q0 b 2 1.5 t\nq Q0 a 1 3 t\n")) == {"q": ["a", "b"]}


def test_first_stage_scores() -> None:
    assert read_first_stage(stream("q\tb\t2\t1.5\nq\ta\t1\t3\n")) == {"q": {"b": 1.5, "a": 3.0}}
    assert read_first_stage(stream("q\tb\nq\ta\n")) == {}
    with pytest.raises(DataError, match="listed twice"):
        read_candidates(stream("q\tb\nq\tb\n"))
