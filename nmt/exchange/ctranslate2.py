"""A model of ours for CTranslate2, an engine in C++ that translates several times faster than PyTorch on a CPU."""

from collections.abc import Sequence
from pathlib import Path

from nmt import BOS, PAD
from nmt.exchange.pieces import LONGEST, write_pieces
from nmt.exchange.weights import NEVER, renamed, with_zeros
from nmt.models import Trained
from nmt.plumbing.sentencepieces import needs
from nmt.transformer import KINDS, NEURONS, Transformer, sinusoidal_positions

# What CTranslate2 calls our weights: regular expressions, applied in this order.
NAMES = {
    r"^(encoder|decoder)\.": r"\1.layer.", "src_embedding.tokens": "encoder.embeddings.0",
    "trg_embedding.tokens": "decoder.embeddings", "(en|de)coder_norm": r"\1coder.layer_norm",
    "generator": "decoder.projection", r"cross_attention\.out": "attention.linear.2",
    r"self_attention\.out": "self_attention.linear.1", "norm_self": "self_attention.layer_norm",
    "norm_cross": "attention.layer_norm", r"cross_attention\.in_": "attention.linear.0.",
    r"self_attention\.in_": "self_attention.linear.0.", "norm_feed": "ffn.layer_norm",
    r"forward\.inner": "forward.linear_0", r"forward\.outer": "forward.linear_1", "feed_forward": "ffn",
    r"norm\.weight": "norm.gamma", r"norm\.bias": "norm.beta",
}  # fmt: skip


def export_ctranslate2(trained: Trained, directory: Path) -> None:
    """Write a model directory of CTranslate2, with the vocabularies. Raises NmtError where its package is absent."""
    needs("ctranslate2", "ct2")
    write_model(trained.model, write_pieces(trained, directory), directory)


def write_model(model: Transformer, names: Sequence[list[str]], directory: Path) -> None:
    """Write the weights, config.json and the names of the pieces of either side, by their ids.

    CTranslate2 knows one number of heads for all layers of a side: layers with fewer get heads of zeros. It starts from
    our BOS; PAD and BOS are never written.
    """
    from ctranslate2.specs import Activation, TransformerDecoderSpec, TransformerEncoderSpec, TransformerSpec

    c = model.config
    most = {kind: max(1, *map(len, c.kept(kind))) for kind in KINDS} | dict.fromkeys(NEURONS, 1)
    most["decoder"] = most["cross"] = max(most["decoder"], most["cross"])
    model = with_zeros(model, most).float().cpu()
    model.generator.bias.data[[PAD, BOS]] = NEVER
    options = {"pre_norm": c.norm == "pre", "activation": Activation[c.activation.upper()], "head_dim": c.head_size}
    encoder = TransformerEncoderSpec(c.num_blocks, most["encoder"], **options)
    spec = TransformerSpec(encoder, TransformerDecoderSpec(c.num_blocks, most["decoder"], **options))
    spec.decoder.start_from_zero_embedding = False
    for side in (spec.encoder, spec.decoder):
        side.position_encodings.encodings = sinusoidal_positions(LONGEST, c.d_model, c.positions)
    for name, weight in renamed(model, NAMES).items():
        parts = {name: weight}
        if ".attention.linear.0" in name:  # keys and values come from elsewhere than queries: a product of their own
            size = most["cross"] * c.head_size
            parts = {name: weight[:size], name.replace("linear.0", "linear.1"): weight[size:]}
        for place, part in parts.items():
            at, (*path, last) = spec, place.split(".")
            for step in path:
                at = at[int(step)] if step.isdecimal() else getattr(at, step)
            setattr(at, last, part.contiguous())
    spec.register_source_vocabulary(names[0])
    spec.register_target_vocabulary(names[1])
    tokens = {"unk_token": "<UNK>", "bos_token": "<BOS>", "eos_token": "<EOS>", "decoder_start_token": "<BOS>"}
    for name, value in (tokens | {"add_source_eos": True}).items():
        setattr(spec.config, name, value)
    spec.validate()
    spec.optimize()  # matrices that are one are written once
    spec.save(str(directory))
