"""The command of pruning: nmt prune."""

import argparse
import json
import time
from pathlib import Path

from tabulate import tabulate

from nmt import NmtError
from nmt.cli import arguments
from nmt.cli.commands import LR, RECIPE, SCHEDULER
from nmt.config import TrainingConfig, flag, shape_of
from nmt.corpora.corpus import Corpus, to_stderr
from nmt.models import Trained, differences
from nmt.plumbing.files import read_json
from nmt.pruning.config import PruningConfig
from nmt.pruning.methods import method_class
from nmt.pruning.prune import prune, prune_through
from nmt.runs import Run, load
from nmt.show.plots import budget_curve, save


def prune_command(given: argparse.Namespace) -> None:
    device, directory, budgets = arguments.device_of(given), getattr(given, "run", None), getattr(given, "keep", None)
    begun = Path(directory or "") / "curve.json"
    noted = read_json(begun).get("budgets") if given.resume and begun.is_file() else None
    budgets = budgets if isinstance(budgets, list) else noted and [budgets] if budgets else noted
    if budgets:
        given.keep = max(noted or budgets)
    if noted:  # what its stages have in common the first one knows
        given.run = str(begun.with_name(f"keep-{given.keep}"))
    if given.resume:
        run = arguments.run_to_resume(given, "prune")
        settings = arguments.config_of_run(PruningConfig, run.config["objective"], given)
        config = arguments.config_of_run(TrainingConfig, run.config["training"], given)
        corpus, trained = arguments.corpus_of_run(run, given), None
    else:
        settings = pruning_config(given)
        if not given.checkpoint:
            raise NmtError("--checkpoint: which trained model shall be pruned? Name its run or model directory")
        trained = load(given.checkpoint)
        config, corpus = training_config(given, trained), _corpus(given, trained)
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{corpus.name}-{method_class(settings.method).name}"
        directory = directory or f"runs/{name}"
    what = config, corpus, trained, directory, given.resume
    how = {"device": device, "progress": given.progress_bar_refresh_rate}
    if budgets:
        rows = prune_through(settings, budgets, *what, **how)
        print(tabulate(map(with_times, rows), headers="keys", tablefmt="github", disable_numparse=True))
        save(budget_curve(rows, f"{directory}: {settings.method}"), Path(directory) / "curve.png")
        print(f"the models: {directory}/keep-K; drawn: {directory}/curve.png")
        print(json.dumps(rows), flush=True)
        return
    result = prune(settings, *what, **how)
    undecided = f", {result['undecided']} gates undecided when they were chosen" if result["undecided"] else ""
    print(f"{result['method']}: {result['kept']} of {result['of']} kept{undecided}; the new model: {directory}")
    change = "BLEU {bleu_dense:.2f} -> {bleu_pruned:.2f}, loss {nll_dense:.3f} -> {nll_pruned:.3f}, "
    print((change + "parameters {params_dense:,} -> {params_pruned:,}").format_map(result))
    print(json.dumps(result, ensure_ascii=False), flush=True)  # the last line of stdout is for programs
    to_stderr(arguments.next_command(Run(directory), directory))
    arguments.draw(Run(directory), to_stderr)


def with_times(row: dict) -> dict[str, str]:
    """A row of curve.json for a table."""
    times = {f"ms a sentence, {size}": f"{ms:.2f}" for size, ms in row["ms"].items()}
    shown = {"heads": row["kept"], "loss": f"{row['nll_pruned']:.3f}", "BLEU": f"{row['bleu_pruned']:.2f}"}
    return shown | {"parameters": f"{row['params_pruned']:,}", "steps": row["steps"]} | times


def pruning_config(given: argparse.Namespace) -> PruningConfig:
    """What was said about pruning, with the origin's flag, the default of --method and the recipe."""
    said = arguments.fields_said(given, PruningConfig)
    gated = getattr(given, "encoder_with_hard_concrete_gate", None)
    if gated and said.get("heads", "encoder") != "encoder":
        raise NmtError(f"--encoder-with-hard-concrete-gate=1 means --heads encoder, not {said['heads']}")
    if gated and "l0_penalty_scale" not in said:
        to_stderr("lambda is the price of each head; divided by the heads of a layer: --l0-penalty-scale origin")
    if "method" not in said:
        said["method"] = "l0" if "l0_penalty_lambda" in said or (gated and "keep" not in said) else "ours"
    if gated and not method_class(said["method"]).learns:
        raise NmtError(f"--encoder-with-hard-concrete-gate=1: --method {said['method']} has no gates; leave one out")
    if said["method"] == "ours" and "keep" not in said:
        raise NmtError("how much shall stay? Say --keep K, heads, or --hcg-l0-penalty-lambda X, their price")
    by_default = RECIPE if "keep" in said and getattr(given, "scheduler", SCHEDULER) == SCHEDULER else {}
    return PruningConfig(**by_default | said)


def training_config(given: argparse.Namespace, trained: Trained) -> TrainingConfig:
    """What was said about training; the shape is that of the trained model, and a constant rate the default."""
    said, shape = arguments.fields_said(given, TrainingConfig), shape_of(trained.model.config)
    there = {flag(name): shape[name] for name in shape if name in said}
    if problem := differences(there, {flag(name): said[name] for name in shape if name in said}, "there"):
        raise NmtError(f"--checkpoint {given.checkpoint} is another model: {problem}")
    arguments.refuse_two_sizes(said)
    # The origin's pruning line has the knobs of noam beside --scheduler=no: they are let pass.
    said = {"scheduler": SCHEDULER, "dropout": trained.model.config.dropout} | shape | said
    if said["scheduler"] != "noam":
        said.setdefault("lr", LR * min(1, 128 / trained.model.config.d_model))
    return TrainingConfig(**said)


def _corpus(given: argparse.Namespace, trained: Trained) -> Corpus:
    """The corpus of the run in --checkpoint; beside a bare model, that of --data."""
    if not (Path(given.checkpoint) / "config.json").is_file():
        if not hasattr(given, "data"):
            raise NmtError(f"--data: which corpus? {given.checkpoint} has no run: say --data phrasebook, or name files")
        return arguments.corpus_of(given.data, given)
    run = Run(given.checkpoint)
    corpus, noted = arguments.corpus_of_run(run, given), run.config["corpus"]
    if corpus.fingerprint != noted["fingerprint"]:
        changed = f"was trained on another corpus, or it has changed since: {', '.join(noted['data'])}"
        mend = f"to prune on this one name the model alone: {trained.directory}"
        raise NmtError(f"--checkpoint {given.checkpoint} {changed}; {mend}")
    return corpus
