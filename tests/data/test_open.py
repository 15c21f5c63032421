from __future__ import annotations

import gzip
import io
import random
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.data import open as opening
from tamis.data import read_lines
from tamis.errors import DataError, InputError

LAW = "第一条 为了保护民事主体的合法权益，调整民事关系，制定本法。\n第二条 民法调整平等主体之间的关系。\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("packed", [False, True])
def test_encodings_are_known_by_content(tmp_path: Path, encoding: str, packed: bool) -> None:
    content = LAW.encode(encoding)
    path = tmp_path / "law.txt"
    path.write_bytes(gzip.compress(content) if packed else content)
    assert "".join(read_lines(path)) == LAW


def test_gb18030_that_begins_like_utf8_is_still_gb18030() -> None:
    text = "联通公司\n" + LAW  # 联通 in GB18030 is valid UTF-8
    assert "".join(read_lines(io.BytesIO(text.encode("gb18030")))) == text


def test_the_encoding_is_found_behind_megabytes_of_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "BLOCK", 1000)
    for encoding in ("utf-8", "gb18030"):
        text = "plain line\n" * 500 + LAW * 50
        assert "".join(read_lines(io.BytesIO(text.encode(encoding)))) == text


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\ufeff")), st.integers(1, 9))
def test_lines_lose_nothing_whatever_the_blocks(text: str, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "BLOCK", block)
        lines = list(read_lines(io.BytesIO(text.encode())))
    assert "".join(lines) == text
    assert all(line.endswith("\n") for line in lines[:-1])


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (LAW.encode() * 2 + b"abc\xff\n", 5),
        ("café\n".encode("latin-1"), 1),
        ("smart “quotes” – dash\n".encode("cp1252"), 1),
        (LAW.encode()[:20] + b"\xe6" + LAW.encode()[20:], 1),
        (LAW.encode()[:-2], 2),
    ],
)
def test_other_bytes_are_an_error_with_the_line(content: bytes, line: int) -> None:
    with pytest.raises(DataError, match="neither UTF-8 nor GB18030") as caught:
        list(read_lines(io.BytesIO(content)))
    assert caught.value.line == line


def test_lines_before_the_damage_are_handed_on() -> None:
    lines = read_lines(io.BytesIO(b"one\ntwo\nth\xffree\n"))
    assert [next(lines), next(lines)] == ["one\n", "two\n"]
    with pytest.raises(DataError, match="line 3"):
        next(lines)


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl.gz").touch()
    with pytest.raises(DataError, match="this is a directory"):
        list(read_lines(tmp_path))
    with pytest.raises(DataError, match=r"no such file, did you mean 'corpus.jsonl.gz'\?"):
        list(read_lines(tmp_path / "corpus.jsonl"))
    with pytest.raises(InputError, match="no such file"):
        list(read_lines(tmp_path / "no" / "folder.txt"))


@pytest.mark.parametrize("damage", [lambda b: b[:-20], lambda b: b[:40] + b"\x00\xff\x00" + b[43:]])
def test_damaged_gzip(tmp_path: Path, damage) -> None:
    path = tmp_path / "law.gz"
    path.write_bytes(damage(gzip.compress(("".join(f"line {n * n}\n" for n in range(9999))).encode())))
    with pytest.raises(DataError, match="damaged gzip"):
        list(read_lines(path))


def test_gzip_of_several_members() -> None:
    packed = gzip.compress(b"one\n") + gzip.compress(b"two\n")
    assert list(read_lines(io.BytesIO(packed))) == ["one\n", "two\n"]


@pytest.mark.parametrize("magic", list(opening.FOREIGN))
def test_foreign_files_are_named(magic: bytes) -> None:
    with pytest.raises(DataError, match=r"this is an? "):
        list(read_lines(io.BytesIO(magic + b"\x00" * 100)))


def test_streams_stay_open_and_standard_input_is_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO(LAW.encode("gb18030"))
    assert "".join(read_lines(stream)) == LAW
    assert not stream.closed
    assert "".join(read_lines(io.StringIO(LAW))) == LAW
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LAW.encode()), encoding="ascii"))
    assert "".join(read_lines("-")) == LAW
    monkeypatch.setattr(sys, "stdin", io.StringIO(LAW))
    assert "".join(read_lines("-")) == LAW


def test_a_file_is_read_as_it_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes(b"first\n" + b"x\n" * 3_000_000 + b"\xff")
    lines = read_lines(path)
    assert next(lines) == "first\n"
    lines.close()  # type: ignore[attr-defined]


def test_empty_and_blank_files() -> None:
    assert list(read_lines(io.BytesIO(b""))) == []
    assert list(read_lines(io.BytesIO(b"\n\n"))) == ["\n", "\n"]


@pytest.mark.parametrize("encoding", ["UTF-16LE", "UTF-16BE"])
@pytest.mark.parametrize(
    "text", [LAW, "query,document\nhow to return,within seven days\n", "问题,答案\n如何退货,七天\n"]
)
def test_utf16_without_a_mark_is_called_what_it_is(encoding: str, text: str) -> None:
    with pytest.raises(DataError, match=f"this is {encoding} without a byte order mark"):
        list(read_lines(io.BytesIO(text.encode(encoding))))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("content", [LAW.encode("utf-32-le"), random.Random(0).randbytes(5000), b"MZ\x90" + bytes(99)])
def test_binary_files_are_one_clear_error(content: bytes, packed: bool) -> None:
    with pytest.raises(DataError, match="this is a binary file, no text: give CSV, JSONL, plain text") as caught:
        list(read_lines(io.BytesIO(gzip.compress(content) if packed else content)))
    assert caught.value.line is None


@given(st.binary(min_size=200, max_size=3000))
def test_whatever_the_bytes_they_are_text_or_a_data_error(content: bytes) -> None:
    try:
        text = "".join(read_lines(io.BytesIO(content)))
    except DataError:
        return
    assert "\ufffd" not in text or "\ufffd".encode() in content or b"\x84\x31\xa4\x37" in content


@pytest.mark.parametrize(
    "text", ["a\0b, a text with a stray NUL\n", "cell\x01cell\x01cell\x01cell\n" * 9, "\x1b[31mred\x1b[0m\n" * 9]
)
def test_texts_with_control_characters_are_texts(text: str) -> None:
    assert "".join(read_lines(io.BytesIO(text.encode()))) == text
