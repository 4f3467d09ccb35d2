"""The run directory and the model directory: what they hold, what is kept, what is refused."""

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import nmt.runs
from nmt import NmtError
from nmt.analysis import attention_maps
from nmt.config import TrainingConfig
from nmt.plumbing import files, provenance
from nmt.runs import Run, load
from nmt.training import train

CONFIG = TrainingConfig(
    num_blocks=2,
    d_model=16,
    num_heads=2,
    d_ff=32,
    src_vocab_size=80,
    trg_vocab_size=80,
    batch_size=25,
    max_epochs=3,
    limit_val_batches=1,
    val_batch_size=10,
    log_every_n_steps=2,
    checkpoint_every_n_steps=4,
    seed=5,
)


@pytest.fixture(scope="module", autouse=True)
def _caches(corpus, bpe):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMT_DATA", str(corpus.directory.parent.parent))
        yield


@pytest.fixture(scope="module")
def run(corpus, tmp_path_factory) -> Run:
    """Three epochs of six steps."""
    return train(CONFIG, corpus, tmp_path_factory.mktemp("runs") / "run", device="cpu", progress=0, log=lambda _: None)


@pytest.fixture
def copy(run, tmp_path) -> Run:
    """To be damaged."""
    return Run(shutil.copytree(run.directory, tmp_path / "run"))


def sha256(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# What a run holds: issue "main job", item 7


def test_config_corpus_and_bpe_checksums_and_seed(run, corpus):
    config = json.loads((run.directory / "config.json").read_text(encoding="utf-8"))
    assert TrainingConfig(**config["training"]) == CONFIG and config["training"]["seed"] == 5
    assert config["corpus"] == {"data": list(corpus.data), "fingerprint": corpus.fingerprint}
    assert config["card"] == corpus.card.to_json()
    assert config["bpe"] == {side: sha256(run.directory / f"{side}.bpe") for side in ("src", "trg")}
    assert config["transformer"]["num_blocks"] == 2 and config["transformer"]["head_size"] == 8


def test_command_revision_versions_and_device(run):
    (session,) = run.lines("sessions.jsonl")
    assert session["command"][1:] == sys.argv[1:] and session["from_step"] == 0
    assert torch.__version__.startswith(session["versions"]["torch"])  # PyPI's CUDA build is called without its +cu
    assert all(session["versions"][name] for name in ("python", "torchtext", "youtokentome", "numpy", "safetensors"))
    assert session["device"].startswith("cpu")
    assert session["git"] is None or len(session["git"].removesuffix("+changes")) == 40


def test_revision_outside_a_clone_is_none(tmp_path, monkeypatch):
    """Installed into a folder that lies in a repository of somebody else's."""
    subprocess.run(["git", "init", "-q", tmp_path], check=False)
    monkeypatch.setattr(provenance, "clone", lambda: tmp_path / "lib")
    assert provenance.git_revision() is None


def test_metrics(run):
    lines = run.lines()
    assert [line["step"] for line in lines if line["split"] == "train"] == [2, 4, 6, 8, 10, 12, 14, 16, 18]
    valid = run.lines(split="valid")
    assert [(line["step"], line["epoch"]) for line in valid] == [(6, 1), (12, 2), (18, 3)]
    for line in valid:
        assert line["perplexity"] == pytest.approx(np.exp(line["loss"]))
        assert "tok:13a" in line["signature"] and "version:" in line["chrf_signature"]
        assert 0 <= line["bleu"] <= 100 and 0 <= line["chrf"] <= 100 and line["sentences"] == 10
    assert all({"lr", "minutes", "loss"} <= line.keys() for line in lines)


def test_samples_are_the_same_sentences_each_time(run, corpus):
    english, russian = zip(*corpus.pairs("valid", 8), strict=True)
    for step in (6, 12, 18):
        lines = run.lines("samples.jsonl", step=step)
        assert [line["source"] for line in lines] == list(english)
        assert [line["reference"] for line in lines] == list(russian)
        assert all(isinstance(line["translation"], str) for line in lines)


def test_frames_hold_all_heads_of_four_sentences(run, corpus):
    assert [step for step, _ in run.frames()] == [6, 12, 18]
    trained = load(run.checkpoint(18))
    for step, path in run.frames():
        with np.load(path, allow_pickle=False) as arrays:
            assert len(arrays.files) == 4 * 5
            for i, (english, russian) in enumerate(corpus.pairs("valid", 4)):
                src, trg = arrays[f"{i}.src"].tolist(), arrays[f"{i}.trg"].tolist()
                assert src == [*trained.bpe[0].pieces(english), "<EOS>"]
                assert trg == ["<BOS>", *trained.bpe[1].pieces(russian)]
                for kind, shape in {"encoder": (src, src), "decoder": (trg, trg), "cross": (trg, src)}.items():
                    maps = arrays[f"{i}.{kind}"]
                    assert maps.shape == (2, 2, *map(len, shape)) and maps.dtype == np.float16
                    np.testing.assert_allclose(maps.astype(float).sum(-1), 1, atol=5e-3)
                    if step == 18:
                        ids = [b.encode([text]) for b, text in zip(trained.bpe, (english, russian), strict=True)]
                        (expected,) = attention_maps(trained.model, *ids)
                        np.testing.assert_allclose(maps, expected[kind].numpy(), atol=2e-3)


def test_nothing_is_pickled(run):
    suffixes = {path.suffix for path in run.directory.rglob("*") if path.is_file() and "tensorboard" not in path.parts}
    assert suffixes == {".json", ".jsonl", ".bpe", ".npz", ".safetensors", ".lock", ""}  # "": the empty file `saved`
    for path in run.directory.rglob("*.safetensors"):
        assert load_file(path)
    for path in run.directory.rglob("*"):
        assert path.is_dir() or b"torch._utils" not in path.read_bytes()


def test_a_checkpoint_is_a_model_directory_and_a_state(run):
    names = {path.name for path in run.checkpoint(18).iterdir()}
    model = {"model.json", "model.safetensors", "src.bpe", "trg.bpe"}
    assert names == model | {"training.json", "training.safetensors"}
    sums = json.loads((run.checkpoint(18) / "model.json").read_text())["sha256"]
    assert sums == {name: sha256(run.checkpoint(18) / name) for name in model - {"model.json"}}
    assert {"random.cpu"} <= load_file(run.checkpoint(18) / "training.safetensors").keys()


def test_tensorboard_is_optional(corpus, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)  # import raises ImportError
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    config = TrainingConfig(**{**vars(CONFIG), "max_epochs": 1, "limit_train_batches": 1})
    run = train(config, corpus, tmp_path / "run", device="cpu", progress=0, log=lambda _: None)
    assert run.lines(split="valid") and not (run.directory / "tensorboard").exists()


def test_tensorboard_gets_the_scalars(corpus, tmp_path, monkeypatch):
    """With a writer in its place, so that the law holds where tensorboard is not installed."""
    seen = []

    class Writer:
        def add_scalar(self, name, value, step):
            seen.append((name, step))

        def flush(self):
            pass

    monkeypatch.setattr(Run, "board", lambda self, step: Writer())
    config = TrainingConfig(**{**vars(CONFIG), "max_epochs": 1, "limit_train_batches": 2})
    train(config, corpus, tmp_path / "run", device="cpu", progress=0, log=lambda _: None)
    assert {("train/loss", 2), ("valid/loss", 2), ("valid/bleu", 2), ("valid/chrf", 2)} <= set(seen)


# Which checkpoints are kept


@pytest.fixture
def checkpoints(run, tmp_path):
    """A run in which (step, BLEU, loss) are validated and saved at will, by a model of no weight."""
    trained = load(run.checkpoint(18))

    def save(values: list[tuple[int, float, float]], keep: int) -> Run:
        new = Run.create(tmp_path / f"kept{keep}", run.config, trained.bpe)
        for step, bleu, loss in values:
            new.append("metrics.jsonl", {"step": step, "split": "valid", "bleu": bleu, "loss": loss})
            new.save_checkpoint(step, trained.model, trained.bpe, {"x": torch.zeros(1)}, {}, keep)
        return new

    return save


def test_the_last_ones_and_the_best_are_kept(checkpoints):
    values = [(1, 5.0, 3.0), (2, 9.0, 2.0), (3, 7.0, 1.0), (4, 8.0, 1.0), (5, 6.0, 1.0)]
    run = checkpoints(values, keep=1)
    assert run.steps() == [2, 5] and run.best_step() == 2 and run.last_step() == 5
    assert checkpoints(values, keep=3).steps() == [2, 3, 4, 5]
    assert sorted(p.name for p in (run.directory / "checkpoints").iterdir()) == ["step_00000002", "step_00000005"]


def test_of_equal_bleu_the_lower_loss_is_best(checkpoints):
    run = checkpoints([(1, 0.0, 5.0), (2, 0.0, 3.0), (3, 0.0, 4.0)], keep=1)
    assert run.best_step() == 2 and run.steps() == [2, 3]
    assert load(run.directory).directory == run.checkpoint(2)


# Loading


def test_load_a_run_a_model_directory_and_a_shipped_name(run, copy, tmp_path, monkeypatch):
    best = load(run.directory)
    assert best.directory == run.checkpoint(run.best_step()) and not best.model.training
    shipped = tmp_path / "shipped" / "models" / "small"
    shutil.copytree(best.directory, shipped)
    monkeypatch.setattr(nmt.runs, "shipped", lambda: tmp_path / "shipped")
    for where in (best.directory, str(best.directory), "small"):
        trained = load(where)
        for name, value in trained.model.state_dict().items():
            assert torch.equal(value, best.model.state_dict()[name])
        assert trained.translate("a cat sees snow.") == best.translate(["a cat sees snow."])[0]
        for wrong in (None, 5, [None], b"a cat"):
            with pytest.raises(NmtError, match="a list of sentences"):
                trained.translate(wrong)
    with pytest.raises(NmtError, match=r"--checkpoint large: .*small"):
        load("large")
    shutil.rmtree(copy.directory / "checkpoints")
    with pytest.raises(NmtError, match=r"no checkpoint yet; .*--resume"):
        load(copy.directory)


def _cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def _text(path):
    path.write_text("not a model", encoding="utf-8")


def _other_shape(path):
    save_file({name: value[:1] for name, value in load_file(path).items()}, path)


def _nothing(path):
    path.write_bytes(b"")


def _one_bit(path):
    content = bytearray(path.read_bytes())
    content[-3] ^= 4
    path.write_bytes(content)


def _changed(**values):
    def change(path):
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    change.__name__ = f"_changed_{'_'.join(values)}"
    return change


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("model.safetensors", _cut, "truncated, or not a safetensors file"),
        ("model.safetensors", _text, "truncated, or not a safetensors file"),
        ("model.safetensors", _nothing, "truncated, or not a safetensors file"),
        ("model.safetensors", _other_shape, "do not fit the model"),
        ("model.safetensors", _one_bit, "damaged"),
        ("src.bpe", _cut, "SHA-256"),
        ("trg.bpe", _one_bit, "SHA-256"),
        ("model.json", _text, "damaged"),
        ("model.json", _nothing, "damaged"),
        ("model.json", _changed(transformer={"depth": 3}), "damaged"),
        ("model.json", _changed(transformer=[]), "damaged"),
        ("model.json", _changed(sha256={}), "damaged"),
        ("model.json", _changed(sha256="x"), "damaged"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_damaged_model_directory_is_named(name, damage, message, copy):
    path = copy.checkpoint(18) / name
    damage(path)
    with pytest.raises(NmtError, match=message) as caught:
        load(copy.checkpoint(18))
    assert str(path) in str(caught.value)


def test_a_damaged_best_checkpoint_names_another(copy):
    best = copy.checkpoint(copy.best_step())
    _cut(best / "model.safetensors")
    with pytest.raises(NmtError) as error:
        load(copy.directory)
    assert "take another" not in str(error.value)  # there is none
    shutil.copytree(best, copy.checkpoint(1))
    with pytest.raises(
        NmtError, match=r"is the best checkpoint of the run; take another: --checkpoint .*step_00000001$"
    ):
        load(copy.directory)


@pytest.mark.parametrize("name", ["model.safetensors", "src.bpe", "trg.bpe"])
def test_a_missing_file_is_named(name, copy):
    (copy.checkpoint(18) / name).unlink()
    with pytest.raises(NmtError, match=name):
        load(copy.checkpoint(18))


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"model_type": "bert"}'])
def test_a_damaged_config_is_named(content, copy):
    (copy.directory / "config.json").write_text(content)
    with pytest.raises(NmtError, match=r"config\.json"):
        Run(copy.directory)


def test_lines(copy):
    count = len(copy.lines())
    with open(copy.directory / "metrics.jsonl", "a", encoding="utf-8") as file:
        file.write('{"step": 19, "lo')
    assert len(copy.lines()) == count and copy.lines("none.jsonl") == []
    with open(copy.directory / "metrics.jsonl", "a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(NmtError, match=r"metrics\.jsonl:13: a damaged line"):
        copy.lines()


def test_a_line_that_a_kill_cut_is_no_part_of_the_next(copy):
    before = copy.lines("sessions.jsonl")
    for cut in ('{"time": "2026', "{"):
        with open(copy.directory / "sessions.jsonl", "a", encoding="utf-8") as file:
            file.write(cut)
        copy.append("sessions.jsonl", {"time": "now"})
        before += [{"time": "now"}]
        assert copy.lines("sessions.jsonl") == before
    (copy.directory / "new.jsonl").write_text("half", encoding="utf-8")
    copy.append("new.jsonl", {"a": 1})
    assert copy.lines("new.jsonl") == [{"a": 1}]


def test_forget_after(copy):
    (copy.directory / "checkpoints" / ".step_00000099.1.tmp").mkdir()
    (copy.directory / "frames" / ".step_00000099.npz.1.tmp").touch()
    copy.forget_after(12, keep=1)
    assert {line["step"] for line in copy.lines()} == {2, 4, 6, 8, 10, 12}
    assert {line["step"] for line in copy.lines("samples.jsonl")} == {6, 12}
    assert [step for step, _ in copy.frames()] == [6, 12]
    assert not list(copy.directory.rglob(".*"))


def test_a_new_run_goes_to_where_a_link_points(run, tmp_path):
    (tmp_path / "scratch").mkdir()
    (tmp_path / "mine").symlink_to("scratch")
    new = Run.create(tmp_path / "mine", run.config, run.bpe())
    assert new.config == run.config and (tmp_path / "mine").is_symlink()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_folder_that_cannot_be_put_in_its_place_is_told(run, tmp_path, monkeypatch):
    """As where that is a mount point; one that another process put there first is taken."""

    def busy(here, there, number=errno.EBUSY):
        raise OSError(number, os.strerror(number))

    (tmp_path / "new").mkdir()
    monkeypatch.setattr(os, "rename", busy)
    with pytest.raises(OSError, match="busy"):
        Run.create(tmp_path / "new", run.config, run.bpe())
    monkeypatch.setattr(os, "rename", partial(busy, number=errno.ENOTEMPTY))
    with files.whole_directory(tmp_path / "new") as made:
        (made / "part").touch()
    assert not list((tmp_path / "new").iterdir())
    with pytest.raises(OSError, match="not empty"), files.whole_directory(tmp_path / "named", "--out"):
        (tmp_path / "named").mkdir()
    (tmp_path / "to-nowhere").symlink_to("nowhere")
    for there in ("new", "to-nowhere"):
        with pytest.raises(NmtError, match="exists already"), files.whole_directory(tmp_path / there, "--out"):
            raise AssertionError("the work is not begun")
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path).name == "new")
    with pytest.raises(NmtError, match="exists already, and is not a run; name another"):
        Run.create(tmp_path / "new", run.config, run.bpe())


def test_a_run_is_never_overwritten(run, tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine").touch()
    with pytest.raises(NmtError, match="exists already"):
        Run.create(tmp_path / "taken", {}, load(run.directory).bpe)
