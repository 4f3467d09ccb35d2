"""How fast a corpus is prepared: `python -m nmt.lab.preparing FOLDER 100000 1000000` prints the rows of data/README.md.

Each size is measured in a process of its own. Time is that of the processor, user and system, of the process and its
children (BPE is trained in one), after imports: other work on the machine does not count. The pairs are made: words of
letters drawn at random, as often as Zipf's law says, 18 a sentence in the mean, one pair in twenty a repeat. FOLDER
needs some 2 kB a pair, and is emptied of what was prepared.
"""

import os
import resource
import shutil
import sys
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from nmt import bpe
from nmt.corpora.corpus import prepare
from nmt.tokens import encode_corpus

ALPHABETS = {"etaoinshrdlcumwfgypbvk": 150_000, "оеаинтсрвлкмдпуяызьбгчйхжшюцщэ": 300_000}  # letters: different words
PIECES = 10_000  # of each vocabulary


def make(path: Path, pairs: int) -> None:
    draw = np.random.default_rng(0)
    sides = []
    for letters, count in ALPHABETS.items():
        sizes = np.minimum(2 + np.log2(1 + np.arange(count)) * draw.uniform(0.2, 0.9, count), 20).astype(int)
        chosen = draw.choice(list(letters), int(sizes.sum()))
        words = np.array(["".join(word) for word in np.split(chosen, np.cumsum(sizes)[:-1])])
        often = np.cumsum(1 / (2.7 + np.arange(count)))  # Zipf and Mandelbrot
        sides.append((words, often / often[-1]))
    last = []
    with open(path, "w", encoding="utf-8") as out:
        for start in range(0, pairs, 10_000):
            columns = []
            for words, often in sides:
                lengths = np.clip(draw.lognormal(2.75, 0.55, min(10_000, pairs - start)), 3, 80).astype(int)
                drawn = words[np.minimum(np.searchsorted(often, draw.random(int(lengths.sum()))), len(words) - 1)]
                lines = np.split(drawn, np.cumsum(lengths)[:-1])
                columns.append([" ".join(line).capitalize() + "." for line in lines])
            lines = [f"{en}\t{ru}\n" for en, ru in zip(*columns, strict=True)]
            lines[::20] = last[::20] or lines[::20]
            out.writelines(lines)
            last = lines


def measure(path: Path, pairs: int) -> None:
    """Clean, de-duplicate, split; learn two vocabularies; write the ids. Prints a row: seconds, speed, peak memory."""
    folder, since = path.with_suffix(""), sum(os.times()[:4])
    corpus = prepare(path, folder, log=lambda text: None)
    encode_corpus(corpus, (bpe.train(corpus, "en", PIECES, folder), bpe.train(corpus, "ru", PIECES, folder)), folder)
    seconds = sum(os.times()[:4]) - since
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"| {pairs:,} | {seconds:.1f} | {pairs / seconds:,.0f} | {peak / 1024:,.0f} MiB |", flush=True)
    shutil.rmtree(folder)


if __name__ == "__main__":
    where = Path(sys.argv[1])
    where.mkdir(parents=True, exist_ok=True)
    for count in map(int, sys.argv[2:]):
        if not (made := where / f"{count}.tsv").exists():
            make(made, count)
        child = get_context("spawn").Process(target=measure, args=(made, count))
        child.start()
        child.join()
