"""Gates that are one module for all heads together, each layer given its slice: what such methods share."""

from torch import Tensor, nn

from nmt.pruning import masks
from nmt.pruning.method import Method


class JointGates(nn.Module):
    """The gates of N heads, with one learned score a head: derive, and say how scores become factors."""

    def __init__(self, scores: Tensor) -> None:
        super().__init__()
        self.scores = nn.Parameter(scores)  # (N,) float64

    def factors(self, first: int = 0, last: int | None = None) -> Tensor:
        """Of the heads from first to last, those of one layer, in the forward pass: (last - first,)."""
        raise NotImplementedError


class Slice(nn.Module):
    """What one layer sees of the gates of all, (1, H)."""

    def __init__(self, gates: JointGates, first: int, last: int) -> None:
        super().__init__()
        self.gates, self.first, self.last = gates, first, last

    def forward(self, batch_size: int) -> Tensor:
        return self.gates.factors(self.first, self.last).float()[None]


class Joint(Method):
    """A method whose heads compete with each other: the --keep of the highest scores stay."""

    learns = True

    def all_gates(self) -> JointGates:
        """The gates as they start, for `self.of` heads."""
        raise NotImplementedError

    def install(self) -> None:
        self.like = masks.all_kept(self.model, self.kinds)
        self.gates = self.all_gates().to(self.device)
        place = 0
        for kind, kept in self.like.items():
            for layer, row in zip(self.model.gated_layers(kind), kept, strict=True):
                layer.gate = Slice(self.gates, place, place + len(row))
                place += len(row)

    def gate_parameters(self) -> list[nn.Parameter]:
        return [self.gates.scores]

    def by_kind(self, values: Tensor) -> dict[str, Tensor]:
        """(N,) as {kind: (L, H)} on the CPU."""
        return masks.unflatten(values.detach().cpu(), self.like)

    def mask_now(self) -> masks.Mask:
        return masks.top_k(self.by_kind(self.gates.scores), self.config.keep)
