"""Scores of heads (and neurons) in a trained model, {kind: (L, H)} float64 on the CPU: the higher, the more it matters.

Each function takes the model as it stands, with the gates that it may have, in evaluation mode, and leaves it so.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from nmt import EOS, PAD, NmtError
from nmt.attention import FixedGate
from nmt.batches import Batch
from nmt.objective import token_loss
from nmt.pruning import masks
from nmt.transformer import KINDS, Transformer

Scores = dict[str, Tensor]


@contextmanager
def evaluated(model: Transformer) -> Iterator[None]:
    """No dropout inside."""
    training = model.training
    try:
        model.eval()
        yield
    finally:
        model.train(training)


def _zeros(model: Transformer, kinds: Sequence[str]) -> Scores:
    return {kind: torch.zeros(kept.shape, dtype=torch.float64) for kind, kept in masks.all_kept(model, kinds).items()}


def random(model: Transformer, kinds: Sequence[str], seed: int) -> Scores:
    """Scores by chance: the baseline of all baselines."""
    generator = torch.Generator().manual_seed(seed)
    return {kind: torch.rand(s.shape, generator=generator, dtype=s.dtype) for kind, s in _zeros(model, kinds).items()}


def last_layers_first(model: Transformer, kinds: Sequence[str]) -> Scores:
    """What lies deeper goes first; within a layer the last head; the kinds by turns."""
    layers, width = _zeros(model, kinds)[kinds[0]].shape
    order = -torch.arange(layers * width, dtype=torch.float64).view(layers, width)
    return {kind: order - i / len(kinds) for i, kind in enumerate(kinds)}


def magnitude(model: Transformer, kinds: Sequence[str]) -> Scores:
    """The Frobenius norm of a head's columns of W_O, of a neuron's column of W2: how loud it can be."""
    scores = _zeros(model, kinds)
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
    looks = {"encoder": ("src", "src"), "decoder": ("trg", "trg"), "cross": ("trg", "src")}  # from and at
    scores, count = _zeros(model, kinds), dict.fromkeys(kinds, 0)
    with evaluated(model):
        for batch in batches:
            _, maps = model(batch.src, batch.trg_in, return_attention=True)
            ids = {"src": batch.src, "trg": batch.trg_in}  # trg_in holds the EOS of the shorter sentences
            words = {side: (row != PAD) & (row != EOS) for side, row in ids.items()}  # (B, S), (B, T)
            for kind in kinds:
                queries, keys = (words[side] for side in looks[kind])
                for row, weights in zip(scores[kind], maps[kind], strict=True):
                    largest = (weights * keys[:, None, None, :]).amax(-1)  # (B, H, query)
                    row += (largest * queries[:, None]).sum((0, 2)).double().cpu()
                count[kind] += int(queries.sum())
    return {kind: s / count[kind] for kind, s in scores.items()}


class Probe(FixedGate):
    """A fixed gate that lets the gradient of each sentence's factors be read.

    `seen` holds the factors of each forward pass that had gradients, (B, N), as leaves of the graph.
    """

    def __init__(self, values: Tensor) -> None:
        super().__init__(values)
        self.seen: list[Tensor] = []

    def forward(self, batch_size: int) -> Tensor:
        factors = super().forward(batch_size)  # (1, N)
        if torch.is_grad_enabled():
            factors = factors.expand(batch_size, -1).clone().requires_grad_()
            self.seen.append(factors)
        return factors


def first_order(gradient: Tensor, factors: Tensor) -> Tensor:
    """Σ_x |ξ ∂L(x)/∂ξ|, the sentences' changes of loss if ξ became 0, to first order: (B, N) twice -> (N,) float64."""
    return (gradient * factors.detach()).abs().sum(0).double().cpu()


def _from_gradients(
    model: Transformer, kinds: Sequence[str], batches: Sequence[Batch], summed: Callable[[Tensor, Tensor], Tensor]
) -> Scores:
    """What `summed` makes of the sentences' ∂L/∂ξ and ξ, (B, N) twice -> (N,), per target token of all batches."""
    scores = _zeros(model, kinds)
    with evaluated(model), masks.gates_put_back(model, kinds), torch.enable_grad():
        probes = masks.put_gates(model, masks.read(model, kinds), lambda values: Probe(values.float()))
        places = [(kind, i) for kind in kinds for i, probe in enumerate(probes[kind]) if len(probe.values)]
        for batch in batches:
            loss = token_loss(model(batch.src, batch.trg_in), batch.trg_out)
            factors = [probes[kind][i].seen.pop() for kind, i in places]
            gradients = torch.autograd.grad(loss, factors)
            for (kind, i), gradient, factor in zip(places, gradients, factors, strict=True):
                scores[kind][i, model.config.kept(kind)[i]] += summed(gradient, factor)
    tokens = sum(batch.tokens for batch in batches)
    return {kind: s / tokens for kind, s in scores.items()}


def taylor(model: Transformer, kinds: Sequence[str], batches: Sequence[Batch], per_layer: bool = False) -> Scores:
    """The mean over sentences x of |dL(x)/dξ|, ξ the factor on a head's output: Michel et al. 2019, equation 2.

    L(x) is the sentence's loss in nats, its sum over tokens; scores are divided by the tokens. `per_layer` divides the
    scores of each layer by their l2 norm, as the paper does; between kinds of attention that hides which kind matters
    more. A head that is closed scores 0.
    """
    scores = _from_gradients(model, kinds, batches, first_order)
    if per_layer:
        return {kind: s / s.norm(dim=1, keepdim=True).clamp(min=1e-30) for kind, s in scores.items()}
    return scores


def slopes(model: Transformer, kinds: Sequence[str], batches: Sequence[Batch]) -> Scores:
    """dL/dξ, also for heads that are closed; L in nats per token. Below 0: more of this head would lower the loss."""
    return _from_gradients(model, kinds, batches, lambda gradient, _: gradient.sum(0).double().cpu())


@torch.no_grad()
def loss(model: Transformer, batches: Sequence[Batch]) -> float:
    """Nats per target token, without dropout and without label smoothing."""
    with evaluated(model):
        summed = sum(float(token_loss(model(batch.src, batch.trg_in), batch.trg_out)) for batch in batches)
    return summed / sum(batch.tokens for batch in batches)


def leave_one_out(model: Transformer, mask: masks.Mask, batches: Sequence[Batch]) -> Scores:
    """By how much the loss rises when one head more is closed, for each that `mask` keeps; -inf for the others.

    Needs a forward pass for each head and batch. A rise may be negative: the model is better without that head.
    Afterwards the mask is applied.
    """
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
