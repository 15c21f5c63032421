"""What a reader of a score report should know before believing its figures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tamis.calibrate.labelled import Labelled
from tamis.calibrate.precision import Resolution
from tamis.calibrate.words import Note

FEW_QUERIES = 50
MINMAX = 0.9  # share of queries whose best score is 1 and worst is 0 from which on that is no accident


def remarks(data: Labelled, found: Resolution, hindrance: str = "") -> tuple[Note, ...]:
    """Remarks about labelled scores, the gravest first.

    Args:
        data: the pairs.
        found: the resolution of their scores.
        hindrance: why there are no cross-fitted probabilities; empty where there are.

    >>> from tamis.calibrate.precision import resolution
    >>> data = Labelled.of([0.0, 1.0, 0.0, 1.0], [0, 1, 0, 1], ["a", "a", "b", "b"])
    >>> [note.code for note in remarks(data, resolution(data.scores))]
    ['per_query_minmax', 'few_queries', 'ties']
    """
    return (*_about_labels(data, hindrance), *_about_scores(data, found))
