"""Figures of one notebook: padding in batches of 02, the distribution of a gate in 03, which 04 shows as a movie."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from nmt.show.plots import BLUE, ORANGE, legend_below, new_figure


def paddings(panels: dict[str, Sequence[ArrayLike]]) -> Figure:
    """Batches, one below the other, and their share of padding: name -> for each bool (B, S), True where a piece is."""
    figure, (grid,) = new_figure((3.4 * len(panels), 3.4), (1, len(panels)), dpi=110)
    width = max(np.shape(batch)[1] for batches in panels.values() for batch in batches)
    for axes, (name, batches) in zip(grid, panels.items(), strict=True):
        drawn, start = np.full((sum(map(len, batches)), width), np.nan), 0  # white beside the batches
        for batch in batches:
            drawn[start : start + len(batch), : np.shape(batch)[1]] = batch
            axes.axhline(start - 0.5, color="white", lw=2)
            start += len(batch)
        axes.imshow(drawn, cmap=ListedColormap([ORANGE, BLUE]), vmin=0, vmax=1, aspect="auto", interpolation="nearest")
        axes.grid(False)
        axes.set_title(f"{name}\n{1 - np.nanmean(drawn):.1%} padding", fontsize=10)
        axes.set_xlabel("place in the sentence")
        axes.set_xticks(range(0, width, 4))
    grid[0].set_ylabel("sentence")
    legend_below(figure, [Patch(color=BLUE, label="piece"), Patch(color=ORANGE, label="padding")], 2)
    return figure


def gate_distribution(
    axes: Axes, g: ArrayLike, density: ArrayLike, zero: float, one: float, highest: float
) -> tuple[Line2D, BarContainer, Axes]:
    """Draw a hard concrete distribution; returns the curve, the bars and the bars' axes, whose scale is on the right.

    The curve is the density (M,) of the values g (M,); the bars are the probabilities of exactly 0 and exactly 1.
    """
    (curve,) = axes.plot(g, density, color=BLUE)
    axes.set(xlim=(-0.22, 1.22), ylim=(0, highest), xlabel="value of the gate")
    axes.set_xticks((0, 0.5, 1), ("0", "½", "1"))
    right = axes.twinx()
    right.set_ylim(0, 1.15)
    right.spines["top"].set_visible(False)
    return curve, right.bar((-0.1, 1.1), (zero, one), width=0.1, color=ORANGE), right
