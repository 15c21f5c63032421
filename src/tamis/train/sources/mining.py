"""Mining negatives: documents of a corpus that a query's training list lacks, guarded against false ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from tamis.core import Document, Floats, Progress, Query, Scorer
from tamis.data import Example
from tamis.errors import InputError
from tamis.pipeline import scored
from tamis.score import depends_on_companions
from tamis.train.sources.candidates import Candidates
from tamis.train.sources.cutoffs import Filter
from tamis.train.sources.guards import GUARDS, Known, knowledge

SCORED_OUT = "scored too close to a positive"
QUANTILES = (5, 25, 50, 75, 95)


@dataclass(frozen=True, slots=True)
class Mining:
    """What is mined.

    Attributes:
        negatives: new negatives a query, at most.
        near: share of 4-word shingles, in (0, 1], from which a document counts as a copy or a part of a positive;
            None looks for identical ones only.
        filter: which scores negatives may have, where a scorer is given.
        batch: queries that are searched and scored together; bounds memory, changes no choice.

    Raises:
        InputError: a value out of its range.
    """

    negatives: int = 7
    near: float | None = 0.8
    filter: Filter = field(default_factory=Filter)
    batch: int = 64

    def __post_init__(self) -> None:
        if self.negatives < 1 or self.batch < 1:
            raise InputError(f"negatives and batch must be at least 1, got {self.negatives} and {self.batch}")
        if self.near is not None and not 0 < self.near <= 1:
            raise InputError(f"near must lie in (0, 1] or be None, got {self.near}")


@dataclass(frozen=True, slots=True)
class Spread:
    """How raw scores are spread: their number, mean, standard deviation, and 5, 25, 50, 75 and 95 % quantiles."""

    count: int
    mean: float
    deviation: float
    quantiles: tuple[float, ...]

    @classmethod
    def of(cls, scores: Sequence[float]) -> Spread | None:
        """The spread of scores; None where there are none."""
        if not scores:
            return None
        found = np.percentile(scores, QUANTILES)
        return cls(len(scores), float(np.mean(scores)), float(np.std(scores)), tuple(map(float, found)))


@dataclass(frozen=True, slots=True)
class Report:
    """What came of mining.

    Attributes:
        queries: queries given.
        unanswered: queries without a positive document, which are left as they are.
        mined: queries that got negatives.
        short: queries with a positive that got fewer than were wanted, those that got none included.
        negatives: negatives mined, in all.
        tried: documents that were looked at for them.
        removed: how many of these each guard removed.
        scorer: what scored; empty where nothing did.
        positives, mined_scores: how the scores of the positives and of the negatives taken are spread.
    """

    queries: int
    unanswered: int
    mined: int
    short: int
    negatives: int
    tried: int
    removed: Mapping[str, int]
    scorer: str = ""
    positives: Spread | None = None
    mined_scores: Spread | None = None

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Mined:
    """The examples with their new negatives, in the given order, and the report."""

    examples: list[Example]
    report: Report


def mine(
    examples: Sequence[Example],
    candidates: Candidates,
    options: Mining | None = None,
    *,
    scorer: Scorer | None = None,
    progress: Progress | None = None,
) -> Mined:
    """Add negatives to training lists: label 0, after the documents that a list has already.

    No document is taken that is labelled for the query already, is a positive of it (also under another instruction),
    copies or contains such a one, or stands in the list twice. With a scorer, a negative must moreover score below
    the query's positives as ``options.filter`` says, and every document of a mined list gets its raw score.

    Args:
        examples: labelled, one a query, as ``read_training`` gives them; those without a positive are left as they are.
        candidates: where negatives are looked for: ``Random`` or ``Ranked``.
        options: how many, and which; None is ``Mining()``.
        scorer: scores positives and candidates; only as many candidates as are needed.
        progress: called with (queries done, queries in all).

    Raises:
        InputError: an example has no labels, or scores that its new negatives would lack; or the scorer's scores
            depend on what else is scored with a document.

    >>> from tamis.train.sources.candidates import Random
    >>> corpus = [Document(str(at), text) for at, text in enumerate(["A sieve.", "a sieve", "Rain.", "A drum."])]
    >>> found = mine([Example("what sifts?", ("A sieve.",), (1.0,))], Random(corpus), Mining(negatives=2))
    >>> sorted(found.examples[0].documents), sum(found.examples[0].labels), found.report.removed
    (['A drum.', 'A sieve.', 'Rain.'], 1.0, {'known positive': 1, 'identical to a positive': 1})
    """
    options = options or Mining()
    _check(examples, scorer)
    known = knowledge(examples, options.near)
    tally = _Tally()
    done: list[Example] = []
    for start in range(0, len(known), options.batch):
        searches = _searches(known[start : start + options.batch], candidates, tally)
        if scorer is None:
            for search in searches.values():
                search.take(options.negatives)
        else:
            _mine_scored(list(searches.values()), options, scorer, tally)
        for at in range(start, min(start + options.batch, len(known))):
            found = searches.get(at - start)
            tally.taken(found, options.negatives)
            done.append(found.example() if found else known[at].example)
            if progress:
                progress(at + 1, len(known))
    return Mined(done, tally.report(len(examples), scorer))


@dataclass(slots=True)
class _Tally:
    """Counts that grow while queries are mined."""

    removed: Counter[str] = field(default_factory=Counter)
    tried: int = 0
    unanswered: int = 0
    mined: int = 0
    short: int = 0
    negatives: int = 0
    positives: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)

    def taken(self, search: _Search | None, wanted: int) -> None:
        if search is None:
            self.unanswered += 1
            return
        self.negatives += len(search.found)
        self.mined += bool(search.found)
        self.short += len(search.found) < wanted
        self.positives += search.positive_scores.tolist()
        self.scores += search.scores

    def report(self, queries: int, scorer: Scorer | None) -> Report:
        removed = {name: self.removed[name] for name in (*GUARDS, SCORED_OUT) if self.removed[name]}
        spreads = Spread.of(self.positives), Spread.of(self.scores)
        counted = (self.unanswered, self.mined, self.short, self.negatives, self.tried)
        return Report(queries, *counted, removed, scorer.name if scorer else "", *spreads)


@dataclass(slots=True)
class _Search:
    """One query on its way to its negatives; ``scores`` are theirs, ``given`` those of the documents it came with."""

    known: Known
    left: Iterator[Document]
    tally: _Tally
    found: list[str] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    given: Floats = field(default_factory=lambda: np.zeros(0))
    limit: float = 0.0

    @property
    def positive_scores(self) -> Floats:
        return self.given[np.array(self.known.example.labels[: len(self.given)]) > 0]

    def offered(self, most: int) -> list[str]:
        """The next candidates that no guard removes."""
        texts: list[str] = []
        while len(texts) < most and (document := next(self.left, None)):
            text = document.full_text
            self.tally.tried += 1
            if why := self.known.why_not(text):
                self.tally.removed[why] += 1
                continue
            self.known.remember(text)
            texts.append(text)
        return texts

    def take(self, most: int) -> None:
        self.found += self.offered(most)

    def example(self) -> Example:
        """The example with its negatives behind its own documents."""
        given, more = self.known.example, len(self.found)
        return replace(
            given,
            documents=(*given.documents, *self.found),
            labels=(*given.labels, *(0.0,) * more),
            scores=(*self.given.tolist(), *self.scores),
            weights=(*given.weights, *(1.0,) * more) if given.weights else (),
        )


def _check(examples: Sequence[Example], scorer: Scorer | None) -> None:
    for example in examples:
        if not example.labels:
            raise InputError(f"query {example.query!r:.60} has no labels: to mine, say which documents are positives")
        if example.scores and scorer is None:
            raise InputError(
                f"query {example.query!r:.60} has a teacher's scores, which mined documents would lack: give a scorer "
                "(--scorer), or leave the column scores out"
            )
    if scorer is not None and depends_on_companions(scorer):
        raise InputError(
            f"{scorer.name} scores a document by what else is scored with it, so that no limit holds: choose a scorer "
            "whose scores stand alone"
        )


def _searches(known: Sequence[Known], candidates: Candidates, tally: _Tally) -> dict[int, _Search]:
    """A search for each query that has a positive, by its place."""
    answered = {at: one for at, one in enumerate(known) if one.positives}
    proposed = candidates.propose([one.query for one in answered.values()]) if answered else []
    return {at: _Search(one, iter(p), tally) for (at, one), p in zip(answered.items(), proposed, strict=True)}


def _mine_scored(searches: Sequence[_Search], options: Mining, scorer: Scorer, tally: _Tally) -> None:
    """Rounds: all queries that still want negatives offer some candidates, which are scored together."""
    given = _scored(scorer, [(search, list(search.known.example.documents)) for search in searches])
    for search, scores in zip(searches, given, strict=True):
        search.given = scores
        search.limit = options.filter.limit(search.positive_scores)
    wanting = list(searches)
    while wanting:
        # As many again as are wanted: a round too many costs less than candidates that are scored in vain.
        offers = [(search, search.offered(options.negatives - len(search.found))) for search in wanting]
        for (search, texts), scores in zip(offers, _scored(scorer, offers), strict=True):
            for text, score in zip(texts, scores.tolist(), strict=True):
                if options.filter.passes(score, search.limit):
                    search.found.append(text)
                    search.scores.append(score)
                else:
                    tally.removed[SCORED_OUT] += 1
        wanting = [search for search, texts in offers if texts and len(search.found) < options.negatives]


def _scored(scorer: Scorer, offers: Sequence[tuple[_Search, list[str]]]) -> list[Floats]:
    """Raw scores of each search's texts."""
    pairs: list[tuple[Query, Document]] = [
        (search.known.query, Document("", text)) for search, texts in offers for text in texts
    ]
    scores = scored(scorer, pairs)
    return np.split(scores, np.cumsum([len(texts) for _, texts in offers])[:-1]) if offers else []
