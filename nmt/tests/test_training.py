"""Training: the loss and the schedules by hand, the origin's faults, randomness, a loss that is no number."""

import itertools
import json
import math
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import nmt.objective
import nmt.plumbing.fast.numerics
import nmt.plumbing.starting
import nmt.scoring
import nmt.training
from nmt import EOS, PAD, NmtError
from nmt.batches import BatchIterator, collate
from nmt.config import TrainingConfig
from nmt.objective import noam_rate, token_loss
from nmt.plumbing.starting import training_rows
from nmt.runs import Run
from nmt.tokens import encode_corpus
from nmt.training import train

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
    run = train(config, corpus, directory, **{"device": "cpu", "progress": 0, "log": said.append, **options})
    run.said = "\n".join(said)
    return run


def refused(match, *arguments, **options):
    with pytest.raises(NmtError, match=match):
        quiet(*arguments, **options)


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


@pytest.fixture(scope="module")
def whole(corpus, tmp_path_factory) -> tuple[Run, dict]:
    run = quiet(TINY, corpus, tmp_path_factory.mktemp("whole") / "run")
    return run, left_behind(run)


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


def test_two_batches_added_up_are_one_of_both(corpus, tmp_path, device):
    # 40 pairs, one step an epoch; clipping would be the same for both as it sees the sum.
    config = replace(TINY, dropout=0.0, limit_train_batches=2, max_epochs=3, log_every_n_steps=1, precision="32")
    one = quiet(replace(config, batch_size=40, limit_train_batches=1), corpus, tmp_path / "one", device=device)
    two = quiet(replace(config, accumulate_grad_batches=2), corpus, tmp_path / "two", device=device)
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
    validate = nmt.training.Trainer.validate
    monkeypatch.setattr(nmt.training.Trainer, "validate", lambda self: validate(self) | {"loss": next(losses)})
    rates = {}
    for scheduler in ("plateau", "no"):
        config = replace(TINY, scheduler=scheduler, lr=1e-3, scheduler_patience=1, max_epochs=4, limit_train_batches=1)
        run = quiet(replace(config, log_every_n_steps=1), corpus, tmp_path / scheduler)
        rates[scheduler] = [line["lr"] for line in run.lines(split="train")]
    assert rates == {"plateau": [1e-3, 1e-3, 1e-3, 5e-4], "no": [1e-3] * 4}
    assert TrainingConfig(scheduler="no").lr == TrainingConfig(scheduler="plateau").lr == 3e-4
    assert TrainingConfig().lr == 1.0


def test_patience(corpus, tmp_path, monkeypatch):
    """So many validations in a row with no better BLEU, or loss where BLEU is equal, end it; with more it goes on."""
    scores = [(0, 3.0), (0, 2.5), (5, 2.6), (4, 2.0), (5, 2.6), (5, 2.5), (1, 1.0), (5, 2.5), (0, 1.0), (9, 9.0)]
    bleu_and_loss, validate = iter(scores), nmt.training.validate

    def scored(*arguments):
        bleu, loss = next(bleu_and_loss)
        metrics, translations = validate(*arguments)
        return metrics | {"bleu": float(bleu), "loss": loss}, translations

    monkeypatch.setattr(nmt.training, "validate", scored)
    config = replace(TINY, max_epochs=10, limit_train_batches=1, patience=3)
    run = quiet(config, corpus, tmp_path / "run")
    assert [line["bleu"] for line in run.lines(split="valid")] == [bleu for bleu, _ in scores[:9]]
    assert run.best_step() == 6
    again = quiet(config, corpus, run.directory, resume=True)
    assert "nothing is left to do after 9 of 10 epochs" in again.said and "or --patience" in again.said
    assert quiet(replace(config, patience=4), corpus, run.directory, resume=True).last_step() == 10
    with pytest.raises(NmtError, match="--patience must be at least 1"):
        replace(config, patience=0)


def test_only_validations_that_were_due_count_for_patience(corpus, tmp_path, monkeypatch):
    """Those at which the clock stopped a session do not: a resumed run stops where one without a stop does."""
    validate = nmt.training.validate
    monkeypatch.setattr(nmt.training, "validate", lambda *a: (validate(*a)[0] | {"bleu": 1.0, "loss": 1.0}, [""] * 8))
    config = replace(TINY, max_epochs=10, patience=2, validate_untrained=True, check_val_every_n_epoch=2)
    clock = itertools.count(0, 0.5)
    monkeypatch.setattr(nmt.training.time, "monotonic", lambda: next(clock))
    run, steps = None, []
    for minutes in (0.2, 0.4, 60.0):
        run = quiet(replace(config, max_minutes=minutes), corpus, tmp_path / "run", resume=run is not None)
        steps.append(run.last_step())
    assert steps[0] < steps[1] < steps[2] == 6 * 8
    assert [line["epoch"] for line in run.lines(split="valid")][-3:] == [2, 4, 6]


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

    monkeypatch.setattr(nmt.plumbing.starting, "BatchIterator", Spy)
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
    greedy = nmt.scoring.greedy
    monkeypatch.setattr(nmt.scoring, "greedy", lambda *a, **k: calls.append((a, k)) or greedy(*a, **k))
    run = quiet(replace(TINY, max_epochs=1), corpus, tmp_path / "run")
    for arguments, options in calls:
        assert len(arguments) == 2 and not options and arguments[1].dtype == torch.int64
    english = list(corpus.lines("valid", "en"))[:8]
    assert [line["source"] for line in run.lines("samples.jsonl")] == english
    assert len(calls) == 1 and calls[0][0][1].size(0) == 8


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_callers_randomness_is_left_alone_on_a_gpu(corpus, tmp_path):
    before = torch.cuda.get_rng_state()
    quiet(TINY, corpus, tmp_path / "run", device="cuda")
    assert torch.equal(before, torch.cuda.get_rng_state())


def test_the_callers_randomness_is_left_alone_and_does_not_matter(corpus, tmp_path, whole):
    torch.manual_seed(99), random.seed(99), np.random.seed(99)
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    run = quiet(TINY, corpus, tmp_path / "run")
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == random.getstate() and before[2] == np.random.get_state()[1].tolist()
    assert left_behind(run) == whole[1]  # same seed, same result; the random state around it was another one
    other = quiet(replace(TINY, seed=2), corpus, tmp_path / "other")
    assert left_behind(other)["model 16"] != whole[1]["model 16"]


def test_one_batch_is_learnt_by_heart(corpus, tmp_path, device):
    config = replace(TINY, d_model=32, d_ff=64, dropout=0.0, label_smoothing=0.0, limit_train_batches=1, batch_size=4)
    config = replace(config, max_epochs=60, check_val_every_n_epoch=60, val_split="train", log_every_n_steps=60)
    config = replace(config, scheduler="no", lr=1e-2, checkpoint_every_n_steps=1000)
    run = quiet(config, corpus, tmp_path / "run", device=device)
    (valid,) = run.lines(split="valid")
    assert valid["loss"] < 0.05 and valid["bleu"] > 99.9 and valid["sentences"] == 4


def test_half_precisions_stay_close_to_float32(corpus, tmp_path, device):
    losses = []
    for precision in ("32", "bf16", "fp16"):
        run = quiet(replace(TINY, precision=precision), corpus, tmp_path / precision, device=device)
        losses.append([line["loss"] for line in run.lines()])
    for half in losses[1:]:
        assert losses[0] != half and half == pytest.approx(losses[0], rel=0.03)  # seen: 0.015, on a GPU


def test_gradients_are_clipped_and_given_to_the_objective_as_they_are_in_float32(corpus, tmp_path):
    """Not as those of the scaled loss. A scale that overflows leaves a step out, and is halved."""
    norms = {}

    class Seen(nmt.objective.Objective):
        def after_backward(self, tokens, scale):
            gradients = [p.grad.flatten() for p in self.model.parameters()]
            norms[precision].append((torch.cat(gradients).norm().item(), scale()))

        def parameter_groups(self, model):
            self.model = model
            return super().parameter_groups(model)

    for precision in ("32", "fp16"):
        norms[precision] = []
        config = replace(TINY, precision=precision, limit_train_batches=1, dropout=0.0, max_epochs=1)
        quiet(config, corpus, tmp_path / precision, objective=Seen())
    (plain, one), (half, scale) = norms["32"][0], norms["fp16"][0]
    assert one == 1 and scale == 65536 and half == pytest.approx(plain, rel=0.02)


def test_a_run_in_float16_goes_on_with_its_scale(corpus, tmp_path, monkeypatch):
    """A scale of 2^40 overflows at first: what was left out, and the scale then, are those of a run without a stop."""
    scaler = torch.amp.GradScaler
    monkeypatch.setattr(torch.amp, "GradScaler", lambda device, **k: scaler(device, 2.0**40, growth_interval=5, **k))
    config = replace(TINY, precision="fp16")
    whole = left_behind(quiet(config, corpus, tmp_path / "whole"))
    run = quiet(replace(config, max_epochs=1), corpus, tmp_path / "run")
    assert 1 < json.loads((run.checkpoint(8) / "training.json").read_text())["scaler"]["scale"] < 2.0**40
    assert left_behind(quiet(config, corpus, run.directory, resume=True)) == whole
    assert run.config["numerics"] == {"precision": "fp16", "onednn": False}


def test_the_switch_is_on_in_a_run_alone_and_stays_as_the_run_noted(corpus, tmp_path, monkeypatch):
    there = getattr(torch.backends.mkldnn, "matmul", None)
    if not hasattr(there, "fp32_precision"):
        pytest.skip("torch before 2.9 has no such switch")
    before, seen, gains = there.fp32_precision, [], []

    class Seen(nmt.objective.Objective):
        def before_step(self, step):
            seen.append(there.fp32_precision)
            if step == 9:
                raise RuntimeError("stop")

    def pays(context, gain, rounding):
        gains.append(gain)
        return True

    monkeypatch.setattr(nmt.plumbing.fast.numerics, "pays", pays)
    run = quiet(replace(TINY, max_epochs=1), corpus, tmp_path / "narrow")
    assert run.config["numerics"] == {"precision": "32", "onednn": False} and not gains  # no clock decides
    monkeypatch.setattr(nmt.plumbing.fast.numerics, "WIDE", TINY.d_model)
    run = quiet(replace(TINY, precision="32", max_epochs=1), corpus, tmp_path / "run", objective=Seen())
    assert there.fp32_precision == before and {*seen} == {"bf16"} and "float32 by oneDNN on cpu" in run.said
    with pytest.raises(RuntimeError, match="stop"):
        quiet(replace(TINY, precision="32"), corpus, run.directory, resume=True, objective=Seen())
    assert there.fp32_precision == before and gains == [nmt.plumbing.fast.numerics.GAIN, 0]


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
    loss = nmt.objective.token_loss
    calls = itertools.count(1)
    monkeypatch.setattr(nmt.objective, "token_loss", lambda *a: loss(*a) * (math.nan if next(calls) > 4 else 1))
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


def test_an_untrained_model_is_validated_first_and_nothing_else_changes(corpus, tmp_path, whole):
    seen: list[int] = []
    config = replace(TINY, validate_untrained=True)
    run = quiet(config, corpus, tmp_path / "run", on_validation=lambda run, metrics: seen.append(metrics["step"]))
    assert run.lines(split="valid")[0]["step"] == run.frames()[0][0] == seen[0] == 0
    left, rest = left_behind(run), dict(whole[1])
    for name in ("metrics.jsonl", "samples.jsonl"):
        left[name] = [line for line in left[name] if line["step"] > 0]
    del left["frame 0"]
    assert left == rest


def test_a_run_whose_batches_came_in_another_order_is_not_resumed(corpus, tmp_path):
    run = quiet(replace(TINY, max_epochs=1), corpus, tmp_path / "run")
    config, before = json.loads((run.directory / "config.json").read_text()), left_behind(run)
    for order in (None, 1):
        (run.directory / "config.json").write_text(json.dumps(config | {"batch_order": order}))
        refused(f"in another order: .*--checkpoint {run.directory}", TINY, corpus, run.directory, resume=True)
    assert left_behind(run) == before
