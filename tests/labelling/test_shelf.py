"""A shelf: nobody finds a project without its code, names are each annotator's own, the owner alone can close it."""

import csv
import threading

import numpy as np
import pytest

from tamis.data import read_rows
from tamis.data.agree import read_labels
from tamis.decide import PrecisionAtLeast
from tamis.errors import InputError, NotFoundError
from tamis.jobs import Jobs
from tamis.labelling import Founder, Guide, Order, Shelf, contents, label_work, shelf_of
from tamis.labelling.shelf import CODE, plain_code
from tamis.labels import open_labelled

from .conftest import TARGET


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "shelf")


@pytest.fixture
def shared(shelf, made):
    return shelf.put(made(title="shop")._ledger.folder, "v-ann", "Ann")


def test_only_members_see_a_project(shelf, shared):
    assert [one.title for one in shelf.of("v-ann")] == ["shop"] and shelf.of("v-bob") == []
    for id in (shared.id, "0" * 16, "../shelf", ""):
        with pytest.raises(NotFoundError, match="no such project of yours"):
            shelf.open("v-bob", id)
    joined = shelf.join("v-bob", f" {shared.code.lower().replace('-', ' ')} ", " Bob ")
    assert joined.members == {"v-ann": "Ann", "v-bob": "Bob"}
    again = Shelf(shelf.folder)
    assert [one.id for one in again.of("v-bob")] == [shared.id]
    assert again.open("v-bob", shared.id).next("Bob") is not None


def test_a_wrong_code_finds_nothing(shelf, shared):
    code = plain_code(shared.code)
    assert len(code) == CODE and shared.code not in shared.id
    for wrong in ("", code[:-1], code + "A", code[:-1] + ("A" if code[-1] != "A" else "B"), "退货", shared.id):
        with pytest.raises(NotFoundError, match="no project has this code"):
            shelf.join("v-eve", wrong, "Eve")
    assert shelf.of("v-eve") == []


@pytest.mark.parametrize("name", ["Ann", " ann ", "ＡＮＮ", "A nn"])
def test_somebody_else_s_name_is_refused(shelf, shared, name):
    with pytest.raises(InputError, match="somebody else is called"):
        shelf.join("v-bob", shared.code, name)
    with pytest.raises(InputError, match="an annotator has a name"):
        shelf.join("v-bob", shared.code, " ")
    assert shelf.of("v-bob") == []


def test_who_is_in_stays_who_they_are(shelf, shared):
    assert shelf.join("v-ann", shared.code, "Bob").members == {"v-ann": "Ann"}


def test_of_two_that_want_a_name_at_once_one_gets_it(shelf, shared):
    refused = []

    def come(who):
        try:
            shelf.join(who, shared.code, "Bob")
        except InputError:
            refused.append(who)

    people = [threading.Thread(target=come, args=(f"v-{at}",)) for at in range(6)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert len(refused) == 5 and sorted(shelf.get("v-ann", shared.id).members.values()) == ["Ann", "Bob"]


def test_the_last_that_was_entered_comes_first(shelf, made):
    one, two = (shelf.put(made(name=name, title=name)._ledger.folder, "v-ann", "Ann") for name in ("one", "two"))
    assert [found.title for found in shelf.of("v-ann")] == ["two", "one"]
    shelf.enter("v-ann", one.id)
    assert [found.title for found in shelf.of("v-ann")] == ["one", "two"] and two.id != one.id


def test_the_owner_alone_dismisses_and_deletes(shelf, shared):
    shelf.join("v-bob", shared.code, "Bob")
    for act in (lambda: shelf.remove("v-bob", shared.id), lambda: shelf.dismiss("v-bob", shared.id, "Ann")):
        with pytest.raises(NotFoundError, match="for who made the project"):
            act()
    with pytest.raises(InputError, match="stays in it"):
        shelf.dismiss("v-ann", shared.id, "Ann")
    project = shelf.open("v-bob", shared.id)
    project.label(project.next("Bob").id, "Bob", "relevant")
    after = shelf.dismiss("v-ann", shared.id, "Bob")
    assert after.code != shared.code and shelf.of("v-bob") == []
    with pytest.raises(NotFoundError):
        shelf.join("v-bob", shared.code, "Bob")
    assert shelf.open("v-ann", shared.id).progress().by_annotator["Bob"].labels == 1
    shelf.remove("v-ann", shared.id)
    assert shelf.of("v-ann") == [] and [path.name for path in shelf.folder.iterdir()] == [".lock"]
    with pytest.raises(NotFoundError):
        shelf.open("v-ann", shared.id)


def test_work_puts_a_project_onto_the_shelf_and_cancelled_work_nothing(tmp_path, pool, shelf):
    order = Order("pairs.jsonl", TARGET, 30, Guide(title="shop"))
    with Jobs(tmp_path / "jobs") as jobs:
        work = label_work(order, None, shelf, Founder("v-ann", "Ann"))
        job = jobs.start("v-ann", "label", "shop", work, files={"pairs.jsonl": pool})
        jobs.wait(job.id)
        ended = jobs.get("v-ann", job.id)
        assert ended.result["planned"] == 30, ended.message
        jobs.remove("v-ann", job.id)  # the labels are not forgotten with the work
        (kept,) = shelf.of("v-ann")
        assert kept.id == ended.result["project"] and len(shelf.open("v-ann", kept.id).rounds[0].items) == 30

        def stopped(task):
            jobs.cancel("v-ann", task.folder.name)
            return work(task)

        job = jobs.start("v-ann", "label", "shop", stopped, files={"pairs.jsonl": pool})
        jobs.wait(job.id)
        assert jobs.get("v-ann", job.id).state == "cancelled" and len(shelf.of("v-ann")) == 1


class Slow:
    """A scorer that is told to stop while it scores its first pairs."""

    name, fingerprint = "slow", "slow:1"

    def __init__(self, jobs):
        self.jobs, self.seen = jobs, 0

    def score(self, pairs):
        self.seen += len(pairs)
        for job in self.jobs.of("v-ann"):
            self.jobs.cancel("v-ann", job.id)
        return np.zeros(len(pairs))


def test_scoring_stops_within_a_few_pairs(tmp_path, shelf):
    path = tmp_path / "bare.jsonl"
    path.write_text("".join(f'{{"query": "q{at}", "document": "d{at}"}}\n' for at in range(300)))
    with Jobs(tmp_path / "jobs") as jobs:
        work = label_work(Order("p.jsonl", TARGET), slow := Slow(jobs), shelf, Founder("v-ann", "Ann"))
        job = jobs.start("v-ann", "label", "slow", work, files={"p.jsonl": path})
        jobs.wait(job.id)
        assert jobs.get("v-ann", job.id).state == "cancelled" and slow.seen < 300
    assert shelf.of("v-ann") == []


def test_a_table_for_spreadsheets_runs_nothing_and_reads_back(tmp_path, shelf):
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"query": "=1+1", "document": "退货运费", "score": -1.5, "query_id": "a"}\n', "utf-8")
    jobs_order = Order("pairs.jsonl", PrecisionAtLeast(0.8), 1)
    with Jobs(tmp_path / "jobs") as jobs:
        work = label_work(jobs_order, None, shelf, Founder("v", "@sum"))
        jobs.wait(jobs.start("v", "label", "one", work, files={"pairs.jsonl": path}).id)
    (kept,) = shelf.of("v")
    project = shelf.open("v", kept.id)
    assert project.count() == (0, 1)
    item = project.next("@sum").id
    project.label(item, "@sum", "relevant")
    assert project.count() == (1, 1) and [entry.label for entry in project.labels(item)] == ["relevant"]
    project.export(tmp_path / "out.csv", spreadsheet=True)
    project.annotations(tmp_path / "said.csv", spreadsheet=True)
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader((tmp_path / "out.csv").read_text("utf-8-sig").splitlines())
    assert (row["query"], row["document"], row["score"], row["annotators"]) == ("'=1+1", "退货运费", "-1.5", "'@sum")
    assert open_labelled(tmp_path / "out.csv").data.scores.tolist() == [-1.5]
    assert next(read_rows(tmp_path / "said.csv")).text("annotator") == "'@sum"
    assert read_labels(tmp_path / "said.csv").items == (item,)


def test_contents_are_counted_and_bounded(pool):
    found = contents(pool)
    assert (found.pairs, found.queries, found.scored) == (400, 400, True)
    with pytest.raises(Exception, match="holds more than 399 pairs"):
        contents(pool, most=399)


def test_all_that_ask_share_one_shelf(tmp_path):
    assert shelf_of(tmp_path) is shelf_of(tmp_path)
