"""What positions bring: an exact decomposition of what the layer says, and shares that add up."""

import torch

from nmt import BOS
from nmt.analysis import brought, shares
from nmt.batches import pad, source_batch
from nmt.pruning import masks
from nmt.transformer import KINDS

SOURCE, TARGET = [4, 5, 6, 7], [8, 9, 10]


def close(model, *kinds: str) -> None:
    masks.apply(model, {kind: torch.zeros(2, 4, dtype=torch.bool) for kind in kinds})


def test_what_is_brought_and_the_bias_are_the_output_of_the_layer(make_model, device):
    model = make_model().eval()
    mask = masks.all_kept(model, KINDS)
    mask["cross"][1, 2] = mask["decoder"][0, 0] = False
    masks.apply(model, mask)
    found = []

    def look(layer, inputs, output):
        read = inputs[2] if len(inputs) > 2 and inputs[2] is not None else inputs[0]
        found.append((brought(layer, read, output[1]).sum(2) + layer.out.bias, output[0]))

    for kind in KINDS:
        for layer in model.gated_layers(kind):
            layer.register_forward_hook(look)
    with torch.inference_mode():
        model(source_batch([SOURCE], device), pad([[BOS, *TARGET]], device), return_attention=True)
    assert len(found) == 6
    for parts, whole in found:
        assert torch.allclose(parts, whole, atol=1e-12)


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


def test_shares_leave_no_hook_behind(make_model):
    model = make_model().eval()
    shares(model, SOURCE, TARGET)
    assert not any(module._forward_hooks for module in model.modules())
