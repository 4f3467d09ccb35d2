"""A small model grows: two trained blocks become four. Which way is best, and is any better than not to grow?

    python data/results/depth/growth.py          growth.jsonl beside this script; --smoke: does it run?

All cells of a seed have spent equally many operations in the end, and their rate has then fallen to 0 alike. README.md
says what was expected before any cell was trained.
"""

from dataclasses import replace
from pathlib import Path

import torch
from cells import SETTINGS, SMOKE, Watching, command, do, vocabularies, watched

from nmt import NmtError
from nmt.config import TrainingConfig
from nmt.corpora.corpus import Corpus
from nmt.models import Trained, save_model_directory
from nmt.plumbing.files import claimed, read_json, whole_directory, write_json
from nmt.pruning.costs import flops
from nmt.runs import load
from nmt.tokens import encode_corpus
from nmt.transformer import Block, Transformer

SEEDS = 1, 2, 3
# As `grow` reads them: stacked, interleaved, the first block never copied, random blocks on top, blocks that do nothing
# at first between and on top; the small model going on; and four blocks from random weights, with all the operations.
PLANS = "0101", "0011", "0111", "01rr", "0z1z", "01zz", "01", "rrrr"
SIZES = {"d_model": 64, "num_heads": 4, "src_vocab_size": 2_000, "trg_vocab_size": 2_000, "batch_tokens": 800}
SIZES |= {"max_length": 60}
# The small model's steps before it grows, and as many operations as so many of its steps make afterwards.
BEFORE, AFTER = 600, 1_300
PEAK, WARMUP, FALL = (
    2e-3,
    100,
    0.4,
)  # the rate rises at the start and after the switch; it falls in the last share of AFTER


def grow(small: Transformer, plan: str) -> Transformer:
    """A model of len(plan) blocks a stack, in evaluation mode. Encoder and decoder are built alike: a digit is a copy
    of that block of the small one, "r" a new block, "z" a copy of the block before it that adds nothing at first.

    With "z" alone the new model says exactly what the small one said (as in Net2Net, Chen et al. 2016). Post-norm
    would normalise once more, so there this is impossible. Raises NmtError for that, and for a plan with other letters.
    """
    numbers = [*map(str, range(small.config.num_blocks))]
    if not {*plan} <= {*numbers, "r", "z"} or plan[:1] in ("", "z"):
        raise NmtError(f"a plan is of {', '.join(numbers)}, r, and z after one of these, not {plan!r}")
    if "z" in plan and small.config.norm == "post":
        raise NmtError("a block after which a norm comes never does nothing: z needs a pre-norm model")
    big = Transformer(replace(small.config, num_blocks=len(plan))).to(next(small.parameters()))
    outside = {name: w for name, w in small.state_dict().items() if not name.startswith(("encoder.", "decoder."))}
    big.load_state_dict(outside, strict=False)
    for old, new in ((small.encoder, big.encoder), (small.decoder, big.decoder)):
        for place, origin in enumerate(plan):
            if origin in numbers:
                new[place].load_state_dict(old[int(origin)].state_dict())
            elif origin == "z":
                new[place].load_state_dict(new[place - 1].state_dict())
                silence(new[place])
    return big.eval()


@torch.no_grad()
def silence(block: Block) -> None:
    """Make 0 of what the block adds to its input: W_O and W_2 and, or it would still add a constant, their biases."""
    for name, parameter in block.named_parameters():
        if name.rpartition(".")[0].endswith(("attention.out", "feed_forward.outer")):
            parameter.zero_()


def operations(corpus: Corpus, blocks: int, sizes: dict) -> int:
    """Of a training step's products for one pair of the mean length, forward and backward: three times forward."""
    bpe = vocabularies(corpus, sizes["src_vocab_size"], sizes["trg_vocab_size"])
    lengths = [round(float(side.lengths.mean())) + 1 for side in encode_corpus(corpus, bpe)["train"]]
    shape = TrainingConfig(num_blocks=blocks, **sizes).transformer(*(one.vocab_size for one in bpe))
    return 3 * flops(Transformer(shape), *lengths)["total"]


def small_one(config: TrainingConfig, corpus: Corpus, watching: Watching, place: Path) -> tuple[Trained, dict]:
    """The trained model that grows, and its line: the first cell of a seed trains it, others wait for that."""
    with claimed(place.with_suffix(".lock"), wait=True):
        if not place.is_dir():
            trained, line = watched(config, corpus, place.with_suffix(".run"), watching)
            with whole_directory(place) as new:
                save_model_directory(new, trained.model, trained.bpe)
                write_json(new / "line.json", line)
    return load(place), read_json(place / "line.json")


def main(corpus: Corpus, file: Path, small: bool = False) -> None:
    sizes, before, after, every = (SIZES, BEFORE, AFTER, 150) if not small else (SMOKE, 4, 8, 4)
    cost = {blocks: operations(corpus, blocks, sizes) for blocks in {*map(len, PLANS)}}
    warmup, all_of_it = min(WARMUP, before // 2), (before + after) * cost[2]

    def config(blocks: int, seed: int) -> TrainingConfig:
        return TrainingConfig(num_blocks=blocks, scheduler="no", seed=seed, **SETTINGS | sizes)

    def line_of(cell: dict, folder: Path) -> dict:
        plan, seed, origin, past, spent = cell["plan"], cell["seed"], None, {}, 0
        if plan == "rrrr":
            of_its_own = config(len(plan), seed)
        else:
            start = Watching(before, every, PEAK, warmup)
            origin, past = small_one(config(2, seed), corpus, start, folder.with_name(f"small-{seed}"))
            of_its_own, spent = config(len(plan), seed + 100), before * cost[2]  # other batches than before the switch
            with torch.random.fork_rng():
                torch.manual_seed(seed)
                origin = Trained(grow(origin.model, plan), origin.bpe, origin.directory)
        steps = round((all_of_it - spent) / cost[len(plan)])
        fall = round(FALL * after * cost[2] / cost[len(plan)])
        _, line = watched(of_its_own, corpus, folder, Watching(steps, every, PEAK, warmup, fall), origin)
        about = {"before": spent, "a step": cost[len(plan)], "in all": all_of_it}
        return line | {"before": past, "steps": steps, "operations": about}

    seeds = SEEDS[:1] if small else SEEDS
    do([{"plan": plan, "seed": seed} for seed in seeds for plan in PLANS], corpus, file, line_of)


if __name__ == "__main__":
    command(main, "hotels", "growth")
