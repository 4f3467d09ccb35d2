"""`nmt prune`: one run that chooses the heads, fine-tunes, removes the rest for good and says what it cost."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from nmt import NmtError
from nmt.config import TrainingConfig
from nmt.corpora.corpus import Corpus
from nmt.models import Trained, save_model_directory
from nmt.plumbing.files import read_json, whole_directory, write_json
from nmt.pruning import masks
from nmt.pruning.config import PruningConfig
from nmt.pruning.costs import parameters
from nmt.pruning.method import Method
from nmt.pruning.methods import L0, method_class
from nmt.pruning.removal import remove_heads
from nmt.runs import Run, load
from nmt.training import train


def prune(
    settings: PruningConfig,
    config: TrainingConfig,
    corpus: Corpus,
    checkpoint: Trained | str | Path | None,
    directory: str | Path,
    resume: bool = False,
    device: torch.device | str | None = None,
    progress: int = 20,
    log: Callable[[str], None] = print,
) -> dict:
    """Prune the model of `checkpoint` in a run of its own and return result.json; DIRECTORY/pruned is the new model.

    config says how long and how fast: `max_epochs` covers search and fine-tuning. BLEU and loss (nats per target token)
    are those of the validation pairs; compute, that of the choice included, is in steps.
    """
    if resume:
        begun = Run(directory).config
        checkpoint, planned = begun["checkpoint"], begun["training"]["max_epochs"]
        if config.max_epochs != planned:
            given = f"--max_epochs {config.max_epochs}: {directory} shares {planned} epochs out"
            raise NmtError(f"{given}; for another number prune anew, or train on from what comes out")
    dense, kind = load(checkpoint), method_class(settings.method)
    method = kind(replace(settings, method=kind.name), dense.model, config.seed)
    if isinstance(method, L0):
        log(f"the penalty is {method.price:.5f} nats per target token for each head that is open")
    start = None if resume else dense
    run = train(config, corpus, directory, resume, device, start, progress=progress, log=log, objective=method)
    step = run.last_step()
    if step is None:
        raise NmtError(f"{run.directory}: not one step was done; raise --max_minutes")
    result = run.directory / "result.json"
    if not result.is_file() or read_json(result)["steps"] != step:  # with more --max_minutes it went on
        _remove_and_report(run, step, method)
    return read_json(result)


def _remove_and_report(run: Run, step: int, method: Method) -> None:
    """From the checkpoint of this step: remove the heads, write DIRECTORY/pruned and result.json."""
    method.finish()  # needed where the clock ran out right at a checkpoint
    trained, mask = load(run.checkpoint(step)), method.chosen
    small = remove_heads(trained.model, mask)
    (run.directory / "result.json").unlink(missing_ok=True)
    shutil.rmtree(run.directory / "pruned", ignore_errors=True)
    with whole_directory(run.directory / "pruned") as new:
        save_model_directory(new, small, trained.bpe, trained.lowercase)
    before, *_, after = run.lines(split="valid")
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
        "compute": round(step + method.spent, 2),
        **{name: after[name] for name in ("minutes", "sentences", "signature")},
        "mask": masks.to_json(mask),
    }
    write_json(run.directory / "result.json", result)
