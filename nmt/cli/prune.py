"""The commands of pruning: nmt prune, nmt compare."""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from nmt import NmtError
from nmt.cli.arguments import (
    DATA_HELP,
    bar_flag,
    config_flags,
    config_of,
    corpus_of,
    count,
    device_of,
    fields_said,
    gpus_flag,
    preparing_flags,
    refuse_two_sizes,
)
from nmt.config import TrainingConfig, flag
from nmt.corpora.corpus import Corpus, to_stderr
from nmt.lab.compare import compare
from nmt.models import differences
from nmt.pruning.method import PruningConfig
from nmt.pruning.prune import METHODS, OURS, SHAPE, method_class, prune, shape_of
from nmt.runs import Run, load

# What suits a model that is trained already: a small rate, and no warm-up.
SCHEDULER, LR = "no", 5e-4
KNOWN = "known from --checkpoint; refused where it contradicts"
HELP = {
    "method": f"how the heads are chosen: {', '.join(METHODS)}; 'ours' is {OURS} (default: ours; without --keep: l0)",
    "scheduler": f"how the learning rate goes (default: {SCHEDULER})",
    "lr": f"learning rate of the weights (default: {LR}; 1 with noam, whose factor it is then)",
    "dropout": "dropout on embeddings and on each sub-layer's output (default: that of --checkpoint)",
    "max_epochs": "epochs in all, of search and fine-tuning (default: 10)",
}


def add(command: Callable[[str, Callable, str], argparse.ArgumentParser]) -> None:
    sub = command("prune", prune_command, "choose heads, fine-tune, and take the other heads out of the model")
    sub.add_argument("--checkpoint", default="", metavar="DIR|NAME", help="the trained model: a run, or a model")
    sub.add_argument(
        "--data", nargs="+", default=argparse.SUPPRESS, help=DATA_HELP + " (default: that of the run in --checkpoint)"
    )
    preparing_flags(sub)
    sub.add_argument("--run", help="new run directory (default: runs/DATE-NAME-METHOD)", default=argparse.SUPPRESS)
    sub.add_argument("--resume", action="store_true", help="go on with the run in --run from its last checkpoint")
    gpus_flag(sub)
    bar_flag(sub)
    config_flags(sub, PruningConfig, HELP)
    sub.add_argument(
        "--no_freeze", dest="freeze", action="store_false", default=argparse.SUPPRESS, help="the same as --freeze no"
    )
    sub.add_argument(
        "--encoder_with_hard_concrete_gate",
        type=int,
        choices=(0, 1),
        default=argparse.SUPPRESS,
        help="1, the origin's flag: --heads encoder, behind gates that are learned",
    )
    sub.add_argument("--strict", default="", help="the origin's flag, without effect: loading is always strict")
    config_flags(sub, TrainingConfig, HELP | dict.fromkeys(SHAPE, KNOWN))

    sub = command("compare", compare_command, "methods of pruning at equal compute: models x methods x budgets x seeds")
    sub.add_argument("config", metavar="CONFIG", help="a JSON file: data, dense, training, budgets, methods, seeds")
    sub.add_argument("--out", required=True, metavar="DIR", help="where results go; what is done there is not redone")
    sub.add_argument(
        "--seeds", type=count, nargs="+", default=None, metavar="N", help="only these of the config's seeds"
    )
    gpus_flag(sub)


def prune_command(given: argparse.Namespace) -> None:
    device, progress = device_of(given), given.progress_bar_refresh_rate
    if given.resume:
        settings, config, corpus, directory = _resumed(given)
        result = prune(settings, config, corpus, None, directory, True, device, progress)
    else:
        settings = pruning_config(given)
        if not given.checkpoint:
            raise NmtError("--checkpoint: which trained model shall be pruned? Name its run or model directory")
        config = training_config(given)
        corpus = _corpus(given)
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{corpus.name}-{method_class(settings.method).name}"
        directory = getattr(given, "run", f"runs/{name}")
        result = prune(settings, config, corpus, given.checkpoint, directory, False, device, progress)
    undecided = f", {result['undecided']} gates undecided when they were chosen" if result["undecided"] else ""
    print(
        f"{result['method']}: {result['kept']} of {result['of']} kept{undecided}; BLEU {result['bleu_dense']:.2f} -> "
        f"{result['bleu_pruned']:.2f}, loss {result['nll_dense']:.3f} -> {result['nll_pruned']:.3f}, "
        f"{result['params_dense'] / 1e6:.2f} -> {result['params_pruned'] / 1e6:.2f} million parameters. "
        f"The new model: --checkpoint {directory}"
    )
    print(json.dumps(result, ensure_ascii=False))


def pruning_config(given: argparse.Namespace) -> PruningConfig:
    """What was said about pruning, the origin's flag and the default of --method worked in."""
    said = fields_said(given, PruningConfig)
    gated = getattr(given, "encoder_with_hard_concrete_gate", None)
    if gated == 0:
        raise NmtError(
            "--encoder_with_hard_concrete_gate=0: pruning without gates? Leave it out; say --heads, --method"
        )
    if gated and said.get("heads", "encoder") != "encoder":
        raise NmtError(f"--encoder_with_hard_concrete_gate=1 means --heads encoder, not {said['heads']}")
    if gated and "l0_penalty_scale" not in said:
        to_stderr(
            "--encoder_with_hard_concrete_gate: lambda is here the price of each head; the origin divided it by the "
            "heads of a layer, which is --l0_penalty_scale origin"
        )
    if "method" not in said:
        said["method"] = "l0" if "l0_penalty_lambda" in said or (gated and "keep" not in said) else "ours"
    if gated and not method_class(said["method"]).learns:
        raise NmtError(f"--encoder_with_hard_concrete_gate=1: --method {said['method']} has no gates; leave one out")
    if said["method"] == "ours" and "keep" not in said:
        raise NmtError(
            "how much shall stay? Say --keep K, a number of heads, or --hcg_l0_penalty_lambda X, their price"
        )
    return PruningConfig(**said)


def training_config(given: argparse.Namespace) -> TrainingConfig:
    """What was said about training; the shape is the checkpoint's, and a small constant rate the default."""
    said, shape = fields_said(given, TrainingConfig), shape_of(given.checkpoint)
    if problem := differences(
        {flag(name): shape[name] for name in shape if name in said},
        {flag(name): said[name] for name in shape if name in said},
        "there",
    ):
        raise NmtError(f"--checkpoint {given.checkpoint} is another model: {problem}")
    refuse_two_sizes(said)
    # noam's knobs are let pass beside --scheduler=no: the origin's pruning line has them.
    said = {"scheduler": SCHEDULER, "dropout": load(given.checkpoint).model.config.dropout} | shape | said
    return TrainingConfig(**({} if said["scheduler"] == "noam" else {"lr": LR}) | said)


def _corpus(given: argparse.Namespace) -> Corpus:
    """That of the run in --checkpoint, or --data beside a bare model."""
    if not (Path(given.checkpoint) / "config.json").is_file():
        if not hasattr(given, "data"):
            raise NmtError(
                f"--data: which corpus? --checkpoint {given.checkpoint} is a model without a run of its own: say, "
                "--data phrasebook for those that ship and were trained on it"
            )
        return corpus_of(given.data, given)
    run = Run(given.checkpoint)
    there = run.config["corpus"]
    corpus = corpus_of(getattr(given, "data", there["data"]), given, run.config["card"].get("options"))
    if corpus.fingerprint != there["fingerprint"]:
        raise NmtError(
            f"--checkpoint {given.checkpoint} was trained on another corpus, or it has changed since: "
            f"{', '.join(there['data'])}. To prune on this one name the model alone: {load(given.checkpoint).directory}"
        )
    return corpus


def _resumed(given: argparse.Namespace) -> tuple[PruningConfig, TrainingConfig, Corpus, str]:
    if not hasattr(given, "run"):
        raise NmtError("--resume: which run? Name it: nmt prune --run DIR --resume")
    new = [f"--{name}" for name in ("checkpoint", "encoder_with_hard_concrete_gate") if getattr(given, name, None)]
    if new:
        raise NmtError(
            f"{' and '.join(new)} belong{'s' * (len(new) == 1)} to a new run, and --resume knows it: "
            f"nmt prune --run {given.run} --resume"
        )
    old = Run(given.run).config
    if not old.get("objective"):
        raise NmtError(f"--resume: {given.run} is a run of training; nmt train --run {given.run} --resume")
    settings = replace(config_of(PruningConfig, old["objective"], given.run), **fields_said(given, PruningConfig))
    config = replace(config_of(TrainingConfig, old["training"], given.run), **fields_said(given, TrainingConfig))
    corpus = corpus_of(getattr(given, "data", old["corpus"]["data"]), given, old["card"].get("options"))
    return settings, config, corpus, given.run


def compare_command(given: argparse.Namespace) -> None:
    compare(given.config, given.out, given.seeds, device_of(given))
