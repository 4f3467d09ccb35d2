"""What is kept and shown of runs that differ in the size of their corpus."""

import shutil
from dataclasses import replace
from statistics import mean

import pytest

from nmt import NmtError
from nmt.corpora.corpus import prepare
from nmt.decoding import translate
from nmt.lab import corpus_size
from nmt.runs import Run, load
from nmt.scoring import corpus_scores
from nmt.tests.test_training import TINY, quiet

CONFIG = replace(TINY, max_epochs=2, limit_val_batches=1, val_batch_size=2, checkpoint_every_n_steps=2)
CONFIG = replace(CONFIG, keep_checkpoints=9, src_vocab_size=60, trg_vocab_size=60)


@pytest.fixture(scope="module")
def folder(pairs, tmp_path_factory):
    """Kept runs: a corpus of two files, the half of each and the whole; scored on two held-out files."""
    root, kept = tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("results")
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
            corpus_size.keep_scores(root / name, [2, 4], files, kept, log=lambda text: None)
    return root, kept


def test_scores_are_those_of_the_step(folder, pairs):
    root, kept = folder
    for step in (2, 4):
        trained = load(root / "half" / "checkpoints" / f"step_{step:08}")
        written = translate(trained.model, trained.bpe, [en for en, _ in pairs[:3]], beam=1)
        score = corpus_size.at(Run(kept / "half"), step)["first"]
        assert score | corpus_scores(written, [ru for _, ru in pairs[:3]]) == score
        assert score["sentences"] == 3 and score["beam"] == 1


def test_the_smaller_corpus_comes_first(folder):
    runs = corpus_size.kept_runs(folder[1])
    assert [run.directory.name for run in runs] == ["half", "whole"]
    assert corpus_size.pairs(runs[0]) < corpus_size.pairs(runs[1])
    assert corpus_size.common(runs) == ([2, 4], ["first", "own"])
    assert [corpus_size.epochs(run, run.lines()[-1]["step"]) for run in runs] == [2, 2]


def test_the_table_says_what_is_in_the_runs(folder):
    runs = corpus_size.kept_runs(folder[1])
    text, (half, whole) = corpus_size.section(runs), (corpus_size.at(run, 4) for run in runs)
    count = f"{runs[1].config['card']['train']['own.tsv']:,}"
    assert f"| own | {count} | 2 | {half['own']['bleu']:.2f} | {whole['own']['bleu']:.2f} |" in text
    assert "| first | none | 3 |" in text
    means = [mean(of[source]["bleu"] for source in of) for of in (half, whole)]
    assert f"| **mean** | | | {means[0]:.2f} | {means[1]:.2f} |" in text
    assert text.count("\nnmt ") + text.count("\n# called by") == 2 and half["own"]["signature"] in text


def test_a_deeper_model_stands_beside_the_largest(folder, tmp_path):
    root, kept = folder
    files = [root / "first.test.tsv", root / "own.test.tsv"]
    corpus = prepare([str(root / "own.tsv"), str(root / "other.tsv")], tmp_path, log=lambda text: None)
    quiet(replace(CONFIG, num_blocks=CONFIG.num_blocks + 1, max_epochs=1), corpus, tmp_path / "deeper")
    shutil.copytree(kept, tmp_path / "kept")
    corpus_size.keep_scores(tmp_path / "deeper", [2], files, tmp_path / "kept", log=lambda text: None)
    runs = corpus_size.kept_runs(tmp_path / "kept")
    assert [run.directory.name for run in runs] == ["half", "whole", "deeper"]
    curve, deeper = corpus_size.parted(runs)
    assert curve == runs[:2] and deeper == runs[2:]
    text, (of, beside) = corpus_size.section(runs), (corpus_size.at(run, 2) for run in runs[1:])
    assert text.startswith(corpus_size.section(curve))
    heads = f"| {CONFIG.num_blocks} blocks, 2 steps | {CONFIG.num_blocks + 1} blocks, 2 steps |"
    assert heads in text and f"| own | {of['own']['bleu']:.2f} | {beside['own']['bleu']:.2f} |" in text


def test_the_figure_has_a_line_for_each_number_of_steps(folder):
    runs = corpus_size.kept_runs(folder[1])
    for axes, key in zip(corpus_size.growth(runs).axes, ("bleu", "chrf"), strict=True):
        lines = {line.get_label(): line for line in axes.lines}
        for step in (2, 4):
            of = [corpus_size.at(run, step) for run in runs]
            drawn = lines[f"mean, {step} steps"]
            assert list(drawn.get_xdata()) == [corpus_size.pairs(run) for run in runs]
            assert list(drawn.get_ydata()) == [mean(one[source][key] for source in one) for one in of]


def test_no_path_of_a_machine_is_kept(folder):
    root, kept = folder
    for path in kept.glob("*/*.json*"):
        assert str(root) not in path.read_text(encoding="utf-8"), path
    assert Run(kept / "half").config["corpus"]["data"] == ["own.tsv:50%", "other.tsv:50%"]


def test_nothing_kept_nothing_shown(tmp_path):
    assert corpus_size.section(corpus_size.kept_runs(tmp_path)) == "" and corpus_size.draw([], tmp_path) == []


def test_a_step_that_is_not_there_is_refused(folder, tmp_path):
    with pytest.raises(NmtError, match=r"no checkpoint of step 3; there are \[2, 4"):
        corpus_size.keep_scores(folder[0] / "half", [2, 3], [], tmp_path)
