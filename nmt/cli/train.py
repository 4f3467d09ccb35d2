"""The commands of training: nmt demo, data, train, average, plot."""

import argparse
import time
from collections.abc import Callable

import torch

from nmt import NmtError
from nmt.cli import arguments
from nmt.cli.command import with_dashes
from nmt.cli.demo import demo
from nmt.config import TrainingConfig, shape_of, suited
from nmt.corpora.card import format_card
from nmt.decoding import translate
from nmt.plumbing import distributed
from nmt.plumbing.averaging import average_last
from nmt.runs import Run, load
from nmt.scoring import corpus_scores
from nmt.show.plots import run_pictures
from nmt.training import train


def add(command: Callable) -> None:
    text = "train a small model on the embedded phrasebook in a few minutes and watch it learn"
    sub = command("demo", demo_command, text, "", "--minutes 1 --run runs/first")
    sub.add_argument("--run", metavar="DIR", help="run directory (default: a new one in runs/)")
    sub.add_argument("--minutes", type=float, default=4.0, metavar="X", help="of training at most (default: 4)")

    text = "prepare a corpus and print its card"
    sub = command("data", data_command, text, "phrasebook", "mine.tsv --lowercase yes")
    sub.add_argument("data", nargs="+", help=arguments.DATA_HELP)
    arguments.preparing_flags(sub)

    common = "checkpoint data run resume gpus num_blocks d_model num_heads batch_size max_epochs max_minutes lr"
    sub = command("train", train_command, "train a model, or go on with a run; the log names defaults for few pairs",
                  "--data phrasebook --run runs/mine --max-minutes 10", "--run runs/mine --resume --max-minutes 20",
                  common=common)  # fmt: skip
    run = "run directory (default: runs/DATE-NAME); after torchrun say --run-dir"
    arguments.run_flags(sub, "start from the weights and vocabularies of this model", "news-commentary", run)
    arguments.config_flags(sub, TrainingConfig)

    sub = command("average", average_command, "one model whose weights are the mean of a run's last checkpoints",
                  "--run runs/mine --last 5 --out runs/mean", "--run runs/mine --last 9 --out mean")  # fmt: skip
    sub.add_argument("--run", required=True, metavar="DIR", help="a run with --keep-checkpoints N or more")
    sub.add_argument("--last", required=True, type=arguments.count, metavar="N", help="how many of its checkpoints")
    sub.add_argument("--out", required=True, metavar="DIR", help="the new model directory")

    text = "draw a run's curves, and where its heads look, into RUN/plots; training does it at its end"
    sub = command("plot", plot_command, text, "runs/mine", "runs/pruned")
    sub.add_argument("run", metavar="RUN", help="its folder")


def plot_command(given: argparse.Namespace) -> None:
    drawn = run_pictures(Run(given.run))
    if not drawn:
        raise NmtError(f"{given.run}: nothing to draw yet; it has not been validated")
    print(*drawn, sep="\n")


def demo_command(given: argparse.Namespace) -> None:
    if not given.minutes > 0:
        raise NmtError(f"--minutes must be above 0, not {given.minutes}")
    demo(getattr(given, "run", None) or f"runs/{time.strftime('%Y%m%d-%H%M%S')}-demo", given.minutes)


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
        best = max(line["bleu"] for line in run.lines(split="valid"))
        print(f"BLEU of {len(english):,} {said['val_split']} pairs {bleu:.2f}; the run's best checkpoint: {best:.2f}")
    except NmtError as error:  # its corpus is not here
        print(f"not scored: {error}")
    print(arguments.next_command(run, given.out))
