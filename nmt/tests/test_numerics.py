"""Numbers: gradients are those of finite differences; bfloat16 and float16 are as near to float32 as their digits let.

A bound is a multiple of the unit roundoff of a type, half the distance from 1 to the next number: 2^-8 and 2^-11.
"""

import pytest
import torch
from torch.autograd import gradcheck
from torch.func import functional_call

from nmt import PAD
from nmt.attention import FixedGate, MultiHeadAttention, scaled_dot_product_attention, target_mask
from nmt.gates import HardConcrete
from nmt.objective import token_loss
from nmt.transformer import KINDS, Transformer, TransformerConfig

ROUNDOFF = {torch.bfloat16: 2.0**-8, torch.float16: 2.0**-11}
LOGITS, LOSS, GRADIENT = 4, 0.25, 32  # roundoffs: the norm of the error, in parts of the norm; seen: 1.9, 0.05, 18


@pytest.fixture
def trg(device) -> torch.Tensor:
    return torch.tensor([[2, 4, 5, 6], [2, 7, PAD, PAD], [2, 18, 4, PAD], [2, 9, 9, 9]], device=device)


def double(*shape, device) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, device=device, requires_grad=True)


# Gradients


def test_attention(device):
    torch.manual_seed(1)
    query, key, value = (double(2, 2, length, 3, device=device) for length in (4, 5, 5))
    mask = torch.ones(2, 1, 1, 5, dtype=torch.bool, device=device)
    mask[1, ..., 3:] = False
    assert gradcheck(lambda *given: scaled_dot_product_attention(*given, mask), (query, key, value))


@pytest.mark.parametrize("cross", [False, True])
def test_many_heads_behind_gates(cross, device):
    """By what they read, by each of their parameters, and by the gates."""
    torch.manual_seed(2)
    layer = MultiHeadAttention(6, 3, 2).to(device, torch.float64)
    layer.gate = FixedGate(torch.ones(3, dtype=torch.float64, device=device))
    x, memory, gates = double(2, 4, 6, device=device), double(2, 5, 6, device=device), double(3, device=device)
    mask = None if cross else target_mask(torch.tensor([[4, 5, 6, 7], [4, 5, PAD, PAD]], device=device))
    names, parameters = zip(*layer.named_parameters(), strict=True)

    def run(x, memory, gates, *parameters):
        changed = dict(zip(names, parameters, strict=True)) | {"gate.values": gates}
        return functional_call(layer, changed, (x, mask, memory if cross else None))[0]

    assert gradcheck(run, (x, memory, gates, *parameters))


def test_gates(device):
    """As drawn, with the same numbers each time, as evaluated, and the probability to be open; none is at a kink."""
    log_alpha = torch.tensor([-3.0, -1.0, 0.1, 0.7, 2.0, 4.0], dtype=torch.float64, device=device, requires_grad=True)
    u = torch.tensor([0.6, 0.7, 0.5, 0.4, 0.2, 0.5], dtype=torch.float64, device=device)
    gate, grads = HardConcrete(6).to(device, torch.float64), []
    for function in (lambda: gate.at(u), gate.value, gate.p_open, gate.p_one):
        gate.forward = function
        assert gradcheck(lambda value: functional_call(gate, {"log_alpha": value}, ()), log_alpha)
        grads += torch.autograd.grad(functional_call(gate, {"log_alpha": log_alpha}, ()).sum(), log_alpha)
    assert [int((grad > 0).sum()) for grad in grads] == [4, 4, 6, 6]  # a gate that is shut, or wide open, stays


@pytest.fixture
def loss_in_float64(monkeypatch):
    """Training takes it in float32, in which a finite difference says little."""
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_loss(smoothing, trg, device, loss_in_float64):
    torch.manual_seed(4)
    assert gradcheck(lambda logits: token_loss(logits, trg, smoothing), double(4, 4, 19, device=device))


def test_the_whole_model(make_model, norm, src, trg, loss_in_float64):
    """The loss by all parameters at once, along random directions; gates too."""
    model = make_model(norm=norm)
    for kind in KINDS:
        for layer in model.gated_layers(kind):
            layer.gate = FixedGate(torch.tensor([1.0, 0.5, 0.0, 1.0], dtype=torch.float64, device=src.device))
    names, parameters = zip(*model.named_parameters(), strict=True)

    def loss(*parameters):
        logits = functional_call(model, dict(zip(names, parameters, strict=True)), (src, trg))
        return token_loss(logits, trg.roll(-1, 1), 0.1)

    assert gradcheck(loss, parameters, fast_mode=True)


# Precision


def relative(rough: torch.Tensor, exact: torch.Tensor) -> float:
    return float((rough.double() - exact.double()).norm() / exact.double().norm())


@pytest.mark.parametrize("dtype", ROUNDOFF, ids=str)
def test_a_step_in_few_digits_is_near_one_in_float32(dtype, norm, device):
    """Logits, loss and gradients of a new model, under autocast as training uses it; the loss is taken in float32."""
    torch.manual_seed(5)
    model = Transformer(TransformerConfig(200, 200, d_model=64, num_heads=4, norm=norm, dropout=0.0)).to(device)
    src, trg = torch.randint(4, 200, (2, 16, 12)).to(device)
    src[0, 5:], trg[0, 6:] = PAD, PAD

    def step(enabled: bool):
        model.zero_grad()
        with torch.autocast(device.type, dtype, enabled=enabled):
            logits = model(src, trg)
            loss = token_loss(logits, trg.roll(-1, 1), 0.1)
        loss.backward()
        assert loss.dtype == torch.float32 and all(p.grad.dtype == torch.float32 for p in model.parameters())
        return logits.detach(), loss.detach(), torch.cat([p.grad.flatten() for p in model.parameters()])

    exact, rough = step(False), step(True)
    assert exact[0].dtype == torch.float32 and rough[0].dtype == dtype
    logits, loss, gradient = (relative(a, b) / ROUNDOFF[dtype] for a, b in zip(rough, exact, strict=True))
    assert 0 < logits < LOGITS and loss < LOSS and 0 < gradient < GRADIENT
