"""Where people work: other file systems, homes, moved files, names that exist twice, settings that change nothing."""

import math
import shutil
import subprocess
from dataclasses import replace

import pytest

import nmt.runs
from nmt import EOS, NmtError
from nmt.cli import main
from nmt.cli.arguments import corpus_of_run
from nmt.models import Trained
from nmt.plumbing.places import clone
from nmt.pruning.config import PruningConfig
from nmt.pruning.prune import prune
from nmt.runs import Run, load
from nmt.tests.faults.test_runs_under_faults import goes_on, half, resource, run, whole  # noqa: F401  fixtures
from nmt.tests.test_training import TINY, _caches, left_behind, quiet, refused  # noqa: F401  fixture


@pytest.mark.skipif(clone() is None or not (clone() / ".git").exists(), reason="needs the clone")
def test_a_checkout_with_other_line_ends_has_the_same_bytes(tmp_path):
    """As on Windows, where core.autocrlf is true."""
    git = ["git", "-C", str(clone()), "-c", "core.autocrlf=true"]
    name = "data/models/phrasebook-pruned"
    subprocess.run([*git, "checkout-index", "-q", f"--prefix={tmp_path}/", ".gitattributes"], check=True)
    names = subprocess.run([*git, "ls-files", name], capture_output=True, text=True, check=True).stdout.split()
    subprocess.run([*git, "checkout-index", "-q", f"--prefix={tmp_path}/", *names], check=True)
    for file in names:
        assert (tmp_path / file).read_bytes() == (clone() / file).read_bytes(), file


@pytest.mark.parametrize("spelling", ["{} ~/none", "{}=~/none"])
@pytest.mark.parametrize("command", ["translate {input}", "translate {checkpoint} Hello.", "train {run} --resume"])
def test_the_home_is_found_in_every_path(spelling, command, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    flags = {name: spelling.format(f"--{name}") for name in ("input", "checkpoint", "run")}
    assert main(command.format(**flags).split()) == 2
    assert f"{tmp_path}/none" in capsys.readouterr().err


def test_paths_in_hints_can_be_pasted(half, tmp_path):  # noqa: F811
    run = Run(shutil.copytree(half.directory, tmp_path / "my run"))  # noqa: F811
    shutil.rmtree(run.checkpoint(8))
    with pytest.raises(NmtError, match=f"nmt train --run '{run.directory}' --resume"):
        load(run.directory)


def test_a_folder_named_like_a_shipped_model_is_told(half, tmp_path, monkeypatch, capsys):  # noqa: F811
    shutil.copytree(half.checkpoint(8), tmp_path / "shipped" / "models" / "small")
    monkeypatch.setattr(nmt.runs, "shipped", lambda: tmp_path / "shipped")
    (tmp_path / "here" / "small").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    assert (
        isinstance(load("small"), Trained) and load(half.directory) and not capsys.readouterr().err
    )  # a folder of something else
    shutil.copytree(half.checkpoint(8), "small", dirs_exist_ok=True)
    assert str(load("small").directory) == "small"
    assert "--checkpoint small: the folder of that name here, not the model that ships" in capsys.readouterr().err


def test_a_corpus_that_moved(half, tmp_path, monkeypatch):  # noqa: F811
    run = Run(shutil.copytree(half.directory, tmp_path / "run"))  # noqa: F811
    place = run.config["corpus"]["data"][0]
    run.config["corpus"]["data"] = [place.replace("tiny.tsv", "gone.tsv")]
    with pytest.raises(NmtError, match=r"gone.tsv: neither.*the run remembers its corpus.*--data NEW"):
        corpus_of_run(run, type("Given", (), {}))
    assert corpus_of_run(run, type("Given", (), {"data": [place]})).fingerprint == run.config["corpus"]["fingerprint"]


def test_settings_that_change_no_result_may_change(run, corpus, whole):  # noqa: F811
    config = replace(TINY, keep_checkpoints=2, log_every_n_steps=4, checkpoint_every_n_steps=5)
    again = left_behind(quiet(config, corpus, run.directory, resume=True))
    assert again["model 16"] == whole["model 16"] and again["samples.jsonl"] == whole["samples.jsonl"]
    refused("--dropout is 0.1 in the run", replace(TINY, dropout=0.2), corpus, run.directory, resume=True)


def test_the_batch_of_a_loss_that_is_no_number_is_written_out(corpus, tmp_path, monkeypatch):
    loss, bad = nmt.objective.token_loss, []

    def at_a_word(logits, target, *rest):
        value = loss(logits, target, *rest)
        if logits.requires_grad and len(bad) < 5:
            bad.append(target)
        return value * (math.nan if len(bad) == 5 else 1)

    monkeypatch.setattr(nmt.objective, "token_loss", at_a_word)
    config = replace(TINY, log_every_n_steps=50, checkpoint_every_n_steps=3)
    refused("bad batch, that of step 5, is in bad_batch.jsonl", config, corpus, tmp_path / "run")
    lines = Run(tmp_path / "run").lines("bad_batch.jsonl")
    pairs = list(corpus.pairs("train"))
    assert {line["step"] for line in lines} == {5} and len(lines) == int((bad[-1] == EOS).sum())
    assert all(pairs[line["line"] - 1] == (line["source"], line["target"]) for line in lines)


SETTINGS = PruningConfig(method="random", heads="all", keep=4)


@pytest.fixture(scope="module")
def pruned(half, corpus, tmp_path_factory) -> str:  # noqa: F811
    place = tmp_path_factory.mktemp("pruned") / "run"
    prune(SETTINGS, replace(TINY, max_epochs=1), corpus, half.directory, place, progress=0, log=lambda text: None)
    return place


@pytest.mark.parametrize("method", ["shed", "magnitude", "confidence", "taylor", "leave-one-out", "greedy-oracle"])
def test_a_pruned_model_is_pruned_again(method, pruned, corpus, tmp_path):
    """For fewer heads, and with every method for neurons, of which all are there."""
    config, quietly = replace(TINY, max_epochs=1), {"progress": 0, "log": lambda text: None}
    before = load(pruned).model.config
    result = prune(PruningConfig(method=method, heads="all", keep=2), config, corpus, pruned, tmp_path / "a", **quietly)
    after = load(tmp_path / "a").model.config
    assert result["kept"] == 2 == sum(len(row) for kind in ("encoder", "decoder", "cross") for row in after.kept(kind))
    for kind in ("encoder", "decoder", "cross"):
        assert all({*now} <= {*then} for now, then in zip(after.kept(kind), before.kept(kind), strict=True))


def test_other_kinds_of_a_pruned_model(pruned, corpus, tmp_path):
    config, quietly = replace(TINY, max_epochs=1), {"progress": 0, "log": lambda text: None}
    neurons = PruningConfig(method="on-budget", heads="encoder_ff", keep=5)
    assert prune(neurons, config, corpus, pruned, tmp_path / "b", **quietly)["kept"] == 5
    with pytest.raises(NmtError, match=r"pruned already .*: --method on-budget wants whole layers; take shed"):
        prune(replace(neurons, heads="all", keep=2), config, corpus, pruned, tmp_path / "c", **quietly)


def test_a_full_disk_while_pruning_ends(pruned, corpus, tmp_path, monkeypatch):
    """The message names the disk; when there is room the same run goes on to its result."""
    run = Run(shutil.copytree(pruned, tmp_path / "run"))  # noqa: F811
    expected = (run.directory / "result.json").read_text()
    (run.directory / "result.json").unlink()
    again = [SETTINGS, replace(TINY, max_epochs=1), corpus, None, run.directory, True]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (run.directory / "pruned" / "model.safetensors").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size - 1, hard))
    try:
        with pytest.raises(OSError, match=r"File too large: .*pruned"):
            prune(*again, progress=0, log=lambda text: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    prune(*again, progress=0, log=lambda text: None)
    assert (run.directory / "result.json").read_text() == expected
