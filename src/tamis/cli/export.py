"""``tamis export``: a PyTorch model folder as an ONNX folder that needs no PyTorch, held against its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from tamis.cli import show
from tamis.cli.options import AsJson

if TYPE_CHECKING:
    from tamis.score.export import Exported
    from tamis.score.export.folder import Format


def command(
    source: Annotated[str, typer.Argument(metavar="DIR", help="A model folder with PyTorch weights, or a hub id.")],
    formats: Annotated[
        list[str] | None, typer.Option("--format", help="onnx (fp32) or onnx-int8; may be repeated. Default: onnx.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The folder to make; without it, DIR-onnx beside DIR.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a model folder as ONNX, which runs without PyTorch; its scores are held against the source's.

    A graph whose scores are not those of its source (int8: rank correlation below .99) is not written.

    Example: tamis export ./ms-marco-MiniLM-L6-v2 --format onnx --format onnx-int8 -o ./minilm-onnx
    """
    from tamis.score.export import export

    folder = _folder(source)
    target = output or (folder.parent if Path(source).is_dir() else Path()) / f"{Path(source).resolve().name}-onnx"
    wanted = cast("list[Format]", list(dict.fromkeys(formats or ["onnx"])))
    found = export(folder, target, wanted)
    if as_json:
        rows = [{**asdict(row), "path": str(row.path)} for row in found]
        show.as_json({"source": source, "output": str(target), "graphs": rows})
    else:
        show.out(_table(source, found))


def _folder(source: str) -> Path:
    """The folder of a path or hub id."""
    from tamis.errors import ModelError
    from tamis.score.hub import fetched, is_hub_id

    if Path(source).is_dir():
        return Path(source).resolve()
    if is_hub_id(source):
        return fetched(source)
    raise ModelError(f"no folder {source!r}: expected a model folder with PyTorch weights, or a hub id")


def _table(source: str, found: Sequence[Exported]) -> Any:
    title = f"{source}, held against PyTorch in fp32 on {found[0].parity.pairs} pairs"
    shown = show.table(title, "value", "MB", "largest difference", "spread", "rank correlation")
    for row in found:
        held = row.parity
        numbers = (f"{held.largest_difference:.2g}", f"{held.spread:.3g}", f"{held.rank_correlation:.4f}")
        shown.add_row(str(row.path), f"{row.megabytes:.1f}", *numbers)
    return shown
