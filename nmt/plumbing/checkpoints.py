"""The state of a training run: what a checkpoint must hold so that a resumed run is the run that was never stopped.

Equal to the bit on a CPU with the same versions, number of threads and of processes. Sums are taken in another order,
and last digits differ, with another number of threads or processes, on another kind of CPU, in another version of
PyTorch, and on CUDA from one run to the next. Where --max_minutes stops a run, and its speed, is never repeatable.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from nmt import NmtError
from nmt.bpe import BPE
from nmt.config import TrainingConfig
from nmt.models import load_weights
from nmt.objective import Objective
from nmt.plumbing import distributed
from nmt.runs import Run
from nmt.transformer import Transformer

OWN = "objective."  # how the names of its tensors begin
COUNTS = ("step", "epoch", "done", "pairs", "loss_tokens", "loss_sum", "seconds")


@dataclass
class TrainingState:
    """Model, optimiser and counts of a run between two steps, with the random states of all processes."""

    model: Transformer
    objective: Objective
    optimizer: torch.optim.Adam
    plateau: torch.optim.lr_scheduler.ReduceLROnPlateau  # of the schedule 'plateau'; others leave it alone
    scaler: torch.amp.GradScaler  # of a loss in float16; others it leaves as they are
    parameters: dict[str, nn.Parameter]  # by name, in the optimiser's order
    device: torch.device
    step: int = 0  # steps of the optimiser
    epoch: int = 0  # finished epochs
    done: int = 0  # batches done in the epoch under way
    pairs: int = 0  # sentence pairs done in the epoch under way
    loss_sum: float | Tensor = 0.0  # since the last line of metrics.jsonl, nats
    loss_tokens: int = 0  # target tokens of loss_sum
    seconds: float = 0.0  # trained in earlier sessions
    started: float = field(default_factory=lambda: time.monotonic())  # of this session

    @classmethod
    def new(
        cls, model: Transformer, objective: Objective, config: TrainingConfig, scaler: torch.amp.GradScaler
    ) -> "TrainingState":
        # Beta 2 and epsilon are those of the paper, section 5.3. The rate is set before each step.
        groups = objective.parameter_groups(model)
        optimizer = torch.optim.Adam(groups, config.lr, (0.9, 0.98), eps=1e-9, fused=True)
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=config.scheduler_patience)
        plateau.min_lrs = [group["lr"] if group.get("own_rate") else 0 for group in optimizer.param_groups]
        objective.optimizer = optimizer
        names = {parameter: name for name, parameter in model.named_parameters()}
        parameters = {names[p]: p for group in optimizer.param_groups for p in group["params"]}
        return cls(model, objective, optimizer, plateau, scaler, parameters, next(model.parameters()).device)

    def scheduled(self) -> list[dict]:
        """The optimiser's groups that the schedule and clipping are for; its load_state_dict replaces them."""
        return [group for group in self.optimizer.param_groups if not group.get("own_rate")]

    def scheduled_parameters(self) -> list[nn.Parameter]:
        return [parameter for group in self.scheduled() for parameter in group["params"]]

    @property
    def rate(self) -> float:
        return self.scheduled()[0]["lr"]

    @rate.setter
    def rate(self, rate: float) -> None:
        for group in self.scheduled():
            group["lr"] = rate

    def elapsed(self) -> float:
        """Seconds of training, over all sessions of the run."""
        return self.seconds + time.monotonic() - self.started

    def mean_loss(self) -> float:
        """Nats per target token since the last line of metrics.jsonl."""
        return float(self.loss_sum) / self.loss_tokens

    def save(self, run: Run, bpe: tuple[BPE, BPE], keep: int, interim: bool = False) -> None:
        """Write a checkpoint. All processes call this; the first writes. The rest as in `Run.save_checkpoint`."""
        states = {"random.cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            states["random.cuda"] = torch.cuda.get_rng_state(self.device)
        gathered = {name: distributed.of_all(state) for name, state in states.items()}
        tensors = {_of_rank(name, rank): state for name, of in gathered.items() for rank, state in enumerate(of)}
        distributed.by_first(lambda: self._write(run, bpe, keep, interim, tensors))

    def _write(self, run: Run, bpe: tuple[BPE, BPE], keep: int, interim: bool, tensors: dict[str, Tensor]) -> None:
        for name, parameter in self.parameters.items():
            for key, value in self.optimizer.state[parameter].items():
                tensors[f"adam.{name}.{key}"] = value
        tensors |= {f"{OWN}{name}": tensor for name, tensor in self.objective.tensors().items()}
        state = {name: getattr(self, name) for name in COUNTS}
        state |= {"loss_sum": float(self.loss_sum), "seconds": self.elapsed()}
        state |= {"lr": self.rate, "plateau": self.plateau.state_dict(), "objective": self.objective.state()}
        state |= {"scaler": self.scaler.state_dict()}
        with self.objective.bare():
            run.save_checkpoint(self.step, self.model, bpe, tensors, state, keep, interim)

    def restore(self, run: Run, keep: int, log: Callable[[str], None]) -> None:
        """Take all from the last checkpoint, if there was one; what was logged after it is going to happen again."""
        step, rank = run.last_step(), distributed.rank()
        if step is None:
            run.refuse_lost_checkpoints()
            log(f"{run.directory} has no checkpoint yet: resuming from step 0, with its own BPE files")
        else:
            self._load(run, step)
            log(f"{run.directory}: resuming from step {step} (epoch {self.epoch + 1})")
        if rank == 0:
            run.forget_after(-1 if step is None else step, keep)

    def _load(self, run: Run, step: int) -> None:
        with run.reading_checkpoint(step) as (tensors, state):
            try:
                self._take(tensors, state, distributed.rank())
            except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
                name = run.checkpoint(step) / "training.json"
                problem = f"not the state of such a training ({type(error).__name__}: {error})"
                raise NmtError(f"{name}: {problem}") from None
            with self.objective.bare():
                load_weights(self.model, run.checkpoint(step))

    def _take(self, tensors: dict[str, Tensor], state: dict, rank: int) -> None:
        """Raises an error of some kind where they are not those of such a training."""
        own = {name.removeprefix(OWN): tensor for name, tensor in tensors.items() if name.startswith(OWN)}
        self.objective.load_state(state.get("objective", {}), own)
        moments = {
            i: {key: tensors[f"adam.{name}.{key}"] for key in ("step", "exp_avg", "exp_avg_sq")}
            for i, name in enumerate(self.parameters)
            if f"adam.{name}.step" in tensors  # a gate that was decided before its first step has none
        }
        for i, parameter in enumerate(self.parameters.values()):
            if i in moments and [value.shape for value in moments[i].values()] != [(), *[parameter.shape] * 2]:
                raise ValueError("moments of another shape")
        if (mine := self.plateau.state_dict()).keys() != state["plateau"].keys() or not all(
            isinstance(state["plateau"][name], (int, float)) for name in mine if isinstance(mine[name], (int, float))
        ):
            raise ValueError("another plateau")
        if not all(type(state[name]) in (int, float) and 0 <= state[name] < 1e15 for name in COUNTS):
            raise ValueError(f"{', '.join(COUNTS)}: not all are numbers from 0 on")
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": moments, "param_groups": groups})
        self.plateau.load_state_dict(state["plateau"] | {"min_lrs": self.plateau.min_lrs})
        if self.scaler.is_enabled() and state["scaler"]:  # empty where the run went on in another precision
            self.scaler.load_state_dict(state["scaler"])
        self.rate = state["lr"]
        if (cpu := tensors.get(_of_rank("random.cpu", rank))) is not None:  # none where there are more processes now
            torch.set_rng_state(cpu)
        cuda = tensors.get(_of_rank("random.cuda", rank))
        if cuda is not None and self.device.type == "cuda":
            torch.cuda.set_rng_state(cuda, self.device)
        for name in COUNTS:
            setattr(self, name, state[name])


def _of_rank(name: str, rank: int) -> str:
    """How a checkpoint calls the random state of a process; that of the first has no number."""
    return f"{name}.{rank}" if rank else name
