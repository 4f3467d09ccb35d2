"""Figures and tables of the records beside this file, for the notebook on bigger Transformers."""

from collections.abc import Iterable, Sequence
from itertools import cycle

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nmt.show.plots import COLOURS, WIDEST, heat_map, legend_below, new_figure
from nmt.transformer import KINDS

MANY = (*COLOURS, "#3b8f5a", "#c23b6b", "#8c6d31", "#17becf")
Curves = dict[str, list[Sequence]]  # name -> a curve for each seed, [(x, y), …]


def of_seeds(lines: list[dict], **said: object) -> list[dict]:
    """The lines of what was said, one for each seed."""
    return [line for line in lines if said.items() <= line.items()]


def ends(lines: list[dict], **said: object) -> dict[int, float]:
    """seed -> the last held-out loss."""
    return {line["seed"]: line["held_out"][-1][1] for line in of_seeds(lines, **said)}


def spread(values: Iterable[float], digits: int = 2) -> str:
    """The mean, the lowest and the highest."""
    values = list(values)
    return f"{np.mean(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def compared(lines: list[dict], name: str, titles: dict, against: object) -> str:
    """A table: for each value of `name`, under its title, the last losses, and seed by seed how far they are from those
    of the value `against`."""
    base, rows = ends(lines, **{name: against}), []
    for value, title in titles.items():
        found = ends(lines, **{name: value})
        apart = " ".join(f"{found[seed] - base[seed]:+.3f}" for seed in found)
        rows.append(f"{title:28}{spread(found.values(), 3):26} {apart}")
    return "\n".join([f"{'':28}{'in the end':26} minus {titles[against]!r}, by seed", *rows])


def curves_of_seeds(panels: dict[str, Curves], xlabel: str, ylabels: Sequence[str], **axes_options: object) -> Figure:
    """Panels side by side, in each the curves of named recipes; a name has one colour everywhere. `ylabels`: of each
    panel, or of all together, which then share the axis."""
    together = len(ylabels) == 1
    figure, (grid,) = new_figure((WIDEST, 3.2), (1, len(panels)), dpi=110, sharey=together)
    colours = dict(zip(dict.fromkeys(name for curves in panels.values() for name in curves), cycle(MANY), strict=False))
    for axes, (title, curves) in zip(grid, panels.items(), strict=True):
        for name, seeds in curves.items():
            for seed in seeds:
                axes.plot(*zip(*seed, strict=True), color=colours[name], lw=1.2, marker="o" * (len(seed) < 10), ms=3)
        axes.set_title(title, fontsize=10)
        axes.set(xlabel=xlabel, **axes_options)
    for axes, ylabel in zip(grid, ylabels, strict=False):
        axes.set_ylabel(ylabel)
    legend_below(figure, [Line2D([], [], color=colour, label=name) for name, colour in colours.items()], 4)
    return figure


def inside(found: dict[str, list[dict]]) -> Figure:
    """Recipe -> its lines of depth.jsonl: norms of the gradients by block, first and last, and how alike places are at
    the end behind it; means over the seeds."""
    parts = {
        "gradient, first step": ("gradients", 0, 2),
        "gradient, last step": ("gradients", -1, 2),
        "cosine of two places, at the end": ("alike", -1, 1),
    }
    figure, grid = new_figure(
        (WIDEST, 0.28 * len(parts) * (len(found) + 2) + 0.8), (len(parts), 1), dpi=110, sharex=True
    )
    for (axes,), (title, (what, moment, high)) in zip(grid, parts.items(), strict=True):
        looks = {name: [line[what][moment] for line in lines] for name, lines in found.items()}
        values = [np.mean([look["encoder"] + look["decoder"] for look in some], 0) for some in looks.values()]
        blocks = [f"{stack} {number}" for stack in KINDS[:2] for number in range(len(values[0]) // 2)]
        heat_map(axes, values, list(found), blocks, 0, high, "{:.1f}".format, rotation=0)
        axes.set_title(title, fontsize=9)
    return figure


def after_pruning(lines: list[dict]) -> Figure:
    """Lines of bigger.jsonl: the loss of test pairs against heads kept, by depth."""
    panels = {
        title: {
            f"{line['blocks']} blocks": [[(row["kept"], row["scores"]["test"]["loss"]) for row in line["rows"]]]
            for line in lines
            if line["heads"] == heads
        }
        for heads, title in {"encoder": "encoder only", "all": "all kinds"}.items()
    }
    return curves_of_seeds(panels, "heads kept", ["loss, nats per piece"])


def heads_left(lines: list[dict], share: float) -> Figure:
    """Lines of bigger.jsonl with all kinds: how many heads each layer keeps where this share of all is kept, or so."""
    figure, (grid,) = new_figure((WIDEST, 2.2), (1, len(lines)), dpi=110)
    for axes, line in zip(grid, lines, strict=True):
        row = min(line["rows"], key=lambda row: abs(row["kept"] / row["of"] - share))
        counts = [np.sum(row["mask"][kind], 1) for kind in KINDS]
        layers = [f"layer {number}" for number in range(line["blocks"])]
        heat_map(axes, counts, KINDS, layers, 0, 8, "{:.0f}".format)
        axes.set_title(f"{line['blocks']} blocks, {row['kept']} of {row['of']}", fontsize=9)
    return figure
