"""The folder: damage is noticed, a write is whole or not at all, writers do not collide."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tamis import Document
from tamis.errors import IndexCorruptError, IndexMismatchError, IndexStoreError, StorageError
from tamis.recall import Index, store
from tamis.recall.manifest import read_manifest


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def said(index: Index):
    return [[(c.doc, c.score) for c in r] for r in index.search(["drum court", "法院 soup"], 50, mode="bm25")]


@pytest.fixture
def index(encoder, documents, tmp_path) -> Index:
    made = Index.build(documents(60), tmp_path / "index", encoder=encoder)
    made.add(documents(20, start=60))
    made.delete(["d00004"])
    return made


def flipped(path: Path, at: int, bit: int = 1) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= bit
    path.write_bytes(data)


def test_a_flipped_byte_in_any_file_is_named(index, encoder):
    for name in listing(index.path):
        if name == store.LOCK:
            continue
        path = index.path / name
        for at in (0, path.stat().st_size // 2, path.stat().st_size - 1):
            flipped(path, at)
            with pytest.raises(IndexCorruptError, match=f"{path.name}.*build the index again"):
                Index.open(index.path, encoder=encoder)
            flipped(path, at)
    assert said(Index.open(index.path)) == said(index)


def test_a_flipped_bit_anywhere_in_the_manifest_is_noticed(index):
    path = index.path / "manifest.json"
    for at in random.Random(0).sample(range(path.stat().st_size), 150):
        flipped(path, at, 4)
        with pytest.raises(IndexStoreError):
            Index.open(index.path)
        flipped(path, at, 4)


def test_a_missing_or_short_file_is_named(index):
    path = index.path / "g00000001-s0_vectors.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(IndexCorruptError, match=path.name):
        Index.open(index.path, verify=False)
    path.unlink()
    with pytest.raises(IndexCorruptError, match=f"{path.name}: is missing"):
        Index.open(index.path)


def test_what_is_no_index(tmp_path):
    with pytest.raises(IndexStoreError, match="does not exist"):
        Index.open(tmp_path / "nowhere")
    with pytest.raises(IndexStoreError, match="is not an index folder"):
        Index.open(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(IndexStoreError):
        Index.open(tmp_path / "file")
    (tmp_path / "manifest.json").write_text('{"name": "something else"}')
    with pytest.raises(IndexStoreError):
        Index.open(tmp_path)


@pytest.mark.parametrize(("version", "says"), [(1, "an older tamis.*build the index again"), (3, "upgrade tamis")])
def test_another_format_is_refused(index, version, says):
    path = index.path / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "version": version}))
    with pytest.raises(IndexMismatchError, match=says):
        Index.open(index.path)


def test_a_full_disk_leaves_the_index_and_no_litter(index, documents, encoder, monkeypatch):
    """The disk fills after n bytes, for n from nothing to almost enough."""
    before, expected = listing(index.path), said(index)
    room = 0
    real = store.create

    class Full:
        def __init__(self, file):
            self.file = file

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, data):
            nonlocal room
            room -= len(data)
            if room < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return self.file.write(data)

    monkeypatch.setattr(store, "create", lambda path: Full(real(path)))
    failures = 0
    for size in range(0, 200_000, 1500):
        room = size
        try:
            index.add(documents(30, seed=size, start=1000))
        except StorageError as error:
            assert "No space left" in str(error) and "unharmed" in str(error)
            assert listing(index.path) == before
            failures += 1
        else:
            break
    assert failures > 10
    assert len(index) == 109  # the one that had room
    monkeypatch.undo()
    reopened = Index.open(index.path, encoder=encoder)
    assert len(reopened) == 109 and said(reopened) == said(index) != expected


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_fails_later_still_loses_nothing(index, documents, monkeypatch, call):
    before, expected = listing(index.path), said(index)

    def refuse(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os if call == "fsync" else Path, call, refuse)
    with pytest.raises(StorageError, match="Input/output error"):
        index.add(documents(3, start=500))
    with pytest.raises(StorageError):
        index.delete(["d00001"])
    monkeypatch.undo()
    assert listing(index.path) == before
    assert said(Index.open(index.path)) == said(index) == expected


def test_a_failed_first_build_is_no_index_and_not_in_the_way(documents, encoder, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(StorageError):
        Index.build(documents(10), tmp_path / "index", encoder=encoder)
    monkeypatch.undo()
    with pytest.raises(IndexStoreError, match="is not an index folder"):
        Index.open(tmp_path / "index")
    assert len(Index.build(documents(10), tmp_path / "index", encoder=encoder)) == 10


def test_an_open_index_outlives_newer_generations(index, documents, encoder):
    reader = Index.open(index.path, encoder=encoder)
    expected = said(reader)
    index.delete([d.id for d in documents(50) if d.id != "d00004"])  # merges: every old file goes
    assert len(index) == 30
    assert said(reader) == expected and len(reader) == 79
    assert reader.get("d00000").id == "d00000"


def test_two_index_objects_take_turns(index, documents, encoder):
    other = Index.open(index.path, encoder=encoder)
    other.add(documents(2, start=100))
    index.add(documents(2, start=200))  # sees what the other wrote
    assert len(index) == 83
    other.delete(["d00200"])
    assert len(Index.open(index.path)) == 82


def test_two_writers_at_once_are_one_error(index, documents, encoder):
    other = Index.open(index.path, encoder=encoder)

    def interrupted():
        yield documents(1, start=300)[0]
        with pytest.raises(IndexStoreError, match=f"process {os.getpid()} is writing this index"):
            other.add(documents(1, start=400))
        yield documents(1, start=301)[0]

    index.add(interrupted())
    assert len(Index.open(index.path)) == 81
    other.add(documents(1, start=400))


WRITER = """
    import sys
    from tamis import Document
    from tamis.recall import Index
    index = Index.open(sys.argv[1])
    index.add(["warm"]), index.search("warm")
    print("ready", flush=True)
    round = len(index)
    while True:
        index.add(Document(f"w{round:06d}-{n}", f"drum sieve court word{round} 法院 {n}") for n in range(40))
        index.delete([f"w{round:06d}-{n}" for n in range(0, 40, 2)])
        round += 1
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_kill_9_in_the_middle_of_writes_leaves_a_whole_index(documents, tmp_path):
    folder = tmp_path / "index"
    Index.build(documents(50), folder, encoder=None)
    moments = random.Random(7)
    generations = set()
    for _ in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITER), str(folder)], stdout=subprocess.PIPE, text=True
        )
        with writer:
            assert writer.stdout.readline() == "ready\n"
            time.sleep(moments.uniform(0.0, 0.4))
            os.kill(writer.pid, signal.SIGKILL)
        left = Index.open(folder)  # every byte is verified
        rounds = [d.id.split("-")[0] for d in left.documents() if d.id.startswith("w")]
        assert all(rounds.count(name) in (20, 40) for name in set(rounds))  # a write is whole or not at all
        assert left.get("d00001").id == "d00001"
        assert len(left.search("drum", 1000)) > 0
        generations.add(json.loads((folder / "manifest.json").read_text())["generation"])
    assert len(generations) > 2  # writes did go through between the kills
    last = Index.open(folder)
    last.add([Document("after", "the dead process's lock is taken over")])
    named = {*json.loads((folder / "manifest.json").read_text())["files"], "manifest.json", store.LOCK}
    assert set(listing(folder)) == named  # what the killed writers left is gone


def test_stopped_between_rename_and_sweep(index, documents, monkeypatch):
    """The new generation counts from the rename on; the next writer takes what the old one left."""
    monkeypatch.setattr(store, "sweep", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    manifest, generation = read_manifest(index.path), store.next_generation(index.path)
    with pytest.raises(KeyboardInterrupt), store.Transaction(index.path, generation) as files:
        files.commit(manifest, kept=manifest.files)
    monkeypatch.undo()
    assert len(Index.open(index.path)) == 79
    index.add(documents(1, start=600))
    assert len(Index.open(index.path)) == 80


def test_a_read_only_folder(index, documents):
    if os.geteuid() == 0:
        pytest.skip("root writes anywhere")
    index.path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="Permission denied"):
            index.add(documents(1, start=600))
    finally:
        index.path.chmod(0o700)
