"""The commands behind the project's pages: nmt bench, render."""

import argparse
from collections.abc import Callable

from nmt.cli.arguments import device_of, gpus_flag
from nmt.course import PRESETS
from nmt.lab.bench import bench
from nmt.lab.render import render


def add(command: Callable[[str, Callable, str], argparse.ArgumentParser]) -> None:
    """Add the commands to a parser."""
    text = "measure training and decoding beside torch.nn.Transformer and Hugging Face's Marian"
    sub = command("bench", lambda given: bench(given.out, device_of(given), given.smoke), text)
    sub.add_argument("--out", required=True, metavar="DIR", help="where bench.json and bench.png go")
    sub.add_argument("--smoke", action="store_true", help="tiny models, seconds: to see that it works, not how fast")
    gpus_flag(sub)

    text = "execute the notebooks and write them with their outputs"
    sub = command("render", lambda given: render(given.names, given.preset), text)
    sub.add_argument("names", nargs="*", metavar="NAME", help="how a notebook's name begins, 01 say (default: all)")
    preset_help = "default: NMT_PRESET, else laptop; smoke executes and checks, and writes nothing"
    sub.add_argument("--preset", default="", choices=PRESETS, help=preset_help)
