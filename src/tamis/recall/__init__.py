"""Recall: an index of documents, searched by words (BM25), by meaning (vectors), or by both."""

from tamis.recall.fuse import RRF, Fusion, Weighted, reciprocal_rank_fusion, weighted_fusion
from tamis.recall.index import Index, IndexRetriever
from tamis.recall.snapshot import Mode
from tamis.recall.union import Fused, Leading, Union

__all__ = [
    "RRF",
    "Fused",
    "Fusion",
    "Index",
    "IndexRetriever",
    "Leading",
    "Mode",
    "Union",
    "Weighted",
    "reciprocal_rank_fusion",
    "weighted_fusion",
]
