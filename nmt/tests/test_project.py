"""The project says the same thing everywhere: README, environment.yml, pyproject.toml, results."""

import re
import shlex
from pathlib import Path

import pytest

import nmt
from nmt.cli import main
from nmt.plumbing.files import read_json, read_json_lines
from nmt.tests.test_house import READING_ORDER

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


def bounds(requirements: list[str]) -> dict[str, str]:
    """{"numpy": ">=1.24"} of ["numpy>=1.24"], under pip's names."""
    renamed = {"matplotlib-base": "matplotlib", "pytorch": "torch"}
    found = dict(re.fullmatch(r"([\w-]+)(.*)", one).groups() for one in requirements)
    return {renamed.get(name, name): bound for name, bound in found.items()}


@pytest.fixture
def project() -> dict:
    tomllib = pytest.importorskip("tomllib", reason="came with Python 3.11")
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture
def pip(project) -> dict[str, str]:
    """What `pip install -e ".[test]"` installs, with the bounds."""
    return bounds([*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["test"]])


def test_conda_names_the_same_packages_as_pip(pip):
    conda = bounds(re.findall(r"^\s+- ([\w.>=<,-]+)$", (ROOT / "environment.yml").read_text(), re.M))
    # pip, setuptools and wheel are how, not what; the dictionaries come with conda's pymorphy3
    how = {"python", "pip", "setuptools", "wheel"}
    assert {name: conda[name] for name in conda.keys() - how} == {
        name: pip[name] for name in pip.keys() - {"pymorphy3-dicts-ru"}
    }


def test_the_oldest_versions_in_ci_are_those_that_are_promised(pip):
    oldest = bounds(re.findall(r"^[\w-]+==.*$", (ROOT / ".ci" / "oldest.txt").read_text(), re.M))
    assert oldest.keys() == pip.keys()
    for name, exactly in oldest.items():
        promised = re.match(r">=([\d.]+)", pip[name])[1]
        assert exactly in (f"=={promised}", f"=={promised}.0", f"=={promised}.*"), name


def test_all_install_lines_name_the_same_packages(project):
    """README's four ways and the workflow's: what builds, then the course. On Colab PyTorch is there already."""
    text = readme() + (ROOT / ".github" / "workflows" / "test.yml").read_text()
    lines = [set(shlex.split(line)) for line in re.findall(r"pip install (.*?)(?: &&|$)", text, re.M)]
    before = [line for line in lines if "cython" in line]
    after = [line for line in lines if "-e" in line]
    how, build = {"-q", "-c", ".ci/oldest.txt"}, {"cython", "setuptools", "wheel"}
    assert len(before) == len(after) == 5
    assert [len(line & {"torch==2.13.0", "torch"}) for line in before] == [1, 1, 1, 0, 1]  # README's order
    assert all(line - how - {"torch==2.13.0", "torch"} == build for line in before)
    how |= {"-e", "--no-build-isolation", "--no-build-isolation-package", "youtokentome"}
    assert all(line - how in ({"."}, {".[test]"}) for line in after)
    assert {re.match(r"\w+", name)[0] for name in project["build-system"]["requires"]} == build - {"cython"}


def test_actions_are_pinned_and_may_only_read():
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text()
    used = re.findall(r"uses: (.*)", workflow)
    assert used and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", one) for one in used), used
    assert re.search(r"^permissions:\n  contents: read\njobs:", workflow, re.M)


def test_torch_has_no_upper_bound():
    assert re.search(r'"torch>=[\d.]+"', (ROOT / "pyproject.toml").read_text())


def test_readme_is_short_enough_to_be_read():
    assert len(readme().splitlines()) <= 250


def test_every_picture_and_link_of_the_readme_leads_somewhere():
    pictures = re.findall(r"!\[[^]]*\]\((?!https://)([^)\s]+)\)", readme())
    assert pictures and all((ROOT / picture).is_file() for picture in pictures)
    for link in re.findall(r"\]\(([^)\s]+)\)", readme()):
        path, _, heading = link.partition("#")
        if "://" in link:
            continue
        assert (ROOT / path).exists(), link
        page = (ROOT / (path or "README.md")).read_text(encoding="utf-8") if heading else ""
        headings = [
            re.sub(r"[^\w -]", "", one).replace(" ", "-").lower() for one in re.findall(r"^#+ (.*)", page, re.M)
        ]
        assert not heading or heading in headings, link


def test_readme_names_the_core_in_reading_order():
    files = re.findall(r"\(nmt/(\w+)\.py\)", readme().partition("## The code")[2])
    modules = [
        name.replace("nmt.__init__", "nmt") for name in (f"nmt.{file}" for file in files) if name != "nmt.course"
    ]
    assert modules == list(READING_ORDER)


def test_the_help_of_a_command_explains_the_flags_that_the_readme_uses_with_it(capsys):
    """In lines of code, their comments and sentences; a flag that stands alone there, in the help of some command."""
    flag, prose = r"(?<![\w-])--[a-z][\w-]*", re.sub(r"^```.*?^```$", "", readme(), flags=re.M | re.S)
    said = re.findall(r"^nmt (\w+)(.*)$", readme(), re.M) + re.findall(r"`nmt ([a-z]+)([^`]*)`", prose)
    explained = {}
    for command in {command for command, _ in said}:
        with pytest.raises(SystemExit):
            main([command, "--help"])
        explained[command] = {*re.findall(flag, capsys.readouterr().out)}
    assert explained.keys() >= {"demo", "data", "train", "translate", "score", "prune", "compare", "bench"}
    for command, rest in said:
        assert {*re.findall(flag, rest)} <= explained[command], (command, rest)
    alone = {*re.findall(rf"`({flag})", prose)}
    assert "--method" in alone and alone <= set().union(*explained.values())


def test_the_readmes_python_runs(capsys):
    (code,) = re.findall(r"^```python\n(.*?)^```$", readme(), re.M | re.S)
    names: dict = {}
    exec(code, names)
    assert capsys.readouterr().out == "Кошка не пьёт молоко. Кошка пьёт молоко.\n"
    assert [len(heads) for heads in names["smaller"].model.config.kept("cross")] == [2, 5]


def others(tag: str, *cells: tuple[dict, int]) -> str:
    """What README says of the sentences without a tag: how many, and how many of them two models translate right."""
    counts = (one["word for word"]["all"][i] - one["word for word"][tag][i] for one, i in cells)
    return "of the {} others, {} and {}".format(*counts)


def test_what_the_readme_found_stands_in_the_records():
    kept = ROOT / "data" / "results"
    dense, lacking, without, pruned, closed = read_json_lines(kept / "findings.jsonl")
    hotels = read_json(kept / "lambda" / "hotels-0.5-free" / "result.json")
    by_words, by_letters, _ = (line["bleu"] for line in read_json_lines(kept / "hotels" / "scores.jsonl"))
    assert (hotels["kept"], hotels["mask"].keys()) == (0, {"encoder"})
    prose = " ".join(readme().partition("## What came out")[2].partition("<!-- findings")[0].split())
    for sentence in (
        f"it translates {pruned['word for word']['all'][0]} word for word",
        f"with all 48 heads it was {dense['word for word']['all'][0]}",
        f"from {hotels['bleu_dense']:.1f} to {hotels['bleu_pruned']:.1f}",
        f"Of {pruned['word for word']['negation'][1]} sentences with *not*, {pruned['word for word']['negation'][0]} "
        f"come out right with that head and {closed['word for word']['negation'][0]} without it",
        others("negation", (pruned, 1), (pruned, 0), (closed, 0)),
        f"{dense['word for word']['negation'][0]} of the 80 are right, and "
        f"{without['word for word']['negation'][0]} without it",
        f"Of {dense['word for word']['dative-experiencer'][1]} such sentences",
        others("dative-experiencer", (dense, 1), (dense, 0), (lacking, 0)),
        f"{dense['word for word']['dative-experiencer'][0]} come out right with all heads and "
        f"{lacking['word for word']['dative-experiencer'][0]} so",
        f"has {pruned['word for word']['dative-experiencer'][0]} of the 45 right",
        f"a BLEU of {by_words:.1f} when it counts words, as it should, and of {by_letters:.1f}",
    ):
        assert sentence in prose, sentence


def test_the_readmes_savings_are_those_of_the_record():
    kept = ROOT / "data" / "results" / "savings" / "phrasebook-pruned"
    result, costs = read_json(kept / "result.json"), read_json(kept / "costs.json")
    lost = 1 - result["params_pruned"] / result["params_dense"]
    fewer = 1 - costs["flops"]["pruned"]["total"] / costs["flops"]["dense"]["total"]
    assert f"{lost:.0%} of the parameters, {fewer:.0%} of the operations" in " ".join(readme().split())
