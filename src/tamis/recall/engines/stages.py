"""From an engine's hits to rankings: ties settled by id, two stages joined, each candidate scored by both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from tamis.core import BM25, DENSE, Candidate, Document, Floats, Query, Ranking
from tamis.recall.engines.engine import Ask, Engine, Hit
from tamis.recall.fuse import Fusion, fused
from tamis.recall.manifest import EncoderRecord
from tamis.recall.snapshot import DEPTH

TIES = 10_000  # how deep documents of equal scores are looked for, so that their ids decide who comes first

Find: TypeAlias = Callable[[Sequence[Ask], int], list[list[Hit]]]


def best(find: Find, asks: Sequence[Ask], k: int, most: int) -> list[list[Hit]]:
    """The best ``k`` of each search, equal scores by id.

    Engines cut a list of equal scores where they like. So one more is asked for, and where equal scores go on beyond
    that, four times as many, until ids can decide; no deeper than ``TIES``.
    """
    deepest = min(most, max(TIES, k))
    depth = min(k + 1, deepest)
    found = find(asks, depth) if asks else []
    while depth < deepest:
        more = [at for at, hits in enumerate(found) if len(hits) >= depth and hits[k - 1].score == hits[-1].score]
        if not more:
            break
        depth = min(depth * 4, deepest)
        for at, hits in zip(more, find([asks[at] for at in more], depth), strict=True):
            found[at] = hits
    return [sorted(hits, key=lambda hit: (-hit.score, hit.id))[:k] for hits in found]


def hybrid(engine: Engine, queries: Sequence[Query], asks: Sequence[Ask], k: int, fusion: Fusion) -> list[Ranking]:
    """The best of both stages, each scored by both: nothing is missing that would have to be guessed."""
    depth, finds = min(max(k, DEPTH), engine.most), (engine.words, engine.near)
    lists = [best(find, asks, depth, engine.most) for find in finds]
    documents = [documents_of([*words, *near]) for words, near in zip(*lists, strict=True)]
    names = [list(own) for own in documents]
    both = [scores(find, asks, names, part, depth) for find, part in zip(finds, lists, strict=True)]
    rankings = []
    for query, own, words, near in zip(queries, documents, *both, strict=True):
        stages = {BM25: words, DENSE: near}
        told = {"hybrid": fused(fusion, query, stages) if own else words, **stages}
        rankings.append(ranking(query, own, told, engine.made.encoder)[:k])
    return rankings


def scores(
    find: Find,
    asks: Sequence[Ask],
    names: Sequence[Sequence[str]],
    lists: Sequence[Sequence[Hit]] | None = None,
    depth: int = 0,
) -> list[Floats]:
    """The scores of documents by name, for each search; 0 where nothing matches.

    Args:
        find: what scores.
        asks: the searches.
        names: for each, the documents.
        lists: what each has found already, at most ``depth`` documents; others are asked about by their ids.
        depth: of the lists.
    """
    known = [{hit.id: hit.score for hit in hits} for hits in lists or [()] * len(asks)]
    missing = [tuple(name for name in own if name not in said) for own, said in zip(names, known, strict=True)]
    # A list that is shorter than was asked for holds all that have a score.
    open_ = [at for at, own in enumerate(missing) if own and len(known[at]) >= depth]
    if open_:
        longest = max(len(missing[at]) for at in open_)
        more = [replace(asks[at], ids=missing[at], where=None) for at in open_]  # what was found has passed the filter
        for at, hits in zip(open_, find(more, longest), strict=True):
            known[at].update((hit.id, hit.score) for hit in hits)
    return [np.array([said.get(name, 0.0) for name in own]) for own, said in zip(names, known, strict=True)]


def documents_of(hits: Sequence[Hit]) -> dict[str, Document]:
    """The documents of hits, by id and in the order of ids."""
    held = {hit.id: hit.document for hit in hits if hit.document is not None}
    return dict(sorted(held.items()))


def ranking(
    query: Query, documents: Mapping[str, Document], stages: Mapping[str, Floats], encoder: EncoderRecord | None
) -> Ranking:
    """Documents by the first of the stages, equal scores by id. Cosines say whose they are."""
    names, ordering = list(documents), next(iter(stages.values()))
    items = []
    for at in sorted(range(len(names)), key=lambda at: (-ordering[at], names[at])):
        said = {stage: float(values[at]) for stage, values in sorted(stages.items())}
        items.append(Candidate(documents[names[at]], float(ordering[at]), said))
    return Ranking(query, tuple(items), {DENSE: encoder.fingerprint} if encoder and DENSE in stages else {})
