"""Bi-encoders of other folders: a template, an engine and nothing else make one encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from tamis.core import Kind, Vectors
from tamis.errors import InputError
from tamis.score.batch import distinct, fair, plan
from tamis.score.engine import Batch, Engine
from tamis.score.template import Encoded
from tamis.score.text_template import TextTemplate
from tamis.score.threads import ahead


class BiEncoder:
    """A model that reads one text and gives one unit vector.

    A text's vector depends on the text and its kind alone: neither the batch, nor the order, nor the number of threads
    changes it by more than rounding (1e-5 in fp32).

    Args:
        template: text to token ids.
        engine: token ids to vectors.
        dimension: length of a vector.
        digest: gives the digest of the model's files; asked when the fingerprint is first read.
    """

    def __init__(self, template: TextTemplate, engine: Engine, dimension: int, digest: Callable[[], str]) -> None:
        self.template, self.engine, self.dimension = template, engine, dimension
        self._digest = cache(digest)

    @property
    def fingerprint(self) -> str:
        """What exactly makes the vectors: files, prefixes and window, and the dtype.

        Not the device, nor the engine: an index made on an accelerator can be searched on a CPU.
        """
        return f"bi-encoder:{self._digest()}:{self.template.digest}:{self.engine.name.rsplit(':', 1)[-1]}"

    @property
    def max_length(self) -> int:
        """Most tokens of a text that are read, prefix and special tokens included."""
        return self.template.max_length

    def shortened(self, max_length: int) -> BiEncoder:
        """The same encoder reading at most ``max_length`` tokens of a text.

        Raises:
            InputError: the length leaves no room for text, or is more than the model's window.
        """
        if max_length > self.max_length:
            raise InputError(f"max_length must be at most {self.max_length}, the model's window, got {max_length}")
        return BiEncoder(self.template.shortened(max_length), self.engine, self.dimension, self._digest)

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        """Unit vectors of shape ``(len(texts), dimension)``, in order; ``kind`` says which prefix the texts get."""
        once, places = distinct(texts)
        encoded = self.template.encode(once, kind)
        vectors = np.zeros((len(once), self.dimension), dtype=np.float32)
        lengths = [len(e.ids) for e in encoded]
        budget = fair(lengths, self.engine.threads, self.engine.budget)
        batches = plan(lengths, budget=budget, padded=not self.engine.packs)

        def run(batch: Sequence[Encoded]) -> Vectors:
            return self.engine.logits(Batch([e.ids for e in batch], [e.second for e in batch]))

        jobs = [[encoded[i] for i in batch] for batch in batches]
        for batch, found in zip(batches, ahead(run, jobs, workers=self.engine.threads), strict=True):
            vectors[batch] = found
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)  # graphs in few bits round, and so does bfloat16
        unit: Vectors = (vectors / np.maximum(norms, 1e-12))[places]
        return unit

    def notes(self, texts: Sequence[str], kind: Kind) -> list[dict[str, Any]]:
        """What of each text was not read: ``truncated_tokens``, a lower bound for very long texts."""
        return [dict(e.notes) for e in self.template.encode(texts, kind)]
