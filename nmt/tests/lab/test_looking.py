"""Roles, on maps made by hand whose roles are known."""

import pytest
import torch

from nmt.analysis import attention_maps

looking = pytest.importorskip("looking", reason="needs the clone: data/results/heads")


def one_hot(*rows: list[int], keys: int) -> torch.Tensor:
    """Maps (L = 1, H, Q, K) whose head h looks from word q at rows[h][q], and nowhere where that is -1."""
    maps = torch.zeros(1, len(rows), len(rows[0]), keys)
    for head, row in enumerate(rows):
        for query, key in enumerate(row):
            if key >= 0:
                maps[0, head, query, key] = 1
    return maps


def test_over_words_adds_up_what_a_word_gets_and_averages_over_who_looks():
    weights = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.0, 0.0, 1.0]])  # the third place is EOS
    words = looking.over_words(weights, [[0, 1], [2]], [[0, 1], [2]])
    assert torch.allclose(words, torch.tensor([[0.5, 0.5], [0.0, 1.0]]))
    assert torch.allclose(looking.over_words(weights, [[0], [1]], [[0], [1]]), weights[:2, :2])


def test_a_piece_of_two_words_is_shared_between_them():
    words = looking.over_words(torch.tensor([[0.4, 0.6]]), [[0]], [[0, 1], [1]])
    assert torch.allclose(words, torch.tensor([[0.7, 0.3]])) and words.sum() == 1


def test_rows_and_columns_of_each_kind_and_reading():
    english, russian = [[0], [1, 2]], [[0, 1], [2]]
    assert looking.rows_and_columns("encoder", english, russian) == (english, english)
    assert looking.rows_and_columns("decoder", english, russian) == (russian, [[1, 2], [3]])
    assert looking.rows_and_columns("cross", english, russian) == (russian, english)
    assert looking.rows_and_columns("cross", english, russian, "input") == ([[1, 2], [3]], english)


def test_what_is_still_to_be_written_gets_nothing(make_model):
    (maps,) = attention_maps(make_model(), [[4, 5]], [[6, 7, 8]])
    rows, columns = looking.rows_and_columns("decoder", [[0], [1]], [[0, 1], [2]])
    words = looking.over_words(maps["decoder"], rows, columns)  # two words, the first of two pieces
    assert words.shape == (2, 4, 2, 2) and not words[..., 0, 1].any() and not words[..., 1, 1].any()
    assert (words[..., 0, 0] > 0).all() and (words[..., 1, 0] > 0).all()


def test_confidence_and_position():
    words = one_hot([1, 2, 3, 3], [-1, 0, 1, 2], keys=4) * torch.tensor([0.5, 1.0])[None, :, None, None]
    sentences = [looking.looked(words)]
    assert looking.confidence(sentences).tolist() == [[0.5, 0.75]]
    assert looking.positional(sentences, 1).tolist() == [[0.75, 0]]
    assert looking.positional(sentences, -1).tolist() == [[0, 1]]  # of the words that look at any


def test_pointing_beside_the_best_fixed_offset():
    pairs = [[(3, 0), (2, 1)], [(1, 0)]]
    assert looking.best_offset(pairs) == -1
    assert looking.at_offset(pairs, -1) == pytest.approx(2 / 3)
    first = one_hot([0, 0, 1, 0], [-1, 0, 1, 2], keys=4)  # one looks at the partners, one always a place back
    second = one_hot([0, 0], [-1, 0], keys=2)
    found = looking.pointing([looking.looked(first), looking.looked(second)], pairs)
    assert torch.allclose(found, torch.tensor([[1, 2 / 3]]))


def test_rare_word():
    first = looking.looked(one_hot([2, 2, 0], [0, 0, 1], keys=3))
    second = looking.looked(one_hot([1, 1], [0, 1], keys=2))
    counts = [[50, 7, 2], [9, 3]]
    assert looking.rare_word([first, second], counts).tolist() == [[1.0, 0.0]]
    assert looking.rare_word([first, second], counts, 2).tolist() == [[1.0, 0.5]]


def test_alignment_error():
    alignment = [[0], [1, 2], []]  # the last Russian word has no English one
    right, also_right, wrong = [0, 1, 0], [0, 2, 1], [1, 0, 2]
    found = looking.alignment_error([looking.looked(one_hot(right, also_right, wrong, keys=3))], [alignment])
    # A = two links of each head; of the second head one is possible, not sure: 1 - (1 + 2) / (2 + 2)
    assert found.tolist() == [[0.0, 0.25, 1.0]]
