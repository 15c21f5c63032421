"""A model for tests that costs nothing and fails on demand; a module that worker processes can import."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from tamis.core import Floats, Pair
from tamis.errors import InputError


@dataclass(frozen=True)
class Tiny:
    """Scores by characters in common; ``trace`` is a folder where each process that loads it leaves its pid."""

    fingerprint: str = "tiny-1"
    companions: bool = False
    seconds: float = 0.0  # a pair
    trace: str = ""
    device: str = "auto"
    dies: bool = False  # when it is loaded
    mild: bool = False  # never fails
    cards: int = 0  # CUDA devices that its process pretends to see
    most: int = 0  # bytes of a file that its process may write, as on a disk that is full

    def load(self, device: str = "") -> TinyScorer:
        if self.trace:
            Path(self.trace, str(os.getpid())).write_text(device)
        if self.dies:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.cards:
            cuda = SimpleNamespace(is_initialized=lambda: True, device_count=lambda: self.cards)
            sys.modules["torch"] = SimpleNamespace(cuda=cuda)
        if self.most:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.most, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        return TinyScorer(self)

    def as_json(self) -> Mapping[str, Any]:
        return {"fingerprint": self.fingerprint}


class TinyScorer:
    name = "tiny"

    def __init__(self, model: Tiny) -> None:
        self.model, self.fingerprint, self.depends_on_companions = model, model.fingerprint, model.companions

    def score(self, pairs: Sequence[Pair]) -> Floats:
        for _, document in pairs if not self.model.mild else ():
            self._fail(document.text)
        time.sleep(self.model.seconds * len(pairs))
        return np.array([self._one(query.text, document.full_text) for query, document in pairs], dtype=np.float64)

    def _fail(self, text: str) -> None:
        match text:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "fail":
                raise RuntimeError("it fails on purpose")
            case "refuse":
                raise InputError("it refuses on purpose")

    def _one(self, query: str, document: str) -> float:
        return np.nan if document == "nan" else len({*query} & {*document}) / (1 + len({*query} | {*document}))
