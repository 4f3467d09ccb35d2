"""The defaults of nmt train, a function of the number of training pairs: what is said is kept, nothing else moves."""

import re
from dataclasses import fields

import pytest

from nmt import NmtError
from nmt.config import SMALL, STEPS, TrainingConfig, suited
from nmt.objective import noam_rate

ORIGIN = {"batch_size": 100, "d_model": 512, "lr": 1.0, "noam_step_factor": 2.0, "noam_opt_warmup_steps": 4000}
ORIGIN |= {"max_epochs": 5, "num_blocks": 6, "scheduler": "noam", "val_batch_size": 20, "limit_val_batches": 100}


def other_than_said(config: TrainingConfig, said: dict) -> dict:
    """The fields that are neither as said nor as a TrainingConfig has them by itself."""
    plain = TrainingConfig(**said)
    values = {f.name: getattr(config, f.name) for f in fields(config)}
    return {name: value for name, value in values.items() if value != getattr(plain, name)}


@pytest.mark.parametrize(("said", "pairs"), [({}, 200_000), ({}, 3_000_000), (ORIGIN, 250_000), (ORIGIN, 40_000)])
def test_the_defaults_for_large_corpora_and_the_origins_lines_stay(said, pairs):
    config, told = suited(said, pairs, 20.0)
    assert config == TrainingConfig(**said) and (told == [] or said)
    assert config.noam_opt_warmup_steps == 4000 and config.batch_size == 100


def test_for_few_pairs_there_are_many_steps_behind_a_short_warm_up():
    for pairs in (50, 100, 200, 400, 1_000, 1_800, 4_500, 9_500, SMALL - 1):
        config, told = suited({}, pairs, 6.0)
        steps = -(-pairs // config.batch_size) * config.max_epochs
        assert STEPS <= steps <= 1.25 * STEPS or config.max_epochs == 100
        assert config.max_epochs >= 10 and 16 <= config.batch_size <= 100
        assert config.noam_opt_warmup_steps == steps // 5
        rate = noam_rate(config.noam_opt_warmup_steps, config.d_model, config.noam_opt_warmup_steps, config.lr)
        assert rate == pytest.approx(2e-3, rel=0.05)
        assert config.max_epochs / config.check_val_every_n_epoch <= 40
        (line,) = told
        assert f"for {pairs:,} training pairs" in line and f"--noam_opt_warmup_steps {steps // 5}" in line
        assert set(other_than_said(config, {})) >= {"d_model", "noam_opt_warmup_steps", "lr"}


def test_a_warm_up_is_at_most_a_fifth_of_what_is_planned_on_any_corpus():
    config, told = suited({}, 36_000, 8.0)
    assert set(other_than_said(config, {})) == {"noam_opt_warmup_steps", "lr"} and len(told) == 1
    assert config.noam_opt_warmup_steps == 360 * 10 // 5
    assert suited({"max_epochs": 100}, 36_000, 8.0)[0].noam_opt_warmup_steps == 4000
    assert suited({"noam_step_factor": 2.0}, 36_000, 8.0)[0].noam_opt_warmup_steps == 2 * 360 * 10 // 5
    by_tokens = suited({"batch_tokens": 1300}, 36_000, 8.0)[0]  # about 100 pairs
    assert by_tokens == TrainingConfig(batch_tokens=1300, noam_opt_warmup_steps=720, lr=0.86)
    assert suited({"accumulate_grad_batches": 4}, 36_000, 8.0)[0].noam_opt_warmup_steps == 720 // 4
    for scheduler in ("no", "plateau"):
        assert suited({"scheduler": scheduler}, 36_000, 8.0) == (TrainingConfig(scheduler=scheduler), [])


@pytest.mark.parametrize(
    ("said", "warned"),
    [
        ({"noam_opt_warmup_steps": 4000}, "--noam_opt_warmup_steps 4000: only about 2,000 steps .* or give 400"),
        ({"max_epochs": 10}, "only about 250 steps .* raise --max_epochs to 80"),
        ({"batch_size": 400, "max_epochs": 100}, "only about 100 steps .* make batches smaller"),
        ({"batch_size": 8, "d_model": 64, "dropout": 0.5, "lr": 0.3, "check_val_every_n_epoch": 1}, None),
        ({"limit_train_batches": 2}, None),
    ],
)
def test_what_is_said_is_kept_and_warned_about(said, warned):
    config, told = suited(said, 400, 6.0)
    assert all(getattr(config, name) == value for name, value in said.items())
    assert not set(other_than_said(config, said)) & set(said)
    warnings = [line for line in told if line.startswith("warning: ")]
    assert len(warnings) == (warned is not None)
    assert warned is None or re.search(warned, warnings[0])


def test_a_trained_model_keeps_its_shape_and_gets_a_lower_rate():
    shape = {"d_model": 256, "num_heads": 8, "src_vocab_size": 4000, "trg_vocab_size": 4000}
    config, _ = suited(shape, 400, 6.0, trained=True)
    assert config.d_model == 256 and config.lr < suited(shape, 400, 6.0)[0].lr / 3


def test_bad_values_are_refused():
    with pytest.raises(NmtError, match="--batch_size must be at least 1"):
        suited({"batch_size": 0}, 400, 6.0)
