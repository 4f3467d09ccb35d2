"""What several commands make of their arguments: configs, runs, corpora, devices."""

import argparse
import shlex
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import torch

from nmt import NmtError
from nmt.corpora.corpus import Corpus, prepare
from nmt.runs import Run, load, resuming


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
    its = "prune" if run.config.get("objective") else "train"
    if its != command:
        raise NmtError(f"--resume: {given.run} is a run of nmt {its}; {resuming(given.run)}")
    return run


def config_of_run(config: type, stored: dict, given: argparse.Namespace) -> object:
    """The config that the config.json of --run holds; what is said now takes the place of what was said then."""
    try:
        return config(**stored | fields_said(given, config))
    except TypeError as error:
        raise NmtError(f"{given.run}/config.json: damaged, or of another version of nmt ({error})") from None


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
    from nmt.show.plots import run_pictures  # matplotlib, which nmt translate does without

    if drawn := run_pictures(run):
        log(f"Its curves, and where its heads look: {' and '.join(map(str, drawn))}")
