"""What is kept for movies: it comes back as it was, says where it is from, stays small, and nothing is pickled."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import nmt
from nmt import NmtError
from nmt.analysis import attention_maps
from nmt.models import WEIGHTS
from nmt.plumbing.files import sha256, write_json
from nmt.plumbing.places import shipped
from nmt.runs import Run
from nmt.tests.test_training import TINY, quiet
from nmt.transformer import KINDS

films = pytest.importorskip("films", reason="needs the clone: data")
record_histories = pytest.importorskip("record_histories", reason="needs the clone: data")
History, as_weights, read, write = films.History, films.as_weights, films.read_history, record_histories.write
LARGEST = 3_000_000  # bytes of the folder of histories: everyone who clones the course clones it
ABOUT = {"what": "a test", "from": {"run": "none"}}


@pytest.fixture(scope="module")
def run(corpus, bpe, tmp_path_factory) -> Run:
    """Two epochs of a tiny model: two frames."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMT_DATA", str(corpus.directory.parent.parent))
        patch.setattr(Run, "board", lambda self, step: None)
        config = replace(TINY, max_epochs=2, limit_train_batches=4, limit_val_batches=1, val_batch_size=5)
        return quiet(config, corpus, tmp_path_factory.mktemp("runs") / "tiny")


def test_a_history_comes_back_as_it_was(tmp_path):
    generator = np.random.default_rng(1)
    arrays = {
        "steps": np.array([1, 70_000], np.int32),
        "0.cross": generator.random((2, 3, 4)).astype(np.float16),
        "maps": generator.integers(0, 256, (2, 5), np.uint8),
    }
    write("one", History(arrays, {**ABOUT, "pieces": ["▁кош", "ка"]}), tmp_path)
    back = read("one", tmp_path)
    assert back.about == {**ABOUT, "pieces": ["▁кош", "ка"]} and back.arrays.keys() == arrays.keys()
    assert all(np.array_equal(back.arrays[k], a) and back.arrays[k].dtype == a.dtype for k, a in arrays.items())
    assert "кош" in (tmp_path / "one.json").read_text(encoding="utf-8")


def test_the_same_history_is_the_same_file(tmp_path):
    history = History({"steps": np.arange(5, dtype=np.int32)}, ABOUT)
    first, second = (write("one", history, tmp_path / name).read_bytes() for name in "ab")
    assert first == second


def test_weights_are_from_0_to_1_however_they_are_stored():
    assert as_weights(np.array([0, 51, 255], np.uint8)).tolist() == pytest.approx([0, 0.2, 1])
    assert as_weights(np.array([0.5], np.float16)).tolist() == [0.5]


def test_what_does_not_belong_into_a_history_is_refused(tmp_path):
    for array in (np.zeros(3, np.float32), np.array(["text"]), np.array([{}], object)):
        with pytest.raises(NmtError, match="a history holds"):
            write("bad", History({"x": array}, ABOUT), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_pickle_a_damaged_file_and_another_type_are_not_read(tmp_path):
    with pytest.raises(NmtError, match="no such file"):
        read("none", tmp_path)
    for name, array in (("pickle", np.array([{"a": 1}], object)), ("weights", np.zeros(3, np.float32))):
        np.savez_compressed(tmp_path / f"{name}.npz", x=array)
        write_json(tmp_path / f"{name}.json", {**ABOUT, "sha256": sha256(tmp_path / f"{name}.npz")})
        with pytest.raises(NmtError, match="not arrays of numbers" if name == "pickle" else "float32; a history holds"):
            read(name, tmp_path)
    path = write("cut", History({"x": np.zeros(1000, np.uint8)}, ABOUT), tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(NmtError, match="not the file that"):
        read("cut", tmp_path)


def test_frames_of_a_run_become_one_history(run, tmp_path):
    record_histories.main(["--run", str(run.directory), "--out", str(tmp_path)])
    history, frames = read("training", tmp_path), run.frames()
    assert history.arrays["steps"].tolist() == [step for step, _ in frames] and len(frames) == 2
    for n, (step, path) in enumerate(frames):
        with np.load(path, allow_pickle=False) as frame:
            for i, about in enumerate(history.about["sentences"]):
                for kind in KINDS:
                    stored = as_weights(history.arrays[f"{i}.{kind}"][n])
                    assert np.abs(stored - frame[f"{i}.{kind}"].astype(np.float32)).max() < 0.003
                assert history.arrays[f"{i}.cross"].shape[-2:] == (len(about["trg"]), len(about["src"]))
                assert about["src"] == frame[f"{i}.src"].tolist()
                said = run.lines("samples.jsonl", step=step)[i]
                assert (about["source"], about["translations"][n]) == (said["source"], said["translation"])
    assert history.about["from"]["run"] == "tiny" and len(history.about["loss"]) == 2
    assert str(run.directory.parent) not in (tmp_path / "training.json").read_text(encoding="utf-8")


def test_a_run_without_frames_is_refused(tmp_path):
    write_json(tmp_path / "config.json", {"training": {}, "corpus": {}, "bpe": {}})
    with pytest.raises(NmtError, match="nothing in its frames"):
        record_histories.training(Run(tmp_path))


def test_the_map_of_a_whole_translation_holds_each_of_its_steps(run, tmp_path):
    """What the movie relies on: row t is the same, whether or not anything was written after it."""
    record_histories.main(["--checkpoint", str(run.directory), "--out", str(tmp_path)])
    history = read("translating", tmp_path)
    about, sentence = history.about["sentences"][0], record_histories.SENTENCES[0]
    trained = nmt.load(run.directory)
    assert about["translation"] == trained.translate(sentence, beam=1)
    (source,), (target,) = trained.bpe[0].encode([sentence]), trained.bpe[1].encode([about["translation"]])
    for t in range(len(target) + 1):
        (maps,) = attention_maps(trained.model, [source], [target[:t]])
        stored = torch.from_numpy(as_weights(history.arrays["0.cross"]))[:, :, t]
        torch.testing.assert_close(stored, maps["cross"][:, :, t], atol=1e-3, rtol=0)
    assert history.about["from"].keys() == {"model", "sha256", "code"}


SHIPPED = sorted(films.FOLDER.glob("*.npz"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_history_that_ships_is_whole_small_and_says_where_it_is_from(path):
    history = read(path.stem)
    assert history.about["what"] and history.about["from"]
    assert history.about["from"].get("corpus", "phrasebook") == "phrasebook"  # no sentence of anybody else
    assert {array.dtype.name for array in history.arrays.values()} <= set(films.DTYPES)
    assert sum(file.stat().st_size for file in path.parent.iterdir()) <= LARGEST
    for i, about in enumerate(history.about["sentences"]):
        for kind in KINDS:
            sums = as_weights(history.arrays[f"{i}.{kind}"]).sum(-1)
            assert np.abs(sums - 1).max() < 0.03  # uint8 rounds each weight
        assert history.arrays[f"{i}.cross"].shape[-2:] == (len(about["trg"]), len(about["src"]))


def test_the_translating_model_of_the_history_that_ships_is_the_one_that_ships():
    origin, script = read("translating").about["from"], "python data/record_histories.py"
    assert origin["sha256"] == sha256(shipped() / "models" / origin["model"] / WEIGHTS), script
