"""The notebooks, rendered: each gets its first cell, is executed, checked and written, and stands in two tables.

    python data/render.py                     all notebooks in order
    python data/render.py 01 02               those whose names begin so
    python data/render.py --preset smoke      executes and checks, and writes nothing
    python data/render.py --stamp             executes nothing, writes the first cell and the badge anew

NMT_PRESET chooses the size of the work in a notebook: smoke (does it run?), laptop, gpu. Laws are asserted in every
preset, outcomes of training in laptop and gpu.
"""

import argparse
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from page_parts import replaced_between, table

from nmt import NmtError
from nmt.course import PRESETS, preset
from nmt.plumbing.files import write_text
from nmt.plumbing.places import in_clone
from nmt.plumbing.provenance import git_revision

CELL = """\
# @title Run this first: it finds the course, or fetches it { display-mode: "form" }
import importlib.util
import sys

REPOSITORY = ""  # @param {type: "string"}
sys.path[:0] = ["..", "nmt-course"]  # where the course may lie
if not importlib.util.find_spec("nmt"):
    assert REPOSITORY, "REPOSITORY is empty: write the address that you clone the course from."
    !git clone -q --depth 1 {REPOSITORY} nmt-course
    importlib.invalidate_caches()
importlib.import_module("nmt.plumbing.first_cell").install_missing()
device = importlib.import_module("nmt.course").begin()"""
COLAB = "https://colab.research.google.com"
BADGE = f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({COLAB}/"
WIDGET = "application/vnd.jupyter.widget-view+json"
LARGEST = 1_000_000  # bytes of a notebook: GitHub may not show a larger one
SECONDS = {"smoke": 300, "laptop": 20 * 60, "gpu": 6 * 3600}  # that one notebook may take
Notebook = dict  # as nbformat reads it, version 4; nbformat is imported where it is used: not everybody has jupyterlab


def chosen(folder: Path, names: Sequence[str] = ()) -> list[Path]:
    """The notebooks whose names begin with one of `names`, in the order of the course; without `names` all."""
    numbered = sorted(folder.glob("*.ipynb"))  # solutions.ipynb comes after the numbers
    if unknown := [name for name in names if not any(path.name.startswith(name) for path in numbered)]:
        known = ", ".join(path.stem for path in numbered)
        raise NmtError(f"no notebook's name begins with {unknown[0]!r}; there are: {known}")
    return [path for path in numbered if path.name.startswith(tuple(names) or "")]


def render(
    names: Sequence[str] = (),
    size: str = "",
    folder: Path | None = None,
    only_stamp: bool = False,
) -> None:
    """Execute notebooks in order, each in a fresh kernel, and write each with its outputs, whole or not at all.

    size: a preset, by default that of NMT_PRESET. With smoke they are executed and checked, and nothing is written.
    only_stamp: nothing is executed; the notebooks get their first cell anew and keep their outputs.
    """
    folder, size = folder or in_clone("notebooks"), size or preset()
    revision = git_revision() or ""  # asked before the first notebook is written: that changes the clone
    for path in chosen(folder, names):
        if only_stamp:
            write_text(path, text_of(stamped(path)))
            continue
        notebook = executed(path, size, revision)
        if found := problems(notebook, folder):
            raise NmtError(f"{path.name}: not written: {'; '.join(found)}")
        minutes, text = notebook.metadata.nmt["minutes"], text_of(notebook)
        print(f"{path.name}: {minutes} minutes, {len(text.encode()) / 1e3:.0f} kB, preset {size}")
        if size != "smoke":
            write_text(path, text)
    if only_stamp or size != "smoke":
        for page, text in pages(folder).items():
            write_text(page, text)


def address() -> str:
    """The course's, which stands in one place, pyproject.toml; "" before it is published."""
    found = re.search(r'^Repository = "(.*)"', in_clone("pyproject.toml").read_text(encoding="utf-8"), re.M)
    return found[1] if found else ""


def stamp(notebook: dict, name: str, repository: str) -> None:
    """Write the first cell, and where the course has an address the badge under the title, into a notebook."""
    words, cell = notebook.cells[:2]
    cell.source = CELL
    title, *rest = paragraphs(notebook)
    if repository:
        cell.source = cell.source.replace('REPOSITORY = ""', f'REPOSITORY = "{repository}"')
        path = repository.partition("github.com/")[2].removesuffix(".git")
        rest = [f"{BADGE}github/{path}/blob/main/notebooks/{name})", *rest] if path else rest
    words.source = "\n\n".join([f"# {title}", *rest])
    cell.metadata["cellView"] = "form"  # folded on Colab


def paragraphs(notebook: dict) -> list[str]:
    """Of the first text, the title and what stands under it, without the badge."""
    parts = notebook.cells[0].source.removeprefix("# ").split("\n\n")
    return [part for part in parts if not part.startswith(BADGE)]


def read(path: Path) -> Notebook:
    import nbformat

    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise NmtError(f"{path}: not a notebook ({str(error).splitlines()[0]})") from None
    return notebook


def stamped(path: Path) -> Notebook:
    notebook = read(path)
    stamp(notebook, path.name, address())
    return notebook


def text_of(notebook: Notebook) -> str:
    import nbformat

    return nbformat.writes(notebook) + "\n"


def executed(path: Path, size: str, revision: str = "") -> Notebook:
    """The notebook with the outputs of a fresh kernel; all that differs each time is left out, but for the minutes."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook, since = stamped(path), time.monotonic()
    figures = "" if size == "smoke" else str(path.parent.parent / "figures")
    environment = {
        **os.environ,
        "NMT_PRESET": size,
        "NMT_REVISION": revision,
        "NMT_FIGURES": figures,
    }
    quiet = {"record_timing": False, "store_widget_state": False, "coalesce_streams": True}
    where = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, timeout=SECONDS[size], kernel_name="python3", resources=where, **quiet)
    try:
        client.execute(env=environment)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        without_colours = re.sub(r"\x1b.[0-9;]*m", "", str(error))
        raise NmtError(f"{path.name}: {without_colours.strip()}") from None
    strip(notebook, {"preset": size, "minutes": round((time.monotonic() - since) / 60, 1)})
    return notebook


def strip(notebook: Notebook, about: dict) -> None:
    """Leave of the metadata only what a viewer needs, and `about`; of a widget with a picture only the picture."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata.clear()
    notebook.metadata.update(kernelspec=kernel, language_info={"name": "python"}, nmt=about)
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in ("tags", "jupyter", "cellView")}
        outputs = cell.get("outputs", [])
        if any("image/png" in output.get("data", {}) for output in outputs):
            cell.outputs = [output for output in outputs if WIDGET not in output.get("data", {})]


def problems(notebook: Notebook, folder: Path) -> list[str]:
    """The reasons why this notebook of `folder` should not be committed; [] where there are none."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    counts = [cell.execution_count for cell in code]
    first = "".join(output.get("text", "") for output in code[0].outputs) if code else ""
    header, size = "revision .*preset .*device: ", len(text_of(notebook).encode())
    wrong = {
        "its code cells were not run 1 … n in a fresh kernel: render it": counts != [*range(1, len(code) + 1)],
        "the first code cell does not tell revision, preset and device": not re.search(header, first, re.DOTALL),
        "metadata.widgets, on which GitHub's viewer fails": "widgets" in notebook.metadata,
        "time stamps of the execution": any("execution" in cell.metadata for cell in notebook.cells),
        f"{size:,} bytes, {LARGEST:,} at most": size >= LARGEST,
    }
    found = [problem for problem, holds in wrong.items() if holds]
    for number, cell in enumerate(code, 1):
        found += [f"cell [{number}]: {problem}" for output in cell.outputs for problem in _problems(output)]
    markdown = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    pictures = re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", markdown)
    return found + [f"no such picture: {picture}" for picture in pictures if not (folder / picture).is_file()]


def _problems(output: dict) -> list[str]:
    kind, data = output.output_type, output.get("data", {})
    text = output.get("text", "") + data.get("text/plain", "")
    wrong = {
        "an error": kind == "error",
        f"something on standard error: {text[:100]!r}": output.get("name") == "stderr",
        "a progress bar": "\r" in text or "it/s]" in text,
        "a GIF that no viewer shows; use nmt.course.play": "image/gif" in data,
        "a widget without a picture": any("widget" in key for key in data),
        "a script": "application/javascript" in data or "<script" in data.get("text/html", ""),
        "an address in memory": re.search(r" at 0x[0-9a-f]{6}", text),
        "a path of this machine": f"{Path.home()}/" in text or str(in_clone()) in text,
    }
    return [problem for problem, holds in wrong.items() if holds]


def pages(folder: Path) -> dict[Path, str]:
    """The pages that show the table of notebooks, that of their folder and the project's, as they should be.

    A row for each notebook: its title, the first paragraph under it, its measured minutes, a picture if there is one.
    """
    below, above = [], []
    for path in chosen(folder):
        notebook, picture = read(path), f"figures/thumb-{path.name[:2]}.png"
        title, teaches, *_ = paragraphs(notebook)
        about = notebook.metadata.get("nmt", {})
        minutes = "{minutes:g} ({preset})".format(**about) if about else "not rendered yet"
        rest = {"what it teaches": " ".join(teaches.split()), "minutes": minutes}
        below.append({"notebook": f"[{title}]({path.name})", **rest})
        if (folder.parent / picture).is_file():
            # Pictures shrink with their column, which a title in one line keeps wide enough.
            title = f"![{title}]({picture})<br>{title.replace(' ', '&nbsp;')}"
        above.append({"notebook": f"[{title}]({folder.name}/{path.name})", **rest})
    tables = {folder / "README.md": table(below), folder.parent / "README.md": table(above)}
    texts = {page: replaced_between(page, "notebooks", text) for page, text in tables.items()}
    line = f'REPOSITORY = "{address() or "https://github.com/OWNER/NAME"}"'
    return {page: re.sub('REPOSITORY = ".*"', line, text) for page, text in texts.items()}


if __name__ == "__main__":
    flags = argparse.ArgumentParser("python data/render.py", description=__doc__.partition("\n")[0])
    flags.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="how a notebook's name begins, 01 say (default: all)",
    )
    flags.add_argument("--preset", default="", choices=PRESETS, help="default: NMT_PRESET, else laptop")
    flags.add_argument("--stamp", action="store_true", help="execute nothing")
    given = flags.parse_args()
    try:
        render(given.names, given.preset, only_stamp=given.stamp)
    except NmtError as error:
        sys.exit(f"{error}")
