"""Architectures that a reranker can be made of, a row each: their network, and what a trained one is called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Body:
    """An encoder without a head for pairs.

    Attributes:
        network: its row in ``score.nets.build.NETWORKS``.
        reranker: the architecture of a reranker made of it.
    """

    network: str
    reranker: str


_ROWS = {
    "Bert": Body("bert", "BertForSequenceClassification"),
    "Electra": Body("electra", "ElectraForSequenceClassification"),
    "Roberta": Body("roberta", "RobertaForSequenceClassification"),
    "Camembert": Body("roberta", "CamembertForSequenceClassification"),
    "XLMRoberta": Body("roberta", "XLMRobertaForSequenceClassification"),
    "ModernBert": Body("modernbert", "ModernBertForSequenceClassification"),
    "DebertaV2": Body("deberta", "DebertaV2ForSequenceClassification"),
}
_ENDINGS = ("Model", "ForMaskedLM", "ForPreTraining")

BODIES: dict[str, Body] = {f"{name}{ending}": row for name, row in _ROWS.items() for ending in _ENDINGS}
