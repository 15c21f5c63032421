"""nDCG@10 of documents that are titles, with and without sentences made of them, in English and Chinese.

    TAMIS_DATA=/path/to/data python benchmarks/repair_titles.py       # 10 minutes on two cores

- cacm, where 38 % of the documents are a title beside a catalogue's record: several sentences, and where they stand;
- cacm with no texts, so that every document is a title;
- kuake_dev, Chinese titles in short lists of candidates, without titles of their own: the kind "headings".
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from quality import first_stage
from repair import NAMES, NDCG, Reading, difference, mean, meant, opened, tested

import tamis
from tamis.core import Document, Ranking
from tamis.data import Collection
from tamis.evaluate import as_run, evaluate
from tamis.pipeline import Rerank
from tamis.recall import Index
from tamis.text.repair import CHINESE, heading, kinds_named, repaired, titled_record

AS_IS = "as it is"


def sentence(document: Document) -> str:
    """The document's title as it ends in a sentence."""
    return document.title if document.title.endswith((".", "?", "!")) else f"{document.title}."


def of_records(change: Callable[[Document], Document]) -> Callable[[Document], Document]:
    """The change, made where a title stands beside a record."""
    return lambda document: change(document) if titled_record(document) else document


def titled(document: Document) -> Document:
    """A heading as a title, with a sentence made of it as the text."""
    said = CHINESE["zh"][0].format(title=document.text.strip())
    return replace(document, title=document.text, text=said) if heading(document) else document


RECORDS: Mapping[str, Callable[[Document], Document]] = {
    AS_IS: lambda document: document,
    "This is about T. (the default)": lambda document: repaired(document).document,
    "This document describes T.": of_records(
        lambda document: replace(document, text=f"This document describes {sentence(document)} {document.text}")
    ),
    "T. once more, no other words": of_records(
        lambda document: replace(document, text=f"{sentence(document)} {document.text}")
    ),
    "This is about T., in place of the title": of_records(
        lambda document: replace(document, title=f"This is about {sentence(document)}")
    ),
}
ALONE: Mapping[str, Callable[[Document], Document]] = {
    AS_IS: lambda document: replace(document, text=""),
    "This is about T. (the default)": lambda document: repaired(replace(document, text="")).document,
}
HEADINGS: Mapping[str, Callable[[Document], Document]] = {
    AS_IS: lambda document: document,
    "本文档介绍T。 (--kinds headings)": lambda document: repaired(document, kinds=kinds_named(["headings"])).document,
    "T as the title, 本文档介绍T。": titled,
}
SECTIONS = {"cacm": ("cacm", RECORDS), "cacm, titles alone": ("cacm", ALONE), "kuake_dev": ("kuake_dev", HEADINGS)}


def systems(collection: Collection, documents: Sequence[Document], scorer: Reading) -> dict[str, list[Ranking]]:
    queries = collection.judged
    found = {"bm25": first_stage(Index.build(documents, encoder=None), collection, queries, "bm25")}
    scorer.take(queries, documents, found["bm25"])
    index = Index.build(documents, encoder=scorer.encoder)
    found |= {mode: first_stage(index, collection, queries, mode) for mode in ("dense", "hybrid")}
    found["tamis-mini"] = Rerank(scorer, evidence=())(found["bm25"])
    found["tamis-mini+bm25"] = Rerank(scorer)(found["bm25"])
    return found


def measured(name: str, changes: Mapping[str, Callable[[Document], Document]], scorer: Reading) -> dict[str, object]:
    """Each change beside none, by change and system."""
    collection = opened(name)
    values = {}
    for what, change in changes.items():
        start = time.perf_counter()
        documents = [change(document) for document in collection.documents.values()]
        rankings = systems(collection, documents, scorer)
        values[what] = {s: evaluate(as_run(r), collection.qrels, [NDCG])[NDCG] for s, r in rankings.items()}
        print(f"{name}, {what}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return {
        what: {
            system: {
                "ndcg@10": {version: meant(values[version][system]) for version in (AS_IS, what)},
                "against as it is": tested(values[what][system], values[AS_IS][system]),
            }
            for system in values[what]
        }
        for what in changes
        if what != AS_IS
    }


def table(name: str, found: Mapping[str, Mapping[str, dict]]) -> str:
    lines = [f"| {name} | " + " | ".join(NAMES.values()) + " |", "|---" * (len(NAMES) + 1) + "|"]
    first = next(iter(found.values()))
    lines.append("| as it is | " + " | ".join(mean(r["ndcg@10"][AS_IS]) for r in first.values()) + " |")
    for what, rows in found.items():
        cells = [difference(r["against as it is"]) for r in rows.values()]
        lines.append(f"| {what} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    scorer = Reading(tamis.load_scorer("tamis-mini"))
    results = {title: measured(name, changes, scorer) for title, (name, changes) in SECTIONS.items()}
    print(json.dumps(results), file=sys.stderr)
    print("\n\n".join(table(title, found) for title, found in results.items()))


if __name__ == "__main__":
    main()
