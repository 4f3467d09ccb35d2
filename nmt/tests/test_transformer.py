"""The Transformer: equal to torch.nn.Transformer, causal, blind to padding, one forward pass whichever way it runs."""

import copy
import math

import pytest
import torch
from torch import nn

from nmt import BOS, EOS, PAD, NmtError
from nmt.attention import FixedGate
from nmt.batches import pad
from nmt.transformer import KINDS, NEURONS, Transformer, TransformerConfig, sinusoidal_positions


@pytest.fixture
def trg(device) -> torch.Tensor:
    """What the decoder reads for the four sources of `src`, (4, 6); shorter ones keep their EOS."""
    return pad([[BOS, 5, 6, 7, EOS], [BOS, 8, 9, 10, 11, 12], [BOS, EOS], [BOS, 18]], device)


# ---------------------------------------------------------------- PyTorch's Transformer with our weights


def copy_attention(ours, theirs: nn.MultiheadAttention) -> None:
    theirs.in_proj_weight.data, theirs.in_proj_bias.data = ours.in_weight.data, ours.in_bias.data
    theirs.out_proj.load_state_dict(ours.out.state_dict())


def copy_block(ours, theirs: nn.TransformerEncoderLayer | nn.TransformerDecoderLayer) -> None:
    copy_attention(ours.self_attention, theirs.self_attn)
    norms = [ours.norm_self, ours.norm_feed]
    if isinstance(theirs, nn.TransformerDecoderLayer):
        copy_attention(ours.cross_attention, theirs.multihead_attn)
        norms.insert(1, ours.norm_cross)
    theirs.linear1.load_state_dict(ours.feed_forward.inner.state_dict())
    theirs.linear2.load_state_dict(ours.feed_forward.outer.state_dict())
    for i, norm in enumerate(norms, 1):
        getattr(theirs, f"norm{i}").load_state_dict(norm.state_dict())


def pytorchs(ours: Transformer, device) -> nn.Transformer:
    """torch.nn.Transformer with our weights; where ours has no last norm, neither has it."""
    c = ours.config
    theirs = nn.Transformer(
        c.d_model, c.num_heads, c.num_blocks, c.num_blocks, c.d_ff, c.dropout,
        batch_first=True, norm_first=c.norm == "pre", dtype=torch.float64, device=device,
    )  # fmt: skip
    for mine, stack, norm in (
        (ours.encoder, theirs.encoder, ours.encoder_norm),
        (ours.decoder, theirs.decoder, ours.decoder_norm),
    ):
        for block, layer in zip(mine, stack.layers, strict=True):
            copy_block(block, layer)
        if c.norm == "pre":
            stack.norm.load_state_dict(norm.state_dict())
        else:
            stack.norm = None
    return theirs


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
def test_equals_torch_nn_transformer(make_model, norm, src, trg, device):
    ours = make_model(norm=norm)
    theirs = pytorchs(ours, device)
    memory, _, _ = ours.encode(src)
    states, _ = ours.decode(trg, memory, (src != PAD)[:, None, None])
    expected = theirs(
        ours.src_embedding(src),
        ours.trg_embedding(trg),
        tgt_mask=torch.ones(6, 6, dtype=torch.bool, device=device).triu(1),
        src_key_padding_mask=src == PAD,
        tgt_key_padding_mask=trg == PAD,
        memory_key_padding_mask=src == PAD,
    )
    expected_memory = theirs.encoder(ours.src_embedding(src), src_key_padding_mask=src == PAD)
    torch.testing.assert_close(memory[src != PAD], expected_memory[src != PAD])
    torch.testing.assert_close(states[trg != PAD], expected[trg != PAD])
    torch.testing.assert_close(ours(src, trg), ours.generator(states))


def test_cross_attention_is_added_once(make_model, src, trg):
    """The origin added it twice. With the other two sub-layers silent, one block is x + cross(norm(x))."""
    model = make_model(num_blocks=1)
    block = model.decoder[0]
    with torch.no_grad():
        for silent in (block.self_attention.out, block.feed_forward.outer):
            silent.weight.zero_(), silent.bias.zero_()
    memory, mask, _ = model.encode(src)
    x = model.trg_embedding(trg)
    cross, _ = block.cross_attention(block.norm_cross(x), mask, memory)
    torch.testing.assert_close(model.decode(trg, memory, mask)[0], model.decoder_norm(x + cross))


# ---------------------------------------------------------------- what may influence what


def test_the_future_changes_nothing(make_model, norm, src, trg):
    model = make_model(norm=norm)
    logits = model(src, trg)
    for t in range(1, trg.size(1)):
        changed = trg.clone()
        changed[:, t:] = 15
        later = model(src, changed)
        torch.testing.assert_close(later[:, :t], logits[:, :t])
        assert not torch.allclose(later[1, t:], logits[1, t:])


def test_padding_changes_nothing(make_model, norm, src, trg):
    model = make_model(norm=norm)
    together = model(src, trg)
    for row in range(len(src)):
        s, t = src[row][src[row] != PAD], trg[row][trg[row] != PAD]
        torch.testing.assert_close(model(s[None], t[None])[0], together[row, : len(t)])
    wider = nn.functional.pad(src, (0, 5), value=PAD), nn.functional.pad(trg, (0, 3), value=PAD)
    torch.testing.assert_close(model(*wider)[:, :6][trg != PAD], together[trg != PAD])


def test_the_target_mask_belongs_to_what_is_read(make_model, src, device):
    """The origin made it of the shifted targets, one word on, so that the last word read was hidden."""
    trg_in = pad([[BOS, 5, 6], [BOS, 7]], device)
    _, maps = make_model()(src[:2], trg_in, return_attention=True)
    for layer in maps["decoder"]:
        for head in range(layer.size(1)):
            looked_at = (layer[:, head] > 0).int().tolist()
            assert looked_at[0] == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
            assert looked_at[1] == [[1, 0, 0], [1, 1, 0], [1, 1, 0]]


# ---------------------------------------------------------------- one forward pass


def test_looking_inside_changes_nothing(make_model, norm, src, trg):
    model = make_model(norm=norm)
    plain, maps = model(src, trg, return_attention=True)
    torch.testing.assert_close(model(src, trg), plain)
    with torch.no_grad():
        torch.testing.assert_close(model(src, trg), plain)
    shapes = {"encoder": (4, 4, 7, 7), "decoder": (4, 4, 6, 6), "cross": (4, 4, 6, 7)}
    assert {kind: [tuple(m.shape) for m in maps[kind]] for kind in maps} == {k: [v] * 2 for k, v in shapes.items()}
    for kind in KINDS:
        for m in maps[kind]:
            torch.testing.assert_close(m.sum(-1), torch.ones_like(m[..., 0]))


@pytest.mark.parametrize("kind", KINDS + NEURONS)
def test_a_gate_on_any_kind_closes_its_heads_or_neurons_only(kind, make_model, src, trg):
    """Closed by a gate is as if the columns of what comes after it were 0."""
    model = make_model()
    plain = model(src, trg)
    count, gone, columns = (4, [2], slice(8, 12)) if kind in KINDS else (24, range(3, 9), slice(3, 9))
    for layer in model.gated_layers(kind):
        layer.gate = FixedGate(torch.ones(count)).to(src.device)
    assert torch.equal(model(src, trg), plain)
    chosen = model.gated_layers(kind)[1]
    chosen.gate.values[[*gone]] = 0
    gated = model(src, trg)
    assert not torch.allclose(gated, plain)
    chosen.gate = None
    with torch.no_grad():
        (chosen.out if kind in KINDS else chosen.outer).weight[:, columns] = 0
    torch.testing.assert_close(model(src, trg), gated)


def test_a_gate_on_neurons_may_differ_by_sentence(make_model, src, trg):
    class BySentence(nn.Module):
        def forward(self, batch_size):
            return (torch.arange(batch_size * 24).view(batch_size, 24) / 10).to(src.device)

    model = make_model()
    layer = model.gated_layers("encoder_ff")[0]
    layer.gate = BySentence()
    together = model(src, trg)
    for row in range(len(src)):
        layer.gate = FixedGate(torch.arange(row * 24, (row + 1) * 24) / 10).to(src.device)
        torch.testing.assert_close(model(src[row : row + 1], trg[row : row + 1])[0], together[row])


def test_unknown_kind_is_refused(make_model):
    with pytest.raises(NmtError, match="kind"):
        make_model().gated_layers("self")


# ---------------------------------------------------------------- config, positions, beginnings


def test_positions_by_hand():
    table = sinusoidal_positions(20, 8)
    for p in range(20):
        for i in range(4):
            assert table[p, 2 * i].item() == pytest.approx(math.sin(p / 10000 ** (2 * i / 8)), abs=1e-5)
            assert table[p, 2 * i + 1].item() == pytest.approx(math.cos(p / 10000 ** (2 * i / 8)), abs=1e-5)
    halves = sinusoidal_positions(20, 8, "halves")
    assert torch.equal(halves[:, :4], table[:, ::2]) and torch.equal(halves[:, 4:], table[:, 1::2])


def test_a_sentence_of_any_length_gets_its_positions(make_model, device):
    model, long = make_model(), torch.full((1, 700), 5, device=device)
    with torch.inference_mode():
        model(long, long)
    model(long[:, :300], long[:, :300]).sum().backward()  # the longer table may be used in training
    expected = sinusoidal_positions(700, 16)
    assert torch.equal(model.src_embedding.positions[:700].cpu().float(), expected)
    assert not model.src_embedding.positions.is_inference()
    assert not any("positions" in name for name in model.state_dict())


@pytest.mark.parametrize(
    "wrong",
    [
        {"d_model": 15, "num_heads": 5},
        {"d_model": 16, "num_heads": 3},
        {"num_blocks": 0},
        {"num_heads": 0},
        {"src_vocab_size": 0},
        {"d_ff": 0},
        {"head_size": 0},
        {"dropout": 1.0},
        {"dropout": -0.1},
        {"norm": "none"},
        {"activation": "gelu"},
        {"positions": "none"},
    ],
)
def test_a_config_that_cannot_work_is_refused(wrong):
    name = next(iter(wrong)).replace("d_model", "hidden_dim")
    with pytest.raises(NmtError, match=name):
        TransformerConfig(**{"src_vocab_size": 10, "trg_vocab_size": 10, **wrong})


def test_config_defaults_are_the_papers():
    config = TransformerConfig(10, 10, d_model=512, num_heads=8)
    assert (config.head_size, config.d_ff) == (64, 2048)
    assert TransformerConfig(10, 10, d_model=16, num_heads=3, head_size=5).head_size == 5


def test_a_tied_generator_is_the_target_embedding(make_model):
    tied, free = make_model(), make_model(tied=False)
    assert tied.generator.weight is tied.trg_embedding.tokens.weight
    assert free.generator.weight is not free.trg_embedding.tokens.weight
    assert sum(p.numel() for p in free.parameters()) - sum(p.numel() for p in tied.parameters()) == 19 * 16


def test_a_shared_embedding_is_one_of_one_vocabulary(make_model):
    model = make_model(shared=True, trg_vocab_size=17)
    assert model.generator.weight is model.src_embedding.tokens.weight is model.trg_embedding.tokens.weight
    assert sum(1 for p in model.parameters() if p.shape == (17, 16)) == 1
    with pytest.raises(NmtError, match="17 and 19 pieces"):
        make_model(shared=True)


def test_a_new_model_knows_nothing(device):
    """Its loss is that of a guess: the initialisation makes neither the softmax sharp nor the sum grow with depth."""
    torch.manual_seed(0)
    for norm in ("pre", "post"):
        model = Transformer(TransformerConfig(500, 500, 6, 128, norm=norm)).to(device).eval()
        ids = torch.randint(4, 500, (8, 20), device=device)
        loss = nn.functional.cross_entropy(model(ids, ids).flatten(0, 1), ids.roll(1, 1).flatten())
        assert math.log(500) - 0.5 < loss.item() < math.log(500) + 1.5


def test_every_parameter_is_reached_by_gradients(make_model, norm, src, trg):
    model = make_model(norm=norm)
    model(src, trg).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_a_deep_copy_is_its_own_model(make_model, src, trg):
    model = make_model()
    model.gated_layers("cross")[0].gate = FixedGate(torch.tensor([1.0, 0.0, 1.0, 1.0])).to(src.device)
    twin = copy.deepcopy(model)
    before = model(src, trg)
    assert torch.equal(twin(src, trg), before)
    with torch.no_grad():
        twin.src_embedding.tokens.weight.zero_()
    assert torch.equal(model(src, trg), before) and not torch.equal(twin(src, trg), before)
