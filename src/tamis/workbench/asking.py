"""A query and its documents, as several tabs ask for them: pasted, from a file, or from the server's index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tamis.core import Document, Query, Ranking, as_documents
from tamis.data import read_documents
from tamis.errors import InputError
from tamis.workbench.desk import Desk
from tamis.workbench.lib import gr
from tamis.workbench.words import Language

PASTED, FILE, INDEX = "pasted", "file", "index"
DEPTH, LINES, LONGEST = 20, 10, 20_000
EXAMPLES: dict[Language, tuple[str, str]] = {
    "zh": (
        "七天无理由退货的运费谁承担",
        "本店所有商品均为正品，支持专柜验货。\n订单发货后一般三到五天送达。\n"
        "商品签收七天内可以无理由退货，退货运费由买家承担。\n质量问题退货，运费由商家承担。\n"
        "七天无理由退货不适用于定制商品、鲜活易腐商品。\n今天下雨，出门请带伞。",
    ),
    "en": (
        "who pays the postage when I return something",
        "All our goods are genuine.\nOrders arrive three to five days after they were sent.\n"
        "You may return goods within seven days without a reason; the buyer pays the return postage.\n"
        "If an item is faulty, the shop pays the postage.\n"
        "Made-to-order goods and fresh food cannot be returned.\nIt rains today: take an umbrella.",
    ),
}


@dataclass(frozen=True, slots=True)
class Asking:
    """The inputs for a query and its documents.

    Attributes:
        desk: the page's way to everything.
        query: the query's box; who presses Enter in it asks.
        inputs: all inputs, in the order in which ``ranking`` takes their values.
    """

    desk: Desk
    query: gr.Textbox
    inputs: list[Any]

    @classmethod
    def placed(cls, desk: Desk, tab: str, example: tuple[str, str] | None = None) -> Asking:
        """The inputs, placed where the page is being made.

        Args:
            desk: the page's way to everything.
            tab: names the elements.
            example: a query and documents to begin with.
        """
        words = desk.words("asking")
        query, documents = example or EXAMPLES[desk.language]
        sources = [PASTED, FILE, *([INDEX] if desk.service.recall else [])]
        first = INDEX if desk.service.recall else PASTED
        asked = gr.Textbox(query, label=words("query"), elem_id=f"{tab}-query", max_length=LONGEST)
        source = gr.Radio(
            [(words(name), name) for name in sources], value=first, label=words("source"), elem_id=f"{tab}-source"
        )
        texts = gr.Textbox(
            documents, label=words("documents"), lines=LINES, max_lines=30, elem_id=f"{tab}-documents",
            visible=first == PASTED,
        )  # fmt: skip
        upload = gr.File(label=words("upload"), file_count="single", visible=False, elem_id=f"{tab}-file")
        depth = gr.Slider(
            2, 100, DEPTH, step=1, label=words("depth"), visible=first == INDEX, elem_id=f"{tab}-depth"
        )  # fmt: skip

        def choose(kind: str) -> list[Any]:
            return [gr.update(visible=kind == name) for name in (PASTED, FILE, INDEX)]

        source.change(choose, source, [texts, upload, depth], show_progress="hidden")
        return cls(desk, asked, [asked, source, texts, upload, depth])

    async def ranking(
        self, query: str, kind: str, texts: str, file: str | None, depth: float, *, history: tuple[str, ...] = ()
    ) -> Ranking:
        """The documents in their first order.

        Raises:
            InputError: the query is blank, there is no document or there are too many, or the file cannot be read.
        """
        asked = Query(query or "", history=history)
        if kind == INDEX:
            return await self.desk.service.recalled(asked, int(depth))
        if kind == FILE and not file:
            raise InputError(self.desk.words("asking")("no_file"))
        found = list(read_documents(file)) if kind == FILE and file else lines(texts or "")
        if not found:
            raise InputError(self.desk.words("asking")("no_documents"))
        return self.desk.service.given(asked, found)


def lines(texts: str) -> list[Document]:
    """The documents of a text, one a line; blank lines are none.

    >>> [document.text for document in lines("a sieve\\n\\n a drum ")]
    ['a sieve', 'a drum']
    """
    return as_documents(line.strip() for line in texts.splitlines() if line.strip())
