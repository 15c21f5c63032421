"""Compare: the original order beside the reranked one, with everything that speaks for it."""

from __future__ import annotations

from typing import Any

from tamis.core import Document, Query, Ranking, as_documents
from tamis.data import read_documents
from tamis.serve.comparing import MOST, Way, compared
from tamis.workbench.desk import Desk
from tamis.workbench.lib import gr
from tamis.workbench.shown.ranked import side_by_side

PASTED, INDEX, FILE = "pasted", "index", "file"
DEPTH, LINES = 20, 12
EXAMPLES = {
    "zh": (
        "七天无理由退货的运费谁承担",
        "商品签收七天内可以无理由退货，退货运费由买家承担。\n质量问题退货，运费由商家承担。\n本店所有商品均为正品，支持专柜验货。\n"
        "订单发货后一般三到五天送达。\n七天无理由退货不适用于定制商品、鲜活易腐商品。\n今天下雨，出门请带伞。",
    ),
    "en": (
        "who pays the postage when I return something",
        "You may return goods within seven days without a reason; the buyer pays the return postage.\n"
        "If an item is faulty, the shop pays the postage.\nAll our goods are genuine.\n"
        "Orders arrive three to five days after they were sent.\n"
        "Made-to-order goods and fresh food cannot be returned.\nIt rains today: take an umbrella.",
    ),
}


def fill(desk: Desk) -> None:
    """The tab's inputs, and what happens."""
    words = desk.words("compare")
    query, documents = EXAMPLES[desk.language]
    models = [*desk.service.models.served]
    sources = [PASTED, FILE, *([INDEX] if desk.service.recall else [])]
    gr.Markdown(words("lead"))
    with gr.Row():
        with gr.Column(scale=2):
            asked = gr.Textbox(query, label=words("query"), elem_id="compare-query", max_length=20_000)
            source = gr.Radio(
                [(words(name), name) for name in sources], value=PASTED, label=words("source"), elem_id="compare-source"
            )
            texts = gr.Textbox(
                documents, label=words("documents"), lines=LINES, max_lines=30, elem_id="compare-documents"
            )
            upload = gr.File(label=words("file"), file_count="single", visible=False, elem_id="compare-file")
            depth = gr.Slider(2, 100, DEPTH, step=1, label=words("depth"), visible=False, elem_id="compare-depth")
        with gr.Column(scale=1):
            chosen = gr.Dropdown(
                models,
                value=models[:1],
                multiselect=True,
                max_choices=MOST,
                label=words("models"),
                elem_id="compare-models",
            )
            policies: list[Any] = [(words("active"), ""), (words("none"), "none"), *desk.service.policies.known]
            policy = gr.Dropdown(policies, value="", label=words("policy"), elem_id="compare-policy")
            passages = gr.Checkbox(True, label=words("passages"), elem_id="compare-passages")
            run = gr.Button(words("run"), variant="primary", elem_id="compare-run")
    shown = gr.HTML(elem_id="compare-shown")

    def choose(kind: str) -> list[object]:
        return [gr.update(visible=kind == name) for name in (PASTED, FILE, INDEX)]

    async def compare(
        query: str, kind: str, texts: str, file: str | None, depth: int, models: list[str], policy: str, passages: bool
    ) -> str:
        ranking = await candidates(desk, Query(query), kind, texts, file, int(depth))
        ways = [Way(model) for model in models or [""]]
        found = await compared(desk.service, ranking, ways, policy=policy, passages=passages)
        return side_by_side(found, ranking, desk)

    source.change(choose, source, [texts, upload, depth], show_progress="hidden")
    given = [asked, source, texts, upload, depth, chosen, policy, passages]
    for begin in (run.click, asked.submit):
        begin(desk.told(compare), given, shown, show_progress="minimal", trigger_mode="once")


async def candidates(desk: Desk, query: Query, kind: str, texts: str, file: str | None, depth: int) -> Ranking:
    """The documents in their first order: pasted lines, a file's, or those that the index finds.

    Raises:
        InputError: there is none, or too many, or the file cannot be read.
    """
    if kind == INDEX:
        return await desk.service.recalled(query, depth)
    found: list[Document] = list(read_documents(file)) if kind == FILE and file else lines(texts)
    return desk.service.given(query, found)


def lines(texts: str) -> list[Document]:
    """The documents of a text, one a line; blank lines are none.

    >>> [document.text for document in lines("a sieve\\n\\n a drum ")]
    ['a sieve', 'a drum']
    """
    return as_documents(line.strip() for line in texts.splitlines() if line.strip())
