"""What a comparison says of the claims in its config: effects, intervals and p over the dense models.

    python data/results/judging.py CONFIG FOLDER [FOLDER …]

FOLDER holds the cells, seed-*.jsonl: a folder of data/results, or the --out of `nmt compare` while it still works.
A model counts once: what is told of it is the mean over the numbers of heads, over repeats, and over the methods that
a claim names together. Nothing is chosen in hindsight but what is called so.
"""

import itertools
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, variance

import numpy as np
from comparing import Plan

from nmt import NmtError
from nmt.plumbing.files import read_json_lines
from nmt.plumbing.places import in_clone

sys.path.append(str(in_clone("data")))

from page_parts import table


@dataclass(frozen=True)
class Claim:
    """That `ours` has a lower dev loss than each of `against`: names of methods; those in one list count as their mean.

    It holds where, for each of `against`, p is at most `p` after Holm's correction and the effect is below 0; or the
    loss is lower by `by` or more on at least `on` models; or the mean difference is at most `within`.
    """

    ours: list[str]
    against: list[list[str]]
    keep: list[int]
    heads: str = "all"
    log: bool = False  # the logarithm of the loss
    p: float | None = None
    by: float = 0.0
    on: int | None = None
    within: float | None = None

    @property
    def described(self) -> bool:
        """Whether nothing is claimed of the comparison: it is told, and not judged."""
        return self.p is None and self.on is None and self.within is None

    def holds(self, differences: np.ndarray, corrected: float) -> bool:
        lower = (differences <= -self.by) & (differences < 0)
        enough = self.on is None or int(lower.sum()) >= self.on
        significant = self.p is None or (differences.mean() < 0 and corrected <= self.p)
        return bool(enough and significant and (self.within is None or differences.mean() <= self.within))


def sign_flip(differences: np.ndarray) -> float:
    """The two-sided p of their mean, (N,), if each sign were a coin's: exact, over all 2^N signs."""
    signs = np.array([*itertools.product((-1, 1), repeat=len(differences))])
    return float((abs(signs @ differences) >= abs(differences.sum()) - 1e-12).mean())


def interval(differences: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """The means that `sign_flip` does not reject: Hartigan 1969, between two of the means of all subsets. With fewer
    than six models these are the extremes, of a lower level."""
    subsets = np.array([*itertools.product((0, 1), repeat=len(differences))])[1:]
    means = np.sort(subsets @ differences / subsets.sum(1))
    place = max(0, math.floor((1 - level) / 2 * 2 ** len(differences)) - 1)
    return float(means[place]), float(means[-1 - place])


def holm(ps: Sequence[float]) -> list[float]:
    """Holm 1979: p corrected for as many tests, in the order given."""
    order, corrected, highest = sorted(range(len(ps)), key=ps.__getitem__), [0.0] * len(ps), 0.0
    for place, number in enumerate(order):
        highest = corrected[number] = max(highest, min(1.0, (len(ps) - place) * ps[number]))
    return corrected


def chance_in_hindsight(rivals: int, won: int, models: int) -> float:
    """P(lower than the best of so many rivals on at least `won` models), were all equal and independent."""
    p = 1 / (rivals + 1)
    return sum(math.comb(models, n) * p**n * (1 - p) ** (models - n) for n in range(won, models + 1))


class Cells:
    """The cells of a plan that are there, and its dense models."""

    def __init__(self, plan: Plan, folders: Iterable[str | Path]) -> None:
        self.plan = plan
        self.methods = {method.get("name", method["method"]): method for method in plan.methods}
        self.lines: dict[tuple[str, int], dict] = {}  # (key, how many heads are kept) -> the line of a cell
        self.dense: dict[int, dict] = {}  # seed -> the line of its dense model
        each = itertools.product(plan.cells(), plan.seeds, range(plan.repeats))
        self.keys = keys = {plan.key(said, seed, repeat) for said, seed, repeat in each}
        for path in (path for folder in folders for path in sorted(Path(folder).glob("seed-*.jsonl"))):
            for line in read_json_lines(path):
                if line["key"] in keys:
                    self.lines[line["key"], line["kept"]] = line
                elif line["key"] == "dense" and line["seed"] in plan.seeds:
                    self.dense[line["seed"]] = line

    @property
    def complete(self) -> bool:
        """Whether every cell of the plan is there; those that plans have in common do not make a comparison."""
        return self.keys == {key for key, _ in self.lines}

    def repeats(self, name: str, heads: str, keep: int, seed: int) -> list[float]:
        """The dev losses of one cell, in the order of the repeats."""
        return [line["scores"]["dev"]["loss"] for line in self.of(name, heads, keep, seed)]

    def of(self, name: str, heads: str, keep: int, seed: int) -> list[dict]:
        """The lines of one cell, in the order of the repeats. Raises NmtError for a name that is none of a method."""
        if name not in self.methods:
            raise NmtError(f"claims: {name} is no name of a method; there are {', '.join(self.methods)}")
        said = self.plan.said(self.methods[name], heads, keep)
        keys = [(self.plan.key(said, seed, repeat), keep) for repeat in range(self.plan.repeats)]
        return [self.lines[key] for key in keys if key in self.lines]

    def table(self, name: str, heads: str, budgets: Sequence[int], seeds: Sequence[int]) -> np.ndarray:
        """The dev losses of a method, the mean over the repeats: (budgets, seeds)."""
        return np.array([[mean(self.repeats(name, heads, keep, seed)) for seed in seeds] for keep in budgets])


def judge(plan: Plan, cells: Cells) -> list[dict[str, object]]:
    """A row for each comparison of each claim; models that lack a cell are left out, and claims with fewer than two."""
    rows = []
    for title, said in plan.claims.items():
        claim = Claim(**said)
        sides = [claim.ours, *claim.against]
        found = {}  # seed -> what is told of each side
        for seed in plan.seeds:
            of = [[cells.repeats(n, claim.heads, k, seed) for n in side for k in claim.keep] for side in sides]
            if all(len(cell) == plan.repeats for side in of for cell in side):
                found[seed] = [mean(math.log(x) if claim.log else x for cell in side for x in cell) for side in of]
        if len(found) < 2:
            continue
        values = np.array([*found.values()])  # (models, sides)
        differences = values[:, :1] - values[:, 1:]  # (models, opponents)
        ps = [sign_flip(column) for column in differences.T]
        corrected = holm(ps)
        for side, column, p, of_all in zip(claim.against, differences.T, ps, corrected, strict=True):
            low, high = interval(column)
            rows.append({
                "claim": title, "ours": ", ".join(claim.ours), "against": ", ".join(side),
                "difference": f"{column.mean():+.4f}", "95%": f"{low:+.4f} to {high:+.4f}",
                "lower on": f"{int((column < 0).sum())} of {len(column)}", "p": f"{p:.4f}", "Holm": f"{of_all:.4f}",
                "holds": "not claimed" if claim.described else "yes" if claim.holds(column, of_all) else "no",
            })  # fmt: skip
        if len(claim.against) == 1:
            continue
        won = int((differences.max(1) < 0).sum())
        chance = chance_in_hindsight(len(claim.against), won, len(found))
        rows[-1]["best of all in hindsight"] = (
            f"better than the best of them on {won} models; P by chance, were all equal: {chance:.3g}"
        )
    return rows


def repeated_sd(plan: Plan, cells: Cells) -> list[dict[str, object]]:
    """The standard deviation of a repeated cell, in nats, by budget, pooled over models: of all methods and of each."""

    def pooled(names: Iterable[str], heads: str, keep: int) -> tuple[float, int]:
        of = [cells.repeats(name, heads, keep, seed) for name in names for seed in plan.seeds]
        of = [cell for cell in of if len(cell) > 1]
        freedom = sum(len(cell) - 1 for cell in of)
        return math.sqrt(sum(variance(cell) * (len(cell) - 1) for cell in of) / max(1, freedom)), freedom

    rows = []
    for heads, keep in ((heads, keep) for heads, budgets in plan.budgets.items() for keep in budgets):
        sd, freedom = pooled(cells.methods, heads, keep)
        if freedom:
            row = {"heads": heads, "kept": keep, "sd of a repeated cell": f"{sd:.4f}", "degrees": freedom}
            rows.append(row | {f"`{name}`": f"{pooled([name], heads, keep)[0]:.4f}" for name in cells.methods})
    return rows


if __name__ == "__main__":
    plan = Plan.read(sys.argv[1])
    kept = Cells(plan, sys.argv[2:])
    print(table(judge(plan, kept)), table(repeated_sd(plan, kept)), sep="\n\n")
