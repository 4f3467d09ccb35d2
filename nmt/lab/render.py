"""The notebooks: what they call themselves, and how they are executed, checked and listed.

NMT_PRESET chooses the size of one and the same notebook: smoke (does it run?), laptop, gpu. Laws are asserted in every
preset, outcomes of training in laptop and gpu.
"""

import os
import re
import time
from collections.abc import Sequence
from pathlib import Path

from nmt import NmtError
from nmt.course import preset
from nmt.plumbing.files import write_text
from nmt.plumbing.places import in_clone
from nmt.plumbing.provenance import git_revision

LARGEST = 1_000_000  # bytes of a notebook: beyond, GitHub may not show it
SECONDS = {"smoke": 60, "laptop": 20 * 60, "gpu": 6 * 3600}  # of one notebook
BEGIN, END = "<!-- notebooks -->", "<!-- /notebooks -->"
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
Notebook = dict  # as nbformat reads it, version 4


# What notebooks call.


# What `nmt render` and the tests call.


def home() -> Path:
    """The folder notebooks/ of the clone. Raises NmtError outside one."""
    return in_clone("notebooks")


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
