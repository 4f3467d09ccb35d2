"""What others call our weights, and removed heads given back as zeros to those who know no layer without them."""

import re
from dataclasses import replace

import torch
from torch import Tensor, nn

from nmt.pruning.removal import remove_heads
from nmt.transformer import KINDS, NEURONS, Transformer

# Regular expressions, applied in this order. We have W_Q, W_K and W_V in one matrix; where a name has a *, there is a
# matrix for each of q, k and v.
MARIAN_NAMES = {
    r"^(encoder|decoder)\.": r"model.\1.layers.", "src_embedding.tokens": "model.encoder.embed_tokens",
    "trg_embedding.tokens": "model.decoder.embed_tokens", "generator.weight": "lm_head.weight",
    "generator.bias": "final_logits_bias", "norm_self": "self_attn_layer_norm",
    "norm_cross": "encoder_attn_layer_norm", "norm_feed": "final_layer_norm", "self_attention": "self_attn",
    "cross_attention": "encoder_attn", "in_(weight|bias)": r"*_proj.\1", r"attn\.out": "attn.out_proj",
    r"feed_forward\.inner": "fc1", r"feed_forward\.outer": "fc2",
}  # fmt: skip

NEVER = -1e4  # the bias of what is never written; minus infinity would make label smoothing infinite, too


def renamed(model: Transformer, names: dict[str, str]) -> dict[str, Tensor]:
    """The weights of a model under others' names. They are the model's own: what is written there, the model has."""
    state = {}
    for name, weight in model.state_dict().items():
        for ours, theirs in names.items():
            name = re.sub(ours, theirs, name)
        parts = weight.chunk(3) if "*" in name else [weight]
        state |= {name.replace("*", letter): part for letter, part in zip("qkv", parts, strict=False)}
    return state


@torch.no_grad()
def with_zeros(model: Transformer, least: dict[str, int] | None = None) -> Transformer:
    """A copy that computes the same with more heads or neurons in its layers: zeros in place of removed ones.

    least: kind of KINDS or NEURONS -> how many each layer shall have; by default as many as the dense model. Heads keep
    the order of the dense model. The factors of gates are in W_O and W2, as after `remove_heads`.
    """
    whole, c = remove_heads(model, {}), model.config
    kept = {kind: [] for kind in KINDS + NEURONS}
    for kind in kept:
        for layer, there in zip(whole.gated_layers(kind), c.kept(kind), strict=True):
            n, d, size = len(there), c.d_model, c.head_size
            others = [number for number in range(c.width(kind)) if number not in {*there}]
            here = sorted([*there, *others[: max(0, (least or {}).get(kind, c.width(kind)) - n)]])
            places = [here.index(number) for number in there]
            if kind in KINDS:
                layer.num_heads = len(here)
                parts = [(layer, "in_weight", (3, n, size, d), (-1, d)), (layer, "in_bias", (3, n, size), (-1,))]
                parts += [(layer.out, "weight", (d, n, size), (d, -1))]
            else:
                parts = [(layer.inner, "weight", (1, n, d), (-1, d)), (layer.inner, "bias", (1, n), (-1,))]
                parts += [(layer.outer, "weight", (d, n), (d, -1))]
            for module, name, seen_as, shape in parts:  # axis 1 of what is seen are the heads, or neurons
                part = getattr(module, name)
                spread = part.new_zeros(seen_as[0], len(here), *seen_as[2:])
                spread[:, places] = part.view(seen_as)
                setattr(module, name, nn.Parameter(spread.reshape(shape)))
            kept[kind].append(here)
    heads, neurons = ({kind: kept[kind] for kind in kinds} for kinds in (KINDS, NEURONS))
    whole.config = replace(c, kept_heads=heads, kept_neurons=neurons)
    return whole
