"""What is known of models, devices, indexes and prices: rows, each with where it is from and how far off it may be."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tamis.errors import NotFoundError
from tamis.scale.plan.costs import Cost
from tamis.scale.plan.profile import Profile

SHEET = "peak of the maker's data sheet (dense, 16 bits)"
HERE = "measured on two shared AVX2 cores, 2026"
ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model by its size.

    Attributes:
        parameters: that every token goes through: without word vectors.
        memory: bytes in memory in 16 bits, word vectors too; on a CPU twice as many.
        beside: tokens a pair beside the document's: the query, the prompt.
    """

    name: str
    parameters: float
    memory: float
    beside: float = 16.0


@dataclass(frozen=True, slots=True)
class Device:
    """What computes.

    Attributes:
        peak: floating-point operations a second; of a CPU those of one core.
        used: share of the peak that scoring reaches.
        memory: bytes; 0 for the machine's own.
        price: money an hour; of a CPU one core's.
        source: of the peak, with the year.
        certainty: how far off the seconds may be, as a factor.
    """

    name: str
    peak: float
    used: float
    memory: float
    price: float
    source: str
    certainty: float


@dataclass(frozen=True, slots=True)
class IndexRow:
    """An index by what it takes.

    Attributes:
        vector: bytes in memory a document beside one for each dimension: graph, identifiers; None without vectors.
        scale: bytes a dimension.
        words: bytes a document of the lexical index, in memory (mapped) and on the disk.
        seconds: processor seconds of a query over a million documents.
        growth: to which power of the number of documents that grows.
        tail: p99 over p50 of one shard.
        source: where the numbers are from.
    """

    name: str
    vector: float | None
    scale: float
    words: float
    seconds: float
    growth: float
    tail: float
    source: str

    def memory(self, dimensions: int) -> float:
        """Bytes in memory a document."""
        return self.words + (0.0 if self.vector is None else self.vector + self.scale * dimensions)

    def recall(self, documents: float) -> float:
        """Processor seconds of a query over so many documents."""
        return self.seconds * math.pow(max(documents, 1.0) / 1e6, self.growth)


@dataclass(frozen=True, slots=True)
class Prices:
    """Money; all are assumptions, of no vendor, to be put right by options.

    Attributes:
        core, gigabyte: an hour of a processor core, and of a gigabyte of memory.
        disk: a month of a gigabyte of fast disk.
        card: an hour of an accelerator; the device's row where None.
    """

    core: float = 0.04
    gigabyte: float = 0.005
    disk: float = 0.1
    card: float | None = None


MODELS = {
    row.name: row
    for row in (
        ModelRow("minilm-l6", 10.6e6, 45e6),
        ModelRow("bge-reranker-base", 85e6, 560e6),
        ModelRow("bge-reranker-v2-m3", 302e6, 1.14e9),
        ModelRow("qwen3-reranker-0.6b", 440e6, 1.2e9, 32.0),
        ModelRow("qwen3-reranker-4b", 3.6e9, 8.1e9, 32.0),
        ModelRow("qwen3-reranker-8b", 6.95e9, 15.2e9, 32.0),
    )
}

# Of accelerators what a reranker reaches is assumed: published measurements say the pairs and not their tokens.
DEVICES = {
    row.name: row
    for row in (
        Device("cpu", 98e9, 0.7, 0, 0.04, f"one thread's matrix product, {HERE}", 1.5),
        Device("l4", 121e12, 0.3, 24e9, 0.8, f"{SHEET}, 2023", 2.0),
        Device("a10", 125e12, 0.3, 24e9, 1.0, f"{SHEET}, 2021", 2.0),
        Device("l40s", 362e12, 0.3, 48e9, 1.9, f"{SHEET}, 2023", 2.0),
        Device("a100", 312e12, 0.3, 80e9, 2.5, f"{SHEET}, 2020", 2.0),
        Device("h100", 989e12, 0.3, 80e9, 4.0, f"{SHEET}, 2022", 2.0),
    )
}

INDEXES = {
    row.name: row
    for row in (
        IndexRow("hybrid", 146.0, 1.0, 300.0, 0.015, 0.3, 2.5, "measured at a million (.0147 with encoding the query)"),
        IndexRow("words", None, 0.0, 300.0, 0.010, 0.5, 3.0, "measured at a million (.0046), taken twofold"),
        IndexRow("vectors", 146.0, 1.0, 0.0, 0.005, 0.1, 2.0, "measured at a million (.0028), taken twofold"),
        IndexRow("compressed", 42.0, 0.5, 300.0, 0.015, 0.5, 2.5, "bytes measured (RaBitQ, 4 bits), seconds assumed"),
    )
}  # fmt: skip

# What tamis plan --measure wrote on the machine of the benchmarks; scripts/bench plan measures it anew.
MEASURED = {
    "tamis-mini": Profile(
        "tamis-mini",
        Cost(0.013, 0.001, 0.00021),
        1.0,
        Cost(0.003, 1.2e-5, 4e-7),
        memory=450e6,
        source=HERE,
        certainty=1.5,
    )
}


def worked_out(model: ModelRow, device: Device) -> Profile:
    """A model's profile by arithmetic: two operations a parameter and token, at the share of the peak that is reached.

    >>> found = worked_out(MODELS["bge-reranker-base"], DEVICES["l4"])
    >>> f"{found.scoring.token * 1e6:.1f} microseconds a token, give or take a factor of {found.certainty:g}"
    '4.7 microseconds a token, give or take a factor of 2'
    """
    token = 2 * model.parameters / (device.peak * device.used)
    own = device.name == "cpu"
    scoring = Cost(batch=0.0 if own else 0.005, pair=model.beside * token, token=token)
    source = f"2 x {model.parameters / 1e6:,.0f}M operations a token at {device.used:.0%} of the {device.source}"
    memory = 300e6 + (2 * model.memory if own else 0)
    return Profile(
        model.name, scoring, 1.0 if own else 0.0, MEASURED["tamis-mini"].front, memory=memory, device=device.name,
        source=source, certainty=device.certainty,
    )  # fmt: skip


def known(model: str, device: str = "cpu") -> Profile:
    """What the tables say of a model on a device.

    Raises:
        NotFoundError: they say nothing of the one or the other.
    """
    if device == "cpu" and model in MEASURED:
        return MEASURED[model]
    if model not in MODELS:
        names = ", ".join([*MEASURED, *MODELS])
        raise NotFoundError(
            f"no model {model!r:.60} in the tables for {device!r:.20}: expected one of {names} (tamis-mini on the CPU "
            "only), or measure yours: tamis plan --measure MODEL -o profile.json, then --profile profile.json"
        )
    if device not in DEVICES:
        raise NotFoundError(f"no device {device!r:.60} in the tables: expected one of {', '.join(DEVICES)}")
    return worked_out(MODELS[model], DEVICES[device])
