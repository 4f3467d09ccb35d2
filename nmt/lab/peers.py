"""What nmt bench measures beside ours: torch.nn.Transformer and Hugging Face's MarianMTModel, with our weights.

The three are one function, and a benchmark says by how much their logits differ. All are post-norm, the only norm that
Marian has; ReLU; dropout on embeddings and on sub-layers alone (nn.Transformer's further ones are off); the final norms
that nn.Transformer adds are left out. Marian trains no bias of the generator: its count of parameters is V smaller.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nmt import BOS, EOS, PAD, NmtError
from nmt.decoding import beam_search, greedy
from nmt.transformer import Transformer, TransformerConfig

OURS, TORCH, MARIAN = "nmt", "torch.nn.Transformer", "MarianMTModel"


class TorchTransformer(nn.Module):
    """torch.nn.Transformer between our embeddings and generator, with the weights of `model`."""

    def __init__(self, model: Transformer) -> None:
        super().__init__()
        c = model.config
        self.src_embedding, self.trg_embedding, self.generator = copy.deepcopy(  # at once: the tied stay tied
            (model.src_embedding, model.trg_embedding, model.generator)
        )
        self.inner = nn.Transformer(
            c.d_model, c.num_heads, c.num_blocks, c.num_blocks, c.d_ff, c.dropout, batch_first=True
        )
        self.inner.encoder.norm = self.inner.decoder.norm = None
        self.inner.encoder.use_nested_tensor = False  # a prototype, of use where nothing is learnt
        for side in ("encoder", "decoder"):
            for layer, block in zip(getattr(self.inner, side).layers, getattr(model, side), strict=True):
                layer.dropout.p = 0.0  # inside the feed-forward
                attentions, norms = [(layer.self_attn, block.self_attention)], [block.norm_self, block.norm_feed]
                if side == "decoder":
                    attentions.append((layer.multihead_attn, block.cross_attention))
                    norms.insert(1, block.norm_cross)
                for theirs, ours in attentions:
                    theirs.dropout = 0.0  # of the attention weights
                    _copy({theirs.in_proj_weight: ours.in_weight, theirs.in_proj_bias: ours.in_bias})
                    theirs.out_proj.load_state_dict(ours.out.state_dict())
                for number, norm in enumerate(norms, 1):
                    getattr(layer, f"norm{number}").load_state_dict(norm.state_dict())
                layer.linear1.load_state_dict(block.feed_forward.inner.state_dict())
                layer.linear2.load_state_dict(block.feed_forward.outer.state_dict())

    def forward(self, src: Tensor, trg: Tensor) -> Tensor:
        """Logits (B, T, V). No mask of the target's padding: right of a word, it is hidden from it already."""
        padding = src == PAD
        future = torch.ones(trg.size(1), trg.size(1), dtype=torch.bool, device=trg.device).triu(1)
        sides = self.src_embedding(src), self.trg_embedding(trg)
        masks = {"src_key_padding_mask": padding, "memory_key_padding_mask": padding}
        return self.generator(self.inner(*sides, tgt_mask=future, tgt_is_causal=True, **masks))


def marian(model: Transformer) -> nn.Module:
    """Hugging Face's MarianMTModel with the weights of `model`, which has to be post-norm and tied.

    Raises NmtError where transformers is not installed.
    """
    try:
        from transformers import MarianConfig, MarianMTModel
    except ImportError:
        raise NmtError("nmt bench measures beside Hugging Face: pip install 'transformers>=5.0'") from None
    c = model.config
    sizes = {f"{side}_{what}": n for side in ("encoder", "decoder") for what, n in
             (("layers", c.num_blocks), ("attention_heads", c.num_heads), ("ffn_dim", c.d_ff))}  # fmt: skip
    peer = MarianMTModel(
        MarianConfig(
            vocab_size=c.src_vocab_size,
            decoder_vocab_size=c.trg_vocab_size,
            share_encoder_decoder_embeddings=False,
            max_position_embeddings=256,
            d_model=c.d_model,
            dropout=c.dropout,
            activation_function="relu",
            scale_embedding=True,
            pad_token_id=PAD,
            eos_token_id=EOS,
            bos_token_id=BOS,
            decoder_start_token_id=BOS,
            forced_eos_token_id=None,
            **sizes,
        )
    )
    for side, embedding in (("encoder", model.src_embedding), ("decoder", model.trg_embedding)):
        half = getattr(peer.model, side)
        weights = {half.embed_tokens.weight: embedding.tokens.weight}
        _copy(weights | {half.embed_positions.weight: embedding.positions})  # theirs: all sines, then all cosines
        for layer, block in zip(half.layers, getattr(model, side), strict=True):
            pairs = [(layer.self_attn, block.self_attention, layer.self_attn_layer_norm, block.norm_self)]
            if side == "decoder":
                pairs.append(
                    (layer.encoder_attn, block.cross_attention, layer.encoder_attn_layer_norm, block.norm_cross)
                )
            for theirs, ours, norm, our_norm in pairs:
                for one, weight, bias in zip("qkv", ours.in_weight.chunk(3), ours.in_bias.chunk(3), strict=True):
                    projection = getattr(theirs, f"{one}_proj")
                    _copy({projection.weight: weight, projection.bias: bias})
                theirs.out_proj.load_state_dict(ours.out.state_dict())
                norm.load_state_dict(our_norm.state_dict())
            layer.fc1.load_state_dict(block.feed_forward.inner.state_dict())
            layer.fc2.load_state_dict(block.feed_forward.outer.state_dict())
            layer.final_layer_norm.load_state_dict(block.norm_feed.state_dict())
    _copy({peer.final_logits_bias: model.generator.bias[None]})
    return peer


def _copy(values: dict[Tensor, Tensor]) -> None:
    with torch.no_grad():
        for theirs, ours in values.items():
            theirs.copy_(ours)


@dataclass(frozen=True)
class Contender:
    """logits(src (B, S), trg (B, T)) -> (B, T, V); search(src, beam, length) -> ids of the best, B lists."""

    model: nn.Module
    logits: Callable[[Tensor, Tensor], Tensor]
    search: Callable[[Tensor, int, int], list[list[int]]] | None = None


def contenders(config: TransformerConfig, device: torch.device, silent: bool = False) -> dict[str, Contender]:
    """The three, with the same weights. `silent`: PAD, BOS and EOS are never written."""
    model = Transformer(config)
    if silent:
        with torch.no_grad():
            model.generator.bias[[PAD, BOS, EOS]] = -1e4
    peers = TorchTransformer(model).to(device), marian(model).to(device)
    model.to(device)

    def ours(src: Tensor, beam: int, length: int) -> list[list[int]]:
        if beam == 1:
            return [found.ids for found in greedy(model, src, length)]
        return [found[0].ids for found in beam_search(model, src, beam, max_length=length)]

    def marians(src: Tensor, trg: Tensor) -> Tensor:
        return peers[1](input_ids=src, attention_mask=src != PAD, decoder_input_ids=trg, use_cache=False).logits

    def generate(src: Tensor, beam: int, length: int) -> list[list[int]]:
        options = {"num_beams": beam, "max_new_tokens": length, "do_sample": False, "use_cache": True}
        with torch.inference_mode():
            return peers[1].generate(src, attention_mask=(src != PAD).long(), **options)[:, 1:].tolist()

    return {
        OURS: Contender(model, model, ours),
        TORCH: Contender(peers[0], peers[0]),
        MARIAN: Contender(peers[1], marians, generate),
    }
