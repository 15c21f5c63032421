"""Long work: seen by its owner only, stopped when told, interrupted by a restart, whole on the disk."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from tamis.errors import InputError, NotFoundError, StoppedError, StorageError, TamisError
from tamis.jobs import Jobs, Program


@pytest.fixture
def jobs(tmp_path):
    with Jobs(tmp_path / "jobs") as opened:
        yield opened


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def patient(task):
    """Work that goes on until it is told to stop."""
    while True:
        task.progress(1, 4)
        task.check()
        time.sleep(0.01)


def test_work_is_done_with_its_files_and_what_came_of_it(jobs, tmp_path):
    (tmp_path / "given.txt").write_text("a\nb\n")

    def count(task):
        task.progress(1, 2)
        task.note("half of it")
        return {"lines": len((task.folder / "rows.txt").read_text().splitlines())}

    begun = jobs.start("me", "count", "Lines", count, options={"k": 1}, files={"rows.txt": tmp_path / "given.txt"})
    jobs.wait(begun.id)
    job = jobs.get("me", begun.id)
    assert (job.state, job.result, job.options, job.share) == ("done", {"lines": 2}, {"k": 1}, 1.0)
    assert job.created <= job.started <= job.ended and job.message == "half of it"
    assert json.loads((jobs.folder_of(job) / "job.json").read_text())["result"] == {"lines": 2}


def test_nobody_else_sees_stops_or_removes_a_job(jobs):
    begun = jobs.start("me", "wait", "mine", patient)
    for act in (jobs.get, jobs.cancel, jobs.remove):
        with pytest.raises(NotFoundError, match="no job"):
            act("you", begun.id)
    assert [job.id for job in jobs.of("me")] == [begun.id] and jobs.of("you") == []
    assert jobs.of("me", "train") == []


def test_a_job_under_way_is_cancelled_and_then_removed(jobs):
    begun = jobs.start("me", "wait", "w", patient)
    until(lambda: jobs.get("me", begun.id).done == 1)
    assert jobs.get("me", begun.id).share == 0.25
    with pytest.raises(InputError, match="cancel it first"):
        jobs.remove("me", begun.id)
    jobs.cancel("me", begun.id)
    jobs.wait(begun.id)
    assert jobs.get("me", begun.id).state == "cancelled"
    folder = jobs.folder_of(begun)
    jobs.remove("me", begun.id)
    assert not folder.exists() and jobs.of("me") == []


def test_a_job_that_waits_for_a_thread_is_cancelled_at_once(tmp_path):
    with Jobs(tmp_path, threads=1) as jobs:
        first = jobs.start("me", "wait", "w", patient)
        second = jobs.start("me", "wait", "w", patient)
        assert jobs.cancel("me", second.id).state == "cancelled"
        assert jobs.get("me", first.id).under_way


@pytest.mark.parametrize(
    ("raised", "state", "said"),
    [
        (TamisError("no query has a document"), "failed", "no query has a document"),
        (StoppedError("the checkpoint is kept"), "cancelled", "the checkpoint is kept"),
        (KeyError("x"), "failed", "the server has failed: KeyError"),
    ],
)
def test_how_work_ends_is_told(jobs, raised, state, said):
    def work(task):
        raise raised

    begun = jobs.start("me", "fail", "f", work)
    jobs.wait(begun.id)
    job = jobs.get("me", begun.id)
    assert job.state == state and job.message.startswith(said)


def test_too_much_at_once_is_refused(jobs, monkeypatch):
    monkeypatch.setattr("tamis.jobs.jobs.MOST", 2)
    for _ in range(2):
        jobs.start("me", "wait", "w", patient)
    with pytest.raises(InputError, match="2 jobs are under way"):
        jobs.start("me", "wait", "w", patient)
    jobs.start("you", "wait", "w", patient)


def test_what_a_closed_server_left_is_interrupted_never_running(tmp_path):
    with Jobs(tmp_path, threads=1) as jobs:
        running, waiting = (jobs.start("me", "wait", "w", patient) for _ in range(2))
        done = jobs.start("me", "done", "d", lambda task: {})
        until(lambda: jobs.get("me", running.id).state == "running")
    assert {jobs.get("me", one.id).state for one in (running, waiting, done)} == {"interrupted"}
    with Jobs(tmp_path) as again:
        assert [job.state for job in again.of("me")] == ["interrupted"] * 3


KILLED = """
import sys, time
from tamis.jobs import Jobs
def work(task):
    task.progress(1, 9)
    print(task.folder.name, flush=True)
    time.sleep(600)
Jobs(sys.argv[1]).start("me", "wait", "w", work)
"""


def test_what_a_killed_server_left_is_interrupted_and_its_folder_free(tmp_path):
    server = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    id = server.stdout.readline().strip()
    with pytest.raises(InputError, match="another server uses this folder"):
        Jobs(tmp_path)
    server.kill()
    server.wait()
    server.stdout.close()
    with Jobs(tmp_path) as jobs:
        job = jobs.get("me", id)
        assert job.state == "interrupted" and job.ended


def test_old_jobs_are_removed_with_their_files(tmp_path):
    with Jobs(tmp_path) as jobs:
        old, new = (jobs.start("me", "done", name, lambda task: {}) for name in ("old", "new"))
        jobs.wait(old.id), jobs.wait(new.id)
        record = jobs.folder_of(old) / "job.json"
        record.write_text(record.read_text().replace(jobs.get("me", old.id).ended, "2001-01-01T00:00:00.000+00:00"))
    (tmp_path / "stray").mkdir()
    with Jobs(tmp_path) as again:
        assert [job.title for job in again.of("me")] == ["new"]
        assert not again.folder_of(old).exists()


def test_many_threads_may_begin_look_and_cancel(jobs):
    def use(name):
        for _ in range(10):
            job = jobs.start(name, "quick", "q", lambda task: {"name": name})
            jobs.cancel(name, job.id)
            jobs.of(name)

    users = [threading.Thread(target=use, args=(f"user-{at}",)) for at in range(6)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    for at in range(6):
        mine = jobs.of(f"user-{at}")
        for job in mine:
            jobs.wait(job.id)
        assert len(mine) == 10 and all(job.owner == f"user-{at}" for job in mine)


def test_an_ended_job_goes_on_in_its_folder(jobs, tmp_path):
    def counted(task):
        path = task.folder / "count.txt"
        many = int(path.read_text()) + 1 if path.exists() else 1
        path.write_text(str(many))
        if many == 1:
            raise TamisError("once is not enough")
        return {"count": many}

    begun = jobs.start("me", "count", "c", counted, options={"k": 1})
    jobs.wait(begun.id)
    failed = jobs.get("me", begun.id)
    assert (failed.state, failed.message) == ("failed", "once is not enough")
    again = jobs.again("me", begun.id, counted)
    assert (again.state, again.id, again.message, again.ended) == ("waiting", begun.id, "", "")
    jobs.wait(begun.id)
    job = jobs.get("me", begun.id)
    assert (job.state, job.result, job.options, job.created) == ("done", {"count": 2}, {"k": 1}, begun.created)
    assert [one.id for one in jobs.of("me")] == [begun.id]
    assert json.loads((jobs.folder_of(job) / "job.json").read_text())["state"] == "done"


def test_only_its_owner_goes_on_with_a_job_and_not_while_it_is_under_way(jobs, monkeypatch):
    begun = jobs.start("me", "wait", "w", patient)
    with pytest.raises(NotFoundError, match="no job"):
        jobs.again("you", begun.id, patient)
    with pytest.raises(InputError, match="under way: cancel it first"):
        jobs.again("me", begun.id, patient)
    jobs.cancel("me", begun.id)
    jobs.wait(begun.id)
    monkeypatch.setattr("tamis.jobs.jobs.MOST", 0)
    with pytest.raises(InputError, match="0 jobs are under way"):
        jobs.again("me", begun.id, patient)
    assert jobs.get("me", begun.id).state == "cancelled"


def test_an_interrupted_job_goes_on_after_a_restart_and_can_be_cancelled_again(tmp_path):
    with Jobs(tmp_path) as jobs:
        begun = jobs.start("me", "wait", "w", patient)
        until(lambda: jobs.get("me", begun.id).done == 1)
    with Jobs(tmp_path) as jobs:
        assert jobs.get("me", begun.id).state == "interrupted"
        jobs.again("me", begun.id, patient)
        until(lambda: jobs.get("me", begun.id).state == "running")
        jobs.cancel("me", begun.id)
        jobs.wait(begun.id)
        assert jobs.get("me", begun.id).state == "cancelled"


def test_what_was_under_way_is_kept_however_old_it_is(tmp_path):
    with Jobs(tmp_path) as jobs:
        begun = jobs.start("me", "wait", "w", patient)
        until(lambda: jobs.get("me", begun.id).state == "running")
        record = jobs.folder_of(begun) / "job.json"
        running = record.read_text()
    record.write_text(running.replace(begun.created, "2001-01-01T00:00:00.000+00:00"))
    with Jobs(tmp_path) as jobs:
        assert jobs.get("me", begun.id).state == "interrupted"


def test_a_command_is_work(jobs, tmp_path):
    work = Program(["rerank", "退货", "--docs", "docs.txt", "--json"])
    (tmp_path / "docs.txt").write_text("七天内可以退货\n今天下雨\n", "utf-8")
    begun = jobs.start("me", "rerank", "r", work, files={"docs.txt": tmp_path / "docs.txt"})
    jobs.wait(begun.id)
    job = jobs.get("me", begun.id)
    assert job.state == "done", job.message
    assert [row["index"] for row in job.result["results"]] == [0, 1]


def test_a_command_that_fails_says_why(jobs):
    begun = jobs.start("me", "rerank", "r", Program(["rerank", "q", "--docs", "missing.txt"]))
    jobs.wait(begun.id)
    job = jobs.get("me", begun.id)
    assert job.state == "failed" and "missing.txt" in job.message and "Traceback" not in job.message


LONG = ["serve", "--no-workbench", "--port"]


def free_port():
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def listening(port):
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_command_stops_when_told(jobs):
    begun = jobs.start("me", "serve", "s", Program([*LONG, str(port := free_port())]))
    until(lambda: listening(port), 60)  # from then on it hears signals
    jobs.cancel("me", begun.id)
    jobs.wait(begun.id)
    assert jobs.get("me", begun.id).state == "cancelled"


COMMANDED = """
import sys
from tamis.jobs import Jobs, Program
jobs = Jobs(sys.argv[1])
work = Program(["serve", "--no-workbench", "--port", sys.argv[2]])
print(jobs.folder_of(jobs.start("me", "serve", "s", work)), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_a_command_ends_with_its_server_even_one_that_is_killed(tmp_path):
    port = free_port()
    arguments = [sys.executable, "-c", COMMANDED, str(tmp_path), str(port)]
    server = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert server.stdout.readline()
    until(lambda: listening(port), 60)
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    server.stdout.close()

    until(lambda: not listening(port), 60)


def test_what_cannot_be_copied_leaves_nothing(jobs, tmp_path):
    (tmp_path / "there.txt").write_text("x")
    files = {"a.txt": tmp_path / "there.txt", "b.txt": tmp_path / "gone.txt"}
    with pytest.raises(StorageError, match="the work was not begun: No such file"):
        jobs.start("me", "count", "c", lambda task: {}, files=files)
    assert jobs.of("me") == [] and [path.name for path in jobs.folder.iterdir()] == ["lock"]
