"""Marian's models are ours: the same logits, pieces and sentences; what is no such model is refused."""

import json
import shutil
import sys
from dataclasses import asdict
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file

import nmt.cli
from nmt import BOS, EOS, PAD, UNK, NmtError
from nmt.batches import pad, source_batch
from nmt.config import TrainingConfig, shape_of
from nmt.corpora.corpus import prepare
from nmt.decoding import beam_search, greedy
from nmt.exchange.export import export
from nmt.exchange.marian import TEXTS, import_marian
from nmt.plumbing.files import read_json
from nmt.pruning.config import PruningConfig
from nmt.pruning.prune import prune
from nmt.runs import load
from nmt.tests.exchange.conftest import write_marian

ODD = [
    "",
    "  ",
    "the cat\tsees  the “sea”…",
    "日本 cat",
    "ＴＨＥ dog №5 ½",
    "a▁cat",
    "don't",
    "cat №¾ ﬁ",
    "\u00a0a\u200b",
]


def logits_of(theirs, ours, src, trg):
    """Of both models, by our ids without BOS; src and trg are ours."""
    ids = torch.tensor(ours.bpe[0].theirs)
    with torch.inference_mode():
        inputs = {"input_ids": ids[src], "attention_mask": (src != PAD).long(), "decoder_input_ids": ids[trg]}
        return ours.model(src, trg), theirs(**inputs).logits[..., ids]


def check_logits(theirs, ours, src, trg):
    mine, other = (logits.clone() for logits in logits_of(theirs, ours, src, trg))
    assert (mine[..., BOS] < -5000).all() and other.std() > 0.5
    mine[..., BOS] = other[..., BOS] = 0
    assert (mine - other)[trg != PAD].abs().max() < 1e-4


def test_the_logits_are_marians(theirs, ours, pairs):
    src, trg = (bpe.encode([pair[side] for pair in pairs[::6]]) for side, bpe in enumerate(ours.bpe))
    check_logits(theirs[0], ours, source_batch(src), pad([[BOS, *row] for row in trg]))
    torch.manual_seed(0)  # far beyond the table of positions with which a model begins
    check_logits(
        theirs[0], ours, *(torch.randint(4, 60, (1, 400)).index_fill(1, torch.tensor(0), BOS) for _ in range(2))
    )


@pytest.mark.long
def test_the_logits_of_the_full_size_are_marians(pairs, tmp_path):
    """The shape of opus-mt-en-ru: 6 blocks, 512 wide, about 62,500 pieces."""
    sizes = {"encoder_layers": 6, "decoder_layers": 6, "d_model": 512}
    for side in ("encoder", "decoder"):
        sizes |= {f"{side}_attention_heads": 8, f"{side}_ffn_dim": 2048}
    (tmp_path / "in").mkdir()
    theirs = write_marian(tmp_path / "in", pairs, fill=62_430, **sizes)
    ours = import_marian(tmp_path / "in", tmp_path / "out")
    assert sum(p.numel() for p in ours.model.parameters()) > 76e6
    src, trg = (bpe.encode([pair[side] for pair in pairs[:8]]) for side, bpe in enumerate(ours.bpe))
    check_logits(theirs, ours, source_batch(src), pad([[BOS, *row] for row in trg]))


def test_the_pieces_are_those_of_marians_tokenizer(theirs, ours, pairs):
    """500 lines and odd ones; but no text can say that a sentence ends."""
    from transformers import MarianTokenizer

    tokenizer = MarianTokenizer.from_pretrained(theirs[1])
    mixed = [f"{en} {ru.upper()}" for en, ru in pairs]
    for side, bpe in enumerate(ours.bpe):
        lines = [pair[side] for pair in pairs] + mixed + ODD
        assert len(lines) >= 499
        rows = bpe.encode(lines)
        name = "text_target" if side else "text"
        expected = tokenizer(**{name: lines})["input_ids"]
        got = [[bpe.theirs[i] for i in (*row, EOS)] for row in rows]
        same = [line for line, a, b in zip(lines, got, expected, strict=True) if a == b]
        assert len(same) == len(lines), set(lines) - set(same)
        assert UNK in {i for row in rows for i in row}
        known = [row for row in rows if UNK not in row]
        texts = tokenizer.batch_decode([[bpe.theirs[i] for i in row] for row in known], skip_special_tokens=True)
        assert bpe.decode(known) == texts
        assert bpe.decode(torch.tensor([[BOS, known[0][0], UNK, EOS, PAD]]))[0].endswith("<UNK>")
        assert not {PAD, BOS, EOS} & {i for row in bpe.encode(["a </s> b", "<pad>", "<s>", "<EOS><PAD>"]) for i in row}
    english = ours.bpe[0]
    assert english.unknown("日 cat…") == ["日"] and "日" in english.pieces("日 cat")  # … is written as dots
    with pytest.raises(NmtError, match="merges"):
        english.merge_steps("cat")
    with pytest.raises(NmtError, match="no piece has the id 9999"):
        english.decode([[9999]])


# ---------------------------------------------------------------- a model like others


def test_an_imported_model_translates_scores_and_is_pruned(ours, corpus, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NMT_DATA", str(corpus.directory.parent.parent))
    monkeypatch.chdir(tmp_path)
    where = str(ours.directory)
    line = [
        "prune",
        "--checkpoint",
        where,
        "--data",
        corpus.data[0],
        "--run",
        "pruned",
        "--heads",
        "all",
        "--keep",
        "9",
    ]
    line += ["--max-epochs", "1", "--limit-train-batches", "2", "--batch-size", "20", "--limit-val-batches", "1"]
    assert nmt.cli.main([*line, "--val-batch-size", "8", "--gpus", "0"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["kept"] == 9 and result["of"] == 24
    for checkpoint in (where, "pruned"):
        assert nmt.cli.main(["translate", "--checkpoint", checkpoint, "--gpus", "0", "a cat"]) == 0
        scored = ["score", "--checkpoint", checkpoint, "--data", corpus.data[0], "--limit", "2", "--penalty", "length"]
        assert nmt.cli.main([*scored, "--gpus", "0"]) == 0
    small = load("pruned")
    kept, before = asdict(small.model.config), asdict(ours.model.config)
    assert kept.pop("kept_heads") and kept == {name: value for name, value in before.items() if name != "kept_heads"}
    assert small.model.generator.weight is small.model.src_embedding.tokens.weight
    assert [one.sha256 for one in small.bpe] == [one.sha256 for one in ours.bpe]


def test_pruning_goes_on_and_takes_neurons(ours, corpus, tmp_path, monkeypatch):
    monkeypatch.setenv("NMT_DATA", str(corpus.directory.parent.parent))
    config = TrainingConfig(**shape_of(ours.model.config), batch_size=20, limit_train_batches=2, max_epochs=2,
                            limit_val_batches=1, val_batch_size=8, scheduler="no", lr=1e-3)  # fmt: skip
    settings = PruningConfig(method="shed", heads="decoder_ff", keep=20)
    result = prune(settings, config, prepare(corpus.data[0]), ours, tmp_path / "run", device="cpu", progress=0)
    assert result["kept"] == 20 and sum(map(len, load(tmp_path / "run").model.config.kept("decoder_ff"))) == 20
    prune(settings, config, prepare(corpus.data[0]), None, tmp_path / "run", resume=True, device="cpu", progress=0)


# ---------------------------------------------------------------- there and back


def test_what_was_not_changed_comes_back_bit_by_bit(theirs, ours, tmp_path):
    export(ours, "hf", tmp_path / "back")
    before, after = (load_file(folder / "model.safetensors") for folder in (theirs[1], tmp_path / "back"))
    assert before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)
    for name in TEXTS[1:]:
        assert (theirs[1] / name).read_bytes() == (tmp_path / "back" / name).read_bytes()
    again = import_marian(tmp_path / "back", tmp_path / "again")
    assert all(torch.equal(part, again.model.state_dict()[name]) for name, part in ours.model.state_dict().items())
    assert read_json(again.directory / "origin.json")["sha256"].keys() == {*TEXTS, "model.safetensors"}


@pytest.mark.parametrize(("beam", "alpha"), [(1, 0.0), (4, 0.0), (4, 0.6), (6, 1.0)])
def test_hugging_face_writes_the_same_sentences(learnt, exported, pairs, beam, alpha):
    from transformers import MarianMTModel, MarianTokenizer

    folder = exported("hf")
    model, tokenizer = MarianMTModel.from_pretrained(folder), MarianTokenizer.from_pretrained(folder)
    texts = [english for english, _ in pairs[::6]]
    search = {"num_beams": beam, "max_length": 60, "early_stopping": "never" if beam > 1 else False}
    search |= {"length_penalty": alpha} if beam > 1 else {}
    found = model.generate(**tokenizer(texts, return_tensors="pt", padding=True), **search)
    src = source_batch(learnt.bpe[0].encode(texts))
    if beam == 1:
        own = greedy(learnt.model, src, 59)
    else:
        own = [best for best, *_ in beam_search(learnt.model, src, beam, alpha, max_length=59, penalty="length")]
    assert all(one.finished for one in own) and len(own) >= 40 and len({tuple(one.ids) for one in own}) > 20
    assert tokenizer.batch_decode(found, skip_special_tokens=True) == learnt.bpe[1].decode([one.ids for one in own])


def test_logits_of_the_pruned_model_are_those_of_zeros(learnt, exported, pairs):
    from transformers import MarianMTModel

    src, trg = (bpe.encode([pair[side] for pair in pairs[::6]]) for side, bpe in enumerate(learnt.bpe))
    model = MarianMTModel.from_pretrained(exported("hf")).eval()
    src, trg = source_batch(src), pad([[BOS, *row] for row in trg])
    mine, other = logits_of(model, learnt, src, trg)
    there = [i for i in range(mine.size(-1)) if i not in (PAD, BOS)]  # what is never written
    assert (mine - other)[..., there][trg != PAD].abs().max() < 1e-4


# ---------------------------------------------------------------- what is refused


@pytest.fixture
def copy(theirs, tmp_path):
    return shutil.copytree(theirs[1], tmp_path / "copy")


@pytest.mark.parametrize("name", [*TEXTS, "model.safetensors"])
def test_missing_and_damaged_files(copy, tmp_path, name):
    (copy / name).write_bytes(b"no such thing")
    with pytest.raises(NmtError, match=name.replace(".", r"\.")):
        import_marian(copy, tmp_path / "out")
    (copy / name).unlink()
    with pytest.raises(NmtError, match=f"without {name}"):
        import_marian(copy, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("model_type", "bart", "model_type is 'bart'"), ("activation_function", "gelu", "'swish', not 'gelu'"),
     ("scale_embedding", False, "scale_embedding"), ("decoder_layers", 3, "decoder_layers is 3"),
     ("d_model", "x", "ours"),
     ("pad_token_id", 0, "pad_token_id is 0"), ("vocab_size", 7, "vocab_size is 7"),
     ("encoder_ffn_dim", None, "ffn_dim"),
     ("share_encoder_decoder_embeddings", False, "share"), ("normalize_before", True, "normalize_before")],
)  # fmt: skip
def test_another_architecture(copy, tmp_path, field, value, said):
    config = read_json(copy / "config.json") | {field: value}
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(NmtError, match=rf"config\.json: .*{said}"):
        import_marian(copy, tmp_path / "out")


def test_weights_that_do_not_fit(copy, tmp_path):
    state = load_file(copy / "model.safetensors")
    name = "model.decoder.layers.1.fc1.weight"
    for changed in (
        {k: v for k, v in state.items() if k != name},
        state | {name: state[name][:5].clone()},
        state | {"model.decoder.layer_norm.weight": torch.ones(32)},
        {k: v for k, v in state.items() if "shared" not in k},
    ):
        save_file(changed, copy / "model.safetensors")
        with pytest.raises(NmtError, match=r"model\.safetensors: model\..* is .*must be"):
            import_marian(copy, tmp_path / "out")


def test_a_pickle_of_tensors_is_read_and_code_in_it_is_not_run(copy, ours, tmp_path):
    state = load_file(copy / "model.safetensors")
    (copy / "model.safetensors").unlink()
    state["model.encoder.embed_positions.weight"] = torch.zeros(512, 32)  # as early files have them
    torch.save(state | {"lm_head.weight": state["model.shared.weight"]}, copy / "pytorch_model.bin")
    again = import_marian(copy, tmp_path / "out")
    assert all(torch.equal(part, again.model.state_dict()[name]) for name, part in ours.model.state_dict().items())

    class Writes:
        def __reduce__(self):
            return (open, (str(tmp_path / "written"), "w"))

    for content in (Writes(), {"a": Writes()}, [1], {"a": 1}):
        torch.save(content, copy / "pytorch_model.bin")
        with pytest.raises(NmtError, match=r"pytorch_model\.bin: damaged, or more than tensors"):
            import_marian(copy, tmp_path / "other")
    assert not (tmp_path / "written").exists()


@pytest.mark.parametrize(
    ("package", "extra"), [("sentencepiece", "marian"), ("ctranslate2", "ct2"), ("onnxscript", "onnx")]
)
def test_a_package_that_is_absent_is_named(ours, monkeypatch, tmp_path, package, extra):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(NmtError, match=f"pip install {package}.*'{extra}'"):
        form = "onnx" if extra == "onnx" else "ctranslate2"
        load(ours.directory) if package == "sentencepiece" else export(ours, form, tmp_path / "out")


def test_what_the_commands_refuse(theirs, ours, tmp_path, capsys, monkeypatch):
    for line, said in (
        (["import", "--from", "marian", str(tmp_path / "absent"), "--out", "x"], "no such folder"),
        (["import", "--from", "marian", str(theirs[1]), "--out", str(tmp_path)], "exists already"),
        (["export", "--checkpoint", str(ours.directory), "--to", "hf", "--out", str(tmp_path)], "exists already"),
        (
            ["export", "--checkpoint", "phrasebook", "--to", "hf", "--out", str(tmp_path / "x")],
            "did not come from Marian",
        ),
    ):
        assert nmt.cli.main(line) == 2
        assert said in capsys.readouterr().err
    huggingface_hub = pytest.importorskip("huggingface_hub")
    monkeypatch.setattr(huggingface_hub, "model_info", lambda *_, **__: 1 / 0)
    with pytest.raises(NmtError, match=r"not to be had from the hub.*copy config\.json.* or pytorch_model\.bin into"):
        import_marian("Helsinki-NLP/opus-mt-en-ru", tmp_path / "x")


def test_a_name_on_the_hub_brings_its_revision(theirs, monkeypatch, tmp_path):
    huggingface_hub = pytest.importorskip("huggingface_hub")
    snapshot, asked = shutil.copytree(theirs[1], tmp_path / "0123abcd"), {}
    files = [*TEXTS, "model.safetensors", "pytorch_model.bin", "tf_model.h5"]
    there = SimpleNamespace(siblings=[SimpleNamespace(rfilename=name) for name in files], sha="0123abcd")
    monkeypatch.setattr(huggingface_hub, "model_info", lambda name, revision, timeout: there)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda name, **options: asked.update(options) or snapshot)
    import_marian("Some/one", tmp_path / "out", revision="v1")
    assert asked == {"revision": "0123abcd", "allow_patterns": [*TEXTS, "model.safetensors"]}
    origin = read_json(tmp_path / "out" / "origin.json")
    assert (origin["source"], origin["revision"]) == ("Some/one", "0123abcd")
