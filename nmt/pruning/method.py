"""What all methods of pruning share: a search, a choice, fine-tuning under the mask, and the history of the mask."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from itertools import islice

import torch
from torch import Tensor, nn

from nmt import NmtError
from nmt.batches import Batch, BatchIterator
from nmt.objective import Objective
from nmt.pruning import masks
from nmt.pruning.config import PruningConfig
from nmt.pruning.removal import remove_in_place
from nmt.transformer import KINDS, Transformer


class Method(Objective):
    """One way to choose the heads that stay. Derive, and say how: in `search_step`, `choose`, the gates of `install`.

    The search goes up to step `search_ends`. Then `choose` gives the mask, the other heads are removed, and the rest of
    the steps fine-tune what is left. Methods are compared at equal compute: the more one spends on its choice, the
    fewer steps it has.
    """

    name = ""  # on the command line
    needs: tuple[str, ...] = ("keep",)  # what must be said: "keep" (--keep), "lambda" (--hcg_l0_penalty_lambda)
    learns = False  # False: nothing is trained in the search, the heads are chosen before the first step
    fewest = 0  # heads that it can keep
    search = 0.6  # the share of the steps that the search gets, if it learns
    sample = 8  # batches that heads are scored on, in each round
    charged = True  # False: an upper bound, whose search does not count
    again = False  # whether it can take more heads from layers that were pruned before
    plain = False

    def __init__(self, config: PruningConfig, dense: Transformer, seed: int, batches_a_step: int = 1) -> None:
        """dense: the trained model that is pruned; it is not changed. Raises NmtError where the two do not agree."""
        self.config, self.kinds, self.dense, self.seed = config, config.kinds, dense, seed
        self.settings = self.noted(config)
        self.heads = masks.count(masks.all_kept(dense, self.kinds))  # heads, or neurons, among which is chosen
        self._refuse_contradictions()
        self.spent = 0.0  # compute beside the training steps, in steps
        self.sampled, self.batches_a_step = 0, batches_a_step  # batches in the calibration, once counted; in a step
        self.chosen: masks.Mask | None = None
        self.undecided = 0  # gates that were neither open nor closed when the mask was chosen
        self.now = 0  # training steps done
        self.averaged, self.mean = 0, {}  # steps whose weights are in their mean; parameter's name -> its mean

    @classmethod
    def noted(cls, config: PruningConfig) -> dict:
        """The settings as a run notes them, with the method's own defaults: a later version may have others."""
        own = {name: getattr(cls, name) for name in ("search", "sample") if getattr(config, name) is None}
        return asdict(config) | own

    def _refuse_contradictions(self) -> None:
        keep, price = self.config.keep, self.config.l0_penalty_lambda
        cut = [kind for kind, kept in masks.all_kept(self.dense, self.kinds).items() if not kept.all()]
        if cut and (not self.again or self.heads == 0):
            mend = f"--method {self.name} wants whole layers; take shed" if self.heads else "nothing is left"
            raise NmtError(f"--checkpoint: this model was pruned already ({', '.join(cut)}): {mend}, or other --heads")
        if "keep" in self.needs and keep is None:
            raise NmtError(f"--method {self.name}: how many heads shall stay? Say --keep K, 0 to {self.heads}")
        if keep is not None and "keep" not in self.needs:
            raise NmtError(f"--method {self.name} keeps what lambda leaves; with --keep it is --method l0-topk")
        if keep is not None and keep < self.fewest:
            raise NmtError(f"--method {self.name} needs --keep of at least {self.fewest}")
        if keep is not None and keep > self.heads:
            more = "; of all kinds together: --heads all" if self.config.heads in KINDS else ""
            raise NmtError(f"--keep {keep}: --heads {self.config.heads} has {self.heads} in this model{more}")
        if "lambda" in self.needs and price is None:
            raise NmtError(f"--method {self.name} needs --hcg_l0_penalty_lambda X, the price of a head")
        if price is not None and "lambda" not in self.needs:
            raise NmtError(f"--method {self.name} has no penalty: leave out --hcg_l0_penalty_lambda, or take l0-topk")

    # What a method says

    def install(self) -> None:
        """Put gates on self.model, if the method has any."""

    def gate_parameters(self) -> list[nn.Parameter]:
        """What the method learns beside the weights of the model."""
        return []

    def search_step(self, step: int) -> None:
        """Called before each training step of the search."""

    def choose(self) -> masks.Mask:  # at the end of the search
        return self.mask_now()

    def mask_now(self) -> masks.Mask:
        """The mask if the search ended now. A validation inside the search is done with it."""
        return masks.all_kept(self.model, self.kinds)

    def gate_values(self) -> dict[str, dict]:
        """What is written to gates.jsonl beside the mask: {"p_open": {kind: lists}, "log_alpha": …}."""
        return {}

    def count_undecided(self) -> int:
        return 0

    # What a method uses to choose

    def calibration(self) -> list[Batch]:
        """The first --sample batches of a shuffle that no epoch of the training has; on the model's device."""
        return list(islice(self.batches.epoch(-1), self.settings["sample"]))

    def charge(self, passes: int = 1, backward: bool = False) -> None:
        """Pay for passes over the calibration batches, in steps: forward and backward is one, forward alone a third."""
        self.sampled = self.sampled or len(self.calibration())
        self.spent += passes * self.sampled / self.batches_a_step / (1 if backward else 3)

    # What the training loop asks

    def start(self, model: Transformer, batches: BatchIterator, steps: int) -> None:
        self.model, self.batches, self.steps = model, batches, steps
        self.device = next(model.parameters()).device
        self.search_ends = max(1, round(self.settings["search"] * steps)) if self.learns else 0
        if self.config.freeze:
            for module in frozen_modules(model, self.kinds):
                module.requires_grad_(False)
        self.install()

    def parameter_groups(self, model: nn.Module) -> list[dict]:
        gates = self.gate_parameters()
        known = {id(p) for p in gates}
        groups = [{"params": [p for p in model.parameters() if p.requires_grad and id(p) not in known]}]
        return groups + ([{"params": gates, "lr": self.config.gate_lr, "own_rate": True}] if gates else [])

    def before_step(self, step: int) -> None:
        if self.chosen is None and step >= self.search_ends:
            self.decide()
        elif self.chosen is None:
            self.search_step(step)
        if self.config.warmup or self.config.decay:
            for group in self.optimizer.param_groups:
                if not group.get("own_rate"):
                    group["lr"] = self.optimizer.defaults["lr"] * self.share_of_rate(step)

    def done_share(self, step: int) -> float:
        """The share of the run's compute that is spent when so many steps are done."""
        return (step + (self.spent if self.charged else 0.0)) / self.steps

    def share_of_rate(self, step: int) -> float:
        """What --lr is multiplied by in the step after so many: it rises over --warmup, and falls over --decay."""
        rise = min(1.0, (step + 1) / self.config.warmup) if self.config.warmup else 1.0
        left = max(0.0, 1 - self.done_share(step))
        return rise * min(1.0, left / self.config.decay if self.config.decay else 1.0)

    def decide(self) -> None:
        """End the search: from here on the mask is fixed, and the other heads are gone."""
        self.undecided = self.count_undecided()
        self.chosen = self.choose()
        self._remove()

    def _remove(self) -> None:
        masks.clear(self.model, self.kinds)  # what is kept is wholly kept: no factor of a gate goes into W_O
        remove_in_place(self.model, self.chosen, self.optimizer.state)

    def after_step(self, step: int) -> list[dict]:
        self.now = step
        self.done = self.done_share(step + 1) > 1 + 1e-6 / self.steps  # another step would be too much
        if self.config.average and self.chosen and self.done_share(step) > 1 - self.config.average:
            self._average()
        if self.done:
            self.finish()  # already here, so that the last line shows the final mask
        return self._line() if step % self.config.gates_every_n_steps == 0 else []

    def after_validation(self, step: int) -> list[dict]:
        written = step > 0 and step % self.config.gates_every_n_steps == 0  # by after_step
        return [] if written else self._line()

    def _line(self) -> list[dict]:
        """The history of the mask and the gates, one line of gates.jsonl."""
        mask = self.chosen or self.mask_now()
        return [{"kept": masks.count(mask), "mask": masks.to_json(mask), **self.gate_values()}]

    def finish(self) -> None:  # the run may have ended inside the search
        if self.chosen is None:
            self.decide()

    @torch.no_grad()
    def _average(self) -> None:
        """Take the weights as they are into their mean."""
        self.averaged += 1
        for name, parameter in self.model.named_parameters():
            if parameter.requires_grad:
                mean = self.mean.setdefault(name, torch.zeros_like(parameter))
                mean.lerp_(parameter, 1 / self.averaged)

    @contextmanager
    def averages(self) -> Iterator[None]:
        """Inside, the model has the mean of its weights, if there is one yet."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def _exchange(self) -> None:
        for name, mean in self.mean.items():
            parameter = self.model.get_parameter(name)
            parameter.data, self.mean[name] = mean, parameter.data

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Validate the model under its mask, with averaged weights; before the first step, the dense model."""
        with self.bare(), self.averages():
            if self.now and not self.chosen:
                masks.apply(self.model, self.mask_now())
            yield

    def bare(self) -> AbstractContextManager:
        return masks.without_gates(self.model, self.kinds)

    def tensors(self) -> dict[str, Tensor]:
        return self.mean

    def state(self) -> dict:
        state = {"compute": self.spent, "undecided": self.undecided, "now": self.now, "done": self.done}
        state["mask"] = None if self.chosen is None else masks.to_json(self.chosen)
        state["gates"] = [p.detach().cpu().tolist() for p in self.gate_parameters()]
        return state | {"averaged": self.averaged}

    def load_state(self, state: dict, tensors: dict[str, Tensor]) -> None:
        self.spent, self.undecided, self.now, self.done = (state[k] for k in ("compute", "undecided", "now", "done"))
        with torch.no_grad():
            for parameter, values in zip(self.gate_parameters(), state["gates"], strict=True):
                parameter.copy_(torch.tensor(values, dtype=parameter.dtype))
        self.averaged, self.mean = state["averaged"], {name: mean.to(self.device) for name, mean in tensors.items()}
        if state["mask"] is not None:
            self.chosen = masks.from_json(state["mask"])
            self._remove()


def frozen_modules(model: Transformer, kinds: tuple[str, ...]) -> list[nn.Module]:
    """What does not learn while only these kinds are pruned: the other side (Voita et al. 2019, section 6.2).

    Otherwise the decoder would learn to do without the encoder, and one would see what the two can do together, not
    which heads the encoder needs. Pruning on both sides freezes nothing.
    """
    of_encoder = {"encoder", "encoder_ff"}
    if of_encoder.issuperset(kinds):
        return [model.decoder, model.decoder_norm, model.trg_embedding, model.generator]
    if of_encoder.isdisjoint(kinds):
        return [model.encoder, model.encoder_norm, model.src_embedding]
    return []


def rounded(values: dict[str, Tensor], digits: int) -> dict[str, list[list[float]]]:
    """{kind: (L, H)} as lists for a line of gates.jsonl."""
    return {kind: [[round(x, digits) for x in row] for row in rows.tolist()] for kind, rows in values.items()}
