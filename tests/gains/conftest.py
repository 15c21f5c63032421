"""A small conversational world whose gains are known, studied once."""

from __future__ import annotations

import numpy as np
import pytest

from tamis.core import Document, Query
from tamis.data import Collection
from tamis.gains import Study
from tamis.recall import Index
from tamis.rewrite import Change, Given, variant

FISH = ("carp", "perch", "pike", "trout", "eel", "bream", "roach", "tench", "zander", "chub")
EMPTY = ("where", "does", "the", "it")
ACTS = ("eat", "breed", "sleep", "hide", "grow")


class Naming:
    """Puts what the conversation is about in the place of "it"; a rule, and no more."""

    name = fingerprint = "naming"

    def rewrite(self, query):
        if not query.history or " it " not in f" {query.text} ":
            return [variant(query, query.text)]
        text = " ".join(query.history[0] if word == "it" else word for word in query.text.split())
        return [variant(query, text, [Change("pronoun", "it", query.history[0], "what was talked about")])]


class Exact:
    """Scores by the share of the query's telling words in the document, and counts what it is asked."""

    name = fingerprint = "exact"

    def __init__(self):
        self.pairs = 0

    def score(self, pairs):
        self.pairs += len(pairs)
        return np.array([self._one(query.text.split(), document) for query, document in pairs])

    def _one(self, words, document):
        text = document.text.split()
        return float(np.mean([word in text for word in words if word not in EMPTY])) - 0.001 * len(text)


def world(conversational=True):
    """What each fish does where: a query names the act and, in a conversation, the fish only before."""
    documents = [
        Document(f"{fish}-{act}", f"the {fish} will {act} in spring near {fish} stones")
        for fish in FISH
        for act in ACTS
    ]
    documents += [
        Document(f"{act}-{n}", f"{act} {act} and where to {act} it {'well ' * n}") for act in ACTS for n in range(4)
    ]
    queries, qrels = [], {}
    for fish in FISH:
        for act in ACTS:
            name = f"q-{fish}-{act}"
            text = f"where does it {act}" if conversational else f"where does the {fish} {act}"
            queries.append(Query(text, name, history=(fish, "what about it?") if conversational else ()))
            qrels[name] = {f"{fish}-{act}": 1, f"{act}-0": 0}
    held = {document.id: document for document in documents}
    return Collection("ponds", held, queries, qrels)


def study(collection, rewriter=None, scorer=None, **options):
    index = Index.build(collection.documents.values(), encoder=None)
    return Study(collection, index, rewriter or Naming(), scorer, **options)


@pytest.fixture(scope="session")
def talked():
    return study(world(), scorer=Exact()).run()


@pytest.fixture(scope="session")
def typed():
    """Single questions, which the rewriter leaves alone."""
    return study(world(conversational=False), scorer=Exact()).run()


@pytest.fixture(scope="session")
def harmful():
    """A rewriter that makes single questions worse."""
    collection = world(conversational=False)
    return study(collection, Given({query.id: "stones near what" for query in collection.queries}), Exact()).run()
