"""Files that are whole or absent: write under a temporary name, then rename."""

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from filelock import FileLock, Timeout
from safetensors import SafetensorError

from nmt import NmtError

try:
    import fcntl
except ImportError:  # Windows: there nothing is swept
    fcntl = None

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
TEMPORARY = re.compile(r"\..+\.[0-9a-f]{12}\.tmp")


@contextmanager
def claimed(path: str | Path, wait: bool = False) -> Iterator[bool]:
    """Whether this process holds the lock file `path` until the block ends; with `wait`, once it does.

    The system frees the lock when a process ends, however it ends. Another lock of the same process counts as another
    process. The file stays: removing it could let two processes hold two files of one name.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, timeout=-1 if wait else 0)
    with suppress(Timeout):
        lock.acquire()
    try:
        yield lock.is_locked
    finally:
        lock.release()


@contextmanager
def caching_in(folder: str | Path) -> Iterator[None]:
    """Around what is written to a cache. Turns the errors of a disk that is full or write-protected into NmtError."""
    try:
        yield
    except OSError as error:
        mend = "make room there, or name another folder with NMT_DATA (for sacreBLEU's test sets with SACREBLEU)"
        raise NmtError(f"{folder}: {error}; {mend}") from None


def sweep(folder: Path) -> None:
    """Remove the temporary files and folders that killed processes left in a folder; those of living ones are held."""
    for left in filter(lambda path: TEMPORARY.fullmatch(path.name), list(folder.iterdir())):
        if (held := _hold(left)) is not None:
            remove(left)
            os.close(held)


def _hold(path: Path) -> int | None:
    """A descriptor by which this process holds a file or folder, until it is closed or the process ends, however it
    ends; None where another one holds it, where it is gone, and where the system has no such locks."""
    if fcntl is None:
        return None
    with suppress(OSError):
        held = os.open(path, os.O_RDONLY)
        with suppress(OSError):
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(held), os.stat(path)):
                return held
        os.close(held)
    return None


def remove(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


@contextmanager
def _temporary(path: Path, make: Callable[[Path], None]) -> Iterator[Path]:
    """A new file or folder beside `path`, whose name no other process, here or on another machine, can have."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent)
    for attempt in range(3):  # another process may sweep what is not held yet
        make(temporary := path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp"))
        if (held := _hold(temporary)) is not None or attempt == 2:
            break
        remove(temporary)
    try:
        yield temporary
    except OSError as error:
        if error.errno and not error.filename:  # a full disk does not say what it had no room for
            error.filename = str(path)
        raise
    finally:
        remove(temporary)
        if held is not None:
            os.close(held)


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` if the block succeeds, when it is on the disk."""
    path = Path(path)
    with _temporary(path, Path.touch) as temporary:
        yield temporary
        to_disk(temporary)
        os.replace(temporary, path)
        to_disk(path.parent)


@contextmanager
def continued_file(path: Path, about: dict, block: int) -> Iterator[tuple[TextIO, int]]:
    """Yield a file of lines, and how many blocks, of so many, it has from a killed process; in the end it is at `path`.

    Until then it is .NAME.part beside `path`; what its content depends on, `about`, is in .NAME.part.json. Raises
    NmtError where it was begun with another `about`, or another process writes it.
    """
    part, card = (path.with_name(f".{path.name}.part{suffix}") for suffix in ("", ".json"))
    with open(part, "a+b") as file, TextIOWrapper(file, "utf-8", newline="\n") as text:
        with suppress(AttributeError, OSError):  # where the system has no such locks
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise NmtError(f"{path}: another process is writing it") from None
        if not file.tell():
            write_json(card, about)
        there = read_json(card) if card.is_file() else {}
        if changed := [name for name in about if there.get(name) != about[name]]:
            mend = f"repeat that command, or delete {part} to begin anew"
            raise NmtError(f"{path}: what is kept of it was begun with other {', '.join(changed)}; {mend}")
        size = kept = blocks = 0
        file.seek(0)
        for number, line in enumerate(file, 1):
            size += len(line)
            if number % block == 0 and line.endswith(b"\n"):
                kept, blocks = size, number // block
        file.truncate(kept)
        try:
            yield text, blocks
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"what is done is kept in {part}; the same command goes on from there") from None
        text.flush()
        to_disk(part)
        os.replace(part, path)
        card.unlink()


@contextmanager
def whole_directory(path: str | Path, flag: str = "") -> Iterator[Path]:
    """The same for a folder; a full one that is there stays: two may build a cache entry. One with a `flag` is new."""
    if flag and os.path.lexists(path):
        raise NmtError(f"{flag} {path} exists already; name another directory")
    path = Path(path).resolve()  # where it is a link, that stays one
    with _temporary(path, Path.mkdir) as temporary:
        try:
            yield temporary
        except SafetensorError as error:
            if not (found := re.search(r"(?:os error|code:) (\d+)", str(error))):  # so it says what is an OSError
                raise
            raise OSError(int(found[1]), os.strerror(int(found[1])), str(path)) from None
        to_disk(*temporary.rglob("*"), temporary)
        try:
            os.rename(temporary, path)
        except OSError as error:
            if flag or error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or not path.is_dir():
                raise
        to_disk(path.parent)


def to_disk(*paths: Path) -> None:
    """Return when the system has written files and folders to the disk, as far as it can tell."""
    for path in paths:
        try:
            opened = os.open(path, os.O_RDONLY)
            os.fsync(opened)
            os.close(opened)
        except OSError as error:  # on Windows a folder cannot be opened
            if error.errno in (*DISK_FULL, errno.EIO):
                raise


def write_text(path: str | Path, text: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: object) -> None:
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def read_json(path: str | Path) -> dict:
    """Raises NmtError, naming the file, where it is absent or no JSON object; later, where a key is missing in it."""
    return _json_object(read_small(path), f"{path}: a damaged file", _objects_of(path))


def read_small(path: str | Path, most: int = 1 << 26) -> bytes:
    """The content of a file that is to be held in memory. Raises NmtError where it is no plain file, or not small."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise NmtError(f"{path}: no plain file")
        with open(path, "rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise NmtError(f"{path}: {'no such file' if error.errno == errno.ENOENT else error.strerror}") from None
    if len(content) > most:
        raise NmtError(f"{path}: larger than {most:,} bytes")
    return content


def read_json_lines(path: str | Path) -> list[dict]:
    """The JSON objects of a file, one a line; none where there is no file. A last line that a kill cut is left out."""
    lines = Path(path).read_bytes().split(b"\n")[:-1] if Path(path).is_file() else []
    kind = _objects_of(path)
    return [_json_object(line, f"{path}:{number}: a damaged line", kind) for number, line in enumerate(lines, 1)]


def _objects_of(path: str | Path) -> type[dict]:
    def missing(_: dict, key: str) -> None:
        raise NmtError(f"{path}: damaged, without {key!r} where it must be")

    return type("Object", (dict,), {"__missing__": missing})


def _json_object(text: bytes, otherwise: str, kind: type[dict]) -> dict:
    """Raises NmtError, which begins with `otherwise`, where the text is not a JSON object."""
    try:
        value = json.loads(text, object_hook=kind)
    except (ValueError, RecursionError) as error:
        raise NmtError(f"{otherwise} ({error})") from None
    if not isinstance(value, dict):
        raise NmtError(f"{otherwise} (a JSON {type(value).__name__} in place of an object)")
    return value


def json_lines(objects: Iterable[dict]) -> str:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects)


def append_json_lines(path: str | Path, *objects: dict) -> None:
    """Add lines to a file: all of them or, on a full disk, none. A last line that a kill cut is dropped first."""
    path = Path(path)
    size = path.stat().st_size if path.exists() else 0
    if size:
        with open(path, "r+b") as file:
            file.seek(size - 1)
            if file.read(1) != b"\n":
                file.seek(0)
                size = file.truncate(file.read().rfind(b"\n") + 1)
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json_lines(objects))
    except OSError:
        if path.exists():
            os.truncate(path, size)
        raise


def sha256(path: str | Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
