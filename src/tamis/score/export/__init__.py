"""Exports: PyTorch folders as ONNX folders that need no PyTorch, in fp32 and int8, each held against its source."""

from tamis.score.export.check import Parity, parity, rank_correlation
from tamis.score.export.folder import Exported, export

__all__ = ["Exported", "Parity", "export", "parity", "rank_correlation"]
