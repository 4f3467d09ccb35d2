"""Which pairs train a model and which test it: no sentence of valid or test in train, whatever the file's order."""

import hashlib
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nmt import NmtError
from nmt.corpora.sentences import Pair, cleaned, english_first, normal

HELD_OUT = 0.05, 50, 1_000  # share of the pairs for each of valid and test, at least, at most
SPLITS = "train", "valid", "test"


@dataclass(frozen=True)
class Source:
    """Pairs from one place. `cap`: how many of them may train a model at most, a number or a share (0 to 1)."""

    name: str
    read: Callable[[], Iterable[Pair]]
    cap: int | float | None = None


@dataclass
class Tally:
    """What happened to the pairs: how many were dropped, by reason, and how many train a model, by source."""

    dropped: Counter = field(default_factory=Counter)
    train: Counter = field(default_factory=Counter)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


class Hashes:
    """Of each pair three hashes stay in memory, not its text: English, Russian, both. 24 bytes a pair."""

    def __init__(self, pairs: Iterable[Pair] = ()):
        self.english, self.russian, self.both = array("Q"), array("Q"), array("Q")
        for en, ru in pairs:
            self.add(en, ru)

    def add(self, en: str, ru: str) -> None:
        en, ru = normal(en), normal(ru)
        self.english.frombytes(_digest(en))
        self.russian.frombytes(_digest(ru))
        self.both.frombytes(_digest(f"{en}\t{ru}"))

    def arrays(self) -> list[np.ndarray]:
        """uint64 (N,), thrice, most significant byte first as digests are written; call it once, after the last add."""
        for hashes in (self.english, self.russian, self.both):
            if sys.byteorder == "little":
                hashes.byteswap()
        return [np.asarray(hashes) for hashes in (self.english, self.russian, self.both)]


def split_rows(hashes: Hashes, dropped: Counter, source: str, held: Iterable[Pair] | None = None) -> np.ndarray:
    """For each pair its split, uint8 (N,): 1 train, 2 valid, 3 test, 0 dropped. Depends on the set of pairs only.

    Distinct pairs in the order of their hashes give test and valid in turn, each sentence at most once; of the rest,
    train keeps what shares no English and no Russian sentence with them. Several translations of one sentence stay
    in train. `held`: the pairs of valid and test where they are given, not chosen here.
    Raises NmtError where the pairs are too few.
    """
    en, ru, both = hashes.arrays()
    distinct = np.unique(both, return_index=True)[1]  # the first row of each distinct pair, ordered by hash
    dropped["repeats an earlier pair"] += len(both) - len(distinct)
    split = np.zeros(len(both), dtype=np.uint8)
    if held is None:
        held_en, held_ru = _hold_out(split, distinct, en, ru, dropped, source)
    else:
        held_en, held_ru, _ = Hashes(held).arrays()
    rest = distinct[split[distinct] == 0]
    shared = np.isin(en[rest], held_en) | np.isin(ru[rest], held_ru)
    split[rest[~shared]] = 1
    dropped["shares a sentence with valid or test"] += int(shared.sum())
    least = HELD_OUT[1]
    if np.bincount(split, minlength=4)[1 : 4 if held is None else 2].min() < least:
        raise NmtError(
            f"{source}: too few different sentences ({len(np.unique(en)):,} English, {len(np.unique(ru)):,} Russian) "
            f"to give train, valid and test {least} pairs each without a common sentence"
        )
    return split


def _hold_out(split, distinct, en, ru, dropped, source) -> tuple[np.ndarray, np.ndarray]:
    """Mark valid and test in `split`; returns the hashes of their English and of their Russian sentences."""
    share, least, most = HELD_OUT
    if len(distinct) < 3 * least:
        gone = "".join(f"; dropped: {count:,} ({reason})" for reason, count in (+dropped).items())
        raise NmtError(
            f"{source}: {len(distinct):,} distinct sentence pairs; at least {3 * least} are needed: {least} each for "
            f"valid and test, the others to train on{gone}. A file that is only to be scored: --split all"
        )
    size = min(most, max(least, round(share * len(distinct))))
    held_en, held_ru = set(), set()
    for row in distinct:
        if len(held_en) == 2 * size:
            break
        if en[row] not in held_en and ru[row] not in held_ru:
            split[row] = 3 - len(held_en) % 2
            held_en.add(en[row])
            held_ru.add(ru[row])
    return np.fromiter(held_en, np.uint64), np.fromiter(held_ru, np.uint64)


def split_rule() -> str:
    share, least, most = HELD_OUT
    return (
        f"by a hash of the normalised pair; valid and test each {share:.0%}, but {least} to {most:,} pairs; no "
        "sentence of theirs in train on either side; train may hold several translations of one sentence"
    )


def split_pairs(
    sources: list[Source], scratch: Path, tally: Tally, given: dict[str, list[Pair]] | None = None
) -> Iterator[tuple[str, Pair]]:
    """(split, pair) of all sources together: cleaned, each pair once, capped. Reads each source once.

    scratch: a folder for the cleaned text until every row's split is known. given: the pairs of valid and test where
    they are not to be chosen from the sources; train then shares no sentence with them.
    """
    hashes, ends, path = Hashes(), [0], scratch / "cleaned.tsv"
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        for source in sources:
            for en, ru in cleaned(english_first(source.read(), source.name), tally.dropped):
                out.write(f"{en}\t{ru}\n")
                hashes.add(en, ru)
            ends.append(len(hashes.both))
    name = " and ".join(source.name for source in sources)
    held = None if given is None else [pair for pairs in given.values() for pair in pairs]
    split = split_rows(hashes, tally.dropped, name, held)
    both = np.asarray(hashes.both)
    for source, start, end in zip(sources, ends, ends[1:], strict=False):
        _cap(split[start:end], both[start:end], source.cap, tally.dropped)
        tally.train[source.name] += int((split[start:end] == 1).sum())
    del hashes, both
    with open(path, encoding="utf-8", newline="\n") as lines:
        for label, line in zip(split, lines, strict=True):
            if label:
                en, _, ru = line[:-1].partition("\t")
                yield SPLITS[label - 1], (en, ru)
    for name, pairs in (given or {}).items():
        for pair in pairs:
            yield name, pair


def _cap(split: np.ndarray, both: np.ndarray, cap: int | float | None, dropped: Counter) -> None:
    """Keep at most `cap` training pairs of one source's rows. A smaller cap keeps part of what a larger one keeps."""
    if cap is not None:
        rows = np.flatnonzero(split == 1)
        rows = rows[np.argsort(both[rows])]  # not the first of the file: its order may mean something
        over = rows[cap if isinstance(cap, int) else round(cap * len(rows)) :]
        split[over] = 0
        dropped["over the cap of its file"] += len(over)
