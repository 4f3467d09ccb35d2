"""Sentence pairs read from files, every fault named with file and line, and brought into one form."""

import gzip
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice, zip_longest
from pathlib import Path

from nmt import NmtError

SIDES = "en", "ru"
WORD = re.compile(r"\w+")
TOKEN = re.compile(r"\w+|[^\w\s]")
CYRILLIC = re.compile(r"[А-Яа-яЁё]")
Pair = tuple[str, str]


def read_lines(path: str | Path, strict: bool = True) -> Iterator[str]:
    """The lines of a text file, plain or gzip, cut at \\n only; \\r before it and a BOM at the beginning are dropped.

    Raises NmtError naming file and line: not UTF-8, a NUL byte (if not strict, such a line comes as a blank one), a
    cut or damaged gzip, no such file, empty file.
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
                try:
                    if b"\0" in line:
                        raise NmtError(f"{path}:{number}: a NUL byte; only UTF-8 text, plain or gzip, can be read")
                    yield line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                except (NmtError, UnicodeDecodeError) as error:
                    if not strict:
                        yield ""
                    elif isinstance(error, NmtError):
                        raise
                    else:
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
    for number, line in enumerate(read_lines(path, strict), 1):
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


def read_titles(path: Path) -> Iterator[Pair]:
    """Russian ||| English, the form of WMT's wiki titles; lines of another form come as two blank sides."""
    for line in read_lines(path, strict=False):
        cells = line.split("|||")
        yield (cells[1], cells[0]) if len(cells) == 2 else ("", "")


def read_parallel(english: Path, russian: Path, strict: bool = True) -> Iterator[Pair]:
    """Line n of one file is the translation of line n of the other. Raises NmtError for files of unequal length."""
    for en, ru in zip_longest(read_lines(english, strict), read_lines(russian, strict)):
        if en is None or ru is None:
            counts = [sum(1 for _ in read_lines(path, strict)) for path in (english, russian)]
            raise NmtError(
                f"{english} has {counts[0]:,} lines and {russian} {counts[1]:,}: "
                "line n of one must translate line n of the other"
            )
        yield en, ru


def english_first(rows: Iterable[Pair], source: str, look: int = 1_000) -> Iterator[Pair]:
    """The same rows. Raises NmtError where the first `look` of them are not English and Russian, in this order.

    The first rows decide: most letters of the English side are Cyrillic and those of the Russian side are not; or
    hardly a letter of the Russian side is, or the English side has none.
    """
    rows = iter(rows)
    head = list(islice(rows, look))
    sides = [" ".join(side) for side in zip(*head, strict=True)] or ["", ""]
    english, russian = map(_cyrillic, sides)
    letters = [any(map(str.isalpha, side)) for side in sides]
    if english > 0.5 > russian:
        raise NmtError(
            f"{source}: Russian comes first ({english:.0%} of the letters on the English side are Cyrillic, "
            f"{russian:.0%} on the Russian side): English must be the first column or file"
        )
    if letters[1] and (russian < 0.05 or not letters[0]):
        side = "English" if russian >= 0.05 else "Russian"
        raise NmtError(
            f"{source}: the {side} side does not look {side} ({russian:.0%} of the letters on the Russian side are "
            "Cyrillic): the first column or file must be English, the second Russian"
        )
    return chain(head, rows)


def _cyrillic(text: str) -> float:
    """The share of Cyrillic letters among all letters."""
    return len(CYRILLIC.findall(text)) / max(1, sum(map(str.isalpha, text)))


def clean(text: str) -> str:
    """NFC, every run of white space one space, none at the ends: the form of every sentence in a prepared corpus."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def normal(text: str) -> str:
    """What decides whether two sentences are the same: letters and digits without case; all else is one space."""
    return " ".join(WORD.findall(unicodedata.normalize("NFC", text).casefold()))


def cleaned(rows: Iterable[Pair], dropped: Counter) -> Iterator[Pair]:
    """The pairs in their clean form, without those that say nothing; `dropped` counts these by reason."""
    for en, ru in rows:
        en, ru = clean(en), clean(ru)
        if not en or not ru:
            dropped["a side is blank"] += 1
        elif not WORD.search(en) or not WORD.search(ru):
            dropped["a side without letter or digit"] += 1
        else:
            yield en, ru


def shaped(
    rows: Iterable[tuple[str, Pair]], dropped: Counter, lowercase: bool = False, tokens: tuple[int, int] | None = None
) -> Iterator[tuple[str, Pair]]:
    """The options of `prepare`: lower case everywhere; in train, only pairs of so many tokens on each side.

    Tokens are words and punctuation marks. valid and test stay whole, so that a filter does not change the task.
    """
    for split, (en, ru) in rows:
        if lowercase:
            en, ru = en.lower(), ru.lower()
        if tokens and split == "train":
            least, most = tokens
            if not all(least <= len(TOKEN.findall(text)) <= most for text in (en, ru)):
                dropped[f"not {least} to {most} tokens on each side"] += 1
                continue
        yield split, (en, ru)
