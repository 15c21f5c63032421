"""``tamis eval``: a system's figures on an evaluation set, with its baselines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from tamis.cli import show
from tamis.cli.options import USUAL, AsJson, Chosen, Model, Recall, choosing
from tamis.core import Ranking


@choosing(Model, "tamis-mini", passages=True)
def command(
    folder: Annotated[Path, typer.Argument(metavar="SET", help="Folder with corpus, queries, qrels (BEIR form).")],
    recall: Annotated[
        Recall | None, typer.Option(help="First stage; without it, the set's candidates.tsv, or bm25.")
    ] = None,
    chosen: Chosen = USUAL,
    k: Annotated[int, typer.Option("--k", "-k", min=1, help="Candidates that are recalled and reranked.")] = 100,
    index: Annotated[
        Path | None, typer.Option(help="Keep the index here and use it again (dense recall encodes the corpus once).")
    ] = None,
    run: Annotated[Path | None, typer.Option(help="Write the rankings as a TREC run.")] = None,
    per_query: Annotated[bool, typer.Option("--per-query", help="Add each query's figures to the JSON.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure recall and reranking on a set: nDCG@10, RR@10, AP, recall@100, beside random order and BM25.

    Example: tamis eval ./scifact --recall bm25 --model tamis-mini
    """
    from tamis.data import Collection, write_run
    from tamis.evaluate import as_run
    from tamis.experiment import Experiment

    collection = Collection.open(folder)
    scorer = chosen.or_none()
    experiment = Experiment(collection, index_of(collection, recall, index), recall, scorer, k)
    with show.progress("reranking") as progress:
        result = experiment.run(progress)
    if run is not None:
        write_run(run, as_run(result.rankings), experiment.system.replace(" > ", "+"))
    summary = result.summary() | {"notes": _noted(result.rankings)}
    if as_json:
        show.as_json(summary | ({"per_query": result.evaluation.per_query} if per_query else {}))
    else:
        show.out(_table(summary))


def index_of(collection: Any, mode: str | None, folder: Path | None) -> Any:
    """The index of a collection, opened from a folder or built; with vectors only where they are needed."""
    from tamis.recall import Index

    dense = mode in ("dense", "hybrid")
    if folder is not None and folder.exists():
        return Index.open(folder)
    with show.progress("indexing") as progress:
        return Index.build(
            collection.documents.values(), folder, encoder="e5-small" if dense else None, progress=progress
        )


def _noted(rankings: Iterable[Ranking]) -> dict[str, int]:
    """How many candidates carry each remark, such as ``truncated_tokens``."""
    return dict(Counter(name for ranking in rankings for candidate in ranking for name in candidate.notes))


def _table(summary: dict[str, Any]) -> Any:
    measures = ("ndcg@10", "rr@10", "ap", "recall@100")
    low, high = summary["interval"]["ndcg@10"]
    title = f"{summary['set']}, {summary['queries']} queries; nDCG@10 of {summary['system']}: {low:.3f} to {high:.3f}"
    shown = show.table(f"{title} (95 %)", "system", *measures, "gain", "p")
    shown.add_row(summary["system"], *(f"{summary[m]:.4f}" for m in measures))
    for name, other in summary["baselines"].items():
        row = [f"{other[m]:.4f}" for m in measures]
        shown.add_row(name, *row, f"{other['difference']:+.4f}", f"{other['p']:.4f}")
    return shown
