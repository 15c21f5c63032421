"""Opening a file or stream as lines of text: gzip by its magic bytes; UTF-8, UTF-16 with a mark, GB18030."""

from __future__ import annotations

import codecs
import difflib
import gzip
import io
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TypeAlias, cast

from tamis.errors import DataError

Source: TypeAlias = str | Path | IO[str] | IO[bytes]

BLOCK = 1 << 20
GZIP = b"\x1f\x8b"
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# Files that people pass by mistake, known by their first bytes, and what to do with them.
FOREIGN = {
    b"PK\x03\x04": "a zip or Excel file: unpack it, or save it as CSV",
    b"PAR1": "a Parquet file: write it as JSONL first",
    b"%PDF": "a PDF file: extract its text first",
    b"\x28\xb5\x2f\xfd": "a zstd file: decompress it first",
    b"BZh": "a bzip2 file: decompress it first",
    b"\xfd7zXZ": "an xz file: decompress it first",
    b"7z\xbc\xaf": "a 7z file: unpack it first",
    b"Rar!": "a RAR file: unpack it first",
    b"\xd0\xcf\x11\xe0": "an old Office file (.xls, .doc), or a workbook with a password: save it as .xlsx without one",
    b"\x89PNG": "a PNG picture: give a file of text",
    b"\xff\xd8\xff": "a JPEG picture: give a file of text",
    b"GIF8": "a GIF picture: give a file of text",
    b"\x7fELF": "a program: give a file of text",
    b"SQLite f": "a SQLite database: write its rows as CSV or JSONL first",
}

CONTROLS = [byte for byte in range(32) if byte not in b"\t\n\r\f\x1b"]
FEW, MANY = 3, 1 / 20  # control bytes; and their share of a file's bytes, which among random ones is a tenth
USUAL = 0.9  # of a text's characters; two random bytes make a usual one three times in ten
LEAST = 16  # bytes from which a file is judged

_utf8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_usual = re.compile(r"[\t\n\r -~\u00a0-\u04ff\u2000-\u206f\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef]")
_gb2312 = re.compile(rb"[\xa1-\xf7][\xa1-\xfe]")
_ASCII = bytes(range(128))


def name_of(source: Source) -> str:
    """What messages call a source.

    >>> name_of(Path("docs.jsonl")), name_of(io.StringIO())
    ('docs.jsonl', '<stream>')
    """
    name = source if isinstance(source, (str, Path)) else getattr(source, "name", "")
    return str(name) if name and isinstance(name, (str, Path)) else "<stream>"


def read_lines(source: Source) -> Iterator[str]:
    r"""The lines of a text file, of standard input (``-``) or of an open stream, each with the ``\n`` it ended with.

    Gzip is known by its magic bytes. The text is UTF-8 with or without a byte order mark, UTF-16 with one, or GB18030,
    which is recognised where the first bytes beyond ASCII are not UTF-8. A line ends at ``\n`` only.

    Raises:
        DataError: no such file, a directory, damaged gzip, a file that is no text, or bytes in none of these encodings;
            with the line.

    >>> list(read_lines(io.BytesIO("一\n二".encode("gb18030"))))
    ['一\n', '二']
    """
    if source == "-":
        source = cast(IO[bytes], getattr(sys.stdin, "buffer", sys.stdin))
    done = 0
    try:
        for line in _lines(source):
            yield line
            done += 1
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise DataError(
            f"byte 0x{byte:02x} is neither UTF-8 nor GB18030: save the file as UTF-8",
            path=name_of(source),
            line=done + 1,
        ) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"damaged gzip file ({error})", path=name_of(source), line=done + 1) from error


def _lines(source: Source) -> Iterator[str]:
    if hasattr(source, "encoding"):  # a text stream: whoever opened it chose how to decode it
        yield from cast(IO[str], source)
        return
    with _opened(cast("str | Path | IO[bytes]", source)) as stream:
        yield from _joined(_decoded(_checked(stream, name_of(source))))


@contextmanager
def _opened(source: str | Path | IO[bytes]) -> Iterator[IO[bytes]]:
    """The source as a stream of decompressed bytes; what this opened is closed again."""
    if isinstance(source, (str, Path)):
        with open_file(Path(source)) as file, _opened(file) as stream:
            yield stream
        return
    peekable = cast(io.BufferedReader, source if hasattr(source, "peek") else io.BufferedReader(cast(Any, source)))
    try:
        head = peekable.peek(8)
        if wrong := next((advice for magic, advice in FOREIGN.items() if head.startswith(magic)), None):
            raise DataError(f"this is {wrong}", path=name_of(source))
        yield gzip.GzipFile(fileobj=peekable) if head.startswith(GZIP) else peekable  # type: ignore[misc]
    finally:
        if peekable is not source:
            with suppress(ValueError):  # a reader given up and collected late: the stream may be closed by now
                peekable.detach()


def open_file(path: Path) -> IO[bytes]:
    """A file opened for reading bytes, or a DataError that says why not and what was perhaps meant."""
    if path.is_dir():
        raise DataError("expected a file, this is a directory", path=path)
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        there = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, there, 1)
        raise DataError(f"no such file{f', did you mean {near[0]!r}?' if near else ''}", path=path) from error
    except OSError as error:
        raise DataError(f"cannot be opened: {error.strerror}", path=path) from error


def _checked(stream: IO[bytes], path: str) -> Iterator[bytes]:
    """The stream block by block; an error where the first shows that it holds no text."""
    first = True
    while block := stream.read(BLOCK):
        if first and (fault := _no_text(block)):
            raise DataError(fault, path=path)
        first = False
        yield block


def _no_text(block: bytes) -> str:
    """Why a file that begins like this is no text that can be read; empty where it is one.

    Texts from elsewhere hold a stray NUL or control characters between cells; binary files and UTF-16 hold many, NUL
    among them.
    """
    if len(block) < LEAST or block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ""
    if 0 not in block or sum(map(block.count, CONTROLS)) <= max(FEW, MANY * len(block)):
        return ""
    shares = {encoding: _usual_share(block, encoding) for encoding in ("UTF-16LE", "UTF-16BE")}
    likely = max(shares, key=shares.__getitem__)
    if shares[likely] > USUAL:
        return f"this is {likely} without a byte order mark: save the file as UTF-8"
    return "this is a binary file, no text: give CSV, JSONL, plain text, or an Excel workbook (.xlsx)"


def _usual_share(block: bytes, encoding: str) -> float:
    text = block[: len(block) // 2 * 2].decode(encoding, "replace")
    return len(_usual.findall(text)) / len(text)


def _decoded(blocks: Iterator[bytes]) -> Iterator[str]:
    """The text of blocks of bytes; before a UnicodeDecodeError, the text that stands before the wrong byte."""
    decoder = None
    for block in blocks:
        if decoder is None and not block.isascii():
            decoder = codecs.getincrementaldecoder(_encoding(block))()
        try:
            yield decoder.decode(block) if decoder else block.decode("ascii")
        except UnicodeDecodeError as error:
            yield error.object[: error.start].decode(error.encoding)
            raise
    if decoder:
        yield decoder.decode(b"", final=True)


def _encoding(block: bytes) -> str:
    """The encoding of a text by its first block that is not ASCII."""
    for mark, encoding in MARKS.items():
        if block.startswith(mark):
            return encoding
    for encoding in ("utf-8", "gb18030") if _like_gb18030(block) else ("utf-8",):
        try:
            codecs.getincrementaldecoder(encoding)().decode(block)
            return encoding
        except UnicodeDecodeError:
            continue
    return "utf-8"


def _like_gb18030(block: bytes) -> bool:
    # Strict GB18030 also decodes much of Latin-1 and of damaged UTF-8, into nonsense. Real GB18030 text has most of its
    # bytes beyond ASCII in the GB2312 range, and fewer that happen to make up UTF-8 sequences.
    high = len(block.translate(None, _ASCII))
    gb2312 = 2 * len(_gb2312.findall(block))
    return gb2312 > high / 3 and gb2312 > sum(map(len, _utf8.findall(block)))


def _joined(blocks: Iterator[str]) -> Iterator[str]:
    """Blocks of text cut into lines; linear in the text, whatever the length of a line."""
    pending: list[str] = []
    try:
        for block in blocks:
            *whole, rest = block.split("\n")
            for part in whole:
                yield "".join([*pending, part, "\n"])
                pending.clear()
            if rest:
                pending.append(rest)
    except (UnicodeDecodeError, EOFError, OSError, zlib.error):
        pending.clear()  # the line that holds the damage is reported, not handed on
        raise
    if pending:
        yield "".join(pending)
