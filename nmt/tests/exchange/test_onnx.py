"""The graphs of ONNX compute what our models compute, pruned or not, from Marian or our own."""

import json

import pytest
import torch

import nmt.cli
from nmt import BOS, EOS, PAD
from nmt.batches import source_batch
from nmt.decoding import greedy
from nmt.exchange.onnx import _Decoder, _Encoder
from nmt.pruning import masks
from nmt.pruning.removal import remove_heads
from nmt.runs import load
from nmt.tests.exchange.test_ctranslate2 import some_pruned
from nmt.transformer import KINDS


def no_heads(model):
    return remove_heads(model, {kind: kept & False for kind, kept in masks.all_kept(model, KINDS).items()})


@pytest.mark.parametrize("pruned", [lambda model: model, some_pruned, no_heads])
def test_word_by_word_is_all_at_once(make_model, norm, src, pruned):
    """What is exported, before it is exported: no package is needed for that."""
    model = pruned(make_model(norm=norm)).eval()
    trg = torch.tensor([[BOS, 5, 6, 4], [BOS, 7, 9, 5], [BOS, 4, 4, 8], [BOS, 9, 6, 6]], device=src.device)
    with torch.no_grad():
        memory, decoder, logits = _Encoder(model)(src), _Decoder(model), []
        past = memory.new_zeros(len(src), 0, sum(decoder.columns["decoder"]))
        for words in trg.T:
            of_word, past = decoder(words, src, memory, past)
            logits.append(of_word)
        torch.testing.assert_close(torch.stack(logits, 1), model(src, trg), rtol=0, atol=1e-12)


def check_sentences(trained, folder, texts):
    onnxruntime = pytest.importorskip("onnxruntime", reason="the extra onnx")
    encoder, decoder = (onnxruntime.InferenceSession(folder / f"{part}.onnx") for part in ("encoder", "decoder"))
    src = source_batch(trained.bpe[0].encode(texts))
    own = greedy(trained.model, src, 60)
    assert all(one.finished for one in own) and len({tuple(one.ids) for one in own}) > len(own) / 3
    (memory,) = encoder.run(None, {"src": src.numpy()})
    past = torch.zeros(len(src), 0, decoder.get_inputs()[3].shape[2]).numpy()
    trg = torch.full((len(src), 1), BOS)
    while trg.size(1) < 61:
        inputs = {"words": trg[:, -1].numpy(), "src": src.numpy(), "memory": memory, "past": past}
        logits, past = decoder.run(None, inputs)
        logits = torch.from_numpy(logits)
        if trg.size(1) < 12:
            with torch.inference_mode():
                wanted = trained.model(src, trg)[:, -1]
            assert logits[:, [PAD, BOS]].max() < -5000
            going = ~(trg == EOS).any(1)
            there = [i for i in range(logits.size(1)) if i not in (PAD, BOS)]
            torch.testing.assert_close(logits[going][:, there], wanted[going][:, there], rtol=1e-5, atol=1e-5)
        trg = torch.cat([trg, logits.argmax(1, keepdim=True)], 1)
    rows = [row[1:] for row in trg.tolist()]
    assert [row[: row.index(EOS)] for row in rows] == [one.ids for one in own]
    names = json.loads((folder / "trg.json").read_text(encoding="utf-8"))
    assert len(names) == trained.bpe[1].vocab_size
    ids = own[0].ids
    assert "".join(names[i] for i in ids).replace("▁", " ").strip() == trained.bpe[1].decode([ids])[0]


def test_a_pruned_marian_model(learnt, exported, pairs):
    pytest.importorskip("onnxscript", reason="the extra onnx")
    check_sentences(learnt, exported("onnx"), [english for english, _ in pairs[::6]])


def test_our_own_model(tmp_path, monkeypatch, english):
    pytest.importorskip("onnxscript", reason="the extra onnx")
    monkeypatch.chdir(tmp_path)
    line = ["export", "--checkpoint", "phrasebook-pruned", "--to", "onnx", "--out", "out"]
    assert nmt.cli.main(line) == 0
    check_sentences(load("phrasebook-pruned"), tmp_path / "out", english)


def test_a_torch_that_is_too_old_is_named(ours, tmp_path, monkeypatch):
    pytest.importorskip("onnxscript", reason="the extra onnx")
    monkeypatch.setattr(torch.onnx, "export", lambda model, args, f: None)
    with pytest.raises(nmt.NmtError, match=r"PyTorch 2\.6 or later"):
        nmt.exchange.export.export(ours, "onnx", tmp_path / "out")
    assert not (tmp_path / "out").exists()
