"""The commands of training: nmt data, train, average, plot."""

import argparse
import time

import torch

from nmt import NmtError
from nmt.cli import arguments
from nmt.cli.command import with_dashes
from nmt.config import TrainingConfig, shape_of, suited
from nmt.corpora.card import format_card
from nmt.decoding import translate
from nmt.plumbing import distributed
from nmt.plumbing.averaging import average_last
from nmt.runs import Run, load
from nmt.scoring import corpus_scores
from nmt.training import train


def plot_command(given: argparse.Namespace) -> None:
    from nmt.show.plots import run_pictures

    drawn = run_pictures(Run(given.run))
    if not drawn:
        raise NmtError(f"{given.run}: nothing to draw yet; it has not been validated")
    print(*drawn, sep="\n")


def data_command(given: argparse.Namespace) -> None:
    corpus = arguments.corpus_of(given.data, given)
    print(format_card(corpus.card))
    print(f"in {corpus.directory}")


def train_command(given: argparse.Namespace) -> None:
    with distributed.joined(arguments.device_of(given)) as device:
        run = resumed(given, device) if given.resume else started(given, device)
        if distributed.rank() == 0:
            print(f"done: {run.directory}. {arguments.next_command(run, run.directory)}")
            if (step := run.best_step()) is not None:
                if (pairs := run.config["card"]["pairs"]["train"]) < 5_000:
                    english = min((en for en, _ in arguments.corpus_of_run(run, given).pairs("train", 200)), key=len)
                    print(f"And one that it was trained on:\n  {english}\n  {load(run.directory).translate(english)}")
                    print(f"{pairs:,} pairs are so few: it learns them by heart; new sentences need many thousands.")
                print(f"nmt translate and nmt score use the checkpoint of step {step:,}, the best at validation.")
            arguments.draw(run, print)


def started(given: argparse.Namespace, device: torch.device) -> Run:
    said = arguments.fields_said(given, TrainingConfig)
    refuse_contradictions(said)
    origin = load(given.checkpoint) if given.checkpoint else None
    said = (shape_of(origin.model.config) if origin else {}) | said
    TrainingConfig(**said)  # refuses bad values now rather than after the corpus is read
    data = getattr(given, "data", ["news-commentary"])
    try:
        corpus = distributed.first_before_others(lambda: arguments.corpus_of(data, given))
    except NmtError as error:
        other = "; it is the default: --data phrasebook comes with nmt and needs no network"
        raise NmtError(f"{error}{'' if hasattr(given, 'data') else other}") from None
    pairs, words = corpus.card.pairs["train"], max(corpus.card.tokens["train"].values())
    config, told = suited(said, pairs, words / pairs, origin is not None)
    for line in told if distributed.rank() == 0 else ():
        print(with_dashes(line))
    directory = getattr(given, "run", f"runs/{time.strftime('%Y%m%d-%H%M%S')}-{corpus.name}")
    return train(config, corpus, directory, device=device, checkpoint=origin, progress=given.progress_bar_refresh_rate)


def resumed(given: argparse.Namespace, device: torch.device) -> Run:
    run = arguments.run_to_resume(given, "train")
    config = arguments.config_of_run(TrainingConfig, run.config["training"], given)
    corpus = distributed.first_before_others(lambda: arguments.corpus_of_run(run, given))
    return train(config, corpus, given.run, True, device, progress=given.progress_bar_refresh_rate)


def refuse_contradictions(said: dict) -> None:
    arguments.refuse_two_sizes(said)
    # --scheduler-patience is let pass: the origin's training lines give it together with noam.
    knobs = [f"--{name}" for name in said if name.startswith("noam_")]
    if knobs and said.get("scheduler", "noam") != "noam":
        raise NmtError(f"--scheduler {said['scheduler']} does not use {', '.join(knobs)}: leave out one or the other")


def average_command(given: argparse.Namespace) -> None:
    run = Run(given.run)
    print(f"{average_last(run, given.last, given.out)}: a model directory, for --checkpoint")
    mean, said = load(given.out), run.config["training"]
    limit = said["limit_val_batches"] and said["limit_val_batches"] * said["val_batch_size"]
    try:
        english, russian = zip(*arguments.corpus_of_run(run, given).pairs(said["val_split"], limit), strict=True)
        bleu = corpus_scores(translate(mean.model, mean.bpe, english, beam=1), russian)["bleu"]
        best = max((line["bleu"] for line in run.lines(split="valid")), default=None)
        beside = "" if best is None else f"; the run's best checkpoint: {best:.2f}"
        print(f"BLEU of {len(english):,} {said['val_split']} pairs {bleu:.2f}{beside}")
    except NmtError as error:  # its corpus is not here
        print(f"not scored: {error}")
    print(arguments.next_command(run, given.out))
