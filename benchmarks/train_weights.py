"""tamis-mini's weights learnt from a few hundred labels: nDCG@10 on folds of queries that training did not see.

    TAMIS_DATA=/path/to/data scripts/bench train-weights [--queries 300] [--epochs 3 10]

Questions of insuranceqa's training data, each with its answer and the first eleven wrong ones that were retrieved for
it; five folds; AdamW and defaults as ``tamis train --base tamis-mini`` has them, dev queries apart. Insuranceqa may
serve for figures; nothing of it ships.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path

import numpy as np
import torch
from insurance_lists import read

import tamis
from tamis.data import Example
from tamis.evaluate import compare, evaluate, nDCG
from tamis.recall import Index
from tamis.score.folder import ModelFolder
from tamis.train.bases.late import Late, Weights, start_late
from tamis.train.checkpoints import Checkpoints
from tamis.train.log import Log
from tamis.train.loop import Run, fit
from tamis.train.losses.listwise import Softmax
from tamis.train.options import Batches, Options
from tamis.train.processes.base import Alone
from tamis.train.sampler import Sampler
from tamis.train.scores import as_pairs

NDCG, FOLDS, WRONG = nDCG @ 10, 5, 11


def lists(language: str, many: int) -> list[Example]:
    """Drawn questions with their candidates, the right answer first."""
    answers = {row["id"]: row[language] for row in read("answers")}
    found = []
    for row in random.Random(1).sample(read("train"), many):
        wrong = [answer for answer in row["neg"] if answer not in row["pos"]][:WRONG]
        texts = tuple(answers[answer] for answer in (row["pos"][0], *wrong))
        found.append(Example(row[language], texts, (1.0,) + (0.0,) * len(wrong)))
    return found


def learnt(start: Late, examples: list[Example], options: Options) -> Late:
    """The start with weights that these examples taught."""
    ready = Late(start.folder, start.base, Weights(start.base.blends))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        sampler = Sampler(examples, options.batches, options.seed)
        kept, log = Checkpoints(home / "checkpoints", {}, options.watch.keep), Log(home / "log.jsonl")
        fit(Run(ready, sampler, Softmax(), options, Alone(), kept, log, torch.device("cpu"), None))
    return ready


def run(examples: list[Example], scores: list[np.ndarray]) -> dict[str, dict[str, float]]:
    return {
        f"{at:05}": {str(place): float(score) for place, score in enumerate(row)}
        for at, row in zip(range(len(examples)), scores, strict=True)
    }


def bm25(examples: list[Example]) -> list[np.ndarray]:
    documents = {
        text: tamis.Document(str(at), text) for at, text in enumerate({t for e in examples for t in e.documents})
    }
    index = Index.build(documents.values(), encoder=None)
    found = []
    for one in examples:
        ids = [documents[text].id for text in one.documents]
        score = {c.doc.id: c.score for c in index.rank(tamis.Query(one.query), ids, mode="bm25")}
        found.append(np.array([score[document] for document in ids]))
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--queries", type=int, default=300)
    options.add_argument("--epochs", type=float, nargs="*", default=(3, 10))
    asked = options.parse_args()
    print("| questions | BM25 | tamis-mini | epochs | learnt | gain (95 %) | p |\n|---|---|---|---|---|---|---|")
    for language in ("zh", "en"):
        examples = lists(language, asked.queries)
        start = start_late(ModelFolder(Path(tamis.__file__).parent / "models/tamis-mini"), "cross-encoder", Options())
        qrels = {f"{at:05}": {"0": 1} for at in range(len(examples))}
        before = [start.base.score(as_pairs(one)) for one in examples]
        values = {"bm25": evaluate(run(examples, bm25(examples)), qrels, [NDCG])}
        values["before"] = evaluate(run(examples, before), qrels, [NDCG])
        for epochs in asked.epochs:
            after = list(before)
            for fold in range(FOLDS):
                taught = [one for at, one in enumerate(examples) if at % FOLDS != fold]
                ready = learnt(start, taught, Options(batches=Batches(epochs=epochs)))
                scorer = ready.scorer(ready.network, "cpu")
                for at in range(fold, len(examples), FOLDS):
                    after[at] = scorer.score(as_pairs(examples[at]))
            found = evaluate(run(examples, after), qrels, [NDCG])
            test = compare(found, values["before"], NDCG)
            words, base, own = (one[NDCG].mean() for one in (values["bm25"], values["before"], found))
            print(
                f"| {len(examples)} {language} | {words:.3f} | {base:.3f} | {epochs:g} | {own:.3f} "
                f"| {test.difference:+.3f} ({test.low:+.3f} to {test.high:+.3f}) | {test.p_value:.4f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
