"""The kept results, read back for the tables and figures of the pages. README.md says which records lie where."""

import itertools
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean

import numpy as np
from comparing import Plan
from judging import Cells

from nmt import NmtError
from nmt.plumbing.files import read_json, read_json_lines
from nmt.pruning import masks
from nmt.pruning.config import PruningConfig
from nmt.pruning.methods import OnBudget, Shed, method_class
from nmt.runs import Run

# The comparison of methods. A cell is one line of seed-SEED.jsonl: one method, one budget, one seed.

OURS = (Shed.name, OnBudget.name)
GONE = {"swaps": 0, "distill": 0.0, "stop": "end"}  # settings of earlier runs, and their defaults
Budget = tuple[str, int]  # as in --heads and --keep: which heads, how many are kept


def kept_runs(folder: str | Path) -> list[Run]:
    """The runs in a folder of records, by name."""
    return [Run(path.parent) for path in sorted(Path(folder).glob("*/config.json"))]


def claimed_cells(stored: Path, name: str = "claims") -> Cells:
    """Cells of a config in data/results/claims; those of blocks.json and hotels.json, which have dense models of their
    own, lie in folders of their own."""
    folder = stored / "claims"
    return Cells(Plan.read(folder / f"{name}.json"), [folder / name if name in ("blocks", "hotels") else folder])


def contrasts(several: Sequence[Cells]) -> tuple[list[str], list[int], dict[str, np.ndarray]]:
    """What models know of grammar, from comparisons on the same dense models: the phenomena, the numbers of heads from
    the dense model down, and for each method of all the comparisons (phenomena, numbers of heads, 2): accuracy, and the
    margin in nats, means over the models."""
    first, total = several[0], several[0].plan.total("all")
    lines = {(name, total): list(first.dense.values()) for name in first.methods}
    for cells in several:
        for name, keep in itertools.product(cells.methods, cells.plan.budgets["all"]):
            lines[name, keep] = [line for seed in first.dense for line in cells.of(name, "all", keep, seed)]
    budgets = sorted({keep for _, keep in lines}, reverse=True)
    phenomena = list(lines[next(iter(first.methods)), total][0]["scores"]["contrasts"])
    found = {}
    for name in (name for name in first.methods if all(lines.get((name, keep)) for keep in budgets)):
        scores = [[line["scores"]["contrasts"] for line in lines[name, keep]] for keep in budgets]
        found[name] = np.array([[np.mean([of[row] for of in each], axis=0) for each in scores] for row in phenomena])
    return phenomena, budgets, found


def heads_in_common(several: Sequence[Cells], names: Iterable[str], keep: int) -> list[float]:
    """For each two methods: the share of the heads kept by one that the other keeps, too; means over the models."""
    of = next(cells for cells in several if keep in cells.plan.budgets["all"])
    kept = {
        name: [masks.flatten(masks.from_json(of.of(name, "all", keep, seed)[0]["mask"])) for seed in of.dense]
        for name in names
    }
    pairs = itertools.combinations(kept.values(), 2)
    return [mean(float((a & b).sum()) / keep for a, b in zip(one, other, strict=True)) for one, other in pairs]


def dev_loss(cell: dict) -> float:
    """The loss that decides, nats per target token on the validation pairs."""
    return cell["scores"]["dev"]["loss"]


def bleu(cell: dict) -> float:
    """Of the greedy translations of the test pairs."""
    return cell["scores"]["test"]["bleu"]


def role(row: str) -> str:
    """What a row is: "ours", "published", or a "bound", whose search is not charged."""
    method = method_class(row.split(", ")[0])
    return "ours" if method.name in OURS else "published" if method.charged else "bound"


def described(said: dict) -> str:
    """The settings of a method that differ from its defaults: "λ 0.3, search 0.3"."""
    names = {"l0_penalty_lambda": "λ"}
    changes = {key: value for key, value in said.items() if key not in ("method", "heads", "keep")}
    return ", ".join(f"{names.get(key, key)} {value}" for key, value in changes.items())


class Comparison:
    """The kept cells of one comparison, however many of them are there.

    A row is a line of the tables: a method of ours, a variation of it ("shed, swaps 2"), or a method of others. The
    latter may have several settings: in each seed the one with the lowest dev loss counts, and what it cost to try
    the others is not charged.
    """

    def __init__(self, folder: str | Path) -> None:
        """Raises NmtError where there is not exactly one config, or a line is damaged."""
        configs = sorted(Path(folder).glob("*.json"))
        if len(configs) != 1:
            raise NmtError(f"{folder}: {len(configs)} configs (*.json) of a comparison; one must be there")
        self.config, self.plan = configs[0], Plan(**read_json(configs[0]))  # it may name settings that are no more
        self.budgets = [(heads, keep) for heads, keeps in self.plan.budgets.items() for keep in sorted(keeps)]
        self.rows: dict[str, list[dict]] = {}  # row -> its settings; a method without a budget, l0, has no row
        for said in self.plan.methods:
            method, changes = method_class(said["method"]), described(said)
            if "keep" in method.needs:
                row = f"{method.name}, {changes}" if method.name in OURS and changes else method.name
                self.rows.setdefault(row, []).append(said)
        self.dense: dict[int, dict] = {}  # seed -> the line of the dense model
        self.cells: dict[str, dict] = {}
        for path in sorted(Path(folder).glob("seed-*.jsonl")):
            for line in read_json_lines(path):
                if line["key"] == "dense":
                    self.dense[line["seed"]] = line
                elif line["training"] == self.plan.training:
                    self.cells[_identity(line["seed"], line["pruning"])] = line

    def best(self, row: str, budget: Budget) -> dict[int, dict]:
        """Seed -> the cell of a row with the lowest dev loss."""
        asked = [{"heads": budget[0], "keep": budget[1], **said} for said in self.rows[row]]
        found = {}
        for seed in self.plan.seeds:
            if cells := [self.cells[key] for said in asked if (key := _identity(seed, said)) in self.cells]:
                found[seed] = min(cells, key=dev_loss)
        return found

    def described(self, budget: Budget) -> str:
        """A budget for a reader: "6 of 48 heads of all kinds"."""
        heads, keep = budget
        return f"{keep} of {self.plan.total(heads)} {'heads of all kinds' if heads == 'all' else f'{heads} heads'}"


def _identity(seed: int, said: dict) -> str:
    """What tells a cell from all others: its seed, and the settings that its method heeds, with their defaults.

    A cell is not found by its key, which is made of what the config said: the same cell may be said in several ways,
    and defaults change between versions.
    """
    method = method_class(said["method"])
    unheeded = {"method", "gates_every_n_steps"}
    unheeded |= set() if method.learns else {"search", "gate_lr"}
    unheeded |= set() if method.name in OURS else {"swaps"}
    said = {name: value for name, value in said.items() if value is not None}
    settings = GONE | method.noted(PruningConfig()) | said  # what is no more may have been said once
    heeded = {name: value for name, value in settings.items() if name not in unheeded}
    return json.dumps([seed, method.name, heeded], sort_keys=True)


# Runs on corpora of several sizes.


def sized_runs(folder: str | Path) -> list[Run]:
    """The runs in data/results/corpus-size, the smallest corpus first; of one corpus the fewest blocks first."""
    return sorted(kept_runs(folder), key=lambda run: (pairs(run), blocks(run)))


def pairs(run: Run) -> int:
    """The training pairs, those that were too long for the run among them."""
    return run.config["card"]["pairs"]["train"]


def blocks(run: Run) -> int:
    return run.config["transformer"]["num_blocks"]


def means_by_step(run: Run) -> dict[int, dict[str, float]]:
    """Step -> the means over the sources of "BLEU" and "chrF" of their held-out pairs."""
    means = {}
    for step in sorted({line["step"] for line in run.lines("scores.jsonl")}):
        lines = run.lines("scores.jsonl", step=step)
        means[step] = {name: mean(line[name.lower()] for line in lines) for name in ("BLEU", "chrF")}
    return means
