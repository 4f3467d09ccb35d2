"""Where a prediction comes from: sums that are exact, shares that add up, a model that is left as it was."""

import copy

import pytest
import torch

from nmt import BOS
from nmt.analysis import brought, contributions, follow, parts, shares
from nmt.batches import pad, source_batch
from nmt.corpora.corpus import prepare
from nmt.gates import HardConcrete
from nmt.plumbing.places import shipped
from nmt.pruning import masks
from nmt.pruning.removal import remove_heads
from nmt.runs import load
from nmt.transformer import KINDS

SOURCE, TARGET = [4, 5, 6, 7], [8, 9, 10]
PAIRS = [SOURCE, [9, 4], [5]], [TARGET, [5], [4, 6, 8, 10, 12]]
MODELS = sorted(path.parent.name for path in (shipped() / "models").glob("*/model.json"))


def close(model, *kinds: str) -> None:
    masks.apply(model, {kind: torch.zeros(2, 4, dtype=torch.bool) for kind in kinds})


def uneven(model):
    """The model with one decoder layer without heads, one closed cross head, and encoder heads half open."""
    mask = masks.all_kept(model, KINDS)
    mask["decoder"][0] = mask["encoder"][1, :3] = False
    small = remove_heads(model, mask).eval()
    mask["cross"][1, 2] = False
    masks.apply(small, {"cross": mask["cross"]})
    device = next(small.parameters()).device
    small.gated_layers("encoder")[0].gate = HardConcrete(4, torch.tensor([-1.0, 0.0, 0.5, 3.0])).eval().to(device)
    return small


def sums_are_exact(model, sources, targets) -> None:
    """Of a model in float64: the logits, and y of each attention layer."""
    device = next(model.parameters()).device
    src, trg = source_batch(sources, device), pad([[BOS, *ids] for ids in targets], device)
    with torch.inference_mode():
        logits, layers = follow(model, src, trg)
        assert (logits - model(src, trg)).abs().max() <= 1e-12
        assert [step.kind for step in layers] == ["encoder"] * 2 + ["decoder", "cross"] * 2
        for step in layers:
            vectors, constant = parts(step)
            assert (vectors.sum(2) + constant - step.y).abs().max() <= 1e-12
            if step.norm is None:
                says = brought(step.layer, step.read, step.weights).sum(2) + step.layer.out.bias
                assert (step.x + says - step.y).abs().max() <= 1e-12


def rows_sum_to_one(found, targets) -> None:
    for one, ids in zip(found, targets, strict=True):
        assert len(one) == len(ids) + 1 and (one >= 0).all() and (one.sum(1) - 1).abs().max() <= 1e-12
        written = one[:, -len(one) :]
        assert not written.triu(1).any()  # nothing comes from what is not yet written


def test_the_parts_and_a_constant_are_the_output_of_each_layer(make_model, norm):
    model = uneven(make_model(norm=norm))
    sums_are_exact(model, *PAIRS)
    rows_sum_to_one(contributions(model, *PAIRS), PAIRS[1])


@pytest.mark.parametrize("name", MODELS)
def test_the_laws_hold_in_a_shipped_model_which_stays_as_it_was(name):
    trained = load(name)
    model = trained.model.train()  # dropout is on; it plays no part
    before = copy.deepcopy(model.state_dict())
    pairs = list(prepare("phrasebook", log=lambda text: None).pairs("test"))[:12]
    ids = [bpe.encode(list(lines)) for bpe, lines in zip(trained.bpe, zip(*pairs, strict=True), strict=True)]
    found = contributions(model, *ids)
    rows_sum_to_one(found, ids[1])
    assert model.training and all(layer.gate is None for kind in KINDS for layer in model.gated_layers(kind))
    after = model.state_dict()
    assert all(value.dtype == torch.float32 and torch.equal(value, after[key]) for key, value in before.items())
    sums_are_exact(copy.deepcopy(model).double().eval(), *ids)


def test_contributions_do_not_depend_on_the_batch(make_model):
    model = make_model().eval()
    together = contributions(model, *PAIRS)
    for found, *pair in zip(together, *PAIRS, strict=True):
        (alone,) = contributions(model, *([ids] for ids in pair))
        assert found.shape == alone.shape == (len(pair[1]) + 1, len(pair[0]) + len(pair[1]) + 2)
        assert torch.allclose(found, alone, atol=1e-12)


@torch.no_grad()
def test_one_block_by_hand(make_model, device):
    """Self-attention, then cross-attention, whose residual holds what self-attention mixed."""
    model = make_model(num_blocks=1).eval()
    (found,) = contributions(model, [SOURCE], [TARGET])
    _, layers = follow(model, source_batch([SOURCE], device), pad([[BOS, *TARGET]], device))
    tables = []
    for step in layers:
        table = []
        for vectors, y in zip(parts(step)[0][0], step.y[0], strict=True):
            nearer = [max(0.0, float(y.abs().sum() - (y - vector).abs().sum())) for vector in vectors]
            table.append([one / sum(nearer) for one in nearer])
        tables.append(table)
    encoder, own, cross = (torch.tensor(table, dtype=torch.float64) for table in tables)
    for t, row in enumerate(cross):
        assert torch.allclose(found[t, :5].cpu(), row[:5] @ encoder)
        assert torch.allclose(found[t, 5:].cpu(), row[5] * own[t])


def test_closed_cross_heads_leave_nothing_of_the_source_and_closed_decoder_heads_only_the_last_word(make_model):
    model = make_model().eval()
    close(model, "cross")
    (found,) = contributions(model, [SOURCE], [TARGET])
    assert not found[:, :5].any()
    masks.clear(model, KINDS)
    close(model, "decoder")
    (found,) = contributions(model, [SOURCE], [TARGET])
    assert torch.equal(found[:, 5:], found[:, 5:].diag().diag()) and found[:, 5:].diag().all()
    close(model, *KINDS)
    (found,) = contributions(model, [SOURCE], [TARGET])
    assert torch.equal(found[:, 5:], torch.eye(4, dtype=torch.float64))


def test_shares_add_up_to_one_and_at_the_first_step_nothing_is_written_yet(make_model, norm):
    found = shares(make_model(norm=norm).eval(), SOURCE, TARGET)
    assert found.shape == (4, 3) and torch.allclose(found.sum(1), torch.ones(4, dtype=torch.float64))
    assert found[0, 1] == 0 and (found[1:] > 0).all()


def test_closed_cross_heads_bring_nothing_of_the_source_and_closed_decoder_heads_nothing_written(make_model):
    model = make_model().eval()
    close(model, "cross")
    assert not shares(model, SOURCE, TARGET)[:, 0].any()
    masks.clear(model, KINDS)
    close(model, "decoder")
    found = shares(model, SOURCE, TARGET)
    assert (found[:, 0] == 1).all() and not found[:, 1:].any()
    close(model, *KINDS)
    assert not shares(model, SOURCE, TARGET).any()
