"""Those whom `nmt bench` measures beside us, with the weights of a model of ours: one function, written by others.

Post-norm, the only norm that Marian has, ReLU, and dropout on the embeddings and the outputs of sub-layers only.
x-transformers alone has but the same sizes: its weights, its GELU and its learned positions are its own.

Models are called with src (B, S) and trg (B, T) and return logits (B, T, V); `search` returns the ids of the best
translations, B lists, or raises ValueError for a beam that there is not. torch.nn.Transformer has no search.
"""

import copy
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor, nn

from nmt import BOS, EOS, PAD
from nmt.exchange.weights import MARIAN_NAMES, renamed
from nmt.plumbing.fast.int8 import Int8
from nmt.transformer import Transformer

TORCH, MARIAN, X = "torch.nn.Transformer", "MarianMTModel", "x-transformers"
CT2, CT2_INT8, OURS_INT8 = "CTranslate2", "CTranslate2, int8", "nmt, int8"


# What torch.nn.Transformer calls our weights, as MARIAN_NAMES says it of Marian.
TORCH_NAMES = {
    r"^encoder(.*)norm_feed": r"encoder\1norm2", r"^(encoder|decoder)\.": r"inner.\1.layers.", "norm_self": "norm1",
    "norm_cross": "norm2", "norm_feed": "norm3", "self_attention": "self_attn", "cross_attention": "multihead_attn",
    "in_(weight|bias)": r"in_proj_\1", r"attn\.out": "attn.out_proj", r"feed_forward\.inner": "linear1",
    r"feed_forward\.outer": "linear2",
}  # fmt: skip


class TorchTransformer(nn.Module):
    """torch.nn.Transformer between our embeddings and our generator, with the weights of `model`."""

    def __init__(self, model: Transformer) -> None:
        super().__init__()
        c = model.config
        ours = model.src_embedding, model.trg_embedding, model.generator
        self.src_embedding, self.trg_embedding, self.generator = copy.deepcopy(ours)  # together: tied weights stay tied
        sizes = c.d_model, c.num_heads, c.num_blocks, c.num_blocks, c.d_ff, c.dropout
        self.inner = nn.Transformer(*sizes, batch_first=True)
        self.inner.encoder.norm = self.inner.decoder.norm = None  # the blocks of ours end with a norm
        self.inner.encoder.use_nested_tensor = False  # a prototype, used only where nothing is trained
        for module in self.inner.modules():
            if isinstance(module, nn.MultiheadAttention):
                module.dropout = 0.0  # of attention weights
            elif isinstance(module, nn.TransformerEncoderLayer | nn.TransformerDecoderLayer):
                module.dropout.p = 0.0  # inside the feed-forward layer
        self.load_state_dict(renamed(model, TORCH_NAMES))

    def forward(self, src: Tensor, trg: Tensor) -> Tensor:
        """The target's padding needs no mask: it stands to the right of every word."""
        padding = src == PAD  # (B, S)
        future = torch.ones(trg.size(1), trg.size(1), dtype=torch.bool, device=trg.device).triu(1)  # (T, T)
        masks = {"src_key_padding_mask": padding, "memory_key_padding_mask": padding, "tgt_mask": future}
        x = self.inner(self.src_embedding(src), self.trg_embedding(trg), **masks, tgt_is_causal=True)
        return self.generator(x)


class Marian(nn.Module):
    """Hugging Face's MarianMTModel with the weights of `model`, without a trained bias in its generator."""

    def __init__(self, model: Transformer) -> None:
        super().__init__()
        from transformers import MarianConfig, MarianMTModel

        c = model.config
        options = {"vocab_size": c.src_vocab_size, "decoder_vocab_size": c.trg_vocab_size, "d_model": c.d_model}
        for side in ("encoder", "decoder"):
            shape = {"layers": c.num_blocks, "attention_heads": c.num_heads, "ffn_dim": c.d_ff}
            options |= {f"{side}_{name}": value for name, value in shape.items()}
        options |= {"pad_token_id": PAD, "bos_token_id": BOS, "decoder_start_token_id": BOS, "eos_token_id": EOS}
        options |= {"share_encoder_decoder_embeddings": False, "scale_embedding": True, "activation_function": "relu"}
        options |= {"forced_eos_token_id": None, "max_position_embeddings": 256, "dropout": c.dropout}
        self.inner = MarianMTModel(MarianConfig(**options))
        state = renamed(model, MARIAN_NAMES)
        state["final_logits_bias"] = state["final_logits_bias"][None]  # (1, V)
        for side in ("encoder", "decoder"):  # its own have all sines first, then all cosines
            state[f"model.{side}.embed_positions.weight"] = model.src_embedding.positions
        self.inner.load_state_dict(state)

    def forward(self, src: Tensor, trg: Tensor) -> Tensor:
        return self.inner(input_ids=src, attention_mask=src != PAD, decoder_input_ids=trg, use_cache=False).logits

    @torch.inference_mode()
    def search(self, src: Tensor, beam: int, length: int) -> list[list[int]]:
        options = {"num_beams": beam, "max_new_tokens": length, "do_sample": False, "use_cache": True}
        return self.inner.generate(src, attention_mask=(src != PAD).long(), **options)[:, 1:].tolist()


class XTransformers(nn.Module):
    """x-transformers in the sizes of `model`, not tied, with weights of its own."""

    def __init__(self, model: Transformer) -> None:
        from x_transformers import XTransformer

        super().__init__()
        c = model.config
        side = {
            "depth": c.num_blocks,
            "heads": c.num_heads,
            "attn_dim_head": c.head_size,
            "ff_mult": c.d_ff / c.d_model,
        }
        side |= {"num_tokens": c.src_vocab_size, "max_seq_len": 256, "emb_dropout": c.dropout, "pre_norm": False}
        options = {f"{name}_{key}": value for name in ("enc", "dec") for key, value in side.items()}
        self.inner = XTransformer(dim=c.d_model, **options)

    def forward(self, src: Tensor, trg: Tensor) -> Tensor:
        there = src != PAD
        memory = self.inner.encoder(src, mask=there, return_embeddings=True)
        return self.inner.decoder.net(trg, context=memory, context_mask=there)

    def search(self, src: Tensor, beam: int, length: int) -> list[list[int]]:
        if beam > 1:
            raise ValueError("only its greedy search is measured")
        start = torch.full((len(src), 1), BOS, device=src.device)
        return self.inner.generate(src, start, length, mask=src != PAD, temperature=0.0, cache_kv=True).tolist()


class CTranslate2:
    """CTranslate2 with the weights of `model`, on as many threads as PyTorch has; it decodes only."""

    def __init__(self, model: Transformer, precision: str) -> None:
        import ctranslate2

        from nmt.exchange.ctranslate2 import write_model

        self.names = ["<PAD>", "<UNK>", "<BOS>", "<EOS>", *map(str, range(EOS + 1, model.config.trg_vocab_size))]
        self.ids = {name: number for number, name in enumerate(self.names)}
        with TemporaryDirectory() as folder:
            write_model(model, (self.names, self.names), Path(folder))
            options = {"compute_type": precision, "intra_threads": torch.get_num_threads()}
            self.inner = ctranslate2.Translator(folder, next(model.parameters()).device.type, **options)

    def search(self, src: Tensor, beam: int, length: int) -> list[list[int]]:
        sources = [[self.names[i] for i in row if i not in (PAD, EOS)] for row in src.tolist()]  # it adds EOS
        found = self.inner.translate_batch(sources, beam_size=beam, max_decoding_length=length)
        return [[self.ids[name] for name in one.hypotheses[0]] for one in found]


def in_int8(model: Transformer) -> Transformer:
    """`model` itself, with the weights of large products as int8."""
    if next(model.parameters()).device.type != "cpu":
        raise ImportError("int8 is for a CPU")
    model = copy.deepcopy(model)
    model.products = Int8()
    return model


# Name -> what makes the peer of a model of ours. Raises ImportError where it is not installed.
TRAINING = {TORCH: TorchTransformer, MARIAN: Marian, X: XTransformers}
DECODING = {OURS_INT8: in_int8, MARIAN: Marian, X: XTransformers}
DECODING |= {CT2: partial(CTranslate2, precision="float32"), CT2_INT8: partial(CTranslate2, precision="int8")}
