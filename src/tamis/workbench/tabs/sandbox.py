"""The instruction sandbox: say what counts as relevant, and see the ranking change."""

from __future__ import annotations

from typing import Any

from tamis.score.instructions import MARK, PRESETS, reads_instructions
from tamis.serve.comparing import Way, compared
from tamis.workbench.asking import Asking
from tamis.workbench.desk import Desk, visitor
from tamis.workbench.lib import gr
from tamis.workbench.marks import note
from tamis.workbench.shown.ranked import side_by_side

SAVED = "="  # before the name of what a visitor saved; presets have MARK before theirs


def fill(desk: Desk) -> None:
    """The tab's inputs, and what happens."""
    words, chinese = desk.words("sandbox"), desk.language == "zh"
    served = desk.service.models.served
    presets: list[tuple[str, str]] = [(one.zh if chinese else one.en, MARK + key) for key, one in PRESETS.items()]
    gr.Markdown(words("lead"))
    with gr.Row():
        with gr.Column(scale=1):
            asking = Asking.placed(desk, "sandbox")
        with gr.Column(scale=1):
            model = gr.Dropdown([*served], value=_reading(desk), label=words("model"), elem_id="sandbox-model")
            preset = gr.Dropdown(presets, value=None, label=words("preset"), elem_id="sandbox-preset")
            instruction = gr.Textbox(label=words("instruction"), lines=3, elem_id="sandbox-instruction")
            against = gr.Textbox(
                label=words("against"), placeholder=words("against_none"), lines=1, elem_id="sandbox-against"
            )
            said = gr.HTML(_unread(desk, _reading(desk)), elem_id="sandbox-said")
            run = gr.Button(words("run"), variant="primary", elem_id="sandbox-run")
            with gr.Row():
                name = gr.Textbox(label=words("name"), max_lines=1, elem_id="sandbox-name", scale=2)
                save = gr.Button(words("save"), elem_id="sandbox-save")
                forget = gr.Button(words("forget"), elem_id="sandbox-forget")
    shown = gr.HTML(elem_id="sandbox-shown")

    def known(request: gr.Request) -> Any:
        own = [(words("saved", name=name), SAVED + name) for name in desk.kept.of(visitor(request))]
        return gr.update(choices=[*own, *presets])

    def chosen(key: str | None, request: gr.Request) -> list[Any]:
        if key and key.startswith(SAVED):
            mine = key.removeprefix(SAVED)
            return [desk.kept.of(visitor(request)).get(mine, ""), "", mine]
        one = PRESETS.get((key or "").removeprefix(MARK))
        if one is None:
            return [gr.skip()] * 3
        return [one.instruction, note(words("when", when=one.when_zh if chinese else one.when)), ""]

    async def rank(model: str, instruction: str, against: str, *asked: Any) -> list[str]:
        ranking = await asking.ranking(*asked)
        ways = [Way(model, against.strip()), Way(model, instruction.strip())]
        found = await compared(desk.service, ranking, ways, passages=False)
        return [side_by_side(found, ranking, desk), _unread(desk, model)]

    def keep(name: str, text: str, request: gr.Request) -> list[Any]:
        desk.kept.save(visitor(request), name, text)
        return [known(request), note(words("kept", name=name.strip()), "good")]

    def drop(name: str, request: gr.Request) -> list[Any]:
        desk.kept.forget(visitor(request), name.strip())
        return [known(request), note(words("forgotten"))]

    desk.opened(known, preset)
    preset.input(desk.told(chosen), preset, [instruction, said, name], show_progress="hidden")
    model.change(lambda name: _unread(desk, name), model, said, show_progress="hidden")
    run.click(desk.told(rank), [model, instruction, against, *asking.inputs], [shown, said], show_progress="minimal")
    save.click(desk.told(keep), [name, instruction], [preset, said], show_progress="hidden")
    forget.click(desk.told(drop), name, [preset, said], show_progress="hidden")


def _reading(desk: Desk) -> str:
    """The first model that reads instructions; the default where none does."""
    served = desk.service.models.served
    return next((name for name, one in served.items() if reads_instructions(one.scorer)), desk.service.models.default)


def _unread(desk: Desk, model: str) -> str:
    """What is said of a model that reads no instruction."""
    if reads_instructions(desk.service.models.named(model).scorer):
        return ""
    return note(desk.words("sandbox")("unread", model=model), "warning")
