"""The tiny models of ``tests/score``, for those who stand on them."""

from ..score.conftest import tiny_model  # noqa: F401
