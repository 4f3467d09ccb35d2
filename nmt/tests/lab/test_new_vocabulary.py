"""A trained model with vocabularies of another text."""

import pytest
import torch

from nmt.bpe import BPE, SPECIAL
from nmt.bpe import train as train_bpe
from nmt.models import Trained
from nmt.transformer import Transformer, TransformerConfig

new_vocabulary = pytest.importorskip("new_vocabulary", reason="needs the clone: data/models")


@pytest.fixture
def vocabularies(corpus, tmp_path) -> list[tuple[BPE, BPE]]:
    return [tuple(train_bpe(corpus, side, size, tmp_path) for side in ("en", "ru")) for size in (80, 70)]


def test_the_same_vocabularies_leave_the_model_as_it_is(vocabularies, tmp_path):
    old, smaller = vocabularies
    torch.manual_seed(0)
    sizes = {"src_vocab_size": old[0].vocab_size, "trg_vocab_size": old[1].vocab_size}
    model = Transformer(TransformerConfig(num_blocks=1, d_model=16, num_heads=2, **sizes))
    trained = Trained(model, old, tmp_path)
    same = new_vocabulary.with_vocabularies(trained, old).state_dict()
    assert all(torch.equal(same[name], w) for name, w in model.state_dict().items())

    # Of another vocabulary each piece is the mean of the old ones it consists of, and nothing else changes.
    other = new_vocabulary.with_vocabularies(trained, smaller)
    ids = {piece: i for i, piece in enumerate(new_vocabulary.strings(old[1]), SPECIAL)}
    rows, bias = model.trg_embedding.tokens.weight, model.generator.bias
    for i, piece in enumerate(new_vocabulary.strings(smaller[1]), SPECIAL):
        parts = new_vocabulary.longest_first(piece, ids)
        assert "".join(new_vocabulary.strings(old[1])[p - SPECIAL] for p in parts) == piece
        torch.testing.assert_close(other.trg_embedding.tokens.weight[i], rows[parts].mean(0))
        torch.testing.assert_close(other.generator.bias[i], bias[parts].mean(0))
    kept = [name for name in model.state_dict() if "tokens" not in name and "generator" not in name]
    assert all(torch.equal(other.state_dict()[name], model.state_dict()[name]) for name in kept)
