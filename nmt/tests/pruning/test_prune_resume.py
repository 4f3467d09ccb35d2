"""Pruning killed at any moment and resumed = never killed, bit for bit (CPU), whatever the method."""

import itertools
import random
from dataclasses import replace

import pytest
from safetensors.torch import load_file

from nmt.pruning.method import Method
from nmt.pruning.methods import METHODS, OURS
from nmt.runs import Run, load
from nmt.tests.pruning.test_prune import (  # noqa: F401  fixtures
    CONFIG,
    KEEP,
    _caches,
    all_left,
    dense,
    pruned,
    run_method,
    validated,
)
from nmt.tests.test_resume import _watched, in_child, needs_fork
from nmt.tests.test_training import left_behind


@pytest.fixture
def killed(run_method, tmp_path):  # noqa: F811
    """killed(method, kill, …) -> the run that was killed at each moment kill(name, when) in turn, and then resumed."""

    def kill_and_resume(method: str, *kills, config=CONFIG, **changes) -> Run:
        directory = tmp_path / "run"

        def with_decide(kill):
            Method.decide = _watched(Method.decide, "decide", kill)
            run_method(method, directory, config, directory.exists(), **changes)

        for kill in kills:
            assert in_child(lambda: with_decide(kill), kill)  # noqa: B023
        return run_method(method, directory, config, resume=True, **changes)

    return kill_and_resume


def after_first_checkpoint(number: int):
    """A kill at the number-th moment after the first checkpoint of this process."""
    begun, moments = [], itertools.count()

    def kill(name: str, when: str) -> bool:
        if (name, when) == ("save_checkpoint", "after"):
            begun.append(True)
        return bool(begun) and next(moments) == number

    return kill


RESUMED = [name for name, method in METHODS.items() if method.learns and name != "on-budget"] + ["random", "taylor"]
RESUMED += ["on-budget"]


@needs_fork
@pytest.mark.parametrize("method", RESUMED)
def test_killed_and_resumed_is_never_killed(method, killed, pruned, run_method):  # noqa: F811
    """First anywhere, then right at the decision, of which nothing is known but what the checkpoint before it says."""
    changes = {"search": 0.5} if method == OURS else {}  # else it has decided before the first checkpoint
    expected = run_method(method, **changes) if changes else pruned(method)
    dice = random.Random(method)
    kills = [after_first_checkpoint(dice.randint(1, 15))]
    if METHODS[method].learns:
        when = dice.choice(["before", "after"])
        kills.append(lambda name, at: (name, at) == ("decide", when))
    run = killed(method, *kills, **changes)
    assert all_left(run) == all_left(expected)
    assert not list(run.directory.rglob("*.tmp")) and len(run.lines("sessions.jsonl")) == len(kills) + 1


@needs_fork
@pytest.mark.parametrize("method", ["taylor", OURS])
def test_killed_around_the_removal_and_while_weights_are_averaged(method, killed, run_method):  # noqa: F811
    """A checkpoint every second step: some hold the whole model, some what is left of it, some a mean as well."""
    plan = {"warmup": 2, "decay": 0.25, "average": 0.5, "search": 0.5, "sample": 1, "heads": "all", "keep": 7}
    plan["config"] = replace(CONFIG, checkpoint_every_n_steps=2)
    expected = run_method(method, **plan)
    decide = [lambda name, at, when=when: (name, at) == ("decide", when) for when in ("before", "after")]
    removed = after_first_checkpoint(random.Random(method).randint(4, 8))
    run = killed(method, *decide, removed, after_first_checkpoint(9), **plan)
    assert all_left(run) == all_left(expected)
    names = load_file(run.checkpoint(run.last_step()) / "training.safetensors").keys()
    assert "objective.generator.bias" in names and len(run.lines("sessions.jsonl")) == 5


@needs_fork
def test_killed_while_the_new_model_is_written(killed, pruned):  # noqa: F811
    moments = itertools.count()

    def kill(name: str, when: str) -> bool:  # the renames: the run, checkpoints of 5, 8, 10, 15, 16, then the model
        return (name, when) == ("rename", "after") and next(moments) == 6

    run = killed("l0", kill)
    assert all_left(run) == all_left(pruned("l0"))


@needs_fork
def test_killed_before_the_first_checkpoint(killed, pruned):  # noqa: F811
    """The validation of the dense model, step 0, is then done twice: its first line goes."""
    moments = itertools.count()
    run = killed("l0", lambda name, when: (name, when) == ("step", "after") and next(moments) == 2)
    assert all_left(run) == all_left(pruned("l0"))


@needs_fork
def test_killed_between_the_last_step_and_its_validation(killed, run_method):  # noqa: F811
    """A run that ends inside an epoch, at a step that is one of --checkpoint_every_n_steps."""
    config = replace(CONFIG, checkpoint_every_n_steps=3)
    plan = {"config": config, "sample": 4}  # 12 of 16 steps
    expected, validations = run_method("taylor", **plan), itertools.count()
    run = killed("taylor", lambda name, when: (name, when) == ("validate", "before") and next(validations) == 1, **plan)
    assert all_left(run) == all_left(expected)


@needs_fork
@pytest.mark.parametrize("every", [1, 2])
@pytest.mark.parametrize("method", ["l0-topk", "shed", "taylor"])
def test_no_time_is_left_after_a_kill(method, every, run_method, tmp_path):  # noqa: F811
    """What comes out is the model of the last checkpoint; with more time the run goes on as if nothing had been."""
    plan = {"config": replace(CONFIG, check_val_every_n_epoch=every), "search": 0.9, "sample": 1}
    expected = left_behind(run_method(method, **plan))
    number, step = (3, 10) if every == 1 else (1, 5)  # validated before: the model of step 8, the dense one alone
    checkpoints = itertools.count(1)

    def kill(name: str, when: str) -> bool:
        return (name, when) == ("save_checkpoint", "after") and next(checkpoints) == number

    assert in_child(lambda: run_method(method, tmp_path / "run", **plan), kill)
    less = replace(plan["config"], max_minutes=1e-9)
    run = run_method(method, tmp_path / "run", less, resume=True, search=0.9, sample=1)
    assert run.result["steps"] == run.last_step() == run.lines(split="valid")[-1]["step"] == step
    assert run.result["kept"] == KEEP
    assert run.result["nll_pruned"] == pytest.approx(validated(load(run.directory), run.corpus)[0], abs=1e-5)
    again = run_method(method, tmp_path / "run", less, resume=True, search=0.9, sample=1)
    assert again.result == run.result and again.lines() == run.lines()
    more = replace(less, max_minutes=60.0)
    held = left_behind(run_method(method, tmp_path / "run", more, resume=True, search=0.9, sample=1))
    last = max(name for name in expected if name.startswith("model"))
    assert held[last] == expected[last]


@needs_fork
@pytest.mark.parametrize("search", [0.5, 1.0])
def test_a_plateau_halves_the_rate_and_not_that_of_the_gates(search, killed, run_method, monkeypatch):  # noqa: F811
    config = replace(CONFIG, scheduler="plateau", scheduler_patience=0, lr=0.5, max_epochs=4, check_val_every_n_epoch=1)
    plan, rates, really = {"config": config, "search": search}, [], Method.after_step

    def watched(method: Method, step: int) -> list[dict]:
        rates.append([group["lr"] for group in method.optimizer.param_groups])
        return really(method, step)

    with monkeypatch.context() as patch:
        patch.setattr(Method, "after_step", watched)
        expected = run_method("l0-topk", **plan)
    assert rates[0] == [0.5, 0.2] and rates[-1][0] < 0.5 and {of_gates for _, of_gates in rates} == {0.2}
    validations = itertools.count()  # that of step 0 is one
    run = killed("l0-topk", lambda name, when: (name, when) == ("validate", "after") and next(validations) == 3, **plan)
    assert all_left(run) == all_left(expected)


def test_every_validation_has_its_gates(run_method):  # noqa: F811
    run = run_method("l0", config=replace(CONFIG, check_val_every_n_epoch=1), gates_every_n_steps=1000)
    validated = [line["step"] for line in run.lines(split="valid")]
    assert validated == [0, 8, 16] == [line["step"] for line in run.lines("gates.jsonl")]
