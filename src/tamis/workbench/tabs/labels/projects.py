"""A visitor's labelling projects on the page: listed, joined, entered, left, and looked at while others label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tamis.data.agree import Agreement
from tamis.errors import InputError
from tamis.labelling import Project, Shared, Shelf
from tamis.workbench.desk import Desk, visitor
from tamis.workbench.lib import gr
from tamis.workbench.marks import note
from tamis.workbench.shown.labelling import FILES, agreement, disputes, files, standing
from tamis.workbench.tabs.labels.annotating import Annotating, Given
from tamis.workbench.tabs.labels.exports import PATH
from tamis.workbench.tabs.labels.founding import Founding
from tamis.workbench.tabs.labels.managing import Managing

Updates = list[Any]
Seen: TypeAlias = dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Projects:
    """What the page shows of projects, as functions of its events.

    Attributes:
        desk: the page's way to everything.
        shelf: where projects are kept.
        chosen: names the project that one is in.
        work: holds what is seen of it.
        annotating: the pair that is judged.
        founding: the form for a new project.
        managing: the inputs of a project's owner.
        stands: how far everybody is.
        seen: the projects that are listed, and what ``stands`` was drawn from.
    """

    desk: Desk
    shelf: Shelf
    chosen: gr.Dropdown
    work: gr.Column
    annotating: Annotating
    founding: Founding
    managing: Managing
    stands: gr.HTML
    seen: gr.State

    @property
    def inside(self) -> list[Any]:
        """The parts of the project that one is in, as ``enter`` fills them."""
        return [self.chosen, self.work, *self.annotating.outputs, *self.annotating.opening, *self.managing.outputs,
                self.stands, self.seen]  # fmt: skip

    def begin(self, request: gr.Request) -> Updates:
        """What is said, the names that are suggested, whether a project is being made; and where one was last."""
        who = visitor(request)
        job = self.founding.watching.newest(who.name)
        said = "" if self.shelf.of(who.name) else note(self.desk.words("labels")("none"))
        # What somebody has unfolded meanwhile is not folded again.
        unfold = gr.update(open=True) if job is not None and job.under_way else gr.skip()
        return [said, who.holder or gr.skip(), who.holder or gr.skip(), unfold, *self.enter(None, request)]

    def enter(self, id: str | None, request: gr.Request) -> Updates:
        """Everything of a project, with the pair to begin with; of none that is named, the one where one was last."""
        who, mine = visitor(request).name, self.shelf.of(visitor(request).name)
        one = next((found for found in mine if found.id == id), mine[0] if mine else None)
        seen = {"listed": sorted(found.id for found in mine), "stands": None}
        if one is None:
            none = [gr.skip()] * (len(self.annotating.outputs) + len(self.annotating.opening))
            hidden = [gr.update(choices=[], value=None, visible=False), gr.update(visible=False)]
            return [*hidden, *none, *self.managing.closed(), "", seen]
        self.shelf.enter(who, one.id)
        parts = [*self.annotating.opened(one.id, request), *self.managing.opened(one, request)]
        return [self._listed(mine, one, who), gr.update(visible=True), *parts, *self.stood(one.id, seen, request)]

    def joined(self, code: str, name: str, request: gr.Request) -> Updates:
        """Join with a code, and enter."""
        words = self.desk.words("labels")
        if not (name or "").strip():
            raise InputError(words("no_name"))
        one = self.shelf.join(visitor(request).name, code or "", name)
        said = note(words("joined", title=one.title or words("untitled")), "good")
        return [said, "", gr.update(open=False), *self.enter(one.id, request)]

    def made(self, request: gr.Request) -> Updates:
        """Enter the project that was made just now: nobody was anywhere else since."""
        who = visitor(request).name
        job = self.founding.watching.newest(who)
        if job is None or job.state != "done" or not self.shelf.of(who):
            return [gr.skip()] * (1 + len(self.inside))
        return ["", *self.enter(None, request)]

    def removed(self, id: str, sure: bool, request: gr.Request) -> Updates:
        """Delete a project, and enter another."""
        gone = self.managing.removed(id, sure, request)
        return [gone, *self.enter(None, request)]

    def looked(self, id: str | None, given: Given, unfolded: bool, seen: Seen, request: gr.Request) -> Updates:
        """What others have changed: a pair where there was none, how far everybody is, projects that came or went."""
        listed = sorted(one.id for one in self.shelf.of(visitor(request).name))
        if not seen or listed != seen["listed"]:
            return self.enter(id, request)
        found = [gr.skip()] * len(self.inside)
        if id and given and not given["item"]:
            found[2 : 2 + len(self.annotating.outputs)] = self.annotating.pending(id, request)
        if id and unfolded:
            found[-2:] = self.stood(id, seen, request)
        return found

    def unfolded(self, id: str | None, seen: Seen, request: gr.Request) -> Updates:
        """How far everybody is, as it is unfolded."""
        return [True, *(self.stood(id, seen, request) if id and seen else [gr.skip(), gr.skip()])]

    def stood(self, id: str, seen: dict[str, Any], request: gr.Request) -> Updates:
        """How far everybody is, where that has changed."""
        who = visitor(request).name
        one, project = self.shelf.get(who, id), self.shelf.open(who, id)
        sign = [id, project.progress().as_json()]
        if sign == seen["stands"]:
            return [gr.skip(), gr.skip()]
        return [self._standing(project, one, openly=one.owner == who), {**seen, "stands": sign}]

    def _listed(self, mine: list[Shared], chosen: Shared, who: str) -> Any:
        words = self.desk.words("labels")
        names = [(words("listed", title=one.title or words("untitled"), name=one.members[who]), one.id) for one in mine]
        return gr.update(choices=names, value=chosen.id, visible=True)

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


def _agreement(project: Project) -> Agreement | None:
    try:
        return project.agreement()
    except InputError:  # nobody has labelled what another did
        return None
