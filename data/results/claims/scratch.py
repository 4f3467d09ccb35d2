"""As many heads from scratch: `python data/results/claims/scratch.py OUT [SEED …]`, after claims.json was run there.

For each seed a model with the heads that `shed` kept at 6 of 48 and random weights, trained like the dense model. It
goes on where it was stopped; OUT/scratch-SEED is the run, and its scores are a line of OUT/scratch.jsonl.
"""

import sys
from dataclasses import replace
from pathlib import Path

import torch
from comparing import Plan, Seed

from nmt.config import TrainingConfig
from nmt.corpora.corpus import Corpus, prepare
from nmt.models import save_model_directory
from nmt.plumbing.files import append_json_lines, claimed, read_json_lines, whole_directory
from nmt.pruning import masks
from nmt.pruning.removal import remove_heads
from nmt.runs import load
from nmt.training import train
from nmt.transformer import Transformer


def from_scratch(plan: Plan, corpus: Corpus, out: Path, seed: int, device: str) -> dict:
    """The line of one seed."""
    of, directory, weights = Seed(plan, corpus, out, seed, device), out / f"scratch-{seed}", out / f"random-{seed}"
    key = plan.key(plan.said({"method": "shed"}, "all", 6), seed)
    (pruned,) = (line for line in read_json_lines(of.results) if line["key"] == key)
    if not weights.exists():
        dense = load(out / f"dense-{seed}")
        shape = remove_heads(dense.model, masks.from_json(pruned["mask"])).config
        torch.manual_seed(seed)
        with whole_directory(weights) as new:
            save_model_directory(new, Transformer(replace(shape, dropout=plan.dense["dropout"])), dense.bpe)
    config, begun = TrainingConfig(**plan.dense, seed=seed), directory.is_dir()
    run = train(config, corpus, directory, begun, device, None if begun else weights)
    scores = of.scores(run.directory, directory.name)
    return {"key": f"scratch-{key}", "seed": seed, "kept": 6, "mask": pruned["mask"], "scores": scores}


if __name__ == "__main__":
    plan, out = Plan.read(Path(__file__).with_name("claims.json")), Path(sys.argv[1])
    corpus, device = prepare(plan.data), "cuda" if torch.cuda.is_available() else "cpu"
    for seed in map(int, sys.argv[2:] or plan.seeds):
        with claimed(out / "locks" / f"scratch-{seed}") as mine:
            if mine and seed not in {line["seed"] for line in read_json_lines(out / "scratch.jsonl")}:
                append_json_lines(out / "scratch.jsonl", from_scratch(plan, corpus, out, seed, device))
