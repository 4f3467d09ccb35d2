"""What runs of `nmt prune` with a price on heads left: the price, and their gates over the steps (results/lambda)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nmt import NmtError
from nmt.pruning.config import PruningConfig
from nmt.runs import Run
from nmt.transformer import TransformerConfig


@dataclass(frozen=True)
class Gates:
    """The gates of one kind over the stored steps of a run of `nmt prune`."""

    steps: np.ndarray  # int (N,)
    p_open: np.ndarray  # (N, L, H)
    log_alpha: np.ndarray  # (N, L, H)

    @property
    def expected(self) -> np.ndarray:  # (N,): what the penalty counts
        return self.p_open.sum((1, 2))


def gates(run: Run, kind: str = "encoder") -> Gates:
    """The lines of its gates.jsonl. Raises NmtError where no gates of this kind learned."""
    lines = run.lines("gates.jsonl")
    if not lines or kind not in lines[0].get("p_open", {}):
        raise NmtError(f"{run.directory}: gates.jsonl holds no gates of kind {kind!r} that learn (method l0 has them)")
    p_open, log_alpha = (np.array([line[what][kind] for line in lines]) for what in ("p_open", "log_alpha"))
    return Gates(np.array([line["step"] for line in lines]), p_open, log_alpha)


def runs(folder: str | Path) -> list[Run]:
    """The runs in a folder: by corpus, those with a frozen decoder first, then by λ."""

    def order(run: Run) -> tuple:
        settings = run.config["objective"]
        return run.config["card"]["name"], settings["heads"], not settings["freeze"], settings["l0_penalty_lambda"]

    return sorted((Run(path.parent) for path in sorted(Path(folder).glob("*/config.json"))), key=order)


def price(run: Run) -> float:
    """λ of a priced run on the paper's scale: what each open head costs it, in nats per target token."""
    said = {name: run.config["objective"][name] for name in ("heads", "l0_penalty_lambda", "l0_penalty_scale")}
    return PruningConfig(**said).price(TransformerConfig(**run.config["transformer"]))
