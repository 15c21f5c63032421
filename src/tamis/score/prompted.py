"""The template that fills a prompt in: what is before the document is the same for all documents of a query."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from tamis.core import Pair
from tamis.errors import InputError, ModelError
from tamis.score.batch import distinct
from tamis.score.prompts import CUT, Prompt
from tamis.score.template import Encoded, cut_notes, fitted
from tamis.score.tokens import CHARACTERS_A_TOKEN, Tokens

SLOT = re.compile(r"(\{instruction\}|\{query\}|\{document\})")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a prompt: a control token's id, or text with slots that is tokenised as one."""

    ids: tuple[int, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A prompt's text, cut where tokens cannot cross.

    Attributes:
        before: what comes before the document: the same for all documents of a query.
        lead, tail: what is tokenised together with the document's text, left and right of it.
        after: token ids behind it.
    """

    before: tuple[Part, ...]
    lead: str
    tail: str
    after: tuple[int, ...]

    @classmethod
    def of(cls, text: str, tokens: Tokens) -> Form:
        """The form of a prompt's text.

        Raises:
            ModelError: it has not one place each for query and document, the query's first.
        """
        head, found, tail = text.partition("{document}")
        if not found or head.count("{query}") != 1 or SLOT.search(tail):
            raise ModelError(f"expected a prompt with one {{query}} and then one {{document}}, got {text!r:.300}")
        *before, around = [*parts(head, tokens), Part()] if _closed(head, tokens) else parts(head, tokens)
        # Where the query stands in the document's stretch, only the blank before the document belongs to it: tokens
        # of pre-tokenised vocabularies begin with their blank, and never reach over one from the left.
        at = len(around.text.rstrip(" ")) if SLOT.search(around.text) else 0
        last, *after = parts(tail, tokens) or [Part()]
        if last.ids:
            last, after = Part(), [last, *after]
        ids = [i for part in after for i in (part.ids or tokens.text(part.text))]
        return cls((*before, Part(text=around.text[:at])), around.text[at:], last.text, tuple(ids))

    def head(self, tokens: Tokens, query: str, instruction: str) -> list[int]:
        """The ids before the document's stretch."""
        filled = {"{query}": query, "{instruction}": instruction}
        ids: list[int] = []
        for part in self.before:
            ids += part.ids or tokens.text("".join(filled.get(piece, piece) for piece in SLOT.split(part.text)))
        return ids


def parts(text: str, tokens: Tokens) -> list[Part]:
    """The stretches of a prompt's text that tokens do not cross."""
    return [
        Part(ids=tuple(tokens.literal(piece))) if tokens.is_control(piece) else Part(text=piece)
        for stretch in text.split(CUT)
        for piece in (tokens.parts(stretch) or [""])
    ]


def _closed(head: str, tokens: Tokens) -> bool:
    """Whether the text before the document ends in a control token, so that the document begins a stretch."""
    return bool(parts(head, tokens)[-1].ids)


class PromptTemplate:
    """A prompt filled in with query, instruction and document, each pair within ``max_length`` tokens.

    Control tokens in users' texts stay text, the prompt's end always survives, and query and document have budgets of
    their own. The document is tokenised together with what surrounds it, as the official code does.

    Args:
        tokens: the model's tokenizer.
        prompt: how the model is asked.
        max_length: most tokens of a pair, the prompt's included.

    Raises:
        InputError: the window leaves no room for both texts.
        ModelError: the prompt has not one place each for query and document.
    """

    def __init__(self, tokens: Tokens, prompt: Prompt, max_length: int) -> None:
        self.prompt, self.max_length = prompt, max_length
        self._tokens = tokens
        self._room(prompt.instruction)

    @cached_property
    def _plain(self) -> Form:
        return Form.of(self.prompt.text, self._tokens)

    @cached_property
    def _instructed(self) -> Form:
        return Form.of(self.prompt.instructed or self.prompt.text, self._tokens)

    @property
    def digest(self) -> str:
        """What decides the ids beside the tokenizer."""
        text = repr((self.prompt.text, self.prompt.instructed, self.prompt.instruction))
        return f"prompt:{self.max_length}:{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    @property
    def reads_instructions(self) -> bool:
        """Whether the prompt has a place for an instruction."""
        return bool(self.prompt.instructed)

    def shortened(self, max_length: int) -> PromptTemplate:
        """The same template with another window."""
        return PromptTemplate(self._tokens, self.prompt, max_length)

    def with_instruction(self, instruction: str) -> PromptTemplate:
        """The same template with another default instruction."""
        return PromptTemplate(self._tokens, replace(self.prompt, instruction=instruction), self.max_length)

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has."""
        return [len(ids) for ids in self._tokens.texts(texts)]

    def encode(self, pairs: Sequence[Pair]) -> list[Encoded]:
        """Each pair's ids; every distinct query and document is tokenised once.

        Raises:
            InputError: an instruction leaves no room for texts.
        """
        most = self.max_length * CHARACTERS_A_TOKEN
        asked, left = distinct(f"{len(query.text)} {query.text}{query.instruction}" for query, _ in pairs)
        queries = {at: pair[0] for at, pair in zip(left.tolist(), pairs, strict=True)}
        read = [self._form(query.instruction) for query, _ in pairs]
        documents, right = distinct(
            form.lead + document.full_text[:most] + form.tail for form, (_, document) in zip(read, pairs, strict=True)
        )
        document_ids = self._tokens.texts(documents)
        heads = [self._head(queries[at].text[:most], queries[at].instruction) for at in range(len(asked))]
        return [
            self._joined(pair, form, heads[q], documents[d], document_ids[d])
            for pair, form, q, d in zip(pairs, read, left.tolist(), right.tolist(), strict=True)
        ]

    def _form(self, instruction: str) -> Form:
        return self._instructed if instruction or self.prompt.instruction else self._plain

    def _head(self, query: str, instruction: str) -> list[int]:
        return self._form(instruction).head(self._tokens, query, instruction or self.prompt.instruction)

    def _room(self, instruction: str) -> int:
        """Tokens that query and document have between them."""
        form = self._form(instruction)
        fixed = len(self._head("", instruction)) + self._around(form) + len(form.after)
        if self.max_length - fixed < 2:
            raise InputError(
                f"prompt and instruction take {fixed} tokens: max_length must be {fixed + 2} at least, "
                f"got {self.max_length}"
            )
        return self.max_length - fixed

    def _around(self, form: Form) -> int:
        """Tokens of what is tokenised together with the document."""
        return sum(map(len, self._tokens.texts([form.lead, form.tail])))

    def _joined(self, pair: Pair, form: Form, head: list[int], document: str, ids: list[int]) -> Encoded:
        query, whole, after = pair[0], len(ids), list(form.after)
        cut = 0
        if len(head) + len(ids) + len(after) > self.max_length:
            room, around = self._room(query.instruction), self._around(form)
            asked = len(head) + around + len(after) + room - self.max_length
            kept, _ = fitted(asked, len(ids) - around, room)
            head, cut = self._shortened(head, query.text, query.instruction, asked - kept)
            ids = self._cut(form, document, self.max_length - len(head) - len(after))
        ignored = bool(query.instruction) and not self.prompt.instructed
        together = head + ids + after
        shared = min(len(head), len(together) - 1)  # of a document that is empty something is left to read too
        return Encoded(together, len(together), shared, cut_notes(cut, whole - len(ids), ignored))

    def _shortened(self, head: list[int], query: str, instruction: str, over: int) -> tuple[list[int], int]:
        """The head with ``over`` tokens fewer, taken from the query's end, and how many those are."""
        if over <= 0:
            return head, 0
        most, whole = len(head) - over, len(self._tokens.text(query))
        for kept in range(max(0, whole - over), -1, -1):  # a cut text may have a token more than was counted
            head = self._head(self._tokens.first_characters(query, kept), instruction)
            if len(head) <= most:
                return head, whole - kept
        return head, whole

    def _cut(self, form: Form, document: str, room: int) -> list[int]:
        """The document's stretch within ``room`` tokens: its text is cut, what stands behind it is not."""
        tail = self._tokens.text(form.tail) if form.tail else []
        return self._tokens.text(document.removesuffix(form.tail))[: max(0, room - len(tail))] + tail
