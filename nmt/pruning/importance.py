"""What the loss says of heads (and neurons): scores {kind: (L, H)}, float64 on the CPU; high: the head matters.

Each function takes the model as it stands, with the gates that it may have, in evaluation mode, and leaves it so.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from nmt.attention import FixedGate
from nmt.batches import Batch
from nmt.decoding import evaluating
from nmt.objective import token_loss
from nmt.pruning import masks
from nmt.transformer import Transformer

Scores = dict[str, Tensor]


def zeros(model: Transformer, kinds: Sequence[str]) -> Scores:
    """A score of 0 for each head, also for those that were removed."""
    return {kind: torch.zeros(kept.shape, dtype=torch.float64) for kind, kept in masks.all_kept(model, kinds).items()}


def loss(model: Transformer, batches: Sequence[Batch]) -> float:
    """Nats per target token, without dropout and without label smoothing."""
    with evaluating(model):
        summed = sum(float(token_loss(model(batch.src, batch.trg_in), batch.trg_out)) for batch in batches)
    return summed / sum(batch.tokens for batch in batches)


class Probe(FixedGate):
    """A fixed gate that lets the gradient of each sentence's factors be read."""

    def __init__(self, values: Tensor) -> None:
        super().__init__(values)
        self.seen: list[Tensor] = []  # the factors of each forward pass with gradients, (B, N), leaves of the graph

    def forward(self, batch_size: int) -> Tensor:
        factors = super().forward(batch_size)  # (1, N)
        if torch.is_grad_enabled():
            factors = factors.expand(batch_size, -1).clone().requires_grad_()
            self.seen.append(factors)
        return factors


def first_order(gradient: Tensor, factors: Tensor) -> Tensor:
    """Σ_x |ξ ∂L(x)/∂ξ|, the sentences' changes of loss if ξ became 0, to first order: (B, N) twice -> (N,) float64."""
    return (gradient * factors.detach()).abs().sum(0).double().cpu()


def _from_gradients(model: Transformer, kinds: Sequence[str], batches: Sequence[Batch], summed: Callable) -> Scores:
    """What `summed` makes of the sentences' ∂L/∂ξ and ξ, (B, N) twice -> (N,), per target token of all batches."""
    scores, training, values = zeros(model, kinds), model.training, masks.read(model, kinds)
    model.eval()
    with masks.without_gates(model, kinds), torch.enable_grad():
        probes = masks.put_gates(model, values, lambda row: Probe(row.float()))
        places = [(kind, i) for kind in kinds for i, probe in enumerate(probes[kind]) if len(probe.values)]
        for batch in batches:
            loss = token_loss(model(batch.src, batch.trg_in), batch.trg_out)
            factors = [probes[kind][i].seen.pop() for kind, i in places]
            gradients = torch.autograd.grad(loss, factors)
            for (kind, i), gradient, factor in zip(places, gradients, factors, strict=True):
                scores[kind][i, model.config.kept(kind)[i]] += summed(gradient, factor)
    model.train(training)
    tokens = sum(batch.tokens for batch in batches)
    return {kind: s / tokens for kind, s in scores.items()}


def taylor(model: Transformer, kinds: Sequence[str], batches: Sequence[Batch]) -> Scores:
    """The mean over sentences x of |dL(x)/dξ|, ξ the factor on a head's output: Michel et al. 2019, equation 2.

    L(x) is summed over tokens, and the scores are divided by them. A closed head scores 0.
    """
    return _from_gradients(model, kinds, batches, first_order)


def slopes(model: Transformer, kinds: Sequence[str], batches: Sequence[Batch]) -> Scores:
    """dL/dξ, also for heads that are closed; L in nats per token. Below 0: more of this head would lower the loss."""
    return _from_gradients(model, kinds, batches, lambda gradient, _: gradient.sum(0).double().cpu())


def leave_one_out(model: Transformer, mask: masks.Mask, batches: Sequence[Batch]) -> Scores:
    """By how much the loss rises when one head more is closed, for each that `mask` (applied) keeps; else -inf."""
    scores = {kind: torch.full(kept.shape, -math.inf, dtype=torch.float64) for kind, kept in mask.items()}
    masks.apply(model, mask)
    before = loss(model, batches)
    for kind, kept in mask.items():
        for layer, head in kept.nonzero().tolist():
            without = kept.clone()
            without[layer, head] = False
            masks.apply(model, {kind: without})
            scores[kind][layer, head] = loss(model, batches) - before
        masks.apply(model, {kind: kept})
    return scores
