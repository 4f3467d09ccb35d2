"""The pictures of the widgets: drawn into a matplotlib Figure, without pyplot, and handed on as PNG bytes.

Every text that was typed, or is made of what was typed, goes through `plain`: matplotlib would read $…$ as mathematics.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from matplotlib import font_manager
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from torch import Tensor

from nmt.analysis import GROUPS
from nmt.pruning.masks import Mask
from nmt.show.plots import BLUE, ORANGE, png

LONGEST = 40  # pieces on an axis: more cannot be read
NAMES = {"encoder": "encoder self", "decoder": "decoder self", "cross": "cross"}
AXES = {
    "encoder": ("English piece that looks", "English piece looked at"),
    "decoder": ("Russian piece being written", "piece read before"),
    "cross": ("Russian piece being written", "English piece looked at"),
}
NOTEBOOK = (8.0, 100)  # inches wide, dots an inch


@cache
def _glyphs() -> frozenset[int]:
    return frozenset(font_manager.get_font(font_manager.findfont("DejaVu Sans")).get_charmap())


def plain(text: str) -> str:
    """What the font can show of a text: U+25A1 for a character that it lacks."""
    return "".join(c if ord(c) in _glyphs() else "\u25a1" for c in text)


def pieces(names: Sequence[str]) -> list[str]:
    """Pieces as labels: a space at the beginning of a word reads better than the mark."""
    return [plain(name.replace("▁", "") or "▁") for name in names]


def axes_of(kind: str, source: Sequence[str], target: Sequence[str]) -> tuple[list[str], list[str]]:
    """(queries, keys) of a map of this kind, as labels; step t writes target piece t and has read those before."""
    english, written = [*pieces(source), "EOS"], pieces(target)
    queries = english if kind == "encoder" else [*written, "EOS"]
    return queries, ["BOS", *written] if kind == "decoder" else english


def height(queries: Sequence[str]) -> float:
    """Inches for a `heatmap` in which the labels of the queries do not overlap."""
    return max(3.6, 1.2 + 0.17 * len(queries))


def heatmap(
    figure: Figure | SubFigure,
    weights: Tensor,
    queries: Sequence[str],
    keys: Sequence[str],
    kind: str,
    row: int | None = None,
    title: str = "",
) -> None:
    """One map (query, key), 0 white to 1 dark; the chosen query's row is framed and its name coloured."""
    axes = figure.subplots()
    image = axes.imshow(np.asarray(weights, np.float32), vmin=0, vmax=1, cmap="Blues", aspect="auto")
    axes.set_xticks(range(len(keys)), keys, rotation=45, ha="right", fontsize=9, parse_math=False)
    axes.set_yticks(range(len(queries)), queries, fontsize=9, parse_math=False)
    axes.tick_params(length=0)
    axes.set_title(title, fontsize=9)
    axes.set_ylabel(AXES[kind][0], fontsize=9)
    axes.set_xlabel(AXES[kind][1], fontsize=9)
    if row is not None:
        axes.get_yticklabels()[row].set(color=ORANGE, fontweight="bold")
        axes.add_patch(Rectangle((-0.5, row - 0.5), len(keys), 1, fill=False, edgecolor=ORANGE, lw=2, clip_on=False))
    figure.colorbar(image, ax=axes, label="attention weight")


def overview(figure: Figure | SubFigure, maps: dict[str, Tensor], mask: Mask) -> None:
    """All heads: for each kind its maps, layers down and heads across; closed or removed heads are crossed out."""
    for axes, (kind, joint) in zip(figure.subplots(1, len(maps), squeeze=False)[0], maps.items(), strict=True):
        layers, heads, *size = joint.shape
        high, wide = size[0] + 1, size[1] + 1  # a line of nothing between two maps
        joined = np.full((layers * high, heads * wide), np.nan, np.float32)
        for (layer, head), is_open in np.ndenumerate(mask[kind].numpy()):
            top, left = layer * high, head * wide
            joined[top : top + size[0], left : left + size[1]] = joint[layer, head]
            if not is_open:
                ends = [left - 0.5, left + size[1] - 0.5], [top - 0.5, top + size[0] - 0.5]
                axes.plot(ends[0], ends[1], ends[0], ends[1][::-1], color=ORANGE, lw=1.5)
        axes.imshow(joined, vmin=0, vmax=1, cmap="Blues", aspect="auto")
        axes.set_facecolor("#dddddd")
        axes.set_xticks([(i + 0.5) * wide - 1 for i in range(heads)], range(heads), fontsize=8)
        axes.set_yticks([(i + 0.5) * high - 1 for i in range(layers)], range(layers), fontsize=8)
        axes.tick_params(length=0)
        axes.set_title(NAMES[kind], fontsize=9)
        axes.set_xlabel("head", fontsize=8)
        axes.set_ylabel("layer", fontsize=8)
        axes.spines[:].set_visible(False)


def share_bars(figure: Figure | SubFigure, shares: Tensor, target: Sequence[str], row: int | None) -> None:
    """What source, written words and BOS bring at each step, stacked to one: `nmt.contributions.shares`."""
    axes, below = figure.subplots(), np.zeros(len(shares))
    colors, names = (BLUE, ORANGE, "#bbbbbb"), ("English source", "Russian pieces before", "BOS")
    for column, (color, name) in enumerate(zip(colors, names, strict=True)):
        height = shares[:, column].numpy()
        axes.bar(range(len(height)), height, bottom=below, color=color, width=0.8, label=name)
        below = below + height
    axes.set_xticks(range(len(shares)), [*pieces(target), "EOS"], rotation=45, ha="right", fontsize=9, parse_math=False)
    if row is not None:
        axes.get_xticklabels()[row].set(color=ORANGE, fontweight="bold")
    axes.set(ylim=(0, 1), ylabel="share of what\nattention brings")
    axes.yaxis.label.set_fontsize(9)
    axes.spines[["right", "top"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False, ncols=len(GROUPS), loc="lower center", bbox_to_anchor=(0.5, 1.0))


def board(figure: Figure | SubFigure, mask: Mask, there: Mask) -> None:
    """The switchboard: for each kind layers x heads; open filled, closed empty, removed for good a cross."""
    faces = {"open": BLUE, "closed": "white"}
    for axes, (kind, kept) in zip(figure.subplots(1, len(mask), squeeze=False)[0], mask.items(), strict=True):
        for (layer, head), is_open in np.ndenumerate(kept.numpy()):
            if there[kind][layer, head]:
                face = faces["open" if is_open else "closed"]
                axes.add_patch(Rectangle((head - 0.4, layer - 0.4), 0.8, 0.8, facecolor=face, edgecolor="#555555"))
            else:
                axes.plot(head, layer, "x", color="#999999", ms=5)
        axes.set(xlim=(-0.5, kept.size(1) - 0.5), ylim=(kept.size(0) - 0.5, -0.5), xlabel="head", ylabel="layer")
        axes.set_xticks(range(kept.size(1)), range(kept.size(1)))
        axes.set_yticks(range(kept.size(0)), range(kept.size(0)))
        axes.set_title(NAMES[kind], fontsize=9)
        axes.tick_params(length=0, labelsize=8)
        axes.spines[:].set_visible(False)
    states: list = [Rectangle((0, 0), 1, 1, fc=face, ec="#555555", label=name) for name, face in faces.items()]
    states.append(Line2D([], [], ls="", marker="x", color="#999999", ms=5, label="removed"))
    figure.legend(handles=states, loc="outside lower center", ncols=3, frameon=False, fontsize=8)


def text(figure: Figure | SubFigure, lines: Sequence[tuple[str, str]]) -> None:
    """Rows of (what it is, what it says)."""
    axes = figure.subplots()
    axes.set_axis_off()
    for i, (name, said) in enumerate(lines):
        y = 1 - (i + 0.5) / len(lines)
        for x, words, color in ((0.0, name, "#777777"), (0.22, said, "black")):
            axes.text(x, y, plain(words), fontsize=10, va="center", color=color, parse_math=False, wrap=False)


def sheet(parts: Sequence[tuple[float, object]]) -> bytes:
    """Parts one below the other, each (inches high, function that draws into a figure), as one PNG."""
    heights, (width, dpi) = [height for height, _ in parts], NOTEBOOK
    figure = Figure(figsize=(width, sum(heights)), layout="constrained", dpi=dpi)
    places = figure.subfigures(len(parts), 1, height_ratios=heights, squeeze=False)[:, 0]
    for place, (_, draw) in zip(places, parts, strict=True):
        draw(place)
    return png(figure)
