"""The command line: nmt demo, data, train, prune, … Each command is thin: it calls one function of the package."""

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import suppress

from nmt import NmtError, __version__
from nmt.cli import measure, prune, train, translate

GROUPS = (train, prune, translate, measure)  # modules; each adds its commands


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 2 for bad input, 130 for Ctrl-C."""
    given = parser().parse_args(with_underscores(sys.argv[1:] if arguments is None else arguments))
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # a notebook's streams are UTF-8 and cannot be told so
            stream.reconfigure(encoding="utf-8")  # Russian, whatever the locale
    try:
        given.command(given)
    except NmtError as error:
        print(f"nmt: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        resumable = given.command in (train.train_command, train.demo_command, prune.prune_command)
        goes_on = "; the run goes on from its last checkpoint with --resume" if resumable else ""
        print(f"nmt: interrupted{goes_on}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output, `head` say, has gone; Python cannot flush at its exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:  # a full disk, a folder that may not be written
        print(f"nmt: error: {error}", file=sys.stderr)
        return 2
    return 0


def with_underscores(arguments: list[str]) -> list[str]:
    """--batch-size and --batch_size are the same flag; what stands behind = stays as it is."""
    flags = []
    for argument in arguments:
        if argument.startswith("--"):
            name, mark, value = argument.removeprefix("--").partition("=")
            argument = f"--{name.replace('-', '_')}{mark}{value}"
        flags.append(argument)
    return flags


def parser() -> argparse.ArgumentParser:
    text = "An English-Russian Transformer from scratch."
    top = argparse.ArgumentParser(prog="nmt", description=text, allow_abbrev=False)
    top.add_argument("--version", action="version", version=f"nmt {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: Callable, text: str) -> argparse.ArgumentParser:
        # A flag that was not said leaves no trace: a run that goes on knows what was said when it began.
        absent = argparse.SUPPRESS
        sub = commands.add_parser(name, help=text, description=text, allow_abbrev=False, argument_default=absent)
        sub.set_defaults(command=function)
        return sub

    for group in GROUPS:
        group.add(command)
    return top
