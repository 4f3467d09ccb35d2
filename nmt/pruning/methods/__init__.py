"""The methods of pruning, by their names on the command line.

by_importance           random, last-layers, magnitude, confidence, taylor, taylor-per-layer, leave-one-out,
                        taylor-iterative, greedy-gnorm, block-fisher, greedy-oracle: heads of the trained model
                        are scored, the best stay
l0_penalty              l0, l0-topk: gates with a price on every open one (Voita et al. 2019)
competing_gates         what dsp and on-budget share: gates of all heads in one module
differentiable_subset   dsp, dsp-ste: a relaxed top-k (Li et al. 2021)
budgeted_gates          on-budget: gates of which a given number is open, ours
gradual_shedding        shed: few heads at a time go while training goes on, ours
"""

from nmt import NmtError
from nmt.pruning.method import Method
from nmt.pruning.methods.budgeted_gates import OnBudget
from nmt.pruning.methods.by_importance import SCORED, BlockFisher, GreedyGnorm, GreedyOracle, TaylorIterative
from nmt.pruning.methods.differentiable_subset import DifferentiableSubset, StraightThroughSubset
from nmt.pruning.methods.gradual_shedding import Shed
from nmt.pruning.methods.l0_penalty import L0, L0TopK

METHODS: dict[str, type[Method]] = {
    method.name: method
    for method in (
        *SCORED, TaylorIterative, GreedyGnorm, BlockFisher, GreedyOracle, L0, L0TopK,
        DifferentiableSubset, StraightThroughSubset, OnBudget, Shed,
    )
}  # fmt: skip
OURS = Shed.name  # the method that "ours" stands for


def method_class(name: str) -> type[Method]:
    """A method by its name, or by "ours". Raises NmtError for an unknown one."""
    if name != "ours" and name not in METHODS:
        raise NmtError(f"--method {name}: choose one of ours, {', '.join(METHODS)}")
    return METHODS[OURS if name == "ours" else name]
