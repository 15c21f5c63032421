"""The sections int8 and cascade: a trained cross-encoder on real sets (``TAMIS_DATA``, ``TAMIS_TRAINED``)."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import ours
import peers
from ours import INT8, ONNX, TORCH
from peers import DEFAULT
from report import Report, Target
from timing import Contender, Shape, in_turns
from workloads import tokenizer_of, workload

import tamis
from tamis.core import Candidate, Floats, Pair, Ranking, Scorer
from tamis.data import Collection
from tamis.evaluate import Evaluation, as_run, compare, evaluate, nDCG
from tamis.recall import Index
from tamis.score.cascade import Cascade
from tamis.score.threads import threads

NDCG = nDCG @ 10
INT8_SETS = ("wikiqa_dev", "trecqa_dev", "kuake_dev")
# The fixture has learnt from the training part of the first; of the second it knows nothing.
CASCADE_SETS = ("insuranceqa_zh_dev", "trec_dl21")
ALONE = 40  # pairs that are also scored alone
LIST, TOKENS = 100, 128  # candidates a query, tokens that every system reads
FITTED, ASKED, TIMED = 24, 29, 5  # queries that cascades are fitted on, measured on, timed on
CROSS = "cross-encoder"
KEPT = "cosine, documents encoded before"
ORT_INT8 = "ONNX Runtime quantize_dynamic"


class Lists(NamedTuple):
    """The candidates of a set's queries, unscored, and its qrels."""

    name: str
    rankings: list[Ranking]
    qrels: Any

    @property
    def pairs(self) -> list[Pair]:
        return [(ranking.query, candidate.doc) for ranking in self.rankings for candidate in ranking]

    @property
    def bounds(self) -> list[tuple[int, int]]:
        """Where each query's pairs begin and end."""
        return list(pairwise(accumulate(map(len, self.rankings), initial=0)))

    def evaluated(self, scores: Floats) -> Evaluation:
        """The rankings by these scores against the qrels."""
        ranked = [r.rescored("found", scores[a:b]) for r, (a, b) in zip(self.rankings, self.bounds, strict=True)]
        return evaluate(as_run(ranked), self.qrels, [NDCG])


def lists(name: str, most: int = LIST, queries: int | None = None) -> Lists:
    """A set's candidates, at most so many a query by BM25, of the first queries that are judged."""
    collection = Collection.open(Path(os.environ.get("TAMIS_DATA", "../shared/data")) / "eval" / name)
    asked = [query for query in collection.judged if collection.candidates.get(query.id)][:queries]
    wanted = {doc for query in asked for doc in collection.candidates[query.id]}
    index = Index.build([collection.documents[doc] for doc in sorted(wanted)], encoder=None)
    found = [index.rank(query, collection.candidates[query.id], mode="bm25")[:most] for query in asked]
    bare = [Ranking(r.query, tuple(Candidate(c.doc, 0.0) for c in r)) for r in found]
    return Lists(name, bare, {query.id: collection.qrels[query.id] for query in asked})


def fixture() -> Path:
    """The trained folder.

    Raises:
        FileNotFoundError: there is none.
    """
    folder = Path(os.environ.get("TAMIS_TRAINED", ""))
    if not (folder / "model.safetensors").is_file():
        raise FileNotFoundError("TAMIS_TRAINED must name a folder that benchmarks/train_cross.py wrote")
    return folder


def int8(report: Report, place: Path) -> None:
    """tamis' int8 and ONNX Runtime's beside fp32: ranks, nDCG, dependence on companions, speed."""
    folder = fixture()
    peers.export_plain(folder, place / "plain")
    scorers = dict(ours.scorers(report, "int8", makers(folder, place)))
    if TORCH not in scorers:
        return
    report.say(f"\nint8 on trained weights ({folder.name}), beside fp32")
    for name in INT8_SETS:
        quality(report, lists(name), scorers)
    companions(report, lists(INT8_SETS[0]), scorers)
    predict = peers.sentence_transformers(folder)
    shape = Shape(12, 384, 1536)
    load = workload("mixed", tokenizer_of(folder))
    contenders = peers.of_sentence_transformers(predict, load, (4,))
    for name, scorer in scorers.items():
        run = lambda scorer=scorer: scorer.score(load.pairs)  # noqa: E731
        contenders.append(
            Contender(name, run, exact="int8" not in name and name != ORT_INT8, session_flops=ours.session_flops(shape))
        )
    found, rates = in_turns(contenders, 2)
    title = f"int8, mixed: 100 documents, {threads()} threads, trained weights of 12 layers of 384"
    report.table("int8", title, found, rates, 100, (Target(INT8, DEFAULT, 2.7),))


def makers(folder: Path, place: Path) -> dict[str, Callable[[], Scorer]]:
    """fp32, tamis' int8, and what ONNX Runtime quantises, all batched by tamis."""

    def quantised() -> Scorer:
        from onnxruntime.quantization import quantize_dynamic

        plain = place / "plain"
        logging.disable(logging.WARNING)  # it recommends a step that changes nothing here
        quantize_dynamic(plain / "model.onnx", plain / "model_int8.onnx")
        return tamis.load_scorer(plain, engine="onnx", dtype="int8")

    return {
        TORCH: lambda: tamis.load_scorer(folder, engine="torch"),
        ONNX: lambda: tamis.load_scorer(ours.export(folder, place / "fp32"), engine="onnx"),
        INT8: lambda: tamis.load_scorer(ours.export(folder, place / "int8", "onnx-int8"), engine="onnx", dtype="int8"),
        ORT_INT8: quantised,
    }


def quality(report: Report, found: Lists, scorers: dict[str, Scorer]) -> None:
    """Rank correlation within queries and overall, and the nDCG lost, against fp32."""
    from scipy.stats import spearmanr

    whole = scorers[TORCH].score(found.pairs)
    base = found.evaluated(whole)
    report.say(f"  {found.name}: {len(found.rankings)} queries, nDCG@10 of fp32 {base[NDCG].mean():.4f}")
    for name in (INT8, ORT_INT8):
        if name not in scorers:
            continue
        scores = scorers[name].score(found.pairs)
        within = [spearmanr(whole[a:b], scores[a:b]).statistic for a, b in found.bounds if b - a > 2]
        overall = float(spearmanr(whole, scores).statistic)
        lost = compare(base, found.evaluated(scores), NDCG)
        values = {"within": float(np.nanmean(within)), "overall": overall, "nDCG lost": lost.difference}
        values |= {"low": lost.low, "high": lost.high, "largest change": float(np.abs(whole - scores).max())}
        interval = f"{lost.difference:+.4f} ({lost.low:+.4f} to {lost.high:+.4f})"
        said = f"rank correlation {values['within']:.4f} within queries, {overall:.4f} overall; nDCG lost {interval}"
        report.say(f"    {name:32} {said}; largest change of a logit {values['largest change']:.3f}")
        report.keep("int8", f"{found.name}, {name}", values)
        if name == INT8:
            report.promise("int8", f"{found.name}: rank correlation", overall, 0.99)
            report.promise("int8", f"{found.name}: nDCG lost", lost.difference, 0.003, most=True)


def companions(report: Report, found: Lists, scorers: dict[str, Scorer]) -> None:
    """The largest change of a pair's logit between scoring it alone and among all others."""
    chosen = np.random.default_rng(0).permutation(len(found.pairs))[:ALONE]
    for name, scorer in scorers.items():
        among = scorer.score(found.pairs)[chosen]
        alone = np.array([scorer.score([found.pairs[at]])[0] for at in chosen])
        largest = float(np.abs(among - alone).max())
        report.say(
            f"  alone or among {len(found.pairs)} pairs, largest change of {ALONE} logits: {name:32} {largest:.1e}"
        )
        report.keep("int8", f"companions, {name}", largest)


def cascade(report: Report, place: Path) -> None:
    """nDCG@10 against documents a second: cosine, tamis-blend, the trained cross-encoder, and cascades of them."""
    folder = fixture()
    named = {"cosine (e5-small)": "e5-small", "tamis-blend": "tamis-blend", CROSS: str(folder)}
    plain = {name: Remembering(tamis.load_scorer(spec, max_length=TOKENS)) for name, spec in named.items()}
    title = f"{LIST} candidates a query, {ASKED} queries, cascades fitted on {FITTED} others"
    report.say(f"\ncascade: {title}; texts of {TOKENS} tokens, {threads()} threads, speed on {TIMED} queries in turns")
    for name in CASCADE_SETS:
        whole = lists(name, queries=FITTED + ASKED)
        asked = whole.rankings[FITTED:]
        systems: dict[str, Any] = {KEPT: Kept(whole.pairs), **plain}
        for cheap in (KEPT, "tamis-blend"):
            made = Cascade(systems[cheap], plain[CROSS])
            systems[f"cascade: {cheap}, {CROSS}"] = made.fit(whole._replace(rankings=whole.rankings[:FITTED]).pairs)
        graded = {ranking.query.id: whole.qrels[ranking.query.id] for ranking in asked}
        against(report, whole._replace(rankings=asked, qrels=graded), systems)


class Kept:
    """The cosine of a dense first stage: documents were encoded when they were indexed, only the query is now."""

    name = fingerprint = "cosine-kept"

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self.encoder = tamis.load_encoder("e5-small")
        texts = list({document.full_text: None for _, document in pairs})
        self.vectors = dict(zip(texts, self.encoder.encode(texts, "document"), strict=True))

    def score(self, pairs: Sequence[Pair]) -> Floats:
        queries = list({query.text: None for query, _ in pairs})
        asked = dict(zip(queries, self.encoder.encode(queries, "query"), strict=True))
        return np.array([float(asked[query.text] @ self.vectors[document.full_text]) for query, document in pairs])


class Remembering:
    """A scorer that scores no pair twice while it remembers, for figures that ask many systems of one model."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer, self.name, self.fingerprint = scorer, scorer.name, scorer.fingerprint
        self.known: dict[tuple[str, str], float] = {}
        self.remembers = True

    def score(self, pairs: Sequence[Pair]) -> Floats:
        if not self.remembers:
            return self.scorer.score(pairs)
        new = {(q.text, d.full_text): (q, d) for q, d in pairs if (q.text, d.full_text) not in self.known}
        self.known |= dict(zip(new, self.scorer.score(list(new.values())), strict=True))
        return np.array([self.known[q.text, d.full_text] for q, d in pairs])


def against(report: Report, asked: Lists, systems: dict[str, Any]) -> None:
    """One set's table: quality on all queries, speed on some, query by query as users wait for it."""
    members = [system for system in systems.values() if isinstance(system, Remembering)]
    found = {name: asked.evaluated(system.score(asked.pairs)) for name, system in systems.items()}
    spent: dict[str, float] = dict.fromkeys(systems, 0.0)
    for member in members:
        member.remembers = False
    for ranking in asked.rankings[:TIMED]:
        for name, system in systems.items():
            start = time.perf_counter()
            system.score([(ranking.query, candidate.doc) for candidate in ranking])
            spent[name] += time.perf_counter() - start
    for member in members:
        member.remembers = True
    documents = sum(map(len, asked.rankings[:TIMED]))
    for system_name, evaluation in found.items():
        name = system_name
        lost = compare(found[CROSS], evaluation, NDCG)
        values = {"nDCG@10": float(evaluation[NDCG].mean()), "docs/s": documents / spent[system_name]}
        values |= {"s/query": spent[system_name] / TIMED, "lost": lost.difference, "low": lost.low, "high": lost.high}
        if isinstance(system := systems[system_name], Cascade):
            values["share"] = system.share
            name = f"{system_name} ({system.share:.0%} asked)"
        said = f"nDCG@10 {values['nDCG@10']:.4f}   {values['docs/s']:7.1f} docs/s   {values['s/query']:6.2f} s a query"
        interval = f"{lost.difference:+.4f} ({lost.low:+.4f} to {lost.high:+.4f})"
        report.say(f"  {asked.name:20} {name:54} {said}   cross-encoder ahead by {interval}")
        report.keep("cascade", f"{asked.name}, {system_name}", values)
