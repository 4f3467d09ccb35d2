"""Contrast sets: which phenomena a model has learnt, by whether it prefers the right line to wrong ones."""

import gzip
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from nmt import NmtError
from nmt.phrasebook.gold import words
from nmt.plumbing.places import shipped

Score = Callable[[list[tuple[str, str]]], list[float]]


@dataclass(frozen=True)
class Item:
    """One test item. The wrong lines differ from the right one in the phenomenon and nothing else."""

    phenomenon: str
    english: str
    right: str
    wrong: list[str]


@dataclass(frozen=True)
class Row:
    """One line of the table. `chance`: accuracy of a coin among the lines of each item."""

    phenomenon: str
    items: int
    accuracy: float
    chance: float


def unigram(lines: Iterable[str]) -> Callable[[str], float]:
    """Log-probability of a line by how often its words stand in `lines`, add-one smoothed; knows no order."""
    counts = Counter(word for line in lines for word in words(line.lower()))
    total = math.log(counts.total() + len(counts))
    return lambda line: math.fsum(math.log(counts[word] + 1) - total for word in words(line.lower()))


def hit(right: float, wrong: list[float]) -> float:
    """1 where `right` is the highest, a coin's share where it is one of several highest, else 0."""
    best = max(wrong)
    return 1.0 if right > best else 1 / (1 + wrong.count(best)) if right == best else 0.0


def load_contrast(directory: str | Path | None = None) -> list[Item]:
    """Read contrast.jsonl.gz of the shipped phrasebook, or of `directory`.

    Raises NmtError, naming the file, where it is absent or damaged.
    """
    path = Path(directory or shipped() / "phrasebook") / "contrast.jsonl.gz"
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return [Item(**json.loads(line)) for line in file]
    except FileNotFoundError:
        raise NmtError(f"{path}: no such file; `python -m grammar` in data/phrasebook/ writes it") from None
    except (OSError, EOFError, ValueError, TypeError) as error:
        raise NmtError(f"{path}: not a contrast set ({error})") from None


def contrast_table(score: Score, items: list[Item]) -> list[Row]:
    """Accuracy per phenomenon, and over all of them in a last row "all".

    `score` gives the log-probability of each (English, Russian) pair. An item counts where the right line has a
    higher one than every wrong line; a tie counts as a coin would.
    """
    pairs = [(item.english, line) for item in items for line in (item.right, *item.wrong)]
    scores = iter(score(pairs))
    hits: dict[str, list[tuple[float, float]]] = {}
    for item in items:
        right, *wrong = [next(scores) for _ in range(1 + len(item.wrong))]
        hits.setdefault(item.phenomenon, []).append((hit(right, wrong), 1 / (1 + len(wrong))))
    hits["all"] = [pair for pairs_of_one in hits.values() for pair in pairs_of_one]
    return [
        Row(name, len(got), sum(one for one, _ in got) / len(got), sum(chance for _, chance in got) / len(got))
        for name, got in hits.items()
    ]


def format_table(rows: list[Row]) -> str:
    lines = [f"{'phenomenon':<24}{'items':>6}{'accuracy':>10}{'chance':>8}"]
    lines += [f"{row.phenomenon:<24}{row.items:>6}{row.accuracy:>10.3f}{row.chance:>8.2f}" for row in rows]
    return "\n".join(lines)
