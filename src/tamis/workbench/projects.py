"""A visitor's labelling projects on the page: listed, joined, entered, left, and looked at while others label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tamis.data.agree import Agreement
from tamis.errors import InputError
from tamis.labelling import Project, Shared, Shelf
from tamis.workbench.annotating import Annotating, Given
from tamis.workbench.desk import Desk, visitor
from tamis.workbench.exports import PATH
from tamis.workbench.founding import Founding
from tamis.workbench.lib import gr
from tamis.workbench.managing import Managing
from tamis.workbench.marks import note
from tamis.workbench.shown.labelling import FILES, agreement, disputes, files, standing

Updates = list[Any]


@dataclass(frozen=True, slots=True)
class Projects:
    """What the page shows of projects, as functions of its events.

    Attributes:
        desk: the page's way to everything.
        shelf: where projects are kept.
        annotating: the pair that is judged.
        founding: the form for a new project.
        managing: the inputs of a project's owner.
    """

    desk: Desk
    shelf: Shelf
    annotating: Annotating
    founding: Founding
    managing: Managing

    def begin(self, request: gr.Request) -> Updates:
        """The list, what is said above it, the names that are suggested, and whether one is being made."""
        who = visitor(request)
        job = self.founding.watching.newest(who.name)
        said = "" if self.shelf.of(who.name) else note(self.desk.words("labels")("none"))
        busy = job is not None and job.under_way
        return [self._listed(request), said, who.holder, who.holder, gr.update(open=busy)]

    def enter(self, id: str | None, request: gr.Request) -> Updates:
        """Everything of a project, with the pair to begin with; without one, nothing."""
        outputs = len(self.annotating.outputs) + len(self.annotating.opening)
        if not id:
            none = [gr.skip()] * outputs
            return [gr.update(visible=False), gr.Timer(active=False), None, *none, *self.managing.closed()]
        one = self.shelf.enter(visitor(request).name, id)
        parts = [*self.annotating.opened(id, request), *self.managing.opened(one, request)]
        return [gr.update(visible=True), gr.Timer(active=True), None, *parts]

    def joined(self, code: str, name: str, request: gr.Request) -> Updates:
        """Join with a code, and enter."""
        words = self.desk.words("labels")
        if not (name or "").strip():
            raise InputError(words("no_name"))
        one = self.shelf.join(visitor(request).name, code or "", name)
        said = note(words("joined", title=one.title or words("untitled")), "good")
        return [self._listed(request, one.id), said, "", gr.update(open=False)]

    def made(self, request: gr.Request) -> Updates:
        """Enter the project that was made just now: nobody was anywhere else since."""
        return [self._listed(request), ""] if self.shelf.of(visitor(request).name) else [gr.skip(), gr.skip()]

    def removed(self, id: str, sure: bool, request: gr.Request) -> Updates:
        """Delete a project, and enter another."""
        gone = self.managing.removed(id, sure, request)
        return [self._listed(request), gone]

    def looked(self, id: str | None, given: Given, unfolded: bool, seen: Any, request: gr.Request) -> Updates:
        """What others have changed: a pair where there was none, and how far everybody is."""
        none = [gr.skip()] * len(self.annotating.outputs)
        if not id:
            return [*none, gr.skip(), gr.skip()]
        pair = self.annotating.pending(id, request) if given and not given["item"] else none
        return [*pair, *(self.stood(id, seen, request) if unfolded else [gr.skip(), gr.skip()])]

    def stood(self, id: str, seen: Any, request: gr.Request) -> Updates:
        """How far everybody is, where that has changed."""
        who = visitor(request).name
        one, project = self.shelf.get(who, id), self.shelf.open(who, id)
        sign = [id, project.progress().as_json()]
        if sign == seen:
            return [gr.skip(), gr.skip()]
        return [self._standing(project, one, openly=one.owner == who), sign]

    def _listed(self, request: gr.Request, chosen: str = "") -> Any:
        words, who = self.desk.words("labels"), visitor(request).name
        mine = self.shelf.of(who)
        names = [(words("listed", title=_title(one, words), name=one.members[who]), one.id) for one in mine]
        return gr.update(choices=names, value=chosen or (mine[0].id if mine else None), visible=bool(mine))

    def _standing(self, project: Project, one: Shared, *, openly: bool) -> str:
        """How far the project is, how far people agree, where they differ, and its files."""
        words, found = self.desk.words("labels"), project.progress()
        differ = [(item, project.labels(item.id)) for item in project.disputes()]
        parts = [
            standing(found, project.charter, words),
            agreement(_agreement(project), words),
            disputes(differ, words, openly=openly),
            files(self._links(one) if found.labels else {}, project.guide, words, rounds=found.round),
        ]
        return "".join(parts)

    def _links(self, one: Shared) -> Mapping[str, str]:
        return {word: f"{self.desk.path}{PATH}/{one.id}/{name}" for word, name in FILES.items()}


def _title(one: Shared, words: Any) -> str:
    return one.title or str(words("untitled"))


def _agreement(project: Project) -> Agreement | None:
    try:
        return project.agreement()
    except InputError:  # nobody has labelled what another did
        return None
