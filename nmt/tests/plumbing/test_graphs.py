"""What a GPU replays is what is computed plainly. Elsewhere the same code runs, but for the replaying itself."""

import weakref
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from nmt import PAD
from nmt.batches import Batch
from nmt.decoding import beam_search, greedy
from nmt.objective import Objective
from nmt.plumbing.fast import graphs
from nmt.plumbing.fast.incremental import Decoder
from nmt.runs import load
from nmt.tests.plumbing.test_incremental import LENGTH, MODELS, stepped
from nmt.tests.test_training import TINY, _caches, quiet  # noqa: F401

REPLAY = graphs.Replayed.__call__


@pytest.fixture(autouse=True)
def as_on_a_gpu(device, monkeypatch):
    if device.type == "cpu":
        monkeypatch.setattr(graphs, "DEVICES", {"cpu"})
        monkeypatch.setattr(graphs.Replayed, "__call__", lambda self, function, *inputs: function(*inputs))


@pytest.fixture
def plainly(monkeypatch):
    """plainly(function, …): what it returns where nothing is replayed."""

    def found(function, *arguments, **options):
        with monkeypatch.context() as patch:
            patch.setattr(graphs, "DEVICES", set())
            return function(*arguments, **options)

    return found


@pytest.fixture
def trg(device) -> torch.Tensor:
    torch.manual_seed(5)
    return torch.randint(4, 19, (4, LENGTH), device=device)


@pytest.mark.parametrize("which", MODELS)
def test_word_by_word_is_all_at_once(which, make_model, norm, src, trg):
    model = MODELS[which](make_model, norm).eval()
    assert Decoder(model, src).place is not None
    torch.testing.assert_close(stepped(model, src, trg), model(src, trg).detach())


@pytest.mark.parametrize("beam", [1, 3])
def test_a_search_finds_the_same(beam, make_model, norm, plainly, device):
    model, random = make_model(norm=norm), torch.Generator().manual_seed(1)
    src = torch.randint(4, 17, (6, 9), generator=random).to(device)
    search = greedy if beam == 1 else beam_search
    options = {} if beam == 1 else {"beam": beam, "n_best": 2}
    for length in (None, 40):
        found = search(model, src, max_length=length, **options)
        assert {len(one.ids) for of in found for one in (of if beam > 1 else [of])} != {length}
        for one, other in zip(found, plainly(search, model, src, max_length=length, **options), strict=True):
            for a, b in zip(one, other, strict=True) if beam > 1 else [(one, other)]:
                assert a.ids == b.ids and a.log_prob == pytest.approx(b.log_prob)


def test_added_pairs_and_padding_change_no_gradient(make_model, src, device):
    model = make_model()
    trg = torch.tensor([[2, 5, 6, 3], [2, 7, 3, PAD], [2, 3, PAD, PAD], [2, 9, 9, 3]], device=device)
    found = []
    for one, other in ((src, trg), graphs.in_few_shapes(src, trg)):
        batch = Batch(one, other, [], 0)
        loss = Objective().loss(batch, model.states(one, batch.trg_in), model.generator, 0.1)
        found.append([loss.detach(), *torch.autograd.grad(loss, list(model.parameters()))])
    for mine, padded in zip(*found, strict=True):
        torch.testing.assert_close(mine, padded)
    assert one.shape == (8, 8) and batch.trg_in.shape == (8, 8)


def test_batches_come_in_few_shapes():
    shapes = set()
    for rows in range(1, 9):
        for length in range(1, 9):
            src, trg = graphs.in_few_shapes(torch.ones(rows, length), torch.ones(rows, length + 1))
            assert torch.equal(src[:rows, :length], torch.ones(rows, length)) and trg.size(1) == src.size(1) + 1
            shapes.add((src.shape, trg.shape))
    assert len(shapes) == 1


@pytest.mark.parametrize("changes", [{}, {"accumulate_grad_batches": 2}, {"split_batches": 2}, {"precision": "fp16"}])
def test_a_run_learns_the_same(changes, corpus, device, tmp_path, plainly):
    """Without dropout, whose draws are others where pairs are added; float16 needs a GPU."""
    if device.type == "cpu" and "precision" in changes:
        pytest.skip("a CPU multiplies no float16")
    config = replace(TINY, **{"dropout": 0.0, "max_epochs": 2, "precision": "32", **changes})
    losses = []
    for name, how in (("replayed", lambda f, *a, **o: f(*a, **o)), ("plain", plainly)):
        run = how(quiet, config, corpus, tmp_path / name, device=device)
        losses.append([line["loss"] for line in run.lines(split="valid")])
    assert losses[0] == pytest.approx(losses[1], rel=1e-2)


def test_a_run_in_two_parts_is_the_run_in_one(corpus, device, tmp_path):
    """What the one replays the other computes anew after its start."""
    config = replace(TINY, max_epochs=4)
    whole = quiet(config, corpus, tmp_path / "whole", device=device)
    quiet(replace(config, max_epochs=2), corpus, tmp_path / "parts", device=device)
    parts = quiet(config, corpus, tmp_path / "parts", device=device, resume=True)
    weights = [list(load(run.directory).model.parameters()) for run in (whole, parts)]
    assert all(torch.equal(one, other) for one, other in zip(*weights, strict=True))


def test_a_function_is_replayed_with_new_values(device):
    """Also what it changes in place; inputs of another shape have a graph of their own."""
    sums = torch.zeros((), device=device)

    def add(x):
        sums.add_(x.sum())
        return x * 2

    replayed, expected = graphs.Replayed(), 0.0
    for i in range(8):
        x = torch.full((2 + i % 2,), float(i), device=device)
        assert torch.equal(replayed(add, x), 2 * x)
        expected += float(x.sum())
    assert sums.item() == expected


def test_dropout_of_a_replay_is_that_of_the_function(device):
    """Each call draws anew, from the state of the device's generator; the draws are the same as without a graph."""
    replayed, dropout, drawn = graphs.Replayed(), torch.nn.functional.dropout, []
    for how in (lambda x: replayed(dropout, x), dropout):
        torch.manual_seed(3)
        drawn.append(torch.stack([how(torch.ones(64, device=device)) for _ in range(4)]))
    assert torch.equal(*drawn) and len(drawn[0].unique(dim=0)) == 4


def test_a_search_leaves_nothing_behind(make_model, src):
    """A graph that only the garbage collector frees could be freed while another is captured, which forbids it."""
    decoder = Decoder(make_model(), src)
    decoder.step(src[:, 0])
    gone = weakref.ref(decoder.replayed)
    del decoder
    assert gone() is None


def test_a_table_that_was_replaced_is_kept_for_the_kernels_that_read_it(make_model, device, src, monkeypatch):
    """A sentence of more than 256 tokens gets a longer table of positions."""
    model = make_model()
    old = weakref.ref(model.src_embedding.positions)
    if device.type == "cpu":
        graph = SimpleNamespace(replay=lambda: None)
        monkeypatch.setattr(graphs, "_captured", lambda function, given: (graph, given, function(*given)))
    replayed = graphs.Replayed(model)
    with torch.no_grad():
        short = [REPLAY(replayed, model.src_embedding, src) for _ in range(2)]
        model.src_embedding(src.new_ones(1, 300))
        assert old() is not None and model.src_embedding.positions is not old()
        assert torch.equal(short[0], REPLAY(replayed, model.src_embedding, src))
    del replayed
    assert old() is None
