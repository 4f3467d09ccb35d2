"""Masks: exact counts, one way through flattening, gates put on, read and taken off."""

import pytest
import torch

from nmt import NmtError
from nmt.attention import FixedGate
from nmt.pruning import masks
from nmt.transformer import KINDS, NEURONS

ALL = KINDS + NEURONS


@pytest.fixture
def trg(src) -> torch.Tensor:
    return src % 17


@pytest.fixture
def random_mask(make_model):
    """random_mask(kinds, seed) of a tiny model: about half of each kind."""

    def make(kinds=ALL, seed=0) -> masks.Mask:
        torch.manual_seed(seed)
        return {kind: torch.rand(kept.shape) < 0.5 for kind, kept in masks.all_kept(make_model(), kinds).items()}

    return make


def same(a, b) -> bool:
    return list(a) == list(b) and all(torch.equal(a[kind].cpu(), b[kind].cpu()) for kind in a)


def test_all_kept_keeps_all(make_model, src, trg):
    model = make_model()
    plain = model(src, trg)
    mask = masks.all_kept(model, ALL)
    assert masks.count(mask) == masks.flatten(mask).numel() == 3 * 2 * 4 + 2 * 2 * 24
    masks.apply(model, mask)
    assert torch.equal(model(src, trg), plain)


def test_flattened_and_back(random_mask):
    mask = random_mask(("cross", "encoder_ff", "encoder"))
    flat = masks.flatten(mask)
    assert flat.shape == (8 + 2 * 24 + 8,) and int(flat.sum()) == masks.count(mask)
    assert flat[:8].tolist() == mask["cross"].flatten().tolist()
    assert flat[-4:].tolist() == mask["encoder"][1].tolist()
    assert same(masks.unflatten(flat, mask), mask)
    with pytest.raises(RuntimeError, match="63"):
        masks.unflatten(flat[1:], mask)


def test_top_k_keeps_the_k_highest(device):
    torch.manual_seed(0)
    scores = {"encoder": torch.randn(3, 4, device=device), "cross": torch.randn(3, 4, device=device)}
    flat = masks.flatten(scores)
    for k in range(25):
        kept = masks.flatten(masks.top_k(scores, k))
        assert int(kept.sum()) == k
        assert k in (0, 24) or flat[kept].min() > flat[~kept].max()


def test_of_equals_the_first_are_kept(device):
    scores = {"encoder": torch.tensor([[0.0, 1.0], [1.0, 1.0]], device=device)}
    assert masks.to_json(masks.top_k(scores, 2)) == {"encoder": [[0, 1], [1, 0]]}
    equal = {kind: torch.zeros(40, 40, device=device) for kind in KINDS}
    assert masks.flatten(masks.top_k(equal, 777)).tolist() == [True] * 777 + [False] * (4800 - 777)


def test_top_k_refuses_what_cannot_be():
    for k in (-1, 5):
        with pytest.raises(NmtError, match="0 to 4"):
            masks.top_k({"encoder": torch.zeros(2, 2)}, k)
    with pytest.raises(NmtError, match="NaN"):
        masks.top_k({"encoder": torch.tensor([[0.0, float("nan")]])}, 1)
    gone = {"encoder": torch.tensor([[0.0, float("-inf")], [float("-inf"), 2.0]])}
    assert masks.to_json(masks.top_k(gone, 2)) == {"encoder": [[1, 0], [0, 1]]}
    with pytest.raises(NmtError, match="0 to 2"):
        masks.top_k(gone, 3)


def test_what_is_applied_is_read(make_model, random_mask):
    model, mask = make_model(), random_mask(("decoder", "encoder_ff"))
    masks.apply(model, mask)
    values = masks.read(model, ALL)
    expected = {kind: mask.get(kind, torch.ones_like(values[kind])).double() for kind in ALL}
    assert same(values, expected)
    assert all(layer.gate is None for layer in model.gated_layers("encoder"))
    masks.clear(model, ALL)
    assert masks.flatten(masks.read(model, ALL)).min() == 1
    assert not any("gate" in name for name in model.state_dict())


def test_a_gate_is_read_as_it_is_at_test_time(make_model):
    class Noisy(torch.nn.Module):
        def forward(self, batch_size):
            return torch.rand(1, 4) if self.training else torch.tensor([[0.0, 0.25, 1 / 3, 1.0]], dtype=torch.float64)

    model = make_model().train()
    layer = model.gated_layers("cross")[1]
    layer.gate = Noisy()
    assert masks.read(model, ["cross"])["cross"].tolist() == [[1, 1, 1, 1], [0, 0.25, 1 / 3, 1]]
    assert layer.gate.training


def test_the_model_with_the_mask_is_one_with_silent_heads(make_model, random_mask, src, trg):
    for seed in range(3):
        model, mask = make_model(seed), random_mask(seed=seed)
        masks.apply(model, mask)
        masked = model(src, trg)
        masks.clear(model, ALL)
        with torch.no_grad():
            for kind, kept in mask.items():
                for layer, row in zip(model.gated_layers(kind), kept, strict=True):
                    weight = layer.out.weight if kind in KINDS else layer.outer.weight
                    weight.view(16, len(row), -1)[:, ~row] = 0
        torch.testing.assert_close(model(src, trg), masked)


def test_json_and_back(random_mask):
    mask = random_mask()
    assert same(masks.from_json(masks.to_json(mask)), mask)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"self": torch.ones(2, 4, dtype=torch.bool)}, "'self'"),
        ({"cross": torch.ones(2, 4)}, "cross.*bool"),
        ({"encoder": torch.ones(2, 8, dtype=torch.bool)}, r"encoder.*\(2, 4\)"),
        ({"encoder_ff": torch.ones(2, 4, dtype=torch.bool)}, r"encoder_ff.*\(2, 24\)"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(wrong, says, make_model):
    model = make_model()
    with pytest.raises(NmtError, match=says):
        masks.apply(model, wrong)
    assert all(layer.gate is None for kind in ALL for layer in model.gated_layers(kind))


def test_removed_heads_keep_their_places(make_model, src, trg):
    model = make_model(kept_heads={"encoder": [[1, 3], []]})
    assert masks.to_json(masks.all_kept(model, ["encoder"])) == {"encoder": [[0, 1, 0, 1], [0, 0, 0, 0]]}
    masks.apply(model, masks.from_json({"encoder": [[0, 0, 0, 1], [0, 0, 0, 0]]}))
    assert masks.read(model, ["encoder"])["encoder"].tolist() == [[0, 0, 0, 1], [0, 0, 0, 0]]
    masked = model(src, trg)
    model.gated_layers("encoder")[0].gate = FixedGate(torch.tensor([0, 1])).to(src.device)
    assert torch.equal(model(src, trg), masked)
    with pytest.raises(NmtError, match=r"removed.*\[0, 2\], \[1, 0\]"):
        masks.apply(model, masks.from_json({"encoder": [[0, 0, 1, 1], [1, 0, 0, 0]]}))
