"""The movies of records that are kept: attention maps over time in notebook 04, what heads look at in notebook 06.

    histories/NAME.npz     arrays, uint8, float16 or int32, never weights of a model: no others are written or read
    histories/NAME.json    the pieces on their axes, where they come from, the SHA-256 of the arrays

`python data/record_histories.py` writes the two histories.
"""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import movies
import numpy as np
import torch
from drawings import gate_distribution
from movies import Movie
from priced import Gates

from nmt import NmtError
from nmt.gates import HardConcrete
from nmt.plumbing.files import read_json, sha256
from nmt.show import plots
from nmt.show.plots import BLUE, ORANGE

FOLDER = Path(__file__).parent / "histories"
DTYPES = ("uint8", "float16", "int32")
STILL = 0.05  # a probability that changes by less hardly moves
ROLE = 0.1  # a head that is so much better than the best fixed offset has a role (Voita et al. 2019)
LOOKS = {
    "encoder": "encoder: an English word looks at the word that decides its form",
    "decoder": "decoder: a Russian word looks at the word that decides its form",
    "cross": "cross: a Russian word looks at its English word; last row: at that of the word that decides its form",
}


@dataclass(frozen=True)
class History:
    """Arrays of DTYPES, and what is known about them: "what" they are, where they are "from", and "sentences"."""

    arrays: dict[str, np.ndarray]
    about: dict

    def __post_init__(self) -> None:
        if wrong := {array.dtype.name for array in self.arrays.values()} - {*DTYPES}:
            raise NmtError(f"arrays of {', '.join(sorted(wrong))}; a history holds {', '.join(DTYPES)}")


def read_history(name: str, folder: Path = FOLDER) -> History:
    """Raises NmtError for files that are missing, damaged or no history."""
    path = folder / f"{name}.npz"
    about = read_json(path.with_suffix(".json"))
    if not path.is_file() or sha256(path) != about.pop("sha256", None):
        raise NmtError(f"{path}: missing, or not the file that {name}.json describes")
    try:
        with np.load(path, allow_pickle=False) as stored:
            return History(dict(stored), about)
    except (ValueError, OSError, zipfile.BadZipFile, NmtError) as error:  # ValueError: something pickled
        raise NmtError(f"{path}: not arrays of numbers ({error})") from None


def as_weights(stored: np.ndarray) -> np.ndarray:
    """Stored weights as float32 from 0 to 1; those in uint8 are 255ths, finer than a picture shows."""
    return stored.astype(np.float32) / (255 if stored.dtype == np.uint8 else 1)


def gates(priced: dict[str, Gates], **options: int) -> Movie:
    """P(open) of each head under several prices, {title: gates}, stored at the same steps: a panel for each price.

    It ends where hardly anything moves any more: each P(open) is then within STILL of its end.
    """
    first, size = next(iter(priced.values())), (-(-len(priced) // 2), 2)
    figure, grid = plots.new_figure((9.4, 1.3 * size[0] + 0.4), size, dpi=100, sharex=True, sharey=True)
    drawn, (_, layers, heads) = [], first.p_open.shape
    for axes, (title, gates) in zip(grid.flat, priced.items(), strict=True):
        names = [f"layer {i}" for i in range(layers)], range(heads)
        image = plots.heat_map(axes, gates.p_open[0], *names, number="{:.2f}".format, rotation=0, fontsize=9)
        drawn.append((axes, image, title, gates))
    for axes in grid[-1]:
        axes.set_xlabel("head", fontsize=9)
    moving = [np.abs(gates.p_open - gates.p_open[-1]).max((1, 2)) > STILL for gates in priced.values()]
    last = min(int(np.flatnonzero(np.any(moving, 0)).max(initial=-1)) + 1, len(first.steps) - 1)

    def update(i: int) -> None:
        for axes, image, title, gates in drawn:
            image.set_data(gates.p_open[i])
            axes.set_title(f"{title}: {gates.expected[i]:.1f} of {layers * heads} heads open", fontsize=10)
            for number, p in zip(axes.texts, gates.p_open[i].flat, strict=True):
                number.set(text=f"{p:.2f}", color=plots.number_colour(p))
        end = "" if i < last or last == len(first.steps) - 1 else ": hardly anything moves after this"
        figure.suptitle(f"step {first.steps[i]:,} of {first.steps[-1]:,}{end}", fontsize=11)

    return movies.film(figure, update, last + 1, **options)


def translating(
    history: History, sentence: int, kind: str, heads: Sequence[tuple[int, int]] = (), **options: int
) -> Movie:
    """Attention while a sentence is translated, step by step a row more: of these heads, (layer, head) each, side by
    side, or of all (layers down, heads across)."""
    if kind not in ("decoder", "cross"):
        raise NmtError(f"kind {kind!r}: decoder or cross; the encoder's maps are the same at each step")
    about, maps = history.about["sentences"][sentence], as_weights(history.arrays[f"{sentence}.{kind}"])
    steps, looked_at = maps.shape[2:]
    rows, columns = {f"layer {i}": of for i, of in enumerate(maps)}, [f"head {i}" for i in range(maps.shape[1])]
    if heads:
        maps = np.stack([maps[place] for place in heads])
        rows, columns = {"": maps}, [f"{kind} {layer}.{head}" for layer, head in heads]
    figure = plots.attention_rows(rows, columns, *plots.map_labels(kind, about["src"], about["trg"]))
    figure.supylabel(plots.MAP_AXES[kind][0], fontsize=9)
    figure.supxlabel(plots.MAP_AXES[kind][1], fontsize=9)
    drawn = []  # (axes, maps of a head, frame around the row that is written)
    for axes, weights in zip(figure.axes, maps.reshape(-1, steps, looked_at), strict=False):  # the last is the scale
        axes.set_facecolor("#e8e8e8")  # of what is not yet written
        drawn.append((axes, weights, plots.frame_row(axes, 0, looked_at)))

    def update(i: int) -> None:
        for axes, weights, frame in drawn:
            axes.images[0].set_data(np.where(np.arange(steps)[:, None] <= i, weights, np.nan))
            frame.set_y(i - 0.5)
            for row, label in enumerate(axes.get_yticklabels()):
                label.set_color(ORANGE if row == i else "black" if row < i else plots.GREY)
        so_far = "".join(about["trg"][: i + 1]).replace("▁", " ").replace("<EOS>", " <EOS>").strip()
        text = f"{plots.KIND_NAMES[kind]}, step {i + 1} of {steps}:  {about['source']}  →  {so_far}"
        figure.suptitle(plots.plain(text), fontsize=11, x=0.02, ha="left", parse_math=False)

    return movies.film(figure, update, steps, **options)


def training(history: History, sentence: int, heads: dict[str, tuple[int, int]], **options: int) -> Movie:
    """The attention of chosen heads, one of each kind, {kind: (layer, head)}, after each validation of a run."""
    about, steps = history.about["sentences"][sentence], history.arrays["steps"]
    figure, (grid,) = plots.new_figure((3.1 * len(heads), 4.2), (1, len(heads)), dpi=100)
    images, maps = {}, {}
    for axes, (kind, (layer, head)) in zip(grid, heads.items(), strict=True):
        maps[kind] = as_weights(history.arrays[f"{sentence}.{kind}"])[:, layer, head]  # (N, query, key)
        labels, title = plots.map_labels(kind, about["src"], about["trg"]), f"layer {layer}, head {head}"
        images[kind] = plots.attention_map(axes, maps[kind][0], kind, labels, f"{plots.KIND_NAMES[kind]}, {title}")
    translation = figure.supxlabel("", fontsize=11, x=0.02, ha="left", parse_math=False)

    def update(i: int) -> None:
        for kind, image in images.items():
            image.set_data(maps[kind][i])
        place = f"epoch {history.about['epoch'][i]:.0f}, step {steps[i]:,} of {steps[-1]:,}"
        figure.suptitle(f"{place}, validation loss {history.about['loss'][i]:.2f}", fontsize=11)
        text = about["translations"][i]
        translation.set_text(plots.plain(f"{about['source']}  →  {text if len(text) <= 60 else text[:59] + '…'}"))

    return movies.film(figure, update, len(steps), **options)


def density(
    log_alpha: dict[str, np.ndarray], temperature: np.ndarray, captions: Sequence[str], **options: int
) -> Movie:
    """The hard concrete distributions of named gates, whose log α (N,) and common temperature (N,) change."""
    x, names = torch.linspace(0.002, 0.998, 250), list(log_alpha)
    densities, masses = [], []  # of each moment: (250, gates), and P(0) and P(1), (2, gates)
    for now, t in zip(np.array(list(log_alpha.values()), np.float32).T, temperature, strict=True):
        gates = HardConcrete(len(names), torch.tensor(now), float(t)).eval()
        with torch.no_grad():
            densities.append(gates.density(x[:, None]).numpy())
            masses.append(torch.stack([1 - gates.p_open(), gates.p_one()]).numpy())
    figure, (grid,) = plots.new_figure((3.8 * len(names), 3.2), (1, len(names)), dpi=100)
    highest, drawn = 1.05 * np.max(densities), []
    for gate, axes in enumerate(grid):
        drawn.append(gate_distribution(axes, x, densities[0][:, gate], *masses[0][:, gate], highest))
    grid[0].set_ylabel("density between 0 and 1", color=BLUE)
    drawn[-1][-1].set_ylabel("P(exactly 0), P(exactly 1)", color=ORANGE)

    def update(i: int) -> None:
        for gate, (name, (curve, bars, _)) in enumerate(zip(names, drawn, strict=True)):
            curve.set_ydata(densities[i][:, gate])
            for bar, mass in zip(bars, masses[i][:, gate], strict=True):
                bar.set_height(mass)
            grid[gate].set_title(f"{name}: log α = {log_alpha[name][i]:.2f}".replace("-", "−"), fontsize=10)
        figure.suptitle(captions[i], fontsize=11)

    return movies.film(figure, update, len(captions), **options)


def roles(record: dict, **options: int) -> Movie:
    """What each head looks at, in percent, over the moments of a run: a record of results/roles."""
    kinds, moments, last = record["relations"], record["moments"], record["moments"][-1]["step"]
    rows = [len(relations) for relations in kinds.values()]
    figure, grid = plots.new_figure((9.4, 0.27 * sum(rows) + 2.3), (len(kinds), 1), dpi=100, height_ratios=rows)
    panels = []
    for (axes,), (kind, relations) in zip(grid, kinds.items(), strict=True):
        open_heads = np.array([moment["mask"][kind] for moment in moments], bool)  # (N, L, H)
        scores = np.array([[moment["roles"][kind][name][1] for name in relations] for moment in moments])
        scores = np.where(open_heads[:, None], scores, np.nan).reshape(len(moments), len(relations), -1)
        heads = [f"{layer}.{head}" for layer, head in np.ndindex(open_heads.shape[1:])]
        least = np.array([relation["share"] for relation in relations.values()])[:, None] + ROLE
        names = [f"{name}  ({relation['share']:.0%})" for name, relation in relations.items()]
        image = plots.heat_map(axes, np.zeros(scores.shape[1:]), names, heads, number=str, rotation=0, fontsize=9)
        axes.set_facecolor("#d0d0d0")
        axes.set_title(LOOKS[kind], fontsize=10, loc="left")
        frames = [plots.Rectangle((x - 0.46, y - 0.46), 0.92, 0.92, fill=False, edgecolor=ORANGE, lw=2)
                  for y, x in np.ndindex(scores.shape[1:])]  # fmt: skip
        panels.append((scores, least, image, axes.texts[:], [axes.add_patch(frame) for frame in frames]))
    figure.supxlabel(f"framed: {100 * ROLE:.0f} points or more above the best fixed distance, in brackets", fontsize=10)

    def update(i: int) -> None:
        for scores, least, image, texts, frames in panels:
            image.set_data(scores[i])
            for score, text, frame, has in zip(scores[i].flat, texts, frames, (scores[i] >= least).flat, strict=True):
                text.set(text="" if np.isnan(score) else f"{100 * score:.0f}", color=plots.number_colour(score))
                frame.set_visible(has)
        moment = moments[i]
        figure.suptitle(f"step {moment['step']:,} of {last:,}: {moment['kept']} of 48 heads are open", fontsize=11)

    return movies.film(figure, update, len(moments), **options)
