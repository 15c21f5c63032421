"""Compare: the original order beside the reranked one, with everything that speaks for it."""

from __future__ import annotations

from typing import Any

from tamis.serve.comparing import MOST, Way, compared
from tamis.workbench.asking import Asking
from tamis.workbench.desk import Desk
from tamis.workbench.lib import gr
from tamis.workbench.shown.ranked import side_by_side


def fill(desk: Desk) -> None:
    """The tab's inputs, and what happens."""
    words = desk.words("compare")
    models = [*desk.service.models.served]

    def known() -> list[Any]:
        return [gr.update(choices=[*desk.service.models.served]), gr.update(choices=desk.policies(words))]

    gr.Markdown(words("lead"))
    with gr.Row():
        with gr.Column(scale=2):
            asking = Asking.placed(desk, "compare")
        with gr.Column(scale=1):
            chosen = gr.Dropdown(
                models, value=models[:1], multiselect=True, max_choices=MOST, label=words("models"),
                elem_id="compare-models",
            )  # fmt: skip
            policy = gr.Dropdown(desk.policies(words), value="", label=words("policy"), elem_id="compare-policy")
            passages = gr.Checkbox(True, label=words("passages"), elem_id="compare-passages")
            run = gr.Button(words("run"), variant="primary", elem_id="compare-run")
    shown = gr.HTML(elem_id="compare-shown")

    async def compare(models: list[str], policy: str, passages: bool, *asked: Any) -> str:
        ranking = await asking.ranking(*asked)
        ways = [Way(model) for model in models or [""]]
        found = await compared(desk.service, ranking, ways, policy=policy, passages=passages)
        return side_by_side(found, ranking, desk)

    desk.opened(known, [chosen, policy])  # what was added meanwhile
    for begin in (run.click, asking.query.submit):
        begin(
            desk.told(compare), [chosen, policy, passages, *asking.inputs], shown, show_progress="minimal",
            trigger_mode="once",
        )  # fmt: skip
