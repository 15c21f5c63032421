"""Every form is read back as it was written; what a form cannot carry is refused, or left out if asked and counted."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.data import FORMS, Example, Form, convert, form_named, read_training, split, write_examples, write_split
from tamis.data.convert import WRITERS, fitted
from tamis.errors import DataError, InputError
from tamis.text import clean

from .said import said

# Everything that has a meaning to JSON, CSV, TSV or the forms' readers, among ordinary text.
awkward = st.sampled_from(
    ['["a"]', '["', "[]", "[1]", '"quoted"', 'a "b" c', "a,b", "a;b", "a\nb", "a\tb", " a ", "{}", "-", "0", "nan", "'"]
)
texts = (awkward | st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)).map(clean).filter(str.strip)
documents = texts | st.sampled_from(["", " "])
grades = st.sampled_from([0.0, 1.0, 2.0, 0.5, -1.0])
numbers = st.floats(-1e6, 1e6).map(lambda number: number + 0.0)


@st.composite
def example_lists(draw: st.DrawFn) -> list[Example]:
    """One to four queries, all different, with all that an example can hold."""
    made = []
    for at in range(draw(st.integers(1, 4))):
        listed = tuple(draw(st.lists(documents, max_size=4, unique=True)))
        labels = st.tuples(*[draw(st.sampled_from([grades, st.sampled_from([0.0, 1.0])]))] * len(listed))
        made.append(
            Example(
                f"{at} {draw(texts)}",
                listed,
                draw(labels | st.just(())),
                draw(st.just("") | texts),
                draw(st.just(()) | st.tuples(*[numbers] * len(listed))),
                draw(st.just(()) | st.tuples(*[st.floats(0, 9)] * len(listed))),
            )
        )
    return made


@settings(max_examples=250)
@given(example_lists(), st.sampled_from(FORMS), st.sampled_from(sorted(WRITERS)))
def test_what_a_form_can_carry_is_read_back(examples: list[Example], form: Form, ending: str) -> None:
    kept, _ = fitted(examples, form, lossy=True)
    out = io.StringIO()
    try:
        rows = WRITERS[ending](kept, form, out)
    except InputError as error:
        assert ending == ".tsv" and "TSV cannot carry a text with a tab or line break" in str(error)
        return
    assert (rows == 0) == (not kept)
    if kept:
        source = io.BytesIO(out.getvalue().encode())  # as a file: the encoding and the kind are found out
        assert said(read_training(source, labelled=False)) == said(kept)


RICH = [
    Example("q", ("a", "b", "c"), (2.0, 0.0, 1.0), "find", (3.5, -1.0, 2.0), (1.0, 0.5, 1.0)),
    Example("nothing fits", ("d",), (0.0,)),
    Example("unlabelled", ("e", "f"), scores=(0.1, 0.2)),
]


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".tsv", ".csv.gz", ".JSONL.GZ"])
def test_any_form_is_converted_to_any_other(ending: str, tmp_path: Path) -> None:
    base = [Example("q", ("a", "b", "c"), (1.0, 1.0, 0.0)), Example("p", ("c", "a"), (1.0, 0.0))]
    before = tmp_path / "base.jsonl"
    write_examples(before, base)
    for form in FORMS:
        after = tmp_path / f"{form.word}{ending}"
        assert convert(before, after, form).queries == 2
        assert said(read_training(after)) == said(base)
        before = after


@pytest.mark.parametrize(
    ("word", "example", "message"),
    [
        ("triplets", RICH[0], "1 of 2 queries have labels other than 0 and 1, the first is 'q'. Forms that can: "),
        ("triplets", RICH[1], "2 queries have no positive document, the first is 'nothing fits'. Forms that can: sent"),
        ("flagembedding", RICH[2], "have documents without labels, .* Forms that can: lists, pairs; or"),
        ("sentence-transformers", Example("q", ("a",), (1.0,), "i"), "have an instruction, .* triplets, messages, ms-"),
        ("messages", Example("q", ("a",), (1.0,), scores=(1.0,)), "a teacher's scores, .* flagembedding, lists, pairs"),
        ("flagembedding", Example("q", ("a",), (1.0,), weights=(0.5,)), "have weights, .* can: lists, pairs; or"),
        ("triplets", Example("q", ("a", " "), (1.0, 0.0)), "have blank documents"),
        ("pairs", Example("q", ()), "have no documents, .* Forms that can: lists; or"),
        ("sentence-transformers", Example("q", ("a",), (1.0,)), "have no negative document while others have"),
    ],
)  # fmt: skip
def test_what_a_form_cannot_carry_is_refused(word: str, example: Example, message: str, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with pytest.raises(InputError, match=f"{word} cannot carry it: .*{message}"):
        write_examples(path, [Example("other", ("a", "b"), (1.0, 0.0)), example], form_named(word))
    assert list(tmp_path.iterdir()) == []


def test_losses_are_counted(tmp_path: Path) -> None:
    written = write_examples(tmp_path / "out.jsonl", RICH, form_named("triplets"), lossy=True)
    assert dict(written.lost) == {"no labels": 1, "no positive": 1, "grades": 1, "scores": 1, "weights": 1}
    assert (written.queries, written.rows) == (1, 2)
    assert said(read_training(written.path)) == said([Example("q", ("a", "c", "b"), (1.0, 1.0, 0.0), "find")])
    assert dict(write_examples(tmp_path / "all.jsonl", RICH).lost) == {}


def rows_of(word: str, *examples: Example) -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        write_examples(path, examples, form_named(word))
        return [json.loads(line) for line in path.read_text().splitlines()]


TWO_AND_TWO = Example("q", ("a", "b", "c", "d"), (1.0, 0.0, 1.0, 0.0))


def test_rows_are_those_that_the_other_tools_document() -> None:
    message = {"role": "assistant"}
    assert rows_of("messages", Example("q", ("a", "b"), (1.0, 0.0), "i")) == [
        {
            "messages": [{"role": "system", "content": "i"}, {"role": "user", "content": "q"}],
            "positive_messages": [[{**message, "content": "a"}]],
            "negative_messages": [[{**message, "content": "b"}]],
        }
    ]
    assert rows_of("ms-swift3", TWO_AND_TWO) == [
        {"query": "q", "response": "a", "rejected_response": ["b", "d"]},
        {"query": "q", "response": "c", "rejected_response": ["b", "d"]},
    ]
    assert rows_of("flagembedding", Example("q", ("a", "b"), (1.0, 0.0), "i", (2.0, -0.5))) == [
        {"query": "q", "pos": ["a"], "neg": ["b"], "pos_scores": [2], "neg_scores": [-0.5], "prompt": "i"}
    ]
    assert rows_of("sentence-transformers", TWO_AND_TWO) == [
        {"anchor": "q", "positive": p, "negative": n} for p, n in itertools.product("ac", "bd")
    ]
    assert rows_of("sentence-transformers", Example("q", ("a",), (1.0,))) == [{"anchor": "q", "positive": "a"}]
    assert rows_of("sentence-transformers-scores", Example("q", ("a",), (0.5,))) == [
        {"sentence1": "q", "sentence2": "a", "score": 0.5}
    ]
    assert rows_of("triplets", Example("q", ("a",), (1.0,))) == [
        {"query": "q", "positive_doc": "a", "negative_doc": ""}
    ]
    assert rows_of("pairs", Example("q", ("a",), (3.0,), scores=(0.25,), weights=(2.0,))) == [
        {"query": "q", "document": "a", "label": 3, "teacher_score": 0.25, "weight": 2}
    ]


def test_sentence_transformers_trains_on_the_rows(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="sentence-transformers reads rows through datasets")
    path = tmp_path / "rows.jsonl"
    write_examples(path, [TWO_AND_TWO], form_named("sentence-transformers"))
    read = datasets.load_dataset("json", data_files=str(path), cache_dir=str(tmp_path / "cache"))["train"]
    assert read.column_names == ["anchor", "positive", "negative"] and len(read) == 4


def test_columns_of_a_table_are_those_of_all_rows(tmp_path: Path) -> None:
    examples = [Example("q", ("a",), (1.0,)), Example("p", ("b",), (0.0,), "i", (1.5,), (2.0,)), Example("o", ("c",))]
    for word in ("pairs", "lists"):
        write_examples(tmp_path / "t.csv", examples, form_named(word))
        assert read_training(tmp_path / "t.csv", labelled=False) == examples


def test_equal_examples_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("one.jsonl.gz", "two.jsonl.gz"):
        write_examples(tmp_path / name, RICH)
    one, two = (tmp_path / name for name in ("one.jsonl.gz", "two.jsonl.gz"))
    assert one.read_bytes() == two.read_bytes() and gzip.decompress(one.read_bytes()).count(b"\n") == 3


@pytest.mark.parametrize("name", ["out.xlsx", "out", "out.gz", "out.json"])
def test_unknown_endings(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a name that ends in \.jsonl, \.csv, \.tsv"):
        convert(tmp_path / "missing.jsonl", tmp_path / name, form_named("lists"))


def test_unknown_forms_are_met_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"expected one of flagembedding, lists, .*\. Did you mean 'triplets'\?"):
        form_named("triplet")


def test_a_conversion_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("query,document,label\nq,a,1\nq,a,0\n")
    target.write_text("precious")
    with pytest.raises(DataError, match="contradictory"):
        convert(source, target, form_named("lists"))
    assert convert(source, tmp_path / "mean.jsonl", form_named("lists"), conflicts="mean").rows == 1
    assert target.read_text() == "precious" and sorted(p.name for p in tmp_path.iterdir()) == [
        "in.csv",
        "mean.jsonl",
        "out.csv",
    ]


def test_a_split_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    examples = [Example(f"q{n}", ("a", "b"), (1.0, 0.0)) for n in range(20)]
    sides = split(examples, 0.3)
    written = write_split(tmp_path / "new" / "sides", *sides)
    assert [one.path.name for one in written] == ["train.jsonl", "dev.jsonl"]
    assert [read_training(one.path) for one in written] == list(sides)
    with pytest.raises(InputError, match="is there already"):
        write_split(tmp_path / "new" / "sides", *sides)
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["sides"]
