"""`nmt demo`: a small Transformer learns the embedded phrasebook in a few minutes on two cores, and shows how."""

import argparse
import shlex
import time
from dataclasses import replace

from nmt import NmtError
from nmt.cli import arguments
from nmt.config import TrainingConfig
from nmt.corpora.card import format_card
from nmt.corpora.corpus import Corpus, prepare
from nmt.decoding import translate
from nmt.runs import Run, load
from nmt.scoring import corpus_scores
from nmt.training import train

# Batches of about 700 tokens: on so small a corpus many small steps learn faster than few large ones. In the few epochs
# that four minutes hold, dropout only slows it down.
CONFIG = TrainingConfig(
    d_model=128, num_heads=4,  # eight heads are a fifth slower, and in four minutes come less far
    src_vocab_size=3000, trg_vocab_size=3000, dropout=0.0, batch_tokens=700, max_epochs=20, lr=0.7,
    noam_opt_warmup_steps=300, limit_val_batches=4,
)  # fmt: skip


def demo_command(given: argparse.Namespace) -> None:
    """Train on the phrasebook for at most so many minutes, then show what was learnt."""
    if not given.minutes > 0:
        raise NmtError(f"--minutes must be above 0, not {given.minutes}")
    corpus = prepare("phrasebook")
    print(format_card(corpus.card))
    directory = getattr(given, "run", None) or f"runs/{time.strftime('%Y%m%d-%H%M%S')}-demo"
    print("\nTraining a 2-block Transformer written in nmt/. BLEU is measured on 200 held-out sentences, greedily.")
    run = train(replace(CONFIG, max_minutes=given.minutes), corpus, directory)
    show_progress(run)
    if show_scores(run, corpus) < 20:
        print("So low a BLEU: it trained too briefly. Trained for longer: nmt translate --checkpoint phrasebook")
    print(f"\nThe run is in {run.directory}: metrics.jsonl, samples.jsonl, frames/ (attention), checkpoints/.")
    arguments.draw(run, print)
    print("The way on:")
    where = shlex.quote(str(run.directory))
    print(f"  nmt translate --checkpoint {where} 'The old doctor reads a long letter.'")
    print("  nmt train --data hotels --run runs/hotels     real hotel descriptions; README.md has the results")
    print("  jupyter lab                                   the course, in notebooks/")


def show_progress(run: Run) -> None:
    samples = run.lines("samples.jsonl")
    epochs = sorted({line["epoch"] for line in samples})
    shown = sorted({epochs[0], epochs[len(epochs) // 2], epochs[-1]})
    print("\nHeld-out sentences, as the model translated them while it learnt:")
    for source in dict.fromkeys(line["source"] for line in samples):
        lines = [line for line in samples if line["source"] == source]
        print(f"\n  English       {source}")
        for line in (line for line in lines if line["epoch"] in shown):
            print(f"  epoch {line['epoch']:<7} {line['translation']}")
        print(f"  reference     {lines[0]['reference']}")


def show_scores(run: Run, corpus: Corpus) -> float:
    trained = load(run.directory)
    texts = {"test_seen": "seen combinations of words", "test": "combinations never seen in training"}
    print()
    for split, text in texts.items():
        english, russian = zip(*corpus.pairs(split), strict=True)
        scores = corpus_scores(translate(trained.model, trained.bpe, list(english), beam=1), list(russian))
        print(f"{len(english)} new sentences, {text}: BLEU {scores['bleu']:.1f}, chrF {scores['chrf']:.1f}")
    print(f"  sacreBLEU {scores['signature']}")
    return scores["bleu"]
