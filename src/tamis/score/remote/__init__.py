"""Rerankers on other machines as scorers: rerank APIs, yes/no log-probabilities, decision APIs."""

from tamis.score.remote.decision import DecisionScorer
from tamis.score.remote.dialects import DIALECTS, Dialect
from tamis.score.remote.http import HttpOptions, JsonClient
from tamis.score.remote.rerank import RemoteReranker, RerankOptions
from tamis.score.remote.spec import SCHEMES, remote_scorer
from tamis.score.remote.yesno import YesNoScorer

__all__ = [
    "DIALECTS",
    "SCHEMES",
    "DecisionScorer",
    "Dialect",
    "HttpOptions",
    "JsonClient",
    "RemoteReranker",
    "RerankOptions",
    "YesNoScorer",
    "remote_scorer",
]
