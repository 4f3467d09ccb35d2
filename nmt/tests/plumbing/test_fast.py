"""What makes nmt fast computes what the plain way beside it computes."""

import itertools
from contextlib import nullcontext

import pytest
import torch

import nmt.plumbing.fast.chunks
from nmt import PAD
from nmt.batches import Batch
from nmt.objective import Objective, token_loss
from nmt.plumbing.fast.ahead import made_ahead


def test_items_made_ahead_are_the_items():
    for many in (0, 1, 2, 3, 50):
        assert list(made_ahead(iter(range(many)))) == list(range(many))
    made = []
    items = made_ahead(made.append(i) or i for i in itertools.count())
    assert [next(items) for _ in range(5)] == list(range(5))
    items.close()
    assert 5 <= len(made) <= 7  # and no more are made


def test_an_error_in_what_is_made_ahead_is_raised_in_its_place():
    items = made_ahead(1 // (2 - i) for i in range(5))
    assert [next(items), next(items)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(items)


@pytest.fixture
def batch(src, device) -> Batch:
    trg = torch.randint(4, 19, (4, 9), generator=torch.Generator().manual_seed(0))
    for row, length in zip(trg, (9, 6, 2, 5), strict=True):
        row[length:] = PAD
    return Batch(src, trg.to(device), [0, 1, 2, 3], 8 + 5 + 1 + 4)


@pytest.mark.parametrize("words", [1, 4, 5, 100])
@pytest.mark.parametrize("case", ["tied", "untied", "frozen", "bfloat16", "no pair"])
def test_the_loss_in_chunks_is_the_plain_loss(words, case, batch, make_model, device, monkeypatch):
    """Value and gradients, with label smoothing, whatever the chunks; also where the generator does not learn."""
    monkeypatch.setattr(nmt.plumbing.fast.chunks, "WORDS", words)
    batch = batch.share(4, 5) if case == "no pair" else batch
    found = []
    for chunked in (True, False):
        model = make_model(tied=case != "untied")
        model.generator.requires_grad_(case != "frozen")
        half = torch.autocast(device.type, torch.bfloat16) if case == "bfloat16" else nullcontext()
        with half:
            states = model.states(batch.src, batch.trg_in)
            plain = token_loss(model.generator(states), batch.trg_out, 0.1)
            loss = Objective().loss(batch, states, model.generator, 0.1) if chunked else plain
        (3 * loss).backward()
        found.append([loss.detach(), *(p.grad for p in model.parameters() if p.grad is not None)])
    assert len(found[0]) == len(found[1]) and (case == "no pair" or found[0][0] > 10)
    for one, other in zip(*found, strict=True):
        assert (one - other).norm() <= (2e-2 if case == "bfloat16" else 1e-6) * other.norm()
