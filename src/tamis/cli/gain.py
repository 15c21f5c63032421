"""``tamis gain``: what rewriting and reranking gain on an evaluation set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tamis.cli import show
from tamis.cli.differences import differences_table
from tamis.cli.evaluate import index_of
from tamis.cli.options import USUAL, AsJson, Chosen, Lang, Model, Recall, choosing
from tamis.cli.rewriting import OFFLINE, VARIANTS, ByModel, rewriter

if TYPE_CHECKING:
    from tamis.data import Collection
    from tamis.gains import Found, Gate
    from tamis.rewrite import Rewriter

NAMED = 3  # queries of a list that the terminal names
WHY = {
    "same": "it changes no figure of the fit half",
    "harmless": "a loss of {margin:g} nDCG@10 or more is excluded on the fit half",
    "few": "the fit half has too few queries to tell",
    "worse": "it loses significantly on the fit half",
    "unsure": "a loss of {margin:g} nDCG@10 or more is not excluded on the fit half",
}


@choosing(Model, "tamis-mini", passages=True)
def command(
    folder: Annotated[Path, typer.Argument(metavar="SET", help="Folder with corpus, queries, qrels (BEIR form).")],
    rewrite: Annotated[
        str,
        typer.Option(
            metavar="offline|URL|FILE",
            help="Rewriter: rules and dictionaries, a language model behind an OpenAI-compatible server, or a file of "
            "rewrites {id, text}, one a line.",
        ),
    ] = "offline",
    rewrite_model: ByModel = "",
    recall: Annotated[
        Recall, typer.Option(help="First stage; it also orders the candidates that come with a set.")
    ] = "bm25",
    chosen: Chosen = USUAL,
    k: Annotated[int, typer.Option("--k", "-k", min=1, help="Candidates that are recalled and reranked.")] = 100,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Take this many judged queries, drawn at random (the same every time).")
    ] = None,
    index: Annotated[
        Path | None, typer.Option(help="Keep the index here and use it again (dense recall encodes the corpus once).")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write one self-contained page here.")
    ] = None,
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Prove the gain: neither, rewriting, reranking, both, with intervals, tests and the queries that win or lose.

    P-values are of paired randomisation tests (hit@1: McNemar's exact test), and beside them after Holm's correction
    over all comparisons of the report. Whether rewriting is recommended is decided on half of the queries.

    Example: tamis gain ./conversations --html gain.html
    """
    from tamis.data import Collection, atomic_write
    from tamis.errors import InputError
    from tamis.gains import Study, page
    from tamis.gains.errors import Errors

    if html is not None and not html.resolve().parent.is_dir():  # before hours of reranking
        raise InputError(f"{html} cannot be written: the folder {html.parent} does not exist")
    if html is not None and html.is_dir():
        raise InputError(f"{html} is a directory: give the name of a file to write")
    by = rewriter_of(rewrite, rewrite_model)
    collection = Collection.open(folder)
    _check_asked(by, collection, rewrite)
    scorer = chosen.or_none()
    if sample is not None:
        collection = collection.sampled(sample)
    study = Study(collection, index_of(collection, recall, index), by, scorer, recall, k)
    with show.progress("reranking") as progress:
        found = study.run(progress)
    if html is not None:
        made = page(found, language=lang)
        with atomic_write(html) as out:
            out.write(made)
        show.say(f"page: {html}")
    if as_json:
        show.as_json(found.as_json() | Errors(found).as_json())
    else:
        _show(found)


def rewriter_of(spec: str, model: str = "") -> Rewriter:
    """The rewriter that an option names: ``offline``, a language model's URL, or a file of rewrites.

    Raises:
        InputError: none of these, or the URL cannot be used.
        DataError: the file cannot be read.

    >>> rewriter_of("offline").name
    'offline'
    """
    from tamis.errors import InputError
    from tamis.rewrite import Given

    if spec == OFFLINE or "://" in spec:
        return rewriter("" if spec == OFFLINE else spec, model, VARIANTS)
    if not Path(spec).is_file():
        raise InputError(f"expected {OFFLINE}, a URL or a file of rewrites, got {spec!r}: no such file is there")
    return Given.open(spec)


def _check_asked(rewriter: Rewriter, collection: Collection, source: str) -> None:
    """Rewrites of other queries change no figure, and would be called harmless.

    Raises:
        InputError: a file of rewrites holds none of the set's judged queries.
    """
    from tamis.errors import InputError
    from tamis.rewrite import Given

    asked = [query.id for query in collection.judged]
    if isinstance(rewriter, Given) and asked and not rewriter.texts.keys() & set(asked):
        raise InputError(f"{source}: no rewrite is of a judged query of {collection.name}, whose first is {asked[0]!r}")


def _show(found: Found) -> None:
    from tamis.evaluate.compare import HIT_NAME, MAIN, figures
    from tamis.evaluate.family import counted
    from tamis.gains.errors import Errors

    names, gain = found.names, found.gain
    total = gain.test(found.last)
    if total.detectable is not None:
        show.say(
            f"{total.paired.queries} queries: a true difference of nDCG@10 of {total.detectable:.3f} would be seen in "
            "80 % of cases, a smaller one less often"
        )
    parts = f"{names['recall']}, {names['rewriter']} ({found.rewritten} rewritten), {names['scorer'] or 'none'}"
    title = f"{found.study.collection.name}, {len(found.queries)} queries: {parts}"
    table = show.table(title, "system", "nDCG@10 (95 %)", "MRR@10", "hit@1", "recall@100")
    for name, evaluation in {"random": found.random, **gain.systems}.items():
        shown = figures(evaluation)
        main = shown.pop(str(MAIN))
        means = [f"{shown[measure]['mean']:.3f}" for measure in ("rr@10", HIT_NAME, "recall@100")]
        table.add_row(name, f"{main['mean']:.3f} ({main['low']:.3f} to {main['high']:.3f})", *means)
    show.out(table)
    plain = [test for test in gain.tests if not test.kind]
    for by, what in ((str(MAIN), "nDCG@10"), (HIT_NAME, "hit@1, McNemar")):
        show.out(differences_table(f"gains ({what})", "gain", [(t.name, t) for t in plain if t.by == by]))
    told = [test for test in gain.tests if test.kind and test.paired.ties < test.paired.queries]
    for name in dict.fromkeys(test.name for test in told):
        rows = [(f"{t.kind}: {t.part} ({t.paired.queries})", t) for t in told if t.name == name]
        show.out(differences_table(f"{name}, by parts of the queries (nDCG@10)", "part (queries)", rows, seen=False))
    show.say(f"* below 0.05 after Holm's correction over all {counted(gain.tests)} comparisons")
    for name, places in Errors(found).lists.items():
        if places:
            first = ", ".join(show.safe(found.queries[at].id) for at in places[:NAMED])
            show.say(f"{name}: {len(places)} ({first}{', ...' if len(places) > NAMED else ''})")
    show.say(gate_line(found.gate))


def gate_line(gate: Gate) -> str:
    """What the measured gate says, on one line."""
    line = f"rewriting: {'on' if gate.on else 'off'} here, because {WHY[gate.reason].format(margin=gate.margin)}"
    for name, half in (("fit half", gate.fit), ("other half", gate.held_out)):
        if half is not None:
            line += f"; {name} {half.difference:+.4f} ({half.low:+.4f} to {half.high:+.4f}, {half.queries} queries)"
    return line
