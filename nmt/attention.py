"""Attention (Vaswani et al. 2017, section 3.2): masks, one head, many heads, a gate on each head.

Every map keeps its head axis: (B, H, query, key). Averaging is a matter of drawing.
"""

import math
import warnings

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nmt import PAD


def source_mask(src: Tensor) -> Tensor:
    """Hide the padding. src int64 (B, S) -> bool (B, 1, 1, S), True = may look."""
    return (src != PAD)[:, None, None, :]


def target_mask(trg: Tensor) -> Tensor:
    """Hide the padding and the future. trg int64 (B, T) -> bool (B, 1, T, T), True = may look."""
    length = trg.size(1)
    past = torch.ones(length, length, dtype=torch.bool, device=trg.device).tril()
    return (trg != PAD)[:, None, None, :] & past


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """softmax(Q K^T / sqrt(K)) V, equation 1 of the paper, written plainly.

    query (B, H, T, K), key and value (B, H, S, K); mask boolean, True = may look, broadcastable to
    (B, H, T, S), with at least one True in each row. Returns the result (B, H, T, K) and the attention
    weights (B, H, T, S), whose rows sum to one. `F.scaled_dot_product_attention` is the same function
    without the weights; the tests hold the two together.
    """
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))  # (B, H, T, S)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(dim=-1)
    return weights @ value, weights


def linear(inputs: int, outputs: int) -> nn.Linear:
    """An nn.Linear that may be empty, as where all heads were removed; PyTorch's warning about that is silenced."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Initializing zero-element")
        return nn.Linear(inputs, outputs)


class FixedGate(nn.Module):
    """A gate for each head, or neuron, that does not learn: 1 leaves it as it is, 0 closes it."""

    def __init__(self, values: Tensor) -> None:
        super().__init__()
        self.register_buffer("values", values if values.is_floating_point() else values.float())  # (H,)

    def forward(self, batch_size: int) -> Tensor:
        return self.values.unsqueeze(0)  # (1, H)


class MultiHeadAttention(nn.Module):
    """H heads side by side, section 3.2.2. Q, K and V come from one projection of shape (3 H K, D).

    Heads may have been removed. Without any head the layer returns the bias of W_O.

    `gate` may hold a module that is called with the batch size and returns a factor per head,
    (1, H) or (B, H): it multiplies what each head says before W_O mixes the heads.
    """

    def __init__(self, d_model: int, num_heads: int, head_size: int) -> None:
        super().__init__()
        self.num_heads, self.head_size = num_heads, head_size
        self.in_weight = nn.Parameter(torch.empty(3 * num_heads * head_size, d_model))
        self.in_bias = nn.Parameter(torch.zeros(3 * num_heads * head_size))
        self.out = linear(num_heads * head_size, d_model)
        self.gate: nn.Module | None = None
        # Xavier for each of Q, K and V by itself: over the joint matrix it would come out sqrt(2) too small.
        for matrix in self.in_weight.chunk(3):
            nn.init.xavier_uniform_(matrix)
        nn.init.xavier_uniform_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def _project(self, x: Tensor, first: int, last: int) -> tuple[Tensor, ...]:
        """The projections first … last-1 of (Q, K, V) of x (B, T, D), each as (B, H, T, K)."""
        size = self.num_heads * self.head_size
        joint = F.linear(x, self.in_weight[first * size : last * size], self.in_bias[first * size : last * size])
        joint = joint.view(*x.shape[:2], last - first, self.num_heads, self.head_size)  # (B, T, n, H, K)
        return joint.permute(2, 0, 3, 1, 4).unbind(0)  # n times (B, H, T, K)

    def keys_values(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of what the encoder wrote, (B, S, D) -> twice (B, H, S, K)."""
        return self._project(memory, 1, 3)

    def forward(
        self, x: Tensor, mask: Tensor | None = None, memory: Tensor | None = None, return_attention: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """x (B, T, D) looks at itself, or at `memory` (B, S, D); mask as in `scaled_dot_product_attention`.

        Returns (B, T, D), and the weights (B, H, T, S) if asked, else None.
        """
        if not (self.num_heads or return_attention or torch.is_grad_enabled()):  # without heads only the bias is left
            return self.out(x[..., :0]), None
        if memory is None:
            query, key, value = self._project(x, 0, 3)
        else:
            (query,), (key, value) = self._project(x, 0, 1), self.keys_values(memory)
        weights = None
        # On a CPU the fused kernel's backward pass is slower than the plain one (measured: a training step of 2 x 256
        # takes 1.5 times as long in bfloat16). The fused kernel needs a head; the plain one works without, and gives
        # each parameter an empty gradient, as optimisers and DDP expect.
        if return_attention or not self.num_heads or (x.device.type == "cpu" and torch.is_grad_enabled()):
            heads, weights = scaled_dot_product_attention(query, key, value, mask)
        else:
            heads = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)  # (B, H, T, K)
        heads = heads.transpose(1, 2)  # (B, T, H, K)
        if self.gate is not None:
            heads = heads * self.gate(x.size(0)).to(heads.dtype)[:, None, :, None]
        return self.out(heads.flatten(2)), weights if return_attention else None
