"""A corpus of sentence pairs on disk: prepared once, with its data card, read ever after.

    corpus = prepare("hotels")                    # or TSV files, or a pair of parallel files: see names.py
    corpus = prepare("data/cache/corpora/hotels-…")  # one prepared before, here or on another machine
    for english, russian in corpus.pairs("train"): ...

A prepared corpus is a folder of plain files, one sentence a line: train.en, train.ru, valid.en, ..., card.json.
The way of a pair: names.py (read) -> splits.py (cleaned and split) -> pairs.apply_options -> here (written).
The folder's name holds a hash of all that its content depends on, so nothing in the cache is ever out of date.
"""

import hashlib
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from nmt import NmtError
from nmt.corpora.card import Card
from nmt.corpora.names import KNOWN, Origin, origin_of
from nmt.corpora.pairs import LANGUAGES, Pair, apply_options, read_lines, read_parallel
from nmt.corpora.splits import HELD_OUT, SPLITS, split_pairs
from nmt.plumbing import files
from nmt.plumbing.places import cache_root

CLEANING = 3  # raise it with every change of what preparation writes: caches made before are then left alone


def to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Corpus:
    directory: Path
    card: Card
    data: tuple[str, ...]  # what `prepare` was asked for: a name, or absolute paths, caps included

    @property
    def name(self) -> str:
        return self.card.name

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(self.card.pairs)

    @property
    def fingerprint(self) -> str:
        return self.card.fingerprint

    def path(self, split: str, language: str) -> Path:
        """The file of one language ("en", "ru") of one split: UTF-8, one sentence a line."""
        if split not in self.splits or language not in LANGUAGES:
            raise NmtError(f"{self.name} has no {split}.{language}: splits are {', '.join(self.splits)}, in en and ru")
        return self.directory / f"{split}.{language}"

    def lines(self, split: str, language: str) -> Iterator[str]:
        return read_lines(self.path(split, language))

    def pairs(self, split: str, limit: int | None = None) -> Iterator[Pair]:
        """(English, Russian), in the order of the source, the first `limit` where given."""
        return islice(read_parallel(self.path(split, "en"), self.path(split, "ru")), limit)


def prepare(
    data: str | Path | Sequence[str | Path],
    root: str | Path | None = None,
    *,
    archives: str | Path | None = None,
    lowercase: bool = False,
    tokens: tuple[int, int] | None = None,
    log: Callable[[str], None] = to_stderr,
) -> Corpus:
    """The corpus of that name, of TSV files (FILE, FILE:N, FILE:P%; held out: valid=FILE), or of two parallel files.

    The first call cleans, splits and writes it under root (cache_root() by default); later calls find it there. A
    folder so written is taken as it is, also on a machine where the files it was made of are not.
    `archives`: a folder with archives already fetched, searched before $NMT_DATA and root.
    `lowercase`, `tokens`: as in pairs.apply_options; such a corpus has a fingerprint of its own.
    """
    root = Path(root) if root else cache_root()
    asked = [str(data)] if isinstance(data, str | Path) else [str(one) for one in data]
    if archives and not Path(archives).is_dir():
        raise NmtError(f"{archives}: no such folder of archives")
    if tokens and not 1 <= tokens[0] <= tokens[1]:
        raise NmtError(f"tokens {tokens[0]} to {tokens[1]}: expected two numbers from 1 on, the smaller first")
    options = ({"lowercase": True} if lowercase else {}) | ({"tokens": list(tokens)} if tokens else {})
    if len(asked) == 1 and asked[0] not in KNOWN and (folder := Path(asked[0]).expanduser().absolute()).is_dir():
        card = _read_card(folder)
        if card.options | options != card.options:
            raise NmtError(f"{asked[0]}: a prepared corpus is taken as it is, with its own case and lengths")
        return Corpus(folder, card, (str(folder),))
    folders = [Path(folder).expanduser() for folder in (archives, os.environ.get("NMT_DATA"), root) if folder]
    with files.caching_in(root):
        origin = origin_of(asked, folders, log)
        directory = root / "corpora" / f"{origin.name}-{_cache_key(origin, options)}"
        if not directory.is_dir():
            log(f"preparing {origin.name} in {directory}")
            with files.whole_directory(directory) as new:
                _write(new, origin, options)
        return Corpus(directory, _read_card(directory), origin.data)


def _cache_key(origin: Origin, options: dict) -> str:
    sums = [[file[key] for key in ("sha256", "md5", "cap", "split") if key in file] for file in origin.files]
    # One sum stands alone, as before there were caps, and no options are no entry: caches made then are still found.
    depends = [CLEANING, HELD_OUT, origin.name, [one if one[1:] else one[0] for one in sums]]
    depends += [options] if options else []
    return hashlib.sha256(json.dumps(depends).encode()).hexdigest()[:16]


def _write(folder: Path, origin: Origin, options: dict) -> None:
    """Read, clean and split the pairs, and write them and their card to an empty folder."""
    dropped, train = Counter(), Counter()
    pairs, tokens = dict.fromkeys((*SPLITS, *origin.published), 0), {}
    paths = {(split, language): folder / f"{split}.{language}" for split in pairs for language in LANGUAGES}
    with tempfile.TemporaryDirectory(dir=folder) as scratch, ExitStack() as stack:
        out = {key: stack.enter_context(open(path, "w", encoding="utf-8", newline="\n")) for key, path in paths.items()}
        rows = split_pairs(origin.parts, origin.published, Path(scratch), dropped, train)
        for split, pair in apply_options(rows, dropped, **options):
            pairs[split] += 1
            words = tokens.setdefault(split, dict.fromkeys(LANGUAGES, 0))
            for language, text in zip(LANGUAGES, pair, strict=True):
                out[split, language].write(text + "\n")
                words[language] += text.count(" ") + 1
    dropped = dict(+dropped)  # without those of no pair
    if not all(pairs.values()):
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in dropped.items())
        raise NmtError(f"{origin.name}: no pair is left for {min(pairs, key=pairs.get)}: {reasons or 'none is there'}")
    names = [Path(name).name for name in train]
    names = names if len(set(names)) == len(names) else list(train)
    card = Card(
        name=origin.name,
        files=origin.files,
        **origin.about,
        options=options,
        pairs=pairs,
        tokens=tokens,
        bytes={path.name: path.stat().st_size for path in paths.values()},
        dropped=dropped,
        train=dict(zip(names, train.values(), strict=True)) if len(names) > 1 else {},
        fingerprint=_fingerprint(folder, [path.name for path in paths.values()]),
    )
    files.write_json(folder / "card.json", card.to_json())


def _read_card(directory: Path) -> Card:
    """The card of a prepared corpus. Raises NmtError where its files are not those that it was written for."""
    if not (directory / "card.json").is_file():
        raise NmtError(f"{directory}: a folder, but not that of a prepared corpus (no card.json in it)")
    card = Card.from_json(files.read_json(directory / "card.json"), directory / "card.json")
    mend = f"delete {directory} and prepare the corpus again"
    for name, size in card.bytes.items():
        if not (directory / name).is_file() or (directory / name).stat().st_size != size:
            raise NmtError(f"{directory / name}: missing or damaged; {mend}")
    if _fingerprint(directory, card.bytes) != card.fingerprint:
        raise NmtError(f"{directory}: a file is not the one that it was prepared with; {mend}")
    return card


def _fingerprint(directory: Path, names: Iterable[str]) -> str:
    sums = "".join(f"{files.sha256(directory / name)}  {name}\n" for name in names)
    return hashlib.sha256(sums.encode()).hexdigest()
