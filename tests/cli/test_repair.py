"""``tamis data repair``: report, repair, take back."""

import json

import pytest

ROWS = [
    {"id": "a", "title": "Sieves", "text": "The sieve sepa-\nrates lumps from the\nPage 2\nflour."},
    {"id": "b", "title": "筛子", "text": "干净的文字。"},
    {"id": "c", "title": "Drum Sieves", "text": ""},
]


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS), "utf-8")
    return path


def test_without_output_it_reports(run, corpus, tmp_path):
    ran = run("data", "repair", corpus, "--json")
    shown = json.loads(ran.out)
    assert (ran.code, shown["documents"], shown["affected"]) == (0, 3, 2)
    assert shown["kinds"]["hyphens"] == shown["kinds"]["titles"] == 1
    assert shown["shares"]["lines"] == pytest.approx(1 / 3)
    assert shown["examples"]["hyphens"][0]["id"] == "a"
    assert [path.name for path in tmp_path.iterdir()] == ["corpus.jsonl"]
    table = run("data", "repair", corpus).out
    assert "2 of 3 documents have faults" in table and "hyphens" in table
    assert "33.3%" in table and "This is about Drum" in table  # whole in 80 columns


def test_repair_and_undo(run, corpus, tmp_path):
    out = tmp_path / "repaired.jsonl"
    ran = run("data", "repair", corpus, "-o", out, "--json")
    assert ran.code == 0 and json.loads(ran.out)["listing"] == f"{out}.repairs.jsonl"
    assert "2 of 3 documents repaired" in ran.err
    texts = [json.loads(line)["text"] for line in out.read_text("utf-8").splitlines()]
    assert texts == ["The sieve separates lumps from the flour.", "干净的文字。", "This is about Drum Sieves."]
    ran = run("data", "repair", out, "--undo", "-o", tmp_path / "again.jsonl", "--json")
    assert json.loads(ran.out)["undone"] == 2
    assert (tmp_path / "again.jsonl").read_bytes() == corpus.read_bytes()


def test_kinds_are_chosen(run, corpus):
    assert list(json.loads(run("data", "repair", corpus, "--kinds", "lines,pages", "--json").out)["kinds"]) == [
        "pages",
        "lines",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("CORPUS", "--kinds", "lies"), 2, "expected kinds of repair among"),
        (("CORPUS", "--undo"), 2, "give -o"),
        (("CORPUS", "--undo", "-o", "x", "--kinds", "lines"), 2, "leave --kinds out"),
        (("CORPUS", "--listing", "x"), 2, "give -o"),
        (("CORPUS", "-o", "CORPUS"), 1, "write to another file"),
        (("CORPUS", "--undo", "-o", "OUT"), 1, "no such file"),
        (("NOTHING",), 1, "no such file"),
    ],
)
def test_mistakes_are_one_clear_line(run, corpus, tmp_path, arguments, code, says):
    places = {"CORPUS": corpus, "NOTHING": tmp_path / "nothing.jsonl", "OUT": tmp_path / "out.jsonl"}
    ran = run("data", "repair", *(places.get(one, one) for one in arguments))
    assert ran.code == code
    assert says in " ".join(ran.err.replace("│", " ").split())
    assert "Traceback" not in ran.err
