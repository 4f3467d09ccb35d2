"""Fetching a file from its mirrors, checking it, and unpacking it. Nothing that comes from the network is trusted.

This is urllib and not requests: requests does not know the certificates of the system (a company's proxy needs them),
and like urllib3 it does not resume a body that broke off. tarfile's data filter is not used: it lets links through,
drops the / of an absolute path where we refuse the archive, and some Pythons 3.10 have none.
"""

import gzip
import http.client
import os
import shutil
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PureWindowsPath

from tqdm import tqdm

from nmt import NmtError, __version__
from nmt.plumbing import files

TIMEOUT = 30  # seconds without a byte
ATTEMPTS = 3  # at one address; each goes on where the one before broke off
PAUSE = 1.0  # seconds before the second attempt, twice as many before the third
GZIP, ZIP = b"\x1f\x8b", b"PK"  # how such files begin
TEXT = ".conllu"  # these are neither
DAMAGED = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error, RuntimeError)


def download(
    urls: Sequence[str],
    path: str | Path,
    sha256: str | None = None,
    size: int | None = None,
    log: Callable[[str], None] = lambda text: None,
) -> Path:
    """Fetch a file from the first of the mirrors `urls` that gives it, and check it.

    Checked are the size that the server announces, also against the one known (bytes); the SHA-256 where it is known,
    else that the file is a whole gzip or zip. A transfer that breaks off, or stalls for TIMEOUT seconds, goes on from
    where it was: ATTEMPTS times, or in a later call, from what is kept in a hidden file beside `path`.
    """
    path, faults = Path(path), []
    part, before = path.with_name(f".{path.name}.part"), path.exists()
    with files.caching_in(path.parent), files.claimed(path.with_name(f".{path.name}.lock"), wait=True):
        if path.is_file() and not before:
            return path  # another process has fetched it while this one waited
        for url in urls:
            for attempt in range(1, ATTEMPTS + 1):
                fault, lasting = _attempt(url, part, sha256, size)
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
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT) as response:
            if response.status != 206 or not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                have = 0  # the server sends all of it
            length = response.headers.get("Content-Length")
            total = have + int(length) if length else None
            if size and total and total != size:
                return f"{total:,} bytes announced, {size:,} expected: another file", True
            begins = response.peek(20)[:20]
            if not begins:
                return "the transfer broke off before a byte came", False
            name = part.name[1:].removesuffix(".part")
            if not have and not begins.startswith((GZIP, ZIP)) and not name.endswith(TEXT):
                return f"not a gzip or zip file but something that begins with {begins!r} (a web page?)", True
            with (
                tqdm.wrapattr(response, "read", total, initial=have, desc=name) as body,
                open(part, "ab" if have else "wb") as file,
            ):
                shutil.copyfileobj(body, file)
        if total and (came := part.stat().st_size) < total:  # read() says nothing of a broken connection
            return f"the transfer broke off: {came:,} bytes came of {total:,}", False
    except urllib.error.HTTPError as error:
        if error.code == 416:  # it has no such byte: what is kept is not the beginning of this file
            part.unlink(missing_ok=True)
        return f"HTTP {error.code} {error.reason}", error.code < 500 and error.code not in (408, 416, 429)
    except (OSError, http.client.HTTPException) as error:  # URLError and timeouts are OSErrors
        if getattr(error, "errno", None) in files.DISK_FULL:
            part.unlink(missing_ok=True)
            raise
        return str(getattr(error, "reason", None) or error or type(error).__name__), False
    fault = damage(part, sha256)
    if fault:
        part.unlink()  # what was kept may be the beginning of an older file: then once more from byte 0
    return fault, not resumed


def damage(path: Path, sha256: str | None) -> str | None:
    """What is wrong with a file: another SHA-256 or, where none is known, a damaged gzip or zip; None for nothing."""
    if sha256:
        found = files.sha256(path)
        return None if found == sha256 else f"SHA-256 is {found}, expected {sha256}"
    with open(path, "rb") as file:
        zipped = file.read(2) == ZIP
    try:
        if zipped:
            with zipfile.ZipFile(path) as archive:
                name = archive.testzip()
                return name and f"damaged zip, at {name}"
        with gzip.open(path) as file:
            while file.read(1 << 20):
                pass
    except DAMAGED as error:
        return f"damaged {'zip' if zipped else 'gzip'}: {error}"
    return None


def extract(archive: Path, members: Sequence[str], folder: Path) -> list[Path]:
    """Unpack members of a tar or zip archive, which may lie some folders deeper than said, to names of our own.

    Before anything is written, an archive is refused that lacks a member, or holds anything that would leave its
    folder: an absolute path, one with "..", a link, a device.
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
    except DAMAGED as error:
        raise NmtError(f"{archive}: damaged ({error}); delete it, to fetch it again") from None
    return paths


def _files_in(opened: tarfile.TarFile | zipfile.ZipFile, archive: Path) -> Iterator[tuple[str, Callable]]:
    """The name of each file in an archive, and the function that opens it. Raises NmtError for a hostile entry."""
    zipped = isinstance(opened, zipfile.ZipFile)
    for entry in opened.infolist() if zipped else opened:
        if zipped:
            name, is_folder = entry.filename, entry.is_dir()
            is_file = (entry.external_attr >> 28) in (0, 8)  # the Unix type: 8 a plain file, 0 not stated
        else:
            name, is_folder, is_file = entry.name, entry.isdir(), entry.isreg()
        path, fault = PureWindowsPath(name), None  # it knows drives, and \ beside /
        if path.anchor:
            fault = "an absolute path"
        elif ".." in path.parts:
            fault = "a path that leads out of its folder"
        elif not is_file and not is_folder:
            fault = "a link or a device"
        if fault:
            raise NmtError(f"{archive}: {name} in it is {fault}; nothing of it is unpacked")
        if not is_folder:
            yield name, partial(opened.open if zipped else opened.extractfile, entry)
