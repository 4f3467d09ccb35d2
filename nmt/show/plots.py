"""Figures from stored data: a run directory in, a matplotlib Figure out; nothing is trained, no global is set."""

import io
from pathlib import Path

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from PIL import Image  # matplotlib and imageio both bring it

from nmt.plumbing.files import whole_file
from nmt.runs import Run

# Validated for readers with colour-blindness: blue and orange.
BLUE, ORANGE = "#2a6fbb", "#d9730d"


def learning_curves(run: Run, title: str = "") -> Figure:
    """Loss of training (with label smoothing) and validation (without), and validation BLEU, over the epochs."""
    train, valid = run.lines(split="train"), run.lines(split="valid")
    figure = Figure(figsize=(8, 3), layout="constrained", dpi=120)
    loss, bleu = figure.subplots(1, 2)
    smoothing, own = run.config["training"]["label_smoothing"], run.config["training"]["val_split"] == "train"
    label = f"training (label smoothing {smoothing:g})" if smoothing else "training"
    loss.plot([x["epoch"] for x in train], [x["loss"] for x in train], color=BLUE, label=label)
    loss.plot(
        [x["epoch"] for x in valid],
        [x["loss"] for x in valid],
        "o-",
        color=ORANGE,
        ms=3,
        label="the same pairs, scored" if own else "validation",
    )
    loss.set(xlabel="epoch", ylabel="loss, nats per BPE piece", ylim=(0, None))
    loss.legend(frameon=False)
    bleu.plot([x["epoch"] for x in valid], [x["bleu"] for x in valid], "o-", color=ORANGE, ms=3)
    which = "training pairs" if own else "validation pairs"
    bleu.set(xlabel="epoch", ylabel=f"BLEU of {valid[0]['sentences']} {which}", ylim=(0, None))
    minutes = bleu.secondary_xaxis("top", functions=_minutes(run))
    minutes.set_xlabel("minutes")
    for axes in (loss, bleu):
        axes.set_xlim(0, None)
        axes.grid(alpha=0.3)
        axes.spines[["right", "top"]].set_visible(False)
    figure.suptitle(title)
    return figure


def _minutes(run: Run) -> tuple:
    """epoch -> minutes and back, by the run's own log."""
    lines = sorted(run.lines(), key=lambda line: line["minutes"])
    epochs, minutes = ([0.0, *(line[key] for line in lines)] for key in ("epoch", "minutes"))
    last = (epochs[-1] or 1.0, minutes[-1] or 1.0)

    def convert(x: np.ndarray, known: list[float], wanted: list[float], ratio: float) -> np.ndarray:
        return np.where(np.asarray(x) > known[-1], np.asarray(x) * ratio, np.interp(x, known, wanted))

    return (
        lambda x: convert(x, epochs, minutes, last[1] / last[0]),
        lambda x: convert(x, minutes, epochs, last[0] / last[1]),
    )


def attention_heads(maps: np.ndarray, queries: list[str], keys: list[str], title: str = "") -> Figure:
    """All heads of all layers as heat maps: layers down, heads across, 0 white to 1 dark.

    maps (L, H, query, key), as `frames/` holds them; queries and keys are the pieces on the axes.
    """
    layers, heads = maps.shape[:2]
    cell = 0.16 * max(len(queries), len(keys)) + 0.5
    figure = Figure(figsize=(heads * cell + 1.2, layers * cell + 1.2), layout="constrained", dpi=120)
    grid = figure.subplots(layers, heads, squeeze=False, sharex=True, sharey=True)
    for layer in range(layers):
        for head in range(heads):
            axes = grid[layer, head]
            image = axes.imshow(maps[layer, head].astype(np.float32), vmin=0, vmax=1, cmap="Blues", aspect="equal")
            axes.set_title(f"layer {layer}, head {head}", fontsize=8)
            axes.set_xticks(range(len(keys)), [_piece(k) for k in keys], rotation=90, fontsize=7)
            axes.set_yticks(range(len(queries)), [_piece(q) for q in queries], fontsize=7)
            axes.tick_params(length=0)
    figure.colorbar(image, ax=grid, shrink=0.6, label="attention weight")
    figure.suptitle(title, fontsize=10)
    return figure


def _piece(piece: str) -> str:
    """BPE marks the beginning of a word with U+2581; on an axis a space reads better."""
    return piece.replace("▁", "") or "▁"


def png(figure: Figure) -> bytes:
    """The figure in 256 colours, less than half the bytes: a notebook of many pictures is still shown on the web.

    There is no date in it: the same data give the same bytes.
    """
    drawn, data = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(data, "png")
    return data.getvalue()


def save(figure: Figure, path: str | Path) -> None:
    """Write a PNG, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_bytes(png(figure))


def matrices(
    panels: dict[str, np.ndarray],
    rows: list[str],
    columns: list[str],
    numbers: bool = True,
    low: float = 0.0,
    high: float = 1.0,
    labels: tuple[str, str] = ("query: the word that looks", "key: the word looked at"),
) -> Figure:
    """Matrices (rows, columns) side by side, from `low` white to `high` dark, with their numbers in the cells."""
    cell = (0.55, 0.42) if numbers else (min(0.3, 6 / len(columns)), min(0.3, 4 / len(rows)))
    size = max(len(panels) * (cell[0] * len(columns) + 1.1), 3.2), cell[1] * len(rows) + 1.6
    figure = Figure(figsize=size, layout="constrained", dpi=110)
    grid = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (title, values) in zip(grid, panels.items(), strict=True):
        values = np.asarray(values, dtype=np.float64)
        axes.imshow(values, vmin=low, vmax=high, cmap="Blues", aspect="auto")
        axes.set_title(title, fontsize=9)
        axes.set_xticks(range(len(columns)), columns, rotation=45, fontsize=8)
        axes.set_yticks(range(len(rows)), rows, fontsize=8)
        axes.tick_params(length=0)
        axes.set_xlabel(labels[1], fontsize=8)
        for (i, j), value in np.ndenumerate(values if numbers else np.empty((0, 0))):
            dark = value - low > 0.6 * (high - low)
            text, color = f"{value:.2f}".rstrip("0").rstrip("."), "white" if dark else "black"
            axes.text(j, i, text, ha="center", va="center", fontsize=8, color=color)
    grid[0].set_ylabel(labels[0], fontsize=8)
    return figure


def curves(
    panels: dict[str, dict[str, np.ndarray]], x: np.ndarray, xlabel: str, ylabels: list[str], logs: list[str]
) -> Figure:
    """Panels side by side, each with named curves over the same x; of `logs` each holds "x", "y", both or nothing."""
    figure = Figure(figsize=(4 * len(panels), 3), layout="constrained", dpi=110)
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, ylabel, log, (title, lines) in zip(grid, ylabels, logs, panels.items(), strict=True):
        for color, (name, y) in zip((BLUE, ORANGE, "#4a4a4a", "#8a6fbf"), lines.items(), strict=False):
            axes.plot(x, np.asarray(y, dtype=np.float64), "-", color=color, label=name)
        axes.set_title(title, fontsize=10)
        axes.set(xlabel=xlabel, ylabel=ylabel)
        axes.set_xscale("log" if "x" in log else "linear")
        axes.set_yscale("log" if "y" in log else "linear")
        axes.grid(alpha=0.3)
        axes.spines[["right", "top"]].set_visible(False)
        axes.legend(edgecolor="none", framealpha=0.7, fontsize=8)
    return figure


# No line is told by its colour alone.
MARKED = ((BLUE, "o"), (ORANGE, "s"), ("#009e73", "^"), ("#8a6fbf", "D"), ("#000000", "v"), ("#a0522d", "P"))
GREY = "#b5b5b5"


def budget_curves(
    panels: list[list[tuple[str, str, dict[str, dict[int, list[float]]]]]], marked: list[str], title: str = ""
) -> Figure:
    """Rows and columns of panels (title, ylabel, values); values: name -> {kept: one number a seed}.

    The names in `marked`, six at most, have their colours, means on a line, seeds as dots; "dense" has {0: …} and is a
    dashed line; all others are grey. A panel shows all that is marked; of the grey what lies far outside is cut off.
    """
    figure = Figure(figsize=(4.6 * len(panels[0]), 2.9 * len(panels) + 0.9), layout="constrained", dpi=120)
    grid = figure.subplots(len(panels), len(panels[0]), squeeze=False)
    for axes, (name, ylabel, values) in zip(grid.flat, [panel for row in panels for panel in row], strict=True):
        kept = sorted({k for method, points in values.items() if method != "dense" for k in points})
        shown = [x for n in ("dense", *marked) for numbers in values.get(n, {}).values() for x in numbers]
        for method, points in values.items():
            if method in marked or method == "dense":
                continue
            axes.plot(*_means(points, kept), "-", color=GREY, lw=1, marker=".", ms=4, zorder=1)
        for number, method in enumerate(marked):
            (color, mark), points = MARKED[number], values.get(method, {})
            places, means = _means(points, kept)
            places = [x + 0.05 * (number - (len(marked) - 1) / 2) for x in places]
            axes.plot(places, means, "-", color=color, marker=mark, ms=5, lw=1.5, zorder=3)
            for place, k in zip(places, sorted(points), strict=True):
                axes.vlines(place, min(points[k]), max(points[k]), color=color, lw=1, alpha=0.6, zorder=2)
                axes.plot([place] * len(points[k]), points[k], ".", color=color, ms=3, alpha=0.6, zorder=2)
        for numbers in values.get("dense", {}).values():
            axes.axhline(np.mean(numbers), color="black", ls="--", lw=1, zorder=0)
        if shown:
            low, high = min(shown), max(shown)
            space = 0.15 * (high - low) or 0.1
            axes.set_ylim(low - space, high + space)
        axes.set(ylabel=ylabel, xlabel="heads kept", xlim=(-0.4, len(kept) - 0.6))
        axes.set_xticks(range(len(kept)), kept)
        axes.set_title(name, fontsize=10)
        axes.grid(alpha=0.3)
        axes.spines[["right", "top"]].set_visible(False)
    lines = [Line2D([], [], color=c, marker=m, label=n) for n, (c, m) in zip(marked, MARKED, strict=False)]
    lines += [Line2D([], [], color=GREY, marker=".", label="others")]
    lines += [Line2D([], [], color="black", ls="--", lw=1, label="dense model")]
    figure.legend(handles=lines, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    figure.suptitle(title, fontsize=10)
    return figure


def _means(points: dict[int, list[float]], kept: list[int]) -> tuple[list[float], list[float]]:
    """Places on an axis with a tick for each of `kept`, and the means over the seeds there."""
    return [float(kept.index(k)) for k in sorted(points)], [float(np.mean(points[k])) for k in sorted(points)]


def kept_heads(rows: list[dict[str, dict[str, dict[str, np.ndarray] | None]]], most: int, title: str = "") -> Figure:
    """How many heads are left: rows of panels, title -> method -> {kind: (L,)}, or None where that is not known.

    In a panel methods go down, layers of each kind across. The methods are the same in all panels of a row. most: the
    heads of a whole layer, darkest.
    """
    layers = [{k: len(v) for k, v in next(m for m in row[next(iter(row))].values() if m).items()} for row in rows]
    columns = max(len(row) * (sum(kinds.values()) + 1) for row, kinds in zip(rows, layers, strict=True))
    heights = [0.28 * len(next(iter(row.values()))) + 1.2 for row in rows]
    figure = Figure(figsize=(0.55 * columns + 1.6, sum(heights) + 0.4), layout="constrained", dpi=120)
    parts = figure.subfigures(len(rows), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, panels, kinds in zip(parts, rows, layers, strict=True):
        labels = [f"{kind} {layer + 1}" for kind, count in kinds.items() for layer in range(count)]
        for axes, (name, methods) in zip(part.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
            unknown = dict.fromkeys(kinds, np.full(1, np.nan))
            values = [
                np.concatenate([np.broadcast_to((of or unknown)[k], n) for k, n in kinds.items()])
                for of in methods.values()
            ]
            axes.imshow(values, vmin=0, vmax=most, cmap="Blues", aspect="auto")
            axes.set_title(name, fontsize=9)
            axes.set_xticks(range(len(labels)), labels, rotation=30, ha="right", fontsize=8)
            axes.set_yticks(range(len(methods)), methods, fontsize=8)
            axes.tick_params(length=0)
            axes.label_outer()
            for (i, j), value in np.ndenumerate(values):
                text, color = "–" if np.isnan(value) else f"{value:.1f}", "white" if value > 0.6 * most else "black"
                axes.text(j, i, text, ha="center", va="center", fontsize=8, color=color)
    figure.suptitle(title, fontsize=10)
    return figure


def gate_paths(panels: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]], title: str = "", dpi: int = 120) -> Figure:
    """P(open) of every gate over the steps: layers down, panels across, a line a head.

    panels: name -> label -> (steps (N,), P(open) (N, L, H)); labels, two at most, are told by colour and dashes.
    """
    layers = max(p.shape[1] for runs in panels.values() for _, p in runs.values())
    figure = Figure(figsize=(2.6 * len(panels) + 0.6, 1.9 * layers + 0.9), layout="constrained", dpi=dpi)
    grid = figure.subplots(layers, len(panels), squeeze=False, sharex=True, sharey=True)
    styles: dict[str, tuple[str, str]] = {}
    for column, (name, runs) in enumerate(panels.items()):
        grid[0, column].set_title(name, fontsize=9)
        for label, (steps, p_open) in runs.items():
            if label not in styles:
                styles[label] = ((BLUE, "-"), (ORANGE, "--"))[len(styles)]
            color, dashes = styles[label]
            for layer in range(p_open.shape[1]):
                grid[layer, column].plot(steps, p_open[:, layer], ls=dashes, color=color, lw=1, alpha=0.8)
    for (row, _), axes in np.ndenumerate(grid):
        axes.set(ylim=(-0.03, 1.03), xlabel="step")
        axes.grid(alpha=0.3)
        axes.spines[["right", "top"]].set_visible(False)
        axes.label_outer()
        if axes in grid[:, 0]:
            axes.set_ylabel(f"layer {row}: P(open)", fontsize=9)
    lines = [Line2D([], [], color=c, ls=d, label=n) for n, (c, d) in styles.items()]
    figure.legend(handles=lines, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    figure.suptitle(title, fontsize=10)
    return figure


def gate_densities(
    panels: list[dict[str, tuple[np.ndarray, np.ndarray, float, float]]], highest: float = 2.0
) -> Figure:
    """Hard concrete distributions in rows and columns of panels, of one scale: name -> (g, density, P(0), P(1)).

    g and density (M,) are of the values strictly between 0 and 1, drawn as a filled curve, cut off at `highest`; the
    probability of exactly 0 and of exactly 1 are bars, by the axis on the right.
    """
    rows, columns = len(panels), max(map(len, panels))
    figure = Figure(figsize=(2.5 * columns + 0.6, 1.9 * rows + 0.5), layout="constrained", dpi=110)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True)
    for (row, column), axes in np.ndenumerate(grid):
        if column >= len(panels[row]):
            axes.set_axis_off()
            continue
        name, (g, density, zero, one) = list(panels[row].items())[column]
        axes.fill_between(g, np.asarray(density), color=BLUE, alpha=0.25, lw=0)
        axes.plot(g, np.asarray(density), color=BLUE)
        axes.set(xlim=(-0.2, 1.2), ylim=(0, highest))
        axes.set_xticks((0, 0.5, 1), ("0", "½", "1"))
        mass = axes.twinx()
        mass.set_ylim(0, 1.15)
        for place, height in ((-0.06, zero), (1.06, one)):  # beside the curve, which they do not belong to
            mass.bar(place, height, width=0.1, color=ORANGE)
            at = place + (0.04 if place > 0 else -0.04)
            mass.text(at, height + 0.03, f"{height:.2f}", ha="center", fontsize=8, color="#8a4300")
        axes.set_title(name, fontsize=9)
        for side in (axes, mass):
            side.tick_params(labelsize=8)
            side.spines["top"].set_visible(False)
        axes.spines["right"].set_visible(False)
        if column == 0:
            axes.set_ylabel("density", color=BLUE, fontsize=9)
        else:
            axes.tick_params(labelleft=False)
        if column == len(panels[row]) - 1:
            mass.set_ylabel("probability", color="#8a4300", fontsize=9)
        else:
            mass.tick_params(right=False, labelright=False)
            mass.spines["right"].set_visible(False)
        if row == rows - 1:
            axes.set_xlabel("value of the gate", fontsize=9)
    return figure


def run_curves(run: Run, title: str = "") -> Figure:
    """What a run logged, over its epochs: loss, learning rate, BLEU and chrF."""
    train, valid = run.lines(split="train"), run.lines(split="valid")
    figure = Figure(figsize=(8, 4.8), layout="constrained", dpi=110)
    grid = figure.subplots(2, 2, sharex=True).flat
    held_out = run.config["training"]["val_split"] == "valid"
    which = "held-out pairs" if held_out else "training pairs, after an epoch"
    drawn = {"loss, nats per piece": "loss", "learning rate": "lr", "BLEU, 0 to 100": "bleu", "chrF, 0 to 100": "chrf"}
    for axes, (name, key) in zip(grid, drawn.items(), strict=True):
        logged = [line for line in train if key in line]
        axes.plot([x["epoch"] for x in logged], [x[key] for x in logged], color=BLUE, label="training, on its way")
        if key != "lr":
            axes.plot([x["epoch"] for x in valid], [x[key] for x in valid], "o-", color=ORANGE, ms=3, label=which)
        axes.set_ylabel(name)
        if key != "loss":
            axes.set_ylim(0, None if key == "lr" else 102)
        axes.grid(alpha=0.3)
        axes.spines[["right", "top"]].set_visible(False)
    figure.axes[0].set_yscale("log")  # or the end of a long training would lie on the axis
    figure.axes[0].legend(frameon=False, fontsize=8)
    for axes in figure.axes[2:]:
        axes.set_xlabel("epoch")
    figure.suptitle(title, fontsize=10)
    return figure


def attention_rows(
    rows: dict[str, np.ndarray], columns: list[str], queries: list[str], keys: list[str], title: str = ""
) -> Figure:
    """Named rows of maps of the same pieces, 0 white to 1 dark: name -> (columns, query, key)."""
    wide, high = 0.135 * max(len(keys), 7), 0.135 * len(queries)
    size = len(columns) * (wide + 0.08) + 1.9, len(rows) * (high + 0.22) + 1.5
    figure = Figure(figsize=size, layout="constrained", dpi=120)
    grid = figure.subplots(len(rows), len(columns), squeeze=False, sharex=True, sharey=True)
    for axes_of_row, (name, maps) in zip(grid, rows.items(), strict=True):
        for axes, weights in zip(axes_of_row, maps, strict=True):
            image = axes.imshow(weights.astype(np.float32), vmin=0, vmax=1, cmap="Blues", aspect="auto")
            axes.set_xticks(range(len(keys)), [_piece(k) for k in keys], rotation=90, fontsize=7)
            axes.set_yticks(range(len(queries)), [_piece(q) for q in queries], fontsize=7)
            axes.tick_params(length=0)
        axes_of_row[0].set_ylabel(name, fontsize=9)
    for axes, name in zip(grid[0], columns, strict=True):
        axes.set_title(name, fontsize=9)
    figure.colorbar(image, ax=grid, shrink=0.6, pad=0.01, label="attention weight")
    figure.suptitle(title, fontsize=10)
    return figure


def paddings(panels: dict[str, np.ndarray]) -> Figure:
    """Batches as pictures: sentences down, places across; panels: name -> bool (B, S), True where there is a piece."""
    longest = max(real.shape[1] for real in panels.values())
    figure = Figure(figsize=(2.6 * len(panels), 3), layout="constrained", dpi=110)
    for axes, (name, real) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        image = np.where(real[:, :, None], to_rgb(BLUE), to_rgb(ORANGE))
        axes.imshow(image, aspect="auto", interpolation="nearest")
        axes.set_title(f"{name}\n{1 - real.mean():.0%} padding", fontsize=9)
        axes.set(xlim=(-0.5, longest - 0.5), xlabel="place in the sentence")
        axes.spines[["right", "top"]].set_visible(False)
    figure.axes[0].set_ylabel("sentence of the batch")
    handles = [Patch(color=BLUE, label="piece"), Patch(color=ORANGE, label="padding")]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return figure
