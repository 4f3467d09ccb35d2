"""A loss that adds up over words, computed so that the logits of all words never lie in memory at once."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

WORDS = 512  # in a chunk: the logits of a vocabulary of 10,000 are then 20 MB


class _Summed(torch.autograd.Function):
    """Each chunk's gradients are taken at once, and its logits forgotten."""

    @staticmethod
    def forward(ctx, function: Callable, states: Tensor, target: Tensor, *parameters: nn.Parameter) -> Tensor:
        losses, parts, sums = [], [], [torch.zeros_like(parameter) for parameter in parameters]
        for part, words in zip(states.split(WORDS), target.split(WORDS), strict=True):
            part = part.detach().requires_grad_()
            with torch.enable_grad():
                losses.append(function(part, words))
            of_part, *of_parameters = torch.autograd.grad(losses[-1], (part, *parameters))
            parts.append(of_part)
            for total, one in zip(sums, of_parameters, strict=True):
                total += one
        ctx.gradients = torch.cat(parts), None, *sums
        return torch.stack(losses).sum()

    @staticmethod
    def backward(ctx, factor: Tensor) -> tuple[Tensor | None, ...]:
        return None, *(one if one is None else one * factor for one in ctx.gradients)


def summed_in_chunks(
    function: Callable[[Tensor, Tensor], Tensor], states: Tensor, target: Tensor, parameters: Iterable[nn.Parameter]
) -> Tensor:
    """function(states, target), (), for a function that adds up over the N words and knows no other parameters.

    states (N, D), target (N,). Its gradients are the same too; they are computed with it, and cannot be derived again.
    """
    return _Summed.apply(function, states, target, *(one for one in parameters if one.requires_grad))
