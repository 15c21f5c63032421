"""A project made as long work: its pairs scored, those worth labelling drawn, and all of it put onto a shelf."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tamis.core import Scorer
from tamis.decide import PrecisionAtLeast
from tamis.jobs import Task, Work
from tamis.labelling.guide import Guide
from tamis.labelling.project import Project
from tamis.labelling.shelf import PROJECT, Shelf


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
            scorer=scorer,
            guide=order.guide,
            progress=task.progress,
            stop=task.stopping,
        )
        (drawn,) = project.rounds
        task.check()
        made = shelf.put(task.folder / PROJECT, founder.owner, founder.name)
        return {"project": made.id, "planned": len(drawn.items), "region": drawn.region}

    return work
