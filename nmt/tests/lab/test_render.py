"""Rendering, the committed notebooks as they lie there, and (marked) their execution in small."""

import base64
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import nmt
from nmt import NmtError
from nmt.plumbing import first_cell

render = pytest.importorskip("render", reason="needs the clone: data")
ROOT = Path(nmt.__file__).resolve().parent.parent
COMMITTED = sorted((ROOT / "notebooks").glob("*.ipynb"))
NUMBERED = [path for path in COMMITTED if path.stem[0].isdigit()]
needs_clone = pytest.mark.skipif(not COMMITTED, reason="needs the clone, not a wheel")


def sources(path: Path, kind: str = "code") -> list[str]:
    return [cell.source for cell in render.read(path).cells if cell.cell_type == kind]


# Rendering.

TWICE = "import time\nfor _ in 1, 2:\n    print('again', flush=True)\n    time.sleep(0.3)"  # a stream in two pieces


def notebook(*code: str):
    cells = [new_markdown_cell("# Title\n\nWhat it\nteaches.\n\nMore.")]
    return new_notebook(cells=[*cells, *map(new_code_cell, ("the first cell", *code))])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A notebooks/ of its own, with two notebooks that run in no time."""
    monkeypatch.setattr(render, "git_revision", lambda: "f" * 40)
    made = tmp_path / "notebooks"
    made.mkdir()
    nbformat.write(notebook("x = 1", TWICE, "x + 1"), made / "01_sum.ipynb")
    nbformat.write(notebook("x"), made / "02_error.ipynb")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "thumb-01.png").touch()
    for page in (made / "README.md", tmp_path / "README.md"):
        page.write_text("# Notebooks\n<!-- notebooks -->\n<!-- /notebooks -->\nend\n")
    return made


@pytest.mark.notebooks
def test_render_writes_outputs_the_second_time_the_same_and_a_table(folder):
    render.render(["01"], "laptop", folder)
    once = (folder / "01_sum.ipynb").read_text(encoding="utf-8")
    rendered = render.read(folder / "01_sum.ipynb")
    assert rendered.cells[-1].outputs[0]["data"]["text/plain"] == "2"
    assert "revision fffffff, preset laptop" in rendered.cells[1].outputs[0].text
    assert [output.text for output in rendered.cells[-2].outputs] == ["again\nagain\n"]
    assert render.problems(rendered, folder) == []
    render.render(["01"], "laptop", folder)
    again = (folder / "01_sum.ipynb").read_text(encoding="utf-8")
    assert re.sub(r'"minutes": .*', "", again) == re.sub(r'"minutes": .*', "", once)
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert re.search(r"\| \[Title\]\(01_sum.ipynb\) +\| What it teaches. +\| [\d.]+ \(laptop\) +\|", page)
    assert "not rendered yet" in page and page.endswith("\nend\n")
    above = (folder.parent / "README.md").read_text(encoding="utf-8")
    assert "[![Title](figures/thumb-01.png)<br>Title](notebooks/01_sum.ipynb)" in above
    assert above.count("thumb") == 1 and above.endswith("\nend\n")


@pytest.mark.notebooks
def test_render_leaves_a_failing_notebook_and_in_smoke_every_notebook_as_it_was(folder):
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(NmtError, match=r"02_error.*(?s:.*)NameError"):
        render.render(["02"], "laptop", folder)
    render.render(["01"], "smoke", folder)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    with pytest.raises(NmtError, match="there are: 01_sum, 02_error"):
        render.render(["03"], "smoke", folder)


def test_the_script_refuses_a_name_that_is_none_and_an_unknown_preset():
    for flags, said in (["99"], "'99'; there are: 01_"), (["--preset", "huge"], "invalid choice: 'huge'"):
        done = subprocess.run([sys.executable, render.__file__, *flags], capture_output=True, text=True)
        assert done.returncode and said in done.stderr


def run(*outputs: dict, code: int = 1) -> nbformat.NotebookNode:
    """A notebook as if executed, its last cell with these outputs."""
    made = notebook(*["pass"] * code)
    for count, cell in enumerate(made.cells[1:], 1):
        cell.execution_count = count
    made.cells[1].outputs = [new_output("stream", text="revision 1, preset smoke\ndevice: none\n")]
    made.cells[-1].outputs = list(outputs)
    return made


def test_nothing_is_wrong_with_a_clean_notebook(tmp_path):
    picture = new_output("display_data", {"image/png": base64.b64encode(b"png").decode()})
    assert render.problems(run(new_output("stream", text="fine\n"), picture), tmp_path) == []


@pytest.mark.parametrize(
    "output, said",
    [
        (new_output("error", ename="E", evalue="", traceback=[]), "an error"),
        (new_output("stream", name="stderr", text="UserWarning"), "standard error"),
        (new_output("stream", text="10%\r20%"), "progress bar"),
        (new_output("stream", text="100 [00:01, 9.9it/s]"), "progress bar"),
        (new_output("display_data", {"image/gif": "R0lG"}), "GIF"),
        (new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}}), "widget"),
        (new_output("display_data", {"text/html": "<script>1</script>"}), "script"),
        (new_output("display_data", {"text/plain": "<function f at 0x7f00deadbeef>"}), "address"),
        (new_output("stream", text=f"{Path.home()}/secret"), "path of this machine"),
        (new_output("stream", text="x" * render.LARGEST), "bytes"),
    ],
)
def test_what_may_not_be_committed_is_named(output, said, tmp_path):
    (problem,) = render.problems(run(output), tmp_path)
    assert said in problem


def test_order_header_widgets_time_stamps_and_pictures_are_checked(tmp_path):
    def said(change) -> str:
        made = run(code=3)
        change(made)
        return "; ".join(render.problems(made, tmp_path))

    assert "run 1 … n" in said(lambda n: n.cells[2].update(execution_count=7))
    assert "run 1 … n" in said(lambda n: n.cells[2].update(execution_count=None))
    assert "revision" in said(lambda n: n.cells[1].update(outputs=[]))
    assert "metadata.widgets" in said(lambda n: n.metadata.update(widgets={}))
    assert "time stamps" in said(lambda n: n.cells[2].metadata.update(execution={}))
    assert "no such picture: no.png" in said(lambda n: n.cells.append(new_markdown_cell("![a](no.png)")))


def test_stripping_keeps_the_static_twin_of_a_widget(tmp_path):
    widget = new_output("display_data", {render.WIDGET: {"model_id": "random"}})
    made = run(widget, new_output("display_data", {"image/png": "png"}))
    made.metadata["widgets"], made.cells[1].metadata["execution"] = {}, {"iopub.execute_input": "now"}
    render.strip(made, {"preset": "smoke", "minutes": 0.1})
    (picture,) = made.cells[-1].outputs
    assert list(picture.data) == ["image/png"]
    assert render.problems(made, tmp_path) == [] and "model_id" not in render.text_of(made)


def test_what_is_not_a_notebook_is_refused(tmp_path):
    (tmp_path / "x.ipynb").write_text("{}")
    with pytest.raises(NmtError, match=r"x\.ipynb: not a notebook"):
        render.read(tmp_path / "x.ipynb")


# The committed notebooks.


@needs_clone
@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_committed_notebook_is_whole_and_clean(path):
    rendered = render.read(path)
    assert render.problems(rendered, path.parent) == []
    assert rendered.metadata["nmt"]["preset"] in ("laptop", "gpu")
    assert any("image/png" in o.get("data", {}) for c in rendered.cells for o in c.get("outputs", ())) or (
        path not in NUMBERED
    )


@needs_clone
@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_every_notebook_begins_with_the_stamp(path):
    assert render.text_of(render.stamped(path)) == path.read_text(encoding="utf-8"), "run: data/render.py --stamp"


@needs_clone
def test_cells_are_short():
    """Fifteen lines at most, the first cell twelve; a class may be longer."""
    assert len(render.CELL.splitlines()) <= 12
    long = [source for path in COMMITTED for source in sources(path) if len(source.splitlines()) > 15]
    assert not [source for source in long if "class " not in source or len(source.splitlines()) > 40]


@needs_clone
def test_every_exercise_is_open_in_its_notebook_and_solved_in_the_solutions():
    (solutions,) = (path for path in COMMITTED if path.stem == "solutions")
    checks = [source for path in NUMBERED for source in sources(path) if "exercise(" in source]
    solved = sources(solutions)
    assert checks and [source for source in solved if "exercise(" in source] == checks
    text = render.text_of(render.read(solutions))
    assert text.count(": right.") == len(checks) and "not yet" not in text and "still to do" not in text
    for path in NUMBERED:
        text = render.text_of(render.read(path))
        assert text.count("still to do.") == sum("exercise(" in source for source in sources(path))


@needs_clone
def test_the_table_of_notebooks_is_that_of_the_files():
    pages = render.pages(ROOT / "notebooks")
    assert set(pages) == {ROOT / "README.md", ROOT / "notebooks" / "README.md"}
    for page, right in pages.items():
        assert page.read_text(encoding="utf-8") == right, f"{page}: run data/render.py"


# The first cell.

# Runs a cell in IPython twice, with a git that makes a course which says how it was begun.
OUTSIDE = """
import pathlib, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
sys.path[:] = [p for p in sys.path if p and not pathlib.Path(p, "nmt").exists()]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
def git(command):
    print(shell.var_expand(command))
    package = pathlib.Path("nmt-course/nmt")
    (package / "plumbing").mkdir(parents=True)
    for folder in (package, package / "plumbing"):
        (folder / "__init__.py").touch()
    (package / "plumbing" / "first_cell.py").write_text("def install_missing(): print('installed')")
    (package / "course.py").write_text("def begin(): return 'a device'")
shell.system = git
for _ in range(2):
    assert shell.run_cell(pathlib.Path(sys.argv[1]).read_text()).success
print(shell.user_ns["device"])
"""


@pytest.mark.parametrize("repository", ["", "https://example.org/course.git"])
def test_outside_a_clone_the_first_cell_clones_or_asks_for_the_address(tmp_path, repository):
    cell, empty = tmp_path / "cell.py", tmp_path / "a" / "b"
    cell.write_text(render.CELL.replace('REPOSITORY = ""', f'REPOSITORY = "{repository}"'), encoding="utf-8")
    empty.mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-c", OUTSIDE, str(cell)], cwd=empty, capture_output=True, text=True,
        env={**os.environ, "IPYTHONDIR": str(tmp_path), "PYTHONPATH": ""},
    )  # fmt: skip
    if repository:
        cloned = f"git clone -q --depth 1 {repository} nmt-course"
        assert done.stdout.splitlines() == [cloned, "installed", "installed", "a device"], done.stderr
    else:
        assert "REPOSITORY is empty: write the address" in done.stdout + done.stderr and done.returncode == 1


def test_the_badge_stands_under_the_title_where_the_course_has_an_address():
    made = notebook()
    for repository in ("", "https://github.com/me/course", "https://github.com/you/course.git"):
        render.stamp(made, "01_sum.ipynb", repository)
    title, badge, teaches, _ = made.cells[0].source.split("\n\n")
    assert (title, teaches) == ("# Title", "What it\nteaches.") and badge.startswith("[![Open in Colab]")
    assert badge.endswith("/github/you/course/blob/main/notebooks/01_sum.ipynb)")
    assert render.paragraphs(made) == ["Title", "What it\nteaches.", "More."]
    assert 'REPOSITORY = "https://github.com/you/course.git"  # @param' in made.cells[1].source
    render.stamp(made, "01_sum.ipynb", "")
    assert "colab" not in made.cells[0].source and made.cells[1].source == render.CELL


def test_what_is_missing_or_too_old_is_installed_and_never_torch(monkeypatch, capsys):
    lines = '"torch>=2.4",', '"nosuch>=1,<2", # why', '"youtokentome>=99",', '"numpy>=1.24",'
    asked = "\n".join(["dependencies = [", *lines, "]"])
    lacking, ran = first_cell.missing(asked), []
    assert lacking == ["nosuch>=1,<2", "youtokentome>=99"]
    monkeypatch.setattr(first_cell.subprocess, "run", lambda command, check: ran.append(command))
    first_cell.install(lacking)
    assert "compiling youtokentome, 1–2 minutes" in capsys.readouterr().out
    assert ran[-1][-3:] == ["--no-build-isolation", *lacking]
    first_cell.install([])
    assert len(ran) == 2
    with pytest.raises(NmtError, match=r"torch>=99 first, as pytorch\.org says"):
        first_cell.missing(asked.replace("torch>=2.4", "torch>=99"))


@needs_clone
def test_nothing_is_missing_here_and_what_is_asked_for_is_read_whole():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert first_cell.missing(text) == []
    versions = re.sub(r"([<>=~]=?) *[\d.]+", "==0", text)
    with pytest.raises(NmtError, match="torch==0"):
        first_cell.missing(versions)


@needs_clone
@pytest.mark.notebooks
@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_notebook_runs_in_smoke(path):
    assert render.problems(render.executed(path, "smoke"), path.parent) == []
