"""Scores of heads (and neurons) in a trained model, {kind: (L, H)} float64 on the CPU: the higher, the more it matters.

Each function takes the model as it stands, with the gates that it may have, in evaluation mode, and leaves it so.
"""

import math
from collections.abc import Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from nmt import EOS, PAD, NmtError
from nmt.batches import Batch
from nmt.objective import token_loss
from nmt.pruning import masks
from nmt.transformer import KINDS, Transformer

Scores = dict[str, Tensor]


@contextmanager
def evaluated(model: nn.Module):
    """Dropout off inside."""
    training = model.training
    try:
        yield model.eval()
    finally:
        model.train(training)


def _blank(model: Transformer, kinds: Sequence[str]) -> Scores:
    return {kind: there.double() for kind, there in masks.all_kept(model, kinds).items()}


def random(model: Transformer, kinds: Sequence[str], seed: int) -> Scores:
    """The baseline of all baselines."""
    generator = torch.Generator().manual_seed(seed)
    return {kind: torch.rand(s.shape, generator=generator, dtype=s.dtype) for kind, s in _blank(model, kinds).items()}


def last_layers_first(model: Transformer, kinds: Sequence[str]) -> Scores:
    """What lies deeper goes first; within a layer the last head; the kinds by turns."""
    layers, width = _blank(model, kinds)[kinds[0]].shape
    order = -torch.arange(layers * width, dtype=torch.float64).view(layers, width)
    return {kind: order - i / len(kinds) for i, kind in enumerate(kinds)}


def magnitude(model: Transformer, kinds: Sequence[str]) -> Scores:
    """The Frobenius norm of a head's columns of W_O, a neuron's column of W2: how loud it can be."""
    scores = _blank(model, kinds)
    for kind in kinds:
        for row, layer in zip(scores[kind], model.gated_layers(kind), strict=True):
            weight = layer.out.weight if kind in KINDS else layer.outer.weight  # (D, H K) or (D, F)
            row[:] = weight.detach().double().view(len(weight), len(row), -1).square().sum((0, 2)).sqrt().cpu()
    return scores


@torch.no_grad()
def confidence(model: Transformer, kinds: Sequence[str], batches: Sequence[Batch]) -> Scores:
    """The mean over tokens of a head's largest attention weight, EOS not counted on either side.

    Voita et al. 2019, section 4; Behnke and Heafield 2020 prune by it.
    """
    if wrong := [kind for kind in kinds if kind not in KINDS]:
        raise NmtError(f"--method confidence looks at attention: {', '.join(wrong)} has none")
    scores, count = {kind: torch.zeros_like(s) for kind, s in _blank(model, kinds).items()}, dict.fromkeys(kinds, 0)
    with evaluated(model):
        for batch in batches:
            _, maps = model(batch.src, batch.trg_in, return_attention=True)
            ids = {"src": batch.src, "trg": batch.trg_in}  # of a shorter sentence trg_in has the EOS too
            words = {side: (row != PAD) & (row != EOS) for side, row in ids.items()}  # (B, S), (B, T)
            for kind in kinds:
                queries, keys = {"encoder": ("src", "src"), "decoder": ("trg", "trg"), "cross": ("trg", "src")}[kind]
                for row, weights in zip(scores[kind], maps[kind], strict=True):
                    largest = (weights * words[keys][:, None, None, :]).amax(-1)  # (B, H, query)
                    row += (largest * words[queries][:, None]).sum((0, 2)).double().cpu()
                count[kind] += int(words[queries].sum())
    return {kind: s / count[kind] for kind, s in scores.items()}


class Probe(nn.Module):
    """A gate that changes nothing and lets the gradient be read: factors (B, N), those of `inner` as leaves."""

    def __init__(self, inner: nn.Module | None, count: int, device: torch.device) -> None:
        super().__init__()
        self.inner, self.count, self.device = inner, count, device

    def forward(self, batch_size: int) -> Tensor:
        ones = torch.ones(1, self.count, device=self.device) if self.inner is None else self.inner(batch_size)
        self.factors = ones.detach().expand(batch_size, -1).clone().requires_grad_()
        return self.factors


@contextmanager
def probes(model: Transformer, kinds: Sequence[str]):
    """Put a Probe on every layer of these kinds; yields {kind: [Probe of each layer]}; takes them off again."""
    layers = {kind: model.gated_layers(kind) for kind in kinds}
    before = {kind: [layer.gate for layer in layers[kind]] for kind in kinds}
    try:
        for kind in kinds:
            for layer in layers[kind]:
                parameter = next(layer.parameters())
                count = layer.num_heads if kind in KINDS else layer.inner.out_features
                layer.gate = Probe(layer.gate, count, parameter.device)
        yield {kind: [layer.gate for layer in layers[kind]] for kind in kinds}
    finally:
        for kind in kinds:
            for layer, gate in zip(layers[kind], before[kind], strict=True):
                layer.gate = gate


def taylor(model: Transformer, kinds: Sequence[str], batches: Sequence[Batch], per_layer: bool = False) -> Scores:
    """The mean over sentences x of |dL(x)/dξ|, ξ the factor on a head's output: Michel et al. 2019, equation 2.

    L(x) is the sentence's loss in nats, its sum over tokens; scores are divided by the tokens. `per_layer` divides the
    scores of each layer by their l2 norm, as the paper does; between kinds of attention that hides which kind matters
    more. A head that is closed scores 0.
    """
    scores, tokens = {kind: torch.zeros_like(s) for kind, s in _blank(model, kinds).items()}, 0
    with evaluated(model), probes(model, kinds) as gates, torch.enable_grad():
        for batch in batches:
            loss = token_loss(model(batch.src, batch.trg_in), batch.trg_out)
            places = [(kind, i) for kind in kinds for i, gate in enumerate(gates[kind]) if gate.count]
            gradients = torch.autograd.grad(loss, [gates[kind][i].factors for kind, i in places])  # (B, N) each
            for (kind, i), gradient in zip(places, gradients, strict=True):
                first_order = (gradient * gates[kind][i].factors.detach()).abs()
                scores[kind][i, model.config.kept(kind)[i]] += first_order.sum(0).double().cpu()
            tokens += batch.tokens
    for kind in kinds:
        scores[kind] /= tokens
        if per_layer:
            scores[kind] /= scores[kind].norm(dim=1, keepdim=True).clamp(min=1e-30)
    return scores


@torch.no_grad()
def loss(model: Transformer, batches: Sequence[Batch]) -> float:
    """Nats per target token, dropout off, no smoothing."""
    with evaluated(model):
        summed = sum(float(token_loss(model(batch.src, batch.trg_in), batch.trg_out)) for batch in batches)
    return summed / sum(batch.tokens for batch in batches)


def leave_one_out(model: Transformer, mask: masks.Mask, batches: Sequence[Batch]) -> Scores:
    """By how much the loss rises when one head more is closed, for each that `mask` keeps; -inf for the others.

    Needs one forward pass a head and batch. A rise may be negative: the model is better without.
    """
    scores = {kind: torch.full(kept.shape, -math.inf, dtype=torch.float64) for kind, kept in mask.items()}
    masks.apply(model, mask)
    before = loss(model, batches)
    for kind, kept in mask.items():
        for layer, head in kept.nonzero().tolist():
            kept[layer, head] = False
            masks.apply(model, {kind: kept})
            scores[kind][layer, head] = loss(model, batches) - before
            kept[layer, head] = True
        masks.apply(model, {kind: kept})
    return scores
