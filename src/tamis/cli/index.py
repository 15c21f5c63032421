"""``tamis index``: build an index folder, add documents to it, delete documents from it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tamis.cli import show
from tamis.cli.options import AsJson


def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The index folder.")],
    docs: Annotated[
        str | None, typer.Option(help="Documents: .txt, .jsonl, .csv, gzip allowed; - reads stdin.", metavar="FILE|-")
    ] = None,
    add: Annotated[bool, typer.Option("--add", help="Add to the index that is there instead of building one.")] = False,
    delete: Annotated[list[str] | None, typer.Option(help="Delete the document of this id; may be repeated.")] = None,
    encoder: Annotated[str, typer.Option(help="e5-small, use (light), a model folder, or none (words only).")] = (
        "e5-small"
    ),
    as_json: AsJson = False,
) -> None:
    """Build an index of documents for hybrid search; a crash in the middle leaves the previous index readable.

    Example: tamis index ./law --docs corpus.jsonl.gz

    Later: tamis index ./law --docs new.jsonl --add
    """
    import sys

    from tamis.data import read_documents
    from tamis.recall import Index

    if docs is None and not delete:
        raise typer.BadParameter("expected --docs FILE (with --add to extend an index) or --delete ID")
    if add or delete:
        index = Index.open(folder)
    if delete:
        index.delete(delete)
    if docs is not None:
        documents = read_documents(sys.stdin.buffer if docs == "-" else docs)
        with show.progress("indexing") as progress:
            if add or delete:
                index.add(documents, progress=progress)
            else:
                index = Index.build(
                    documents, folder, encoder=None if encoder == "none" else encoder, progress=progress
                )
    if as_json:
        show.as_json({"index": str(folder), "documents": len(index)})
    else:
        show.say(f"{len(index)} documents in {folder}")
