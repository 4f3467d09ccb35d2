"""Gates of all heads in one module, so that heads compete with each other: the base of two methods."""

import torch
from torch import Tensor, nn

from nmt.pruning import masks
from nmt.pruning.method import Method


class LayerView(nn.Module):
    """The part of the gates that one layer sees, as factors (1, H)."""

    def __init__(self, gates: nn.Module, first: int, last: int) -> None:
        super().__init__()
        self.gates, self.first, self.last = gates, first, last

    def forward(self, batch_size: int) -> Tensor:
        return self.gates.factors(self.first, self.last).float()[None]


class CompetingHeads(Method):
    """A method whose heads compete: the --keep of the highest scores stay. Derive, and say what its gates are.

    `new_gates()` makes them, one module for all heads. Its `scores`, a parameter (N,) float64, are learned; its
    `factors(first, last)` gives in the forward pass those of one layer, the heads from first to last: (last - first,).
    """

    learns = True

    def install(self) -> None:
        self.gates = self.new_gates().to(self.device)
        self.like = masks.all_kept(self.model, self.kinds)
        places = masks.unflatten(torch.arange(self.heads), self.like)  # {kind: (L, H)}, the place of each head in all
        masks.put_gates(self.model, places, lambda row: LayerView(self.gates, int(row[0]), int(row[-1]) + 1))

    def gate_parameters(self) -> list[nn.Parameter]:
        return [self.gates.scores]

    def by_kind(self, values: Tensor) -> dict[str, Tensor]:
        """(N,) as {kind: (L, H)} on the CPU."""
        return masks.unflatten(values.detach().cpu(), self.like)

    def mask_now(self) -> masks.Mask:
        return masks.top_k(self.by_kind(self.gates.scores), self.config.keep)
