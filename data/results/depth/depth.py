"""Why six blocks fail, and what makes them learn: norm, depth, learning rate, initialisation, in small.

    python data/results/depth/depth.py          depth.jsonl beside this script; --smoke: does it run?

A cell is one short training on the phrasebook, the same steps and batches for all cells of a seed. The largest learning
rate is meant: Noam's after its warm-up. README.md says what was expected before any cell was trained.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import torch
import torch.nn.functional as F
from cells import SETTINGS, SMOKE, Watching, command, do, watched
from torch import Tensor, nn

from nmt.attention import source_mask
from nmt.batches import Batch
from nmt.config import TrainingConfig
from nmt.corpora.corpus import Corpus
from nmt.decoding import evaluating
from nmt.objective import noam_rate
from nmt.transformer import KINDS, Transformer

STACKS = KINDS[:2]  # encoder, decoder
SEEDS = 1, 2, 3
HIGH, LOW = 3.6e-3, 1.2e-3  # largest rates
STEPS, WARMUP = 600, 150  # where the warm-up is as long as the run, the rate rises to the last step
SIZES = {"d_model": 64, "num_heads": 4, "src_vocab_size": 1_000, "trg_vocab_size": 1_000, "batch_tokens": 400}
GRID = [
    {"norm": norm, "blocks": blocks, "peak": peak, "init": init, "warmup": WARMUP}
    for norm, blocks, peak, init in product(("post", "pre"), (2, 4, 6), (HIGH, LOW), ("joint", "per head"))
    if (norm, init) != ("pre", "per head")  # the origin's models, of which is asked why they fail, were post-norm
]
CURES = [
    {"norm": "post", "blocks": 6, "peak": HIGH, "init": init, "warmup": warmup}
    for init, warmup in (("joint", STEPS), ("small", WARMUP), ("zero", WARMUP))
]


@torch.no_grad()
def initialise(model: Transformer, init: str) -> None:
    """joint: as `nmt` does it, Xavier over the heads of a matrix together. per head: Xavier for each head by itself, as
    the origin did. small: joint, and what is added to the residual, W_O and W_2, divided by the square root of the
    number of such additions in its stack (Radford et al. 2019, section 2.3). zero: both are 0 (Zhang et al. 2019).
    """
    if init == "per head":
        for layer in (layer for kind in KINDS for layer in model.gated_layers(kind)):
            for head in layer.in_weight.split(layer.head_size):
                nn.init.xavier_uniform_(head)
    for stack, sublayers in ((model.encoder, 2), (model.decoder, 3)):
        factor = {"small": (sublayers * len(stack)) ** -0.5, "zero": 0.0}.get(init, 1.0)
        for name, weight in stack.named_parameters():
            if name.endswith(("attention.out.weight", "feed_forward.outer.weight")):
                weight.mul_(factor)


class Inside(Watching):
    """Starts from weights drawn as asked. Where it looks it also notes, of each block, the norm of the gradient before
    clipping, and how alike all words of a sentence have become behind it."""

    def __init__(self, init: str, *arguments: int) -> None:
        super().__init__(*arguments)
        self.init, self.step, self.norms, self.alike = init, 0, [], []
        self.settings["init"] = init

    def start(self, model: Transformer, *rest: object) -> None:
        initialise(model, self.init)
        super().start(model, *rest)

    def before_step(self, step: int) -> None:
        self.step = step

    def after_backward(self, tokens: int, scale: object) -> None:
        if self.step in (0, self.steps - 1) or self.step % self.every == 0:
            norms = {kind: [norm(block.parameters()) for block in getattr(self.model, kind)] for kind in STACKS}
            self.norms.append({"step": self.step, "all": norm(self.model.parameters()), **norms})

    def look(self, step: int) -> None:
        super().look(step)
        self.alike.append({"step": step, **alike(self.model, self.held_out[len(self.held_out) // 2])})


def norm(parameters: Iterator[Tensor]) -> float:
    return float(torch.stack([p.grad.norm() for p in parameters if p.grad is not None]).norm())


def alike(model: Transformer, batch: Batch) -> dict[str, list[float]]:
    """stack -> behind each block the mean cosine between what it says of two places of a sentence, mean of a batch.

    At 1 it says the same of all places, and what comes after cannot tell words apart."""
    said = {kind: [] for kind in STACKS}
    hooks = [
        block.register_forward_hook(lambda block, given, out, kind=kind: said[kind].append(out[0]))
        for kind in STACKS
        for block in getattr(model, kind)
    ]
    with evaluating(model):
        model(batch.src, batch.trg_in)
    for hook in hooks:
        hook.remove()
    there = {kind: source_mask(ids).flatten(1) for kind, ids in zip(STACKS, (batch.src, batch.trg_in), strict=True)}
    return {kind: [mean_cosine(x, there[kind]) for x in said[kind]] for kind in STACKS}


def mean_cosine(x: Tensor, there: Tensor) -> float:
    """Between two different places of x (B, T, D) that are there, bool (B, T), at least two in each row."""
    x, count = F.normalize(x, dim=-1) * there[..., None], there.sum(1)
    together = x.sum(1).square().sum(-1)  # (B,), with each place and itself
    return float(((together - count) / (count * (count - 1))).mean())


def main(corpus: Corpus, file: Path, small: bool = False) -> None:
    sizes, steps, every = (SIZES, STEPS, 100) if not small else (SMOKE, 4, 2)

    def line_of(cell: dict, folder: Path) -> dict:
        peak, warmup = cell["peak"], cell["warmup"]
        factor = peak / noam_rate(warmup, sizes["d_model"], warmup)
        chosen = {"norm": cell["norm"], "num_blocks": cell["blocks"], "seed": cell["seed"]}
        config = TrainingConfig(lr=factor, noam_opt_warmup_steps=warmup, **chosen, **SETTINGS | sizes)
        watching = Inside(cell["init"], steps, every)
        _, line = watched(config, corpus, folder, watching)
        return line | {"gradients": watching.norms, "alike": watching.alike}

    seeds = SEEDS[:1] if small else SEEDS
    do([{**cell, "seed": seed} for seed in seeds for cell in CURES + GRID], corpus, file, line_of)


if __name__ == "__main__":
    command(main, "phrasebook", "depth")
