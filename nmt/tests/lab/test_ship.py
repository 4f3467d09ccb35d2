"""Shipping: the model comes back by name, its card says how it was made, and nothing of it is wrong or half there."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from page_parts import without_paths

import nmt
from nmt import NmtError, runs
from nmt.config import TrainingConfig
from nmt.corpora.corpus import prepare
from nmt.models import WEIGHTS, WORD, WORDS
from nmt.plumbing.averaging import average_last
from nmt.pruning.config import PruningConfig
from nmt.pruning.prune import prune
from nmt.training import train

ship = pytest.importorskip("ship", reason="needs the clone: data/models")
SIZE = {"src_vocab_size": 80, "trg_vocab_size": 80, "num_blocks": 1, "d_model": 16, "num_heads": 2}


@pytest.fixture(scope="module")
def run(corpus, tmp_path_factory):
    config = TrainingConfig(max_epochs=1, limit_train_batches=2, limit_val_batches=1, precision="32", **SIZE)
    directory = tmp_path_factory.mktemp("runs") / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMT_DATA", str(corpus.directory.parent.parent))
        return train(config, corpus, directory, device="cpu", progress=0, log=lambda text: None).directory


@pytest.fixture
def data(tmp_path, monkeypatch, corpus):
    """data/ of a clone of its own, for writing and for loading."""
    monkeypatch.setenv("NMT_DATA", str(corpus.directory.parent.parent))
    folder = tmp_path / "data"
    folder.mkdir()
    for module in (ship, runs):
        monkeypatch.setattr(module, "shipped", lambda: folder)
    return folder


def score(name: str) -> dict:
    return {"checkpoint": f"data/models/{name}", "data": "tiny", "split": "test", "sentences": 50, "beam": 4,
            "length_penalty": 0.6, "bleu": 12.345, "chrf": 30.0, "signature": "nrefs:1|case:mixed"}  # fmt: skip


def test_a_shipped_model_is_loaded_by_name_and_is_the_run_in_half_precision(run, data, corpus):
    assert ship.ship(run, "tiny") == data / "models" / "tiny"
    dense, shipped = nmt.load(run), nmt.load("tiny")
    assert shipped.model.config == dense.model.config
    for (name, ours), theirs in zip(dense.model.named_parameters(), shipped.model.parameters(), strict=True):
        assert theirs.dtype == torch.float32 and torch.equal(ours.half().float(), theirs), name
    folder = data / "models" / "tiny"
    assert sorted(p.name for p in folder.iterdir()) == [
        "README.md",
        *sorted(("model.json", WEIGHTS)),
        "src.bpe",
        "trg.bpe",
        WORDS,
    ]
    trained_on = set(WORD.findall(" ".join(corpus.lines("train", "en")).lower()))
    assert shipped.words == trained_on and not dense.words
    word = min(trained_on)[0] * 7  # its letters are known, the word is not
    assert shipped.unseen(f"{' '.join(trained_on)} {word}") == [word]
    assert shipped.n_best([word])[0][0].doubt == f"the model never saw {word}"
    assert dense.n_best([word])[0][0].unseen == []
    assert (folder / WEIGHTS).stat().st_mode & 0o044
    assert not [p for p in data.rglob(".*")]


def test_a_model_that_began_with_one_that_ships_knows_its_words_too(run, data, corpus, tmp_path):
    ship.ship(run, "tiny")
    config = TrainingConfig(max_epochs=1, limit_train_batches=2, limit_val_batches=1, precision="32", **SIZE)
    own = tmp_path / "own.tsv"
    own.write_text("".join(f"new word{i} here\tслово {i}\n" for i in range(200)), encoding="utf-8")
    later = train(config, prepare(own), tmp_path / "later", device="cpu", checkpoint="tiny", progress=0, log=len)
    began_with = set(nmt.load("tiny").words)
    ship.ship(later.directory, "later")
    assert began_with | {"here", "new"} <= set(nmt.load("later").words) and "here" not in began_with


def test_the_card_tells_from_the_records_and_names_no_path_of_this_machine(run, data):
    text = (ship.ship(run, "tiny", [score("tiny")], "## Cannot\n\nmuch") / "README.md").read_text(encoding="utf-8")
    assert "## Cannot\n\nmuch" in text and "12.35" in text and r"nrefs:1\|case:mixed" in text
    records = runs.Run(run)
    assert f"seed {records.config['training']['seed']}" in text and f"{records.last_step():,} steps" in text
    assert all(file["sha256"] in text for file in records.config["card"]["files"])
    assert str(run.parent) not in text and str(data) not in text
    for argument, shown in {"/home/me/a.tsv:60": "a.tsv:60", "runs/a": "runs/a", "--run=/home/me/a": "--run=a"}.items():
        assert without_paths(argument) == shown


@pytest.fixture(scope="module")
def lineage(run, corpus, tmp_path_factory):
    """Four ways to a model, each from the one before: a plain run, the mean of its checkpoints, annealed, pruned."""
    folder = tmp_path_factory.mktemp("lineage")
    config = TrainingConfig(max_epochs=2, batch_size=70, limit_val_batches=1, precision="32", **SIZE)
    quiet = {"device": "cpu", "progress": 0, "log": lambda text: None}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMT_DATA", str(corpus.directory.parent.parent))

        def says(*command):
            patch.setattr("sys.argv", ["/home/me/bin/nmt", *command])

        says("train", "--data", "/home/me/tiny.tsv:60", "--run", str(folder / "plain"), "--lr", "0.7")
        several = replace(config, checkpoint_every_n_steps=1, keep_checkpoints=3, log_every_n_steps=1)
        plainly = train(several, corpus, folder / "plain", **quiet)
        says("average", "--run", str(folder / "plain"), "--last", "2", "--out", str(folder / "mean"))
        before = plainly.steps()[:-1]
        with pytest.MonkeyPatch.context() as earlier:  # as if the run went on by a step after that
            earlier.setattr(runs.Run, "steps", lambda self: before)
            mean = average_last(plainly, 2, folder / "mean")
        says("train", "--checkpoint", str(mean), f"--run={folder / 'annealed'}", "--lr", "0.1")
        train(replace(config, seed=7, lr=0.1), corpus, folder / "annealed", checkpoint=mean, **quiet)
        says("prune", "--checkpoint", str(folder / "annealed"), "--run", str(folder / "pruned"))
        settings = PruningConfig(method="magnitude", keep=1)
        prune(
            settings, replace(config, scheduler="no", lr=5e-4), corpus, folder / "annealed", folder / "pruned", **quiet
        )
    return folder


def shipped_card(run, name: str) -> str:
    return (ship.ship(run, name) / "README.md").read_text(encoding="utf-8")


def in_order(text: str, *parts: str) -> bool:
    """Whether the parts stand in the text one after the other."""
    for part in parts:
        _, found, text = text.partition(part)
        if not found:
            return False
    return True


def test_the_card_tells_the_whole_chain_from_the_first_run_to_the_last(lineage, data):
    steps = runs.Run(lineage / "plain").steps()
    plainly = (
        "`plain`, a run from random weights:",
        "nmt train --data tiny.tsv:60 --run plain --lr 0.7",
        "epochs, {} steps, ",
        "seed 1; code ",
    )
    middle = (
        f"2. `mean`, the mean of the weights of step {steps[-3]} of `plain`, step {steps[-2]} of `plain`",
        "nmt average --run plain --last 2 --out mean",
        "3. `annealed`, a run from `mean`:",
        "nmt train --checkpoint mean --run=annealed --lr 0.1",
        "seed 7; code ",
    )
    text = shipped_card(lineage / "plain", "plain")
    best = runs.Run(lineage / "plain").best_step()
    assert in_order(text, *(part.format(best) for part in plainly)) and "1. `plain`" not in text
    averaged, annealed, pruned = (shipped_card(lineage / name, name) for name in ("mean", "annealed", "pruned"))
    first = tuple(part.format(steps[-2]) for part in plainly)  # what came after the mean's checkpoints had no part
    assert in_order(averaged, "1. ", *first[:3], "(the run went on)", first[3], *middle[:2], "## Data", "tiny:")
    assert in_order(annealed, "1. ", *first, *middle, "## Data", "tiny:") and annealed.count("tiny: ") == 1
    step = runs.Run(lineage / "annealed").best_step()
    last = (
        f"4. `pruned`, a run from step {step} of `annealed`:",
        "nmt prune --checkpoint annealed",
        "`magnitude`: 1 of 2",
    )
    assert in_order(pruned, "1. ", *first, *middle, *last, "## Data")
    for text in (averaged, annealed, pruned):
        assert str(lineage.parent) not in text and "/home" not in text
    assert nmt.load("mean").translate("a cat sees snow.") is not None


def test_what_is_not_there_any_more_is_named(lineage, data, tmp_path):
    copy = shutil.copytree(lineage / "annealed", tmp_path / "late")
    config = json.loads((copy / "config.json").read_text())

    def began_with(model) -> str:
        (copy / "config.json").write_text(json.dumps(config | {"checkpoint": str(model)}))
        return shipped_card(copy, "late")

    gone = began_with(tmp_path / "early" / "checkpoints" / "step_00000300")
    assert in_order(gone, "1. `early`, whose directory is gone", "2. `late`, a run from step 300 of `early`:")
    named = began_with(ship.ship(lineage / "plain", "plain"))
    assert in_order(named, "1. `plain`, a model that ships", "2. `late`, a run from `plain`:")
    bare = shutil.copytree(runs.model_directory(lineage / "plain"), tmp_path / "bare")
    assert "1. `bare`, a model directory without records" in began_with(bare)
    with pytest.raises(NmtError, match="no run that led to it is there"):
        ship.ship(bare, "bare")


def test_a_lineage_that_loops_is_refused(lineage, data, tmp_path):
    """Runs that began with each other, with themselves, and a mean of itself and of a run that began with it."""

    def began_with(name: str, model) -> Path:
        copy = shutil.copytree(lineage / "annealed", tmp_path / name)
        config = json.loads((copy / "config.json").read_text())
        (copy / "config.json").write_text(json.dumps(config | {"checkpoint": str(model)}))
        return copy

    mean = shutil.copytree(lineage / "mean", tmp_path / "mean")
    began_with("a", tmp_path / "b"), began_with("b", tmp_path / "a"), began_with("c", tmp_path / "c")
    late = began_with("d", mean)
    told = json.loads((mean / "average.json").read_text())
    for of in ([mean], [lineage / "plain", late]):
        (mean / "average.json").write_text(json.dumps(told | {"of": list(map(str, of))}))
        for looping in ("a", "b", "c", "d", "mean"):
            with pytest.raises(NmtError, match=r"its records say that it began with a model that began with it"):
                ship.ship(tmp_path / looping, "looping")
    for of in (None, "x", [5], [["x"]], []):
        (mean / "average.json").write_text(json.dumps(told | {"of": of}))
        with pytest.raises(NmtError, match=r"average\.json: damaged|no run that led to it"):
            ship.ship(mean, "mean")
    (mean / "average.json").write_text("{}")
    with pytest.raises(NmtError, match=r"average\.json: damaged, without 'of'"):
        ship.ship(mean, "mean")


def test_the_same_weights_get_a_new_card_and_other_weights_are_refused(run, data, tmp_path, monkeypatch):
    folder = ship.ship(run, "tiny")
    assert "Not scored yet" in (folder / "README.md").read_text(encoding="utf-8")
    scores = tmp_path / "scores.jsonl"
    scores.write_text(json.dumps(score("tiny")) + "\n")
    ship.main(str(run), "tiny", str(scores))
    assert "12.35" in (folder / "README.md").read_text(encoding="utf-8")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    loaded = nmt.load(run)
    with torch.no_grad():
        loaded.model.generator.bias.add_(1)
    monkeypatch.setattr(ship, "load", lambda run: loaded)
    with pytest.raises(NmtError, match="holds another model"):
        ship.ship(run, "tiny")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_what_cannot_ship_is_refused_with_a_reason_and_nothing_is_left(run, data, tmp_path, monkeypatch):
    for name in ("", "a/b", "../a", ".hidden"):
        with pytest.raises(NmtError, match="plain name"):
            ship.ship(run, name)
    with pytest.raises(NmtError, match="score what ships"):
        ship.ship(run, "tiny", [score("other")])
    with pytest.raises(NmtError, match="neither a run directory"):
        ship.ship(tmp_path, "tiny")
    monkeypatch.setitem(ship.LIMITS, "tiny", 1000)
    with pytest.raises(NmtError, match=r"may take 1,000:"):
        ship.ship(run, "tiny")
    loaded = nmt.load(run)
    with torch.no_grad():
        loaded.model.generator.bias[0] = 1e6
    monkeypatch.setattr(ship, "load", lambda run: loaded)
    with pytest.raises(NmtError, match="half precision"):
        ship.ship(run, "tiny")
    assert not (data / "models" / "tiny").exists() and not [p for p in data.rglob(".*")]


def test_the_command_refuses_what_it_does_not_know(tmp_path):
    for file in ("a.txt", str(tmp_path / "none.jsonl"), str(tmp_path)):
        with pytest.raises(NmtError, match=r"expected files, SCORES\.jsonl"):
            ship.main("run", "name", file)
    (tmp_path / "bad.jsonl").write_text("BLEU 12\n")
    with pytest.raises(NmtError, match=r"bad\.jsonl:1: a damaged line"):
        ship.main("run", "name", str(tmp_path / "bad.jsonl"))
