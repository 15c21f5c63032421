"""A gap in a query: where what was meant is to be put, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tamis.rewrite.base import Change
from tamis.text.words import between


@dataclass(frozen=True, slots=True)
class Gap:
    """The place of something that only the conversation tells.

    Attributes:
        start: the first character that goes; where nothing goes, the place.
        end: the character after it.
        kind: whether a pronoun stands there, or nothing.
        before: what is put before the topic, such as " of ".
        after: what is put after it, such as 的.
        person: whether a person is meant; None where nothing tells.
        place: whether a place is meant.
        plural: whether several are meant; None where nothing tells.
    """

    start: int
    end: int
    kind: Literal["pronoun", "ellipsis"]
    before: str = ""
    after: str = ""
    person: bool | None = None
    place: bool = False
    plural: bool | None = None

    def filled(self, text: str, topic: str) -> str:
        """The query with the topic in its place.

        >>> Gap(3, 5, "pronoun").filled("is it treatable?", "throat cancer")
        'is throat cancer treatable?'
        """
        start, put, end = text[: self.start], f"{self.before}{topic}{self.after}", text[self.end :]
        return f"{start}{between(start, put)}{put}{between(put, end)}{end}"

    def change(self, text: str, topic: str) -> Change:
        """What was done, in words."""
        stood, now = text[self.start : self.end], f"{self.before}{topic}{self.after}".strip()
        if self.kind == "pronoun":
            return Change("pronoun", stood, now, f"{stood!r} stands for {topic!r} of the conversation")
        return Change("ellipsis", stood, now, f"the conversation is about {topic!r}, which the query leaves out")
