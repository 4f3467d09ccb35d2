"""On-budget gates, a method of our own: as many gates are expected to be open as the budget says, at every step.

Voita et al. 2019 set a price λ on an open gate and see how many heads are left, Wang et al. 2020 and CoFi (Xia et al.
2022) steer the number by learned multipliers; here one threshold for all heads is solved for at each step.
Borrowed: hard concrete gates (Louizos et al. 2018), first-order scores (Michel et al. 2019), a falling
temperature (Li et al. 2021).
"""

import torch
from torch import Tensor, nn

from nmt.gates import AT_ZERO, EPSILON, HardConcrete
from nmt.pruning import importance, masks
from nmt.pruning.method import rounded
from nmt.pruning.methods.competing_gates import CompetingHeads

OPEN = 0.98  # the share of gates expected to be open at the first step: almost all, so that the model has no shock
TEMPERATURES = 0.66, 0.33  # of the hard concrete, first step and last: at first most gates are soft, at the end few
HARDENING = 0.1  # τ falls from 1 to this: a head that was preferred a little is then preferred for good


def threshold(scores: Tensor, k: float) -> float:
    """The b for which Σ_h σ(scores_h - b) = k, by bisection: scores (N,), 0 < k < N."""
    low, high = float(scores.min()) - 40, float(scores.max()) + 40
    for _ in range(50):
        middle = (low + high) / 2
        too_low = float(torch.sigmoid(scores - middle).sum()) > k
        low, high = (middle, high) if too_low else (low, middle)
    return (low + high) / 2


class BudgetedGates(HardConcrete):
    """Hard concrete gates with log α_h = a_h / τ - b, where b, one number for all heads, solves Σ_h P(open)_h = k.

    As b follows the scores a, raising one head's P(open) lowers the others': ∂b/∂a_h = p'_h / (τ Σ p'), p' = p (1 - p).
    """

    def __init__(self, start: Tensor) -> None:
        nn.Module.__init__(self)  # log α is no parameter here: it follows from the scores, in float64
        self.scores = nn.Parameter(start.double())
        self.set(OPEN * len(start), 1.0, TEMPERATURES[0])

    @torch.no_grad()
    def set(self, k: float, tau: float, temperature: float) -> None:
        """Solve for b. To be called whenever k, τ, the temperature T or the scores have changed."""
        self.k, self.tau, self.temperature = k, tau, temperature
        shift = -temperature * AT_ZERO
        self.b = threshold(self.scores / tau + shift, k)
        p = torch.sigmoid(self.scores / tau - self.b + shift)
        slope = p * (1 - p)
        self.weights = slope / slope.sum().clamp(min=1e-30)  # (N,)

    def follow_schedule(self, done: float, keep: int) -> None:
        """Set what suits a share of the search, 0 to 1: k falls to `keep`, and what is preferred hardens."""
        hot, cold = TEMPERATURES
        k = keep + (OPEN * len(self.scores) - keep) * max(0.0, 1 - done / 0.8)
        self.set(k, HARDENING**done, hot * (cold / hot) ** done)

    @property
    def log_alpha(self) -> Tensor:
        follows = (self.weights * self.scores).sum() / self.tau  # adds ∂b/∂a to the gradient, nothing to the value
        return self.scores / self.tau - (self.b + follows - follows.detach())

    def factors(self, first: int = 0, last: int | None = None) -> Tensor:
        u = torch.rand_like(self.scores[first:last]) * (1 - 2 * EPSILON) + EPSILON
        return self.at(u, first, last)


class OnBudget(CompetingHeads):
    """Hard concrete gates with one threshold, solved for at each step: as many are expected open as the budget says.

    The budget falls from almost all heads to --keep. The scores start as standardised logarithms of first-order ones.
    """

    name, search = "on-budget", 0.3

    def install(self) -> None:
        if not 0 < self.config.keep < self.heads:
            self.search_ends = 0  # nothing to choose
        super().install()

    def new_gates(self) -> BudgetedGates:
        return BudgetedGates(torch.zeros(self.heads))

    @torch.no_grad()
    def search_step(self, step: int) -> None:
        if step == 0:
            with self.bare():
                scores = masks.flatten(importance.taylor(self.model, self.kinds, self.calibration()))
            self.charge(backward=True)
            scores = (scores + 1e-12).log()
            self.gates.scores.copy_(((scores - scores.mean()) / (scores.std() + 1e-12)).clamp(-2, 2))
        self._set(step)

    def _set(self, step: int) -> None:
        self.gates.follow_schedule(min(1.0, step / max(1, self.search_ends)), self.config.keep)

    def count_undecided(self) -> int:
        self._set(self.now)
        return int(self.gates.undecided().sum())

    @torch.no_grad()
    def gate_values(self) -> dict[str, dict]:
        self._set(self.now)
        values = {"p_open": self.gates.p_open(), "log_alpha": self.gates.log_alpha}
        shown = {name: rounded(self.by_kind(of_all), 5) for name, of_all in values.items()}
        return {**shown, "budget": self.gates.k, "undecided": self.count_undecided()}
