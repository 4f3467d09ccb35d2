"""The record of what heads look at while a model is pruned: what is kept, and that it is what the script measures."""

import json

import numpy as np
import pytest
import torch

from nmt.config import TrainingConfig
from nmt.plumbing.places import in_clone
from nmt.pruning import masks
from nmt.runs import load
from nmt.training import train

roles = pytest.importorskip("roles", reason="needs the clone: data/results/roles")


def read(name: str) -> dict:
    return json.loads(in_clone("data", "results", "roles", f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", roles.RUNS)
def test_a_record_has_every_moment(name):
    record = read(name)
    steps = [moment["step"] for moment in record["moments"]]
    assert set(roles.MOMENTS[name]) <= set(steps) and steps == sorted(steps)
    kept = [moment["kept"] for moment in record["moments"]]
    assert kept == sorted(kept, reverse=True) and (kept[0], kept[-1]) == (48, 12 if name == "pruning" else 48)
    for moment in record["moments"]:
        assert moment["kept"] == masks.count(masks.from_json(moment["mask"]))
        for relations in moment.get("roles", {}).values():
            for halves in relations.values():
                assert np.shape(halves) == (2, 2, 8) and 0 <= np.min(halves) <= np.max(halves) <= 1


def test_weights_and_mask_of_the_watched_steps_are_kept(corpus, tmp_path):
    objective = roles.Watched()
    objective.moments, objective.folder = (0, 2, 3), tmp_path
    size = {"num_blocks": 1, "d_model": 8, "num_heads": 2, "src_vocab_size": 80, "trg_vocab_size": 80}
    train(TrainingConfig(**size, batch_size=30), corpus, tmp_path / "run", objective=objective, progress=0)
    kept = [torch.load(path, weights_only=True) for path in sorted(tmp_path.glob("*.pt"))]
    assert [one["step"] for one in kept] == [0, 2, 3]
    assert all(one["mask"] == {kind: [[1, 1]] for kind in ("encoder", "decoder", "cross")} for one in kept)
    first, *_, last = (one["weights"]["encoder.0.self_attention.in_weight"] for one in kept)
    assert not torch.equal(first, last)


def test_the_first_moment_of_pruning_is_the_model_that_ships():
    dense = load("phrasebook")
    found = roles.Measured(dense, roles.SENTENCES, 3).roles(dense.model)
    for kind, relations in read("pruning")["moments"][0]["roles"].items():
        for name, halves in relations.items():
            assert np.abs(np.array(found[kind][name]) - halves).max() <= 0.02, (kind, name)  # ties, on another machine
