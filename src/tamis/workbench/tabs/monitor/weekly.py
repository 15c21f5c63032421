"""The report of the last days, made as long work and fetched as a file."""

from __future__ import annotations

from tamis.jobs import Job
from tamis.observe.watch import Watch
from tamis.serve.weekly import weekly_work
from tamis.workbench.desk import Desk
from tamis.workbench.lib import gr
from tamis.workbench.shown.fetched import job_files
from tamis.workbench.watching import Watching

KIND = "week"
DAYS, MOST = 7, 366


def weekly(desk: Desk, watch: Watch) -> gr.Button:
    """The button and what comes of it, placed where the page is being made; returns the one beside, which checks."""
    words = desk.words("monitor")
    with gr.Row(elem_classes="t-row"):
        days = gr.Number(
            DAYS, label=words("days"), precision=0, minimum=1, maximum=MOST, min_width=140, elem_id="monitor-days"
        )
        make = gr.Button(words("make_week"), elem_id="monitor-week", min_width=140)
        check: gr.Button = gr.Button(words("check"), elem_id="monitor-check", min_width=140)

    def shown(job: Job) -> str:
        return job_files(job, desk, words)

    watching = Watching.placed(desk, KIND, "monitor-week", shown)

    async def begin(days: float | None, request: gr.Request) -> object:
        span = int(days or DAYS)
        work = weekly_work(watch, span, desk.language)
        await desk.begin(request, KIND, words("week_title", days=span), work, options={"days": span})
        return watching.look(request)

    make.click(desk.told(begin), days, watching.outputs, show_progress="hidden", trigger_mode="once")
    return check
