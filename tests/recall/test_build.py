"""Builds in bounded memory, and what is left of them when they are interrupted."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from tamis import Document
from tamis.errors import IndexCorruptError, IndexStoreError, InputError
from tamis.recall import Index, merge, write
from tamis.recall.store import BUILDING


@pytest.fixture(autouse=True)
def small_runs(monkeypatch):
    monkeypatch.setattr(write, "RUN", 20)
    monkeypatch.setattr(write, "BLOCK", 10)


def said(index: Index):
    found = [index.search(["drum court", "法院 soup"], 200, mode=mode) for mode in ("bm25", "dense", "hybrid")]
    return [[(c.doc, c.score, dict(c.scores)) for c in ranking] for rankings in found for ranking in rankings]


def interrupted(documents, at: int):
    """So many documents, then the network goes away."""
    yield from documents[:at]
    raise OSError("the network went away")


@pytest.fixture
def whole(encoder, documents, tmp_path) -> Index:
    return Index.build(documents(130), tmp_path / "whole", encoder=encoder)


def test_many_runs_are_one_segment(whole, encoder, documents, monkeypatch):
    monkeypatch.setattr(write, "RUN", 1000)
    at_once = Index.build(documents(130), encoder=encoder)
    assert said(whole) == said(at_once)
    assert len(list(whole.path.glob("*_documents.jsonl"))) == 1
    assert not (whole.path / BUILDING).exists()


def test_segments_have_a_largest_size(encoder, documents, monkeypatch, whole):
    monkeypatch.setattr(merge, "LARGEST", 50)
    index = Index.build(documents(130), encoder=encoder)
    assert sorted(record.documents for record in index._snapshot.manifest.segments) == [40, 40, 50]
    assert said(index) == said(whole)


@pytest.mark.parametrize("at", [0, 15, 40, 55, 130])
def test_an_interrupted_build_goes_on(whole, encoder, documents, tmp_path, at):
    folder = tmp_path / "index"
    with pytest.raises(OSError, match="network"):
        Index.build(interrupted(documents(130), at), folder, encoder=encoder)
    with pytest.raises(IndexStoreError):
        Index.open(folder)
    encoder.texts.clear()
    told = []
    progress = lambda done, total: told.append((done, total))  # noqa: E731
    index = Index.build(documents(130), folder, encoder=encoder, resume=True, progress=progress)
    assert said(index) == said(whole) == said(Index.open(folder, encoder=encoder))
    assert len(encoder.texts) == 130 - at // 20 * 20
    assert told[-1] == (130, 130)
    assert not (folder / BUILDING).exists()


def test_without_resume_it_begins_anew(encoder, documents, tmp_path):
    folder = tmp_path / "index"
    with pytest.raises(OSError, match="network"):
        Index.build(interrupted(documents(130), 90), folder, encoder=encoder)
    assert (folder / BUILDING).exists()
    assert len(Index.build(documents(30), folder, encoder=encoder)) == 30
    named = {name for record in Index.open(folder)._snapshot.manifest.segments for name in record.files.values()}
    assert {path.name for path in folder.iterdir()} == named | {"manifest.json", "writer.lock"}


def test_what_does_not_fit_the_interrupted_build(encoder, other_encoder, documents, tmp_path):
    folder = tmp_path / "index"
    with pytest.raises(OSError, match="network"):
        Index.build(interrupted(documents(130), 90), folder, encoder=encoder)
    with pytest.raises(InputError, match=r"'d00000' where document 'd00001' came now.*without resume"):
        Index.build(documents(100)[1:], folder, encoder=encoder, resume=True)
    with pytest.raises(InputError, match=r"where no more documents came now"):
        Index.build(documents(30), folder, encoder=encoder, resume=True)
    with pytest.raises(InputError, match=r"had other settings.*hashing-32-0.*hashing-32-1"):
        Index.build(documents(130), folder, encoder=other_encoder, resume=True)
    with pytest.raises(InputError, match="stands twice among the documents"):
        Index.build([*documents(100), documents(1)[0]], folder, encoder=encoder, resume=True)
    victim = next(folder.glob("*s1_ids.npy"))
    data = bytearray(victim.read_bytes())
    data[-1] ^= 1
    victim.write_bytes(data)
    with pytest.raises(IndexCorruptError, match="s1_ids"):
        Index.build(documents(130), folder, encoder=encoder, resume=True)
    victim.unlink()
    with pytest.raises(IndexStoreError, match="without resume"):
        Index.build(documents(130), folder, encoder=encoder, resume=True)
    assert len(Index.build(documents(130), folder, encoder=encoder)) == 130


def test_the_index_that_is_there_stays_until_the_new_one_is_whole(encoder, documents, tmp_path):
    folder = tmp_path / "index"
    Index.build(["old"], folder, encoder=encoder)
    with pytest.raises(OSError, match="network"):
        Index.build(interrupted(documents(130), 90), folder, encoder=encoder, replace=True)
    assert len(Index.open(folder, encoder=encoder)) == 1
    encoder.texts.clear()
    assert len(Index.build(documents(130), folder, encoder=encoder, replace=True, resume=True)) == 130
    assert len(encoder.texts) == 50
    assert {path.name[:9] for path in folder.glob("g*")} == {"g00000002"}


def test_resume_where_nothing_was_interrupted(encoder, documents, tmp_path):
    assert len(Index.build(documents(30), tmp_path / "index", encoder=encoder, resume=True)) == 30
    with pytest.raises(InputError, match="holds an index already"):
        Index.build(documents(30), tmp_path / "index", encoder=encoder, resume=True)


BUILDER = """
    import sys, time
    from tamis import Document
    from tamis.recall import Index, write
    write.RUN = 200
    def documents():
        for at in range(4000):
            if at == 1000:
                print("ready", flush=True)
            yield Document(f"d{at}", f"drum sieve court {at} 法院 " * 20, fields={"part": at % 7})
    Index.build(documents(), sys.argv[1], encoder=None, resume=True)
    print("done", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_kill_9_in_the_middle_of_a_build_loses_no_whole_segment(tmp_path):
    folder, moments = tmp_path / "index", random.Random(3)
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(BUILDER), str(folder)], stdout=subprocess.PIPE, text=True
        ) as builder:
            assert builder.stdout.readline() == "ready\n"
            time.sleep(moments.uniform(0.05, 0.3))
            os.kill(builder.pid, signal.SIGKILL)
        if (folder / "manifest.json").exists():
            break
        assert (folder / BUILDING).exists()
    else:
        with subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(BUILDER), str(folder)], stdout=subprocess.PIPE, text=True
        ) as builder:
            assert builder.stdout.read() == "ready\ndone\n"
    index = Index.open(folder)
    assert len(index) == 4000
    assert [c.doc.id for c in index.search("1234", 5)] == ["d1234"]


def test_memory_does_not_grow_with_documents(tmp_path):
    """Four times the documents, about the same peak: what grows are some numbers a document."""
    code = """
        import resource, sys
        from tamis import Document
        from tamis.recall import Index, write
        write.RUN = 2000
        made = (Document(f"d{at}", f"drum sieve {at} " * 40) for at in range(int(sys.argv[1])))
        Index.build(made, encoder=None)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    """
    peaks = [
        int(
            subprocess.run(
                [sys.executable, "-c", textwrap.dedent(code), str(count)], capture_output=True, check=True
            ).stdout
        )
        for count in (4000, 16_000)
    ]
    assert peaks[1] < peaks[0] + 30_000


def test_ids_are_unique_across_runs(encoder, documents):
    with pytest.raises(InputError, match="'d00003' stands twice among the documents"):
        Index.build([*documents(70), Document("d00003", "again")], encoder=encoder)
