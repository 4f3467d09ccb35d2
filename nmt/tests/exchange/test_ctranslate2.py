"""What CTranslate2 makes of our models: the same sentences, pruned or not, from Marian or our own."""

import copy
import json
import re
from dataclasses import replace

import pytest
import torch

import nmt.cli
from nmt.attention import FixedGate
from nmt.batches import source_batch
from nmt.decoding import beam_search, greedy
from nmt.exchange.export import export
from nmt.exchange.weights import with_zeros
from nmt.pruning import masks
from nmt.pruning.removal import remove_heads
from nmt.runs import load
from nmt.transformer import KINDS, NEURONS

TEXTS = [
    "the old dog sees the sea.",
    "our friend looks for a letter.",
    "a bird draws snow.",
    "my brother loves the bridge.",
]
TYPED = ["The file could not be opened.", "She does not like the old house.", "Where is my umbrella?", "I am cold."]


def some_pruned(model, seed=0):
    torch.manual_seed(seed)
    mask = {kind: torch.rand(kept.shape) < 0.7 for kind, kept in masks.all_kept(model, KINDS + NEURONS).items()}
    mask["encoder"][0] = mask["cross"][1] = False
    return remove_heads(model, mask)


@pytest.mark.parametrize("least", [None, {"encoder": 3, "decoder": 2, "cross": 2, "encoder_ff": 1, "decoder_ff": 1}])
def test_zeros_change_nothing(make_model, norm, src, least):
    model = make_model(norm=norm)
    small = some_pruned(model)
    whole, trg = with_zeros(small, least), torch.tensor([[2, 5, 6], [2, 7, 0], [2, 4, 4], [2, 9, 0]], device=src.device)
    torch.testing.assert_close(whole(src, trg), small(src, trg), rtol=0, atol=1e-12)
    for kind in KINDS + NEURONS:
        for there, here in zip(small.config.kept(kind), whole.config.kept(kind), strict=True):
            assert len(here) == max(len(there), (least or {}).get(kind, model.config.width(kind))) and {*there} <= {
                *here
            }
    again = remove_heads(whole, masks.all_kept(small, KINDS + NEURONS))
    assert all(torch.equal(again.state_dict()[name], part) for name, part in small.state_dict().items())


def check_sentences(trained, folder, texts):
    ctranslate2 = pytest.importorskip("ctranslate2", reason="the extra ct2")
    engine, source = ctranslate2.Translator(str(folder), compute_type="float32"), trained.bpe[0]
    src = source_batch(source.encode(texts))
    for beam in (1, 4):
        options = {"beam_size": beam, "length_penalty": 0, "min_decoding_length": 0, "max_decoding_length": 60}
        found = engine.translate_batch([source.pieces(text) for text in texts], **options)
        if beam == 1:
            own = greedy(trained.model, src, 60)
        else:
            own = [best for best, *_ in beam_search(trained.model, src, beam, 0.0, max_length=60)]
        assert all(one.finished for one in own) and len({tuple(one.ids) for one in own}) > len(own) / 3
        names = engine_names(folder)
        assert [one.hypotheses[0] for one in found] == [[names[i] for i in one.ids] for one in own]


def engine_names(folder):
    name = next(name for name in ("target_vocabulary", "shared_vocabulary") if (folder / f"{name}.json").exists())
    return json.loads((folder / f"{name}.json").read_text())


def test_a_pruned_marian_model(learnt, exported, pairs):
    pytest.importorskip("ctranslate2", reason="the extra ct2")
    check_sentences(learnt, exported("ctranslate2"), [english for english, _ in pairs[::6]])


@pytest.mark.parametrize("name", ["phrasebook", "phrasebook-pruned"])
def test_our_own_models(tmp_path, name, monkeypatch, english):
    pytest.importorskip("ctranslate2", reason="the extra ct2")
    monkeypatch.chdir(tmp_path)
    assert nmt.cli.main(["export", "--checkpoint", name, "--to", "ctranslate2", "--out", "out"]) == 0
    check_sentences(load(name), tmp_path / "out", english)


def test_gates_go_along(learnt, tmp_path):
    """Gates of a model that still has some are in the weights that are written."""
    pytest.importorskip("ctranslate2", reason="the extra ct2")
    gated = replace(learnt, model=copy.deepcopy(learnt.model))
    layer = gated.model.decoder[0].cross_attention
    layer.gate = FixedGate(torch.full((layer.num_heads,), 0.7))
    export(gated, "ctranslate2", tmp_path / "out")
    check_sentences(gated, tmp_path / "out", TEXTS)


@pytest.mark.parametrize("form", ["hf", "ctranslate2", "own", "onnx"])
def test_the_readme_says_how(learnt, exported, tmp_path, monkeypatch, capsys, form):
    """The code of README.md runs in the folder; it translates as nmt does."""
    for package in {"hf": ["transformers"], "onnx": ["onnxscript", "onnxruntime"]}.get(form, ["ctranslate2"]):
        pytest.importorskip(package)
    if form == "own":
        export(load("phrasebook"), "ctranslate2", tmp_path / "own")
    folder = tmp_path / "own" if form == "own" else exported(form)
    monkeypatch.chdir(folder)
    (code,) = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.S)
    text = "the old dog sees the sea." if form != "own" else "The cat does not drink milk."
    exec(re.sub(r"The file could not be opened\.", text, code), {})
    trained = load("phrasebook") if form == "own" else learnt
    search = {"beam": 1} if form == "onnx" else {"penalty": "length", "length_penalty": 1.0}
    assert capsys.readouterr().out.strip() == trained.translate(text, **search)
