"""The notebooks: what they call themselves, and how they are executed, checked and listed.

NMT_PRESET chooses the size of one and the same notebook: smoke (does it run?), laptop, gpu. Laws are asserted in every
preset, outcomes of training in laptop and gpu.
"""

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import Tensor

import nmt
from nmt import NmtError
from nmt.files import write_text
from nmt.movies import Movie
from nmt.plots import png, save
from nmt.runs import Run, description_of_session, git_revision

PRESETS = "smoke", "laptop", "gpu"
LARGEST = 1_000_000  # bytes of a notebook: beyond, GitHub may not show it
SECONDS = {"smoke": 60, "laptop": 20 * 60, "gpu": 6 * 3600}  # of one notebook
BEGIN, END = "<!-- notebooks -->", "<!-- /notebooks -->"
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
Notebook = dict  # as nbformat reads it, version 4


# What notebooks call.


def preset() -> str:
    """NMT_PRESET, one of PRESETS; laptop where it is not set. Raises NmtError for another value."""
    name = os.environ.get("NMT_PRESET") or "laptop"
    if name not in PRESETS:
        raise NmtError(f"NMT_PRESET must be one of {', '.join(PRESETS)}, not {name!r}")
    return name


def choose(**values: object) -> object:
    """The value for the preset under way: epochs = choose(smoke=1, laptop=8, gpu=8)."""
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


def in_turn(jobs: dict[object, Callable[[], object]]) -> dict:
    """Do long jobs one after another: {name: what it gives}. Live it says which one is under way and about how many
    minutes the rest will take; of that, only how long it took stays in the output."""
    from IPython.display import display

    def said(text: str) -> dict[str, str]:
        return {"text/plain": text}

    line = display(said("…"), raw=True, display_id=True)
    since, results = time.monotonic(), {}
    for number, (name, job) in enumerate(jobs.items()):
        left = (time.monotonic() - since) / number * (len(jobs) - number) / 60 if number else None
        line.update(
            said(f"{number + 1} of {len(jobs)}: {name}{'' if left is None else f', {left:.0f} minutes left'}"), raw=True
        )
        results[name] = job()
    line.update(said(f"done in {(time.monotonic() - since) / 60:.1f} minutes: {len(jobs)}"), raw=True)
    return results


@contextmanager
def watching(draw: Callable[[Run, str], Figure], epochs: int) -> Iterator[Callable[[Run, dict], None]]:
    """Gives an `on_validation` for `train`: live it shows draw(run, title), anew after each validation, and about how
    many minutes the rest will take; of that, only a line stays in the output."""
    from IPython.display import display

    picture = display({"text/plain": "…"}, raw=True, display_id=True)
    since, said = time.monotonic(), "nothing was left to train"

    def on_validation(run: Run, metrics: dict) -> None:
        nonlocal said
        epoch, minutes = metrics["epoch"], run.lines()[-1]["minutes"]
        left = f", about {minutes / epoch * (epochs - epoch):.0f} minutes left" if epoch else ""
        data = png(draw(run, f"epoch {epoch:g} of {epochs}{left}"))
        picture.update({"image/png": data, "text/plain": f"epoch {epoch:g}{left}"}, raw=True)
        said = f"epoch {epoch:g} of {epochs}, {(time.monotonic() - since) / 60:.1f} minutes"

    try:
        yield on_validation
    finally:
        picture.update({"text/plain": said}, raw=True)


def show(figure: Figure, alt: str, keep: str = "") -> None:
    """Display a figure as PNG with a text for those who do not see it; `nmt render` also writes it to figures/KEEP."""
    from IPython.display import display

    display({"image/png": png(figure), "text/plain": alt}, raw=True, metadata={"image/png": {"alt": alt}})
    if keep and (folder := os.environ.get("NMT_FIGURES")):
        save(figure, Path(folder) / keep)


def play(movie: Movie, alt: str, keep: str) -> None:
    """Display a movie: to who runs the notebook the GIF, in a rendered one its last frame: viewers show no GIF there.

    `nmt render` also writes figures/KEEP and the last frame beside it; a markdown picture shows the GIF from there.
    """
    from IPython.display import display

    gif, rendering = movie.gif, "NMT_FIGURES" in os.environ
    data = movie.still if rendering else gif  # a browser tells a GIF by its content
    display({"image/png": data, "text/plain": alt}, raw=True, metadata={"image/png": {"alt": alt}})
    if folder := os.environ.get("NMT_FIGURES"):
        movie.save(Path(folder) / keep)


# What `nmt render` and the tests call.


def home() -> Path:
    """The folder notebooks/ of the clone. Raises NmtError outside one."""
    folder = Path(nmt.__file__).resolve().parent.parent / "notebooks"
    if not folder.is_dir():
        raise NmtError("the notebooks are in the clone, and nmt was not installed from one (pip install -e .)")
    return folder


def chosen(names: Sequence[str] = (), folder: Path | None = None) -> list[Path]:
    """The notebooks that these names begin, in the order of the course; all where none is named."""
    numbered = sorted((folder or home()).glob("*.ipynb"))  # solutions.ipynb comes after the numbers
    for name in names:
        if not any(path.name.startswith(name) for path in numbered):
            known = ", ".join(path.stem for path in numbered)
            raise NmtError(f"no notebook's name begins with {name!r}; there are: {known}")
    return [path for path in numbered if not names or path.name.startswith(tuple(names))]


def render(names: Sequence[str] = (), size: str = "", folder: Path | None = None) -> None:
    """Execute notebooks in order, each in a fresh kernel, and write each with its outputs, whole or not at all.

    size: a preset, default that of NMT_PRESET. With smoke they are executed and checked, and nothing is written.
    Raises NmtError where a cell fails or the result may not be committed; notebooks already done stay.
    """
    folder, size = folder or home(), size or preset()
    revision = git_revision() or ""  # before the first notebook is written, which is itself a change
    for path in chosen(names, folder):
        since = time.monotonic()
        notebook = executed(path, size, revision)
        minutes = (time.monotonic() - since) / 60
        stripped(notebook, {"preset": size, "minutes": round(minutes, 1)})
        if found := problems(notebook, folder):
            raise NmtError(f"{path.name}: not written: {'; '.join(found)}")
        print(f"{path.name}: {minutes:.1f} minutes, {len(text_of(notebook).encode()) / 1e3:.0f} kB, preset {size}")
        if size != "smoke":
            write_text(path, text_of(notebook))
    if size != "smoke":
        for page, text in pages(folder).items():
            write_text(page, text)


def read(path: Path) -> Notebook:
    import nbformat  # comes with jupyterlab; not asked of those who only run a notebook

    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise NmtError(f"{path}: not a notebook ({str(error).splitlines()[0]})") from None
    return notebook


def text_of(notebook: Notebook) -> str:
    import nbformat

    return nbformat.writes(notebook) + "\n"


def executed(path: Path, size: str, revision: str = "") -> Notebook:
    """The notebook with the outputs of a fresh kernel that sees only this preset. Raises NmtError if a cell fails."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = read(path)
    environment = {**os.environ, "NMT_PRESET": size, "NMT_REVISION": revision, "NMT_FIGURES": ""}
    if size != "smoke":
        environment["NMT_FIGURES"] = str(path.parent.parent / "figures")
    where = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, timeout=SECONDS[size], kernel_name="python3", resources=where)
    try:
        client.execute(env=environment)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise NmtError(f"{path.name}: {re.sub(chr(27) + r'.[0-9;]*m', '', str(error)).strip()}") from None
    return notebook


def stripped(notebook: Notebook, about: dict) -> None:
    """Leave nothing in the notebook that differs between two executions but what was computed; `about` is kept."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "nmt": about,
    }
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in ("tags", "jupyter")}
        joined: list[dict] = []
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                output.data.pop("application/vnd.jupyter.widget-view+json", None)  # its static twin stays
            same = joined and output.output_type == "stream" and joined[-1].get("name") == output.name
            if same:  # where a stream is cut into outputs is a matter of timing
                joined[-1].text += output.text
            else:
                joined.append(output)
        if cell.cell_type == "code":
            cell.outputs = joined


def problems(notebook: Notebook, folder: Path) -> list[str]:
    """Why this notebook, lying in `folder`, should not be committed; none: []."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    found = []
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        found.append("its code cells were not run 1 … n in a fresh kernel: nmt render")
    first = "".join(output.get("text", "") for output in code[0].outputs) if code else ""
    if not all(word in first for word in ("revision ", "preset ", "device: ")):
        found.append("the first code cell does not tell revision, preset and device")
    if "widgets" in notebook.metadata:
        found.append("metadata.widgets, on which GitHub's viewer fails")
    if any("execution" in cell.metadata for cell in notebook.cells):
        found.append("time stamps of the execution")
    for number, cell in enumerate(code, 1):
        found += [f"cell [{number}]: {problem}" for output in cell.outputs for problem in _problems(output)]
    pictures = [p for cell in notebook.cells if cell.cell_type == "markdown" for p in PICTURE.findall(cell.source)]
    found += [f"no such picture: {picture}" for picture in pictures if not (folder / picture).is_file()]
    if (size := len(text_of(notebook).encode())) >= LARGEST:
        found.append(f"{size:,} bytes, {LARGEST:,} at most")
    return found


def _problems(output: dict) -> list[str]:
    kind, data = output.output_type, output.get("data", {})
    text = output.get("text", "") + data.get("text/plain", "")
    wrong = {
        "an error": kind == "error",
        f"something on standard error: {text[:100]!r}": output.get("name") == "stderr",
        "a progress bar": "\r" in text or "it/s]" in text,
        "a GIF that no viewer shows; use a markdown picture": "image/gif" in data,
        "a widget without a picture": any("widget" in key for key in data),
        "a script": "application/javascript" in data or "<script" in data.get("text/html", ""),
        "an address in memory": re.search(r" at 0x[0-9a-f]{6}", text),
        "a path of this machine": str(Path.home()) + "/" in text or str(home().parent) in text,
    }
    return [problem for problem, holds in wrong.items() if holds]


def table(folder: Path, prefix: str = "") -> str:
    """Markdown: a row for each notebook, from its title, the first paragraph under it, and its measured minutes.

    prefix: what leads from the page that holds the table to the notebooks."""
    rows = ["| notebook | what it teaches | minutes |", "|---|---|---|"]
    for path in chosen(folder=folder):
        notebook = read(path)
        title, teaches, *_ = notebook.cells[0].source.split("\n\n")
        about = notebook.metadata.get("nmt", {})
        minutes = f"{about['minutes']:g} ({about['preset']})" if about else "not rendered yet"
        teaches = " ".join(teaches.split())
        rows.append(f"| [{title.removeprefix('# ')}]({prefix}{path.name}) | {teaches} | {minutes} |")
    return "\n".join(rows)


def pages(folder: Path) -> dict[Path, str]:
    """The pages that show the table of notebooks, theirs and the project's, with it as it should be."""
    found = {}
    for page, prefix in ((folder / "README.md", ""), (folder.parent / "README.md", f"{folder.name}/")):
        if page.is_file() and BEGIN in (text := page.read_text(encoding="utf-8")):
            found[page] = with_table(text, table(folder, prefix))
    return found


def with_table(readme: str, text: str) -> str:
    """A page with the part between the two marks replaced."""
    before, _, rest = readme.partition(BEGIN)
    return f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}"
