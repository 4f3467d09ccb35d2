"""Sentence pairs: where they come from, checked, cleaned, split without leakage, with a data card.

    corpus = prepare("hotels")                    # or one TSV file, or a pair of parallel files
    for english, russian in corpus.pairs("train"): ...

A prepared corpus is a folder of plain files, one sentence a line: train.en, train.ru, valid.en, ..., card.json.
Its name holds a hash of all that its content depends on, so nothing in the cache is ever out of date.
"""

import gzip
import hashlib
import json
import os
import re
import sys
import tempfile
import unicodedata
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path

import numpy as np

import nmt
import nmt.files as files
from nmt import NmtError
from nmt.download import ARCHIVES, extract

CLEANING = 1  # raise it with every change of what preparation writes: caches made before are then left alone
HELD_OUT = 0.05, 50, 1_000  # share of the pairs for each of valid and test, at least, at most
SIDES = "en", "ru"
WORD = re.compile(r"\w+")
Pair = tuple[str, str]


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def data_root() -> Path:
    """The folder of caches: $NMT_DATA, else data/cache/ of the clone, else ~/.cache/nmt (installed from a wheel)."""
    if given := os.environ.get("NMT_DATA"):
        folder = Path(given).expanduser()
        # A read-only one (archives somebody shares) is searched for archives, but nothing can be kept there.
        if not folder.is_dir() or os.access(folder, os.W_OK):
            return folder
    clone = _clone()
    return clone / "data" / "cache" if clone else Path.home() / ".cache" / "nmt"


def shipped() -> Path:
    """The folder of what comes with the project: data/ of the clone, nmt/data in a wheel."""
    clone = _clone()
    return clone / "data" if clone else Path(nmt.__file__).parent / "data"


def _clone() -> Path | None:
    folder = Path(nmt.__file__).resolve().parent.parent
    return folder if (folder / "pyproject.toml").is_file() and (folder / "data").is_dir() else None


@dataclass(frozen=True)
class Corpus:
    """A prepared corpus on disk. `card` is its data card: see format_card."""

    name: str
    directory: Path
    card: dict
    data: tuple[str, ...]  # what `prepare` was asked for: a name, or absolute paths

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
    lines += [f"  file: {file['name']} sha256 {file['sha256']}" for file in card["files"]]
    return "\n".join(lines)


def read_lines(path: str | Path) -> Iterator[str]:
    """The lines of a text file, plain or gzip, cut at \\n only; \\r before it and a BOM at the beginning are dropped.

    Raises NmtError naming file and line: not UTF-8, a NUL byte, a cut or damaged gzip, no such file, empty file.
    """
    # Bytes, not text: str.splitlines also cuts at U+2028 and the like, and one side would slip against the other.
    path, number = Path(path), 0
    if path.is_dir():
        raise NmtError(f"{path}: a folder; name a file in it")
    try:
        with open(path, "rb") as file:
            zipped = file.read(2) == b"\x1f\x8b"
        if path.suffix == ".gz" and not zipped:
            raise NmtError(f"{path}: not a gzip file, though its name ends in .gz")
        with gzip.open(path) if zipped else open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                if b"\0" in line:
                    raise NmtError(f"{path}:{number}: a NUL byte; only UTF-8 text, plain or gzip, can be read")
                try:
                    yield line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    byte = f"byte {error.start + 1} of the line, 0x{error.object[error.start]:02x}"
                    raise NmtError(f"{path}:{number}: not valid UTF-8 ({byte}); save the file as UTF-8") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise NmtError(f"{path}:{number + 1}: the gzip is cut or damaged ({error}); fetch it again") from None
    except OSError as error:
        raise NmtError(f"{path}: {error.strerror or error}") from None
    if number == 0:
        raise NmtError(f"{path}: the file is empty")


def read_table(path: Path, strict: bool = True) -> Iterator[Pair]:
    """English TAB Russian. More columns are ignored if every line has the same number of them.

    A line of another number of columns is an error; if not strict, it comes as two blank sides, as blank lines do.
    """
    columns = 0
    for number, line in enumerate(read_lines(path), 1):
        cells = line.split("\t")
        if not line.strip():
            cells = ["", ""]
        elif columns == 0 and len(cells) > 1:
            columns = len(cells)
        elif len(cells) != columns:
            if strict:
                expected = f"{columns} as in the lines before it" if columns else "English TAB Russian"
                raise NmtError(f"{path}:{number}: {len(cells)} column(s), expected {expected}")
            cells = ["", ""]
        yield cells[0], cells[1]


def read_parallel(english: Path, russian: Path) -> Iterator[Pair]:
    for en, ru in zip_longest(read_lines(english), read_lines(russian)):
        if en is None or ru is None:
            counts = [sum(1 for _ in read_lines(path)) for path in (english, russian)]
            raise NmtError(
                f"{english} has {counts[0]:,} lines and {russian} {counts[1]:,}: "
                "line n of one must translate line n of the other"
            )
        yield en, ru


def clean(text: str) -> str:
    """NFC, every run of white space one space, none at the ends: the form of every sentence in a prepared corpus."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def normal(text: str) -> str:
    """What decides whether two sentences are the same: letters and digits without case; all else is one space."""
    return " ".join(WORD.findall(unicodedata.normalize("NFC", text).casefold()))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def cleaned(rows: Iterable[Pair], dropped: Counter) -> Iterator[Pair]:
    for row in rows:
        en, ru = map(clean, row)
        if not en or not ru:
            dropped["a side is blank"] += 1
        elif not WORD.search(en) or not WORD.search(ru):
            dropped["a side without letter or digit"] += 1
        else:
            yield en, ru


def split_rows(rows: Iterable[Pair], dropped: Counter, source: str) -> np.ndarray:
    """For each row its split: 1 train, 2 valid, 3 test, 0 dropped. Depends on the set of pairs only.

    Distinct pairs in the order of their hashes give test and valid in turn, each sentence at most once; of the rest,
    train keeps what shares no English and no Russian sentence with them. Hashes, not text, stay in memory: 24 bytes
    a pair. Several translations of one sentence stay in train.
    """
    english, russian, both = array("Q"), array("Q"), array("Q")
    for row in rows:
        en, ru = map(normal, row)
        english.append(_hash(en))
        russian.append(_hash(ru))
        both.append(_hash(f"{en}\t{ru}"))
    en, ru, both = (np.asarray(hashes) for hashes in (english, russian, both))
    distinct = np.unique(both, return_index=True)[1]  # the first row of each distinct pair, ordered by hash
    dropped["repeats an earlier pair"] += len(both) - len(distinct)

    share, least, most = HELD_OUT
    if len(distinct) < 3 * least:
        raise NmtError(
            f"{source}: {len(distinct):,} distinct sentence pairs; at least {3 * least} are needed: {least} each for "
            f"valid and test, the others to train on (dropped: {dict(+dropped)})"
        )
    size = min(most, max(least, round(share * len(distinct))))
    split = np.zeros(len(both), dtype=np.uint8)
    held_en, held_ru = set(), set()
    for row in distinct:
        if len(held_en) == 2 * size:
            break
        if en[row] not in held_en and ru[row] not in held_ru:
            split[row] = 3 - len(held_en) % 2
            held_en.add(en[row])
            held_ru.add(ru[row])
    rest = distinct[split[distinct] == 0]
    shared = np.isin(en[rest], np.fromiter(held_en, np.uint64)) | np.isin(ru[rest], np.fromiter(held_ru, np.uint64))
    split[rest[~shared]] = 1
    dropped["shares a sentence with valid or test"] += int(shared.sum())
    if np.bincount(split, minlength=4)[1:].min() < least:
        raise NmtError(
            f"{source}: too few different sentences ({len(np.unique(en)):,} English, {len(np.unique(ru)):,} Russian) "
            f"to give train, valid and test {least} pairs each without a common sentence"
        )
    return split


def split_rule() -> str:
    share, least, most = HELD_OUT
    return (
        f"by a hash of the normalised pair; valid and test each {share:.0%}, but {least} to {most:,} pairs; no "
        "sentence of theirs in train on either side; train may hold several translations of one sentence"
    )


def split_pairs(read: Callable[[], Iterable[Pair]], dropped: Counter, source: str) -> Iterator[tuple[str, Pair]]:
    """Read the source twice: first to choose each row's split, then to give (split, pair)."""
    split = split_rows(cleaned(read(), dropped), dropped, source)
    for number, row in zip(split.tolist(), cleaned(read(), Counter()), strict=True):
        if number:
            yield ("train", "valid", "test")[number - 1], row


PHRASEBOOK = {"licence": "MIT", "source": "generated by nmt.phrasebook", "text": "natural; column 3 (tags) left out"}
OWN_FILES = {"licence": "not stated", "source": "own file", "text": "in a TSV, columns from the third on are ignored"}
KNOWN = "hotels", "news-commentary", "phrasebook"
Rows = Callable[[Path, Counter], Iterator[tuple[str, Pair]]]  # (folder for scratch, counts of what is dropped)


def prepare(
    data: str | Path | Sequence[str | Path],
    root: str | Path | None = None,
    *,
    archives: str | Path | None = None,
    log: Callable[[str], None] = note,
) -> Corpus:
    """The corpus of that name (KNOWN), of one TSV file or of two parallel files (English, Russian).

    The first call cleans, splits and writes it under root (data_root() by default); later calls find it there.
    `archives`: a folder with archives already fetched, searched before $NMT_DATA and root.
    Raises NmtError for bad input, naming file and line; nothing half-written stays.
    """
    root = Path(root) if root else data_root()
    paths = [data] if isinstance(data, str | Path) else list(data)
    try:
        if len(paths) == 1 and str(paths[0]) == "phrasebook":
            card, rows = _phrasebook()
        elif len(paths) == 1 and str(paths[0]) in ARCHIVES:
            card, rows = _archive(str(paths[0]), root, archives, log)
        else:
            paths = [Path(path).expanduser().absolute() for path in paths]
            card, rows = _own_files(paths)
        return Corpus(*_build(card, rows, root, log), tuple(map(str, paths)))
    except OSError as error:
        raise NmtError(f"{error}: can {root} be written? NMT_DATA names another folder for caches") from None


def _phrasebook() -> tuple[dict, Rows]:
    """The embedded corpus: its splits as generated, its third column (tags of what a sentence shows) left out."""
    folder, splits = shipped() / "phrasebook", ["train", "valid", "test"]
    parts = {path.name.removesuffix(".tsv.gz"): path for path in folder.glob("*.tsv.gz")}
    if not parts.keys() >= set(splits):
        raise NmtError(f"{folder}: train, valid or test.tsv.gz is missing; install the project again")
    splits += sorted(parts.keys() - set(splits))  # test_seen

    def rows(_: Path, dropped: Counter) -> Iterator[tuple[str, Pair]]:
        return ((split, pair) for split in splits for pair in cleaned(read_table(parts[split]), dropped))

    card = {"name": "phrasebook", "files": _sums([parts[split] for split in splits]), "split": "as generated"}
    return card | PHRASEBOOK, rows


def _archive(name: str, root: Path, archives: str | Path | None, log: Callable[[str], None]) -> tuple[dict, Rows]:
    known = ARCHIVES[name]
    if archives and not Path(archives).is_dir():
        raise NmtError(f"{archives}: no such folder of archives")
    folders = [Path(folder).expanduser() for folder in (archives, os.environ.get("NMT_DATA"), root) if folder]

    def rows(scratch: Path, dropped: Counter) -> Iterator[tuple[str, Pair]]:
        path = known.find(folders, log)
        if not known.members:
            return split_pairs(lambda: read_table(path, strict=False), dropped, name)
        sides = extract(path, known.members, scratch)
        return split_pairs(lambda: read_parallel(*sides), dropped, name)

    sums = [{"name": Path(known.file).name, "sha256": known.checksum(folders, log)}]
    card = {"name": name, "files": sums, "split": split_rule()}
    card |= {"licence": known.licence, "source": known.source, "url": known.url, "text": known.text}
    return card, rows


def _own_files(paths: list[Path]) -> tuple[dict, Rows]:
    if len(paths) not in (1, 2):
        raise NmtError(f"one TSV file or two parallel files, English and Russian, are needed; {len(paths)} given")
    for path in paths:
        if not path.exists():
            raise NmtError(f"{path}: neither a file nor a known corpus ({', '.join(KNOWN)})")
        if not path.is_file():
            raise NmtError(f"{path}: not a regular file")
    name = re.sub(r"(\.(en|ru|tsv|txt|gz))+$", "", paths[0].name)
    name = re.sub(r"[^\w.-]+", "-", name)[:60] or "corpus"
    read = read_table if len(paths) == 1 else read_parallel
    given = " and ".join(map(str, paths))
    card = {"name": name, "files": _sums(paths), "split": split_rule()}
    return card | OWN_FILES, lambda _, dropped: split_pairs(lambda: read(*paths), dropped, given)


def _sums(paths: Sequence[Path]) -> list[dict[str, str]]:
    return [{"name": path.name, "sha256": files.sha256(path)} for path in paths]


def _build(card: dict, rows: Rows, root: Path, log: Callable[[str], None]) -> tuple[str, Path, dict]:
    """The prepared corpus of this card: found under root, else written."""
    depends = [CLEANING, HELD_OUT, card["name"], [file["sha256"] for file in card["files"]]]
    directory = root / "corpora" / f"{card['name']}-{hashlib.sha256(json.dumps(depends).encode()).hexdigest()[:16]}"
    if not directory.is_dir():
        log(f"preparing {card['name']} in {directory}")
        with files.whole_directory(directory) as new, tempfile.TemporaryDirectory(dir=new) as scratch:
            dropped = Counter()
            card |= _write(new, rows(Path(scratch), dropped))
            card["dropped"] = {reason: count for reason, count in dropped.items() if count}
            sums = "".join(f"{files.sha256(new / name)}  {name}\n" for name in card["bytes"])
            card["fingerprint"] = hashlib.sha256(sums.encode()).hexdigest()
            files.write_json(new / "card.json", card)
    card = files.read_json(directory / "card.json")
    for name, size in card["bytes"].items():
        if not (directory / name).is_file() or (directory / name).stat().st_size != size:
            raise NmtError(f"{directory / name}: missing or damaged; delete {directory} and prepare the corpus again")
    return card["name"], directory, card


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
    sizes = {f"{split}.{side}": (folder / f"{split}.{side}").stat().st_size for split in pairs for side in SIDES}
    return {"pairs": pairs, "tokens": tokens, "bytes": sizes}
