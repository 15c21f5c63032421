"""Train: labels checked, a model trained while one looks on, measured, exported and put to work."""

from __future__ import annotations

from typing import Any

from tamis.train.order import INSTALL, lacking
from tamis.train.work import Training
from tamis.workbench.desk import Desk, visitor
from tamis.workbench.lib import gr
from tamis.workbench.marks import note
from tamis.workbench.tabs.training.ordering import Ordering
from tamis.workbench.tabs.training.trainings import KIND, Trainings, placed


def fill(desk: Desk) -> None:
    """The inputs, the trainings below them, and what begins one."""
    words = desk.words("training")
    gr.Markdown(words("lead"))
    if missing := lacking():
        gr.HTML(note(words("lacking", packages=", ".join(missing), install=INSTALL), "warning"))
    ordering = Ordering.placed(desk)
    begin = gr.Button(words("begin"), variant="primary", interactive=not missing, elem_id="training-begin")
    said = gr.HTML(elem_id="training-said")
    shown: Trainings = placed(desk)

    def start(request: gr.Request, seen: dict[str, Any], files: list[str] | None, *given: Any) -> list[Any]:
        order, sent = ordering.order(request, files, *given)
        job = desk.jobs.start(
            visitor(request).name, KIND, order.name, Training(order), options=order.as_json(), files=sent
        )
        return [note(words("begun", name=order.name), "good"), *shown.look(job.id, seen, request)]

    begin.click(
        desk.told(start), [shown.seen, ordering.data, *ordering.inputs], [said, *shown.outputs],
        show_progress="minimal", trigger_mode="once",
    )  # fmt: skip
