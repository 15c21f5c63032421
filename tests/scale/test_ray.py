"""The same bytes from Ray, also where one of its workers is killed. Starting Ray takes up to 40 seconds."""

import threading

import pytest
from tiny_model import Tiny

from tamis.errors import MissingExtraError, RemoteError
from tamis.extras import available
from tamis.scale import bulk

from .conftest import parts, rows, scored, written
from .test_processes import kill_one

needs_ray = pytest.mark.skipif(not available("ray"), reason='Ray is not installed: pip install "tamis[ray]"')


@needs_ray
@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_run_on_ray_has_the_bytes_of_one_process_though_a_worker_is_killed_and_a_block_kills(tmp_path):
    poisoned = [*rows(60), {"query": "q", "document": "kill"}, *rows(30)]
    source, out, trace, killed = written(tmp_path / "p.jsonl", poisoned), tmp_path / "out", tmp_path / "trace", []
    trace.mkdir()
    killer = threading.Thread(target=kill_one, args=(trace, out, killed))
    killer.start()
    counts = bulk(source, out, model=Tiny(seconds=0.02, trace=str(trace)), block=7, workers=2, ray="local")
    killer.join()
    assert (counts["workers"], counts["rows"], counts["set_aside"]) == (2, 84, 1)
    assert len(scored(out)) == 84
    once = bulk(source, tmp_path / "once", model=Tiny(), block=7, workers=2)
    assert counts["digest"] == once["digest"]
    assert parts(out) == parts(tmp_path / "once")


@needs_ray
@pytest.mark.filterwarnings("default")
def test_an_address_where_no_cluster_is_is_refused_at_once(source, tmp_path):
    with pytest.raises(RemoteError, match=r"no Ray cluster at '127\.0\.0\.1:1': .*refused"):
        bulk(source, tmp_path / "out", model=Tiny(), block=10, ray="127.0.0.1:1")


def test_without_ray_the_command_that_installs_it_is_said(source, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r'pip install "tamis\[ray\]"'):
        bulk(source, tmp_path / "out", model=Tiny(), block=10, ray="local")
