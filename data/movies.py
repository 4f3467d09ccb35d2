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
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from nmt import NmtError
from nmt.plumbing.files import whole_file

MOST = 50  # frames
LARGEST = 500_000  # bytes of a GIF
COLOURS = 128  # of one palette for all frames
MILLISECONDS, HOLD = 200, 2000  # how long a frame is seen, and the last one
BAR = 3  # pixels high


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
