"""nmt app, without Voila: what is said where it is missing, and the notebook that it would show."""

import nbformat
import pytest

from nmt.cli import app, main


def test_without_voila_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(app, "find_spec", lambda name: None)
    assert main(["app"]) == 2
    assert "pip install voila" in capsys.readouterr().err


@pytest.mark.parametrize("status", [0, 1])
def test_voila_is_given_a_valid_notebook_and_the_flags(monkeypatch, tmp_path, capsys, status):
    ran = []

    class Done:
        returncode = status

    def run(command):
        ran.append((command, nbformat.read(command[3], 4)))
        return Done

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(app, "find_spec", lambda name: True)
    monkeypatch.setattr(app.subprocess, "run", run)
    assert main(["app", "--port", "9000", "--dark", "--no-browser"]) == 2 * status
    assert ("Try --port" in capsys.readouterr().err) == bool(status)
    (command, notebook) = ran[0]
    assert command[-3:] == ["--port=9000", "--theme=dark", "--no-browser"]
    nbformat.validate(notebook)
    compile(notebook.cells[1].source, "cell", "exec")
    assert repr(str(tmp_path)) in notebook.cells[1].source
