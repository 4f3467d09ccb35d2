"""The kept runs, read back: data/results/README.md says which records lie where, `store.py` in it puts them there."""

from pathlib import Path

from nmt.pruning.config import PruningConfig
from nmt.runs import Run
from nmt.transformer import TransformerConfig


def priced_runs(folder: str | Path) -> list[Run]:
    """The runs in data/results/lambda: by corpus, those with a frozen decoder first, then by λ."""

    def order(run: Run) -> tuple:
        settings = run.config["objective"]
        return run.config["card"]["name"], settings["heads"], not settings["freeze"], settings["l0_penalty_lambda"]

    return sorted((Run(path.parent) for path in sorted(Path(folder).glob("*/config.json"))), key=order)


def price(run: Run) -> float:
    """λ of a priced run on the paper's scale: what each open head costs it, in nats per target token."""
    return PruningConfig.of_record(run.config["objective"]).price(TransformerConfig(**run.config["transformer"]))
