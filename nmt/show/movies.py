"""Movies as GIFs in which every frame that was made can be seen.

At most 50 evenly spaced moments are drawn, and all of them are in the file: it is read back to make sure. Axes do not
move, each frame says its step, and the last one stays for a while.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from nmt import NmtError
from nmt.gates import HardConcrete
from nmt.plumbing.files import whole_file
from nmt.show import plots
from nmt.show.histories import Gates
from nmt.show.plots import BLUE, ORANGE

MOST = 50  # frames
LARGEST = 500_000  # bytes of a GIF
COLOURS = 128  # of one palette for all frames
MILLISECONDS, HOLD = 200, 2000  # how long a frame is seen, and the last one
BAR = 3  # pixels high
STILL = 0.05  # a probability that changes by less hardly moves


def evenly(count: int, most: int = MOST) -> list[int]:
    """At most `most` of 0 … count - 1, first and last among them, whose distances differ by one at most."""
    return [int(x) for x in np.rint(np.linspace(0, count - 1, min(count, most)))]


@dataclass(frozen=True)
class Movie:
    images: list[Image.Image]  # of one palette
    durations: list[int]  # milliseconds

    @property
    def frames(self) -> np.ndarray:
        """uint8 (N, height, width, 3)."""
        return np.stack([np.asarray(image.convert("RGB")) for image in self.images])

    @cached_property
    def gif(self) -> bytes:
        data, (first, *rest) = io.BytesIO(), self.images
        how = {"duration": self.durations, "loop": 0, "optimize": True, "disposal": 1}
        first.save(data, "GIF", save_all=True, append_images=rest, **how)
        back, durations = frames_of(data.getvalue())
        if len(back) != len(self.images):
            raise NmtError(f"{len(self.images)} frames were made, {len(back)} are in the GIF: two neighbours are alike")
        if not np.array_equal(back, self.frames) or durations != self.durations:
            raise NmtError("the frames in the GIF are not those that were made")
        if data.tell() >= LARGEST:
            raise NmtError(f"the GIF has {data.tell():,} bytes, {LARGEST:,} at most: fewer frames, or a smaller figure")
        return data.getvalue()

    @cached_property
    def still(self) -> bytes:
        data = io.BytesIO()
        self.images[-1].save(data, "PNG", optimize=True)
        return data.getvalue()

    def save(self, path: str | Path) -> list[Path]:
        """Write the GIF, and its last frame as PNG beside it; each whole or not at all."""
        written = {Path(path).with_suffix(".gif"): self.gif, Path(path).with_suffix(".png"): self.still}
        for place, data in written.items():
            with whole_file(place) as temporary:
                temporary.write_bytes(data)
        return list(written)


def movie(frames: Sequence[np.ndarray], milliseconds: int = MILLISECONDS) -> Movie:
    """A movie of all these pictures, uint8 (height, width, 3), MOST at most, and under them a bar that grows.

    Pillow, and so imageio, silently drops a frame that equals the one before. With the bar no two are equal.
    """
    if not 0 < len(frames) <= MOST:
        raise NmtError(f"{len(frames)} frames; a movie has 1 to {MOST}: choose with evenly()")
    if len({frame.shape for frame in frames}) > 1:
        raise NmtError("the frames of a movie must have one size")
    height, width, _ = frames[0].shape
    barred = np.full((len(frames), height + BAR, width, 3), 255, np.uint8)
    barred[:, :height] = frames
    for i, frame in enumerate(barred, 1):
        frame[height:, : width * i // len(frames)] = 0
    # One below the other they are one picture, whose palette fits all. Maximum coverage keeps rare colours.
    below = Image.fromarray(barred.reshape(-1, width, 3))
    below = below.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    tops = range(0, below.height, height + BAR)
    images = [below.crop((0, top, width, top + height + BAR)) for top in tops]
    return Movie(images, [milliseconds] * (len(frames) - 1) + [HOLD])


def frames_of(gif: bytes) -> tuple[np.ndarray, list[int]]:
    """What is in a GIF, by imageio: frames uint8 (N, height, width, 3), and how many milliseconds each is seen."""
    with iio.imopen(gif, "r", extension=".gif") as file:
        back = file.read(index=..., mode="RGB")
        return back, [int(file.metadata(index=i)["duration"]) for i in range(len(back))]


def film(figure: Figure, update: Callable[[int], None], count: int, most: int = MOST, **times: int) -> Movie:
    """Draw `most` of `count` moments, evenly chosen, in the layout of the last; update(i) draws moment i."""
    canvas, chosen, frames, places = FigureCanvasAgg(figure), evenly(count, most), [], set()
    update(chosen[-1])
    canvas.draw()
    figure.set_layout_engine("none")
    for i in chosen:
        update(i)
        canvas.draw()
        places.add(tuple(map(_frame_of, figure.axes)))
        if len(places) > 1:
            raise NmtError(f"moment {i} of the movie moves the axes")
        frames.append(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    return movie(frames, **times)


def _frame_of(axes: Axes) -> tuple:
    """What must not move: the place of the axes, their limits, and the range of colours."""
    colours = tuple(image.get_clim() for image in axes.images)
    return axes.get_position().bounds, axes.get_xlim(), axes.get_ylim(), colours


def gates_film(priced: dict[str, Gates], **options: int) -> Movie:
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

    return film(figure, update, last + 1, **options)


def density_film(
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
        drawn.append(plots.gate_distribution(axes, x, densities[0][:, gate], *masses[0][:, gate], highest))
    grid[0].set_ylabel("density between 0 and 1", color=BLUE)
    drawn[-1][-1].set_ylabel("P(exactly 0), P(exactly 1)", color=ORANGE)

    def update(i: int) -> None:
        for gate, (name, (curve, bars, _)) in enumerate(zip(names, drawn, strict=True)):
            curve.set_ydata(densities[i][:, gate])
            for bar, mass in zip(bars, masses[i][:, gate], strict=True):
                bar.set_height(mass)
            grid[gate].set_title(f"{name}: log α = {log_alpha[name][i]:.2f}".replace("-", "−"), fontsize=10)
        figure.suptitle(captions[i], fontsize=11)

    return film(figure, update, len(captions), **options)
