"""Methods that score the heads of the trained model, keep the k best, and fine-tune: the choice is not learned."""

from nmt.pruning import importance, masks
from nmt.pruning.importance import Scores
from nmt.pruning.method import Method

BATCHES = 8  # batches that importance is measured on


class Scored(Method):
    """The k heads of the highest scores stay."""

    def scores(self) -> Scores:
        raise NotImplementedError

    def choose(self) -> masks.Mask:
        return masks.top_k(self.scores(), self.config.keep)


class Random(Scored):
    """Heads at random, by the run's seed."""

    name = "random"

    def scores(self) -> Scores:
        return importance.random(self.model, self.kinds, self.seed)


class LastLayers(Scored):
    """The last layers first."""

    name = "last-layers"

    def scores(self) -> Scores:
        return importance.last_layers_first(self.model, self.kinds)


class Magnitude(Scored):
    """The norm of a head's columns of W_O."""

    name = "magnitude"

    def scores(self) -> Scores:
        return importance.magnitude(self.model, self.kinds)


class Confidence(Scored):
    """Behnke and Heafield 2020: the mean of a head's largest attention weight."""

    name = "confidence"

    def scores(self) -> Scores:
        self.compute.charge(BATCHES)
        return importance.confidence(self.model, self.kinds, self.calibration(BATCHES))


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
