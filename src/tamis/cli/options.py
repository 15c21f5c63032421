"""Options that several verbs share, written once."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import typer

Recall: TypeAlias = Literal["bm25", "dense", "hybrid"]
Model = Annotated[
    str, typer.Option("--model", "-m", help="Scorer: tamis-mini, e5-small, a model folder, or none (first stage only).")
]
TopK = Annotated[int | None, typer.Option("--top-k", "-k", min=1, help="Keep this many of the best.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of a table.")]
Instruction = Annotated[str, typer.Option(help="Task description, for models that read one.")]
