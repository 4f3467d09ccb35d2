"""The project says the same thing everywhere: README, environment.yml, pyproject.toml, results."""

import re
import sys
from pathlib import Path

import pytest

import nmt

ROOT = Path(nmt.__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(not (ROOT / "README.md").is_file(), reason="needs the clone, not a wheel")


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_quick_start_is_two_single_lines_that_name_the_tested_torch():
    first, second = re.findall(r"^```sh\n(.*?)^```$", readme(), re.M | re.S)[:2]
    for block in (first, second):
        assert block.count("\n") == 1 and "torch==2.13.0" in block
    assert first.rstrip().endswith("nmt demo") and "pytest" in second


def test_no_colab_line_names_torch():
    colab = [line for line in readme().splitlines() if line.startswith(("%pip", "!pip"))]
    assert colab and not any(re.search(r"\btorch\b", line) for line in colab)


def test_conda_names_the_same_packages_as_pip():
    if sys.version_info < (3, 11):
        pytest.skip("tomllib came with Python 3.11")
    import tomllib

    def names(requirements: list[str]) -> set[str]:
        renamed = {"matplotlib-base": "matplotlib", "pytorch": "torch"}
        found = {re.match(r"[\w-]+", r).group() for r in requirements}
        return {renamed.get(name, name) for name in found}

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pip = names([*project["dependencies"], *project["optional-dependencies"]["test"]])
    text = (ROOT / "environment.yml").read_text()
    conda = names(re.findall(r"^\s+- ([\w.>=<,-]+)$", text, re.M))
    # the dictionaries come with conda's pymorphy3; pip, setuptools and wheel are how, not what
    assert pip - {"pymorphy3-dicts-ru"} == conda - {"python", "pip", "setuptools", "wheel"}


def test_torch_has_no_upper_bound():
    assert re.search(r'"torch>=[\d.]+"', (ROOT / "pyproject.toml").read_text())


def test_every_picture_of_the_readme_is_there():
    pictures = re.findall(r"!\[[^]]*\]\(([^)\s]+)\)", readme())
    assert pictures and all((ROOT / picture).is_file() for picture in pictures)
