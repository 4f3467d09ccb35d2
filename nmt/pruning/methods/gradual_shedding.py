"""Shedding, a method of our own: heads go few at a time while the model trains on, and their scores come free.

Michel et al. 2019 score heads by |∂L/∂ξ_h|, in passes made for it, and prune without training. But every training step
computes that gradient anyway, if each sentence's factor ξ_h is a leaf of the graph. Pruning by degrees is long known
(Molchanov et al. 2017, Zhu and Gupta 2017); ours are the free scores and the budget over all kinds.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from nmt.pruning import masks
from nmt.pruning.importance import Probe, first_order
from nmt.pruning.method import Method

WARM = 8  # steps that scores are gathered for before the first head goes


class Shed(Method):
    """Heads go few at a time while the model trains on, by the gradients that its steps compute anyway.

    After s of S search steps N (k / N)^(s / 0.9 S) heads are left, those of the highest scores; k from 0.9 S on.
    I_h = Σ_x |∂L(x)/∂ξ_h| over the sentences of the steps so far, halved each time that heads go.
    """

    name, learns, search, again = "shed", True, 0.1, True

    def install(self) -> None:
        self.left = masks.all_kept(self.model, self.kinds)
        # The I_h, on the model's device: a step then waits for no copy from it.
        new = {"dtype": torch.float64, "device": next(self.model.parameters()).device}
        self.sums = {kind: torch.zeros(kept.shape, **new) for kind, kept in self.left.items()}
        self.probes = masks.put_gates(self.model, self.left, Probe)

    def scores(self) -> dict[str, Tensor]:
        """{kind: (L, H)}, on the CPU; -1 for heads that are gone."""
        return {kind: sums.cpu().masked_fill(~self.left[kind], -1.0) for kind, sums in self.sums.items()}

    def count_at(self, step: int) -> int:
        if step < WARM:
            return self.heads
        done = min(1.0, step / (0.9 * self.search_ends))
        return max(self.config.keep, round(self.heads * (max(self.config.keep, 1) / self.heads) ** done))

    def search_step(self, step: int) -> None:
        count = self.count_at(step)
        if count < masks.count(self.left):
            self.left = masks.top_k(self.scores(), count)
            self.sums = {kind: sums * 0.5 for kind, sums in self.sums.items()}
            self.probes = masks.put_gates(self.model, self.left, Probe)

    def after_backward(self, tokens: int, scale: Callable[[], float]) -> None:
        if self.chosen:
            return
        a_token = tokens / scale()  # gradients are of the scaled loss per token
        for kind, probes in self.probes.items():
            for sums, probe, numbers in zip(self.sums[kind], probes, self.model.config.kept(kind), strict=True):
                for factors in probe.seen if numbers else ():
                    sums[numbers] += first_order(factors.grad, factors).nan_to_num(0.0, 0.0, 0.0) * a_token
                probe.seen.clear()

    def mask_now(self) -> masks.Mask:
        return masks.top_k(self.scores(), self.config.keep)

    def gate_values(self) -> dict[str, dict]:
        return {"score": {k: [[float(f"{x:.5g}") for x in row] for row in s.tolist()] for k, s in self.sums.items()}}

    def state(self) -> dict:
        return {**super().state(), "kept": masks.to_json(self.left), "sums": masks.flatten(self.sums).tolist()}

    def load_state(self, state: dict, tensors: dict[str, Tensor]) -> None:
        self.left = masks.from_json(state["kept"])
        sums = torch.tensor(state["sums"], dtype=torch.float64)
        self.sums = masks.unflatten(sums.to(next(self.model.parameters()).device), self.left)
        self.probes = masks.put_gates(self.model, self.left, Probe)
        super().load_state(state, tensors)
