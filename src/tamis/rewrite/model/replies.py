"""What a language model said about a query, read from whatever text it sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tamis.rewrite.base import Change
from tamis.text import clean

PLACES = 50  # opening braces of a text at which an object is looked for
WHY = 200  # characters of a reason that are kept

_fence = re.compile(r"```[\w-]*[^\S\n]*\n(.*?)```", re.DOTALL)
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)


class UnusableReply(Exception):
    """A model's answer that is not taken; the message is one sentence that quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a model said.

    Attributes:
        standalone: the query as it can stand alone, on one line.
        variants: further ways to ask, on one line each.
        changes: what it says it changed.
    """

    standalone: str
    variants: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()


def read(text: str) -> Said:
    r"""A reply as JSON, in a code fence, or with text around it.

    Raises:
        UnusableReply: there is no JSON object, or it is not of the form that was asked for.

    >>> read('Sure!\n```json\n{"standalone": "is throat cancer treatable?", "variants": ["throat cancer cure"]}\n```')
    Said(standalone='is throat cancer treatable?', variants=('throat cancer cure',), changes=())
    >>> read("I cannot help with that.")
    Traceback (most recent call last):
    ...
    tamis.rewrite.model.replies.UnusableReply: the answer holds no JSON object
    """
    found = next((value for value in _objects(text) if "standalone" in value), None)
    if found is None:
        if next(_objects(text), None) is None:
            raise UnusableReply("the answer holds no JSON object")
        raise UnusableReply("the answer has no field 'standalone'")
    standalone, variants = found["standalone"], found.get("variants")
    if not isinstance(standalone, str):
        raise UnusableReply(f"its field 'standalone' should be a string and is of type {type(standalone).__name__}")
    if variants is not None and not (isinstance(variants, list) and all(isinstance(one, str) for one in variants)):
        raise UnusableReply("its field 'variants' should be a list of strings")
    if not _line(standalone):
        raise UnusableReply("its field 'standalone' is empty")
    return Said(_line(standalone), tuple(filter(None, map(_line, variants or ()))), tuple(_changes(found)))


def _objects(text: str) -> Iterator[Mapping[str, Any]]:
    """The JSON objects of a text: all of it, what stands in code fences, then whatever begins with a brace."""
    for part in (text, *(match[1] for match in _fence.finditer(text))):
        if isinstance(value := _decoded(part.strip()), dict):
            yield value
    at, end = -1, -1
    for _ in range(PLACES):
        if (at := text.find("{", max(at + 1, end))) < 0:
            return
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield value


def _decoded(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None


def _changes(found: Mapping[str, Any]) -> Iterator[Change]:
    """The changes that are of the form; the others say nothing that a person could check."""
    given = found.get("changes")
    for one in given if isinstance(given, list) else ():
        if isinstance(one, Mapping) and all(isinstance(one.get(name), str) for name in ("before", "after", "why")):
            before, after, why = (_line(one[name]) for name in ("before", "after", "why"))
            if before != after:
                yield Change("model", before, after, why[:WHY])


def _line(text: str) -> str:
    return " ".join(clean(text).split())
