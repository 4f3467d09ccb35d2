"""Overfit first, then the full corpus: does it help to have learnt a few pairs by heart?

    python data/results/depth/overfit_first.py          overfit_first.jsonl beside this script; --smoke: does it run?

All cells have equally many updates, and their rate has fallen to 0 in the end. README.md says what was expected before
any cell was trained.
"""

from pathlib import Path

from cells import SETTINGS, SMOKE, Watching, command, do, watched

from nmt.config import TrainingConfig
from nmt.corpora.corpus import Corpus

SEEDS = 1, 2, 3
# Pairs in the first phase: 0, there is none, but one training with as many updates; None, all pairs of the corpus: what
# the second start does by itself.
FIRST = 0, None, 5_000, 1_000
SIZES = {"d_model": 64, "num_heads": 4, "src_vocab_size": 1_000, "trg_vocab_size": 1_000, "batch_size": 50}
BEFORE, AFTER = 800, 1_600  # updates of the two phases
PEAK, WARMUP, FALL = 3e-3, 100, 0.4  # the rate rises at the start of each phase; it falls in the last share of AFTER


def main(corpus: Corpus, file: Path, small: bool = False) -> None:
    sizes, before, after, every = SIZES, BEFORE, AFTER, 100
    if small:
        sizes, before, after, every = SIZES | SMOKE | {"batch_tokens": None, "batch_size": 10}, 4, 8, 4
    warmup, fall = min(WARMUP, before // 2), round(FALL * after)

    def line_of(cell: dict, folder: Path) -> dict:
        first, seed, origin, past = cell["first"], cell["seed"], None, {}
        settings = {"scheduler": "no", **SETTINGS, **sizes}
        if first != 0:
            some = {"limit_train_batches": first // sizes["batch_size"]} if first else {}
            watching = Watching(before, every, PEAK, warmup)
            origin, past = watched(TrainingConfig(seed=seed, **settings | some), corpus, folder / "before", watching)
        steps = after if origin else before + after
        # The second phase has the batches of another seed; the training without phases those of the first.
        config = TrainingConfig(seed=seed + 100 if origin else seed, **settings)
        watching = Watching(steps, every, PEAK, warmup, fall)
        _, line = watched(config, corpus, folder / "after", watching, origin)
        return line | {"before": past, "updates": before + after}

    seeds = SEEDS[:1] if small else SEEDS
    do([{"first": first, "seed": seed} for seed in seeds for first in FIRST], corpus, file, line_of)


if __name__ == "__main__":
    command(main, "phrasebook", "overfit_first")
