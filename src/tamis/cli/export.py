"""``tamis export``: a PyTorch model folder in another format, held against its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from tamis.cli import show
from tamis.cli.options import AsJson

if TYPE_CHECKING:
    from tamis.core import Pair
    from tamis.score.export import Exported
    from tamis.score.export.folder import Format


def command(
    source: Annotated[str, typer.Argument(metavar="DIR", help="A model folder with PyTorch weights, or a hub id.")],
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format", help="onnx (fp32, the default), onnx-int8, onnx-int4; may be repeated. Or gptq-int4 alone."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The folder to make; without it, DIR-onnx beside DIR.")
    ] = None,
    calibration: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Pairs that gptq-int4 is fitted to: queries with documents, labels or not."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a model folder in another format; its scores, size and speed are held against the source's.

    ONNX folders run without PyTorch. What does not score as its source is not written: rank correlation below .99 in
    int8, below .97 in 4 bits. gptq-int4 is for causal rerankers and makes a folder for vLLM; it needs tamis[gptq] in an
    environment of its own.

    Example: tamis export ./ms-marco-MiniLM-L6-v2 --format onnx --format onnx-int8 -o ./minilm-onnx
    """
    from tamis.score.export import export
    from tamis.score.export.gptq import FORMAT, gptq

    folder, wanted = _folder(source), list(dict.fromkeys(formats or ["onnx"]))
    kind = "gptq" if FORMAT in wanted else "onnx"
    target = output or (folder.parent if Path(source).is_dir() else Path()) / f"{Path(source).resolve().name}-{kind}"
    if wanted == [FORMAT]:
        found = [gptq(folder, target, _pairs(calibration))]
    elif FORMAT in wanted:
        raise typer.BadParameter(f"--format {FORMAT} makes a folder of another kind: name no other format beside it")
    elif calibration is not None:
        raise typer.BadParameter(f"--calibration is for --format {FORMAT}: leave it out")
    else:
        found = export(folder, target, cast("list[Format]", wanted))
    if as_json:
        rows = [{**asdict(row), "path": str(row.path)} for row in found]
        show.as_json({"source": source, "output": str(target), "graphs": rows})
    else:
        show.out(_table(source, target, found))


def _pairs(calibration: str | None) -> list[Pair]:
    """The pairs of a file in any of the data forms."""
    from tamis.core import Document, Query
    from tamis.data import read_examples

    examples = read_examples(calibration, labelled=False) if calibration is not None else ()
    return [
        (Query(example.query, instruction=example.instruction), Document(str(at), text))
        for example in examples
        for at, text in enumerate(example.documents)
    ]


def _folder(source: str) -> Path:
    """The folder of a path or hub id."""
    from tamis.errors import ModelError
    from tamis.score.hub import fetched, is_hub_id

    if Path(source).is_dir():
        return Path(source).resolve()
    if is_hub_id(source):
        return fetched(source)
    raise ModelError(f"no folder {source!r}: expected a model folder with PyTorch weights, or a hub id")


def _table(source: str, target: Path, found: Sequence[Exported]) -> Any:
    title = f"{source} as {target}, held against PyTorch in fp32 on {found[0].parity.pairs} pairs"
    columns = ("MB", "difference", "spread", "rank corr.", "pairs/s", "PyTorch")
    shown = show.table(title, "format", *columns)
    for row in found:
        held, speed = row.parity, row.speed
        numbers = (f"{held.largest_difference:.2g}", f"{held.spread:.3g}", f"{held.rank_correlation:.4f}")
        shown.add_row(row.format, f"{row.megabytes:.1f}", *numbers, f"{speed.made:.0f}", f"{speed.source:.0f}")
    return shown
