"""The report on training data: every finding on data made to have it, and silence on data that does not."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import numpy as np
import pytest

from tamis.data import counts, read_training
from tamis.data.checks import Finding, Place, Report, check
from tamis.errors import DataError, InputError

CLEAN = """query,document,label
what is a tamis,A drum sieve.,1
what is a tamis,A hat from Cork.,0
why sieve twice,Lumps hide.,1
why sieve twice,A drum sieve.,0
"""


def csv(*rows: str, header: str = "query,document,label") -> io.BytesIO:
    return io.BytesIO("\n".join([header, *rows, ""]).encode())


def jsonl(*rows: object) -> io.BytesIO:
    return io.BytesIO("".join(json.dumps(row) + "\n" for row in rows).encode())


def named(report: Report, name: str) -> Finding:
    [finding] = [finding for finding in report.findings if finding.name == name]
    return finding


def names(report: Report) -> list[str]:
    return [finding.name for finding in report.findings]


def test_clean_data_give_figures_and_no_findings() -> None:
    report = check(io.BytesIO(CLEAN.encode()))
    assert report.findings == () and report.ok
    assert (report.rows, report.counts.queries, report.counts.documents, report.counts.pairs) == (4, 2, 3, 4)
    assert report.labels == {"0": 2, "1": 2}
    assert report.per_query == {"positives": (1, 1.0, 1), "negatives": (1, 1.0, 1)}
    assert (report.query_lengths.median, report.query_lengths.longest) == (15, 15)
    assert report.languages == {"queries": {"en": 1.0}, "documents": {"en": 1.0}}
    json.dumps(report.as_json(), allow_nan=False)


def test_counts_are_those_of_the_merged_data() -> None:
    rows = [
        {"query": "q", "documents": ["a", "b", "a"], "labels": [2, 0, 2], "scores": [1.0, 0.5, 1.0]},
        {"query": " Q", "documents": ["c", "b"], "labels": [0, 0]},
        {"query": "p", "documents": ["a"], "labels": [1]},
    ]
    report = check(jsonl(*rows))
    assert names(report) == ["partly labelled", "no negative", "spellings"]  # c has no score
    rows[1]["scores"] = [0.1, 0.5]
    assert check(jsonl(*rows)).counts == counts(read_training(jsonl(*rows)))


def test_all_bad_rows_are_told_not_only_the_first() -> None:
    report = check(csv("q,a,1", "q,b,zz", "q,c", "q,d,inf", "q,e,zz", 'q,"f" g,1', "q,h,0"))
    finding = named(report, "bad rows")
    assert (finding.level, finding.count, report.rows, report.ok) == ("error", 5, 2, False)
    assert [(place.line, place.what) for place in finding.places] == [
        (3, "field 'label': expected a number, got 'zz' (and 1 more such rows)"),
        (4, "expected 3 cells (query, document, label), got 2: quote cells that hold the separator or a line break"),
        (5, "field 'label': expected a number, got 'inf'"),
        (7, "malformed CSV: ',' expected after '\"'"),
    ]


def test_bad_rows_of_jsonl_and_of_arrays() -> None:
    good = json.dumps({"query": "q", "documents": ["a", "b"], "labels": [1, 0]})
    lines = [good, "{broken", "3", good.replace('"q"', '"p"'), '{"query": "o", "documents": ["a"], "labels": [1, 0]}']
    report = check(io.BytesIO("\n".join(lines).encode()))
    assert named(report, "bad rows").count == 3 and report.rows == 2
    report = check(io.BytesIO(f"[\n{good},\n3,\n{good}]".encode()))
    assert [place.line for place in named(report, "bad rows").places] == [3] and report.rows == 2


def test_missing_columns_are_one_complaint_whatever_the_number_of_rows() -> None:
    report = check(csv(*["q,a,1"] * 1000, header="query,txt,label"))
    finding = named(report, "bad rows")
    assert finding.count == 1000 and len(finding.places) == 1
    assert "unknown form: found the columns query, txt, label" in finding.places[0].what
    assert finding.places[0].what.endswith("(and 999 more such rows)")


def test_a_file_that_stops_being_text_is_reported_on_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "latin1.csv"
    path.write_bytes(CLEAN.encode() + "na\u00efve,caf\u00e9,1\n".encode("latin-1"))
    finding = named(check(path), "unreadable")
    assert finding.places == (Place(str(path), 6, "byte 0xef is neither UTF-8 nor GB18030: save the file as UTF-8"),)


def test_what_is_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        check(tmp_path / "missing.csv")
    (tmp_path / "book.xlsx").write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(DataError, match="Excel"):
        check(tmp_path / "book.xlsx")


def test_no_rows() -> None:
    assert names(check(io.BytesIO(b""))) == names(check(io.BytesIO(b"query,document,label\n"))) == ["empty"]


def test_contradictions_name_both_lines(tmp_path: Path) -> None:
    path = tmp_path / "more.csv"
    path.write_text("query,document,label\nWhy  sieve,b,1\n")
    report = check([csv("why sieve,a,1", "why sieve,b,0", "why sieve,a,0", "other,a,1", "other,c,0"), path])
    finding = named(report, "contradictions")
    assert finding.level == "error" and finding.count == 2
    assert [str(place) for place in finding.places] == [
        "<stream>, line 2: query 'why sieve', document 'a': 1 here, 0 on line 4",
        f"<stream>, line 3: query 'why sieve', document 'b': 0 here, 1 on {path}, line 2",
    ]


def test_contradictory_scores_of_a_teacher() -> None:
    rows = [{"query": "q", "documents": ["a", "b"], "labels": [1, 0], "scores": [at, 0.0]} for at in (1.0, 1.01, 3.0)]
    assert "contradictions" not in names(check(jsonl(*rows[:2])))
    assert named(check(jsonl(*rows)), "contradictions").places[0].what.endswith("1 here, 1.01 on line 2")


def test_queries_that_teach_nothing() -> None:
    report = check(csv("q,a,1", "q,b,0", "p,c,0", "o,d,2"))
    assert [(one.name, one.level, one.places[0].line) for one in report.findings] == [
        ("no positive", "warning", 4),
        ("no negative", "warning", 5),
    ]
    assert named(check(csv("q,a,0", "p,b,0")), "no positive").level == "error"
    assert named(check(csv("q,a,1", "p,b,1")), "no negative").count == 2


def test_all_that_read_training_refuses_is_an_error() -> None:
    for rows in (
        ["q,a,1", "q,a,0"],
        ["q,a,0"],
        ["q,a,"],
        [" ,a,1", "q,a,1"],
        ["q,a,1", "q,b,"],
        ["q,a,1", "p,b,"],
        ["q,a,x"],
        [],
    ):
        with pytest.raises(DataError):
            read_training(csv(*rows))
        assert not check(csv(*rows)).ok, rows
    assert not check(jsonl({"query": "q", "documents": [], "labels": []})).ok


def test_texts_that_teach_the_wrong_thing() -> None:
    report = check(csv("what is a tamis,What is  a tamis,1", "what is a tamis, ,0", "what is a tamis,A sieve,1"))
    assert names(report) == ["echoes", "blank documents"]
    assert [one.places[0].line for one in report.findings] == [2, 3]


def test_near_contradictions() -> None:
    rows = ["什么是细筛？,一种厨房用具,1", "什么是细筛？,帽子,0", "细筛是什么,一种厨房用具,0", "细筛是什么,筛子,1"]
    finding = named(check(csv(*rows)), "near contradictions")
    assert finding.count == 1
    assert finding.places[0].what.endswith("positive here, negative for '细筛是什么' on line 4")
    told = [{"query": "q", "document": "a", "label": label, "instruction": str(label)} for label in (0, 1)]
    assert "near contradictions" not in names(check(jsonl(*told)))  # another task, another answer


def test_repetitions_are_notes() -> None:
    report = check(csv("q,a,1", "q,b,0", "Q,b,0", "q,a,1"))
    assert [(one.name, one.level, one.count) for one in report.findings] == [
        ("spellings", "note", 1),
        ("repeated rows", "note", 1),
    ]
    assert [one.places[0].what for one in report.findings] == ["'q' / 'Q'", "the same as line 2"]


def test_columns_that_nobody_reads_are_told() -> None:
    report = check(csv("q,a,1,1,x", "q,b,0,1,y", header="query,document,label,wieght,id"))
    finding = named(report, "unread columns")
    assert [place.what for place in finding.places] == [
        "column 'wieght' (pairs, 2 rows); did you mean 'weight'?",
        "column 'id' (pairs, 2 rows)",
    ]


def test_leaks() -> None:
    dev = csv("Ｗhy  sieve twice,lumps HIDE.,1", "a tamis is what?,a hat from cork.,0", "what is a pan,Metal.,1")
    report = check(io.BytesIO(CLEAN.encode()), against=dev)
    assert [(one.name, one.level, one.count, one.places[0].line) for one in report.findings] == [
        ("shared queries", "error", 1, 4),
        ("near queries", "warning", 1, 2),
        ("shared positives", "warning", 1, 4),
        ("shared documents", "note", 2, 3),
    ]
    apart = csv("what is a pan,Metal.,1", "what is a pan,Wood.,0")
    assert check(io.BytesIO(CLEAN.encode()), against=apart).ok


def test_lengths_and_languages() -> None:
    long = "word " * 3000
    report = check(
        jsonl(
            *[{"query": f"q{n}", "documents": [long if n < 3 else "字" * n, "x"], "labels": [1, 0]} for n in range(10)]
        )
    )
    assert report.beyond_window == 3 / 20
    assert report.document_lengths.longest == 15000
    assert report.languages["documents"] == {"zh": 7 / 9, "en": 2 / 9}


def test_a_set_with_unjudged_candidates(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text('{"id": "a", "text": "x"}\n{"id": "b", "text": "y"}\n')
    (tmp_path / "queries.jsonl").write_text('{"id": "1", "text": "q"}\n')
    (tmp_path / "qrels.tsv").write_text("1\ta\t1\n")
    (tmp_path / "candidates.tsv").write_text("1\ta\n1\tb\n")
    [finding] = check(tmp_path).findings
    assert (finding.name, str(finding.places[0])) == ("no negative", f"{tmp_path}: query 'q'")
    assert check(tmp_path, unjudged="negative").findings == ()


def test_forty_thousand_pairs_take_a_second() -> None:
    """Half a million take 15 seconds of one core; a check that is quadratic would not end here."""
    random = np.random.default_rng(0)
    numbers = random.integers(0, 1_000_000, (2, 40_000))
    rows = (f"query {q} what,document {d},{at % 3}" for at, (q, d) in enumerate(zip(*(numbers % 10_000), strict=True)))
    source = csv(*rows)
    began = time.process_time()
    report = check(source)
    assert report.rows == 40_000
    assert time.process_time() - began < 10


@pytest.mark.data
@pytest.mark.parametrize("name", ["kuake_qtr_dev", "trecqa_train"])
def test_real_sets(shared_data: Path, name: str) -> None:
    report = check(shared_data / "train" / name)
    examples = read_training(shared_data / "train" / name, conflicts="mean")
    assert report.counts.queries == len(examples) and report.counts.pairs == counts(examples).pairs
    assert {finding.name for finding in report.findings if finding.level == "error"} <= {"contradictions"}


def test_more_rows_than_may_be_are_refused():
    text = "query,document,label\n" + "".join(f"q{at},d,1\n" for at in range(5))
    assert check(io.StringIO(text), most=5).rows == 5
    with pytest.raises(InputError, match="more than 4 rows"):
        check(io.StringIO(text), most=4)
    with pytest.raises(InputError, match="more than 4 rows"):
        check(io.StringIO("query,document,label\nx,d,1\n"), against=io.StringIO(text), most=4)


def test_contradictions_stop_nothing_where_they_are_settled():
    report = check(io.StringIO("query,document,label\nq,a,1\nq,a,0\nq,b,x\n"))
    assert [one.name for one in report.stops()] == ["bad rows", "contradictions"]
    assert [one.name for one in report.stops("drop")] == ["bad rows"]
