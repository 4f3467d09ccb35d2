"""A loss that adds up over words, computed so that the logits of all words never lie in memory at once."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

# In a chunk, 10 MB and on a GPU 268: larger chunks take more memory, smaller ones more time.
LOGITS = {"cpu": 2_560_000, "cuda": 2**26}


class _Summed(torch.autograd.Function):
    """Each chunk's gradients are taken at once, and its logits forgotten."""

    @staticmethod
    def forward(ctx, function: Callable, size: int, states: Tensor, target: Tensor, *weights: nn.Parameter) -> Tensor:
        losses, parts, sums = [], [], [torch.zeros_like(weight) for weight in weights]
        for part, words in zip(states.split(size), target.split(size), strict=True):
            part = part.detach().requires_grad_()
            with torch.enable_grad():
                losses.append(function(part, words))
            of_part, *of_weights = torch.autograd.grad(losses[-1], (part, *weights))
            parts.append(of_part)
            for total, one in zip(sums, of_weights, strict=True):
                total += one
        ctx.gradients = torch.cat(parts), None, *sums
        return torch.stack(losses).sum()

    @staticmethod
    def backward(ctx, factor: Tensor) -> tuple[Tensor | None, ...]:
        return None, None, *(one if one is None else one * factor for one in ctx.gradients)


def summed_in_chunks(
    function: Callable[[Tensor, Tensor], Tensor], states: Tensor, target: Tensor, generator: nn.Linear
) -> Tensor:
    """function(states, target), (), for a function that adds up over the N words and knows no parameters but these.

    states (N, D), target (N,). Its gradients are the same too; they are computed with it, and cannot be derived again.
    """
    size = max(1, LOGITS.get(states.device.type, LOGITS["cpu"]) // generator.out_features)
    return _Summed.apply(function, size, states, target, *(one for one in generator.parameters() if one.requires_grad))
