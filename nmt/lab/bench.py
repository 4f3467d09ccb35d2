"""`nmt bench`: a training step and decoding, beside torch.nn.Transformer and Hugging Face's MarianMTModel.

The three models have the same weights and are one function. With each the same step is done: cross-entropy with label
smoothing, gradients clipped, fused Adam, on the same batches of made ids. In decoding EOS is made impossible, so that
all write the same number of tokens for every sentence; both decoders keep a cache, and their beams are as wide. Of
torch.nn.Transformer no decoding is measured: it has neither a search nor a cache, and what would be timed is our own
code around it.
"""

import copy
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
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
from nmt.attention import MultiHeadAttention
from nmt.batches import Batch, collate, source_batch
from nmt.decoding import beam_search, greedy
from nmt.objective import token_loss
from nmt.plumbing.files import write_json
from nmt.plumbing.provenance import description_of_session
from nmt.plumbing.starting import keep_freed_memory
from nmt.show.plots import BLUE, ORANGE, legend_below, new_figure, save
from nmt.tokens import ParallelTokens
from nmt.transformer import Transformer, TransformerConfig

SEED, SMOOTHING, CLIP = 1, 0.1, 1.0
OURS, TORCH, MARIAN = "nmt", "torch.nn.Transformer", "MarianMTModel"


@dataclass(frozen=True)
class Size:
    """A shape of model, and how much it is asked for in one turn."""

    name: str
    d_model: int
    vocab_size: int
    num_heads: int
    batch_tokens: int = 2000  # in a training batch: tokens of its longer side, padding among them
    batches: int = 6  # training steps
    length: int = 32  # tokens written for each sentence
    batch_sizes: tuple[int, ...] = (1, 8, 32)
    beams: tuple[int, ...] = (1, 4)

    def config(self) -> TransformerConfig:
        return TransformerConfig(
            self.vocab_size, self.vocab_size, 2, self.d_model, self.num_heads, dropout=0.1, norm="post"
        )


SIZES = (Size("small, 2 x 128", 128, 2_000, 4), Size("the origin's, 2 x 512", 512, 10_000, 8, batches=3))
SMOKE = (Size("smoke, 2 x 32", 32, 60, 4, batch_tokens=120, batches=2, length=3, batch_sizes=(1, 2), beams=(1, 2)),)

# The three models. All are post-norm, the only norm that Marian has, with ReLU, and with dropout on the embeddings and
# the outputs of sub-layers only: the further dropout and the two final norms of nn.Transformer are switched off.
# Marian's generator has no trained bias: its count of parameters is smaller by V.


@dataclass(frozen=True)
class Contender:
    """logits(src (B, S), trg (B, T)) -> (B, T, V); search(src, beam, length) -> the ids of the best, B lists."""

    model: nn.Module
    logits: Callable[[Tensor, Tensor], Tensor]
    search: Callable[[Tensor, int, int], list[list[int]]] | None = None


def contenders(config: TransformerConfig, device: torch.device, silent: bool = False) -> dict[str, Contender]:
    """The three models with the same weights. silent: for decoding; PAD, BOS and EOS are never written.

    Raises NmtError where transformers is not installed.
    """
    model = Transformer(config)
    if silent:
        with torch.no_grad():
            model.generator.bias[[PAD, BOS, EOS]] = -1e4
    theirs, marian = TorchTransformer(model).to(device), marian_model(model).to(device)
    model.to(device)
    for one in (model, theirs, marian):
        one.train(not silent)

    def search(src: Tensor, beam: int, length: int) -> list[list[int]]:
        if beam == 1:
            return [found.ids for found in greedy(model, src, length)]
        return [found[0].ids for found in beam_search(model, src, beam, max_length=length)]

    def marian_logits(src: Tensor, trg: Tensor) -> Tensor:
        return marian(input_ids=src, attention_mask=src != PAD, decoder_input_ids=trg, use_cache=False).logits

    def marian_search(src: Tensor, beam: int, length: int) -> list[list[int]]:
        options = {"num_beams": beam, "max_new_tokens": length, "do_sample": False, "use_cache": True}
        with torch.inference_mode():
            return marian.generate(src, attention_mask=(src != PAD).long(), **options)[:, 1:].tolist()

    return {
        OURS: Contender(model, model, search),
        TORCH: Contender(theirs, theirs),
        MARIAN: Contender(marian, marian_logits, marian_search),
    }


# The parts of our blocks, and what they are called in the layers of the other two.
TORCH_PARTS = {
    "self_attention": "self_attn", "norm_self": "norm1", "cross_attention": "multihead_attn", "norm_cross": "norm2",
    "feed_forward.inner": "linear1", "feed_forward.outer": "linear2", "norm_feed": "norm3",
}  # fmt: skip
MARIAN_PARTS = {
    "self_attention": "self_attn", "norm_self": "self_attn_layer_norm", "cross_attention": "encoder_attn",
    "norm_cross": "encoder_attn_layer_norm", "feed_forward.inner": "fc1", "feed_forward.outer": "fc2",
    "norm_feed": "final_layer_norm",
}  # fmt: skip


def load_block(layer: nn.Module, block: nn.Module, parts: dict[str, str], joined: bool) -> None:
    """Load the weights of our block into a layer. joined: its attention has W_Q, W_K and W_V in one matrix."""
    state, modules = {}, dict(block.named_modules())
    for module, name in ((modules[part], name) for part, name in parts.items() if part in modules):
        weights = module.state_dict()
        if isinstance(module, MultiHeadAttention):
            weights = {f"out_proj.{key}": value for key, value in module.out.state_dict().items()}
            whole = {"in_proj_weight": module.in_weight, "in_proj_bias": module.in_bias}
            for one, weight, bias in zip("qkv", module.in_weight.chunk(3), module.in_bias.chunk(3), strict=True):
                weights |= whole if joined else {f"{one}_proj.weight": weight, f"{one}_proj.bias": bias}
        state |= {f"{name}.{key}": value for key, value in weights.items()}
    layer.load_state_dict(state)


class TorchTransformer(nn.Module):
    """torch.nn.Transformer between our embeddings and our generator, with the weights of `model`."""

    def __init__(self, model: Transformer) -> None:
        super().__init__()
        c = model.config
        ours = model.src_embedding, model.trg_embedding, model.generator
        self.src_embedding, self.trg_embedding, self.generator = copy.deepcopy(ours)  # together: tied weights stay tied
        sizes = c.d_model, c.num_heads, c.num_blocks, c.num_blocks, c.d_ff, c.dropout
        self.inner = nn.Transformer(*sizes, batch_first=True)
        self.inner.encoder.norm = self.inner.decoder.norm = None
        self.inner.encoder.use_nested_tensor = False  # a prototype, used only where nothing is trained
        for layer, block in zip(self.inner.encoder.layers, model.encoder, strict=True):
            load_block(layer, block, TORCH_PARTS | {"norm_feed": "norm2"}, joined=True)
        for layer, block in zip(self.inner.decoder.layers, model.decoder, strict=True):
            load_block(layer, block, TORCH_PARTS, joined=True)
            layer.multihead_attn.dropout = 0.0
        for layer in (*self.inner.encoder.layers, *self.inner.decoder.layers):
            layer.dropout.p = layer.self_attn.dropout = 0.0  # inside the feed-forward layer; of attention weights

    def forward(self, src: Tensor, trg: Tensor) -> Tensor:
        """Logits (B, T, V). The target's padding needs no mask: it stands to the right of every word."""
        padding = src == PAD  # (B, S)
        future = torch.ones(trg.size(1), trg.size(1), dtype=torch.bool, device=trg.device).triu(1)  # (T, T)
        sides = self.src_embedding(src), self.trg_embedding(trg)
        masks = {"src_key_padding_mask": padding, "memory_key_padding_mask": padding}
        return self.generator(self.inner(*sides, tgt_mask=future, tgt_is_causal=True, **masks))


def marian_model(model: Transformer) -> nn.Module:
    """Hugging Face's MarianMTModel with the weights of `model`, which has to be post-norm and tied."""
    try:
        from transformers import MarianConfig, MarianMTModel
    except ImportError:
        raise NmtError("nmt bench measures beside Hugging Face: pip install 'transformers>=5.0'") from None
    c = model.config
    shape = {"layers": c.num_blocks, "attention_heads": c.num_heads, "ffn_dim": c.d_ff}
    options = {f"{side}_{name}": value for side in ("encoder", "decoder") for name, value in shape.items()}
    options |= {"vocab_size": c.src_vocab_size, "decoder_vocab_size": c.trg_vocab_size, "d_model": c.d_model}
    options |= {"pad_token_id": PAD, "bos_token_id": BOS, "decoder_start_token_id": BOS, "eos_token_id": EOS}
    options |= {"share_encoder_decoder_embeddings": False, "scale_embedding": True, "activation_function": "relu"}
    options |= {"forced_eos_token_id": None, "max_position_embeddings": 256, "dropout": c.dropout}
    marian = MarianMTModel(MarianConfig(**options))
    with torch.no_grad():
        marian.final_logits_bias.copy_(model.generator.bias)
        for half, embedding, blocks in (
            (marian.model.encoder, model.src_embedding, model.encoder),
            (marian.model.decoder, model.trg_embedding, model.decoder),
        ):
            half.embed_tokens.weight.copy_(embedding.tokens.weight)
            half.embed_positions.weight.copy_(embedding.positions)  # Marian's own: all sines, then all cosines
            for layer, block in zip(half.layers, blocks, strict=True):
                load_block(layer, block, MARIAN_PARTS, joined=False)
    return marian


# What they are given.


def made_pairs(vocab_size: int, count: int = 2000, seed: int = SEED) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs of ids without BOS and EOS, short ones first: lengths log-normal, median 16, 4 to 80; ids by Zipf's law."""
    random = np.random.default_rng(seed)
    lengths = 16 * np.exp(0.55 * random.standard_normal((count, 1)) + 0.15 * random.standard_normal((count, 2)))
    lengths = lengths.round().astype(int).clip(4, 80)  # the sides of a pair are about as long
    words = np.arange(EOS + 1, vocab_size)
    share = 1 / np.arange(1, len(words) + 1)
    ids = random.choice(words, lengths.sum(), p=share / share.sum())
    sides = np.split(ids, lengths.flatten().cumsum()[:-1])
    pairs = list(zip(sides[::2], sides[1::2], strict=True))
    return sorted(pairs, key=lambda pair: (max(map(len, pair)), sum(map(len, pair))))


def training_batches(size: Size, device: torch.device) -> list[Batch]:
    """`size.batches` of all the batches that the made pairs give, evenly from the shortest to the longest."""
    pairs = made_pairs(size.vocab_size)
    groups: list[list[int]] = [[]]
    for row, pair in enumerate(pairs):
        if (len(groups[-1]) + 1) * (max(map(len, pair)) + 1) > size.batch_tokens:
            groups.append([])
        groups[-1].append(row)
    chosen = np.linspace(0, len(groups) - 1, size.batches + 2).round().astype(int)[1:-1]
    return [collate(ParallelTokens(*zip(*pairs, strict=True)), groups[i], device) for i in chosen]


def sources(size: Size, batch_size: int, device: torch.device) -> list[Tensor]:
    """What is decoded in a turn: four batches of one sentence, or one larger batch of sentences of similar length."""
    pairs = made_pairs(size.vocab_size)
    starts = [len(pairs) * i // 5 for i in (1, 2, 3, 4)] if batch_size == 1 else [len(pairs) // 2]
    return [source_batch([src.tolist() for src, _ in pairs[i : i + batch_size]], device) for i in starts]


# Measuring. A turn is one task, done once by one contender; in a round every task has a turn of every contender.


def training_turn(contender: Contender, batches: list[Batch], device: torch.device) -> Callable[[], None]:
    """A function that does one step on each batch, as `nmt.training` does it: bfloat16 autocast on CUDA alone."""
    parameters = [p for p in contender.model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(parameters, 1e-4, (0.9, 0.98), eps=1e-9, fused=True)

    def turn() -> None:
        for batch in batches:
            with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
                loss = token_loss(contender.logits(batch.src, batch.trg_in), batch.trg_out, SMOOTHING) / batch.tokens
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, CLIP)
            optimizer.step()
            optimizer.zero_grad()

    return turn


def decode(search: Callable, batches: list[Tensor], beam: int, length: int) -> list[list[int]]:
    return [ids for src in batches for ids in search(src, beam, length)]


def timed(turn: Callable[[], None], device: torch.device) -> dict[str, float]:
    """Seconds of the clock, "wall", and of the processor over all threads, "cpu"."""
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda device: None
    wait(device)
    wall, cpu = time.perf_counter(), time.process_time()
    turn()
    wait(device)
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def measure(size: Size, rounds: int, device: torch.device, log: Callable[[str], None] = print) -> dict:
    """All tasks of one size. In each round another contender begins; an additional first round is not counted."""
    three = contenders(size.config(), device)
    batches = training_batches(size, device)
    done = {
        "config": asdict(size.config()),
        "turn": asdict(size),
        "rows": [],
        "parameters": {n: sum(p.numel() for p in c.model.parameters() if p.requires_grad) for n, c in three.items()},
    }
    task = {"task": "training step", "tokens": sum(batch.tokens for batch in batches), "steps": len(batches)}
    turns = {name: training_turn(one, batches, device) for name, one in three.items()}
    done["rows"] += in_rounds([(task, turns)], rounds, device)
    searches = {name: one.search for name, one in contenders(size.config(), device, silent=True).items() if one.search}
    tasks = []
    for batch_size, beam in product(size.batch_sizes, size.beams):
        given = sources(size, batch_size, device)
        task = {"task": "decoding", "batch": batch_size, "beam": beam, "tokens": sum(map(len, given)) * size.length}
        turns = {name: partial(decode, search, given, beam, size.length) for name, search in searches.items()}
        tasks.append((task, turns))
        found = [turn() for turn in turns.values()]
        task["same translations"] = sum(a == b for a, b in zip(*found, strict=True)) / len(found[0])
        if any(len(ids) != size.length for one in found for ids in one):
            raise NmtError(f"nmt bench: not every translation has {size.length} tokens; the comparison is not fair")
    done["rows"] += in_rounds(tasks, rounds, device)
    log(f"{size.name}: parameters {done['parameters']}")
    for row in done["rows"]:
        for peer, of in row["ratios"].items():
            wall, cpu = of["wall"], of["cpu"]
            span = f"{wall['min']:.2f} to {wall['max']:.2f}; processor {cpu['median']:.2f}"
            log(f"  {label(row)}; {peer} takes {wall['median']:.2f} times as long ({span})")
    return done


def in_rounds(tasks: list[tuple[dict, dict[str, Callable]]], rounds: int, device: torch.device) -> list[dict]:
    seconds = [{name: [] for name in turns} for _, turns in tasks]
    for number in range(-1, rounds):
        for (_, turns), taken in zip(tasks, seconds, strict=True):
            names = list(turns)
            for name in names[number % len(names) :] + names[: number % len(names)]:
                time_ = timed(turns[name], device)
                if number >= 0:
                    taken[name].append(time_)
    return [task | {"seconds": of, "ratios": ratios(of)} for (task, _), of in zip(tasks, seconds, strict=True)]


def ratios(seconds: dict[str, list[dict[str, float]]]) -> dict[str, dict[str, dict[str, float]]]:
    """Peer -> clock -> median, min and max over the rounds of its time divided by ours: above 1, ours is faster."""
    result = {}
    for peer in (name for name in seconds if name != OURS):
        result[peer] = {}
        for clock in ("wall", "cpu"):
            each = [theirs[clock] / ours[clock] for theirs, ours in zip(seconds[peer], seconds[OURS], strict=True)]
            result[peer][clock] = {"median": median(each), "min": min(each), "max": max(each)}
    return result


def label(row: dict) -> str:
    if row["task"] != "decoding":
        return row["task"]
    return f"batch {row['batch']}, {'greedy' if row['beam'] == 1 else 'beam {}'.format(row['beam'])}"


def bench(out: str | Path, device: torch.device, smoke: bool = False, log: Callable[[str], None] = print) -> dict:
    """Measure and write OUT/bench.json and OUT/bench.png; returns what is in the JSON.

    The caller's random state stays as it is. Raises NmtError where transformers is missing, or where OUT holds a
    benchmark already or cannot be written.
    """
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
    with suppress(AttributeError):  # Windows has none
        session["load"] = os.getloadavg()[0]  # processes that ran in the minute before; 0: a quiet machine
    rounds = 2 if smoke else 5
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(SEED)
        sizes = {size.name: measure(size, rounds, device, log) for size in (SMOKE if smoke else SIZES)}
    session["versions"]["transformers"] = version("transformers")
    dtypes = {"training": "bfloat16 autocast" if device.type == "cuda" else "float32", "decoding": "float32"}
    result = {"session": session, "rounds": rounds, "dtypes": dtypes, "smoke": smoke, "sizes": sizes}
    write_json(out / "bench.json", result)
    save(figure(result), out / "bench.png")
    return result


def figure(result: dict) -> Figure:
    """bench.json as a picture: a panel for each size, a row for each task, a dot for each peer.

    A dot is the peer's time divided by ours, the median with the span of the rounds.
    """
    sizes = result["sizes"]
    rows = max(len(size["rows"]) for size in sizes.values())
    title = "time of the peer / time of nmt; right of 1, nmt is faster"
    drawing, grid = new_figure((4.2 * len(sizes) + 1.2, 0.36 * rows + 1.6), (1, len(sizes)), title, sharex=True)
    for axes, (name, size) in zip(grid[0], sizes.items(), strict=True):
        for peer, color, marker, aside in ((TORCH, ORANGE, "s", 0.12), (MARIAN, BLUE, "o", -0.12)):
            found = [(y, row["ratios"][peer]["wall"]) for y, row in enumerate(size["rows"]) if peer in row["ratios"]]
            middle = [ratio["median"] for _, ratio in found]
            span = [[r["median"] - r["min"] for _, r in found], [r["max"] - r["median"] for _, r in found]]
            places = [y + aside for y, _ in found]
            axes.errorbar(middle, places, xerr=span, fmt=marker, color=color, ms=5, capsize=2, label=peer)
        axes.axvline(1, color="black", lw=0.8)
        axes.set_yticks(range(len(size["rows"])), [label(row) for row in size["rows"]])
        axes.set(title=name, ylim=(len(size["rows"]) - 0.5, -0.5), xlim=(0, None))
        axes.grid(False, axis="y")
    legend_below(drawing, axes.get_legend_handles_labels()[0], 2)
    return drawing
