"""From frames to the four splits, and their files."""

import gzip
import hashlib
import io
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from nmt import NmtError
from nmt.files import whole_file
from nmt.phrasebook import frames, lexicon
from nmt.phrasebook.clauses import Sentence, text
from nmt.phrasebook.world import World

SEED = 1
SIZES = {"train": 20_000, "valid": 1_000, "test": 1_000, "test_seen": 1_000}
HELD_OUT = 12  # one in so many lemma pairs is kept for `test`


@cache
def held_out() -> frozenset[str]:
    """Lemma pairs (verb>object, adjective+noun) never seen in training, chosen by hash.

    Spread over all verbs and adjectives that have at least six nouns, so that no word loses its company.
    """
    words = lexicon.load()
    combos = [f"{v.key}>{noun.ru}" for v in words.verbs if len(v.objects) >= 6 for noun in v.objects]
    combos += [f"{a.en}+{noun.ru}" for a in words.adjectives if len(a.nouns) >= 6 for noun in a.nouns]
    return frozenset(c for c in combos if hashlib.sha256(c.encode()).digest()[0] % HELD_OUT == 0)


def generate(seed: int = SEED, sizes: dict[str, int] = SIZES) -> dict[str, list[Sentence]]:
    """Splits of distinct sentences. Raises NmtError where one English line would get two Russian ones."""
    world = World(seed)
    kinds, shares = list(frames.FRAMES), list(frames.FRAMES.values())
    known: dict[str, str] = {}
    russian: set[str] = set()
    seen: list[Sentence] = []
    unseen: list[Sentence] = []
    wanted_seen = sizes["train"] + sizes["valid"] + sizes["test_seen"]
    while len(seen) < wanted_seen or len(unseen) < sizes["test"]:
        frame = world.random.choices(kinds, shares)[0]
        made = frame(world)
        en, ru = text(made.english), text(made.russian)
        if known.setdefault(en, ru) != ru:
            raise NmtError(f"{frame.__name__}: {en!r} is both {known[en]!r} and {ru!r}; the grammar must decide")
        pool, size = (unseen, sizes["test"]) if made.notes.combos & held_out() else (seen, wanted_seen)
        if ru in russian or len(pool) >= size:
            continue
        russian.add(ru)
        pool.append(made)
    world.random.shuffle(seen)
    splits, start = {}, 0
    for name in ("train", "valid", "test_seen"):
        splits[name] = seen[start : start + sizes[name]]
        start += sizes[name]
    splits["test"] = unseen
    return splits


def write(directory: str | Path, splits: dict[str, list[Sentence]]) -> None:
    for name, sentences in splits.items():
        lines = (f"{text(s.english)}\t{text(s.russian)}\t{' '.join(sorted(s.notes.tags))}" for s in sentences)
        write_lines(Path(directory) / f"{name}.tsv.gz", lines)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Gzip without a time stamp or name, so that equal lines give equal bytes under one zlib."""
    with whole_file(path) as temporary, open(temporary, "wb") as raw:
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
            with io.TextIOWrapper(packed, encoding="utf-8", newline="\n") as file:
                file.writelines(line + "\n" for line in lines)
