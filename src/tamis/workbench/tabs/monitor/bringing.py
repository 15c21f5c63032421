"""New candidates: what clicks advise, a policy of the server, or one from a file."""

from __future__ import annotations

from pathlib import Path

from tamis.decide import Policy
from tamis.errors import InputError
from tamis.observe.report.verdict import named as known_as
from tamis.workbench.desk import Desk
from tamis.workbench.lib import gr
from tamis.workbench.marks import note
from tamis.workbench.shown.stages import advised
from tamis.workbench.tabs.monitor.board import Acts, Board, actor, told
from tamis.workbench.tabs.thresholds.tab import fitting, may_exchange, named


class Bringing(Acts):
    """The ways to a candidate."""

    __slots__ = ()

    @classmethod
    def placed(cls, desk: Desk, board: Board) -> Bringing:
        """The inputs, placed where the page is being made, among those of owners."""
        words, found = desk.words("monitor"), cls(desk, board.overview.observing)
        propose = gr.Button(words("propose"), elem_id="monitor-propose")
        advice = told("monitor-advice")
        with gr.Accordion(words("bring"), open=False, elem_id="monitor-bring"):
            with gr.Row():
                upload = gr.File(label=words("file"), file_count="single", height=140, elem_id="monitor-file")
                with gr.Column():
                    chosen = gr.Dropdown([], label=words("of_server"), elem_id="monitor-of-server")
                    name = gr.Textbox(label=words("call"), max_lines=1, max_length=60, elem_id="monitor-name")
            make = gr.Button(words("make"), elem_id="monitor-make")
            said = told("monitor-brought")

        def offered() -> object:
            return gr.update(choices=[*desk.service.policies.known], value=None)

        desk.opened(offered, chosen)
        board.act(propose, found.proposed, [], [advice])
        board.act(make, found.brought, [upload, chosen, name], [said])
        return found

    async def proposed(self, request: gr.Request) -> str:
        """Ask clicks, and make what they advise a candidate."""
        may_exchange(self.desk, request)
        watch = self.observing.watch
        found, digest = await self.observing.act(watch.propose, actor=actor(request))
        made = known_as(digest, await self.observing.run(watch.lifecycle.standing)) if digest else ""
        return advised(found, watch.options.bounds, self.desk, made=made)

    async def brought(self, file: str | None, chosen: str | None, name: str, request: gr.Request) -> str:
        """Make a policy that somebody brings a candidate."""
        may_exchange(self.desk, request)
        words = self.desk.words("monitor")
        own = Path(file).stem if file else chosen or ""
        if not own:
            raise InputError(words("nothing_brought"))
        policy = await self.observing.run(Policy.load, Path(file)) if file else self.desk.service.policies.named(own)
        fitting(policy, self.desk)
        called = named((name or "").strip() or policy.name or own)
        await self.observing.act(self.observing.watch.lifecycle.propose, policy, actor=actor(request), name=called)
        return note(words("proposed", name=called), "good")
