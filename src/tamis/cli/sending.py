"""Documents sent to an engine by ``tamis index --to``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tamis.cli import show
from tamis.cli.options import NONE


def send(url: str, docs: str | None, delete: Sequence[str] | None, *, encoder: str, add: bool, as_json: bool) -> None:
    """Make a collection, or open it to add and delete, and print how many documents it holds.

    Raises:
        InputError: the URL names no engine, or a document cannot be kept.
        IndexStoreError: there is no such collection, or there is one and neither --add nor --delete is given.
        RemoteError: the engine failed or refused.
    """
    from tamis.data import read_documents
    from tamis.recall.engines import create_collection, open_collection

    if add or delete:
        collection = open_collection(url)
    else:
        collection = create_collection(url, encoder=None if encoder == NONE else encoder)
    try:
        if delete:
            collection.delete(delete)
        if docs is not None:
            with show.progress("indexing") as progress:
                collection.add(read_documents(sys.stdin.buffer if docs == "-" else docs), progress)
        held = len(collection)
    finally:
        collection.close()
    if as_json:
        show.as_json({"index": collection.name, "documents": held})
    else:
        show.say(f"{held} documents in {collection.name}")
