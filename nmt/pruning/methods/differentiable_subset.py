"""Differentiable subset pruning (Li, Cotterell, Sachan 2021): exactly k heads, drawn by a relaxed Gumbel top-k."""

import torch
from torch import Tensor, nn

from nmt.pruning.method import rounded
from nmt.pruning.methods.competing_gates import CompetingHeads

# From, to, log-linear over the search: the paper's values for joint pruning of translation (gates by --gate_lr 0.2).
TEMPERATURES = (0.1, 1e-8)


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
    """One weight a head, the w of the paper, and one draw of noise a step."""

    def __init__(self, start: Tensor, k: int, straight_through: bool) -> None:
        super().__init__()
        self.scores = nn.Parameter(start)
        self.k, self.straight_through, self.temperature = k, straight_through, TEMPERATURES[0]
        self.register_buffer("noise", torch.zeros_like(start), persistent=False)

    def draw(self) -> None:
        """Gumbel noise, -ln(-ln u): the top k of scores with it are a sample without replacement."""
        u = torch.rand_like(self.scores).clamp(1e-12, 1 - 1e-12)
        self.noise = -torch.log(-torch.log(u))

    def factors(self, first: int = 0, last: int | None = None) -> Tensor:
        """Straight-through, exactly k of all heads are 1 and the others 0; else their sum is k."""
        scores = self.scores + self.noise
        if self.straight_through:
            hard = torch.zeros_like(scores)
            hard[scores.topk(self.k).indices] = 1.0
            factors = hard + scores - scores.detach()  # the gradient of the identity
        else:
            factors = soft_top_k(scores, self.k, self.temperature)
        return factors[first:last]


class DifferentiableSubset(CompetingHeads):
    """Li et al. 2021, Gumbel top-k: weights and gates learn together, the temperature falls, the top k are kept."""

    name, straight_through, fewest = "dsp", False, 1

    def new_gates(self) -> SubsetGates:
        generator = torch.Generator().manual_seed(self.seed)
        uniform = torch.rand(self.heads, generator=generator, dtype=torch.float64)
        start = (uniform - 0.5) * 2 * (3 / self.heads) ** 0.5
        return SubsetGates(start, self.config.keep, self.straight_through)

    def search_step(self, step: int) -> None:
        hot, cold = TEMPERATURES
        self.gates.temperature = hot * (cold / hot) ** (step / self.search_ends)
        self.gates.draw()

    def gate_values(self) -> dict[str, dict]:
        return {"w": rounded(self.by_kind(self.gates.scores), 4)}


class StraightThroughSubset(DifferentiableSubset):
    """Li et al. 2021, straight-through: the k heads of each draw fully open, the others closed."""

    name, straight_through = "dsp-ste", True
