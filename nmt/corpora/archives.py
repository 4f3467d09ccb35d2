"""Published corpora and their archives. Mirrors, checksums and licences are in archives.json.

The SHA-256 and sizes of the files of statmt.org are those that TensorFlow Datasets publishes (url_checksums/
wmt16_translate.txt and wmt19_translate.txt); nobody publishes those of the wiki titles and of Yandex. wmt16 is the
training data of that task, statmt.org/wmt16/translation-task.html, without the UN corpus.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nmt import NmtError
from nmt.corpora.download import damage, download
from nmt.plumbing import files


@dataclass(frozen=True)
class Archive:
    """One published file."""

    file: str  # its place below $NMT_DATA
    urls: Sequence[str]  # mirrors, tried in turn; none where a licence must be accepted: its user puts the file there
    members: Sequence[str]  # of a tar or zip archive, English before Russian; none: it is one TSV file
    source: str
    licence: str
    sha256: str | None = None  # as published
    size: int | None = None  # bytes

    def on_disk(self, folders: Sequence[Path]) -> Path | None:
        """The archive in the first of the folders that has it, under `file` or its bare name."""
        places = [place for folder in folders for place in (folder / self.file, folder / Path(self.file).name)]
        return next((place for place in places if place.is_file()), None)

    def find(self, folders: Sequence[Path], log: Callable[[str], None]) -> Path:
        """The archive in one of the folders, checked; where there is none, it is downloaded into the last of them.

        Where no SHA-256 is published, that of the first good copy is recorded in a card (`file` + ".json", in the
        last folder) and holds from then on.
        Raises NmtError where the archive has another SHA-256, is damaged or cannot be fetched.
        """
        place, expected = folders[-1] / self.file, self._known_sha256(folders)
        whose = f" (that of the first good copy, in {place}.json; if it was wrong, delete this card)"
        whose = whose if expected and not self.sha256 else ""
        if path := self.on_disk(folders):
            if fault := damage(path, expected):
                raise NmtError(f"{path}: {fault}{whose}: another or a damaged file; move it away")
        elif not self.urls:
            raise NmtError(f"{self.source} must be fetched by hand; put it here: {place}")
        else:
            log(f"downloading {self.urls[0]}")
            try:
                path = download(self.urls, place, expected, self.size, log)
            except NmtError as error:
                raise NmtError(f"{error}{whose}") from None
        if not expected:
            about = {"sha256": files.sha256(path), "bytes": path.stat().st_size, "urls": self.urls}
            files.write_json(f"{place}.json", about)
        return path

    def checksum(self, folders: Sequence[Path], log: Callable[[str], None]) -> str:
        """The SHA-256. Where it is known, the archive need not be there: a prepared corpus is found without it."""
        return self._known_sha256(folders) or files.sha256(self.find(folders, log))

    def _known_sha256(self, folders: Sequence[Path]) -> str | None:
        card = Path(f"{folders[-1] / self.file}.json")
        return self.sha256 or (files.read_json(card).get("sha256") if card.is_file() else None)


@dataclass(frozen=True)
class Published:
    """A corpus made of published archives."""

    archives: Sequence[Archive]
    url: str
    text: str  # its form, for the card
    split: str | None = None  # by which rule, for the card; none: valid and test are chosen here
    sacrebleu: Mapping[str, str] = field(default_factory=dict)  # the test sets that are its valid and test


PUBLISHED = {
    name: Published(**entry | {"archives": [Archive(**archive) for archive in entry["archives"]]})
    for name, entry in files.read_json(Path(__file__).with_name("archives.json")).items()
}
