"""The records of notebook 06 are those of the models that ship, and measured anew some of them come out again."""

import math

import numpy as np
import pytest
import torch

from nmt.analysis import score_pairs
from nmt.corpora.corpus import prepare
from nmt.phrasebook.contrast import load_contrast
from nmt.plumbing.files import read_json_lines
from nmt.plumbing.places import shipped
from nmt.runs import load

measure = pytest.importorskip("measure", reason="needs the clone: data/results")
RECORDS = shipped() / "results" / "heads"


@pytest.fixture(scope="module")
def items():
    return load_contrast()


@pytest.fixture(scope="module")
def pruned():
    return load("phrasebook-pruned")


def lines(name: str, **fields) -> list[dict]:
    return [line for line in read_json_lines(RECORDS / f"{name}.jsonl") if fields.items() <= line.items()]


def test_the_records_are_of_the_models_that_ship():
    for name, place in measure.SHIPPED.items():
        (line,) = lines("models", model=name)
        assert line["weights"] == measure.about(name, load(place).model)["weights"], f"measure {name} again"


def test_every_model_has_all_its_heads_closed_in_both_ways():
    for name in measure.PHRASEBOOKS:
        (about,) = lines("models", model=name)
        for to in ("zero", "mean"):
            closed = [line["closed"] for line in lines("causes", model=name, to=to)]
            assert len([one for one in closed if len(one) == 1]) == about["heads"]
            assert [one for one in closed if len(one) > 1]
    assert len(lines("chains")) == 39


def test_margins_are_differences_of_log_probabilities_whatever_is_shared(pruned, items):
    some = [items[number] for number in (0, 130, 250, 1500)]
    expected = []
    for item in some:
        right, *wrong = score_pairs(pruned.model, pruned.bpe, [(item.english, x) for x in (item.right, *item.wrong)])
        expected.append(right - max(wrong))
    margins = measure.Margins(pruned, some)
    assert np.allclose(margins(), expected, atol=1e-4) and np.allclose(
        margins(encoder_closed=True), expected, atol=1e-4
    )


@pytest.mark.parametrize("to", ["zero", "mean"])
def test_a_closed_head_measured_anew_loses_the_items_of_the_record(pruned, items, to):
    head, margins = ("cross", 0, 0), measure.Margins(pruned, items)
    numbers = measure.by_phenomenon(items)["negation"][:60]
    constant = measure.means(pruned, list(prepare("phrasebook").pairs("valid"))) if to == "mean" else None
    whole = margins(numbers)
    with measure.closed(pruned.model, [head], constant):
        now = margins(numbers)
    assert np.allclose(whole, margins(numbers), atol=1e-5)  # all is as it was before
    (line,) = lines("causes", model="pruned", closed=[list(head)], to=to)
    certain = np.minimum(abs(whole), abs(now)) > 1e-3  # what hangs by a thread another processor may turn
    again = {n for n, a, b, sure in zip(numbers, whole, now, certain, strict=True) if sure and a > 0 >= b}
    assert again == set(line["lost"]) & {n for n, sure in zip(numbers, certain, strict=True) if sure}


def test_a_head_closed_to_its_mean_says_its_mean(pruned):
    """Where a head says the same at every place anyway, closing it to its mean changes nothing."""
    model = pruned.model
    layer, heads = model.gated_layers("cross")[0], model.config.kept("cross")[0]
    size = layer.head_size
    values = layer.in_weight.data[2 * layer.out.in_features :]
    kept, bias = values[:size].clone(), layer.in_bias.data[2 * layer.out.in_features :][:size]
    values[:size] = 0  # of the first head: what it says is the bias of its values
    pair = [("The cat sleeps.", "Кошка спит.")]
    try:
        constant = measure.means(pruned, pair)
        assert torch.allclose(constant["cross"][0][:size], bias, atol=1e-6)
        before = score_pairs(model, pruned.bpe, pair)
        with measure.closed(model, [("cross", 0, heads[0])], constant):
            assert math.isclose(score_pairs(model, pruned.bpe, pair)[0], before[0], abs_tol=1e-4)
    finally:
        values[:size] = kept


def test_roles_measured_anew_are_those_of_the_record(pruned):
    again = {(line["kind"], line["role"]): line for line in measure.roles_on_gold("pruned", pruned.model, pruned.bpe)}
    for line in lines("roles", model="pruned", on="gold links"):
        if line["kind"] != "encoder":
            assert np.allclose(again[line["kind"], line["role"]]["scores"], line["scores"], atol=2e-3), line["role"]
