"""Scores that were computed before, kept by what the scorer is and what it read."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np

from tamis.core import Document, Floats, Pair, Query, Scorer
from tamis.errors import InputError
from tamis.score.companions import depends_on_companions
from tamis.score.composite import check_finite
from tamis.score.evidence import Weighing, check_evidence
from tamis.score.instructions import reads_instructions
from tamis.score.notes import Noting, ScoringWithNotes


class Kept(NamedTuple):
    """One score, and the remarks that came with it where the scorer gives both at once."""

    score: float
    notes: dict[str, Any] | None


class Cached:
    """A scorer that remembers: pairs it has scored before, under the same fingerprint, are not scored again.

    Name, fingerprint and what else the scorer offers (remarks, evidence weighed in) are the inner scorer's. Each
    distinct pair of a call that is not remembered goes to it once, all in one call. Where more are held than
    ``entries``, those not asked for the longest are forgotten. Threads may share one; a pair that two ask for at the
    same time may be computed twice, and both get the score that was there first.

    A pair is what scorers read: the query's text, instruction and history, the document's title and text, and the
    evidence that is weighed in. Ids, ``source`` and ``fields`` are no part of it. An entry holds no text: about 240
    bytes, whatever the pair's length (24 MB for the default of 100,000), and the remarks of scorers such as
    ``Passages``.

    Attributes:
        hits: pairs whose score was remembered (or stood twice in a call), so far.
        misses: pairs that were scored, so far.

    >>> from tamis import Document, Query, load_scorer
    >>> scorer = Cached(load_scorer("tamis-mini"))
    >>> pairs = [(Query("what sieves soup?"), Document("a", "A tamis sieves soup."))]
    >>> bool(scorer.score(pairs) == scorer.score(pairs)), scorer.hits, scorer.misses
    (True, 1, 1)
    """

    # Offered only where the inner scorer offers them, so that it is not taken for more than it is.
    evidence: tuple[str, ...]
    score_with_evidence: Callable[[Sequence[Pair], Mapping[str, Floats]], Floats]
    score_with_notes: Callable[[Sequence[Pair]], tuple[Floats, list[dict[str, Any]]]]
    notes: Callable[[Sequence[Pair]], list[dict[str, Any]]]

    def __init__(self, scorer: Scorer, *, entries: int = 100_000) -> None:
        """Wrap a scorer.

        Args:
            scorer: what scores; its scores must not depend on a query's other candidates.
            entries: most scores that are held.

        Raises:
            InputError: ``entries`` below 1, or a scorer such as ``RankFusion`` or ``Cascade``.
        """
        if entries < 1:
            raise InputError(f"entries must be at least 1, got {entries}")
        if depends_on_companions(scorer):
            raise InputError(
                f"{scorer.name!r} scores a document by its companions, so no score can be used again: "
                "cache the scorers it is made of instead"
            )
        self.scorer, self.entries = scorer, entries
        self.hits = self.misses = 0
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self._lock = threading.Lock()
        if isinstance(scorer, ScoringWithNotes):
            self.score_with_notes = self._score_with_notes
            self.notes = lambda pairs: self._score_with_notes(pairs)[1]
        elif isinstance(scorer, Noting):
            self.notes = scorer.notes
        if isinstance(scorer, Weighing):
            self.evidence, self.score_with_evidence = scorer.evidence, self._score_with_evidence
            if isinstance(scorer, Noting):
                self.notes = scorer.notes  # asked for beside scores with evidence: those of the texts are not wanted

    @property
    def name(self) -> str:
        """The inner scorer's name."""
        return self.scorer.name

    @property
    def reads_instructions(self) -> bool:
        """Whether the inner scorer reads a query's instruction."""
        return reads_instructions(self.scorer)

    @property
    def fingerprint(self) -> str:
        """The inner scorer's fingerprint: the scores are its own."""
        return self.scorer.fingerprint

    def __len__(self) -> int:
        """How many scores are held."""
        return len(self._kept)

    def score(self, pairs: Sequence[Pair]) -> Floats:
        """Raw logits, shape ``(len(pairs),)``, in the pairs' order; remembered ones are those of their first call."""
        return _scores(self._entries(pairs, {}))

    def _score_with_evidence(self, pairs: Sequence[Pair], evidence: Mapping[str, Floats]) -> Floats:
        check_evidence(self.evidence, pairs, evidence)
        return _scores(self._entries(pairs, evidence))

    def _score_with_notes(self, pairs: Sequence[Pair]) -> tuple[Floats, list[dict[str, Any]]]:
        entries = self._entries(pairs, {})
        return _scores(entries), [deepcopy(entry.notes or {}) for entry in entries]

    def _entries(self, pairs: Sequence[Pair], evidence: Mapping[str, Floats]) -> list[Kept]:
        """What is held of each pair, after scoring what was not."""
        keys = self._keys(pairs, evidence)
        found: dict[bytes, Kept] = {}
        missing: dict[bytes, int] = {}
        with self._lock:
            for at, key in enumerate(keys):
                if key in self._kept:
                    self._kept.move_to_end(key)
                    found[key] = self._kept[key]
                else:
                    missing.setdefault(key, at)
            self.misses += len(missing)
            self.hits += len(keys) - len(missing)
        if missing:
            places = list(missing.values())
            made = self._made([pairs[at] for at in places], {name: column[places] for name, column in evidence.items()})
            with self._lock:
                for key, entry in zip(missing, made, strict=True):
                    found[key] = self._kept.setdefault(key, entry)
                    self._kept.move_to_end(key)
                while len(self._kept) > self.entries:
                    self._kept.popitem(last=False)
        return [found[key] for key in keys]

    def _made(self, pairs: Sequence[Pair], evidence: Mapping[str, Floats]) -> list[Kept]:
        """What the inner scorer says of pairs."""
        if evidence and isinstance(self.scorer, Weighing):
            scores, remarks = self.scorer.score_with_evidence(pairs, evidence), None
        elif isinstance(self.scorer, ScoringWithNotes):
            scores, remarks = self.scorer.score_with_notes(pairs)
        else:
            scores, remarks = self.scorer.score(pairs), None
        check_finite(self.scorer, scores, len(pairs))
        said = remarks if remarks is not None else [None] * len(pairs)
        return [Kept(score, note or None) for score, note in zip(scores.tolist(), said, strict=True)]

    def _keys(self, pairs: Sequence[Pair], evidence: Mapping[str, Floats]) -> list[bytes]:
        """Sixteen bytes a pair; each query is read once, however many documents it has."""
        begun: dict[Query, Any] = {}
        fingerprint, keys = self.fingerprint, []
        told = [[f"{name}={float(value).hex()}" for value in evidence[name].tolist()] for name in sorted(evidence)]
        for at, (query, document) in enumerate(pairs):
            if query not in begun:
                begun[query] = _begun(fingerprint, query)
            keys.append(_key(begun[query].copy(), document, [column[at] for column in told]))
        return keys


def _begun(fingerprint: str, query: Query) -> Any:
    """The digest of a query's part of the key."""
    digest = hashlib.blake2b(digest_size=16)
    for text in (fingerprint, query.instruction, query.text, str(len(query.history)), *query.history):
        _add(digest, text)
    return digest


def _key(digest: Any, document: Document, evidence: Sequence[str]) -> bytes:
    for text in (document.title, document.text, *evidence):
        _add(digest, text)
    return bytes(digest.digest())


def _add(digest: Any, text: str) -> None:
    """Add a text behind its length: whatever the texts hold, two sequences of them never look alike."""
    data = text.encode("utf-8", "surrogatepass")
    digest.update(len(data).to_bytes(8, "little"))
    digest.update(data)


def _scores(entries: Sequence[Kept]) -> Floats:
    return np.array([entry.score for entry in entries], dtype=np.float64)
