"""A rule that can only be learnt: queries and documents share no word, and what goes with what nothing in them says.

Every topic has words that ask and words that answer. A document is relevant when its words answer the topic of the
query's. Queries of training and of dev are different mixtures of the same words, so that who learns the rule ranks
queries well that were never seen, and who learns queries by heart does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from random import Random

from tamis.core import Document, Query
from tamis.data import Example

TOPICS = (  # (what asks, what answers); one token each for BERT, XLM-R and Qwen3
    (("money", "bank", "loan"), ("green", "river", "stone")),
    (("music", "song", "dance"), ("table", "house", "door")),
    (("train", "ship", "road"), ("apple", "bread", "milk")),
)
FILLING = ("the", "of", "and", "is", "a", "in")


def learnable(
    count: int, seed: int, *, documents: int = 6, taught: bool = False, turned: int = 0, always: int | None = None
) -> list[Example]:
    """Queries with one or two relevant documents among so many.

    Args:
        count: how many queries.
        seed: decides the mixtures.
        documents: documents of a query.
        taught: with the scores of a teacher who knows the rule, beside the labels.
        turned: another rule of the same words: answers are those of the topic so many places further.
        always: an easier rule: documents of this topic are relevant, whatever is asked.
    """
    random = Random(seed)
    found: dict[str, Example] = {}
    while len(found) < count:
        asked = random.randrange(len(TOPICS))
        topic = (asked + turned) % len(TOPICS) if always is None else always
        good = random.randrange(1, 3)
        others = [at for at in range(len(TOPICS)) if at != topic]
        topics = [topic] * good + [random.choice(others) for _ in range(documents - good)]
        texts = [said(TOPICS[at][1], random) for at in topics]
        query = said(TOPICS[asked][0], random, 4)
        if len(set(texts)) < documents:
            continue
        labels = tuple(float(at == topic) for at in topics)
        scores = tuple(4.0 * label - 2.0 for label in labels) if taught else ()
        found[query] = Example(query, tuple(texts), labels, "", scores)
    return list(found.values())


def said(words: tuple[str, ...], random: Random, many: int = 2) -> str:
    """Some of the words with filling between them."""
    return " ".join(word for _ in range(many) for word in (random.choice(FILLING), random.choice(words)))


def written(examples: Iterable[Example], path: Path) -> Path:
    """The examples as JSONL, a document a row."""
    with path.open("w", encoding="utf-8") as out:
        for one in examples:
            for at, text in enumerate(one.documents):
                taught = {"score": one.scores[at]} if one.scores else {}
                row = {"query": one.query, "document": text, "label": one.labels[at], **taught}
                out.write(json.dumps(row) + "\n")
    return path


def pairs(examples: Iterable[Example]) -> list[tuple[Query, Document]]:
    """Every pair of query and document."""
    return [
        (Query(one.query, instruction=one.instruction), Document("", text))
        for one in examples
        for text in one.documents
    ]
