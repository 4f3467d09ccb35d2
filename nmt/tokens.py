"""Token ids on disk, memory-mapped: a corpus is encoded once and read from there ever after."""

from collections.abc import Iterator
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
    """The ids of one side of one split, memory-mapped: `tokens[i]` is the i-th sentence, without BOS and EOS."""

    def __init__(self, directory: Path, split: str, side: str) -> None:
        meta = read_json(directory / "tokens.json")
        self.ends = np.load(directory / f"{split}.{side}.ends.npy", allow_pickle=False)  # int64 (N + 1,)
        self.lengths = np.diff(self.ends)  # (N,)
        path = directory / f"{split}.{side}.bin"
        if path.stat().st_size != self.ends[-1] * np.dtype(meta["dtype"][side]).itemsize:
            raise NmtError(f"{path}: its size does not fit {split}.{side}.ends.npy; delete {directory} and run again")
        empty = self.ends[-1] == 0  # numpy cannot map a file of no bytes
        self.ids = np.empty(0, meta["dtype"][side]) if empty else np.memmap(path, meta["dtype"][side], mode="r")

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
        return {s: ParallelTokens(Tokens(directory, s, "en"), Tokens(directory, s, "ru")) for s in corpus.splits}
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
