"""Masks: which heads and neurons are kept. The same mask counts them, evaluates without the others, and removes those.

A mask is {kind: bool (L, H)}, or (L, F) for a kind of NEURONS; True = kept. A kind that is absent is left whole. Heads
keep the numbers of the dense model: in a model from which some were removed, their places stay, and are False.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from nmt import NmtError
from nmt.attention import FixedGate
from nmt.transformer import Transformer

Mask = dict[str, Tensor]


def all_kept(model: Transformer, kinds: Sequence[str]) -> Mask:
    """The mask that changes nothing: True for all that the model has."""
    mask = {}
    for kind in kinds:
        mask[kind] = torch.zeros(model.config.num_blocks, model.config.width(kind), dtype=torch.bool)
        for row, numbers in zip(mask[kind], model.config.kept(kind), strict=True):
            row[numbers] = True
    return mask


def check(model: Transformer, mask: Mask) -> None:
    """Raises NmtError for a mask of another shape or type, of unknown kinds, or that asks for what was removed."""
    for kind, there in all_kept(model, mask).items():
        if mask[kind].dtype != torch.bool or mask[kind].shape != there.shape:
            found = f"{mask[kind].dtype} {tuple(mask[kind].shape)}"
            raise NmtError(f"a mask of {kind} must be bool {tuple(there.shape)} for this model, not {found}")
        if lost := (mask[kind].cpu() & ~there).nonzero().tolist():
            raise NmtError(f"the mask of {kind} keeps what was removed from this model: (layer, number) {lost[:5]}")


def count(mask: Mask) -> int:
    return sum(int(kept.sum()) for kept in mask.values())


def flatten(mask: dict[str, Tensor]) -> Tensor:
    """All in one row, (N,): kinds in the order of the dict, then layers, then heads. Scores may be flattened too."""
    return torch.cat([kept.flatten() for kept in mask.values()])


def unflatten(flat: Tensor, like: dict[str, Tensor]) -> dict[str, Tensor]:
    """`flatten` undone: (N,) in the shapes of `like`."""
    parts = flat.split([one.numel() for one in like.values()])
    return {kind: part.view(one.shape) for (kind, one), part in zip(like.items(), parts, strict=True)}


def top_k(scores: dict[str, Tensor], k: int) -> Mask:
    """The mask that keeps the k of the highest scores, {kind: (L, H)}; of equals, the first. -inf: no such head."""
    flat = flatten(scores)
    if flat.isnan().any():
        raise NmtError("a score is NaN: the training before it diverged (lower its learning rate)")
    possible = int((flat != float("-inf")).sum())
    if not 0 <= k <= possible:
        raise NmtError(f"cannot keep {k}: choose 0 to {possible}")
    kept = torch.zeros_like(flat, dtype=torch.bool)
    kept[flat.sort(descending=True, stable=True).indices[:k]] = True
    return unflatten(kept, scores)


def apply(model: Transformer, mask: Mask) -> None:
    """Close what is not kept: a FixedGate on each layer of the mask's kinds."""
    check(model, mask)
    put_gates(model, mask, FixedGate)


def put_gates(model: Transformer, rows: dict[str, Tensor], gate: Callable[[Tensor], nn.Module]) -> dict[str, list]:
    """Put a gate on each layer, made of those places of its row in {kind: (L, H)} that are there; {kind: the gates}."""
    gates = {kind: [] for kind in rows}
    for kind in rows:
        for layer, row, numbers in zip(model.gated_layers(kind), rows[kind], model.config.kept(kind), strict=True):
            layer.gate = gate(row[numbers]).to(next(layer.parameters()).device)
            gates[kind].append(layer.gate)
    return gates


def clear(model: Transformer, kinds: Sequence[str]) -> None:
    for kind in kinds:
        for layer in model.gated_layers(kind):
            layer.gate = None


@contextmanager
def without_gates(model: Transformer, kinds: Sequence[str]) -> Iterator[None]:
    """Inside, the gates of these kinds are off, and others may be put on; afterwards they are those of before."""
    layers = [layer for kind in kinds for layer in model.gated_layers(kind)]
    gates = [layer.gate for layer in layers]
    clear(model, kinds)
    try:
        yield
    finally:
        for layer, gate in zip(layers, gates, strict=True):
            layer.gate = gate


@torch.no_grad()
def read(model: Transformer, kinds: Sequence[str]) -> dict[str, Tensor]:
    """The factors at test time, {kind: (L, H)}, float64 on the CPU: 1 without a gate, 0 where the head was removed."""
    values = {kind: there.double() for kind, there in all_kept(model, kinds).items()}
    for kind in kinds:
        for layer, row, numbers in zip(model.gated_layers(kind), values[kind], model.config.kept(kind), strict=True):
            if layer.gate is not None and numbers:
                training = layer.gate.training
                row[numbers] = layer.gate.eval()(1)[0].double().cpu()
                layer.gate.train(training)
    return values


def to_json(mask: Mask) -> dict[str, list[list[int]]]:
    return {kind: kept.int().tolist() for kind, kept in mask.items()}


def from_json(lists: dict[str, list[list[int]]]) -> Mask:
    return {kind: torch.tensor(rows, dtype=torch.bool) for kind, rows in lists.items()}
