"""Hard concrete gates: random factors in [0, 1] that are exactly 0 or 1 with a probability one can differentiate.

Louizos, Welling, Kingma 2018, "Learning Sparse Neural Networks through L0 Regularization", section 2.2; put on the
heads of a Transformer by Voita et al. 2019, section 6.1. A gate has one parameter, log α:

    u ~ U(ε, 1 - ε),  s = σ((ln u - ln(1 - u) + log α) / T)      binary concrete, eq. 10
    g = min(1, max(0, s (ζ - γ) + γ))                            stretched and clipped, eq. 11
    P(open) = P(g != 0) = σ(log α - T ln(-γ / ζ))                what the L0 penalty adds up, eq. 12
"""

import math

import torch
from torch import Tensor, nn

from nmt import NmtError

# The stretch: without it g would come near 0 and 1 but never be there. The papers' values, and all codes'.
GAMMA, ZETA = -0.1, 1.1
AT_ZERO = math.log(-GAMMA / ZETA)  # a gate is 0 where (logit u + log α) / T is at most this
# Voita et al.'s code. Louizos et al. take 2/3: softer gates, more of them between 0 and 1.
TEMPERATURE = 0.33
# torch.rand may give exactly 0, whose logarithm is infinite. 1e-6 as in both codes; 1 - 1e-9 would be 1 in float32.
EPSILON = 1e-6
# Open at the beginning (P(open) 0.94, mean 0.9 at T = 0.33): at log α = 0 a third of the heads would be closed at
# the first step, and a trained model forgets what it knew. Voita et al. start around 0: Glorot-uniform.
LOG_ALPHA = 2.0


class HardConcrete(nn.Module):
    """A gate for each head of a layer (or neuron): called with the batch size, it returns factors (1, N).

    In training they are drawn anew at each call, one for each gate, which all sentences of the batch share; in
    evaluation they are `value()`. All is computed in float32, whatever autocast says: near 0 and 1 bfloat16 has too
    few digits for the logarithms. `temperature` may be changed between two steps.
    """

    def __init__(self, count: int, log_alpha: float | Tensor = LOG_ALPHA, temperature: float = TEMPERATURE) -> None:
        super().__init__()
        if not temperature > 0:
            raise NmtError(f"a hard concrete gate needs T > 0; got {temperature}")
        start = torch.as_tensor(log_alpha, dtype=torch.float32).expand(count).clone()
        self.log_alpha = nn.Parameter(start)  # (N,)
        self.temperature = temperature

    def forward(self, batch_size: int) -> Tensor:
        if not self.training:
            return self.value()[None]  # (1, N)
        u = torch.rand(1, len(self.log_alpha), device=self.log_alpha.device)
        return self.at(u * (1 - 2 * EPSILON) + EPSILON)

    def at(self, u: Tensor, first: int = 0, last: int | None = None) -> Tensor:
        """The gates, or those from first to last, for u in (0, 1), (…, N) or as many as these: equations 10 and 11."""
        with torch.autocast(u.device.type, enabled=False):
            s = torch.sigmoid((torch.logit(u) + self.log_alpha[first:last]) / self.temperature)
            return (s * (ZETA - GAMMA) + GAMMA).clamp(0, 1)

    def value(self) -> Tensor:
        """The gates of evaluation, min(1, max(0, σ(log α)(ζ - γ) + γ)), eq. 13: (N,), soft between log α = ± 2.4.

        A model so evaluated is not the one with the closed heads removed: count, evaluate and remove with one
        binary mask (`nmt.pruning.masks`), say that of the gates with log α > 0 (Voita et al. 2019, footnote 7).
        """
        return (torch.sigmoid(self.log_alpha) * (ZETA - GAMMA) + GAMMA).clamp(0, 1)

    def p_open(self) -> Tensor:
        """P(g != 0), (N,): equation 12. Its sum is the expected L0 norm, which the penalty of pruning is made of."""
        return torch.sigmoid(self.log_alpha - self.temperature * AT_ZERO)

    def p_one(self) -> Tensor:
        """P(g = 1), (N,)."""
        return torch.sigmoid(self.log_alpha - self.temperature * math.log((1 - GAMMA) / (ZETA - 1)))

    def density(self, g: Tensor) -> Tensor:
        """Of the values strictly between 0 and 1, for g (M, 1) or (M, N): (M, N), the derivative of P(gate <= g).

        From 0 to 1 it integrates to p_open() - p_one(): the rest of the probability lies at exactly 0 and exactly 1.
        """
        s = (g - GAMMA) / (ZETA - GAMMA)
        below = torch.sigmoid(self.temperature * torch.logit(s) - self.log_alpha)  # P(gate <= g)
        return below * (1 - below) * self.temperature / (s * (1 - s) * (ZETA - GAMMA))

    def undecided(self) -> Tensor:
        """Which gates are neither quite closed nor quite open in evaluation, bool (N,)."""
        value = self.value()
        return (value > 0) & (value < 1)
