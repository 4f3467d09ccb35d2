"""The figures of the pages, drawn from the kept results alone: figures/*.png of `python -m nmt.lab.tables`."""

from collections.abc import Sequence
from pathlib import Path
from statistics import geometric_mean, mean

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from nmt.lab import bench, results
from nmt.lab.results import Comparison, bleu, dev_loss, role
from nmt.plumbing.files import read_json
from nmt.runs import Run
from nmt.show import plots
from nmt.show.histories import gates


def draw(stored: Path, folder: Path) -> list[Path]:
    """Every figure that there are results for: stored is data/results. Returns the files."""
    drawn: dict[str, Figure] = {}
    for run in results.kept_runs(stored):
        name = run.directory.name
        drawn[name] = plots.run_curves(run, f"run {name}, corpus {run.config['card']['name']}")
        if run.frames():
            drawn[f"{name}-attention"] = last_attention(run)
    if (stored / "compare").is_dir() and (compared := Comparison(stored / "compare")).measured_budgets():
        drawn["compare"] = losses(compared)
    if sized := results.sized_runs(stored / "corpus-size"):
        drawn["corpus-size"] = growth([run for run in sized if results.blocks(run) == results.blocks(sized[0])])
    drawn |= {path.stem: bench.figure(read_json(path)) for path in sorted(stored.glob("bench*.json"))}
    by_corpus: dict[str, list[Run]] = {}
    for run in results.priced_runs(stored / "lambda"):
        by_corpus.setdefault(run.config["card"]["name"], []).append(run)
    drawn |= {f"lambda-{corpus}": gates_by_price(corpus, runs) for corpus, runs in by_corpus.items()}
    for name, figure in drawn.items():
        plots.save(figure, folder / f"{name}.png")
    return [folder / f"{name}.png" for name in drawn]


def last_attention(run: Run) -> Figure:
    """Cross-attention of all heads on the first sentence of the run's last frame."""
    step, path = run.frames()[-1]
    with np.load(path, allow_pickle=False) as frame:
        written = [*frame["0.trg"].tolist()[1:], "<EOS>"]  # row t of a map is the step that writes piece t
        title = f"cross-attention after {step} steps: where each Russian piece (down) looks when it is written"
        return plots.attention_heads(frame["0.cross"], written, frame["0.src"].tolist(), title)


def kinds(heads: str) -> str:
    return "heads of all kinds" if heads == "all" else f"{heads} heads"


def highlighted(found: Comparison) -> list[str]:
    """The rows that the figures highlight: ours, the published ones of lowest loss at the claim's budgets, a bound."""
    losses: dict[str, list[float]] = {}
    for budget in found.small_budgets() or found.budgets:
        for row in found.published:
            if cells := found.best(row, budget):
                losses.setdefault(row, []).append(mean(map(dev_loss, cells.values())))
    most = max(map(len, losses.values()), default=0)  # a row without cells at one of the budgets cannot be ranked
    ranked = sorted((row for row in losses if len(losses[row]) == most), key=lambda row: geometric_mean(losses[row]))
    bounds = [row for row in found.rows if role(row) == "bound"][:1]
    rows = [*found.leading, *ranked[: max(0, len(plots.MARKED) - len(found.leading) - len(bounds))], *bounds]
    return [row for row in rows if found.count(row)]


def losses(found: Comparison) -> Figure:
    """Dev loss and test BLEU against the heads kept, all methods."""
    shown = [row for row in found.rows if role(row) != "ablation" or row in found.leading]
    panels = []
    for ylabel, score in {"dev loss, nats per piece": dev_loss, "test BLEU": bleu}.items():
        panels.append([])
        for group in found.plan.budgets:
            values = {"dense": {0: [score(line) for line in found.dense.values()]}}
            for row in shown:
                cells = {budget[1]: found.best(row, budget) for budget in found.budgets if budget[0] == group}
                values[row] = {keep: [*map(score, of.values())] for keep, of in cells.items() if of}
            total = found.total(group)
            panels[-1].append((kinds(group) + (f", {total} in all" if total else ""), ylabel, values))
    return plots.budget_curves(panels, highlighted(found))


def growth(runs: Sequence[Run]) -> Figure:
    """The mean of BLEU and of chrF over the sources against the pairs learnt from, a line for each number of steps.

    Grey: each source after the most steps.
    """
    steps, sources = results.in_common(runs)
    figure, grid = plots.new_figure((8.4, 3.4), (1, 2))
    places = [results.pairs(run) for run in runs]
    styles = ((plots.ORANGE, "s", "--"), (plots.BLUE, "o", "-"))[-len(steps) :]
    for axes, key, name in zip(grid[0], ("bleu", "chrf"), ("BLEU", "chrF"), strict=True):
        scores = {step: [results.scores_at(run, step) for run in runs] for step in steps}
        for source in sources:
            label = "one source, the most steps" if source == sources[0] else None
            axes.plot(
                places, [of[source][key] for of in scores[steps[-1]]], color=plots.GREY, lw=0.7, zorder=1, label=label
            )
        for step, (color, mark, dashes) in zip(steps[-2:], styles, strict=True):
            means = [mean(of[source][key] for source in sources) for of in scores[step]]
            axes.plot(places, means, ls=dashes, marker=mark, color=color, label=f"mean, {step:,} steps")
        axes.set(xscale="log", xlabel="training pairs", ylabel=f"{name} of held-out pairs", ylim=(0, None))
        axes.set_xticks(places, [f"{place:,}" for place in places], fontsize=8)
        axes.xaxis.set_minor_locator(NullLocator())
    plots.legend_below(figure, axes.get_legend_handles_labels()[0][::-1], 3)
    return figure


def gates_by_price(corpus: str, runs: Sequence[Run]) -> Figure:
    """P(open) of the gates on one corpus: a column for each λ and kind, runs with a frozen decoder and without."""
    panels: dict[str, dict] = {}
    for run in runs:
        settings = run.config["objective"]
        label = "the other side of the model frozen" if settings["freeze"] else "it learns too"
        for kind in run.lines("gates.jsonl")[0]["p_open"]:
            name = f"λ {settings['l0_penalty_lambda']:g} ({settings['l0_penalty_scale']}), {kind}"
            of = gates(run, kind)
            panels.setdefault(name, {})[label] = (of.steps, of.p_open)
    return plots.gate_paths(panels, f"P(open) of each head's gate, {corpus}")
