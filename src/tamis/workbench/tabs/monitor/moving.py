"""A policy chosen: what speaks for it, what it would change, and owners who move it on or take it out."""

from __future__ import annotations

from typing import Any

from tamis.errors import InputError
from tamis.observe.lifecycle.states import Standing, State
from tamis.observe.report.verdict import named
from tamis.workbench.desk import Desk
from tamis.workbench.lib import gr
from tamis.workbench.marks import note
from tamis.workbench.shown.reported import called, reporting
from tamis.workbench.shown.stages import replayed
from tamis.workbench.tabs.monitor.board import Acts, Board, actor, told
from tamis.workbench.tabs.thresholds.tab import may_exchange


class Moving(Acts):
    """The acts on a policy that does not decide yet, or no more."""

    __slots__ = ()

    @classmethod
    def placed(cls, desk: Desk, board: Board) -> Moving:
        """The inputs, placed where the page is being made; seen by owners only."""
        found, parts = cls(desk, board.overview.observing), board.parts
        for name in ("stage", "share", "approve"):
            parts[name].render()
        with gr.Row(elem_classes="t-row"):
            parts["reason"].render()
            parts["retire"].render()
        said = told("monitor-moved")
        which, stage, share, reason = (parts[name] for name in ("which", "stage", "share", "reason"))
        board.act(parts["approve"], found.approved, [which, stage, share], [said])
        board.act(parts["retire"], found.retired, [which, reason], [said, reason])
        stage.change(lambda to: gr.update(visible=to == "canary"), stage, share, show_progress="hidden")
        return found

    async def approved(self, which: str | None, to: State | None, share: float, request: gr.Request) -> str:
        """Move the policy on."""
        may_exchange(self.desk, request)
        words, life = self.desk.words("monitor"), self.observing.watch.lifecycle
        digest, part = self._chosen(which), share / 100
        state = await self.observing.act(life.approve, digest, actor=actor(request), to=to or None, share=part)
        name = self._name(which, await self.observing.run(life.standing))
        return note(words(f"moved_{state}", name=name, share=f"{share:g} %"), "good")

    async def retired(self, which: str | None, reason: str, request: gr.Request) -> list[Any]:
        """Take the policy out."""
        may_exchange(self.desk, request)
        words, life = self.desk.words("monitor"), self.observing.watch.lifecycle
        if not (reason or "").strip():
            raise InputError(words("no_reason"))
        await self.observing.act(life.retire, self._chosen(which), actor=actor(request), reason=reason.strip())
        return [note(words("retired", name=self._name(which, await self.observing.run(life.standing)))), ""]

    def _chosen(self, which: str | None) -> str:
        if not which:
            raise InputError(self.desk.words("monitor")("none_chosen"))
        return which

    def _name(self, which: str | None, now: Standing) -> str:
        return called(named(which or "", now), reporting(self.desk.language))


def chosen(desk: Desk, board: Board) -> None:
    """A policy, what speaks for it, and what it would change, placed where the page is being made."""
    words, parts, observing = desk.words("monitor"), board.parts, board.overview.observing
    parts["which"].render()
    parts["evidence"].render()
    parts["replay"].render()
    changes = told("monitor-changes")

    async def replaying(which: str | None) -> str:
        if not which:
            raise InputError(words("none_chosen"))
        return replayed(await observing.run(observing.watch.replay, which), desk)

    parts["replay"].click(desk.told(replaying), parts["which"], changes, show_progress="minimal", trigger_mode="once")
    parts["which"].change(desk.told(board.look), board.inputs, board.outputs, show_progress="hidden")
    parts["which"].change(lambda: "", None, changes, show_progress="hidden")
