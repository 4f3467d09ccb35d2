"""Scores of heads against what they mean: finite differences, removal, loops over words."""

import itertools
import math

import pytest
import torch

from nmt import EOS, PAD, NmtError
from nmt.analysis import attention_maps
from nmt.attention import FixedGate
from nmt.batches import Batch, collate
from nmt.objective import token_loss
from nmt.pruning import importance, masks
from nmt.pruning.config import PruningConfig
from nmt.pruning.methods import METHODS, by_importance
from nmt.pruning.methods.by_importance import GreedyOracle
from nmt.pruning.removal import remove_heads
from nmt.tokens import encode_corpus
from nmt.transformer import KINDS


@pytest.fixture
def model(make_model):
    return make_model(src_vocab_size=80, trg_vocab_size=80)


@pytest.fixture
def batch(corpus, bpe, device, monkeypatch) -> Batch:
    """Five sentences of different lengths."""
    monkeypatch.setenv("NMT_DATA", str(corpus.directory.parent.parent))
    return collate(encode_corpus(corpus, bpe)["train"], [0, 30, 60, 90, 120], device)


@pytest.fixture
def singles(batch) -> list[Batch]:
    """Its sentences one by one, without padding."""
    result = []
    for src, trg in zip(batch.src, batch.trg, strict=True):
        src, trg = src[src != PAD][None], trg[trg != PAD][None]
        result.append(Batch(src, trg, [0], trg.size(1) - 1))
    return result


def scores(name: str, model, kinds, batches=(), seed: int = 1) -> importance.Scores:
    """What a method would choose by."""
    method = METHODS[name](PruningConfig(method=name, keep=1), model, seed)
    method.model, method.kinds, method.calibration = model, kinds, lambda: batches
    return getattr(by_importance, name.replace("-", "_"))(method)


@torch.no_grad()
def nll(model, batch: Batch) -> torch.Tensor:
    """Of each sentence, summed over its tokens, float64 (B,)."""
    log_p = model.eval()(batch.src, batch.trg_in).log_softmax(-1)
    return -(log_p.gather(2, batch.trg_out[..., None])[..., 0] * (batch.trg_out != PAD)).sum(1).cpu()


def test_gradient_norms_are_those_of_each_heads_rows(model, batch):
    """The slope of the logits' norm along each single weight, of one head in one kind; and 0 where a head is closed."""
    mask = masks.all_kept(model, KINDS)
    mask["cross"][1, 2] = False
    masks.apply(model, mask)
    found, size, head, step = importance.gradient_norms(model, KINDS, [batch, batch]), 4, 3, 1e-6
    assert found["cross"][1, 2] == 0 and (masks.flatten(found) > 0).sum() == 23
    for kind, layer in (("encoder", 0), ("cross", 1)):
        weight, expected = model.gated_layers(kind)[layer].in_weight, 1.0
        for rows in weight.detach().view(3, 4, size, -1)[:, head]:  # of W_Q, W_K and W_V: (K, D), views of the weight
            slopes = []
            for place in itertools.product(*map(range, rows.shape)):
                ends, before = [], rows[place].clone()
                for change in (step, -step):
                    rows[place] = before + change
                    ends.append(model.eval()(batch.src, batch.trg_in)[batch.trg_out != PAD].norm().item())
                rows[place] = before
                slopes.append((ends[0] - ends[1]) / (2 * step))
            expected *= math.hypot(*slopes)
        assert found[kind][layer, head] == pytest.approx(expected, rel=1e-4)


def test_taylor_is_the_mean_slope_of_the_sentences_losses(model, batch):
    """|dL(x)/dξ| by finite differences, sentence by sentence; the step is small, so that no ReLU turns within it."""
    step, slopes = 1e-6, {kind: torch.zeros(5, 2, 4, dtype=torch.float64) for kind in KINDS}
    for kind in KINDS:
        for (i, layer), head in itertools.product(enumerate(model.gated_layers(kind)), range(4)):
            losses = []
            for change in (step, -step):
                factors = torch.ones(4, dtype=torch.float64, device=batch.src.device)
                factors[head] += change
                layer.gate = FixedGate(factors)
                losses.append(nll(model, batch))
            layer.gate = None
            slopes[kind][:, i, head] = (losses[0] - losses[1]) / (2 * step)
    mixed = {kind: (s > 0).any(0) & (s < 0).any(0) for kind, s in slopes.items()}
    assert any(m.any() for m in mixed.values())  # so that the mean of |.| is not |mean|
    scores = importance.taylor(model, KINDS, [batch])
    for kind in KINDS:
        expected = slopes[kind].abs().sum(0) / batch.tokens
        torch.testing.assert_close(scores[kind], expected, rtol=1e-3, atol=1e-6)
    by_sentence = torch.cat([slopes[kind].flatten(1) for kind in KINDS], dim=1)  # (5, N)
    expected = sum(torch.outer(g, g) for g in by_sentence) / 5
    torch.testing.assert_close(importance.fisher(model, KINDS, [batch]), expected, rtol=1e-3, atol=1e-5)


def test_block_fisher_counts_what_heads_cost_together(model, batch, monkeypatch):
    """Each head that goes is the one for which the sum over all pairs of those gone is least, told pair by pair."""
    vectors = torch.randn(3, 24, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    matrix = vectors.T @ vectors
    monkeypatch.setattr(importance, "fisher", lambda *_: matrix)

    def chosen(keep: int) -> torch.Tensor:
        method = METHODS["block-fisher"](PruningConfig(method="block-fisher", heads="all", keep=keep), model, 1)
        method.model, method.calibration = model, lambda: [batch]
        mask = masks.flatten(method.choose())
        assert method.spent == 1 and int(mask.sum()) == keep
        return mask

    gone = []
    for keep in range(23, 15, -1):
        costs = {h: sum(float(matrix[i, j]) for i in (*gone, h) for j in (*gone, h)) for h in {*range(24)} - {*gone}}
        gone.append(min(costs, key=costs.get))
        assert (~chosen(keep)).nonzero().flatten().tolist() == sorted(gone)
    assert sorted(gone) != matrix.diagonal().argsort()[:8].sort().values.tolist()


def test_taylor_of_a_batch_is_that_of_its_sentences(model, batch, singles):
    together = importance.taylor(model, KINDS, [batch])
    one_by_one = importance.taylor(model, KINDS, singles)
    for kind in KINDS:
        torch.testing.assert_close(together[kind], one_by_one[kind], rtol=1e-4, atol=1e-7)
        assert together[kind].shape == (2, 4) and together[kind].dtype == torch.float64


def test_taylor_per_layer_has_norm_one_and_the_same_order_within_a_layer(model, batch):
    raw = importance.taylor(model, KINDS, [batch])
    normalised = scores("taylor-per-layer", model, KINDS, [batch])
    for kind in KINDS:
        torch.testing.assert_close(normalised[kind].norm(dim=1), torch.ones(2, dtype=torch.float64))
        assert torch.equal(normalised[kind].argsort(1), raw[kind].argsort(1))


def test_a_closed_head_scores_nothing_and_gates_come_back(model, batch):
    mask = masks.all_kept(model, ["encoder"])
    mask["encoder"][1, 2] = False
    masks.apply(model, mask)
    gates = [layer.gate for layer in model.gated_layers("encoder")]
    model.train()
    scores = importance.taylor(model, ["encoder", "cross"], [batch])["encoder"]
    assert (scores == 0).nonzero().tolist() == [[1, 2]]
    assert [layer.gate for layer in model.gated_layers("encoder")] == gates and model.training
    assert all(layer.gate is None for layer in model.gated_layers("cross"))
    assert all(p.grad is None for p in model.parameters())


def test_the_loss_is_in_nats_per_token(model, batch, singles):
    expected = sum(float(nll(model, one)) for one in singles) / batch.tokens
    assert importance.loss(model, [batch]) == pytest.approx(expected, rel=1e-5)
    assert importance.loss(model, singles) == pytest.approx(expected, rel=1e-5)


def test_leave_one_out_is_the_loss_of_the_smaller_models(model, batch):
    mask = masks.all_kept(model, ["encoder", "cross"])
    mask["cross"][0, 1] = False
    scores = importance.leave_one_out(model, {k: m.clone() for k, m in mask.items()}, [batch])
    masks.clear(model, mask)
    before = importance.loss(remove_heads(model, mask), [batch])
    for kind, kept in mask.items():
        for layer, head in itertools.product(range(2), range(4)):
            if not kept[layer, head]:
                assert scores[kind][layer, head] == -math.inf
                continue
            kept[layer, head] = False
            rise = importance.loss(remove_heads(model, mask), [batch]) - before
            kept[layer, head] = True
            assert scores[kind][layer, head] == pytest.approx(rise, abs=2e-6)


def test_magnitude_by_hand(model):
    found = scores("magnitude", model, (*KINDS, "decoder_ff"))
    for kind in KINDS:
        for i, layer in enumerate(model.gated_layers(kind)):
            for head in range(4):
                columns = layer.out.weight[:, head * 4 : head * 4 + 4].detach()
                assert found[kind][i, head] == pytest.approx(math.sqrt(float((columns**2).sum())), rel=1e-6)
    neuron = model.gated_layers("decoder_ff")[1].outer.weight[:, 5].double().norm()
    assert found["decoder_ff"][1, 5] == pytest.approx(float(neuron.detach()), rel=1e-6)


def test_confidence_by_hand(model, batch, singles):
    """Loops over the maps of single sentences; EOS is neither looked from nor at."""
    found = scores("confidence", model, KINDS, [batch])
    src = [one.src[0][one.src[0] != EOS].tolist() for one in singles]
    trg = [one.trg[0, 1:-1].tolist() for one in singles]
    sums, words = {kind: torch.zeros(2, 4, dtype=torch.float64) for kind in KINDS}, dict.fromkeys(KINDS, 0)
    for i, maps in enumerate(attention_maps(model, src, trg)):
        sizes = {"encoder": (len(src[i]),) * 2, "decoder": (len(trg[i]) + 1,) * 2}  # BOS is a word that is read
        sizes["cross"] = (len(trg[i]) + 1, len(src[i]))
        for kind, (queries, keys) in sizes.items():
            for layer, head, query in itertools.product(range(2), range(4), range(queries)):
                sums[kind][layer, head] += max(float(w) for w in maps[kind][layer, head, query, :keys])
            words[kind] += queries
    for kind in KINDS:
        torch.testing.assert_close(found[kind], sums[kind] / words[kind], rtol=1e-5, atol=1e-6)
    with pytest.raises(NmtError, match="encoder_ff has none"):
        scores("confidence", model, ["encoder_ff"], [batch])


def test_last_layers_go_first_and_chance_has_a_seed(model):
    found = scores("last-layers", model, KINDS)
    kept = masks.top_k(found, 12)
    assert all(kept[kind].tolist() == [[True] * 4, [False] * 4] for kind in KINDS)
    kept = masks.top_k(found, 8)  # the kinds by turns
    assert [int(kept[kind].sum()) for kind in KINDS] == [3, 3, 2]
    one, again, other = (masks.flatten(scores("random", model, KINDS, seed=seed)) for seed in (1, 1, 2))
    assert torch.equal(one, again) and not torch.equal(one, other)


def greedy(model, keep: int, kinds: str, batches: list[Batch]) -> masks.Mask:
    method = GreedyOracle(PruningConfig(method="greedy-oracle", heads=kinds, keep=keep), model, 1)
    method.model, method.calibration = model, lambda: batches
    return method.choose()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_greedy_oracle_is_exhaustive_search_for_one_head(make_model, batch, seed):
    model = make_model(seed, src_vocab_size=80, trg_vocab_size=80)
    chosen = greedy(model, 7, "encoder", [batch])
    losses = {}
    for closed in range(8):
        flat = torch.ones(8, dtype=torch.bool)
        flat[closed] = False
        mask = masks.unflatten(flat, chosen)
        masks.apply(model, mask)
        losses[closed] = importance.loss(model, [batch])
    assert (~masks.flatten(chosen)).nonzero().tolist() == [[min(losses, key=losses.get)]]


@pytest.mark.parametrize("keep", [0, 1, 3, 6])
def test_the_greedy_oracle_is_exhaustive_search_where_heads_do_not_interact(model, keep, monkeypatch):
    """The loss is made a sum over the closed heads: there the best set is found one by one."""
    worth = torch.randn(8, dtype=torch.float64, generator=torch.Generator().manual_seed(keep))

    def additive(model, batches):
        return float((worth * (1 - masks.flatten(masks.read(model, ["encoder"])))).sum())

    monkeypatch.setattr(importance, "loss", additive)
    best = min(itertools.combinations(range(8), 8 - keep), key=lambda closed: float(worth[list(closed)].sum()))
    chosen = masks.flatten(greedy(model, keep, "encoder", []))
    assert (~chosen).nonzero().flatten().tolist() == list(best)


def test_token_loss_and_nll_agree(model, batch):
    """The yardstick of this file is that of training."""
    with torch.no_grad():
        loss = token_loss(model.eval()(batch.src, batch.trg_in), batch.trg_out)
    assert float(loss) == pytest.approx(float(nll(model, batch).sum()), rel=1e-5)
