"""Published corpora and their archives. Mirrors, checksums and licences are in mirrors.json.

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
    file: str  # its place below $NMT_DATA
    urls: Sequence[str]  # mirrors, tried in turn; none where a licence must be accepted: its user puts the file there
    members: Sequence[str]  # of a tar or zip archive, English before Russian; none: it is one TSV file
    source: str
    licence: str
    sha256: str | None = None  # as published
    size: int | None = None  # bytes

    @property
    def name(self) -> str:
        return Path(self.file).name

    def on_disk(self, folders: Sequence[Path]) -> Path | None:
        """The archive in the first of the folders that has it, under `file` or its bare name."""
        places = (folder / name for folder in folders for name in (self.file, self.name))
        return next(filter(Path.is_file, places), None)

    def find(self, folders: Sequence[Path], log: Callable[[str], None]) -> Path:
        """The archive in one of the folders, checked; where there is none, it is downloaded into the last of them."""
        place, path, expected = folders[-1] / self.file, self.on_disk(folders), self.known_sha256(folders)
        try:
            if path is None and not self.urls:
                raise NmtError(f"{self.source} must be fetched by hand; put it here: {place}")
            if path is None:
                log(f"downloading {self.urls[0]}")
                path = download(self.urls, place, expected, self.size, log)
            elif fault := damage(path, expected):
                raise NmtError(f"{path}: {fault}: another or a damaged file; move it away")
        except NmtError as error:
            if not expected or self.sha256:
                raise
            whose = f"the SHA-256 is that of the first good copy, in {place}.json; if it was wrong, delete this card"
            raise NmtError(f"{error} ({whose})") from None
        if not expected:
            about = {"sha256": files.sha256(path), "bytes": path.stat().st_size, "urls": self.urls}
            files.write_json(f"{place}.json", about)
        return path

    def known_sha256(self, folders: Sequence[Path]) -> str | None:
        """The SHA-256 as published or, where it is not, that of the first good copy, from the card `find` wrote."""
        card = Path(f"{folders[-1] / self.file}.json")
        return self.sha256 or (files.read_json(card).get("sha256") if card.is_file() else None)


@dataclass(frozen=True)
class Published:
    archives: Sequence[Archive]
    url: str
    text: str  # its form, for the card
    split: str | None = None  # by which rule, for the card; none: valid and test are chosen here
    sacrebleu: Mapping[str, str] = field(default_factory=dict)  # the test sets that are its valid and test


PUBLISHED = {
    name: Published(**entry | {"archives": [Archive(**archive) for archive in entry["archives"]]})
    for name, entry in files.read_json(Path(__file__).with_name("mirrors.json")).items()
}
