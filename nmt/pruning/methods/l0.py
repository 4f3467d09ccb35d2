"""Voita et al. 2019: heads behind hard concrete gates, and a price on every gate that is open."""

import math

import torch
from torch import Tensor

from nmt.gates import LOG_ALPHA
from nmt.pruning import masks
from nmt.pruning.method import Gated


class L0(Gated):
    """Voita et al. 2019: gates learn, and the weights with them, under a penalty on each gate that is open.

    L = L_xent + λ Σ_heads P(open), equation 9; a head stays if its gate is more likely 1 than 0, log α > 0.
    As published: gates start around log α = 0 (their code's Glorot-uniform), the weights go on learning, how many heads
    stay is known at the end. What `l0_penalty_scale` means: see `PruningConfig`; `price` is what one head costs
    in nats per target token, whatever the scale.
    """

    name, needs = "l0", "lambda"

    @property
    def price(self) -> float:
        layers, width = len(self.kinds) * self.dense.config.num_blocks, self.dense.config.width(self.kinds[0])
        return (
            self.config.l0_penalty_lambda / {"paper": 1, "origin": width, "voita": layers}[self.config.l0_penalty_scale]
        )

    def start(self, model, batches, steps) -> None:
        super().start(model, batches, steps)
        if self.config.keep is None:
            self.search_ends = math.inf  # to the end: nothing is fine-tuned under the mask

    def log_alpha(self) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(self.seed)
        whole = masks.all_kept(self.model, self.kinds)
        # Glorot-uniform as TensorFlow understands a variable of shape [1, H, 1, 1]: fan in = fan out = H.
        bound = {kind: math.sqrt(3 / kept.size(1)) for kind, kept in whole.items()}
        return {k: (2 * torch.rand(m.shape, generator=generator) - 1) * bound[k] for k, m in whole.items()}

    def penalty(self) -> Tensor | None:
        return None if self.chosen else self.price * masks.flatten(self.all("p_open")).sum()

    def mask_now(self) -> masks.Mask:
        return {kind: values > 0 for kind, values in self.log_alphas().items()}

    choose = mask_now


class L0TopK(L0):
    """Voita et al. 2019 cut to k: gates start open, the k best at the end of the search are kept, and fine-tuned.

    It needs both λ and k; which λ serves a k must be found by trying.
    """

    name, needs = "l0-topk", "keep, lambda"

    def log_alpha(self) -> dict[str, Tensor]:
        return {k: torch.full(m.shape, LOG_ALPHA) for k, m in masks.all_kept(self.model, self.kinds).items()}

    def mask_now(self) -> masks.Mask:
        return masks.top_k(self.log_alphas(), self.config.keep)

    choose = mask_now
