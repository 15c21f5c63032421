"""How to train: options by what they decide, each a value that is written into the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from tamis.errors import InputError
from tamis.train.tune import Full, Tune

if TYPE_CHECKING:
    from tamis.train.losses.base import Loss

Kind: TypeAlias = Literal["cross-encoder", "bi-encoder"]
Precision: TypeAlias = Literal["float32", "bfloat16", "float16"]
Falling: TypeAlias = Literal["linear", "cosine", "constant"]


def at_least(least: float, **values: float) -> None:
    """Refuse options below a bound.

    Raises:
        InputError: one is.
    """
    for name, value in values.items():
        if not value >= least:
            raise InputError(f"{name} must be at least {least:g}, got {value!r}")


@dataclass(frozen=True, slots=True)
class Batches:
    """What one step sees.

    Attributes:
        queries: queries a step, over all processes.
        documents: documents of a query a step, positives included; a query's others are drawn in other epochs.
        epochs: how often every query is seen; None is three times, or as often as ``max_steps`` takes.
        max_steps: steps in all; with ``epochs``, whichever ends first.
        in_batch: bi-encoders take the other queries' documents of a step as negatives too, where the loss can.
        tokens: tokens that go through the network at once; None is what suits the device. What a step has more is
            taken in parts whose gradients add up exactly.
    """

    queries: int = 16
    documents: int = 8
    epochs: float | None = None
    max_steps: int | None = None
    in_batch: bool = True
    tokens: int | None = None

    def __post_init__(self) -> None:
        at_least(1, queries=self.queries, tokens=self.tokens or 1)
        at_least(2, documents=self.documents)
        at_least(1, max_steps=1 if self.max_steps is None else self.max_steps)
        if self.epochs is not None and not self.epochs > 0:
            raise InputError(f"epochs must be above 0, got {self.epochs!r}")


@dataclass(frozen=True, slots=True)
class Learning:
    """How far a step goes.

    Attributes:
        rate: highest learning rate; None is what suits the tuning (``Tune.rate``), four times as much where a base
            gets a new head.
        head_rate: that of parameters which begin as random numbers; None is five times ``rate``.
        warmup: share of the steps in which the rate rises from 0, in [0, 1].
        falling: how it falls after that: to 0 in a line, as a cosine, or not at all.
        decay: weight decay of matrices; biases and norms have none.
        rows: word vectors that a step does not show stay as they are, decay and moments included, which makes steps of
            large vocabularies many times faster; several processes never do so.
        clip: longest gradient; a longer one is shortened to it.
    """

    rate: float | None = None
    head_rate: float | None = None
    warmup: float = 0.1
    falling: Falling = "linear"
    decay: float = 0.01
    rows: bool = True
    clip: float = 1.0

    def __post_init__(self) -> None:
        at_least(0, rate=self.rate or 0, head_rate=self.head_rate or 0, decay=self.decay, warmup=self.warmup)
        if self.warmup > 1 or not self.clip > 0:
            raise InputError(f"warmup is a share in [0, 1] and clip above 0, got {self.warmup!r} and {self.clip!r}")


@dataclass(frozen=True, slots=True)
class Watch:
    """When training looks up from its work.

    Attributes:
        evaluate: steps between measurements on the dev queries; None is ten times in all.
        checkpoint: steps between checkpoints; None is with every measurement.
        patience: measurements without a better nDCG@10 after which training ends; None never ends early.
        keep: checkpoints that are kept, beside the best one.
    """

    evaluate: int | None = None
    checkpoint: int | None = None
    patience: int | None = 5
    keep: int = 2

    def __post_init__(self) -> None:
        for name in ("evaluate", "checkpoint", "patience", "keep"):
            value = getattr(self, name)
            at_least(1, **{name: 1 if value is None else value})


@dataclass(frozen=True, slots=True)
class Options:
    """All that decides a training run beside its data and its base.

    Attributes:
        loss: what is learnt; None is what suits the kind of model and the data.
        tune: which parameters learn.
        precision: what products are computed in; weights are kept in float32. None is bfloat16 on CUDA, else float32.
        recompute: forget activations within layers and compute them again: a third slower, far less memory.
        max_length: tokens of a text, or of a pair, that are read; None is the base's window.
        layers: layers of the base that are kept, the lowest; None keeps all.
        dropout: share of activations that is left out while training; None is what the base's config says.
        seed: decides everything that is drawn.
        device: a torch device, or ``"auto"``.
    """

    loss: Loss | None = None
    tune: Tune = field(default_factory=Full)
    batches: Batches = Batches()
    learning: Learning = Learning()
    watch: Watch = Watch()
    precision: Precision | None = None
    recompute: bool = False
    max_length: int | None = None
    layers: int | None = None
    dropout: float | None = None
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.dropout is not None and not 0 <= self.dropout < 1:
            raise InputError(f"dropout is a share in [0, 1), got {self.dropout}")

    def as_json(self) -> dict[str, Any]:
        """The options as JSON values; a loss or tuning is its name and its own options.

        >>> Options().as_json()["tune"]
        {'name': 'full', 'freeze_layers': None}
        """
        return {name: named(getattr(self, name)) for name in self.__slots__}


def named(value: Any) -> Any:
    """A value as JSON; small classes with a ``name`` say it."""
    if not is_dataclass(value) or isinstance(value, type):
        return value if isinstance(value, (str, int, float, bool, type(None), Mapping)) else str(value)
    fields = {key: named(getattr(value, key)) for key in asdict(value)}
    return {"name": value.name, **fields} if hasattr(value, "name") else fields
