"""What clients speak: one file an API, its requests to one call and the call's results to its answers."""

from tamis.serve.dialects.call import Answered, Call, Item
from tamis.serve.dialects.dispatch import RerankRequest
from tamis.serve.dialects.embeddings import EmbeddingsRequest
from tamis.serve.dialects.infinity import InfinityRequest
from tamis.serve.dialects.pairs import PairsRequest

__all__ = ["Answered", "Call", "EmbeddingsRequest", "InfinityRequest", "Item", "PairsRequest", "RerankRequest"]
