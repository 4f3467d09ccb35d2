"""`nmt prune`: one run that chooses the heads, removes the rest, fine-tunes, and says what it cost; or a chain."""

import copy
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import torch

from nmt import NmtError
from nmt.config import TrainingConfig
from nmt.corpora.corpus import Corpus
from nmt.models import Trained, save_model_directory
from nmt.plumbing.files import read_json, whole_directory, write_json
from nmt.pruning import masks
from nmt.pruning.config import PruningConfig
from nmt.pruning.costs import parameters, speed
from nmt.pruning.method import Method
from nmt.pruning.methods import L0, method_class
from nmt.runs import Run, load, refuse_taken
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
    method = kind(replace(settings, method=kind.name), dense.model, config.seed, config.accumulate_grad_batches)
    if config.scheduler != "no" and (settings.warmup or settings.decay):
        raise NmtError(f"--scheduler {config.scheduler} sets the rate itself: leave it out, or --warmup and --decay")
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


def prune_through(
    settings: PruningConfig,
    budgets: Sequence[int],
    config: TrainingConfig,
    corpus: Corpus,
    checkpoint: Trained | str | Path | None,
    directory: str | Path,
    resume: bool = False,
    log: Callable[[str], None] = print,
    **how: object,
) -> list[dict]:
    """Prune to the largest of several budgets, what is left to the next, and so on; `log` and `how` as in `prune`.

    DIRECTORY/keep-K is the run of each budget, for which config's epochs and minutes are meant. Returns the rows of
    curve.json: one of the dense model, and what `prune` returned of each budget; each with "ms", by batch size the time
    of a sentence's greedy decoding, as in `nmt.pruning.costs`.
    """
    directory, budgets = Path(directory), sorted({*budgets}, reverse=True)
    if not method_class(settings.method).again:
        raise NmtError(f"--method {settings.method} prunes whole layers only, not what it left before: give one --keep")
    if not resume:
        refuse_taken(directory)
        directory.mkdir(parents=True, exist_ok=True)
        write_json(directory / "curve.json", {"budgets": budgets})
    elif read_json(directory / "curve.json")["budgets"] != budgets:
        raise NmtError(f"--keep: {directory} goes through other numbers of heads; see its curve.json")
    places, results = [directory / f"keep-{keep}" for keep in budgets], []
    try:
        for number, (keep, place) in enumerate(zip(budgets, places, strict=True)):
            begun, said = (place / "config.json").is_file(), replace(settings, keep=keep)
            of_its_own = replace(config, seed=config.seed + 100 * number)  # another order of the batches
            origin = None if begun else places[number - 1] if number else checkpoint
            left = f"; about {results[-1]['minutes'] * (len(budgets) - number):.0f} minutes to go" if results else ""
            known = (place / "result.json").is_file()
            what = f"{keep} heads, in {place}{', which has its result' * known}"
            log(f"budget {number + 1} of {len(budgets)}: {what}{left}")
            told = (lambda text: None) if known else log
            results.append(prune(said, of_its_own, corpus, origin, place, begun, log=told, **how))
    finally:
        if not resume and not (places[0] / "config.json").is_file():
            shutil.rmtree(directory)
    models = [load(Run(places[0]).config["checkpoint"]), *map(load, places)]
    sources = models[0].bpe[0].encode([*islice(corpus.lines("valid", "en"), 50)])
    ms = speed({str(number): one.model for number, one in enumerate(models)}, sources, rounds=3)
    dense = {f"{name}_pruned": results[0][f"{name}_dense"] for name in ("bleu", "nll", "params")}
    rows = [{"kept": results[0]["of"], "steps": 0, **dense}, *results]
    for row, of in zip(rows, ms.values(), strict=True):
        row["ms"] = {size: x["median"] for size, x in of.items()}
    write_json(directory / "curve.json", {"budgets": budgets, "rows": rows})
    return rows


def _remove_and_report(run: Run, step: int, method: Method) -> None:
    """Write what is left as DIRECTORY/pruned, with averaged weights, and result.json."""
    method.finish()  # needed where the clock ran out right at a checkpoint
    trained, mask = load(run.checkpoint(step)), method.chosen
    with method.averages():
        small = copy.deepcopy(method.model).cpu()
    (run.directory / "result.json").unlink(missing_ok=True)
    shutil.rmtree(run.directory / "pruned", ignore_errors=True)
    with whole_directory(run.directory / "pruned") as new:
        save_model_directory(new, small, trained.bpe, trained.lowercase)
    before, *_, after = run.lines(split="valid")
    result = {
        "method": method.name,
        "kept": masks.count(mask),
        "of": masks.flatten(mask).numel(),
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
