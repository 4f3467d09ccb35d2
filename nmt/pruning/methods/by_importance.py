"""Methods that score the heads of the trained model, keep the k best, and fine-tune: the choice is not learned."""

import torch

from nmt import EOS, PAD, NmtError
from nmt.decoding import evaluating
from nmt.pruning import importance, masks
from nmt.pruning.importance import Scores
from nmt.pruning.method import Method
from nmt.transformer import KINDS

BATCHES = 8  # batches that importance is measured on


class Scored(Method):
    """The k heads of the highest scores stay."""

    def scores(self) -> Scores:
        """{kind: (L, H)}, or (L, F), float64 on the CPU: the higher, the more it matters."""
        raise NotImplementedError

    def choose(self) -> masks.Mask:
        return masks.top_k(self.scores(), self.config.keep)


class Random(Scored):
    """Heads at random, by the run's seed."""

    name = "random"

    def scores(self) -> Scores:
        generator, scores = torch.Generator().manual_seed(self.seed), importance.zeros(self.model, self.kinds)
        return {kind: torch.rand(s.shape, generator=generator, dtype=s.dtype) for kind, s in scores.items()}


class LastLayers(Scored):
    """The last layers first.

    Within a layer the last head goes first; the kinds go by turns.
    """

    name = "last-layers"

    def scores(self) -> Scores:
        layers, width = importance.zeros(self.model, self.kinds)[self.kinds[0]].shape
        order = -torch.arange(layers * width, dtype=torch.float64).view(layers, width)
        return {kind: order - i / len(self.kinds) for i, kind in enumerate(self.kinds)}


class Magnitude(Scored):
    """The norm of a head's columns of W_O.

    That is how loud the head can be. Of a neuron it is the norm of its column of W2.
    """

    name = "magnitude"

    def scores(self) -> Scores:
        scores = importance.zeros(self.model, self.kinds)
        for kind in self.kinds:
            for row, layer in zip(scores[kind], self.model.gated_layers(kind), strict=True):
                weight = layer.out.weight if kind in KINDS else layer.outer.weight  # (D, H K) or (D, F)
                columns = weight.detach().double().view(len(weight), len(row), -1)  # (D, H, K) or (D, F, 1)
                row[:] = columns.square().sum((0, 2)).sqrt().cpu()
        return scores


class Confidence(Scored):
    """Behnke and Heafield 2020: the mean of a head's largest attention weight.

    The mean is over tokens, EOS not counted on either side (Voita et al. 2019, section 4).
    """

    name = "confidence"

    def scores(self) -> Scores:
        if wrong := [kind for kind in self.kinds if kind not in KINDS]:
            raise NmtError(f"--method confidence looks at attention: {', '.join(wrong)} has none")
        self.compute.charge(BATCHES)
        looks = {"encoder": ("src", "src"), "decoder": ("trg", "trg"), "cross": ("trg", "src")}  # from and at
        scores, count = importance.zeros(self.model, self.kinds), dict.fromkeys(self.kinds, 0)
        with evaluating(self.model):
            for batch in self.calibration(BATCHES):
                _, maps = self.model(batch.src, batch.trg_in, return_attention=True)
                ids = {"src": batch.src, "trg": batch.trg_in}  # trg_in holds the EOS of the shorter sentences
                words = {side: (row != PAD) & (row != EOS) for side, row in ids.items()}  # (B, S), (B, T)
                for kind in self.kinds:
                    queries, keys = (words[side] for side in looks[kind])
                    for row, weights in zip(scores[kind], maps[kind], strict=True):
                        largest = (weights * keys[:, None, None, :]).amax(-1)  # (B, H, query)
                        row += (largest * queries[:, None]).sum((0, 2)).double().cpu()
                    count[kind] += int(queries.sum())
        return {kind: s / count[kind] for kind, s in scores.items()}


class Taylor(Scored):
    """Michel et al. 2019, once, the scores of all layers compared as they are."""

    name, per_layer = "taylor", False

    def scores(self) -> Scores:
        self.compute.charge(BATCHES, backward=True)
        return importance.taylor(self.model, self.kinds, self.calibration(BATCHES), self.per_layer)


class TaylorPerLayer(Taylor):
    """Michel et al. 2019 as published: the scores of a layer divided by their l2 norm."""

    name, per_layer = "taylor-per-layer", True


class LeaveOneOut(Scored):
    """By how much the loss rises when one head alone is closed."""

    name, sample = "leave-one-out", 4  # batches

    def scores(self) -> Scores:
        self.compute.charge(self.sample * (self.heads + 1))
        whole = masks.all_kept(self.model, self.kinds)
        return importance.leave_one_out(self.model, whole, self.calibration(self.sample))


class TaylorIterative(Method):
    """Michel et al. 2019, section 4.1: a tenth of the heads at a time, scored anew each time, no training between."""

    # Ten rounds of three batches cost little more than `Taylor` three times.
    name, sample = "taylor-iterative", 3

    def choose(self) -> masks.Mask:
        mask = masks.all_kept(self.model, self.kinds)
        batches, tenth = self.calibration(self.sample), max(1, self.heads // 10)
        while (left := masks.count(mask)) > self.config.keep:
            masks.apply(self.model, mask)
            self.compute.charge(self.sample, backward=True)
            scores = importance.taylor(self.model, self.kinds, batches)
            scores = {kind: s.masked_fill(~mask[kind], -1.0) for kind, s in scores.items()}  # what is gone stays gone
            mask = masks.top_k(scores, max(self.config.keep, left - tenth))
        return mask


class GreedyOracle(Method):
    """Close, again and again, the head whose closing raises the loss least: about N²/2 passes, for small models.

    The upper bound of what scores can do: its search is not charged, and the fine-tuning is not shortened.
    """

    name, sample, charged = "greedy-oracle", 2, False

    def choose(self) -> masks.Mask:
        mask, batches = masks.all_kept(self.model, self.kinds), self.calibration(self.sample)
        while (left := masks.count(mask)) > self.config.keep:
            self.compute.charge(self.sample * (left + 1))
            mask = masks.top_k(importance.leave_one_out(self.model, mask, batches), left - 1)
        return mask
