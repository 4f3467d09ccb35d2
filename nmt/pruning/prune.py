"""`nmt prune`: one run that chooses the heads, fine-tunes, removes the rest for good and says what it cost."""

import shutil
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import torch

from nmt import NmtError
from nmt.config import TrainingConfig
from nmt.corpora.corpus import Corpus
from nmt.models import save_model_directory
from nmt.plumbing.files import read_json, whole_directory, write_json
from nmt.pruning import masks
from nmt.pruning.method import Method, PruningConfig
from nmt.pruning.methods.l0 import L0, L0TopK
from nmt.pruning.methods.on_budget import OnBudget
from nmt.pruning.methods.scored import (
    Confidence,
    GreedyOracle,
    LastLayers,
    LeaveOneOut,
    Magnitude,
    Random,
    Taylor,
    TaylorIterative,
    TaylorPerLayer,
)
from nmt.pruning.methods.shed import Shed
from nmt.pruning.methods.subset import DifferentiableSubset, StraightThroughSubset
from nmt.pruning.removal import remove_heads
from nmt.runs import Run, load
from nmt.training import train
from nmt.transformer import TransformerConfig

METHODS: dict[str, type[Method]] = {
    method.name: method
    for method in (
        Random, LastLayers, Magnitude, Confidence, Taylor, TaylorPerLayer, TaylorIterative, LeaveOneOut, GreedyOracle,
        L0, L0TopK, DifferentiableSubset, StraightThroughSubset, OnBudget, Shed,
    )
}  # fmt: skip
OURS = Shed.name  # which of them "ours" stands for
SHAPE = ({f.name for f in fields(TransformerConfig)} & {f.name for f in fields(TrainingConfig)}) - {"dropout"}


def method_class(name: str) -> type[Method]:
    """A method by its name, or by "ours". Raises NmtError for an unknown one."""
    if name != "ours" and name not in METHODS:
        raise NmtError(f"--method {name}: choose one of ours, {', '.join(METHODS)}")
    return METHODS[OURS if name == "ours" else name]


def shape_of(checkpoint: str | Path) -> dict:
    """The fields of a TrainingConfig that a checkpoint decides: the shape of its model and its vocabularies."""
    config = load(checkpoint).model.config
    return {name: getattr(config, name) for name in SHAPE}


def prune(
    settings: PruningConfig,
    config: TrainingConfig,
    corpus: Corpus,
    checkpoint: str | Path | None,
    directory: str | Path,
    resume: bool = False,
    device: torch.device | str | None = None,
    progress: int = 20,
    log: Callable[[str], None] = print,
) -> dict:
    """Prune the model of `checkpoint` in a run of its own and return what came out; DIRECTORY/pruned is the new model.

    config says how long and how fast: `max_epochs` covers search and fine-tuning. The result, also in result.json:
    method, kept, of, undecided; BLEU and loss (nats per target token) on the validation pairs, before and after;
    parameters before and after; steps, and compute in steps, that of the choice included; minutes; the mask.
    A run that is resumed goes on with the checkpoint that it began with, and with as many epochs.
    Raises NmtError for settings that contradict each other or the checkpoint.
    """
    kind = method_class(settings.method)
    if resume:
        begun = Run(directory).config
        planned, checkpoint = begun["training"]["max_epochs"], begun["checkpoint"]
        if config.max_epochs != planned:
            raise NmtError(
                f"--max_epochs {config.max_epochs}: {directory} shares {planned} epochs out to search and fine-tuning; "
                "for another number prune anew, or train on from what comes out"
            )
    method = kind(replace(settings, method=kind.name), load(checkpoint).model, config.seed)
    if isinstance(method, L0):
        log(f"the penalty is {method.price:.5f} nats per target token for each head that is open")
    run = train(
        config, corpus, directory, resume, device, None if resume else checkpoint, progress=progress, log=log,
        objective=method,
    )  # fmt: skip
    if run.last_step() is None:
        raise NmtError(f"{run.directory}: not one step was done; raise --max_minutes")
    path = run.directory / "result.json"
    if not path.is_file() or read_json(path)["steps"] != run.last_step():  # with more --max_minutes it went on
        finish(run, method)
    return read_json(path)


def finish(run: Run, method: Method) -> None:
    """From the last checkpoint: remove the heads, write DIRECTORY/pruned and result.json."""
    step = run.last_step()
    method.finish()  # a clock that ran out at a checkpoint may have left that to us
    trained, mask = load(run.checkpoint(step)), method.chosen
    small = remove_heads(trained.model, mask)
    (run.directory / "result.json").unlink(missing_ok=True)
    shutil.rmtree(run.directory / "pruned", ignore_errors=True)
    with whole_directory(run.directory / "pruned") as new:
        save_model_directory(new, small, trained.bpe)
    (before, *_, after), parameters = run.lines(split="valid"), lambda model: sum(p.numel() for p in model.parameters())
    result = {
        "method": method.name,
        "kept": masks.count(mask),
        "of": masks.size(mask),
        "undecided": method.undecided,
        "bleu_dense": before["bleu"],
        "bleu_pruned": after["bleu"],
        "nll_dense": before["loss"],
        "nll_pruned": after["loss"],
        "params_dense": parameters(method.dense),
        "params_pruned": parameters(small),
        "steps": step,
        "compute": round(step + method.compute, 2),
        "minutes": after["minutes"],
        "sentences": after["sentences"],
        "signature": after["signature"],
        "mask": masks.to_json(mask),
    }
    write_json(run.directory / "result.json", result)
