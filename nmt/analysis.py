"""What a model does inside: its attention maps, the probability of given pairs, what each position brings to a word.

Everything comes out of the forward pass that translates, with the head axis kept.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from nmt import BOS, EOS, PAD
from nmt.attention import MultiHeadAttention
from nmt.batches import pad, source_batch
from nmt.bpe import BPE
from nmt.corpora.normalise import clean
from nmt.decoding import by_length, evaluating
from nmt.transformer import KINDS, Transformer

GROUPS = ("source", "written", "start")  # the English, the words written before, and BOS, which is no word


def attention_maps(
    model: Transformer, sources: Sequence[list[int]], targets: Sequence[list[int]]
) -> list[dict[str, Tensor]]:
    """The attention of one forward pass in which the model reads the given targets; ids without BOS and EOS.

    For each sentence, cut to its own S = len(source) + 1 (EOS) and T = len(target) + 1 (row i is the step that
    writes token i, the last one EOS): encoder (L, H, S, S), decoder (L, H, T, T), cross (L, H, T, S), float32, CPU.
    Heads have their numbers of the dense model: each has its place in every picture; a removed one has a map of zeros.
    """
    device = next(model.parameters()).device
    with evaluating(model):
        trg = pad([[BOS, *ids] for ids in targets], device)
        _, maps = model(source_batch(sources, device), trg, return_attention=True)
    joint = {kind: _in_dense_places(maps[kind], model.config.kept(kind), model.config.num_heads) for kind in KINDS}
    result = []
    for i, (source, target) in enumerate(zip(sources, targets, strict=True)):
        s, t = len(source) + 1, len(target) + 1
        sizes = {"encoder": (s, s), "decoder": (t, t), "cross": (t, s)}
        result.append({kind: joint[kind][i, :, :, :q, :k].clone() for kind, (q, k) in sizes.items()})
    return result


def _in_dense_places(maps: list[Tensor], kept: list[list[int]], heads: int) -> Tensor:
    """The maps (B, H', query, key) of each block, and the numbers of its heads -> (B, L, H, query, key)."""
    rows, _, *sizes = maps[0].shape
    joint = torch.zeros(rows, len(maps), heads, *sizes)
    for layer, (of_block, numbers) in enumerate(zip(maps, kept, strict=True)):
        joint[:, layer][:, numbers] = of_block.float().cpu()
    return joint


def frames(
    model: Transformer, bpe: tuple[BPE, BPE], pairs: Sequence[tuple[tuple[list[int], list[int]], tuple[str, str]]]
) -> dict[str, np.ndarray]:
    """Attention of all heads on given pairs, as arrays for `Run.save_frames`; pairs: (ids of both sides, their texts).

    For each pair i: `i.encoder` (L, H, S, S), `i.decoder` (L, H, T, T) and `i.cross` (L, H, T, S) in float16, and its
    pieces as text, `i.src` (S,) and `i.trg` (T,).
    """
    arrays: dict[str, np.ndarray] = {}
    maps = attention_maps(model, [src for (src, _), _ in pairs], [trg for (_, trg), _ in pairs])
    for i, (of_pair, (_, (english, russian))) in enumerate(zip(maps, pairs, strict=True)):
        arrays |= {f"{i}.{kind}": of_pair[kind].half().numpy() for kind in KINDS}
        arrays[f"{i}.src"] = np.array([*bpe[0].pieces(english), "<EOS>"])
        arrays[f"{i}.trg"] = np.array(["<BOS>", *bpe[1].pieces(russian)])
    return arrays


def score_pairs(
    model: Transformer, bpe: tuple[BPE, BPE], pairs: Sequence[tuple[str, str]], batch_size: int = 32
) -> list[float]:
    """log P(Russian | English) of each (English, Russian) pair: the natural logarithm, summed over tokens and EOS.

    Pairs are read whole, whatever their length.
    """
    device = next(model.parameters()).device
    sources, targets = (b.encode([clean(pair[side]) for pair in pairs]) for side, b in enumerate(bpe))
    scores = [0.0] * len(sources)
    with evaluating(model):
        for rows in by_length(targets, batch_size):
            trg = pad([[BOS, *targets[i], EOS] for i in rows], device)  # (B, T + 1)
            logits = model(source_batch([sources[i] for i in rows], device), trg[:, :-1]).float()  # (B, T, V)
            losses = F.cross_entropy(logits.flatten(0, 1), trg[:, 1:].flatten(), reduction="none", ignore_index=PAD)
            for row, loss in zip(rows, losses.view(len(rows), -1).sum(1).tolist(), strict=True):
                scores[row] = -loss
    return scores


def brought(layer: MultiHeadAttention, read: Tensor, weights: Tensor) -> Tensor:
    """What each position read (B, S, D) adds through this layer, by its weights (B, H, T, S): vectors (B, T, S, D).

    A weight says how much a head looks, not how much it takes: a large weight on a small vector brings nothing. So the
    vectors are measured (Kobayashi et al. 2020, "Attention is Not Only a Weight", equation 4, heads added up first and
    their gates counted). With a the weights of head h, g its gate, x_j what is read at position j:

        brought(t, j) = sum_h  g_h  a_tj  W_O^h (W_V^h x_j + b_V^h)

    Summed over S, and with the bias of W_O, these vectors are what the layer returns.
    """
    _, value = layer.keys_values(read)  # (B, H, S, K)
    if layer.gate is not None:
        value = value * layer.gate(len(read)).to(value.dtype)[:, :, None, None]
    out = layer.out.weight.view(read.size(-1), layer.num_heads, layer.head_size)  # (D, H, K)
    return torch.einsum("bhts,bhsk,dhk->btsd", weights, value, out)


@torch.inference_mode()
def shares(model: Transformer, source: Sequence[int], target: Sequence[int]) -> Tensor:
    """The shares of GROUPS in what the decoder's attention layers bring at each step: float64 (T, 3).

    The share of a group is the L2 norms of `brought` at its positions, summed over layers, over that of all positions.
    It follows neither what earlier layers mixed into x_j, nor the residual, nor the feed-forward layers: measures that
    do (layer-wise relevance, ALTI+) are others. Ids are without BOS and EOS.

    T = len(target) + 1: row t is the step that writes token t, the last one EOS. Rows sum to one; where nothing was
    brought at all, every head closed say, they are 0. The model must be in evaluation mode.
    """
    device = next(model.parameters()).device
    seen: list[tuple[bool, Tensor]] = []  # (is it cross-attention, norms (T, S))

    def look(layer: MultiHeadAttention, inputs: tuple, options: dict, output: tuple) -> None:
        memory = inputs[2] if len(inputs) > 2 else None
        vectors = brought(layer, inputs[0] if memory is None else memory, output[1])
        seen.append((memory is not None, vectors.double().norm(dim=-1)[0]))

    layers = [*model.gated_layers("decoder"), *model.gated_layers("cross")]
    hooks = [layer.register_forward_hook(look, with_kwargs=True) for layer in layers]
    try:
        model(source_batch([list(source)], device), pad([[BOS, *target]], device), return_attention=True)
    finally:
        for hook in hooks:
            hook.remove()
    total = torch.zeros(len(target) + 1, len(GROUPS), dtype=torch.float64)
    for cross, norms in seen:
        if cross:
            total[:, 0] += norms.sum(1).cpu()
        else:
            total[:, 1] += norms[:, 1:].sum(1).cpu()
            total[:, 2] += norms[:, 0].cpu()
    return total / total.sum(1, keepdim=True).clamp(min=torch.finfo(torch.float64).tiny)
