"""What the first cell of every notebook calls before all else: nothing but Python is needed to import it."""

import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

from nmt import NmtError
from nmt.plumbing.places import clone


def install_missing() -> None:
    """Go to the clone, if there is one, and install what its pyproject.toml asks for and this Python lacks."""
    if root := clone():
        os.chdir(root)
        sys.path[:] = [str(root), *(place for place in sys.path if place not in ("..", "nmt-course", str(root)))]
        install(missing((root / "pyproject.toml").read_text(encoding="utf-8")))
    if int(version("ipywidgets").partition(".")[0]) < 8 and "google.colab" not in sys.modules:
        print("ipywidgets 7: JupyterLab 4 shows the panels with 8 only: pip install -U ipywidgets")


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
