"""What must hold before a certificate is computed: enough queries, shares that are shares, and what is assumed."""

from __future__ import annotations

from tamis.calibrate.labelled import Labelled
from tamis.decide.certificates.result import Refused, Terms
from tamis.errors import InputError

FEW = 100  # queries below which a certificate says how few they are


def checked_share(value: float, what: str) -> None:
    """Refuse what is no share strictly between 0 and 1.

    Raises:
        InputError: the value is 0 or less, 1 or more, or no number.

    >>> checked_share(95, "a precision")
    Traceback (most recent call last):
    ...
    tamis.errors.InputError: a precision must lie between 0 and 1, got 95 (95 % is written 0.95)
    """
    if not 0 < value < 1:
        hint = f" ({value:g} % is written {value / 100:g})" if 1 < value < 100 else ""
        raise InputError(f"{what} must lie between 0 and 1, got {value:g}{hint}")


def of_pairs(data: Labelled, terms: Terms) -> bool:
    """Whether pairs count as independent: by the terms, or because no query has two."""
    return terms.i_accept_iid or not data.grouped or data.queries == len(data)


def agreed(data: Labelled, terms: Terms, promise: str, least: int) -> tuple[Labelled, bool, tuple[str, ...]] | Refused:
    """The pairs that lists show, whether queries count as one each, and what is assumed; or why that is not enough.

    ``least`` is the fewest labels that any such promise takes.

    Raises:
        InputError: ``max_k`` below 1, or ``max_k`` for pairs without queries.
    """
    if terms.max_k is not None:
        if terms.max_k < 1:
            raise InputError(f"max_k must be at least 1, got {terms.max_k}")
        if not data.grouped:
            raise InputError("max_k needs each pair's query (groups): which pairs stand in one list is not known")
    shown = data.top(terms.max_k)
    assumptions = ["new queries are like the labelled ones, and so are their candidates"]
    if terms.max_k is not None:
        assumptions.append(f"lists show at most {terms.max_k}")
    if of_pairs(shown, terms):
        if not data.grouped:
            assumptions.append("pairs are independent of each other: no queries were given")
        elif data.queries < len(data):
            assumptions.append("pairs of one query are independent of each other: accepted by the caller, not tested")
        return shown, False, tuple(assumptions)
    queries = shown.queries
    if queries < terms.minimum:
        reason = (
            f"{queries} labelled {'queries' if queries != 1 else 'query'}, and a query's pairs go together: a promise "
            f"for new queries takes at least {terms.minimum}, {terms.minimum - queries} more"
        )
        return Refused(reason, least, 0, queries, promise)
    if queries < FEW:
        assumptions.append(f"only {queries} queries: the bound over queries is approximate below {FEW}")
    return shown, True, tuple(assumptions)
