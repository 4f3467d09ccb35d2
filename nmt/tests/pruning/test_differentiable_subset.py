"""Differentiable subset pruning: the relaxed top-k, and its gates."""

import pytest
import torch

from nmt.pruning.methods.competing_gates import LayerView
from nmt.pruning.methods.differentiable_subset import SubsetGates, soft_top_k


@pytest.fixture
def scores(device) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(12, dtype=torch.float64).to(device)


@pytest.mark.parametrize("temperature", [10.0, 1.0, 0.1, 1e-3])
@pytest.mark.parametrize("k", [0, 1, 5, 12])
def test_the_factors_sum_to_k(scores, k, temperature):
    soft = soft_top_k(scores, k, temperature)
    assert float(soft.sum()) == pytest.approx(k, abs=1e-6) and soft.min() >= 0


@pytest.mark.parametrize("k", [1, 5, 11])
def test_cold_it_is_the_hard_top_k(scores, k):
    hard = torch.zeros_like(scores)
    hard[scores.topk(k).indices] = 1
    far, near, there = (float((soft_top_k(scores, k, t) - hard).abs().max()) for t in (1.0, 0.05, 1e-8))
    assert far > near > there and there < 1e-6


def test_hot_all_are_alike(scores):
    torch.testing.assert_close(soft_top_k(scores, 3, 1e6), torch.full_like(scores, 3 / 12), atol=1e-5, rtol=0)


def test_of_one_it_is_the_softmax_and_of_two_the_next_without_it(scores):
    p = (scores / 0.7).softmax(-1)
    torch.testing.assert_close(soft_top_k(scores, 1, 0.7), p)
    second = (scores + torch.log(1 - p)).div(0.7).softmax(-1)
    torch.testing.assert_close(soft_top_k(scores, 2, 0.7), p + second)


def test_its_gradient_is_that_of_finite_differences(scores):
    assert torch.autograd.gradcheck(lambda s: soft_top_k(s, 4, 0.5), scores.clone().requires_grad_())


def test_the_gradient_stays_finite_when_cold(scores):
    w = scores.clone().requires_grad_()
    (soft_top_k(w, 5, 1e-8) * torch.arange(12.0, device=w.device)).sum().backward()
    assert w.grad.isfinite().all()


def test_straight_through_is_exactly_k_ones_and_the_identity_backward(scores):
    gates = SubsetGates(scores.clone(), 5, straight_through=True)
    weights = torch.arange(12.0, dtype=torch.float64, device=scores.device)
    for _ in range(5):
        gates.draw()
        factors = gates.factors()
        torch.testing.assert_close(factors.sort().values, torch.tensor([0.0] * 7 + [1.0] * 5).to(factors))
        assert torch.equal(
            factors.topk(5).indices.sort().values, (gates.scores + gates.noise).topk(5).indices.sort().values
        )
        gates.scores.grad = None
        (factors * weights).sum().backward()
        torch.testing.assert_close(gates.scores.grad, weights)


def test_layers_see_their_part_of_one_draw(scores):
    gates = SubsetGates(scores.clone(), 5, straight_through=False)
    gates.draw()
    parts = [LayerView(gates, first, first + 4)(3) for first in (0, 4, 8)]
    assert all(part.shape == (1, 4) and part.dtype == torch.float32 for part in parts)
    torch.testing.assert_close(torch.cat(parts, 1)[0], gates.factors().float())
    assert float(torch.cat(parts, 1).detach().sum()) == pytest.approx(5, abs=1e-5)
    before = gates.noise
    gates.draw()
    assert not torch.equal(before, gates.noise)


def test_noise_draws_each_head_as_often_as_its_softmax_says():
    """The top 1 of w + Gumbel noise is a sample of softmax(w)."""
    torch.manual_seed(1)
    w = torch.tensor([0.0, 1.0, -1.0, 0.5], dtype=torch.float64)
    gates, counts = SubsetGates(w, 1, straight_through=True), torch.zeros(4)
    for _ in range(1500):
        gates.draw()
        counts += gates.factors().detach().round().float()
    torch.testing.assert_close(counts / 1500, w.softmax(-1).float(), atol=0.05, rtol=0)  # standard error 0.013
