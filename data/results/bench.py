"""`nmt bench`: training and decoding beside those who do the same, memory, padding, and how the cost of a token grows.

Ours and those of peers.py that are installed do the same step on the same batches of made ids, with
cross-entropy and label smoothing, gradients clipped, fused Adam; ours with the products that a training chooses. In
decoding EOS is impossible, so that all write as many tokens; all keep a cache. In each round all take their turn, each
time another first. What counts are ratios within a round, on a CPU of processor time: wall time tells of others, too.
"""

import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile

import numpy as np
import peers
import torch
from torch import Tensor, nn

from nmt import BOS, EOS, PAD, NmtError
from nmt.batches import Batch, BatchIterator, collate
from nmt.decoding import beam_search, greedy
from nmt.objective import Objective, token_loss
from nmt.plumbing.fast import graphs
from nmt.plumbing.fast.incremental import lay_out
from nmt.plumbing.fast.numerics import choose
from nmt.plumbing.files import read_json, write_json
from nmt.plumbing.provenance import description_of_session
from nmt.plumbing.starting import keep_freed_memory
from nmt.pruning import masks
from nmt.pruning.costs import flops
from nmt.pruning.removal import remove_heads
from nmt.tokens import ParallelTokens, Tokens
from nmt.transformer import KINDS, Transformer, TransformerConfig

OURS, AUTO = "nmt", "nmt, --precision auto"


post_norm = partial(TransformerConfig, num_blocks=2, dropout=0.1, norm="post")
SIZES = {"small, 2 x 128": post_norm(2_000, 2_000, d_model=128, num_heads=4)}
SIZES |= {"the origin's, 2 x 512": post_norm(10_000, 10_000, d_model=512, num_heads=8)}
BASE = TransformerConfig(32_000, 32_000, num_blocks=6, d_model=512, num_heads=8, dropout=0.1, norm="post")
SMOKE = {"smoke, 2 x 32": post_norm(60, 60, d_model=32, num_heads=4)}
SHARES = 0.5, 0.25, 0.125, 0  # of the heads that pruned models have left
LENGTHS = 8, 16, 32  # of the sentences: in a turn there is a batch of each length
BATCH_TOKENS = 2000  # in a training batch: tokens of its longer side, padding among them
SEARCH = {1: "greedy", 4: "beam 4"}
GROWS = {"length": (16, 64, 256, 1024), "batch": (1, 4, 16, 64, 256), "blocks": (1, 2, 4, 8)}
USUAL = {"length": 32, "batch": 8, "blocks": 2}  # the others, while one of them grows


class Ours(Transformer):
    def loss(self, src: Tensor, trg: Tensor) -> Tensor:
        states = self.states(src, trg[:, :-1])
        return Objective().loss(Batch(src, trg, [], 0), states, self.generator, label_smoothing=0.1)

    def search(self, src: Tensor, beam: int, length: int) -> list[list[int]]:
        """The ids of the best translations, B lists."""
        if beam == 1:
            return [found.ids for found in greedy(self, src, length)]
        return [found[0].ids for found in beam_search(self, src, beam, max_length=length)]


def candidates(config: TransformerConfig, device: torch.device, kind: str, *names: str) -> dict[str, object]:
    """Ours and its peers, or the named ones of them, that are installed. In DECODING none writes PAD, BOS or EOS."""
    ours, found = Ours(config).to(device), {}
    if kind == "DECODING":
        ours.generator.bias.data[[PAD, BOS, EOS]] = -1e4
    for name in names or (OURS, *getattr(peers, kind)):
        try:
            found[name] = model = ours if name == OURS else getattr(peers, kind)[name](ours)
        except ImportError as error:
            print(f'{name} is left out: {error}. All peers: python -m pip install -e ".[bench,ct2]"')
            continue
        if isinstance(model, nn.Module):
            model.to(device).train(kind == "TRAINING")
    return found


def made_tokens(lengths: np.ndarray, vocab_size: int, random: np.random.Generator) -> ParallelTokens:
    """Sentences of made ids, of these lengths (2, N)."""
    ends = np.pad(lengths.cumsum(1), ((0, 0), (1, 0)))
    return ParallelTokens(*(Tokens(random.integers(EOS + 1, vocab_size, end[-1]), end) for end in ends))


def made_pairs(vocab_size: int, count: int, longest: int, device: torch.device) -> Batch:
    """Pairs of made ids, each side as long as `longest` or up to a quarter shorter; always the same."""
    random = np.random.default_rng(longest)
    lengths = random.integers(longest * 3 // 4, longest, (2, count), endpoint=True)
    return collate(made_tokens(lengths, vocab_size, random), list(range(count)), device)


def training_turn(model: nn.Module, batches: list[Batch], device: torch.device, precision: str = "32") -> Callable:
    """A function that does one step on each batch, as `nmt.training` does it. On a GPU precision is always "auto"."""
    optimizer = torch.optim.Adam(model.parameters(), 1e-4, (0.9, 0.98), eps=1e-9, fused=True)
    numerics = choose("auto" if device.type == "cuda" else precision, device)
    if not isinstance(model, Ours):
        numerics = replace(numerics, onednn=False)
    scaler, replays = numerics.scaler(device), isinstance(model, Ours) and device.type in graphs.DEVICES

    def add_gradients(src: Tensor, trg: Tensor, divisor: Tensor | int) -> Tensor:
        with numerics.autocast(device):
            loss = model.loss(src, trg) if isinstance(model, Ours) else logits_loss(model, src, trg)
        scaler.scale(loss / divisor).backward()
        return loss.detach()

    replayed = graphs.Replayed()

    def turn() -> None:
        for batch in batches:
            with numerics.in_use(device):
                if replays and batch.trg.numel() * model.config.d_model <= graphs.LARGEST:
                    divisor = torch.full((), batch.tokens, dtype=torch.float32, device=device)
                    replayed(add_gradients, *graphs.in_few_shapes(batch.src, batch.trg), divisor)
                else:
                    add_gradients(batch.src, batch.trg, batch.tokens)
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad(set_to_none=not replays)

    return turn


def logits_loss(model: nn.Module, src: Tensor, trg: Tensor) -> Tensor:
    return token_loss(model(src, trg[:, :-1]), trg[:, 1:], label_smoothing=0.1)


def decode(model: nn.Module, batches: list[Tensor], beam: int, length: int) -> list[list[int]]:
    return [ids for src in batches for ids in model.search(src, beam, length)]


def in_rounds(turns: dict[object, Callable], rounds: int, device: torch.device) -> dict[object, dict]:
    """Name -> clock -> seconds of each round. In each another begins. Two more come first and are not counted: in the
    second a GPU's graphs are captured."""
    names, clocks = list(turns), {"wall": time.perf_counter}
    if device.type == "cpu":
        clocks["cpu"] = time.process_time  # of all threads
    seconds = {name: {clock: [] for clock in clocks} for name in names}
    for number in range(-2, rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            since = {clock: read() for clock, read in clocks.items()}
            turns[name]()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            for clock, read in clocks.items() if number >= 0 else ():
                seconds[name][clock].append(read() - since[clock])
    return seconds


def ratios(costs: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, dict]]:
    """Peer -> clock -> median, min and max over the rounds of its cost divided by ours: above 1, ours is less."""
    found = {peer: {} for peer in costs if peer != OURS}
    for peer, clock in product(found, costs[OURS]):
        each = [theirs / ours for theirs, ours in zip(costs[peer][clock], costs[OURS][clock], strict=True)]
        found[peer][clock] = {"median": median(each), "min": min(each), "max": max(each)}
    return found


# The parts of a benchmark. Each returns rows.


def training(config: TransformerConfig, device: torch.device, rounds: int, smoke: bool) -> list[dict]:
    models, vocab_size = candidates(config, device, "TRAINING"), config.src_vocab_size
    batches = [made_pairs(vocab_size, BATCH_TOKENS // (longest + 1), longest, device) for longest in LENGTHS]
    turns = {name: training_turn(model, batches, device) for name, model in models.items()}
    if device.type == "cpu" and choose("auto", device).precision != "32":
        models[AUTO] = Ours(config)
        turns[AUTO] = training_turn(models[AUTO], batches, device, "auto")
    seconds = in_rounds(turns, rounds, device)
    counts = {name: sum(p.numel() for p in model.parameters() if p.requires_grad) for name, model in models.items()}
    row = {"task": "training step", "tokens": sum(batch.tokens for batch in batches), "steps": len(batches)}
    return [row | {"parameters": counts, "seconds": seconds, "ratios": ratios(seconds)}]


def decoding(config: TransformerConfig, device: torch.device, rounds: int, smoke: bool) -> list[dict]:
    """Raises NmtError where a model writes fewer tokens than it was asked for."""
    length, batch_sizes, rows = 3 if smoke else 32, (1, 2) if smoke else (1, 8, 32), []
    models = candidates(config, device, "DECODING")
    for batch_size, beam in product(batch_sizes, SEARCH):
        given = [made_pairs(config.src_vocab_size, batch_size, longest, device).src for longest in LENGTHS]
        turns, found = {name: partial(decode, model, given, beam, length) for name, model in models.items()}, {}
        for name in models:
            try:
                found[name] = turns[name]()
            except ValueError:
                del turns[name]  # it has no beams
        if any(len(ids) != length for of in found.values() for ids in of):
            raise NmtError(f"nmt bench: not every translation has {length} tokens; the comparison is not fair")
        row = {"task": f"batch {batch_size}, {SEARCH[beam]}", "tokens": len(found[OURS]) * length}
        row["same"] = {name: sum(map(list.__eq__, of, found[OURS])) for name, of in found.items()}  # translations
        seconds = in_rounds(turns, rounds, device)
        rows.append(row | {"seconds": seconds, "ratios": ratios(seconds)})
    return rows


def memory(config: TransformerConfig, device: torch.device, rounds: int, smoke: bool) -> list[dict]:
    """Of two steps on 100 sentences of 60 to 80 tokens, each candidate in a process of its own: MB, 10^6 bytes."""
    peaks = {}
    for name in (OURS, *peers.TRAINING):
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            if found := pool.submit(peak, name, config, device, 4 if smoke else 100).result():
                peaks[name] = {"memory": [found]}
    return [{"task": "peak memory", "MB": peaks, "ratios": ratios(peaks)}] if peaks else []


def peak(name: str, config: TransformerConfig, device: torch.device, count: int) -> float | None:
    """Of this process, or of its tensors on a GPU. None where `name` is not installed, or no system tells."""
    keep_freed_memory()
    status, model = Path("/proc/self/status"), candidates(config, device, "TRAINING", name).get(name)
    if model is None or (device.type == "cpu" and not status.exists()):  # it is Linux that tells
        return None
    training_turn(model, [made_pairs(config.src_vocab_size, count, 80, device)] * 2, device)()
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e6
    return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) * 1024 / 1e6


def padding(config: TransformerConfig, device: torch.device, rounds: int, smoke: bool) -> list[dict]:
    """Of the batches of training: log-normal lengths, of which the two sides differ by a fifth or so."""
    random, pairs = np.random.default_rng(1), 2_000 if smoke else 200_000
    lengths = random.lognormal(3.0, 0.6, pairs) * random.normal(1.0, 0.14, (2, pairs))
    tokens = made_tokens(lengths.clip(1, 200).astype(np.int64), config.src_vocab_size, random)
    batches, since = BatchIterator(tokens, BATCH_TOKENS, 1, by_tokens=True, device=device), time.process_time()
    speed = sum(batch.tokens for batch in batches.epoch(0)) / (time.process_time() - since)
    cells = np.sum([(batch.src.numel(), batch.trg_out.numel()) for batch in batches.epoch(0)], axis=0)
    shares = 1 - (np.array([side.lengths.sum() for side in tokens]) + pairs) / cells  # each sentence has an EOS
    share = dict(zip(("source", "target"), shares.tolist(), strict=True))
    return [{"task": "padding", "pairs": pairs, "share": share, "target tokens a second": speed}]


def growth(config: TransformerConfig, device: torch.device, rounds: int, smoke: bool) -> list[dict]:
    """Microseconds a token, of ours alone: sentences and translations of a length, a batch of so many, blocks."""
    rows, vocab_size, in_step = [], config.src_vocab_size, 64 if smoke else 4096  # tokens
    for grows, values in GROWS.items():
        turns, tokens = {}, {}
        for at in (USUAL | {grows: value} for value in (values[:2] if smoke else values)):
            of = replace(config, num_blocks=at["blocks"])
            given = made_pairs(vocab_size, at["batch"], at["length"], device).src
            silent = candidates(of, device, "DECODING", OURS)[OURS]
            for beam, name in SEARCH.items():
                turns[name, at[grows]] = partial(silent.search, given, beam, at["length"])
                tokens[name, at[grows]] = at["batch"] * at["length"]
            if grows != "batch":
                model = candidates(of, device, "TRAINING", OURS)[OURS]
                batch = made_pairs(vocab_size, max(1, in_step // (at["length"] + 1)), at["length"], device)
                turns["training step", at[grows]] = training_turn(model, [batch], device)
                tokens["training step", at[grows]] = batch.tokens
        for (task, value), clocks in in_rounds(turns, rounds, device).items():
            us = {clock: 1e6 * median(each) / tokens[task, value] for clock, each in clocks.items()}
            rows.append({"task": task, "grows": grows, "value": value, "us a token": us})
    return rows


def ceiling(config: TransformerConfig, device: torch.device, rounds: int, smoke: bool) -> list[dict]:
    """A training step of the size that its paper calls base: how many operations a second its products of matrices do,
    three times those of a forward pass, beside one large product in the same precision. A CPU is left alone with it."""
    if device.type == "cpu" and not smoke:
        return []
    config, tokens, side = (config, 200, 256) if smoke else (BASE, 50_000, 8192)
    numerics, model = choose("auto", device), Ours(config).to(device)
    batch = made_pairs(config.src_vocab_size, max(1, tokens // 33), 32, device)
    dtype = {"32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[numerics.precision]
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    turns = {OURS: training_turn(model, [batch], device), "one product": partial(torch.mm, a, b)}
    forward = len(batch.src) * flops(model, batch.src.size(1), batch.trg_in.size(1))["total"]
    operations, seconds = {OURS: 3 * forward, "one product": 2 * side**3}, in_rounds(turns, rounds, device)
    speed = {name: operations[name] / median(seconds[name]["wall"]) for name in turns}
    return [{"task": "ceiling", "tokens": batch.tokens, "operations a second": speed}]


def pruned(config: TransformerConfig, device: torch.device, rounds: int, smoke: bool) -> list[dict]:
    """What is saved in greedy decoding by models of which a share of the heads, spread over all layers, is left."""
    models, length, rows = {}, 3 if smoke else 32, []
    whole = candidates(config, device, "DECODING", OURS)[OURS]
    there = masks.all_kept(whole, KINDS)
    order = {  # the last head of each layer goes first
        kind: -torch.arange(kept.size(1)) - torch.arange(len(kept))[:, None] / 10 - place / 100
        for place, (kind, kept) in enumerate(there.items())
    }
    for share in (1, *SHARES):
        mask = masks.top_k(order, round(share * masks.count(there)))
        models[share] = remove_heads(whole, mask)
        lay_out(models[share])  # as of a model that is loaded
    for batch_size in (1, 2) if smoke else (1, 32):
        given = [made_pairs(config.src_vocab_size, batch_size, longest, device).src for longest in LENGTHS]
        turns = {share: partial(decode, model, given, 1, length) for share, model in models.items()}
        seconds = in_rounds(turns, rounds, device)
        for share in SHARES:
            row = {"task": "pruned", "batch": batch_size, "share": share, "saved": {}}
            for clock, dense in seconds[1].items():
                each = zip(seconds[share][clock], dense, strict=True)
                row["saved"][clock] = median(1 - ours / theirs for ours, theirs in each)
            operations = [sum(flops(models[one], src.size(1), length)["total"] for src in given) for one in (share, 1)]
            rows.append(row | {"saved": row["saved"] | {"operations": 1 - operations[0] / operations[1]}})
    return rows


PARTS = {part.__name__: part for part in (training, decoding, memory, padding, growth, ceiling, pruned)}


def bench(out: str | Path, device: torch.device, parts: Sequence[str] = (), rounds=3, smoke=False) -> None:
    """Measure the parts, default all, and write OUT/bench.json after each; what is there is not measured again.

    The caller's random state stays as it is. Raises NmtError for an OUT that cannot be written or has other results.
    """
    out, sizes, session = Path(out), SMOKE if smoke else SIZES, description_of_session(device, 0)
    try:  # now, not after minutes of measuring
        out.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=out).close()
    except OSError as error:
        raise NmtError(f"--out {out}: not a folder that can be written ({error.strerror})") from None
    for package in ("transformers", "ctranslate2", "x-transformers"):
        with suppress(PackageNotFoundError):
            session["versions"][package] = version(package)
    dtypes = {"training": str(choose("auto" if device.type == "cuda" else "32", device)), "decoding": "float32"}
    result = {"session": session, "dtypes": dtypes, "smoke": smoke, "rounds": rounds, "parts": []}
    result["sizes"] = {name: {"config": asdict(config), "rows": []} for name, config in sizes.items()}
    if (out / "bench.json").exists():
        was, result = result, read_json(out / "bench.json")
        same = all(was["session"][key] == result["session"][key] for key in ("git", "versions", "device"))
        if not same or any(was[key] != result.get(key) for key in ("smoke", "rounds")):
            raise NmtError(f"--out {out} has results of other code, packages or rounds; name another directory")
    todo = [part for part in parts or PARTS if part not in result["parts"]]
    if not todo:
        raise NmtError(f"--out {out} has these parts already; name another directory")
    if device.type == "cpu":
        keep_freed_memory()  # as training does; all profit from it
    for part in todo:
        for name, config in list(sizes.items())[: 1 if part in ("padding", "growth", "ceiling") else None]:
            with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
                torch.manual_seed(1)
                rows = PARTS[part](config, device, rounds, smoke)
            result["sizes"][name]["rows"] += [{"part": part, **row} for row in rows]
            print(*(line for row in rows for line in told(name, row)), sep="\n", flush=True)
        result["parts"].append(part)
        write_json(out / "bench.json", result)


def told(size: str, row: dict) -> list[str]:
    """What a row says of a model of that size, in lines to read."""
    if "saved" in row:
        each = ", ".join(f"{share:.0%} of {what}" for what, share in row["saved"].items())
        return [f"{size}; {row['share']:.0%} of the heads, batch {row['batch']}: saves {each}"]
    if "MB" in row:
        each = ", ".join(f"{who} {of['memory'][0]:,.0f} MB" for who, of in row["MB"].items())
        return [f"Peak memory of a training step, {size}: {each}."]
    if "share" in row:
        shares = " and ".join(f"{share:.1%} of the {side}" for side, share in row["share"].items())
        speed = f"{row['target tokens a second'] / 1e6:.1f} million target tokens a second"
        return [f"Padding in batches of {BATCH_TOKENS:,} tokens: {shares}; one core makes batches of {speed}."]
    if "operations a second" in row:
        speed = row["operations a second"]
        share, most = speed[OURS] / speed["one product"], speed["one product"] / 1e12
        told = f"{speed[OURS] / 1e12:.3f} TFLOP/s, {share:.0%} of the {most:.3f} of one large product"
        return [f"A training step of {row['tokens']:,} tokens: {told}."]
    if "us a token" in row:
        each = ", ".join(f"{us:,.1f} µs of {clock} time a token" for clock, us in row["us a token"].items())
        return [f"{size}; {row['task']}, {row['grows']} {row['value']}: {each}"]
    speed = row["tokens"] / median(row["seconds"][OURS]["wall"])
    lines = [f"{size}; {row['task']}: {OURS} does {speed:,.0f} tokens a second"]
    for peer, clocks in row["ratios"].items():
        times = ((clock, *(f"{of[key]:.2f}" for key in ("median", "min", "max"))) for clock, of in clocks.items())
        each = ", ".join(
            f"{middle} times the {clock} time of {OURS} ({low} to {high})" for clock, middle, low, high in times
        )
        lines.append(f"{size}; {row['task']}: {peer} takes {each}")
    return lines
