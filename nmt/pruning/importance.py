"""What the loss says of heads (and neurons): scores {kind: (L, H)}, float64 on the CPU; high: the head matters.

All but the last take the model as it stands, with the gates that it may have, in evaluation mode, and leave it so.
"""

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from nmt import PAD, NmtError
from nmt.attention import FixedGate
from nmt.batches import Batch
from nmt.decoding import evaluating
from nmt.objective import token_loss
from nmt.pruning import masks
from nmt.transformer import KINDS, Transformer

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
    return (gradient * factors.detach()).abs().sum(0).double()


def _per_sentence(
    model: Transformer, kinds: Sequence[str], batches: Sequence[Batch]
) -> Iterator[tuple[Tensor, Tensor]]:
    """For each batch ∂L(x)/∂ξ of its sentences x, and the factors ξ; L(x) is summed over tokens. Each (B, N) float64 on
    the CPU, N as in `masks.flatten`; 0 where a head was removed."""
    training, values = model.training, masks.read(model, kinds)
    there = masks.flatten(masks.all_kept(model, kinds))
    model.eval()
    with masks.without_gates(model, kinds), torch.enable_grad():
        probes = masks.put_gates(model, values, lambda row: Probe(row.float()))
        probes = [probe for of_kind in probes.values() for probe in of_kind if len(probe.values)]
        for batch in batches:
            loss = token_loss(model(batch.src, batch.trg_in), batch.trg_out)
            factors = [probe.seen.pop() for probe in probes]
            both = torch.zeros(2, len(batch.rows), len(there), dtype=torch.float64)
            for whole, parts in zip(both, (torch.autograd.grad(loss, factors), factors), strict=True):
                whole[:, there] = torch.cat(parts, dim=1).detach().double().cpu()
            yield both[0], both[1]
    model.train(training)


def taylor(model: Transformer, kinds: Sequence[str], batches: Sequence[Batch]) -> Scores:
    """The mean over sentences x of |dL(x)/dξ|, ξ the factor on a head's output: Michel et al. 2019, equation 2.

    L(x) is summed over tokens, and the scores are divided by them. A closed head scores 0.
    """
    total = sum(first_order(*both) for both in _per_sentence(model, kinds, batches))  # (N,)
    return masks.unflatten(total / sum(batch.tokens for batch in batches), zeros(model, kinds))


def fisher(model: Transformer, kinds: Sequence[str], batches: Sequence[Batch]) -> Tensor:
    """The empirical Fisher information of the factors, the mean over sentences of g g', g = dL(x)/dξ: (N, N) float64.

    Kwon et al. 2022, section 3.2: closing the heads of a set C changes L by about half of Σ_{i, j in C} of it. N as in
    `masks.flatten`.
    """
    gradients = torch.cat([gradient for gradient, _ in _per_sentence(model, kinds, batches)])  # (sentences, N)
    return gradients.T @ gradients / len(gradients)


def gradient_norms(model: Transformer, kinds: Sequence[str], batches: Sequence[Batch]) -> Scores:
    """Guo and Sheridan 2026, 2602.04491: of a head's W_Q, W_K and W_V the mean over batches of ‖∂f/∂W‖, all multiplied.

    f is the norm of the logits of all target tokens, as in the authors' code. A closed head scores 0. Raises NmtError
    for neurons.
    """
    if wrong := [kind for kind in kinds if kind not in KINDS]:
        raise NmtError(f"--method greedy-gnorm looks at queries, keys and values: {', '.join(wrong)} has none")
    training, scores = model.training, zeros(model, kinds)
    there = [(kind, i, kept) for kind in kinds for i, kept in enumerate(model.config.kept(kind)) if len(kept)]
    weights = [model.gated_layers(kind)[i].in_weight for kind, i, _ in there]
    norms = [torch.zeros(3, len(kept), dtype=torch.float64) for *_, kept in there]
    model.eval()
    with torch.enable_grad():
        for batch in batches:
            logits = model(batch.src, batch.trg_in)[batch.trg_out != PAD]
            for norm, gradient in zip(norms, torch.autograd.grad(logits.norm(), weights), strict=True):
                norm += gradient.view(*norm.shape, -1).norm(dim=2).double().cpu() / len(batches)
    model.train(training)
    for (kind, i, kept), norm in zip(there, norms, strict=True):
        scores[kind][i, kept] = norm.prod(0)
    return scores


def leave_one_out(model: Transformer, mask: masks.Mask, batches: Sequence[Batch]) -> Scores:
    """By how much the loss rises when one head more is closed, for each that `mask` keeps; else -inf. It stays on."""
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
