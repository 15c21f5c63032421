"""PyTorch, asked for once: the networks take their names of it from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tamis.extras import require

if TYPE_CHECKING:
    import torch as torch
    from torch import Tensor as Tensor
    from torch import nn as nn
    from torch.nn import functional as F
else:
    torch = require("torch")
    Tensor, nn, F = torch.Tensor, torch.nn, torch.nn.functional

__all__ = ["F", "Tensor", "nn", "torch"]
