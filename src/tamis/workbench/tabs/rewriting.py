"""Rewrite: a question of a conversation said so that it can stand alone, and what that is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tamis.errors import InputError
from tamis.gains.sets import measured
from tamis.jobs import Job
from tamis.rewrite import Variant
from tamis.serve.comparing import Way, rewritten
from tamis.serve.served import BESIDE, InQueue
from tamis.workbench.asking import EXAMPLES, INDEX, Asking
from tamis.workbench.desk import Desk
from tamis.workbench.lib import gr
from tamis.workbench.marks import Markup, frame, note, table, text
from tamis.workbench.shown.ranked import side_by_side
from tamis.workbench.watching import Watching

PAGE = "gain.html"
TALKS = {
    "zh": ("七天无理由退货是什么意思\n七天内不用说明原因就可以退。", "那运费谁出"),
    "en": (
        "What are your rules for returns?\nYou may return goods within seven days.",
        "who pays the postage for that?",
    ),
}


def fill(desk: Desk) -> None:
    """The tab's inputs, and what happens."""
    words = desk.words("rewriting")
    gr.Markdown(words("lead"))
    talk, question = TALKS[desk.language]
    with gr.Row():
        with gr.Column(scale=1):
            history = gr.Textbox(talk, label=words("history"), lines=3, elem_id="rewriting-history")
            asking = Asking.placed(desk, "rewriting", (question, EXAMPLES[desk.language][1]))
        with gr.Column(scale=1):
            names = [*desk.service.models.served]
            model = gr.Dropdown(names, value=names[0], label=words("model"), elem_id="rewriting-model")
            run = gr.Button(words("run"), variant="primary", elem_id="rewriting-run")
            variants = gr.HTML(elem_id="rewriting-variants")
    shown = gr.HTML(elem_id="rewriting-shown")

    async def rewrite(history: str, model: str, *asked: Any) -> list[str]:
        turns = tuple(line.strip() for line in history.splitlines() if line.strip())
        ranking = await asking.ranking(*asked, history=turns)
        deep = int(asked[-1]) if asked[1] == INDEX else 0
        found = await rewritten(desk.service, ranking, Way(model), k=deep)
        heads = [words("typed"), words("meant")]
        return [_variants(found.variants, desk), side_by_side([found.typed, found.meant], ranking, desk, heads)]

    for begin in (run.click, asking.query.submit):
        begin(desk.told(rewrite), [history, model, *asking.inputs], [variants, shown], show_progress="minimal")
    with gr.Accordion(words("gain"), open=False, elem_id="rewriting-gain"):
        _gain(desk)


def _gain(desk: Desk) -> None:
    """The 2x2 on an evaluation set, as long work."""
    words = desk.words("rewriting")
    gr.Markdown(words("gain_lead"))
    with gr.Row():
        given = gr.File(label=words("set"), file_count="multiple", elem_id="gain-file")
        with gr.Column():
            names = [*desk.service.models.served]
            model = gr.Dropdown(names, value=names[0], label=words("model"), elem_id="gain-model")
            sample = gr.Number(200, label=words("sample"), minimum=0, precision=0, elem_id="gain-sample")
            run = gr.Button(words("gain_run"), variant="primary", elem_id="gain-run")

    def shown(job: Job) -> str:
        link = desk.link(job.id, PAGE)
        return f'<p><a href="{link}" target="_blank">{text(words("page"))}</a></p>{frame(link, words("gain"))}'

    watching = Watching.placed(desk, "gain", "gain", shown)

    async def measure(files: list[str] | None, model: str, sample: float, request: gr.Request) -> list[Any]:
        if not files:
            raise InputError(words("no_set"))
        served = desk.service.models.named(model)
        scorer = InQueue(served, BESIDE, patient=True)
        names = {Path(path).name: Path(path) for path in files}

        work = measured([*names], desk.service.rewriter, scorer, sample=int(sample), language=desk.language, page=PAGE)
        options = {"files": [*names], "model": served.name, "sample": int(sample)}
        await desk.begin(request, "gain", ", ".join(names), work, options=options, files=names)
        return watching.look(request)

    run.click(desk.told(measure), [given, model, sample], watching.outputs, show_progress="hidden")


def _variants(found: tuple[Variant, ...], desk: Desk) -> str:
    """The ways to ask, each with what was changed."""
    words = desk.words("rewriting")
    rows = [(variant.text, _changes(variant, desk)) for variant in found]
    said = "" if found[0].changed else note(words("unchanged"))
    return said + table([words("variant"), words("changes")], rows)


def _changes(variant: Variant, desk: Desk) -> Markup:
    words = desk.words("rewriting")
    if not variant.changes:
        return Markup(text(words("none")))
    told = []
    for change in variant.changes:
        why = f' <span class="t-small">{text(change.why)}</span>' if desk.language == "en" else ""
        arrow = f"<del>{text(change.before)}</del> → " if change.before else "+ "
        told.append(f"<b>{text(words(f'kind_{change.kind}'))}</b>: {arrow}<ins>{text(change.after)}</ins>{why}")
    return Markup("<br>".join(told))
