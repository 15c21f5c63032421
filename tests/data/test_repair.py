"""Corpus files repaired in their own form, with a listing that takes everything back."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tamis.data import read_documents
from tamis.data.originals import read_originals
from tamis.data.repair import affected_corpus, beside, repair_corpus, undo_corpus
from tamis.errors import DataError, InputError
from tamis.text.repair import kinds_named

BROKEN = "The sieve sepa-\nrates lumps from the\n\x0cPage 2\nflour that is\nused for bread."
WHOLE = "The sieve separates lumps from the flour that is used for bread."
ROWS = [
    {"id": "a", "title": "Sieves", "text": BROKEN, "year": 1900, "tags": ["x", 1.5, None]},
    {"id": "b", "text": "一段干净的文字。"},
    {"title": "Drum Sieves"},
    {"id": "ﬁ", "text": "a\u0000b ﬁne", "n": 1.10},
]


def lines_of(rows: list[dict[str, object]], **how: object) -> str:
    return "".join(json.dumps(row, **how) + "\n" for row in rows)  # type: ignore[arg-type]


FORMS = {
    "corpus.jsonl": lines_of(ROWS, ensure_ascii=False),
    "ascii.jsonl": lines_of(ROWS),
    "compact.jsonl": lines_of(ROWS, separators=(",", ":"), ensure_ascii=False),
    "odd.jsonl": '\n{"text" :"a\\u0000", "id":1}\r\n\n  {"id": 2, "text": "c", "x": NaN}\r\n{"id":3,"text":"d\\u0000"}',
    "half.jsonl": '{"id": "h", "text": "a\\ud800\\u0000b"}\n',
    "table.csv": 'id,title,text,n\r\na,T,"one\r\ntwo ""x""\x00",1\r\n\r\nb,"Drum Sieves",,2\r\nc,U,clean,3',
    "table.tsv": 'id\ttitle\ttext\na\tT\tﬁne "x"\nb\tU\t"two\nlines, ﬁne"\nc\tV\tclean\n',
    "semicolon.csv": "id;text\n1;a\x07b\n2;c\n",
    "plain.txt": "a ﬁne sieve\n\nclean\r\na\x00b\nc\x0bd ﬁ",
    "nothing.csv": "text\na ﬁne sieve\n\u200b\n",
    "nothing.txt": "a ﬁne sieve\n\u200b\nb\n",
    "empty.jsonl": "",
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("packed", [False, True])
def test_repaired_and_taken_back_to_the_byte(tmp_path: Path, name: str, packed: bool) -> None:
    data = FORMS[name].encode("utf-8", "surrogatepass")
    source = tmp_path / (name + ".gz" if packed else name)
    source.write_bytes(gzip.compress(data) if packed else data)
    out = tmp_path / f"out.{name}{'.gz' if packed else ''}"
    done = repair_corpus(source, out)
    assert done.listing == beside(out) and done.path == out
    assert undo_corpus(out, tmp_path / name) == done.affected.affected
    assert (tmp_path / name).read_bytes() == data
    if name != "empty.jsonl":
        assert done.affected.affected > 0
        assert affected_corpus(out).affected == 0
        assert len(list(read_documents(out))) == done.affected.documents


def test_only_what_was_broken_is_changed(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text(FORMS["corpus.jsonl"], "utf-8")
    done = repair_corpus(tmp_path, tmp_path / "out.jsonl")  # a folder: its corpus
    was, now = ((tmp_path / name).read_text("utf-8").split("\n") for name in ("corpus.jsonl", "out.jsonl"))
    assert was[1] == now[1]
    assert json.loads(now[0]) == {**ROWS[0], "text": WHOLE}
    assert json.loads(now[2]) == {"title": "Drum Sieves", "text": "This is about Drum Sieves."}
    assert json.loads(now[3]) == {**ROWS[3], "text": "ab fine"}
    listed = [json.loads(line) for line in done.listing.read_text("utf-8").splitlines()]
    assert listed[0]["kind"] == "tamis-repairs"
    assert [row["id"] for row in listed[1:-1]] == ["a", "2", "ﬁ"]
    assert listed[-1]["end"] is True


def test_kinds_are_chosen(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text(FORMS["corpus.jsonl"], "utf-8")
    found = affected_corpus(tmp_path / "c.jsonl", kinds=kinds_named(["characters"]))
    assert found.kinds == {"characters": 1}


def test_tables_keep_their_columns(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(FORMS["table.csv"], "utf-8", newline="")
    repair_corpus(tmp_path / "t.csv", tmp_path / "out.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text("utf-8"))))
    assert [row["n"] for row in rows] == ["1", "2", "3"]
    assert rows[1]["text"] == "This is about Drum Sieves."


cells = st.text(st.sampled_from('abﬁ\x00\x07"\t ,;\r\n\u2028支\ud800'), max_size=8)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.fixed_dictionaries({"text": cells, "title": cells}), min_size=1, max_size=5), st.booleans())
def test_any_jsonl_comes_back(tmp_path: Path, rows: list[dict[str, str]], ascii_only: bool) -> None:
    text = lines_of(rows) if ascii_only else lines_of(rows, ensure_ascii=False)
    source = tmp_path / "s.jsonl"
    source.write_bytes(text.encode("utf-8", "replace"))
    repair_corpus(source, tmp_path / "o.jsonl")
    undo_corpus(tmp_path / "o.jsonl", tmp_path / "u.jsonl")
    assert (tmp_path / "u.jsonl").read_bytes() == source.read_bytes()


def test_stretches_put_together_are_the_file(tmp_path: Path) -> None:
    for name, text in FORMS.items():
        (tmp_path / name).write_bytes(text.encode("utf-8", "surrogatepass"))
        assert "".join(one.raw for one in read_originals(tmp_path / name)) == text


@pytest.fixture
def repaired(tmp_path: Path) -> Path:
    (tmp_path / "c.jsonl").write_text(FORMS["corpus.jsonl"], "utf-8")
    return repair_corpus(tmp_path / "c.jsonl", tmp_path / "r.jsonl").path


def test_a_corpus_changed_since_is_not_taken_back(repaired: Path, tmp_path: Path) -> None:
    repaired.write_text(repaired.read_text("utf-8").replace("干净", "肮脏"), "utf-8")
    with pytest.raises(DataError, match="was changed since it was repaired"):
        undo_corpus(repaired, tmp_path / "u.jsonl")
    repaired.write_text(repaired.read_text("utf-8").replace("separates", "strains"), "utf-8")
    with pytest.raises(DataError, match="not as its repairs left it"):
        undo_corpus(repaired, tmp_path / "u.jsonl")
    assert not (tmp_path / "u.jsonl").exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text[: len(text) // 2], "cut off"),
        (lambda text: "".join(text.splitlines(keepends=True)[:-1]), "cut off"),
        (lambda text: '{"kind": "other"}\n', "expected a listing of repairs"),
        (lambda text: text.replace('"id": "a"', '"id": "z"'), "is not about this corpus"),
        (lambda text: text.replace('"at": 3', '"at": 9'), "does not have"),
        (lambda text: text.replace('"before": "', '"before": "0'), "was changed"),
        (lambda text: text.replace('"pages", "text"', '"pages", "body"'), "expected a repair"),
    ],
)
def test_a_damaged_listing_is_refused(repaired: Path, tmp_path: Path, change, says: str) -> None:
    listing = beside(repaired)
    listing.write_text(change(listing.read_text("utf-8")), "utf-8")
    with pytest.raises(DataError, match=says):
        undo_corpus(repaired, tmp_path / "u.jsonl")
    assert not (tmp_path / "u.jsonl").exists()


def test_a_crash_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "c.jsonl"
    source.write_text(FORMS["corpus.jsonl"] + '{"id": "x"}\n', "utf-8")
    with pytest.raises(DataError, match="line 5, field 'text'"):
        repair_corpus(source, tmp_path / "r.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["c.jsonl"]


def test_what_a_form_cannot_hold_is_neither_done_nor_counted(tmp_path: Path) -> None:
    source = tmp_path / "titles.csv"
    source.write_text("id,title\n1,Drum sieves\n")
    done = repair_corpus(source, tmp_path / "out.csv")
    assert done.affected.affected == 0 and (tmp_path / "out.csv").read_text() == source.read_text()
    assert undo_corpus(tmp_path / "out.csv", tmp_path / "back.csv") == 0


def test_names_that_would_lose_something_are_refused(tmp_path: Path) -> None:
    source, out = tmp_path / "corpus.jsonl", tmp_path / "out.jsonl"
    source.write_text(lines_of(ROWS))
    with pytest.raises(InputError, match="give two names"):
        repair_corpus(source, out, listing=out)
    with pytest.raises(InputError, match=r"give it the ending of corpus\.jsonl"):
        repair_corpus(source, tmp_path / "out.txt")
    twice = tmp_path / "twice.csv"
    twice.write_text("id,text,text\n1,one ﬁne,two\n")
    with pytest.raises(DataError, match="twice"):
        repair_corpus(twice, tmp_path / "out.csv")
    assert not out.exists() and not (tmp_path / "out.csv").exists()


def test_a_folder_is_taken_back(tmp_path: Path) -> None:
    source, folder = tmp_path / "corpus.jsonl", tmp_path / "set"
    folder.mkdir()
    source.write_text(lines_of(ROWS))
    repair_corpus(source, folder / "corpus.jsonl")
    undo_corpus(folder, tmp_path / "back.jsonl")
    assert (tmp_path / "back.jsonl").read_text() == source.read_text()


def test_mistakes_are_clear(tmp_path: Path) -> None:
    source = tmp_path / "c.jsonl"
    source.write_text(FORMS["corpus.jsonl"], "utf-8")
    with pytest.raises(InputError, match="write to another file"):
        repair_corpus(source, source)
    with pytest.raises(InputError, match="standard input cannot be"):
        affected_corpus("-")
    with pytest.raises(DataError, match="no such file"):
        undo_corpus(source, tmp_path / "u.jsonl")
    (tmp_path / "array.json").write_text('[{"text": "a"}]', "utf-8")
    with pytest.raises(DataError, match="JSON array"):
        affected_corpus(tmp_path / "array.json")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="a folder with corpus"):
        affected_corpus(tmp_path / "empty")
