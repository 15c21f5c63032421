"""Questions a language model writes for documents, in the documents' language."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tamis.answer.chat import Chat
from tamis.core import Document, Progress
from tamis.data import query_key
from tamis.errors import InputError, RemoteError
from tamis.score.remote.controls import neutral
from tamis.text import Language, detect
from tamis.train.sources.derive import Derivation, Lengths
from tamis.train.sources.rows import Derived

ENDS_ALL = frozenset({401, 403, 404, 429})  # what the next document would meet as well, after all tries
IN_A_ROW = 5  # failures one after the other that are no accident

SYSTEM: dict[Language, str] = {
    "zh": "你为搜索引擎编写训练数据。只输出一个 JSON 字符串数组，不要解释。",
    "en": "You write training data for a search engine. Answer with a JSON array of strings only, no explanation.",
}
USER: dict[Language, str] = {
    "zh": "请写出 {count} 个用户可能提出、且下面这段文字能够回答的问题。问题要用中文，简短具体，彼此不同，"
    "脱离原文也能看懂，不要照抄原句。\n\n文字：\n{text}",
    "en": "Write {count} questions a user might ask that the passage below answers. Write in the language of the "
    "passage. Make them short, specific and different from each other; each must make sense without the passage, and "
    "must not copy its sentences.\n\nPassage:\n{text}",
}

_fenced = re.compile(r"^\s*```(?:json)?\s*\n(.*?)\n?```\s*$", re.DOTALL)
_numbered = re.compile(r"^\s*(?:[-*•]|\(?\d{1,2}[.)、）:：])\s*")


@dataclass(frozen=True, slots=True)
class Asked:
    """A language model's questions; what it answers otherwise is counted and left out.

    Attributes:
        chat: the model.
        count: questions that are asked for a document.
        lengths: of queries and documents.
        longest: characters of a document that the model is shown.

    Raises:
        InputError: ``count`` or ``longest`` is below 1.
    """

    chat: Chat
    count: int = 3
    lengths: Lengths = field(default_factory=Lengths)
    longest: int = 6000

    def __post_init__(self) -> None:
        if self.count < 1 or self.longest < 1:
            raise InputError(f"count and longest must be at least 1, got {self.count} and {self.longest}")

    def derive(self, documents: Sequence[Document], progress: Progress | None = None) -> Derivation:
        """Pairs in the order of the documents, and how many answers and questions were left out for which reason.

        Raises:
            RemoteError: the server refuses any request (key, model, URL, patience), or five documents one after the
                other; a document that alone cannot be asked about is counted.
        """
        pairs: list[Derived] = []
        removed: Counter[str] = Counter()
        failed = 0
        side = self.chat.client.options.connections
        with ThreadPoolExecutor(side, thread_name_prefix="tamis-chat") as pool:
            for start in range(0, len(documents), 4 * side):  # in parts, so that a refusal ends it soon
                part = documents[start : start + 4 * side]
                for document, said in zip(part, list(pool.map(self._said, part)), strict=True):
                    failed = failed + 1 if isinstance(said, RemoteError) else 0
                    if isinstance(said, RemoteError):
                        if said.status in ENDS_ALL or said.status is None or failed == IN_A_ROW:
                            raise said
                        removed["no answer from the server"] += 1
                    elif (questions := parse(said)) is None:
                        removed["answer that is no list of questions"] += 1
                    else:
                        pairs += self._pairs(document, questions, removed)
                if progress:
                    progress(start + len(part), len(documents))
        return Derivation(pairs, dict(removed))

    def _said(self, document: Document) -> str | RemoteError:
        text = neutral(document.full_text[: self.longest])
        language: Language = "zh" if detect(text) == "zh" else "en"
        wanted = USER[language].replace("{count}", str(self.count)).replace("{text}", text)
        try:
            return self.chat.reply(SYSTEM[language], wanted).text
        except RemoteError as error:
            return error

    def _pairs(self, document: Document, questions: Sequence[str], removed: Counter[str]) -> list[Derived]:
        kept: dict[str, Derived] = {}
        for question in questions[: self.count]:
            pair = Derived(" ".join(question.split()), document.full_text, document.id, "model")
            if why := self.lengths.why_not(pair) or _other_language(pair):
                removed[why] += 1
            else:
                kept.setdefault(query_key(pair.query), pair)
        return list(kept.values())


def _other_language(pair: Derived) -> str:
    asked, written = detect(pair.query), detect(pair.document)
    return "question in another language" if {asked, written} == {"zh", "en"} else ""


def parse(answer: str) -> list[str] | None:
    """The questions of an answer: a JSON list of strings, or lines that all end with a question mark; else None.

    >>> parse('["why?", "how?"]'), parse("1. Why?\\n2. How?"), parse("Sure, here are some questions")
    (['why?', 'how?'], ['Why?', 'How?'], None)
    """
    text = answer.strip()
    if fenced := _fenced.match(text):
        text = fenced[1].strip()
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        lines = [_numbered.sub("", line).strip() for line in text.splitlines() if line.strip()]
        return lines if lines and all(line.endswith(("?", "？")) for line in lines) else None
    if isinstance(value, dict) and len(value) == 1:
        (value,) = value.values()
    if not isinstance(value, list) or not value or not all(isinstance(q, str) and q.strip() for q in value):
        return None
    return value
