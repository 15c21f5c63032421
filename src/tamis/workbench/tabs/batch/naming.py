"""The file of a batch and its columns, as a tab asks for them: which holds queries, documents, titles, ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tamis.errors import InputError, TamisError
from tamis.scoring import Contents, contents
from tamis.workbench.desk import Desk
from tamis.workbench.lib import gr
from tamis.workbench.marks import note, table
from tamis.workbench.words import Said

COLUMNS = ("query", "document", "title", "id")  # in the order in which they are asked for
LONGEST = 20_000  # characters of a query


@dataclass(frozen=True, slots=True)
class Naming:
    """The inputs for a file and what its columns are.

    Attributes:
        desk: the page's way to everything.
        file: the upload.
        lists: the names of the columns that hold lists.
        chosen: the dropdowns, by what is looked for in a column; empty where no column holds it.
        query: what is asked of every row where no column holds queries.
    """

    desk: Desk
    file: gr.File
    lists: gr.State
    chosen: Mapping[str, gr.Dropdown]
    query: gr.Textbox

    @classmethod
    def placed(cls, desk: Desk, tab: str) -> Naming:
        """The inputs, placed where the page is being made; the columns are asked for once there is a file."""
        words = desk.words("batch")
        file = gr.File(label=words("file"), file_count="single", elem_id=f"{tab}-file")
        looked = gr.HTML(elem_id=f"{tab}-looked")
        with gr.Row(equal_height=True):
            chosen = {
                name: gr.Dropdown(
                    [], value=None, label=words(f"column_{name}"), visible=False, min_width=180,
                    elem_id=f"{tab}-column-{name}",
                )
                for name in COLUMNS
            }  # fmt: skip
        query = gr.Textbox(
            label=words("query"), info=words("query_info"), lines=1, max_lines=4, max_length=LONGEST, visible=False,
            elem_id=f"{tab}-query",
        )  # fmt: skip
        found = cls(desk, file, gr.State([]), chosen, query)
        outputs = [looked, found.lists, *chosen.values(), query]
        file.change(desk.told(found.look), file, outputs, show_progress="minimal")
        chosen["query"].change(lambda name: gr.update(visible=not name), chosen["query"], query, show_progress="hidden")
        return found

    @property
    def inputs(self) -> set[Any]:
        """All inputs."""
        return {self.file, self.lists, self.query, *self.chosen.values()}

    def look(self, file: str | None) -> list[Any]:
        """What a file holds, and the columns that are likely to be meant."""
        hidden = [[], *(gr.update(visible=False, choices=[], value=None) for _ in COLUMNS), gr.update(visible=False)]
        if not file:
            return ["", *hidden]
        try:
            found = contents(file, most=self.desk.rows)
        except TamisError as error:  # said where the file lies, and for as long as it does
            return [note(self.desk.plain(str(error)), "wrong"), *hidden]
        said = held(found, self.desk.words("batch"))
        if found.plain:
            return [said, *hidden[:-1], gr.update(visible=True)]
        lists = [column.name for column in found.columns if column.lists]
        asked = gr.update(visible="query" not in found.guess)
        return [said, lists, *(self._offered(name, found) for name in COLUMNS), asked]

    def read(self, given: Mapping[Any, Any], found: Contents) -> tuple[dict[str, str], str]:
        """What the file calls its columns, and the query that is asked of every row; empty where a column holds them.

        Args:
            given: the values of the inputs.
            found: what the file holds.

        Raises:
            InputError: a query is wanted, or the column of the documents.
        """
        words = self.desk.words("batch")
        columns = {} if found.plain else {name: given[box] for name, box in self.chosen.items() if given[box]}
        query = "" if "query" in columns else (given[self.query] or "").strip()
        if not found.plain and "document" not in columns:
            raise InputError(words("no_document"))
        if not query and "query" not in columns:
            raise InputError(words("no_query"))
        if columns.get("document") in given[self.lists]:
            columns["documents"] = columns.pop("document")
        return columns, query

    def _offered(self, name: str, found: Contents) -> Any:
        """The file's columns to choose from, the likely one chosen."""
        columns: list[Any] = [column.name for column in found.columns]
        guess = found.guess.get(name) or found.guess.get(f"{name}s") or ""
        nothing = self.desk.words("batch")("all_rows" if name == "query" else "no_column")
        return gr.update(visible=True, choices=[(nothing, ""), *((one, one) for one in columns)], value=guess)


def held(found: Contents, words: Said) -> str:
    """What a file holds, as HTML: how many rows, and the columns with examples."""
    if found.plain:
        said = note(words("holds_lines", rows=f"{found.rows:,}"))
        return said + table([words("examples")], [[example] for example in found.columns[0].examples])
    said = note(words("holds", rows=f"{found.rows:,}", columns=len(found.columns)))
    unsure = not {"document", "documents"} & set(found.guess)
    rows = [[column.name, " · ".join(column.examples)] for column in found.columns]
    warning = note(words("unsure"), "warning") if unsure else ""
    return f'{said}{warning}<div class="t-held">{table([words("column"), words("examples")], rows)}</div>'
