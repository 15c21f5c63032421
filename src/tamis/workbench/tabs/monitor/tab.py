"""Monitor: what decides, whether its promise still holds, what is on trial, what users say; owners act on it."""

from __future__ import annotations

from tamis.serve.overview import Overview
from tamis.workbench.desk import Desk
from tamis.workbench.lib import gr
from tamis.workbench.marks import note
from tamis.workbench.shown.done import checked
from tamis.workbench.shown.traffic import models
from tamis.workbench.tabs.monitor.acting import Acting
from tamis.workbench.tabs.monitor.board import Board, told
from tamis.workbench.tabs.monitor.bringing import Bringing
from tamis.workbench.tabs.monitor.moving import Moving, chosen
from tamis.workbench.tabs.monitor.weekly import weekly

EVERY = 5.0  # seconds between two looks at what is known; the store is read where that has changed


def fill(desk: Desk) -> None:
    """The tab's parts, the most important first."""
    words, observing = desk.words("monitor"), desk.service.observing
    if observing is None:
        gr.HTML(note(words("no_store"), "warning") + models(desk.service, desk), elem_id="monitor-verdict")
        return
    board = Board.made(desk, Overview(observing, desk.service.policies))
    with gr.Row(elem_classes="t-row"):
        gr.Markdown(words("lead"))
        refresh = gr.Button(words("refresh"), elem_id="monitor-refresh", min_width=140, scale=0)
    board.parts["verdict"].render()
    board.parts["others"].render()
    Acting.placed(desk, board)
    board.parts["stages"].render()
    with gr.Row():
        with gr.Column():
            chosen(desk, board)
        board.parts["movers"].render()
        with board.parts["movers"]:
            Moving.placed(desk, board)
            Bringing.placed(desk, board)
    for name in ("trial", "traffic", "done"):
        board.parts[name].render()
    whole = told("monitor-whole")
    check = weekly(desk, observing.watch)
    board.parts["models"].render()

    async def checking() -> str:
        return checked(await observing.run(board.overview.chain), desk)

    clock = gr.Timer(EVERY)
    desk.opened(board.opened, board.outputs)
    for begin, work in ((refresh.click, board.fresh), (clock.tick, board.look)):
        begin(desk.told(work), board.inputs, board.outputs, show_progress="hidden")
    check.click(desk.told(checking), None, whole, show_progress="minimal", trigger_mode="once")
