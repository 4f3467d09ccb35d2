"""Methods that score the heads of the trained model, keep the k best, and fine-tune: the choice is not learned.

What a score needs of compute beside the training steps is added to `compute`: a batch forward and backward is a step.
"""

from nmt.pruning import importance, masks
from nmt.pruning.importance import Scores
from nmt.pruning.method import Method

BATCHES = 8  # that importance is measured on


class Scored(Method):
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
        self.compute += BATCHES / 3
        return importance.confidence(self.model, self.kinds, self.calibration(BATCHES))


class Taylor(Scored):
    """Michel et al. 2019, once, the scores of all layers compared as they are."""

    name = "taylor"
    per_layer = False

    def scores(self) -> Scores:
        self.compute += BATCHES
        return importance.taylor(self.model, self.kinds, self.calibration(BATCHES), self.per_layer)


class TaylorPerLayer(Taylor):
    """Michel et al. 2019 as published: the scores of a layer divided by their l2 norm."""

    name = "taylor-per-layer"
    per_layer = True


class TaylorIterative(Scored):
    """Michel et al. 2019, section 4.1: a tenth of the heads at a time, scored anew each time, no training between."""

    name = "taylor-iterative"
    count = 3  # ten rounds of three cost little more than one of `Taylor` three times

    def choose(self) -> masks.Mask:
        mask = masks.all_kept(self.model, self.kinds)
        batches, tenth = self.calibration(self.count), max(1, self.of // 10)
        while (kept := masks.count(mask)) > self.config.keep:
            masks.apply(self.model, mask)
            scores = importance.taylor(self.model, self.kinds, batches)
            self.compute += self.count
            for kind, row in scores.items():
                row[~mask[kind]] = -1.0  # what is gone stays gone
            mask = masks.top_k(scores, max(self.config.keep, kept - tenth))
        return mask


class LeaveOneOut(Scored):
    """By how much the loss rises when one head alone is closed."""

    name = "leave-one-out"
    count = 4

    def scores(self) -> Scores:
        mask = masks.all_kept(self.model, self.kinds)
        self.compute += self.count * (self.of + 1) / 3
        return importance.leave_one_out(self.model, mask, self.calibration(self.count))


class GreedyOracle(Scored):
    """Close, again and again, the head whose closing raises the loss least: about N²/2 passes, for small models.

    The upper bound of what scores can do: its search is not charged, the fine-tuning is not shortened.
    """

    name = "greedy-oracle"
    count = 2
    charged = False

    def choose(self) -> masks.Mask:
        mask, batches = masks.all_kept(self.model, self.kinds), self.calibration(self.count)
        while (kept := masks.count(mask)) > self.config.keep:
            self.compute += self.count * (kept + 1) / 3
            mask = masks.top_k(importance.leave_one_out(self.model, mask, batches), kept - 1)
        return mask
