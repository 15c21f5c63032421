"""Blocks of text files, joined, are the file's rows: whatever it holds, with the same messages on the same lines."""

import codecs
import csv
import gzip
import io
import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.data import read_rows
from tamis.errors import DataError
from tamis.scale.blocks import Block, InputFile, Size, numbered
from tamis.scale.text_blocks import rows_of, survey

CELLS = st.text(st.sampled_from('ab,;\t"\n\r 一[{}]:'), max_size=6)
LINES = st.one_of(
    st.dictionaries(st.sampled_from(["query", "document", "一"]), CELLS, max_size=3).map(lambda row: json.dumps(row)),
    st.sampled_from(["", "  ", "{}", "[1]", "[", '{"query": ', "null", '"', "{} {}", "\ufeff{}"]),
    CELLS.map(lambda text: text.replace("\n", "")),
)
ENDS = st.sampled_from(["\n", "\r\n"])
PACKINGS = st.sampled_from(["plain", "mark", "gzip", "utf-16"])


def packed(text, packing):
    match packing:
        case "mark":
            return codecs.BOM_UTF8 + text.encode()
        case "gzip":
            return gzip.compress(text.encode())
        case "utf-16":
            return text.encode("utf-16")
    return text.encode()


def in_blocks(path, size):
    """(file, blocks, rows, errors) of a file that is read block by block, the last block first."""
    found = survey(path, path.with_name("unpacked"), size)
    file = InputFile(path.name, str(path), found.kind, 0, "", 0, str(found.read), found.header)
    blocks = [*numbered({0: found.ranges})]
    read = {block.number: ([], []) for block in blocks}
    for block in reversed(blocks):
        rows, errors = read[block.number]
        rows += [(row.line, row.values) for row in rows_of(file, block, errors.append)]
    rows = [row for number in sorted(read) for row in read[number][0]]
    errors = [(error.line, error.field, error.message) for number in sorted(read) for error in read[number][1]]
    return file, blocks, rows, errors


def at_once(path):
    errors = []
    rows = [(row.line, row.values) for row in read_rows(path, errors.append)]
    return rows, [(error.line, error.field, error.message) for error in errors]


def held_against(path, most):
    try:
        rows, errors = at_once(path)
    except DataError as error:
        with pytest.raises(DataError) as caught:
            in_blocks(path, Size(rows=most))
        assert caught.value.message == error.message
        return
    _, blocks, found, refused = in_blocks(path, Size(rows=most))
    assert found == rows
    assert refused == errors
    assert all(one.end == other.start for one, other in pairwise(blocks))
    assert all(block.rows <= most for block in blocks)


@given(st.lists(LINES, max_size=12), ENDS, PACKINGS, st.integers(1, 4), st.booleans())
def test_blocks_of_any_jsonl_are_its_rows(tmp_path_factory, lines, end, packing, most, ended):
    path = tmp_path_factory.mktemp("jsonl") / "rows.jsonl"
    text = '{"query": "first"}' + end + end.join(lines) + (end if ended else "")
    path.write_bytes(packed(text, packing))
    held_against(path, most)


@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=12),
    ENDS,
    PACKINGS,
    st.integers(1, 4),
    st.sampled_from(",;\t"),
)
def test_blocks_of_any_written_table_are_its_rows(tmp_path_factory, cells, end, packing, most, delimiter):
    path = tmp_path_factory.mktemp("table") / "rows.csv"
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows([["query", "document"], *cells])
    path.write_bytes(packed(out.getvalue(), packing))
    held_against(path, most)


@given(
    st.text(st.sampled_from('ab,\t"\n\r x'), max_size=60),
    st.integers(1, 3),
    st.sampled_from(["q,d\n", "q\td\n", '\n"q\nx",d\r\n', ",,\na;b\n"]),
)
def test_blocks_of_broken_tables_are_what_can_be_read_of_them(tmp_path_factory, text, most, header):
    path = tmp_path_factory.mktemp("broken") / "rows.csv"
    path.write_bytes((header + text).encode())
    held_against(path, most)


def test_a_block_ends_at_rows_or_at_bytes_and_no_row_is_cut(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"query": "q", "document": "x" * n}) + "\n" for n in (10, 10, 500, 10, 10)))
    _, blocks, rows, _ = in_blocks(path, Size(rows=3, bytes=100))
    assert [block.rows for block in blocks] == [3, 2]
    _, blocks, rows, _ = in_blocks(path, Size(rows=3, bytes=50))
    assert [block.rows for block in blocks] == [2, 1, 2]
    assert len(rows) == 5


def test_plain_text_is_read_where_it_is_and_the_rest_is_unpacked_once(tmp_path):
    plain, other = tmp_path / "rows.csv", tmp_path / "rows.csv.gz"
    plain.write_text("query,document\n一,二\n三,四\n", "utf-8")
    other.write_bytes(gzip.compress("query,document\n一,二\n三,四\n".encode("gb18030")))
    assert in_blocks(plain, Size(rows=1))[0].read == str(plain)
    file, _, rows, _ = in_blocks(other, Size(rows=1))
    assert file.read == str(tmp_path / "unpacked")
    assert rows == [(2, {"query": "一", "document": "二"}), (3, {"query": "三", "document": "四"})]


def test_a_part_reads_its_own_bytes_only(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"query": 1}\n' * 100)
    file, blocks, _, _ = in_blocks(path, Size(rows=10))
    path.write_bytes(b"\xff" * blocks[5].start + path.read_bytes()[blocks[5].start : blocks[5].end])
    assert [row.line for row in rows_of(file, blocks[5], pytest.fail)] == [*range(51, 61)]
    assert blocks[5] == Block(5, 0, 51, 10, blocks[5].start, blocks[5].end)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'[{"query": "a"}]', "expected one JSON object a line, this is an array"),
        (b"query,query\na,b\n", "the column stands twice"),
        (gzip.compress(b'{"query": 1}\n' * 99, mtime=0)[:-9], "damaged gzip"),
        (b'{"query": "\xff\xfe\xfd"}\n', "neither UTF-8 nor GB18030"),
    ],
)
def test_what_cannot_be_read_at_all_says_why(tmp_path, content, says):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says):
        survey(path, tmp_path / "unpacked", Size())
    assert not (tmp_path / "unpacked").exists()
