"""Removal: the smaller model is the masked one, however it is run, stored or trained on."""

import copy
import json
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from nmt import BOS, EOS, PAD, NmtError
from nmt.analysis import attention_maps
from nmt.attention import FixedGate
from nmt.batches import pad, source_batch
from nmt.decoding import beam_search, greedy
from nmt.gates import HardConcrete
from nmt.models import save_model_directory
from nmt.plumbing.fast.incremental import Decoder
from nmt.plumbing.files import read_json, write_json
from nmt.pruning import masks
from nmt.pruning.removal import remove_heads
from nmt.runs import load
from nmt.transformer import KINDS, NEURONS, Transformer, TransformerConfig

ALL = KINDS + NEURONS


@pytest.fixture
def trg(device) -> torch.Tensor:
    return pad([[BOS, 5, 6, 7, EOS], [BOS, 8, 9, 10, 11, 12], [BOS, EOS], [BOS, 18]], device)


def a_mask(model: Transformer, kinds=ALL, seed: int = 0) -> masks.Mask:
    """About half of each kind. With seed 1 the first layers have no head at all, with 2 no kind has any."""
    torch.manual_seed(seed)
    mask = {kind: torch.rand(kept.shape) < 0.5 for kind, kept in masks.all_kept(model, kinds).items()}
    for kept in mask.values():
        kept[: {1: 1, 2: 2}.get(seed, 0)] = False
    return mask


def masked(model: Transformer, mask: masks.Mask) -> Transformer:
    """A copy with what the mask does not keep at 0, the other gates as they are at test time."""
    values, model = masks.read(model, ALL), copy.deepcopy(model).eval()
    for kind in ALL:
        for layer, value, kept in zip(
            model.gated_layers(kind), values[kind], mask.get(kind, values[kind]), strict=True
        ):
            layer.gate = FixedGate(value * (kept > 0 if kind in mask else 1)).to(next(layer.parameters()).device)
    return model


def soften(model: Transformer, kinds=ALL) -> None:
    """Gates on all layers of these kinds: in training random, at test time between 0 and 1."""
    for kind in kinds:
        for layer in model.gated_layers(kind):
            layer.gate = HardConcrete(model.config.width(kind), torch.randn(model.config.width(kind)))
            layer.gate.to(next(layer.parameters()).device)


CASES = [(kinds, seed) for kinds in (["encoder"], ["cross"], KINDS, NEURONS, ALL) for seed in range(3)]


# ---------------------------------------------------------------- the same function


@pytest.mark.parametrize(("kinds", "seed"), CASES, ids=lambda x: x if isinstance(x, int) else "+".join(x))
@pytest.mark.parametrize("soft", [False, True], ids=["hard", "soft"])
def test_the_smaller_model_is_the_masked_model(make_model, norm, src, trg, kinds, seed, soft):
    model = make_model(seed, norm=norm)
    if soft:
        soften(model)
    mask = a_mask(model, kinds, seed)
    for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 1e-5)):
        model = model.to(dtype)
        if dtype == torch.float32:  # weights as a new model has them: of those of make_model it is 2e-5 off by itself
            for parameter in model.parameters():
                parameter.data.mul_(0.5 if parameter.dim() > 1 else 1)
        smaller, whole = remove_heads(model, mask), masked(model, mask)
        assert (smaller(src, trg) - whole(src, trg)).abs().max() < tolerance
        with torch.no_grad():  # the fused kernel
            assert (smaller(src, trg) - whole(src, trg)).abs().max() < tolerance


def test_what_is_gone_is_gone(make_model):
    model = make_model()
    mask = masks.all_kept(model, ALL)
    mask["encoder"][0] = torch.tensor([True, False, False, True])
    mask["cross"][1] = False
    mask["decoder_ff"][1, 3:7] = False
    smaller = remove_heads(model, mask)
    c = smaller.config
    assert c.kept_heads == {"encoder": [[0, 3], [0, 1, 2, 3]], "cross": [[0, 1, 2, 3], []]}
    assert c.kept_neurons == {"decoder_ff": [list(range(24)), [0, 1, 2, *range(7, 24)]]}
    assert replace(c, kept_heads=None, kept_neurons=None) == model.config
    layer, empty, feed = smaller.encoder[0].self_attention, smaller.decoder[1].cross_attention, smaller.decoder[1]
    assert (layer.in_weight.shape, layer.in_bias.shape, layer.out.weight.shape) == ((24, 16), (24,), (16, 8))
    assert (empty.in_weight.shape, empty.in_bias.shape, empty.out.weight.shape) == ((0, 16), (0,), (16, 0))
    assert feed.feed_forward.inner.weight.shape == (20, 16) and feed.feed_forward.outer.weight.shape == (16, 20)
    before, after = (sum(p.numel() for p in m.parameters()) for m in (model, smaller))
    assert before - after == 6 * (4 * 16 * 4 + 3 * 4) + 4 * (2 * 16 + 1)  # H K D four times and three biases; two of D
    fresh = Transformer(c)
    assert {k: v.shape for k, v in fresh.state_dict().items()} == {k: v.shape for k, v in smaller.state_dict().items()}
    assert all(
        (a.extra_repr(), type(a)) == (b.extra_repr(), type(b))
        for a, b in zip(fresh.modules(), smaller.modules(), strict=True)
    )


def test_a_mask_of_all_changes_nothing(make_model, src, trg):
    model = make_model()
    same = remove_heads(model, masks.all_kept(model, ALL))
    assert torch.equal(same(src, trg), model(src, trg)) and same.config == model.config
    assert torch.equal(remove_heads(model, {})(src, trg), model(src, trg))


def test_the_given_model_is_untouched(make_model, src, trg):
    model = make_model(dropout=0.1)
    soften(model)
    model.train().decoder[0].eval()
    model.generator.requires_grad_(False)
    model.encoder.requires_grad_(False)
    before, config, mask = copy.deepcopy(model.state_dict()), model.config, a_mask(model)
    modes, random = [module.training for module in model.modules()], torch.get_rng_state()
    smaller = remove_heads(model, mask)
    assert torch.equal(torch.get_rng_state(), random) and model.config is config
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert smaller.training and not smaller.decoder[0].training
    assert smaller.generator.weight is smaller.trg_embedding.tokens.weight
    assert not any("gate" in name for name, _ in smaller.named_modules())
    frozen = {name: p.requires_grad for name, p in model.named_parameters() if ".gate." not in name}
    assert {name: p.requires_grad for name, p in smaller.named_parameters()} == frozen
    with torch.no_grad():
        for parameter in smaller.parameters():
            parameter.zero_()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_the_mask_decides_not_the_gate(make_model, src, trg):
    model = make_model()
    for layer in model.gated_layers("cross"):
        layer.gate = FixedGate(torch.tensor([0.0, 1.0, 0.5, 1.0])).to(src.device)
    expected = model(src, trg)
    whole = remove_heads(model, {})
    torch.testing.assert_close(whole(src, trg), expected)
    assert whole.config.kept_heads is None
    weight = whole.gated_layers("cross")[0].out.weight.view(16, 4, 4)
    assert (weight[:, 0] == 0).all() and (weight[:, 1:] != 0).all()
    without = remove_heads(model, {"cross": torch.tensor([[False, True, True, True]] * 2)})
    torch.testing.assert_close(without(src, trg), expected)


def test_removing_twice_is_removing_once(make_model, src, trg):
    model = make_model()
    soften(model)
    first, second = a_mask(model, seed=0), a_mask(model, seed=5)
    both = {kind: first[kind] & second[kind] for kind in ALL}
    smaller = remove_heads(model, first)
    torch.testing.assert_close(remove_heads(smaller, both)(src, trg), remove_heads(model, both)(src, trg))
    assert remove_heads(smaller, both).config == remove_heads(model, both).config
    with pytest.raises(NmtError, match="removed from this model"):
        remove_heads(smaller, second)
    for wrong in ({"self": first["cross"]}, {"cross": first["cross"].float()}, {"cross": first["encoder_ff"]}):
        with pytest.raises(NmtError):
            remove_heads(model, wrong)


# ---------------------------------------------------------------- run


@pytest.fixture(params=[0, 1, 2], ids=["ragged", "empty layers", "no heads"])
def smaller(request, make_model, norm) -> Transformer:
    model = make_model(norm=norm)
    return remove_heads(model, a_mask(model, seed=request.param))


def test_padding_changes_nothing(smaller, src, trg):
    together = smaller(src, trg)
    wider = F.pad(src, (0, 5), value=PAD), F.pad(trg, (0, 3), value=PAD)
    torch.testing.assert_close(smaller(*wider)[:, :6][trg != PAD], together[trg != PAD])
    for row in range(len(src)):
        s, t = src[row][src[row] != PAD], trg[row][trg[row] != PAD]
        torch.testing.assert_close(smaller(s[None], t[None])[0], together[row, : len(t)])


def test_word_by_word_is_all_at_once(smaller, src, device):
    trg = torch.randint(4, 19, (4, 40), device=device)
    with torch.no_grad():
        decoder = Decoder(smaller.eval(), src)
        steps = [decoder.step(words) for words in trg.unbind(1)]
        torch.testing.assert_close(torch.stack(steps, 1), smaller(src, trg))


def test_searches_with_cache_are_those_without(smaller, src, without_cache):
    for search in (greedy, beam_search):
        with_cache, without = search(smaller, src), without_cache(search, smaller, src)
        if search is beam_search:
            with_cache, without = ([best for (best,) in found] for found in (with_cache, without))
        assert [one.ids for one in with_cache] == [one.ids for one in without]
        assert [one.log_prob for one in with_cache] == pytest.approx([one.log_prob for one in without])


def test_the_same_translations_of_a_hundred_sentences(pairs, bpe, device, norm):
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(80, 80, 2, 32, 4, dropout=0.0, norm=norm)).to(device)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
    soften(model)
    mask = a_mask(model)
    src = source_batch(bpe[0].encode([english for english, _ in pairs[::2][:100]]), device)
    found, expected = (greedy(one, src) for one in (remove_heads(model, mask), masked(model, mask)))
    assert [one.ids for one in found] == [one.ids for one in expected] and len(found) == 100
    assert len({tuple(one.ids) for one in found}) > 50  # not all the same
    assert [one.ids for one in greedy(model, src)] != [one.ids for one in found]


def test_maps_keep_the_numbers_of_the_dense_model(make_model, norm):
    model = make_model(norm=norm)
    mask = a_mask(model, seed=1)
    arguments = [[4, 5, 6], [7, 8, 9, 10, 11, 12]], [[5, 6, 7], [8]]
    for few, all_of_them in zip(
        attention_maps(remove_heads(model, mask), *arguments),
        attention_maps(masked(model, mask), *arguments),
        strict=True,
    ):
        for kind in KINDS:
            assert few[kind].shape == all_of_them[kind].shape
            torch.testing.assert_close(few[kind], all_of_them[kind] * mask[kind][:, :, None, None])


def test_the_maps_of_a_forward_pass_are_those_of_the_heads_left(smaller, src, trg):
    logits, maps = smaller(src, trg, return_attention=True)
    torch.testing.assert_close(logits, smaller(src, trg))
    sizes = {"encoder": (7, 7), "decoder": (6, 6), "cross": (6, 7)}
    for kind in KINDS:
        left = [len(numbers) for numbers in smaller.config.kept(kind)]
        assert [tuple(m.shape) for m in maps[kind]] == [(4, n, *sizes[kind]) for n in left]


# ---------------------------------------------------------------- stored


def test_saved_and_loaded(make_model, bpe, norm, src, trg, tmp_path, device, recwarn):
    model = make_model(norm=norm, src_vocab_size=80, trg_vocab_size=80).float().eval()
    for seed in range(3):
        smaller = remove_heads(model, a_mask(model, seed=seed))
        (folder := tmp_path / str(seed)).mkdir()
        save_model_directory(folder, smaller, bpe)
        again = load(folder, device).model
        assert again.config == smaller.config and torch.equal(again(src, trg), smaller(src, trg))
    assert not recwarn


def test_the_description_of_a_model_from_before(make_model, bpe, src, trg, tmp_path, device):
    model = make_model(src_vocab_size=80, trg_vocab_size=80).float().eval()
    save_model_directory(tmp_path, model, bpe)
    description = read_json(tmp_path / "model.json")
    assert description["transformer"].pop("kept_heads") is description["transformer"].pop("kept_neurons") is None
    write_json(tmp_path / "model.json", description)
    assert torch.equal(load(tmp_path, device).model(src, trg), model(src, trg))
    for damaged in ({"kept_heads": [1]}, {"kept_heads": {"cross": [[0], 1]}}, {"kept_heads": {"cross": [[0], [9]]}}):
        write_json(tmp_path / "model.json", {**description, "transformer": {**description["transformer"], **damaged}})
        with pytest.raises(NmtError, match=r"damaged|kept_heads"):
            load(tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kept_heads": {"self": [[0], [0]]}},
        {"kept_heads": {"encoder_ff": [[0], [0]]}},
        {"kept_heads": {"cross": [[0]]}},
        {"kept_heads": {"cross": [[0], [8]]}},
        {"kept_heads": {"cross": [[0], [-1]]}},
        {"kept_heads": {"cross": [[0], [1, 1]]}},
        {"kept_heads": {"cross": [[0], [2, 1]]}},
        {"kept_neurons": {"encoder": [[0], [0]]}},
        {"kept_neurons": {"decoder_ff": [[0], [1024]]}},
    ],
)
def test_lists_that_cannot_be_are_refused(wrong):
    with pytest.raises(NmtError, match=next(iter(wrong))):
        TransformerConfig(10, 10, **wrong)
    config = TransformerConfig(10, 10, kept_heads={"cross": [[], [0, 7]]})
    assert json.loads(json.dumps(config.kept_heads)) == config.kept_heads


# ---------------------------------------------------------------- trained on


def test_training_goes_on(smaller, src, trg):
    optimizer = torch.optim.Adam(smaller.parameters(), 1e-2, fused=True)  # as nmt.training makes it
    losses = []
    for _ in range(20):
        loss = F.cross_entropy(smaller(src, trg[:, :-1]).flatten(0, 1), trg[:, 1:].flatten(), ignore_index=PAD)
        optimizer.zero_grad()
        loss.backward()
        for name, parameter in smaller.named_parameters():
            assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    assert len(optimizer.state) == len(list(smaller.parameters()))
