"""The rows of ms-swift 3.6 and later: conversations with positive and negative answers."""

from __future__ import annotations

from typing import Any

from tamis.data.forms.base import Cells, Example, sides
from tamis.data.forms.triplets import graded
from tamis.data.rows import Row, as_text


def read_messages(row: Row) -> Example:
    """The last user turn is the query, the system turn the instruction, the last turn of each answer a document.

    Raises:
        DataError: no user turn, or something else than messages with role and content.
    """
    turns = conversation(row, "messages", row.elements("messages"))
    queries = [text for role, text in turns if role == "user"]
    if not queries:
        raise row.error("expected a message of the user", "messages")
    good, bad = (answers(row, f"{kind}_messages") for kind in ("positive", "negative"))
    system = next((text for role, text in turns if role == "system"), "")
    return graded(queries[-1], good, bad, system or row.text("instruction", ""))


def answers(row: Row, field: str) -> list[str]:
    """The documents of one side, each the last turn of a conversation."""
    if field not in row:
        return []
    talks = [conversation(row, field, talk if isinstance(talk, list) else [talk]) for talk in row.elements(field)]
    return [talk[-1][1] for talk in talks if talk]


def conversation(row: Row, field: str, turns: list[Any]) -> list[tuple[str, str]]:
    """Turns as (role, text)."""
    for turn in turns:
        if not isinstance(turn, dict) or not isinstance(turn.get("content"), str):
            raise row.error(f"expected messages with role and content, got {turn!r:.60}", field)
    return [(str(turn.get("role", "")), as_text(row, field, turn["content"])) for turn in turns]


def write_messages(example: Example) -> list[Cells]:
    """One row with all documents."""
    good, bad = sides(example)
    system = [{"role": "system", "content": example.instruction}] if example.instruction else []
    return [
        {
            "messages": [*system, {"role": "user", "content": example.query}],
            "positive_messages": [[answer(example.documents[at])] for at in good],
            "negative_messages": [[answer(example.documents[at])] for at in bad],
        }
    ]


def answer(document: str) -> Cells:
    """A document as the assistant's turn."""
    return {"role": "assistant", "content": document}
