"""What the experiments of this folder share: cells that are trained once, and a training that is watched.

A cell is a dict that says how one small model is trained; its record is a line of a file. Several processes share out
the cells of a file. One that is stopped loses the cell under way and nothing else.
"""

import hashlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from nmt.batches import Batch, BatchIterator, in_order
from nmt.bpe import BPE
from nmt.bpe import train as train_bpe
from nmt.config import TrainingConfig
from nmt.corpora.corpus import Corpus, prepare
from nmt.models import Trained
from nmt.objective import Objective
from nmt.plumbing.files import append_json_lines, claimed, read_json_lines, remove
from nmt.plumbing.places import cache_root
from nmt.plumbing.provenance import description_of_session
from nmt.pruning import importance
from nmt.tokens import encode_corpus
from nmt.training import train
from nmt.transformer import Transformer

HELD_OUT = 500  # validation pairs, the first ones: all losses that are called held-out are theirs
# Of every training here. What `train` itself validates is not looked at, and so is made small.
SETTINGS = {
    "dropout": 0.0,
    "label_smoothing": 0.0,
    "max_epochs": 10**6,  # `Watching` ends the run
    "check_val_every_n_epoch": 10**6,
    "limit_val_batches": 1,
    "val_batch_size": 2,
    "checkpoint_every_n_steps": 10**6,
    "log_every_n_steps": 20,
}
SMOKE = {"d_model": 16, "num_heads": 2, "src_vocab_size": None, "trg_vocab_size": None, "batch_tokens": 100}


class Watching(Objective):
    """Plain training of so many steps, which notes the held-out loss on its way, nats a target token.

    With `peak` it sets the rate itself: up to `peak` over `warmup` steps, and down to 0 over the last `fall`.
    """

    plain = False  # `start` is called

    def __init__(self, steps: int, every: int, peak: float = 0.0, warmup: int = 1, fall: int = 1) -> None:
        self.steps, self.every, self.peak, self.warmup, self.fall = steps, every, peak, warmup, fall
        self.settings = {"steps": steps, "peak": peak, "warmup": warmup, "fall": fall}
        self.held_out: list[Batch] = []
        self.losses: list[list] = []  # [steps done, loss]

    def start(self, model: Transformer, batches: BatchIterator, steps: int) -> None:
        self.model = model
        self.look(0)

    def rate(self, step: int) -> float:
        """Of the step after so many."""
        return self.peak * min(1.0, (step + 1) / self.warmup, (self.steps - step) / self.fall)

    def before_step(self, step: int) -> None:
        for group in self.optimizer.param_groups if self.peak else ():
            group["lr"] = self.rate(step)

    def after_step(self, step: int) -> list[dict]:
        self.done = step >= self.steps
        if self.done or step % self.every == 0:
            self.look(step)
        return []

    def look(self, step: int) -> None:
        self.losses.append([step, importance.loss(self.model, self.held_out)])


def vocabularies(corpus: Corpus, *sizes: int) -> tuple[BPE, BPE]:
    sides = zip(("en", "ru"), sizes, strict=True)
    return tuple(train_bpe(corpus, side, size, log=lambda text: None) for side, size in sides)


def watched(
    config: TrainingConfig, corpus: Corpus, folder: Path, watching: Watching, origin: Trained | None = None
) -> tuple[Trained, dict]:
    """Train in a folder, from random weights or those of `origin`; the model, and what its line says of the training:
    losses of training and of held-out pairs by steps, and what it was trained with."""
    bpe = origin.bpe if origin else vocabularies(corpus, config.src_vocab_size, config.trg_vocab_size)
    tokens = encode_corpus(corpus, bpe)["valid"]
    watching.held_out = list(in_order(tokens, 100, range(min(HELD_OUT, len(tokens)))))
    remove(folder)
    run = train(config, corpus, folder, None, "cpu", origin, progress=0, log=lambda text: None, objective=watching)
    return Trained(watching.model.eval(), bpe, folder), {
        "train": [[line["step"], line["loss"]] for line in run.lines(split="train")],
        "held_out": watching.losses,
        "training": asdict(config) | watching.settings,
    }


def do(cells: Sequence[dict], corpus: Corpus, file: Path, line_of: Callable[[dict, Path], dict]) -> None:
    """Add the line of each cell that the file lacks, but for those that another process is at. line_of(cell, folder)
    gives it; the folder is the cell's own, and is removed afterwards."""
    out = cache_root() / "depth" / file.stem
    for number, cell in enumerate(cells, 1):
        folder = out / hashlib.sha256(json.dumps(cell, sort_keys=True).encode()).hexdigest()[:12]
        with claimed(folder.with_suffix(".lock")) as mine:
            if not mine or any(cell.items() <= line.items() for line in read_json_lines(file)):
                continue
            since = time.process_time()
            line = cell | line_of(cell, folder) | {"seconds": round(time.process_time() - since, 1)}  # of a core
            line |= {"data": corpus.name, "pairs": corpus.card.pairs, "corpus": corpus.fingerprint}
            line["session"] = description_of_session(torch.device("cpu"), 0)
            with claimed(out / "file.lock", wait=True):
                append_json_lines(file, line)
            remove(folder)
        print(f"{file.name}, {number} of {len(cells)}: {cell}, {line['seconds']:.0f} s", flush=True)


def command(main: Callable[[Corpus, Path, bool], None], data: str, name: str) -> None:
    """main(corpus, the file of records, small), as a command. With --smoke all is small, and goes to the caches."""
    torch.set_num_threads(1)
    small = sys.argv[1:] == ["--smoke"]
    file = cache_root() / "depth" / f"smoke-{name}.jsonl" if small else Path(__file__).with_name(f"{name}.jsonl")
    for left in (file, file.with_suffix("")) if small else ():
        remove(left)
    main(prepare("phrasebook" if small else data), file, small)
