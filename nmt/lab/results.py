"""What a comparison says: its cells read back, the best published method of each seed, and whether ours beats it.

data/results/compare/ holds the config, seed-SEED.jsonl and significance.jsonl. `keep` makes them from a folder of
`nmt compare`; the translations behind the bootstrap stay there: `python -m nmt.lab.comparison DIR`.
"""

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from sacrebleu.metrics import BLEU
from sacrebleu.significance import PairedTest

from nmt import NmtError
from nmt.corpora.corpus import prepare
from nmt.lab.compare import Comparison
from nmt.plumbing.files import write_text
from nmt.pruning.config import PruningConfig
from nmt.pruning.methods import OnBudget, Shed, method_class

OWN = (Shed.name, OnBudget.name)
# The claim, as it was written down before the runs.
SMALL, WINS, SEEDS = 0.125, 4, 5
SETTINGS = {"l0_penalty_lambda": "λ"}  # what a setting is called where it names a row


def dev(line: dict) -> float:
    """The loss that chooses: nats per target token on the validation pairs."""
    return line["scores"]["dev"]["loss"]


class Results:
    """The kept cells of one comparison, whatever is there of them. A budget is (heads, keep), as in the config.

    A row is what a line of the tables stands for: ours, an ablation of ours ("shed, swaps 0"), or a method of others,
    which may have several settings; in each seed the setting with the lowest dev loss then counts, and its search is
    not charged.
    """

    def __init__(self, folder: str | Path) -> None:
        """Raises NmtError where there is not one config, or a line is damaged."""
        self.folder = Path(folder)
        configs = sorted(self.folder.glob("*.json"))
        if len(configs) != 1:
            raise NmtError(f"{folder}: {len(configs)} configs (*.json) of a comparison; one must be there")
        self.config, self.plan = configs[0], Comparison.read(configs[0])
        self.seeds = self.plan.seeds
        self.budgets = [(heads, keep) for heads, keeps in self.plan.budgets.items() for keep in sorted(keeps)]
        self.dense: dict[int, dict] = {}
        self._lines: dict[str, dict] = {}
        for path in sorted(self.folder.glob("seed-*.jsonl")):
            for line in read_lines(path):
                if line["key"] == "dense":
                    self.dense[line["seed"]] = line
                elif line["training"] == self.plan.training:
                    self._lines[_place(line["seed"], line["pruning"])] = line
        self.bootstrap = {(x["key"], x["against"]): x for x in read_lines(self.folder / "significance.jsonl")}

    @cached_property
    def rows(self) -> dict[str, list[dict]]:
        """Row -> the settings it stands for, in the order of the config."""
        rows: dict[str, list[dict]] = {}
        for said in self.plan.methods:
            kind, changes = method_class(said["method"]), variant(said)
            if "keep" not in kind.needs:
                continue  # it cannot be asked for a budget
            row = f"{kind.name}, {changes}" if kind.name in OWN and changes else kind.name
            rows.setdefault(row, []).append(said)
        return rows

    @cached_property
    def own(self) -> list[str]:
        """What is judged: each of ours, whatever its search's share, and the variation that most cells are there of."""
        judged = []
        for name in OWN:
            family = sorted((r for r in self.rows if r.partition(", ")[0] == name), key=lambda r: role(r) != "ours")
            judged += [row for row in family if role(row) == "ours" or row == max(family, key=self.count)]
        return judged

    @property
    def leading(self) -> list[str]:
        """One of each of ours: that of which most cells are there, of equals the name as it stands."""
        rows: dict[str, str] = {}
        for row in self.own:
            name = row.partition(", ")[0]
            rows[name] = max(rows.get(name, row), row, key=self.count)
        return list(rows.values())

    def count(self, row: str) -> int:
        """Finished cells of a row, all budgets and seeds."""
        return sum(len(self.cells(row, budget, seed)) for budget in self.budgets for seed in self.seeds)

    @property
    def published(self) -> list[str]:
        return [row for row in self.rows if role(row) == "published"]

    def cells(self, row: str, budget: tuple[str, int], seed: int) -> list[dict]:
        """The finished cells of a row, one a setting."""
        said = ({"heads": budget[0], "keep": budget[1], **one} for one in self.rows[row])
        return [self._lines[place] for one in said if (place := _place(seed, one)) in self._lines]

    def whole(self, row: str, budget: tuple[str, int], seed: int) -> bool:
        return len(self.cells(row, budget, seed)) == len(self.rows[row])

    def best(self, row: str, budget: tuple[str, int]) -> dict[int, dict]:
        """Seed -> the cell with the lowest dev loss."""
        found = {seed: self.cells(row, budget, seed) for seed in self.seeds}
        return {seed: min(cells, key=dev) for seed, cells in found.items() if cells}

    def rival(self, budget: tuple[str, int]) -> dict[int, dict]:
        """Seed -> the best cell, by dev loss, of all published methods that are there."""
        found = {seed: [x for row in self.published for x in self.cells(row, budget, seed)] for seed in self.seeds}
        return {seed: min(cells, key=dev) for seed, cells in found.items() if cells}

    @property
    def some(self) -> bool:
        """Whether there is any cell."""
        return any(map(self.done, self.seeds))

    def of(self, heads: str) -> int | None:
        """How many heads the dense models have, of these kinds; None before any cell is there."""
        return next((line["of"] for line in self._lines.values() if line["said"]["heads"] == heads), None)

    def done(self, seed: int) -> int:
        return sum(len(self.cells(row, budget, seed)) for row in self.rows for budget in self.budgets)

    @property
    def planned(self) -> int:
        """Cells of a seed."""
        return sum(map(len, self.rows.values())) * len(self.budgets)

    def revisions(self) -> list[str]:
        return list(dict.fromkeys(x["session"]["git"] for x in self._lines.values() if x["session"]["git"]))


@dataclass(frozen=True)
class Verdict:
    """One of ours at one budget, seed by seed, against the best published method of that seed."""

    own: dict[int, dict]
    rival: dict[int, dict]
    won: list[int]
    lost: list[int]
    ahead: list[int]  # lower than every published cell that is there, but some are missing
    open: list[int]  # ours is missing, or all the others

    @property
    def both(self) -> list[int]:
        return [seed for seed in self.own if seed in self.rival]

    @property
    def claim(self) -> str:
        """ "holds", "fails", or "open" where too few seeds are there to say."""
        if len(self.lost) > SEEDS - WINS:
            return "fails"
        return "holds" if len(self.won) >= WINS else "open"


def judge(results: Results, row: str, budget: tuple[str, int]) -> Verdict:
    """A seed is won where the dev loss is lower than every published method's, at no more compute than they had.

    A tie is lost. Where a published cell is missing, a seed can be lost, but not won: ours is ahead.
    """
    own, rival = results.best(row, budget), results.rival(budget)
    won, lost, ahead, undecided = [], [], [], []
    for seed in results.seeds:
        whole = all(results.whole(other, budget, seed) for other in results.published)
        if seed not in own or seed not in rival:
            undecided.append(seed)
        elif dev(own[seed]) >= dev(rival[seed]):
            lost.append(seed)
        elif not whole:
            ahead.append(seed)
        else:
            had = max(x["compute"] for other in results.published for x in results.cells(other, budget, seed))
            (won if own[seed]["compute"] <= had + 1e-6 else lost).append(seed)
    return Verdict(own, rival, won, lost, ahead, undecided)


def small_budgets(results: Results) -> list[tuple[str, int]]:
    """Those that the claim is about."""
    return [(h, keep) for h, keep in results.budgets if (of := results.of(h)) and keep <= SMALL * of]


def keep(out: str | Path, folder: str | Path) -> Results:
    """Copy the finished lines of a folder of `nmt compare` beside the kept config, and test what can be tested.

    Ours against the dense model and against the best published method of the seed: significance.jsonl, a line each.
    Pairs tested before are not tested again. Raises NmtError where outputs are missing, or not of this corpus.
    """
    out, folder = Path(out), Path(folder)
    for path in sorted(out.glob("seed-*.jsonl")):
        text = path.read_text(encoding="utf-8")
        write_text(folder / path.name, text[: text.rfind("\n") + 1])  # a line that is being written stays behind
    results = Results(folder)
    corpus = prepare(results.plan.data)
    if strange := [s for s, line in results.dense.items() if line["corpus"] != corpus.fingerprint]:
        raise NmtError(f"{out}: seeds {strange} are of another version of {', '.join(results.plan.data)}")
    references, kept = [russian for _, russian in corpus.pairs("test")], []
    for budget in results.budgets:
        rival = results.rival(budget)
        for seed, dense in results.dense.items():
            own = [cells[seed] for row in results.own if seed in (cells := results.best(row, budget))]
            for other in [dense, *([rival[seed]] if seed in rival else [])] if own else []:
                pairs = [results.bootstrap.get((x["key"], _name(other))) for x in own]
                kept += pairs if all(pairs) else significance(out / "outputs", references, other, own)
    write_text(folder / "significance.jsonl", "".join(json.dumps(x, ensure_ascii=False) + "\n" for x in kept))
    return Results(folder)


def significance(outputs: Path, references: list[str], other: dict, own: list[dict]) -> list[dict]:
    """sacreBLEU's paired bootstrap (Koehn 2004) of the test BLEU of cells against another: a line for each of `own`."""

    def written(line: dict) -> tuple[str, list[str]]:
        path = outputs / f"{_name(line)}.txt"
        try:
            return _name(line), path.read_text(encoding="utf-8").split("\n")[:-1]
        except FileNotFoundError:
            raise NmtError(f"{path}: no such file, but {line['method']} has its line") from None

    test = PairedTest([written(other), *map(written, own)], {"BLEU": BLEU(force=True)}, [references], test_type="bs")
    signatures, scores = test()
    baseline, *others = scores["BLEU"]
    return [
        {
            "key": line["key"],
            "against": _name(other),
            "seed": line["seed"],
            "bleu": float(one.score),
            "bleu_against": float(baseline.score),
            "p": float(one.p_value),
            "signature": str(signatures["BLEU"]),
        }
        for line, one in zip(own, others, strict=True)
    ]


def role(row: str) -> str:
    """What a row is: "ours", an "ablation" of ours, a "bound" whose search is not charged, or "published"."""
    name, *changes = row.split(", ")
    if name in OWN:
        return "ours" if all(change.startswith("search ") for change in changes) else "ablation"
    return "published" if method_class(name).charged else "bound"


def variant(said: dict) -> str:
    """The settings beside the method's name: "λ 0.3, search 0.3"."""
    rest = {SETTINGS.get(k, k): v for k, v in said.items() if k not in ("method", "heads", "keep")}
    return ", ".join(f"{name} {value}" for name, value in rest.items())


def read_lines(path: Path) -> list[dict]:
    """The whole lines of a file of JSON lines; none where there is no file."""
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    except FileNotFoundError:
        return []
    except ValueError as error:
        raise NmtError(f"{path}: a damaged line ({error})") from None


def _place(seed: int, said: dict) -> str:
    """What tells a cell from others, by the settings that its method heeds: defaults may change between versions."""
    kind = method_class(said["method"])
    settings = asdict(PruningConfig()) | said | {"method": kind.name, "gates_every_n_steps": 0}
    if settings["search"] is None:
        settings["search"] = kind.search
    unheeded = (() if kind.learns else ("search", "gate_lr")) + (() if kind.name in OWN else ("swaps",))
    return json.dumps([seed, {k: v for k, v in settings.items() if k not in unheeded}], sort_keys=True)


def _name(line: dict) -> str:
    """What the file of a cell's translations is called."""
    return f"dense-{line['seed']}" if line["key"] == "dense" else line["key"]
