"""What a run or a cache holds stays: checkpoints that are gone, torn files, readers that leave, signals, kills."""

import itertools
import os
import random
import shutil
import signal
import sys
import traceback
from contextlib import redirect_stdout
from dataclasses import replace

import pytest

from nmt.cli import main
from nmt.corpora.corpus import prepare
from nmt.plumbing import files
from nmt.runs import Run
from nmt.tests.faults.test_runs_under_faults import goes_on, half, no_override, run, whole  # noqa: F401  fixtures
from nmt.tests.test_resume import in_child
from nmt.tests.test_training import TINY, _caches, left_behind, quiet, refused  # noqa: F401  fixture
from nmt.training import Trainer

pytest.importorskip("fcntl", reason="needs POSIX")


def as_no_root(function) -> None:
    """function(), in a child for which permissions hold."""

    def child():
        if os.geteuid() == 0:
            no_override()
        function()

    assert not in_child(child, lambda *_: False)


# Checkpoints that are gone


def test_checkpoints_that_cannot_be_listed(run, corpus, whole):  # noqa: F811
    before, folder = left_behind(run), run.directory / "checkpoints"
    folder.chmod(0)
    as_no_root(lambda: refused("checkpoints: Permission denied; .*chmod", TINY, corpus, run.directory, resume=True))
    folder.chmod(0o755)
    assert left_behind(run) == before
    goes_on(run, corpus, whole)


@pytest.mark.parametrize("gone", ["the folder", "what is in it"])
@pytest.mark.parametrize("when", ["after one epoch", "of a run of two"])
def test_checkpoints_that_are_gone(gone, when, run, corpus, whole, tmp_path):  # noqa: F811
    if when != "after one epoch":
        quiet(TINY, corpus, run.directory, resume=True)
    folder = run.directory / "checkpoints"
    shutil.copytree(run.directory, tmp_path / "before")
    for path in [folder] if gone == "the folder" else folder.glob("step_*"):
        shutil.rmtree(path)
    refused(
        f"{folder}: the checkpoints of this run are gone; bring them back", TINY, corpus, run.directory, resume=True
    )
    assert run.lines() == Run(tmp_path / "before").lines() and run.frames()
    shutil.copytree(tmp_path / "before" / "checkpoints", folder, dirs_exist_ok=True)
    goes_on(run, corpus, whole)


@pytest.mark.parametrize("torn", ["", "{", '{"process": 1', "[]", "\0\0\0", "\xff"])
def test_torn_notes_of_a_process(torn, run, corpus, whole):  # noqa: F811
    with open(run.directory / "sessions.jsonl", "a", encoding="latin-1") as file:
        file.write(torn)
    (run.directory / "lock.json").write_text(torn, encoding="latin-1")
    with files.claimed(run.directory / "run.lock"):
        refused(r"process \? on \? is training there", TINY, corpus, run.directory, resume=True)
    goes_on(run, corpus, whole)


# Readers and signals


def command_line(corpus, directory) -> list[str]:
    flags = "gpus 0, num_blocks 1, hidden_dim 16, num_heads 2, d_ff 32, src_vocab_size 80, trg_vocab_size 80, "
    flags += "batch_size 20, max_epochs 2, noam_opt_warmup_steps 20, limit_val_batches 1, lr 1, "
    flags += f"val_batch_size 8, checkpoint_every_n_steps 3, log_every_n_steps 2, run {directory}"
    return ["train", "--data", corpus.data[0], *" ".join(f"--{flag}" for flag in flags.split(", ")).split()]


@pytest.mark.parametrize("where", ["a pipe without a reader", "/dev/full", "closed"])
def test_nobody_reads_the_log(where, corpus, tmp_path, whole, monkeypatch, capsys):  # noqa: F811
    if where == "closed":
        monkeypatch.setattr("sys.stdout", None)
        assert main(command_line(corpus, tmp_path / "run")) == 0
    else:
        reading, writing = os.pipe()
        os.close(reading)
        target = writing if where.startswith("a pipe") else os.open("/dev/full", os.O_WRONLY)
        with open(target, "w", buffering=1, encoding="utf-8") as gone, redirect_stdout(gone):
            assert main(command_line(corpus, tmp_path / "run")) == 0
        assert "the output cannot be written" in capsys.readouterr().err
    assert left_behind(Run(tmp_path / "run")) == whole


KEEPING = replace(TINY, keep_checkpoints=3, max_epochs=3, dropout=0.2)


def in_a_process(function) -> int:
    """The exit status of a child that calls function(); negative: the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            function()
            os._exit(0)
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def train_and_signal(corpus, directory, number, last, handler) -> None:
    """Train; after step `last` the signal comes."""
    step = Trainer.step

    def signalled(self, group):
        step(self, group)
        if self.state.step == last:
            os.kill(os.getpid(), number)

    signal.signal(number, handler)
    Trainer.step = signalled
    quiet(KEEPING, corpus, directory)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_end_leaves_a_checkpoint_of_the_last_step(number, corpus, tmp_path):
    expected = left_behind(quiet(KEEPING, corpus, tmp_path / "whole"))
    for last in random.Random(number).sample(range(1, 24), 2):
        directory = tmp_path / f"signal after {last}"
        end = in_a_process(lambda: train_and_signal(corpus, directory, number, last, signal.SIG_DFL))  # noqa: B023
        assert (end, Run(directory).last_step()) == (-number, last)
        assert left_behind(quiet(KEEPING, corpus, directory, resume=True)) == expected, last


def test_a_signal_that_is_ignored_stays_so(corpus, tmp_path):
    """As under nohup."""
    assert in_a_process(lambda: train_and_signal(corpus, tmp_path / "run", signal.SIGHUP, 5, signal.SIG_IGN)) == 0
    assert round(Run(tmp_path / "run").lines(split="valid")[-1]["epoch"]) == KEEPING.max_epochs


# The disk, and what killed processes leave there


def test_a_checkpoint_is_on_the_disk_before_it_has_its_name_and_the_old_one_goes(corpus, tmp_path, monkeypatch):
    """Also the log: of a power cut, a run must not know less than its checkpoint."""
    done, rename, rmtree = [], os.rename, shutil.rmtree
    monkeypatch.setattr(os, "fsync", lambda opened: done.append(os.readlink(f"/proc/self/fd/{opened}")))
    monkeypatch.setattr(os, "rename", lambda old, new, **_: (done.append(f"rename {new}"), rename(old, new)))
    monkeypatch.setattr(shutil, "rmtree", lambda path, **_: (done.append(f"gone {path}"), rmtree(path, **_)))
    trained = quiet(replace(TINY, max_epochs=1), corpus, tmp_path / "run")
    for step in (3, 6, 8):
        named = done.index(f"rename {trained.checkpoint(step)}")
        synced = [path for path in done[:named] if f".step_{step:08}." in path]
        assert {path.rpartition("/")[2] for path in synced} >= {"model.safetensors", "training.json", "src.bpe"}
        assert str(trained.directory / "metrics.jsonl") in done[:named]
        after = done[named:]
        assert step == 3 or after.index(str(trained.checkpoint(0).parent)) < next(
            i for i, what in enumerate(after) if what.startswith("gone") and what.endswith(".tmp")
        )


@pytest.mark.parametrize("whole_one", [files.whole_file, files.whole_directory])
def test_what_a_killed_process_left_is_swept_and_what_a_living_one_has_is_not(whole_one, tmp_path):
    """Both have one process number, as the first process of each of two containers."""
    place, (told, tell), (held, hold) = tmp_path / "cache" / "entry", os.pipe(), os.pipe()

    def build(then):
        with whole_one(place) as new:
            (new / "part" if new.is_dir() else new).write_text("theirs")
            then()

    living = os.fork()
    if living == 0:
        build(lambda: (os.write(tell, b"!"), os.read(held, 1)))
        os._exit(0)
    os.read(told, 1)
    theirs = os.listdir(place.parent)
    assert in_a_process(lambda: build(lambda: signal.raise_signal(signal.SIGKILL))) == -signal.SIGKILL
    assert len(os.listdir(place.parent)) == 2 and len(theirs) == 1
    (place.parent / ".mine.1234.tmp").touch()  # somebody else's
    build(lambda: None)
    assert sorted(os.listdir(place.parent)) == sorted([*theirs, "entry", ".mine.1234.tmp"])
    os.write(hold, b"!")
    assert os.waitpid(living, 0)[1] == 0
    assert sorted(os.listdir(place.parent)) == [".mine.1234.tmp", "entry"]
    assert (place / "part" if place.is_dir() else place).read_text() == "theirs"


def test_a_first_preparation_killed_at_any_moment_leaves_nothing(corpus, tmp_path):
    """Corpus, vocabularies and run: the next start sweeps what it finds."""
    dice = random.Random(1)
    for trial in range(3):
        here = tmp_path / str(trial)

        def prepared(here=here):
            os.environ["NMT_DATA"] = str(here / "cache")
            return quiet(replace(TINY, max_epochs=1), prepare(corpus.data[0], here / "cache"), here / "runs" / "run")

        last, moments = dice.randint(1, 12), itertools.count(1)
        assert in_child(prepared, lambda *_, last=last, moments=moments: next(moments) == last)
        if (here / "runs" / "run").exists():
            continue
        assert in_a_process(prepared) == 0
        assert not list(here.rglob(".*.tmp")), last
