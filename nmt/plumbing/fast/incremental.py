"""A model as a search runs it: the encoder once, then the decoder word by word, with a cache of the words before.

`nmt.transformer` says what a model computes, of whole sentences. A search wants the same of one new word at a time, and
thousands of times: here it takes few operations, on x (N, D), a row for each word. Dropout is off, gates are asked anew
at each step, and hooks of modules are not called.
"""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nmt.attention import MultiHeadAttention, source_mask
from nmt.plumbing.fast import graphs
from nmt.transformer import Block, FeedForward, Transformer

Product = Callable[[Tensor], Tensor]  # what a linear layer does: x (N, inputs) -> x W^T + b (N, outputs)
Products = Callable[[Tensor, Tensor], Product]  # of W (outputs, inputs) and b (outputs,)


def lay_out(model: Transformer, columns: bool = True) -> Transformer:
    """On a CPU let each W of a product lie in memory by columns: a few rows times W^T take up to half the time.

    Only strides change: there is no copy that could go stale, and the model can be trained on. Without `columns` all
    weights lie by rows again, as files hold them. Returns the model.
    """
    only_looked_up = None if model.config.shared else model.src_embedding.tokens.weight
    for weight in model.parameters():
        if not columns:
            weight.data = weight.data.contiguous()
        elif weight.dim() == 2 and weight.device.type == "cpu" and weight is not only_looked_up:
            weight.data = weight.data.t().contiguous().t()
    return model


def as_they_are(weight: Tensor, bias: Tensor) -> Product:
    """Products with the model's own weights. Autocast would cast them at each step; here they are cast once."""
    if torch.is_autocast_enabled(weight.device.type):
        weight, bias = (one.to(torch.get_autocast_dtype(weight.device.type)) for one in (weight, bias))
    return lambda x: F.linear(x, weight, bias)


class _Sublayer:
    """Attention or feed-forward with the residual around it, section 5.4, in evaluation."""

    def __init__(self, layer: nn.Module, last: nn.Linear, norm: nn.LayerNorm, block: Block) -> None:
        self.layer, self.width, self.bias, self.pre_norm = layer, last.in_features, last.bias, block.pre_norm
        self.norm = partial(F.layer_norm, **{name: getattr(norm, name) for name in NORM})

    def __call__(self, x: Tensor, *given) -> Tensor:
        update = self.bias  # all that a layer says of which no head, or neuron, is left
        if self.width:
            update = self.update(self.norm(x) if self.pre_norm else x, *given)
        return x + update if self.pre_norm else self.norm(x + update)

    def gated(self, said: Tensor, rows: int) -> Tensor:
        """said (N, H, K), or (N, F, 1), times the gate's factors for `rows` rows of as many words each."""
        factors = self.layer.gate(rows).to(said.dtype)  # (1, H) or (rows, H)
        return (said.view(rows, -1, *said.shape[1:]) * factors[:, None, :, None]).flatten(0, 1)


NORM = "normalized_shape", "weight", "bias", "eps"


class _Attention(_Sublayer):
    def __init__(self, layer: MultiHeadAttention, norm: nn.LayerNorm, block: Block, products: Products) -> None:
        super().__init__(layer, layer.out, norm, block)
        self.heads = layer.num_heads, layer.head_size  # H, K
        weights = layer.in_weight, layer.in_bias
        if layer is getattr(block, "cross_attention", None):  # what the encoder wrote is projected by itself
            queries, keys_values = zip(*(one.tensor_split([self.width]) for one in weights), strict=True)
            weights, self.project_memory = queries, products(*keys_values)
        self.project, self.out = products(*weights), products(layer.out.weight, layer.out.bias)

    def split(self, x: Tensor, batch: int) -> tuple[Tensor, ...]:
        """x (B T, n H K) -> n times (B, H, T, K)."""
        return (
            x.view(batch, len(x) // max(batch, 1), x.size(1) // self.width, *self.heads).permute(2, 0, 3, 1, 4).unbind()
        )

    def update(self, x: Tensor, rows: int, mask=None, memory=None, remember=None) -> Tensor:
        """x (N, D) -> (N, D). mask: as in PyTorch; memory: keys and values, (B, H, S, K), of what the encoder wrote.

        remember: takes the new keys and values (R, 2 H K), returns all there are, (T, R, 2 H K), and their mask.
        """
        x = self.project(x)
        if memory is not None:  # of one sentence the rows are W queries
            (query,), (key, value) = self.split(x, len(memory[0])), memory
        elif remember is not None:
            seen, mask = remember(x[:, self.width :])
            seen = seen.view(-1, rows, 2, *self.heads)
            (query,), (key, value) = self.split(x[:, : self.width], rows), seen.permute(2, 1, 3, 0, 4)
        else:
            query, key, value = self.split(x, rows)
        said = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)  # (B, H, T, K)
        said = said.transpose(1, 2).reshape(-1, self.width)  # (N, H K)
        if self.layer.gate is not None:
            said = self.gated(said.view(-1, *self.heads), rows).flatten(1)
        return self.out(said)


class _FeedForward(_Sublayer):
    def __init__(self, layer: FeedForward, norm: nn.LayerNorm, block: Block, products: Products) -> None:
        super().__init__(layer, layer.outer, norm, block)
        self.inner, self.outer = (products(one.weight, one.bias) for one in (layer.inner, layer.outer))

    def update(self, x: Tensor, rows: int) -> Tensor:
        neurons = self.layer.activation(self.inner(x), inplace=True)  # (N, F)
        if self.layer.gate is not None:
            neurons = self.gated(neurons[:, :, None], rows).squeeze(2)
        return self.outer(neurons)


class Decoder:
    """The state of one search. `step` reads a word a row, `select` says which rows go on.

    There are R = B W rows: for each sentence the W beginnings of its beam, which share what the encoder wrote.
    """

    def __init__(self, model: Transformer, src: Tensor) -> None:
        """Encode the source, int64 (B, S)."""
        batch, mask, products = len(src), source_mask(src), model.products or as_they_are
        x = model.src_embedding(src).flatten(0, 1)  # (B S, D)
        self.mask = None if mask.all() else torch.zeros_like(mask, dtype=x.dtype).masked_fill(~mask, float("-inf"))
        for block in model.encoder:
            x = _Attention(block.self_attention, block.norm_self, block, products)(x, batch, self.mask)
            x = _FeedForward(block.feed_forward, block.norm_feed, block, products)(x, batch)
        x = model.encoder_norm(x)
        self.blocks, self.memory, self.columns, end = [], [], [], 0
        for block in model.decoder:
            own = _Attention(block.self_attention, block.norm_self, block, products)
            cross = _Attention(block.cross_attention, block.norm_cross, block, products)
            self.blocks.append((own, cross, _FeedForward(block.feed_forward, block.norm_feed, block, products)))
            self.memory.append(cross.split(cross.project_memory(x), batch) if cross.width else ())
            self.columns.append(slice(end, end := end + 2 * own.width))
        self.embedding, self.norm = model.trg_embedding, model.decoder_norm
        self.generator = products(model.generator.weight, model.generator.bias)
        # Keys and values of the words so far, of all layers: (room, R, columns). Time comes first: the filled part is
        # contiguous, and `select` copies only that, into the spare buffer. Both double when full.
        self.length, self.filled, self.spare = 0, x.new_empty(0, 1, end), None
        # On a GPU all of the room is looked at, behind a mask, for the kernels that are replayed know no length.
        self.place = torch.zeros(1, dtype=torch.int64, device=x.device) if x.device.type in graphs.DEVICES else None

    def step(self, words: Tensor) -> Tensor:
        """The newest word of each row, int64 (R,) -> logits of the next, (R, V)."""
        x = self.embedding(words[:, None], self.length).squeeze(1)  # (R, D)
        if self.length == len(self.filled):
            self.replayed = graphs.Replayed()
        logits = self._layers(x) if self.place is None else self.replayed(self._layers, x)
        self.length += 1
        return logits

    def _layers(self, x: Tensor) -> Tensor:
        for (own, cross, feed), memory, columns in zip(self.blocks, self.memory, self.columns, strict=True):
            x = own(x, len(x), None, None, partial(self._remember, columns))
            x = feed(cross(x, len(x), self.mask, memory), len(x))
        if self.place is not None:
            self.place += 1
        return self.generator(self.norm(x))

    def _remember(self, columns: slice, new: Tensor) -> tuple[Tensor, Tensor | None]:
        if self.length == len(self.filled):
            room = new.new_zeros(max(2 * self.length, 32), len(new), self.filled.size(2))
            room[: self.length], self.filled, self.spare = self.filled, room, None
        if self.place is not None:
            written = torch.arange(len(self.filled), device=new.device) <= self.place  # (room,)
            return self.filled[:, :, columns].index_copy_(0, self.place, new[None]), written[None]
        self.filled[self.length, :, columns] = new
        return self.filled[: self.length + 1, :, columns], None

    def select(self, rows: Tensor, sentences: Tensor | None = None) -> None:
        """Keep these rows, int64 (R',), those of a beam in a row; where given only these sentences."""
        if self.place is not None:
            kept = self.filled.index_select(1, rows) if self.filled.numel() else self.filled
            if sentences is None and kept.shape == self.filled.shape:
                self.filled.copy_(kept)  # what is replayed knows only this place
            else:
                self.filled, self.replayed = kept, graphs.Replayed()
        elif self.filled.numel():
            shape = len(self.filled), len(rows), self.filled.size(2)
            if self.spare is None or self.spare.shape != shape:
                self.spare = self.filled.new_empty(shape)
            torch.index_select(self.filled[: self.length], 1, rows, out=self.spare[: self.length])
            self.filled, self.spare = self.spare, self.filled
        if sentences is not None:
            self.mask = None if self.mask is None else self.mask[sentences]
            self.memory = [tuple(part[sentences] for part in of_block) for of_block in self.memory]
