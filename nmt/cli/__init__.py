"""The command line: nmt demo, data, train, prune, … Each command is thin: it calls one function of the package."""

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import suppress

from nmt import NmtError, __version__
from nmt.cli import measure, prune, train, translate
from nmt.cli.command import Command, with_dashes

GROUPS = (train, prune, translate, measure)  # modules; each adds its commands


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 2 for bad input, 130 for Ctrl-C."""
    given = parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # a notebook's streams are UTF-8 and cannot be told so
            stream.reconfigure(encoding="utf-8")  # Russian, whatever the locale
    try:
        given.command(given)
    except NmtError as error:
        print(f"nmt: error: {with_dashes(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        resumable = given.command in (train.train_command, train.demo_command, prune.prune_command)
        goes_on = "; the run goes on from its last checkpoint with --resume" if resumable else ""
        print(f"{chr(10) * sys.stderr.isatty()}nmt: interrupted{goes_on}", file=sys.stderr)  # a terminal shows ^C there
        return 130
    except BrokenPipeError:  # the reader of our output, `head` say, has gone; Python cannot flush at its exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:  # a full disk, a folder that may not be written
        print(f"nmt: error: {error}", file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    text = "An English-Russian Transformer from scratch. nmt COMMAND --help explains a command."
    top = argparse.ArgumentParser(prog="nmt", description=text, allow_abbrev=False)
    top.add_argument("--version", action="version", version=f"nmt {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND", parser_class=Command)

    def command(name: str, function: Callable, text: str, *examples: str, **options: str) -> Command:
        sub = commands.add_parser(name, help=text, description=text, examples=examples, **options)
        sub.set_defaults(command=function)
        return sub

    for group in GROUPS:
        group.add(command)
    return top
