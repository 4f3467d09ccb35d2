"""What is kept and shown of runs with a price on heads."""

import io
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from nmt import NmtError
from nmt.pruning.config import PruningConfig
from nmt.pruning.prune import prune
from nmt.runs import Run
from nmt.tests.lab.test_results import squeezed
from nmt.tests.test_training import TINY, quiet

priced = pytest.importorskip("priced", reason="needs the clone: data")
figures = pytest.importorskip("figures", reason="needs the clone: data/results")
store = pytest.importorskip("store", reason="needs the clone: data/results")
tables = pytest.importorskip("tables", reason="needs the clone: data/results")
CONFIG = replace(TINY, num_blocks=2, num_heads=4, head_size=4, dropout=0.0, scheduler="no", lr=1e-3, max_epochs=1)
CONFIG = replace(CONFIG, limit_train_batches=8, limit_val_batches=1, val_batch_size=2)


@pytest.fixture(scope="module")
def folder(corpus, bpe, tmp_path_factory):
    """Kept runs: λ 0 and 8, the decoder frozen and not."""
    root, kept = tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("results") / "lambda"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMT_DATA", str(corpus.directory.parent.parent))
        patch.setattr(Run, "board", lambda self, step: None)
        quiet(CONFIG, corpus, root / "dense")
        for name, price, freeze in (("learns", 8.0, False), ("free", 0.0, True), ("dear", 8.0, True)):
            said = {"l0_penalty_lambda": price, "l0_penalty_scale": "origin", "freeze": freeze, "gate_lr": 0.5}
            settings = PruningConfig(method="l0", gates_every_n_steps=2, **said)
            plan = {"device": "cpu", "progress": 0, "log": lambda text: None}
            prune(settings, CONFIG, corpus, root / "dense", root / name, **plan)
            store.store(root / name, kept)
        measured = store.savings(root / "dear", sentences=3, rounds=1)
        store.store(root / "dear", kept.parent / "savings", measured=measured)
    return kept


def test_the_table_says_what_is_in_the_runs(folder):
    runs = priced.runs(folder)
    assert [run.directory.name for run in runs] == ["free", "dear", "learns"]
    text = squeezed(tables.prices(folder.parent))
    said = ["0 (origin) | frozen", "8 (origin) | frozen", "8 (origin) | learns"]
    for run, price in zip(runs, said, strict=True):
        result = json.loads((run.directory / "result.json").read_text())
        first, second = map(sum, result["mask"]["encoder"])
        row = f"| tiny | {price} | {first} / {second}, {result['kept']} of 8 | {result['undecided']} | "
        assert row + f"{result['bleu_dense']:.2f} → {result['bleu_pruned']:.2f} | {result['nll_dense']:.4f} → " in text
    assert text.count("\nnmt ") + text.count("\n# called by") == 3


def test_the_price_of_a_run_is_that_of_the_paper_whatever_its_scale(folder):
    assert {run.directory.name: priced.price(run) for run in priced.runs(folder)} == {
        "free": 0, "dear": 8 / 4, "learns": 8 / 4
    }  # fmt: skip


def test_a_dear_head_is_seen_to_go(folder, tmp_path):
    figure = figures.gates_by_price("tiny", priced.runs(folder))
    top, bottom = figure.axes[:2], figure.axes[2:]
    assert [axes.get_title() for axes in top] == ["λ 0 (origin), encoder", "λ 8 (origin), encoder"]
    assert len(bottom) == 2 and [len(axes.lines) for axes in figure.axes] == [4, 8, 4, 8]
    free, dear = (line.get_ydata() for axes in top for line in axes.lines[:1])
    assert dear[-1] < dear[0] and dear[-1] < free[-1]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "the other side of the model frozen",
        "it learns too",
    ]
    assert [path.name for path in figures.draw(folder.parent, tmp_path)] == ["lambda-tiny.png"]


def test_what_removal_brings_is_that_of_the_run(folder):
    kept = folder.parent / "savings"
    result, cost = (json.loads((kept / "dear" / name).read_text()) for name in ("result.json", "costs.json"))
    assert [cost["parameters"][name] for name in ("dense", "pruned")] == [
        result["params_dense"],
        result["params_pruned"],
    ]
    assert cost["flops"]["no heads"]["total"] <= cost["flops"]["pruned"]["total"] <= cost["flops"]["dense"]["total"]
    assert cost["sentences"] == 3 and set(cost["could_save"]) == {"batch 1", "batch 32"}
    assert cost["parameters"]["dense"] > cost["parameters"]["pruned"] >= cost["parameters"]["no heads"]
    ms, shares = cost["ms"], {"pruned": cost["saved"], "no heads": cost["could_save"]}
    for name, of in shares.items():  # one round: its share is their median
        for size, share in of.items():
            assert share == pytest.approx(1 - ms[name][size]["rounds"][0] / ms["dense"][size]["rounds"][0], abs=1e-4)
    row = (
        f"| `dear` | `l0` | {result['kept']} of 8, encoder | {result['bleu_dense']:.2f} → {result['bleu_pruned']:.2f} |"
    )
    assert row in squeezed(tables.savings(folder.parent))


def test_no_path_of_a_machine_is_kept(folder):
    for kept in [*folder.glob("*/sessions.jsonl"), *folder.glob("../savings/*/sessions.jsonl")]:
        assert str(folder.parents[1]) not in kept.read_text(encoding="utf-8"), kept


def test_a_run_that_has_not_ended_is_refused(folder, tmp_path):
    shutil.copytree(folder / "free", tmp_path / "free")
    (tmp_path / "free" / "result.json").unlink()
    with pytest.raises(NmtError, match=r"no result\.json"):
        store.store(tmp_path / "free", tmp_path / "kept")


def test_paths_have_a_line_for_each_head_and_a_row_for_each_layer():
    steps, p = np.arange(3), np.zeros((3, 2, 8))
    figure = figures.gate_paths(
        {"λ 0.1": {"frozen": (steps, p), "learns": (steps, p + 1)}, "λ 0.2": {"frozen": (steps, p)}}
    )
    assert [len(axes.lines) for axes in figure.axes] == [16, 8, 16, 8]
    assert [axes.get_ylabel() for axes in figure.axes] == ["layer 0: P(open)", "", "layer 1: P(open)", ""]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["frozen", "learns"]
    figure.savefig(io.BytesIO())
