"""A labelling project as a form asks for it: pairs, what shall be promised, grades, and who makes it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tamis.decide import PrecisionAtLeast
from tamis.errors import InputError
from tamis.jobs import Job
from tamis.labelling import Contents, Founder, Guide, Order, Shelf, contents, label_work
from tamis.labelling.guide import numbers_of
from tamis.serve.served import BESIDE, InQueue
from tamis.workbench.desk import Desk, visitor
from tamis.workbench.lib import gr
from tamis.workbench.marks import note
from tamis.workbench.uploads import kept_as
from tamis.workbench.watching import Watching
from tamis.workbench.words import Said

KIND = "label"
KEYS = 9  # grades that have a key
LONGEST = 20_000  # characters of guidelines
COMMAS = re.compile(r"[,，、;；\n]")


@dataclass(frozen=True, slots=True)
class Founding:
    """The inputs for a new project.

    Attributes:
        desk: the page's way to everything.
        fields: all inputs by name; an event that takes them gets a mapping from input to value.
        watching: what is shown of the job that makes it.
    """

    desk: Desk
    fields: Mapping[str, Any]
    watching: Watching

    @classmethod
    def placed(cls, desk: Desk, shelf: Shelf) -> Founding:
        """The inputs and the button, placed where the page is being made.

        Args:
            desk: the page's way to everything.
            shelf: where projects are kept.
        """
        words = desk.words("labels")
        gr.Markdown(words("new_lead"))
        with gr.Row():
            with gr.Column():
                fields = _about(desk)
            with gr.Column():
                fields |= _aim(desk)
                run = gr.Button(words("create"), variant="primary", elem_id="labels-create")
        watching = Watching.placed(desk, KIND, "labels", lambda job: _made(job, shelf, words))
        found = cls(desk, fields, watching)

        async def begin(given: dict[Any, Any], request: gr.Request) -> list[Any]:
            return await found.begun({name: given[one] for name, one in fields.items()}, shelf, request)

        run.click(desk.told(begin), {*fields.values()}, watching.outputs, show_progress="hidden", trigger_mode="once")
        return found

    async def begun(self, of: Mapping[str, Any], shelf: Shelf, request: gr.Request) -> list[Any]:
        """Begin to make the project that the inputs describe.

        Raises:
            InputError: something is missing, or no project can be like this.
            DataError: the file cannot be read.
        """
        desk, words, owner = self.desk, self.desk.words("labels"), visitor(request).name
        if not of["pairs"]:
            raise InputError(words("no_pairs"))
        if not (of["name"] or "").strip():
            raise InputError(words("no_name"))
        path = Path(of["pairs"])
        order = _order(of, kept_as("pairs", path), words)
        found = await asyncio.to_thread(contents, path, most=desk.rows)
        if not found.scored and not of["model"]:
            raise InputError(words("no_model"))
        scorer = InQueue(desk.service.models.named(of["model"]), BESIDE, patient=True) if of["model"] else None
        work = label_work(order, scorer, shelf, Founder(owner, of["name"]))
        options = {"file": path.name, "model": of["model"], "target": order.target.as_json(), "budget": order.budget}
        title = order.guide.title or path.name
        await desk.begin(request, KIND, title, work, options=options, files={order.pairs: path})
        return self.watching.look(request)


def _about(desk: Desk) -> dict[str, Any]:
    """The pairs, and who scores them; the title, and who makes the project."""
    words = desk.words("labels")
    pairs = gr.File(label=words("pairs"), file_count="single", elem_id="labels-pairs")
    held = gr.HTML(elem_id="labels-held")
    names: list[Any] = [(words("nobody"), ""), *desk.service.models.served]
    model = gr.Dropdown(names, value="", label=words("model"), info=words("model_info"), elem_id="labels-model")
    title = gr.Textbox(label=words("title"), max_lines=1, max_length=200, elem_id="labels-title")
    name = gr.Textbox(label=words("name"), info=words("name_info"), max_lines=1, elem_id="labels-founder")
    guidelines = gr.Textbox(label=words("guidelines"), lines=4, max_length=LONGEST, elem_id="labels-guidelines")

    def look(file: str | None) -> list[Any]:
        if not file:
            return ["", gr.skip()]
        found = contents(file, most=desk.rows)
        return [_held(found, words), gr.skip() if found.scored else desk.service.models.default]

    pairs.change(desk.told(look), pairs, [held, model], show_progress="minimal")
    return {"pairs": pairs, "model": model, "title": title, "name": name, "guidelines": guidelines}


def _aim(desk: Desk) -> dict[str, Any]:
    """What shall be promised, and what annotators may say."""
    words = desk.words("labels")
    with gr.Row():
        precision = gr.Number(0.9, label=words("precision"), min_width=140, elem_id="labels-precision")
        confidence = gr.Number(0.95, label=words("confidence"), min_width=140, elem_id="labels-confidence")
        budget = gr.Number(200, label=words("budget"), precision=0, min_width=140, elem_id="labels-budget")
    grades = gr.Textbox(words("grades_usual"), label=words("grades"), max_lines=1, elem_id="labels-grades")
    least = gr.Dropdown([], label=words("least"), visible=False, elem_id="labels-least")
    overlap = gr.Slider(0, 1, 0.2, step=0.05, label=words("overlap"), elem_id="labels-overlap")

    def named(text: str) -> Any:
        """With more than two grades somebody has to say which are relevant; most often it is the upper half."""
        found = grades_of(text)
        middle = found[len(found) // 2] if found else None
        return gr.update(choices=found, value=middle, visible=len(found) > 2)

    grades.change(desk.told(named), grades, least, show_progress="hidden")
    return {
        "precision": precision, "confidence": confidence, "budget": budget, "grades": grades, "least": least,
        "overlap": overlap,
    }  # fmt: skip


def _order(of: Mapping[str, Any], file: str, words: Said) -> Order:
    if any(of[name] is None for name in ("precision", "confidence", "budget")):
        raise InputError(words("no_number"))
    grades = grades_of(of["grades"] or "")
    if len(grades) > KEYS:
        raise InputError(words("many_grades", count=len(grades)))
    texts = ((of["title"] or "").strip(), of["guidelines"] or "", tuple(grades))
    numbers = dict(zip(grades, numbers_of(grades), strict=True))
    guide = Guide(*texts, numbers.get(of["least"]) if len(grades) > 2 else None, of["overlap"])
    return Order(file, PrecisionAtLeast(of["precision"], of["confidence"]), int(of["budget"]), guide)


def grades_of(text: str) -> list[str]:
    """The grades of a line.

    >>> grades_of("no, partly，yes")
    ['no', 'partly', 'yes']
    """
    return [part.strip() for part in COMMAS.split(text) if part.strip()]


def _held(found: Contents, words: Said) -> str:
    kind = "held_scored" if found.scored else "held_bare"
    return note(words(kind, pairs=f"{found.pairs:,}", queries=f"{found.queries:,}"))


def _made(job: Job, shelf: Shelf, words: Said) -> str:
    """What came of a job, as long as the project is there."""
    known = {one.id for one in shelf.of(job.owner)}
    if job.result.get("project") not in known:
        return note(words("gone"))
    return note(words("created", planned=job.result["planned"], region=job.result["region"]), "good")
