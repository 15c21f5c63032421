"""Scale: bulk scoring, the same on a laptop's cores and on a cluster."""

from tamis.scale.bulk import bulk
from tamis.scale.model import Loaded, Loading, Model

__all__ = ["Loaded", "Loading", "Model", "bulk"]
