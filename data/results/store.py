"""Put the records of a finished run beside this script; from them `python data/results/tables.py` writes the pages.

    nmt score --checkpoint runs/hotels --data hotels --split test | tail -1 > scores.jsonl
    python data/results/store.py runs/hotels --scores scores.jsonl   a training run
    python data/results/store.py runs/p lambda                       a run of `nmt prune` with a price, λ
    python data/results/store.py runs/p savings --costs              and what removing its heads saves, measured now
    python data/results/store.py OUT compare                         the finished cells of `nmt compare`

For corpus-size score every checkpoint on every source: --checkpoint RUN/checkpoints/STEP --data SOURCE --split all.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median

import torch

from nmt import NmtError
from nmt.corpora.corpus import prepare
from nmt.plumbing.files import json_lines, read_json_lines, write_json, write_text
from nmt.plumbing.places import in_clone
from nmt.plumbing.provenance import description_of_session
from nmt.pruning import masks
from nmt.pruning.config import GROUPS
from nmt.pruning.costs import flops, parameters, speed
from nmt.pruning.removal import remove_heads
from nmt.runs import Run, load
from nmt.transformer import KINDS, Transformer

sys.path.append(str(in_clone("data")))

from page_parts import without_paths


def store(run: Path, folder: Path, scores: Path | None = None, measured: dict | None = None) -> Path:
    """Copy the records of a run to folder/NAME, with the lines that `nmt score` printed. Returns where they are.

    Of paths of the machine only the last part stays. measured: what `savings` returned. Raises NmtError for a run of
    `nmt prune` that has not ended, and for a file without scores.
    """
    config, target = Run(run).config, folder / run.name
    if config.get("objective") and not (run / "result.json").is_file():
        raise NmtError(f"{run}: no result.json; a run of nmt prune that has ended has one")
    if scores and not read_json_lines(scores):
        raise NmtError(f"{scores}: no scores; it should hold the last lines that nmt score printed")
    if config.get("checkpoint"):  # of the model that the run began with RUN/checkpoints/STEP stays
        config["checkpoint"] = "/".join(Path(config["checkpoint"]).parts[-3:])
    write_json(target / "config.json", without_paths(config))
    write_text(target / "sessions.jsonl", json_lines(map(without_paths, read_json_lines(run / "sessions.jsonl"))))
    for name in ("metrics.jsonl", "gates.jsonl", "result.json"):
        if (run / name).is_file():
            shutil.copyfile(run / name, target / name)
    if scores:
        write_text(target / "scores.jsonl", json_lines(map(with_step, read_json_lines(scores))))
    if measured:
        write_json(target / "costs.json", measured)
    return target


def with_step(score: dict) -> dict:
    """A line of `nmt score`; for a checkpoint of a run, with its step and under "source" the data."""
    name = Path(score["checkpoint"]).name
    step = {"step": int(name.removeprefix("step_")), "source": score["data"]} if name.startswith("step_") else {}
    return without_paths(score) | step


def savings(run: Path, sentences: int = 200, rounds: int = 5) -> dict:
    """Parameters, operations and time of the models of a run of `nmt prune`: see `costs`, of validation sentences."""
    device, config = torch.device("cuda" if torch.cuda.is_available() else "cpu"), Run(run).config
    dense, pruned = (load(one, device) for one in (config["checkpoint"], run))
    lines = list(prepare(config["corpus"]["data"], log=lambda text: None).lines("valid", "en"))[:sentences]
    kinds = GROUPS[config["objective"]["heads"]]
    measured = costs(dense.model, pruned.model, dense.bpe[0].encode(lines), kinds, rounds)
    session = description_of_session(device, 0)
    about = {"split": "valid", "sentences": len(lines), **{key: session[key] for key in ("git", "versions", "device")}}
    return about | measured


def costs(
    dense: Transformer, pruned: Transformer, sources: Sequence[list[int]], kinds: Sequence[str], rounds: int
) -> dict:
    """What a model costs ("dense"), the pruned one, and one without any head of these kinds ("no heads").

    {"parameters": by model, "flops": by model and part, for a sentence and a translation of the sources' mean length,
    "ms": as `speed`; "saved" by the pruned model, "could_save" without heads: as `saved`}.
    """
    models = {"dense": dense, "pruned": pruned, "no heads": headless(dense, kinds)}
    length = round(mean(map(len, sources))) + 1
    ms = speed(models, sources, rounds=rounds)
    return {
        "parameters": {name: parameters(model) for name, model in models.items()},
        "flops": {name: flops(model, length, length) for name, model in models.items()},
        "ms": ms,
        "saved": saved(ms["pruned"], ms["dense"]),
        "could_save": saved(ms["no heads"], ms["dense"]),
    }


def headless(model: Transformer, kinds: Sequence[str] = KINDS) -> Transformer:
    """The model without any head of these kinds: its speed bounds what removing heads can save."""
    return remove_heads(model, {kind: torch.zeros_like(kept) for kind, kept in masks.all_kept(model, kinds).items()})


def saved(ours: dict[str, dict], dense: dict[str, dict]) -> dict[str, float]:
    """By batch size: the share of the dense model's time that another model saves, the median of the rounds."""
    pairs = {size: zip(ours[size]["rounds"], dense[size]["rounds"], strict=True) for size in dense}
    return {size: round(median(1 - a / b for a, b in rounds), 4) for size, rounds in pairs.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("folder", nargs="?", default="", help="of data/results (default: data/results itself)")
    parser.add_argument("--scores", metavar="SCORES.jsonl", type=Path, help="the last lines that nmt score printed")
    parser.add_argument("--costs", action="store_true", help="measure what removal saves")
    given = parser.parse_args(arguments)
    folder = in_clone("data", "results", given.folder)
    if cells := sorted(given.run.glob("seed-*.jsonl")):  # of a comparison
        for path in [*cells, *given.run.glob("scratch.jsonl")]:  # a line that is just being written stays behind
            write_text(folder / path.name, json_lines(read_json_lines(path)))
        print(folder)
    else:
        print(store(given.run, folder, given.scores, savings(given.run) if given.costs else None))


if __name__ == "__main__":
    try:
        main()
    except NmtError as error:
        raise SystemExit(f"store: error: {error}") from None
