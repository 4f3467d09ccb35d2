"""Heads of two, four and six blocks, pruned: how many are needed, of which kinds, in which layers?

    python data/results/depth/bigger.py          bigger.jsonl beside this script; --smoke: does it run?

A dense model of each depth, all with the same updates on real text, is pruned by one run through several numbers of
heads. Runs go on where they were stopped. README.md says what was expected before any model was trained.
"""

from pathlib import Path

from cells import SMOKE, command, do

from nmt.batches import in_order
from nmt.config import TrainingConfig, shape_of
from nmt.corpora.corpus import Corpus
from nmt.decoding import translate
from nmt.plumbing.files import claimed
from nmt.pruning import importance
from nmt.pruning.config import GROUPS, PruningConfig
from nmt.pruning.costs import parameters
from nmt.pruning.prune import prune
from nmt.runs import Run, load
from nmt.scoring import corpus_scores
from nmt.tokens import encode_corpus
from nmt.training import train

SEEDS, BLOCKS = (1,), (6, 4, 2)
# Of the heads of these kinds. 1: all of them, for training on may help by itself.
SHARES = {"encoder": (1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 0), "all": (1, 1 / 2, 1 / 4, 1 / 8, 1 / 16)}
EPOCHS, TRANSLATED = 3, 500  # of the dense models; test pairs that are translated, the first ones
DENSE = {
    "d_model": 64, "num_heads": 8, "src_vocab_size": 2_000, "trg_vocab_size": 2_000, "batch_tokens": 1_000,
    "max_length": 60, "dropout": 0.0, "lr": 0.5, "noam_opt_warmup_steps": 1_000, "max_epochs": EPOCHS,
    "check_val_every_n_epoch": EPOCHS, "limit_val_batches": 2, "checkpoint_every_n_steps": 100,
}  # fmt: skip
# The recipe of ../claims: the rate rises over 5 steps and is then constant; weights are averaged over the last half.
PRUNING = {
    "batch_tokens": 1_000, "max_length": 60, "dropout": 0.0, "scheduler": "no", "lr": 0.002, "max_epochs": 1,
    "limit_train_batches": 200, "limit_val_batches": 2, "checkpoint_every_n_steps": 100,
}  # fmt: skip


def dense(blocks: int, seed: int, corpus: Corpus, settings: dict, place: Path) -> Run:
    """The trained model of a depth, in a run of its own: the first process that wants it trains it, others wait."""
    with claimed(place.with_suffix(".lock"), wait=True):
        run = Run(place) if (place / "config.json").is_file() else None
        validated = run.lines(split="valid") if run and run.last_step() is not None else []
        if not validated or validated[-1]["epoch"] < settings["max_epochs"]:
            config = TrainingConfig(num_blocks=blocks, seed=seed, **settings)
            run = train(config, corpus, place, run is not None, "cpu", progress=0)
        return run


def pruned(kinds: str, origin: Run, corpus: Corpus, settings: dict, folder: Path) -> list[dict]:
    """Prune to the largest share of the heads, what is left to the next, and so on: what `prune` returned of each.

    It is `nmt.pruning.prune.prune_through` without times of decoding, which a shared machine cannot tell.
    """
    shape, results, before = load(origin.directory).model.config, [], origin.directory
    heads, seed = len(GROUPS[kinds]) * shape.num_blocks * shape.num_heads, origin.config["training"]["seed"]
    for number, keep in enumerate(sorted({int(share * heads) for share in SHARES[kinds]}, reverse=True)):
        place, how = folder / f"keep-{keep}", {"progress": 0, "log": lambda text: None}
        asked = PruningConfig(heads=kinds, keep=keep, warmup=5, average=0.5)
        config = TrainingConfig(**shape_of(shape) | settings, seed=seed + 100 * number)  # other batches each time
        begun = (place / "config.json").is_file()
        result = prune(asked, config, corpus, None if begun else before, place, begun, "cpu", **how)
        results.append({**result, "scores": scores(place, corpus)})
        before = place
    return results


def scores(place: Path, corpus: Corpus) -> dict:
    """split -> "loss" of all its pairs, nats a target token; of test also BLEU of greedy translations."""
    trained = load(place)
    tokens, (english, russian) = encode_corpus(corpus, trained.bpe), zip(*corpus.pairs("test", TRANSLATED), strict=True)
    batches = {split: list(in_order(tokens[split], 100)) for split in ("valid", "test")}
    found = {split: {"loss": importance.loss(trained.model, batches[split])} for split in batches}
    written = translate(trained.model, trained.bpe, english, beam=1, batch_size=100)
    return found | {"test": found["test"] | corpus_scores(written, russian)}


def main(corpus: Corpus, file: Path, small: bool = False) -> None:
    whole, pruning, depths = DENSE, PRUNING, BLOCKS
    if small:
        whole = DENSE | SMOKE | {"max_epochs": 1, "check_val_every_n_epoch": 1, "limit_train_batches": 4}
        pruning, depths = PRUNING | {"limit_train_batches": 4, "batch_tokens": 100}, (2,)

    def line_of(cell: dict, folder: Path) -> dict:
        place = folder.with_name(f"dense-{cell['blocks']}-{cell['seed']}")
        run = dense(cell["blocks"], cell["seed"], corpus, whole, place)
        about = {"training": run.config["training"], "steps": run.last_step(), "minutes": run.lines()[-1]["minutes"]}
        about |= {"params": parameters(load(run.directory).model), "scores": scores(run.directory, corpus)}
        return {"dense": about, "pruning": pruning, "rows": pruned(cell["heads"], run, corpus, pruning, folder)}

    do(
        [{"blocks": blocks, "heads": kinds, "seed": seed} for seed in SEEDS for kinds in SHARES for blocks in depths],
        corpus, file, line_of,
    )  # fmt: skip


if __name__ == "__main__":
    command(main, "hotels", "bigger")
