"""Servers and archives that mean ill: nothing crawls for ever or grows without end, and each error is ours."""

import gzip
import io
import itertools
import os
import random
import socket
import tarfile
import threading
import time
import tracemalloc
import zipfile
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nmt import NmtError
from nmt.corpora import download, pairs
from nmt.corpora.pairs import read_lines
from nmt.tests.corpora.test_download import GOOD, tar

CONTENT = gzip.compress(random.Random(1).randbytes(3_000))
TRIALS = int(os.environ.get("NMT_TRIALS", "300"))
OFTEN = settings(max_examples=TRIALS, deadline=None, derandomize=True, database=None)
quick = settings(OFTEN, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@contextmanager
def serving(*parts: bytes, gap: float = 0.0, endless: bytes = b""):
    """The address of a server that answers with these bytes, whatever is asked, and closes; `sent` counts all."""
    sent = []

    def answer(connection):
        with connection, suppress(OSError):
            connection.recv(1 << 16)
            for part in itertools.chain(parts, itertools.repeat(endless) if endless else ()):
                connection.sendall(part)
                sent.append(len(part))
                time.sleep(gap)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1 << 16)

    def accept():
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=listening.accept()[:1], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/a.gz", sent
        listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture(autouse=True)
def _in_haste(monkeypatch):
    for name, value in {"PAUSE": 0, "ATTEMPTS": 1, "PATIENCE": 0.5, "TIMEOUT": 2}.items():
        monkeypatch.setattr(download, name, value)


def refused(url: str, folder: Path, reason: str, **known) -> None:
    with pytest.raises(NmtError, match=f"download failed: {url}.*: {reason}") as error:
        download.download([url], folder / "a.gz", **known)
    assert len(str(error.value)) < 1_000 and str(error.value).isprintable()
    assert not (folder / "a.gz").exists()


HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


def one_by_one(text: bytes) -> list[bytes]:
    return [text[i : i + 1] for i in range(len(text))]


CRAWLING = {
    "status line": (b"HTTP/1.1 200 OK", b"O" * 400),
    "headers": (HEAD, b"A: b\r\n" * 80),
    "body": (HEAD + b"Content-Length: 9999\r\n\r\n" + CONTENT[:2], CONTENT),
    "body without length": (HEAD + b"\r\n" + CONTENT[:2], CONTENT),
    "chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 400),
    "redirection": (b"HTTP/1.1 302 Found\r\nA: ", b"b" * 400),
}


@pytest.mark.parametrize("where", CRAWLING)
def test_what_crawls_is_ended(where, tmp_path):
    begins, rest = CRAWLING[where]
    with serving(begins, *one_by_one(rest), gap=0.02) as (url, sent):
        refused(url, tmp_path, r"timed out: it crawls, \d+ bytes came")
        assert 10 < len(sent) < 300


def test_what_is_slow_but_comes_is_not_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "PATIENCE", 0.2)
    monkeypatch.setattr(download, "SLOWEST", 100)  # bytes a second: these come ten times as fast
    head = HEAD + b"Content-Length: %d\r\n\r\n" % len(CONTENT)
    with serving(head, *(CONTENT[i : i + 100] for i in range(0, len(CONTENT), 100)), gap=0.05) as (url, _):
        assert download.download([url], tmp_path / "a.gz").read_bytes() == CONTENT


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("size", [1_000, None])
def test_no_more_is_written_than_the_known_size(size, chunked, tmp_path, monkeypatch):
    most = size or 2_000
    monkeypatch.setattr(download, "LARGEST", most)
    block = CONTENT[:2] + bytes(10_000)
    head, block = (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"2712\r\n" + block + b"\r\n") if chunked else (
        HEAD + b"\r\n", block
    )  # fmt: skip
    with serving(head, endless=block) as (url, sent):
        refused(url, tmp_path, f"more than {most:,} bytes came: another file", size=size)
        assert sum(sent) < 20_000_000 and not list(tmp_path.glob(".*.part"))
    with serving(HEAD + b"Content-Length: 2001\r\n\r\n", CONTENT) as (url, _):
        refused(url, tmp_path, "2,001 bytes announced, (1,000 expected:|at most 2,000 expected:)", size=size)


def test_a_redirection_without_end(tmp_path):
    with serving(b"HTTP/1.1 302 Found\r\nLocation: ftp://127.0.0.1/a\r\n\r\n", endless=bytes(1 << 16)) as (url, sent):
        refused(url, tmp_path, "redirected to ftp")
        assert sum(sent) < 50_000_000


ADDRESSES = (
    "ftp://127.0.0.1/a", "file:///etc/passwd", "data:,a", "http://[::1/", "http://a..b/", "http://127.0.0.1:99999/",
    "http://127.0.0.1:a/", "http:///", "//", "", "\0", "http://\xff/", f"http://{'a' * 300}/", "\x1b[2J",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_redirections_to_nowhere(address, tmp_path):
    with serving(b"HTTP/1.1 301 Moved\r\nLocation: " + address.encode("latin-1") + b"\r\n\r\n") as (url, _):
        refused(url, tmp_path, "")


HEADERS = (
    b"Content-Length: x", b"Content-Length: -5", b"Content-Length: 1e9", b"Content-Length: \xb2", b"\xff: \xff",
    b"Content-Length: " + b"9" * 5_000, b"Transfer-Encoding: chunked", b"A" * 70_000, b"a: b\r\n" * 200,
)  # fmt: skip


@pytest.mark.parametrize("header", HEADERS)
def test_bad_headers(header, tmp_path):
    with serving(HEAD + header + b"\r\n\r\n", CONTENT) as (url, _):
        try:
            assert download.download([url], tmp_path / "a.gz").read_bytes() == CONTENT  # the header says nothing
        except NmtError as error:
            assert "download failed" in str(error)


ANSWER = HEAD + b"Content-Length: %d\r\n\r\n" % len(CONTENT) + CONTENT
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(CONTENT) + CONTENT + b"\r\n0\r\n\r\n"


@st.composite
def changed(draw, originals) -> bytes:
    """One of the originals with some bytes changed, cut out or put in, most of them near its beginning or its end."""
    content = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.one_of(st.integers(0, 120), st.integers(-120, -1), st.integers(0, len(content)))) % len(content)
        end = place + draw(st.integers(0, 4))
        content[place:end] = draw(
            st.one_of(st.binary(max_size=4), st.sampled_from([b"-1", b"\r\n", b"\xff" * 8, bytes(4)]))
        )
    return bytes(content)


@quick
@given(answer=changed([ANSWER, CHUNKED, b"HTTP/1.1 301 M\r\nLocation: http://127.0.0.1:9/\r\n\r\n"]))
def test_changed_answers(answer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("a")
    with serving(answer) as (url, _):
        try:
            found = download.download([url], folder / "a.gz").read_bytes()
            assert download.damage(folder / "a.gz", None) is None and gzip.decompress(found)
        except NmtError as error:
            assert "download failed" in str(error)


# Archives


def archives() -> list[bytes]:
    """A tar.gz, a tar that is not compressed, and zips of three kinds, with two files each."""
    folder, found = io.BytesIO(), []
    with tarfile.open(fileobj=folder, mode="w", format=tarfile.PAX_FORMAT) as packed:
        for name, text in (("in/a", b"text\n" * 99), ("in/" + "b" * 150, b"more\n" * 99), ("in/b", b"b")):
            info = tarfile.TarInfo(name)
            info.size = len(text)
            packed.addfile(info, io.BytesIO(text))
    found += [gzip.compress(folder.getvalue()), folder.getvalue()]
    for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(folder := io.BytesIO(), "w", kind) as packed:
            packed.writestr("in/a", b"text\n" * 99)
            packed.writestr("in/b", b"more\n" * 99)
        found.append(folder.getvalue())
    return found


def unpacked_or_refused(content: bytes, place: Path) -> None:
    path, out = place / "a.tgz", place / "out"
    out.mkdir()
    path.write_bytes(content)
    fault = download.damage(path, None)
    assert fault is None or fault
    try:
        paths = download.extract(path, ["in/a", "in/b"], out)
        assert sorted(out.iterdir()) == sorted(paths)
    except NmtError as error:
        assert str(path) in str(error)
    assert {one.name for one in place.rglob("*")} <= {"a.tgz", "out", "a.tgz-0", "a.tgz-1"}


@quick
@given(content=changed(archives()))
def test_changed_archives(content, tmp_path_factory):
    unpacked_or_refused(content, tmp_path_factory.mktemp("a"))


@pytest.mark.long
@settings(OFTEN, max_examples=10 * TRIALS)
@given(content=changed(archives()))
def test_many_changed_archives(content, tmp_path_factory):
    unpacked_or_refused(content, tmp_path_factory.mktemp("a"))


def test_archives_that_announce_too_much(tmp_path, monkeypatch):
    huge = tarfile.TarInfo("in/huge")
    huge.size = 1 << 40
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as packed:
        packed.addfile(tarfile.TarInfo("in/a"))
        packed.fileobj.write(huge.tobuf())
    (tmp_path / "a.tgz").write_bytes(content.getvalue())
    with pytest.raises(NmtError, match=r"a.tgz: 'in/huge' in it is beyond the 8,589,934,592 bytes"):
        download.extract(tmp_path / "a.tgz", ["in/a"], tmp_path)
    many = [(f"{number}", "REGTYPE", b"") for number in range(30)]
    monkeypatch.setattr(download, "MEMBERS", 30)
    assert download.extract(tar(tmp_path / "a.tgz", *many), ["1"], tmp_path)
    monkeypatch.setattr(download, "MEMBERS", 29)
    with pytest.raises(NmtError, match="'29' in it is beyond"):
        download.extract(tmp_path / "a.tgz", ["1"], tmp_path)


def test_what_unpacks_to_far_more(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "LARGEST", 1 << 20)
    (tmp_path / "a.gz").write_bytes(gzip.compress(bytes(1 << 25)))
    assert "unpacks to more than 1,048,576 bytes" in download.damage(tmp_path / "a.gz", None)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for name in "abc":
            packed.writestr(name, bytes(1 << 19))
    assert "unpacks to more than 1,048,576 bytes" in download.damage(tmp_path / "a.zip", None)
    with pytest.raises(NmtError, match=r"a.zip: 'c' in it is beyond the 1,048,576 bytes"):
        download.extract(tmp_path / "a.zip", ["a"], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gz", "a.zip"]
    monkeypatch.setattr(download, "LARGEST", 3 << 19)
    assert download.damage(tmp_path / "a.zip", None) is None


def test_a_full_disk_is_not_taken_for_a_damaged_archive(tmp_path, monkeypatch):
    path = tar(tmp_path / "a.tgz", *GOOD)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download.shutil, "copyfileobj", full)
    with pytest.raises(OSError, match="No space left"):
        download.extract(path, ["in/a"], tmp_path)


# Lines


@pytest.mark.parametrize("end", [b"\n", b"\r"])
def test_lines_without_end(end, tmp_path, monkeypatch):
    monkeypatch.setattr(pairs, "LONGEST_LINE", 1 << 16)
    long, path = b"a" * (pairs.LONGEST_LINE + 1), tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"one" + end + 99 * long + end + b"three" + end + long[1:] + end + long))
    tracemalloc.start()
    lines = [line[:9] for line in read_lines(path, strict=False)]
    assert tracemalloc.get_traced_memory()[1] < 20 * pairs.LONGEST_LINE  # of 101
    tracemalloc.stop()
    assert lines == ["one", "", "three", "a" * 9, ""]
    with pytest.raises(NmtError, match=r"a.gz:2: more than 65,536 bytes long; cut it into lines"):
        list(read_lines(path))


@quick
@given(lines=st.lists(st.binary(max_size=9).map(lambda line: line.translate(None, b"\r\n"))), sizes=st.integers(1, 9))
def test_lines_however_they_come(lines, sizes):
    """Cut anywhere by a network or a pipe, lines are those of the whole."""

    class Slow(io.BytesIO):
        def read1(self, most=-1):
            return super().read1(min(most, sizes))

    for end in (b"\n", b"\r"):
        assert list(pairs.lines_of(Slow(b"".join(line + end for line in lines)))) == lines
