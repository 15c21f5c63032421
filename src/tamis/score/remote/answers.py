"""Numbers in servers' answers: each checked, each put where it belongs, shares turned back into logits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tamis.errors import RemoteError

ROUNDING = 1e-6  # by which a share in few bits may lie outside of [0, 1]


def number(value: Any, what: str) -> float:
    """A finite number out of JSON; ``what`` opens the error's sentence.

    Raises:
        RemoteError: it is missing, null, text, a truth value, or not finite.

    >>> number(0.25, "http://host/rerank: the score of document 3")
    0.25
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RemoteError(f"{what} should be a number, got {value!r:.60}")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise RemoteError(f"{what} should be a finite number, got {found}")
    return found


def share(value: Any, what: str, hint: str = "") -> float:
    """A number in [0, 1] out of JSON.

    Raises:
        RemoteError: it is no number, or lies outside.
    """
    found = number(value, what)
    if not -ROUNDING <= found <= 1.0 + ROUNDING:
        raise RemoteError(f"{what} should lie between 0 and 1, got {found:g}{hint}")
    return min(1.0, max(0.0, found))


def entries(answer: Any, key: str, where: str) -> list[Mapping[str, Any]]:
    """The list of objects that stands at ``key`` of an answer; the answer itself where ``key`` is empty.

    Raises:
        RemoteError: there is no such list, or something in it is no object.
    """
    found = answer.get(key) if key and isinstance(answer, Mapping) else None if key else answer
    if not isinstance(found, list) or not all(isinstance(entry, Mapping) for entry in found):
        wanted = f"a list of objects at {key!r}" if key else "a list of objects"
        raise RemoteError(
            f"{where} should answer with {wanted}, got {shown(answer)}: check which API the server speaks"
        )
    return found


def placed(found: Iterable[tuple[Any, float]], places: Sequence[Any], where: str) -> list[float]:
    """Values in the order of ``places`` (indices or names), each of which must have got exactly one.

    Raises:
        RemoteError: a place is unknown, stands twice, or is missing: nothing is dropped or filled in.

    >>> placed([(1, 0.9), (0, 0.2)], range(2), "http://host/rerank")
    [0.2, 0.9]
    """
    left: dict[Any, float | None] = dict.fromkeys(places)
    for place, value in found:
        if isinstance(place, bool) or not isinstance(place, (int, str)) or place not in left:
            raise RemoteError(f"{where} answered for {place!r:.60}, which was not asked: expected {_asked(places)}")
        if left[place] is not None:
            raise RemoteError(f"{where} answered twice for {place!r}: expected each of {_asked(places)} once")
        left[place] = value
    missing = [place for place, value in left.items() if value is None]
    if missing:
        raise RemoteError(
            f"{where} left out {len(missing)} of {len(left)} documents, the first being {missing[0]!r}: "
            "check that nothing limits how many come back"
        )
    return [value for value in left.values() if value is not None]


def shown(answer: Any) -> str:
    """What an answer is, for an error: its own message or its fields, not its contents, which may repeat a request.

    >>> shown({"error": "loading"}), shown({"args": {}, "headers": {}}), shown([1, 2]), shown(None)
    ("the message 'loading'", "an object with 'args', 'headers'", 'a list of 2', 'null')
    """
    if isinstance(answer, Mapping):
        text = next((answer[key] for key in ("message", "detail", "error") if isinstance(answer.get(key), str)), "")
        fields = ", ".join(repr(str(key)[:40]) for key in list(answer)[:6]) or "no fields"
        return f"the message {text[:200]!r}" if text else f"an object with {fields}"
    if isinstance(answer, list):
        return f"a list of {len(answer)}"
    return "null" if answer is None else f"{type(answer).__name__} {answer!r:.40}"


def _asked(places: Sequence[Any]) -> str:
    return f"{places[0]!r} to {places[-1]!r}" if len(places) > 1 else repr(places[0])
