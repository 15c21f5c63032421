"""Many who label at once, in threads and processes, some of them killed: nothing is lost, and nothing done twice."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tamis.errors import StorageError
from tamis.labelling import Project, lock
from tamis.labelling.queue import shared

CROWD = Path(__file__).parent / "crowd.py"
PEOPLE = [f"worker{at}" for at in range(8)]


def lines(project):
    return (project._ledger.folder / "labels.jsonl").read_text().splitlines()


def check(project, share, acknowledged):
    """Each pair has as many labels as it takes, by different people, and every acknowledged label is there."""
    fresh = Project.open(project._ledger.folder)
    with fresh._ledger.turn() as said:
        for item in fresh._ledger.present.items:
            assert len(said.labels(item)) == 1 + shared(item, share)
        for who, item in acknowledged:
            assert item in said.by_annotator[who]
    assert len(lines(fresh)) == fresh.progress().labels


def started(project, who):
    call = [sys.executable, str(CROWD), str(project._ledger.folder), who]
    return subprocess.Popen(call, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})


def test_eight_threads_on_one_project_and_eight_on_their_own(made):
    for name, common in (("one", True), ("own", False)):
        project, done, faults = made(budget=80, name=name, overlap=0.3), list[tuple[str, str]](), list[Exception]()

        def work(who, project=project, common=common, done=done, faults=faults):
            try:
                mine = project if common else Project.open(project._ledger.folder)
                while (item := mine.next(who)) is not None:
                    mine.label(item.id, who, "relevant")
                    done.append((who, item.id))
            except Exception as error:
                faults.append(error)

        threads = [threading.Thread(target=work, args=(who,)) for who in PEOPLE]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not faults
        # Whoever ends first may leave pairs that others held just then; one more look finishes them.
        for who in PEOPLE:
            work(who)
        assert max(Counter(done).values()) == 1
        check(project, 0.3, done)


def test_processes_at_once_lose_nothing(made):
    project = made(budget=80, overlap=0.3)
    running = {who: started(project, who) for who in PEOPLE[:4]}
    done = [(who, item) for who, one in running.items() for item in one.communicate(timeout=120)[0].split()]
    for who in PEOPLE[4:]:
        while (item := project.next(who)) is not None:
            project.label(item.id, who, "relevant")
            done.append((who, item.id))
    assert all(one.returncode == 0 for one in running.values())
    check(project, 0.3, done)


def test_kill_9_in_the_middle_loses_no_acknowledged_label(made):
    project, chance, done = made(budget=80, overlap=0.3), random.Random(0), list[tuple[str, str]]()
    for turn in range(4):
        names = (f"early{turn}", f"late{turn}")
        running = [started(project, who) for who in names]
        first = running[0].stdout.readline().strip()  # it is at work now
        time.sleep(0.02 * chance.random())
        for who, one, seen in zip(names, running, ([first], []), strict=True):
            os.kill(one.pid, signal.SIGKILL)
            done += [(who, item) for item in (*seen, *one.communicate(timeout=60)[0].split()) if item]
    # The last acknowledgement of a killed process may itself be cut on its way; names are whole or not there.
    names = {item.id for item in project._ledger.pool.items}
    acknowledged = [(who, item) for who, item in done if item in names]
    with Project.open(project._ledger.folder)._ledger.turn() as said:
        assert len(acknowledged) >= 4 and all(item in said.by_annotator[who] for who, item in acknowledged)
    project._ledger.minutes = 0.0
    project._ledger.clock = lambda: time.time() + 3600  # what the dead had before them is free again
    for who in ("ann", "bob"):
        while (item := project.next(who)) is not None:
            project.label(item.id, who, "relevant")
    assert project.progress().labelled == 80 and project.progress().open == 0


def test_a_line_that_a_crash_cut_is_told_of_and_costs_nothing_else(made):
    project = made(overlap=0.0)
    for _ in range(3):
        item = project.next("ann")
        project.label(item.id, "ann", "relevant")
    path = project._ledger.folder / "labels.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    again = Project.open(project._ledger.folder)
    standing = again.progress()
    assert standing.labelled == 2 and "that a crash cut" in standing.notes[0]
    assert again.next("ann").id == item.id
    again.label(item.id, "ann", "relevant")
    assert Project.open(project._ledger.folder).progress().labelled == 3


def test_a_lock_that_nobody_lets_go_of_is_an_error(tmp_path):
    path, says = tmp_path / ".lock", "another process has held it"
    with lock.held(path), pytest.raises(StorageError, match=says), lock.held(path, patience=0.05):
        pass
    with pytest.raises(StorageError, match="cannot be written"), lock.held(tmp_path / "gone" / ".lock"):
        pass
