"""Sentence pairs read from files: every fault is named with file and line, and every pair is brought into one form."""

import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import BinaryIO

from nmt import NmtError
from nmt.corpora.normalise import WORD, clean

LANGUAGES = "en", "ru"
TOKEN = re.compile(r"\w+|[^\w\s]")
CYRILLIC = re.compile(r"[А-Яа-яЁё]")
HEADERS = {"en", "eng", "english", "source", "src", "ru", "rus", "russian", "target", "trg", "английский", "русский"}
QUOTED = re.compile(r'"(?=.*"".*")(?:[^"]|"")*"')  # a cell with quotes in it, as Excel and csv write it
LONGEST_LINE = 1 << 20  # bytes
LOOK = 1_000  # rows by which check_languages judges
Pair = tuple[str, str]


def read_lines(path: str | Path, strict: bool = True) -> Iterator[str]:
    """The lines of a text file, plain or gzip, cut at \\n only; \\r before it and a BOM at the beginning are dropped.

    A line that is no UTF-8, has a NUL byte or is too long is an error; if not strict, it comes as a blank one.
    """
    # Bytes, not text: str.splitlines also cuts at U+2028 and the like, and one side would slip against the other.
    path, number = Path(path), 0
    try:
        with open(path, "rb") as file:
            zipped = file.read(2) == b"\x1f\x8b"
        if path.suffix == ".gz" and not zipped:
            raise NmtError(f"{path}: not a gzip file, though its name ends in .gz")
        with gzip.open(path) if zipped else open(path, "rb") as file:
            for number, line in enumerate(lines_of(file), 1):
                text, fault = decode(line, number)
                if fault and strict:
                    raise NmtError(f"{path}:{number}: {fault}")
                yield text
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise NmtError(f"{path}:{number + 1}: the gzip is cut or damaged ({error}); fetch it again") from None
    except OSError as error:
        raise NmtError(f"{path}: {error.strerror or error}") from None
    if number == 0:
        raise NmtError(f"{path}: the file is empty")


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """Its lines, in bounded memory; of a file that knows \\r alone, as old Macs wrote it, those.

    Of a line longer than LONGEST_LINE come its first bytes, too many for `decode`.
    """
    block, line, end = b"\n", b"", b""
    while block:
        line += (block := file.read1(LONGEST_LINE))
        if not end and (b"\n" in line or len(line) > LONGEST_LINE or not block):
            end = next((mark for mark in (b"\n", b"\r") if mark in line), b"")
        *lines, line = line.split(end) if end else [line]
        yield from lines
        line = line[: LONGEST_LINE + 1]
    if line:
        yield line


def decode(line: bytes, number: int) -> tuple[str, str]:
    """The text of a line; blank where it cannot be read, and then what is wrong with it."""
    mend = "only UTF-8 text can be read; convert it: iconv -f {} -t UTF-8 OLD > NEW"
    if len(line) > LONGEST_LINE:
        return "", f"more than {LONGEST_LINE:,} bytes long; cut it into lines"
    if b"\0" in line:
        return "", f"a NUL byte; {mend.format('UTF-16')}"
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n"), ""
    except UnicodeDecodeError as error:
        byte = f"byte {error.start + 1} of the line, 0x{error.object[error.start]:02x}"
        return "", f"not UTF-8 ({byte}); {mend.format('WINDOWS-1252')}"


def read_table(path: Path, strict: bool = True) -> Iterator[Pair]:
    """English TAB Russian. More columns are ignored if every line has the same number of them.

    A line of another number of columns is an error, and so is a header; if not strict, the first comes as two blank
    sides, as blank lines do. If strict, cells with quotes in them are taken out of those that Excel writes around them.
    """
    columns = 0
    for number, line in enumerate(read_lines(path, strict), 1):
        cells, blank = line.split("\t"), not line.strip()
        if columns == 0 and len(cells) > 1 and not blank:
            columns = len(cells)
        fits = len(cells) == columns and not blank
        if strict and not fits and not blank:
            expected = f"{columns} as in the lines before it" if columns else "English TAB Russian"
            raise NmtError(f"{path}:{number}: {len(cells)} column(s), expected {expected}")
        if strict and number == 1 and fits and {cell.strip(' "').lower() for cell in cells[:2]} <= HEADERS:
            raise NmtError(f"{path}:1: a header, {cells[0]} and {cells[1]}, not a pair; delete this line")
        if strict:
            cells = [cell[1:-1].replace('""', '"') if QUOTED.fullmatch(cell) else cell for cell in cells]
        yield (cells[0], cells[1]) if fits else ("", "")


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
            counted = f"{english} has {counts[0]:,} lines and {russian} {counts[1]:,}"
            raise NmtError(f"{counted}: line n of one must translate line n of the other")
        yield en, ru


def check_languages(rows: Iterable[Pair], source: str) -> Iterator[Pair]:
    """The same rows. Raises NmtError where the letters of the first LOOK are not English and Russian, in this order."""
    rows = iter(rows)
    head = list(islice(rows, LOOK))
    letters = ["".join(filter(str.isalpha, "".join(row[side] for row in head))) for side in (0, 1)]
    english, russian = (len(CYRILLIC.findall(side)) / max(1, len(side)) for side in letters)
    if english > 0.5 > russian:
        fault = "Russian comes first"
    elif letters[1] and russian < 0.05:
        fault = "the Russian side does not look Russian"
    elif letters[1] and not letters[0]:
        fault = "the English side does not look English"
    else:
        return chain(head, rows)
    raise NmtError(
        f"{source}: {fault} (of the letters on the English side {english:.0%} are Cyrillic, on the Russian side "
        f"{russian:.0%}): English must be the first column or file, Russian the second"
    )


def clean_pairs(rows: Iterable[Pair], dropped: Counter) -> Iterator[Pair]:
    """The pairs in their clean form, without those that say nothing; `dropped` counts these by reason."""
    for en, ru in rows:
        en, ru = clean(en), clean(ru)
        if not en or not ru:
            dropped["a side is blank"] += 1
        elif not WORD.search(en) or not WORD.search(ru):
            dropped["a side without letter or digit"] += 1
        else:
            yield en, ru


def apply_options(
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
