"""Rendering the course: `nmt render` executes the notebooks, checks them, and lists them in a table.

NMT_PRESET chooses the size of the work in a notebook: smoke (does it run?), laptop, gpu. Laws are asserted in every
preset, outcomes of training in laptop and gpu.
"""

import os
import re
import time
from collections.abc import Sequence
from pathlib import Path

from nmt import NmtError
from nmt.course import preset
from nmt.lab.markdown import table
from nmt.plumbing.files import replaced_between, write_text
from nmt.plumbing.places import in_clone
from nmt.plumbing.provenance import git_revision

LARGEST = 1_000_000  # bytes of a notebook: GitHub may not show a larger one
SECONDS = {"smoke": 60, "laptop": 20 * 60, "gpu": 6 * 3600}  # that one notebook may take
MARK = "notebooks"  # the table stands between <!-- notebooks --> and <!-- /notebooks -->
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
Notebook = dict  # as nbformat reads it, version 4


def chosen(names: Sequence[str] = (), folder: Path | None = None) -> list[Path]:
    """The notebooks whose names begin with one of `names`, in the order of the course; without `names` all."""
    numbered = sorted((folder or in_clone("notebooks")).glob("*.ipynb"))  # solutions.ipynb comes after the numbers
    for name in names:
        if not any(path.name.startswith(name) for path in numbered):
            known = ", ".join(path.stem for path in numbered)
            raise NmtError(f"no notebook's name begins with {name!r}; there are: {known}")
    return [path for path in numbered if not names or path.name.startswith(tuple(names))]


def render(names: Sequence[str] = (), size: str = "", folder: Path | None = None) -> None:
    """Execute notebooks in order, each in a fresh kernel, and write each with its outputs, whole or not at all.

    size: a preset, by default that of NMT_PRESET. With smoke they are executed and checked, and nothing is written.
    Raises NmtError where a cell fails or the result may not be committed; the notebooks before it stay written.
    """
    folder, size = folder or in_clone("notebooks"), size or preset()
    revision = git_revision() or ""  # asked before the first notebook is written: that changes the clone
    for path in chosen(names, folder):
        since = time.monotonic()
        notebook = executed(path, size, revision)
        minutes = (time.monotonic() - since) / 60
        strip(notebook, {"preset": size, "minutes": round(minutes, 1)})
        if found := problems(notebook, folder):
            raise NmtError(f"{path.name}: not written: {'; '.join(found)}")
        print(f"{path.name}: {minutes:.1f} minutes, {len(text_of(notebook).encode()) / 1e3:.0f} kB, preset {size}")
        if size != "smoke":
            write_text(path, text_of(notebook))
    if size != "smoke":
        for page, text in pages(folder).items():
            write_text(page, text)


def read(path: Path) -> Notebook:
    import nbformat  # comes with jupyterlab, which whoever only runs a notebook need not have

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
    figures = "" if size == "smoke" else str(path.parent.parent / "figures")
    environment = {**os.environ, "NMT_PRESET": size, "NMT_REVISION": revision, "NMT_FIGURES": figures}
    where = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, timeout=SECONDS[size], kernel_name="python3", resources=where)
    try:
        client.execute(env=environment)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        without_colours = re.sub(r"\x1b.[0-9;]*m", "", str(error))
        raise NmtError(f"{path.name}: {without_colours.strip()}") from None
    return notebook


def strip(notebook: Notebook, about: dict) -> None:
    """Remove from the notebook what differs between two executions though the same was computed; `about` is added."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "nmt": about,
    }
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in ("tags", "jupyter")}
        joined: list[dict] = []
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):  # the picture of a widget stays, the widget goes
                output.data.pop("application/vnd.jupyter.widget-view+json", None)
            stream = output.output_type == "stream" and joined and joined[-1].get("name") == output.name
            if stream:  # one stream may come in several pieces, as timing has it
                joined[-1].text += output.text
            else:
                joined.append(output)
        if cell.cell_type == "code":
            cell.outputs = joined


def problems(notebook: Notebook, folder: Path) -> list[str]:
    """The reasons why this notebook of `folder` should not be committed; [] where there are none."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    first = "".join(output.get("text", "") for output in code[0].outputs) if code else ""
    size = len(text_of(notebook).encode())
    wrong = {
        "its code cells were not run 1 … n in a fresh kernel: nmt render": (
            [cell.execution_count for cell in code] != list(range(1, len(code) + 1))
        ),
        "the first code cell does not tell revision, preset and device": (
            not all(word in first for word in ("revision ", "preset ", "device: "))
        ),
        "metadata.widgets, on which GitHub's viewer fails": "widgets" in notebook.metadata,
        "time stamps of the execution": any("execution" in cell.metadata for cell in notebook.cells),
        f"{size:,} bytes, {LARGEST:,} at most": size >= LARGEST,
    }
    found = [problem for problem, holds in wrong.items() if holds]
    for number, cell in enumerate(code, 1):
        found += [f"cell [{number}]: {problem}" for output in cell.outputs for problem in _problems(output)]
    pictures = [p for cell in notebook.cells if cell.cell_type == "markdown" for p in PICTURE.findall(cell.source)]
    return found + [f"no such picture: {picture}" for picture in pictures if not (folder / picture).is_file()]


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
        "a path of this machine": f"{Path.home()}/" in text or str(in_clone()) in text,
    }
    return [problem for problem, holds in wrong.items() if holds]


def notebook_table(folder: Path, prefix: str = "", thumbnails: Path | None = None) -> str:
    """Markdown: a row for each notebook, from its title, the first paragraph under it, and its measured minutes.

    prefix: the path from the page with the table to the notebooks. thumbnails: a folder beside the page with
    thumb-01.png and so on, for the notebooks that have one.
    """
    rows = []
    for path in chosen(folder=folder):
        notebook = read(path)
        title, teaches, *_ = notebook.cells[0].source.removeprefix("# ").split("\n\n")
        about = notebook.metadata.get("nmt", {})
        name = title
        if thumbnails and (picture := thumbnails / f"thumb-{path.name[:2]}.png").is_file():
            # Pictures shrink with their column, which a title in one line keeps wide enough.
            name = f"![{title}]({thumbnails.name}/{picture.name})<br>{title.replace(' ', '&nbsp;')}"
        rows.append(
            {
                "notebook": f"[{name}]({prefix}{path.name})",
                "what it teaches": " ".join(teaches.split()),
                "minutes": f"{about['minutes']:g} ({about['preset']})" if about else "not rendered yet",
            }
        )
    return table(rows)


def pages(folder: Path) -> dict[Path, str]:
    """The pages that show the table of notebooks, that of their folder and the project's, as they should be."""
    project = folder.parent
    tables = {
        folder / "README.md": notebook_table(folder),
        project / "README.md": notebook_table(folder, f"{folder.name}/", project / "figures"),
    }
    return {
        page: replaced_between(page, MARK, text)
        for page, text in tables.items()
        if page.is_file() and f"<!-- {MARK} -->" in page.read_text(encoding="utf-8")
    }
