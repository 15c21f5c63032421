"""``tamis mine``: hard negatives for training lists, guarded against documents that answer after all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from tamis.cli import show
from tamis.cli.data import OnConflict
from tamis.cli.options import USUAL, AsJson, Chosen, choosing

if TYPE_CHECKING:
    from tamis.core import Document
    from tamis.data import Example
    from tamis.recall import Index
    from tamis.train.sources.candidates import Candidates
    from tamis.train.sources.cutoffs import Filter
    from tamis.train.sources.mining import Report

By: TypeAlias = Literal["random", "bm25", "dense", "hybrid"]

Scorer = Annotated[
    str | None,
    typer.Option(
        "--scorer",
        "-m",
        help="Filter by this scorer and keep its scores as a teacher's: tamis-mini, a model folder, a hub id, a URL. "
        "A margin or score without it takes tamis-mini.",
        show_default=False,
    ),
]


@choosing(Scorer, None)
def command(
    source: Annotated[
        Path, typer.Argument(metavar="SET|FILE", help="Folder with corpus, queries, qrels; or labelled examples.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the lists with negatives go, .jsonl.")],
    corpus: Annotated[
        Path | None,
        typer.Option(help="Documents to mine, or an index folder; without it, the set's, or the file's own documents."),
    ] = None,
    by: Annotated[By, typer.Option(help="Where negatives are looked for: anywhere, or in a search's ranks.")] = "bm25",
    negatives: Annotated[int, typer.Option(min=1, help="New negatives a query.")] = 7,
    ranks: Annotated[
        str, typer.Option(metavar="FIRST-LAST", help="Ranks that are tried; relevant ones nobody judged stand above.")
    ] = "10-100",
    shuffle: Annotated[
        bool, typer.Option("--shuffle", help="Draw among the ranks, instead of the hardest first.")
    ] = False,
    chosen: Chosen = USUAL,
    margin: Annotated[
        float | None, typer.Option(min=0, help="Score a negative must stay below a positive by, in the scorer's unit.")
    ] = None,
    relative_margin: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Or the share of the positive's score it must stay below.")
    ] = None,
    scale: Annotated[
        Literal["logit", "unit"],
        typer.Option(help="What that is a share of: the logit's sigmoid, or (unit) a score that begins at 0."),
    ] = "logit",
    against: Annotated[
        Literal["worst", "best"], typer.Option(help="Which of several positives the margin is counted from.")
    ] = "worst",
    max_score: Annotated[float | None, typer.Option(help="Raw score that no negative exceeds.")] = None,
    min_score: Annotated[float | None, typer.Option(help="Raw score below which a negative is too easy.")] = None,
    near: Annotated[
        float, typer.Option(min=0, max=1, help="Share of equal 4-word runs that makes a copy of a positive; 0 is off.")
    ] = 0.8,
    encoder: Annotated[str, typer.Option(help="What makes vectors for dense and hybrid search.")] = "e5-small",
    conflicts: OnConflict = "refuse",
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other random draws.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Add negatives to training lists, from a corpus: random ones, or hard ones that a search ranks high.

    Known positives, copies and parts of them, and (with a scorer) documents that score too close to a positive are
    left out; the report says how many. FILE has any form that training reads.

    Example: tamis mine ./scifact -o train.jsonl --by bm25 --ranks 10-100 --margin 1.0
    """
    from tamis.data import read_training
    from tamis.errors import DataError
    from tamis.train.sources.mining import Mining, mine
    from tamis.train.sources.rows import write_lists, writing

    strict = _filter(_Limits(margin, relative_margin, scale, against, max_score, min_score))
    options = Mining(negatives, near or None, strict) if strict else Mining(negatives, near or None)
    place = _Place(by, _window(ranks), shuffle, encoder, seed, negatives)
    with writing(output) as out:  # first: what cannot be written is said before the work
        examples = read_training(source, conflicts=conflicts)
        scorer = chosen.scorer() if strict or chosen.given else None
        candidates = _candidates(place, source, corpus, examples)
        with show.progress("mining") as progress:
            found = mine(examples, candidates, options, scorer=scorer, progress=progress)
        if not found.report.negatives:
            tried = f"{found.report.tried} documents tried for {len(examples)} queries"
            why = "".join(f", {count} {name}" for name, count in found.report.removed.items())
            raise DataError(f"no negative was found ({tried}{why}): try other --ranks, --by or --corpus", path=source)
        write_lists(out, found.examples)
    if as_json:
        show.as_json({"source": str(source), "output": str(output), "by": by, **found.report.as_dict()})
    else:
        show.out(_table(found.report))
        show.say(f"{len(found.examples)} lists: {output}")


@dataclass(frozen=True, slots=True)
class _Limits:
    """What was said of scores."""

    margin: float | None
    share: float | None
    scale: Literal["logit", "unit"]
    against: Literal["worst", "best"]
    highest: float | None
    lowest: float | None


@dataclass(frozen=True, slots=True)
class _Place:
    """What was said of where to look."""

    by: By
    window: tuple[int, int]
    shuffle: bool
    encoder: str
    seed: int
    negatives: int


def _filter(said: _Limits) -> Filter | None:
    """The filter of what was said; None where nothing was, and no scorer is needed."""
    from tamis.train.sources.cutoffs import Filter, Margin, Share

    if said.margin is not None and said.share is not None:
        raise typer.BadParameter("--margin and --relative-margin are two ways to say one thing: give one")
    if said.margin is said.share is said.highest is said.lowest is None:
        return None
    cutoff = Margin(said.margin or 0.0) if said.share is None else Share(said.share, said.scale)
    highest = math.inf if said.highest is None else said.highest
    return Filter(cutoff, said.against, highest, -math.inf if said.lowest is None else said.lowest)


def _window(ranks: str) -> tuple[int, int]:
    first, dash, last = ranks.partition("-")
    if not (dash and first.strip().isdigit() and last.strip().isdigit() and 1 <= int(first) <= int(last)):
        raise typer.BadParameter(f"expected two ranks from 1 on, such as 10-100, got {ranks!r}", param_hint="--ranks")
    return int(first), int(last)


def _candidates(place: _Place, source: Path, corpus: Path | None, examples: Sequence[Example]) -> Candidates:
    from tamis.recall import Index
    from tamis.train.sources.candidates import Random, Ranked

    index = Index.open(corpus) if corpus is not None and corpus.is_dir() else None
    if place.by == "random":
        documents = list(index.documents()) if index else _documents(source, corpus, examples)
        return Random(documents, max(64, 8 * place.negatives), place.seed)
    index = index or _indexed(_documents(source, corpus, examples), place)
    return Ranked(index.retriever(place.by), *place.window, place.seed if place.shuffle else None)


def _documents(source: Path, corpus: Path | None, examples: Sequence[Example]) -> Sequence[Document]:
    from tamis.data import Collection, read_documents
    from tamis.train.sources.candidates import corpus_of

    if corpus is not None:
        return list(read_documents(corpus))
    return list(Collection.open(source).documents.values()) if source.is_dir() else corpus_of(examples)


def _indexed(documents: Sequence[Document], place: _Place) -> Index:
    from tamis.recall import Index

    with show.progress("indexing") as progress:
        return Index.build(documents, encoder=None if place.by == "bm25" else place.encoder, progress=progress)


def _table(report: Report) -> Any:
    shown = show.table(f"{report.negatives} negatives for {report.mined} of {report.queries} queries", "", "n")
    shown.columns[0].justify = "left"
    shown.add_row("queries short of negatives", str(report.short))
    shown.add_row("queries without a positive, left as they are", str(report.unanswered))
    shown.add_row("documents tried", str(report.tried))
    for name, count in report.removed.items():
        shown.add_row(f"  left out: {name}", str(count))
    for name, spread in (("positives", report.positives), ("negatives", report.mined_scores)):
        if spread:
            low, _, middle, _, high = spread.quantiles
            shown.add_row(f"{report.scorer} of {name}: median (5 to 95 %)", f"{middle:.2f} ({low:.2f} to {high:.2f})")
    return shown
