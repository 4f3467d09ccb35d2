"""A method at work on a model of its own: its penalty, its gates, its teacher, the batches it is measured on."""

import copy
import math

import pytest
import torch
from safetensors.torch import load_file

from nmt.batches import BatchIterator, collate
from nmt.gates import GAMMA, TEMPERATURE, ZETA
from nmt.models import save_model_directory
from nmt.pruning import masks
from nmt.pruning.method import Method
from nmt.pruning.methods import METHODS
from nmt.pruning.removal import remove_heads
from nmt.tests.pruning.test_prune import STEPS, settings
from nmt.tokens import encode_corpus

GATED = [name for name, method in METHODS.items() if method.learns]


@pytest.fixture(autouse=True)
def _caches(corpus, bpe, monkeypatch):
    monkeypatch.setenv("NMT_DATA", str(corpus.directory.parent.parent))


@pytest.fixture
def started(make_model, corpus, bpe, device):
    """started("l0", **changes) -> a method at work on a model of its own, before its first step."""

    def start(name: str, steps: int = STEPS, **changes) -> Method:
        model = make_model(src_vocab_size=80, trg_vocab_size=80)
        method = METHODS[name](settings(name, **changes), copy.deepcopy(model), 1)
        tokens = encode_corpus(corpus, bpe)["train"]
        method.start(model, BatchIterator(tokens, 20, 1, device=device), steps)
        method.optimizer = torch.optim.Adam(method.parameter_groups(model))
        return method

    return start


@pytest.fixture
def batch(corpus, bpe, device):
    return collate(encode_corpus(corpus, bpe)["train"], [0, 30, 60], device)


@pytest.mark.parametrize("heads", ["encoder", "all"])
@pytest.mark.parametrize("scale", ["paper", "origin", "voita"])
def test_the_penalty_and_its_gradient(scale, heads, started):
    """λ Σ P(open); the origin's is the sum over layers of means, Voita et al.'s code the mean over layers of sums."""
    method = started("l0", l0_penalty_lambda=0.3, l0_penalty_scale=scale, heads=heads)
    log_alpha = torch.stack(method.gate_parameters()).detach().double()  # (layers, H)
    p = torch.sigmoid(log_alpha - TEMPERATURE * math.log(-GAMMA / ZETA))
    expected = {"paper": p.sum(), "origin": p.mean(1).sum(), "voita": p.sum(1).mean()}[scale]
    penalty = method.penalty()
    assert float(penalty.detach()) == pytest.approx(0.3 * float(expected), rel=1e-6)
    layers = {"encoder": 2, "all": 6}[heads]
    assert method.price == pytest.approx(0.3 / {"paper": 1, "origin": 4, "voita": layers}[scale])
    penalty.backward()
    gradient = torch.stack([gate.grad for gate in method.gate_parameters()]).double()
    torch.testing.assert_close(gradient, method.price * p * (1 - p), rtol=1e-5, atol=1e-9)
    method.decide()
    assert method.penalty() is None


def test_l0_starts_as_published_and_its_rival_open(started):
    start = torch.stack(started("l0").gate_parameters())
    bound = math.sqrt(3 / 4)  # Glorot-uniform with fan in = fan out = H
    assert start.abs().max() <= bound and start.min() < 0 < start.max()
    assert (torch.stack(started("l0-topk").gate_parameters()) == 2).all()


@pytest.mark.parametrize("name", GATED)
def test_models_with_gates_are_copied_and_saved(name, started, batch, bpe, tmp_path, device):
    method = started(name)
    model = method.model.train()
    method.before_step(0)
    loss = method.loss(batch, model.states(batch.src, batch.trg_in), model.generator, 0.0)
    loss.backward()
    twin = copy.deepcopy(model)
    outputs = []
    for one in (model, twin):
        torch.manual_seed(0)  # some gates draw in evaluation too
        outputs.append(one.eval()(batch.src, batch.trg_in))
    assert torch.equal(*outputs)
    small = remove_heads(model, method.mask_now())
    assert sum(map(len, small.config.kept("encoder"))) == masks.count(method.mask_now())
    with method.bare():
        (tmp_path / "model").mkdir()
        save_model_directory(tmp_path / "model", model, bpe)
    assert not [key for key in load_file(tmp_path / "model" / "model.safetensors") if "gate" in key]
    assert any(layer.gate is not None for layer in model.gated_layers("encoder"))


@pytest.mark.parametrize("name", GATED)
def test_a_validation_sees_the_mask_and_gates_come_back(name, started, batch):
    method = started(name)
    method.before_step(0)
    gates = [layer.gate for layer in method.model.gated_layers("encoder")]
    method.now = 1
    with method.evaluating():
        values = masks.read(method.model, ["encoder"])["encoder"]
        assert torch.equal(values, method.mask_now()["encoder"].double().cpu())
        seen = method.model.eval()(batch.src, batch.trg_in)
    small = remove_heads(method.dense, method.mask_now())
    torch.testing.assert_close(small(batch.src, batch.trg_in), seen)
    assert [layer.gate for layer in method.model.gated_layers("encoder")] == gates


def test_calibration_leaves_the_epoch_alone(started):
    method = started("random", sample=4)
    expected = [batch.rows for batch in method.batches.epoch(0)]
    under_way, seen = method.batches.epoch(0), []
    for batch in under_way:
        seen.append(batch.rows)
        first = [b.rows for b in method.calibration()]
    assert seen == expected and first == [b.rows for b in method.calibration()]
    assert first != expected[:4] and len(set(map(tuple, first))) == 4


def test_scores_of_shedding_know_no_scaled_loss(started, batch):
    """Scores come from gradients that the scaler does not see; what overflowed counts for nothing."""
    method, found = started("shed"), []
    for scale in (1.0, 4096.0, math.inf):
        loss = method.loss(batch, method.model.states(batch.src, batch.trg_in), method.model.generator, 0.0)
        (loss * scale / batch.tokens).backward()
        before = masks.flatten(method.sums).clone()
        method.after_backward(batch.tokens, lambda scale=scale: scale)
        found.append(masks.flatten(method.sums) - before)
    assert found[0].min() > 0 and not found[2].any()
    torch.testing.assert_close(found[0], found[1], rtol=1e-6, atol=0)
