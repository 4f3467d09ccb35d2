"""After a search: swaps of a kept head for a dropped one, each verified by the loss."""

from nmt.pruning import importance, masks
from nmt.pruning.method import Method

TRIED = 6  # pairs whose loss is measured in each round
BATCHES = 3  # batches that it is measured on


def swap_heads(method: Method, mask: masks.Mask) -> masks.Mask:
    """Open a dropped head for a kept one as long as that lowers the measured loss, at most --swaps times.

    The first-order change of the loss proposes TRIED pairs a round; each is measured on BATCHES training batches, and
    the best of them is taken. What it costs is charged to `method.compute`.
    """
    rounds, model = method.config.swaps, method.model
    if rounds == 0 or masks.count(mask) in (0, masks.size(mask)):
        return mask
    batches, kept = method.calibration(BATCHES), masks.flatten(mask)

    def measured(flat) -> float:
        masks.apply(model, masks.unflatten(flat, mask))
        method.compute.charge(BATCHES)
        return importance.loss(model, batches)

    lowest = measured(kept)
    for _ in range(rounds):
        slope = masks.flatten(importance.slopes(model, method.kinds, batches))
        method.compute.charge(BATCHES, backward=True)
        closed, opened = kept.nonzero().flatten(), (~kept).nonzero().flatten()
        change = slope[opened][None, :] - slope[closed][:, None]  # (k, N - k), of the loss, by each swap
        best = None
        for pair in change.flatten().argsort()[:TRIED].tolist():
            swapped = kept.clone()
            swapped[closed[pair // len(opened)]], swapped[opened[pair % len(opened)]] = False, True
            loss = measured(swapped)
            if loss < lowest:
                lowest, best = loss, swapped
        if best is None:
            break
        kept = best
        masks.apply(model, masks.unflatten(kept, mask))
    return masks.unflatten(kept, mask)
