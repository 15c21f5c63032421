"""A teacher's scores on the disk: scored once whatever interrupts, bound to teacher and lists, never silently wrong."""

import json

import pytest

from tamis.data import read_training
from tamis.errors import InputError, ModelError, StorageError
from tamis.train import scores as room
from tamis.train.scores import BOUND, ROWS, Scores

from .teachers import Rule, unlabelled, worth


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(room, "FIRST_BLOCK", 24)
    monkeypatch.setattr(room, "LARGEST_BLOCK", 24)


@pytest.fixture
def examples():
    return unlabelled(30, 0)


def pairs_of(examples):
    return sum(len(one.documents) for one in examples)


def test_every_list_gets_the_teachers_own_scores(tmp_path, examples, small_blocks):
    kept, seen = Scores(tmp_path / "new", examples), []
    assert kept.fill(Rule(), progress=lambda done, total: seen.append((done, total)))
    for one in kept.complete():
        assert one.scores == tuple(worth(one.query, text) for text in one.documents)
    assert seen[-1] == (pairs_of(examples),) * 2 and seen == sorted(seen) and len(seen) > 5
    # The file is training data like any other.
    assert read_training(kept.path) == kept.complete()


def test_an_interrupted_teacher_scores_nothing_twice(tmp_path, examples, small_blocks):
    kept = Scores(tmp_path, examples)
    with pytest.raises(KeyboardInterrupt):
        kept.fill(Rule(breaks=120))
    done = pairs_of(examples) - pairs_of(kept.missing())
    assert 90 < done <= 120
    with (tmp_path / ROWS).open("a") as out:  # what a crash in the midst of a row leaves
        out.write('{"query": "half a ro')
    with pytest.raises(InputError, match="are not scored yet"):
        kept.complete()
    again = Rule()
    assert kept.fill(again) and again.scored == pairs_of(examples) - done
    assert len((tmp_path / ROWS).read_text().splitlines()) == len(examples)
    whole = Scores(tmp_path / "whole", examples)
    whole.fill(Rule())
    assert kept.complete() == whole.complete()
    third = Rule()
    assert kept.fill(third) and third.scored == 0


def test_a_stop_is_asked_for_after_every_block(tmp_path, examples, small_blocks):
    kept = Scores(tmp_path, examples)
    assert not kept.fill(Rule(), stop=lambda: True)
    assert 0 < len(kept.read()) < 5
    assert kept.fill(Rule())


def test_scores_are_bound_to_their_teacher_and_lists(tmp_path, examples):
    Scores(tmp_path, examples).fill(Rule())
    with pytest.raises(InputError, match=r"scores of another teacher \(of rule\): go on with the same"):
        Scores(tmp_path, examples).fill(Rule(spread=2.0))
    with pytest.raises(InputError, match="scores of other lists"):
        Scores(tmp_path, examples[1:]).fill(Rule())
    teacher = Rule()
    assert Scores(tmp_path, examples[::-1]).fill(teacher) and teacher.scored == 0  # the order is no part of it
    assert Scores(tmp_path, examples).given_by() == ("rule", "rule:1.0")


def test_a_row_that_was_changed_is_refused_and_rows_of_nobody_are_scored_anew(tmp_path, examples):
    kept = Scores(tmp_path, examples)
    kept.fill(Rule())
    rows = kept.path.read_text().splitlines(keepends=True)
    kept.path.write_text("".join([rows[0], "[1, 2]\n", *rows[2:]]))
    with pytest.raises(InputError, match=r"teacher.jsonl, line 2: expected a list with scores, got b'\[1, 2\]"):
        kept.fill(Rule())
    (tmp_path / BOUND).unlink()  # nobody knows whose they are
    teacher = Rule()
    assert kept.fill(teacher) and teacher.scored == pairs_of(examples)


def test_a_score_that_is_no_number_teaches_nothing(tmp_path, examples):
    kept = Scores(tmp_path, examples)
    with pytest.raises(ModelError, match="gave a score that is no finite number"):
        kept.fill(Rule(spread=float("nan")))
    assert kept.read() == {}


def test_a_disk_that_refuses_is_told(tmp_path, examples):
    kept = Scores(tmp_path, examples)
    kept.bound(Rule())
    kept.path.mkdir()
    with pytest.raises(StorageError, match="scores were not written"):
        kept.fill(Rule())


def test_a_list_that_stands_twice_is_scored_once(tmp_path, examples):
    teacher = Rule()
    kept = Scores(tmp_path, [*examples, *examples[:5]])
    assert kept.fill(teacher) and teacher.scored == pairs_of(examples)
    assert [one.scores for one in kept.complete()[-5:]] == [one.scores for one in kept.complete()[:5]]
    assert all(json.loads(row)["scores"] for row in kept.path.read_text().splitlines())
