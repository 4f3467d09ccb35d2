"""How fast: a training step and decoding beside torch.nn.Transformer and Hugging Face's MarianMTModel (nmt.peers).

The same step is done with each: cross-entropy with label smoothing, gradients clipped, fused Adam, on the same batches
of made ids. Decoding writes the same number of tokens for every sentence, as EOS is made impossible; both keep a cache,
and the beams are as wide. Of torch.nn.Transformer no decoding is measured: it has neither a search nor a cache, and
what would be timed is ours around it.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
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
from nmt.batches import Batch, pad, source_batch
from nmt.lab.lineage import revision
from nmt.lab.peers import MARIAN, OURS, TORCH, Contender, contenders
from nmt.objective import token_loss
from nmt.plumbing.files import write_json
from nmt.plumbing.provenance import description_of_session
from nmt.plumbing.starting import keep_freed_memory
from nmt.show.plots import BLUE, ORANGE, save
from nmt.transformer import TransformerConfig

SEED, SMOOTHING, CLIP = 1, 0.1, 1.0


@dataclass(frozen=True)
class Size:
    """A shape of model and how much is asked of it in one turn."""

    name: str
    d_model: int
    vocab_size: int
    num_heads: int
    batch_tokens: int = 2000  # padded tokens of the longer side in a training batch
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
    groups: list[list[tuple[np.ndarray, np.ndarray]]] = [[]]
    for pair in made_pairs(size.vocab_size):
        if (len(groups[-1]) + 1) * (max(map(len, pair)) + 1) > size.batch_tokens:
            groups.append([])
        groups[-1].append(pair)
    chosen = np.linspace(0, len(groups) - 1, size.batches + 2).round().astype(int)[1:-1]
    batches = []
    for group in (groups[i] for i in chosen):
        src, trg = source_batch([s.tolist() for s, _ in group], device), pad([[BOS, *t, EOS] for _, t in group], device)
        batches.append(Batch(src, trg, list(range(len(group))), sum(len(t) + 1 for _, t in group)))
    return batches


def sources(size: Size, batch_size: int, device: torch.device) -> list[Tensor]:
    """What is decoded in a turn, 4 batches of 1 or one larger: neighbours in length, as `translate` puts together."""
    pairs = made_pairs(size.vocab_size)
    starts = [len(pairs) * i // 5 for i in (1, 2, 3, 4)] if batch_size == 1 else [len(pairs) // 2]
    return [source_batch([src.tolist() for src, _ in pairs[i : i + batch_size]], device) for i in starts]


def training_turn(contender: Contender, batches: list[Batch], device: torch.device) -> Callable[[], None]:
    """A function that does one step on each batch, as `nmt.training` does it: bfloat16 autocast on CUDA alone."""
    parameters = [p for p in contender.model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(parameters, 1e-4, (0.9, 0.98), eps=1e-9, fused=True)

    def turn() -> None:
        contender.model.train()
        for batch in batches:
            with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
                loss = token_loss(contender.logits(batch.src, batch.trg_in), batch.trg_out, SMOOTHING) / batch.tokens
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, CLIP)
            optimizer.step()
            optimizer.zero_grad()

    return turn


def decoding_turn(contender: Contender, batches: list[Tensor], beam: int, length: int) -> Callable[[], None]:
    def turn() -> None:
        for src in batches:
            contender.search(src, beam, length)

    contender.model.eval()
    return turn


def agreement(three: dict[str, Contender], batch: Batch) -> dict[str, float]:
    """The largest difference of a logit from ours, each peer, without dropout; padding left out."""
    there = batch.trg_in != PAD
    with torch.inference_mode():
        logits = {
            name: one.logits(batch.src, batch.trg_in)[there]
            for name, one in three.items()
            if not one.model.eval().training
        }
    return {name: (value - logits[OURS]).abs().max().item() for name, value in logits.items() if name != OURS}


def timed(turn: Callable[[], None], device: torch.device) -> dict[str, float]:
    """Seconds of the clock, and of the processor over all threads."""
    for first in (True, False):
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        if first:
            wall, cpu = time.perf_counter(), time.process_time()
            turn()
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def measure(size: Size, rounds: int, device: torch.device, log: Callable[[str], None] = print) -> dict:
    """All tasks of one size. A round does every task once with each contender, who begins changes from round to
    round; one turn of each before the first round is not counted."""
    done = {"config": asdict(size.config()), "turn": asdict(size), "rows": []}
    three = contenders(size.config(), device)
    done["parameters"] = {n: sum(p.numel() for p in c.model.parameters() if p.requires_grad) for n, c in three.items()}
    batches = training_batches(size, device)
    done["largest difference of a logit"] = agreement(three, batches[0])
    tokens = sum(batch.tokens for batch in batches)
    turns = {name: training_turn(one, batches, device) for name, one in three.items()}
    tasks = [({"task": "training step", "tokens": tokens, "steps": len(batches)}, turns)]
    done["rows"] += _rounds(tasks, rounds, device)
    three = {name: one for name, one in contenders(size.config(), device, silent=True).items() if one.search}
    tasks = []
    for batch_size, beam in product(size.batch_sizes, size.beams):
        given = sources(size, batch_size, device)
        what = {"task": "decoding", "batch": batch_size, "beam": beam, "tokens": sum(map(len, given)) * size.length}
        tasks.append((what, {name: decoding_turn(one, given, beam, size.length) for name, one in three.items()}))
        found = [[ids for src in given for ids in one.search(src, beam, size.length)] for one in three.values()]
        what["same translations"] = sum(a == b for a, b in zip(*found, strict=True)) / len(found[0])
        if any(len(ids) != size.length for one in found for ids in one):
            raise NmtError(f"nmt bench: not every translation has {size.length} tokens; the comparison is not fair")
    done["rows"] += _rounds(tasks, rounds, device)
    log(f"{size.name}: parameters {done['parameters']}")
    for row in done["rows"]:
        log("  " + "; ".join([label(row), *(_said(row, peer) for peer in row["ratios"])]))
    return done


def _rounds(tasks: list[tuple[dict, dict[str, Callable]]], rounds: int, device: torch.device) -> list[dict]:
    seconds = [{name: [] for name in turns} for _, turns in tasks]
    for number in range(-1, rounds):
        for (_, turns), taken in zip(tasks, seconds, strict=True):
            names = list(turns)
            for name in names[number % len(names) :] + names[: number % len(names)]:
                time_ = timed(turns[name], device)
                if number >= 0:
                    taken[name].append(time_)
    return [what | {"seconds": s, "ratios": ratios(s)} for (what, _), s in zip(tasks, seconds, strict=True)]


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


def _said(row: dict, peer: str) -> str:
    wall, cpu = (row["ratios"][peer][clock] for clock in ("wall", "cpu"))
    return (
        f"{peer} takes {wall['median']:.2f} times as long ({wall['min']:.2f} to {wall['max']:.2f}; "
        f"processor {cpu['median']:.2f})"
    )


def bench(out: str | Path, device: torch.device, smoke: bool = False, log: Callable[[str], None] = print) -> dict:
    """Measure and write OUT/bench.json and OUT/bench.png; returns what is in the JSON. The caller's random state
    stays. Raises NmtError where transformers is missing, or OUT holds a benchmark already."""
    out = Path(out)
    if (out / "bench.json").exists():
        raise NmtError(f"--out {out} holds a benchmark already; name another directory")
    try:  # before it is measured, not after
        out.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=out).close()
    except OSError as error:
        raise NmtError(f"--out {out}: not a folder that can be written ({error.strerror})") from None
    if device.type == "cpu":
        keep_freed_memory()  # as training does; it serves all three
    session = description_of_session(device, 0)
    with suppress(AttributeError):
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


def figure(result: dict, clock: str = "wall") -> Figure:
    """What bench.json holds as a picture: a panel a size, a row a task, a dot a peer, its time divided by ours: the
    median with the span of the rounds. clock: "wall", or "cpu" for the processor's time."""
    sizes = result["sizes"]
    rows = max(len(size["rows"]) for size in sizes.values())
    drawing = Figure(figsize=(4.2 * len(sizes) + 1.2, 0.36 * rows + 1.6), layout="constrained", dpi=120)
    panels = drawing.subplots(1, len(sizes), squeeze=False, sharex=True)[0]
    for axes, (name, size) in zip(panels, sizes.items(), strict=True):
        for peer, color, marker, aside in ((TORCH, ORANGE, "s", 0.12), (MARIAN, BLUE, "o", -0.12)):
            found = [(y, row["ratios"][peer][clock]) for y, row in enumerate(size["rows"]) if peer in row["ratios"]]
            middle = [ratio["median"] for _, ratio in found]
            span = [[r["median"] - r["min"] for _, r in found], [r["max"] - r["median"] for _, r in found]]
            places = [y + aside for y, _ in found]
            axes.errorbar(middle, places, xerr=span, fmt=marker, color=color, ms=5, capsize=2, label=peer)
        axes.axvline(1, color="black", lw=0.8)
        axes.set_yticks(range(len(size["rows"])), [label(row) for row in size["rows"]])
        axes.set(title=name, ylim=(len(size["rows"]) - 0.5, -0.5), xlim=(0, None))
        axes.grid(axis="x", alpha=0.3)
        axes.spines[["right", "top"]].set_visible(False)
    kind = {"wall": "time", "cpu": "processor time"}[clock]
    drawing.supxlabel(f"{kind} of the peer / {kind} of nmt; right of 1, nmt is faster", fontsize=9)
    handles, labels = panels[0].get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False, fontsize=9)
    return drawing


def section(result: dict, picture: str = "bench.png") -> str:
    """Markdown: what bench.json holds, a row a task and size; the figure is figures/PICTURE."""
    session, goals = result["session"], {"training step": 1.0, "decoding": 1.2}
    lines = [
        f"### Speed beside other implementations, on a {'GPU' if session['device'].startswith('cuda') else 'CPU'}",
        "",
        f"![time of the peers divided by ours, for each task](figures/{picture})",
        "",
        f"Time of the peer divided by ours, the median of {result['rounds']} rounds in turns (smallest to largest): "
        "above 1, nmt is faster. All have the same weights and give the same logits. The aims were "
        f"{goals['training step']:g} for a training step and {goals['decoding']:g} for decoding, greedy and with "
        "a beam; what misses its aim is in italics.",
        "",
        "<details><summary>every task</summary>",
        "",
        f"| size | task | {TORCH} | {MARIAN} |",
        "|---|---|---|---|",
    ]
    for name, size in result["sizes"].items():
        for row in size["rows"]:
            cells = []
            for peer in (TORCH, MARIAN):
                wall = row["ratios"].get(peer, {}).get("wall")
                said = f"{wall['median']:.3f} ({wall['min']:.2f} to {wall['max']:.2f})" if wall else ""
                cells.append(f"*{said}*" if wall and wall["median"] < goals[row["task"]] else said)
            lines.append(f"| {name} | {label(row)} | {' | '.join(cells)} |")
    versions = ", ".join(f"{name} {session['versions'][name]}" for name in ("torch", "transformers"))
    dtypes = ", ".join(f"{task} in {dtype}" for task, dtype in result["dtypes"].items())
    load = f"; load of the machine before it: {session['load']:.2f}" if "load" in session else ""
    return "\n".join([
        *lines,
        "",
        "</details>",
        "",
        f"`nmt bench`; {session['device']}; {versions}; {dtypes}; code {revision(session['git'])}{load}.",
    ])  # fmt: skip
