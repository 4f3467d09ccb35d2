"""A full disk, one that may not be written, two processes in one run, Ctrl-C, a GPU too small: the run goes on."""

import ctypes
import itertools
import os
import shutil
import signal
import sys
import traceback
from dataclasses import replace

import pytest
import torch

from nmt.plumbing.checkpoints import TrainingState
from nmt.runs import Run
from nmt.tests.test_training import TINY, _caches, left_behind, quiet, refused  # noqa: F401  fixture
from nmt.training import Trainer
from nmt.transformer import Transformer

resource = pytest.importorskip("resource", reason="needs POSIX")


@pytest.fixture(scope="module")
def whole(corpus, tmp_path_factory) -> dict:
    """What a run leaves to which nothing happened."""
    return left_behind(quiet(TINY, corpus, tmp_path_factory.mktemp("whole") / "run"))


@pytest.fixture(scope="module")
def half(corpus, tmp_path_factory) -> Run:
    """The first of its two epochs; the last checkpoint is that of step 8."""
    return quiet(replace(TINY, max_epochs=1), corpus, tmp_path_factory.mktemp("half") / "run")


@pytest.fixture
def run(half, tmp_path) -> Run:
    return Run(shutil.copytree(half.directory, tmp_path / "run"))


def goes_on(run: Run, corpus, whole) -> None:
    assert left_behind(quiet(TINY, corpus, run.directory, resume=True)) == whole
    assert not list(run.directory.rglob("*.tmp"))


# The disk


@pytest.mark.parametrize("name", ["model.safetensors", "training.safetensors", "metrics.jsonl", "samples.jsonl"])
def test_a_disk_that_fills_up(name, run, corpus, whole):
    """The file that is named is the first too large for it."""
    (file,) = (path for path in run.directory.rglob(name) if "00000006" not in path.parts[-2])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    room = file.stat().st_size + (20 if name.endswith("jsonl") else -1)
    before = left_behind(run)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        refused(
            "make room there, then go on with nmt train --run .* --resume; .*step 8",
            TINY,
            corpus,
            run.directory,
            resume=True,
        )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    held = left_behind(run)
    assert {key: held[key] for key in before if "jsonl" not in key} == {
        key: value for key, value in before.items() if "jsonl" not in key
    }
    goes_on(run, corpus, whole)


def test_a_line_that_finds_no_room_is_not_begun(run):
    before = run.lines("sessions.jsonl")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((run.directory / "sessions.jsonl").stat().st_size + 5, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            run.append("sessions.jsonl", {"time": "now"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (run.directory / "sessions.jsonl").read_text().endswith("\n")
    run.append("sessions.jsonl", {"time": "later"})
    assert run.lines("sessions.jsonl") == [*before, {"time": "later"}]


def no_override() -> None:
    """What root may do in spite of permissions is given up by this process (Linux, capset(2))."""
    header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.capget(header, data) == 0
    data[0] &= ~0b111  # CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, of those in effect
    assert libc.capset(header, data) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.parametrize("folder", [".", "checkpoints"])
def test_a_directory_that_may_not_be_written(folder, run, corpus, whole):
    before = left_behind(run)
    closed = [run.directory / folder]
    if folder == ".":
        closed += [run.directory / "lock.json", run.directory / "run.lock"]
    for path in closed:
        path.chmod(0o555 if path.is_dir() else 0o444)
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                no_override()
            refused("Permission denied.*it must be writable.*step 8", TINY, corpus, run.directory, resume=True)
            os._exit(0)
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    for path in closed:
        path.chmod(0o755)
    if folder == ".":
        assert left_behind(run) == before
    goes_on(run, corpus, whole)


# Two processes


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_two_processes_in_one_run(run, corpus, whole):
    held, hold = os.pipe()
    child = os.fork()
    if child == 0:
        with run.lock():
            os.write(hold, b"!")
            signal.pause()
    os.read(held, 1)
    before = left_behind(run)
    refused(f"process {child} on .* is training there", TINY, corpus, run.directory, resume=True)
    assert left_behind(run) == before and len(run.lines("sessions.jsonl")) == 1
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    goes_on(run, corpus, whole)  # what a killed process held is free


# Ctrl-C in a notebook, and a GPU that is too small


@pytest.mark.parametrize(("owner", "where"), [(Trainer, "step"), (Trainer, "validate"), (TrainingState, "_write")])
def test_ctrl_c(owner, where, corpus, tmp_path, whole, monkeypatch):
    """In the same process, by the next cell: nothing is held by what was interrupted."""
    function, calls, state = getattr(owner, where), itertools.count(1), torch.get_rng_state()

    def interrupted(self, *arguments):
        if next(calls) == {"step": 13, "validate": 2, "_write": 5}[where]:
            raise KeyboardInterrupt
        return function(self, *arguments)

    monkeypatch.setattr(owner, where, interrupted)
    with pytest.raises(KeyboardInterrupt):
        quiet(TINY, corpus, tmp_path / "run")
    monkeypatch.undo()
    run = Run(tmp_path / "run")
    assert run.last_step() and torch.equal(state, torch.get_rng_state())
    goes_on(run, corpus, whole)


@pytest.mark.parametrize("size", [{"batch_size": 20}, {"batch_tokens": 300, "batch_size": 20}])
def test_memory_of_the_gpu(size, corpus, tmp_path, monkeypatch):
    config = replace(TINY, dropout=0.0, limit_val_batches=None, **size)
    whole = quiet(config, corpus, tmp_path / "whole")
    encode, calls = Transformer.encode, itertools.count(1)

    def small(self, *arguments):
        if next(calls) > 5:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has …")
        return encode(self, *arguments)

    monkeypatch.setattr(Transformer, "encode", small)
    name, number = ("batch_tokens", 300) if "batch_tokens" in size else ("batch_size", 20)
    message = rf"too small for --{name} {number}: CUDA out of memory\..*--split_batches 2.*step 3"
    refused(message, config, corpus, tmp_path / "run", resume=False)
    monkeypatch.undo()
    # As the message says: the same steps, each batch in two parts; validation in smaller ones.
    run = quiet(replace(config, split_batches=2, val_batch_size=5), corpus, tmp_path / "run", resume=True)
    for a, b in zip(whole.lines(), run.lines(), strict=True):
        assert b["step"] == a["step"] and b["loss"] == pytest.approx(a["loss"], rel=1e-4)


def test_other_faults_keep_their_names(corpus, tmp_path):
    """Only the disk and the GPU are told as such; a reader of our output that has gone is for the command line."""

    def gone(*_):
        raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(BrokenPipeError):
        quiet(TINY, corpus, tmp_path / "run", log=gone)
