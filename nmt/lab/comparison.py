"""What is shown of the comparison: the claim, the verdict, tables and figures, from data/results/compare/.

`python -m nmt.lab.comparison DIR [NAME]` first takes over what there is in DIR, a folder of `nmt compare`, beside the
config in data/results/NAME; then `python -m nmt.lab.report` writes README.md. No number is typed by hand.
"""

import inspect
import sys
from collections import Counter
from pathlib import Path
from statistics import geometric_mean, mean, stdev

import numpy as np
from matplotlib.figure import Figure

from nmt.config import TrainingConfig
from nmt.lab.lineage import revision
from nmt.lab.results import SEEDS, SMALL, WINS, Results, Verdict, dev, judge, keep, role, small_budgets, variant
from nmt.plumbing.places import in_clone
from nmt.pruning.methods import METHODS, OURS, method_class
from nmt.show.plots import MARKED, budget_curves, kept_heads, save

CLAIM = (
    f"at {SMALL:.1%} of the heads and below, the dev loss of ours is lower than that of the best published method on "
    f"at least {WINS} of {SEEDS} seeds, at no more compute"
)
VOITA = (10, 48, -0.15)  # Voita et al. 2019, figure 7: encoder heads kept, of, and what BLEU became
P = 0.05


def draw(results: Results, figures: Path) -> list[Path]:
    """compare.png and compare-heads.png, once there are cells."""
    if not results.some:
        return []
    save(quality(results), figures / "compare.png")
    save(heads(results), figures / "compare-heads.png")
    return [figures / "compare.png", figures / "compare-heads.png"]


def section(results: Results) -> str:
    """Markdown: the claim, what there is, the verdict, the figures, a table a budget."""
    done = {seed: results.done(seed) for seed in results.seeds}
    whole = [seed for seed, count in done.items() if count == results.planned]
    missing = [f"seed {s}: {n} of {results.planned}" for s, n in done.items() if n < results.planned]
    said = (
        f"`nmt compare data/results/compare/{results.config.name} --out DIR`, on {', '.join(results.plan.data)}: "
        f"{sum(done.values())} of {results.planned * len(done)} cells are done, all of them on {len(whole)} of "
        f"{len(done)} seeds." + (f" Not finished: {'; '.join(missing)}." if missing else "")
    )
    epochs = [TrainingConfig(**one).max_epochs for one in (results.plan.dense, results.plan.training)]
    lines = [
        "### Which heads, at equal compute",
        "",
        f"The claim, written down before the runs: *{CLAIM}*.",
        "",
        said,
        "A cell is one method at one budget on one seed. Compute is counted in steps of training, and what a method "
        f"spends on choosing is charged. The dense models learn {epochs[0]} epochs and are pruned within {epochs[1]}, "
        "less than the models that ship: these numbers are to be compared with one another only.",
        "",
        *methods(results),
    ]
    if not results.some:
        return "\n".join(lines)
    losses = [dev(line) for line in results.dense.values()]
    bleus = [line["scores"]["test"]["bleu"] for line in results.dense.values()]
    lines += [
        f"Dense models, one a seed: dev loss {spread(losses, 4)}, test BLEU {spread(bleus, 2)}. Code "
        f"{', '.join(map(revision, results.revisions()))}.",
        "",
        *verdict(results),
        "",
        "![dev loss and test BLEU against heads kept](figures/compare.png)",
        "",
        "Lines are means over seeds, dots are seeds. Highlighted are ours, the published methods of lowest dev loss "
        "at the claim's budgets (geometric mean), and the greedy oracle; grey are the other published methods, cut off "
        "where they lie far outside.",
        "",
        "![heads kept in each layer](figures/compare-heads.png)",
    ]
    for budget in results.budgets:
        if results.of(budget[0]):
            lines += ["", *table(results, budget)]
    return "\n".join(lines)


def again(fresh: Results, tried: Results, first: Results) -> str:
    """Markdown: the share of the search that was tried on the seeds of the first comparison, and what became of it on
    seeds that nothing was chosen on."""
    if not fresh.some:
        return ""
    budgets = [budget for budget in tried.budgets if tried.of(budget[0])]
    columns = " | ".join(f"{keep} of {tried.of(kinds)} {_kinds(kinds)}" for kinds, keep in budgets)
    before = next(row for row in first.own if row.partition(", ")[0] == OURS)
    lines = [
        "### Once more, on fresh seeds",
        "",
        f"`{before}` spends that share of its steps on the search and fine-tunes in the rest. Shorter searches were "
        "tried on the same seeds. Dev loss:",
        "",
        f"| | {columns} |",
        f"|---|{'---|' * len(budgets)}",
    ]
    for results in (tried, first):
        for row in (row for row in results.own if row.partition(", ")[0] == OURS):
            cells = [spread([*map(dev, results.best(row, budget).values())], 4) for budget in budgets]
            lines.append(f"| `{row}` | {' | '.join(cells)} |")
    lines += [
        "",
        f"`{OURS}` searches in {METHODS[OURS].search:g} of its steps since. That was chosen by these five seeds, so "
        "five others judge it, "
        f"{', '.join(map(str, fresh.seeds))}, with dense models of their own and every published method and setting "
        f"of the first comparison ({sum(map(fresh.done, fresh.seeds))} of {fresh.planned * len(fresh.seeds)} cells; "
        f"`nmt compare data/results/{fresh.folder.name}/{fresh.config.name} --out DIR`; code "
        f"{', '.join(map(revision, fresh.revisions()))}):",
        "",
        *rows(fresh),
    ]
    for budget in fresh.budgets:
        lines += ["", *table(fresh, budget)]
    return "\n".join(lines)


def methods(results: Results) -> list[str]:
    """Lines of Markdown: what each method does, by the first paragraph of its docstring."""
    lines = ["<details><summary>the methods</summary>", "", "| method | whose | what it does |", "|---|---|---|"]
    for name in dict.fromkeys(row.partition(", ")[0] for row in results.rows):
        does = " ".join(inspect.getdoc(method_class(name)).split("\n\n")[0].split())
        lines.append(f"| `{name}` | {'ours' if role(name) == 'ours' else _role(name)} | {does} |")
    return [
        *lines,
        "",
        "*swaps*: at the end of the search, kept heads may change places with dropped ones where the loss says so. "
        "*distill*: the dense model's probabilities are learnt from, too. *search*: its share of the steps.",
        "",
        "</details>",
        "",
    ]


def rows(results: Results) -> list[str]:
    """Lines of Markdown: what became of the claim, and each of ours beside the best published method at each budget."""
    lines = [
        "\n\n".join(f"**{sentence(results, row)}**" for row in results.own),
        "",
        "| heads kept | ours | dev loss − best published (by seed) | seeds | best published "
        f"| compute: ours, theirs | test BLEU − best published | p < {P:g} | test BLEU − dense | p < {P:g} |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for budget in results.budgets:
        for row in results.own:
            one = judge(results, row, budget)
            if one.both:
                lines.append(_verdict_row(results, row, budget, one))
    return lines


def verdict(results: Results) -> list[str]:
    """Lines of Markdown: the same with notes, and the share of Voita et al."""
    lines = rows(results)
    signature = next((x["signature"].replace("|", r"\|") for x in results.bootstrap.values()), None)
    lines += [
        "",
        f"- `{OURS}` is what `--method ours` stands for; a row with settings behind its name is a variation. What was "
        "chosen after looking at a seed has an advantage on that seed.",
        "- The best published method is, in each seed, the one of lowest dev loss among all methods, baselines and "
        "settings that are not ours, the greedy oracle left out. Where a method has several settings (λ, share of the "
        "search) the best by dev loss counts, and what trying them cost is not charged: this favours it. A tie is "
        "lost.",
        "- Where a published cell is missing, a seed can be lost, but not won.",
        "- `p`: paired bootstrap of test BLEU within a seed; on how many seeds better and worse, not corrected for the "
        f"number of tests ({f'`{signature}`' if signature else 'none was made yet'}).",
    ]
    return [*lines, *same_share(results)]


def sentence(results: Results, row: str) -> str:
    """What became of the claim, plainly."""
    found = {budget: judge(results, row, budget) for budget in small_budgets(results)}
    parts = []
    for (kinds, kept), one in found.items():
        parts.append(f"{kept} of {results.of(kinds)} {_kinds(kinds)}: {one.claim}, seeds: {tally(one)}")
    claims = {one.claim for one in found.values()}
    whole = "fails" if "fails" in claims else "is open" if "open" in claims or not claims else "holds"
    return f"`{row}`: the claim {whole}" + (f" ({'; '.join(parts)})." if parts else ".")


def tally(one: Verdict) -> str:
    """How many seeds are won, lost, and what is missing of the others."""
    said = f"{len(one.won)} won, {len(one.lost)} lost"
    said += f", {len(one.ahead)} ahead of the published cells there are" if one.ahead else ""
    return said + (f", {len(one.open)} not run" if one.open else "")


def _verdict_row(results: Results, row: str, budget: tuple[str, int], one: Verdict) -> str:
    own, rival = one.own, one.rival
    differences = [dev(own[seed]) - dev(rival[seed]) for seed in one.both]
    names = Counter(label(rival[seed]["said"]) for seed in one.both)
    bold = "**" if budget in small_budgets(results) else ""
    cells = [
        f"{bold}{budget[1]} of {results.of(budget[0])} {_kinds(budget[0])}{bold}",
        f"`{row}`",
        f"{mean(differences):+.4f} ({', '.join(f'{x:+.4f}' for x in differences)})",
        tally(one),
        ", ".join(name + (f" ×{count}" if count > 1 else "") for name, count in names.items()),
        ", ".join(f"{mean(x[seed]['compute'] for seed in one.both):.1f}" for x in (own, rival)),
        *_bleu_cells(results, own, rival),
        *_bleu_cells(results, own, results.dense),
    ]
    return f"| {' | '.join(cells)} |"


def _bleu_cells(results: Results, own: dict[int, dict], other: dict[int, dict]) -> tuple[str, str]:
    """The mean difference of test BLEU, and on how many seeds it is significant."""
    seeds = [seed for seed in own if seed in other]
    change = [own[s]["scores"]["test"]["bleu"] - other[s]["scores"]["test"]["bleu"] for s in seeds]
    against = [f"dense-{s}" if other[s]["key"] == "dense" else other[s]["key"] for s in seeds]
    tested = [results.bootstrap.get((own[s]["key"], name)) for s, name in zip(seeds, against, strict=True)]
    found = [np.sign(x["bleu"] - x["bleu_against"]) for x in tested if x and x["p"] < P]
    count = sum(map(bool, tested))
    said = f"{found.count(1)} better, {found.count(-1)} worse of {count}" if count else "–"
    return (f"{mean(change):+.2f}" if change else "–"), said


def same_share(results: Results) -> list[str]:
    """The headline of Voita et al. 2019 beside ours, at the budget nearest to theirs."""
    share, of = VOITA[0] / VOITA[1], results.of("encoder")
    budgets = [budget for budget in results.budgets if budget[0] == "encoder"]
    if not of or not budgets or not results.leading:
        return []
    budget, row = min(budgets, key=lambda b: abs(b[1] / of - share)), results.leading[0]
    if not (own := results.best(row, budget)):
        return []
    change, said = _bleu_cells(results, own, results.dense)
    return [
        "",
        f"Voita et al. 2019 kept {VOITA[0]} of {VOITA[1]} encoder heads ({share:.1%}) for {VOITA[2]:+.2f} BLEU, with "
        f"their data and size. `{row}` keeps {budget[1]} of {of} ({budget[1] / of:.1%}): {change} test BLEU, the mean "
        f"of {len(own)} seed{'s' * (len(own) > 1)} (p < {P:g}: {said}). The pruned models trained "
        f"{mean(x['steps'] for x in own.values()):.0f} steps more than the dense ones, which alone may raise BLEU.",
    ]


def table(results: Results, budget: tuple[str, int]) -> list[str]:
    """All rows of one budget, the lowest mean dev loss first."""
    found = {row: cells for row in results.rows if (cells := results.best(row, budget))}
    first = next(iter(results.leading), OURS)
    title = f"{budget[1]} of {results.of(budget[0])} {_kinds(budget[0])} kept"
    lines = [
        f"<details><summary>{title}: all methods</summary>",
        "",
        f"| method | what it is | dev loss | test BLEU | test chrF | compute, steps | seeds | `{first}` is lower |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row, cells in sorted(found.items(), key=lambda item: mean(map(dev, item[1].values()))):
        test = [x["scores"]["test"] for x in cells.values()]
        settings = Counter(variant(x["said"]) for x in cells.values())
        chosen = "; ".join(f"{v} ×{n}" for v, n in settings.items()) if len(results.rows[row]) > 1 else ""
        name = f"**`{row}`**" if role(row) == "ours" else f"`{row}`"
        lines.append(
            f"| {name}{f' ({chosen})' if chosen else ''} | {_role(row)} | {spread([*map(dev, cells.values())], 4)} | "
            f"{spread([x['bleu'] for x in test], 2)} | {spread([x['chrf'] for x in test], 2)} | "
            f"{mean(x['compute'] for x in cells.values()):.1f} | {len(cells)} | {_lower(found.get(first, {}), cells)} |"
        )
    return [
        *lines,
        "",
        "Mean ± standard deviation over the seeds there are; last: on how many of them ours has the lower dev loss.",
        "",
        "</details>",
    ]


def _lower(own: dict[int, dict], cells: dict[int, dict]) -> str:
    """On how many of the seeds that both have is ours lower."""
    both = own.keys() & cells.keys()
    same = all(own[seed] is cells[seed] for seed in both)
    return "" if same else f"on {sum(dev(own[seed]) < dev(cells[seed]) for seed in both)} of {len(both)}"


def _role(row: str) -> str:
    return {"bound": "upper bound, search not charged"}.get(role(row), role(row))


def label(said: dict) -> str:
    """A method with its settings, as in tables: `l0-topk` (λ 0.3)."""
    changes = variant(said)
    return f"`{said['method']}`" + (f" ({changes})" if changes else "")


def spread(values: list[float], digits: int) -> str:
    return f"{mean(values):.{digits}f}" + (f" ± {stdev(values):.{digits}f}" if len(values) > 1 else "")


def _kinds(heads: str) -> str:
    return "heads of all kinds" if heads == "all" else f"{heads} heads"


def marked(results: Results) -> list[str]:
    """What the figures highlight: ours, the published of the lowest losses at the claim's budgets, the bound."""
    losses: dict[str, list[float]] = {}
    for budget in small_budgets(results) or results.budgets:
        for row in results.published:
            if cells := results.best(row, budget):
                losses.setdefault(row, []).append(mean(map(dev, cells.values())))
    most = max(map(len, losses.values()), default=0)  # what is not there at each budget cannot be ranked
    ranked = sorted((row for row in losses if len(losses[row]) == most), key=lambda row: geometric_mean(losses[row]))
    bounds = [row for row in results.rows if role(row) == "bound"][:1]
    best = ranked[: max(0, len(MARKED) - len(results.leading) - len(bounds))]
    return [row for row in (*results.leading, *best, *bounds) if any(results.best(row, b) for b in results.budgets)]


def quality(results: Results) -> Figure:
    """Dev loss and test BLEU against the heads kept."""
    shown = [row for row in results.rows if role(row) != "ablation" or row in results.leading]
    scores = {
        "dev loss, nats per piece": dev,
        "test BLEU": lambda line: line["scores"]["test"]["bleu"],
    }
    panels = []
    for ylabel, score in scores.items():
        panels.append([])
        for group in results.plan.budgets:
            budgets = [(h, k) for h, k in results.budgets if h == group]
            values = {
                row: {b[1]: [*map(score, x.values())] for b in budgets if (x := results.best(row, b))} for row in shown
            }
            dense = {"dense": {0: [score(line) for line in results.dense.values()]}}
            of = results.of(group)
            panels[-1].append((_kinds(group) + (f", {of} in all" if of else ""), ylabel, values | dense))
    return budget_curves(panels, marked(results))


def heads(results: Results) -> Figure:
    """Where the kept heads are, the mean over the seeds; ours and the strongest others."""
    rows, most = [], 1
    for group in results.plan.budgets:
        panels = {}
        for budget in [b for b in results.budgets if b[0] == group]:
            masks = {row: [x["mask"] for x in results.best(row, budget).values()] for row in marked(results)}
            if any(masks[row] for row in [r for r in masks if r in results.leading] or masks):
                panels[f"{budget[1]} of {results.of(group)} {_kinds(group)}"] = {
                    row: {kind: np.mean([np.sum(m[kind], 1) for m in some], 0) for kind in some[0]} if some else None
                    for row, some in masks.items()
                }
            most = max([most, *(len(row) for some in masks.values() for m in some for k in m.values() for row in k)])
        rows += [panels] if panels else []
    return kept_heads(rows, most, f"heads kept in each layer, of {most}: means over seeds")


if __name__ == "__main__":
    root = in_clone()
    kept = keep(sys.argv[1], root / "data" / "results" / (sys.argv[2] if sys.argv[2:] else "compare"))
    print(*(f"seed {seed}: {kept.done(seed)} of {kept.planned} cells" for seed in kept.seeds), sep="\n")
