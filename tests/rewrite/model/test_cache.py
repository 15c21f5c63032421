"""Remembered replies: in memory, in a file that survives a kill and damage, between threads and processes."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.errors import InputError
from tamis.rewrite.model.cache import Cache, key


def test_those_not_asked_for_the_longest_are_forgotten():
    cache = Cache(entries=2)
    cache.put(b"a", "1")
    cache.put(b"b", "2")
    assert cache.get(b"a") == "1"
    cache.put(b"c", "3")
    assert [cache.get(one) for one in (b"a", b"b", b"c")] == ["1", None, "3"] and len(cache) == 2
    assert (cache.hits, cache.misses) == (3, 1)
    with pytest.raises(InputError, match="entries must be at least 1"):
        Cache(entries=0)


@given(st.lists(st.text(max_size=3), max_size=4), st.lists(st.text(max_size=3), max_size=4))
def test_no_two_sequences_have_one_key(one, other):
    assert (key(*one) == key(*other)) == (one == other)


def test_a_file_keeps_what_memory_forgets(tmp_path):
    path = tmp_path / "rewrites.sqlite"
    cache = Cache(path, entries=1)
    for at in range(5):
        cache.put(key(str(at)), f"喉癌 {at} \U0001f642")
    assert len(cache) == 1
    for one in (cache, Cache(path)):
        assert [one.get(key(str(at))) for at in range(6)] == [*(f"喉癌 {at} \U0001f642" for at in range(5)), None]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_put_stays_after_a_kill(tmp_path):
    path = tmp_path / "rewrites.sqlite"
    code = (
        "import sys, time\nfrom tamis.rewrite.model.cache import Cache, key\ncache = Cache(sys.argv[1])\n"
        "for at in range(10**9):\n    cache.put(key(str(at)), str(at))\n    print(at, flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True) as writer:
        for _ in range(50):
            last = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
    found = Cache(path)
    assert last >= 49 and [found.get(key(str(at))) for at in range(last + 1)] == [str(at) for at in range(last + 1)]


def test_threads_and_processes_share_a_file(tmp_path):
    path = tmp_path / "rewrites.sqlite"
    caches = [Cache(path) for _ in range(3)]

    def work(n):
        cache = caches[n % 3]
        for at in range(20):
            cache.put(key(f"{n}-{at}"), f"{n}-{at}")
            assert cache.get(key(f"{n}-{at}")) == f"{n}-{at}"

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    fresh = Cache(path)
    assert all(fresh.get(key(f"{n}-{at}")) == f"{n}-{at}" for n in range(6) for at in range(20))
    code = "import sys\nfrom tamis.rewrite.model.cache import Cache, key\nprint(Cache(sys.argv[1]).get(key('0-0')))"
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert done.stdout == "0-0\n"


def test_a_forked_child_opens_the_file_for_itself(tmp_path):
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    path = tmp_path / "rewrites.sqlite"
    code = (
        "import os, sys\nfrom tamis.rewrite.model.cache import Cache, key\ncache = Cache(sys.argv[1])\n"
        "cache.put(key('parent'), '1')\nif not (child := os.fork()):\n    cache.put(key('child'), '2'); os._exit(0)\n"
        "os.waitpid(child, 0)\nprint(cache.get(key('child')), cache.get(key('parent')))"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert done.stdout == "2 1\n"


@pytest.mark.parametrize("content", [b"not a database at all, just a text of some length\n" * 100, None])
def test_a_file_of_something_else_is_refused_and_left_as_it_was(tmp_path, content):
    path = tmp_path / "other.sqlite"
    if content is None:
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE mine (x)")
        other.close()
        content = path.read_bytes()
    else:
        path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be used to remember rewrites"):
        Cache(path)
    assert path.read_bytes() == content


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InputError, match="name a new file in a folder that exists"):
        Cache(tmp_path / "none" / "x.sqlite")


def test_damage_while_it_runs_loses_the_file_and_nothing_else(tmp_path):
    path = tmp_path / "rewrites.sqlite"
    cache = Cache(path, entries=100)
    cache.put(key("a"), "1")
    other = sqlite3.connect(path)
    other.execute("DROP TABLE replies")
    other.commit()
    other.close()
    cache.put(key("b"), "2")
    assert [cache.get(key(one)) for one in "abc"] == ["1", "2", None]


def test_a_file_that_another_holds_is_not_waited_for_long(tmp_path):
    path = tmp_path / "rewrites.sqlite"
    cache = Cache(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    begun = time.monotonic()
    cache.put(key("a"), "1")
    assert time.monotonic() - begun < 5 and cache.get(key("a")) == "1"
    other.execute("COMMIT")
    other.close()


def test_half_a_character_is_remembered_in_memory_alone(tmp_path):
    cache = Cache(tmp_path / "c.sqlite")
    cache.put(b"a", "half \ud800")
    assert cache.get(b"a") == "half \ud800"
    assert Cache(tmp_path / "c.sqlite").get(b"a") is None
