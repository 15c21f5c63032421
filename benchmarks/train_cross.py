"""Fine-tunes a small real cross-encoder, so that int8 and the cascade are measured on trained weights.

    OMP_NUM_THREADS=1 python benchmarks/train_cross.py FOLDER [MINUTES]     # TAMIS_DATA names the data; 30 minutes

It starts from multilingual-e5-small (the weights ``e5source`` reads), keeps its word vectors and lower layers as they
are, and learns to put one relevant text before four that BM25 or the data's makers found for the same question:
listwise softmax over Chinese and English sets, 80 tokens a pair. It learns for a fixed time, its learning rate falling
to nought by then. The folder is a Hugging Face ``BertForSequenceClassification``. It is a fixture of the benchmarks:
the data's licences do not allow it to ship.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from e5source import OURS, source
from rerank_speed import weights

from tamis.core import Query
from tamis.data import Collection, read_documents
from tamis.data.trec import read_candidates, read_qrels
from tamis.recall import Index
from tamis.text import sentences

if TYPE_CHECKING:
    from transformers import BertForSequenceClassification, PreTrainedTokenizerFast

LENGTH = 80
NEGATIVES = 4
GROUPS = 2  # a step
FROZEN = 4  # lower layers that stay as they are
RATE, HEAD_RATE = 1e-4, 5e-4
SAVE_EVERY = 300.0  # seconds

# Where questions come from, and how often each set is asked.
SHARES = {
    "insuranceqa en": 0.2,
    "insuranceqa zh": 0.13,
    "cmrc2018": 0.12,
    "drcd": 0.12,
    "kuake_qtr_train": 0.12,
    "pubmedqa": 0.1,
    "wikiqa_train": 0.14,
    "trecqa_train": 0.07,
}


@dataclass(frozen=True, slots=True)
class Question:
    """A question, its relevant texts, and texts that look relevant and are not (or are not known to be)."""

    text: str
    relevant: tuple[str, ...]
    others: tuple[str, ...]


def questions(data: Path) -> dict[str, list[Question]]:
    """The training questions of every set of ``SHARES``."""
    found = {"insuranceqa en": insurance(data, "en"), "insuranceqa zh": insurance(data, "zh")}
    for name in SHARES:
        if name not in found:
            found[name] = list(judged(opened(data / name)))
    return {name: [q for q in found[name] if q.relevant and len(q.others) >= NEGATIVES] for name in SHARES}


def insurance(data: Path, language: str) -> list[Question]:
    with gzip.open(data / "insuranceqa/answers.jsonl.gz", "rt", encoding="utf-8") as file:
        answers = {row["id"]: row[language] for row in map(json.loads, file)}
    with gzip.open(data / "insuranceqa/train.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [
        Question(row[language], tuple(answers[i] for i in row["pos"]), tuple(answers[i] for i in row["neg"][:60]))
        for row in rows
    ]


def opened(folder: Path) -> Collection:
    """The set in a folder, without the blank question of cmrc2018, which ``Collection.open`` would refuse."""
    rows = [json.loads(line) for line in (folder / "queries.jsonl").read_text("utf-8").splitlines()]
    asked = [Query(row["text"], row["id"]) for row in rows if row["text"].strip()]
    documents = {document.id: document for document in read_documents(folder / "corpus.jsonl.gz")}
    listed = folder / "candidates.tsv"
    candidates = read_candidates(listed) if listed.exists() else {}
    return Collection(folder.name, documents, asked, read_qrels(folder / "qrels.tsv"), candidates)


def judged(collection: Collection) -> Iterator[Question]:
    """Questions of an evaluation set; where it has no candidates to choose from, BM25's finds from rank 4 to 30."""
    documents, listed = collection.documents, collection.candidates
    short = {query: len(ids) <= NEGATIVES for query, ids in listed.items()}
    found: Mapping[str, Sequence[str]] = listed
    if not listed or np.mean(list(short.values())) > 0.5:
        rankings = Index.build(documents.values(), encoder=None).search(collection.judged, 30)
        found = {ranking.query.id: [candidate.doc.id for candidate in ranking][3:] for ranking in rankings}
    for query in collection.judged:
        grades = collection.qrels[query.id]
        best = max(grades.values())
        relevant = [doc for doc, grade in grades.items() if grade == best > 0 and doc in documents]
        others = [doc for doc in found.get(query.id, ()) if grades.get(doc, 0) <= 0]
        yield Question(
            query.text,
            tuple(documents[doc].full_text for doc in relevant),
            tuple(documents[doc].full_text for doc in others),
        )


def window(question: str, text: str, characters: int) -> str:
    """The part of a long text that shares most pairs of characters with the question, from a sentence's start."""
    if len(text) <= characters * 1.5:
        return text
    wanted = {question[i : i + 2].lower() for i in range(len(question) - 1)}

    def shared(part: str) -> int:
        return len(wanted & {part[i : i + 2].lower() for i in range(len(part) - 1)})

    starts = [0]
    for sentence in sentences(text):
        starts.append(max(starts[-1], text.find(sentence, starts[-1])))
    return max((text[start : start + characters] for start in starts), key=shared)


def groups(found: Mapping[str, Sequence[Question]], seed: int) -> Iterator[list[tuple[str, str]]]:
    """Without end: ``GROUPS`` questions of one set, each a relevant text and ``NEGATIVES`` others, as pairs."""
    rng = np.random.default_rng(seed)
    names, shares = list(SHARES), np.array(list(SHARES.values()))
    while True:
        asked = found[names[rng.choice(len(names), p=shares / shares.sum())]]
        pairs: list[tuple[str, str]] = []
        for at in rng.choice(len(asked), GROUPS, replace=False):
            one = asked[at]
            texts = [one.relevant[rng.integers(len(one.relevant))]]
            texts += [one.others[i] for i in rng.choice(len(one.others), NEGATIVES, replace=False)]
            width = 105 if any("一" <= c <= "龥" for c in one.text) else 260
            pairs += [(one.text, window(one.text, text, width)) for text in texts]
        yield pairs


def start() -> tuple[BertForSequenceClassification, PreTrainedTokenizerFast]:
    """multilingual-e5-small with a fresh head, and its tokenizer."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    torch.manual_seed(0)
    read, keep = source()
    config = BertConfig(
        vocab_size=len(keep),
        hidden_size=384,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=1536,
        num_labels=1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        pad_token_id=1,
    )
    model = BertForSequenceClassification(config)
    found = {f"bert.{name}": torch.tensor(value) for name, value in weights(read, keep).items()}
    left = model.load_state_dict(found, strict=False)
    if left.unexpected_keys or any(name.startswith("bert.encoder") for name in left.missing_keys):
        raise SystemExit(f"the encoder's weights do not fit the model: {left}")
    torch.nn.init.eye_(model.bert.pooler.dense.weight)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(OURS / "tokenizer.json"),
        pad_token="<pad>",
        cls_token="<s>",
        sep_token="</s>",
        unk_token="<unk>",
        model_max_length=512,
    )
    return model, tokenizer


def train(folder: Path, minutes: float, data: Path) -> None:
    """Learn for so many minutes, saving every five and at the end."""
    import torch

    asked = questions(data)
    print({name: len(found) for name, found in asked.items()}, flush=True)
    model, tokenizer = start()
    tokenizer.save_pretrained(folder)
    model.bert.embeddings.requires_grad_(False)
    for layer in model.bert.encoder.layer[:FROZEN]:
        layer.requires_grad_(False)
    body = [p for name, p in model.named_parameters() if p.requires_grad and not name.startswith("classifier")]
    rates = [{"params": body, "lr": RATE}, {"params": list(model.classifier.parameters()), "lr": HEAD_RATE}]
    learner = torch.optim.AdamW(rates, weight_decay=0.01)
    began, saved, losses = time.monotonic(), time.monotonic(), []
    right = torch.zeros(GROUPS, dtype=torch.long)
    for step, pairs in enumerate(groups(asked, 0)):
        spent = (time.monotonic() - began) / (60 * minutes)
        if spent >= 1:
            break
        for group, rate in zip(learner.param_groups, (RATE, HEAD_RATE), strict=True):
            group["lr"] = rate * min(1.0, spent / 0.03) * (1 - spent)
        batch = tokenizer(
            [q for q, _ in pairs],
            [d for _, d in pairs],
            truncation="only_second",
            max_length=LENGTH,
            padding=True,
            return_tensors="pt",
        )
        logits = model(**batch).logits.view(GROUPS, 1 + NEGATIVES)
        loss = torch.nn.functional.cross_entropy(logits, right)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(body, 1.0)
        learner.step()
        learner.zero_grad(set_to_none=True)
        losses.append(loss.item())
        if step % 100 == 99:
            print(f"step {step + 1}, {spent:.0%} of the time: loss {np.mean(losses[-100:]):.3f}", flush=True)
        if time.monotonic() - saved > SAVE_EVERY:
            model.save_pretrained(folder)
            saved = time.monotonic()
    model.save_pretrained(folder)
    print(f"{step} steps of {GROUPS} questions; last loss {np.mean(losses[-300:]):.3f}; in {folder}")


if __name__ == "__main__":
    train(
        Path(sys.argv[1]),
        float(sys.argv[2]) if len(sys.argv) > 2 else 30,
        Path(os.environ.get("TAMIS_DATA", "../shared/data")) / "train",
    )
