"""One pair after another before an annotator: shown, judged by a key or a button, passed over, taken back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tamis.labelling import Guide, Item, Project, Shelf
from tamis.workbench.desk import Desk, visitor
from tamis.workbench.lib import gr
from tamis.workbench.marks import note
from tamis.workbench.shown.labelling import guidelines, pair, so_far
from tamis.workbench.tabs.labels.founding import KEYS
from tamis.workbench.words import web

Given: TypeAlias = Mapping[str, Any] | None

LONGEST = 86_400.0  # seconds: whoever takes longer was not there

# The pair's beginning is in sight again, where the last one was long.
TO_THE_TOP = (
    "() => { const e = document.querySelector('#labels-pair');"
    " if (e && e.getBoundingClientRect().top < 0) e.scrollIntoView(); }"
)


@dataclass(frozen=True, slots=True)
class Annotating:
    """The pair that is judged, and the buttons that judge it.

    Attributes:
        desk: the page's way to everything.
        shelf: where projects are kept.
        given: which pair the browser shows, of which project, since when; it comes back with what is said of it, so
            that a label is always for the pair that was seen.
        outputs: what ``pending`` fills: the pair under a line that says how far it is, and what ``given`` holds.
        opening: what ``opened`` fills beside these: the guidelines and the buttons.
    """

    desk: Desk
    shelf: Shelf
    given: gr.JSON
    outputs: list[Any]
    opening: list[Any]

    @classmethod
    def placed(cls, desk: Desk, shelf: Shelf) -> Annotating:
        """The pair and its buttons, placed where the page is being made."""
        words = desk.words("labels")
        told = gr.HTML(elem_id="labels-told")
        shown = gr.HTML(elem_id="labels-pair")
        with gr.Row(elem_id="labels-keys", equal_height=True):
            grades = [
                gr.Button(visible=False, min_width=90, variant="primary", elem_id=f"labels-grade-{at + 1}")
                for at in range(KEYS)
            ]
            skip = gr.Button(words("skip"), min_width=90, elem_id="labels-skip")
            undo = gr.Button(words("undo"), min_width=90, elem_id="labels-undo")
        gr.HTML(f'<p class="t-small">{words("how")}</p>', js_on_load=web("keys.js"))
        given = gr.JSON({}, elem_id="labels-given")  # kept out of sight by the style sheet: it has to be in the page
        found = cls(desk, shelf, given, [shown, given], [told, *grades])
        acts = [*((button, found.saying(at)) for at, button in enumerate(grades)),
                (skip, found.skipped), (undo, found.undone)]  # fmt: skip
        for button, act in acts:
            event = button.click(desk.told(act), given, found.outputs, show_progress="hidden", trigger_mode="once")
            event.then(None, None, None, js=TO_THE_TOP)
        return found

    def opened(self, id: str, request: gr.Request) -> list[Any]:
        """A project's guidelines and buttons, and the pair to begin with."""
        project, _ = self._mine(id, request)
        keys = keys_of(project.guide)
        labels = [gr.update(value=f"{key} · {grade}", visible=True) for key, grade in keys.items()]
        hidden = [gr.update(visible=False)] * (KEYS - len(labels))
        told = guidelines(project.guide, self.desk.words("labels"))
        return [*self.pending(id, request), told, *labels, *hidden]

    def pending(self, id: str, request: gr.Request) -> list[Any]:
        """The next pair of a project, or that there is none just now."""
        project, name = self._mine(id, request)
        return self._shown(id, project, name, project.next(name))

    def saying(self, place: int) -> Callable[..., list[Any]]:
        """What keeps the grade of a button, and goes on."""

        def label(project: Project, name: str, item: str, seconds: float | None) -> str:
            return project.label(item, name, project.guide.grades[place], seconds=seconds).label

        def said(given: Given, request: gr.Request) -> list[Any]:
            return self._gone_on(given, request, label)

        return said

    def skipped(self, given: Given, request: gr.Request) -> list[Any]:
        """Pass over the pair, and go on."""

        def skip(project: Project, name: str, item: str, seconds: float | None) -> str:
            project.skip(item, name, seconds=seconds)
            return self.desk.words("labels")("skipped")

        return self._gone_on(given, request, skip)

    def undone(self, given: Given, request: gr.Request) -> list[Any]:
        """Take back what this annotator did last, and show that pair again."""
        if not given:
            return [gr.skip()] * len(self.outputs)
        project, name = self._mine(given["project"], request)
        if (item := project.undo(name)) is None:
            gr.Info(self.desk.words("labels")("nothing_back"), duration=4)
            return [gr.skip()] * len(self.outputs)
        return self._shown(given["project"], project, name, item)

    def _mine(self, id: str, request: gr.Request) -> tuple[Project, str]:
        """The project of a member, and what they are called in it."""
        who = visitor(request).name
        return self.shelf.open(who, id), self.shelf.get(who, id).members[who]

    def _gone_on(self, given: Given, request: gr.Request, act: Callable[..., str]) -> list[Any]:
        """Have something said of the pair that the browser shows, and show the next."""
        if not given or not given["item"]:
            return [gr.skip()] * len(self.outputs)
        project, name = self._mine(given["project"], request)
        last = act(project, name, given["item"], _seconds(given["since"]))
        return self._shown(given["project"], project, name, project.next(name), last)

    def _shown(self, id: str, project: Project, name: str, item: Item | None, last: str = "") -> list[Any]:
        words, counts = self.desk.words("labels"), project.count()
        mine = sum(entry.act == "label" for entry in project.history(name))
        given = {"project": id, "item": item.id if item else "", "since": time.time()}
        line = so_far(counts, mine, last, words)
        if item is not None:
            return [line + pair(item, words), given]
        left = project.progress().open
        return [line + note(words("waiting", open=left) if left else words("finished"), "good"), given]


def keys_of(guide: Guide) -> dict[str, str]:
    """The key of each grade: its own name where all of them are single digits, else 1, 2, 3, ...

    >>> keys_of(Guide(grades=("no", "yes"))), keys_of(Guide(grades=("0", "1")))
    ({'1': 'no', '2': 'yes'}, {'0': '0', '1': '1'})
    """
    digits = all(len(grade) == 1 and grade.isascii() and grade.isdigit() for grade in guide.grades)
    return {grade if digits else str(at): grade for at, grade in enumerate(guide.grades, 1)}


def _seconds(since: float) -> float | None:
    """How long a pair was before its annotator; None where that says nothing."""
    taken = time.time() - since
    return round(taken, 2) if 0 <= taken <= LONGEST else None
