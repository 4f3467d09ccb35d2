"""The command line: nmt demo, data, train, translate, score. Thin: each command calls one function of the package."""

import argparse
import json
import os
import sys
import time
import types
import typing
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields, replace
from itertools import islice

import torch

from nmt import NmtError, __version__
from nmt.config import TrainingConfig
from nmt.corpora import Corpus, format_card, prepare
from nmt.decoding import translate
from nmt.demo import demo
from nmt.notebooks import PRESETS, render
from nmt.runs import Run, load
from nmt.scoring import corpus_scores
from nmt.training import train

DATA_HELP = (
    "a corpus by name (phrasebook, hotels, news-commentary, wmt16); TSV files, each a corpus (FILE:N or FILE:P%%: at "
    "most so many of its pairs, or that share, for training); or two files not named .tsv, English and Russian"
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
        goes_on = "; the run goes on from its last checkpoint with --resume" if given.command in (_train, _demo) else ""
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
    _preparing(sub)

    sub = command("train", _train, "train a model, or go on with a run")
    sub.add_argument("--data", nargs="+", help=DATA_HELP + " (default: news-commentary)", default=argparse.SUPPRESS)
    _preparing(sub)
    sub.add_argument("--run", help="run directory (default: runs/DATE-NAME)", default=argparse.SUPPRESS)
    sub.add_argument("--resume", action="store_true", help="go on with the run in --run from its last checkpoint")
    sub.add_argument(
        "--checkpoint", default="", metavar="DIR|NAME", help="start from the weights and vocabularies of this model"
    )
    _gpus(sub)
    sub.add_argument(
        "--progress_bar_refresh_rate",
        type=_count,
        default=20,
        metavar="N",
        help="steps between refreshes, 0: no bar (default: 20)",
    )
    for f in fields(TrainingConfig):
        kind = next(t for t in typing.get_args(f.type) or (f.type,) if t is not types.NoneType)
        sub.add_argument(
            f"--{f.metadata.get('flag', f.name)}",
            dest=f.name,
            type=_yes_no if kind is bool else kind,
            choices=f.metadata.get("choices"),
            metavar=None if "choices" in f.metadata else {int: "N", float: "X", bool: "yes|no"}[kind],
            default=argparse.SUPPRESS,  # so that --resume knows what was said
            help=f.metadata["help"] + ("" if f.default is None else f" (default: {_shown(f.default)})"),
        )

    sub = command("translate", _translate, "translate lines from stdin to stdout")
    _decoding(sub)

    sub = command("score", _score, "translate a split of a corpus and print BLEU and chrF, last as one JSON line")
    _decoding(sub)
    sub.add_argument("--data", nargs="+", required=True, help=DATA_HELP)
    _preparing(sub)
    sub.add_argument("--split", default="test", help="train, valid, test or another split (default: test)")
    sub.add_argument("--tokenize", default="13a", choices=("13a", "char", "none"), help="sacreBLEU's (default: 13a)")
    sub.add_argument("--limit", type=_count, default=argparse.SUPPRESS, metavar="N", help="only the first N pairs")

    sub = command("render", _render, "execute the notebooks and write them with their outputs")
    sub.add_argument("names", nargs="*", metavar="NAME", help="how a notebook's name begins, 01 say (default: all)")
    preset_help = "default: NMT_PRESET, else laptop; smoke executes and checks, and writes nothing"
    sub.add_argument("--preset", default="", choices=PRESETS, help=preset_help)
    return parser


def _preparing(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--archives",
        metavar="DIR",
        help="folder with archives already downloaded (also: NMT_DATA)",
        default=argparse.SUPPRESS,
    )
    sub.add_argument(
        "--lowercase", type=_yes_no, default=argparse.SUPPRESS, metavar="yes|no", help="lower-case the corpus"
    )
    sub.add_argument(
        "--tokens",
        type=_from_to,
        default=argparse.SUPPRESS,
        metavar="MIN-MAX",
        help="training pairs with so many words and punctuation marks on each side only, say 10-100",
    )


def _gpus(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--gpus",
        type=int,
        choices=(0, 1),
        help="1: CUDA, 0: CPU (default: CUDA if there is one)",
        default=argparse.SUPPRESS,
    )


def _decoding(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--checkpoint", required=True, help="run directory, model directory, or name of a shipped model")
    sub.add_argument("--beam", type=int, default=4, metavar="N", help="width of the beam, 1: greedy (default: 4)")
    sub.add_argument(
        "--length_penalty", type=float, default=0.6, metavar="X", help="alpha of Wu et al. 2016, eq. 14 (default: 0.6)"
    )
    sub.add_argument("--batch_size", type=int, default=32, metavar="N", help="decoded together (default: 32)")
    _gpus(sub)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a whole number from 0 on, not {text!r}")
    return int(text)


def _from_to(text: str) -> tuple[int, int]:
    least, mark, most = text.partition("-")
    if not (mark and least.isdecimal() and most.isdecimal()):
        raise argparse.ArgumentTypeError(f"two numbers, as in 10-100, not {text!r}")
    return int(least), int(most)


def _shown(value: object) -> object:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _yes_no(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise argparse.ArgumentTypeError(f"yes or no, not {text!r}")
    return text.lower() == "yes"


def _device(given: argparse.Namespace) -> torch.device:
    gpus = getattr(given, "gpus", None)
    if gpus and not torch.cuda.is_available():
        raise NmtError("--gpus 1: PyTorch sees no CUDA device here; use --gpus 0")
    return torch.device("cuda" if gpus or (gpus is None and torch.cuda.is_available()) else "cpu")


def _corpus(data: list[str], given: argparse.Namespace, before: dict | None = None) -> Corpus:
    """`before`: the options of the run that goes on; those given now take their place."""
    said = {name: getattr(given, name) for name in ("lowercase", "tokens") if hasattr(given, name)}
    return prepare(data, archives=getattr(given, "archives", None), **(before or {}) | said)


def _demo(given: argparse.Namespace) -> None:
    if not given.minutes > 0:
        raise NmtError(f"--minutes must be above 0, not {given.minutes}")
    demo(getattr(given, "run", None) or f"runs/{time.strftime('%Y%m%d-%H%M%S')}-demo", given.minutes)


def _data(given: argparse.Namespace) -> None:
    corpus = _corpus(given.data, given)
    print(format_card(corpus.card))
    print(f"in {corpus.directory}")


def _train(given: argparse.Namespace) -> None:
    said = {f.name: getattr(given, f.name) for f in fields(TrainingConfig) if hasattr(given, f.name)}
    device = _device(given)
    if given.resume:
        if not hasattr(given, "run"):
            raise NmtError("--resume: which run? Name it: nmt train --run DIR --resume")
        if given.checkpoint:
            raise NmtError("--checkpoint starts a new run, --resume goes on with one: give one of them")
        old = Run(given.run).config
        try:
            config = replace(TrainingConfig(**old["training"]), **said)
        except TypeError as error:
            raise NmtError(f"{given.run}/config.json: damaged, or of another version of nmt ({error})") from None
        corpus = _corpus(getattr(given, "data", old["corpus"]["data"]), given, old["card"].get("options"))
        directory = given.run
    else:
        _refuse_contradictions(said)
        config = TrainingConfig(**said)
        corpus = _corpus(getattr(given, "data", ["news-commentary"]), given)
        directory = getattr(given, "run", f"runs/{time.strftime('%Y%m%d-%H%M%S')}-{corpus.name}")
    run = train(
        config,
        corpus,
        directory,
        given.resume,
        device,
        given.checkpoint or None,
        progress=given.progress_bar_refresh_rate,
    )
    print(f"done: {run.directory}. Try it: echo 'Hello.' | nmt translate --checkpoint {run.directory}")


def _refuse_contradictions(said: dict) -> None:
    if {"batch_size", "batch_tokens"} <= said.keys():
        raise NmtError("--batch_size counts sentences, --batch_tokens tokens: give one of them")
    # --scheduler_patience is let pass: the origin's training lines give it together with noam.
    knobs = [f"--{name}" for name in said if name.startswith("noam_")]
    if knobs and said.get("scheduler", "noam") != "noam":
        raise NmtError(f"--scheduler {said['scheduler']} does not use {', '.join(knobs)}: leave out one or the other")


def _translate(given: argparse.Namespace) -> None:
    search, trained = _search(given), load(given.checkpoint, _device(given))
    for lines in _chunks(_stdin(), 1 if sys.stdin.isatty() else 8 * given.batch_size):
        for text in translate(trained.model, trained.bpe, lines, **search):
            print(text, flush=sys.stdin.isatty())


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
    search, trained = _search(given), load(given.checkpoint, _device(given))
    corpus = _corpus(given.data, given)
    pairs = list(corpus.pairs(given.split, getattr(given, "limit", None)))
    since = time.monotonic()
    outputs = translate(trained.model, trained.bpe, [english for english, _ in pairs], **search)
    seconds = time.monotonic() - since
    result = corpus_scores(outputs, [russian for _, russian in pairs], given.tokenize)
    result |= {"checkpoint": str(trained.directory), "data": corpus.name, "split": given.split, "beam": given.beam}
    result |= {"length_penalty": given.length_penalty, "seconds": round(seconds, 2)}
    print(f"{corpus.name} {given.split}: BLEU {result['bleu']:.2f}, chrF {result['chrf']:.2f}")
    print(json.dumps(result, ensure_ascii=False))


def _render(given: argparse.Namespace) -> None:
    render(given.names, given.preset)
