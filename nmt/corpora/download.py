"""Fetching a file from its mirrors, checking it, and unpacking it. Nothing that comes from the network is trusted.

This is urllib and not requests: requests does not know the certificates of the system (a company's proxy needs them),
and like urllib3 it neither resumes a body that broke off nor ends one that crawls. tarfile's data filter is not used:
it lets links through, drops the / of an absolute path where we refuse the archive, and some Pythons 3.10 have none.
"""

import errno
import gzip
import http.client
import os
import shutil
import tarfile
import time
import urllib.error
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PureWindowsPath
from urllib.request import FTPHandler, HTTPHandler, HTTPSHandler, Request, build_opener

from tqdm import tqdm

from nmt import NmtError, __version__
from nmt.plumbing import files

TIMEOUT = 30  # seconds without a byte
PATIENCE, SLOWEST, LIMIT = 60, 10_000, 6 * 3600  # a request has 60 seconds, 1 more for 10,000 bytes; 6 hours at most
ATTEMPTS = 3  # at one address; each goes on where the one before broke off
PAUSE = 1.0  # seconds before the second attempt, twice as many before the third
GZIP, ZIP = b"\x1f\x8b", b"PK"  # how such files begin
TEXT = ".conllu"  # these are neither
LARGEST, MEMBERS = 1 << 33, 10_000  # bytes of a file of unknown size, and of all files of an archive; how many of them


def download(
    urls: Sequence[str],
    path: str | Path,
    sha256: str | None = None,
    size: int | None = None,
    log: Callable[[str], None] = lambda text: None,
) -> Path:
    """Fetch a file from the first of the mirrors `urls` that gives it, and check it.

    Checked are the size that the server announces, also against the one known (bytes), and what comes against both; the
    SHA-256 where it is known, else that the file is a whole gzip or zip. A transfer that breaks off, crawls, or stalls
    for TIMEOUT seconds goes on from where it was: ATTEMPTS times, or in a later call, from what is kept in a hidden
    file beside `path`.
    """
    path, faults = Path(path), []
    part, before = path.with_name(f".{path.name}.part"), path.exists()
    with files.caching_in(path.parent), files.claimed(path.with_name(f".{path.name}.lock"), wait=True):
        if path.is_file() and not before:
            return path  # another process has fetched it while this one waited
        for url in urls:
            for attempt in range(1, ATTEMPTS + 1):
                fault, lasting = _attempt(url, part, sha256, size)
                fault = fault and "".join(letter if letter.isprintable() else "?" for letter in fault[:300])
                if not fault:
                    os.replace(part, path)
                    return path
                if lasting or attempt == ATTEMPTS:
                    break
                log(f"{url}: {fault}; attempt {attempt + 1} of {ATTEMPTS}")
                time.sleep(PAUSE * attempt)
            faults.append(f"{url}: {fault}")
            log(faults[-1])
        kept = f"{part.stat().st_size:,} bytes came and are kept; it goes on from there. " if part.exists() else ""
    mend = f"{kept}Try again, or get the file in another way and put it here: {path}"
    raise NmtError(f"download failed: {'; '.join(faults)}. {mend}")


def _attempt(url: str, part: Path, sha256: str | None, size: int | None) -> tuple[str | None, bool]:
    """One request, for what `part` lacks. Returns what went wrong, if anything, and whether it is sure to again."""
    have = resumed = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": f"nmt/{__version__}"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        with build_opener(_Handler).open(Request(url, headers=headers), timeout=TIMEOUT) as response:
            if response.status != 206 or not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                have = 0  # the server sends all of it
            total = size if response.length is None else have + response.length  # None: not said, or no number
            if total and (total > LARGEST or total != (size or total)):
                told = f"{size:,} expected" if size else f"at most {LARGEST:,} expected"
                return f"{total:,} bytes announced, {told}: another file", True
            begins = response.peek(20)[:20]
            if not begins:
                return "the transfer broke off before a byte came", False
            name = part.name[1:].removesuffix(".part")
            if not have and begins[:2] not in (GZIP, GZIP[:1], ZIP, ZIP[:1]) and not name.endswith(TEXT):
                return f"not a gzip or zip file but something that begins with {begins!r} (a web page?)", True
            with (
                tqdm(total=total, initial=have, desc=name, unit="B", unit_scale=True, unit_divisor=1024) as bar,
                open(part, "ab" if have else "wb") as file,
            ):
                while (block := response.read1(1 << 16)) and (have := have + len(block)) <= (total or LARGEST):
                    file.write(block)
                    bar.update(len(block))
        if block:
            part.unlink()
            return f"more than {total or LARGEST:,} bytes came: another file", not resumed
        if total and have < total:  # read1() says nothing of a broken connection
            return f"the transfer broke off: {have:,} bytes came of {total:,}", False
    except urllib.error.HTTPError as error:
        if error.code == 416:  # it has no such byte: what is kept is not the beginning of this file
            part.unlink(missing_ok=True)
        return f"HTTP {error.code} {error.reason}", error.code < 500 and error.code not in (408, 416, 429)
    # URLError and timeouts are OSErrors; addresses to which a server redirects raise the last two.
    except (OSError, http.client.HTTPException, ValueError, OverflowError) as error:
        if getattr(error, "errno", None) in files.DISK_FULL:
            part.unlink(missing_ok=True)
            raise
        return str(getattr(error, "reason", None) or error or type(error).__name__), False
    fault = damage(part, sha256)
    if fault:
        part.unlink()  # what was kept may be the beginning of an older file: then once more from byte 0
    return fault, not resumed


class _Handler(HTTPSHandler, HTTPHandler, FTPHandler):
    """http and https in time, and no other scheme, wherever a server redirects."""

    def do_open(self, kind: type, request: Request, **options) -> http.client.HTTPResponse:
        return super().do_open(type("InTime", (kind,), {"response_class": _InTime}), request, **options)

    def ftp_open(self, request: Request) -> None:
        raise urllib.error.URLError("redirected to ftp")


class _InTime(http.client.HTTPResponse):
    """An answer that raises TimeoutError where it crawls, however steadily, in its headers too."""

    def __init__(self, *arguments, **named) -> None:
        super().__init__(*arguments, **named)
        self.since, self.came, self.raw = time.monotonic(), 0, self.fp.raw
        self.take, self.raw.readinto = self.raw.readinto, self._readinto

    def _readinto(self, buffer: memoryview) -> int:
        if time.monotonic() - self.since > min(PATIENCE + self.came / SLOWEST, LIMIT):
            raise TimeoutError(f"timed out: it crawls, {self.came:,} bytes came")
        self.came += (count := self.take(buffer))
        return count

    def read(self, amount: int | None = None) -> bytes:
        return b""  # urllib wants all of the page that comes with a redirection, and that may have no end


def damage(path: Path, sha256: str | None) -> str | None:
    """What is wrong with a file: another SHA-256 or, where none is known, a damaged gzip or zip; None for nothing."""
    if sha256:
        found = files.sha256(path)
        return None if found == sha256 else f"SHA-256 is {found}, expected {sha256}"
    with open(path, "rb") as file:
        zipped = file.read(2) == ZIP
    came = 0
    try:
        if zipped:
            with zipfile.ZipFile(path) as archive:
                came = sum(entry.file_size for entry in archive.infolist())
                if came <= LARGEST and (name := archive.testzip()):
                    return f"damaged zip, at {name!r}"
        else:
            with gzip.open(path) as file:
                while came <= LARGEST and (block := file.read(1 << 20)):
                    came += len(block)
    except Exception as error:
        if _ours(error):
            raise
        return f"damaged {'zip' if zipped else 'gzip'}: {error}"
    return f"it unpacks to more than {LARGEST:,} bytes" if came > LARGEST else None


def _ours(error: Exception) -> bool:
    """Whether no damaged archive is to blame; zipfile and tarfile raise any class for one, but disks' have a number."""
    return isinstance(error, NmtError) or getattr(error, "errno", None) not in (None, errno.EINVAL)


def extract(archive: Path, members: Sequence[str], folder: Path) -> list[Path]:
    """Unpack members of a tar or zip archive, which may lie some folders deeper than said, to names of our own.

    Before anything is written, an archive is refused that lacks a member, announces more than LARGEST bytes, or
    holds anything that would leave its folder: an absolute path, one with "..", a link, a device.
    """
    paths = [folder / f"{archive.name}-{number}" for number in range(len(members))]
    try:
        with zipfile.ZipFile(archive) if zipfile.is_zipfile(archive) else tarfile.open(archive) as opened:
            entries = dict(_files_in(opened, archive))
            chosen = [[name for name in entries if f"/{name}".endswith(f"/{member}")] for member in members]
            if not all(chosen):
                missing = members[chosen.index([])]
                raise NmtError(f"{archive}: no {missing} in it; is it another archive of the same name?")
            for names, path in zip(chosen, paths, strict=True):
                with entries[names[0]]() as source, open(path, "wb") as target:
                    shutil.copyfileobj(source, target)
    except Exception as error:
        if _ours(error):
            raise
        raise NmtError(f"{archive}: damaged ({error}); delete it, to fetch it again") from None
    return paths


def _files_in(opened: tarfile.TarFile | zipfile.ZipFile, archive: Path) -> Iterator[tuple[str, Callable]]:
    """The name of each file in an archive, and the function that opens it. Raises NmtError for a hostile entry."""
    zipped, total = isinstance(opened, zipfile.ZipFile), 0
    for number, entry in enumerate(opened.infolist() if zipped else opened):
        if zipped:
            name, size, is_folder = entry.filename, entry.file_size, entry.is_dir()
            is_file = (entry.external_attr >> 28) in (0, 8)  # the Unix type: 8 a plain file, 0 not stated
        else:
            name, size, is_folder, is_file = entry.name, entry.size, entry.isdir(), entry.isreg()
        path, fault = PureWindowsPath(name), None  # it knows drives, and \ beside /
        total += size
        if path.anchor:
            fault = "an absolute path"
        elif ".." in path.parts:
            fault = "a path that leads out of its folder"
        elif not is_file and not is_folder:
            fault = "a link or a device"
        elif size < 0 or total > LARGEST or number == MEMBERS:
            fault = f"beyond the {LARGEST:,} bytes and {MEMBERS:,} files that it may unpack to"
        if fault:
            raise NmtError(f"{archive}: {name!r:.200} in it is {fault}; nothing of it is unpacked")
        if not is_folder:
            yield name, partial(opened.open if zipped else opened.extractfile, entry)
