"""Which sentences share a batch: torchtext decides, faster than it does alone."""

import random
from collections.abc import Iterator, Sequence

import numpy as np

# torchtext 0.6 is asked for by the project's user. Only this module knows it, and only what is sound in it:
# a Dataset of row numbers, and BucketIterator with a token-counting batch_size_fn and its mid-epoch state.
# Its Field, Vocab, TranslationDataset and downloads check nothing and are not used.
from torchtext.data import BucketIterator, Dataset, RawField, batch

POOL = 50_000  # pairs that are sorted together, at least
ORDER = 2  # raise it with every change of the order of batches: runs begun before are then not resumed


class Buckets(BucketIterator):
    """torchtext's iterator with larger pools: its own, as many pairs as fill 100 batches unsorted, leave much to pad.

    rows: the line numbers to use; src and trg: the lengths of all lines, int64 (N,). batch_size: sentences or, with
    `by_tokens`, padded tokens of the longer side.
    """

    def __init__(
        self, rows: Sequence[int] | np.ndarray, src: np.ndarray, trg: np.ndarray, batch_size: int, by_tokens: bool
    ) -> None:
        longest, longer = np.maximum(src, trg), trg - src
        # Pairs are sorted by their longest side, then by how much longer the target is, upwards and downwards in turn:
        # neighbours are then of like lengths on both sides, also where the longest side grows by one.
        self._place, lengths = (longest << 32) + np.where(longest % 2, longer, -longer), longest.tolist()

        def padded_tokens(row: int, count: int, _: int) -> int:
            # It is the longest so far. A single sentence longer than the whole budget counts as full: torchtext
            # would yield an empty batch before it.
            return count * lengths[row] if count > 1 else min(lengths[row], batch_size)

        examples = Dataset(np.asarray(rows).tolist(), [("real", RawField())])  # `real` of an int is the int itself
        super().__init__(examples, batch_size, batch_size_fn=padded_tokens if by_tokens else None)

    def epoch(self, seed: str, done: int = 0) -> Iterator[list[int]]:
        """The rows of each batch of a shuffle of that name, without the first `done` batches."""
        # A generator of its own: torchtext's shuffler borrows the one that all threads share.
        self.random_shuffler = random.Random(seed)
        self.load_state_dict({"iterations": done, "iterations_this_epoch": done, "random_state_this_epoch": None})
        for minibatch in self:
            yield minibatch.real

    def create_batches(self) -> None:
        draw, size = self.random_shuffler, -(-POOL // self.batch_size) * self.batch_size
        rows = np.random.RandomState(draw.getrandbits(32)).permutation(self.dataset.examples)
        self.batches = (one for start in range(0, len(rows), size) for one in self._pool(rows[start : start + size]))

    def _pool(self, rows: np.ndarray) -> list[list[int]]:
        rows = rows[self._place[rows].argsort(kind="stable")].tolist()
        # The first batch is cut short, or a corpus of one pool would have the same batches each epoch; but by sentences
        # never so short that there is one more.
        most = len(next(batch(rows, self.batch_size, self.batch_size_fn)))
        fewest = 1 if self.batch_size_fn else (len(rows) - 1) % self.batch_size + 1
        first = self.random_shuffler.randint(fewest, most)
        batches = [rows[:first], *batch(rows[first:], self.batch_size, self.batch_size_fn)]
        self.random_shuffler.shuffle(batches)
        return batches
