"""Figures of gates, by what they hold: the pictures themselves are looked at."""

import io

import numpy as np

from nmt.show.plots import gate_densities, gate_paths


def test_densities_show_curve_and_both_masses_on_one_scale():
    g = np.linspace(0.01, 0.99, 9)
    rows = [{"a": (g, 0 * g + 1, 0.25, 0.5), "b": (g, 0 * g + 9, 0.0, 1.0)}, {"c": (g, g, 0.5, 0.5)}]
    figure = gate_densities(rows)
    panels = {axes.get_title(): axes for axes in figure.axes if axes.get_title()}
    assert list(panels) == ["a", "b", "c"]
    assert {axes.get_ylim() for axes in panels.values()} == {(0.0, 2.0)}  # what is higher is cut off
    assert np.array_equal(panels["c"].lines[0].get_ydata(), g)
    bars = [[bar.get_height() for bar in axes.patches] for axes in figure.axes if axes.patches]
    assert bars == [[0.25, 0.5], [0.0, 1.0], [0.5, 0.5]]
    figure.savefig(io.BytesIO())


def test_paths_have_a_line_for_each_head_and_a_row_for_each_layer():
    steps, p = np.arange(3), np.zeros((3, 2, 8))
    figure = gate_paths({"λ 0.1": {"frozen": (steps, p), "learns": (steps, p + 1)}, "λ 0.2": {"frozen": (steps, p)}})
    assert [len(axes.lines) for axes in figure.axes] == [16, 8, 16, 8]
    assert [axes.get_ylabel() for axes in figure.axes] == ["layer 0: P(open)", "", "layer 1: P(open)", ""]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["frozen", "learns"]
    figure.savefig(io.BytesIO())
