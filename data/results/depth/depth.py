"""Why six blocks fail, and what makes them learn: norm, depth, learning rate, initialisation, in small.

    python data/results/depth/depth.py          cells.jsonl beside this script; finished cells are not trained again

A cell is one short training on the phrasebook, the same steps and batches for all cells of a seed. The largest learning
rate is meant: Noam's after its warm-up. README.md says what was expected before any cell was trained.
"""

import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import torch
from torch import Tensor, nn

from nmt.config import TrainingConfig
from nmt.corpora.corpus import Corpus, prepare
from nmt.objective import Objective, noam_rate
from nmt.plumbing.files import append_json_lines, read_json_lines
from nmt.plumbing.provenance import description_of_session
from nmt.training import train
from nmt.transformer import KINDS, Transformer

FILE = Path(__file__).with_name("cells.jsonl")
SEEDS = 1, 2, 3
HIGH, LOW = 3.6e-3, 7e-4  # largest rates; the first is the origin's
WARMUP, LONG = 300, 600  # steps; in the second the rate rises to the last step
SETTINGS = {
    "d_model": 128,
    "num_heads": 4,
    "src_vocab_size": 2_000,
    "trg_vocab_size": 2_000,
    "dropout": 0.0,
    "batch_tokens": 500,
    "limit_train_batches": 600,
    "max_epochs": 1,
    "label_smoothing": 0.0,
    "limit_val_batches": 4,
    "log_every_n_steps": 20,
}
GRID = [
    {"norm": norm, "blocks": blocks, "peak": peak, "init": init, "warmup": WARMUP}
    for norm, blocks, peak, init in product(("post", "pre"), (2, 4, 6), (HIGH, LOW), ("joint", "per head"))
]
CURES = [
    {"norm": "post", "blocks": 6, "peak": HIGH, "init": init, "warmup": warmup}
    for init, warmup in (("joint", LONG), ("small", WARMUP), ("zero", WARMUP))
]
WATCHED = 100  # steps between two looks at the norms of the gradients


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


class Watching(Objective):
    """Plain training from weights drawn as asked; notes the norm of each block's gradient before it is clipped."""

    plain = False  # `start` is called

    def __init__(self, init: str) -> None:
        self.init, self.settings, self.step, self.norms = init, {"init": init}, 0, []

    def start(self, model: Transformer, batches: object, steps: int) -> None:
        initialise(model, self.init)
        self.model = model

    def before_step(self, step: int) -> None:
        self.step = step

    def after_backward(self, tokens: int) -> None:
        if self.step % WATCHED == 0 or self.step == SETTINGS["limit_train_batches"] - 1:
            norms = {kind: [norm(block.parameters()) for block in getattr(self.model, kind)] for kind in KINDS[:2]}
            self.norms.append({"step": self.step, "all": norm(self.model.parameters()), **norms})


def norm(parameters: Iterator[Tensor]) -> float:
    return float(torch.stack([p.grad.norm() for p in parameters if p.grad is not None]).norm())


def trained(cell: dict, corpus: Corpus) -> dict:
    """Train one cell; its losses (nats a target token) on training and on held-out pairs, its gradients."""
    factor = cell["peak"] / noam_rate(cell["warmup"], SETTINGS["d_model"], cell["warmup"])
    config = TrainingConfig(
        norm=cell["norm"], num_blocks=cell["blocks"], lr=factor, noam_opt_warmup_steps=cell["warmup"],
        seed=cell["seed"], **SETTINGS,
    )  # fmt: skip
    watching = Watching(cell["init"])
    with tempfile.TemporaryDirectory() as folder:
        run = train(config, corpus, Path(folder) / "run", device="cpu", objective=watching, log=lambda text: None)
        curves = {split: [[m["step"], m["loss"]] for m in run.lines(split=split)] for split in ("train", "valid")}
    return {
        **cell,
        **curves,
        "gradients": watching.norms,
        "data": corpus.fingerprint,
        **description_of_session(torch.device("cpu"), 0),
    }


def main() -> None:
    corpus = prepare("phrasebook")
    done = {key(line) for line in read_json_lines(FILE)}
    cells = [{**cell, "seed": seed} for seed in SEEDS for cell in CURES + GRID]
    for number, cell in enumerate(cells, 1):
        if key(cell) not in done:
            line = trained(cell, corpus)
            append_json_lines(FILE, line)
            print(f"{number} of {len(cells)}: {key(cell)}: {line['valid'][-1][1]:.3f}", flush=True)


def key(cell: dict) -> tuple:
    return tuple(cell[name] for name in ("norm", "blocks", "peak", "init", "warmup", "seed"))


if __name__ == "__main__":
    main()
