"""The commands behind the project's pages: nmt bench, compare. They lie beside what they write."""

import argparse
import sys
from importlib import import_module
from types import ModuleType

from nmt.cli.arguments import device_of
from nmt.plumbing.places import in_clone


def beside_results(name: str) -> ModuleType:
    """A script of data/results. Raises NmtError outside the clone."""
    sys.path.append(str(in_clone("data", "results")))
    return import_module(name)


def bench_command(given: argparse.Namespace) -> None:
    beside_results("bench").bench(given.out, device_of(given), given.parts, given.rounds, given.smoke)


def compare_command(given: argparse.Namespace) -> None:
    beside_results("comparing").compare(given.config, given.out, given.seeds, device_of(given))
