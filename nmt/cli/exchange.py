"""The commands of exchange with other projects: nmt import, export."""

import argparse
from shlex import quote

from nmt.corpora.corpus import to_stderr
from nmt.exchange.export import export
from nmt.exchange.marian import import_marian
from nmt.runs import load


def import_command(given: argparse.Namespace) -> None:
    import_marian(given.source, given.out, given.revision)
    to_stderr(f"Try it:\n  nmt translate --checkpoint {quote(given.out)} 'The file could not be opened.'")


def export_command(given: argparse.Namespace) -> None:
    export(load(given.checkpoint), given.to, given.out)
    to_stderr(f"{given.out}: its README.md says how to translate with it")
