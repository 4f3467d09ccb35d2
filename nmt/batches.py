"""Token ids -> padded tensors: batches of similar lengths, in an order that depends on the seed and epoch alone."""

import copy
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from nmt import BOS, EOS, PAD
from nmt.tokens import ParallelTokens


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
    src = pad([np.append(tokens.src[i], EOS) for i in rows], device)
    targets = [np.concatenate([[BOS], tokens.trg[i], [EOS]]) for i in rows]
    return Batch(src, pad(targets, device), rows, sum(map(len, targets)) - len(rows))


class Row(NamedTuple):
    """torchtext's example: one line number."""

    row: int


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
        # torchtext 0.6 is asked for by the project's user. Only this class knows it, and only what is sound in it:
        # a Dataset of row numbers, and BucketIterator with a token-counting batch_size_fn and its mid-epoch state.
        # Its Field, Vocab, TranslationDataset and downloads check nothing and are not used. To translate needs none.
        from torchtext.data import BucketIterator, Dataset, RawField

        rows = range(len(tokens)) if rows is None else rows
        longest = np.maximum(tokens.src.lengths, tokens.trg.lengths) + 1  # with EOS
        # Batches of a like longest side waste least: a tenth fewer padded tokens than by target length alone.
        order = longest * 100_000 + tokens.trg.lengths + tokens.src.lengths

        def padded_tokens(new: Row, count: int, so_far: int) -> int:
            # `so_far` is count-1 sentences of the longest length up to now. A single sentence longer than
            # the whole budget counts as full: torchtext would yield an empty batch before it.
            if count == 1:
                return min(int(longest[new.row]), batch_size)
            return count * max(int(longest[new.row]), so_far // (count - 1))

        self._iterator = BucketIterator(
            Dataset([Row(int(i)) for i in rows], [("row", RawField())]),
            batch_size,
            sort_key=lambda example: order[example.row],
            batch_size_fn=padded_tokens if by_tokens else None,
            shuffle=True,
            sort_within_batch=True,  # without it BucketIterator does not bucket at all
        )
        self._seed, self._device, self.tokens = seed, device, tokens

    def count(self) -> int:
        """How many batches epoch 0 has. By sentences all epochs have as many, by tokens about as many."""
        return sum(1 for _ in self._rows(0, 0)) if self._iterator.batch_size_fn else len(self._iterator)

    def apart(self) -> "BatchIterator":
        """The same batches again. Epochs of the two may be read at the same time; an iterator is in one place only."""
        other = copy.copy(self)
        other._iterator = copy.copy(self._iterator)
        return other

    def epoch(self, number: int, done: int = 0) -> Iterator[Batch]:
        """The batches of epoch `number`, without the first `done` of them: how a broken epoch goes on."""
        for rows in self._rows(number, done):
            yield collate(self.tokens, rows, self._device)

    def _rows(self, number: int, done: int) -> Iterator[list[int]]:
        from torchtext.data.utils import RandomShuffler

        state = random.Random(f"{self._seed}/{number}").getstate()
        self._iterator.random_shuffler = RandomShuffler(state)
        place = {"iterations": done, "iterations_this_epoch": done, "random_state_this_epoch": state}
        self._iterator.load_state_dict(place)
        for batch in self._iterator:
            yield batch.row


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
