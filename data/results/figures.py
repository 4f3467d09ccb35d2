"""The figures of the pages, drawn from the kept results alone: figures/*.png of `python data/results/tables.py`."""

import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import reading
from judging import Cells
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator, PercentFormatter
from reading import Comparison

from nmt.plumbing.files import read_json
from nmt.plumbing.places import in_clone
from nmt.runs import Run
from nmt.show import plots
from nmt.transformer import KINDS

sys.path.append(str(in_clone("data")))

import priced

# The methods of README's picture: row of the comparison -> what it is called there.
FEW_METHODS = {
    "shed, search 0.3": "shed (ours)",
    "taylor-iterative": "taylor-iterative (Michel et al. 2019)",
    "l0-topk": "l0-topk (Voita et al. 2019)",
    "magnitude": "magnitude of the weights",
}


# The methods of the claims, and the settings that they have there.
METHODS = {
    "shed": plots.ORANGE,
    "block-fisher": "#3a8f5c",
    "magnitude": "#8a6fbf",
    "taylor-iterative": plots.BLUE,
    "l0-topk": "#b0413e",
    "dsp": "#4a4a4a",
}
SETTINGS = {"sample", "l0_penalty_lambda", "search", "gate_lr"}

# The peers of nmt bench: how their dots look.
PEERS = {
    "torch.nn.Transformer": (plots.ORANGE, "s"),
    "MarianMTModel": (plots.BLUE, "o"),
    "x-transformers": ("#4a4a4a", "^"),
    "CTranslate2": ("#8a6fbf", "D"),
    "CTranslate2, int8": ("black", "v"),
    "nmt, int8": ("#3a8f5c", "P"),
    "nmt, --precision auto": ("#3a8f5c", "X"),
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
    beside_peers = (stored / f"{name}.json" for name in ("bench", "bench-gpu"))
    drawn |= {path.stem: speed(read_json(path)) for path in beside_peers if path.is_file()}
    for corpus, runs in groupby(priced.runs(stored / "lambda"), lambda run: run.config["card"]["name"]):
        drawn[f"lambda-{corpus}"] = gates_by_price(corpus, runs)
    if (stored / "claims").is_dir():
        cells, wider, rows = (reading.claimed_cells(stored, name) for name in ("claims", "grammar", "rows"))
        drawn |= {"methods": curves_of_methods(cells)} if cells.complete else {}
        drawn |= {"grammar": grammar_destroyed([cells, wider])} if cells.complete and wider.complete else {}
        drawn |= {"recovery": recovery(rows)} if rows.complete else {}
    for name, figure in drawn.items():
        plots.save(figure, folder / f"{name}.png")
    return [folder / f"{name}.png" for name in drawn]


def speed(result: dict) -> Figure:
    """A panel for each size, dots for a peer's time or memory divided by ours, median and span; and below, how the time
    of a token grows. result: what `nmt bench` wrote."""
    clock = "wall" if "cuda" in result["session"]["device"] else "cpu"
    rows = {name: [row for row in size["rows"] if row.get("ratios")] for name, size in result["sizes"].items()}
    grown = [row for size in result["sizes"].values() for row in size["rows"] if "grows" in row]
    title = "peer / nmt; right of 1, nmt is faster, or needs less memory"
    heights = [0.36 * max(map(len, rows.values())) + 1.2, 2.4][: 1 + bool(grown)]
    options = {"gridspec_kw": {"height_ratios": heights}}
    figure, grid = plots.new_figure((9, sum(heights)), (len(heights), 3), title, **options)
    for axes, (name, of_size) in zip(grid[0], rows.items(), strict=False):
        for number, (peer, (color, marker)) in enumerate(PEERS.items()):
            found = [(y, row["ratios"][peer]) for y, row in enumerate(of_size) if peer in row["ratios"]]
            for y, ratio in found:
                of = ratio.get(clock) or ratio.get("memory") or ratio["wall"]
                span = [[of["median"] - of["min"]], [of["max"] - of["median"]]]
                style = {"fmt": marker, "color": color, "ms": 4, "capsize": 2, "elinewidth": 0.8}
                axes.errorbar(of["median"], y + 0.12 * (number - 3), xerr=span, **style)
        axes.axvline(1, color="black", lw=0.8)
        axes.set_yticks(range(len(of_size)), [task(row) for row in of_size], fontsize=8)
        axes.set(ylim=(len(of_size) - 0.5, -0.5), xscale="log")
        low, high = axes.get_xlim()
        axes.set_xticks([0.1, 0.2, 0.5, 1, 2, 5, 10])
        axes.set_xlim(min(low, 0.45), max(high, 2.2))
        axes.set_title(name, fontsize=9)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.grid(False, axis="y")
    for axes in grid[0, len(rows) :]:
        axes.axis("off")
    shown = {peer for of_size in rows.values() for row in of_size for peer in row["ratios"]}
    handles = [Line2D([], [], color=c, marker=m, ls="", label=p) for p, (c, m) in PEERS.items() if p in shown]
    grid[0, -1].legend(handles=handles, loc="center", frameon=False, fontsize=8)
    for axes, (grows, of) in zip(grid[-1], groupby(grown, lambda row: row["grows"]), strict=False):
        of = sorted(of, key=lambda row: row["task"])
        for color, (name, each) in zip(plots.COLOURS, groupby(of, lambda row: row["task"]), strict=False):
            points = [(row["value"], row["us a token"][clock]) for row in each]
            axes.plot(*zip(*points, strict=True), marker="o", ms=3, color=color, label=name)
        axes.set(xscale="log", yscale="log", xlabel=grows, ylabel="µs a token, nmt")
        axes.set_xticks([x for x, _ in points], [f"{x:,}" for x, _ in points])
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:,g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.tick_params(labelsize=7, which="both")
        axes.legend(frameon=False, fontsize=7)
    return figure


def task(row: dict) -> str:
    """What a row of `nmt bench` measured; the rows of early files say it in parts."""
    if row["task"] != "decoding":
        return row["task"]
    return f"batch {row['batch']}, {'greedy' if row['beam'] == 1 else 'beam {}'.format(row['beam'])}"


def few_methods(found: Comparison) -> Figure:
    """How many heads each of FEW_METHODS keeps in each layer when all kinds may go: the mean over the seeds."""
    budgets = [budget for budget in reversed(found.budgets) if budget[0] == "all"]
    figure, grid = plots.new_figure((8, 3.1), (1, len(budgets)), dpi=110, sharey=True)
    for axes, budget in zip(grid[0], budgets, strict=True):
        for number, (row, name) in enumerate(FEW_METHODS.items()):
            masks = [cell["mask"] for cell in found.best(row, budget).values()]
            means = np.mean([[sum(layer) for kind in KINDS for layer in mask[kind]] for mask in masks], axis=0)
            places = np.arange(len(means))
            if number == 0:
                axes.bar(places, means, color=plots.BLUE, alpha=0.75, label=name)
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
    plots.legend_below(figure, [bars, *lines], 2)
    return figure


def curves_of_methods(cells: Cells) -> Figure:
    """The dev loss of every method at every number of heads, less that of `shed`, and the loss of `shed` itself."""
    figure, (grid,) = plots.new_figure((9, 3.4), (1, 2))
    budgets, seeds = sorted(cells.plan.budgets["all"]), sorted(cells.dense)
    named = [name for name, method in cells.methods.items() if method.keys() <= {"method", *SETTINGS}]
    losses = {name: cells.table(name, "all", budgets, seeds) for name in named}  # (budgets, seeds) each
    for number, (name, of) in enumerate(losses.items()):
        differences = of - losses["shed"]
        spread = differences.std(1, ddof=1) / len(seeds) ** 0.5 if len(seeds) > 1 else np.zeros(len(budgets))
        style = {"color": METHODS.get(name, plots.GREY), "marker": "osD^vP"[number % 6], "ms": 5, "lw": 1.2}
        places = np.arange(len(budgets)) + 0.05 * (number - 2.5)
        grid[1].errorbar(places, differences.mean(1), spread, label=name, capsize=2, **style)
    for line in losses["shed"].T:
        grid[0].plot(range(len(budgets)), line, color=plots.GREY, lw=0.8)
    grid[0].plot(range(len(budgets)), losses["shed"].mean(1), color=METHODS["shed"], marker="o")
    dense = np.mean([cells.dense[seed]["scores"]["dev"]["loss"] for seed in seeds])
    grid[0].axhline(dense, color="black", ls="--", lw=0.8)
    total = cells.plan.total("all")
    grid[0].annotate(
        f"all {total} heads", (len(budgets) - 1, dense), (0, 3), textcoords="offset points", ha="right", fontsize=8
    )
    grid[0].set_ylabel("dev loss, nats a piece")
    grid[0].set_title("shed: each model, and their mean", fontsize=9)
    grid[1].set_title("the others less shed: mean and standard error", fontsize=9)
    for axes in grid:
        axes.set_xticks(range(len(budgets)), budgets)
        axes.set_xlabel(f"heads kept, of {total}")
    plots.legend_below(figure, grid[1].get_legend_handles_labels()[0], 6)
    return figure


def recovery(cells: Cells) -> Figure:
    """The dev loss at one number of heads after 1, 2 and 4 epochs: a dot for each model, a line through the medians."""
    (keep,), seeds, total = cells.plan.budgets["all"], sorted(cells.dense), cells.plan.total("all")
    figure, ((axes,),) = plots.new_figure((7, 3.6), (1, 1))
    named = [name for name in cells.methods if f"{name}, 4 epochs" in cells.methods]
    for number, name in enumerate(named):
        settings = name, f"{name}, 2 epochs", f"{name}, 4 epochs"
        losses = np.array([cells.table(of, "all", [keep], seeds)[0] for of in settings])  # (settings, models)
        places, color = np.arange(3) + 0.07 * (number - 2), METHODS.get(name, plots.GREY)
        axes.plot(places, losses, "osD^v"[number % 5], color=color, ms=4, alpha=0.5, mew=0)
        axes.plot(places, np.median(losses, 1), color=color, marker="osD^v"[number % 5], ms=6, label=name)
    loss = cells.table("the dense model, trained on", "all", [total], seeds).mean()
    axes.axhline(loss, color="black", ls="--", lw=0.8)
    axes.annotate(f"all {total} heads, one epoch more", (2.15, loss), (0, 3), textcoords="offset points", ha="right")
    axes.set(yscale="log", xticks=range(3), xticklabels=["1 epoch", "2 epochs", "4 epochs"])
    axes.set_yticks([0.3, 0.5, 1, 2, 3], ["0.3", "0.5", "1", "2", "3"])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylabel(f"dev loss with {keep} of {total} heads", fontsize=9)
    plots.legend_below(figure, axes.get_legend_handles_labels()[0], 5)
    return figure


def grammar_destroyed(several: Sequence[Cells]) -> Figure:
    """What the dense models know of grammar and the pruned ones do not, by phenomenon (down; what falls most above) and
    heads kept (across), a panel for each method that all comparisons have: means over the models."""
    phenomena, budgets, found = reading.contrasts(several)
    rows = [number for number, name in enumerate(phenomena) if name != "all"]
    lost = {name: of[rows, :1, 0] - of[rows, 1:, 0] for name, of in found.items()}  # (rows, budgets without the dense)
    order = np.argsort(-np.mean([of.mean(1) for of in lost.values()], axis=0))
    known = next(iter(found.values()))[rows, 0, 0]
    labels = [f"{phenomena[rows[row]]}, {known[row]:.0%}" for row in order]
    figure, (grid,) = plots.new_figure((9, 6.6), (1, len(lost)), sharey=True)
    for axes, (name, of) in zip(grid, lost.items(), strict=True):
        columns = [str(keep) for keep in budgets[1:]]
        image = plots.heat_map(axes, of[order], labels, columns, high=max(map(np.max, lost.values())), rotation=0)
        axes.set_title(name, fontsize=9)
        axes.set_xlabel(f"heads kept, of {budgets[0]}")
    bar = figure.colorbar(image, ax=list(grid), shrink=0.5, label="accuracy lost since the dense model")
    bar.ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
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
            of = priced.gates(run, kind)
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
