"""What a step of training minimises, and at which rate: the loss, the noam schedule, and hooks for pruning."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nmt import PAD
from nmt.batches import Batch, BatchIterator
from nmt.plumbing.fast.chunks import summed_in_chunks


def noam_rate(step: int, d_model: int, warmup: int, lr: float = 1.0, scaler: float = 1.0, factor: float = 1.0) -> float:
    """lr · scaler · D^-½ · min((s f)^-½, s f · warmup^-1.5), s from 1: section 5.3 with the origin's knobs."""
    s = step * factor
    return lr * scaler * d_model**-0.5 * min(s**-0.5, s * warmup**-1.5)


def token_loss(logits: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Cross-entropy summed over the target's tokens, padding left out. logits (…, V), target (…) -> ().

    Label smoothing is PyTorch's: (1 - ε) of the weight on the right word, ε/V on every word, the right one
    and padding included; Szegedy et al. 2016. The paper, section 5.4, does not say how it spreads ε.
    """
    logits, target = logits.flatten(0, -2).float(), target.flatten()
    return F.cross_entropy(logits, target, ignore_index=PAD, label_smoothing=label_smoothing, reduction="sum")


class Objective:
    """Plain training: the loss and nothing else. What does more in the same loop, pruning, derives from this class.

    `start` is called once, before the first step of a session. Each step then calls `before_step`, `loss` for each
    batch, `penalty`, `after_backward` and `after_step`. `state` and `load_state` carry what a resumed run must know.
    """

    plain = True  # False: `start` is called, and the run begins with a validation
    settings: dict | None = None  # kept in config.json, compared when a run is resumed
    done = False  # set it to end the run after the step under way
    optimizer: torch.optim.Optimizer  # of the run; there before its first step

    def start(self, model: nn.Module, batches: BatchIterator, steps: int) -> None:
        """Called unless `plain`. The model is on its device; its weights are not yet those of a resumed run. `batches`
        are those of the training; the run has about so many steps."""

    def parameter_groups(self, model: nn.Module) -> list[dict]:
        """The groups of Adam. A group with "own_rate": True keeps its rate, and its gradients are not clipped."""
        return [{"params": [p for p in model.parameters() if p.requires_grad]}]

    def before_step(self, step: int) -> None:
        """step: how many steps have been done."""

    def loss(self, batch: Batch, states: Tensor, generator: nn.Linear, label_smoothing: float) -> Tensor:
        """The `token_loss` of what the generator makes of the decoder's states (B, T, D), (). A step minimises its mean
        over the tokens."""
        states, target = states.flatten(0, 1), batch.trg_out.flatten()
        if states.device.type == "cpu":  # to leave out the padding, a GPU would have to tell how much there is
            states, target = states[target != PAD], target[target != PAD]

        def of_words(states: Tensor, target: Tensor) -> Tensor:
            return token_loss(generator(states), target, label_smoothing)

        return summed_in_chunks(of_words, states, target, generator)

    def penalty(self) -> Tensor | None:
        """What is added to the mean loss of a step, (), nats per target token."""

    def after_backward(self, tokens: int, scale: Callable[[], float]) -> None:
        """All gradients of the step are there; they are not clipped yet. Those of anything but the optimiser's
        parameters are scale() times too large, or not finite: float16 needs it."""

    def after_step(self, step: int) -> list[dict]:
        """step: how many steps have been done, with this one. Returns lines for gates.jsonl."""
        return []

    def after_validation(self, step: int) -> list[dict]:
        return []

    def finish(self) -> None:
        """Before the last validation and checkpoint."""

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Around a validation."""
        yield

    @contextmanager
    def bare(self) -> Iterator[None]:
        """Around the saving and loading of weights. Inside, the model has no parameters but its own."""
        yield

    def state(self) -> dict:
        """What JSON can hold."""
        return {}

    def tensors(self) -> dict[str, Tensor]:
        """What a resumed run must know beside `state`."""
        return {}

    def load_state(self, state: dict, tensors: dict[str, Tensor]) -> None:
        """Called before the weights are loaded: what has changed the shape of the model does it again."""
