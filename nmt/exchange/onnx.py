"""A model of ours as two graphs of ONNX, which run without PyTorch.

The encoder reads a source once; the decoder reads one word a step, with the keys and values of the words before.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import signature
from pathlib import Path

import torch
from torch import Tensor, nn

from nmt import BOS, PAD, NmtError
from nmt.attention import MultiHeadAttention, scaled_dot_product_attention, source_mask
from nmt.exchange.pieces import LONGEST, write_pieces
from nmt.exchange.weights import NEVER
from nmt.models import SIDES, Trained
from nmt.plumbing.fast.incremental import lay_out
from nmt.plumbing.files import write_json
from nmt.plumbing.sentencepieces import needs
from nmt.pruning.removal import remove_heads
from nmt.transformer import KINDS, Transformer, sinusoidal_positions


def export_onnx(trained: Trained, directory: Path) -> None:
    """Write encoder.onnx, decoder.onnx and the vocabularies. Raises NmtError where a package is absent or too old."""
    needs("onnxscript", "onnx")
    if "dynamic_shapes" not in signature(torch.onnx.export).parameters:
        raise NmtError(f"--to onnx needs PyTorch 2.6 or later, not {torch.__version__}")
    for side, names in zip(SIDES, write_pieces(trained, directory), strict=True):
        write_json(directory / f"{side}.json", names)
    write_graphs(trained.model, directory)


def write_graphs(model: Transformer, directory: Path) -> None:
    """Write encoder.onnx, src -> memory, and decoder.onnx, words, src, memory, past -> logits, present.

    Their gates are in the weights; PAD and BOS are never written.
    """
    model = lay_out(remove_heads(model, {}).float().cpu().eval(), columns=False)  # a copy
    model.generator.bias.data[[PAD, BOS]] = NEVER
    for embedding in (model.src_embedding, model.trg_embedding):
        embedding.positions = sinusoidal_positions(LONGEST, model.config.d_model, model.config.positions)
    encoder, decoder = _Encoder(model).eval(), _Decoder(model).eval()
    dim = torch.export.Dim  # what may differ from call to call; early exporters want a limit
    rows, length, before = dim("rows", max=2**20), dim("length", max=LONGEST), dim("before", max=LONGEST - 1)
    of_source = {0: rows, 1: length}
    sizes = {"words": {0: rows}, "src": of_source, "memory": of_source, "past": {0: rows, 1: before}}
    with torch.no_grad():
        given = {"words": torch.full((2,), BOS), "src": torch.full((2, 5), BOS)}
        given |= {"memory": encoder(given["src"]), "past": torch.zeros(2, 3, sum(decoder.columns["decoder"]))}
        for name, graph, inputs, outputs in (
            ("encoder", encoder, ["src"], ["memory"]),
            ("decoder", decoder, [*given], ["logits", "present"]),
        ):
            with _quiet():
                torch.onnx.export(
                    graph,
                    kwargs={one: given[one] for one in inputs},
                    f=directory / f"{name}.onnx",
                    dynamo=True,
                    input_names=inputs,
                    output_names=outputs,
                    dynamic_shapes={one: sizes[one] for one in inputs},
                    external_data=False,
                    verbose=False,
                )


class _Encoder(nn.Module):
    """src int64 (B, S) -> the keys and values of all layers that look at it, side by side: (B, S, 2 Σ H K)."""

    def __init__(self, model: Transformer) -> None:
        super().__init__()
        self.model = model

    def forward(self, src: Tensor) -> Tensor:
        memory, _, _ = self.model.encode(src)
        layers = [block.cross_attention for block in self.model.decoder]
        return torch.cat([memory[..., :0], *(beside(layer, memory) for layer in layers)], 2)


class _Decoder(nn.Module):
    """One step of the decoder, for words (B,) after T others.

    src (B, S), memory of the encoder, past (B, T, 2 Σ H K), as memory, of the words before -> logits (B, V) of the
    next word, and the past with this word in it, (B, T + 1, 2 Σ H K).
    """

    def __init__(self, model: Transformer) -> None:
        super().__init__()
        self.model = model
        self.columns = {kind: [2 * layer.out.in_features for layer in model.gated_layers(kind)] for kind in KINDS[1:]}

    def forward(self, words: Tensor, src: Tensor, memory: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        model, mask, new = self.model, source_mask(src), []
        x = model.trg_embedding(words[:, None], past.size(1))  # (B, 1, D)
        memories, pasts = (part.split(self.columns[kind], 2) for kind, part in (("cross", memory), ("decoder", past)))
        for block, of_memory, of_past in zip(model.decoder, memories, pasts, strict=True):
            entering = block.enter(x, block.norm_self)
            new.append(beside(block.self_attention, entering))
            update = looked(block.self_attention, entering, torch.cat([of_past, new[-1]], 1))
            x = block.leave(x, update, block.norm_self)
            update = looked(block.cross_attention, block.enter(x, block.norm_cross), of_memory, mask)
            x = block.leave(x, update, block.norm_cross)
            x = block.leave(x, block.feed_forward(block.enter(x, block.norm_feed)), block.norm_feed)
        return model.generator(model.decoder_norm(x))[:, 0], torch.cat([past, torch.cat(new, 2)], 1)


def beside(layer: MultiHeadAttention, x: Tensor) -> Tensor:
    """The keys of all heads, then the values: x (B, T, D) -> (B, T, 2 H K)."""
    if not layer.num_heads:
        return x[..., :0]
    return torch.cat([part.transpose(1, 2).flatten(2) for part in layer.keys_values(x)], 2)


def looked(layer: MultiHeadAttention, x: Tensor, seen: Tensor, mask: Tensor | None = None) -> Tensor:
    """What a layer says of x (B, 1, D) that looks at `seen` (B, S, 2 H K), of `beside`: (B, 1, D)."""
    if not layer.num_heads:
        return layer.out.bias
    query = nn.functional.linear(x, *(part.chunk(3)[0] for part in (layer.in_weight, layer.in_bias)))
    query, key, value = (
        part.unflatten(2, (layer.num_heads, layer.head_size)).transpose(1, 2) for part in (query, *seen.chunk(2, 2))
    )  # (B, H, ·, K)
    heads, _ = scaled_dot_product_attention(query, key, value, mask)
    return layer.out(heads.transpose(1, 2).flatten(2))


@contextmanager
def _quiet() -> Iterator[None]:
    """Inside, the exporter does not speak of what is not this model's, such as torchvision."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)
