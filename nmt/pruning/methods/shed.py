"""Shedding, a method of our own: heads go few at a time while the model trains on, and their scores come free.

Michel et al. 2019 score heads by |∂L/∂ξ_h|, in passes over the data made for it, and prune without training. But every
training step computes that gradient anyway, if each sentence's factor ξ_h is a leaf of the graph: so importance costs
nothing, is always that of the model as it now is, and the model never loses many heads at once. Pruning by degrees
while training goes on is long known (Molchanov et al. 2017, Zhu and Gupta 2017); ours are the free scores per sentence,
the exact budget over all kinds of heads, and the swaps at the end (`nmt.pruning.swaps`).
"""

import torch
from torch import Tensor, nn

from nmt.pruning import masks
from nmt.pruning.method import Method
from nmt.pruning.methods.swaps import swap_back

WARM = 8  # steps that scores are gathered for before the first head goes


class ProbeMask(nn.Module):
    """A mask, (H,), as factors (B, H) that keep their gradients: those of each sentence."""

    def __init__(self, values: Tensor) -> None:
        super().__init__()
        self.register_buffer("values", values.float())
        self.used: list[Tensor] = []  # since the last step

    def forward(self, batch_size: int) -> Tensor:
        factors = self.values.expand(batch_size, -1)
        if self.training and torch.is_grad_enabled():
            factors = factors.clone().requires_grad_()
            self.used.append(factors)
        return factors


class Shed(Method):
    """Heads go few at a time while the model trains on, by the gradients that its steps compute anyway.

    After s of S search steps N (k / N)^(s / 0.9 S) heads are left, those of the highest scores; k from 0.9 S on.
    I_h = Σ_x |∂L(x)/∂ξ_h| over the sentences of the steps so far, halved each time that heads go.
    """

    name, learns, search = "shed", True, 0.1

    def install(self) -> None:
        self.kept = masks.all_kept(self.model, self.kinds)
        self.sums = torch.zeros(self.of, dtype=torch.float64)
        self._attach()

    def _attach(self) -> None:
        for kind, kept in self.kept.items():
            for layer, row in zip(self.model.gated_layers(kind), kept, strict=True):
                layer.gate = ProbeMask(row).to(self.device)

    def scores(self) -> dict[str, Tensor]:
        """{kind: (L, H)}; -1 for heads that are gone."""
        return masks.unflatten(self.sums.masked_fill(~masks.flatten(self.kept), -1.0), self.kept)

    def left(self, step: int) -> int:
        """How many heads there are to be at a step."""
        done = min(1.0, step / (0.9 * self.search_ends))
        return round(self.of * (max(self.config.keep, 1) / self.of) ** done) if step >= WARM else self.of

    def search_step(self, step: int) -> None:
        left = max(self.left(step), self.config.keep)
        if left < masks.count(self.kept):
            self.kept = masks.top_k(self.scores(), left)
            self.sums *= 0.5
            self._attach()

    def after_backward(self, tokens: int) -> None:
        place = 0
        for kind in self.kinds if self.chosen is None else ():
            for layer in self.model.gated_layers(kind):
                for factors in layer.gate.used:
                    gradient = (factors.grad * factors.detach()).abs().sum(0)  # (H,), of a loss divided by tokens
                    self.sums[place : place + len(gradient)] += gradient.double().cpu() * tokens
                layer.gate.used.clear()
                place += len(layer.gate.values)

    def mask_now(self) -> masks.Mask:
        return masks.top_k(self.scores(), self.config.keep)

    def choose(self) -> masks.Mask:
        return swap_back(self, self.mask_now())

    def gate_values(self) -> dict[str, dict]:
        sums = masks.unflatten(self.sums, self.kept)
        return {"score": {kind: [[float(f"{x:.5g}") for x in row] for row in s.tolist()] for kind, s in sums.items()}}

    def state(self) -> dict:
        return {**super().state(), "kept": masks.to_json(self.kept), "sums": self.sums.tolist()}

    def load_state(self, state: dict) -> None:
        self.kept, self.sums = masks.from_json(state["kept"]), torch.tensor(state["sums"], dtype=torch.float64)
        self._attach()
        super().load_state(state)
