"""Published archives: where they lie, how one is found or fetched, checked and unpacked."""

import gzip
import http.client
import shutil
import tarfile
import urllib.request
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

import nmt.files as files
from nmt import NmtError, __version__

TIMEOUT = 30  # seconds without a byte


@dataclass(frozen=True)
class Archive:
    file: str  # its place below $NMT_DATA
    url: str
    sha256: str | None
    members: tuple[str, ...]  # the English and the Russian file in a tar archive; none: it is one TSV file
    source: str
    licence: str
    text: str

    def find(self, folders: Iterable[Path], log: Callable[[str], None]) -> Path:
        """The archive in one of the folders, under `file` or that name alone; else downloaded into the last folder.

        Raises NmtError where it has another SHA-256 or cannot be fetched.
        """
        for folder in folders:
            for path in (folder / self.file, folder / Path(self.file).name):
                if path.is_file():
                    if self.sha256 and files.sha256(path) != self.sha256:
                        raise NmtError(f"{path}: SHA-256 is not {self.sha256}: another or a damaged file; move it away")
                    return path
        log(f"downloading {self.url}")
        return download(self.url, folder / self.file, self.sha256)

    def checksum(self, folders: Iterable[Path], log: Callable[[str], None]) -> str:
        """Known before, so that a prepared corpus is found without its archive; else of the archive found."""
        return self.sha256 or files.sha256(self.find(folders, log))


ARCHIVES = {
    "hotels": Archive(
        file="hotels/data.tar.gz",
        url="https://raw.githubusercontent.com/yandexdataschool/nlp_course/7b5cea3b0c967ccf5069a4cfa65912971fe9d6ea"
        "/resources/_under_construction/19/week13_domain_adaptation/data.tar.gz",
        sha256="455984f876115a26792a0ed0e222533559d5270f079d9f8e3091642a692bdebc",
        members=("data/train.domain.en", "data/train.domain.ru"),
        source="hotel descriptions, from the Yandex School of Data Analysis course of language processing",
        licence="not stated by its publisher",
        text="tokenised and lower-cased as published",
    ),
    "news-commentary": Archive(
        file="news-commentary/news-commentary-v14.en-ru.tsv.gz",
        url="http://data.statmt.org/news-commentary/v14/training/news-commentary-v14.en-ru.tsv.gz",
        sha256=None,  # none is published; the card records what was found
        members=(),
        source="News Commentary v14, English-Russian, from the shared task of WMT",
        licence="see data.statmt.org/news-commentary",
        text="natural case and punctuation",
    ),
}


def extract(archive: Path, members: Sequence[str], folder: Path) -> list[Path]:
    """Members by exact name, to names of our own: nothing in the archive decides where a file goes."""
    paths = [folder / f"member{number}" for number in range(len(members))]
    with tarfile.open(archive) as tar:
        for member, path in zip(members, paths, strict=True):
            with tar.extractfile(member) as source, open(path, "wb") as target:
                shutil.copyfileobj(source, target)
    return paths


def download(url: str, path: str | Path, sha256: str | None = None, progress: bool = True) -> Path:
    """Fetch `url` into `path` and check it: length, SHA-256 where known, else that a .gz is gzip to its end.

    Raises NmtError with the reason and the mend; `path` is then as it was before.
    """
    path = Path(path)
    try:
        with files.whole_file(path) as temporary:
            _fetch(url, temporary, path.name if progress else None)
            fault = _fault(temporary, path.suffix == ".gz", sha256)
            if fault:
                raise OSError(fault)
    except (OSError, http.client.HTTPException) as error:  # URLError, HTTPError and timeouts are OSErrors
        raise NmtError(
            f"{url}: download failed: {error}. Try again, or get the file in another way and put it here: {path}"
        ) from None
    return path


def _fetch(url: str, path: Path, label: str | None) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": f"nmt/{__version__}"})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response, open(path, "wb") as file:
        length = int(response.headers.get("Content-Length") or 0)
        bar = tqdm(total=length or None, unit="B", unit_scale=True, desc=label, disable=label is None)
        with bar:
            while block := response.read(1 << 16):
                file.write(block)
                bar.update(len(block))
        # read(n) returns short at a broken connection without a word
        if length and file.tell() != length:
            raise OSError(f"{file.tell():,} bytes came of {length:,}")


def _fault(path: Path, is_gzip: bool, sha256: str | None) -> str | None:
    with open(path, "rb") as file:
        head = file.read(64)
    if is_gzip and head[:2] != b"\x1f\x8b":
        return f"not a gzip file but something that begins with {head[:20]!r} (a web page in its place?)"
    if sha256:
        found = files.sha256(path)
        return None if found == sha256 else f"SHA-256 is {found}, expected {sha256}"
    if is_gzip:
        try:
            with gzip.open(path) as file:
                while file.read(1 << 20):
                    pass
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            return f"damaged gzip: {error}"
    return None
