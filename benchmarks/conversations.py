"""Conversational retrieval sets from question rewriting data: what a query hangs on was said before.

    python benchmarks/conversations.py canard OUT [--all-turns]
    python benchmarks/conversations.py synthetic-zh OUT [--queries N]

Each writes a folder that ``tamis eval`` and ``tamis gain`` read (corpus, queries with their history, qrels), and
``rewrites.jsonl`` beside it: what each query means by itself, for ``tamis gain OUT --rewrite OUT/rewrites.jsonl``,
which is the ceiling for any rewriter. The data's licences do not let the output be committed.

**canard**: people asking about a Wikipedia section, each question answered by words of the article (QuAC), with
questions rewritten by other people (CANARD). How a set is made of it, and why:

- A document is one answer; the answer to a turn's question stands in the next turn's history. Questions are no part
  of the documents: pairs of question and answer would hold the very words that are searched for, and the query would
  find itself. Documents have no title: the article's name as title would reward any rewriter that puts the name in,
  for every answer of the article alike. So documents are hard to find (an answer need not name what it is about), and
  figures are low: they are to be compared with each other, and with those of the human rewrites.
- A query is the question as it was typed. Its history is what had been said: the article's and the section's name,
  with which these conversations begin, then earlier questions and answers. Nothing later is in it. Answers given
  earlier are documents like any other, and wrong ones; a rewriter that copies too much of the history finds them
  again.
- Answers that say nothing ("I don't know.", "CANNOTANSWER") and answers of fewer than four words, which would answer
  many questions, are no documents, and their questions no queries. Answers with the same text are one document.
- One turn of each conversation is drawn, at least one question having gone before, since turns of one conversation
  are not independent and intervals would be too narrow. ``--all-turns`` takes all.

**synthetic-zh**: Chinese, and *synthetic*: nobody ever had these conversations. Questions about paragraphs of
articles (DRCD, traditional characters) that hold the article's name; in the query the name is replaced by 它 or left
out (by the id's hash, half each, whatever the name names). The history is one question about another paragraph of the
same article, so that it does not lead to the answer by itself. Documents are all paragraphs of the corpus, without
titles. What the query means is the question as it was asked. It shows whether a rewriter finds the name again, not
how people talk.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tamis.data import Collection, atomic_write, write_qrels

DATA = Path(os.environ.get("TAMIS_DATA") or Path(__file__).resolve().parents[2] / "shared/data")
FEWEST = 4  # words of an answer that is a document
NOTHING = ("i don't know", "cannotanswer", "i do not know", "unknown", "no answer")
LEAST = 4  # characters of a Chinese question without its article's name
PRONOUN = "它"


@dataclass(frozen=True)
class Turn:
    """A question that is a query: what was said before it, what it means, and the document that answers it."""

    id: str
    text: str
    history: tuple[str, ...]
    rewrite: str
    answer: str


@dataclass(frozen=True)
class Made:
    """A retrieval set: document ids with their texts, and the queries."""

    documents: Mapping[str, str]
    turns: Sequence[Turn]

    def write(self, folder: Path) -> None:
        """Corpus, queries, qrels and rewrites as files."""
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "corpus.jsonl", ({"id": id, "title": "", "text": text} for id, text in self.documents.items()))
        queries = ({"id": turn.id, "text": turn.text, "history": list(turn.history)} for turn in self.turns)
        _write(folder / "queries.jsonl", queries)
        _write(folder / "rewrites.jsonl", ({"id": turn.id, "text": turn.rewrite} for turn in self.turns))
        write_qrels(folder / "qrels.tsv", {turn.id: {turn.answer: 1} for turn in self.turns})


def canard(rows: Sequence[Mapping[str, Any]], *, all_turns: bool = False) -> Made:
    """The set of CANARD's rows: ids end in ``_turn``, and a turn's history holds the answer of the turn before."""
    conversations: dict[str, dict[int, Mapping[str, Any]]] = defaultdict(dict)
    for row in rows:
        conversation, _, turn = row["id"].rpartition("_")
        conversations[conversation][int(turn)] = row
    names: dict[str, str] = {}  # a document's text -> its id
    turns = []
    for held in conversations.values():
        found = list(_answered(held, names))
        turns += found if all_turns else _drawn(found)
    return Made({id: text for text, id in names.items()}, turns)


def _answered(held: Mapping[int, Mapping[str, Any]], names: dict[str, str]) -> Iterator[Turn]:
    """The turns of a conversation whose answer says something; every answer becomes a document."""
    for at in sorted(held):
        row, following = held[at], held.get(at + 1)
        if following is None or len(following["history"]) != len(row["history"]) + 2:
            continue  # nobody wrote down the answer
        answer = " ".join(following["history"][-1].split())
        if following["history"][-2] != row["question"] or not says_something(answer):
            continue
        document = names.setdefault(answer, row["id"])
        yield Turn(row["id"], row["question"], tuple(row["history"]), row["rewrite"], document)


def says_something(answer: str) -> bool:
    """Whether an answer can be told from others: four words or more, and not that nothing is known."""
    plain = answer.lower().strip(" .!?").replace("\u2019", "'")
    return len(answer.split()) >= FEWEST and plain not in NOTHING and "cannotanswer" not in plain


def _drawn(turns: Sequence[Turn]) -> list[Turn]:
    """One of the turns before which a question was asked, chosen by the ids alone; a history begins with two names."""
    later = [turn for turn in turns if len(turn.history) > 2]
    return [min(later, key=lambda turn: hashed(turn.id))] if later else []


def hashed(id: str) -> int:
    """A number that nothing but the id decides."""
    return int.from_bytes(hashlib.sha256(f"turn\n{id}".encode()).digest()[:8], "big")


def synthetic_zh(collection: Collection, most: int) -> Made:
    """Conversations that never were, from questions about paragraphs of one article."""
    by_article: dict[str, list[tuple[str, str, str]]] = defaultdict(list)  # title -> (query id, text, paragraph)
    for query in collection.judged:
        (paragraph,) = list(collection.qrels[query.id])[:1]
        title = collection.documents[paragraph].title
        if len(title) >= 2 and query.text.count(title) == 1:
            by_article[title].append((query.id, query.text, paragraph))
    turns = []
    for title, asked in sorted(by_article.items()):
        turns += list(_about(title, asked))[:1]
    chosen = sorted(turns, key=lambda turn: hashed(turn.id))[:most]
    return Made({document.id: document.text for document in collection.documents.values()}, chosen)


def _about(title: str, asked: Sequence[tuple[str, str, str]]) -> Iterator[Turn]:
    """A question about one paragraph of an article, after one about another."""
    for id, text, paragraph in sorted(asked, key=lambda one: hashed(one[0])):
        before = [other for _, other, elsewhere in asked if elsewhere != paragraph]
        short = text.replace(title, PRONOUN if hashed(id) % 2 else "").removeprefix("的").strip(" ，,、")
        if before and len(short) >= LEAST:
            yield Turn(id, short, (before[0],), text, paragraph)


def _write(path: Path, rows: Iterator[Mapping[str, Any]]) -> None:
    with atomic_write(path) as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=("canard", "synthetic-zh"))
    parser.add_argument("out", type=Path)
    parser.add_argument("--all-turns", action="store_true", help="all turns of a conversation, not one")
    parser.add_argument("--queries", type=int, default=500, help="most queries of synthetic-zh")
    given = parser.parse_args()
    if given.kind == "canard":
        with gzip.open(DATA / "rewrite/canard_dev.jsonl.gz", "rt", encoding="utf-8") as file:
            made = canard([json.loads(line) for line in file], all_turns=given.all_turns)
    else:
        made = synthetic_zh(Collection.open(DATA / "train/drcd"), given.queries)
    made.write(given.out)
    changed = sum(turn.text != turn.rewrite for turn in made.turns)
    print(f"{given.out}: {len(made.documents)} documents, {len(made.turns)} queries, {changed} hang on their history")


if __name__ == "__main__":
    main()
