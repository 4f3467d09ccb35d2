"""What is kept and shown of runs that differ in the size of their corpus."""

import io
import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from statistics import mean

import pytest

from nmt import NmtError
from nmt.cli import main
from nmt.corpora.corpus import prepare
from nmt.plumbing.files import json_lines
from nmt.runs import Run
from nmt.tests.lab.test_results import squeezed
from nmt.tests.test_training import TINY, quiet

figures = pytest.importorskip("figures", reason="needs the clone: data/results")
reading = pytest.importorskip("reading", reason="needs the clone: data/results")
store = pytest.importorskip("store", reason="needs the clone: data/results")
tables = pytest.importorskip("tables", reason="needs the clone: data/results")
CONFIG = replace(TINY, max_epochs=2, limit_val_batches=1, val_batch_size=2, checkpoint_every_n_steps=2)
CONFIG = replace(CONFIG, keep_checkpoints=9, src_vocab_size=60, trg_vocab_size=60)
HELD_OUT = ("first.test.tsv", "own.test.tsv")


@pytest.fixture(scope="module")
def folder(pairs, tmp_path_factory):
    """Kept runs: a corpus of two files, the half of each and the whole; scored on two held-out files."""
    root, kept = tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("results") / "corpus-size"
    texts = {"own.tsv": pairs[5:100], "other.tsv": pairs[100:], "first.test.tsv": pairs[:3], "own.test.tsv": pairs[3:5]}
    for name, some in texts.items():
        (root / name).write_text("".join(f"{en}\t{ru}\n" for en, ru in some), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMT_DATA", str(root / "cache"))
        patch.setattr(Run, "board", lambda self, step: None)
        for name, cap in (("whole", ""), ("half", ":50%")):
            quiet(
                CONFIG, prepare([f"{root}/own.tsv{cap}", f"{root}/other.tsv{cap}"], log=lambda text: None), root / name
            )
            lines = [score(root / name, step, root / file) for step in (2, 4) for file in HELD_OUT]
            (root / "scores.jsonl").write_text(json_lines(lines), encoding="utf-8")
            store.store(root / name, kept, root / "scores.jsonl")
    return root, kept


def score(run: Path, step: int, file: Path) -> dict:
    """What `nmt score` prints last."""
    out = io.StringIO()
    checkpoint = run / "checkpoints" / f"step_{step:08}"
    with redirect_stdout(out), redirect_stderr(io.StringIO()):
        main(["score", "--checkpoint", str(checkpoint), "--data", str(file), "--split", "all", "--gpus", "0"])
    return json.loads(out.getvalue().splitlines()[-1])


def test_the_smaller_corpus_comes_first(folder):
    runs = reading.sized_runs(folder[1])
    assert [run.directory.name for run in runs] == ["half", "whole"]
    assert reading.pairs(runs[0]) < reading.pairs(runs[1])


def test_means_are_those_of_the_step(folder):
    run = Run(folder[1] / "half")
    lines = run.lines("scores.jsonl")
    assert [(line["step"], line["source"]) for line in lines] == [
        (2, "first.test"),
        (2, "own.test"),
        (4, "first.test"),
        (4, "own.test"),
    ]
    means = reading.means_by_step(run)
    for step in (2, 4):
        for name in ("BLEU", "chrF"):
            assert means[step][name] == mean(line[name.lower()] for line in lines if line["step"] == step)


def test_the_table_says_what_is_in_the_runs(folder):
    text = squeezed(tables.corpus_size(folder[1].parent))
    for run in reading.sized_runs(folder[1]):
        numbers = [of[name] for of in reading.means_by_step(run).values() for name in ("BLEU", "chrF")]
        row = f"| {reading.pairs(run):,} | {CONFIG.num_blocks} | " + " | ".join(f"{x:.2f}" for x in numbers) + " |"
        assert row in text
    assert "| BLEU, 2 steps | chrF, 2 steps | BLEU, 4 steps | chrF, 4 steps |" in text
    assert text.count("\nnmt ") + text.count("\n# called by") == 2


def test_a_deeper_model_has_the_last_row(folder, tmp_path):
    root, kept = folder
    corpus = prepare([str(root / "own.tsv"), str(root / "other.tsv")], tmp_path, log=lambda text: None)
    quiet(replace(CONFIG, num_blocks=CONFIG.num_blocks + 1, max_epochs=1), corpus, tmp_path / "deeper")
    shutil.copytree(kept, tmp_path / "corpus-size")
    scores = tmp_path / "scores.jsonl"
    scores.write_text(json_lines([score(tmp_path / "deeper", 2, root / file) for file in HELD_OUT]), encoding="utf-8")
    store.store(tmp_path / "deeper", tmp_path / "corpus-size", scores)
    runs = reading.sized_runs(tmp_path / "corpus-size")
    assert [run.directory.name for run in runs] == ["half", "whole", "deeper"]
    means = reading.means_by_step(runs[-1])[2]
    row = f"| {CONFIG.num_blocks + 1} | {means['BLEU']:.2f} | {means['chrF']:.2f} | | |"
    assert row in squeezed(tables.corpus_size(tmp_path))


def test_the_figure_has_a_line_for_each_number_of_steps(folder):
    runs = reading.sized_runs(folder[1])
    for axes, key in zip(figures.growth(runs).axes, ("BLEU", "chrF"), strict=True):
        lines = {line.get_label(): line for line in axes.lines}
        for step in (2, 4):
            drawn = lines[f"{step} steps"]
            assert list(drawn.get_xdata()) == [reading.pairs(run) for run in runs]
            assert list(drawn.get_ydata()) == [reading.means_by_step(run)[step][key] for run in runs]


def test_no_path_of_a_machine_is_kept(folder):
    root, kept = folder
    for path in kept.glob("*/*.json*"):
        assert str(root) not in path.read_text(encoding="utf-8"), path
    assert Run(kept / "half").config["corpus"]["data"] == ["own.tsv:50%", "other.tsv:50%"]


def test_a_training_run_is_stored_with_its_scores_and_without_a_path(folder, tmp_path, monkeypatch, capsys):
    root, _ = folder
    monkeypatch.setattr(store, "in_clone", lambda *parts: tmp_path / "stored")
    scores = tmp_path / "scores.jsonl"
    with pytest.raises(NmtError, match=r"scores\.jsonl: no scores"):
        store.main([str(root / "half"), "--scores", str(scores)])
    scores.write_text(json_lines([{"checkpoint": str(root / "half"), "bleu": 1.0}]), encoding="utf-8")
    store.main([str(root / "half"), "--scores", str(scores)])
    kept = Run(tmp_path / "stored" / "half")
    assert capsys.readouterr().out == f"{kept.directory}\n"
    assert kept.lines("scores.jsonl") == [{"checkpoint": "half", "bleu": 1.0}]
    assert kept.lines() == Run(root / "half").lines()
    assert not any(str(root) in path.read_text(encoding="utf-8") for path in kept.directory.glob("*.json*"))
