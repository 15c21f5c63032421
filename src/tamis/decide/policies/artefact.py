"""The written form of a policy: its fields as canonical JSON, read back strictly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from tamis.calibrate.calibration import Calibration
from tamis.data import canonical
from tamis.decide.learned.answerable import Answerable
from tamis.decide.learned.difficulty import Difficulty
from tamis.decide.learned.founding import Heuristic
from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.forms import count, whole
from tamis.decide.rules.base import Rule
from tamis.decide.rules.table import rule_from_json
from tamis.errors import InputError, PolicyError

KIND = "tamis-policy"

DIRECTIONS = ("accept-high", "reject-high")
ON_REFUSE = ("raise", "accept_none", "accept_all")
PARTS = {"calibration": (Calibration,), "offsets": (Difficulty, Heuristic), "answerable": (Answerable,)}

OFFSETS: Mapping[str, Any] = {"difficulty": Difficulty, "heuristic": Heuristic}


def written(policy: Any) -> dict[str, Any]:
    """A policy's fields as JSON values, those left out that are no part of it."""
    stored = [f for f in fields(policy) if f.metadata.get("stored", True)]
    return {f.name: _WRITERS.get(f.name, _same)(getattr(policy, f.name)) for f in stored}


def checked(policy: Any) -> dict[str, Any]:
    """The fields of a policy that is being made, as it keeps them.

    Raises:
        InputError: a field has a value that it cannot have.
    """
    if not isinstance(policy.thresholds, Thresholds):
        raise InputError(f"a policy needs Thresholds(...), got {policy.thresholds!r:.60}")
    for what, known in (("direction", DIRECTIONS), ("on_refuse", ON_REFUSE)):
        if (value := getattr(policy, what)) not in known:
            raise InputError(f"{what} must be one of {', '.join(known)}, got {value!r:.60}")
    for what in ("scorer", "stage", "data", "parent", "name"):
        if not isinstance(value := getattr(policy, what), str):
            raise InputError(f"{what} must be a string, got {value!r:.60}")
    if policy.scorer and not policy.stage:
        raise InputError("a policy for a scorer must say under which stage's name its scores stand: stage=...")
    _check_parts(policy)
    numbers = json_mapping(policy.counts, "counts")
    return {
        "before": _checked_rules(policy.before, "before"),
        "after": _checked_rules(policy.after, "after"),
        "max_k": None if policy.max_k is None else count(policy.max_k, "max_k"),
        "certificate": None if policy.certificate is None else json_mapping(policy.certificate, "certificate"),
        "target": json_mapping(policy.target, "target"),
        "counts": {part: count(number, f"counts of {part!r}", 0) for part, number in numbers.items()},
        "created": day(policy.created, "created"),
        "expires": day(policy.expires, "expires"),
    }


def _check_parts(policy: Any) -> None:
    for what, kinds in PARTS.items():
        value = getattr(policy, what)
        if value is not None and type(value) not in kinds:
            known = " or ".join(kind.__name__ for kind in kinds)
            raise InputError(f"{what} must be of the class {known}, or None, got {value!r:.60}")
    if policy.answerable is not None and policy.direction == "reject-high":
        raise InputError("scores that say how bad a document is cannot say whether one answers: leave out answerable")
    for what in ("scorer", "stage") if policy.calibration else ():
        own, its = getattr(policy, what), getattr(policy.calibration, what)
        if own and its and own != its:
            raise InputError(f"the calibration is for {what} {its!r}, the policy for {own!r}: both must be the same")


def _checked_rules(rules: object, what: str) -> tuple[Rule, ...]:
    if isinstance(rules, str) or not isinstance(rules, Sequence) or not all(isinstance(r, Rule) for r in rules):
        raise InputError(f"{what} must be a list of rules such as MinLength(20), got {rules!r:.60}")
    return tuple(rules)


def arguments(content: object) -> dict[str, Any]:
    """What a policy is made of, from its JSON content.

    Raises:
        PolicyError: a field is missing, unknown, or of a wrong type or value; the message names it.
    """
    if not isinstance(content, Mapping):
        raise PolicyError(f"expected a policy's fields, got {content!r:.60}")
    whole(content, set(_READERS))
    return {name: _READERS[name](content[name], name) for name in _READERS}


def json_mapping(value: object, what: str) -> dict[str, Any]:
    """A mapping of JSON values as a dict.

    Raises:
        InputError: it is no mapping, or holds something that JSON cannot.
    """
    if not isinstance(value, Mapping):
        raise InputError(f"{what} must be a mapping, got {value!r:.60}")
    try:
        canonical(dict(value))
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} must hold JSON values only: {error}") from error
    return dict(value)


def day(value: object, what: str) -> str:
    """A date as ``YYYY-MM-DD``, or "".

    Raises:
        InputError: it is neither.
    """
    try:
        if isinstance(value, str) and (value == "" or date.fromisoformat(value).isoformat() == value):
            return value
    except ValueError:
        pass
    raise InputError(f"{what} must be a date such as '2027-05-21', or '' for none, got {value!r:.60}")


def _same(value: Any) -> Any:
    return value


def _form(value: Any) -> Any:
    return None if value is None else value.as_json()


def _named(value: Any) -> Any:
    if value is None:
        return None
    (name,) = [name for name, kind in OFFSETS.items() if type(value) is kind]
    return {"kind": name, **value.as_json()}


def _rules(value: Any) -> Any:
    return [rule.as_json() for rule in value]


_WRITERS: Mapping[str, Callable[[Any], Any]] = {
    "thresholds": _form,
    "calibration": _form,
    "before": _rules,
    "after": _rules,
    "offsets": _named,
    "answerable": _form,
}


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise PolicyError(f"field {name!r}: expected a string, got {value!r:.60}")
    return value


def _day(value: object, name: str) -> str:
    try:
        return day(value, "it")
    except InputError as error:
        raise PolicyError(f"field {name!r}: {error}") from error


def _mapping(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PolicyError(f"field {name!r}: expected a mapping, got {value!r:.60}")
    return value


def _counts(value: object, name: str) -> dict[str, Any]:
    found = _mapping(value, name)
    for part, number in found.items():
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise PolicyError(f"field '{name}.{part}': expected a whole number of at least 0, got {number!r:.60}")
    return found


def _most(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise PolicyError(f"field {name!r}: expected a whole number of at least 1, or null, got {value!r:.60}")
    return value


def _many(value: object, name: str) -> tuple[Rule, ...]:
    if not isinstance(value, list):
        raise PolicyError(f"field {name!r}: expected a list of rules, got {value!r:.60}")
    return tuple(rule_from_json(rule, f"{name}[{at}]") for at, rule in enumerate(value))


def _offsets(value: object, name: str) -> Any:
    content = _mapping(value, name)
    kind = content.get("kind")
    if not isinstance(kind, str) or kind not in OFFSETS:
        raise PolicyError(f"field '{name}.kind': no such kind {kind!r:.60}; known: {', '.join(OFFSETS)}")
    rest = {key: part for key, part in content.items() if key != "kind"}
    return _made(OFFSETS[kind].from_json, rest, name)


def _calibration(value: object, name: str) -> Calibration:
    return _made(Calibration.from_json, _mapping(value, name), name)  # type: ignore[no-any-return]


def _answerable(value: object, name: str) -> Answerable:
    return _made(Answerable.from_json, _mapping(value, name), name)  # type: ignore[no-any-return]


def _made(make: Callable[[Any], Any], content: dict[str, Any], name: str) -> Any:
    try:
        made = make(content)
        same = all(canonical(made.as_json().get(key)) == canonical(content[key]) for key in content)
    except KeyError as error:
        raise PolicyError(f"field '{name}.{error.args[0]}' is missing") from error
    except (TypeError, ValueError, AttributeError, PolicyError) as error:
        raise PolicyError(f"field {name!r}: {error}") from error
    if not same:
        raise PolicyError(f"field {name!r}: it holds fields that are unknown, or values of a wrong type")
    return made


def _or_none(read: Callable[[object, str], Any]) -> Callable[[object, str], Any]:
    return lambda value, name: None if value is None else read(value, name)


def _choice(*known: str) -> Callable[[object, str], str]:
    def read(value: object, name: str) -> str:
        if value not in known:
            raise PolicyError(f"field {name!r}: expected one of {', '.join(known)}, got {value!r:.60}")
        return str(value)

    return read


_READERS: Mapping[str, Callable[[object, str], Any]] = {
    "thresholds": lambda value, _: Thresholds.from_json(value),
    "scorer": _text,
    "stage": _text,
    "direction": _choice(*DIRECTIONS),
    "calibration": _or_none(_calibration),
    "before": _many,
    "after": _many,
    "max_k": _or_none(_most),
    "offsets": _or_none(_offsets),
    "answerable": _or_none(_answerable),
    "on_refuse": _choice(*ON_REFUSE),
    "certificate": _or_none(_mapping),
    "target": _mapping,
    "data": _text,
    "counts": _counts,
    "created": _day,
    "expires": _day,
    "parent": _text,
    "name": _text,
}
