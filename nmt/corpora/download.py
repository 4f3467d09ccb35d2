"""Published archives: where they lie, how one is found or fetched, checked and unpacked."""

import gzip
import http.client
import os
import re
import shutil
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from nmt import NmtError, __version__
from nmt.plumbing import files

try:
    import fcntl
except ImportError:  # Windows: two processes at one download are then not kept apart
    fcntl = None

TIMEOUT = 30  # seconds without a byte
ATTEMPTS = 3  # at one address; each goes on where the one before broke off
PAUSE = 1.0  # seconds before the second attempt, twice as many before the third
MAGIC = {".gz": b"\x1f\x8b", ".tgz": b"\x1f\x8b", ".zip": b"PK"}  # the first bytes of a file of that name


@dataclass(frozen=True)
class Archive:
    """One published file. sha256, size (bytes): as far as they are known; see `find` for what holds without them."""

    file: str  # its place below $NMT_DATA
    urls: tuple[str, ...]  # mirrors, tried in turn; none: its user must fetch it
    members: tuple[str, ...]  # in a tar or zip archive; none: it is one TSV file
    source: str
    licence: str
    text: str
    sha256: str | None = None
    size: int | None = None

    def find(self, folders: Sequence[Path], log: Callable[[str], None], fetch: bool = True) -> Path | None:
        """The archive in one of the folders, under `file` or that name alone; else downloaded into the last folder.

        Where no SHA-256 is published, that of the first good file is written to its card (file + ".json", in the
        last folder) and holds from then on. Without `fetch` an archive that is nowhere is None.
        Raises NmtError where it has another SHA-256, is damaged or cannot be fetched.
        """
        card, expected = folders[-1] / f"{self.file}.json", self._expected(folders)
        places = [place for folder in folders for place in (folder / self.file, folder / Path(self.file).name)]
        path = next((place for place in places if place.is_file()), None)
        if path:
            fault = _fault(path, expected)
            if fault:
                known = f" (that of the first good copy, in {card}; if that was wrong, delete this card)"
                known = known if expected and not self.sha256 else ""
                raise NmtError(f"{path}: {fault}{known}: another or a damaged file; move it away")
        elif not fetch:
            return None
        else:
            if not self.urls:
                raise NmtError(f"{self.source} must be fetched by hand; put it here: {folders[-1] / self.file}")
            log(f"downloading {self.urls[0]}")
            try:
                path = download(self.urls, folders[-1] / self.file, expected, self.size, log=log)
            except NmtError as error:
                known = f" The SHA-256 is that of the first good copy, in {card}; if that was wrong, delete this card."
                known = known if expected and not self.sha256 else ""
                raise NmtError(f"{error}{known}") from None
        if not expected:
            files.write_json(card, {"sha256": files.sha256(path), "bytes": path.stat().st_size, "urls": self.urls})
        return path

    def checksum(self, folders: Sequence[Path], log: Callable[[str], None]) -> str:
        """Known before, so that a prepared corpus is found without its archive; else of the archive found."""
        return self._expected(folders) or files.sha256(self.find(folders, log))

    def _expected(self, folders: Sequence[Path]) -> str | None:
        card = folders[-1] / f"{self.file}.json"
        return self.sha256 or (files.read_json(card).get("sha256") if card.is_file() else None)


# The SHA-256 and sizes of the files of data.statmt.org and www.statmt.org are those that TensorFlow Datasets publishes
# (url_checksums/wmt16_translate.txt and wmt19_translate.txt). Nobody publishes one of the wiki titles and of Yandex.
ARCHIVES = {
    "hotels": Archive(
        file="hotels/data.tar.gz",
        urls=(
            "https://raw.githubusercontent.com/yandexdataschool/nlp_course/7b5cea3b0c967ccf5069a4cfa65912971fe9d6ea"
            "/resources/_under_construction/19/week13_domain_adaptation/data.tar.gz",
            "https://github.com/yandexdataschool/nlp_course/raw/7b5cea3b0c967ccf5069a4cfa65912971fe9d6ea"
            "/resources/_under_construction/19/week13_domain_adaptation/data.tar.gz",
        ),
        sha256="455984f876115a26792a0ed0e222533559d5270f079d9f8e3091642a692bdebc",
        members=("data/train.domain.en", "data/train.domain.ru"),
        source="hotel descriptions, from the Yandex School of Data Analysis course of language processing",
        licence="not stated by its publisher",
        text="tokenised and lower-cased as published",
    ),
    "news-commentary": Archive(
        file="news-commentary/news-commentary-v14.en-ru.tsv.gz",
        urls=(
            "https://data.statmt.org/news-commentary/v14/training/news-commentary-v14.en-ru.tsv.gz",
            "http://data.statmt.org/news-commentary/v14/training/news-commentary-v14.en-ru.tsv.gz",
        ),
        sha256="09aef10a0bb51104622ff6852cdf4f693b5906de970156b4e8db1e64ec55340c",
        size=41_411_245,
        members=(),
        source="News Commentary v14, English-Russian, from the shared task of WMT",
        licence="see data.statmt.org/news-commentary",
        text="natural case and punctuation",
    ),
}
WMT16 = (  # the training data of its task, statmt.org/wmt16/translation-task.html, without the UN corpus
    Archive(
        file="wmt16/training-parallel-nc-v11.tgz",
        urls=(
            "https://data.statmt.org/wmt16/translation-task/training-parallel-nc-v11.tgz",
            "http://data.statmt.org/wmt16/translation-task/training-parallel-nc-v11.tgz",
        ),
        sha256="cfe8ab047e05043476e498ee765c98e939c7b7d6d294e856344c84476b619d6a",
        size=75_178_032,
        members=tuple(f"training-parallel-nc-v11/news-commentary-v11.ru-en.{side}" for side in ("en", "ru")),
        source="News Commentary v11",
        licence="see data.statmt.org/wmt16",
        text="natural case and punctuation",
    ),
    Archive(
        file="wmt16/training-parallel-commoncrawl.tgz",
        urls=(
            "https://www.statmt.org/wmt13/training-parallel-commoncrawl.tgz",
            "http://www.statmt.org/wmt13/training-parallel-commoncrawl.tgz",
        ),
        sha256="c7a74e2ea01ac6c920123108627e35278d4ccb5701e15428ffa34de86fa3a9e5",
        size=918_311_367,
        members=("commoncrawl.ru-en.en", "commoncrawl.ru-en.ru"),
        source="Common Crawl",
        licence="not stated by its publisher",
        text="found on the web, aligned by machine",
    ),
    Archive(
        file="wmt16/wiki-titles.tgz",
        urls=("https://www.statmt.org/wmt15/wiki-titles.tgz", "http://www.statmt.org/wmt15/wiki-titles.tgz"),
        members=("wiki/ru-en/wiki.ru-en",),
        source="Wiki titles",
        licence="CC BY-SA, as Wikipedia",
        text="titles of articles, few are sentences",
    ),
    Archive(
        file="wmt16/1mcorpus.zip",
        urls=(),  # given out by Yandex to those who accept its licence: its user puts it there
        members=("corpus.en_ru.1m.en", "corpus.en_ru.1m.ru"),
        source="Yandex 1M",
        licence="for research, see translate.yandex.ru/corpus",
        text="found on the web, aligned by machine",
    ),
)


def extract(archive: Path, members: Sequence[str], folder: Path) -> list[Path]:
    """Members of a tar or zip archive, to names of our own: nothing in the archive decides where a file goes.

    A member may lie some folders deeper than said.
    Raises NmtError, before anything is written, for an archive that is damaged, lacks a member, or holds anything
    that would leave its folder: an absolute path, one with "..", a link, a device.
    """
    paths = [folder / f"{archive.name}-{number}" for number in range(len(members))]
    try:
        with zipfile.ZipFile(archive) if zipfile.is_zipfile(archive) else tarfile.open(archive) as opened:
            entries = _entries(opened, archive)
            chosen = [[name for name in entries if f"/{name}".endswith(f"/{member}")] for member in members]
            if not all(chosen):
                member = members[chosen.index([])]
                raise NmtError(f"{archive}: no {member} in it; is it another archive of the same name?")
            for names, path in zip(chosen, paths, strict=True):
                take = opened.open if isinstance(opened, zipfile.ZipFile) else opened.extractfile
                with take(entries[names[0]]) as source, open(path, "wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, gzip.BadGzipFile, RuntimeError) as error:
        raise NmtError(f"{archive}: damaged ({error}); delete it, to fetch it again") from None
    return paths


def _entries(opened: tarfile.TarFile | zipfile.ZipFile, archive: Path) -> dict[str, tarfile.TarInfo | zipfile.ZipInfo]:
    """The files in an archive by name."""
    entries = {}
    for info in opened.infolist() if isinstance(opened, zipfile.ZipFile) else opened:
        name, fault = getattr(info, "filename", None) or info.name, None
        if isinstance(info, zipfile.ZipInfo):
            is_file, is_folder = (info.external_attr >> 28) in (0, 8), info.is_dir()  # the Unix type: 8 a plain file
        else:
            is_file, is_folder = info.isreg(), info.isdir()
        if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
            fault = "an absolute path"
        elif ".." in PurePosixPath(name.replace("\\", "/")).parts:
            fault = "a path that leads out of its folder"
        elif not is_file and not is_folder:
            fault = "a link or a device"
        if fault:
            raise NmtError(f"{archive}: {name} in it is {fault}; nothing of it is unpacked")
        if not is_folder:
            entries[name.removeprefix("./")] = info
    return entries


class _Refused(Exception):
    """What this address sends is not the file: another attempt there is of no use."""


def download(
    urls: str | Sequence[str],
    path: str | Path,
    sha256: str | None = None,
    size: int | None = None,
    progress: bool = True,
    log: Callable[[str], None] = lambda text: None,
) -> Path:
    """Fetch `path` from the first of the mirrors `urls` that gives it, and check it.

    Checked are the size announced and the one known (bytes), the SHA-256 where known, else that a gzip or zip is
    whole to its end. A transfer that breaks off, or stalls for TIMEOUT seconds, goes on from where it was: ATTEMPTS
    times, or in a later call, from what is kept in a hidden file beside `path`. A second process waits for the first.
    Raises NmtError with the reason at each mirror and the mend; `path` is then as it was before.
    """
    path, faults = Path(path), []
    urls = [urls] if isinstance(urls, str) else urls
    part, before = path.with_name(f".{path.name}.part"), path.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(part):
            if path.is_file() and not before:
                return path  # another process has fetched it while we waited
            for url in urls:
                try:
                    _attempts(url, part, path.suffix, sha256, size, path.name if progress else None, log)
                except (_Refused, OSError) as error:
                    faults.append(f"{url}: {error}")
                    log(faults[-1])
                else:
                    os.replace(part, path)
                    return path
            kept = part.stat().st_size
    except OSError as error:
        raise NmtError(f"{path}: {error.strerror}; NMT_DATA names another folder for downloads") from None
    goes_on = f" The {kept:,} bytes that came are kept, and it goes on from there." if kept else ""
    raise NmtError(
        f"download failed: {'; '.join(faults)}. Try again, or get the file in another way and put it here: {path}."
        + goes_on
    )


@contextmanager
def _alone(part: Path) -> Iterator[None]:
    """Hold `part`, which is made if there is none, while no other process does; an empty one is removed at the end."""
    while True:
        with open(part, "ab") as file:
            if fcntl:
                with suppress(OSError):  # a file system without locks
                    fcntl.flock(file, fcntl.LOCK_EX)
                # Whoever held it before has renamed or removed it: what we hold is no longer the file of that name.
                if not part.exists() or not os.path.samestat(os.fstat(file.fileno()), os.stat(part)):
                    continue
            try:
                yield
            finally:
                if part.exists() and part.stat().st_size == 0:
                    part.unlink()
            return


def _attempts(url, part, suffix, sha256, size, label, log) -> None:
    """Fill `part` from one address, in several attempts; raises _Refused, or OSError with the fault of the last."""
    for attempt in range(ATTEMPTS):
        have = part.stat().st_size
        try:
            _fetch(url, part, suffix, size, label)
            if fault := _fault(part, sha256, suffix):
                os.truncate(part, 0)
                # The beginning may be of an older file, or of another mirror's: once more from the beginning.
                raise OSError(fault) if have else _Refused(fault)
            return
        except urllib.error.HTTPError as error:
            if error.code == 416:  # nothing to come from that place on: not the file that this is the beginning of
                os.truncate(part, 0)
            elif error.code < 500 and error.code not in (408, 429):
                raise _Refused(f"HTTP {error.code} {error.reason}") from None
            fault = f"HTTP {error.code} {error.reason}"
        except (OSError, http.client.HTTPException) as error:  # URLError and timeouts are OSErrors
            fault = f"{getattr(error, 'reason', None) or error or type(error).__name__}"
        if attempt + 1 == ATTEMPTS:
            raise OSError(fault)
        log(f"{url}: {fault}; attempt {attempt + 2} of {ATTEMPTS}")
        time.sleep(PAUSE * 2**attempt)


def _fetch(url: str, part: Path, suffix: str, size: int | None, label: str | None) -> None:
    """One request, for what `part` lacks. Raises OSError or HTTPException where it breaks off, _Refused for a page."""
    have = part.stat().st_size
    headers = {"User-Agent": f"nmt/{__version__}"} | ({"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT) as response:
        if response.status != 206 or not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            have = 0  # the server sends all of it
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        if size and total and total != size:
            raise _Refused(f"{total:,} bytes announced, {size:,} expected: another file")
        block = response.read(1 << 16)
        if have == 0 and not block.startswith(MAGIC.get(suffix, b"")[: len(block)]):
            raise _Refused(f"not a {suffix} file but something that begins with {block[:20]!r} (a web page?)")
        os.truncate(part, have)
        bar = tqdm(total=total, initial=have, unit="B", unit_scale=True, desc=label, disable=label is None)
        with bar, open(part, "ab", buffering=0) as file:
            while block:
                _write(file, block)
                have += len(block)
                bar.update(len(block))
                block = response.read(1 << 16)
    if total and have != total:  # read(n) returns short at a broken connection without a word
        raise OSError(f"the transfer broke off: {have:,} bytes came of {total:,}")


def _write(file, block: bytes) -> None:
    """A fault of the disk, unlike one of the network, ends it all; what came is then given up."""
    try:
        while block:
            block = block[file.write(block) :]
    except OSError as error:
        with suppress(OSError):
            os.truncate(file.name, 0)
        raise NmtError(f"{file.name}: {error.strerror}; NMT_DATA names another folder for downloads") from None


def _fault(path: Path, sha256: str | None, suffix: str | None = None) -> str | None:
    """What is wrong with a file, None if nothing: another SHA-256, or, where none is known, a damaged archive."""
    if sha256:
        found = files.sha256(path)
        return None if found == sha256 else f"SHA-256 is {found}, expected {sha256}"
    try:
        if MAGIC.get(suffix or path.suffix) == MAGIC[".gz"]:
            with gzip.open(path) as file:
                while file.read(1 << 20):
                    pass
        elif (suffix or path.suffix) == ".zip":
            with zipfile.ZipFile(path) as file:
                if (name := file.testzip()) is not None:
                    return f"damaged zip, at {name}"
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        return f"damaged {suffix or path.suffix}: {error}"
    return None
