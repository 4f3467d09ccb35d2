"""Measures preparing at size, and beside it the origin's way; the figures are in data/README.md.

    python -m nmt.lab.bench_preparing FOLDER 100000 1000000 3000000       ours, each once: pairs a second, peak memory
    python -m nmt.lab.bench_preparing FOLDER --rounds 3 100000            ours and the origin's in turn: the ratio

Each measurement is a process of its own. Time is that of the processor, user and system, of it and its children (BPE
is trained in one), once its modules are imported: other work on the machine does not count. FOLDER needs some 2 kB a
pair, and is emptied of what was prepared. The pairs are made: words of letters drawn at random, as often as Zipf's law
says, 18 a sentence in the mean, one pair in twenty a repeat.
"""

import argparse
import os
import pickle
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np

LETTERS = "etaoinshrdlcumwfgypbvk", "оеаинтсрвлкмдпуяызьбгчйхжшюцщэ"
WORDS = 150_000, 300_000  # different ones of each language
BPE_SIZE = 10_000
MARK = "measured:"


def make(path: Path, pairs: int) -> None:
    draw = np.random.default_rng(0)
    sides = []
    for letters, count in zip(LETTERS, WORDS, strict=True):
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


def used() -> float:
    """Seconds of the processor, of this process and its children."""
    times = os.times()
    return sum(times[:4])


def ours(path: Path, folder: Path) -> None:
    from nmt.bpe import train
    from nmt.corpora.corpus import prepare
    from nmt.tokens import encode_corpus

    steps, since = {}, [used()]

    def done(step: str) -> None:
        since.append(used())
        steps[step] = round(since[-1] - since[-2], 1)

    corpus = prepare(path, folder, log=lambda text: None)
    done("clean, de-duplicate, split")
    bpe = train(corpus, "en", BPE_SIZE, folder), train(corpus, "ru", BPE_SIZE, folder)
    done("BPE")
    encode_corpus(corpus, bpe, folder)
    done("encode, write")
    print(MARK, since[-1] - since[0], steps)


def origin(path: Path, folder: Path) -> None:
    """What the origin did: two text files, BPE, one call of encode a line, lists of lists, pickle."""
    import youtokentome

    folder.mkdir()
    first, spent, lists = used(), 0.0, []
    for column in (0, 1):
        text, model = folder / f"{column}.txt", folder / f"{column}.bpe"
        with open(path, encoding="utf-8") as lines, open(text, "w", encoding="utf-8") as out:
            for line in lines:
                cells = line.strip().split("\t")
                out.write(cells[column].lower() + "\n")
        youtokentome.BPE.train(data=str(text), model=str(model), vocab_size=BPE_SIZE)
        bpe = youtokentome.BPE(str(model))
        since, ids = used(), []
        with open(text, encoding="utf-8") as lines:
            for line in lines:
                ids.append(bpe.encode(line, output_type=youtokentome.OutputType.ID, bos=True, eos=True))
        lists.append(ids)
        spent += used() - since
    kept = [both for both in zip(*lists, strict=True) if all(10 <= len(ids) <= 100 for ids in both)]
    with open(folder / "pickle", "wb") as file:
        for ids in zip(*kept, strict=True):
            pickle.dump(list(ids), file)
    print(MARK, used() - first, {"encode": round(spent, 1)})


def measured(way: str, path: Path, folder: Path) -> tuple[float, str, float]:
    """Seconds of the processor, its parts, and MiB at most (of the process or its child, the larger)."""
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "nmt.lab.bench_preparing", "--way", way, str(path), str(folder)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    said = [line for line in child.stdout if line.startswith(MARK)]  # the rest is youtokentome's
    _, status, use = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{way} failed")
    shutil.rmtree(folder, ignore_errors=True)
    _, seconds, parts = said[0].strip().split(" ", 2)
    return float(seconds), parts, use.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("pairs", nargs="+")
    parser.add_argument("--rounds", type=int, default=0, help="rounds of ours and the origin's way, 0: ours once")
    parser.add_argument("--way", choices=("ours", "origin"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        return {"ours": ours, "origin": origin}[given.way](given.folder, Path(given.pairs[0]))
    given.folder.mkdir(parents=True, exist_ok=True)
    for pairs in map(int, given.pairs):
        path = given.folder / f"{pairs}.tsv"
        if not path.exists():
            make(path, pairs)
        print(f"{pairs:,} pairs, {path.stat().st_size / 2**20:,.0f} MiB")
        ratios = []
        for _ in range(max(1, given.rounds)):
            seconds = {}
            for way in ("ours", "origin") if given.rounds else ("ours",):
                cpu, parts, peak = measured(way, path, given.folder / way)
                print(f"  {way}: {parts}\n| {pairs:,} | {cpu:.1f} | {pairs / cpu:,.0f} | {peak:,.0f} MiB |", flush=True)
                seconds[way] = cpu
            ratios += [seconds["origin"] / seconds["ours"]] if given.rounds else []
        if ratios:
            print(f"  ratio: median {statistics.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}")


if __name__ == "__main__":
    main()
