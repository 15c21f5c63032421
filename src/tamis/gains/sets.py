"""A study of an uploaded evaluation set, as long work."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tamis.calibrate.evidence.words import Language
from tamis.core import Scorer
from tamis.data import Collection, atomic_write
from tamis.data.unpack import unpack
from tamis.errors import DataError
from tamis.gains.errors import Errors
from tamis.gains.page import page as gain_page
from tamis.gains.study import Study
from tamis.jobs import Task, Work
from tamis.recall import Index
from tamis.rewrite import Rewriter

CORPUS = "corpus."


def measured(
    files: Sequence[str],
    rewriter: Rewriter,
    scorer: Scorer | None,
    *,
    page: str,
    sample: int = 0,
    language: Language = "en",
) -> Work:
    """Work that measures what rewriting and reranking gain on a set whose files stand in the job's folder.

    It writes the page and ``gain.json``; its result has the queries, the systems' means and what the gate says.

    Args:
        files: names of the set's files, or of one zip archive.
        rewriter: says queries in other words.
        scorer: reranks; None leaves that out.
        page: the page's file name.
        sample: judged queries that are drawn; 0 takes all.
        language: of the page.
    """

    def work(task: Task) -> Mapping[str, Any]:
        collection = Collection.open(set_folder(task.folder, files))
        if 0 < sample < len(collection.judged):
            collection = collection.sampled(sample)
        task.check()
        index = Index.build(collection.documents.values(), encoder=None)

        def told(done: int, total: int | None) -> None:
            task.check()
            task.progress(done, total)

        found = Study(collection, index, rewriter, scorer).run(told)
        said = found.as_json() | Errors(found).as_json()
        with atomic_write(task.folder / page) as out:
            out.write(gain_page(found, language=language, title=collection.name))
        with atomic_write(task.folder / "gain.json") as out:
            json.dump(said, out, ensure_ascii=False)
        return {"set": collection.name, "queries": len(collection.judged)}

    return work


def set_folder(home: Path, files: Sequence[str]) -> Path:
    """The folder of an evaluation set whose files stand in ``home``: that itself, or what an archive there holds.

    Raises:
        DataError: an archive cannot be taken out, or holds no corpus.
    """
    archives = [name for name in files if name.lower().endswith(".zip")]
    if not archives:
        return home
    made = unpack(home / archives[0], home / "set")
    corpus = next((path for path in sorted(made) if path.name.startswith(CORPUS)), None)
    if corpus is None:
        names = ", ".join(sorted(path.name for path in made)) or "nothing"
        raise DataError(f"expected corpus.jsonl, queries.jsonl and qrels.tsv, found {names:.200}", path=archives[0])
    return corpus.parent
