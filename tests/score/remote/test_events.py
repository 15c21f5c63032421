"""Server-sent events: the same events however the bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.score.remote.events import events, lines

DATA = 'data: {"a": "筛\u2028子"}\r\n\r\n: ping\n\nevent: x\nid: 7\ndata: one\ndata:two\n\ndata: [DONE]\n\n'.encode()


@given(st.lists(st.integers(0, len(DATA)), max_size=12))
def test_pieces_may_end_anywhere(cuts):
    edges = [0, *sorted(cuts), len(DATA)]
    parts = [DATA[a:b] for a, b in pairwise(edges)]
    assert list(events(parts)) == ['{"a": "筛\u2028子"}', "one\ntwo", "[DONE]"]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", []),
        (b"\n\n\n", []),
        (b"data: cut short", ["cut short"]),
        (b"data\n\n", [""]),
        (b"data:  two blanks\n\n", [" two blanks"]),
        (b"data: \xff\n\n", ["\ufffd"]),
    ],
)
def test_odd_streams(data, found):
    assert list(events([data])) == found


def test_another_media_type_is_one_event():
    assert list(events([b'{"a":', b" 1}\n\n"], "application/json; charset=utf-8")) == ['{"a": 1}\n\n']


def test_a_long_line_in_small_pieces_takes_no_quadratic_time():
    (line,) = lines([b"x" * 100] * 200_000)
    assert len(line) == 20_000_000
