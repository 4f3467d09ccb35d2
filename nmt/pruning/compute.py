"""The compute of a run, counted in training steps: methods are compared at equal compute, not at equal steps."""

from dataclasses import dataclass


@dataclass
class Compute:
    """What a method spends beside its training steps, in steps; there are as many fewer of them.

    A batch forward and backward is one step. A forward pass alone is a third: the backward pass costs twice as much.
    """

    teacher: float  # spent with each training step: 1/3 where the dense model is imitated, else 0
    charged: bool  # False: what is spent here does not count; such a method is an upper bound
    spent: float = 0.0

    def charge(self, batches: int, backward: bool = False) -> None:
        """Pay for passes over so many batches: forward, or forward and backward."""
        self.spent += batches if backward else batches / 3

    def pays_for_another(self, done: int, steps: int) -> bool:
        """Whether a run of so many steps' compute can do one more training step after those that are done."""
        beside = self.spent + self.teacher if self.charged else 0.0
        return done + 1 + beside <= steps + 1e-6
