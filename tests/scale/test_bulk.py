"""Bulk scoring: exactly once, bit for bit the same however it runs, gone on with after anything."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tiny_model import Tiny

from tamis import load_scorer
from tamis.core import Document, Query
from tamis.errors import DataError, InputError, StorageError, TamisError
from tamis.scale import Model, bulk, part
from tamis.scale.folder import Folder

from .conftest import parts, read, rows, scored, written


def test_every_row_is_scored_once_in_order_with_its_columns(source, tmp_path):
    counts = bulk(source, tmp_path / "out", model=Tiny(), block=10, workers=1)
    found = scored(tmp_path / "out")
    assert [row["id"] for row in found] == [*range(95)]
    assert found[3].keys() == {"id", "query", "document", "score"}
    assert found[3]["score"] == Tiny().load()._one("query 1", "document 3 xxx")
    assert {key: counts[key] for key in ("rows", "pairs", "refused", "blocks", "resumed", "set_aside")} == {
        "rows": 95, "pairs": 95, "refused": 0, "blocks": 10, "resumed": 0, "set_aside": 0,
    }  # fmt: skip


def test_processes_and_this_one_write_the_same_bytes(source, tmp_path):
    once = bulk(source, tmp_path / "one", model=Tiny(), block=10, workers=1)
    for workers in (2, 3):
        counts = bulk(source, tmp_path / str(workers), model=Tiny(), block=10, workers=workers)
        assert (counts["digest"], counts["workers"]) == (once["digest"], workers)
        assert parts(tmp_path / str(workers)) == parts(tmp_path / "one")
    manifests = [(tmp_path / name / "manifest.json").read_bytes() for name in ("one", "2", "3")]
    assert manifests[0] == manifests[1] == manifests[2]


def test_a_real_model_has_the_same_bits_in_processes_and_with_any_number_of_threads(tmp_path, monkeypatch):
    texts = ["A tamis sieves soup.", "It rained all day.", "鼓形筛可以过滤浓汤。", "Wages are paid monthly. " * 9]
    source = written(
        tmp_path / "p.jsonl",
        [{"query": "怎么过滤汤?", "document": f"{text} {at}"} for at in range(9) for text in texts],
    )
    digests = [bulk(source, tmp_path / "two", block=20, workers=2)["digest"]]
    for threads in ("1", "3"):
        monkeypatch.setenv("TAMIS_THREADS", threads)
        digests.append(bulk(source, tmp_path / threads, model="tamis-mini", block=20, workers=1)["digest"])
    assert len({*digests}) == 1
    found = scored(tmp_path / "two")
    plain = load_scorer("tamis-mini").score([(Query(r["query"]), Document("d", r["document"])) for r in found])
    np.testing.assert_allclose([row["score"] for row in found], plain, atol=1e-4)


def test_rows_that_cannot_be_used_are_set_aside_with_their_place_and_the_rest_is_scored(tmp_path):
    (tmp_path / "in").mkdir()
    written(
        tmp_path / "in/a.jsonl",
        [*rows(2), {"query": " ", "document": "d"}, {"query": "q", "document": "nan"}, *rows(1)],
    )
    with (tmp_path / "in/a.jsonl").open("a") as out:
        out.write("{broken\n")
    (tmp_path / "in/b.csv").write_text('query,document\r\nq,"two\r\nlines"\r\nq\r\nq,d\r\n')
    counts = bulk(tmp_path / "in", tmp_path / "out", model=Tiny(), block=3, workers=1)
    assert (counts["rows"], counts["refused"]) == (5, 4)
    aside = [row for path in sorted((tmp_path / "out/errors").iterdir()) for row in read(path)]
    assert [(row["file"], row["line"], row["field"]) for row in aside] == [
        ("a.jsonl", 3, "query"), ("a.jsonl", 4, None), ("a.jsonl", 6, None), ("b.csv", 4, None),
    ]  # fmt: skip
    assert "the query is blank" in aside[0]["reason"]
    assert "not finite: nan" in aside[1]["reason"]
    assert scored(tmp_path / "out")[3]["document"] == "two\r\nlines"


def test_the_same_command_again_does_nothing_again(source, tmp_path):
    first = bulk(source, tmp_path / "out", model=Tiny(), block=10, workers=1)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("part-*")}
    again = bulk(source, tmp_path / "out", model=Tiny(), block=10, workers=2)
    assert (again["resumed"], again["digest"], again["pairs_per_second"]) == (10, first["digest"], 0)
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("part-*")}


def test_parts_that_are_gone_torn_or_changed_are_made_again_and_no_others(source, tmp_path):
    out = tmp_path / "out"
    first, whole = bulk(source, out, model=Tiny(), block=10, workers=1), parts(out)
    (out / "part-00002.jsonl").unlink()
    (out / "part-00004.jsonl").write_bytes(whole["part-00004.jsonl"][:-1])
    (out / "part-00006.jsonl").write_bytes(whole["part-00006.jsonl"].replace(b"query", b"Query", 1))
    (out / ".part-00001.jsonl.abc.tmp").write_text("torn")
    with (out / ".bulk/done.jsonl").open("a") as ledger:
        ledger.write('{"block": 99, "rows"')
    again = bulk(source, out, model=Tiny(), block=10, workers=1)
    assert (again["resumed"], again["digest"]) == (7, first["digest"])
    assert parts(out) == whole
    assert not [*out.glob(".*.tmp")]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"model": Tiny("tiny-2")}, "fingerprint was 'tiny-1', is 'tiny-2'"),
        ({"instruction": "find it"}, "instruction was '', is 'find it'"),
        ({"block": 11}, "block: rows was 10, is 11"),
        ({"columns": {"title": "id"}}, "columns: title was None, is 'id'"),
    ],
)
def test_another_model_or_option_is_refused_with_what_differs(source, tmp_path, change, says):
    options = {"model": Tiny(), "block": 10, "workers": 1}
    bulk(source, tmp_path / "out", **options)
    whole = parts(tmp_path / "out")
    with pytest.raises(InputError, match=says):
        bulk(source, tmp_path / "out", **options | change)
    assert parts(tmp_path / "out") == whole


def test_changed_input_is_refused_until_it_begins_anew(source, tmp_path):
    out = tmp_path / "out"
    bulk(source, out, model=Tiny(), block=10, workers=1)
    (out / "mine.txt").write_text("notes")
    written(source, rows(25))
    with pytest.raises(InputError, match=r"the input file pairs.jsonl was changed. Begin anew with restart"):
        bulk(source, out, model=Tiny(), block=10, workers=1)
    counts = bulk(source, out, model=Tiny(), block=10, workers=1, restart=True)
    assert (counts["rows"], counts["resumed"], len(parts(out))) == (25, 0, 3)
    assert (out / "mine.txt").exists()


def test_a_file_that_is_written_to_while_it_is_scored_ends_the_run(source, tmp_path):
    def write(done, total):
        if done == 20 and total:
            source.write_text(source.read_text().replace("document 50", "document 99"))

    with pytest.raises(DataError, match="it was written to since the run began"):
        bulk(source, tmp_path / "out", model=Tiny(), block=10, workers=1, progress=write)


def test_a_touched_file_is_the_same_input(source, tmp_path):
    bulk(source, tmp_path / "out", model=Tiny(), block=10, workers=1)
    (tmp_path / "out/part-00003.jsonl").unlink()
    os.utime(source, (1, 1))
    assert bulk(source, tmp_path / "out", model=Tiny(), block=10, workers=1)["resumed"] == 9


def test_a_folder_that_is_not_ours_or_in_use_is_left_alone(source, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/part-00000.jsonl").write_text("mine")
    with pytest.raises(InputError, match="no output of tamis bulk"):
        bulk(source, tmp_path / "out", model=Tiny(), restart=True)
    with Folder(tmp_path / "used").held(), pytest.raises(InputError, match="another tamis bulk is at work"):
        bulk(source, tmp_path / "used", model=Tiny())


def test_unpacked_texts_are_gone_at_the_end_and_come_again_where_a_part_is_missing(tmp_path):
    import gzip

    source, out = tmp_path / "p.jsonl.gz", tmp_path / "out"
    source.write_bytes(gzip.compress(written(tmp_path / "p.jsonl", rows(30)).read_bytes()))
    first = bulk(source, out, model=Tiny(), block=10, workers=1)
    assert not (out / ".bulk/unpacked").exists()
    (out / "part-00001.jsonl").unlink()
    assert bulk(source, out, model=Tiny(), block=10, workers=1)["digest"] == first["digest"]


def test_scores_that_depend_on_companions_need_lists(source, tmp_path):
    with pytest.raises(InputError, match="scores a query's documents together"):
        bulk(source, tmp_path / "out", model=Tiny(companions=True), workers=1)
    lists = written(
        tmp_path / "lists.jsonl", [{"query": "ab", "documents": ["xy", "ab", "a"]}, {"query": "q", "documents": []}]
    )
    bulk(lists, tmp_path / "lists", model=Tiny(companions=True), workers=1)
    assert [row["ranking"] for row in scored(tmp_path / "lists")] == [[1, 2, 0], []]


@pytest.mark.parametrize("text", ["fail", "refuse"])
def test_a_block_that_fails_three_times_is_set_aside_and_tried_again_next_time(tmp_path, text):
    source = written(tmp_path / "p.jsonl", [*rows(10), {"query": "q", "document": text}, *rows(9)])
    counts = bulk(source, tmp_path / "out", model=Tiny(), block=5, workers=1)
    assert (counts["rows"], counts["refused"], counts["set_aside"]) == (15, 5, 1)
    (aside,) = read(tmp_path / "out/errors/part-00002.jsonl")
    assert aside["line"] == 11
    assert "tried 3 times and set aside: RuntimeError: it " in aside["reason"]
    assert not (tmp_path / "out/part-00002.jsonl").exists()
    again = bulk(source, tmp_path / "out", model=Tiny(), block=5, workers=1)
    assert (again["resumed"], again["set_aside"], again["digest"]) == (3, 1, counts["digest"])
    healed = bulk(source, tmp_path / "out", model=Tiny(mild=True), block=5, workers=1)
    assert (healed["resumed"], healed["set_aside"], healed["rows"]) == (3, 0, 20)
    assert not [*(tmp_path / "out/errors").iterdir()]


def test_blocks_that_fail_one_after_the_other_end_the_run(tmp_path):
    source = written(tmp_path / "p.jsonl", [*rows(5), *rows(40, document="fail")])
    with pytest.raises(TamisError, match=r"3 blocks in a row could not be scored, the last because: RuntimeError"):
        bulk(source, tmp_path / "out", model=Tiny(), block=5, workers=1)
    assert len([*(tmp_path / "out").glob("part-*")]) == 1


def test_a_full_disk_is_one_error_and_the_run_goes_on_later(source, tmp_path, monkeypatch):
    real, left = part.atomic_write_bytes, [3]

    def full(path):
        left[0] -= 1
        if left[0] < 0:
            raise StorageError(f"{path} was not written: {os.strerror(errno.ENOSPC)}")
        return real(path)

    monkeypatch.setattr(part, "atomic_write_bytes", full)
    with pytest.raises(StorageError, match="No space left"):
        bulk(source, tmp_path / "out", model=Tiny(), block=10, workers=1)
    monkeypatch.undo()
    assert bulk(source, tmp_path / "out", model=Tiny(), block=10, workers=1)["resumed"] == 3


def test_joined_is_all_parts_in_order(source, tmp_path):
    bulk(source, tmp_path / "out", model=Tiny(), block=10, workers=1, joined=tmp_path / "all.jsonl")
    assert (tmp_path / "all.jsonl").read_bytes() == b"".join(parts(tmp_path / "out").values())
    with pytest.raises(InputError, match=r"expected a name that ends in .jsonl"):
        bulk(source, tmp_path / "out", model=Tiny(), block=10, workers=1, joined=tmp_path / "all.csv")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"form": "csv"}, "form jsonl or parquet"),
        ({"workers": 0}, "at least 1 worker"),
        ({"block": 0}, "at least 1 row"),
    ],
)
def test_options_that_cannot_be_are_refused(source, tmp_path, options, says):
    with pytest.raises(InputError, match=says):
        bulk(source, tmp_path / "out", model=Tiny(), **options)


def test_input_without_rows_is_an_error(tmp_path):
    (tmp_path / "p.jsonl").write_text("\n")
    (tmp_path / "q.csv").write_text("query,document\n")
    with pytest.raises(DataError, match="no rows"):
        bulk(tmp_path / "q.csv", tmp_path / "out", model=Tiny())


def test_progress_counts_rows_found_then_rows_done(source, tmp_path):
    told = []
    bulk(
        source,
        tmp_path / "out",
        model=Tiny(),
        block=50,
        workers=1,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(50, None), (95, None), (0, 95), (50, 95), (95, 95)]


PARENT = """
import sys
sys.path[:0] = [{tests!r}]
from tiny_model import Tiny
from tamis.scale import bulk
bulk({source!r}, {out!r}, model=Tiny(seconds=0.02, trace={trace!r}), block=10, workers=2)
"""


def wait_for(what, seconds=30):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def is_there(pid):
    return Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc, to see which processes are there")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_was_killed_goes_on_and_its_workers_are_gone(source, tmp_path, how):
    out, trace = tmp_path / "out", tmp_path / "trace"
    trace.mkdir()
    code = PARENT.format(tests=str(Path(__file__).parent), source=str(source), out=str(out), trace=str(trace))
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    wait_for(lambda: len([*out.glob("part-*")]) >= 2)
    parent.send_signal(how)
    parent.wait()
    wait_for(lambda: not any(is_there(path.name) for path in trace.iterdir()))
    counts = bulk(source, out, model=Tiny(), block=10, workers=1)
    assert 1 <= counts["resumed"] < 10
    assert counts["digest"] == bulk(source, tmp_path / "once", model=Tiny(), block=10, workers=1)["digest"]
    assert [row["id"] for row in scored(out)] == [*range(95)]


def test_a_model_says_what_it_is_in_the_manifest(source, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(Path(part.__file__).parents[1] / "models/tamis-blend", folder)
    bulk(written(source, rows(2)), tmp_path / "out", model=Model(str(folder), max_length=64), workers=1)
    said = json.loads((tmp_path / "out/manifest.json").read_text())
    assert (said["model"]["spec"], said["model"]["max_length"]) == (str(folder.resolve()), 64)
    assert said["versions"].keys() == {"tamis", "numpy", "onnxruntime", "tokenizers"}
