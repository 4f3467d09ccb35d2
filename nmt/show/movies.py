"""Movies of stored histories, as GIFs in which every frame that was made can be seen.

At most 50 evenly spaced moments are drawn, and all of them are in the file: it is read back to see. Axes do not
move, each frame says its step, the last one stays for a while, and there is a still picture of it. Without pyplot.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from nmt import NmtError
from nmt.gates import HardConcrete
from nmt.plumbing.files import whole_file
from nmt.show.histories import Gates, History, as_weights
from nmt.show.pictures import AXES, NAMES, pieces, plain
from nmt.show.plots import BLUE, ORANGE

MOST = 50  # frames
LARGEST = 500_000  # bytes of a GIF
COLOURS = 64  # of one palette for all frames: a third of the size that a palette for each frame gives
# Of them these as they are, (28, 3), because they mean something: an average would have them grey.
EXACT = np.rint(
    255 * np.array([to_rgb(c) for c in ("white", "black", BLUE, ORANGE, *colormaps["Blues"](range(0, 256, 11)))])
)
MILLISECONDS, HOLD = 200, 2000  # how long a frame is seen, and the last one
BAR = 3  # pixels high


def evenly(count: int, most: int = MOST) -> list[int]:
    """At most `most` of 0 … count - 1, first and last among them, whose distances differ by one at most."""
    if count < 1 or most < 2:
        raise NmtError(f"a movie needs something to show and room for two frames, not {count} and {most}")
    return [int(x) for x in np.rint(np.linspace(0, count - 1, min(count, most)))]


@dataclass(frozen=True)
class Movie:
    """Pictures of one palette; no two neighbours are the same."""

    indices: np.ndarray  # uint8 (N, height, width)
    palette: np.ndarray  # uint8 (COLOURS or fewer, 3)
    milliseconds: int = MILLISECONDS
    hold: int = HOLD

    @property
    def frames(self) -> np.ndarray:
        """uint8 (N, height, width, 3)."""
        return self.palette[self.indices]

    @property
    def durations(self) -> list[int]:
        return [self.milliseconds] * (len(self.indices) - 1) + [self.hold]

    @cached_property
    def gif(self) -> bytes:
        """The file, read back. Raises NmtError where a frame got lost or changed, or where it is over LARGEST."""
        first, *rest = map(self._image, range(len(self.indices)))
        data, how = io.BytesIO(), {"duration": self.durations, "loop": 0, "optimize": True, "disposal": 1}
        first.save(data, "GIF", save_all=True, append_images=rest, **how)
        back, durations = frames_of(data.getvalue())
        if len(back) != len(self.indices):
            raise NmtError(
                f"{len(self.indices)} frames were made, {len(back)} are in the GIF: two neighbours are alike"
            )
        if not np.array_equal(back, self.frames) or durations != self.durations:
            raise NmtError("the frames in the GIF are not those that were made")
        if data.tell() >= LARGEST:
            raise NmtError(f"the GIF has {data.tell():,} bytes, {LARGEST:,} at most: fewer frames, or a smaller figure")
        return data.getvalue()

    @cached_property
    def still(self) -> bytes:
        """The last frame as PNG."""
        data = io.BytesIO()
        self._image(-1).save(data, "PNG", optimize=True)
        return data.getvalue()

    def save(self, path: str | Path) -> list[Path]:
        """Write the GIF, and its last frame as PNG beside it; each whole or not at all."""
        written = {Path(path).with_suffix(".gif"): self.gif, Path(path).with_suffix(".png"): self.still}
        for place, data in written.items():
            with whole_file(place) as temporary:
                temporary.write_bytes(data)
        return list(written)

    def _image(self, i: int) -> Image.Image:
        image = Image.fromarray(self.indices[i])
        image.putpalette(self.palette.tobytes())
        return image


def movie(frames: Sequence[np.ndarray], milliseconds: int = MILLISECONDS, hold: int = HOLD) -> Movie:
    """From pictures uint8 (height, width, 3), all of which are shown; MOST at most.

    They get one palette, and a bar under them that grows. Pillow, and so imageio, drops a frame that is the same as
    the one before without a word: a movie in which nothing happens for a while would lose that while. With the bar no
    two frames are the same.
    """
    if not 0 < len(frames) <= MOST:
        raise NmtError(f"{len(frames)} frames; a movie has 1 to {MOST}: choose with evenly()")
    if len({frame.shape for frame in frames}) > 1:
        raise NmtError("the frames of a movie must have one size")
    height, width, _ = frames[0].shape
    if width < len(frames):
        raise NmtError(f"{len(frames)} frames need as many pixels for the bar, and the pictures are {width} wide")
    barred = np.full((len(frames), height + BAR, width, 3), 255, np.uint8)
    barred[:, :height] = frames
    for i, frame in enumerate(barred, 1):
        frame[height:, : width * i // len(frames)] = 0
    strip = np.concatenate([barred[i] for i in evenly(len(frames), 12)])  # a dozen stand for the rest
    found = Image.fromarray(strip).quantize(COLOURS - len(EXACT), dither=Image.Dither.NONE)
    palette = np.vstack([EXACT, np.reshape(found.getpalette(), (-1, 3))])[:COLOURS].astype(np.uint8)
    return Movie(np.stack([_nearest(frame, palette) for frame in barred]), palette, milliseconds, hold)


def _nearest(frame: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """The index of the nearest colour for each pixel, uint8 (height, width). Pillow's own search is coarser: white
    would come out grey."""
    packed = frame.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)  # (height, width)
    colours, where = np.unique(packed, return_inverse=True)
    rgb = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], 1).astype(np.int32)  # (U, 3)
    distance = ((rgb[:, None] - palette.astype(np.int32)) ** 2).sum(-1)  # (U, COLOURS)
    return distance.argmin(1).astype(np.uint8)[where].reshape(packed.shape)


def frames_of(gif: bytes) -> tuple[np.ndarray, list[int]]:
    """What is in a GIF, by imageio: frames uint8 (N, height, width, 3), and how many milliseconds each is seen."""
    with iio.imopen(gif, "r", extension=".gif") as file:
        back = file.read(index=..., mode="RGB")
        return back, [int(file.metadata(index=i)["duration"]) for i in range(len(back))]


def film(figure: Figure, update: Callable[[int], None], count: int, most: int = MOST, **times: int) -> Movie:
    """Draw evenly chosen ones of `count` moments; update(i) puts moment i into the figure.

    Layout is done once. Raises NmtError where an update moves an axis: then two frames could not be compared.
    """
    canvas, chosen, frames, before = FigureCanvasAgg(figure), evenly(count, most), [], None
    update(chosen[-1])
    canvas.draw()
    figure.set_layout_engine("none")
    for i in chosen:
        update(i)
        canvas.draw()
        now = [_frame_of(axes) for axes in figure.axes]
        if before not in (None, now):
            raise NmtError(f"moment {i} of the movie moves the axes")
        before = now
        frames.append(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    return movie(frames, **times)


def _frame_of(axes: Axes) -> tuple:
    """All that must stay: place, limits, range of colours."""
    colours = tuple(image.get_clim() for image in axes.images)
    return axes.get_position().bounds, axes.get_xlim(), axes.get_ylim(), colours


# What is filmed.


def gates_film(gates: Gates, name: str, **options: int) -> Movie:
    """P(open) of each head, layers down and heads across, and below how many are open in the mean, over the steps."""
    layers, heads = gates.p_open.shape[1:]
    figure = Figure(figsize=(7.6, 0.55 * layers + 2.5), layout="constrained", dpi=100)
    top, below = figure.subplots(2, 1, height_ratios=(0.55 * layers + 0.4, 1.5))
    image = top.imshow(gates.p_open[0], vmin=0, vmax=1, cmap="Blues", aspect="auto")
    numbers = {place: top.text(*place[::-1], "", ha="center", va="center") for place in np.ndindex(layers, heads)}
    top.set_xticks(range(heads), [f"head {i}" for i in range(heads)])
    top.set_yticks(range(layers), [f"layer {i}" for i in range(layers)])
    top.tick_params(length=0)
    figure.colorbar(image, ax=top, label="P(open)")
    (line,) = below.plot([], [], color=BLUE)
    (dot,) = below.plot([], [], "o", color=ORANGE)
    below.set(xlim=(0, gates.steps[-1]), ylim=(0, layers * heads), xlabel="step", ylabel="heads open,\nin the mean")
    below.grid(alpha=0.3)
    below.spines[["right", "top"]].set_visible(False)

    def update(i: int) -> None:
        image.set_data(gates.p_open[i])
        for place, number in numbers.items():
            value = gates.p_open[i][place]
            number.set(text=f"{value:.2f}", color="white" if value > 0.6 else "black")
        line.set_data(gates.steps[: i + 1], gates.expected[: i + 1])
        dot.set_data(gates.steps[i : i + 1], gates.expected[i : i + 1])
        figure.suptitle(f"{name}, step {gates.steps[i]:,} of {gates.steps[-1]:,}", fontsize=11)

    return film(figure, update, len(gates.steps), **options)


def translating_film(history: History, sentence: int, kind: str, **options: int) -> Movie:
    """Every head's attention (layers down, heads across) while a sentence is translated: step by step a row more.

    Of the encoder, which reads the whole sentence before the first step, there is nothing to film.
    """
    if kind not in ("decoder", "cross"):
        raise NmtError(f"kind {kind!r}: decoder or cross; the encoder's maps are the same at each step")
    about, maps = history.about["sentences"][sentence], as_weights(history.arrays[f"{sentence}.{kind}"])
    layers, heads, count, looked_at = maps.shape
    written, source = pieces(about["trg"]), pieces(about["src"])
    keys = source if kind == "cross" else ["BOS", *written[:-1]]
    size = 1.15 + heads * max(1.0, 0.125 * looked_at), 1.5 + layers * max(1.1, 0.16 * count)
    figure = Figure(figsize=size, layout="constrained", dpi=100)
    grid = figure.subplots(layers, heads, squeeze=False, sharex=True, sharey=True)
    images, rows = {}, {}
    for place, axes in np.ndenumerate(grid):
        images[place] = axes.imshow(np.zeros((count, looked_at)), vmin=0, vmax=1, cmap="Blues", aspect="auto")
        axes.set_facecolor("#e8e8e8")  # of what is not yet written
        rows[place] = axes.add_patch(Rectangle((-0.5, -0.5), looked_at, 1, fill=False, edgecolor=ORANGE, lw=1.5))
        axes.set_title("layer {}, head {}".format(*place), fontsize=8)
        axes.set_xticks(range(looked_at), keys, rotation=90, fontsize=8, parse_math=False)
        axes.set_yticks(range(count), written, fontsize=8, parse_math=False)
        axes.tick_params(length=0)
    figure.supylabel(AXES[kind][0], fontsize=9)
    figure.supxlabel(AXES[kind][1], fontsize=9)

    def update(i: int) -> None:
        seen = np.arange(count)[:, None] <= i  # (T, 1)
        for place, image in images.items():
            image.set_data(np.where(seen, maps[place], np.nan))
            rows[place].set_y(i - 0.5)
        for axes in grid[:, 0]:
            for row, label in enumerate(axes.get_yticklabels()):
                label.set_color(ORANGE if row == i else "black" if row < i else "#bbbbbb")
        so_far = "".join(about["trg"][: i + 1]).replace("▁", " ").replace("<EOS>", " <EOS>").strip()
        text = f"{NAMES[kind]}, step {i + 1} of {count}:  {about['source']}  →  {so_far}"
        figure.suptitle(plain(text), fontsize=11, x=0.02, ha="left", parse_math=False)

    return film(figure, update, count, **options)


def training_film(history: History, sentence: int, heads: dict[str, tuple[int, int]], **options: int) -> Movie:
    """The attention of chosen heads, one of each kind, {kind: (layer, head)}, after each validation of a run."""
    about = history.about["sentences"][sentence]
    written, source = pieces(about["trg"]), pieces(about["src"])
    labels = {"encoder": (source, source), "decoder": (written, ["BOS", *written[:-1]]), "cross": (written, source)}
    figure = Figure(figsize=(3.1 * len(heads), 4.2), layout="constrained", dpi=100)
    images, maps = {}, {}
    for axes, (kind, (layer, head)) in zip(
        figure.subplots(1, len(heads), squeeze=False)[0], heads.items(), strict=True
    ):
        maps[kind] = as_weights(history.arrays[f"{sentence}.{kind}"])[:, layer, head]  # (N, query, key)
        images[kind] = axes.imshow(maps[kind][0], vmin=0, vmax=1, cmap="Blues", aspect="auto")
        queries, keys = labels[kind]
        axes.set_title(f"{NAMES[kind]}, layer {layer}, head {head}", fontsize=9)
        axes.set_xticks(range(len(keys)), keys, rotation=90, fontsize=9, parse_math=False)
        axes.set_yticks(range(len(queries)), queries, fontsize=9, parse_math=False)
        axes.tick_params(length=0)
        axes.set_xlabel(AXES[kind][1], fontsize=9)
        axes.set_ylabel(AXES[kind][0], fontsize=9)
    steps = history.arrays["steps"]
    said = figure.supxlabel("", fontsize=11, x=0.02, ha="left", parse_math=False)

    def update(i: int) -> None:
        for kind, image in images.items():
            image.set_data(maps[kind][i])
        place = f"epoch {history.about['epoch'][i]:.0f}, step {steps[i]:,} of {steps[-1]:,}"
        figure.suptitle(f"{place}, validation loss {history.about['loss'][i]:.2f}", fontsize=11)
        text = about["translations"][i]
        said.set_text(plain(f"{about['source']}  →  {text if len(text) <= 60 else text[:59] + '…'}"))

    return film(figure, update, len(steps), **options)


def density_film(
    log_alpha: dict[str, np.ndarray], temperature: np.ndarray, captions: Sequence[str], **options: int
) -> Movie:
    """The hard concrete distribution of named gates, log α (N,) each, at temperatures (N,): a curve for what lies
    strictly between 0 and 1, bars for the probability of exactly 0 and exactly 1."""
    gates = [
        HardConcrete(len(log_alpha), torch.tensor(now), float(t)).eval()
        for now, t in zip(np.array(list(log_alpha.values()), np.float32).T, temperature, strict=True)
    ]
    x = torch.linspace(0.002, 0.998, 250)[:, None]
    with torch.no_grad():
        curves = np.stack([gate.density(x).numpy() for gate in gates])  # (N, 250, gates)
        masses = np.stack([torch.stack([1 - g.p_open(), g.p_one()]).numpy() for g in gates])  # (N, 2, gates)
    figure = Figure(figsize=(3.8 * len(log_alpha), 3.2), layout="constrained", dpi=100)
    highest = 1.05 * curves.max()
    drawn = []
    for column, (axes, name) in enumerate(
        zip(figure.subplots(1, len(log_alpha), squeeze=False)[0], log_alpha, strict=True)
    ):
        axes.set(xlim=(-0.12, 1.12), ylim=(0, highest), xlabel="value of the gate")
        mass = axes.twinx()
        mass.set_ylim(0, 1)
        if column == 0:
            axes.set_ylabel("density between 0 and 1", color=BLUE)
        if column == len(log_alpha) - 1:
            mass.set_ylabel("P(exactly 0), P(exactly 1)", color=ORANGE)
        bars = mass.bar((-0.03, 1.03), (0, 0), width=0.06, color=ORANGE)
        (line,) = axes.plot(x[:, 0], curves[0, :, column], color=BLUE)
        drawn.append((line, bars, axes.set_title(name, fontsize=10), name))

    def update(i: int) -> None:
        for column, (line, bars, title, name) in enumerate(drawn):
            line.set_ydata(curves[i, :, column])
            for bar, height in zip(bars, masses[i, :, column], strict=True):
                bar.set_height(height)
            title.set_text(f"{name}: log α = {log_alpha[name][i]:.2f}".replace("-", "−"))
        figure.suptitle(captions[i], fontsize=11)

    return film(figure, update, len(gates), **options)
