"""Downloads against a loopback server: what is broken goes on, what is wrong is refused, nothing is half-written."""

import contextlib
import gzip
import hashlib
import http.server
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from pathlib import Path

import pytest

from nmt import NmtError
from nmt.corpora import download
from nmt.corpora.archives import Archive
from nmt.corpora.download import extract

CONTENT = gzip.compress(os.urandom(300_000), compresslevel=0)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Page:
    """What the server says at one path, and what it was asked for there."""

    def __init__(self, body=b"", status=200, cut=None, stall=0.0, ranges=True, times=10**9, **headers):
        self.body, self.status, self.headers = body, status, headers
        self.cut = cut  # bytes sent of each answer before the connection is broken
        self.stall = stall  # seconds of silence before the body
        self.ranges = ranges  # whether it knows Range
        self.times = times  # how often it behaves so; then it gives the body whole
        self.asked = []  # the Range of each request


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        page = self.server.pages.get(self.path, Page(b"none", 404))
        wanted = self.headers.get("Range")
        page.asked.append(wanted)
        ill = len(page.asked) <= page.times
        status, body, headers = page.status if ill else 200, page.body, {}
        if wanted and page.ranges and status == 200:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            status, body = (206, body[start:]) if start < len(body) else (416, b"")
        self.send_response(status)
        for name, value in ({"Content-Length": len(body)} | headers | page.headers).items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if ill and page.stall:
            time.sleep(page.stall)
        with contextlib.suppress(OSError):
            self.wfile.write(body[: page.cut] if ill else body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    """A loopback HTTP server; server.pages: what it gives. No pause between attempts."""
    monkeypatch.setattr(download, "PAUSE", 0)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.pages, server.url = {}, f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def fetch(server, path: Path, *pages: str, sha256=SHA256, **options) -> Path:
    return download.download([server.url + page for page in pages], path, sha256, **options)


def contents(folder: Path) -> dict[str, bytes]:
    """The files under a folder, without the empty lock files, which stay."""
    files = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: content for name, content in files.items() if content or not name.endswith(".lock")}


def listed(folder: Path) -> list[str]:
    return list(contents(folder))


def refused(server, path: Path, *pages: str, reason: str, **options) -> str:
    """It is refused for that reason, and the folder is as it was before."""
    before = contents(path.parent)
    with pytest.raises(NmtError, match=reason) as error:
        fetch(server, path, *pages, **options)
    assert str(path) in str(error.value)
    assert contents(path.parent) == before
    return str(error.value)


# A transfer


def test_a_good_file_comes_with_or_without_its_length_and_checksum(tmp_path, server):
    server.pages = {"/a.gz": Page(CONTENT)}
    for number, known in enumerate(({}, {"sha256": None}, {"size": len(CONTENT)})):
        assert fetch(server, tmp_path / f"{number}" / "a.gz", "/a.gz", **known).read_bytes() == CONTENT
        assert listed(tmp_path / f"{number}") == ["a.gz"]


def test_progress_is_shown(tmp_path, server, capsys):
    server.pages = {"/a.gz": Page(CONTENT)}
    fetch(server, tmp_path / "a.gz", "/a.gz")
    assert "a.gz: 100%" in capsys.readouterr().err


@pytest.mark.parametrize("known", [SHA256, None])
@pytest.mark.parametrize("ill", [{"cut": 70_000}, {"stall": 1.0, "times": 1}, {"status": 503, "times": 2}])
def test_a_broken_transfer_goes_on_where_it_was(tmp_path, server, ill, known, monkeypatch):
    if "stall" in ill:
        monkeypatch.setattr(download, "TIMEOUT", 0.5)
    page = server.pages["/a.gz"] = Page(CONTENT, **{"times": 2} | ill)
    assert fetch(server, tmp_path / "a.gz", "/a.gz", sha256=known).read_bytes() == CONTENT
    assert page.asked == [None, "bytes=70000-", "bytes=140000-"] if page.cut else set(page.asked) == {None}


def test_it_goes_on_in_a_later_call_and_at_another_mirror(tmp_path, server):
    server.pages = {"/a.gz": Page(CONTENT, cut=50_000), "/b.gz": Page(CONTENT)}
    path = tmp_path / "a.gz"
    with pytest.raises(NmtError, match="150,000 bytes came and are kept"):
        fetch(server, path, "/a.gz")
    assert not path.exists()
    assert fetch(server, path, "/none.gz", "/b.gz").read_bytes() == CONTENT
    assert server.pages["/b.gz"].asked == ["bytes=150000-"]
    assert listed(tmp_path) == ["a.gz"]


@pytest.mark.parametrize(
    "kept",
    [b"older" * 100, CONTENT + b"more", gzip.compress(b"of another file" * 9)],
    ids=["shorter", "longer", "another archive"],
)
@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("known", [SHA256, None])
def test_a_kept_beginning_of_another_file_is_given_up(tmp_path, server, kept, ranges, known):
    server.pages = {"/a.gz": Page(CONTENT, ranges=ranges)}
    (tmp_path / ".a.gz.part").write_bytes(kept)
    assert fetch(server, tmp_path / "a.gz", "/a.gz", sha256=known).read_bytes() == CONTENT
    assert listed(tmp_path) == ["a.gz"]


def test_faults_are_named_and_leave_nothing(tmp_path, server):
    damaged = CONTENT[:-8] + b"\0" * 8
    server.pages = {
        "/500": Page(b"sorry", 500),
        "/403": Page(b"no", 403),
        "/empty": Page(b""),
        "/page": Page(b"<!DOCTYPE html><p>Sign in", Content_Type="text/html"),
        "/cut": Page(CONTENT[:-9]),
        "/damaged": Page(damaged),
        "/good": Page(CONTENT),
    }
    path = tmp_path / "new" / "a.gz"
    path.parent.mkdir()
    path.with_name("b.gz").write_bytes(b"not to be touched")
    for present in (False, True):
        if present:
            path.write_bytes(b"the former file")
        refused(server, path, "/none", reason="HTTP 404")
        refused(server, path, "/403", reason="HTTP 403")
        refused(server, path, "/500", reason="HTTP 500")
        refused(server, path, "/empty", sha256=None, reason="broke off before a byte came")
        refused(server, path, "/page", reason="not a gzip or zip file .* web page")
        refused(server, path, "/page", sha256=None, reason="not a gzip or zip file .* web page")
        refused(server, path, "/cut", sha256=None, reason="damaged gzip: .*end-of-stream")
        refused(server, path, "/damaged", sha256=None, reason="damaged gzip: CRC")
        refused(server, path, "/damaged", reason="SHA-256 is .*, expected")
        refused(server, path, "/good", sha256="0" * 64, reason="SHA-256 is .*, expected 0000")
        refused(server, path, "/good", size=5, reason="bytes announced, 5 expected")
    assert len(server.pages["/500"].asked) == 2 * download.ATTEMPTS > len(server.pages["/403"].asked) == 2
    with pytest.raises(NmtError, match=r"closed: .*refused"):
        download.download(["http://127.0.0.1:9/closed"], path)


def test_a_server_that_is_silent(tmp_path, server, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    server.pages = {"/a.gz": Page(CONTENT, stall=0.6)}
    refused(server, tmp_path / "new" / "a.gz", "/a.gz", reason="timed out")


def test_mirrors_are_tried_in_turn_and_each_fault_is_told(tmp_path, server):
    server.pages = {"/page": Page(b"<html>"), "/good": Page(CONTENT)}
    said = []
    assert fetch(server, tmp_path / "a.gz", "/none", "/page", "/good", log=said.append).read_bytes() == CONTENT
    assert "404" in said[0] and "web page" in said[1]
    told = refused(server, tmp_path / "new" / "a.gz", "/none", "/page", reason="download failed")
    assert "/none: HTTP 404" in told and "/page: not a gzip" in told


def test_a_page_does_not_cost_what_had_come(tmp_path, server):
    server.pages = {"/page": Page(b"<html>", ranges=False), "/good": Page(CONTENT)}
    (tmp_path / ".a.gz.part").write_bytes(CONTENT[:1000])
    fetch(server, tmp_path / "a.gz", "/page", "/good")
    assert server.pages["/good"].asked == ["bytes=1000-"]


def test_a_zip_is_checked_to_its_end(tmp_path, server):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("text", "words " * 1000)
    good = packed.getvalue()
    server.pages = {"/good": Page(good), "/cut": Page(good[:-30]), "/bad": Page(good.replace(b"words", b"wards", 1))}
    refused(server, tmp_path / "new" / "a.zip", "/cut", sha256=None, reason="damaged zip")
    refused(server, tmp_path / "new" / "a.zip", "/bad", sha256=None, reason="damaged zip, at 'text'|damaged zip: ")
    assert fetch(server, tmp_path / "a.zip", "/good", sha256=None).read_bytes() == good


DOWNLOAD = """
import sys
from nmt.corpora.download import download
download([sys.argv[1]], sys.argv[2], sys.argv[3])
"""


def test_two_processes_fetch_it_once(tmp_path, server):
    page = server.pages["/a.gz"] = Page(CONTENT, stall=0.3)
    command = [sys.executable, "-c", DOWNLOAD, server.url + "/a.gz", str(tmp_path / "a.gz"), SHA256]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert listed(tmp_path) == ["a.gz"] and (tmp_path / "a.gz").read_bytes() == CONTENT
    # The second waits; it asks for itself only if it came when the first had finished.
    assert len(page.asked) <= 2


# The largest file a process may write stands for a full disk: the same failure of write().
FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n" + DOWNLOAD


def test_a_full_disk_ends_it_and_leaves_nothing(tmp_path, server):
    pytest.importorskip("resource")
    page = server.pages["/a.gz"] = Page(CONTENT)
    done = subprocess.run(
        [sys.executable, "-c", FULL, server.url + "/a.gz", str(tmp_path / "a.gz"), SHA256],
        capture_output=True,
        text=True,
    )
    assert (
        "NmtError" in done.stderr
        and f"{tmp_path}: [Errno 27] File too large; make room there, or name another folder with NMT_DATA"
        in done.stderr
    )
    assert listed(tmp_path) == [] and len(page.asked) == 1  # no other attempt


def test_a_folder_that_cannot_be_written(tmp_path, server):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(NmtError, match="NMT_DATA"):
        fetch(server, tmp_path / "file" / "a.gz", "/a.gz")


# An archive and its checksum


def archive(server, **known) -> Archive:
    about = {"members": (), "source": "made", "licence": "MIT"}
    return Archive(file="made/a.gz", urls=(f"{server.url}/none", f"{server.url}/a.gz"), **about | known)


def test_the_first_good_download_decides_where_no_checksum_is_published(tmp_path, server):
    server.pages["/a.gz"], known, said = Page(CONTENT), archive(server), []
    path = known.find([tmp_path], said.append)
    card = json.loads((tmp_path / "made" / "a.gz.json").read_text())
    assert card == {"sha256": SHA256, "bytes": len(CONTENT), "urls": list(known.urls)}
    assert known.known_sha256([tmp_path]) == SHA256
    path.unlink()
    assert known.known_sha256([tmp_path]) == SHA256  # without the archive
    server.pages["/a.gz"] = Page(gzip.compress(b"another file"))
    with pytest.raises(NmtError, match=f"expected {SHA256}.* of the first good copy, in .*a.gz.json; if it was wrong"):
        known.find([tmp_path], said.append)
    assert listed(path.parent) == ["a.gz.json"]
    path.write_bytes(gzip.compress(b"another file"))
    with pytest.raises(NmtError, match="of the first good copy"):
        known.find([tmp_path], said.append)
    server.pages["/a.gz"] = Page(CONTENT)
    path.unlink()
    assert known.find([tmp_path], said.append).read_bytes() == CONTENT


def test_a_bad_first_file_decides_nothing(tmp_path, server):
    known = archive(server)
    (tmp_path / "a.gz").write_bytes(CONTENT[:-5])
    with pytest.raises(NmtError, match=r"a.gz: damaged gzip"):
        known.find([tmp_path], print)
    assert listed(tmp_path) == ["a.gz"]


def test_a_published_checksum_holds_and_no_card_is_written(tmp_path, server):
    server.pages["/a.gz"] = Page(CONTENT)
    assert archive(server, sha256=SHA256).find([tmp_path], print).read_bytes() == CONTENT
    assert listed(tmp_path / "made") == ["a.gz"]
    with pytest.raises(NmtError, match="expected 000"):
        archive(server, sha256="0" * 64).find([tmp_path], print)


def test_what_its_user_must_fetch(tmp_path, server):
    known = Archive("x/1.zip", (), ("a",), "Made", "MIT")
    assert known.on_disk([tmp_path]) is None
    with pytest.raises(NmtError, match=r"by hand; put it here: .*1.zip"):
        known.find([tmp_path], print)


# What is in an archive


def tar(path: Path, *entries: tuple[str, str, bytes]) -> Path:
    """(name, type of the member, content or target of the link)."""
    with tarfile.open(path, "w:gz") as packed:
        for name, kind, content in entries:
            info = tarfile.TarInfo(name)
            info.type = getattr(tarfile, kind)
            info.size = len(content) if kind == "REGTYPE" else 0
            info.linkname = content.decode() if kind != "REGTYPE" else ""
            packed.addfile(info, io.BytesIO(content))
    return path


GOOD = ("in/a", "REGTYPE", b"text\n"), ("in", "DIRTYPE", b"")


def test_members_go_to_names_of_our_own(tmp_path):
    (out := tmp_path / "out").mkdir()
    paths = extract(tar(tmp_path / "a.tgz", *GOOD, ("./b", "REGTYPE", b"more\n")), ["b", "in/a"], out)
    assert [path.read_text() for path in paths] == ["more\n", "text\n"] and sorted(out.iterdir()) == sorted(paths)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (("../escaped", "REGTYPE", b"x"), "leads out"),
        (("in/../../escaped", "REGTYPE", b"x"), "leads out"),
        (("in\\..\\..\\escaped", "REGTYPE", b"x"), "leads out"),
        (("/escaped", "REGTYPE", b"x"), "absolute"),
        (("C:\\escaped", "REGTYPE", b"x"), "absolute"),
        (("link", "SYMTYPE", b"/etc/passwd"), "a link"),
        (("hard", "LNKTYPE", b"in/a"), "a link"),
        (("pipe", "FIFOTYPE", b""), "a device"),
    ],
)
def test_archives_that_would_leave_their_folder_are_refused(tmp_path, entry, reason):
    (out := tmp_path / "out").mkdir()
    for order in ((*GOOD, entry), (entry, *GOOD)):
        with pytest.raises(NmtError, match=reason):
            extract(tar(tmp_path / "a.tgz", *order), ["in/a"], out)
    zipped = tmp_path / "a.zip"
    with zipfile.ZipFile(zipped, "w") as packed:
        packed.writestr("in/a", "text")
        info = zipfile.ZipInfo(entry[0])
        kind = {"REGTYPE": 0o100644, "SYMTYPE": 0o120777, "LNKTYPE": 0o120777, "FIFOTYPE": 0o010644}[entry[1]]
        info.external_attr = kind << 16
        packed.writestr(info, entry[2])
    with pytest.raises(NmtError, match=reason):
        extract(zipped, ["in/a"], out)
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["a.tgz", "a.zip", "out"]


def test_archives_that_are_damaged_or_lack_a_member(tmp_path):
    (out := tmp_path / "out").mkdir()
    path = tar(tmp_path / "a.tgz", *GOOD, ("big", "REGTYPE", os.urandom(100_000)))
    with pytest.raises(NmtError, match="no in/b in it"):
        extract(path, ["in/a", "in/b"], out)
    for damaged in (path.read_bytes()[:50_000], b"", b"<html>"):  # sums are checked before, by Archive.find
        path.write_bytes(damaged)
        with pytest.raises(NmtError, match=r"a.tgz: damaged"):
            extract(path, ["in/a"], out)
    assert not list(out.iterdir())
