"""Methods that score the heads of the trained model, keep the k best, and fine-tune: the choice is not learned."""

import math
from collections.abc import Callable

import torch

from nmt import EOS, PAD, NmtError
from nmt.decoding import evaluating
from nmt.pruning import importance, masks
from nmt.pruning.importance import Scores
from nmt.pruning.method import Method
from nmt.transformer import KINDS


def random(method: Method) -> Scores:
    """Heads at random, by the run's seed."""
    generator, scores = torch.Generator().manual_seed(method.seed), importance.zeros(method.model, method.kinds)
    return {kind: torch.rand(s.shape, generator=generator, dtype=s.dtype) for kind, s in scores.items()}


def last_layers(method: Method) -> Scores:
    """The last layers first."""
    layers, width = importance.zeros(method.model, method.kinds)[method.kinds[0]].shape
    # Within a layer the last head goes first; the kinds go by turns.
    order = -torch.arange(layers * width, dtype=torch.float64).view(layers, width)
    return {kind: order - i / len(method.kinds) for i, kind in enumerate(method.kinds)}


def magnitude(method: Method) -> Scores:
    """The norm of a head's columns of W_O."""
    scores = importance.zeros(method.model, method.kinds)
    for kind in method.kinds:
        there = method.model.config.kept(kind)
        for row, layer, numbers in zip(scores[kind], method.model.gated_layers(kind), there, strict=True):
            weight = layer.out.weight if kind in KINDS else layer.outer.weight  # (D, H K) or (D, F)
            columns = weight.detach().double().reshape(len(weight), len(numbers), -1)  # (D, H, K) or (D, F, 1)
            row[numbers] = columns.square().sum((0, 2)).sqrt().cpu()
    return scores


def confidence(method: Method) -> Scores:
    """Behnke and Heafield 2020: the mean of a head's largest attention weight."""
    if wrong := [kind for kind in method.kinds if kind not in KINDS]:
        raise NmtError(f"--method confidence looks at attention: {', '.join(wrong)} has none")
    method.charge()
    looks = {"encoder": ("src", "src"), "decoder": ("trg", "trg"), "cross": ("trg", "src")}  # from and at
    scores, count = importance.zeros(method.model, method.kinds), dict.fromkeys(method.kinds, 0)
    with evaluating(method.model):
        for batch in method.calibration():
            _, maps = method.model(batch.src, batch.trg_in, return_attention=True)
            ids = {"src": batch.src, "trg": batch.trg_in}  # trg_in holds the EOS of the shorter sentences
            words = {side: (row != PAD) & (row != EOS) for side, row in ids.items()}  # (B, S), (B, T)
            for kind in method.kinds:
                queries, keys = (words[side] for side in looks[kind])
                for row, weights, numbers in zip(scores[kind], maps[kind], method.model.config.kept(kind), strict=True):
                    largest = (weights * keys[:, None, None, :]).amax(-1)  # (B, H, query)
                    row[numbers] += (largest * queries[:, None]).sum((0, 2)).double().cpu()
                count[kind] += int(queries.sum())
    return {kind: s / count[kind] for kind, s in scores.items()}


def taylor(method: Method) -> Scores:
    """Michel et al. 2019, once, the scores of all layers compared as they are."""
    method.charge(backward=True)
    return importance.taylor(method.model, method.kinds, method.calibration())


def taylor_per_layer(method: Method) -> Scores:
    """Michel et al. 2019 as published: the scores of a layer divided by their l2 norm."""
    return {kind: s / s.norm(dim=1, keepdim=True).clamp(min=1e-30) for kind, s in taylor(method).items()}


def leave_one_out(method: Method) -> Scores:
    """By how much the loss rises when one head alone is closed."""
    method.charge(method.heads + 1)
    whole = masks.all_kept(method.model, method.kinds)
    return importance.leave_one_out(method.model, whole, method.calibration())


def by_scores(scores: Callable[[Method], Scores], sample: int = Method.sample) -> type[Method]:
    """The method that keeps the k heads of the highest scores; its name and its words are those of the function."""

    def choose(self: Method) -> masks.Mask:
        there = masks.all_kept(self.model, self.kinds)
        found = {kind: s.masked_fill(~there[kind], -math.inf) for kind, s in scores(self).items()}
        return masks.top_k(found, self.config.keep)

    name = scores.__name__.replace("_", "-")
    own = {"name": name, "again": True, "sample": sample, "choose": choose}
    return type(name, (Method,), own | {"__doc__": scores.__doc__})


SCORED = [by_scores(scores) for scores in (random, last_layers, magnitude, confidence, taylor, taylor_per_layer)]
SCORED += [by_scores(leave_one_out, sample=4)]


class TaylorIterative(Method):
    """Michel et al. 2019, section 4.1: a tenth of the heads at a time, scored anew each time, no training between.

    Each round pays for its --sample batches.
    """

    name, sample, again = "taylor-iterative", 3, True
    scores, share = staticmethod(importance.taylor), 10

    def choose(self) -> masks.Mask:
        mask = masks.all_kept(self.model, self.kinds)
        batches, at_once = self.calibration(), max(1, self.heads // self.share)
        while (left := masks.count(mask)) > self.config.keep:
            masks.apply(self.model, mask)
            self.charge(backward=True)
            scores = self.scores(self.model, self.kinds, batches)
            scores = {kind: s.masked_fill(~mask[kind], -1.0) for kind, s in scores.items()}  # what is gone stays gone
            mask = masks.top_k(scores, max(self.config.keep, left - at_once))
        return mask


class GreedyGnorm(TaylorIterative):
    """Guo and Sheridan 2026, 2602.04491: heads go one at a time, by gradient norms that are taken anew each time."""

    name, sample = "greedy-gnorm", 1
    scores, share = staticmethod(importance.gradient_norms), math.inf


class BlockFisher(Method):
    """Kwon et al. 2022: heads go one at a time, by what they and those gone before cost together, to second order.

    Closing the heads C costs about half of Σ_{i, j in C} F_ij, F the mean over sentences x of g g' with g = ∂L(x)/∂ξ.
    The paper takes a block of F for each layer; here it is whole, so that heads of all layers compete. The paper then
    fits factors on the heads that stay; here these train on.
    """

    name, again = "block-fisher", True

    def choose(self) -> masks.Mask:
        self.charge(backward=True)
        matrix = importance.fisher(self.model, self.kinds, self.calibration())  # (N, N)
        mask = masks.all_kept(self.model, self.kinds)
        there = masks.flatten(mask)
        left = there.clone()
        for _ in range(self.heads - self.config.keep):
            rise = matrix.diagonal() + 2 * matrix[:, there & ~left].sum(1)  # twice that of the loss
            left[rise.masked_fill(~left, math.inf).argmin()] = False
        return masks.unflatten(left, mask)


class GreedyOracle(Method):
    """Close, again and again, the head whose closing raises the loss least: about N²/2 passes, for small models.

    An upper bound: its search is not charged.
    """

    name, sample, charged, again = "greedy-oracle", 2, False, True

    def choose(self) -> masks.Mask:
        mask, batches = masks.all_kept(self.model, self.kinds), self.calibration()
        while (left := masks.count(mask)) > self.config.keep:
            self.charge(left + 1)
            mask = masks.top_k(importance.leave_one_out(self.model, mask, batches), left - 1)
        return mask
