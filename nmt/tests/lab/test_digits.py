"""Laws of pruning an MLP: removal changes no output, budgets are exact, seeds repeat, lines resume."""

import copy
import json

import pytest
import torch

from nmt import NmtError
from nmt.attention import FixedGate
from nmt.gates import HardConcrete

digits = pytest.importorskip("digits", reason="needs the clone: data/results/digits")
AMOUNTS, MLP, remove_units = digits.AMOUNTS, digits.MLP, digits.remove_units

UNITS = 64 + 12 + 8


@pytest.fixture(scope="module", autouse=True)
def tiny():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"hidden": [12, 8], "dense_steps": 20, "prune_steps": 60, "batch_size": 20}.items():
            patch.setitem(digits.SETTINGS, name, value)
        yield


@pytest.fixture(scope="module")
def data() -> dict[str, digits.Pictures]:
    """A task of our own, so that no law needs scikit-learn: is the left half the brighter one?"""
    x = torch.rand(300, 64, generator=torch.Generator().manual_seed(0))
    y = (x.view(-1, 8, 8)[:, :, :4].sum((1, 2)) > x.view(-1, 8, 8)[:, :, 4:].sum((1, 2))).long()
    return {"valid": (x[:50], y[:50]), "test": (x[50:100], y[50:100]), "train": (x[100:], y[100:])}


@pytest.fixture(scope="module")
def start(data) -> MLP:
    return digits.dense(data["train"], seed=0)


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_the_smaller_mlp_computes_what_the_gated_one_does(device, dtype, bound):
    torch.manual_seed(0)
    model = MLP().to(device, dtype)
    x = torch.rand(50, 64, dtype=dtype, device=device)
    for closed in (0.5, 0.9):  # twice: a smaller MLP may be made smaller still
        factors = [torch.rand(w, dtype=dtype, device=device) for w in model.widths]
        factors = [f * (torch.rand_like(f) > closed) for f in factors]
        small = remove_units(model, factors)
        model.gates = [FixedGate(f) for f in factors]
        assert small.widths == [int((f > 0).sum()) for f in factors]
        torch.testing.assert_close(small(x), model(x), atol=bound, rtol=0)
        model = small


def test_an_mlp_with_nothing_left_says_its_last_bias():
    model = MLP()
    small = remove_units(model, [torch.zeros(w) for w in model.widths])
    assert small.widths == [0, 0, 0]
    assert torch.equal(small(torch.rand(3, 64)), model.layers[-1].bias.expand(3, 10))


@pytest.mark.parametrize("method", ["random", "magnitude", "on-budget"])
@pytest.mark.parametrize("keep", [1, 30])
def test_the_budget_is_exact_and_the_dense_model_unchanged(data, start, method, keep):
    before = copy.deepcopy(start.state_dict())
    small = digits.prune(start, data["train"], 0, method, keep)
    assert sum(small.widths) == keep and len(small.pixels) == small.widths[0]
    assert all(torch.equal(a, b) for a, b in zip(before.values(), start.state_dict().values(), strict=True))


def test_the_expected_count_is_the_budget_at_the_end_of_the_search(data, start):
    gates = digits.on_budget(copy.deepcopy(start), data["train"], 50, 0, keep=17)
    gates.set(gates.k, gates.tau, gates.temperature)  # the last step moved a
    assert gates.k == 17 and float(gates.p_open().detach().sum()) == pytest.approx(17, abs=1e-6)


def test_the_penalty_is_made_of_the_probabilities_of_weights_or_neurons(data):
    seen = {}

    def fit(model, pictures, steps, seed, gates, penalty):
        seen["penalty"], seen["gates"] = penalty(0.0), model.gates

    model = MLP()
    for warm, costs in ((False, [12, 8, 10]), (True, [1, 1, 1])):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(digits, "fit", fit)
            digits.l0(model, data["train"], 1, 0, 0.5, warm)
        assert all(isinstance(g, HardConcrete) and g.temperature == 2 / 3 for g in seen["gates"])
        expected = sum(c * g.p_open().sum() for c, g in zip(costs, seen["gates"], strict=True)) * 0.5 / 200
        torch.testing.assert_close(seen["penalty"], expected)


def test_log_alpha_is_clamped():
    gates = [HardConcrete(2, torch.tensor([-9.0, 9.0]))]
    digits.clamp(gates)
    torch.testing.assert_close(gates[0].log_alpha.data, torch.tensor([-digits.CLAMP, digits.CLAMP]))


def test_a_stronger_penalty_leaves_fewer(data, start, monkeypatch):
    monkeypatch.setitem(digits.SETTINGS, "gate_lr", 0.2)
    kept = [sum(digits.prune(start, data["train"], 0, "l0-warm", strength).widths) for strength in (0.0, 30.0)]
    assert kept[1] < kept[0]


def test_taylor_scores_are_the_gradients_of_gates(start, data):
    x, y = data["valid"]
    model = copy.deepcopy(start).double()
    scores = digits.taylor(model, x.double(), y)
    loss = torch.nn.functional.cross_entropy
    for unit in (20, 64 + 3, 64 + 12 + 5):
        expected = 0.0
        for i in range(len(x)):
            sides = []
            for h in (1e-5, -1e-5):
                factors = torch.ones(UNITS, dtype=torch.float64)
                factors[unit] += h
                sides.append(
                    loss(remove_units(model, factors.split(model.widths))(x[i : i + 1].double()), y[i : i + 1])
                )
            expected += abs((sides[0] - sides[1]).item() / 2e-5) / len(x)
        assert float(scores[unit]) == pytest.approx(expected, rel=1e-4, abs=1e-8)


@pytest.mark.parametrize("method", AMOUNTS)
def test_the_same_seed_gives_the_same_model(data, start, method):
    amount = 5.0 if method.startswith("l0") else 30
    one, two, other = (digits.prune(start, data["train"], seed, method, amount).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(a, b) for a, b in zip(one.values(), two.values(), strict=True))
    assert any(a.shape != b.shape or not torch.equal(a, b) for a, b in zip(one.values(), other.values(), strict=True))


@pytest.mark.parametrize("method", ["random", "magnitude", "on-budget"])
def test_more_units_than_there_are_cannot_be_kept(data, start, method):
    with pytest.raises(NmtError, match="cannot keep"):
        digits.prune(start, data["train"], 0, method, UNITS + 1)


def test_the_comparison_resumes_and_its_figures_are_drawn(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(digits, "load", lambda seed: data)
    amounts = {method: [1.0] if method.startswith("l0") else [30] for method in AMOUNTS} | {"dense": [UNITS]}
    cells = digits.compare(tmp_path, [0, 1], amounts)
    assert len(cells) == capsys.readouterr().out.count("test error") == 2 * len(AMOUNTS)
    assert {cell["kept"] for cell in cells if cell["method"] == "dense"} == {UNITS}
    file = tmp_path / "cells.jsonl"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))
    assert digits.compare(tmp_path, [0, 1], amounts) == cells == [*map(json.loads, file.read_text().splitlines())]
    assert capsys.readouterr().out.count("test error") == 1
    assert digits.error_curves(cells).axes and len(digits.surviving_pixels(cells, torch.rand(64)).axes) == 2


def test_the_pictures_are_split_without_overlap():
    pytest.importorskip("sklearn")
    one, two = digits.load(0), digits.load(1)
    assert {k: len(y) for k, (x, y) in one.items()} == {"valid": 200, "test": 500, "train": 1097}
    assert float(one["train"][0].max()) == 1.0 and not torch.equal(one["test"][0], two["test"][0])
    everything = [torch.cat([x for x, _ in parts.values()]).sum() for parts in (one, two)]
    torch.testing.assert_close(*everything)
