"""The kept results, read back: what notebooks, tables and figures show comes from data/results through here.

data/results/
    NAME/                config.json, sessions.jsonl, metrics.jsonl, scores.jsonl of a training run; frames/ of some
    compare*/            a comparison: its config, seed-SEED.jsonl, significance.jsonl
    lambda/NAME/         a run of `nmt prune` under a price on heads, with its gates.jsonl and result.json
    savings/NAME/        a run of `nmt prune`, with the measured costs.json of its models
    corpus-size/NAME/    a training run, with scores.jsonl by source and step
    digits/cells.jsonl   pixels and neurons of a small network
    bench*.json          what `nmt bench` wrote
`nmt.lab.store` puts them there. No number in them is typed by hand.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import torch

from nmt import NmtError
from nmt.lab.compare import Plan
from nmt.plumbing.files import read_json, read_json_lines
from nmt.pruning.config import PruningConfig
from nmt.pruning.methods import L0, OnBudget, Shed, method_class
from nmt.runs import Run
from nmt.transformer import Transformer, TransformerConfig

OURS = (Shed.name, OnBudget.name)
# The claim, as it was written down before the runs.
SMALL_SHARE, WINS, SEEDS = 0.125, 4, 5

# The comparison of methods. A cell is one line of seed-SEED.jsonl: one method, one budget, one seed.

Budget = tuple[str, int]  # as in --heads and --keep: which heads, how many are kept


def dev_loss(cell: dict) -> float:
    """The loss that decides, nats per target token on the validation pairs."""
    return cell["scores"]["dev"]["loss"]


def bleu(cell: dict) -> float:
    """Of the greedy translations of the test pairs."""
    return cell["scores"]["test"]["bleu"]


def outputs_name(cell: dict) -> str:
    """The name of the file with a cell's translations, by which tests of significance know it."""
    return f"dense-{cell['seed']}" if cell["key"] == "dense" else cell["key"]


def role(row: str) -> str:
    """What a row is: "ours", an "ablation" of ours, a "bound" whose search is not charged, or "published"."""
    method, *changes = row.split(", ")
    if method in OURS:
        return "ours" if all(change.startswith("search ") for change in changes) else "ablation"
    return "published" if method_class(method).charged else "bound"


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
        self.folder = Path(folder)
        configs = sorted(self.folder.glob("*.json"))
        if len(configs) != 1:
            raise NmtError(f"{folder}: {len(configs)} configs (*.json) of a comparison; one must be there")
        self.config, self.plan = configs[0], Plan.read(configs[0])
        self.seeds = self.plan.seeds
        self.budgets = [(heads, keep) for heads, keeps in self.plan.budgets.items() for keep in sorted(keeps)]
        self.dense: dict[int, dict] = {}  # seed -> the line of the dense model
        self._cells: dict[str, dict] = {}
        for path in sorted(self.folder.glob("seed-*.jsonl")):
            for line in read_json_lines(path):
                if line["key"] == "dense":
                    self.dense[line["seed"]] = line
                elif line["training"] == self.plan.training:
                    self._cells[_identity(line["seed"], line["pruning"])] = line
        tests = read_json_lines(self.folder / "significance.jsonl")
        self.significance = {(test["key"], test["against"]): test for test in tests}

    @cached_property
    def rows(self) -> dict[str, list[dict]]:
        """Row -> its settings, in the order of the config. A method that cannot be asked for a budget has no row."""
        rows: dict[str, list[dict]] = {}
        for said in self.plan.methods:
            method, changes = method_class(said["method"]), described(said)
            if "keep" in method.needs:
                row = f"{method.name}, {changes}" if method.name in OURS and changes else method.name
                rows.setdefault(row, []).append(said)
        return rows

    def variations(self, method: str) -> list[str]:
        """The rows of one of our methods, the ablations last."""
        rows = [row for row in self.rows if row.split(", ")[0] == method]
        return sorted(rows, key=lambda row: role(row) == "ablation")

    @cached_property
    def leading(self) -> list[str]:
        """One row for each of our methods: the one with most cells, the first of equals."""
        return [max(rows, key=self.count) for method in OURS if (rows := self.variations(method))]

    @property
    def judged(self) -> list[str]:
        """The rows that the claim is about: those of ours, and an ablation only where most cells are of it."""
        rows = [row for method in OURS for row in self.variations(method)]
        return [row for row in rows if role(row) == "ours" or row in self.leading]

    @property
    def published(self) -> list[str]:
        return [row for row in self.rows if role(row) == "published"]

    def cells(self, row: str, budget: Budget, seed: int) -> list[dict]:
        """The finished cells of a row, one for each of its settings."""
        asked = ({"heads": budget[0], "keep": budget[1], **said} for said in self.rows[row])
        return [self._cells[key] for said in asked if (key := _identity(seed, said)) in self._cells]

    def best(self, row: str, budget: Budget) -> dict[int, dict]:
        """Seed -> the cell of a row with the lowest dev loss."""
        return self._best([row], budget)

    def best_published(self, budget: Budget) -> dict[int, dict]:
        """Seed -> the cell with the lowest dev loss of all published methods."""
        return self._best(self.published, budget)

    def _best(self, rows: Sequence[str], budget: Budget) -> dict[int, dict]:
        found = {seed: [cell for row in rows for cell in self.cells(row, budget, seed)] for seed in self.seeds}
        return {seed: min(cells, key=dev_loss) for seed, cells in found.items() if cells}

    def count(self, row: str) -> int:
        """The finished cells of a row, of all budgets and seeds."""
        return sum(len(self.cells(row, budget, seed)) for budget in self.budgets for seed in self.seeds)

    def done(self, seed: int) -> int:
        """The finished cells of a seed."""
        return sum(len(self.cells(row, budget, seed)) for row in self.rows for budget in self.budgets)

    @property
    def planned(self) -> int:
        """How many cells a seed has when it is finished."""
        return sum(map(len, self.rows.values())) * len(self.budgets)

    def total(self, heads: str) -> int | None:
        """How many such heads the dense models have; None before there is any cell."""
        return next((cell["of"] for cell in self._cells.values() if cell["said"]["heads"] == heads), None)

    def measured_budgets(self) -> list[Budget]:
        """The budgets of which there are cells."""
        return [(heads, keep) for heads, keep in self.budgets if self.total(heads)]

    def small_budgets(self) -> list[Budget]:
        """The budgets that the claim is about."""
        return [(heads, keep) for heads, keep in self.measured_budgets() if keep <= SMALL_SHARE * self.total(heads)]

    def revisions(self) -> list[str]:
        return list(dict.fromkeys(cell["session"]["git"] for cell in self._cells.values() if cell["session"]["git"]))


def _identity(seed: int, said: dict) -> str:
    """What tells a cell from all others: its seed, and the settings that its method heeds, with their defaults.

    A cell is not found by its key, which is made of what the config said: the same cell may be said in several ways,
    and defaults change between versions.
    """
    method = method_class(said["method"])
    settings = asdict(PruningConfig()) | said | {"method": method.name, "gates_every_n_steps": 0}
    if settings["search"] is None:
        settings["search"] = method.search
    unheeded = (() if method.learns else ("search", "gate_lr")) + (() if method.name in OURS else ("swaps",))
    return json.dumps([seed, {key: value for key, value in settings.items() if key not in unheeded}], sort_keys=True)


@dataclass(frozen=True)
class Verdict:
    """A row of ours at one budget against the best published cell of each seed."""

    own: dict[int, dict]  # seed -> cell
    published: dict[int, dict]
    won: list[int]
    lost: list[int]
    ahead: list[int]  # seeds in which ours is lower than all published cells, but some of those are missing
    missing: list[int]  # seeds without a cell of ours, or without any published one

    @property
    def claim(self) -> str:
        """ "holds", "fails", or "open" where too few seeds are done to say."""
        if len(self.lost) > SEEDS - WINS:
            return "fails"
        return "holds" if len(self.won) >= WINS else "open"


def judge(found: Comparison, row: str, budget: Budget) -> Verdict:
    """A seed is won where the dev loss is lower than that of every published cell, at no more compute than they had.

    A tie is lost. Where a published cell is missing, a seed can be lost, but not won.
    """
    verdict = Verdict(found.best(row, budget), found.best_published(budget), [], [], [], [])
    for seed in found.seeds:
        own, published = verdict.own.get(seed), verdict.published.get(seed)
        cells = {other: found.cells(other, budget, seed) for other in found.published}
        if own is None or published is None:
            verdict.missing.append(seed)
        elif dev_loss(own) >= dev_loss(published):
            verdict.lost.append(seed)
        elif any(len(cells[other]) < len(found.rows[other]) for other in cells):
            verdict.ahead.append(seed)
        else:
            allowed = max(cell["compute"] for some in cells.values() for cell in some)
            (verdict.won if own["compute"] <= allowed + 1e-6 else verdict.lost).append(seed)
    return verdict


# Runs, of training and of pruning.


def kept_runs(folder: str | Path) -> list[Run]:
    """The runs in a folder of records, by name."""
    return [Run(path.parent) for path in sorted(Path(folder).glob("*/config.json"))]


def priced_runs(folder: str | Path) -> list[Run]:
    """The runs in data/results/lambda: by corpus, those with a frozen decoder first, then by λ."""

    def order(run: Run) -> tuple:
        settings = run.config["objective"]
        return run.config["card"]["name"], settings["heads"], not settings["freeze"], settings["l0_penalty_lambda"]

    return sorted(kept_runs(folder), key=order)


def outcome(run: Run) -> dict:
    """result.json of a run of `nmt prune`."""
    return read_json(run.directory / "result.json")


def price(run: Run) -> float:
    """What an open head cost in a run with λ: nats per target token."""
    with torch.device("meta"):
        dense = Transformer(TransformerConfig(**run.config["transformer"]))
    return L0(PruningConfig(**run.config["objective"]), dense, run.config["training"]["seed"]).price


# Runs that differ in the size of their corpus.


def sized_runs(folder: str | Path) -> list[Run]:
    """The runs in data/results/corpus-size, the smallest corpus first; of one corpus the fewest blocks first."""
    return sorted(kept_runs(folder), key=lambda run: (pairs(run), blocks(run)))


def pairs(run: Run) -> int:
    """The training pairs, those that were too long for the run among them."""
    return run.config["card"]["pairs"]["train"]


def blocks(run: Run) -> int:
    return run.config["transformer"]["num_blocks"]


def scores_at(run: Run, step: int) -> dict[str, dict]:
    """Source -> the scores of its held-out pairs after so many steps."""
    return {line["source"]: line for line in run.lines("scores.jsonl", step=step)}


def in_common(runs: Sequence[Run]) -> tuple[list[int], list[str]]:
    """The steps and the sources at which all runs were scored. Raises NmtError where there are none."""
    steps, sources = (
        sorted(set.intersection(*({line[key] for line in run.lines("scores.jsonl")} for run in runs)))
        for key in ("step", "source")
    )
    if not steps or not sources:
        raise NmtError(f"{', '.join(run.directory.name for run in runs)}: scored at no common step, or on no source")
    return steps, sources


def logged(run: Run, step: int) -> dict:
    """The line of metrics.jsonl that is nearest to a step."""
    return min(run.lines(), key=lambda line: abs(line["step"] - step))
