"""Voita et al. 2019: heads behind hard concrete gates, and a price on every gate that is open."""

import math

import torch
from torch import Tensor, nn

from nmt.gates import LOG_ALPHA, HardConcrete
from nmt.pruning import masks
from nmt.pruning.method import Method, rounded


class L0(Method):
    """Voita et al. 2019: gates learn, and the weights with them, under a penalty on each gate that is open.

    L = L_xent + λ Σ_heads P(open), equation 9. As published: gates start around log α = 0, and a head stays if its
    gate is then more likely 1 than 0, log α > 0; how many do is known at the end.
    """

    name, needs, learns = "l0", ("lambda",), True

    @property
    def price(self) -> float:
        """What one open head costs, in nats per target token: see `PruningConfig.price`."""
        return self.config.price(self.dense.config)

    def first_log_alpha(self, kept: Tensor) -> Tensor:
        # Glorot-uniform as TensorFlow understands a variable of shape [1, H, 1, 1]: fan in = fan out = H.
        return (2 * torch.rand(kept.shape, generator=self.generator) - 1) * math.sqrt(3 / kept.size(1))

    def install(self) -> None:
        if self.config.keep is None:
            self.search_ends = math.inf  # gates learn to the end: nothing is fine-tuned under the mask
        self.generator, whole = torch.Generator().manual_seed(self.seed), masks.all_kept(self.model, self.kinds)
        start = {kind: self.first_log_alpha(kept) for kind, kept in whole.items()}
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
    """Voita et al. 2019 cut to k: gates start open, the k best at the end of the search are kept, and fine-tuned."""

    name, needs = "l0-topk", ("keep", "lambda")

    def first_log_alpha(self, kept: Tensor) -> Tensor:
        return torch.full(kept.shape, LOG_ALPHA)

    def mask_now(self) -> masks.Mask:
        return masks.top_k(self.log_alpha(), self.config.keep)
