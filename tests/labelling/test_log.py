"""The log: what replaces what, what is taken back, and lines that a crash cut."""

import json

import pytest

from tamis.errors import StorageError
from tamis.labelling import Entry
from tamis.labelling.log import LabelLog, Said, read_entry


def said(*entries):
    found = Said()
    for entry in entries:
        found.take(entry)
    return found


def test_a_later_label_of_the_same_annotator_replaces_the_earlier():
    found = said(Entry("1", "ann", label="no"), Entry("1", "bob", label="no"), Entry("1", "ann", label="yes"))
    assert [(entry.annotator, entry.label) for entry in found.labels("1")] == [("ann", "yes"), ("bob", "no")]


def test_undo_takes_back_and_the_act_before_is_then_the_last():
    one, two = Entry("1", "ann", label="no"), Entry("2", "ann", "skip")
    found = said(one, two)
    assert found.last("ann") == two
    found.take(Entry("2", "ann", "undo"))
    assert found.last("ann") == one and not found.touched("2") and found.last("bob") is None


def test_a_relabelled_pair_is_the_last_act():
    found = said(Entry("1", "ann", label="no"), Entry("2", "ann", label="no"), Entry("1", "ann", label="yes"))
    last = found.last("ann")
    assert last is not None and last.item == "1"


def test_entries_come_back_from_their_lines():
    entry = Entry("一", "ann", "label", "yes", 1790000000.125, 4.5)
    assert read_entry(json.dumps(entry.as_json()).encode()) == entry
    skip = Entry("1", "ann", "skip", "", 1790000000.0)
    assert read_entry(json.dumps(skip.as_json()).encode()) == skip


@pytest.mark.parametrize(
    "line", [b"{", b"[]", b"{}", b'{"act": "dance"}', b"\x00\x00", b"\xff\xfe", b'{"act": "skip"}']
)
def test_what_is_no_entry_is_none(line):
    assert read_entry(line) is None


def test_every_cut_of_the_last_line_leaves_the_earlier_ones(tmp_path):
    path = tmp_path / "labels.jsonl"
    log = LabelLog(path)
    log.add(Entry("1", "ann", label="yes", time=1.0))
    log.add(Entry("2", "ann", label="no", time=2.0))
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for end in range(first, len(whole)):
        path.write_bytes(whole[:end])
        cut = LabelLog(path)
        cut.refresh()
        kept = [item for item in ("1", "2") if cut.said.labels(item)]
        assert kept == (["1", "2"] if end == len(whole) - 1 else ["1"])  # without its line break, it is whole
        assert cut.torn == int(first < end < len(whole) - 1)
        cut.add(Entry("3", "bob", label="yes", time=3.0))
        again = LabelLog(path)
        again.refresh()
        assert [item for item in ("1", "2", "3") if again.said.labels(item)] == [*kept, "3"]


def test_what_others_wrote_is_taken_once(tmp_path):
    one, other = LabelLog(tmp_path / "labels.jsonl"), LabelLog(tmp_path / "labels.jsonl")
    one.refresh()
    one.add(Entry("1", "ann", label="yes"))
    other.refresh()
    other.add(Entry("2", "bob", label="no"))
    one.refresh()
    one.refresh()
    assert [len(one.said.labels(item)) for item in ("1", "2")] == [1, 1]


def test_a_log_that_became_shorter_is_refused(tmp_path):
    log = LabelLog(tmp_path / "labels.jsonl")
    log.add(Entry("1", "ann", label="yes"))
    log.path.write_bytes(b"")
    with pytest.raises(StorageError, match="lost lines"):
        log.refresh()
