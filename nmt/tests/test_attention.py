"""Attention: equal to PyTorch's, rows that sum to one, gates that close one head and no other."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nmt.attention import FixedGate, MultiHeadAttention, scaled_dot_product_attention

B, H, T, S, K, D = 3, 4, 5, 7, 6, 16
REAL = [7, 2, 4]  # memory positions that are not padding


@pytest.fixture
def layer(device) -> MultiHeadAttention:
    torch.manual_seed(1)
    layer = MultiHeadAttention(D, H, K).to(device, torch.float64)
    nn.init.normal_(layer.in_bias), nn.init.normal_(layer.out.bias)
    return layer


@pytest.fixture
def x(device):
    return torch.randn(B, T, D, dtype=torch.float64, generator=torch.Generator().manual_seed(2)).to(device)


@pytest.fixture
def memory(device):
    return torch.randn(B, S, D, dtype=torch.float64, generator=torch.Generator().manual_seed(3)).to(device)


@pytest.fixture
def memory_mask(device):
    return (torch.arange(S) < torch.tensor(REAL)[:, None])[:, None, None].to(device)  # (B, 1, 1, S)


def causal(size: int, device) -> torch.Tensor:
    return torch.ones(size, size, dtype=torch.bool, device=device).tril()


def test_plain_attention_is_pytorchs(device, memory_mask):
    query, key, value = (torch.randn(B, H, n, K, dtype=torch.float64, device=device) for n in (T, S, S))
    for mask in (None, memory_mask, memory_mask.expand(B, 1, T, S)):
        result, weights = scaled_dot_product_attention(query, key, value, mask)
        torch.testing.assert_close(result, F.scaled_dot_product_attention(query, key, value, attn_mask=mask))
        torch.testing.assert_close(weights @ value, result)


def test_rows_sum_to_one_and_padding_gets_nothing(layer, x, memory, memory_mask):
    _, weights = layer(x, memory_mask, memory, return_attention=True)
    assert weights.shape == (B, H, T, S)
    torch.testing.assert_close(weights.sum(-1), torch.ones_like(weights[..., 0]))
    for row, real in enumerate(REAL):
        assert (weights[row, :, :, real:] == 0).all()
        assert (weights[row, :, :, :real] > 0).all()


@pytest.mark.parametrize("cross", [False, True])
def test_many_heads_are_pytorchs(cross, device, x, memory, memory_mask):
    torch.manual_seed(4)
    theirs = nn.MultiheadAttention(D, H, batch_first=True, dtype=torch.float64, device=device)
    nn.init.normal_(theirs.in_proj_bias), nn.init.normal_(theirs.out_proj.bias)
    ours = MultiHeadAttention(D, H, D // H).to(device, torch.float64)
    with torch.no_grad():
        ours.in_weight.copy_(theirs.in_proj_weight), ours.in_bias.copy_(theirs.in_proj_bias)
    ours.out.load_state_dict(theirs.out_proj.state_dict())
    key, mask = (memory, memory_mask) if cross else (x, causal(T, device))
    masked = {"key_padding_mask": ~memory_mask[:, 0, 0]} if cross else {"attn_mask": ~causal(T, device)}
    expected, expected_weights = theirs(x, key, key, average_attn_weights=False, **masked)
    result, weights = ours(x, mask, memory if cross else None, return_attention=True)
    torch.testing.assert_close(result, expected)
    torch.testing.assert_close(weights, expected_weights)


def test_fast_path_is_plain_path(layer, x, memory, memory_mask):
    plain, weights = layer(x, memory_mask, memory, return_attention=True)
    with_gradients, nothing = layer(x, memory_mask, memory)
    with torch.no_grad():
        fast, nothing_again = layer(x, memory_mask, memory)
    assert weights is not None and nothing is None and nothing_again is None
    for other in (with_gradients, fast):
        torch.testing.assert_close(other, plain)


@pytest.mark.parametrize("closed", range(H))
def test_a_closed_gate_silences_its_own_head_and_no_other(closed, layer, x):
    gates = torch.ones(H)
    gates[closed] = 0
    layer.gate = FixedGate(gates).to(x.device)
    gated, _ = layer(x)
    layer.gate = None
    open_to_all, _ = layer(x)
    with torch.no_grad():
        layer.out.weight[:, closed * K : (closed + 1) * K] = 0  # the columns of W_O that read this head
    without, _ = layer(x)
    torch.testing.assert_close(gated, without)
    assert not torch.allclose(gated, open_to_all)


def test_gates_of_one_change_nothing(layer, x):
    plain, _ = layer(x)
    layer.gate = FixedGate(torch.ones(H)).to(x.device)
    assert torch.equal(layer(x)[0], plain)


def test_a_gate_may_differ_by_sentence(layer, x):
    class BySentence(nn.Module):
        def forward(self, batch_size):
            return torch.arange(batch_size * H, dtype=torch.float64, device=x.device).view(batch_size, H)

    layer.gate = BySentence()
    together, _ = layer(x)
    for row in range(B):
        layer.gate = FixedGate(torch.arange(row * H, (row + 1) * H)).to(x.device)
        torch.testing.assert_close(layer(x[row : row + 1])[0], together[row : row + 1])


def test_q_k_and_v_start_as_wide_as_if_they_were_three_layers():
    layer = MultiHeadAttention(256, 8, 32)
    expected = (2 / (256 + 256)) ** 0.5  # Glorot and Bengio 2010; over the joint (768, 256) it would be 0.044
    for matrix in layer.in_weight.chunk(3):
        assert matrix.std().item() == pytest.approx(expected, rel=0.02)
