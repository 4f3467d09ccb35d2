"""What is kept and shown of runs that differ in the size of their corpus."""

import shutil
from dataclasses import replace
from statistics import mean

import pytest

from nmt import NmtError
from nmt.corpora.corpus import prepare
from nmt.decoding import translate
from nmt.lab import figures, results, store, tables
from nmt.plumbing.files import json_lines
from nmt.runs import Run, load
from nmt.scoring import corpus_scores
from nmt.tests.lab.test_results import squeezed
from nmt.tests.test_training import TINY, quiet

CONFIG = replace(TINY, max_epochs=2, limit_val_batches=1, val_batch_size=2, checkpoint_every_n_steps=2)
CONFIG = replace(CONFIG, keep_checkpoints=9, src_vocab_size=60, trg_vocab_size=60)


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
            files = [root / "first.test.tsv", root / "own.test.tsv"]
            store.scores_by_source(root / name, kept, [2, 4], files, log=lambda text: None)
    return root, kept


def test_scores_are_those_of_the_step(folder, pairs):
    root, kept = folder
    for step in (2, 4):
        trained = load(root / "half" / "checkpoints" / f"step_{step:08}")
        written = translate(trained.model, trained.bpe, [en for en, _ in pairs[:3]], beam=1)
        score = results.scores_at(Run(kept / "half"), step)["first"]
        assert score | corpus_scores(written, [ru for _, ru in pairs[:3]]) == score
        assert score["sentences"] == 3 and score["beam"] == 1


def test_the_smaller_corpus_comes_first(folder):
    runs = results.sized_runs(folder[1])
    assert [run.directory.name for run in runs] == ["half", "whole"]
    assert results.pairs(runs[0]) < results.pairs(runs[1])
    assert results.in_common(runs) == ([2, 4], ["first", "own"])
    assert [results.logged(run, run.lines()[-1]["step"])["epoch"] for run in runs] == [2, 2]


def test_the_table_says_what_is_in_the_runs(folder):
    runs = results.sized_runs(folder[1])
    text, (half, whole) = squeezed(tables.corpus_size(folder[1].parent)), (results.scores_at(run, 4) for run in runs)
    count = f"{runs[1].config['card']['train']['own.tsv']:,}"
    chrf = f"{whole['own']['chrf']:.2f}"
    assert f"| own | {count} | 2 | {half['own']['bleu']:.2f} | {whole['own']['bleu']:.2f} | {chrf} |" in text
    assert "| first | none | 3 |" in text
    means = [mean(of[source]["bleu"] for source in of) for of in (half, whole)]
    assert f"| **mean** | | | {means[0]:.2f} | {means[1]:.2f} |" in text
    assert text.count("\nnmt ") + text.count("\n# called by") == 2 and half["own"]["signature"] in text


def test_a_deeper_model_stands_beside_the_largest(folder, tmp_path):
    root, kept = folder
    files = [root / "first.test.tsv", root / "own.test.tsv"]
    corpus = prepare([str(root / "own.tsv"), str(root / "other.tsv")], tmp_path, log=lambda text: None)
    quiet(replace(CONFIG, num_blocks=CONFIG.num_blocks + 1, max_epochs=1), corpus, tmp_path / "deeper")
    shutil.copytree(kept, tmp_path / "corpus-size")
    store.scores_by_source(tmp_path / "deeper", tmp_path / "corpus-size", [2], files, log=lambda text: None)
    runs = results.sized_runs(tmp_path / "corpus-size")
    assert [run.directory.name for run in runs] == ["half", "whole", "deeper"]
    assert tables.corpus_size(tmp_path) == tables.corpus_size(kept.parent)
    text, (of, beside) = squeezed(tables.depth(tmp_path)), (results.scores_at(run, 2) for run in runs[1:])
    heads = f"| {CONFIG.num_blocks} blocks, 2 steps | {CONFIG.num_blocks + 1} blocks, 2 steps |"
    assert heads in text and f"| 2 | {of['own']['bleu']:.2f} | {beside['own']['bleu']:.2f} |" in text


def test_the_figure_has_a_line_for_each_number_of_steps(folder):
    runs = results.sized_runs(folder[1])
    for axes, key in zip(figures.growth(runs).axes, ("bleu", "chrf"), strict=True):
        lines = {line.get_label(): line for line in axes.lines}
        for step in (2, 4):
            of = [results.scores_at(run, step) for run in runs]
            drawn = lines[f"mean, {step} steps"]
            assert list(drawn.get_xdata()) == [results.pairs(run) for run in runs]
            assert list(drawn.get_ydata()) == [mean(one[source][key] for source in one) for one in of]


def test_no_path_of_a_machine_is_kept(folder):
    root, kept = folder
    for path in kept.glob("*/*.json*"):
        assert str(root) not in path.read_text(encoding="utf-8"), path
    assert Run(kept / "half").config["corpus"]["data"] == ["own.tsv:50%", "other.tsv:50%"]


def test_a_step_that_is_not_there_is_refused(folder, tmp_path):
    with pytest.raises(NmtError, match=r"no checkpoint of step 3; there are \[2, 4"):
        store.scores_by_source(folder[0] / "half", tmp_path, [2, 3], [])


def test_a_training_run_is_stored_with_its_scores_and_without_a_path(folder, tmp_path, monkeypatch, capsys):
    root, _ = folder
    monkeypatch.setattr(store, "in_clone", lambda *parts: tmp_path / "stored")
    scores = tmp_path / "scores.jsonl"
    with pytest.raises(NmtError, match=r"scores\.jsonl: no scores"):
        store.main(["run", str(root / "half"), str(scores)])
    scores.write_text(json_lines([{"checkpoint": str(root / "half"), "bleu": 1.0}]), encoding="utf-8")
    store.main(["run", str(root / "half"), str(scores), "--frame"])
    kept = Run(tmp_path / "stored" / "half")
    assert capsys.readouterr().out == f"{kept.directory}\n"
    assert kept.lines("scores.jsonl") == [{"checkpoint": "half", "bleu": 1.0}]
    assert kept.lines() == Run(root / "half").lines() and [step for step, _ in kept.frames()] == [
        kept.lines()[-1]["step"]
    ]
    assert not any(str(root) in path.read_text(encoding="utf-8") for path in kept.directory.glob("*.json*"))
