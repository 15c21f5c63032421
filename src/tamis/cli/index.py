"""``tamis index``: build an index folder or a collection in an engine, add documents to it, delete documents."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tamis.cli import show
from tamis.cli.options import NONE, AsJson, ToEngine
from tamis.cli.sending import send

if TYPE_CHECKING:
    from tamis.core import Document
    from tamis.recall import Index


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
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a build of the same documents was interrupted.")
    ] = False,
    merge: Annotated[
        bool, typer.Option("--merge", help="Make few segments of many, while others may search and write.")
    ] = False,
    to: ToEngine = None,
    as_json: AsJson = False,
) -> None:
    """Build an index of documents for hybrid search; a crash in the middle leaves the previous index readable.

    Example: tamis index ./law --docs corpus.jsonl.gz

    After an interruption: tamis index ./law --docs corpus.jsonl.gz --resume

    Later: tamis index ./law --docs new.jsonl --add --merge

    Elsewhere: tamis index --docs corpus.jsonl.gz --to qdrant://localhost:6333/law

    What was sent to an engine before a failure stays there: the same command with --add sends all again, and each
    document takes the place of the one that has its id.
    """
    if docs is None and not delete and not merge:
        raise typer.BadParameter("expected --docs FILE (with --add to extend an index), --delete ID or --merge")
    if (folder is None) == (to is None):
        raise typer.BadParameter("expected an index folder or --to URL, and not both")
    if resume and (add or delete or docs is None or to is not None):
        raise typer.BadParameter("--resume goes on with the build of an index folder: expected DIR and --docs alone")
    if merge and to is not None:
        raise typer.BadParameter("--merge is for index folders: engines merge by themselves")
    if folder is None:
        send(to or "", docs, delete, encoder=encoder, add=add, as_json=as_json)
        return
    if add or delete or docs is None:
        index = _changed(folder, docs, delete or [])
    else:
        index = _built(folder, docs, None if encoder == NONE else encoder, resume)
    if merge:
        with show.progress("merging") as progress:
            index.merge(progress=progress)
    if as_json:
        show.as_json({"index": str(folder), "documents": len(index)})
    else:
        show.say(f"{len(index)} documents in {folder}")


def _built(folder: Path, docs: str, encoder: str | None, resume: bool) -> Index:
    from tamis.recall import Index
    from tamis.recall.store import BUILDING

    try:
        with show.progress("indexing") as progress:
            return Index.build(_read(docs), folder, encoder=encoder, resume=resume, progress=progress)
    except BaseException:
        if (folder / BUILDING).exists():
            show.say(f"{folder} keeps what was read so far: the same command with --resume goes on from there")
        raise


def _changed(folder: Path, docs: str | None, delete: Sequence[str]) -> Index:
    from tamis.recall import Index

    index = Index.open(folder)
    if delete:
        index.delete(delete)
    if docs is not None:
        with show.progress("indexing") as progress:
            index.add(_read(docs), progress=progress)
    return index


def _read(docs: str) -> Iterator[Document]:
    from tamis.data import read_documents

    return read_documents(sys.stdin.buffer if docs == "-" else docs)
