"""Two processes on the CPU (gloo) train as one does: the same loss curve, one run directory, resumed as if unbroken."""

import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

import nmt
from nmt import NmtError
from nmt.objective import Objective
from nmt.plumbing import distributed
from nmt.runs import Run
from nmt.tests.test_resume import WATCHED, _watched
from nmt.tests.test_training import TINY, _caches, left_behind, quiet, weights  # noqa: F401  fixture

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
CPU = torch.device("cpu")


def in_processes(function, kill=None) -> list[int]:
    """function() in two processes, as torchrun would start them; their exit statuses, 3 after an NmtError.

    The first is killed at the first moment for which kill(name, when) is true; then the other one is too, unless it
    has noticed by then that it is alone, and failed.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = {"WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "TORCHELASTIC_RUN_ID": "test"}
    children = []
    for rank in range(2):
        children.append(os.fork())
        if children[-1] == 0:
            try:
                os.environ.update({k: str(v) for k, v in {**started, "RANK": rank, "LOCAL_RANK": rank}.items()})
                if kill and rank == 0:
                    for owner, names in WATCHED.items():
                        for name in names:
                            setattr(owner, name, _watched(getattr(owner, name), name, kill))
                function()
                os._exit(0)
            except SystemExit as end:
                os._exit(end.code)
            except NmtError:
                os._exit(3)
            except BaseException:
                if not kill:
                    import traceback

                    traceback.print_exc(file=sys.__stderr__)
                os._exit(1)
    first = os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1])
    if first == -signal.SIGKILL:
        os.kill(children[1], signal.SIGKILL)
    return [first, os.waitstatus_to_exitcode(os.waitpid(children[1], 0)[1])]


def two(config, corpus, directory, kill=None, **options) -> Run:
    statuses = in_processes(lambda: quiet(config, corpus, directory, **options), kill)
    if kill:
        assert statuses[0] == -signal.SIGKILL and statuses[1] in (-signal.SIGKILL, 1)
    else:
        assert statuses == [0, 0]
    return Run(directory)


# 145 pairs: the last batch of 16 is a single pair, and the second process has nothing of it.
CURVES = {
    "16 pairs": replace(TINY, batch_size=16),
    "by tokens, two batches a step": replace(TINY, batch_tokens=300, accumulate_grad_batches=2),
    "each batch in three parts": replace(TINY, split_batches=3, scheduler="plateau", lr=1e-3, scheduler_patience=0),
}


@pytest.mark.parametrize("name", CURVES)
def test_the_loss_curve_is_that_of_one_process(name, corpus, tmp_path):
    config = replace(CURVES[name], dropout=0.0, log_every_n_steps=1, keep_checkpoints=2)
    one = quiet(replace(config, split_batches=1), corpus, tmp_path / "one")
    both = two(config, corpus, tmp_path / "two")
    assert len(one.lines()) == len(both.lines())
    for a, b in zip(one.lines(), both.lines(), strict=True):
        assert (a["step"], a["epoch"], a["split"]) == (b["step"], b["epoch"], b["split"])
        assert b["loss"] == pytest.approx(a["loss"], rel=1e-4) and b["lr"] == pytest.approx(a["lr"])
    assert one.steps() == both.steps()
    # Moments are linear in the gradients: these are means over the tokens of both processes, not means of means.
    moments = [load_file(run.checkpoint(run.steps()[0]) / "training.safetensors") for run in (one, both)]
    for key, value in moments[0].items():
        if key.endswith("exp_avg"):
            torch.testing.assert_close(moments[1][key], value, rtol=1e-2, atol=1e-5)


def test_written_once(corpus, tmp_path):
    one, both = quiet(TINY, corpus, tmp_path / "one"), two(TINY, corpus, tmp_path / "two")

    def files(run: Run) -> list[str]:
        names = (str(path.relative_to(run.directory)) for path in run.directory.rglob("*"))
        return sorted(name for name in names if not name.startswith("tensorboard/"))

    def steps(run: Run, name: str) -> list[int]:
        return [line["step"] for line in run.lines(name)]

    assert files(one) == files(both)
    assert all(steps(one, name) == steps(both, name) for name in ("metrics.jsonl", "samples.jsonl"))
    assert [line["processes"] for r in (one, both) for line in r.lines("sessions.jsonl")] == [1, 2]


def test_killed_and_resumed_is_never_killed(corpus, tmp_path):
    """Each process has random numbers of its own, for dropout, and goes on with them."""
    config = replace(TINY, accumulate_grad_batches=2, checkpoint_every_n_steps=1)
    whole = two(config, corpus, tmp_path / "whole")
    moments = itertools.count()
    killed = two(
        config, corpus, tmp_path / "run", lambda name, when: (name, when) == ("step", "after") and next(moments) == 4
    )
    assert killed.last_step() == 4
    spare = shutil.copytree(killed.directory, tmp_path / "spare")
    assert left_behind(two(config, corpus, killed.directory, resume=True)) == left_behind(whole)
    states = load_file(whole.checkpoint(8) / "training.safetensors")
    assert not torch.equal(states["random.cpu"], states["random.cpu.1"])
    alone = quiet(config, corpus, spare, resume=True)  # the other way is possible, if not the same to the bit
    assert "resuming from step 4" in alone.said and alone.last_step() == 8
    assert all(value.isfinite().all() for value in weights(alone).values())


def test_pruning_is_refused(corpus, tmp_path):
    class Pruning(Objective):
        plain = False

    assert in_processes(lambda: quiet(TINY, corpus, tmp_path / "run", objective=Pruning())) == [3, 3]
    assert not (tmp_path / "run").exists()


def test_the_first_goes_before_the_others_and_its_failure_ends_them(tmp_path):
    def prepare():
        with distributed.joined(CPU):
            written = distributed.first_before_others(lambda: (tmp_path / "order").open("a").write(f"{os.getpid()}\n"))
            assert written and distributed.by_first(os.getpid) == int((tmp_path / "order").read_text().split()[0])
            assert distributed.anywhere(distributed.rank() == 1) and not distributed.anywhere(False)

    assert in_processes(prepare) == [0, 0]
    assert len(set((tmp_path / "order").read_text().split())) == 2

    def fail():
        raise NmtError("no such corpus")

    def refused():
        with distributed.joined(CPU):
            distributed.first_before_others(fail)

    assert in_processes(refused) == [3, 2]


def test_torchrun(corpus, tmp_path):
    """The command line, with a cache that is empty: prepared, said and written once."""
    flags = "--gpus 0 --num_blocks 1 --hidden_dim 16 --num_heads 2 --batch_size 50 --max_epochs 1 --val_batch_size 4 "
    flags += f"--src_vocab_size 80 --trg_vocab_size 80 --limit_val_batches 1 --run_dir {tmp_path / 'run'}"
    command = [
        sys.executable,
        *["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "nmt", "train"],
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "NMT_DATA": str(tmp_path / "cache")}
    environment |= {"PYTHONPATH": os.path.dirname(os.path.dirname(nmt.__file__))}
    command += ["--data", corpus.data[0], *flags.split()]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"^preparing ", done.stderr, re.M)) == 1
    assert len(re.findall(r"^done: ", done.stdout, re.M)) == 1 and "in 2 processes, from step 0" in done.stdout
    assert Run(tmp_path / "run").last_step() == 3
