"""Token ids -> padded tensors: batches of similar lengths, in an order that depends on the seed and epoch alone.

Which pairs share a batch is decided in `nmt.plumbing.fast.feeding`, with torchtext.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from nmt import BOS, EOS, PAD
from nmt.plumbing.fast.ahead import made_ahead
from nmt.tokens import ParallelTokens, Tokens


def pad(sentences: list[list[int]] | list[np.ndarray], device: torch.device | str = "cpu") -> Tensor:
    """Sentences of any lengths -> int64 (B, longest), padded right."""
    ids = np.full((len(sentences), max(map(len, sentences))), PAD, dtype=np.int64)
    for row, sentence in zip(ids, sentences, strict=True):
        row[: len(sentence)] = sentence
    return torch.from_numpy(ids).to(device, non_blocking=True)


def source_batch(sentences: list[list[int]], device: torch.device | str = "cpu") -> Tensor:
    """BPE ids as the encoder reads them, with EOS at the end: int64 (B, S)."""
    return pad([[*sentence, EOS] for sentence in sentences], device)


@dataclass(frozen=True)
class Batch:
    """B sentence pairs, padded right."""

    src: Tensor  # int64 (B, S): ids, EOS
    trg: Tensor  # int64 (B, T + 1): BOS, ids, EOS
    rows: list[int]  # the line numbers of the pairs
    tokens: int  # how many target tokens are predicted: with EOS, without padding

    @property
    def trg_in(self) -> Tensor:
        """What the decoder reads, (B, T)."""
        return self.trg[:, :-1]

    @property
    def trg_out(self) -> Tensor:
        """What it should say next, (B, T)."""
        return self.trg[:, 1:]

    def share(self, number: int, count: int) -> "Batch":
        """Every count-th pair, beginning with `number`; it may be none. `tokens` stays that of the whole batch."""
        part = slice(number, None, count)
        return self if count == 1 else replace(self, src=self.src[part], trg=self.trg[part], rows=self.rows[part])


def collate(tokens: ParallelTokens, rows: list[int], device: torch.device | str = "cpu") -> Batch:
    chosen, on_gpu = np.asarray(rows), torch.device(device).type == "cuda"
    sides = _gathered(tokens.src, chosen, 0), _gathered(tokens.trg, chosen, 1)
    # From memory that is not pinned the host would copy the batch itself, and wait.
    src, trg = ((side.pin_memory() if on_gpu else side).to(device, non_blocking=True) for side in sides)
    return Batch(src, trg, rows, int(tokens.trg.lengths[chosen].sum()) + len(rows))


def _gathered(side: Tokens, rows: np.ndarray, first: int) -> Tensor:
    """int64 (B, longest): the ids of these lines from column `first` (0 or 1) on, with EOS and padding; BOS before."""
    lengths = side.lengths[rows, None]  # (B, 1)
    column = np.arange(-first, lengths.max() + 1)
    ids = np.asarray(side.ids).take(side.ends[rows, None] + column, mode="clip").astype(np.int64)
    ids[column >= lengths] = PAD
    ids[column == lengths] = EOS
    ids[:, :first] = BOS
    return torch.from_numpy(ids)


class BatchIterator:
    """Batches of similar lengths, shuffled anew each epoch.

    batch_size: sentences in a batch or, with `by_tokens`, padded tokens of the longer side. `rows`: which lines to use,
    by default all. The order depends on the seed and the epoch's number alone.
    """

    def __init__(
        self,
        tokens: ParallelTokens,
        batch_size: int,
        seed: int,
        by_tokens: bool = False,
        rows: list[int] | np.ndarray | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        from nmt.plumbing.fast.feeding import Buckets  # with torchtext, which one who only translates need not wait for

        rows = range(len(tokens)) if rows is None else rows
        self._buckets = Buckets(rows, tokens.src.lengths + 1, tokens.trg.lengths + 1, batch_size, by_tokens)  # with EOS
        self._seed, self._device, self.tokens = seed, torch.device(device), tokens

    def count(self) -> int:
        """How many batches epoch 0 has. By sentences all epochs have as many, by tokens about as many."""
        return sum(1 for _ in self._buckets.epoch(f"{self._seed}/0"))

    def epoch(self, number: int, done: int = 0) -> Iterator[Batch]:
        """The batches of epoch `number`, without the first `done` of them: how a broken epoch goes on. For a GPU they
        are made ahead, in a thread."""
        chosen = copy.copy(self._buckets).epoch(f"{self._seed}/{number}", done)  # it is in one place of one epoch only
        batches = (collate(self.tokens, rows, self._device) for rows in chosen)
        return made_ahead(batches) if self._device.type == "cuda" else batches


def in_order(
    tokens: ParallelTokens, batch_size: int, rows: Sequence[int] | None = None, device: torch.device | str = "cpu"
) -> Iterator[Batch]:
    """The given lines (default all) once, in batches of similar length; their `rows` tell where a sentence belongs."""
    rows = np.arange(len(tokens)) if rows is None else np.asarray(rows)
    rows = rows[np.argsort(tokens.trg.lengths[rows], kind="stable")]
    for start in range(0, len(rows), batch_size):
        yield collate(tokens, rows[start : start + batch_size].tolist(), device)


def in_groups(batches: Iterator[Batch], size: int) -> Iterator[tuple[list[Batch], bool]]:
    """Up to `size` batches at a time, and whether they are the last."""
    group = list(islice(batches, size))
    while group:
        following = list(islice(batches, size))
        yield group, not following
        group = following
