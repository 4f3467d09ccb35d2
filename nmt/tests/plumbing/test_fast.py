"""What makes nmt fast computes what the plain way beside it computes."""

import itertools
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch

import nmt.plumbing.fast.chunks
from nmt import PAD
from nmt.batches import Batch
from nmt.objective import Objective, token_loss
from nmt.plumbing.fast import numerics
from nmt.plumbing.fast.ahead import made_ahead
from nmt.plumbing.fast.numerics import Numerics, choose, switched
from nmt.transformer import Transformer, TransformerConfig


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
    monkeypatch.setitem(nmt.plumbing.fast.chunks.LOGITS, device.type, words * 19)  # the words of make_model
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


CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.skipif(not hasattr(torch.backends.mkldnn, "matmul"), reason="torch before 2.9 has no such switch")
def test_the_switch_is_put_back_and_changes_no_gradient(batch):
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(80, 90, d_model=64, dropout=0.0))
    there, found, states = torch.backends.mkldnn.matmul, [], []
    before = there.fp32_precision
    for context in (nullcontext(), switched(CPU)):
        with context:
            states.append(there.fp32_precision)
            loss = token_loss(model(batch.src.cpu(), batch.trg_in.cpu()), batch.trg_out.cpu())
            found.append(torch.autograd.grad(loss, list(model.parameters())))
    assert states == [before, "bf16"] and there.fp32_precision == before
    flat = [torch.cat([one.flatten() for one in of_all]) for of_all in found]
    if not numerics.bfloat16_in_hardware():  # where it is, the probe decides
        assert (flat[0] - flat[1]).norm() <= 1e-5 * flat[0].norm()
    with pytest.raises(ZeroDivisionError), switched(CPU):
        _ = 1 / 0
    assert there.fp32_precision == before


@pytest.mark.parametrize("backend", [None, SimpleNamespace()])
def test_an_older_torch_has_no_switch(backend, monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "matmul", backend, raising=False)
    with switched(CPU):
        assert backend is None or vars(backend) == {}


def test_a_probe_wants_speed_and_exactness():
    assert numerics.pays(nullcontext, 0.1, 1e-6) and not numerics.pays(nullcontext, 100.0, 1e-6)
    assert not numerics.pays(lambda: torch.autocast("cpu", torch.bfloat16), 0, numerics.ROUNDING)


@pytest.mark.parametrize("asked", ["auto", "32", "bf16", "fp16"])
@pytest.mark.parametrize("hardware", [True, False])
@pytest.mark.parametrize("half_pays", [True, False])
@pytest.mark.parametrize("switch_pays", [True, False])
def test_what_is_chosen_on_a_cpu(asked, hardware, half_pays, switch_pays, monkeypatch):
    """bfloat16 where the hardware has it and it pays, else the faster float32; what a run began with, it keeps."""
    monkeypatch.setattr(numerics, "bfloat16_in_hardware", lambda: hardware)
    monkeypatch.setattr(numerics, "pays", lambda context, gain, most: half_pays if most > 1e-3 else switch_pays)
    wanted = asked if asked != "auto" else "bf16" if hardware and half_pays else "32"
    assert choose(asked, CPU) == Numerics(wanted, wanted == "32" and switch_pays)
    for precision, onednn in (("bf16", False), ("32", True), ("32", False), ("fp16", False)):
        again = choose(asked, CPU, {"precision": precision, "onednn": onednn})
        wanted = asked if asked != "auto" else "bf16" if hardware and precision == "bf16" else "32"
        assert again == Numerics(wanted, wanted == "32" and onednn and switch_pays)


def test_what_is_chosen_on_a_gpu(monkeypatch):
    """A T4 is 7.5: bfloat16 is only emulated there."""
    for capability, native in (((7, 5), "fp16"), ((8, 0), "bf16"), ((9, 0), "bf16")):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device, here=capability: here)
        chosen = [choose(asked, GPU).precision for asked in ("auto", "32", "bf16", "fp16")]
        assert chosen == [native, "32", "bf16", "fp16"]
