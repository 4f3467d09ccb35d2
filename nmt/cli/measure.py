"""The commands behind the project's pages: nmt bench, compare, render."""

import argparse

from nmt.cli.arguments import device_of
from nmt.lab.bench import bench
from nmt.lab.compare import compare
from nmt.lab.render import render


def bench_command(given: argparse.Namespace) -> None:
    bench(given.out, device_of(given), given.parts, given.rounds, given.smoke)


def compare_command(given: argparse.Namespace) -> None:
    compare(given.config, given.out, given.seeds, device_of(given))


def render_command(given: argparse.Namespace) -> None:
    render(given.names, given.preset, only_stamp=given.stamp)
