"""A search's steps: equal to the Transformer's forward pass, whatever the model has lost, gained or become."""

import pytest
import torch

from nmt.attention import FixedGate
from nmt.decoding import beam_search, greedy
from nmt.models import load_model_directory, save_model_directory
from nmt.plumbing.fast.incremental import Decoder, lay_out
from nmt.transformer import KINDS, NEURONS

LENGTH = 40  # more than the room taken at first


@pytest.fixture
def trg(device) -> torch.Tensor:
    torch.manual_seed(5)
    return torch.randint(4, 19, (4, LENGTH), device=device)


@torch.no_grad()
def stepped(model, src, trg) -> torch.Tensor:
    """The logits (B, T, V) of a model in evaluation mode, word by word."""
    decoder = Decoder(model, src)
    return torch.stack([decoder.step(words) for words in trg.unbind(1)], 1)


class BySentence(FixedGate):
    """Other factors for each row."""

    def forward(self, batch_size: int) -> torch.Tensor:
        return self.values * torch.arange(1, batch_size + 1, device=self.values.device)[:, None]


def with_gates(make_model, **changes):
    model = make_model(**changes)
    for kind in KINDS + NEURONS:
        for layer, kept in zip(model.gated_layers(kind), model.config.kept(kind), strict=True):
            layer.gate = FixedGate(torch.rand(len(kept))).to(next(model.parameters()).device)
    return model


MODELS = {
    "whole": lambda make, norm: make(norm=norm),
    "gated": lambda make, norm: with_gates(make, norm=norm),
    "untied": lambda make, norm: make(norm=norm, tied=False),
    "pruned, gated": lambda make, norm: with_gates(
        make,
        norm=norm,
        kept_heads={"encoder": [[0, 3], []], "decoder": [[], [1]], "cross": [[2], []]},
        kept_neurons={"encoder_ff": [[5], []], "decoder_ff": [[], [0, 7]]},
    ),
    "without heads": lambda make, norm: make(norm=norm, kept_heads={kind: [[], []] for kind in KINDS}),
}


@pytest.mark.parametrize("which", MODELS)
def test_word_by_word_is_all_at_once(which, make_model, norm, src, trg):
    model = MODELS[which](make_model, norm).eval()
    torch.testing.assert_close(stepped(model, src, trg), model(src, trg).detach())
    plain = model(src, trg).detach()
    torch.testing.assert_close(lay_out(model)(src, trg), plain)
    torch.testing.assert_close(stepped(model, src, trg), plain)


def test_a_gate_may_differ_by_row(make_model, device, src, trg):
    model = make_model().eval()
    for kind in KINDS + NEURONS:
        model.gated_layers(kind)[0].gate = BySentence(torch.rand(model.config.width(kind))).to(device)
    torch.testing.assert_close(stepped(model, src, trg), model(src, trg).detach())


@torch.no_grad()
def test_rows_go_on_as_they_are_told(make_model, device, src, trg):
    """Beams share their sentence's memory; a sentence that ends takes its own along."""
    model = make_model().eval()
    decoder, texts = Decoder(model, src), trg[:, :1]
    decoder.step(texts[:, -1])
    keeping = [([0, 0, 1, 1, 2, 2, 3, 3], None), ([1, 0, 2, 2, 5, 4, 7, 7], None), ([7, 6, 2, 3], [3, 1])]
    for parents, sentences in keeping:
        chosen = torch.tensor(parents, device=device)
        decoder.select(chosen, None if sentences is None else torch.tensor(sentences, device=device))
        texts = torch.cat([texts[chosen], torch.randint(4, 19, (len(chosen), 1), device=device)], 1)
        logits = decoder.step(texts[:, -1])
    sources = src[[3, 3, 1, 1]]
    torch.testing.assert_close(logits, model(sources, texts)[:, -1])


def test_laid_out_is_only_another_order_in_memory(make_model, bpe, tmp_path):
    model = make_model(src_vocab_size=bpe[0].vocab_size, trg_vocab_size=bpe[1].vocab_size).cpu().float()
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
    save_model_directory(tmp_path / "before", model, bpe)
    loaded = load_model_directory(tmp_path / "before").model
    in_products = [loaded.generator.weight, loaded.encoder[0].self_attention.in_weight]
    assert all(weight.t().is_contiguous() for weight in in_products)
    assert loaded.generator.weight is loaded.trg_embedding.tokens.weight
    save_model_directory(tmp_path / "after", loaded, bpe)
    first, second = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("before", "after"))
    assert first == second


def test_a_search_sees_the_model_as_it_is_now(make_model, src, trg, device):
    """Trained by the fused optimiser, which tells no one that it wrote; gated; given other weights; moved."""
    model = lay_out(make_model().float().eval())
    seen = [stepped(model, src, trg)]

    def check() -> None:
        seen.append(stepped(model, src, trg).float())
        torch.testing.assert_close(seen[-1], model(src, trg).detach().float(), atol=1e-3, rtol=1e-3)
        assert not torch.allclose(seen[-1], seen[-2], atol=1e-3)

    optimizer = torch.optim.Adam(model.parameters(), 0.01, fused=True)
    model(src, trg).logsumexp(-1).sum().backward()
    optimizer.step()
    check()
    model.gated_layers("cross")[1].gate = FixedGate(torch.tensor([0, 1, 0, 1])).to(device)
    check()
    model.decoder[0].self_attention.in_weight.data[:16] *= 3
    check()
    model.load_state_dict(make_model(seed=7).state_dict(), strict=False)
    check()
    model.gated_layers("cross")[1].gate = None
    model.to(torch.float64)
    check()


def test_laying_out_changes_no_search(make_model, src):
    model = make_model()
    before = greedy(model, src), beam_search(model, src, 4, n_best=4)
    assert [[h.ids for h in one] for one in before[1]] == [
        [h.ids for h in one] for one in beam_search(lay_out(model), src, 4, n_best=4)
    ]
    assert [h.ids for h in before[0]] == [h.ids for h in greedy(model, src)]
