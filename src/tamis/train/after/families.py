"""What a model card says of each family of models: the hub's task and tags, and how the folder is loaded elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """One family of models.

    Attributes:
        task: the hub's name of what it does.
        tags: for people who search the hub.
        scores: what it gives, after "It gives".
        tamis, sentence_transformers, transformers: code that loads it there; empty where that library cannot.
    """

    task: str
    tags: tuple[str, ...]
    scores: str
    tamis: str
    sentence_transformers: str
    transformers: str


RERANK = """import tamis

ranking = tamis.rerank("your query", ["one document", "another"], model="FOLDER")
for item in ranking:
    print(item.score, item.doc.text)"""

FAMILIES: Mapping[str, Family] = {
    "cross-encoder": Family(
        "text-ranking",
        ("tamis", "reranker", "cross-encoder", "text-ranking"),
        "a raw logit for a pair of query and document",
        RERANK,
        """from sentence_transformers import CrossEncoder

model = CrossEncoder("FOLDER")
scores = model.predict([("your query", "one document"), ("your query", "another")])""",
        """import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("FOLDER")
model = AutoModelForSequenceClassification.from_pretrained("FOLDER").eval()
batch = tokenizer(["your query"], ["one document"], padding=True, truncation=True, return_tensors="pt")
with torch.no_grad():
    scores = model(**batch).logits""",
    ),
    "causal": Family(
        "text-ranking",
        ("tamis", "reranker", "text-ranking", "causal-lm"),
        "the logit of “yes” less that of “no”, read after the official prompt",
        """import tamis

ranking = tamis.rerank("your query", ["one document", "another"], model="FOLDER", instruction="")
for item in ranking:
    print(item.score, item.doc.text)""",
        "",
        """from transformers import AutoModelForCausalLM, AutoTokenizer

# Scores are read from the last token's logits of "yes" and "no" after the family's prompt; tamis does this for you.
tokenizer = AutoTokenizer.from_pretrained("FOLDER")
model = AutoModelForCausalLM.from_pretrained("FOLDER").eval()""",
    ),
    "late-interaction": Family(
        "text-ranking",
        ("tamis", "reranker", "late-interaction", "text-ranking"),
        "a raw logit for a pair of query and document",
        RERANK,
        "",
        "",
    ),
    "bi-encoder": Family(
        "sentence-similarity",
        ("tamis", "sentence-transformers", "sentence-similarity", "feature-extraction", "retrieval"),
        "a vector for a text; the cosine of two vectors is their likeness",
        """import tamis

index = tamis.Index.build(["one document", "another"], encoder="FOLDER")
print(index.search("your query", k=10))""",
        """from sentence_transformers import SentenceTransformer

model = SentenceTransformer("FOLDER")
likeness = model.similarity(model.encode_query("your query"), model.encode_document(["one document", "another"]))""",
        """from transformers import AutoModel, AutoTokenizer

# The vectors also need the pooling (and prefixes, if any) that modules.json and its folders describe.
tokenizer = AutoTokenizer.from_pretrained("FOLDER")
model = AutoModel.from_pretrained("FOLDER").eval()""",
    ),
}
