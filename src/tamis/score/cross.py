"""Cross-encoders: a template, an engine and a head make one scorer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.core import Floats, Pair
from tamis.errors import InputError
from tamis.score.batch import fair, plan
from tamis.score.engine import Batch, Engine, raw
from tamis.score.evidence import check_evidence
from tamis.score.template import Encoded, Template
from tamis.score.threads import ahead
from tamis.score.weighing import EvidenceWeights


class CrossEncoder:
    """A model that reads query and document together and gives one raw logit.

    A score depends on the pair alone: neither the batch, nor the order, nor the number of threads changes it by more
    than rounding (1e-5 in fp32).

    Args:
        name: what the model is called in results.
        template: pair to token ids.
        engine: token ids to logits.
        digest: gives the digest of the model's files; asked when the fingerprint is first read.
        weights: how far what a first stage says of a pair counts beside the logit; None where it counts nothing.
    """

    def __init__(
        self,
        name: str,
        template: Template,
        engine: Engine,
        digest: Callable[[], str],
        weights: EvidenceWeights | None = None,
    ) -> None:
        self.name, self.template, self.engine, self.weights = name, template, engine, weights
        self._digest = cache(digest)

    @property
    def fingerprint(self) -> str:
        """What exactly produces the scores: files, template and window, engine, device and dtype."""
        return f"cross:{self._digest()}:{self.template.digest}:{self.engine.name}"

    @property
    def max_length(self) -> int:
        """Most tokens of a pair that are read."""
        return self.template.max_length

    @property
    def reads_instructions(self) -> bool:
        """Whether the template has a place for a query's instruction."""
        return self.template.reads_instructions

    def shortened(self, max_length: int) -> CrossEncoder:
        """The same scorer reading at most ``max_length`` tokens of a pair.

        Raises:
            InputError: the length leaves no room for text, or is more than the model's window.
        """
        if max_length > self.max_length:
            raise InputError(f"max_length must be at most {self.max_length}, the model's window, got {max_length}")
        return CrossEncoder(self.name, self.template.shortened(max_length), self.engine, self._digest, self.weights)

    @property
    def evidence(self) -> tuple[str, ...]:
        """The stages whose scores it can weigh; none where its folder says nothing of them."""
        return self.weights.stages if self.weights else ()

    def score(self, pairs: Sequence[Pair]) -> Floats:
        """Raw logits, shape ``(len(pairs),)``, in order."""
        return raw(self._logits(self.template.encode(pairs)))

    def score_with_evidence(self, pairs: Sequence[Pair], evidence: Mapping[str, Floats]) -> Floats:
        """Raw logits with what a first stage has said of each pair weighed in; without any, those of ``score``.

        Raises:
            InputError: other evidence than ``evidence`` names, or not one finite number a pair.
        """
        check_evidence(self.evidence, pairs, evidence)
        logits = self.score(pairs)
        return self.weights.weigh(logits, evidence, [query.text for query, _ in pairs]) if self.weights else logits

    def logits(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """Every output of the model, shape ``(len(pairs), outputs)``, in order; most have one, some have two labels."""
        return self._logits(self.template.encode(pairs))

    def notes(self, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
        """What of each pair was not read, by name: see ``template.Encoded``; empty mappings where all was."""
        return [dict(encoded.notes) for encoded in self.template.encode(pairs)]

    def score_with_notes(self, pairs: Sequence[Pair]) -> tuple[Floats, list[dict[str, Any]]]:
        """Scores and notes, with the texts tokenised once."""
        encoded = self.template.encode(pairs)
        return raw(self._logits(encoded)), [dict(e.notes) for e in encoded]

    def document_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has for this model."""
        return self.template.lengths(texts)

    def _logits(self, encoded: Sequence[Encoded]) -> NDArray[np.float32]:
        jobs = [job for prefix, at in self._groups(encoded) for job in self._batches(encoded, prefix, at)]
        done = ahead(lambda job: self.engine.logits(job[1]), jobs, workers=self.engine.threads)
        found = [(at, logits) for (at, _), logits in zip(jobs, done, strict=True)]
        out = np.zeros((len(encoded), found[0][1].shape[1] if found else 1), dtype=np.float32)
        for at, logits in found:
            out[at] = logits
        return out

    def _groups(self, encoded: Sequence[Encoded]) -> list[tuple[tuple[int, ...], list[int]]]:
        """(prefix, positions): pairs that share a beginning worth computing once, and all others together."""
        if not self.engine.shares:
            return [((), list(range(len(encoded))))]
        alike: dict[tuple[int, ...], list[int]] = {}
        for at, e in enumerate(encoded):
            alike.setdefault(tuple(e.ids[: e.shared]), []).append(at)
        alone = [at for positions in alike.values() if len(positions) == 1 for at in positions]
        return [((), alone), *((prefix, at) for prefix, at in alike.items() if len(at) > 1)]

    def _batches(
        self, encoded: Sequence[Encoded], prefix: tuple[int, ...], positions: list[int]
    ) -> list[tuple[NDArray[np.int64], Batch]]:
        """(positions, batch) of one group."""
        skip = len(prefix)
        lengths = [len(encoded[i].ids) - skip for i in positions]
        budget = fair(lengths, self.engine.threads, self.engine.budget)
        found = []
        for chosen in plan(lengths, budget=budget, padded=not self.engine.packs):
            at = np.array(positions, dtype=np.int64)[chosen]
            rows = [encoded[i] for i in at]
            found.append((at, Batch([e.ids[skip:] for e in rows], [e.second - skip for e in rows], prefix)))
        return found
