"""From one machine to many: pairs by the million, servers side by side, and what that takes."""

from tamis.scale.bulk import bulk
from tamis.scale.model import Loaded, Loading, Model

__all__ = ["Loaded", "Loading", "Model", "bulk"]
