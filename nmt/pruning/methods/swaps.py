"""Swap-back: a mask made better by exchanging single heads, each exchange verified by the loss."""

import torch
from torch import Tensor

from nmt.batches import Batch
from nmt.pruning import importance, masks
from nmt.pruning.method import Method
from nmt.transformer import Transformer

TRIED = 6  # pairs whose loss is measured in each round
BATCHES = 3  # that it is measured on


def slopes(model: Transformer, kinds: tuple[str, ...], batches: list[Batch]) -> dict[str, Tensor]:
    """dL/dξ of each head's factor under the gates as they are, closed heads' too; L in nats per token: {kind: (L, H)}.

    Below 0: more of this head would lower the loss.
    """
    result, tokens = {k: torch.zeros(m.shape, dtype=torch.float64) for k, m in masks.all_kept(model, kinds).items()}, 0
    with importance.evaluated(model), importance.probes(model, kinds) as gates, torch.enable_grad():
        places = [(kind, i) for kind in kinds for i in range(len(gates[kind]))]
        for batch in batches:
            loss = importance.token_loss(model(batch.src, batch.trg_in), batch.trg_out)
            gradients = torch.autograd.grad(loss, [gates[kind][i].factors for kind, i in places])
            for (kind, i), gradient in zip(places, gradients, strict=True):
                result[kind][i] += gradient.sum(0).double().cpu()
            tokens += batch.tokens
    return {kind: s / tokens for kind, s in result.items()}


def swap_back(method: Method, mask: masks.Mask) -> masks.Mask:
    """Open a dropped head for a kept one as long as that lowers the measured loss, at most `swaps` times (settings).

    The first-order change of the loss proposes TRIED pairs a round; each is measured on BATCHES training batches, and
    the best of them is taken. What it costs is added to `method.compute`.
    """
    rounds, model, kinds = method.config.swaps, method.model, method.kinds
    if rounds == 0 or masks.count(mask) in (0, masks.size(mask)):
        return mask
    batches, kept = method.calibration(BATCHES), masks.flatten(mask)
    masks.apply(model, mask)
    best = importance.loss(model, batches)
    method.compute += BATCHES / 3
    for _ in range(rounds):
        slope = masks.flatten(slopes(model, kinds, batches))
        out, into = kept.nonzero().flatten(), (~kept).nonzero().flatten()
        change = slope[into][None, :] - slope[out][:, None]  # (k, N - k): `out` is closed, `into` opened
        pairs = change.flatten().argsort()[:TRIED].tolist()
        method.compute += BATCHES + len(pairs) * BATCHES / 3
        found = None
        for pair in pairs:
            swapped = kept.clone()
            swapped[out[pair // len(into)]], swapped[into[pair % len(into)]] = False, True
            masks.apply(model, masks.unflatten(swapped, mask))
            loss = importance.loss(model, batches)
            if loss < best:
                best, found = loss, swapped
        if found is None:
            break
        kept = found
        masks.apply(model, masks.unflatten(kept, mask))
    return masks.unflatten(kept, mask)
