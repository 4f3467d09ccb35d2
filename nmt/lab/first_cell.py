"""The first cell of every notebook, which `nmt render` stamps, and `begin`, which that cell calls.

The cell finds the course or fetches it. `begin` installs what is missing: nothing but Python is needed to import this.
"""

import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

from nmt import NmtError
from nmt.plumbing.places import clone, in_clone

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
device = importlib.import_module("nmt.lab.first_cell").begin()"""
COLAB = "https://colab.research.google.com"
BADGE = f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({COLAB}/"


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


def begin() -> object:
    """Go to the clone, install what is missing, and begin as `nmt.course.begin` does. Returns the device."""
    if root := clone():
        os.chdir(root)
        sys.path[:] = [str(root), *(place for place in sys.path if place not in ("..", "nmt-course", str(root)))]
        install(missing((root / "pyproject.toml").read_text(encoding="utf-8")))
    if int(version("ipywidgets").partition(".")[0]) < 8 and "google.colab" not in sys.modules:
        print("ipywidgets 7: JupyterLab 4 shows the panels with 8 only: pip install -U ipywidgets")
    from nmt import course  # which imports what has just been installed

    return course.begin()


def missing(pyproject: str) -> list[str]:
    """What the project asks for and this Python lacks, or has too old. Raises NmtError if that is PyTorch itself."""
    from packaging.requirements import Requirement  # every notebook's kernel has it

    asked = re.search(r"^dependencies = \[\n(.*?)^\]", pyproject, re.M | re.S)[1]
    lacking = []
    for line in re.findall(r'^ *"(.+?)"', asked, re.M):
        wanted = Requirement(line)
        try:
            there = wanted.specifier.contains(version(wanted.name), prereleases=True)
        except PackageNotFoundError:
            there = False
        if wanted.name == "torch" and not there:
            raise NmtError(f"install {line} first, as pytorch.org says for your machine, and run this cell again")
        if not there and wanted.name != "jupyterlab":  # the notebook runs somewhere already
            lacking.append(line)
    return lacking


def install(packages: list[str]) -> None:
    if not packages:
        return
    compiled = any(package.startswith("youtokentome") for package in packages)
    print(f"installing {', '.join(packages)}{'; compiling youtokentome, 1–2 minutes' if compiled else ''}")
    pip = [sys.executable, "-m", "pip", "install", "-q"]
    subprocess.run([*pip, "cython", "setuptools", "wheel"], check=True)
    subprocess.run([*pip, "--no-build-isolation", *packages], check=True)
