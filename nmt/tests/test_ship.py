"""Shipping: the model comes back by name, its card says how it was made, and nothing of it is wrong or half there."""

import json

import pytest
import torch

import nmt
from nmt import NmtError, runs, ship
from nmt.config import TrainingConfig
from nmt.training import train

SIZE = {"src_vocab_size": 80, "trg_vocab_size": 80, "num_blocks": 1, "d_model": 16, "num_heads": 2}


@pytest.fixture(scope="module")
def run(corpus, tmp_path_factory):
    config = TrainingConfig(max_epochs=1, limit_train_batches=2, limit_val_batches=1, precision="32", **SIZE)
    directory = tmp_path_factory.mktemp("runs") / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMT_DATA", str(corpus.directory.parent.parent))
        return train(config, corpus, directory, device="cpu", progress=0, log=lambda text: None).directory


@pytest.fixture
def data(tmp_path, monkeypatch):
    """data/ of a clone of its own, for writing and for loading."""
    for module in (ship, runs):
        monkeypatch.setattr(module, "shipped", lambda: tmp_path)
    return tmp_path


def score(name: str) -> dict:
    return {"checkpoint": f"data/models/{name}", "data": "tiny", "split": "test", "sentences": 50, "beam": 4,
            "bleu": 12.345, "chrf": 30.0, "signature": "nrefs:1|case:mixed"}  # fmt: skip


def test_a_shipped_model_is_loaded_by_name_and_is_the_run_in_half_precision(run, data):
    assert ship.ship(run, "tiny") == data / "models" / "tiny"
    dense, shipped = nmt.load(run), nmt.load("tiny")
    assert shipped.model.config == dense.model.config
    for (name, ours), theirs in zip(dense.model.named_parameters(), shipped.model.parameters(), strict=True):
        assert theirs.dtype == torch.float32 and torch.equal(ours.half().float(), theirs), name
    folder = data / "models" / "tiny"
    assert sorted(p.name for p in folder.iterdir()) == [
        "README.md",
        *sorted(("model.json", runs.WEIGHTS)),
        "src.bpe",
        "trg.bpe",
    ]
    assert (folder / runs.WEIGHTS).stat().st_mode & 0o044
    assert not [p for p in data.rglob(".*")]


def test_the_card_tells_from_the_records_and_names_no_path_of_this_machine(run, data):
    text = (ship.ship(run, "tiny", [score("tiny")], "## Cannot\n\nmuch") / "README.md").read_text(encoding="utf-8")
    assert "## Cannot\n\nmuch" in text and "12.35" in text and r"nrefs:1\|case:mixed" in text
    records = runs.Run(run)
    assert f"seed {records.config['training']['seed']}" in text and f"{records.last_step():,} steps" in text
    assert all(file["sha256"] in text for file in records.config["card"]["files"])
    assert str(run.parent) not in text and str(data) not in text
    assert ship._plain("/home/me/a.tsv:60000") == "a.tsv:60000" and ship._plain("runs/a") == "runs/a"


def test_the_same_weights_get_a_new_card_and_other_weights_are_refused(run, data, tmp_path, monkeypatch):
    folder = ship.ship(run, "tiny")
    assert "Not scored yet" in (folder / "README.md").read_text(encoding="utf-8")
    scores = tmp_path / "scores.jsonl"
    scores.write_text(json.dumps(score("tiny")) + "\n")
    ship.main([str(run), "tiny", str(scores)])
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
    with pytest.raises(NmtError, match="not a run directory"):
        ship.ship(tmp_path, "tiny")
    monkeypatch.setitem(ship.LIMITS, "tiny", 1000)
    with pytest.raises(NmtError, match=r"may take 0.001:"):
        ship.ship(run, "tiny")
    loaded = nmt.load(run)
    with torch.no_grad():
        loaded.model.generator.bias[0] = 1e6
    monkeypatch.setattr(ship, "load", lambda run: loaded)
    with pytest.raises(NmtError, match="half precision"):
        ship.ship(run, "tiny")
    assert not (data / "models" / "tiny").exists() and not [p for p in data.rglob(".*")]


def test_the_command_refuses_what_it_does_not_know(tmp_path):
    for arguments in ([], ["run"], ["run", "name", "a.txt"]):
        with pytest.raises(NmtError, match="RUN NAME"):
            ship.main(arguments)
    (tmp_path / "bad.jsonl").write_text("BLEU 12\n")
    with pytest.raises(NmtError, match="nmt score"):
        ship.main(["run", "name", str(tmp_path / "bad.jsonl")])
