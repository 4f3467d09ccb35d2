"""Searches with int8 weights: near the model's own, fresh where it changed, refused where there are none."""

import copy

import pytest
import torch

import nmt
from nmt import NmtError
from nmt.models import save_model_directory
from nmt.plumbing.fast import int8
from nmt.plumbing.fast.incremental import Decoder, lay_out
from nmt.pruning import masks
from nmt.pruning.removal import remove_heads


@pytest.fixture
def model(make_model, monkeypatch):
    monkeypatch.setattr(int8, "SMALLEST", 2)
    model = make_model(d_model=32).cpu().float().eval()
    model.products = int8.Int8()
    return model


@torch.no_grad()
def stepped(model, src) -> torch.Tensor:
    decoder = Decoder(model, src.cpu())
    return torch.stack([decoder.step(words) for words in torch.randint(4, 19, (9, len(src))).unbind()])


def away(model, src) -> float:
    """How far from float32 the logits are with int8, as a share of how much they vary."""
    found = []
    for products in (model.products, None):
        with torch.random.fork_rng():
            other = copy.copy(model)
            other.products = products
            found.append(stepped(other, src))
    return float((found[0] - found[1]).std() / found[1].std())


def test_rounded_weights_are_near_and_follow_the_model(model, src):
    assert 0.001 < away(model, src) < 0.1
    with torch.no_grad():
        model.generator.weight.mul_(-3)
    assert 0.001 < away(model, src) < 0.1
    mask = masks.all_kept(model, ["decoder"])
    mask["decoder"][:, :2] = False
    smaller = remove_heads(model, mask)
    assert smaller.products is not model.products and 0.001 < away(smaller, src) < 0.1
    masks.apply(model, mask)
    torch.testing.assert_close(stepped(model, src).std(), stepped(smaller, src).std(), rtol=0.1, atol=0)


def test_a_weight_that_comes_to_lie_elsewhere_is_not_taken_for_another(model, src):
    """Saving a model, or measuring its speed, lays its weights out anew; the allocator gives their places away."""
    sizes = [weight.shape for weight in model.parameters()]
    for turn in range(4):
        lay_out(model, columns=turn % 2 == 0)
        with torch.no_grad():
            for weight, size in zip(model.parameters(), sizes, strict=True):
                weight.data = weight.data + 0.1 * torch.randn(size)  # the old one is free, the version the same
        fresh = copy.copy(model)
        fresh.products = int8.Int8()
        with torch.random.fork_rng():
            expected = stepped(fresh, src)
        assert torch.equal(stepped(model, src), expected)
    for (place, of_bias, _), (_, *held, _) in model.products.known.items():
        assert [one.data_ptr() for one in held] == [
            place,
            of_bias,
        ]  # as long as a place is known, nothing else lies there
    assert model.products.known and not copy.deepcopy(model).products.known  # the weights of a copy lie elsewhere


def test_small_weights_stay_as_they_are(model, src, monkeypatch):
    monkeypatch.setattr(int8, "SMALLEST", 2**18)
    assert away(model, src) == 0


def test_a_model_is_loaded_to_translate_so(model, bpe, tmp_path, make_model, monkeypatch):
    sizes = {"src_vocab_size": bpe[0].vocab_size, "trg_vocab_size": bpe[1].vocab_size}
    save_model_directory(tmp_path, make_model(d_model=32, **sizes).cpu().float(), bpe)
    plain, rounded = nmt.load(tmp_path), nmt.load(tmp_path, int8=True)
    assert plain.model.products is None and rounded.translate("a cat sees snow.", beam=1)
    assert rounded.model.products.known
    monkeypatch.delattr(torch, "quantize_per_channel")
    with pytest.raises(NmtError, match="--int8"):
        nmt.load(tmp_path, int8=True).translate("a cat sees snow.")


def test_another_device_is_refused(model, bpe):
    with pytest.raises(NmtError, match="--gpus 0"):
        int8.Int8()(torch.empty(600, 600, device="meta"), torch.empty(600, device="meta"))
