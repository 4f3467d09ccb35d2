"""A corpus of sentence pairs on disk: prepared once, with its data card, read ever after.

    corpus = prepare("hotels")                    # or TSV files, or a pair of parallel files: see nmt.sources
    corpus = prepare("data/cache/corpora/hotels-…")  # one prepared before, here or on another machine
    for english, russian in corpus.pairs("train"): ...

A prepared corpus is a folder of plain files, one sentence a line: train.en, train.ru, valid.en, ..., card.json.
Its name holds a hash of all that its content depends on, so nothing in the cache is ever out of date.
"""

import errno
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from nmt import NmtError
from nmt.corpora import sources
from nmt.corpora.sentences import SIDES, Pair, clean, shaped
from nmt.corpora.splits import HELD_OUT, Tally
from nmt.plumbing import files
from nmt.plumbing.places import data_root, shipped

__all__ = ["Corpus", "clean", "data_root", "format_card", "note", "prepare", "shipped"]

CLEANING = 1  # raise it with every change of what preparation writes: caches made before are then left alone


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Corpus:
    """A prepared corpus on disk. `card` is its data card: see format_card."""

    name: str
    directory: Path
    card: dict
    data: tuple[str, ...]  # what `prepare` was asked for: a name, or absolute paths, caps included

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(self.card["pairs"])

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the SHA-256 of all its files, taken when it was prepared."""
        return self.card["fingerprint"]

    def path(self, split: str, side: str) -> Path:
        """The file of one side ("en", "ru") of one split: UTF-8, one sentence a line."""
        if split not in self.splits or side not in SIDES:
            raise NmtError(f"{self.name} has no {split}.{side}: splits are {', '.join(self.splits)}, sides en, ru")
        return self.directory / f"{split}.{side}"

    def lines(self, split: str, side: str) -> Iterator[str]:
        path = self.path(split, side)
        try:
            with open(path, encoding="utf-8", newline="\n") as file:
                for line in file:
                    yield line[:-1]
        except (OSError, UnicodeDecodeError) as error:
            raise NmtError(f"{path}: {error}; delete {self.directory} and prepare the corpus again") from None

    def pairs(self, split: str, limit: int | None = None) -> Iterator[Pair]:
        """(English, Russian), in the order of the source, the first `limit` where given."""
        return islice(zip(self.lines(split, "en"), self.lines(split, "ru"), strict=True), limit)


def format_card(card: dict) -> str:
    """The card for people: what it is, from where, pairs and tokens per split, what was dropped and why."""
    lines = [f"{card['name']}: {sum(card['pairs'].values()):,} sentence pairs, English and Russian"]
    lines += [f"  {'split':<12}{'pairs':>12}{'words en':>14}{'words ru':>14}"]
    for split, pairs in card["pairs"].items():
        tokens = card["tokens"][split]
        lines += [f"  {split:<12}{pairs:>12,}{tokens['en']:>14,}{tokens['ru']:>14,}"]
    lines += [f"  dropped: {count:,} ({reason})" for reason, count in card["dropped"].items()]
    lines += [f"  {key}: {card[key]}" for key in ("licence", "source", "url", "text", "split") if card.get(key)]
    lines += [f"  option: {name} {value}" for name, value in card.get("options", {}).items()]
    lines += [f"  in train: {count:,} of {source}" for source, count in card.get("train", {}).items()]
    for file in card["files"]:
        cap = f", at most {file['cap']} for training" if "cap" in file else ""
        lines += [f"  file: {file['name']} {key} {file[key]}{cap}" for key in ("sha256", "md5") if key in file]
    return "\n".join(lines)


def prepare(
    data: str | Path | Sequence[str | Path],
    root: str | Path | None = None,
    *,
    archives: str | Path | None = None,
    lowercase: bool = False,
    tokens: tuple[int, int] | None = None,
    log: Callable[[str], None] = note,
) -> Corpus:
    """The corpus of that name (sources.KNOWN), of TSV files (FILE, FILE:N, FILE:P%), or of two parallel files.

    The first call cleans, splits and writes it under root (data_root() by default); later calls find it there. A
    folder so written is taken as it is, also on a machine where the files it was made of are not.
    `archives`: a folder with archives already fetched, searched before $NMT_DATA and root.
    `lowercase`, `tokens`: as in sentences.shaped; such a corpus has a fingerprint of its own.
    Raises NmtError for bad input, naming file and line, a full disk, a folder that cannot be written; nothing
    half-written stays.
    """
    root = Path(root) if root else data_root()
    asked = [str(data)] if isinstance(data, str | Path) else [str(one) for one in data]
    if archives and not Path(archives).is_dir():
        raise NmtError(f"{archives}: no such folder of archives")
    if tokens and not 1 <= tokens[0] <= tokens[1]:
        raise NmtError(f"tokens {tokens[0]} to {tokens[1]}: expected two numbers from 1 on, the smaller first")
    folders = [Path(folder).expanduser() for folder in (archives, os.environ.get("NMT_DATA"), root) if folder]
    if len(asked) == 1 and asked[0] not in sources.KNOWN and Path(asked[0]).expanduser().is_dir():
        if lowercase or tokens:
            raise NmtError(
                f"{asked[0]}: a prepared corpus is taken as it is; lower-case and length come with its files"
            )
        folder = Path(asked[0]).expanduser().absolute()
        card = _card(folder)
        return Corpus(card["name"], folder, card, (str(folder),))
    try:
        if asked == ["phrasebook"]:
            card, rows = sources.phrasebook()
        elif asked == ["wmt16"]:
            card, rows = sources.wmt16(folders, log)
        elif len(asked) == 1 and asked[0] in sources.KNOWN:
            card, rows = sources.archive(asked[0], folders, log)
        else:
            asked, card, rows = sources.own_files(asked, log)
        options = ({"lowercase": True} if lowercase else {}) | ({"tokens": list(tokens)} if tokens else {})
        if options:
            card["options"] = options
        return Corpus(*_build(card, rows, root, log), tuple(asked))
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        mend = f"no room under {root}; make some" if full else f"can {root} be written?"
        raise NmtError(f"{error}: {mend}, or NMT_DATA names another folder for caches") from None


def _build(card: dict, rows: sources.Rows, root: Path, log: Callable[[str], None]) -> tuple[str, Path, dict]:
    """The prepared corpus of this card: found under root, else written."""
    sums = [[file[key] for key in ("sha256", "md5", "cap") if key in file] for file in card["files"]]
    # One sum stands alone, as before there were caps: caches made then are still found.
    depends = [CLEANING, HELD_OUT, card["name"], [one if one[1:] else one[0] for one in sums]]
    options = card.get("options", {})
    depends += [options] if options else []
    directory = root / "corpora" / f"{card['name']}-{hashlib.sha256(json.dumps(depends).encode()).hexdigest()[:16]}"
    if not directory.is_dir():
        log(f"preparing {card['name']} in {directory}")
        with files.whole_directory(directory) as new, tempfile.TemporaryDirectory(dir=new) as scratch:
            tally = Tally()
            card |= _write(new, shaped(rows(Path(scratch), tally), tally.dropped, **options))
            card["dropped"] = {reason: count for reason, count in tally.dropped.items() if count}
            if not card["pairs"]["train"]:
                dropped = ", ".join(f"{count:,} {reason}" for reason, count in card["dropped"].items())
                raise NmtError(f"{card['name']}: no pair is left for train: {dropped}")
            if len(tally.train) > 1:
                names = [Path(name).name for name in tally.train]
                names = names if len(set(names)) == len(names) else list(tally.train)
                card["train"] = dict(zip(names, tally.train.values(), strict=True))
            sums = "".join(f"{files.sha256(new / name)}  {name}\n" for name in card["bytes"])
            card["fingerprint"] = hashlib.sha256(sums.encode()).hexdigest()
            files.write_json(new / "card.json", card)
    return card["name"], directory, _card(directory)


def _card(directory: Path) -> dict:
    """The card of a prepared corpus whose files are all there. Raises NmtError where they are not."""
    if not (directory / "card.json").is_file():
        raise NmtError(f"{directory}: a folder, but not that of a prepared corpus (no card.json in it)")
    card = files.read_json(directory / "card.json")
    if not {"name", "fingerprint", "pairs", "bytes"} <= card.keys():
        raise NmtError(f"{directory / 'card.json'}: damaged, or not that of a prepared corpus")
    for name, size in card["bytes"].items():
        if not (directory / name).is_file() or (directory / name).stat().st_size != size:
            raise NmtError(f"{directory / name}: missing or damaged; delete {directory} and prepare the corpus again")
    return card


def _write(folder: Path, rows: Iterable[tuple[str, Pair]]) -> dict:
    """Write (split, pair) to the files of their splits; count pairs, words between white space, and bytes."""
    out, pairs, tokens = {}, dict.fromkeys(("train", "valid", "test"), 0), {}
    with ExitStack() as stack:
        for split, pair in rows:
            if split not in tokens:
                tokens[split] = dict.fromkeys(SIDES, 0)
                for side in SIDES:
                    path = folder / f"{split}.{side}"
                    out[split, side] = stack.enter_context(open(path, "w", encoding="utf-8", newline="\n"))
            for side, text in zip(SIDES, pair, strict=True):
                out[split, side].write(text + "\n")
                tokens[split][side] += text.count(" ") + 1
            pairs[split] = pairs.get(split, 0) + 1
    written = [folder / f"{split}.{side}" for split in pairs if split in tokens for side in SIDES]
    sizes = {path.name: path.stat().st_size for path in written}
    return {"pairs": pairs, "tokens": tokens, "bytes": sizes}
