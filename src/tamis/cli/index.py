"""``tamis index``: build an index folder or a collection in an engine, add documents to it, delete documents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tamis.cli import show
from tamis.cli.options import AsJson, ToEngine
from tamis.cli.sending import send


def command(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="The index folder; none with --to.", show_default=False)
    ] = None,
    docs: Annotated[
        str | None, typer.Option(help="Documents: .txt, .jsonl, .csv, gzip allowed; - reads stdin.", metavar="FILE|-")
    ] = None,
    add: Annotated[bool, typer.Option("--add", help="Add to the index that is there instead of building one.")] = False,
    delete: Annotated[list[str] | None, typer.Option(help="Delete the document of this id; may be repeated.")] = None,
    encoder: Annotated[str, typer.Option(help="e5-small, use (light), a model folder, or none (words only).")] = (
        "e5-small"
    ),
    to: ToEngine = None,
    as_json: AsJson = False,
) -> None:
    """Build an index of documents for hybrid search; a crash in the middle leaves the previous index readable.

    Example: tamis index ./law --docs corpus.jsonl.gz

    Later: tamis index ./law --docs new.jsonl --add

    Elsewhere: tamis index --docs corpus.jsonl.gz --to qdrant://localhost:6333/law

    What was sent to an engine before a failure stays there: the same command with --add sends all again, and each
    document takes the place of the one that has its id.
    """
    import sys

    from tamis.data import read_documents
    from tamis.recall import Index

    if docs is None and not delete:
        raise typer.BadParameter("expected --docs FILE (with --add to extend an index) or --delete ID")
    if (folder is None) == (to is None):
        raise typer.BadParameter("expected an index folder or --to URL, and not both")
    if folder is None or to is not None:
        send(to or "", docs, delete, encoder=encoder, add=add, as_json=as_json)
        return
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
