"""Laws of movies: every frame that was made is in the GIF, evenly chosen, on axes that do not move."""

import io
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.figure import Figure
from PIL import Image

import nmt
from nmt import NmtError
from nmt.show.plots import ORANGE

movies = pytest.importorskip("movies", reason="needs the clone: data")
MOST, evenly, film, frames_of, movie = movies.MOST, movies.evenly, movies.film, movies.frames_of, movies.movie

WHITE = np.full((30, 80, 3), 255, np.uint8)


@pytest.mark.parametrize("count", [1, 2, 3, 49, 50, 51, 57, 99, 100, 101, 1101])
def test_moments_are_evenly_chosen_the_first_and_the_last_among_them(count):
    chosen = evenly(count)
    assert len(chosen) == min(count, MOST) and (chosen[0], chosen[-1]) == (0, count - 1)
    distances = np.diff(chosen)
    assert count == 1 or (distances.min() >= 1 and distances.max() - distances.min() <= 1)


def test_pillow_still_drops_frames_that_are_alike():
    """Why a movie has a bar. Should this fail one day, the bar is only for the eye."""
    assert len(frames_of(iio.imwrite("<bytes>", np.stack([WHITE] * 5), extension=".gif", duration=100))[0]) == 1


@pytest.mark.parametrize("count", [1, 2, 17, MOST])
def test_frames_that_are_all_alike_are_all_in_the_gif_and_the_last_is_held(count):
    gif = movie([WHITE] * count, milliseconds=150).gif
    frames, durations = frames_of(gif)
    assert len(frames) == count and durations == [150] * (count - 1) + [2000]
    assert np.array_equal(frames[:, : len(WHITE)], np.stack([WHITE] * count))
    with Image.open(io.BytesIO(gif)) as image:  # another reader, and it plays again and again
        assert image.n_frames == count and (count == 1 or image.info["loop"] == 0)


def test_the_gif_shows_the_pictures_and_the_still_is_the_last(tmp_path):
    generator = np.random.default_rng(1)
    colours = generator.integers(0, 256, (30, 3), np.uint8)
    pictures = [colours[generator.integers(0, 30, (40, 70))] for _ in range(7)]
    gif, png = movie(pictures).save(tmp_path / "deep" / "seven.gif")
    assert (gif.name, png.name) == ("seven.gif", "seven.png")
    frames = iio.imread(gif, index=None)
    assert frames.shape == (7, 40 + movies.BAR, 70, 3)
    assert np.array_equal(frames[:, :40], np.stack(pictures))  # thirty colours fit in the palette
    assert np.array_equal(np.asarray(Image.open(png).convert("RGB")), frames[-1])


def test_the_bar_grows_with_every_frame_up_to_the_whole_width():
    bar = movie([WHITE] * 20).frames[:, -1].max(-1) == 0  # (20, width), black
    assert (np.diff(bar.sum(1)) > 0).all() and bar[-1].all()


def test_rare_colours_that_mean_something_stay_what_they_are():
    """One orange dot among hundreds of blues is orange, and white is white."""
    picture = colormaps["Blues"](np.random.default_rng(2).random((200, 80)), bytes=True)[..., :3].copy()
    rgb = [int(ORANGE[i : i + 2], 16) for i in (1, 3, 5)]
    picture[:2, :2], picture[4:30] = rgb, 255
    frame = movie([picture]).frames[0].astype(int)
    assert np.abs(frame[:2, :2] - rgb).max() < 20 and (frame[4:30] == 255).all()
    assert np.abs(frame[:200] - picture).max() < 20


def test_what_cannot_be_a_movie_is_refused(monkeypatch, tmp_path):
    for frames, why in (([], "0 frames"), ([WHITE] * (MOST + 1), "evenly"), ([WHITE, WHITE[:5]], "one size")):
        with pytest.raises(NmtError, match=why):
            movie(frames)
    with pytest.raises(NmtError, match="are alike"):
        _ = movie([WHITE[:, :3]] * 5).gif  # no room for a bar of five lengths
    monkeypatch.setattr(movies, "LARGEST", 100)
    with pytest.raises(NmtError, match="100 at most"):
        movie([WHITE] * 5).save(tmp_path / "large.gif")
    assert not list(tmp_path.iterdir())


def test_a_frame_that_got_lost_is_noticed():
    five = movie([WHITE] * 5)
    five.images[3] = five.images[2]
    with pytest.raises(NmtError, match="5 frames were made, 4 are in the GIF"):
        _ = five.gif


def small(update, count: int, **options) -> movies.Movie:
    figure = Figure(figsize=(2, 1), dpi=50)
    axes = figure.subplots()
    return film(figure, lambda i: update(axes, i), count, **options)


def test_a_film_asks_for_evenly_chosen_moments_in_order_and_draws_each():
    asked = []
    shown = small(lambda axes, i: asked.append(i), 200, most=7)
    assert asked[1:] == evenly(200, 7) and len(shown.images) == 7  # the first call, of the last moment, is for layout


@pytest.mark.parametrize(
    "update",
    [
        lambda axes, i: axes.set_xlim(0, 1 + i),
        lambda axes, i: axes.set_position((0.1, 0.1, 0.5 + 0.1 * i, 0.8)),
        lambda axes, i: axes.imshow([[0.0, 1.0 + i]], aspect="auto"),
    ],
)
def test_axes_that_move_are_refused(update):
    with pytest.raises(NmtError, match="moves the axes"):
        small(update, 3)


# The committed GIFs.

FIGURES = Path(nmt.__file__).resolve().parent.parent / "figures"


@pytest.mark.parametrize("path", sorted(FIGURES.glob("*.gif")), ids=lambda path: path.stem)
def test_a_committed_gif_is_small_holds_its_last_frame_and_has_a_still(path):
    gif = path.read_bytes()
    frames, durations = frames_of(gif)
    assert len(gif) < movies.LARGEST and 2 <= len(frames) <= MOST
    assert durations[-1] == movies.HOLD and len(set(durations[:-1])) == 1
    assert np.array_equal(np.asarray(Image.open(path.with_suffix(".png")).convert("RGB")), frames[-1])
    bar = frames[:, -1].max(-1) == 0  # (N, width): the whole width, in as many equal parts as there are frames
    assert (bar.sum(1) == frames.shape[2] * np.arange(1, len(frames) + 1) // len(frames)).all()
