"""The template of a single text: the prefix of its kind, the text, and the tokenizer's special tokens around them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tamis.core import Kind
from tamis.errors import InputError
from tamis.score.template import Encoded, cut_notes
from tamis.score.tokens import CHARACTERS_A_TOKEN, Tokens


@dataclass(frozen=True, slots=True)
class Prefixes:
    """What is written in front of a text, by its kind; both empty for models that know no kinds.

    ``lower`` says that prefix and text are written in lower case before they are tokenised.
    """

    query: str = ""
    document: str = ""
    lower: bool = False

    def of(self, kind: Kind) -> str:
        """The prefix of one kind."""
        return self.query if kind == "query" else self.document


class TextTemplate:
    """Texts to token ids: what does not fit ``max_length`` is cut from the text's end.

    Prefix and text are tokenised as one, as sentence-transformers does; control tokens of a prefix (``<|im_start|>``)
    are control tokens, those in a text are the characters they are written with. Threads may share a template.

    Args:
        tokens: the model's tokenizer.
        max_length: most tokens of a text, prefix and special tokens included.
        prefixes: what is written in front of queries and documents.
        blank: the id that stands for a text without any token, where the tokenizer adds none of its own.

    Raises:
        InputError: the window leaves no room for text.

    >>> from tokenizers import Tokenizer, models, pre_tokenizers
    >>> words = Tokenizer(models.WordLevel({"[UNK]": 0, "q": 1, ":": 2, "tamis": 3}, "[UNK]"))
    >>> words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    >>> template = TextTemplate(Tokens(words), 4, Prefixes(query="q: "))
    >>> [e.ids for e in template.encode(["tamis", "tamis tamis tamis"], "query")]
    [[1, 2, 3], [1, 2, 3, 3]]
    """

    def __init__(self, tokens: Tokens, max_length: int, prefixes: Prefixes = Prefixes(), *, blank: int = 0) -> None:
        self._tokens, self._blank = tokens, blank
        self.max_length, self.prefixes = max_length, prefixes
        before, after = tokens.around()
        split = {kind: _split(tokens, prefixes.of(kind)) for kind in KINDS}
        # Ids that begin a sequence of each kind, and the text that its texts begin with.
        self._heads = {kind: before + tokens.literal(control) for kind, (control, _) in split.items()}
        self._texts = {kind: text for kind, (_, text) in split.items()}
        self._after = after
        least = 1 + max(len(self._heads[k]) + len(tokens.text(self._texts[k])) for k in KINDS) + len(after)
        if max_length < least:
            raise InputError(f"max_length must be at least {least}, got {max_length}")

    @property
    def digest(self) -> str:
        """What decides the ids beside the tokenizer."""
        return f"text:{self.max_length}:{hashlib.sha256(repr(self.prefixes).encode()).hexdigest()[:12]}"

    def shortened(self, max_length: int) -> TextTemplate:
        """The same template with another window."""
        return TextTemplate(self._tokens, max_length, self.prefixes, blank=self._blank)

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has by itself."""
        return [len(ids) for ids in self._tokens.texts(texts)]

    def encode(self, texts: Sequence[str], kind: Kind) -> list[Encoded]:
        """Each text's ids, in order; a note says how many tokens of a text did not fit.

        Raises:
            InputError: the kind is neither "query" nor "document".
        """
        if kind not in KINDS:
            raise InputError(f"kind must be {' or '.join(map(repr, KINDS))}, got {kind!r}")
        most, head = self.max_length * CHARACTERS_A_TOKEN, self._heads[kind]
        room = self.max_length - len(head) - len(self._after)
        written = [self._texts[kind] + text[:most] for text in texts]
        found = self._tokens.texts([text.lower() for text in written] if self.prefixes.lower else written)
        return [self._joined(head, ids, room) for ids in found]

    def _joined(self, head: list[int], ids: list[int], room: int) -> Encoded:
        together = head + ids[:room] + self._after or [self._blank]
        return Encoded(together, len(together), 0, cut_notes(0, max(0, len(ids) - room)))


KINDS: tuple[Kind, ...] = ("query", "document")


def prefixes_of(settings: Mapping[str, object]) -> Prefixes:
    """The prefixes that a sentence-transformers folder states in its ``prompts``.

    >>> prefixes_of({"prompts": {"query": "query: ", "passage": "passage: "}})
    Prefixes(query='query: ', document='passage: ', lower=False)
    """
    stated = settings.get("prompts")
    prompts = stated if isinstance(stated, Mapping) else {}
    usual = prompts.get(settings.get("default_prompt_name")) or ""
    document = next((name for name in ("document", "passage", "corpus") if name in prompts), "")
    found = [str(prompts[name] or "") if name in prompts else str(usual) for name in ("query", document)]
    return Prefixes(found[0], found[1], bool(settings.get("do_lower_case")))


def _split(tokens: Tokens, prefix: str) -> tuple[str, str]:
    """A prefix's beginning up to its last control token, and what follows, which is tokenised with the text."""
    parts = tokens.parts(prefix)
    last = max((at for at, part in enumerate(parts) if tokens.is_control(part)), default=-1)
    return "".join(parts[: last + 1]), "".join(parts[last + 1 :])
