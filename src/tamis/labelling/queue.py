"""Which pair an annotator gets next: the planned order, some pairs twice, disputed ones a third time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from tamis.labelling.log import Said

ONCE, TWICE, THIRD = 1, 2, 3


def shared(item: str, share: float) -> bool:
    """Whether two annotators see a pair: told by its name alone, so that it is the same in every process and round.

    >>> sum(shared(str(at), 0.2) for at in range(1000))
    212
    """
    return int.from_bytes(hashlib.sha256(item.encode()).digest()[:8], "big") < share * 2**64


def wanted(item: str, said: Said, share: float) -> int:
    """How many labels a pair takes: one, or two, or where the first two differ a third."""
    given = {entry.label for entry in said.labels(item)}
    if len(given) > 1:
        return THIRD
    return TWICE if shared(item, share) else ONCE


def is_open(item: str, said: Said, share: float) -> bool:
    """Whether a pair still takes a label."""
    return len(said.labels(item)) < wanted(item, said, share)


def disputed(item: str, said: Said) -> bool:
    """Whether annotators differ on a pair and no third has spoken."""
    labels = [entry.label for entry in said.labels(item)]
    return len(set(labels)) > 1 and len(labels) < THIRD


def next_pair(
    order: Iterable[str], annotator: str, said: Said, share: float, held: Callable[[str], int] = lambda _: 0
) -> str | None:
    """The first pair in order that takes another label and that this annotator has neither labelled nor passed over.

    What others hold just now counts as labelled. Pairs that two see, and disputed ones, stand where the plan put them:
    what is labelled is then always a beginning of the random order, and so a sample like the whole.

    Args:
        order: names of the drawn pairs, in planned order.
        annotator: who asks.
        said: what was said so far.
        share: of the pairs, that two annotators see.
        held: how many others have a pair before them.
    """
    mine = said.by_annotator.get(annotator, {})
    for item in order:
        if item not in mine and len(said.labels(item)) + held(item) < wanted(item, said, share):
            return item
    return None
