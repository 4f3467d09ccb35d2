"""`nmt bench`: a training step and decoding, beside torch.nn.Transformer and Hugging Face's MarianMTModel.

The three models have the same weights and are one function: post-norm, the only norm that Marian has, with ReLU, and
with dropout on the embeddings and the outputs of sub-layers only. With each the same step is done: cross-entropy with
label smoothing, gradients clipped, fused Adam, on the same batches of made ids. In decoding EOS is made impossible, so
that all write the same number of tokens for every sentence; both decoders keep a cache, and their beams are as wide. Of
torch.nn.Transformer no decoding is measured: it has neither a search nor a cache, and what would be timed is our own
code around it.
"""

import copy
import re
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from itertools import product
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from nmt import BOS, EOS, PAD, NmtError
from nmt.batches import Batch, collate
from nmt.decoding import beam_search, greedy
from nmt.objective import token_loss
from nmt.plumbing.files import write_json
from nmt.plumbing.provenance import description_of_session
from nmt.plumbing.starting import keep_freed_memory
from nmt.show.plots import BLUE, ORANGE, legend_below, new_figure, save
from nmt.tokens import ParallelTokens, Tokens
from nmt.transformer import Transformer, TransformerConfig

OURS, TORCH, MARIAN = "nmt", "torch.nn.Transformer", "MarianMTModel"


def shape(vocab_size: int, d_model: int, num_heads: int) -> TransformerConfig:
    return TransformerConfig(vocab_size, vocab_size, 2, d_model, num_heads, dropout=0.1, norm="post")


SIZES = {"small, 2 x 128": shape(2_000, 128, 4), "the origin's, 2 x 512": shape(10_000, 512, 8)}
SMOKE = {"smoke, 2 x 32": shape(60, 32, 4)}
LENGTHS = 8, 16, 32  # of the sentences: in a turn there is a batch of each length
BATCH_TOKENS = 2000  # in a training batch: tokens of its longer side, padding among them

# The three models: called with src (B, S) and trg (B, T), each returns logits (B, T, V).


class Ours(Transformer):
    def search(self, src: Tensor, beam: int, length: int) -> list[list[int]]:
        """The ids of the best translations, B lists."""
        if beam == 1:
            return [found.ids for found in greedy(self, src, length)]
        return [found[0].ids for found in beam_search(self, src, beam, max_length=length)]


# What the peers call our weights: regular expressions, applied in this order. We have W_Q, W_K and W_V in one matrix;
# where a peer's name has a *, it has a matrix for each of q, k and v.
TORCH_NAMES = {
    r"^encoder(.*)norm_feed": r"encoder\1norm2", r"^(encoder|decoder)\.": r"inner.\1.layers.", "norm_self": "norm1",
    "norm_cross": "norm2", "norm_feed": "norm3", "self_attention": "self_attn", "cross_attention": "multihead_attn",
    "in_(weight|bias)": r"in_proj_\1", r"attn\.out": "attn.out_proj", r"feed_forward\.inner": "linear1",
    r"feed_forward\.outer": "linear2",
}  # fmt: skip
MARIAN_NAMES = {
    r"^(encoder|decoder)\.": r"model.\1.layers.", "src_embedding.tokens": "model.encoder.embed_tokens",
    "trg_embedding.tokens": "model.decoder.embed_tokens", "generator.weight": "lm_head.weight",
    "generator.bias": "final_logits_bias", "norm_self": "self_attn_layer_norm",
    "norm_cross": "encoder_attn_layer_norm", "norm_feed": "final_layer_norm", "self_attention": "self_attn",
    "cross_attention": "encoder_attn", "in_(weight|bias)": r"*_proj.\1", r"attn\.out": "attn.out_proj",
    r"feed_forward\.inner": "fc1", r"feed_forward\.outer": "fc2",
}  # fmt: skip


def renamed(model: Transformer, names: dict[str, str]) -> dict[str, Tensor]:
    """The weights of a model under a peer's names."""
    state = {}
    for name, weight in model.state_dict().items():
        for ours, theirs in names.items():
            name = re.sub(ours, theirs, name)
        parts = weight.chunk(3) if "*" in name else [weight]
        state |= {name.replace("*", letter): part for letter, part in zip("qkv", parts, strict=False)}
    return state


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
        try:
            from transformers import MarianConfig, MarianMTModel
        except ImportError:
            raise NmtError("nmt bench measures beside Hugging Face: pip install 'transformers>=5.0'") from None
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


def three(config: TransformerConfig, device: torch.device, silent: bool = False) -> dict[str, nn.Module]:
    """The three models with the same weights. silent: for decoding; PAD, BOS and EOS are never written."""
    ours = Ours(config)
    if silent:
        ours.generator.bias.data[[PAD, BOS, EOS]] = -1e4
    models = {OURS: ours, TORCH: TorchTransformer(ours), MARIAN: Marian(ours)}
    return {name: model.to(device).train(not silent) for name, model in models.items()}


def made_pairs(vocab_size: int, count: int, longest: int, device: torch.device) -> Batch:
    """Pairs of made ids, each side as long as `longest` or up to a quarter shorter; always the same."""
    random = np.random.default_rng(longest)
    lengths = random.integers(longest * 3 // 4, longest, (2, count), endpoint=True)
    sides = (Tokens.of([random.integers(EOS + 1, vocab_size, length) for length in side]) for side in lengths)
    return collate(ParallelTokens(*sides), list(range(count)), device)


def training_turn(model: nn.Module, batches: list[Batch], device: torch.device) -> Callable[[], None]:
    """A function that does one step on each batch, as `nmt.training` does it."""
    optimizer = torch.optim.Adam(model.parameters(), 1e-4, (0.9, 0.98), eps=1e-9, fused=True)

    def turn() -> None:
        for batch in batches:
            with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
                loss = token_loss(model(batch.src, batch.trg_in), batch.trg_out, label_smoothing=0.1) / batch.tokens
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()

    return turn


def decode(model: nn.Module, batches: list[Tensor], beam: int, length: int) -> list[list[int]]:
    return [ids for src in batches for ids in model.search(src, beam, length)]


def in_rounds(turns: dict[str, Callable[[], object]], rounds: int, device: torch.device) -> dict:
    """Seconds of each model's turns. In each round another model begins; an additional first round is not counted."""
    names, seconds = list(turns), {name: [] for name in turns}
    for number in range(rounds + 1):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            since = time.perf_counter()
            turns[name]()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            if number:
                seconds[name].append(time.perf_counter() - since)
    return {"seconds": seconds, "ratios": ratios(seconds)}


def ratios(seconds: dict[str, list[float]]) -> dict[str, dict]:
    """Peer -> median, min and max over the rounds of its time divided by ours: above 1, ours is faster."""
    found = {}
    for peer in [name for name in seconds if name != OURS]:
        each = [theirs / ours for theirs, ours in zip(seconds[peer], seconds[OURS], strict=True)]
        found[peer] = {"wall": {"median": median(each), "min": min(each), "max": max(each)}}
    return found


def measure(config: TransformerConfig, device: torch.device, smoke: bool) -> dict:
    """All tasks of one size. Raises NmtError where a model writes fewer tokens than it was asked for."""
    rounds, length, batch_sizes = (2, 3, (1, 2)) if smoke else (5, 32, (1, 8, 32))
    vocab_size, models = config.src_vocab_size, three(config, device)
    batches = [made_pairs(vocab_size, BATCH_TOKENS // (longest + 1), longest, device) for longest in LENGTHS]
    counts = {name: sum(p.numel() for p in model.parameters() if p.requires_grad) for name, model in models.items()}
    turns = {name: training_turn(model, batches, device) for name, model in models.items()}
    task = {"task": "training step", "tokens": sum(batch.tokens for batch in batches), "steps": len(batches)}
    rows = [task | in_rounds(turns, rounds, device)]
    models = three(config, device, silent=True)
    for batch_size, beam in product(batch_sizes, (1, 4)):
        given = [made_pairs(vocab_size, batch_size, longest, device).src for longest in LENGTHS]
        turns = {name: partial(decode, models[name], given, beam, length) for name in (OURS, MARIAN)}
        ours, theirs = (turn() for turn in turns.values())
        if any(len(ids) != length for ids in ours + theirs):
            raise NmtError(f"nmt bench: not every translation has {length} tokens; the comparison is not fair")
        task = {"task": "decoding", "batch": batch_size, "beam": beam, "tokens": len(ours) * length}
        task["same translations"] = sum(a == b for a, b in zip(ours, theirs, strict=True)) / len(ours)
        rows.append(task | in_rounds(turns, rounds, device))
    for row in rows:
        for peer, ratio in row["ratios"].items():
            times = "{median:.2f} times as long ({min:.2f} to {max:.2f})".format(**ratio["wall"])
            print(f"{label(row)}; {peer} takes {times}")
    return {"config": asdict(config), "rounds": rounds, "rows": rows, "parameters": counts}


def label(row: dict) -> str:
    if row["task"] != "decoding":
        return row["task"]
    return f"batch {row['batch']}, {'greedy' if row['beam'] == 1 else 'beam {}'.format(row['beam'])}"


def bench(out: str | Path, device: torch.device, smoke: bool = False) -> None:
    """Measure and write OUT/bench.json and OUT/bench.png. The caller's random state stays as it is."""
    out = Path(out)
    if (out / "bench.json").exists():
        raise NmtError(f"--out {out} holds a benchmark already; name another directory")
    try:  # now, not after minutes of measuring
        out.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=out).close()
    except OSError as error:
        raise NmtError(f"--out {out}: not a folder that can be written ({error.strerror})") from None
    if device.type == "cpu":
        keep_freed_memory()  # as training does; all three profit from it
    session = description_of_session(device, 0)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(1)
        sizes = {name: measure(config, device, smoke) for name, config in (SMOKE if smoke else SIZES).items()}
    session["versions"]["transformers"] = version("transformers")
    dtypes = {"training": "bfloat16 autocast" if device.type == "cuda" else "float32", "decoding": "float32"}
    result = {"session": session, "dtypes": dtypes, "smoke": smoke, "sizes": sizes}
    write_json(out / "bench.json", result)
    save(figure(result), out / "bench.png")


def figure(result: dict) -> Figure:
    """bench.json: a panel for each size, a row for each task; dots: a peer's time divided by ours, median and span."""
    sizes = result["sizes"]
    most = max(len(size["rows"]) for size in sizes.values())
    title = "time of the peer / time of nmt; right of 1, nmt is faster"
    drawing, grid = new_figure((4.2 * len(sizes) + 1.2, 0.36 * most + 1.6), (1, len(sizes)), title, sharex=True)
    for axes, (name, size) in zip(grid[0], sizes.items(), strict=True):
        rows = size["rows"]
        for peer, color, marker, aside in ((TORCH, ORANGE, "s", 0.12), (MARIAN, BLUE, "o", -0.12)):
            found = [(y + aside, row["ratios"][peer]["wall"]) for y, row in enumerate(rows) if peer in row["ratios"]]
            places, middle, low, high = np.transpose([(y, of["median"], of["min"], of["max"]) for y, of in found])
            style = {"fmt": marker, "color": color, "ms": 5, "capsize": 2, "label": peer}
            axes.errorbar(middle, places, xerr=(middle - low, high - middle), **style)
        axes.axvline(1, color="black", lw=0.8)
        axes.set_yticks(range(len(rows)), [label(row) for row in rows])
        axes.set(title=name, ylim=(len(rows) - 0.5, -0.5), xlim=(0, None))
        axes.grid(False, axis="y")
    legend_below(drawing, axes.get_legend_handles_labels()[0], 2)
    return drawing
