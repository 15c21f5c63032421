"""The one call that every rerank dialect means, and what comes of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from tamis.answer import ScoredSpan
from tamis.errors import InputError
from tamis.serve.lib import pydantic

Field = pydantic.Field
Flag = pydantic.StrictBool
Entry = TypeVar("Entry")

MOST = 100_000  # entries of a list, whatever the bounds are: reading some megabytes of nothings would hold everybody up
FIELDS = 100  # of an object, and names in ``rank_fields``, each of which is looked for in every document


def whole(text: str) -> str:
    r"""The text with halves of characters replaced, which clients send that cut an emoji in two.

    >>> whole("\ud83d sieve"), whole("筛😀")
    ('\ufffd sieve', '筛😀')
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def plain(value: object) -> object:
    """The value; what is no number, but would be taken for one, is refused; in JSON, ``3.0`` is a whole number.

    Raises:
        ValueError: it is a text or a truth value.
    """
    if isinstance(value, bool | str | bytes):
        raise ValueError(f"expected a number, got {value!r:.60}")
    return value


Text = Annotated[pydantic.StrictStr, pydantic.AfterValidator(whole)]
Asked = Annotated[Text, Field(description="What is asked; not blank.", json_schema_extra={"pattern": r"\S"})]
# A name that a store can look up: without NUL, which databases take for a text's end.
Name = Annotated[str, pydantic.StringConstraints(strict=True, min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Plain = pydantic.BeforeValidator(plain)
# A list that is wrong is refused at its first wrong entry: a report on each would be a thousand times the body.
Several: TypeAlias = Annotated[list[Entry], Field(max_length=MOST, fail_fast=True)]
Count = Annotated[int, Field(ge=0), Plain]
Position = Annotated[int, Field(ge=1), Plain]
Amount = Annotated[pydantic.FiniteFloat, Plain]


class Few(pydantic.BaseModel):
    """An object that may have only so many fields: those that are not known would be reported one by one."""

    @pydantic.model_validator(mode="before")
    @classmethod
    def few(cls, given: object) -> object:
        """The object.

        Raises:
            ValueError: it has too many fields.
        """
        if isinstance(given, dict) and len(given) > FIELDS:
            raise ValueError(f"expected at most {FIELDS} fields, got {len(given):,}")
        return given


@dataclass(frozen=True, slots=True)
class Spans:
    """Which parts of documents are told: those of at least this score, so many of a document."""

    threshold: float
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """Documents to be ranked for a query.

    Attributes:
        query, documents: texts.
        model: a model's name; empty for the server's own.
        instruction: what counts as relevant, for models that read one.
        limit: how many of the best are wanted; None for all.
        scores: probabilities where the server has a calibration, else the sigmoid of the logit; or raw logits.
        priority: 0 is worked on first.
        longest: about how many tokens of a document are read; None is what the model can.
        spans: which parts of the documents are told; None for none.
    """

    query: str
    documents: tuple[str, ...]
    model: str = ""
    instruction: str = ""
    limit: int | None = None
    scores: Literal["share", "raw"] = "share"
    priority: int = 0
    longest: int | None = None
    spans: Spans | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One ranked document: its position in the request, its score, and the parts that were asked for."""

    index: int
    score: float
    spans: Sequence[ScoredSpan] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a call.

    Attributes:
        id: the request's own.
        model: which model answered.
        items: best first; all documents.
        tokens: about how many were read.
        scale: what the scores are: only a calibration's are probabilities.
        policy: digest of the policy whose probabilities they are; empty where none is.
    """

    id: str
    model: str
    items: Sequence[Item]
    tokens: int
    scale: str = "sigmoid"
    policy: str = ""


class Request(pydantic.BaseModel):
    """A dialect's request; fields it does not know are ignored, as its clients send what other servers know."""

    model_config = pydantic.ConfigDict(extra="ignore", frozen=True)

    query: Asked
    model: Text | None = Field(None, description="A model of this server, or an alias; the default otherwise.")
    instruction: Text | None = Field(None, description="What counts as relevant, for models that read instructions.")
    priority: Count | None = Field(None, description="0 is worked on first.")

    @abstractmethod
    def call(self) -> Call:
        """What is meant."""

    @abstractmethod
    def answer(self, found: Answered) -> Any:
        """What came of it, as this dialect's clients read it."""

    def meant(self, documents: Sequence[str], **more: Any) -> Call:
        """A call with what all dialects share."""
        return Call(
            self.query,
            tuple(documents),
            model=self.model or "",
            instruction=self.instruction or "",
            priority=self.priority or 0,
            **more,
        )


class TextObject(pydantic.BaseModel):
    """A document as an object with a text, or with other fields of which ``rank_fields`` says which are read."""

    model_config = pydantic.ConfigDict(extra="allow", frozen=True)

    text: Text | None = None


Documents = Annotated[Several[Text | TextObject], Field(min_length=1, description="Texts, or objects with a text.")]
Names = Annotated[Several[Text], Field(max_length=FIELDS)]


def read(documents: Sequence[str | TextObject], fields: Sequence[str] | None = None) -> list[str]:
    """The documents' texts.

    Args:
        documents: texts or objects.
        fields: of an object, whose texts are read one after the other; its ``text`` where none are named.

    Raises:
        InputError: an object has no such field.

    >>> read(["a", TextObject(text="b")]), read([TextObject(title="c", body="d", year=1900)], ["title", "year"])
    (['a', 'b'], ['c\\n1900'])
    """
    return [
        one if isinstance(one, str) else _of_object(one, fields or ("text",), at) for at, one in enumerate(documents)
    ]


def _of_object(document: TextObject, fields: Sequence[str], at: int) -> str:
    held = {name: value for name, value in document.model_dump().items() if value is not None}
    found = [whole(str(held[name])) for name in dict.fromkeys(fields) if name in held]
    if not found:
        names, have = (", ".join(map(repr, names)) for names in (fields, held))
        raise InputError(f"documents[{at}]: expected a field {names}, got {have or 'none'}")
    return "\n".join(found)
