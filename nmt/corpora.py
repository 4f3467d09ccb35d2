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
import shutil
import sys
import tarfile
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
from nmt.download import download

CLEANING = 1  # raise it with every change of what preparation writes: caches made before are then left alone
HELD_OUT = 0.05, 50, 1_000  # share of the pairs for each of valid and test, at least, at most
SIDES = "en", "ru"
UNSTATED = "not stated by its publisher"


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# ---------------------------------------------------------------- places


def data_root() -> Path:
    """The folder of caches: $NMT_DATA, else data/cache/ of the clone, else ~/.cache/nmt (installed from a wheel)."""
    given = Path(os.environ.get("NMT_DATA") or "").expanduser()
    # A read-only $NMT_DATA (archives somebody shares) is searched, but nothing can be kept there.
    if os.environ.get("NMT_DATA") and (not given.is_dir() or os.access(given, os.W_OK)):
        return given
    clone = _clone()
    return clone / "data" / "cache" if clone else Path.home() / ".cache" / "nmt"


def shipped() -> Path:
    """The folder of what comes with the project: data/ of the clone, nmt/data in a wheel."""
    clone = _clone()
    return clone / "data" if clone else Path(nmt.__file__).parent / "data"


def _clone() -> Path | None:
    folder = Path(nmt.__file__).resolve().parent.parent
    return folder if (folder / "pyproject.toml").is_file() and (folder / "data").is_dir() else None


# ---------------------------------------------------------------- a prepared corpus


@dataclass(frozen=True)
class Corpus:
    """A prepared corpus on disk. `card` is its data card: see format_card."""

    name: str
    directory: Path
    card: dict

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

    def pairs(self, split: str, limit: int | None = None) -> Iterator[tuple[str, str]]:
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
    lines += [f"  {key}: {card[key]}" for key in ("licence", "source", "text", "split") if card.get(key)]
    lines += [f"  file: {file['name']} sha256 {file['sha256']}" for file in card["files"]]
    return "\n".join(lines)


# ---------------------------------------------------------------- reading


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


def read_table(path: Path, other_lines: Counter | None = None) -> Iterator[tuple[str, str]]:
    """English TAB Russian. More columns are ignored if every line has the same number of them.

    A line of another number of columns is an error, or is counted in `other_lines` where given. A line that is
    blank as a whole is two blank sides.
    """
    columns = 0
    for number, line in enumerate(read_lines(path), 1):
        cells = line.split("\t")
        if not line.strip():
            cells = ["", ""]
        elif columns == 0 and len(cells) > 1:
            columns = len(cells)
        elif len(cells) != columns:
            if other_lines is None:
                expected = f"{columns} as in the lines before it" if columns else "English TAB Russian"
                raise NmtError(f"{path}:{number}: {len(cells)} column(s), expected {expected}")
            other_lines["not two columns"] += 1
            continue
        yield cells[0], cells[1]


def read_parallel(english: Path, russian: Path) -> Iterator[tuple[str, str]]:
    for en, ru in zip_longest(read_lines(english), read_lines(russian)):
        if en is None or ru is None:
            counts = [sum(1 for _ in read_lines(path)) for path in (english, russian)]
            raise NmtError(
                f"{english} has {counts[0]:,} lines and {russian} {counts[1]:,}: "
                "line n of one must translate line n of the other"
            )
        yield en, ru


# ---------------------------------------------------------------- cleaning and splitting


def clean(text: str) -> str:
    """NFC, every run of white space one space, none at the ends: the form of every sentence in a prepared corpus."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def normal(text: str) -> str:
    """What decides whether two sentences are the same: letters and digits without case; all else is one space."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFC", text).casefold()))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def cleaned(rows: Iterable[tuple[str, str]], dropped: Counter) -> Iterator[tuple[str, str]]:
    for row in rows:
        en, ru = map(clean, row)
        if not en or not ru:
            dropped["a side is blank"] += 1
        elif not normal(en) or not normal(ru):
            dropped["a side without letter or digit"] += 1
        else:
            yield en, ru


def split_rows(rows: Iterable[tuple[str, str]], dropped: Counter, name: str) -> np.ndarray:
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
    en, ru, both = (np.frombuffer(hashes, dtype=np.uint64) for hashes in (english, russian, both))
    distinct = np.unique(both, return_index=True)[1]  # the first row of each distinct pair, ordered by hash
    dropped["repeats an earlier pair"] += len(both) - len(distinct)

    share, least, most = HELD_OUT
    if len(distinct) < 3 * least:
        raise NmtError(
            f"{name}: {len(distinct):,} distinct sentence pairs; at least {3 * least} are needed: "
            f"{least} each for valid and test, the others to train on"
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
            f"{name}: too few different sentences ({len(np.unique(en)):,} English, {len(np.unique(ru)):,} Russian) "
            f"to give train, valid and test {least} pairs each without a common sentence"
        )
    return split


# ---------------------------------------------------------------- preparing


@dataclass(frozen=True)
class _Known:
    file: str  # where it lies below $NMT_DATA
    source: str
    licence: str
    text: str
    url: str | None = None
    sha256: str | None = None


KNOWN = {
    "phrasebook": _Known("phrasebook", "generated here by nmt.phrasebook", "MIT", "short sentences with tags"),
    "hotels": _Known(
        "hotels/data.tar.gz",
        "hotel descriptions of the Yandex School of Data Analysis course of natural language processing, 2019",
        UNSTATED,
        "tokenised and lower-cased as published",
        "https://raw.githubusercontent.com/yandexdataschool/nlp_course/7b5cea3b0c967ccf5069a4cfa65912971fe9d6ea"
        "/resources/_under_construction/19/week13_domain_adaptation/data.tar.gz",
        "455984f876115a26792a0ed0e222533559d5270f079d9f8e3091642a692bdebc",
    ),
    "news-commentary": _Known(
        "news-commentary/news-commentary-v14.en-ru.tsv.gz",
        "News Commentary v14, parallel corpus of the WMT shared task",
        "for research, as data.statmt.org says; texts by Project Syndicate",
        "natural case and punctuation",
        "http://data.statmt.org/news-commentary/v14/training/news-commentary-v14.en-ru.tsv.gz",
    ),
}


def prepare(
    data: str | Path | Sequence[str | Path],
    root: str | Path | None = None,
    *,
    archives: str | Path | None = None,
    log: Callable[[str], None] = note,
) -> Corpus:
    """The corpus of that name (see KNOWN), of one TSV file or of two parallel files (English, Russian).

    The first call cleans, splits and writes it under root (data_root() by default); later calls find it there.
    `archives`: a folder with archives already fetched, searched before $NMT_DATA and root.
    Raises NmtError for bad input, naming file and line; nothing half-written stays.
    """
    root = Path(root) if root else data_root()
    paths = [data] if isinstance(data, str | Path) else list(data)
    try:
        if len(paths) == 1 and str(paths[0]) in KNOWN:
            return _prepare_known(str(paths[0]), root, archives, log)
        return _prepare_files([Path(path).expanduser() for path in paths], root, log)
    except OSError as error:
        raise NmtError(f"{error}; can {root} be written? NMT_DATA names another folder for caches") from None


def _prepare_files(paths: list[Path], root: Path, log: Callable[[str], None]) -> Corpus:
    if len(paths) not in (1, 2):
        raise NmtError(f"one TSV file or two parallel files, English and Russian, are needed; {len(paths)} given")
    for path in paths:
        if not path.exists():
            raise NmtError(f"{path}: neither a file nor a known corpus ({', '.join(sorted(KNOWN))})")
        if not path.is_file():
            raise NmtError(f"{path}: not a regular file")
    name = re.sub(r"(\.(en|ru|tsv|txt|gz))+$", "", paths[0].name)
    name = re.sub(r"[^\w.-]+", "-", name)[:60] or "corpus"
    card = {"name": name, "licence": "the user's own file", "source": "", "text": ""}
    card["files"] = [{"name": path.name, "sha256": files.sha256(path)} for path in paths]
    if len(paths) == 1:
        card["text"] = "columns after the second, if any, were ignored"
    reader = read_table if len(paths) == 1 else read_parallel
    return _build(card, root, lambda _: _split(card, lambda __: reader(*paths)), log)


def _prepare_known(name: str, root: Path, archives: str | Path | None, log: Callable[[str], None]) -> Corpus:
    known = KNOWN[name]
    card = {"name": name, "licence": known.licence, "source": known.source, "text": known.text, "url": known.url}
    if name == "phrasebook":
        parts = {path.name.removesuffix(".tsv.gz"): path for path in (shipped() / known.file).glob("*.tsv.gz")}
        if not {"train", "valid", "test"} <= set(parts):
            raise NmtError(
                f"{shipped() / known.file}: train, valid or test.tsv.gz is missing; install the project again"
            )
        order = sorted(parts, key=lambda split: ["train", "valid", "test", *sorted(parts)].index(split))
        card["files"] = [{"name": parts[split].name, "sha256": files.sha256(parts[split])} for split in order]
        card["split"] = "as generated"
        return _build(card, root, lambda _: (
            (split, pair) for split in order for pair in cleaned(read_table(parts[split]), card["dropped"])
        ), log)  # fmt: skip

    def rows(folder: Path) -> Callable[[Counter | None], Iterator[tuple[str, str]]]:
        if name == "news-commentary":
            return lambda dropped: read_table(_find(known, root, archives, log), dropped)
        members = _extract(_find(known, root, archives, log), ["data/train.domain.en", "data/train.domain.ru"], folder)
        return lambda _: read_parallel(*members)

    digest = known.sha256 or files.sha256(_find(known, root, archives, log))
    card["files"] = [{"name": Path(known.file).name, "sha256": digest}]
    return _build(card, root, lambda folder: _split(card, rows(folder)), log)


def _find(known: _Known, root: Path, archives: str | Path | None, log: Callable[[str], None]) -> Path:
    """The archive where somebody put it, else downloaded."""
    for folder in filter(None, (archives, os.environ.get("NMT_DATA"), root)):
        for path in (Path(folder) / known.file, Path(folder) / Path(known.file).name):
            if path.is_file():
                if known.sha256 and files.sha256(path) != known.sha256:
                    raise NmtError(f"{path}: SHA-256 is not {known.sha256}; this is another or a damaged file")
                return path
    log(f"downloading {known.url}")
    return download(known.url, root / known.file, known.sha256)


def _extract(archive: Path, members: list[str], folder: Path) -> list[Path]:
    """Members by exact name, to names of our own: nothing in the archive decides where a file goes."""
    paths = [folder / f"member{i}" for i in range(len(members))]
    with tarfile.open(archive) as tar:
        for member, path in zip(members, paths, strict=True):
            with tar.extractfile(member) as source, open(path, "wb") as target:
                shutil.copyfileobj(source, target)
    return paths


def _split(card: dict, read: Callable[[Counter], Iterator]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Two passes over the source: the first chooses each row's split, the second gives (split, pair)."""
    share, least, most = HELD_OUT
    card["split"] = (
        f"by a hash of the normalised pair; valid and test each {share:.0%}, {least} to {most:,} pairs; "
        "no sentence of theirs in train on either side; train may hold several translations of one sentence"
    )
    dropped = card["dropped"]
    split = split_rows(cleaned(read(dropped), dropped), dropped, card["name"])
    names = {1: "train", 2: "valid", 3: "test"}
    for number, row in zip(split.tolist(), cleaned(read(Counter()), Counter()), strict=True):
        if number:
            yield names[number], row


def _build(card: dict, root: Path, make: Callable[[Path], Iterable], log: Callable[[str], None]) -> Corpus:
    """Write the corpus of `card`, or find it written. make(folder for scratch files) gives (split, pair)."""
    card["dropped"] = Counter()
    key = [CLEANING, HELD_OUT, card["name"], [file["sha256"] for file in card["files"]]]
    directory = root / "corpora" / f"{card['name']}-{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]}"
    if not directory.is_dir():
        log(f"preparing {card['name']} in {directory}")
        with files.whole_directory(directory) as new, tempfile.TemporaryDirectory(dir=new.parent) as scratch:
            card["pairs"], card["tokens"] = _write(new, make(Path(scratch)))
            paths = [new / f"{split}.{side}" for split in card["pairs"] for side in SIDES]
            card["bytes"] = {path.name: path.stat().st_size for path in paths}
            sums = "".join(f"{files.sha256(path)}  {path.name}\n" for path in paths)
            card["fingerprint"] = hashlib.sha256(sums.encode()).hexdigest()
            card["dropped"] = {reason: count for reason, count in card["dropped"].items() if count}
            files.write_json(new / "card.json", card)
    card = files.read_json(directory / "card.json")
    for name, size in card["bytes"].items():
        if not (directory / name).is_file() or (directory / name).stat().st_size != size:
            raise NmtError(f"{directory / name}: missing or damaged; delete {directory} and prepare the corpus again")
    return Corpus(card["name"], directory, card)


def _write(folder: Path, rows: Iterable[tuple[str, tuple[str, str]]]) -> tuple[dict, dict]:
    """Write the rows to their files; return pairs {split: n} and white-space words {split: {side: n}}."""
    pairs = {split: 0 for split in ("train", "valid", "test")}
    tokens: dict[str, dict[str, int]] = {}
    with ExitStack() as stack:
        out = {}
        for split, pair in rows:
            for side, text in zip(SIDES, pair, strict=True):
                name = f"{split}.{side}"
                if name not in out:
                    out[name] = stack.enter_context(open(folder / name, "w", encoding="utf-8", newline="\n"))
                out[name].write(text + "\n")
                words = tokens.setdefault(split, dict.fromkeys(SIDES, 0))
                words[side] += text.count(" ") + 1
            pairs[split] = pairs.get(split, 0) + 1
    return pairs, tokens
