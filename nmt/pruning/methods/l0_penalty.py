"""Voita et al. 2019: heads behind hard concrete gates, and a price on every gate that is open.

What one open head costs is λ times a scale, see `L0.price`: codes differ in what they multiply λ by.
"""

import math

import torch
from torch import Tensor, nn

from nmt.gates import LOG_ALPHA, HardConcrete
from nmt.pruning import masks
from nmt.pruning.method import Method, rounded


class L0(Method):
    """Voita et al. 2019: gates learn, and the weights with them, under a penalty on each gate that is open.

    L = L_xent + λ Σ_heads P(open), equation 9; a head stays if its gate is more likely 1 than 0, log α > 0.
    As published: gates start around log α = 0 (their code's Glorot-uniform), the weights go on learning, and how many
    heads stay is known at the end.
    """

    name, needs, learns, soft_gates = "l0", ("lambda",), True, True

    @property
    def price(self) -> float:
        """What one open head costs, in nats per target token: λ, times 1 over a number of terms (l0_penalty_scale).

        paper   λ Σ_layers Σ_heads P(open), equation 9
        origin  λ Σ_layers of the mean over the heads of a layer
        voita   λ times the mean over layers of Σ_heads: Voita et al.'s code
        """
        heads, layers = self.dense.config.width(self.kinds[0]), len(self.kinds) * self.dense.config.num_blocks
        terms = {"paper": 1, "origin": heads, "voita": layers}
        return self.config.l0_penalty_lambda / terms[self.config.l0_penalty_scale]

    def start(self, model, batches, steps) -> None:
        super().start(model, batches, steps)
        if self.config.keep is None:
            self.search_ends = math.inf  # gates learn to the end: nothing is fine-tuned under the mask

    def first_log_alpha(self) -> dict[str, Tensor]:
        """Where the gates start, {kind: (L, H)}."""
        generator, start = torch.Generator().manual_seed(self.seed), {}
        for kind, kept in masks.all_kept(self.model, self.kinds).items():
            # Glorot-uniform as TensorFlow understands a variable of shape [1, H, 1, 1]: fan in = fan out = H.
            bound = math.sqrt(3 / kept.size(1))
            start[kind] = (2 * torch.rand(kept.shape, generator=generator) - 1) * bound
        return start

    def install(self) -> None:
        start = self.first_log_alpha()
        self.gates = masks.put_gates(self.model, start, lambda log_alpha: HardConcrete(len(log_alpha), log_alpha))

    def gate_parameters(self) -> list[nn.Parameter]:
        return [gate.log_alpha for gates in self.gates.values() for gate in gates]

    def p_open(self) -> dict[str, Tensor]:
        """{kind: (L, H)}, on the gates' device, with gradients."""
        return {kind: torch.stack([gate.p_open() for gate in gates]) for kind, gates in self.gates.items()}

    def log_alpha(self) -> dict[str, Tensor]:
        """{kind: (L, H)} on the CPU."""
        return {k: torch.stack([gate.log_alpha.detach() for gate in gates]).cpu() for k, gates in self.gates.items()}

    def penalty(self) -> Tensor | None:
        """Price times expected number of open heads, (); None once the heads are chosen."""
        return None if self.chosen else self.price * masks.flatten(self.p_open()).sum()

    def mask_now(self) -> masks.Mask:
        return {kind: values > 0 for kind, values in self.log_alpha().items()}

    def count_undecided(self) -> int:
        return sum(int(gate.undecided().sum()) for gates in self.gates.values() for gate in gates)

    def gate_values(self) -> dict[str, dict]:
        shown = {"p_open": rounded(self.p_open(), 5), "log_alpha": rounded(self.log_alpha(), 4)}
        return {**shown, "undecided": self.count_undecided()}


class L0TopK(L0):
    """Voita et al. 2019 cut to k: gates start open, the k best at the end of the search are kept, and fine-tuned.

    It needs both λ and k; which λ serves a k must be found by trying.
    """

    name, needs = "l0-topk", ("keep", "lambda")

    def first_log_alpha(self) -> dict[str, Tensor]:
        return {k: torch.full(kept.shape, LOG_ALPHA) for k, kept in masks.all_kept(self.model, self.kinds).items()}

    def mask_now(self) -> masks.Mask:
        return masks.top_k(self.log_alpha(), self.config.keep)
