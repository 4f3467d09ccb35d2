"""Token ids on disk, memory-mapped: a corpus is encoded once and read from there ever after."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nmt import NmtError
from nmt.bpe import BPE
from nmt.corpora.corpus import Corpus
from nmt.plumbing.files import caching_in, read_json, whole_directory, write_json
from nmt.plumbing.places import cache_root

CHUNK = 20_000  # lines encoded at a time: bounds the memory


class Tokens:
    """The ids of one side of one split, one sentence after the other, without BOS and EOS: `tokens[i]` is the i-th."""

    def __init__(self, ids: np.ndarray, ends: np.ndarray) -> None:
        self.ids, self.ends = ids, ends  # ends: int64 (N + 1,), of sentence i in [i + 1]
        self.lengths = np.diff(ends)  # (N,)

    @classmethod
    def of(cls, sentences: Sequence[Sequence[int]]) -> "Tokens":
        return cls(np.concatenate(sentences), np.cumsum([0, *map(len, sentences)]))

    @classmethod
    def mapped(cls, directory: Path, split: str, side: str) -> "Tokens":
        """Those that `encode_corpus` wrote, memory-mapped."""
        dtype = np.dtype(read_json(directory / "tokens.json")["dtype"][side])
        ends = np.load(directory / f"{split}.{side}.ends.npy", allow_pickle=False)
        path = directory / f"{split}.{side}.bin"
        if path.stat().st_size != ends[-1] * dtype.itemsize:
            raise NmtError(f"{path}: its size does not fit {split}.{side}.ends.npy; delete {directory} and run again")
        return cls(np.memmap(path, dtype, mode="r") if ends[-1] else np.zeros(1, dtype), ends)  # no bytes: no map

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
    directory = Path(root or cache_root()) / "tokens" / name
    sides = dict(zip(("en", "ru"), bpe, strict=True))
    if not directory.is_dir():
        with caching_in(directory), whole_directory(directory) as new:
            dtypes = {side: np.min_scalar_type(b.vocab_size - 1).name for side, b in sides.items()}
            for side, b in sides.items():
                for split in corpus.splits:
                    _write_ids(corpus.lines(split, side), b, new / f"{split}.{side}", dtypes[side])
            write_json(new / "tokens.json", {"dtype": dtypes, "bpe": {s: b.sha256 for s, b in sides.items()}})
    try:
        return {s: ParallelTokens(*(Tokens.mapped(directory, s, side) for side in sides)) for s in corpus.splits}
    except (OSError, ValueError) as error:  # a file is missing or cut
        raise NmtError(f"{directory}: damaged ({error}); delete it and run again") from None


def _write_ids(lines: Iterator[str], bpe: BPE, stem: Path, dtype: str) -> None:
    lengths: list[np.ndarray] = []
    with open(f"{stem}.bin", "wb") as out:
        while chunk := list(islice(lines, CHUNK)):
            ids = bpe.encode(chunk)
            lengths.append(np.fromiter(map(len, ids), np.int64, len(ids)))
            np.fromiter(chain.from_iterable(ids), dtype, int(lengths[-1].sum())).tofile(out)
    np.save(f"{stem}.ends.npy", np.concatenate([[0], *lengths]).cumsum())
