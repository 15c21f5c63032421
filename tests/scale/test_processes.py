"""Worker processes that die: replaced, their blocks done again, and set aside where that kills three."""

import os
import signal
import threading
import time

import pytest
from tiny_model import Tiny

from tamis.errors import ModelError, StorageError, TamisError
from tamis.scale import Model, bulk

from .conftest import parts, read, rows, scored, written


def kill_one(trace, out, killed):
    """Kill the first worker as soon as a part is there."""
    while not [*out.glob("part-*")]:
        time.sleep(0.01)
    killed.append(int(sorted(trace.iterdir(), key=lambda path: path.stat().st_mtime)[0].name))
    os.kill(killed[0], signal.SIGKILL)


def test_a_worker_that_is_killed_loses_and_doubles_nothing(source, tmp_path):
    out, trace, killed = tmp_path / "out", tmp_path / "trace", []
    trace.mkdir()
    killer = threading.Thread(target=kill_one, args=(trace, out, killed))
    killer.start()
    counts = bulk(source, out, model=Tiny(seconds=0.01, trace=str(trace)), block=10, workers=2)
    killer.join()
    assert len([*trace.iterdir()]) == 3  # two, and the one in the place of the killed
    assert (counts["rows"], counts["set_aside"]) == (95, 0)
    assert [row["id"] for row in scored(out)] == [*range(95)]
    assert counts["digest"] == bulk(source, tmp_path / "once", model=Tiny(), block=10, workers=1)["digest"]
    assert parts(out) == parts(tmp_path / "once")


def test_a_block_that_kills_three_workers_is_set_aside_whole_and_the_rest_goes_on(tmp_path):
    trace = tmp_path / "trace"
    trace.mkdir()
    source = written(tmp_path / "p.jsonl", [*rows(10), {"query": "q", "document": "kill"}, *rows(9)])
    counts = bulk(source, tmp_path / "out", model=Tiny(trace=str(trace)), block=5, workers=2)
    assert (counts["rows"], counts["refused"], counts["set_aside"]) == (15, 5, 1)
    assert len([*trace.iterdir()]) == 5  # two, and three that the block needed
    (aside,) = read(tmp_path / "out/errors/part-00002.jsonl")
    assert "its worker ended before it had scored it" in aside["reason"]


def test_workers_that_cannot_begin_end_the_run(source, tmp_path):
    with pytest.raises(TamisError, match=r"ended before they had loaded the model \(exit code -9\)"):
        bulk(source, tmp_path / "out", model=Tiny(dies=True), block=10, workers=2)
    with pytest.raises(ModelError, match="no model 'tamis-maxi'"):
        bulk(source, tmp_path / "out", model=Model("tamis-maxi"), block=10, workers=2)
    assert not [*(tmp_path / "out").glob("part-*")]


def test_an_error_that_concerns_all_blocks_reaches_the_caller(source, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(TamisError, match="scores a query's documents together"):
        bulk(source, tmp_path / "out", model=Tiny(companions=True), block=10, workers=2)


def test_every_worker_has_a_device_of_its_own_where_there_are_several(source, tmp_path):
    """The devices are pretended; where each worker is told to go, and how many there are, is real."""
    for device, expected in (("auto", ["", "cuda:1", "cuda:2"]), ("cuda:1", [""])):
        trace = tmp_path / device
        trace.mkdir()
        model = Tiny(cards=3, device=device, trace=str(trace), seconds=0.01)
        counts = bulk(source, tmp_path / f"out {device}", model=model, block=10)
        assert sorted(path.read_text() for path in trace.iterdir()) == expected
        assert counts["workers"] == len(expected)


def test_a_disk_that_takes_no_more_is_one_error_and_what_is_done_stays_done(source, tmp_path):
    with pytest.raises(StorageError, match="File too large"):
        bulk(source, tmp_path / "out", model=Tiny(most=800), block=10, workers=2)
    counts = bulk(source, tmp_path / "out", model=Tiny(), block=10, workers=2)
    assert counts["digest"] == bulk(source, tmp_path / "once", model=Tiny(), block=10, workers=1)["digest"]


def test_a_model_that_cannot_be_loaded_says_why(source, tmp_path):
    with pytest.raises(TamisError, match=r"FileNotFoundError: .*nowhere"):
        bulk(source, tmp_path / "out", model=Tiny(trace=str(tmp_path / "nowhere")), block=10, workers=2)
