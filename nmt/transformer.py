"""The Transformer (Vaswani et al. 2017): config, positions, blocks, encoder, decoder, generator."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nmt import KINDS, NEURONS, NmtError
from nmt.attention import MultiHeadAttention, linear, source_mask, target_mask

ACTIVATIONS = {"relu": F.relu, "swish": F.silu}
CHOICES = {"norm": ("pre", "post"), "activation": (*ACTIVATIONS,), "positions": ("interleaved", "halves")}
AttentionMaps = dict[str, list[Tensor]]  # kind -> one (B, H, query, key) for each block


@dataclass(frozen=True)
class TransformerConfig:
    """Everything that fixes the shape of a model. Raises NmtError for values that cannot work."""

    src_vocab_size: int
    trg_vocab_size: int
    num_blocks: int = 2
    d_model: int = 256
    num_heads: int = 8
    head_size: int | None = None  # default d_model / num_heads, as in the paper
    d_ff: int | None = None  # default 4 d_model, as in the paper
    dropout: float = 0.1  # on each sub-layer's output and on the embeddings: section 5.4
    norm: str = "pre"  # "pre" trains at any depth; "post" is the paper's, and wants a long warm-up
    tied: bool = True  # the generator shares the target embedding's matrix: section 3.4
    # What Marian's models have otherwise than the paper, or need not have.
    shared: bool = False  # both embeddings are one matrix, of a vocabulary of both languages: section 3.4
    activation: str = "relu"  # between W1 and W2; "swish" is x · sigmoid(x)
    positions: str = "interleaved"  # sines and cosines take turns; "halves": first all sines, then all cosines
    # What is left in a pruned model: kind -> for each block the numbers that heads, or neurons, had in the dense model.
    # A kind that is absent is whole.
    kept_heads: dict[str, list[list[int]]] | None = None  # kinds of KINDS
    kept_neurons: dict[str, list[list[int]]] | None = None  # kinds of NEURONS

    def __post_init__(self) -> None:
        for name in ("src_vocab_size", "trg_vocab_size", "num_blocks", "d_model", "num_heads", "head_size", "d_ff"):
            value, most = getattr(self, name), 1_000 if name == "num_blocks" else 2**20
            if value is not None and not 1 <= value <= most:
                raise NmtError(f"{name} must be at least 1 and at most {most:,}, not {value}")
        if self.d_model % 2:
            raise NmtError(f"d_model (--hidden_dim) must be even, sines and cosines come in pairs; got {self.d_model}")
        if self.head_size is None:
            if self.d_model % self.num_heads:
                raise NmtError(
                    f"d_model (--hidden_dim) {self.d_model} is not divisible by --num_heads {self.num_heads}: "
                    "change one, or set --key_query_value_dim"
                )
            object.__setattr__(self, "head_size", self.d_model // self.num_heads)
        if self.d_ff is None:
            object.__setattr__(self, "d_ff", 4 * self.d_model)
        if not 0 <= self.dropout < 1:
            raise NmtError(f"--dropout must be in [0, 1), not {self.dropout}")
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise NmtError(f"--{name} must be {' or '.join(map(repr, choices))}, not {getattr(self, name)!r}")
        if self.shared and self.src_vocab_size != self.trg_vocab_size:
            raise NmtError(f"one embedding, two vocabularies: {self.src_vocab_size} and {self.trg_vocab_size} pieces")
        for name, kinds in (("kept_heads", KINDS), ("kept_neurons", NEURONS)):
            kept = getattr(self, name) or {}
            if not kept.keys() <= set(kinds):
                raise NmtError(f"{name}: the kinds are {kinds}, not {', '.join(map(repr, kept))}")
            for kind, blocks in kept.items():
                possible = {*range(self.width(kind))}
                if len(blocks) != self.num_blocks:
                    raise NmtError(f"{name}: {kind} has {self.num_blocks} blocks, not {len(blocks)}")
                if wrong := [one for one in blocks if not possible.issuperset(one) or sorted(set(one)) != list(one)]:
                    raise NmtError(f"{name}: {kind} has numbers 0 to {len(possible) - 1}, ascending, not {wrong[0]}")

    def width(self, kind: str) -> int:
        """How many heads (H), or neurons (F), a layer of this kind has in the dense model."""
        if kind not in KINDS + NEURONS:
            raise NmtError(f"the kind of a layer must be one of {KINDS + NEURONS}, not {kind!r}")
        return self.num_heads if kind in KINDS else self.d_ff

    def kept(self, kind: str) -> list[list[int]]:
        """For each block the heads, or neurons, that are there, by their numbers in the dense model."""
        whole = [list(range(self.width(kind))) for _ in range(self.num_blocks)]
        return ((self.kept_heads if kind in KINDS else self.kept_neurons) or {}).get(kind, whole)


def sinusoidal_positions(length: int, d_model: int, layout: str = "interleaved") -> Tensor:
    """PE(p, 2i) = sin(p / 10000^(2i/D)), PE(p, 2i+1) = cos(the same): section 3.5. Returns (length, D).

    Of the layout "halves", PE(p, i) is the sine and PE(p, D/2 + i) the cosine.
    """
    position = torch.arange(length, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, d_model, 2, dtype=torch.float32) * (-math.log(10000.0) / d_model))
    angles = position * rate  # (length, D/2)
    pairs = torch.stack([angles.sin(), angles.cos()], dim=-1)  # (length, D/2, 2)
    return (pairs if layout == "interleaved" else pairs.mT).flatten(1)  # (length, D)


class Embedding(nn.Module):
    """Token ids -> sqrt(D) · embedding + position, with dropout: sections 3.4, 3.5 and 5.4."""

    def __init__(self, vocab_size: int, config: TransformerConfig) -> None:
        super().__init__()
        self.tokens, self.layout = nn.Embedding(vocab_size, config.d_model), config.positions
        # sqrt(D) · N(0, 1/D) has the variance of the positions, and a tied generator starts with unit logits.
        nn.init.normal_(self.tokens.weight, std=config.d_model**-0.5)
        self.dropout = nn.Dropout(config.dropout)
        self.register_buffer("positions", sinusoidal_positions(256, config.d_model, self.layout), persistent=False)

    def forward(self, ids: Tensor, start: int = 0) -> Tensor:
        """ids int64 (B, T), the first of them at position `start`. Returns (B, T, D)."""
        x = self.tokens(ids) * math.sqrt(self.tokens.embedding_dim)  # (B, T, D)
        end = start + ids.size(1)
        if end > self.positions.size(0):  # a sentence of any length gets its positions
            with torch.inference_mode(False):  # the new table stays, and training may use it
                self.positions = sinusoidal_positions(2 * end, x.size(2), self.layout).to(self.positions)
        return self.dropout(x + self.positions[start:end])


class FeedForward(nn.Module):
    """max(0, x W1 + b1) W2 + b2, equation 2, or swish for max(0, ·): (B, T, D) -> (B, T, F) -> (B, T, D).

    `gate` may hold a module that is called with the batch size and returns a factor per neuron, (1, F) or (B, F):
    it multiplies what each neuron says before W2 mixes them.
    """

    def __init__(self, d_model: int, d_ff: int, activation: str = "relu") -> None:
        super().__init__()
        self.inner, self.outer, self.activation = linear(d_model, d_ff), linear(d_ff, d_model), ACTIVATIONS[activation]
        self.gate: nn.Module | None = None
        for layer in (self.inner, self.outer):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        neurons = self.activation(self.inner(x))  # (B, T, F)
        if self.gate is not None:
            neurons = neurons * self.gate(x.size(0)).to(neurons.dtype)[:, None]
        return self.outer(neurons)


class Block(nn.Module):
    """What encoder and decoder blocks share: the residual around a sub-layer, section 5.4.

    post-norm (the paper): norm(x + dropout(sublayer(x)));  pre-norm: x + dropout(sublayer(norm(x))).
    """

    def __init__(self, config: TransformerConfig, heads: int, neurons: int) -> None:
        super().__init__()
        self.pre_norm = config.norm == "pre"
        self.dropout = nn.Dropout(config.dropout)
        self.self_attention = MultiHeadAttention(config.d_model, heads, config.head_size)
        self.feed_forward = FeedForward(config.d_model, neurons, config.activation)
        self.norm_self = nn.LayerNorm(config.d_model)
        self.norm_feed = nn.LayerNorm(config.d_model)

    def enter(self, x: Tensor, norm: nn.LayerNorm) -> Tensor:
        return norm(x) if self.pre_norm else x

    def leave(self, x: Tensor, update: Tensor, norm: nn.LayerNorm) -> Tensor:
        x = x + self.dropout(update)
        return x if self.pre_norm else norm(x)


class EncoderBlock(Block):
    def forward(self, x: Tensor, mask: Tensor, return_attention: bool = False) -> tuple[Tensor, Tensor | None]:
        """x (B, S, D), mask (B, 1, 1, S). Returns (B, S, D) and the map (B, H, S, S) or None."""
        update, weights = self.self_attention(self.enter(x, self.norm_self), mask, return_attention=return_attention)
        x = self.leave(x, update, self.norm_self)
        x = self.leave(x, self.feed_forward(self.enter(x, self.norm_feed)), self.norm_feed)
        return x, weights


class DecoderBlock(Block):
    def __init__(self, config: TransformerConfig, heads: int, cross_heads: int, neurons: int) -> None:
        super().__init__(config, heads, neurons)
        self.cross_attention = MultiHeadAttention(config.d_model, cross_heads, config.head_size)
        self.norm_cross = nn.LayerNorm(config.d_model)

    def forward(
        self, x: Tensor, mask: Tensor, memory: Tensor, memory_mask: Tensor, return_attention: bool = False
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """x (B, T, D), mask (B, 1, T, T), memory (B, S, D), memory_mask (B, 1, 1, S).

        Returns (B, T, D), the self-attention map (B, H, T, T) and the cross-attention map (B, H, T, S).
        """
        update, own = self.self_attention(self.enter(x, self.norm_self), mask, return_attention=return_attention)
        x = self.leave(x, update, self.norm_self)
        entering = self.enter(x, self.norm_cross)
        update, cross = self.cross_attention(entering, memory_mask, memory, return_attention)
        x = self.leave(x, update, self.norm_cross)
        x = self.leave(x, self.feed_forward(self.enter(x, self.norm_feed)), self.norm_feed)
        return x, own, cross


class Transformer(nn.Module):
    """Source ids (B, S) and target ids (B, T) -> logits (B, T, V).

    Masks are built here from the ids, so that no caller can pass one that does not belong to them.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.products: Callable | None = None  # of a search; None: with the weights as they are (`nmt.plumbing.fast`)
        self.src_embedding = Embedding(config.src_vocab_size, config)
        self.trg_embedding = self.src_embedding if config.shared else Embedding(config.trg_vocab_size, config)
        left = {kind: [len(numbers) for numbers in config.kept(kind)] for kind in KINDS + NEURONS}
        sizes = zip(left["encoder"], left["encoder_ff"], strict=True)
        self.encoder = nn.ModuleList(EncoderBlock(config, *of_block) for of_block in sizes)
        sizes = zip(left["decoder"], left["cross"], left["decoder_ff"], strict=True)
        self.decoder = nn.ModuleList(DecoderBlock(config, *of_block) for of_block in sizes)
        # Pre-norm leaves the last sum unnormalised; post-norm ends in a norm anyway.
        final = nn.LayerNorm if config.norm == "pre" else nn.Identity
        self.encoder_norm, self.decoder_norm = final(config.d_model), final(config.d_model)
        self.generator = nn.Linear(config.d_model, config.trg_vocab_size)
        nn.init.zeros_(self.generator.bias)
        if config.tied:
            self.generator.weight = self.trg_embedding.tokens.weight
        else:
            nn.init.xavier_uniform_(self.generator.weight)

    def gated_layers(self, kind: str) -> list[MultiHeadAttention] | list[FeedForward]:
        """The modules that take a gate, first block first: attention for a kind of KINDS, feed-forward for NEURONS."""
        self.config.width(kind)  # raises NmtError for an unknown kind
        blocks = self.encoder if kind.startswith("encoder") else self.decoder
        names = {"cross": "cross_attention", **dict.fromkeys(NEURONS, "feed_forward")}
        return [getattr(block, names.get(kind, "self_attention")) for block in blocks]

    def encode(self, src: Tensor, return_attention: bool = False) -> tuple[Tensor, Tensor, list[Tensor]]:
        """src int64 (B, S), padded right. Returns memory (B, S, D), its mask (B, 1, 1, S) and the maps."""
        mask = source_mask(src)
        x, maps = self.src_embedding(src), []
        for block in self.encoder:
            x, weights = block(x, mask, return_attention)
            maps.append(weights)
        return self.encoder_norm(x), mask, maps if return_attention else []

    def decode(
        self, trg: Tensor, memory: Tensor, memory_mask: Tensor, return_attention: bool = False
    ) -> tuple[Tensor, AttentionMaps]:
        """trg int64 (B, T), padded right, beginning with BOS. Returns states (B, T, D) and the maps."""
        mask, x = target_mask(trg), self.trg_embedding(trg)
        maps: AttentionMaps = {"decoder": [], "cross": []}
        for block in self.decoder:
            x, own, cross = block(x, mask, memory, memory_mask, return_attention)
            if return_attention:
                maps["decoder"].append(own)
                maps["cross"].append(cross)
        return self.decoder_norm(x), maps

    def states(self, src: Tensor, trg: Tensor) -> Tensor:
        """What the generator turns into logits: (B, T, D), of src int64 (B, S) and trg int64 (B, T)."""
        memory, mask, _ = self.encode(src)
        return self.decode(trg, memory, mask)[0]

    def forward(
        self, src: Tensor, trg: Tensor, return_attention: bool = False
    ) -> Tensor | tuple[Tensor, AttentionMaps]:
        """src int64 (B, S), trg int64 (B, T), both padded right. Returns logits (B, T, V).

        With `return_attention`, also the maps of this very pass: {"encoder": L times (B, H, S, S),
        "decoder": L times (B, H, T, T), "cross": L times (B, H, T, S)}.
        """
        memory, mask, encoder_maps = self.encode(src, return_attention)
        states, maps = self.decode(trg, memory, mask, return_attention)
        logits = self.generator(states)  # (B, T, V)
        return (logits, {"encoder": encoder_maps, **maps}) if return_attention else logits
