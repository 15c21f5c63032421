"""``tamis data derive``: training data without labels, from documents (titles, rules, a language model) or clicks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from tamis.cli import show
from tamis.cli.options import AsJson

if TYPE_CHECKING:
    from tamis.core import Document
    from tamis.train.sources.clicks import Clicks, Labelling
    from tamis.train.sources.derive import Derivation, Derives, Lengths, RoundTrip
    from tamis.train.sources.rows import Derived

Labels: TypeAlias = Literal["clicked", "rate", "bound"]
CLICKS = "clicks"


def command(
    source: Annotated[
        Path, typer.Argument(metavar="DOCS|LOG", help="Documents: .txt (one a line), .jsonl, .csv; or a click log.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the pairs (of clicks: lists) go, .jsonl.")],
    means: Annotated[
        list[str],
        typer.Option("--from", help="titles (and headings), questions (by rules), llm, or clicks; may be repeated."),
    ],
    keep_top: Annotated[
        int, typer.Option(min=0, help="Keep a pair whose document its query finds among so many; 0 keeps all.")
    ] = 10,
    keep_by: Annotated[Literal["bm25", "dense", "hybrid"], typer.Option(help="How that is searched.")] = "bm25",
    per_document: Annotated[int, typer.Option(min=1, help="Questions a document, by rules and by the model each.")] = 3,
    keep_title: Annotated[
        bool, typer.Option("--keep-title", help="Leave the title where it also begins the text.")
    ] = False,
    repeats: Annotated[int, typer.Option(min=1, help="Documents that may share a query; more is boilerplate.")] = 2,
    least_query: Annotated[int, typer.Option("--min-query", min=1, help="Words or Chinese characters a query.")] = 2,
    most_query: Annotated[int, typer.Option("--max-query", min=1, help="The same, at most.")] = 40,
    least_body: Annotated[int, typer.Option("--min-document", min=1, help="The same, a document.")] = 10,
    llm: Annotated[
        str, typer.Option(metavar="URL", help="OpenAI-compatible server; its key is read from OPENAI_API_KEY.")
    ] = "",
    llm_model: Annotated[str, typer.Option("--llm-model", help="The model's name at the server.")] = "",
    labels: Annotated[
        Labels,
        typer.Option(help="Of clicks: 1 and 0 (clicked, passed over), rate per expected look, or its lower bound."),
    ] = "clicked",
    eta: Annotated[
        float, typer.Option(min=0, help="A place is looked at with probability 1/place^eta, if the log has none.")
    ] = 1.0,
    least_propensity: Annotated[float, typer.Option(help="No such probability is taken as less.")] = 0.05,
    dwell: Annotated[float, typer.Option(min=0, help="Seconds below which a click did not satisfy.")] = 0.0,
    impressions: Annotated[
        int, typer.Option("--min-impressions", min=1, help="Times a document was shown for a query, at least.")
    ] = 1,
    column: Annotated[
        list[str] | None, typer.Option(metavar="NAME=COLUMN", help="The log's own column names; may be repeated.")
    ] = None,
    docs: Annotated[
        Path | None, typer.Option(help="Texts of the log's document ids; without it, ids are texts.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make training data from documents nobody has labelled, or from a click log.

    Pairs say in their column origin how the query was made. `tamis mine` adds negatives to them.

    Example: tamis data derive corpus.jsonl -o pairs.jsonl --from titles --from questions

    Clicks: tamis data derive log.csv -o lists.jsonl --from clicks --labels bound --docs corpus.jsonl
    """
    _check_means(means, llm)
    if CLICKS in means:
        how = _Clicked(labels, eta, least_propensity, dwell, impressions, tuple(column or ()))
        _from_clicks(source, output, how, docs, machine=as_json)
    else:
        from tamis.train.sources.derive import Lengths, RoundTrip

        lengths = Lengths(least_query, most_query, least_body)
        made = _Made(lengths, per_document, repeats, keep_title, llm, llm_model)
        trip = RoundTrip(keep_top, keep_by) if keep_top else None
        _from_documents(source, output, [MAKERS[one](made) for one in dict.fromkeys(means)], trip, machine=as_json)


def _check_means(means: Sequence[str], llm: str) -> None:
    known = (*MAKERS, CLICKS)
    wrong = next((one for one in means if one not in known), None)
    if wrong is not None:
        raise typer.BadParameter(f"expected one of {', '.join(known)}, got {wrong!r}", param_hint="--from")
    if CLICKS in means and set(means) != {CLICKS}:
        what = "clicks are read from a log, the others from documents: run it twice"
        raise typer.BadParameter(what, param_hint="--from")
    if "llm" in means and not llm:
        raise typer.BadParameter("--from llm needs a server: --llm URL")


@dataclass(frozen=True, slots=True)
class _Made:
    """What was said of how pairs are made."""

    lengths: Lengths
    count: int
    repeats: int
    keep_title: bool
    llm: str
    model: str


@dataclass(frozen=True, slots=True)
class _Clicked:
    """What was said of how clicks become labels."""

    labels: Labels
    eta: float
    least: float
    dwell: float
    impressions: int
    columns: tuple[str, ...]


def _titles(made: _Made) -> Derives:
    from tamis.train.sources.headings import Headings

    return Headings(made.lengths, made.repeats, made.keep_title)


def _questions(made: _Made) -> Derives:
    from tamis.train.sources.questions import Questions

    return Questions(made.lengths, made.count, made.repeats)


def _llm(made: _Made) -> Derives:
    from tamis.answer.chat import Chat
    from tamis.train.sources.asked import Asked

    return Asked(Chat(made.llm, made.model, key_env="OPENAI_API_KEY"), made.count, made.lengths)


MAKERS: Mapping[str, Callable[[_Made], Derives]] = {"titles": _titles, "questions": _questions, "llm": _llm}


def _from_documents(
    source: Path, output: Path, makers: Sequence[Derives], trip: RoundTrip | None, *, machine: bool
) -> None:
    from tamis.data import read_documents
    from tamis.errors import DataError
    from tamis.train.sources.derive import distinct
    from tamis.train.sources.rows import write_pairs, writing

    with writing(output) as out:  # first: what cannot be written is said before the work
        documents = list(read_documents(source))
        found = distinct(_derived(maker, documents) for maker in makers)
        kept = found.pairs
        if trip is not None:
            with show.progress("round trip") as progress:
                kept = trip.kept(found.pairs, documents, progress)
        lost = len(found.pairs) - len(kept)
        removed = {**found.removed, **({"not found by its query": lost} if lost else {})}
        if not kept:
            raise DataError(f"no pair comes from {len(documents)} documents{_why(removed)}", path=source)
        write_pairs(out, kept)
    origins = dict(Counter(pair.origin for pair in kept))
    if machine:
        counts = {"documents": len(documents), "pairs": len(kept), "origins": origins, "removed": removed}
        show.as_json({"source": str(source), "output": str(output), **counts})
    else:
        show.out(_table("pairs", {"documents": len(documents), "pairs": len(kept), **origins}, removed))
        show.out(_quoted(kept))


def _derived(maker: Derives, documents: Sequence[Document]) -> Derivation:
    with show.progress("reading documents") as progress:
        return maker.derive(documents, progress)


def _from_clicks(source: Path, output: Path, how: _Clicked, docs: Path | None, *, machine: bool) -> None:
    from tamis.data import read_documents
    from tamis.data.impressions import Columns, Log
    from tamis.errors import DataError
    from tamis.train.sources.rows import write_lists, writing

    clicks, columns = _clicks(how), Columns.parsed(how.columns)
    with writing(output) as out:
        texts = None if docs is None else {doc.id: doc.full_text for doc in read_documents(docs)}
        found = clicks.labels(Log(source, columns).read(), texts)
        if not found.examples:
            raise DataError(f"no query gets a label from this log{_why(found.counted)}", path=source)
        write_lists(out, found.examples)
    made = {"queries": len(found.examples), "labels": sum(len(example.labels) for example in found.examples)}
    if machine:
        show.as_json({"source": str(source), "output": str(output), **made, "counted": dict(found.counted)})
    else:
        show.out(_table("labels from clicks", {**made, **found.counted}, {}))


def _why(counted: Mapping[str, int]) -> str:
    return "".join(f"{', ' if at else ': '}{count} {what}" for at, (what, count) in enumerate(counted.items()))


def _clicks(how: _Clicked) -> Clicks:
    from tamis.observe.clicks.examination import PositionBias
    from tamis.train.sources.clicks import Clicked, Clicks, LowerBound, Rate

    kinds: Mapping[str, Callable[[], Labelling]] = {"clicked": Clicked, "rate": Rate, "bound": LowerBound}
    return Clicks(PositionBias(how.eta, how.least), kinds[how.labels](), how.dwell, how.impressions)


def _table(title: str, made: Mapping[str, int], removed: Mapping[str, int]) -> Any:
    shown = show.table(title, "", "n")
    shown.columns[0].justify = "left"
    for name, count in made.items():
        shown.add_row(name, str(count))
    for name, count in removed.items():
        shown.add_row(f"left out: {name}", str(count))
    return shown


def _quoted(pairs: Sequence[Derived]) -> Any:
    shown = show.table("the first of each origin", "value", "document")
    firsts = {pair.origin: pair for pair in reversed(pairs)}
    for origin, pair in firsts.items():
        text = " ".join(pair.document.split())[: show.EXCERPT]
        shown.add_row(f"{origin}: {show.printable(pair.query)}", show.printable(text))
    return shown
