"""What removal saves: counted by the rules, and by PyTorch's own counter."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from nmt import EOS
from nmt.attention import scaled_dot_product_attention
from nmt.decoding import greedy
from nmt.gates import HardConcrete
from nmt.plumbing.fast.incremental import Decoder
from nmt.pruning import costs, masks
from nmt.pruning.removal import remove_heads
from nmt.transformer import KINDS, NEURONS


@pytest.fixture
def models(make_model):
    """Dense, pruned at random, and with layers of no head."""
    dense = make_model()
    torch.manual_seed(0)
    mask = {kind: torch.rand(kept.shape) < 0.5 for kind, kept in masks.all_kept(dense, KINDS + NEURONS).items()}
    ragged = remove_heads(dense, mask)
    mask = masks.all_kept(dense, KINDS)
    for kept in mask.values():
        kept[0] = False
    return {"dense": dense, "ragged": ragged, "empty layers": remove_heads(dense, mask)}


def headless(model, kinds=KINDS):
    return remove_heads(model, {kind: torch.zeros_like(kept) for kind, kept in masks.all_kept(model, kinds).items()})


def test_parameters_without_gates(make_model):
    model = make_model()
    count = costs.parameters(model)
    assert count == sum(p.numel() for p in model.parameters())
    model.gated_layers("cross")[0].gate = HardConcrete(4)
    assert costs.parameters(model) == count
    assert count - costs.parameters(headless(model)) == 3 * 2 * 4 * (4 * 16 * 4 + 3 * 4)


def test_operations_are_those_that_pytorch_counts(models, device, monkeypatch):
    plain = lambda query, key, value, attn_mask: scaled_dot_product_attention(query, key, value)[0]  # noqa: E731
    monkeypatch.setattr("torch.nn.functional.scaled_dot_product_attention", plain)  # its products are all counted
    monkeypatch.setattr("nmt.plumbing.fast.graphs.DEVICES", set())  # what is replayed is not
    for model in models.values():
        for source, target in ((7, 5), (3, 9)):
            words = torch.randint(4, 17, (1, source + target), device=device)
            with FlopCounterMode(display=False) as counter, torch.no_grad():
                decoder = Decoder(model.eval(), words[:, :source])
                for word in words[0, source:]:
                    decoder.step(word[None])
            parts = costs.flops(model, source, target)
            assert counter.get_total_flops() == parts.pop("total") == sum(parts.values())


def test_no_head_no_operation(models):
    parts = costs.flops(headless(models["dense"]), 8, 8)
    assert parts["attention_projections"] == parts["attention_scores"] == 0
    assert parts["feed_forward"] == costs.flops(models["dense"], 8, 8)["feed_forward"] > 0
    only_cross = costs.flops(headless(models["dense"], ["cross"]), 8, 8)
    assert 0 < only_cross["attention_scores"] < costs.flops(models["dense"], 8, 8)["attention_scores"]


def test_speed_gives_all_the_same_work(models, monkeypatch, device):
    lengths: dict[int, list] = {}

    def listening(model, src, max_length):
        found = greedy(model, src, max_length)
        lengths.setdefault(id(model), []).append([len(one.ids) for one in found])
        return found

    monkeypatch.setattr(costs, "greedy", listening)
    sources = [[5, 6, 7], [4], [8, 9, 10, 11, 12], [13, 14], []]
    for model in models.values():
        with torch.no_grad():
            model.generator.bias[EOS] = 9  # would end at once
    result = costs.speed(models, sources, (1, 2), rounds=3)
    work = 4 * [*([n] for n in (1, 2, 3, 4, 6)), [2, 2], [4, 4], [6]]
    assert all(sorted(of_model) == sorted(work) for of_model in lengths.values()) and len(lengths) == 3
    for name, model in models.items():
        assert model.generator.bias[EOS] == 9
        for size in ("batch 1", "batch 2"):
            assert 0 < result[name][size]["low"] <= result[name][size]["median"] <= result[name][size]["high"]
