"""Filters in Qdrant's terms, over the payload's ``fields``."""

from __future__ import annotations

from typing import Any

from tamis.errors import InputError
from tamis.filters import AnyOf, Between, Condition, Not, Value
from tamis.recall.engines.engine import EXACT, number


def condition_of(condition: Condition, models: Any) -> Any:
    """A condition as Qdrant's; what it compares beyond 2^53 are floating-point numbers.

    Args:
        condition: what a field must be.
        models: ``qdrant_client.models``.

    Raises:
        InputError: bounds of texts, which Qdrant compares as dates only; or a name with a double quote.
    """
    if isinstance(condition, Not):
        return models.Filter(must_not=[condition_of(condition.condition, models)])
    if '"' in condition.field:
        raise InputError(f"field {condition.field!r}: Qdrant cannot filter by a name that holds a double quote")
    key = f'fields."{condition.field}"'
    return _between(condition, key, models) if isinstance(condition, Between) else _any_of(condition, key, models)


def _any_of(condition: AnyOf, key: str, models: Any) -> Any:
    ways = [_is(value, key, models) for value in condition.values]
    # No way at all must find nothing; an empty list of ways would find everything.
    return models.Filter(should=ways) if ways else models.HasIdCondition(has_id=[])


def _is(value: Value, key: str, models: Any) -> Any:
    if value is None:
        return models.IsEmptyCondition(is_empty=models.PayloadField(key=key))
    # Qdrant's match tells 1 from 1.0, its range does not, and knows no true and false.
    if number(value) and not (isinstance(value, int) and abs(value) > EXACT):
        return models.FieldCondition(key=key, range=models.Range(gte=value, lte=value))
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))


def _between(condition: Between, key: str, models: Any) -> Any:
    if condition.of_texts:
        raise InputError(
            f"field {condition.field!r}: Qdrant cannot compare texts by order: give numbers (such as 20260131), "
            "or list the texts"
        )
    return models.FieldCondition(key=key, range=models.Range(**condition.bounds))
