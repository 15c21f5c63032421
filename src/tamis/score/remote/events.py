"""Server-sent events (WHATWG HTML, section 9.2) out of bytes that come in pieces of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def events(chunks: Iterable[bytes], kind: str = "text/event-stream") -> Iterator[str]:
    """The data of each event; all of the body at once where ``kind`` is another media type.

    Pieces may end anywhere, within a character too. Lines end at LF, with or without CR before it; comments and fields
    other than ``data`` are skipped; an event that the end cuts short of its blank line is given all the same.

    >>> list(events([b"data: {\\"a\\": \\"\\xe7", b"\\xad\\x9b\\"}\\n\\n: ping\\n\\nda", b"ta: [DONE]\\n\\n"]))
    ['{"a": "筛"}', '[DONE]']
    """
    if "event-stream" not in kind:
        yield b"".join(chunks).decode("utf-8", "replace")
        return
    data: list[str] = []
    for line in lines(chunks):
        name, _, value = line.partition(":")
        if name == "data":
            data.append(value.removeprefix(" "))
        elif not line and data:
            yield "\n".join(data)
            data = []
    if data:
        yield "\n".join(data)


def lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """The lines of UTF-8 text that comes in pieces; only LF ends one, since JSON may hold other breaks as they are.

    >>> list(lines([b"a\\r\\nb", b"c\\n\\n", b"d"]))
    ['a', 'bc', '', 'd']
    """
    begun: list[bytes] = []  # joined once a line is whole: a long one in small pieces must not be copied with each
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        begun.append(first)
        for other in others:
            yield _line(begun)
            begun = [other]
    if last := _line(begun):
        yield last


def _line(pieces: list[bytes]) -> str:
    return b"".join(pieces).removesuffix(b"\r").decode("utf-8", "replace")
