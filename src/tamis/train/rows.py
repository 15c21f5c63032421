"""Word vectors that learn row by row: a step costs what it shows, not what the vocabulary holds."""

from __future__ import annotations

from typing import Any

from tamis.score.nets.lib import Tensor, nn, torch

WORDS = ("word_embeddings", "tok_embeddings", "embed_tokens")  # what the networks call them


class AdamW(torch.optim.AdamW):
    """AdamW (Loshchilov & Hutter 2019, algorithm 2) that takes sparse gradients row by row.

    Rows that a step does not show stay as they are, with their moments and without decay, as in
    ``torch.optim.SparseAdam``; all others are as in ``torch.optim.AdamW``, whose state this has.
    """

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Take a step."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None and parameter.grad.is_sparse:
                    self._rows(parameter, group)
                    parameter.grad = None
        super().step(closure)

    def _rows(self, parameter: Tensor, group: dict[str, Any]) -> None:
        assert parameter.grad is not None
        gradient = parameter.grad.coalesce()
        rows, slopes = gradient.indices()[0], gradient.values()
        state = self.state[parameter]
        if not state:
            state |= {"step": torch.zeros(()), "exp_avg": torch.zeros_like(parameter)}
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        state["step"] += 1
        (first, second), step = group["betas"], float(state["step"])
        mean = state["exp_avg"][rows].lerp_(slopes, 1 - first)
        square = state["exp_avg_sq"][rows].mul_(second).addcmul_(slopes, slopes, value=1 - second)
        state["exp_avg"][rows], state["exp_avg_sq"][rows] = mean, square
        spread = (square.sqrt() / (1 - second**step) ** 0.5).add_(group["eps"])
        kept = parameter[rows] * (1 - group["lr"] * group["weight_decay"])
        parameter[rows] = kept.addcdiv_(mean, spread, value=-group["lr"] / (1 - first**step))


def by_rows(network: nn.Module) -> None:
    """Have the gradients of word vectors hold only the rows that were read, where nothing else reads the vectors."""
    lonely = not hasattr(getattr(network, "head", None), "tied")
    for name, module in network.named_modules():
        if name.rpartition(".")[2] in WORDS and isinstance(module, nn.Embedding) and lonely:
            module.sparse = module.weight.requires_grad


def clipped(parameters: list[Tensor], longest: float) -> float:
    """Shorten the gradient of all parameters together to ``longest``; returns how long it was."""
    found: list[Tensor] = []
    for parameter in parameters:
        if parameter.grad is not None and parameter.grad.is_sparse:
            parameter.grad = parameter.grad.coalesce()  # rows that were read twice are one
        if parameter.grad is not None:
            found.append(parameter.grad.values() if parameter.grad.is_sparse else parameter.grad)
    length = float(torch.nn.utils.get_total_norm(found))
    if length > longest:
        torch._foreach_mul_(found, longest / (length + 1e-6))  # as clip_grad_norm_ does
    return length
