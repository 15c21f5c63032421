"""What owners do about what the verdict says: look now, answer an alarm, go back."""

from __future__ import annotations

from typing import Any

from tamis.errors import InputError
from tamis.observe.report.verdict import named
from tamis.workbench.desk import Desk
from tamis.workbench.lib import gr
from tamis.workbench.marks import note
from tamis.workbench.shown.reported import called, reporting
from tamis.workbench.shown.standing import alarming
from tamis.workbench.tabs.monitor.board import Acts, Board, actor, reasoned, told
from tamis.workbench.tabs.thresholds.tab import may_exchange


class Acting(Acts):
    """The acts on what decides."""

    __slots__ = ()

    @classmethod
    def placed(cls, desk: Desk, board: Board) -> Acting:
        """The buttons, placed where the page is being made; seen by owners only."""
        words, found = desk.words("monitor"), cls(desk, board.overview.observing)
        board.parts["owners"].render()
        with board.parts["owners"]:
            reason = reasoned(words("reason"), "monitor-reason")
            reason.render()
            with gr.Row():
                look = gr.Button(words("look"), elem_id="monitor-look", min_width=140)
                board.parts["acknowledge"].render()
                board.parts["rollback"].render()
            with gr.Column(visible=False) as asked:
                question = told("monitor-question")
                with gr.Row():
                    sure = gr.Button(words("sure"), variant="stop", elem_id="monitor-sure", min_width=140)
                    no = gr.Button(words("not_sure"), elem_id="monitor-no", min_width=140)
            said = told("monitor-said")
        board.act(look, found.looked, [], [said])
        board.act(board.parts["acknowledge"], found.acknowledged, [reason], [said, reason])
        board.act(sure, found.rolled_back, [reason], [said, reason, asked])
        board.parts["rollback"].click(desk.told(found.asked), None, [question, asked, said], show_progress="hidden")
        no.click(lambda: gr.update(visible=False), None, asked, show_progress="hidden")
        return found

    async def looked(self, request: gr.Request) -> str:
        """Look at what was decided since the last look."""
        may_exchange(self.desk, request)
        words = self.desk.words("monitor")
        found = await self.observing.act(self.observing.watch.look)
        if found is None:
            least = self.observing.watch.options.looks
            return note(words("too_few", window=f"{least.window:,}", reference=f"{least.reference:,}"))
        if not found.alarm:
            return note(words("looked", decisions=f"{found.decisions:,}"), "good")
        reported = reporting(self.desk.language)
        why = reported("page.semicolon").join(alarming(found.as_json(), reported))
        return note(words("alarmed", decisions=f"{found.decisions:,}", why=why), "wrong")

    async def acknowledged(self, reason: str, request: gr.Request) -> list[Any]:
        """Answer the alarm that stands."""
        may_exchange(self.desk, request)
        words = self.desk.words("monitor")
        if not (reason or "").strip():
            raise InputError(words("no_reason"))
        life = self.observing.watch.lifecycle
        await self.observing.act(life.acknowledge, actor=actor(request), reason=reason.strip())
        return [note(words("acknowledged"), "good"), ""]

    async def asked(self, request: gr.Request) -> list[Any]:
        """Ask once more before anything is taken back."""
        may_exchange(self.desk, request)
        words, now = self.desk.words("monitor"), await self.observing.run(self.observing.watch.lifecycle.standing)
        if not now.before:
            raise InputError(words("nothing_before"))
        reported = reporting(self.desk.language)
        names = {
            "before": called(named(now.before[-1], now), reported),
            "now": called(named(now.active, now), reported),
        }
        return [note(words("really", **names), "warning"), gr.update(visible=True), ""]

    async def rolled_back(self, reason: str, request: gr.Request) -> list[Any]:
        """Put what decided before in charge again."""
        may_exchange(self.desk, request)
        words, life = self.desk.words("monitor"), self.observing.watch.lifecycle
        digest = await self.observing.act(life.rollback, actor=actor(request), reason=(reason or "").strip())
        now = await self.observing.run(life.standing)
        name = called(named(digest, now), reporting(self.desk.language))
        return [note(words("rolled_back", name=name), "good"), "", gr.update(visible=False)]
