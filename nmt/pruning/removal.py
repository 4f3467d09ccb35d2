"""The smaller model: what a mask does not keep is taken out of the matrices, not multiplied by zero."""

import copy
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from nmt.attention import MultiHeadAttention
from nmt.pruning import masks
from nmt.transformer import KINDS, NEURONS, Transformer

Moments = Mapping[nn.Parameter, dict[str, Tensor]]  # `state` of an optimiser


def remove_heads(model: Transformer, mask: masks.Mask) -> Transformer:
    """A copy without the heads, and neurons, that the mask does not keep; its config lists what is left.

    A removed head takes its rows of W_Q, W_K, W_V and its columns of W_O with it, a neuron its row of W1 and its column
    of W2. The biases of W_O and W2 stay, so the copy computes what the model does with those gates at 0.

    The copy has no gates: their factors at test time are now in the columns of W_O, or W2. The mask alone decides what
    goes: a kept head whose gate is at 0 stays, with columns of zeros. Raises NmtError as `masks.check` does.
    """
    smaller = copy.deepcopy(model)
    remove_in_place(smaller, mask)
    return smaller


@torch.no_grad()
def remove_in_place(model: Transformer, mask: masks.Mask, moments: Moments | None = None) -> None:
    """`remove_heads` in the model itself, in the midst of its training: its parameters shrink, and stay the same
    objects. `moments`, the state of their optimiser, shrink with them. No gradient may be there."""
    masks.check(model, mask)
    values = masks.read(model, KINDS + NEURONS)
    mask = masks.all_kept(model, KINDS + NEURONS) | {kind: kept.cpu() for kind, kept in mask.items()}
    masks.clear(model, mask)
    for kind, kept in mask.items():
        layers = zip(model.gated_layers(kind), kept, values[kind], model.config.kept(kind), strict=True)
        for layer, row, value, there in layers:
            places, factors = row[there].nonzero().flatten(), value[row]
            if kind in KINDS:
                _cut_heads(layer, places, factors, moments or {})
            else:
                cut_neurons(layer.inner, layer.outer, places, factors, moments)
    model.config = replace(model.config, kept_heads=_left(mask, KINDS), kept_neurons=_left(mask, NEURONS))


def _left(mask: masks.Mask, kinds: tuple[str, ...]) -> dict[str, list[list[int]]] | None:
    """What the config says of these kinds: the numbers that are left in each layer; nothing of kinds that are whole."""
    cut = [kind for kind in kinds if not mask[kind].all()]
    return {kind: [row.nonzero().flatten().tolist() for row in mask[kind]] for kind in cut} or None


def _cut_heads(layer: MultiHeadAttention, heads: Tensor, factors: Tensor, moments: Moments) -> None:
    """Cut a layer down to these heads, int64 (H',), each times its factor, (H',)."""
    count, size, d_model = layer.num_heads, layer.head_size, layer.in_weight.size(1)
    heads, factors = heads.to(layer.in_weight.device), factors.to(layer.out.weight)
    left = len(heads) * size
    _cut(layer.in_weight, (3, count, size, d_model), heads, (3 * left, d_model), moments)
    _cut(layer.in_bias, (3, count, size), heads, (3 * left,), moments)
    _cut(layer.out.weight, (d_model, count, size), heads, (d_model, left), moments)
    layer.out.weight *= factors.repeat_interleave(size)
    layer.num_heads, layer.out.in_features = len(heads), left


def cut_neurons(
    inner: nn.Linear | None, outer: nn.Linear, neurons: Tensor, factors: Tensor, moments: Moments | None = None
) -> None:
    """Leave these neurons between two layers, int64 (F',), times their factors; inner: None for a network's inputs."""
    neurons, factors, left = neurons.to(outer.weight.device), factors.to(outer.weight), len(neurons)
    outputs, count = outer.weight.shape
    _cut(outer.weight, (outputs, count), neurons, (outputs, left), moments or {})
    outer.weight *= factors
    outer.in_features = left
    if inner is not None:
        inputs = inner.weight.size(1)
        _cut(inner.weight, (1, count, inputs), neurons, (left, inputs), moments or {})
        _cut(inner.bias, (1, count), neurons, (left,), moments or {})
        inner.out_features = left


def _cut(whole: nn.Parameter, seen_as: tuple[int, ...], places: Tensor, shape: tuple[int, ...], of: Moments) -> None:
    """View a parameter in one shape, choose places of axis 1, and give what was chosen its own shape."""
    state, before = of.get(whole, {}), whole.shape
    whole.data = whole.data.reshape(seen_as).index_select(1, places).reshape(shape)
    for name, moment in state.items():
        if moment.shape == before:
            state[name] = moment.reshape(seen_as).index_select(1, places).reshape(shape)
