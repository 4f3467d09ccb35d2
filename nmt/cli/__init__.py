"""The command line: nmt demo, data, train, prune, … Each command is thin: it calls one function of the package."""

import argparse
import os
import sys
from contextlib import ExitStack, redirect_stderr, redirect_stdout, suppress
from pkgutil import resolve_name

from nmt import NmtError, __version__
from nmt.cli import commands
from nmt.cli.command import Command, with_dashes


class Outliving:
    """A standard stream for a command that works for hours: where its reader has gone (`| head`), the work goes on."""

    def __init__(self, stream: object) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)

    def write(self, text: str = "") -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError as error:
            to_nowhere(self.stream)
            print(f"nmt: the output cannot be written ({error.strerror}); the work goes on", file=sys.stderr)

    flush = write


def to_nowhere(stream: object) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 2 for bad input, 130 for Ctrl-C."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if (stream := getattr(sys, name)) is None:  # closed
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
        elif mode == "w":
            with suppress(AttributeError):  # a notebook's streams are UTF-8 and cannot be told so
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # Russian, whatever the locale
    given = parser().parse_args((sys.argv[1:] if arguments is None else arguments) or ["--help"])
    runs = given.command in ("train", "demo", "prune")
    try:
        with ExitStack() as held:
            if runs:
                held.enter_context(redirect_stdout(Outliving(sys.stdout)))
                held.enter_context(redirect_stderr(Outliving(sys.stderr)))
            resolve_name(f"nmt.cli.{given.function}")(given)
    except NmtError as error:
        print(f"nmt: error: {with_dashes(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as error:
        told = "; ".join(["nmt: interrupted", *map(str, error.args)])  # how a run goes on, if one was begun
        print(f"{chr(10) * sys.stderr.isatty()}{told}", file=sys.stderr)  # a terminal shows ^C there
        return 130
    except BrokenPipeError:  # the reader of our output, `head` say, has gone; Python cannot flush at its exit either
        to_nowhere(sys.stdout)
    except OSError as error:  # a full disk, a folder that may not be written
        from nmt.plumbing.files import DISK_FULL

        mend = "; make room there, and go on" + " with --resume" * runs if error.errno in DISK_FULL else ""
        print(f"nmt: error: {str(error).removeprefix(f'[Errno {error.errno}] ')}{mend}", file=sys.stderr)
        return 2
    except RuntimeError as error:
        if type(error).__name__ != "OutOfMemoryError":  # torch's, which is not imported for its name alone
            raise
        what = str(error).partition(". ")[0]
        print(f"nmt: error: {what}; give a smaller --batch-size, or --gpus 0 for the CPU", file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    text = "An English-Russian Transformer from scratch. nmt COMMAND --help explains a command."
    top = argparse.ArgumentParser(prog="nmt", description=text, allow_abbrev=False)
    top.add_argument("--version", action="version", version=f"nmt {__version__}")
    subs = top.add_subparsers(required=True, metavar="COMMAND", dest="command", parser_class=Command)

    def command(name: str, function: str, text: str, *examples: str, **options: str) -> Command:
        sub = subs.add_parser(name, help=text, description=text, examples=examples, **options)
        sub.set_defaults(function=function)
        return sub

    for group in ("training", "pruning", "translating", "exchanging", "measuring"):
        getattr(commands, group)(command)
    return top
