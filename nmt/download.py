"""Fetch one file over HTTP, whole or not at all."""

import gzip
import http.client
import urllib.request
import zlib
from pathlib import Path

from tqdm import tqdm

import nmt.files as files
from nmt import NmtError, __version__

TIMEOUT = 30  # seconds without a byte


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
