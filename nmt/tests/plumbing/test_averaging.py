"""The mean of checkpoints is the mean; what has none is refused."""

import re
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from nmt import NmtError
from nmt.cli import main
from nmt.plumbing.averaging import average_last
from nmt.plumbing.files import read_json
from nmt.runs import Run, load
from nmt.tests.test_training import TINY, _caches, quiet  # noqa: F401  fixture

CONFIG = replace(TINY, max_epochs=1, keep_checkpoints=3, checkpoint_every_n_steps=2)


@pytest.fixture(scope="module")
def run(corpus, tmp_path_factory) -> Run:
    """Checkpoints of the steps 4, 6 and 8."""
    return quiet(CONFIG, corpus, tmp_path_factory.mktemp("averaging") / "run")


def test_it_is_the_mean(run, tmp_path, capsys):
    assert main(["average", "--run", str(run.directory), "--last", "3", "--out", str(tmp_path / "mean")]) == 0
    assert str(tmp_path / "mean") in capsys.readouterr().out
    files = [run.checkpoint(step) / "model.safetensors" for step in (4, 6, 8)]
    parts, mean = [load_file(file) for file in files], load_file(tmp_path / "mean" / "model.safetensors")
    assert mean.keys() == parts[0].keys()
    for name, value in mean.items():
        expected = torch.stack([part[name].double() for part in parts]).mean(0)
        torch.testing.assert_close(value, expected.to(value.dtype), rtol=1e-7, atol=0)
        assert not torch.equal(value, parts[-1][name])
    assert load(tmp_path / "mean").translate("a cat sees snow.") is not None
    assert read_json(tmp_path / "mean" / "average.json")["of"] == [str(run.checkpoint(step)) for step in (4, 6, 8)]


def test_of_one_it_is_that_one(run, tmp_path):
    mean = load_file(average_last(run, 1, tmp_path / "mean") / "model.safetensors")
    last = load_file(run.checkpoint(8) / "model.safetensors")
    assert all(torch.equal(value, last[name]) for name, value in mean.items())


def test_a_full_disk(run, tmp_path, capsys):
    """Nothing is left; where there is room again the same command comes to its end."""
    resource = pytest.importorskip("resource", reason="needs POSIX")
    command = ["average", "--run", str(run.directory), "--last", "2", "--out", str(tmp_path / "mean")]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (run.checkpoint(8) / "model.safetensors").stat().st_size
    for room in (size - 1, 100):  # of the weights, of the vocabularies
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        try:
            assert main(command) == 2
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert re.search("nmt: error: File too large: .*mean.*; make room there", capsys.readouterr().err)
        assert not list(tmp_path.iterdir())
    assert main(command) == 0 and load(tmp_path / "mean")


def test_more_than_there_are_are_refused(run, tmp_path):
    for last, said in ((0, "--last must be at least 1"), (4, "keeps its last 3 checkpoints; train with --keep_check")):
        with pytest.raises(NmtError, match=said):
            average_last(run, last, tmp_path / "mean")
    with pytest.raises(NmtError, match=r"--out .* exists already"):
        average_last(run, 2, tmp_path)
    assert not list(tmp_path.iterdir())
