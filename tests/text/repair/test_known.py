"""What a corpus says of words and lines, in bounded memory."""

from __future__ import annotations

import pytest

from tamis.core import Document
from tamis.text.repair import Known, known


def test_words_torn_apart_do_not_count() -> None:
    counts = Known.of([Document("d", "infor-\nmation\nand soft\u00ad\nware, well-known information")]).words
    assert counts == {"and": 1, "well-known": 1, "information": 1}


def test_lines_count_once_a_document_with_their_numbers_made_equal() -> None:
    counts = Known.of(Document(str(n), f"a{n}\nPage {n}\nb{n}\nPage {n}\nc") for n in range(4)).lines
    assert counts["page #"] == 4


def test_texts_of_one_line_are_not_read() -> None:
    found = Known.of([Document("d", "one line")])
    assert (found.documents, found.words, found.lines) == (0, {}, {})


def test_memory_is_bounded_and_what_is_common_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "MOST", 100)
    found = Known.of(
        Document(str(n), f"word{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}x\nThe Header {n}\nline {n}a{n}")
        for n in range(900)
    )
    assert len(found.words) <= 100 and len(found.lines) <= 101 and len(found._beside) <= 101
    assert found.lines["the header #"] > 700


def test_progress_is_told() -> None:
    told: list[int] = []
    Known.of((Document(str(n), "") for n in range(2500)), progress=lambda done, total: told.append(done))
    assert told == [1000, 2000]
