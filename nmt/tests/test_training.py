"""Training: killed and resumed = never killed; the loss and the schedules by hand; the origin's faults; refusals."""

import itertools
import json
import math
import os
import random
import signal
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import nmt.runs
import nmt.training
from nmt import NmtError
from nmt.batches import BatchIterator, collate, encode_corpus
from nmt.bpe import EOS, PAD
from nmt.config import TrainingConfig
from nmt.corpora import prepare
from nmt.runs import Run
from nmt.training import noam_rate, token_loss, train, training_rows

TINY = TrainingConfig(
    num_blocks=1,
    d_model=16,
    num_heads=2,
    d_ff=32,
    dropout=0.1,
    src_vocab_size=80,
    trg_vocab_size=80,
    batch_size=20,
    max_epochs=2,
    noam_opt_warmup_steps=20,
    limit_val_batches=1,
    val_batch_size=8,
    checkpoint_every_n_steps=3,
    log_every_n_steps=2,
)


@pytest.fixture(scope="module", autouse=True)
def _caches(corpus, bpe):
    """Nothing is written into the clone; the vocabularies of `bpe` are found here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMT_DATA", str(corpus.directory.parent.parent))
        yield


def quiet(config, corpus, directory, **options) -> Run:
    said: list[str] = []
    run = train(config, corpus, directory, device="cpu", progress=0, log=said.append, **options)
    run.said = "\n".join(said)
    return run


def left_behind(run: Run) -> dict:
    """All that a run holds and that must not depend on interruptions: bytes of tensors, lines without the clock."""
    held = {path.name: path.read_bytes() for path in (run.directory / "src.bpe", run.directory / "trg.bpe")}
    for name in ("metrics.jsonl", "samples.jsonl"):
        held[name] = [
            {k: v for k, v in line.items() if "minutes" != k != "tokens_per_second"} for line in run.lines(name)
        ]
    for step, path in run.frames():
        with np.load(path, allow_pickle=False) as arrays:
            held[f"frame {step}"] = {key: (value.shape, value.tobytes()) for key, value in arrays.items()}
    for step in run.steps():
        state = json.loads((run.checkpoint(step) / "training.json").read_text())
        held[f"state {step}"] = {key: value for key, value in state.items() if key not in ("seconds", "sha256")}
        for name in ("model", "training"):
            tensors = load_file(run.checkpoint(step) / f"{name}.safetensors")
            held[f"{name} {step}"] = {key: value.numpy().tobytes() for key, value in tensors.items()}
    return held


def weights(run: Run) -> dict[str, torch.Tensor]:
    return load_file(run.checkpoint(run.last_step()) / "model.safetensors")


# Killed and resumed = never killed

VARIANTS = {
    "noam, sentences, two batches a step": replace(TINY, accumulate_grad_batches=2, checkpoint_every_n_steps=2),
    "plateau, tokens": replace(TINY, scheduler="plateau", lr=0.5, scheduler_patience=0, batch_tokens=300, max_epochs=4),
    "noam, tokens, two batches a step, every second epoch validated": replace(
        TINY, batch_tokens=200, accumulate_grad_batches=2, check_val_every_n_epoch=2, keep_checkpoints=2, max_epochs=3
    ),
}
WATCHED = {  # the moments at which a process may be killed: before and after each call of these
    nmt.training._Trainer: ("_step", "validate"),
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
    for _ in range(40):
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
    assert not list(run.directory.rglob("*.tmp"))
    assert len(run.lines("sessions.jsonl")) >= 2


@pytest.fixture(scope="module")
def whole(corpus, tmp_path_factory) -> tuple[Run, dict]:
    run = quiet(TINY, corpus, tmp_path_factory.mktemp("whole") / "run")
    return run, left_behind(run)


NAMED_MOMENTS = {  # name of the call, its number, before or after; steps known when it goes on
    "before the first checkpoint": ("_step", 2, "after", 0),
    "between the step and its checkpoint": ("_step", 6, "after", 3),
    "in the middle of an epoch": ("_step", 5, "after", 3),
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


def test_a_run_that_starts_from_weights_is_killed_before_its_first_checkpoint(corpus, tmp_path, whole):
    """Loading draws random numbers too: dropout must not notice whether it happened in this process."""
    config = replace(TINY, src_vocab_size=None, trg_vocab_size=None, max_epochs=1)
    expected = quiet(config, corpus, tmp_path / "whole", checkpoint=whole[0].directory)
    assert in_child(
        lambda: quiet(config, corpus, tmp_path / "run", checkpoint=whole[0].directory),
        lambda name, when: (name, when) == ("_step", "after"),
    )
    run = quiet(config, corpus, tmp_path / "run", resume=True)
    assert left_behind(run) == left_behind(expected)
    # It begins where the other one ended: the first line of metrics is far better than that of a new model.
    assert run.lines(split="train")[0]["loss"] < whole[0].lines(split="train")[0]["loss"] - 0.1
    # Once it has a checkpoint of its own, those weights are not needed any more.
    config_path = run.directory / "config.json"
    config_path.write_text(config_path.read_text().replace(run.config["checkpoint"], "/gone"))
    assert "nothing is left" in quiet(config, corpus, run.directory, resume=True).said


# What --resume, --checkpoint and --run refuse


@pytest.fixture
def old(whole, tmp_path) -> Run:
    """A copy of a finished run, to be damaged."""
    import shutil

    return Run(shutil.copytree(whole[0].directory, tmp_path / "old"))


def refused(match, *arguments, **options):
    with pytest.raises(NmtError, match=match):
        quiet(*arguments, **options)


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
    refused("remove .*step_00000016 to go on from the checkpoint before", TINY, corpus, old.directory, resume=True)


def test_a_damaged_last_checkpoint_is_removed_and_the_best_one_goes_on(corpus, tmp_path, whole):
    import shutil

    config = replace(TINY, keep_checkpoints=3)
    run = quiet(config, corpus, tmp_path / "run")
    shutil.rmtree(run.checkpoint(16))
    again = quiet(config, corpus, run.directory, resume=True)
    assert f"resuming from step {run.steps()[-2]}" in again.said
    assert {k: v for k, v in left_behind(again).items() if "16" in k} == {
        k: v for k, v in whole[1].items() if "16" in k
    }


def test_a_new_run_refuses_an_existing_folder(corpus, tmp_path):
    (tmp_path / "run").mkdir()
    refused("--run .*exists already", TINY, corpus, tmp_path / "run")
    refused("not a run directory", TINY, corpus, tmp_path / "none", resume=True)
    assert os.listdir(tmp_path) == ["run"] and not os.listdir(tmp_path / "run")


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

    monkeypatch.setattr(nmt.runs, "write_json", fail)
    with pytest.raises(OSError, match="no space"):
        quiet(TINY, corpus, tmp_path / "run")
    assert not os.listdir(tmp_path)


# The loss


def test_label_smoothing_is_a_dense_distribution(device):
    torch.manual_seed(0)
    b, t, v, smoothing = 2, 3, 7, 0.2
    logits = torch.randn(b, t, v, dtype=torch.float64, device=device)
    target = torch.tensor([[4, 5, EOS], [6, EOS, PAD]], device=device)
    dense = torch.full((b, t, v), smoothing / v, dtype=torch.float64, device=device)
    dense.scatter_add_(2, target[:, :, None], torch.full((b, t, 1), 1 - smoothing, dtype=torch.float64, device=device))
    expected = -(dense * logits.log_softmax(-1)).sum(-1)[target != PAD].sum()
    assert token_loss(logits, target, smoothing).item() == pytest.approx(expected.item(), rel=1e-5)
    plain = sum(-logits[i, j].log_softmax(-1)[target[i, j]] for i in range(b) for j in range(t) if target[i, j] != PAD)
    assert token_loss(logits, target).item() == pytest.approx(plain.item(), rel=1e-5)


def test_padding_counts_for_nothing(device, make_model, corpus, bpe):
    """More padding on both sides changes neither loss nor gradient."""
    tokens = encode_corpus(corpus, bpe)["train"]
    batch = collate(tokens, [0, 1, 2], device)
    wide = [torch.nn.functional.pad(x, (0, 4), value=PAD) for x in (batch.src, batch.trg)]
    results = []
    for src, trg in ((batch.src, batch.trg), wide):
        model = make_model(src_vocab_size=80, trg_vocab_size=80)
        loss = token_loss(model(src, trg[:, :-1]), trg[:, 1:], 0.1)
        loss.backward()
        results.append([loss.detach(), *(p.grad for p in model.parameters())])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_two_batches_added_up_are_one_of_both(corpus, tmp_path):
    # 40 pairs, one step an epoch; clipping would be the same for both as it sees the sum.
    config = replace(TINY, dropout=0.0, limit_train_batches=2, max_epochs=3, log_every_n_steps=1, label_smoothing=0.0)
    one = quiet(replace(config, batch_size=40, limit_train_batches=1), corpus, tmp_path / "one")
    two = quiet(replace(config, batch_size=20, accumulate_grad_batches=2), corpus, tmp_path / "two")
    assert one.last_step() == two.last_step() == 3
    for a, b in zip(one.lines(split="train"), two.lines(split="train"), strict=True):
        assert a["loss"] == pytest.approx(b["loss"], rel=1e-5)
    # The moments are linear in the gradients; Adam blows up the rounding of those that are zero, of keys' biases.
    moments = [load_file(run.checkpoint(3) / "training.safetensors") for run in (one, two)]
    for name, value in moments[0].items():
        if name.endswith("exp_avg"):
            torch.testing.assert_close(value, moments[1][name], rtol=1e-3, atol=1e-5)
    for name, value in weights(one).items():
        if not name.endswith("in_bias"):
            torch.testing.assert_close(value, weights(two)[name], rtol=1e-3, atol=1e-4)


# The schedules


def test_noam_by_hand():
    # Vaswani et al. 2017, section 5.3, base model: the peak at step 4000 is 512^-0.5 · 4000^-0.5.
    assert noam_rate(4000, 512, 4000) == pytest.approx(0.000698771, rel=1e-5)
    assert noam_rate(1, 512, 4000) == pytest.approx(512**-0.5 * 4000**-1.5)
    assert noam_rate(16000, 512, 4000) == pytest.approx(noam_rate(4000, 512, 4000) / 2)
    assert noam_rate(10, 64, 100, lr=3.0, scaler=0.5) == pytest.approx(1.5 * noam_rate(10, 64, 100))
    assert noam_rate(10, 64, 100, factor=2.0) == pytest.approx(noam_rate(20, 64, 100))
    rates = [noam_rate(step, 512, 4000, factor=2.0) for step in range(1, 6000)]
    assert rates.index(max(rates)) + 1 == 2000


def test_the_rate_of_each_step_is_written_down(corpus, tmp_path):
    config = replace(TINY, log_every_n_steps=1, noam_opt_warmup_steps=5, noam_scaler=2.0, noam_step_factor=1.5, lr=0.5)
    run = quiet(config, corpus, tmp_path / "run")
    for line in run.lines(split="train"):
        s = 1.5 * line["step"]
        assert line["lr"] == pytest.approx(0.5 * 2 * 16**-0.5 * min(s**-0.5, s * 5**-1.5))


def test_plateau_halves_and_no_keeps(corpus, tmp_path, monkeypatch):
    """The loss is made to rise: after 1 + patience worse validations the rate is halved."""
    losses = itertools.count(1.0)
    validate = nmt.training._Trainer.validate
    monkeypatch.setattr(nmt.training._Trainer, "validate", lambda self: validate(self) | {"loss": next(losses)})
    rates = {}
    for scheduler in ("plateau", "no"):
        config = replace(TINY, scheduler=scheduler, lr=1e-3, scheduler_patience=1, max_epochs=4, limit_train_batches=1)
        run = quiet(replace(config, log_every_n_steps=1), corpus, tmp_path / scheduler)
        rates[scheduler] = [line["lr"] for line in run.lines(split="train")]
    assert rates == {"plateau": [1e-3, 1e-3, 1e-3, 5e-4], "no": [1e-3] * 4}
    assert TrainingConfig(scheduler="no").lr == TrainingConfig(scheduler="plateau").lr == 3e-4
    assert TrainingConfig().lr == 1.0


# The origin's faults, and randomness


def rows_seen(config, corpus, directory, monkeypatch) -> list[list[list[int]]]:
    """For each epoch the line numbers of its batches."""
    seen = []

    class Spy(BatchIterator):
        def epoch(self, number, done=0):
            seen.append([])
            for batch in super().epoch(number, done):
                seen[-1].append(batch.rows)
                yield batch

    monkeypatch.setattr(nmt.training, "BatchIterator", Spy)
    quiet(config, corpus, directory)
    return seen


def test_every_epoch_has_its_own_order(corpus, tmp_path, monkeypatch):
    first, second = rows_seen(TINY, corpus, tmp_path / "run", monkeypatch)
    assert first != second
    assert sorted(itertools.chain(*first)) == sorted(itertools.chain(*second)) == list(range(145))
    assert {tuple(sorted(batch)) for batch in first} != {tuple(sorted(batch)) for batch in second}
    again = rows_seen(TINY, corpus, tmp_path / "again", monkeypatch)
    assert again == [first, second]
    assert rows_seen(replace(TINY, seed=2), corpus, tmp_path / "other", monkeypatch) != again


def test_validation_never_sees_a_reference(corpus, tmp_path, monkeypatch):
    """Greedy search gets the source batch alone, and no maximum length."""
    calls = []
    greedy = nmt.training.greedy
    monkeypatch.setattr(nmt.training, "greedy", lambda *a, **k: calls.append((a, k)) or greedy(*a, **k))
    run = quiet(replace(TINY, max_epochs=1), corpus, tmp_path / "run")
    for arguments, options in calls:
        assert len(arguments) == 2 and not options and arguments[1].dtype == torch.int64
    english = list(corpus.lines("valid", "en"))[:8]
    assert [line["source"] for line in run.lines("samples.jsonl")] == english
    assert len(calls) == 1 and calls[0][0][1].size(0) == 8


def test_the_callers_randomness_is_left_alone_and_does_not_matter(corpus, tmp_path, whole):
    torch.manual_seed(99), random.seed(99), np.random.seed(99)
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    run = quiet(TINY, corpus, tmp_path / "run")
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == random.getstate() and before[2] == np.random.get_state()[1].tolist()
    assert left_behind(run) == whole[1]  # same seed, same result; the random state around it was another one
    other = quiet(replace(TINY, seed=2), corpus, tmp_path / "other")
    assert left_behind(other)["model 16"] != whole[1]["model 16"]


def test_one_batch_is_learnt_by_heart(corpus, tmp_path):
    config = replace(TINY, d_model=32, d_ff=64, dropout=0.0, label_smoothing=0.0, limit_train_batches=1, batch_size=4)
    config = replace(config, max_epochs=60, check_val_every_n_epoch=60, val_split="train", log_every_n_steps=60)
    config = replace(config, scheduler="no", lr=1e-2, checkpoint_every_n_steps=1000)
    run = quiet(config, corpus, tmp_path / "run")
    (valid,) = run.lines(split="valid")
    assert valid["loss"] < 0.05 and valid["bleu"] > 99.9 and valid["sentences"] == 4


def test_limits(corpus, bpe):
    tokens = encode_corpus(corpus, bpe)["train"]
    assert training_rows(tokens, replace(TINY, limit_train_batches=2)).tolist() == list(range(40))
    longest = np.maximum(tokens.src.lengths, tokens.trg.lengths)
    cut = training_rows(tokens, replace(TINY, max_length=int(np.median(longest))))
    assert longest[cut].max() <= np.median(longest) and len(cut) == (longest <= np.median(longest)).sum()
    by_tokens = training_rows(tokens, replace(TINY, limit_train_batches=2, batch_tokens=100))
    assert 200 <= (longest[by_tokens] + 1).sum() < 200 + longest.max() + 1


# A loss that is no number


def test_a_nan_loss_stops_and_keeps_the_last_good_state(corpus, tmp_path, monkeypatch, whole):
    loss = nmt.training.token_loss
    calls = itertools.count(1)
    monkeypatch.setattr(nmt.training, "token_loss", lambda *a: loss(*a) * (math.nan if next(calls) > 4 else 1))
    refused(r"loss is nan.*at step [56]: lower --lr.*keeps its checkpoint of step 3", TINY, corpus, tmp_path / "run")
    monkeypatch.undo()
    run = Run(tmp_path / "run")
    assert run.steps() == [3] and all(value.isfinite().all() for value in weights(run).values())
    assert left_behind(quiet(TINY, corpus, run.directory, resume=True)) == whole[1]


def test_weights_that_overflow_before_the_loss_does_are_not_kept(corpus, tmp_path, monkeypatch):
    step, calls = torch.optim.Adam.step, itertools.count(1)

    def overflow(self, closure=None):
        step(self, closure)
        if next(calls) == 6:
            self.param_groups[0]["params"][0].data[0, 0] = math.inf

    monkeypatch.setattr(torch.optim.Adam, "step", overflow)
    refused("weight is not finite, at step 6.*checkpoint of step 3", TINY, corpus, tmp_path / "run")
    assert Run(tmp_path / "run").steps() == [3]


def test_a_rate_far_too_high_is_a_clear_error(corpus, tmp_path):
    config = replace(TINY, scheduler="no", lr=1e30)
    refused("lower --lr", config, corpus, tmp_path / "run")


# The bar


def test_the_bar_is_sparse_in_a_log(corpus, tmp_path, capsys):
    said = []
    train(replace(TINY, max_epochs=5), corpus, tmp_path / "run", device="cpu", progress=1, log=said.append)
    shown = capsys.readouterr().err
    assert shown.count("\r") < 4 * 5 + 4  # at a validation and at the end; 40 steps
    assert "loss " in shown and "tokens/s" in shown and "5/5" in shown and "<" in shown  # < time left
    assert sum("perplexity" in line and "BLEU" in line for line in said) == 5
