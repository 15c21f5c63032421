"""Batch: a file of queries with their documents, scored and decided row by row, as long work."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tamis.errors import InputError
from tamis.score import reads_instructions
from tamis.scoring import batch_work, contents
from tamis.serve.served import BESIDE, InQueue
from tamis.workbench.desk import Desk
from tamis.workbench.lib import gr
from tamis.workbench.shown.scored import scored
from tamis.workbench.tabs.batch.naming import Naming
from tamis.workbench.uploads import kept_as
from tamis.workbench.watching import Watching

KIND = "batch"
LISTED = 10  # pairs of a file, where rows list documents, for each row that it may hold


def fill(desk: Desk) -> None:
    """The tab's inputs, and what happens."""
    words = desk.words("batch")
    gr.Markdown(words("lead"))
    with gr.Row():
        with gr.Column(scale=2):
            naming = Naming.placed(desk, "batch")
        with gr.Column(scale=1):
            models, first = [*desk.service.models.served], desk.service.models.default
            model = gr.Dropdown(models, value=first, label=words("model"), elem_id="batch-model")
            policy = gr.Dropdown(desk.policies(words), value="", label=words("policy"), elem_id="batch-policy")
            instruction = gr.Textbox(
                label=words("instruction"), lines=2, visible=_reads(desk, first), elem_id="batch-instruction"
            )
            forms = [(words("csv"), "csv"), (words("jsonl"), "jsonl")]
            form = gr.Radio(forms, value="csv", label=words("form"), elem_id="batch-form")
            run = gr.Button(words("run"), variant="primary", elem_id="batch-run")
    watching = Watching.placed(desk, KIND, "batch", lambda job: scored(job, desk))

    def known() -> list[Any]:
        """What there is now: models and policies come while the server runs."""
        return [gr.update(choices=[*desk.service.models.served]), gr.update(choices=desk.policies(words))]

    async def begin(given: dict[Any, Any], request: gr.Request) -> list[Any]:
        if not given[naming.file]:
            raise InputError(words("no_file"))
        path = Path(given[naming.file])
        found = await asyncio.to_thread(contents, path, most=desk.rows)
        columns, query = naming.read(given, found)
        served = desk.service.models.named(given[model])
        decides = desk.service.policies.deciding(given[policy], served)
        source = kept_as("rows", path)
        task = (given[instruction] or "").strip() if reads_instructions(served.scorer) else ""
        work = batch_work(
            source, given[form], InQueue(served, BESIDE, patient=True), columns=columns, query=query, instruction=task,
            policy=decides, most=LISTED * desk.rows,
        )  # fmt: skip
        name = (given[policy] or desk.service.policies.active) if decides else ""
        options = {
            "file": path.name, "columns": columns, "query": query, "model": served.name, "policy": name,
            "instruction": task, "form": given[form],
        }  # fmt: skip
        await desk.begin(request, KIND, path.name, work, options=options, files={source: path})
        return watching.look(request)

    desk.opened(known, [model, policy])
    model.change(lambda name: gr.update(visible=_reads(desk, name)), model, instruction, show_progress="hidden")
    inputs = {*naming.inputs, model, policy, instruction, form}
    run.click(desk.told(begin), inputs, watching.outputs, show_progress="hidden", trigger_mode="once")


def _reads(desk: Desk, model: str) -> bool:
    """Whether a model reads instructions."""
    return reads_instructions(desk.service.models.named(model).scorer)
