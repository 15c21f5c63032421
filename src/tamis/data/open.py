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
}

_utf8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
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
        DataError: no such file, a directory, damaged gzip, or bytes in none of these encodings; with the line.

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
        yield from _joined(_decoded(stream))


@contextmanager
def _opened(source: str | Path | IO[bytes]) -> Iterator[IO[bytes]]:
    """The source as a stream of decompressed bytes; what this opened is closed again."""
    if isinstance(source, (str, Path)):
        with _file(Path(source)) as file, _opened(file) as stream:
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


def _file(path: Path) -> IO[bytes]:
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


def _decoded(stream: IO[bytes]) -> Iterator[str]:
    """The stream's text block by block; before a UnicodeDecodeError, the text that stands before the wrong byte."""
    decoder = None
    while block := stream.read(BLOCK):
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
