"""Recall: an index of documents, searched by words (BM25), by meaning (vectors), or by both."""

from tamis.recall.fuse import RRF, Fusion, Weighted, reciprocal_rank_fusion, weighted_fusion
from tamis.recall.index import Index, IndexRetriever
from tamis.recall.snapshot import Mode

__all__ = [
    "RRF",
    "Fusion",
    "Index",
    "IndexRetriever",
    "Mode",
    "Weighted",
    "reciprocal_rank_fusion",
    "weighted_fusion",
]
