"""What the cells of notebooks call."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from nmt import NmtError, course
from nmt.show.plots import matrices, run_curves


def test_preset_is_laptop_unless_said_and_an_unknown_one_is_refused(monkeypatch):
    monkeypatch.delenv("NMT_PRESET", raising=False)
    assert course.preset() == "laptop"
    monkeypatch.setenv("NMT_PRESET", "gpu")
    assert course.preset() == "gpu" and course.choose(smoke=1, laptop=2, gpu=3) == 3
    monkeypatch.setenv("NMT_PRESET", "huge")
    with pytest.raises(NmtError, match="smoke, laptop, gpu"):
        course.preset()


def test_choose_wants_a_value_for_every_preset(monkeypatch):
    monkeypatch.setenv("NMT_PRESET", "smoke")
    with pytest.raises(NmtError, match="gpu"):
        course.choose(smoke=1, laptop=2)


def test_outcomes_are_asserted_in_laptop_and_told_in_smoke(monkeypatch, capsys):
    for size in ("laptop", "gpu"):
        monkeypatch.setenv("NMT_PRESET", size)
        course.outcome(True, "it learns")
        with pytest.raises(AssertionError, match="it learns"):
            course.outcome(False, "it learns")
    monkeypatch.setenv("NMT_PRESET", "smoke")
    course.outcome(False, "it learns")
    assert capsys.readouterr().out.splitlines()[-1].startswith("not asserted in smoke")


def test_the_model_of_02_is_the_run_that_is_there_and_in_a_rendering_the_shipped_twin(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(course, "load", lambda name, device: name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NMT_FIGURES", raising=False)
    assert course.model_of_02() == "phrasebook"
    (tmp_path / "runs" / "02-two-blocks").mkdir(parents=True)
    (tmp_path / "runs" / "02-two-blocks" / "config.json").touch()
    assert course.model_of_02() == "runs/02-two-blocks"
    monkeypatch.setenv("NMT_FIGURES", "")
    assert course.model_of_02() == "phrasebook"
    monkeypatch.delenv("NMT_FIGURES")

    def load(name, device):
        if name != "phrasebook":
            raise NmtError("no checkpoint yet")
        return name

    monkeypatch.setattr(course, "load", load)
    assert course.model_of_02() == "phrasebook"
    assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()] == [
        "the model: phrasebook", "the model: runs/02-two-blocks", *["the model: phrasebook"] * 2
    ]  # fmt: skip


def test_shapes_refuse_another_shape(capsys):
    course.shapes({"B": 2, "T": 3}, "B T", x=torch.zeros(2, 3))
    assert "(B, T) = (2, 3)" in capsys.readouterr().out
    with pytest.raises(AssertionError, match="not \\(3, 2\\)"):
        course.shapes({"B": 2, "T": 3}, "T B", x=torch.zeros(2, 3))


def test_an_exercise_tells_open_right_and_wrong_and_stops_nothing(capsys):
    for answer in (..., 4, 5, "four"):
        course.exercise(1, answer, lambda x: x % 2 == 0, "Even.")
    still, right, wrong, error = capsys.readouterr().out.splitlines()
    assert "still to do" in still and "right" in right and "not yet. Even." in wrong and "TypeError" in error


def test_begin_tells_revision_preset_and_device(monkeypatch, capsys):
    monkeypatch.setenv("NMT_REVISION", "0123456789" * 4 + "+changes")
    monkeypatch.setenv("NMT_PRESET", "smoke")
    device = course.begin()
    told = capsys.readouterr().out
    assert "revision 0123456+changes, preset smoke" in told and f"device: {device.type}" in told


def test_a_figure_is_shown_as_png_with_its_text_and_kept_only_when_rendered(monkeypatch, tmp_path):
    shown = []
    monkeypatch.setattr(course, "display", lambda data, **more: shown.append((data, more)))
    figure = matrices({"a": torch.eye(2)}, ["x", "y"], ["x", "y"])
    monkeypatch.delenv("NMT_FIGURES", raising=False)
    course.show(figure, "a unit matrix", keep="unit.png")
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv("NMT_FIGURES", str(tmp_path))
    course.show(figure, "a unit matrix", keep="unit.png")
    (data, more), again = shown
    assert data["image/png"].startswith(b"\x89PNG") and data["text/plain"] == "a unit matrix"
    assert more["metadata"]["image/png"]["alt"] == "a unit matrix"
    assert (tmp_path / "unit.png").read_bytes() == again[0]["image/png"] == data["image/png"]


def test_a_movie_is_in_the_notebook_and_rendering_keeps_it_and_its_last_frame(monkeypatch, tmp_path):
    movie = pytest.importorskip("movies", reason="needs the clone: data").movie
    shown, film = [], movie([np.full((9, 20, 3), 255, np.uint8)] * 3)
    monkeypatch.setattr(course, "display", lambda data, **more: shown.append(data["image/png"]))
    monkeypatch.delenv("NMT_FIGURES", raising=False)
    course.play(film, "nothing happens", "nothing.gif")
    for folder in ("", str(tmp_path)):
        monkeypatch.setenv("NMT_FIGURES", folder)
        assert not list(tmp_path.iterdir())
        course.play(film, "nothing happens", "nothing.gif")
    assert shown == [film.gif] * 3
    assert (tmp_path / "nothing.gif").read_bytes() == film.gif
    assert (tmp_path / "nothing.png").read_bytes() == film.still


def test_a_training_is_watched_live_and_only_a_line_stays(logged_run, monkeypatch):
    shown = []

    class Picture:
        def update(self, data, raw):
            shown.append(data)

    monkeypatch.setattr(course, "display", lambda *data, **how: Picture())
    monkeypatch.setattr(course, "time", SimpleNamespace(monotonic=iter((0, 60, 150)).__next__))  # seconds
    with course.watching(run_curves, 4) as on_validation:
        for epoch in (0, 2):
            on_validation(logged_run, {"epoch": epoch})
    assert [data["text/plain"] for data in shown[:2]] == ["epoch 0", "epoch 2, about 2 minutes left"]
    assert all(data["image/png"].startswith(b"\x89PNG") for data in shown[:2])
    assert shown[2] == {"text/plain": "epoch 2 of 4, 2.5 minutes"}
