"""Figures from stored data, all in one style, which is set here.

Neither pyplot nor rcParams are touched: they are global, and widgets draw in several threads at the same time.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure, SubFigure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import LogLocator
from numpy.typing import ArrayLike
from PIL import Image  # matplotlib and imageio both bring it
from torch import Tensor

from nmt.plumbing.files import whole_file
from nmt.pruning.masks import Mask
from nmt.runs import Run

BLUE, ORANGE = "#2a6fbb", "#d9730d"  # readers with colour-blindness can tell them apart
GREY = "#b5b5b5"
COLOURS = (BLUE, ORANGE, "#4a4a4a", "#8a6fbf")  # of curves
HEAT_MAP = "Blues"  # the colours of every heat map: the lowest value is white, the highest dark
SIGNED = LinearSegmentedColormap.from_list("signed", [ORANGE, "white", BLUE])  # where `low` is below 0, and -`high`
CHARACTERS = font_manager.get_font(font_manager.findfont("DejaVu Sans")).get_charmap()  # that can be drawn
WIDEST = 9.0  # inches of a figure of several panels: at 110 dpi, what a page of 1,000 pixels shows
KIND_NAMES = {"encoder": "encoder self", "decoder": "decoder self", "cross": "cross"}
MAP_AXES = {  # what the axes of an attention map are: queries, keys
    "encoder": ("English piece that looks", "English piece looked at"),
    "decoder": ("Russian piece being written", "piece read before"),
    "cross": ("Russian piece being written", "English piece looked at"),
}


def new_figure(
    size: tuple[float, float], shape: tuple[int, int], title: str = "", dpi: int = 120, **options: object
) -> tuple[Figure, np.ndarray]:
    """A figure of a size in inches, and its axes (rows, columns), styled for curves; `heat_map` restyles them."""
    figure = Figure(figsize=size, layout="constrained", dpi=dpi)
    figure.suptitle(title, fontsize=10)
    grid = figure.subplots(*shape, squeeze=False, **options)
    for axes in grid.flat:
        axes.grid(alpha=0.3)
        axes.spines[["right", "top"]].set_visible(False)
    return figure, grid


def heat_map(
    axes: Axes,
    values: ArrayLike,
    rows: Sequence[str],
    columns: Sequence[str],
    low: float = 0.0,
    high: float = 1.0,
    number: Callable[[float], str] | None = None,
    rotation: float = 90,
    fontsize: float = 8,
) -> AxesImage:
    """Draw values (rows, columns) as colours; `number` makes of a value the text in its cell."""
    values = np.asarray(values, np.float64)
    image = axes.imshow(values, vmin=low, vmax=high, cmap=SIGNED if low < 0 else HEAT_MAP, aspect="auto")
    text = {"fontsize": fontsize, "parse_math": False}  # without it $…$ is mathematics, also where it was typed
    axes.set_xticks(range(len(columns)), columns, rotation=rotation, ha="right" if rotation == 45 else "center", **text)
    axes.set_yticks(range(len(rows)), rows, **text)
    axes.tick_params(length=0)
    axes.grid(False)
    axes.spines[:].set_visible(True)
    for (row, column), value in np.ndenumerate(values) if number else ():
        color = number_colour(abs(value) / high if low < 0 else (value - low) / (high - low))
        axes.text(column, row, number(value), ha="center", va="center", color=color, fontsize=fontsize)
    return image


def number_colour(darkness: float) -> str:
    """The colour of a number in a cell of a heat map, 0 white to 1 dark."""
    return "white" if darkness > 0.6 else "black"


def legend_below(figure: Figure | SubFigure, handles: Sequence[Line2D | Patch], columns: int) -> None:
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=9)


def pieces(names: Sequence[str]) -> list[str]:
    """BPE pieces as labels: U+2581, which marks the beginning of a word, is left out unless it stands alone."""
    return [plain(name.replace("▁", "") or "▁") for name in names]


def map_labels(kind: str, source: Sequence[str], target: Sequence[str]) -> tuple[list[str], list[str]]:
    """Labels (queries, keys) of an attention map, from source and target pieces, EOS included."""
    english, russian = pieces(source), pieces(target)
    queries = english if kind == "encoder" else russian
    return queries, ["BOS", *russian[:-1]] if kind == "decoder" else english


def plain(text: str) -> str:
    """The text, of one line or several, with U+25A1 for each character that the font lacks."""
    return "".join(c if ord(c) in CHARACTERS or c == "\n" else "\u25a1" for c in text)


def png(figure: Figure) -> bytes:
    """The figure in 256 colours, less than half the bytes, and without a date: the same data give the same bytes."""
    drawn, data = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(data, "png")
    return data.getvalue()


def save(figure: Figure, path: str | Path) -> None:
    with whole_file(path) as temporary:
        temporary.write_bytes(png(figure))


def run_curves(run: Run, title: str = "") -> Figure:
    training = run.config["training"]
    smoothing = training.get("label_smoothing")  # it alone lifts the loss of training
    splits = {"train": {"color": BLUE}, "valid": {"color": ORANGE, "marker": "o", "ms": 3}}
    splits["train"]["label"] = f"training, label smoothing {smoothing:g}" if smoothing else "training, on its way"
    held_out = training["val_split"] == "valid"
    splits["valid"]["label"] = "held-out pairs" if held_out else "training pairs, after an epoch"
    figure, grid = new_figure((8, 4.8), (2, 2), title, sharex=True)
    names = {"loss": "loss, nats per piece", "lr": "learning rate", "bleu": "BLEU, 0 to 100", "chrf": "chrF, 0 to 100"}
    for axes, (key, name) in zip(grid.flat, names.items(), strict=True):
        for split, style in splits.items():
            lines = [line for line in run.lines(split=split) if key in line and (split, key) != ("valid", "lr")]
            if lines:
                axes.plot([line["epoch"] for line in lines], [line[key] for line in lines], **style)
        axes.set_visible(bool(axes.lines))
        axes.set_ylabel(name)
        if key != "loss":
            axes.set_ylim(0, None if key == "lr" else 102)
    grid[0, 0].set_yscale("log")  # or the end of a long training would lie on the axis
    grid[0, 0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    grid[0, 0].yaxis.set_major_formatter("{x:g}")  # 0.5, not 5 × 10⁻¹
    grid[0, 0].yaxis.set_minor_formatter("")
    grid[0, 0].legend(frameon=False, fontsize=8)
    for axes in grid[1]:
        axes.set_xlabel("epoch")
    return figure


def budget_curve(rows: Sequence[dict], title: str = "") -> Figure:
    """What is lost and what is saved with the heads: the rows of curve.json of `nmt prune --keep K1,K2,…`."""
    figure, (grid,) = new_figure((WIDEST, 2.8), (1, 4), title)
    values = {
        "loss, nats per piece": [row["nll_pruned"] for row in rows],
        "BLEU, 0 to 100": [row["bleu_pruned"] for row in rows],
        "parameters, million": [row["params_pruned"] / 1e6 for row in rows],
        "ms a sentence, batches of 32": [row["ms"]["batch 32"] for row in rows],
    }
    for axes, (name, of_rows) in zip(grid, values.items(), strict=True):
        axes.plot([row["kept"] for row in rows], of_rows, color=BLUE, marker="o", ms=4, clip_on=False)
        axes.set(title=name, xlabel="heads kept", ylim=(0, None), xlim=(0, None))
        axes.title.set_size(9)
    return figure


def run_pictures(run: Run) -> list[Path]:
    """RUN/plots: curves.png; and attention.png, where each head looks in a held-out pair, as of the last validation."""
    name, folder, stored = run.directory.name, run.directory / "plots", run.frames()
    if not stored:
        return []
    save(run_curves(run, name), folder / "curves.png")
    with np.load(stored[-1][1]) as arrays:
        maps, (_, *written), keys = (arrays[f"0.{what}"] for what in ("cross", "trg", "src"))
    title = f"{name}, step {stored[-1][0]:,}: where each head looks in the English (columns)\n"
    gone = ~maps.any((2, 3))  # (L, H)
    title += f"to write each piece of the reference (rows){'; ×: a head that is gone' if gone.any() else ''}"
    rows = {f"layer {layer}": of_layer for layer, of_layer in enumerate(maps)}
    heads = [f"head {head}" for head in range(maps.shape[1])]
    figure = attention_rows(rows, heads, [*written, "<EOS>"], [*keys], title)
    for axes, is_gone in zip(figure.axes, gone.flat, strict=False):
        axes.text(0.5, 0.5, "×" if is_gone else "", transform=axes.transAxes, ha="center", va="center", fontsize=14)
    save(figure, folder / "attention.png")
    return [folder / "curves.png", folder / "attention.png"]


def matrices(
    panels: dict[str, ArrayLike],
    rows: list[str],
    columns: list[str],
    numbers: bool = True,
    low: float = 0.0,
    high: float = 1.0,
    labels: tuple[str, str] = ("query: the word that looks", "key: the word looked at"),
) -> Figure:
    """Matrices (rows, columns) side by side, from `low` white to `high` dark, with their numbers in the cells.

    A `low` of -`high` gives two hues around white, and a colour bar.
    """
    number = (lambda value: f"{round(value, 2):g}") if numbers else None
    cell = (0.55, 0.42) if numbers else (min(0.3, 6 / len(columns)), min(0.3, 3 / len(rows)))
    size = min(max(len(panels) * (cell[0] * len(columns) + 1.1), 3.2), WIDEST), cell[1] * len(rows) + 1.6
    figure, (grid,) = new_figure(size, (1, len(panels)), dpi=110, sharey=True)
    for axes, (title, values) in zip(grid, panels.items(), strict=True):
        image = heat_map(axes, values, rows, columns, low, high, number, rotation=45)
        axes.set_title(title, fontsize=9)
        axes.set_xlabel(labels[1], fontsize=8)
    grid[0].set_ylabel(labels[0], fontsize=8)
    if low < 0:
        figure.colorbar(image, ax=grid, shrink=0.8, pad=0.02)
    return figure


def attention_rows(
    rows: dict[str, np.ndarray], columns: list[str], queries: list[str], keys: list[str], title: str = ""
) -> Figure:
    """Named rows of attention maps of the same pieces, 0 white to 1 dark: name -> (columns, query, key)."""
    width, height = 0.15 * max(len(keys), 7), 0.15 * len(queries)
    size = len(columns) * (width + 0.08) + 1.9, len(rows) * (height + 0.22) + 1.5
    dpi = min(120, int(110 * WIDEST / size[0]))
    figure, grid = new_figure(size, (len(rows), len(columns)), title, dpi, sharex=True, sharey=True)
    for axes_of_row, (name, maps) in zip(grid, rows.items(), strict=True):
        for axes, weights in zip(axes_of_row, maps, strict=True):
            image = heat_map(axes, weights, pieces(queries), pieces(keys))
        axes_of_row[0].set_ylabel(name, fontsize=9)
    for axes, name in zip(grid[0], columns, strict=True):
        axes.set_title(name, fontsize=9)
    figure.colorbar(image, ax=grid, shrink=0.6, pad=0.01, label="attention weight")
    return figure


def attention_map(
    axes: Axes, weights: ArrayLike, kind: str, labels: tuple[list[str], list[str]], title: str, row: int | None = None
) -> AxesImage:
    """Draw one map (query, key) with its `map_labels`; a chosen query's row is framed and its name coloured."""
    image = heat_map(axes, weights, *labels, rotation=45, fontsize=9)
    axes.set_title(title, fontsize=9)
    axes.set_ylabel(MAP_AXES[kind][0], fontsize=9)
    axes.set_xlabel(MAP_AXES[kind][1], fontsize=9)
    if row is not None:
        axes.get_yticklabels()[row].set(color=ORANGE, fontweight="bold")
        frame_row(axes, row, len(labels[1]))
    return image


def frame_row(axes: Axes, row: int, columns: int) -> Rectangle:
    frame = Rectangle((-0.5, row - 0.5), columns, 1, fill=False, edgecolor=ORANGE, lw=1.5, clip_on=False)
    return axes.add_patch(frame)


def curves(
    panels: dict[str, dict[str, ArrayLike]], x: ArrayLike, xlabel: str, ylabels: list[str], logs: list[str]
) -> Figure:
    """Panels side by side, each with named curves over the same x; of `logs` each holds "x", "y", both or nothing."""
    size = min(4 * len(panels), WIDEST), 2.8 + 0.18 * max(map(len, panels.values()))
    figure, (grid,) = new_figure(size, (1, len(panels)), dpi=110)
    for axes, ylabel, log, (title, lines) in zip(grid, ylabels, logs, panels.items(), strict=True):
        for color, (name, y) in zip(cycle(COLOURS), lines.items(), strict=False):
            axes.plot(x, np.asarray(y, np.float64), color=color, label=name)
        axes.set_title(title, fontsize=10)
        axes.set(xlabel=xlabel, ylabel=ylabel)
        axes.set_xscale("log" if "x" in log else "linear")
        axes.set_yscale("log" if "y" in log else "linear")
        # Below, where it covers nothing.
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), frameon=False, fontsize=8)
    figure.draw_without_rendering()  # legends outside need the layout to be found twice, once here
    return figure


# The parts of a widget's panel.

LONGEST = 40  # pieces on an axis: more cannot be read


def map_height(queries: Sequence[str]) -> float:
    """Inches for an `attention_map` in which the labels of the queries do not overlap."""
    return max(3.6, 1.2 + 0.17 * len(queries))


def switchboard(figure: Figure | SubFigure, mask: Mask, heads: Mask) -> None:
    """For each kind its gates (L, H): 1 open, 0 closed, a cross where the model lacks the head."""
    for axes, (kind, is_open) in zip(figure.subplots(1, len(mask), squeeze=False)[0], mask.items(), strict=True):
        gates, (layers, of_layer) = np.where(heads[kind], is_open, np.nan), is_open.shape
        number = lambda gate: f"{gate:.0f}".replace("nan", "×")  # noqa: E731
        heat_map(axes, gates, range(layers), range(of_layer), number=number, rotation=0)
        axes.vlines(np.arange(1, of_layer) - 0.5, -0.5, layers - 0.5, color="white", lw=3)
        axes.hlines(np.arange(1, layers) - 0.5, -0.5, of_layer - 0.5, color="white", lw=3)
        for layer, head in np.argwhere(gates == 0):
            axes.add_patch(Rectangle((head - 0.4, layer - 0.4), 0.8, 0.8, fill=False, edgecolor=ORANGE, lw=1.5))
        axes.set_title(KIND_NAMES[kind], fontsize=9)
        axes.set_xlabel("head", fontsize=8)
        axes.set_ylabel("layer", fontsize=8)
        axes.spines[:].set_visible(False)
    figure.supxlabel("1: open, 0: closed, ×: removed", fontsize=9)


def share_bars(figure: Figure | SubFigure, shares: Tensor, target: Sequence[str], row: int | None) -> None:
    """What source, written words and BOS bring at each step, stacked: `nmt.analysis.shares` (T, 3)."""
    axes, below = figure.subplots(), np.zeros(len(shares))
    groups = {"English source": BLUE, "Russian pieces before": ORANGE, "BOS": GREY}
    for (name, color), height in zip(groups.items(), shares.numpy().T, strict=True):
        axes.bar(range(len(height)), height, bottom=below, color=color, label=name)
        below += height
    axes.set_xticks(range(len(shares)), pieces(target), rotation=45, ha="right", fontsize=9, parse_math=False)
    if row is not None:
        axes.get_xticklabels()[row].set(color=ORANGE, fontweight="bold")
    axes.set_ylim(0, 1)
    axes.set_ylabel("share of what\nattention brings", fontsize=9)
    axes.spines[["right", "top"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))


@dataclass(frozen=True)
class Picture:
    height: float  # inches
    draw: Callable[[SubFigure], None]


def sheet(pictures: Sequence[Picture], text: str = "") -> bytes:
    """Lines of text, and pictures below them, as one PNG, 800 pixels wide."""
    heights = [0.1 + 0.25 * len(text.splitlines()), *(picture.height for picture in pictures)]
    figure = Figure(figsize=(8, sum(heights)), layout="constrained", dpi=100)
    above, *places = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    above.text(0.01, 0.5, plain(text), va="center", fontsize=10, linespacing=1.6, parse_math=False)
    for place, picture in zip(places, pictures, strict=True):
        picture.draw(place)
    return png(figure)
