"""The forms in which people keep training examples: one row a form, known by its columns."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tamis.data.rows import Row, as_number, as_text, parse


@dataclass(frozen=True, slots=True)
class Example:
    """A query with documents and their labels, one a document; no labels at all where the form carries none."""

    query: str
    documents: tuple[str, ...]
    labels: tuple[float, ...] = ()
    instruction: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """One way of writing examples down: its name, the columns it must have, and how a row becomes an example."""

    name: str
    columns: tuple[str, ...]
    example: Callable[[Row], Example]


def recognise(row: Row) -> Form:
    """The form a row is written in: the first of ``FORMS`` whose columns it has.

    Raises:
        DataError: none fits; the message lists the columns found, the forms known and the name perhaps meant.

    >>> recognise(Row("f.csv", 2, {"query": "q", "positive_doc": "a", "negative_doc": "b"})).name
    'triplets'
    """
    for form in FORMS:
        if all(column in row.values for column in form.columns):
            return form
    known = sorted({column for form in FORMS for column in form.columns})
    near = [(c, *difflib.get_close_matches(c, known, 1)) for c in row.values if c not in known]
    meant = "".join(f" Did you mean {pair[1]!r} instead of {pair[0]!r}?" for pair in near if len(pair) > 1)
    forms = "; ".join(f"{form.name} ({', '.join(form.columns)})" for form in FORMS)
    raise row.error(f"unknown form: found the columns {', '.join(row.values) or 'none'}. Known: {forms}.{meant}")


def _triplet(query: str, positive: str, negative: str) -> Callable[[Row], Example]:
    """Positives and negatives in two columns, a text or a list each; more negatives in ``<negative>_2`` and so on."""

    def example(row: Row) -> Example:
        if not (good := _texts(row, positive)):
            raise row.error("expected a positive document, got a blank one", positive)
        more = [c for c in row.values if re.fullmatch(rf"{negative}_\d+", c) and c in row]
        bad = [text for column in (negative, *more) if column in row for text in _texts(row, column)]
        return _graded(row, row.text(query), good, bad)

    return example


def _pair(query: str, document: str, label: str) -> Callable[[Row], Example]:
    def example(row: Row) -> Example:
        labels = (row.number(label),) if label in row else ()
        return Example(row.text(query), (_text(row, document, row.get(document)),), labels, row.text("instruction", ""))

    return example


def _list(row: Row) -> Example:
    documents = tuple(_text(row, "documents", item) for item in row.elements("documents"))
    labels = tuple(as_number(row, "labels", label) for label in row.elements("labels")) if "labels" in row else ()
    if labels and len(labels) != len(documents):
        raise row.error(f"expected {len(documents)} labels, one a document, got {len(labels)}", "labels")
    return Example(row.text("query"), documents, labels, row.text("instruction", ""))


def _messages(row: Row) -> Example:
    """ms-swift 3.6 and later: conversations; the last user turn is the query, the system turn the instruction."""
    turns = _conversation(row, "messages", row.elements("messages"))
    queries = [text for role, text in turns if role == "user"]
    if not queries:
        raise row.error("expected a message of the user", "messages")
    good, bad = (_answers(row, f"{kind}_messages") for kind in ("positive", "negative"))
    system = next((text for role, text in turns if role == "system"), "")
    return _graded(row, queries[-1], good, bad, system)


def _answers(row: Row, field: str) -> list[str]:
    if field not in row:
        return []
    talks = [_conversation(row, field, talk if isinstance(talk, list) else [talk]) for talk in row.elements(field)]
    return [talk[-1][1] for talk in talks if talk]


def _conversation(row: Row, field: str, turns: list[Any]) -> list[tuple[str, str]]:
    for turn in turns:
        if not isinstance(turn, dict) or not isinstance(turn.get("content"), str):
            raise row.error(f"expected messages with role and content, got {turn!r:.60}", field)
    return [(str(turn.get("role", "")), as_text(row, field, turn["content"])) for turn in turns]


def _graded(row: Row, query: str, good: list[str], bad: list[str], instruction: str = "") -> Example:
    labels = (1.0,) * len(good) + (0.0,) * len(bad)
    return Example(query, (*good, *bad), labels, instruction or row.text("instruction", ""))


def _texts(row: Row, field: str) -> list[str]:
    """The field's texts that are not blank: one string, or a list of them (in a table, a JSON list in the cell)."""
    value = row.get(field)
    if isinstance(value, str) and value.startswith('["'):
        value = parse(value, row.path, row.line, field)
    texts = [_text(row, field, item) for item in (value if isinstance(value, list) else [value])]
    return [text for text in texts if text.strip()]


def _text(row: Row, field: str, value: Any) -> str:
    """A document as its text, or as an object with ``text`` and perhaps ``title``."""
    if isinstance(value, dict):
        parts = [as_text(row, field, value[key]) for key in ("title", "text") if value.get(key)]
        if not parts:
            raise row.error(f"expected an object with 'text', got the keys {', '.join(value)}", field)
        return "\n".join(parts)
    return as_text(row, field, value)


# The first whose columns are all there is the form, so that richer forms stand before the forms they contain.
FORMS: tuple[Form, ...] = (
    Form("triplets", ("query", "positive_doc", "negative_doc"), _triplet("query", "positive_doc", "negative_doc")),
    Form("ms-swift messages", ("messages", "positive_messages"), _messages),
    Form("ms-swift", ("query", "response", "rejected_response"), _triplet("query", "response", "rejected_response")),
    Form("sentence-transformers triplets", ("anchor", "positive"), _triplet("anchor", "positive", "negative")),
    Form("sentence-transformers query triplets", ("query", "positive"), _triplet("query", "positive", "negative")),
    Form("FlagEmbedding", ("query", "pos"), _triplet("query", "pos", "neg")),
    Form("sentence-transformers scores", ("sentence1", "sentence2", "score"), _pair("sentence1", "sentence2", "score")),
    Form("sentence-transformers labels", ("sentence1", "sentence2", "label"), _pair("sentence1", "sentence2", "label")),
    Form("lists", ("query", "documents"), _list),
    Form("pairs", ("query", "document"), _pair("query", "document", "label")),
)
