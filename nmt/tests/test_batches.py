"""Masks as truth tables, every line once an epoch in an order of its own, token budgets, ids on disk."""

import numpy as np
import pytest
import torch

import nmt.plumbing.fast.feeding
from nmt import BOS, EOS, PAD, NmtError
from nmt.attention import source_mask, target_mask
from nmt.batches import BatchIterator, collate, in_order, pad, source_batch
from nmt.tokens import ParallelTokens, Tokens, encode_corpus

# ---------------------------------------------------------------- masks


def test_source_mask_hides_padding(device):
    src = torch.tensor([[5, 6, EOS], [7, EOS, PAD], [EOS, PAD, PAD]], device=device)
    mask = source_mask(src)
    assert mask.dtype == torch.bool and mask.shape == (3, 1, 1, 3)
    assert mask[:, 0, 0].int().tolist() == [[1, 1, 1], [1, 1, 0], [1, 0, 0]]


def test_target_mask_hides_future_and_padding(device):
    trg = torch.tensor([[BOS, 5, 6, EOS], [BOS, 7, EOS, PAD], [BOS, PAD, PAD, PAD]], device=device)
    mask = target_mask(trg)
    assert mask.dtype == torch.bool and mask.shape == (3, 1, 4, 4)
    assert mask[:, 0].int().tolist() == [
        [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]],
        [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 0]],
        [[1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]],
    ]


# ---------------------------------------------------------------- batches


def sentences(lengths) -> Tokens:
    """Sentences of given lengths, the i-th made of the number 4 + i."""
    ids = [np.full(n, 4 + i, dtype=np.uint16) for i, n in enumerate(lengths)]
    return Tokens(np.concatenate(ids), np.cumsum([0, *lengths]))


@pytest.fixture
def tokens() -> ParallelTokens:
    draw = np.random.default_rng(0)
    return ParallelTokens(sentences(draw.integers(0, 40, 500).tolist()), sentences(draw.integers(0, 40, 500).tolist()))


def rows(batches) -> list[list[int]]:
    return [list(batch.rows) for batch in batches]


def test_pad_and_source_batch(device):
    assert pad([[5], [6, 7, 8]], device).tolist() == [[5, PAD, PAD], [6, 7, 8]]
    batch = source_batch([[5, 6], []], device)
    assert batch.tolist() == [[5, 6, EOS], [EOS, PAD, PAD]]
    assert batch.dtype == torch.int64 and batch.device.type == device.type


def test_a_batch_reads_and_says(device):
    tokens = ParallelTokens(sentences([2, 1]), sentences([1, 3]))
    batch = collate(tokens, [1, 0], device)
    assert batch.src.tolist() == [[5, EOS, PAD], [4, 4, EOS]]
    assert batch.trg_in.tolist() == [[BOS, 5, 5, 5], [BOS, 4, EOS, PAD]]
    assert batch.trg_out.tolist() == [[5, 5, 5, EOS], [4, EOS, PAD, PAD]]
    assert batch.rows == [1, 0] and batch.tokens == 6


@pytest.mark.parametrize(("size", "by_tokens"), [(16, False), (7, False), (1, False), (300, True), (64, True)])
def test_every_line_once_an_epoch(tokens, size, by_tokens):
    batches = BatchIterator(tokens, size, seed=1, by_tokens=by_tokens)
    for epoch in range(2):
        assert sorted(row for batch in batches.epoch(epoch) for row in batch.rows) == list(range(500))
    chosen = [3, 5, 8, 300]
    some = BatchIterator(tokens, size, seed=1, by_tokens=by_tokens, rows=chosen)
    assert sorted(row for batch in some.epoch(0) for row in batch.rows) == chosen


def test_epochs_differ_and_repeat_with_their_seed(tokens):
    """The origin gave the same batches in the same order every epoch."""
    batches = BatchIterator(tokens, 16, seed=1)
    first, second = rows(batches.epoch(0)), rows(batches.epoch(1))
    assert first != second
    assert sorted(map(sorted, first)) != sorted(map(sorted, second))  # other batches, not only another order
    assert first == rows(batches.epoch(0)) == rows(BatchIterator(tokens, 16, seed=1).epoch(0))
    assert first != rows(BatchIterator(tokens, 16, seed=2).epoch(0))


@pytest.mark.parametrize(("size", "by_tokens"), [(16, False), (300, True)])
def test_a_broken_epoch_goes_on_where_it_stopped(tokens, size, by_tokens):
    whole = list(BatchIterator(tokens, size, seed=1, by_tokens=by_tokens).epoch(3))
    for done in (0, 1, 5, len(whole) - 1, len(whole)):
        again = BatchIterator(tokens, size, seed=1, by_tokens=by_tokens)
        next(again.epoch(2))  # whatever was read before
        rest = list(again.epoch(3, done))
        assert rows(rest) == rows(whole[done:])
        assert all(
            torch.equal(a.src, b.src) and torch.equal(a.trg, b.trg) for a, b in zip(rest, whole[done:], strict=True)
        )


@pytest.mark.parametrize(("size", "by_tokens"), [(3, False), (16, False), (60, True)])
def test_a_corpus_of_many_pools_is_whole(tokens, size, by_tokens, monkeypatch):
    monkeypatch.setattr(nmt.plumbing.fast.feeding, "POOL", 10)  # rounded up to whole batches
    batches = rows(BatchIterator(tokens, size, seed=1, by_tokens=by_tokens).epoch(0))
    assert sorted(row for batch in batches for row in batch) == list(range(500))
    longest = np.maximum(tokens.src.lengths, tokens.trg.lengths)
    assert max(np.ptp(longest[batch]) for batch in batches) > 5  # sorted apart, not all together


@pytest.mark.parametrize("size", [3, 16, 7, 500, 501])
def test_by_sentences_all_epochs_have_as_many_batches(tokens, size):
    batches = BatchIterator(tokens, size, seed=1)
    assert {len(rows(batches.epoch(number))) for number in range(9)} == {batches.count()} == {-(-500 // size)}


def test_batches_are_of_similar_lengths(tokens):
    def size(batches):  # padded tokens of the longer side
        return sum(max(batch.src.numel(), batch.trg_out.numel()) for batch in batches)

    least = int((np.maximum(tokens.src.lengths, tokens.trg.lengths) + 1).sum())
    shuffled = [collate(tokens, list(range(i, i + 10))) for i in range(0, 500, 10)]
    assert size(BatchIterator(tokens, 10, seed=1).epoch(0)) < 1.1 * least < 1.3 * least < size(shuffled)


@pytest.mark.parametrize("budget", [41, 100, 1000])
def test_the_token_budget_holds(tokens, budget):
    sizes = [max(b.src.numel(), b.trg_out.numel()) for b in BatchIterator(tokens, budget, 1, by_tokens=True).epoch(0)]
    assert max(sizes) <= budget
    assert np.mean(sizes) > 0.7 * min(budget, 500)  # and is used


def test_a_sentence_over_the_budget_goes_alone():
    lengths = [3, 50, 4, 5, 60, 70, 2, 19, 19, 20, 21]
    tokens = ParallelTokens(sentences(lengths), sentences([1] * len(lengths)))
    for seed in range(20):
        batches = rows(BatchIterator(tokens, 20, seed, by_tokens=True).epoch(0))
        assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
        for batch in batches:
            assert batch, "an empty batch"
            padded = len(batch) * (max(lengths[row] for row in batch) + 1)
            assert padded <= 20 or len(batch) == 1


def test_in_order_covers_all_lines_once(tokens):
    for size, chosen in ((7, None), (1000, None), (7, list(range(20))), (3, [400, 2, 17, 9])):
        batches = rows(in_order(tokens, size, chosen))
        assert sorted(row for batch in batches for row in batch) == sorted(chosen or range(500))
        assert all(len(batch) <= size for batch in batches)
        assert batches == rows(in_order(tokens, size, chosen))


def test_shares_are_a_whole(tokens):
    batch = collate(tokens, list(range(10)))
    for count in (1, 3, 12):
        shares = [batch.share(number, count) for number in range(count)]
        assert sorted(row for share in shares for row in share.rows) == batch.rows
        for share in shares:
            assert torch.equal(share.src, batch.src[share.rows]) and torch.equal(share.trg, batch.trg[share.rows])


# ---------------------------------------------------------------- ids on disk


def test_a_corpus_becomes_ids_and_back(corpus, bpe, tmp_path):
    tokens = encode_corpus(corpus, bpe, tmp_path)
    assert set(tokens) == set(corpus.splits)
    for split in corpus.splits:
        for side, ours, b in zip(("en", "ru"), tokens[split], bpe, strict=True):
            lines = list(corpus.lines(split, side))
            assert len(ours) == len(tokens[split].src) == len(lines)
            assert [ids.tolist() for ids in ours] == b.encode(lines)
            assert ours.lengths.tolist() == list(map(len, b.encode(lines)))
            assert b.decode(ours) == lines
            assert isinstance(ours.ids, np.memmap) and ours.ids.dtype == np.uint8  # 80 entries fit a byte


def test_the_smallest_integer_type_is_taken(corpus, tmp_path):
    class Counting:
        """A BPE of which only the size matters."""

        def __init__(self, size):
            self.vocab_size, self.sha256 = size, f"{size:08x}"

        def encode(self, texts):
            return [[4, self.vocab_size - 1] for _ in texts]

    for size, expected in ((256, np.uint8), (257, np.uint16), (65536, np.uint16), (65537, np.uint32)):
        ids = encode_corpus(corpus, (Counting(size), Counting(size)), tmp_path)["test"].trg
        assert ids.ids.dtype == expected and ids[0].tolist() == [4, size - 1]


def test_encoding_is_done_once(corpus, bpe, tmp_path):
    encode_corpus(corpus, bpe, tmp_path)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    encode_corpus(corpus, bpe, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == written


def test_a_cut_file_of_ids_is_noticed(corpus, bpe, tmp_path):
    encode_corpus(corpus, bpe, tmp_path)
    (file,) = tmp_path.rglob("train.ru.ids.npy")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(NmtError, match=r"train\.ru"):
        encode_corpus(corpus, bpe, tmp_path)
