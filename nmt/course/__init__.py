"""What the cells of the notebooks call: presets, checks, exercises, figures and movies."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import torch
from IPython.display import display
from matplotlib.figure import Figure
from torch import Tensor

import nmt
from nmt import NmtError
from nmt.models import Trained
from nmt.plumbing.provenance import description_of_session
from nmt.runs import Run, load
from nmt.show.plots import png, save

PRESETS = "smoke", "laptop", "gpu"


def preset() -> str:
    """NMT_PRESET, one of PRESETS; laptop where it is not set. Raises NmtError for another value."""
    name = os.environ.get("NMT_PRESET") or "laptop"
    if name not in PRESETS:
        raise NmtError(f"NMT_PRESET must be one of {', '.join(PRESETS)}, not {name!r}")
    return name


def choose(**values: object) -> object:
    """The value for the current preset: epochs = choose(smoke=1, laptop=8, gpu=8)."""
    if set(values) != set(PRESETS):
        raise NmtError(f"choose() wants a value for each of {', '.join(PRESETS)}, not {', '.join(values)}")
    return values[preset()]


def begin() -> torch.device:
    """Print revision, preset, versions and device; return the device, CUDA where there is one."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    session = description_of_session(device, 0)
    revision = os.environ.get("NMT_REVISION") or session["git"] or "unknown (not a clone)"
    versions = [f"{name} {version(name)}" for name in ("numpy", "matplotlib")]
    print(f"nmt {nmt.__version__}, revision {revision[:7]}{revision[40:]}, preset {preset()}")
    print(f"Python {session['versions']['python']}, torch {torch.__version__}, {', '.join(versions)}")
    print(f"device: {session['device']}")
    if device.type == "cpu" and preset() == "gpu":
        print("no GPU here: preset gpu will take hours; set NMT_PRESET=laptop")
    return device


def model_of_02(device: torch.device | str = "cpu") -> Trained:
    """The model that notebook 02 trained here, else its shipped twin; prints which. In a rendering it is always the
    twin: what is committed can be made again from the clone."""
    run, twin = "runs/02-two-blocks", "phrasebook"
    with suppress(NmtError):  # it has no checkpoint yet
        if "NMT_FIGURES" not in os.environ and Path(run, "config.json").is_file():  # set while a notebook is rendered
            trained = load(run, device)
            print(f"the model: {run}, as notebook 02 left it")
            return trained
    print(f"the model: {twin}, the shipped twin of the one that notebook 02 trains into {run}")
    return load(twin, device)


def shapes(sizes: dict[str, int], letters: str, **tensors: Tensor) -> None:
    """Print the shape of each tensor beside its letters, and assert that they agree: "B T" with {"B": 2, "T": 3}."""
    expected = tuple(sizes[letter] for letter in letters.split())
    for name, tensor in tensors.items():
        print(f"{name:<12}({', '.join(letters.split())}) = {tuple(tensor.shape)}")
        assert tuple(tensor.shape) == expected, f"{name} is {tuple(tensor.shape)}, not {expected}"


def outcome(holds: bool, text: str) -> None:
    """What training should have brought: asserted in laptop and gpu, only told in smoke."""
    if preset() == "smoke":
        print(f"not asserted in smoke: {text}")
    else:
        assert holds, f"does not hold: {text}"
        print(f"holds: {text}")


def exercise(number: int, answer: object, right: Callable[[object], bool], hint: str) -> None:
    """Tell the reader whether an answer is right; `...` is no answer yet, and a wrong one stops nothing."""
    if answer is ...:
        print(f"Exercise {number}: still to do.")
        return
    try:
        correct, why = bool(right(answer)), ""
    except Exception as error:  # whatever the reader's answer brings about
        correct, why = False, f" ({type(error).__name__}: {error})"
    print(f"Exercise {number}: right." if correct else f"Exercise {number}: not yet{why}. {hint}")


@contextmanager
def watching(draw: Callable[[Run, str], Figure], epochs: int) -> Iterator[Callable[[Run, dict], None]]:
    """Gives an `on_validation` for `train`: after each validation it shows draw(run, title) anew, with about how many
    minutes the rest will take. In the end only a line stays in the output."""
    picture = display({"text/plain": "…"}, raw=True, display_id=True)
    start, last = time.monotonic(), "nothing was left to train"

    def on_validation(run: Run, metrics: dict) -> None:
        nonlocal last
        epoch, minutes = metrics["epoch"], run.lines()[-1]["minutes"]
        left = f", about {minutes / epoch * (epochs - epoch):.0f} minutes left" if epoch else ""
        data = png(draw(run, f"epoch {epoch:g} of {epochs}{left}"))
        picture.update({"image/png": data, "text/plain": f"epoch {epoch:g}{left}"}, raw=True)
        last = f"epoch {epoch:g} of {epochs}, {(time.monotonic() - start) / 60:.1f} minutes"

    try:
        yield on_validation
    finally:
        picture.update({"text/plain": last}, raw=True)


def show(figure: Figure, alt: str, keep: str = "") -> None:
    """Display a figure as PNG with a text for those who do not see it; a rendering also writes it to figures/KEEP."""
    display({"image/png": png(figure), "text/plain": alt}, raw=True, metadata={"image/png": {"alt": alt}})
    if keep and (folder := os.environ.get("NMT_FIGURES")):
        save(figure, Path(folder) / keep)


def play(movie: object, alt: str, keep: str = "") -> None:
    """Display a `Movie` of data/movies.py; a rendering also writes figures/KEEP and the last frame beside it.

    The GIF goes by the name of a PNG: viewers show no output of type image/gif, but every browser plays it.
    """
    display({"image/png": movie.gif, "text/plain": alt}, raw=True, metadata={"image/png": {"alt": alt}})
    if keep and (folder := os.environ.get("NMT_FIGURES")):
        movie.save(Path(folder) / keep)
