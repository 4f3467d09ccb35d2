"""Which pairs train a model and which test it: no sentence of valid or test in train, whatever the file's order."""

import hashlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nmt import NmtError
from nmt.corpora.normalise import clean, sameness_key
from nmt.corpora.pairs import Pair, check_languages, clean_pairs

HELD_OUT = 0.05, 50, 1_000  # share of the pairs for each of valid and test, at least, at most
SPLITS = "train", "valid", "test"
SPLIT_RULE = (  # for the card
    "by a hash of the normalised pair; valid and test each {:.0%}, but {} to {:,} pairs; no sentence of theirs in "
    "train on either side; train may hold several translations and forms of one sentence"
).format(*HELD_OUT)


@dataclass(frozen=True)
class Part:
    name: str
    read: Callable[[Path], Iterable[Pair]]  # gets a folder for what must be unpacked first
    cap: int | float | None = None  # so many of them train a model at most; a float is a share, above 1 they come again


def pair_hashes(en: str, ru: str) -> tuple[int, int, int, int]:
    """64-bit hashes of the English, of the Russian and of both, without case and punctuation, and of both as they are
    written: of each pair these stay in memory, not its text."""
    written, en, ru = f"{en}\t{ru}", sameness_key(en), sameness_key(ru)
    texts = en, ru, f"{en}\t{ru}", written
    return tuple(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") for text in texts)


def choose_splits(hashes: np.ndarray, dropped: Counter, name: str, held: Mapping | None = None) -> np.ndarray:
    """From the hashes of all pairs, uint64 (N, 4), their splits, uint8 (N,): 1 train, 2 valid, 3 test, 0 dropped.

    Distinct pairs in the order of their hashes give test and valid in turn, each sentence at most once; of the rest,
    train keeps what shares no English and no Russian sentence with them. So the order of the pairs does not matter.
    Train keeps both of "Bye!" and "bye", for people type both; elsewhere they count as the same.
    `held`: the pairs of the splits that are published, with which the others share no sentence either.
    """
    en, ru, both, written = hashes.T
    distinct = np.unique(both, return_index=True)[1]  # the first row of each distinct pair, ordered by hash
    forms = np.unique(written, return_index=True)[1]
    dropped["repeats an earlier pair"] += len(written) - len(forms)
    split = np.zeros(len(both), dtype=np.uint8)
    known = [pair_hashes(*pair) for pairs in (held or {}).values() for pair in pairs]
    held_en, held_ru, *_ = np.array(known, dtype=np.uint64).reshape(-1, 4).T
    free = distinct[~(np.isin(en[distinct], held_en) | np.isin(ru[distinct], held_ru))]
    labels = [label for label in (3, 2) if SPLITS[label - 1] not in (held or ())]
    chosen = _hold_out(free, en, ru, len(labels))
    for first, label in enumerate(labels):
        split[chosen[first :: len(labels)]] = label
    held_en, held_ru = np.append(held_en, en[chosen]), np.append(held_ru, ru[chosen])
    rest = forms[split[forms] == 0]
    shared = np.isin(en[rest], held_en) | np.isin(ru[rest], held_ru)
    split[rest[~shared]] = 1
    dropped["shares a sentence with valid or test"] += int(shared.sum())
    if np.bincount(split, minlength=4)[[1, *labels]].min() < (least := HELD_OUT[1]):
        gone = ", ".join(f"{count:,} ({reason})" for reason, count in (+dropped).items()) or "none"
        raise NmtError(
            f"{name}: {len(distinct):,} distinct sentence pairs of {len(np.unique(en)):,} English and "
            f"{len(np.unique(ru)):,} Russian sentences are too few; train, valid and test need {least} each, without a "
            f"common sentence; dropped: {gone}. A file that is only to be scored: --split all"
        )
    return split


def _hold_out(distinct: np.ndarray, en: np.ndarray, ru: np.ndarray, count: int) -> list[int]:
    """The rows of so many splits together, in the order of `distinct`, no two with a common sentence."""
    share, least, most = HELD_OUT
    size = min(most, max(least, round(share * len(distinct))))
    rows, seen_en, seen_ru = [], set(), set()
    for row in distinct:
        if len(rows) == count * size:
            break
        if en[row] not in seen_en and ru[row] not in seen_ru:
            rows.append(row)
            seen_en.add(en[row])
            seen_ru.add(ru[row])
    return rows


def split_pairs(
    parts: Sequence[Part], published: Mapping[str, Part], scratch: Path, dropped: Counter, train: Counter
) -> Iterator[tuple[str, Pair]]:
    """(split, pair) of a whole corpus: its parts together, cleaned, each pair once, split and capped.

    `published`: splits that come as such and stay whole. `scratch`: a folder for what is unpacked, and for the cleaned
    text: each part is read once. Pairs are counted in `dropped` by reason, and in `train` by part.
    """
    whole = {}
    for split, part in published.items():
        rows = check_languages(part.read(scratch), part.name)
        whole[split] = [(en, ru) for en, ru in ((clean(en), clean(ru)) for en, ru in rows) if en and ru]
    if parts:
        yield from _split_parts(parts, whole, scratch, dropped, train)
    yield from ((split, pair) for split, pairs in whole.items() for pair in pairs)


def _split_parts(
    parts: Sequence[Part], held: Mapping, scratch: Path, dropped: Counter, train: Counter
) -> Iterator[tuple[str, Pair]]:
    opened = [part.read(scratch) for part in parts]  # all that must be fetched is fetched before the first is read
    hashes, ends, path = array("Q"), [0], scratch / "cleaned.tsv"
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        for part, rows in zip(parts, opened, strict=True):
            for en, ru in clean_pairs(check_languages(rows, part.name), dropped):
                out.write(f"{en}\t{ru}\n")
                hashes.extend(pair_hashes(en, ru))
            ends.append(len(hashes) // 4)
    hashes = np.asarray(hashes).reshape(-1, 4)
    split = choose_splits(hashes, dropped, " and ".join(part.name for part in parts), held)
    times = np.ones(len(split), dtype=np.uint8)
    for part, start, end in zip(parts, ends[:-1], ends[1:], strict=True):
        rows = start + np.flatnonzero(split[start:end] == 1)
        if part.cap is not None and len(rows):  # a smaller cap keeps part of what a larger one keeps
            rows = rows[np.argsort(hashes[rows, 3])]  # not the first of the file: its order may mean something
            most = min(part.cap, len(rows)) if isinstance(part.cap, int) else round(part.cap * len(rows))
            each, more = divmod(most, len(rows))
            times[rows[:more]], times[rows[more:]] = each + 1, each
            dropped["over the cap of its file"] += int((times[rows] == 0).sum())
        train[part.name] += int(times[rows].sum())
    del hashes
    with open(path, encoding="utf-8", newline="\n") as lines:
        for label, count, line in zip(split, times, lines, strict=True):
            if label:
                en, _, ru = line[:-1].partition("\t")
                yield from [(SPLITS[label - 1], (en, ru))] * int(count)
