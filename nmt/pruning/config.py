"""What decides how heads are pruned: one frozen dataclass; each field says what it is for."""

from dataclasses import dataclass, fields

from nmt import NmtError
from nmt.config import option
from nmt.transformer import KINDS, NEURONS

GROUPS = {**{kind: (kind,) for kind in KINDS + NEURONS}, "all": KINDS}  # --heads -> kinds of layers


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
        choices=("paper", "origin", "voita"),
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
        for name, least in (("keep", 0), ("swaps", 0), ("gates_every_n_steps", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise NmtError(f"--{name} must be at least {least}, not {value}")
        for name in ("search", "distill"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise NmtError(f"--{name} must be between 0 and 1, not {value}")
        if self.l0_penalty_lambda is not None and not 0 <= self.l0_penalty_lambda < float("inf"):
            raise NmtError(f"--hcg_l0_penalty_lambda must be at least 0 and finite, not {self.l0_penalty_lambda}")
        if not 0 < self.gate_lr < float("inf"):
            raise NmtError(f"--gate_lr must be above 0 and finite, not {self.gate_lr}")

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of layers that --heads means, of KINDS or NEURONS."""
        return GROUPS[self.heads]
