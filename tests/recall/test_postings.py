"""Postings: counted as they should be, joined as if they had been counted together."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tamis.recall import postings
from tamis.recall.postings import Joined, Postings, counted, narrow, term

NUMBERS = np.array([term(f"t{at}") for at in range(10)], dtype=np.uint64)
rows = st.lists(st.lists(st.integers(0, 9), max_size=8), max_size=8)


def made(texts: list[list[int]]) -> Postings:
    tokens = np.array([token for text in texts for token in text], dtype=np.int32)
    return counted(tokens, np.array([len(text) for text in texts], dtype=np.int32), NUMBERS)


def told(found: Postings) -> dict[int, dict[int, int]]:
    """Token -> document -> count."""
    bounds = zip(found.terms.tolist(), found.start.tolist(), found.start[1:].tolist(), strict=False)
    return {name: dict(zip(found.rows[a:b].tolist(), found.counts[a:b].tolist(), strict=True)) for name, a, b in bounds}


def expected(texts: list[list[int]]) -> dict[int, dict[int, int]]:
    found: dict[int, dict[int, int]] = {}
    for row, text in enumerate(texts):
        for token, count in Counter(text).items():
            found.setdefault(int(NUMBERS[token]), {})[row] = count
    return found


@given(rows)
def test_counted_is_what_a_counter_says(texts):
    found = {name: held for name, held in told(made(texts)).items() if held}
    assert found == expected(texts)
    assert all(list(held) == sorted(held) for held in found.values())


@given(st.lists(st.tuples(rows, st.randoms()), min_size=1, max_size=4), st.sampled_from([1, 3, 1 << 23]))
def test_joined_is_what_was_counted_together(parts, at_once):
    texts, moved, first = [], [], 0
    for own, random in parts:
        kept = [random.random() < 0.7 for _ in own]
        new = np.full(len(own), -1, dtype=np.int32)
        new[np.flatnonzero(kept)] = np.arange(first, first + sum(kept), dtype=np.int32)
        first += sum(kept)
        moved.append(new)
        texts += [text for text, stays in zip(own, kept, strict=True) if stays]
    joined = Joined([made(own) for own, _ in parts], moved)
    before, postings.JOINED = postings.JOINED, at_once
    try:
        pieces = list(joined.pieces())
    finally:
        postings.JOINED = before
    found: dict[int, dict[int, int]] = {}
    for terms, many, where, often in pieces:
        ends = np.cumsum(many).tolist()
        for name, a, b in zip(terms.tolist(), [0, *ends], ends, strict=False):
            assert name not in found
            found[name] = dict(zip(where[a:b].tolist(), often[a:b].tolist(), strict=True))
    assert found == expected(texts)
    assert list(found) == sorted(found)


@given(rows, st.data())
def test_among_says_who_of_the_chosen_holds_what(texts, data):
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts))), dtype=bool)
    terms, numbers = made(texts).among(chosen)
    wanted = {name: n for name, held in expected(texts).items() if (n := sum(bool(chosen[row]) for row in held))}
    assert dict(zip(terms.tolist(), numbers.tolist(), strict=True)) == wanted


def test_two_tokens_of_one_number_are_one():
    found = counted(np.array([0, 1, 1], np.int32), np.array([2, 1], np.int32), np.array([5, 5], np.uint64))
    assert told(found) == {5: {0: 2, 1: 1}}


def test_counts_are_as_wide_as_they_must_be():
    for most, kind in ((0, np.uint8), (255, np.uint8), (256, np.uint16), (65535, np.uint16), (65536, np.uint32)):
        assert narrow(np.array([0, most])).dtype == kind and narrow(np.array([0, most]))[1] == most
