"""Contenders timed in turns, with what each computes: seconds, floating-point operations, score differences.

Products and attention of PyTorch are counted as they are called, whichever library calls them; those of ONNX Runtime
from the shapes its sessions are fed. So padding counts, and what a contender leaves out does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

OfSession: TypeAlias = Callable[[Any, Mapping[str, NDArray[Any]]], float]  # session and what it is fed: operations

GEMMS = ((1024, 1024, 1024), (512, 384, 1536))  # (m, k) x (k, n)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a network's arithmetic depends on.

    Attributes:
        layers, hidden, inner: number of layers, width, width of the perceptron.
    """

    layers: int
    hidden: int
    inner: int

    def flops(self, rows: int, width: int) -> float:
        """Operations of a padded batch through all layers: products of weights and of attention, 2 a multiply-add."""
        weights = 4 * self.hidden**2 + 2 * self.hidden * self.inner
        return 2.0 * self.layers * rows * width * (weights + 2 * width * self.hidden)

    def packed_flops(self, lengths: Sequence[int], width: int) -> float:
        """Operations where only attention is padded, and the last layer is computed for one token a sequence."""
        tokens, rows = float(sum(lengths)), len(lengths)
        weights = 4 * self.hidden**2 + 2 * self.hidden * self.inner
        whole = tokens * weights + 2.0 * rows * width**2 * self.hidden
        keys = 2 * self.hidden**2
        last = tokens * keys + rows * (weights - keys + 2.0 * width * self.hidden)
        return 2.0 * ((self.layers - 1) * whole + last)


@dataclass(slots=True)
class Contender:
    """A way to score the workload.

    Attributes:
        name: as the table says it.
        run: scores of the pairs, in their order, on the scale of ``reference``.
        exact: whether its scores should equal those of the first contender.
        session_flops: operations of one call of an ONNX session; None where PyTorch is counted.
    """

    name: str
    run: Callable[[], NDArray[Any]]
    exact: bool = True
    session_flops: OfSession | None = None


@dataclass(slots=True)
class Found:
    """What was measured of a contender: seconds of every round, operations of one, its scores."""

    contender: Contender
    flops: float
    scores: NDArray[Any]
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return float(np.median(self.seconds))


@contextmanager
def counted(of_session: OfSession | None) -> Iterator[list[float]]:
    """Collects the operations of every product and attention within."""
    import onnxruntime
    import torch.nn.functional as F

    found: list[float] = []
    linear, attention, run = F.linear, F.scaled_dot_product_attention, onnxruntime.InferenceSession.run

    def counting_linear(x: Any, weight: Any, bias: Any = None) -> Any:
        found.append(2.0 * x.numel() * weight.shape[0])
        return linear(x, weight, bias)

    def counting_attention(q: Any, k: Any, v: Any, *rest: Any, **options: Any) -> Any:
        found.append(2.0 * q.numel() * k.shape[-2] * 2)
        return attention(q, k, v, *rest, **options)

    def counting_run(session: Any, names: Any, feeds: Any, *rest: Any) -> Any:
        if of_session:
            found.append(of_session(session, feeds))
        return run(session, names, feeds, *rest)

    F.linear, F.scaled_dot_product_attention = counting_linear, counting_attention
    onnxruntime.InferenceSession.run = counting_run
    try:
        yield found
    finally:
        F.linear, F.scaled_dot_product_attention = linear, attention
        onnxruntime.InferenceSession.run = run


def gemm_rates(seconds: float = 0.1) -> dict[str, float]:
    """GFLOP/s of fp32 products at ``GEMMS``, by PyTorch and by numpy."""
    import torch

    rates = {}
    for m, k, n in GEMMS:
        a, b = np.ones((m, k), dtype=np.float32), np.ones((k, n), dtype=np.float32)
        ta, tb = torch.from_numpy(a), torch.from_numpy(b)
        for name, product in (("torch", lambda a=ta, b=tb: torch.mm(a, b)), ("numpy", lambda a=a, b=b: a @ b)):
            product()
            start, times = time.perf_counter(), 0
            while time.perf_counter() - start < seconds:
                product()
                times += 1
            rates[f"{name} {m}x{k}x{n}"] = 2e-9 * m * k * n * times / (time.perf_counter() - start)
    return rates


def in_turns(contenders: Sequence[Contender], rounds: int) -> tuple[list[Found], dict[str, float]]:
    """Every contender once to warm up and be counted, then so many rounds; and the median GEMM rates of the rounds."""
    found = []
    for contender in contenders:
        with counted(contender.session_flops) as flops:
            scores = np.asarray(contender.run(), dtype=np.float64)
        found.append(Found(contender, sum(flops), scores))
    rates: list[dict[str, float]] = []
    for _ in range(rounds):
        rates.append(gemm_rates())
        for one in found:
            start = time.perf_counter()
            one.contender.run()
            one.seconds.append(time.perf_counter() - start)
    return found, {name: float(np.median([rate[name] for rate in rates])) for name in rates[0]}


def ahead(one: Found, other: Found) -> float:
    """How many times as fast one contender is as another: the median of the rounds' ratios."""
    return float(np.median(np.array(other.seconds) / np.array(one.seconds)))
