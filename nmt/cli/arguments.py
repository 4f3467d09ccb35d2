"""Arguments that several commands share: the fields of a config as flags, corpora, devices."""

import argparse
import shlex
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import torch

from nmt import NmtError
from nmt.cli.command import with_dashes
from nmt.config import of_record, type_of
from nmt.corpora.corpus import Corpus, prepare
from nmt.runs import Run, load
from nmt.show.plots import run_pictures

DATA_HELP = (
    "a corpus by name (phrasebook, hotels, news-commentary, wmt16); TSV files, each a corpus (FILE:N or FILE:P%%: at "
    "most so many of its pairs, or that share, for training); two files not named .tsv, English and Russian; or the "
    "folder of a corpus prepared before"
)


# The help shows flags in groups; of a config, each begins with one of these fields.
BEGINS = {"method": "what is pruned", "num_blocks": "the model", "batch_size": "how much, and how long"}
BEGINS |= {"lr": "how it learns", "check_val_every_n_epoch": "what is measured and kept"}


def config_flags(sub: argparse.ArgumentParser, config: type, texts: dict[str, str] | None = None) -> None:
    """One flag for each field of a config; `texts` replace the help of some."""
    for f in fields(config):
        if f.name in BEGINS:
            group = sub.add_argument_group(BEGINS[f.name])
        kind, default = type_of(f), f.default
        if kind is bool:
            default = "yes" if default else "no"
        shown = "" if default is None else f" (default: {default})"
        group.add_argument(
            with_dashes(f"--{f.metadata.get('flag', f.name)}"),
            dest=f.name,
            type=yes_no if kind is bool else kind,
            choices=f.metadata.get("choices"),
            metavar=None if "choices" in f.metadata else {int: "N", float: "X", bool: "yes|no", str: "NAME"}[kind],
            help=with_dashes((texts or {}).get(f.name, f.metadata["help"] + shown)),
        )


def fields_said(given: argparse.Namespace, config: type) -> dict:
    return {f.name: getattr(given, f.name) for f in fields(config) if hasattr(given, f.name)}


def refuse_two_sizes(said: dict) -> None:
    if {"batch_size", "batch_tokens"} <= said.keys():
        raise NmtError("--batch-size counts sentences, --batch-tokens tokens: give one of them")


def run_to_resume(given: argparse.Namespace, command: str) -> Run:
    """The run that `nmt train --resume`, or `nmt prune --resume`, goes on with."""
    if not hasattr(given, "run"):
        raise NmtError(f"--resume: which run? Name it: nmt {command} --run DIR --resume")
    for name in ("checkpoint", "encoder_with_hard_concrete_gate"):
        if getattr(given, name, None):
            raise NmtError(f"--{name} starts a new run, --resume goes on with one: give one of them")
    run = Run(given.run)
    its, work = ("prune", "pruning") if run.config.get("objective") else ("train", "training")
    if its != command:
        raise NmtError(f"--resume: {given.run} is a run of {work}; nmt {its} --run {shlex.quote(given.run)} --resume")
    return run


def config_of_run(config: type, stored: dict, given: argparse.Namespace) -> object:
    """The config that the config.json of --run holds; what is said now takes the place of what was said then."""
    try:
        return config(**of_record(stored) | fields_said(given, config))
    except TypeError as error:
        raise NmtError(f"{given.run}/config.json: damaged, or of another version of nmt ({error})") from None


def run_flags(sub: argparse.ArgumentParser, checkpoint: str, data: str, run: str) -> None:
    """What nmt train and nmt prune have in common; the helps of --checkpoint and --run are their own."""
    group = sub.add_argument_group("what goes in, and where it goes")
    group.add_argument("--checkpoint", default="", metavar="DIR|NAME", help=checkpoint)
    group.add_argument("--data", nargs="+", help=f"{DATA_HELP} (default: {data})")
    # torchrun takes --run, even behind our name, for an abbreviation of its own --run-path.
    group.add_argument("--run", "--run-dir", metavar="DIR", help=run)
    group.add_argument("--resume", action="store_true", default=False, help="go on with --run from its last checkpoint")
    preparing_flags(group)
    gpus_flag(group)
    text = "steps between refreshes, 0: no bar (default: 20)"
    group.add_argument("--progress-bar-refresh-rate", type=count, default=20, metavar="N", help=text)


def preparing_flags(sub: argparse._ActionsContainer) -> None:
    for split in "valid", "test":
        text = f"TSV file of your own that is {split}, beside files in --data (default: chosen from them by a hash)"
        told = {"dest": "held_out", "action": "append", "type": f"{split}={{}}".format}  # as `prepare` wants it
        sub.add_argument(f"--{split}-data", metavar="FILE", help=text, **told)
    sub.add_argument("--archives", metavar="DIR", help="folder with archives already downloaded (also: NMT_DATA)")
    sub.add_argument("--lowercase", type=yes_no, metavar="yes|no", help="lower-case the corpus")
    text = "training pairs with so many words and punctuation marks on each side only, say 10-100"
    sub.add_argument("--tokens", type=from_to, metavar="MIN-MAX", help=text)


def gpus_flag(sub: argparse._ActionsContainer) -> None:
    sub.add_argument("--gpus", type=int, choices=(0, 1), help="1: CUDA, 0: CPU (default: CUDA if there is one)")


def count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a whole number from 0 on, not {text!r}")
    return int(text)


def from_to(text: str) -> tuple[int, int]:
    least, mark, most = text.partition("-")
    if not (mark and least.isdecimal() and most.isdecimal()):
        raise argparse.ArgumentTypeError(f"two numbers, as in 10-100, not {text!r}")
    return int(least), int(most)


def yes_no(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise argparse.ArgumentTypeError(f"yes or no, not {text!r}")
    return text.lower() == "yes"


def device_of(given: argparse.Namespace) -> torch.device:
    gpus = getattr(given, "gpus", None)
    if gpus and not torch.cuda.is_available():
        raise NmtError("--gpus 1: PyTorch sees no CUDA device here; use --gpus 0")
    return torch.device("cuda" if gpus or (gpus is None and torch.cuda.is_available()) else "cpu")


def corpus_of(data: list[str], given: argparse.Namespace, before: dict | None = None) -> Corpus:
    """`before`: the options of the run that goes on; those given now take their place."""
    said = {name: getattr(given, name) for name in ("lowercase", "tokens") if hasattr(given, name)}
    data = [*data, *getattr(given, "held_out", ())]
    return prepare(data, archives=getattr(given, "archives", None), **(before or {}) | said)


def corpus_of_run(run: Run, given: argparse.Namespace) -> Corpus:
    """The corpus that a run was trained on, or --data, with the run's options where no others are given."""
    noted, options = run.config["corpus"]["data"], run.config["card"].get("options")
    try:
        return corpus_of(getattr(given, "data", noted), given, options)
    except NmtError as error:
        if hasattr(given, "data"):
            raise
        raise NmtError(f"{error}. So the run remembers its corpus; if that is elsewhere now: --data NEW") from None


def next_command(run: Run, checkpoint: str | Path) -> str:
    """What can be typed next: a sentence of the run's validation, quoted for a shell, and what it becomes."""
    source = min((line["source"] for line in run.lines("samples.jsonl")), key=len, default=None)
    if source is None or not run.steps():
        return ""
    words = "nmt", "translate", "--checkpoint", str(checkpoint), *["--"] * source.startswith("-"), source
    return f"Try it on a sentence of its validation:\n  {shlex.join(words)}\n  {load(checkpoint).translate(source)}"


def draw(run: Run, log: Callable[[str], None]) -> None:
    if drawn := run_pictures(run):
        log(f"Its curves, and where its heads look: {' and '.join(map(str, drawn))}")
