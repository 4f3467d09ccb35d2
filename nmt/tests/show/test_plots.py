"""Figures by what they hold: the pictures themselves are looked at."""

import io
from pathlib import Path

import numpy as np
import torch
from drawings import gate_distribution, paddings

from nmt.cli import main
from nmt.show.plots import (
    attention_rows,
    curves,
    matrices,
    new_figure,
    run_curves,
    run_pictures,
)


def test_the_curves_of_a_run_are_its_log(logged_run):
    figure = run_curves(logged_run, "two epochs")
    loss, rate, bleu, chrf = figure.axes
    assert [line.get_ydata().tolist() for line in loss.lines] == [[4, 3], [4, 3, 2]]
    assert rate.lines[0].get_xdata().tolist() == [1, 2] and bleu.lines[-1].get_ydata().tolist() == [0, 10, 20]
    assert chrf.get_ylim() == (0, 102) and "training pairs" in loss.get_legend().get_texts()[1].get_text()
    figure.savefig(io.BytesIO())
    assert 1 < loss.get_ylim()[0] < 2 and 4 < loss.get_ylim()[1] < 6  # what is logged fills the panel


def test_the_pictures_of_a_run_lie_in_it(logged_run, monkeypatch, capsys):
    assert main(["plot", str(logged_run.directory)]) == 2 and "nothing to draw yet" in capsys.readouterr().err
    maps = np.full((2, 3, 4, 2), 0.5, np.float16)
    texts = {"0.trg": np.array(["<BOS>", "▁да", ",", "▁да"]), "0.src": np.array(["▁yes", "<EOS>"])}
    logged_run.save_frames(7, {"0.cross": maps, **texts})
    assert main(["plot", str(logged_run.directory)]) == 0
    drawn = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert drawn == [logged_run.directory / "plots" / f"{name}.png" for name in ("curves", "attention")]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in drawn)
    maps[1, 2] = 0
    logged_run.save_frames(8, {"0.cross": maps, **texts})
    figures = []
    monkeypatch.setattr("nmt.show.plots.save", lambda figure, path: figures.append(figure))
    run_pictures(logged_run)
    *panels, _ = figures[1].axes
    assert ["".join(text.get_text() for text in axes.texts) for axes in panels] == [*[""] * 5, "×"]
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["да", ",", "да", "<EOS>"]
    assert "reference" in figures[1].get_suptitle() and "gone" in figures[1].get_suptitle()


def test_curves_leave_out_what_has_no_points(logged_run, monkeypatch):
    lines = logged_run.lines
    monkeypatch.setattr(logged_run, "lines", lambda **equal: lines(**equal) if equal["split"] == "valid" else [])
    loss, rate, *_ = run_curves(logged_run).axes
    assert not rate.get_visible() and len(loss.get_legend().get_texts()) == len(loss.lines) == 1


def test_rows_of_attention_maps_share_their_pieces_and_their_scale():
    maps = np.linspace(0, 1, 2 * 3 * 4).reshape(2, 3, 4).astype(np.float16)
    figure = attention_rows({"early": maps, "late": maps / 2}, ["head 0", "head 1"], ["▁да", "!", "EOS"], ["a"] * 4)
    panels = [axes for axes in figure.axes if axes.get_xlim() == (-0.5, 3.5)]
    assert len(panels) == 4 and {axes.images[0].get_clim() for axes in panels} == {(0, 1)}
    assert np.array_equal(panels[3].images[0].get_array(), (maps / 2)[1].astype(np.float32))
    assert [axes.get_title() for axes in panels] == ["head 0", "head 1", "", ""]
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["да", "!", "EOS"]
    figure.savefig(io.BytesIO())


def test_paddings_tell_the_share_of_padding():
    real = np.array([[True, True, True, True], [True, False, False, False]])
    figure = paddings({"mixed": [real, real[:1, :3]], "sorted": [real[:1]]})
    assert [axes.get_title().split("\n")[1] for axes in figure.axes] == ["27.3% padding", "0.0% padding"]
    assert np.isnan(figure.axes[0].images[0].get_array().filled(np.nan)[2, 3])  # beside the narrower batch
    assert len({axes.get_xlim() for axes in figure.axes}) == 1
    figure.savefig(io.BytesIO())


def test_matrices_show_their_numbers_names_and_range():
    values = torch.tensor([[0.0, 0.25], [1.0, 2.0]])
    figure = matrices({"one": values, "two": values}, ["строка", "r"], ["c", "d"], low=0, high=2)
    left, right = figure.axes
    assert [text.get_text() for text in left.texts] == ["0", "0.25", "1", "2"]
    assert left.images[0].get_clim() == (0, 2) and right.get_title() == "two"
    assert [label.get_text() for label in left.get_yticklabels()] == ["строка", "r"]
    assert not matrices({"one": values}, ["r", "s"], ["c", "d"], numbers=False).axes[0].texts


def test_signed_values_have_two_hues_around_white_and_a_bar_that_tells_them():
    left, bar = matrices({"one": [[-1.0, 0.0, 1.0]]}, ["r"], ["a", "b", "c"], low=-1).axes
    below, zero, above = left.images[0].cmap([0.0, 0.5, 1.0])[:, :3]
    assert min(zero) > 0.99 and below[0] > below[2] and above[2] > above[0] and bar.get_ylim() == (-1, 1)


def test_curves_are_the_data_given():
    figure = curves({"a": {"up": [1, 2, 4], "down": [4, 2, 1]}}, [1, 10, 100], "x", ["y"], ["x"])
    up, down = figure.axes[0].lines
    assert up.get_ydata().tolist() == [1, 2, 4] and down.get_label() == "down"
    assert figure.axes[0].get_xscale() == "log" and figure.axes[0].get_yscale() == "linear"


def test_a_distribution_shows_its_density_and_both_masses():
    figure, grid = new_figure((4, 3), (1, 1))
    g = np.linspace(0.01, 0.99, 9)
    curve, bars, right = gate_distribution(grid[0, 0], g, g + 9, 0.25, 0.5, 2.0)
    assert np.array_equal(curve.get_ydata(), g + 9) and grid[0, 0].get_ylim() == (0.0, 2.0)  # what is higher is cut off
    assert [bar.get_height() for bar in bars] == [0.25, 0.5] and right.get_ylim()[1] > 1
    figure.savefig(io.BytesIO())
