"""What decides how heads are pruned: one frozen dataclass. The command line makes one flag of each field."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nmt import KINDS, NEURONS
from nmt.config import FINITE, FROM_0, SHARE, option, refuse_bad_values

if TYPE_CHECKING:
    from nmt.transformer import TransformerConfig

GROUPS = {**{kind: (kind,) for kind in KINDS + NEURONS}, "all": KINDS}  # --heads -> kinds of layers


@dataclass(frozen=True)
class PruningConfig:
    method: str = option("ours", "how the heads are chosen")
    heads: str = option(
        "encoder",
        "which heads: of the encoder, of the decoder's self-attention, of cross-attention, or all; encoder_ff and "
        "decoder_ff: neurons of the feed-forward layers",
        choices=tuple(GROUPS),
    )
    keep: int | None = option(None, "keep exactly so many heads", FROM_0)
    l0_penalty_lambda: float | None = option(
        None, "weight of the L0 penalty; without --keep it decides how many stay", FINITE, flag="hcg_l0_penalty_lambda"
    )
    l0_penalty_scale: str = option(
        "paper",
        "what lambda multiplies: the sum of P(open) over all heads (Voita et al. 2019, eq. 9), the sum over layers of "
        "a layer's mean (the origin), or the mean over layers of a layer's sum (Voita et al.'s code)",
        choices=("paper", "origin", "voita"),
    )
    gate_lr: float = option(0.05, "learning rate of the gates, by Adam, without decay")
    freeze: bool = option(True, "the side of the model whose heads are not pruned does not change")
    search: float | None = option(None, "share of the steps that choose; the rest fine-tunes (default: its own)", SHARE)
    sample: int | None = option(None, "batches that heads are scored on, in each round of scores (default: its own)")
    warmup: int = option(0, "steps over which the rate rises to --lr", FROM_0)
    decay: float = option(0.0, "share of the steps, the last ones, over which the rate falls to 0", SHARE)
    average: float = option(
        0.0, "share of the steps, the last ones with chosen heads, whose weights are averaged", SHARE
    )
    gates_every_n_steps: int = option(10, "steps between two lines of gates.jsonl")

    def __post_init__(self) -> None:
        refuse_bad_values(self)

    def price(self, model: "TransformerConfig") -> float:
        """λ on the paper's scale, nats per target token for each open head: over the terms of the mean in the scale."""
        terms = {"paper": 1, "origin": model.width(self.kinds[0]), "voita": len(self.kinds) * model.num_blocks}
        return self.l0_penalty_lambda / terms[self.l0_penalty_scale]

    @property
    def kinds(self) -> tuple[str, ...]:
        return GROUPS[self.heads]
