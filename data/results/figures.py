"""The figures of the pages, drawn from the kept results alone: figures/*.png of `python data/results/tables.py`."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import reading
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator
from reading import Comparison

from nmt.lab import bench, results
from nmt.plumbing.files import read_json
from nmt.runs import Run
from nmt.show import plots
from nmt.show.histories import gates
from nmt.transformer import KINDS

# The methods of README's picture and table: row of the comparison -> what it is called there.
FEW_METHODS = {
    "shed, search 0.3": "ours",
    "taylor-iterative": "Michel et al. 2019",
    "l0-topk": "Voita et al. 2019",
    "magnitude": "the size of the weights",
}


def draw(stored: Path, folder: Path) -> list[Path]:
    """Every figure that there are results for: stored is data/results. Returns the files."""
    drawn: dict[str, Figure] = {}
    for run in reading.kept_runs(stored):
        name = run.directory.name
        drawn[name] = plots.run_curves(run, f"run {name}, corpus {run.config['card']['name']}")
    if (stored / "compare").is_dir():
        drawn["pruning"] = few_methods(Comparison(stored / "compare"))
    if sized := reading.sized_runs(stored / "corpus-size"):
        drawn["corpus-size"] = growth([run for run in sized if reading.blocks(run) == reading.blocks(sized[0])])
    drawn |= {path.stem: bench.figure(read_json(path)) for path in sorted(stored.glob("bench*.json"))}
    for corpus, runs in groupby(results.priced_runs(stored / "lambda"), lambda run: run.config["card"]["name"]):
        drawn[f"lambda-{corpus}"] = gates_by_price(corpus, runs)
    for name, figure in drawn.items():
        plots.save(figure, folder / f"{name}.png")
    return [folder / f"{name}.png" for name in drawn]


def few_methods(found: Comparison) -> Figure:
    """How many heads each of FEW_METHODS keeps in each layer when all kinds may go: the mean over the seeds."""
    budgets = [budget for budget in reversed(found.budgets) if budget[0] == "all"]
    figure, grid = plots.new_figure((8, 2.9), (1, len(budgets)), dpi=110, sharey=True)
    for axes, budget in zip(grid[0], budgets, strict=True):
        for number, (row, name) in enumerate(FEW_METHODS.items()):
            masks = [cell["mask"] for cell in found.best(row, budget).values()]
            means = np.mean([[sum(layer) for kind in KINDS for layer in mask[kind]] for mask in masks], axis=0)
            places = np.arange(len(means))
            if number == 0:
                axes.bar(places, means, color=plots.BLUE, alpha=0.75, label=f"{row.split(', ')[0]}, {name}")
            else:
                style = {"color": plots.ORANGE, "mec": "black", "mew": 0.6, "ms": 6}
                axes.plot(places + 0.18 * (number - 2), means, " o^s"[number], label=name, **style)
        layers = [f"{kind}\nlayer {layer}" for kind in KINDS for layer in range(len(masks[0][kind]))]
        axes.set_xticks(places, layers, fontsize=7.5)
        axes.set_title(f"{budget[1]} of {found.plan.total('all')} heads stay", fontsize=10)
        axes.set_ylim(-0.3, 8.3)
        axes.grid(visible=False, axis="x")
    grid[0, 0].set_ylabel("heads kept, of 8")
    *lines, bars = grid[0, 0].get_legend_handles_labels()[0]
    plots.legend_below(figure, [bars, *lines], 4)
    return figure


def growth(runs: Sequence[Run]) -> Figure:
    """The means of BLEU and of chrF over the sources against the pairs learnt from, a line for each number of steps."""
    figure, grid = plots.new_figure((8.4, 3.4), (1, 2))
    places, means = [reading.pairs(run) for run in runs], [reading.means_by_step(run) for run in runs]
    for axes, name in zip(grid[0], ("BLEU", "chrF"), strict=True):
        for step, color, mark in zip(sorted(means[0], reverse=True), plots.COLOURS, "os^D", strict=False):
            scores = [of[step][name] for of in means]
            axes.plot(places, scores, color=color, marker=mark, label=f"{step:,} steps", clip_on=False)
        axes.set(xscale="log", xlabel="training pairs", ylabel=f"{name}, mean over the sources", ylim=(0, None))
        axes.set_xticks(places, [f"{place:,}" for place in places], fontsize=8)
        axes.xaxis.set_minor_locator(NullLocator())
    plots.legend_below(figure, axes.get_legend_handles_labels()[0], 2)
    return figure


def gates_by_price(corpus: str, runs: Iterable[Run]) -> Figure:
    """P(open) of the gates on one corpus: a column for each λ and kind, runs with a frozen decoder and without."""
    panels: dict[str, dict] = {}
    for run in runs:
        settings = run.config["objective"]
        label = "the other side of the model frozen" if settings["freeze"] else "it learns too"
        for kind in run.lines("gates.jsonl")[0]["p_open"]:
            name = f"λ {settings['l0_penalty_lambda']:g} ({settings['l0_penalty_scale']}), {kind}"
            of = gates(run, kind)
            panels.setdefault(name, {})[label] = (of.steps, of.p_open)
    return gate_paths(panels, f"P(open) of each head's gate, {corpus}")


def gate_paths(panels: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]], title: str = "") -> Figure:
    """P(open) of every gate over the steps: layers down, panels across, a line a head.

    panels: name -> label -> (steps (N,), P(open) (N, L, H)); labels, two at most, are told by colour and dashes.
    """
    layers = max(p_open.shape[1] for runs in panels.values() for _, p_open in runs.values())
    labels = list(dict.fromkeys(label for runs in panels.values() for label in runs))
    looks = {"color": plots.BLUE}, {"color": plots.ORANGE, "ls": "--"}
    styles = [{**look, "label": label} for look, label in zip(looks, labels, strict=False)]
    size = 2.6 * len(panels) + 0.6, 1.9 * layers + 0.9
    figure, grid = plots.new_figure(size, (layers, len(panels)), title, sharex=True, sharey=True)
    for column, (name, runs) in enumerate(panels.items()):
        grid[0, column].set_title(name, fontsize=9)
        for label, (steps, p_open) in runs.items():
            for layer, axes in enumerate(grid[: p_open.shape[1], column]):
                axes.plot(steps, p_open[:, layer], lw=1, alpha=0.8, **styles[labels.index(label)])
    for (layer, _), axes in np.ndenumerate(grid):
        axes.set(ylim=(-0.03, 1.03), xlabel="step")
        axes.set_ylabel(f"layer {layer}: P(open)", fontsize=9)
        axes.label_outer()
    plots.legend_below(figure, [Line2D([], [], **style) for style in styles], 2)
    return figure
