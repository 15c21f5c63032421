"""Adjudicated labels that are training pairs, the queue's order, and both written whole."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest

from tamis.data import Example, read_examples
from tamis.data.agree import Adjudicated, Queue, dawid_skene, read_labels, write_rows


def test_the_majority_and_its_share(spoken):
    made = Adjudicated.by_majority(spoken("aabb", "abbc", "abcb"))
    assert [made.table.labels[at] for at in made.label] == ["a", "b", "b", "b"]
    assert made.weight == pytest.approx([1, 2 / 3, 2 / 3, 2 / 3])


def test_a_tie_goes_to_the_commoner_label(spoken):
    made = Adjudicated.by_majority(spoken("abb", "bbb"))
    assert made.table.labels[made.label[0]] == "b" and made.weight[0] == 0.5


def test_a_row_says_label_weight_and_votes(spoken):
    table = spoken("yynnyn", "yynnyn", "ynnyyn")
    model = dawid_skene(table)
    first, second, *_ = Adjudicated.by_model(table, model).rows()
    assert first == {"item": "0", "label": "y", "weight": round(model.posterior[0, 1], 6), "votes": {"y": 3}}
    assert second["votes"] == {"n": 1, "y": 2}


@pytest.mark.parametrize("label", [1, 0.5])
def test_rows_of_items_with_texts_are_training_pairs(tmp_path, label):
    rows = [
        {"item": at, "query": "why sieve?", "document": f"d{at}", "annotator": who, "label": label if at else 0}
        for at in range(3) for who in "abc"
    ]  # fmt: skip
    table = read_labels(io.StringIO("\n".join(map(json.dumps, rows))))
    made = Adjudicated.by_majority(table)
    assert write_rows(tmp_path / "pairs.jsonl", made.rows()) == 3
    examples = list(read_examples(tmp_path / "pairs.jsonl"))
    expected = [("d0", 0.0), ("d1", float(label)), ("d2", float(label))]
    assert [(e.documents[0], e.labels[0]) for e in examples] == expected
    assert examples[0] == Example("why sieve?", ("d0",), (0.0,))  # a weight of 1 needs no saying


def test_weights_reach_the_examples(tmp_path):
    said = {"a": (1, 0, 1, 1), "b": (1, 0, 1, 0), "c": (1, 0, 0, 0)}
    rows = [
        {"query": "q", "document": f"d{at}", "annotator": who, "label": label}
        for who, labels in said.items() for at, label in enumerate(labels)
    ]  # fmt: skip
    made = Adjudicated.by_majority(read_labels(io.StringIO("\n".join(map(json.dumps, rows)))))
    write_rows(tmp_path / "pairs.jsonl", made.rows())
    weights = [(example.weights or (1.0,))[0] for example in read_examples(tmp_path / "pairs.jsonl")]
    assert weights == pytest.approx([1, 1, 2 / 3, 2 / 3], abs=1e-6)


def test_the_queue_begins_with_what_is_most_open(simulated, noisy):
    table = simulated([0.5, 0.3, 0.2], noisy([0.8, 0.6, 0.7], 3), 300).table
    model = dawid_skene(table)
    queue = Queue.of(table, model)
    assert (np.diff(queue.entropy) <= 1e-9).all()
    disputed = set(np.flatnonzero((table.counts > 0).sum(axis=1) > 1))
    unsure = set(np.flatnonzero(model.posterior.max(axis=1) < 0.99))
    assert set(queue.items) == disputed | unsure
    row = next(queue.rows())
    shares = np.array(list(row["probability"].values()))
    assert row["entropy"] == pytest.approx(-(shares * np.log2(shares)).sum(), abs=1e-4)
    at = int(row["item"])
    said = dict(zip(table.annotator[table.item == at], table.label[table.item == at], strict=True))
    assert row["votes"] == {f"a{who}": table.labels[label] for who, label in said.items()}


def test_items_that_are_as_open_go_by_their_votes_then_by_their_place(spoken):
    table = spoken("aaba", "aabb", "abbb")
    model = replace(dawid_skene(table), posterior=np.full((4, 2), 0.5))
    queue = Queue.of(table, model)
    assert queue.items.tolist() == [1, 3, 0, 2]
    assert queue.split == pytest.approx([0.9183, 0.9183, 0, 0], abs=1e-4)


def test_nothing_to_look_at_where_all_agree(spoken):
    table = spoken("ynynynyn" * 5, "ynynynyn" * 5, "ynynynyn" * 5)
    assert list(Queue.of(table, dawid_skene(table)).rows()) == []


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("old\n")

    def broken():
        yield {"item": 1}
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_rows(path, broken())
    assert path.read_text() == "old\n" and list(tmp_path.iterdir()) == [path]
    assert write_rows(path, []) == 0 and path.read_text() == ""
