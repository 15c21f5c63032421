"""What whoever made a labelling project can do with it: invite, instruct, draw more pairs, remove people, delete it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tamis.errors import InputError
from tamis.labelling import Project, Shared, Shelf
from tamis.workbench.desk import Desk, visitor
from tamis.workbench.lib import gr
from tamis.workbench.marks import note
from tamis.workbench.shown.labelling import code
from tamis.workbench.tabs.labels.founding import LONGEST


@dataclass(frozen=True, slots=True)
class Managing:
    """The inputs of a project's owner.

    Attributes:
        desk: the page's way to everything.
        shelf: where projects are kept.
        chosen: names the project.
        fields: all parts by name.
    """

    desk: Desk
    shelf: Shelf
    chosen: gr.Dropdown
    fields: Mapping[str, Any]

    @classmethod
    def placed(cls, desk: Desk, shelf: Shelf, chosen: gr.Dropdown) -> Managing:
        """The inputs, placed where the page is being made; seen by owners only."""
        words = desk.words("labels")
        with gr.Accordion(words("making"), open=False, visible=False, elem_id="labels-making") as whole:
            invited = gr.HTML(elem_id="labels-invited")
            told = gr.Textbox(label=words("guidelines"), lines=4, max_length=LONGEST, elem_id="labels-instruct")
            save = gr.Button(words("save"), elem_id="labels-save")
            gr.Markdown(words("more_lead"))
            with gr.Row(elem_classes="t-row"):
                count = gr.Number(50, label=words("count"), precision=0, min_width=140, elem_id="labels-count")
                extend = gr.Button(words("extend"), min_width=140, elem_id="labels-extend")
                replan = gr.Button(words("replan"), min_width=140, elem_id="labels-replan")
            with gr.Row(elem_classes="t-row"):
                member = gr.Dropdown([], label=words("members"), min_width=140, elem_id="labels-member")
                dismiss = gr.Button(words("dismiss"), min_width=140, elem_id="labels-dismiss")
            with gr.Row(elem_classes="t-row"):
                sure = gr.Checkbox(False, label=words("sure"), min_width=140, elem_id="labels-sure")
                remove = gr.Button(words("remove"), variant="stop", min_width=140, elem_id="labels-remove")
            said = gr.HTML(elem_id="labels-managed")
        fields = {"whole": whole, "invited": invited, "told": told, "member": member, "sure": sure, "said": said,
                  "count": count, "remove": remove}  # fmt: skip
        found = cls(desk, shelf, chosen, fields)
        for button, act, inputs, outputs in (
            (save, desk.told(found.instructed), [told], [said]),
            (extend, desk.told(found.extended), [count], [said]),
            (replan, desk.told(found.replanned), [count], [said]),
            (dismiss, desk.told(found.dismissed), [member], [said, invited, member]),
        ):
            button.click(act, [chosen, *inputs], outputs, show_progress="hidden", trigger_mode="once")
        # Who has joined meanwhile can be chosen.
        whole.expand(desk.told(found.looked), chosen, [invited, member], show_progress="hidden")
        return found

    @property
    def outputs(self) -> list[Any]:
        """What ``opened`` fills."""
        return [self.fields[name] for name in ("whole", "invited", "told", "member", "sure", "said")]

    def opened(self, one: Shared, request: gr.Request) -> list[Any]:
        """The inputs for a project; for others than its owner there are none."""
        who = visitor(request).name
        if one.owner != who:
            return self.closed()
        told = self.shelf.open(who, one.id).guide.guidelines
        invited, people = self._people(one)
        return [gr.update(visible=True), invited, told, people, False, ""]

    def closed(self) -> list[Any]:
        """No inputs."""
        return [gr.update(visible=False), "", "", gr.update(choices=[], value=None), False, ""]

    def looked(self, id: str, request: gr.Request) -> list[Any]:
        """The code as it is now, and who has joined with it."""
        return self._people(self.shelf.get(visitor(request).name, id))

    def instructed(self, id: str, told: str, request: gr.Request) -> str:
        """Put other guidelines in the place of those that are there."""
        self._own(id, request).instruct(told or "")
        return note(self.desk.words("labels")("saved"), "good")

    def extended(self, id: str, count: float | None, request: gr.Request) -> str:
        """Make the present round longer."""
        drawn = self._own(id, request).extend(self._count(count))
        return note(self.desk.words("labels")("extended", planned=len(drawn.items)), "good")

    def replanned(self, id: str, count: float | None, request: gr.Request) -> str:
        """Draw another round."""
        project = self._own(id, request)
        drawn, words = project.replan(self._count(count)), self.desk.words("labels")
        values = {"round": len(project.rounds), "planned": len(drawn.items), "region": drawn.region}
        return note(words("replanned", **values), "good")

    def dismissed(self, id: str, name: str | None, request: gr.Request) -> list[Any]:
        """Let an annotator in no more."""
        words = self.desk.words("labels")
        if not name:
            raise InputError(words("no_member"))
        one = self.shelf.dismiss(visitor(request).name, id, name)
        return [note(words("dismissed", name=name), "warning"), *self._people(one)]

    def removed(self, id: str, sure: bool, request: gr.Request) -> str:
        """Delete the project, where its owner is sure."""
        words = self.desk.words("labels")
        if not sure:
            raise InputError(words("not_sure"))
        self.shelf.remove(visitor(request).name, id)
        return note(words("removed"), "warning")

    def _own(self, id: str, request: gr.Request) -> Project:
        return self.shelf.owned(visitor(request).name, id)

    def _count(self, count: float | None) -> int:
        if count is None:
            raise InputError(self.desk.words("labels")("no_count"))
        return int(count)

    def _people(self, one: Shared) -> list[Any]:
        """The code, and who has joined with it."""
        others = [name for who, name in one.members.items() if who != one.owner]
        return [code(one.code, self.desk.words("labels")), gr.update(choices=others, value=None)]
