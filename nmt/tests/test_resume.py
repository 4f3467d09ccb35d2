"""Killed at any moment and resumed = never killed, bit for bit (CPU); and what --resume, --checkpoint, --run refuse."""

import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace

import pytest
import torch

import nmt.runs
import nmt.training
from nmt import UNK, NmtError
from nmt.attention import FixedGate
from nmt.corpora.corpus import prepare
from nmt.runs import Run
from nmt.tests.test_training import TINY, left_behind, quiet, refused


@pytest.fixture(scope="module", autouse=True)
def _caches(corpus, bpe):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMT_DATA", str(corpus.directory.parent.parent))
        yield


VARIANTS = {
    "noam, sentences, two batches a step": replace(TINY, accumulate_grad_batches=2, checkpoint_every_n_steps=2),
    "plateau, tokens": replace(
        TINY, scheduler="plateau", lr=0.5, norm="post", tied=False, scheduler_patience=0, batch_tokens=300, max_epochs=4
    ),
    "noam, tokens, two batches a step, every second epoch validated": replace(
        TINY,
        batch_tokens=200,
        accumulate_grad_batches=2,
        check_val_every_n_epoch=2,
        precision="bf16",
        keep_checkpoints=2,
        max_epochs=3,
    ),
    "stopped early": replace(TINY, scheduler="no", lr=0.1, patience=2, max_epochs=20, checkpoint_every_n_steps=5),
}
WATCHED = {  # the moments at which a process may be killed: before and after each call of these
    nmt.training.Trainer: ("step", "validate"),
    Run: ("append", "save_frames", "save_checkpoint", "forget_after"),
    os: ("rename", "replace"),
}


def in_child(function, kill) -> bool:
    """Run function() in a child that ends by SIGKILL at the first moment for which kill(name, when) is true.

    Returns whether it was killed; a child that fails otherwise fails the test.
    """
    child = os.fork()
    if child == 0:
        try:
            for owner, names in WATCHED.items():
                for name in names:
                    setattr(owner, name, _watched(getattr(owner, name), name, kill))
            function()
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed, see stderr"
    return os.WIFSIGNALED(status)


def _watched(function, name, kill):
    def watched(*arguments, **options):
        if kill(name, "before"):
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*arguments, **options)
        if kill(name, "after"):
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return watched


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")


@needs_fork
@pytest.mark.parametrize("variant", VARIANTS)
def test_killed_at_random_and_resumed_is_never_killed(variant, corpus, tmp_path):
    config, dice = VARIANTS[variant], random.Random(variant)
    expected = left_behind(quiet(config, corpus, tmp_path / "whole"))
    directory, kills = tmp_path / "killed", 0
    for _ in range(100):  # more than a run of ten epochs needs
        resume = directory.exists()
        moments, last = itertools.count(), dice.randint(10, 60)
        if not in_child(
            lambda: quiet(config, corpus, directory, resume=resume),  # noqa: B023
            lambda name, when: next(moments) == last,  # noqa: B023
        ):
            break
        kills += 1
    assert kills >= 2
    run = Run(directory)
    assert left_behind(run) == expected
    assert (config.patience is None) == (round(run.lines(split="valid")[-1]["epoch"]) == config.max_epochs)
    assert not list(run.directory.rglob("*.tmp"))
    assert len(run.lines("sessions.jsonl")) >= 2


@pytest.fixture(scope="module")
def whole(corpus, tmp_path_factory) -> tuple[Run, dict]:
    run = quiet(TINY, corpus, tmp_path_factory.mktemp("whole") / "run")
    return run, left_behind(run)


NAMED_MOMENTS = {  # name of the call, its number, before or after; steps known when it goes on
    "before the first checkpoint": ("step", 2, "after", 0),
    "between the step and its checkpoint": ("step", 6, "after", 3),
    "in the middle of an epoch": ("step", 5, "after", 3),
    "between the lines of a validation": ("save_frames", 1, "before", 6),
    "between validation and checkpoint": ("validate", 1, "after", 6),
    "at the boundary of an epoch": ("save_checkpoint", 3, "after", 8),
    "while a checkpoint is written": ("rename", 3, "before", 3),  # of the run, of step 3, of step 6
}


@needs_fork
@pytest.mark.parametrize("moment", NAMED_MOMENTS)
def test_killed_at_a_named_moment(moment, corpus, tmp_path, whole):
    name, number, when, step = NAMED_MOMENTS[moment]
    calls = itertools.count(1)
    assert in_child(
        lambda: quiet(TINY, corpus, tmp_path / "run"),
        lambda called, at: (called, at) == (name, when) and next(calls) == number,
    )
    run = quiet(TINY, corpus, tmp_path / "run", resume=True)
    assert f"resuming from step {step}" in run.said
    assert left_behind(run) == whole[1]
    assert not list(run.directory.rglob("*.tmp"))


def test_a_line_cut_by_a_kill_is_written_again(corpus, tmp_path, whole):
    run = quiet(replace(TINY, max_epochs=1), corpus, tmp_path / "run")
    with open(run.directory / "metrics.jsonl", "a", encoding="utf-8") as file:
        file.write('{"step": 10, "epo')
    assert left_behind(quiet(TINY, corpus, run.directory, resume=True)) == whole[1]


def test_more_epochs_are_as_if_asked_for_at_once(corpus, tmp_path, whole):
    run = quiet(replace(TINY, max_epochs=1), corpus, tmp_path / "run")
    run = quiet(TINY, corpus, run.directory, resume=True)
    assert "resuming from step 8 (epoch 2)" in run.said
    assert left_behind(run) == whole[1]
    assert [line["from_step"] for line in run.lines("sessions.jsonl")] == [0, 8]
    again = quiet(TINY, corpus, run.directory, resume=True)
    assert "nothing is left to do" in again.said and left_behind(again) == whole[1]


def test_how_many_are_validated_at_a_time_is_noted_where_it_may_change(corpus, tmp_path):
    config = replace(TINY, max_epochs=1, limit_val_batches=None)
    run = quiet(config, corpus, tmp_path / "run")
    less = replace(config, val_batch_size=3)
    assert quiet(less, corpus, run.directory, resume=True).config == Run(run.directory).config
    assert Run(run.directory).config == run.config | {"training": asdict(less)}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_more_epochs_on_a_gpu(corpus, tmp_path):
    """Where sums are not repeatable to the bit the way is still the same."""
    config = replace(TINY, precision="32")
    whole = quiet(config, corpus, tmp_path / "whole", device="cuda")
    run = quiet(replace(config, max_epochs=1), corpus, tmp_path / "run", device="cuda")
    run = quiet(config, corpus, run.directory, resume=True, device="cuda")
    losses = [[line["loss"] for line in r.lines()] for r in (whole, run)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


def test_stopped_by_the_clock_and_resumed_trains_the_same(corpus, tmp_path, whole, monkeypatch):
    """Stopped inside an epoch it validates once more; weights and moments are those of a run without a stop."""
    clock = itertools.count(0, 0.5)
    monkeypatch.setattr(nmt.training.time, "monotonic", lambda: next(clock))
    run = quiet(replace(TINY, max_minutes=0.2), corpus, tmp_path / "run")
    step = run.last_step()
    assert 0 < step < 16 and run.lines(split="valid")[-1]["step"] == step
    monkeypatch.undo()
    run = quiet(replace(TINY, max_minutes=60.0), corpus, run.directory, resume=True)
    held = left_behind(run)
    assert held["model 16"] == whole[1]["model 16"] and held["training 16"] == whole[1]["training 16"]


def test_a_model_whose_heads_were_closed_by_hand_begins_a_run_with_all(corpus, tmp_path, whole):
    config = replace(TINY, src_vocab_size=None, trg_vocab_size=None, max_epochs=1)
    expected = quiet(config, corpus, tmp_path / "whole", checkpoint=whole[0].directory)
    trained = nmt.runs.load(whole[0].directory)
    trained.model.gated_layers("encoder")[0].gate = FixedGate(torch.tensor([0.0, 1.0]))
    assert left_behind(quiet(config, corpus, tmp_path / "run", checkpoint=trained)) == left_behind(expected)


def test_a_run_that_starts_from_weights_is_killed_before_its_first_checkpoint(corpus, tmp_path, whole):
    """Loading draws random numbers too: dropout must not notice whether it happened in this process."""
    config = replace(TINY, src_vocab_size=None, trg_vocab_size=None, max_epochs=1)
    expected = quiet(config, corpus, tmp_path / "whole", checkpoint=whole[0].directory)
    assert in_child(
        lambda: quiet(config, corpus, tmp_path / "run", checkpoint=whole[0].directory),
        lambda name, when: (name, when) == ("step", "after"),
    )
    run = quiet(config, corpus, tmp_path / "run", resume=True)
    assert left_behind(run) == left_behind(expected)
    # It begins where the other one ended: the first line of metrics is far better than that of a new model.
    assert run.lines(split="train")[0]["loss"] < whole[0].lines(split="train")[0]["loss"] - 0.1
    # Once it has a checkpoint of its own, those weights are not needed any more.
    config_path = run.directory / "config.json"
    config_path.write_text(config_path.read_text().replace(run.config["checkpoint"], "/gone"))
    assert "nothing is left" in quiet(config, corpus, run.directory, resume=True).said


def test_text_that_the_vocabularies_do_not_know_is_told(corpus, pairs, tmp_path, whole):
    """Of other letters the share in pieces; a new run, and one on known text, say nothing."""
    file = tmp_path / "other.tsv"
    file.write_text("".join(f"{en} ☃☃\t{ru}\n" for en, ru in pairs), encoding="utf-8")
    config = replace(TINY, src_vocab_size=None, trg_vocab_size=None, max_epochs=1)
    run = quiet(config, prepare(file), tmp_path / "run", checkpoint=whole[0].directory)
    english = list(run.bpe()[0].encode(list(prepare(file).lines("train", "en"))))
    share = sum(ids.count(UNK) for ids in english) / sum(map(len, english))
    assert (
        0.05 < share < 0.3
        and f"warning: {share:.3%} of the English pieces are unknown to the vocabulary of" in run.said
    )
    assert "Russian" not in run.said and "unknown" not in whole[0].said
    assert "unknown" not in quiet(config, corpus, tmp_path / "same", checkpoint=whole[0].directory).said


# What --resume, --checkpoint and --run refuse


@pytest.fixture
def old(whole, tmp_path) -> Run:
    """A copy of a finished run, to be damaged."""
    return Run(shutil.copytree(whole[0].directory, tmp_path / "old"))


def test_resume_refuses_another_config_corpus_or_vocabulary(old, corpus, pairs, tmp_path):
    more = replace(TINY, max_epochs=3)
    refused(r"--dropout is 0.1 in the run, 0.2 now", replace(more, dropout=0.2), corpus, old.directory, resume=True)
    refused(r"--hidden_dim is 16 in the run", replace(more, d_model=32), corpus, old.directory, resume=True)
    file = tmp_path / "other.tsv"
    file.write_text("".join(f"{en} now\t{ru} сейчас\n" for en, ru in pairs), encoding="utf-8")
    refused("its corpus was another one", more, prepare(file), old.directory, resume=True)
    refused("--checkpoint starts a new run", more, corpus, old.directory, resume=True, checkpoint=old.directory)
    before = left_behind(old)
    bpe = old.directory / "src.bpe"
    bpe.write_bytes(bpe.read_bytes()[:-10])
    refused("src.bpe: .*SHA-256", more, corpus, old.directory, resume=True)
    assert left_behind(old) | {"src.bpe": 0} == before | {"src.bpe": 0}


@pytest.mark.parametrize("name", ["model.safetensors", "training.safetensors", "training.json", "model.json"])
@pytest.mark.parametrize("damage", ["cut", "one bit", "gone"])
def test_resume_refuses_a_damaged_checkpoint(name, damage, old, corpus):
    path = old.checkpoint(16) / name
    content = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    elif damage == "one bit" and path.suffix == ".safetensors":
        content[-1] ^= 1
        path.write_bytes(content)
    else:
        path.write_bytes(content[: len(content) // 2])
    anew = "there is no checkpoint before .*step_00000016: begin anew in another directory"
    weights = r"Its weights are whole: --checkpoint .*step_00000016 translates" if name.startswith("training") else "$"
    refused(f"{anew}.*{weights}", TINY, corpus, old.directory, resume=True)


def test_a_damaged_last_checkpoint_is_removed_and_the_best_one_goes_on(corpus, tmp_path, whole):
    config = replace(TINY, keep_checkpoints=3)
    run = quiet(config, corpus, tmp_path / "run")
    best = run.steps()[-2]
    (run.checkpoint(16) / "training.json").write_text("[]")
    with pytest.raises(
        NmtError, match=rf"a JSON list .* move .*step_00000016 out of the run to go on from step {best}\."
    ):
        quiet(config, corpus, run.directory, resume=True)
    run.checkpoint(16).rename(run.checkpoint(16).with_name("step_00000016.bad"))  # it is not taken for another
    again = quiet(config, corpus, run.directory, resume=True)
    assert f"resuming from step {run.steps()[-2]}" in again.said
    assert {k: v for k, v in left_behind(again).items() if "16" in k} == {
        k: v for k, v in whole[1].items() if "16" in k
    }


def test_a_new_run_refuses_an_existing_folder(corpus, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine").touch()
    refused("--run .*exists already, and is not a run; name another", TINY, corpus, tmp_path / "run")
    refused("--run .*exists already, and is not a run; name another", TINY, corpus, tmp_path / "run" / "mine")
    refused("not a run directory", TINY, corpus, tmp_path / "none", resume=True)
    assert os.listdir(tmp_path) == ["run"] and os.listdir(tmp_path / "run") == ["mine"]


def test_a_new_run_may_have_an_empty_folder(corpus, tmp_path):
    (tmp_path / "run").mkdir()
    assert quiet(replace(TINY, max_epochs=1), corpus, tmp_path / "run").last_step()


def test_a_checkpoint_of_another_shape(corpus, tmp_path, whole):
    start = {"checkpoint": whole[0].directory}
    no_sizes = replace(TINY, src_vocab_size=None, trg_vocab_size=None)
    refused(
        "another shape: --num_blocks is 1 there, 2 here",
        replace(no_sizes, num_blocks=2),
        corpus,
        tmp_path / "a",
        **start,
    )
    refused("--trg_vocab_size 70: .*80 pieces", replace(TINY, trg_vocab_size=70), corpus, tmp_path / "a", **start)
    refused("neither a run", TINY, corpus, tmp_path / "a", checkpoint="no-such-model")
    assert not os.listdir(tmp_path)


def test_what_fails_before_the_first_step_leaves_no_run(corpus, tmp_path, monkeypatch):
    refused("--max_length 1 ", replace(TINY, max_length=1), corpus, tmp_path / "run")
    refused("at most", replace(TINY, src_vocab_size=5000), corpus, tmp_path / "run")

    def fail(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr("nmt.plumbing.files.write_json", fail)
    with pytest.raises(OSError, match="no space"):
        quiet(TINY, corpus, tmp_path / "run")
    assert not os.listdir(tmp_path)


# A real process


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_process_killed_from_outside_goes_on(corpus, tmp_path):
    """Cut at any moment after its first checkpoint: the weights of a run that nothing happened to."""
    config = replace(TINY, max_epochs=8, check_val_every_n_epoch=4)
    expected = left_behind(quiet(config, corpus, tmp_path / "whole"))
    flags = "gpus 0, num_blocks 1, hidden_dim 16, num_heads 2, d_ff 32, src_vocab_size 80, trg_vocab_size 80, "
    flags += "batch_size 20, max_epochs 8, check_val_every_n_epoch 4, noam_opt_warmup_steps 20, limit_val_batches 1, "
    flags += "dropout 0.1, lr 1, "  # no defaults for a small corpus
    flags += f"val_batch_size 8, checkpoint_every_n_steps 3, log_every_n_steps 2, run {tmp_path / 'run'}"
    line = " ".join(f"--{flag}" for flag in flags.split(", "))
    command = [sys.executable, "-m", "nmt", "train", "--data", corpus.data[0], *line.split()]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    environment |= {"PYTHONPATH": os.path.dirname(os.path.dirname(nmt.training.__file__))}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment) as child:
        while child.poll() is None and not list((tmp_path / "run" / "checkpoints").glob("step_*")):
            time.sleep(0.02)
        time.sleep(random.random() / 5)
        child.kill()
        error = child.stderr.read()
    assert child.returncode == -signal.SIGKILL, error
    run = quiet(config, corpus, tmp_path / "run", resume=True)
    assert "resuming from step" in run.said and "from step 0" not in run.said
    assert left_behind(run) == expected
