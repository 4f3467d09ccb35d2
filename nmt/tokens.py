"""Token ids on disk, memory-mapped: a corpus is encoded once and read from there ever after."""

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nmt import NmtError
from nmt.bpe import BPE
from nmt.corpora.corpus import Corpus
from nmt.plumbing.files import caching_in, whole_directory
from nmt.plumbing.places import cache_root

CHUNK = 20_000  # lines encoded at a time: bounds the memory


class Tokens:
    """The ids of one side of one split, one sentence after the other, without BOS and EOS: `tokens[i]` is the i-th."""

    def __init__(self, ids: np.ndarray, ends: np.ndarray) -> None:
        self.ids, self.ends = ids, ends  # ends: int64 (N + 1,), of sentence i in [i + 1]
        self.lengths = np.diff(ends)  # (N,)

    @classmethod
    def mapped(cls, stem: Path) -> "Tokens":
        """Those that `encode_corpus` wrote, memory-mapped."""
        try:
            return cls(np.load(f"{stem}.ids.npy", mmap_mode="r"), np.load(f"{stem}.ends.npy"))
        except (OSError, ValueError, EOFError) as error:  # a file is missing or cut
            raise NmtError(f"{stem}: damaged ({error}); delete {stem.parent} and run again") from None

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __getitem__(self, i: int) -> np.ndarray:
        return self.ids[self.ends[i] : self.ends[i + 1]]


class ParallelTokens(NamedTuple):
    """Both sides of one split, line by line."""

    src: Tokens
    trg: Tokens

    def __len__(self) -> int:
        return len(self.src)


def encode_corpus(corpus: Corpus, bpe: tuple[BPE, BPE], root: Path | None = None) -> dict[str, ParallelTokens]:
    """All splits of a corpus as arrays of the smallest integer type, {split: ParallelTokens}.

    Written once under `root` (default `cache_root()`), in a folder named by the checksums of corpus and BPE.
    """
    name = f"{corpus.name}-{corpus.fingerprint[:8]}-{bpe[0].sha256[:8]}-{bpe[1].sha256[:8]}"
    directory = Path(root or cache_root()) / "ids" / name
    sides = dict(zip(("en", "ru"), bpe, strict=True))
    if not directory.is_dir():
        with caching_in(directory), whole_directory(directory) as new:
            for side, b in sides.items():
                for split in corpus.splits:
                    _write_ids(corpus.lines(split, side), b, new / f"{split}.{side}")
    return {s: ParallelTokens(*(Tokens.mapped(directory / f"{s}.{side}") for side in sides)) for s in corpus.splits}


def _write_ids(lines: Iterator[str], bpe: BPE, stem: Path) -> None:
    ids, lengths = [np.empty(0, np.min_scalar_type(bpe.vocab_size - 1))], [0]
    while chunk := bpe.encode(list(islice(lines, CHUNK))):
        lengths += map(len, chunk)
        ids.append(np.fromiter(chain.from_iterable(chunk), ids[0].dtype))
    np.save(f"{stem}.ids.npy", np.concatenate(ids))
    np.save(f"{stem}.ends.npy", np.cumsum(lengths, dtype=np.int64))
