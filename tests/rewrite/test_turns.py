"""Files of turns: rows kept, in order, with what they gain; bad rows are said by file, line and field."""

from __future__ import annotations

import gzip
import io
import json

import pytest

from tamis.errors import DataError, InputError
from tamis.rewrite import Change, Rewriter, rewrite_file, variant


class Joins:
    """A rewriter that puts the first turn before the question."""

    name, fingerprint = "joins", "joins:1"

    def rewrite(self, query):
        if not query.history:
            return [variant(query, query.text)]
        text = f"{query.history[0]} {query.text}"
        change = Change("ellipsis", "", query.history[0], "from the conversation")
        return [variant(query, text, [change]), variant(query, f"again {text}")]


@pytest.fixture
def write(tmp_path):
    def written(*rows, name="turns.jsonl"):
        path = tmp_path / name
        lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
        data = "".join(f"{line}\n" for line in lines).encode()
        path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
        return path

    return written


def test_is_a_rewriter():
    assert isinstance(Joins(), Rewriter)


@pytest.mark.parametrize("name", ["turns.jsonl", "turns.jsonl.gz"])
@pytest.mark.parametrize("threads", [1, 4])
def test_rows_and_their_order_are_kept(write, tmp_path, name, threads):
    rows = [
        {"n": n, "history": ["喉癌"] * (n % 2), "question": f"它{n}？", "x": [1, None, "\ud83d"]} for n in range(150)
    ]
    out = tmp_path / "out.jsonl"
    seen = []
    counts = rewrite_file(
        write(*(json.dumps(row) for row in rows), name=name), out, Joins(), threads=threads,
        progress=lambda *told: seen.append(told),
    )  # fmt: skip
    assert counts == {"rows": 150, "changed": 75} and seen[-1] == (150, None)
    found = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    for n, (row, given) in enumerate(zip(found, rows, strict=True)):
        text = f"喉癌 它{n}？" if n % 2 else f"它{n}？"
        assert {key: row[key] for key in ("n", "history", "question")} == {
            k: given[k] for k in ("n", "history", "question")
        }
        assert row["rewrite"] == text and row["changed"] is bool(n % 2)
        assert row["variants"] == ([text, f"again {text}"] if n % 2 else [text])
        assert [change["kind"] for change in row["changes"]] == ["ellipsis"] * (n % 2)


def test_history_may_be_messages_null_or_absent(write, tmp_path):
    history = [{"role": "user", "content": "喉癌"}, {"role": "assistant", "content": "……"}]
    rows = [{"question": "它？", "history": history}, {"question": "它？", "history": None}, {"question": "它？"}]
    rewrite_file(write(*rows), tmp_path / "out.jsonl", Joins())
    found = [json.loads(line)["rewrite"] for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert found == ["喉癌 它？", "它？", "它？"]


def test_a_stream_is_written_as_rows_are_done(write):
    out = io.StringIO()
    rewrite_file(write({"question": "a"}, {"question": "b"}), out, Joins())
    assert [json.loads(line)["rewrite"] for line in out.getvalue().splitlines()] == ["a", "b"]


def test_an_empty_file_gives_an_empty_one(write, tmp_path):
    assert rewrite_file(write(), tmp_path / "out.jsonl", Joins()) == {"rows": 0, "changed": 0}
    assert (tmp_path / "out.jsonl").read_text() == ""


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"query": "x"}, r"line 2, field 'question': missing"),
        ({"question": " "}, r"line 2, field 'question': the question is blank"),
        ({"question": 7}, r"line 2, field 'question': expected a string"),
        ({"question": "x", "history": "a"}, r"line 2, field 'history': expected a list"),
        ({"question": "x", "history": ["a", 3]}, r"line 2, field 'history': turn 1: expected a text"),
        ({"question": "x", "history": [{"role": "user"}]}, r"line 2, field 'history': turn 0"),
        ("{", r"line 2: malformed JSON"),
        ("[1]", r"line 2: expected a JSON object"),
    ],
)
def test_bad_rows_are_said_and_nothing_is_written(write, tmp_path, row, says):
    out = tmp_path / "out.jsonl"
    out.write_text("before")
    with pytest.raises(DataError, match=says):
        rewrite_file(write({"question": "fine"}, row), out, Joins())
    assert out.read_text() == "before" and sorted(path.name for path in tmp_path.iterdir()) == [
        "out.jsonl",
        "turns.jsonl",
    ]


def test_other_names_are_refused(write, tmp_path):
    with pytest.raises(InputError, match=r"ends in \.jsonl"):
        rewrite_file(write({"question": "a"}), tmp_path / "out.csv", Joins())
