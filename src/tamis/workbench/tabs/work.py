"""Work: what runs long, how far it is, what came of it."""

from __future__ import annotations

from tamis.jobs import Job
from tamis.workbench.desk import Desk, visitor
from tamis.workbench.lib import gr
from tamis.workbench.marks import Markup, bar, note, table, text

EVERY = 2.0  # seconds between two looks


def fill(desk: Desk) -> None:
    """The list of the visitor's jobs, looked at again and again."""
    words = desk.words("work")
    gr.Markdown(words("lead"))
    shown = gr.HTML(elem_id="work-shown")
    with gr.Row():
        chosen = gr.Dropdown([], value=None, label=words("job"), elem_id="work-job", scale=3)
        cancel = gr.Button(words("cancel"), elem_id="work-cancel")
        remove = gr.Button(words("remove"), elem_id="work-remove")
    clock = gr.Timer(EVERY)

    def look(request: gr.Request) -> list[object]:
        jobs = desk.jobs.of(visitor(request).name)
        return [listed(jobs, desk), gr.update(choices=[(f"{job.title} · {job.id[:6]}", job.id) for job in jobs])]

    def stop(id: str | None, request: gr.Request) -> list[object]:
        if id:
            desk.jobs.cancel(visitor(request).name, id)
        return look(request)

    def forget(id: str | None, request: gr.Request) -> list[object]:
        if id:
            desk.jobs.remove(visitor(request).name, id)
        return [*look(request)[:1], gr.update(value=None)]

    clock.tick(desk.told(look), None, [shown, chosen], show_progress="hidden")
    cancel.click(desk.told(stop), chosen, [shown, chosen], show_progress="hidden")
    remove.click(desk.told(forget), chosen, [shown, chosen], show_progress="hidden")


def listed(jobs: list[Job], desk: Desk) -> str:
    """The jobs as a table."""
    words = desk.words("work")
    if not jobs:
        return note(words("empty"))
    rows = [
        (
            job.title,
            words(f"kind_{job.kind}"),
            Markup(f'<span class="t-state t-{job.state}">{text(words(job.state))}</span>'),
            Markup(f"{bar(job.share)} {job.done:,} / {job.total:,}" if job.total else ""),
            desk.plain(job.message),
            job.created[:19].replace("T", " "),
        )
        for job in jobs
    ]
    return table([words(head) for head in ("title", "kind", "state", "progress", "message", "begun")], rows)
