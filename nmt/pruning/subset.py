"""Differentiable subset pruning (Li, Cotterell, Sachan 2021): exactly k heads, drawn by a relaxed Gumbel top-k."""

import torch
from torch import Tensor, nn

from nmt import NmtError
from nmt.pruning import masks
from nmt.pruning.method import Method

TEMPERATURES = (0.1, 1e-8)  # from, to, log-linear over the search: the paper's joint pruning of translation
GATE_LR = 0.2  # theirs for it


def soft_top_k(scores: Tensor, k: int, temperature: float) -> Tensor:
    """k softmaxes in turn, each without what those before it took: factors (N,) of sum k, near 0 and 1 when cold.

    p_1 = softmax(r / τ), r ← r + ln(1 - p_j) (Xie and Ermon 2019; section 3.2 of the paper). scores (N,) float64.
    """
    total = torch.zeros_like(scores)
    for _ in range(k):
        p = (scores / temperature).softmax(-1)
        total = total + p
        scores = scores + torch.log1p(-p.clamp(max=1 - 1e-12))
    return total


class SubsetGates(nn.Module):
    """The gates of all heads together: one weight a head, one draw of noise a step."""

    def __init__(self, start: Tensor, k: int, straight_through: bool) -> None:
        super().__init__()
        self.w = nn.Parameter(start)  # (N,) float64
        self.k, self.straight_through, self.temperature = k, straight_through, TEMPERATURES[0]
        self.noise = torch.zeros_like(start)

    def draw(self) -> None:
        """Gumbel noise, -ln(-ln u): perturbed so, the top k are a sample without replacement."""
        u = torch.rand_like(self.w).clamp(1e-12, 1 - 1e-12)
        self.noise = -torch.log(-torch.log(u))

    def factors(self) -> Tensor:
        """(N,), exactly k ones in evaluation and, straight-through, in the forward pass of training."""
        scores = self.w + self.noise
        if self.straight_through:
            hard = torch.zeros_like(scores)
            hard[scores.topk(self.k).indices] = 1.0
            return hard + scores - scores.detach()  # the gradient of the identity
        return soft_top_k(scores, self.k, self.temperature)


class Slice(nn.Module):
    """What one layer sees of the gates of all."""

    def __init__(self, gates: SubsetGates, first: int, last: int) -> None:
        super().__init__()
        self.gates, self.first, self.last = gates, first, last

    def forward(self, batch_size: int) -> Tensor:
        return self.gates.factors()[self.first : self.last].float()[None]  # (1, H)


class DifferentiableSubset(Method):
    """Joint pruning: weights and gates learn together while the temperature falls, then the top k of w are kept."""

    name, learns, straight_through = "dsp", True, False

    def __init__(self, settings, dense, seed) -> None:
        super().__init__(settings, dense, seed)
        if settings.keep == 0:
            raise NmtError(f"--method {self.name} needs --keep of at least 1")

    def install(self) -> None:
        generator = torch.Generator().manual_seed(self.seed)
        start = (torch.rand(self.of, generator=generator, dtype=torch.float64) - 0.5) * 2 * (3 / self.of) ** 0.5
        self.gates = SubsetGates(start.to(self.device), self.config.keep, self.straight_through)
        place = 0
        for kind, kept in masks.all_kept(self.model, self.kinds).items():
            for layer, row in zip(self.model.gated_layers(kind), kept, strict=True):
                layer.gate = Slice(self.gates, place, place + len(row))
                place += len(row)

    def gate_parameters(self) -> list[nn.Parameter]:
        return [self.gates.w]

    def search_step(self, step: int) -> None:
        hot, cold = TEMPERATURES
        self.gates.temperature = hot * (cold / hot) ** (step / self.search_ends)
        self.gates.draw()

    def mask_now(self) -> masks.Mask:
        like = masks.all_kept(self.model, self.kinds)
        return masks.top_k(masks.unflatten(self.gates.w.detach().cpu(), like), self.config.keep)

    choose = mask_now

    def gate_values(self) -> dict[str, dict]:
        like = masks.all_kept(self.model, self.kinds)
        w = masks.unflatten(self.gates.w.detach().cpu(), like)
        return {"w": {kind: [[round(x, 4) for x in row] for row in rows.tolist()] for kind, rows in w.items()}}


class StraightThroughSubset(DifferentiableSubset):
    """The same with the k heads of the draw fully open and the others closed, the gradient passed straight through."""

    name, straight_through = "dsp-ste", True
