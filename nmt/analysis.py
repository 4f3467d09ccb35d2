"""What a model does inside: its attention maps, the probability of given pairs, where a prediction comes from.

Everything comes out of the forward pass that translates, with the head axis kept.
"""

import copy
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nmt import BOS, EOS, PAD
from nmt.attention import MultiHeadAttention, source_mask, target_mask
from nmt.batches import pad, source_batch
from nmt.bpe import BPE
from nmt.corpora.normalise import clean
from nmt.decoding import by_length, evaluating
from nmt.transformer import KINDS, Block, Transformer


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


class Attended(NamedTuple):
    """One attention layer in a forward pass: x went around it, `read` was looked at, y = x + what it says came out."""

    kind: str
    layer: MultiHeadAttention
    norm: nn.LayerNorm | None  # that y went through, post-norm only
    x: Tensor  # (B, T, D)
    read: Tensor  # (B, S, D), in self-attention S = T
    weights: Tensor  # (B, H, T, S)
    y: Tensor  # (B, T, D)


def follow(model: Transformer, src: Tensor, trg: Tensor) -> tuple[Tensor, list[Attended]]:
    """The forward pass of src (B, S) and trg (B, T) by hand: logits (B, T, V), and each attention layer in turn."""
    layers = []

    def attend(kind: str, block: Block, x: Tensor, mask: Tensor, memory: Tensor | None = None) -> Tensor:
        part = "cross" if kind == "cross" else "self"
        layer, norm = getattr(block, f"{part}_attention"), getattr(block, f"norm_{part}")
        read = block.enter(x, norm)
        update, weights = layer(read, mask, memory, return_attention=True)
        y = block.leave(x, update, norm)
        around = None if block.pre_norm else norm
        layers.append(Attended(kind, layer, around, x, read if memory is None else memory, weights, y))
        return y

    def feed(block: Block, x: Tensor) -> Tensor:
        return block.leave(x, block.feed_forward(block.enter(x, block.norm_feed)), block.norm_feed)

    x, mask = model.src_embedding(src), source_mask(src)
    for block in model.encoder:
        x = feed(block, attend("encoder", block, x, mask))
    memory, x = model.encoder_norm(x), model.trg_embedding(trg)
    for block in model.decoder:
        x = attend("decoder", block, x, target_mask(trg))
        x = feed(block, attend("cross", block, x, mask, memory))
    return model.generator(model.decoder_norm(x)), layers


def parts(step: Attended) -> tuple[Tensor, Tensor]:
    """y (B, T, D) as a sum: what each position gives (B, T, N, D), and a constant of nobody (B, T, D), the biases.

    A word gives its residual, too. In cross-attention, where a Russian word is none of the N - 1 = S positions it looks
    at, the residual is one more, the last. The norm of post-norm is linear once its standard deviation is known.
    """
    bias = brought(step.layer, torch.zeros_like(step.read), step.weights)  # of the values
    vectors = brought(step.layer, step.read, step.weights) - bias
    constant = bias.sum(2) + step.layer.out.bias
    if step.kind == "cross":
        vectors = torch.cat([vectors, step.x[:, :, None]], dim=2)
    else:
        vectors.diagonal(dim1=1, dim2=2).add_(step.x.mT)
    if step.norm is not None:
        variance = (vectors.sum(2) + constant).var(-1, unbiased=False, keepdim=True)
        scale = step.norm.weight / (variance + step.norm.eps).sqrt()  # (B, T, D)
        vectors = (vectors - vectors.mean(-1, keepdim=True)) * scale[:, :, None]
        constant = (constant - constant.mean(-1, keepdim=True)) * scale + step.norm.bias
    return vectors, constant


@torch.inference_mode()
def contributions(
    model: Transformer, sources: Sequence[list[int]], targets: Sequence[list[int]], batch_size: int = 8
) -> list[Tensor]:
    """ALTI+: how much of each step comes from each English position, and from each position written before.

    Ferrando et al. 2022, "Towards Opening the Black Box of Neural Machine Translation". For each pair, ids without BOS
    and EOS, float64 (T, S + T): row t is the step that writes token t, the last one EOS; the columns are the English,
    EOS included, then what has been written, BOS first. Rows sum to one.

    In a layer, the share of a position is how much nearer to y its part T_j is than nothing at all is (Ferrando et al.
    2022, "Measuring the Mixing of Contextual Information in the Transformer", ALTI), rows divided by their sum:

        c_j = max(0, |y|_1 - |y - T_j|_1),  y = sum_j T_j + constant

    Over the layers: the matrices C of the encoder are multiplied (rollout), Enc <- C Enc (S, S), and so are those of
    the decoder's self-attention, R <- C R (T, S + T). Cross-attention divides a word up: what it reads, C_S (T, S),
    and its residual, c (T, 1):  R <- [C_S Enc | 0] + c R. Feed-forward layers see one position and mix nothing.
    """
    model = copy.deepcopy(model).double().eval()
    device, results = next(model.parameters()).device, [torch.empty(0)] * len(sources)
    for rows in by_length(targets, batch_size):
        src = source_batch([sources[i] for i in rows], device)
        trg = pad([[BOS, *targets[i]] for i in rows], device)
        encoder = torch.eye(src.size(1), dtype=torch.float64, device=device)
        mixed = torch.eye(trg.size(1), dtype=torch.float64, device=device)
        mixed = F.pad(mixed, (src.size(1), 0)).expand(len(rows), -1, -1)  # (B, T, S + T)
        for step in follow(model, src, trg)[1]:
            y = step.y[:, :, None]
            nearer = (y.norm(1, dim=-1) - (y - parts(step)[0]).norm(1, dim=-1)).clamp(min=0)  # (B, T, N)
            own = nearer[..., -1] if step.kind == "cross" else nearer.diagonal(dim1=1, dim2=2)
            own.add_(torch.finfo(torch.float64).tiny)  # where no part is nearer, the word stays what it is
            c = nearer / nearer.sum(-1, keepdim=True)
            if step.kind == "encoder":
                encoder = c @ encoder
            elif step.kind == "decoder":
                mixed = c @ mixed
            else:
                mixed = F.pad(c[..., :-1] @ encoder, (0, trg.size(1))) + c[..., -1:] * mixed
        for i, one in zip(rows, mixed.cpu(), strict=True):
            s, t = len(sources[i]) + 1, len(targets[i]) + 1
            results[i] = torch.cat([one[:t, :s], one[:t, src.size(1) : src.size(1) + t]], dim=1)
    return results


@torch.inference_mode()
def shares(model: Transformer, source: Sequence[int], target: Sequence[int]) -> Tensor:
    """Shares in what the decoder's attention layers bring at each step, float64 (T, 3): of the English, of the words
    written before, and of BOS, which is no word.

    A share is the L2 norms of `brought` at these positions, summed over layers, over that of all positions. It follows
    neither what earlier layers mixed into x_j nor the residual, as `contributions` does. Ids are without BOS and EOS.

    T = len(target) + 1: row t is the step that writes token t, the last one EOS. Rows sum to one; where nothing was
    brought at all, every head closed say, they are 0. The model must be in evaluation mode.
    """
    device = next(model.parameters()).device
    _, layers = follow(model, source_batch([list(source)], device), pad([[BOS, *target]], device))
    total = torch.zeros(len(target) + 1, 3, dtype=torch.float64)
    for step in layers:
        norms = brought(step.layer, step.read, step.weights).double().norm(dim=-1)[0].cpu()  # (T, S)
        if step.kind == "cross":
            total[:, 0] += norms.sum(1)
        elif step.kind == "decoder":
            total[:, 1] += norms[:, 1:].sum(1)
            total[:, 2] += norms[:, 0]
    return total / total.sum(1, keepdim=True).clamp(min=torch.finfo(torch.float64).tiny)
