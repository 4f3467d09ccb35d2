"""What all methods of pruning share: the settings, what is frozen, the budget of compute, the mask and its history."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from itertools import islice

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nmt import PAD, NmtError
from nmt.batches import Batch, BatchIterator
from nmt.config import option
from nmt.gates import HardConcrete
from nmt.objective import Objective
from nmt.pruning import masks
from nmt.transformer import KINDS, NEURONS, Transformer

GROUPS = {**{kind: (kind,) for kind in KINDS + NEURONS}, "all": KINDS}
SCALES = ("paper", "origin", "voita")
TEACHER = 1 / 3  # of a step: what the dense model's forward pass costs where it is imitated


@dataclass(frozen=True)
class PruningConfig:
    """Everything that decides how heads are pruned. The command line makes one flag of each field."""

    method: str = option("ours", "how the heads are chosen")
    heads: str = option(
        "encoder",
        "which heads: of the encoder, of the decoder's self-attention, of cross-attention, or all; encoder_ff and "
        "decoder_ff: neurons of the feed-forward layers",
        choices=tuple(GROUPS),
    )
    keep: int | None = option(None, "keep exactly so many heads")
    l0_penalty_lambda: float | None = option(
        None,
        "weight of the L0 penalty; without --keep its strength decides how many heads are left",
        flag="hcg_l0_penalty_lambda",
    )
    l0_penalty_scale: str = option(
        "paper",
        "what lambda multiplies: the sum of P(open) over all heads (Voita et al. 2019, eq. 9), the sum over "
        "layers of the mean over a layer's heads (the origin), or the mean over layers of the sum over a layer's heads "
        "(Voita et al.'s code)",
        choices=SCALES,
    )
    gate_lr: float = option(0.05, "learning rate of the gates, by Adam, without decay")
    freeze: bool = option(True, "the side of the model whose heads are not pruned does not change")
    search: float | None = option(
        None, "share of the steps that choose; the rest fine-tunes with the mask (default: the method's own)"
    )
    swaps: int = option(
        0, "on-budget and shed: exchanges of a kept head for a dropped one at the end of the search, at most"
    )
    distill: float = option(0.0, "share of the loss that imitates the dense model (Hinton et al. 2015)")
    stop: str = option(
        "end", "when to end: after all epochs, or as soon as no gate is undecided", choices=("end", "decided")
    )
    gates_every_n_steps: int = option(10, "steps between two lines of gates.jsonl")

    def __post_init__(self) -> None:
        for f in fields(self):
            if "choices" in f.metadata and getattr(self, f.name) not in f.metadata["choices"]:
                raise NmtError(f"--{f.name} must be one of {f.metadata['choices']}, not {getattr(self, f.name)!r}")
        if self.keep is not None and self.keep < 0:
            raise NmtError(f"--keep must be at least 0, not {self.keep}")
        if self.l0_penalty_lambda is not None and not 0 <= self.l0_penalty_lambda < float("inf"):
            raise NmtError(f"--hcg_l0_penalty_lambda must be at least 0 and finite, not {self.l0_penalty_lambda}")
        if not 0 < self.gate_lr < float("inf"):
            raise NmtError(f"--gate_lr must be above 0 and finite, not {self.gate_lr}")
        for name in ("search", "distill"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise NmtError(f"--{name} must be between 0 and 1, not {value}")
        if self.swaps < 0:
            raise NmtError(f"--swaps must be at least 0, not {self.swaps}")
        if self.gates_every_n_steps < 1:
            raise NmtError(f"--gates_every_n_steps must be at least 1, not {self.gates_every_n_steps}")

    @property
    def kinds(self) -> tuple[str, ...]:
        return GROUPS[self.heads]


def _refuse_pruned(dense: Transformer) -> None:
    if cut := [*(dense.config.kept_heads or {}), *(dense.config.kept_neurons or {})]:
        raise NmtError(f"--checkpoint: this model was pruned already ({', '.join(cut)}); prune the dense one again")


def frozen_modules(model: Transformer, kinds: tuple[str, ...]) -> list[nn.Module]:
    """What does not learn while only these kinds are pruned: the other side of the model.

    Pruning the encoder leaves decoder, target embedding and generator as they are (Voita et al. 2019, section 6.2):
    else the decoder would learn to do without the encoder, and one would see what the two can do together, not which
    heads the encoder needs. Pruning on both sides freezes nothing.
    """
    encoder = {"encoder", "encoder_ff"}
    if set(kinds) <= encoder:
        return [model.decoder, model.decoder_norm, model.trg_embedding, model.generator]
    if not set(kinds) & encoder:
        return [model.encoder, model.encoder_norm, model.src_embedding]
    return []


class Method(Objective):
    """One way to choose the heads that stay: derive, and say how in `search_step`, `choose` or the gates of `install`.

    A run has `steps` steps' worth of compute and does as many as fit into it, at least one. Up to `search_ends` gates
    may be learned, then `choose` gives the mask, and what is left fine-tunes under it. What a method does beside
    training steps (passes over batches for scores, the teacher of the distillation) it adds to `compute`, in steps: a
    forward pass counts a third, as the backward pass costs twice as much; the fine-tuning is as much shorter.
    """

    plain = False
    name = ""  # on the command line
    needs = "keep"  # what must be given: "keep", "lambda" or both
    learns = False  # whether it has gates that learn
    search = 0.6  # share of the steps, where it learns
    charged = True  # False: an upper bound, whose search does not count

    def __init__(self, settings: PruningConfig, dense: Transformer, seed: int) -> None:
        """dense: the trained model that is pruned, not changed here. Raises NmtError for a budget that cannot be."""
        self.config, self.kinds, self.seed = settings, settings.kinds, seed
        self.settings = asdict(settings) | {"search": self.share(settings)}  # what a default came to: it may change
        _refuse_pruned(dense)
        self.of = masks.size(masks.all_kept(dense, self.kinds))
        self._refuse_budget(settings)
        self.dense = dense
        self.chosen: masks.Mask | None = None
        self.undecided = 0  # gates that were neither open nor closed when the mask was chosen
        self.compute = 0.0  # in steps, beside the training steps
        self.now = 0

    @classmethod
    def share(cls, settings: PruningConfig) -> float:
        """Of the steps, that of the search."""
        return cls.search if settings.search is None else settings.search

    def _refuse_budget(self, settings: PruningConfig) -> None:
        keep, price = settings.keep, settings.l0_penalty_lambda
        if "keep" in self.needs and keep is None:
            raise NmtError(f"--method {self.name}: how many heads shall stay? Say --keep K, 0 to {self.of}")
        if keep is not None and "keep" not in self.needs:
            raise NmtError(f"--method {self.name} keeps what lambda leaves; with --keep it is --method l0-topk")
        if keep is not None and keep > self.of:
            more = "; of all kinds together: --heads all" if settings.heads in KINDS else ""
            raise NmtError(f"--keep {keep}: --heads {settings.heads} has {self.of} in this model{more}")
        if "lambda" in self.needs and price is None:
            raise NmtError(f"--method {self.name} needs --hcg_l0_penalty_lambda X, the price of a head")
        if price is not None and "lambda" not in self.needs:
            raise NmtError(f"--method {self.name} has no penalty: leave out --hcg_l0_penalty_lambda, or take l0-topk")
        if settings.stop == "decided" and type(self).count_undecided is Method.count_undecided:
            raise NmtError(f"--stop decided: --method {self.name} has no gates that could be undecided")

    # What a method says

    def install(self) -> None:
        """Put gates on self.model, if the method learns any."""

    def gate_parameters(self) -> list[nn.Parameter]:
        return []

    def search_step(self, step: int) -> None:
        """Before a step of the search."""

    def choose(self) -> masks.Mask:
        """The mask, at the end of the search."""
        raise NotImplementedError

    def mask_now(self) -> masks.Mask:
        """What would be kept if the search ended now: what a validation inside the search is done with."""
        return masks.all_kept(self.model, self.kinds)

    def gate_values(self) -> dict[str, dict]:
        """What is written to gates.jsonl beside the mask: {"p_open": {kind: lists}, "log_alpha": …}."""
        return {}

    def count_undecided(self) -> int:
        return 0

    # What the training loop asks

    def start(self, model: Transformer, batches: BatchIterator, steps: int) -> None:
        self.model, self.batches, self.steps = model, batches, steps
        steps_to_come = steps / (1 + TEACHER if self.config.distill else 1)
        self.search_ends = max(1, round(self.share(self.config) * steps_to_come)) if self.learns else 0
        self.device = next(model.parameters()).device
        self.dense = self.dense.to(self.device).eval().requires_grad_(False)
        if self.config.freeze:
            for module in frozen_modules(model, self.kinds):
                module.requires_grad_(False)
        self.install()

    def calibration(self, count: int) -> list[Batch]:
        """The first batches of a shuffle that no epoch of the training has; on the model's device."""
        batches = copy.copy(self.batches)  # an epoch of theirs is under way, and an iterator can be in one place only
        batches._iterator = copy.copy(batches._iterator)
        return list(islice(batches.epoch(-1), count))

    def parameter_groups(self, model: nn.Module) -> list[dict]:
        gates = self.gate_parameters()
        own = {id(p) for p in gates}
        groups = [{"params": [p for p in model.parameters() if p.requires_grad and id(p) not in own]}]
        return groups + ([{"params": gates, "lr": self.config.gate_lr, "own_rate": True}] if gates else [])

    def before_step(self, step: int) -> None:
        self.compute += TEACHER if self.config.distill else 0
        if self.chosen is None:
            if step >= self.search_ends:
                self.decide()
            else:
                self.search_step(step)

    def decide(self) -> None:
        self.undecided = self.count_undecided()
        self.chosen = self.choose()
        masks.apply(self.model, self.chosen)

    def loss(self, batch: Batch, logits: Tensor, label_smoothing: float) -> Tensor:
        loss = super().loss(batch, logits, label_smoothing)
        if self.config.distill == 0:
            return loss
        with torch.no_grad():
            teacher = self.dense(batch.src, batch.trg_in).float().log_softmax(-1)  # (B, T, V)
        words = batch.trg_out != PAD  # (B, T)
        imitation = F.kl_div(logits[words].float().log_softmax(-1), teacher[words], log_target=True, reduction="sum")
        return (1 - self.config.distill) * loss + self.config.distill * imitation

    def spent(self, step: int) -> float:
        return step + (self.compute if self.charged else 0)

    def after_step(self, step: int) -> list[dict]:
        self.now = step
        one_more = self.spent(step + 1) + (TEACHER if self.config.distill and self.charged else 0)
        decided = self.config.stop == "decided" and self.chosen is None and not self.count_undecided()
        self.done = one_more > self.steps + 1e-6 or (decided and step > 1)
        if self.done:
            self.finish()  # here already: the last line is of the mask that stays
        if step % self.config.gates_every_n_steps:
            return []  # of the last step, and of others that are validated: after that
        return self._line()

    def after_validation(self, step: int) -> list[dict]:
        return [] if step and step % self.config.gates_every_n_steps == 0 else self._line()

    def _line(self) -> list[dict]:
        mask = self.chosen or self.mask_now()
        return [{"kept": masks.count(mask), "mask": masks.to_json(mask), **self.gate_values()}]

    def finish(self) -> None:
        """The mask, where the run ended inside the search."""
        if self.chosen is None:
            self.decide()

    @contextmanager
    def _gates_set_aside(self) -> Iterator[None]:
        layers = [layer for kind in self.kinds for layer in self.model.gated_layers(kind)]
        gates = [layer.gate for layer in layers]
        try:
            yield
        finally:
            for layer, gate in zip(layers, gates, strict=True):
                layer.gate = gate

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        with self._gates_set_aside():
            if self.now == 0 and self.chosen is None:  # the dense model, before anything was done to it
                masks.clear(self.model, self.kinds)
            else:
                masks.apply(self.model, self.chosen or self.mask_now())
            yield

    @contextmanager
    def bare(self) -> Iterator[None]:
        with self._gates_set_aside():
            masks.clear(self.model, self.kinds)
            yield

    def state(self) -> dict:
        state = {"compute": self.compute, "undecided": self.undecided, "now": self.now, "done": self.done}
        state["mask"] = None if self.chosen is None else masks.to_json(self.chosen)
        state["gates"] = [p.detach().cpu().tolist() for p in self.gate_parameters()]
        return state

    def load_state(self, state: dict) -> None:
        self.compute, self.undecided, self.now = state["compute"], state["undecided"], state["now"]
        self.done = state["done"]
        with torch.no_grad():
            for parameter, values in zip(self.gate_parameters(), state["gates"], strict=True):
                parameter.copy_(torch.tensor(values, dtype=parameter.dtype))
        if state["mask"] is not None:
            self.chosen = masks.from_json(state["mask"])
            masks.apply(self.model, self.chosen)


class Gated(Method):
    """A method whose gates are hard concrete, one module a layer."""

    learns = True

    def log_alpha(self) -> dict[str, Tensor]:
        """Where the gates start, {kind: (L, H)}."""
        raise NotImplementedError

    def install(self) -> None:
        self.gates = {}
        for kind, start in self.log_alpha().items():
            layers = self.model.gated_layers(kind)
            self.gates[kind] = [HardConcrete(len(row), row).to(self.device) for row in start]
            for layer, gate in zip(layers, self.gates[kind], strict=True):
                layer.gate = gate

    def gate_parameters(self) -> list[nn.Parameter]:
        return [gate.log_alpha for gates in self.gates.values() for gate in gates]

    def all(self, what: str) -> dict[str, Tensor]:
        """{kind: (L, H)} of p_open() or undecided() of all gates, on their device."""
        return {kind: torch.stack([getattr(gate, what)() for gate in gates]) for kind, gates in self.gates.items()}

    def log_alphas(self) -> dict[str, Tensor]:
        return {k: torch.stack([gate.log_alpha.detach() for gate in g]).cpu() for k, g in self.gates.items()}

    def count_undecided(self) -> int:
        return int(masks.flatten(self.all("undecided")).sum())

    def gate_values(self) -> dict[str, dict]:
        p_open = {kind: [[round(x, 5) for x in r] for r in p.tolist()] for kind, p in self.all("p_open").items()}
        log_alpha = {kind: [[round(x, 4) for x in row] for row in p.tolist()] for kind, p in self.log_alphas().items()}
        return {"p_open": p_open, "log_alpha": log_alpha, "undecided": self.count_undecided()}
