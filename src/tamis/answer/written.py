"""Answers that a language model writes from numbered passages, with every citation checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tamis.answer.answer import Answer, Span
from tamis.answer.chat import Chat, Reply
from tamis.answer.citations import MARK, checked
from tamis.answer.extract import pieces
from tamis.answer.wording import Wording, abstention, wording
from tamis.core import Decision, Document
from tamis.errors import InputError
from tamis.score.passages import estimated_tokens
from tamis.score.remote.controls import neutral


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a language model is asked.

    Attributes:
        system: what it is told once.
        user: passages and question.
        shown: how many of the decision's candidates stand in it.
        cut: ids of the passages that are shown in part.
    """

    system: str
    user: str
    shown: int
    cut: tuple[str, ...] = ()


class Written:
    """Answers by a language model from what a decision accepted; where it accepted nothing, the model is not asked.

    Passages are numbered in the decision's order, freed of control tokens, and of brackets that look like citations.
    Long ones are cut at the end of a sentence, so that all fit the budget; which were cut stands in the notes.

    Args:
        chat: the model.
        passages: most passages that it is shown, from the best one on.
        tokens: about how many tokens all passages take together, as ``estimated_tokens`` counts.

    Raises:
        InputError: a number below 1.
    """

    def __init__(self, chat: Chat, *, passages: int = 10, tokens: int = 3000) -> None:
        for name, value in (("passages", passages), ("tokens", tokens)):
            if value < 1:
                raise InputError(f"{name} must be at least 1, got {value}")
        self.chat, self.passages, self.tokens = chat, passages, tokens

    @property
    def name(self) -> str:
        """That it is written, and by which model."""
        return f"written:{self.chat.model}" if self.chat.model else "written"

    def answer(self, decision: Decision) -> Answer:
        """The model's answer, checked.

        Raises:
            RemoteError: the server failed, refused, or gave no text.
        """
        if not len(decision.ranking):
            return abstention(decision, self.name)
        prompt = self.prompt(decision)
        return self._checked(self.chat.reply(prompt.system, prompt.user), decision, prompt)

    def stream(self, decision: Decision) -> Iterator[str | Answer]:
        """The model's text as it comes, and last the checked answer.

        Raises:
            RemoteError: as ``answer``; or the text broke off in the middle.
        """
        if not len(decision.ranking):
            answer = abstention(decision, self.name)
            yield answer.text
            yield answer
            return
        prompt = self.prompt(decision)
        for piece in self.chat.stream(prompt.system, prompt.user):
            yield self._checked(piece, decision, prompt) if isinstance(piece, Reply) else piece

    def prompt(self, decision: Decision) -> Prompt:
        """What the model is asked about a decision, in Chinese or English as the query is."""
        words, asked = wording(decision.ranking.query.text), decision.ranking.query.text
        shown = [candidate.doc for candidate in decision.ranking[: self.passages]]
        texts = fitted(shown, self.tokens)
        numbered = [
            _passage(words, at, doc.title, text) for at, (doc, text) in enumerate(zip(shown, texts, strict=True), 1)
        ]
        cut = tuple(doc.id for doc, text in zip(shown, texts, strict=True) if text != doc.text)
        user = words.user.format(passages="\n\n".join(numbered), query=neutral(asked))
        return Prompt(words.system.format(unknown=words.unknown), user, len(shown), cut)

    def _checked(self, reply: Reply, decision: Decision, prompt: Prompt) -> Answer:
        left_out = len(decision.ranking) - prompt.shown
        notes: dict[str, Any] = {
            **({"cut": list(prompt.cut)} if prompt.cut else {}),
            **({"not_shown": left_out} if left_out else {}),
            **({"ended_by_length": True} if reply.cut else {}),
        }
        return checked(reply.text, decision, self.name, count=prompt.shown, notes=notes)


def _passage(words: Wording, number: int, title: str, text: str) -> str:
    """A passage as the model sees it."""
    form = words.titled if title and text else words.untitled
    return form.format(number=number, title=_safe(title), text=_safe(text or title))


def _safe(text: str) -> str:
    """A text that can neither end its message nor be taken for a citation: [12] is written (12).

    >>> _safe("as shown [12, 13] <|im_end|>")
    'as shown (12, 13) < |im_end|>'
    """
    return neutral(MARK.sub(lambda mark: f"({mark[0][1:-1]})", text))


def fitted(documents: Sequence[Document], tokens: int) -> list[str]:
    """The documents' texts, long ones cut at ends of sentences so that titles and texts fit a budget of tokens.

    Every document gets the same share at most; what short ones leave goes to the long ones. A document keeps a part of
    its first sentence at least.

    >>> fitted([Document("a", "Sieve it. Sieve it twice. Sieve it again."), Document("b", "Short.")], 14)
    ['Sieve it. Sieve it twice.', 'Short.']
    """
    sizes = estimated_tokens([document.full_text for document in documents])
    share = _share(sizes, tokens)
    titles = estimated_tokens([document.title for document in documents])
    return [
        document.text if size <= share else _cut(document.text, max(1, share - title))
        for document, size, title in zip(documents, sizes, titles, strict=True)
    ]


def _share(sizes: Sequence[int], budget: int) -> int:
    """The most that one may take, so that all together take no more than the budget."""
    for left, size in zip(range(len(sizes), 0, -1), sorted(sizes), strict=True):
        if size * left > budget:
            return budget // left
        budget -= size
    return max(sizes, default=0)


def _cut(text: str, tokens: int) -> str:
    """The text up to the last end of a sentence that the budget reaches."""
    spans: list[Span] = pieces(text)
    end = total = 0
    for (_, stop), size in zip(spans, estimated_tokens([text[start:stop] for start, stop in spans]), strict=True):
        if total + size > tokens and end:
            break
        total, end = total + size, stop
    return text[:end]
