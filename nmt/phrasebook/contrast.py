"""Contrast sets: which phenomena a model has learnt, by whether it prefers the right line to wrong ones."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from nmt import NmtError
from nmt.corpora import shipped
from nmt.phrasebook.clauses import Sentence, text
from nmt.phrasebook.edits import EDITS, wrong_lines

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


def build(sentences: Iterator[Sentence], each: int) -> list[Item]:
    """`each` items of every phenomenon, taken from `sentences` as they come; a sentence serves one phenomenon."""
    found: dict[str, list[Item]] = {tag: [] for tag in EDITS}
    missing = set(found)
    while missing:
        made = next(sentences)
        tags = sorted(made.notes.tags & missing, key=lambda tag: (len(found[tag]), tag))
        for tag in tags:
            if wrong := wrong_lines(made, tag):
                found[tag].append(Item(tag, text(made.english), text(made.russian), wrong))
                if len(found[tag]) == each:
                    missing.discard(tag)
                break
    return [item for tag in sorted(found) for item in found[tag]]


def to_json(item: Item) -> str:
    return json.dumps(asdict(item), ensure_ascii=False)


def load_contrast(directory: str | Path | None = None) -> list[Item]:
    """Read contrast.jsonl.gz of the shipped phrasebook, or of `directory`.

    Raises NmtError, naming the file, where it is absent or damaged.
    """
    path = Path(directory or shipped() / "phrasebook") / "contrast.jsonl.gz"
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return [Item(**json.loads(line)) for line in file]
    except FileNotFoundError:
        raise NmtError(f"{path}: no such file; `python -m nmt.phrasebook` writes it") from None
    except (OSError, EOFError, ValueError, TypeError) as error:
        raise NmtError(f"{path}: not a contrast set ({error})") from None


def contrast_table(score: Score, items: list[Item]) -> list[Row]:
    """Accuracy per phenomenon, and over all of them in a last row "all".

    `score` gives the log-probability of each (English, Russian) pair. An item counts where the right line has a
    higher one than every wrong line; a tie does not count.
    """
    pairs = [(item.english, line) for item in items for line in (item.right, *item.wrong)]
    scores = iter(score(pairs))
    hits: dict[str, list[tuple[bool, float]]] = {}
    for item in items:
        right, *wrong = [next(scores) for _ in range(1 + len(item.wrong))]
        hit = all(right > other for other in wrong), 1 / (1 + len(wrong))
        hits.setdefault(item.phenomenon, []).append(hit)
    hits["all"] = [hit for hits_of_one in hits.values() for hit in hits_of_one]
    return [
        Row(name, len(got), sum(hit for hit, _ in got) / len(got), sum(chance for _, chance in got) / len(got))
        for name, got in hits.items()
    ]


def format_table(rows: list[Row]) -> str:
    lines = [f"{'phenomenon':<24}{'items':>6}{'accuracy':>10}{'chance':>8}"]
    lines += [f"{row.phenomenon:<24}{row.items:>6}{row.accuracy:>10.3f}{row.chance:>8.2f}" for row in rows]
    return "\n".join(lines)
