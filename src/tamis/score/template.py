"""Templates: from a query and a document to the token ids that a model reads, each with a budget of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tamis.core import Pair
from tamis.errors import InputError
from tamis.score.batch import distinct
from tamis.score.tokens import CHARACTERS_A_TOKEN, Tokens


@dataclass(frozen=True, slots=True)
class Encoded:
    """One pair as a model reads it.

    Attributes:
        ids: token ids, control tokens included.
        second: where the second token type begins; ``len(ids)`` where there is one type.
        shared: how many leading ids every document of the query has in common.
        notes: what did not fit: ``truncated_tokens`` of the document, ``truncated_query_tokens`` (of very long texts,
            lower bounds), and what was not read.
    """

    ids: list[int]
    second: int
    shared: int
    notes: Mapping[str, Any]


class Template(Protocol):
    """Pairs to token ids; ``digest`` is the text of all that decides them beside the tokenizer.

    ``reads_instructions`` says whether a query's instruction is among them.
    """

    max_length: int

    @property
    def digest(self) -> str: ...
    @property
    def reads_instructions(self) -> bool: ...
    def encode(self, pairs: Sequence[Pair]) -> list[Encoded]: ...
    def lengths(self, texts: Sequence[str]) -> list[int]: ...
    def shortened(self, max_length: int) -> Template: ...


def fitted(query: int, document: int, room: int) -> tuple[int, int]:
    """How many tokens of query and document are read: where both are long, half of the room each.

    So a long query cannot evict the document, nor a long document the query; what one leaves, the other gets. This is
    how "longest first" truncation comes out.

    >>> fitted(10, 100, 60), fitted(300, 100, 60), fitted(300, 10, 60)
    ((10, 50), (30, 30), (50, 10))
    """
    query = min(query, max(room // 2, room - document))
    return query, min(document, room - query)


def cut_notes(query: int, document: int, ignored: bool = False) -> dict[str, Any]:
    """The remarks on tokens that did not fit, and on an instruction that was not read; empty when all was read."""
    found = {"truncated_tokens": document, "truncated_query_tokens": query, "instruction_not_read": ignored}
    return {name: value for name, value in found.items() if value}


class PairTemplate:
    """Query and document with the special tokens that the model's own tokenizer puts around a pair.

    Args:
        tokens: the model's tokenizer.
        max_length: most tokens of a pair, special ones included.
        types: whether the model reads token types.
        prompt: text that the model's folder wants in front of every query.

    Raises:
        InputError: the window leaves no room for both texts.
    """

    reads_instructions = False

    def __init__(self, tokens: Tokens, max_length: int, *, types: bool = True, prompt: str = "") -> None:
        self._tokens, self._types, self._prompt = tokens, types, prompt
        self.max_length = max_length
        self._layout = layout = tokens.layout()
        self._room = max_length - len(layout.before) - len(layout.between) - len(layout.after)
        if self._room < 2:
            raise InputError(f"max_length must be at least {max_length - self._room + 2}, got {max_length}")

    @property
    def digest(self) -> str:
        """What decides the ids beside the tokenizer."""
        return f"pair:{self.max_length}:{self._prompt}"

    def shortened(self, max_length: int) -> PairTemplate:
        """The same template with another window."""
        return PairTemplate(self._tokens, max_length, types=self._types, prompt=self._prompt)

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has."""
        return [len(ids) for ids in self._tokens.texts(texts)]

    def encode(self, pairs: Sequence[Pair]) -> list[Encoded]:
        """Each pair's ids; every distinct text is tokenised once."""
        most = self.max_length * CHARACTERS_A_TOKEN
        queries, left = distinct((self._prompt + query.text)[:most] for query, _ in pairs)
        documents, right = distinct(document.full_text[:most] for _, document in pairs)
        query_ids, document_ids = self._tokens.texts(queries), self._tokens.texts(documents)
        return [
            self._joined(query_ids[q], document_ids[d], bool(pair[0].instruction))
            for pair, q, d in zip(pairs, left.tolist(), right.tolist(), strict=True)
        ]

    def _joined(self, query: list[int], document: list[int], ignored: bool) -> Encoded:
        q, d = fitted(len(query), len(document), self._room)
        head = self._layout.before + query[:q] + self._layout.between
        ids = head + document[:d] + self._layout.after
        second = len(head) if self._types and self._layout.types == (0, 1) else len(ids)
        return Encoded(ids, second, 0, cut_notes(len(query) - q, len(document) - d, ignored))
