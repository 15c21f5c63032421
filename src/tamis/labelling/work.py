"""A project made as long work: its pairs scored, those worth labelling drawn, and all of it put onto a shelf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tamis.core import Floats, Pair, Scorer
from tamis.decide import PrecisionAtLeast
from tamis.jobs import Task, Work
from tamis.labelling.guide import Guide
from tamis.labelling.project import Project
from tamis.labelling.shelf import PROJECT, Shelf
from tamis.score import depends_on_companions

AT_ONCE = 32  # pairs between two looks at whether the work shall stop: seconds of a slow model


@dataclass(frozen=True, slots=True)
class Founder:
    """Who makes a shared project.

    Attributes:
        owner: who they are.
        name: what they are called as an annotator.
    """

    owner: str
    name: str


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for.

    Attributes:
        pairs: name of the file of pairs in the job's folder.
        target: what shall be promised.
        budget: how many pairs can be labelled.
        guide: what annotators are given.
    """

    pairs: str
    target: PrecisionAtLeast
    budget: int = 200
    guide: Guide = field(default_factory=Guide)


class Stoppable:
    """A scorer that stops within a few pairs when the work that it is for shall stop.

    Args:
        scorer: scores.
        task: says whether to stop.
    """

    def __init__(self, scorer: Scorer, task: Task) -> None:
        self._scorer, self._task = scorer, task
        self.name, self.fingerprint = scorer.name, scorer.fingerprint
        self.depends_on_companions = depends_on_companions(scorer)

    def score(self, pairs: Sequence[Pair]) -> Floats:
        """Raw logits of the pairs, in their order.

        Raises:
            StoppedError: the work shall stop.
        """
        size = len(pairs) if self.depends_on_companions else AT_ONCE
        parts = [np.zeros(0)]
        for start in range(0, len(pairs), size):
            self._task.check()
            parts.append(self._scorer.score(pairs[start : start + size]))
        return np.concatenate(parts)


def label_work(order: Order, scorer: Scorer | None, shelf: Shelf, founder: Founder) -> Work:
    """What makes a shared project; told to stop, it leaves nothing.

    The project leaves the job's folder for the shelf: labels are not forgotten with the work that made room for them.

    Args:
        order: what is asked for.
        scorer: scores pairs without scores; with scores, it only says whose they are.
        shelf: where the project is kept.
        founder: who makes it.
    """

    def work(task: Task) -> Mapping[str, Any]:
        project = Project.create(
            task.folder / PROJECT,
            task.folder / order.pairs,
            target=order.target,
            budget=order.budget,
            scorer=Stoppable(scorer, task) if scorer else None,
            guide=order.guide,
            progress=task.progress,
            stop=task.stopping,
        )
        (drawn,) = project.rounds
        task.check()
        made = shelf.put(task.folder / PROJECT, founder.owner, founder.name)
        return {"project": made.id, "planned": len(drawn.items), "region": drawn.region}

    return work
