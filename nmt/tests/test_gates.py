"""Laws of the hard concrete gate: its probabilities and gradients are those of the closed forms."""

import copy
import math

import pytest
import torch

import nmt.gates
from nmt import NmtError
from nmt.gates import EPSILON, GAMMA, ZETA, HardConcrete
from nmt.pruning.methods.budgeted_gates import BudgetedGates

LOG_ALPHA = torch.tensor([-3.0, -1.0, 0.0, 0.7, 2.0, 4.0])


def drawn(temperature: float, device, count: int = 200_000) -> torch.Tensor:
    """One draw of as many gates of each log α: (count, 6)."""
    torch.manual_seed(0)
    return HardConcrete(6 * count, LOG_ALPHA.repeat(count), temperature).to(device)(1).detach().view(count, 6)


@pytest.mark.parametrize("temperature", [0.25, 0.33, 2 / 3])
def test_probabilities_are_the_frequencies_of_samples(device, temperature):
    gate, samples = HardConcrete(6, LOG_ALPHA, temperature).to(device), drawn(temperature, device)
    assert samples.min() >= 0 and samples.max() <= 1
    # 200,000 draws: a standard error of at most 0.0011
    torch.testing.assert_close((samples > 0).float().mean(0), gate.p_open(), atol=0.006, rtol=0)
    torch.testing.assert_close((samples == 1).float().mean(0), gate.p_one(), atol=0.006, rtol=0)


@pytest.mark.parametrize("temperature", [0.25, 0.33, 1.0])
def test_the_density_and_the_two_masses_add_up_to_one_and_it_is_that_of_samples(device, temperature):
    gate, samples = HardConcrete(6, LOG_ALPHA, temperature).to(device), drawn(temperature, device)
    middles = (torch.arange(20_000, device=device) + 0.5)[:, None] / 20_000
    density = gate.density(middles)  # (20000, 6)
    torch.testing.assert_close(density.mean(0), gate.p_open() - gate.p_one(), atol=1e-4, rtol=0)
    lower_half = ((samples > 0) & (samples < 0.5)).float().mean(0)
    torch.testing.assert_close(density[:10_000].sum(0) / 20_000, lower_half, atol=0.006, rtol=0)


def test_one_sample_for_each_gate_and_batch(device):
    assert HardConcrete(4).to(device)(7).shape == (1, 4)
    gate = HardConcrete(4, 0.0).to(device)
    assert not torch.equal(gate(1), gate(1))  # drawn anew at each call


def test_gradients_are_those_of_the_closed_form(device):
    """dg/dlog α = (ζ - γ) s (1 - s) / T where 0 < g < 1, else 0; dP(open)/dlog α = p (1 - p)."""
    gate = HardConcrete(6, LOG_ALPHA).to(device)
    u = torch.tensor([0.6, 0.7, 0.5, 0.4, 0.2, 0.5], device=device)
    g = gate.at(u)
    g.sum().backward()
    s = torch.sigmoid((torch.log(u) - torch.log1p(-u) + gate.log_alpha) / gate.temperature).detach()
    inside = (g > 0) & (g < 1)
    assert inside.any() and not inside.all()
    expected = torch.where(inside, 1.2 * s * (1 - s) / gate.temperature, torch.zeros_like(s))
    torch.testing.assert_close(gate.log_alpha.grad, expected)

    gate.log_alpha.grad = None
    p = gate.p_open()
    p.sum().backward()
    torch.testing.assert_close(gate.log_alpha.grad, (p * (1 - p)).detach())
    assert (gate.log_alpha.grad > 0).all()  # the penalty falls as log α falls


def test_evaluation_is_deterministic_and_knows_no_temperature(device):
    gates = [HardConcrete(6, LOG_ALPHA, t).to(device).eval() for t in (0.25, 2 / 3)]
    values = [gate(3) for gate in gates]
    assert torch.equal(*values) and values[0].shape == (1, 6)
    # closed below log α = ln(0.1 / 1.1) = -2.398, open above 2.398
    assert gates[0].undecided().tolist() == [False, True, True, True, True, False]
    assert values[0][0, 0] == 0 and values[0][0, -1] == 1


def test_float32_under_autocast(device):
    gate = HardConcrete(6, LOG_ALPHA).to(device)
    u = torch.linspace(0.1, 0.9, 6, device=device)
    with torch.autocast(device.type, torch.bfloat16):
        inside = gate.at(u)
        probability = gate.p_open()
    assert inside.dtype == probability.dtype == torch.float32
    assert torch.equal(inside, gate.at(u)) and torch.equal(probability, gate.p_open())


def test_extreme_draws_stay_finite(device):
    gate = HardConcrete(2, torch.tensor([0.01, 100.0]).log()).to(device)
    for u in (1e-6, 1 - 1e-6):
        g = gate.at(torch.full((2,), u, device=device))
        g.sum().backward()
        assert g.isfinite().all() and gate.log_alpha.grad.isfinite().all()


def test_nothing_cached_breaks_deepcopy_or_the_state_dict(device):
    gate = HardConcrete(3, 0.5).to(device)
    gate(4).sum().backward()
    twin = copy.deepcopy(gate)
    assert list(gate.state_dict()) == ["log_alpha"] and torch.equal(twin.value(), gate.value())


@pytest.mark.parametrize("temperature", [0.33, 0.66])
def test_gates_on_budget_are_the_same_gates(temperature, monkeypatch):
    """To the bit, with gradients; only their log α are not free."""
    start = torch.linspace(-2, 2, 9)

    def on_budget() -> tuple[BudgetedGates, HardConcrete]:
        of_all = BudgetedGates(start)
        of_all.set(4.0, 0.7, temperature)
        alone = HardConcrete(9, temperature=temperature).double()
        alone.log_alpha.data = of_all.log_alpha.detach().clone()
        return of_all, alone

    of_all, alone = on_budget()
    assert float(of_all.p_open().sum().detach()) == pytest.approx(4.0, abs=1e-9)
    torch.manual_seed(1)
    factors = of_all.factors(2, 7)
    torch.manual_seed(1)
    u = torch.rand(5, dtype=torch.float64) * (1 - 2 * EPSILON) + EPSILON
    log_alpha = alone.log_alpha.detach()
    s = torch.sigmoid((torch.logit(u) + log_alpha[2:7]) / temperature)
    assert torch.equal(factors, (s * (ZETA - GAMMA) + GAMMA).clamp(0, 1)) and factors.requires_grad
    assert torch.equal(of_all.p_open(), torch.sigmoid(log_alpha - temperature * math.log(-GAMMA / ZETA)))
    assert torch.equal(of_all.p_open(), alone.p_open())
    assert torch.equal(of_all.undecided(), log_alpha.abs() < math.log(ZETA / -GAMMA)) and of_all.undecided().any()
    assert list(of_all.state_dict()) == ["scores"] == [name for name, _ in of_all.named_parameters()]

    monkeypatch.setattr(nmt.gates, "GAMMA", -0.3)  # the stretch is said in one place
    of_all, alone = on_budget()
    assert float(of_all.p_open().sum().detach()) == pytest.approx(4.0, abs=1e-9)
    assert torch.equal(of_all.undecided(), alone.undecided()) and torch.equal(of_all.p_open(), alone.p_open())


def test_a_temperature_is_above_zero():
    assert GAMMA < 0 < 1 < ZETA
    with pytest.raises(NmtError, match="hard concrete"):
        HardConcrete(2, temperature=0.0)
