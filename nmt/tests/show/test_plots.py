"""Figures of runs and batches, by what they hold: the pictures themselves are looked at."""

import io
import json

import numpy as np
import pytest

from nmt import course as notebooks
from nmt.runs import Run
from nmt.show.plots import attention_rows, paddings, run_curves


@pytest.fixture
def run(tmp_path) -> Run:
    """A run of two epochs, validated before the first: its log only."""
    config = {"training": {"val_split": "train", "max_epochs": 2}, "corpus": {}, "bpe": {}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    run = Run(tmp_path)
    for epoch in range(3):
        place = {"step": 10 * epoch, "epoch": epoch, "minutes": float(epoch), "lr": 0.1}
        if epoch:
            run.append("metrics.jsonl", {**place, "split": "train", "loss": 5.0 - epoch})
        scores = {"loss": 4.0 - epoch, "bleu": 10.0 * epoch, "chrf": 20.0 * epoch}
        run.append("metrics.jsonl", {**place, "split": "valid", **scores})
    return run


def test_the_curves_of_a_run_are_its_log(run):
    figure = run_curves(run, "two epochs")
    loss, rate, bleu, chrf = figure.axes
    assert [line.get_ydata().tolist() for line in loss.lines] == [[4, 3], [4, 3, 2]]
    assert rate.lines[0].get_xdata().tolist() == [1, 2] and bleu.lines[-1].get_ydata().tolist() == [0, 10, 20]
    assert chrf.get_ylim() == (0, 102) and "training pairs" in loss.get_legend().get_texts()[1].get_text()
    figure.savefig(io.BytesIO())
    assert 1 < loss.get_ylim()[0] < 2 and 4 < loss.get_ylim()[1] < 6  # what is logged fills the panel


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
    figure = paddings({"mixed": real, "sorted": real[:1]})
    assert [axes.get_title().split("\n")[1] for axes in figure.axes] == ["38% padding", "0% padding"]
    assert len({axes.get_xlim() for axes in figure.axes}) == 1
    figure.savefig(io.BytesIO())


def test_a_training_is_watched_live_and_only_a_line_stays(run, monkeypatch):
    shown = []

    class Picture:
        def update(self, data, raw):
            shown.append(data)

    monkeypatch.setattr("IPython.display.display", lambda *data, **how: Picture())
    with notebooks.watching(run_curves, 4) as on_validation:
        for epoch in (0, 2):
            on_validation(run, {"epoch": epoch})
    assert [data["text/plain"] for data in shown[:2]] == ["epoch 0", "epoch 2, about 2 minutes left"]
    assert all(data["image/png"].startswith(b"\x89PNG") for data in shown[:2])
    assert shown[2] == {"text/plain": "epoch 2 of 4, 0.0 minutes"}
