"""The commands behind the project's pages: nmt bench, compare, render."""

from collections.abc import Callable

from nmt.cli import arguments
from nmt.course import PRESETS
from nmt.lab.bench import bench
from nmt.lab.compare import compare
from nmt.lab.render import render


def add(command: Callable) -> None:
    text = "measure training and decoding beside torch.nn.Transformer and Hugging Face's Marian"
    sub = command(
        "bench", lambda given: bench(given.out, arguments.device_of(given), given.smoke), text,
        "--out runs/bench", "--out runs/bench --smoke",
    )  # fmt: skip
    sub.add_argument("--out", required=True, metavar="DIR", help="where bench.json and bench.png go")
    text = "tiny models, seconds: to see that it works, not how fast"
    sub.add_argument("--smoke", action="store_true", default=False, help=text)
    arguments.gpus_flag(sub)

    text = "methods of pruning at equal compute: models x methods x budgets x seeds"
    plan = "data/results/compare/phrasebook.json --out runs/compare"
    sub = command("compare", lambda given: compare(given.config, given.out, given.seeds, arguments.device_of(given)),
                  text, plan, f"{plan} --seeds 1 2")  # fmt: skip
    sub.add_argument("config", metavar="CONFIG", help="a JSON file: data, dense, training, budgets, methods, seeds")
    sub.add_argument("--out", required=True, metavar="DIR", help="where results go; what is done there is not redone")
    text = "only these of the config's seeds"
    sub.add_argument("--seeds", type=arguments.count, nargs="+", default=None, metavar="N", help=text)
    arguments.gpus_flag(sub)

    text = "execute the notebooks and write them with their outputs"
    sub = command("render", lambda given: render(given.names, given.preset, only_stamp=given.stamp), text,
                  "01", "--preset smoke")  # fmt: skip
    text = "how a notebook's name begins, 01 say (default: all)"
    sub.add_argument("names", nargs="*", default=[], metavar="NAME", help=text)
    text = "default: NMT_PRESET, else laptop; smoke executes and checks, and writes nothing"
    sub.add_argument("--preset", default="", choices=PRESETS, help=text)
    text = "execute nothing: write the first cell and the badge anew, with the address that pyproject.toml has"
    sub.add_argument("--stamp", action="store_true", default=False, help=text)
