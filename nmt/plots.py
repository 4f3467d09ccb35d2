"""Figures from stored data: a run directory in, a matplotlib Figure out; nothing is trained, no global is set."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from nmt.files import whole_file
from nmt.runs import Run

# Validated for readers with colour-blindness: blue and orange.
BLUE, ORANGE = "#2a6fbb", "#d9730d"


def learning_curves(run: Run, title: str = "") -> Figure:
    """Loss of training (with label smoothing) and validation (without), and validation BLEU, over the epochs."""
    train, valid = run.lines(split="train"), run.lines(split="valid")
    figure = Figure(figsize=(8, 3), layout="constrained", dpi=120)
    loss, bleu = figure.subplots(1, 2)
    smoothing = run.config["training"]["label_smoothing"]
    label = f"training (label smoothing {smoothing:g})" if smoothing else "training"
    loss.plot([x["epoch"] for x in train], [x["loss"] for x in train], color=BLUE, label=label)
    loss.plot([x["epoch"] for x in valid], [x["loss"] for x in valid], "o-", color=ORANGE, ms=3, label="validation")
    loss.set(xlabel="epoch", ylabel="loss, nats per BPE piece", ylim=(0, None))
    loss.legend(frameon=False)
    bleu.plot([x["epoch"] for x in valid], [x["bleu"] for x in valid], "o-", color=ORANGE, ms=3)
    which = "validation pairs" if run.config["training"]["val_split"] == "valid" else "training pairs"
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


def save(figure: Figure, path: str | Path) -> None:
    """Write a PNG, whole or not at all, with no date in it: the same data give the same file."""
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})


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
