"""Exports: PyTorch folders as ONNX folders that need no PyTorch, in fp32, int8 and int4, and as GPTQ checkpoints, each
held against its source."""

from tamis.score.export.check import Parity, Speed, parity, rank_correlation
from tamis.score.export.folder import Exported, export

__all__ = ["Exported", "Parity", "Speed", "export", "parity", "rank_correlation"]
