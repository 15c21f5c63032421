"""A model's tokenizer as templates use it: without state, and with control tokens out of the reach of user text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tamis.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Nothing past this many characters can fall inside a model's window, so a huge text is cut before it is tokenised.
CHARACTERS_A_TOKEN = 128
NO_LETTER = "\U0010fffd"  # of the private planes: in no vocabulary


@dataclass(frozen=True, slots=True)
class Layout:
    """What a tokenizer puts around a pair: token ids before the query, between, and after the document.

    ``types`` are the token types of the query's part and of the document's.
    """

    before: list[int]
    between: list[int]
    after: list[int]
    types: tuple[int, int]


class Tokens:
    """Token ids of user text and of a model's own control text.

    Nothing here changes the tokenizer after it was loaded (no truncation, no padding), so threads may share it: setting
    a window in one thread is how others got wrong scores (huggingface/transformers#47085).

    >>> from tokenizers import Tokenizer, models, pre_tokenizers
    >>> words = Tokenizer(models.WordLevel({"[UNK]": 0, "[SEP]": 1, "tamis": 2, "[": 3, "SEP": 4, "]": 5}, "[UNK]"))
    >>> words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    >>> _ = words.add_special_tokens(["[SEP]"])
    >>> tokens = Tokens(words)
    >>> tokens.literal("tamis[SEP]"), tokens.text("tamis[SEP]")
    ([2, 1], [2, 3, 4, 5])
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = True  # in text, special tokens are ordinary characters
        self._tokenizer = tokenizer
        added = tokenizer.get_added_tokens_decoder()
        # Runs of blanks are added tokens too, in some tokenizers: those are text.
        self._control = {token.content: at for at, token in added.items() if token.content.strip()}
        unknown = {token.id for token in tokenizer.model.tokenize(NO_LETTER)}  # not all models say what theirs is
        self._forbidden = frozenset(self._control.values()) - unknown
        self._split = _alternatives(self._control)
        self._disguised = _alternatives([token.content for token in added.values() if not token.special])

    def text(self, text: str) -> list[int]:
        """Ids of user text; what looks like a control token is read as the characters it is written with."""
        return self.texts([text])[0]

    def texts(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each user text."""
        encodings = self._tokenizer.encode_batch_fast([self._plain(t) for t in texts], add_special_tokens=False)
        return [self._allowed(encoding.ids) for encoding in encodings]

    def literal(self, text: str) -> list[int]:
        """Ids of a template's own text, in which control tokens are control tokens."""
        ids: list[int] = []
        for part in self.parts(text):
            ids += [self._control[part]] if part in self._control else self.text(part)
        return ids

    def parts(self, text: str) -> list[str]:
        """A template's text cut at its control tokens, which stand as parts of their own."""
        return [part for part in self._split.split(text) if part] if self._split else [text]

    def is_control(self, part: str) -> bool:
        """Whether a part is a control token."""
        return part in self._control

    def one(self, token: str) -> int:
        """The id of a word that is one token.

        Raises:
            ModelError: the tokenizer cuts it into several.
        """
        ids = self.text(token)
        if len(ids) != 1:
            raise ModelError(
                f"expected {token!r} to be one token of this model, got {len(ids)}: its answers cannot be read"
            )
        return ids[0]

    def first_characters(self, text: str, count: int) -> str:
        """The beginning of a text that its first ``count`` tokens cover."""
        offsets = self._tokenizer.encode(self._plain(text), add_special_tokens=False).offsets
        return text if len(offsets) <= count else self._plain(text)[: offsets[count - 1][1] if count else 0]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where each token of a text begins and ends, in characters."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).offsets)

    def layout(self) -> Layout:
        """What the tokenizer puts around a pair, read off an example.

        Raises:
            ModelError: it marks no place between the two texts.
        """
        both = self._tokenizer.encode("a", "a", add_special_tokens=True)
        of = both.sequence_ids
        query, document = ([at for at, side in enumerate(of) if side == wanted] for wanted in (0, 1))
        between = both.ids[query[-1] + 1 : document[0]]
        if not between:
            raise ModelError("the tokenizer puts nothing between query and document: it was not made for pairs")
        types = both.type_ids[query[0]], both.type_ids[document[0]]
        return Layout(both.ids[: query[0]], between, both.ids[document[-1] + 1 :], types)

    def around(self) -> tuple[list[int], list[int]]:
        """The ids that the tokenizer puts before and after a single text, read off an example."""
        one = self._tokenizer.encode("a", add_special_tokens=True)
        own = [at for at, side in enumerate(one.sequence_ids) if side is not None]
        return one.ids[: own[0]], one.ids[own[-1] + 1 :]

    def _plain(self, text: str) -> str:
        # A model reads what its own tokenizer makes of a text; only what cannot be encoded at all is replaced.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        # Added tokens that are not "special" are found in any text: a blank after the first character hides them.
        return self._disguised.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text) if self._disguised else text

    def _allowed(self, ids: list[int]) -> list[int]:
        # A unigram vocabulary may hold "</s>" as a piece of its own, which no splitting keeps from being found.
        return ids if self._forbidden.isdisjoint(ids) else [i for i in ids if i not in self._forbidden]


def _alternatives(strings: Sequence[str] | dict[str, int]) -> re.Pattern[str] | None:
    """A pattern that finds any of the strings, longest first, as a group; None where there are none but blanks."""
    longest = sorted((s for s in strings if s.strip()), key=len, reverse=True)
    return re.compile(f"({'|'.join(map(re.escape, longest))})") if longest else None
