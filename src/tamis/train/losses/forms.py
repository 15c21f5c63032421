"""The losses by their words on the command line, a row each; imports without PyTorch until a loss is made."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tamis.errors import InputError

if TYPE_CHECKING:
    from tamis.train.losses.base import Loss


@dataclass(frozen=True, slots=True)
class LossForm:
    """A loss by its word.

    Attributes:
        name: the word.
        module, kind: where its class stands: the module of this package, and the class.
        says: what it asks of the scores, in a line.
    """

    name: str
    module: str
    kind: str
    says: str

    def load(self) -> type[Loss]:
        """The class, whose fields are the loss's options.

        Raises:
            MissingExtraError: PyTorch is not installed.

        >>> LOSSES["ranknet"].load()()
        RankNet(sigma=1.0)
        """
        kind: type[Loss] = getattr(importlib.import_module(f"tamis.train.losses.{self.module}"), self.kind)
        return kind


_ROWS = (
    LossForm("bce", "pointwise", "BCE", "each document: relevant or not"),
    LossForm("mse", "pointwise", "MSE", "each document: its label as a number"),
    LossForm("margin", "pairwise", "Margin", "each pair: the better leads by a margin (triplets)"),
    LossForm("ranknet", "pairwise", "RankNet", "each pair: the better first, logistic"),
    LossForm("lambda", "lambdas", "LambdaLoss", "each pair by its worth in nDCG; lambda@10 for nDCG@10"),
    LossForm("softmax", "listwise", "Softmax", "each positive against all that is lower (contrastive, InfoNCE)"),
    LossForm("listnet", "listwise", "ListNet", "each list: the labels as a distribution"),
    LossForm("listmle", "listwise", "ListMLE", "each list: the labels' order"),
    LossForm("plistmle", "listwise", "PListMLE", "each list: the labels' order, first places first"),
    LossForm("margin-mse", "distil", "MarginMSE", "each pair: the teacher's lead"),
    LossForm("kl", "distil", "KL", "each list: the teacher's distribution"),
    LossForm("teacher-mse", "distil", "TeacherMSE", "each document: the teacher's score"),
)
LOSSES: Mapping[str, LossForm] = MappingProxyType({row.name: row for row in _ROWS})

# What to learn with where nobody said: by what is trained, and whether the examples carry a teacher's scores.
DEFAULTS: Mapping[tuple[str, bool], str] = MappingProxyType(
    {
        ("cross-encoder", False): "lambda",
        ("causal", False): "bce",  # as Qwen's rerankers were trained; lists are advised against
        ("bi-encoder", False): "softmax",
        ("late-interaction", False): "softmax",  # as the base's own weights were fitted
        ("cross-encoder", True): "kl",
        ("causal", True): "kl",
        ("bi-encoder", True): "kl",
        ("late-interaction", True): "kl",
    }
)


def loss(text: str) -> Loss:
    """The loss a text stands for: ``name``, ``name@k``, ``name:option=value,option=value``.

    Raises:
        InputError: an unknown name or option, with the one perhaps meant, or a value that cannot be used.
        MissingExtraError: PyTorch is not installed.

    >>> loss("lambda@10")
    LambdaLoss(weighting=NDCG2PP(mu=10.0), k=10, sigma=1.0)
    >>> loss("bce:top_grade=3")
    BCE(top_grade=3.0, positive_weight=1.0)
    >>> loss("lamda@10")
    Traceback (most recent call last):
    ...
    tamis.errors.InputError: no loss is named 'lamda': did you mean 'lambda'?
    """
    head, _, tail = text.strip().partition(":")
    name, at, k = head.partition("@")
    kind = LOSSES[_known(name.lower(), tuple(LOSSES), "loss")].load()
    known = tuple(field.name for field in fields(kind))  # type: ignore[arg-type]
    given = [pair.partition("=") for pair in tail.split(",") if pair]
    values = {key.strip(): value.strip() for key, _, value in given} | ({"k": k} if at else {})
    options = {_known(key, known, f"option of {name!r}"): _read(key, value) for key, value in values.items()}
    return kind(**options)


def _known(word: str, words: Sequence[str], what: str) -> str:
    if word in words:
        return word
    near = difflib.get_close_matches(word, words, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(words) or 'none'}"
    raise InputError(f"no {what} is named {word!r}: {hint}")


def _read(option: str, value: str) -> Any:
    """An option's value as the loss takes it: numbers, except for what ``_READERS`` reads."""
    reader, expected = _READERS.get(option, (float, "a number"))
    try:
        return reader(value)
    except (ValueError, KeyError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{option} must be {expected}, got {value!r}") from error


def _weighting(word: str) -> Any:
    weightings = importlib.import_module("tamis.train.losses.lambdas").WEIGHTINGS
    return weightings[_known(word.lower(), tuple(weightings), "weighting")]()


_READERS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "k": (int, "a whole number, as in lambda@10"),
    "weighting": (_weighting, "a weighting"),
}
