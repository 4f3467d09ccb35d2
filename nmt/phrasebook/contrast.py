"""Contrast sets: which phenomena a model has learnt, by whether it prefers the right line to wrong ones."""

import gzip
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from nmt import NmtError
from nmt.plumbing.places import shipped


@dataclass(frozen=True)
class Item:
    phenomenon: str
    english: str
    right: str
    wrong: list[str]  # they differ from the right one in the phenomenon and nothing else


@dataclass(frozen=True)
class Row:
    phenomenon: str
    items: int
    accuracy: float
    chance: float  # accuracy of a coin among the lines of each item
    margin: float  # mean of the right line's score, less the highest of the wrong ones


def read_records(name: str, record: Callable[[dict], object]) -> list:
    """What `record` makes of each JSON object of a gzipped file of the shipped phrasebook."""
    path, records = shipped() / "phrasebook" / name, []
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                records.append(record(json.loads(line)))
    except FileNotFoundError:
        raise NmtError(f"{path}: no such file; `python -m grammar` in data/phrasebook/ writes it") from None
    except (OSError, EOFError, ValueError, TypeError, KeyError) as error:
        raise NmtError(f"{path}, line {len(records) + 1}: damaged ({error})") from None
    return records


def load_contrast() -> list[Item]:
    return read_records("contrast.jsonl.gz", lambda fields: Item(**fields))


def hit(right: float, wrong: list[float]) -> float:
    """1 where `right` is the highest, a coin's share where it is one of several highest, else 0."""
    best = max(right, *wrong)
    return 1 / [right, *wrong].count(best) if right == best else 0.0


def contrast_table(score: Callable[[list[tuple[str, str]]], list[float]], items: list[Item]) -> list[Row]:
    """Accuracy per phenomenon, and over all of them in a last row "all".

    `score` gives the log-probability of each (English, Russian) pair. An item counts where the right line has a
    higher one than every wrong line; a tie counts as a coin would.
    """
    scores = iter(score([(item.english, line) for item in items for line in (item.right, *item.wrong)]))
    hits: dict[str, list[tuple[float, float, float]]] = {}  # of each item, of a coin, and the margin
    for item in items:
        right, *wrong = islice(scores, 1 + len(item.wrong))
        hits.setdefault(item.phenomenon, []).append((hit(right, wrong), 1 / (1 + len(wrong)), right - max(wrong)))
    hits["all"] = [both for of_one in hits.values() for both in of_one]
    means = {name: [sum(column) / len(both) for column in zip(*both, strict=True)] for name, both in hits.items()}
    return [Row(name, len(hits[name]), *of_items) for name, of_items in means.items()]


def mcnemar(lost: int, won: int) -> float:
    """McNemar's exact p, two-sided: that a coin, thrown for each answer that changed, divides them so unequally."""
    n = lost + won
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(min(lost, won) + 1)) / 2**n)
