"""Projects: made whole or not at all, handed out, taken back, kept apart by round, exported as others read them."""

import json
import shutil

import numpy as np
import pytest

from tamis.data import read_rows
from tamis.decide import PrecisionAtLeast, plan_labels
from tamis.errors import InputError, NotFoundError, PolicyError, StoppedError
from tamis.labelling import Project
from tamis.labelling.queue import shared

from .conftest import TARGET, write_pool


class Clock:
    """A clock that stands until it is moved."""

    now = 1790000000.0

    def __call__(self):
        return self.now


def clocked(project):
    project._ledger.clock = clock = Clock()
    return clock


def labelled(project, who, count, say=lambda item: "relevant"):
    """Let somebody label so many pairs; returns their names."""
    seen = []
    while len(seen) < count and (item := project.next(who)) is not None:
        project.label(item.id, who, say(item), seconds=2.0)
        seen.append(item.id)
    return seen


def test_a_project_is_what_its_folder_says(made):
    project = made(title="shop", guidelines="Judge the answer.")
    again = Project.open(project._ledger.folder)
    assert again.charter == project.charter and again.guide.guidelines == "Judge the answer."
    assert again.rounds == project.rounds and len(again.rounds[0].items) == 40
    project.instruct("Judge the question, too.")
    assert Project.open(project._ledger.folder).guide.guidelines == "Judge the question, too."


def test_pairs_are_those_of_the_planner_in_its_order(made):
    project = made()
    plan = plan_labels(project._ledger.pool.scores, TARGET, 40)
    (drawn,) = project.rounds
    assert [project._ledger.pool.places[item] for item in drawn.items] == plan.indices.tolist()
    assert drawn.weight == plan.weights[0] and drawn.power == plan.power
    assert labelled(project, "ann", 40) == list(drawn.items)


def test_a_folder_in_use_is_left_alone_and_a_failure_leaves_nothing(tmp_path, pool):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("years")
    with pytest.raises(InputError, match="not empty"):
        Project.create(tmp_path / "full", pool, target=TARGET)
    with pytest.raises(InputError, match="does not exist"):
        Project.create(tmp_path / "no" / "folder", pool, target=TARGET)
    with pytest.raises(InputError, match="at least 1"):
        Project.create(tmp_path / "new", pool, target=TARGET, budget=0)
    before = sorted(tmp_path.iterdir())
    (tmp_path / "bare.jsonl").write_text('{"query": "q", "document": "d"}\n')

    class Slow:
        name, fingerprint = "slow", "s"

        def score(self, pairs):
            return np.zeros(len(pairs))

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Project.create(tmp_path / "new", tmp_path / "bare.jsonl", target=TARGET, scorer=Slow(), progress=stop)
    with pytest.raises(StoppedError, match="nothing was written"):
        Project.create(tmp_path / "new", tmp_path / "bare.jsonl", target=TARGET, scorer=Slow(), stop=lambda: True)
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / "bare.jsonl"])
    (tmp_path / "empty").mkdir()
    assert Project.create(tmp_path / "empty", pool, target=TARGET).progress().labelled == 0


def test_a_folder_that_holds_none_and_files_changed_by_hand_are_refused(tmp_path, made):
    with pytest.raises(NotFoundError, match="tamis label new"):
        Project.open(tmp_path)
    folder = made()._ledger.folder
    text = (folder / "project.json").read_text()
    (folder / "project.json").write_text(text.replace("0.9", "0.5"))
    with pytest.raises(PolicyError, match="was changed"):
        Project.open(folder)
    (folder / "project.json").write_text(text)
    (folder / "plan.json").unlink()
    shutil.copy(folder / "project.json", folder / "plan.json")
    with pytest.raises(PolicyError, match="expected a tamis-label-plan"):
        Project.open(folder).progress()


def test_a_pair_is_kept_for_whoever_has_it_until_time_is_over(made):
    project = made(overlap=0.0)
    clock = clocked(project)
    mine = project.next("ann")
    assert project.next("ann") == mine and project.next("bob") != mine
    clock.now += 599
    assert project.next("ann") == mine  # which gives her ten minutes more
    clock.now += 599
    assert project.next("eve") not in (mine, None)
    clock.now += 2
    assert project.next("joe") == mine


def test_two_see_the_overlap_and_a_third_what_they_differ_on(made):
    project = made(overlap=0.3)
    order = project.rounds[0].items
    both = [item for item in order if shared(item, 0.3)]
    assert 4 < len(both) < 20
    assert labelled(project, "ann", 99) == list(order)
    assert labelled(project, "bob", 99, lambda item: "irrelevant" if item.id == both[0] else "relevant") == both
    assert [item.id for item in project.disputes()] == both[:1]
    assert labelled(project, "eve", 99) == both[:1]
    assert project.next("joe") is None and project.disputes() == [] and project.progress().open == 0


def test_undo_hands_the_pair_back(made):
    project = made(overlap=0.0)
    assert project.undo("ann") is None
    one, two = labelled(project, "ann", 2)
    assert [item.id for item in (project.undo("ann"), project.next("ann"))] == [two, two]
    assert [item.id for item in (project.undo("ann"), project.next("ann"))] == [one, one]
    assert project.progress().labelled == 0
    project.label(one, "ann", "irrelevant")
    assert [entry.label for entry in project.history("ann")] == ["irrelevant"]
    assert project.next("ann").id == two


def test_a_pair_passed_over_goes_to_others_and_is_told_of(made):
    project = made(overlap=0.0)
    item = project.next("ann")
    project.skip(item.id, "ann", seconds=1.0)
    assert project.next("ann") != item and project.next("bob") == item
    project.skip(item.id, "bob")
    standing = project.progress()
    assert standing.by_annotator["ann"].skipped == 1 and "passed over" in standing.notes[0]
    assert project.undo("bob") == item
    project.label(item.id, "bob", 1)
    assert not project.progress().notes


def test_what_cannot_be_kept_is_refused(made):
    project = made()
    drawn = project.rounds[0].items[0]
    other = next(item.id for item in project._ledger.pool.items if item.id not in project.rounds[0].items)
    for call, says in (
        (lambda: project.label(other, "ann", 1), "was not drawn"),
        (lambda: project.label("p9999", "ann", 1), "no such pair"),
        (lambda: project.label(drawn, "ann", "maybe"), "expected one of the grades"),
        (lambda: project.label(drawn, " ", 1), "1 to 100 characters"),
        (lambda: project.label(drawn, "a\nb", 1), "1 to 100 characters"),
        (lambda: project.label(drawn, "ann", 1, seconds=-1), "seconds must be 0 or more"),
        (lambda: project.label(drawn, "ann", 1, seconds=float("nan")), "seconds must be 0 or more"),
        (lambda: project.export("x.txt"), "ends in .jsonl or .csv"),
        (lambda: project.export("x.csv"), "nothing is labelled"),
        (lambda: project.annotations("x.csv"), "nothing is labelled"),
        (project.agreement, "no pair has labels of two"),
        (project.replan, "nothing is labelled"),
    ):
        with pytest.raises(InputError, match=says):
            call()
    assert project.progress().labels == 0


def test_progress_says_what_is_missing_in_a_sentence(tmp_path):
    truth = write_pool(tmp_path / "pairs.jsonl", 3000, seed=1)
    project = Project.create(tmp_path / "p", tmp_path / "pairs.jsonl", target=TARGET, budget=120)
    first = project.progress()
    assert first.outlook.more is None and "at least 36 accepted pairs" in first.outlook.sentence
    labelled(project, "ann", 20, lambda item: truth[item.id])
    early = project.progress().outlook
    assert not early.shown and early.more > 10 and f"after about {early.more} more labels" in early.sentence
    labelled(project, "ann", 99, lambda item: truth[item.id])
    late = project.progress().outlook
    assert late.shown and not late.finished and "before you state it" in late.sentence
    labelled(project, "ann", 99, lambda item: truth[item.id])
    end = project.progress()
    assert end.outlook.finished and end.outlook.sentence.startswith("the promise is shown: at least 90 %")
    assert end.by_annotator["ann"].seconds == 2.0 and end.sentence.startswith("120 of 120 pairs labelled")
    json.dumps(end.as_json())


def test_a_longer_round_is_the_same_draw_gone_on_with(made):
    project = made(budget=30)
    before = project.rounds[0].items
    after = project.extend(20).items
    assert after[:30] == before and len(set(after)) == 50
    assert after == tuple(
        project._ledger.pool.items[at].id for at in plan_labels(project._ledger.pool.scores, TARGET, 50).indices
    )
    assert Project.open(project._ledger.folder).rounds[0].items == after
    assert len(project.extend(999).items) == 80
    with pytest.raises(InputError, match="all 80 pairs"):
        project.extend(1)


def test_another_round_takes_none_of_the_pairs_before_and_stands_alone(tmp_path):
    truth = write_pool(tmp_path / "pairs.jsonl", 2000, seed=2)
    project = Project.create(tmp_path / "p", tmp_path / "pairs.jsonl", target=TARGET, budget=150)
    other = Project.open(tmp_path / "p")
    labelled(project, "ann", 50, lambda item: truth[item.id])
    held = other.next("bob")
    second = project.replan()
    first = other.rounds[0]
    assert len(second.items) == 100 and held.id in first.items and len(first.items) <= 51
    assert not set(first.items) & set(second.items)
    assert other.next("eve").id in second.items
    assert "round 2; 50 pairs were labelled before it" in project.progress().sentence
    with pytest.raises(InputError, match="of this round"):
        project.export(tmp_path / "x.jsonl")
    labelled(project, "ann", 60, lambda item: truth[item.id])
    made = project.export(tmp_path / "one.csv")
    assert (made.pairs, made.left_out, made.left) == (60, 50, 40)
    rows = [row.values for row in read_rows(tmp_path / "one.csv")]
    assert {row["item"] for row in rows} <= set(second.items)
    assert {float(row["weight"]) for row in rows} == {round(second.region / 60, 9)}
    assert project.export(tmp_path / "all.csv", every_round=True).pairs == 110
    with pytest.raises(InputError, match="used up"):
        project.replan(budget=None) if not labelled(project, "ann", 99) else project.replan()
    assert len(project.replan(10).items) == 10


def test_a_second_round_made_longer_goes_on_with_its_own_draw(tmp_path):
    truth = write_pool(tmp_path / "pairs.jsonl", 2000, seed=3)
    project = Project.create(tmp_path / "p", tmp_path / "pairs.jsonl", target=TARGET, budget=150)
    labelled(project, "ann", 50, lambda item: truth[item.id])
    second = project.replan(30)
    assert project.next("ann").id == second.items[0]
    longer = project.extend(40)
    assert longer.items[:30] == second.items and len(set(longer.items)) == 70 and longer.region == second.region
    assert not set(longer.items) & set(project.rounds[0].items)
    assert all(project._ledger.pool[item].score >= second.floor for item in longer.items)


def test_weights_of_all_rounds_count_the_pool(tmp_path):
    """The weights of labelled pairs add up to the pairs of each region of which they are a sample."""
    totals = []
    for seed in range(12):
        folder = tmp_path / str(seed)
        truth = write_pool(tmp_path / "pairs.jsonl", 2000, seed=seed)
        project = Project.create(folder, tmp_path / "pairs.jsonl", target=PrecisionAtLeast(0.8), budget=200)
        labelled(project, "ann", 60, lambda item, truth=truth: truth[item.id])
        project.replan()
        labelled(project, "ann", 200, lambda item, truth=truth: truth[item.id])
        project.export(tmp_path / "all.jsonl", every_round=True)
        weight = sum(row.number("weight") for row in read_rows(tmp_path / "all.jsonl"))
        floor = min(one.floor for one in project.rounds)
        totals.append(weight / float((project._ledger.pool.scores >= floor).sum()))
    assert abs(np.mean(totals) - 1) < 0.05


def test_grades_reach_the_export_as_numbers(made, tmp_path):
    project = made(grades=("no", "partly", "yes"), relevant_if=2, overlap=1.0)
    labelled(project, "ann", 5, lambda item: "yes")
    labelled(project, "bob", 5, lambda item: "partly" if item.id == project.rounds[0].items[0] else "yes")
    project.export(tmp_path / "x.jsonl")
    rows = [row.values for row in read_rows(tmp_path / "x.jsonl")]
    assert {row["label"] for row in rows} == {2} and rows[0]["agreed"] == 0.5
    assert rows[0]["annotators"] == "ann, bob" and list(rows[0])[:5] == [
        "item",
        "query_id",
        "query",
        "document",
        "title",
    ]
    assert project.agreement().coefficients["percent_agreement"].value == 0.8


def test_third_labels_do_not_make_agreement_look_better(made):
    project = made(overlap=1.0)
    labelled(project, "ann", 40)
    labelled(project, "bob", 40, lambda item: int(item.id[1:]) % 2)
    before = project.agreement().coefficients["percent_agreement"].value
    assert labelled(project, "eve", 40)
    assert project.agreement().coefficients["percent_agreement"].value == before
