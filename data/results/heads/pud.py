"""The Parallel Universal Dependencies: 1,000 sentences in English and Russian whose grammar people have parsed.

For analysis, never for training. Its licence is CC BY-SA 3.0 (universaldependencies.org); nothing of it is committed.
"""

from dataclasses import dataclass
from pathlib import Path

from nmt.corpora.archives import Archive
from nmt.corpora.normalise import clean
from nmt.plumbing.places import cache_root

# Which release has the checked text was not found out (there was no network): the mirrors are tried in turn.
RELEASES = ("r2.17", "r2.16", "r2.15", "r2.14", "r2.13", "master")
ADDRESS = "https://raw.githubusercontent.com/UniversalDependencies/UD_{language}-PUD/{release}/{name}"
SHA256 = {
    "English": ("en_pud-ud-test.conllu", "c80584f2bc2b31d5bada78a1136f9feec7ac49e5e18898db02dea434b5b8f0aa"),
    "Russian": ("ru_pud-ud-test.conllu", "a37e076d24f0c3cfd5d48a11bbfec36026da5dc46180b7a12dc991dc372de1ea"),
}
ARCHIVES = tuple(
    Archive(
        file=f"pud/{name}",
        urls=[ADDRESS.format(language=language, release=release, name=name) for release in RELEASES],
        members=(),
        source="Parallel Universal Dependencies",
        licence="CC BY-SA 3.0",
        sha256=sha256,
    )
    for language, (name, sha256) in SHA256.items()
)


@dataclass(frozen=True)
class Tree:
    """One parsed sentence: `words` joined without spaces are its text without spaces. Words count from 0."""

    text: str
    words: list[str]
    relations: list[tuple[str, int, int]]  # (relation without its subtype, word, the word it depends on)


def at_hand() -> tuple[list[tuple[Tree, Tree]], str]:
    """The sentences, English and Russian, where both files lie in the cache; else none. And a line that says where."""
    if not all(archive.on_disk([cache_root()]) for archive in ARCHIVES):
        mend = "pud.fetch() downloads it, 3 MB"
        return [], f"PUD is not at hand: looked for {', '.join(one.name for one in ARCHIVES)} in $NMT_DATA/pud; {mend}"
    english, russian = (trees(path.read_text(encoding="utf-8")) for path in fetch())
    return list(zip(english, russian, strict=True)), f"PUD: {len(english):,} sentences, as checked by SHA-256"


def fetch() -> list[Path]:
    """Download what is missing, and check all; as `Archive.find`."""
    return [archive.find([cache_root()], print) for archive in ARCHIVES]


def trees(text: str) -> list[Tree]:
    """The sentences of a CoNLL-U file, in the form that models read; one blank line ends each.

    Lines of contractions ("2-3 I'm", for which the words I and 'm follow) and of left-out words ("8.1") are left out.
    """
    found = []
    for block in text.strip().split("\n\n"):
        lines = block.split("\n")
        (said,) = (line.removeprefix("# text = ") for line in lines if line.startswith("# text = "))
        rows = [line.split("\t") for line in lines if not line.startswith("#")]
        rows = [row for row in rows if row[0].isdecimal()]
        relations = [(row[7].split(":")[0], int(row[0]) - 1, int(row[6]) - 1) for row in rows if row[6] != "0"]
        found.append(Tree(clean(said), [clean(row[1]) for row in rows], relations))
    return found
