"""The command line: nmt demo, data, train, prune, … Thin: each command calls one function of the package."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice

import torch

from nmt import NmtError, __version__
from nmt.cli import prune as cli_prune
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
)
from nmt.cli.demo import demo
from nmt.config import TrainingConfig
from nmt.corpora.corpus import format_card, note
from nmt.corpora.sources import whole_files
from nmt.course import PRESETS
from nmt.decoding import translate
from nmt.lab.bench import bench
from nmt.lab.lineage import chain
from nmt.lab.render import render
from nmt.plumbing import distributed
from nmt.plumbing.averaging import average_last
from nmt.pruning.prune import shape_of
from nmt.runs import Run, load
from nmt.scoring import corpus_scores
from nmt.training import train

SPLIT_HELP = (
    "train, valid, test or another split; all: every pair of files of your own, held out by you (default: test)"
)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 2 for bad input, 130 for Ctrl-C."""
    parser = _parser()
    given = parser.parse_args(_underscores(sys.argv[1:] if arguments is None else arguments))
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # a notebook's streams are UTF-8 and cannot be told so
            stream.reconfigure(encoding="utf-8")  # Russian, whatever the locale
    try:
        given.command(given)
    except NmtError as error:
        print(f"nmt: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        goes_on = (
            "; the run goes on from its last checkpoint with --resume"
            if given.command in (_train, _demo, cli_prune.prune_command)
            else ""
        )
        print(f"nmt: interrupted{goes_on}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output, `head` say, has gone; nor can Python flush at its exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:  # a full disk, a folder that may not be written
        print(f"nmt: error: {error}", file=sys.stderr)
        return 2
    return 0


def _underscores(arguments: list[str]) -> list[str]:
    """--batch-size and --batch_size are the same flag."""
    split = (argument.partition("=") if argument.startswith("--") else (argument, "", "") for argument in arguments)
    return [
        name.replace("-", "_").replace("__", "--", 1) + mark + value if name.startswith("--") else name
        for name, mark, value in split
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nmt", description="An English-Russian Transformer from scratch.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"nmt {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: Callable, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        sub.set_defaults(command=function)
        return sub

    sub = command("demo", _demo, "train a small model on the embedded phrasebook in a few minutes and watch it learn")
    sub.add_argument("--run", help="run directory (default: a new one in runs/)", default=argparse.SUPPRESS)
    sub.add_argument("--minutes", type=float, default=4.0, metavar="X", help="of training at most (default: 4)")

    sub = command("data", _data, "prepare a corpus and print its card")
    sub.add_argument("data", nargs="+", help=DATA_HELP)
    preparing_flags(sub)

    sub = command("train", _train, "train a model, or go on with a run")
    sub.add_argument("--data", nargs="+", help=DATA_HELP + " (default: news-commentary)", default=argparse.SUPPRESS)
    preparing_flags(sub)
    # torchrun takes --run, even behind our name, for an abbreviation of its own --run-path.
    run_help = "run directory (default: runs/DATE-NAME); after torchrun say --run_dir"
    sub.add_argument("--run", "--run_dir", metavar="DIR", help=run_help, default=argparse.SUPPRESS)
    sub.add_argument("--resume", action="store_true", help="go on with the run in --run from its last checkpoint")
    sub.add_argument(
        "--checkpoint", default="", metavar="DIR|NAME", help="start from the weights and vocabularies of this model"
    )
    gpus_flag(sub)
    bar_flag(sub)
    config_flags(sub, TrainingConfig)

    sub = command("average", _average, "one model whose weights are the mean of a run's last checkpoints")
    sub.add_argument("--run", required=True, metavar="DIR", help="a run with --keep_checkpoints N or more")
    sub.add_argument("--last", required=True, type=count, metavar="N", help="how many of its checkpoints")
    sub.add_argument("--out", required=True, metavar="DIR", help="the new model directory")

    cli_prune.add(command)

    sub = command("translate", _translate, "translate lines from stdin to stdout")
    _decoding(sub)

    sub = command("score", _score, "translate a split of a corpus and print BLEU and chrF, last as one JSON line")
    _decoding(sub)
    sub.add_argument("--data", nargs="+", required=True, help=DATA_HELP)
    preparing_flags(sub)
    sub.add_argument("--split", default="test", help=SPLIT_HELP)
    sub.add_argument("--tokenize", default="13a", choices=("13a", "char", "none"), help="sacreBLEU's (default: 13a)")
    sub.add_argument("--limit", type=count, default=argparse.SUPPRESS, metavar="N", help="only the first N pairs")

    sub = command(
        "bench", _bench, "measure training and decoding beside torch.nn.Transformer and Hugging Face's Marian"
    )
    sub.add_argument("--out", required=True, metavar="DIR", help="where bench.json and bench.png go")
    sub.add_argument("--smoke", action="store_true", help="tiny models, seconds: to see that it works, not how fast")
    gpus_flag(sub)

    sub = command("render", _render, "execute the notebooks and write them with their outputs")
    sub.add_argument("names", nargs="*", metavar="NAME", help="how a notebook's name begins, 01 say (default: all)")
    preset_help = "default: NMT_PRESET, else laptop; smoke executes and checks, and writes nothing"
    sub.add_argument("--preset", default="", choices=PRESETS, help=preset_help)
    return parser


def _decoding(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--checkpoint", required=True, help="run directory, model directory, or name of a shipped model")
    sub.add_argument("--beam", type=int, default=4, metavar="N", help="width of the beam, 1: greedy (default: 4)")
    sub.add_argument(
        "--length_penalty", type=float, default=0.6, metavar="X", help="alpha of Wu et al. 2016, eq. 14 (default: 0.6)"
    )
    sub.add_argument(
        "--batch_size",
        type=int,
        default=32,
        metavar="N",
        help="decoded together (default: 32; 1: a line is answered before the next is read)",
    )
    gpus_flag(sub)


def _demo(given: argparse.Namespace) -> None:
    if not given.minutes > 0:
        raise NmtError(f"--minutes must be above 0, not {given.minutes}")
    demo(getattr(given, "run", None) or f"runs/{time.strftime('%Y%m%d-%H%M%S')}-demo", given.minutes)


def _data(given: argparse.Namespace) -> None:
    corpus = corpus_of(given.data, given)
    print(format_card(corpus.card))
    print(f"in {corpus.directory}")


def _train(given: argparse.Namespace) -> None:
    with distributed.joined(device_of(given)) as device:
        _train_on(given, device)


def _train_on(given: argparse.Namespace, device: torch.device) -> None:
    said, options = fields_said(given, TrainingConfig), None
    if given.resume:
        if not hasattr(given, "run"):
            raise NmtError("--resume: which run? Name it: nmt train --run DIR --resume")
        if given.checkpoint:
            raise NmtError("--checkpoint starts a new run, --resume goes on with one: give one of them")
        old = Run(given.run).config
        if old.get("objective"):
            raise NmtError(f"--resume: {given.run} is a run of pruning; nmt prune --run {given.run} --resume")
        config = replace(config_of(TrainingConfig, old["training"], given.run), **said)
        data, options = getattr(given, "data", old["corpus"]["data"]), old["card"].get("options")
    else:
        _refuse_contradictions(said)
        config = TrainingConfig(**((shape_of(given.checkpoint) if given.checkpoint else {}) | said))
        data = getattr(given, "data", ["news-commentary"])
    corpus = distributed.first_before_others(lambda: corpus_of(data, given, options))
    run = train(
        config,
        corpus,
        getattr(given, "run", f"runs/{time.strftime('%Y%m%d-%H%M%S')}-{corpus.name}"),
        given.resume,
        device,
        given.checkpoint or None,
        progress=given.progress_bar_refresh_rate,
    )
    if distributed.rank() == 0:
        print(f"done: {run.directory}. Try it: echo 'Hello.' | nmt translate --checkpoint {run.directory}")


def _average(given: argparse.Namespace) -> None:
    print(f"{average_last(Run(given.run), given.last, given.out)}: a model directory, for --checkpoint")


def _refuse_contradictions(said: dict) -> None:
    if {"batch_size", "batch_tokens"} <= said.keys():
        raise NmtError("--batch_size counts sentences, --batch_tokens tokens: give one of them")
    # --scheduler_patience is let pass: the origin's training lines give it together with noam.
    knobs = [f"--{name}" for name in said if name.startswith("noam_")]
    if knobs and said.get("scheduler", "noam") != "noam":
        raise NmtError(f"--scheduler {said['scheduler']} does not use {', '.join(knobs)}: leave out one or the other")


def _translate(given: argparse.Namespace) -> None:
    search, trained = _search(given), load(given.checkpoint, device_of(given))
    # A program that talks to us line by line asks for batches of 1: reading ahead, we would wait for each other.
    answering = sys.stdin.isatty() or given.batch_size == 1
    for lines in _chunks(_stdin(), 1 if answering else 8 * given.batch_size):
        for text in translate(trained.model, trained.bpe, lines, **search):
            print(text, flush=answering)


def _search(given: argparse.Namespace) -> dict:
    if given.beam < 1 or given.batch_size < 1:
        raise NmtError(f"--beam and --batch_size must be at least 1, not {given.beam} and {given.batch_size}")
    if not given.length_penalty >= 0:
        raise NmtError(f"--length_penalty must be at least 0, not {given.length_penalty}")
    return {"beam": given.beam, "length_penalty": given.length_penalty, "batch_size": given.batch_size}


def _stdin() -> Iterator[str]:
    for number, line in enumerate(sys.stdin.buffer, 1):
        if b"\0" in line:
            raise NmtError(f"standard input, line {number}: a NUL byte; only UTF-8 text can be translated")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise NmtError(f"standard input, line {number}: not UTF-8 ({error.reason} at byte {error.start})") from None


def _chunks(lines: Iterator[str], size: int) -> Iterator[list[str]]:
    while chunk := list(islice(lines, size)):
        yield chunk


def _score(given: argparse.Namespace) -> None:
    search, trained = _search(given), load(given.checkpoint, device_of(given))
    if given.split == "all":
        name, every = whole_files(given.data, note)
        shape = str.lower if getattr(given, "lowercase", False) else str
        pairs = [(shape(en), shape(ru)) for en, ru in islice(every, getattr(given, "limit", None))]
    else:
        corpus = corpus_of(given.data, given)
        name, pairs = corpus.name, list(corpus.pairs(given.split, getattr(given, "limit", None)))
        run = chain(trained.directory)[-1].run
        if run and run.config["corpus"]["fingerprint"] != corpus.fingerprint:
            note(
                f"{run.directory} was trained on another corpus, or on this one with other options or caps: some pairs "
                f"of {given.split} may have been in its training data, or look otherwise than what it knows"
            )
    since = time.monotonic()
    outputs = translate(trained.model, trained.bpe, [english for english, _ in pairs], **search)
    seconds = time.monotonic() - since
    result = corpus_scores(outputs, [russian for _, russian in pairs], given.tokenize)
    result |= {"checkpoint": str(trained.directory), "data": name, "split": given.split, "beam": given.beam}
    result |= {"length_penalty": given.length_penalty, "seconds": round(seconds, 2)}
    print(f"{name} {given.split}: BLEU {result['bleu']:.2f}, chrF {result['chrf']:.2f}")
    print(json.dumps(result, ensure_ascii=False))


def _render(given: argparse.Namespace) -> None:
    render(given.names, given.preset)


def _bench(given: argparse.Namespace) -> None:
    bench(given.out, device_of(given), given.smoke)
