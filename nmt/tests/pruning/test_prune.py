"""Laws of pruning, whatever the method: exact budgets, what is frozen, one mask, nothing lost by a kill."""

import copy
import itertools
import json
import math
import os
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

import nmt.runs
import nmt.training
from nmt import NmtError
from nmt.batches import in_order
from nmt.config import SHAPE, shape_of
from nmt.decoding import translate
from nmt.gates import GAMMA, TEMPERATURE, ZETA
from nmt.models import Trained, save_model_directory
from nmt.pruning import importance, masks
from nmt.pruning.config import PruningConfig
from nmt.pruning.method import Method
from nmt.pruning.methods import METHODS, OURS, method_class
from nmt.pruning.prune import prune, prune_through
from nmt.pruning.removal import remove_heads
from nmt.runs import Run, load
from nmt.scoring import corpus_scores
from nmt.tests.test_training import TINY, left_behind, quiet
from nmt.tokens import encode_corpus
from nmt.transformer import KINDS

STEPS, KEEP = 16, 3
DENSE = replace(TINY, num_blocks=2, num_heads=4, head_size=4, d_ff=32, scheduler="no", lr=5e-3, max_epochs=4)
# 8 steps an epoch; checkpoints inside one at 5, 10 and 15, at its end at 8 and 16
CONFIG = replace(DENSE, lr=1e-3, max_epochs=2, batch_size=10, limit_train_batches=8, val_batch_size=4)
CONFIG = replace(CONFIG, checkpoint_every_n_steps=5, check_val_every_n_epoch=2)
SHORT = replace(CONFIG, max_epochs=1, limit_train_batches=3)
DEAR = ("on-budget", "shed")  # their choice alone may cost more than so short a run
PRICE = {"l0": 0.05, "l0-topk": 0.05}


@pytest.fixture(scope="module", autouse=True)
def _caches(corpus, bpe):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMT_DATA", str(corpus.directory.parent.parent))
        patch.setattr(nmt.runs.Run, "board", lambda self, step: None)  # these take as long as so short a run
        patch.setattr(nmt.plumbing.provenance, "git_revision", lambda: None)
        yield


@pytest.fixture(scope="module")
def dense(corpus, tmp_path_factory) -> Run:
    run = quiet(DENSE, corpus, tmp_path_factory.mktemp("dense") / "run")
    trained = load(run.directory)
    run.scores, run.shape = validated(trained, corpus), trained.model.config
    return run


def validated(trained: Trained, corpus) -> tuple[float, float]:
    """Loss and BLEU on the sentences that CONFIG validates on."""
    tokens = encode_corpus(corpus, trained.bpe)["valid"]
    english, russian = ([*itertools.islice(corpus.lines("valid", side), 4)] for side in ("en", "ru"))
    outputs = translate(trained.model, trained.bpe, english, beam=1)
    return importance.loss(trained.model, [*in_order(tokens, 4, range(4))]), corpus_scores(outputs, russian)["bleu"]


def settings(method: str, **changes) -> PruningConfig:
    budget = {} if method == "l0" else {"keep": KEEP}
    budget |= {"l0_penalty_lambda": PRICE[method]} if method in PRICE else {}
    return PruningConfig(**{"method": method, "gates_every_n_steps": 3, "gate_lr": 0.2, **budget, **changes})


@pytest.fixture(scope="module")
def run_method(dense, corpus, tmp_path_factory):
    """run_method("taylor", config=…, keep=2) -> its Run, `run.result` and `run.said`."""

    def run(method: str, directory=None, config=CONFIG, resume=False, checkpoint=None, **changes) -> Run:
        directory, said = directory or tmp_path_factory.mktemp(method) / "run", []
        plan = {"device": "cpu", "progress": 0, "log": said.append, "resume": resume}
        config = replace(config, **shape_of(dense.shape))
        result = prune(settings(method, **changes), config, corpus, checkpoint or dense.directory, directory, **plan)
        run = Run(directory)
        run.result, run.said, run.corpus = result, "\n".join(said), corpus
        return run

    return run


@pytest.fixture(scope="module")
def pruned(run_method):
    """pruned("taylor") -> a finished run, made once."""
    made = {}
    return lambda method: made[method] if method in made else made.setdefault(method, run_method(method))


def all_left(run: Run) -> dict:
    """All that a run of pruning holds, but the clock."""
    result = {name: value for name, value in json.loads((run.directory / "result.json").read_text()).items()}
    small = load_file(run.directory / "pruned" / "model.safetensors")
    held = left_behind(run) | {"gates.jsonl": run.lines("gates.jsonl")}
    held |= {"result.json": {k: v for k, v in result.items() if k != "minutes"}}
    return held | {"pruned": {name: tensor.numpy().tobytes() for name, tensor in small.items()}}


# Every method


@pytest.mark.parametrize("method", METHODS)
def test_every_method_keeps_exactly_k_at_the_agreed_compute(method, pruned, dense, corpus):
    run = pruned(method)
    result, trained = run.result, load(run.directory)
    left = sum(map(len, trained.model.config.kept("encoder")))
    assert result["method"] == method and result["of"] == 8
    assert left == result["kept"] == masks.count(masks.from_json(result["mask"])) and (left == KEEP or method == "l0")
    assert [len(numbers) for numbers in trained.model.config.kept("encoder")] == [
        sum(r) for r in result["mask"]["encoder"]
    ]
    assert result["steps"] == run.last_step() >= 1
    if METHODS[method].charged and method not in DEAR:
        assert result["compute"] <= STEPS
    assert result["params_pruned"] == sum(p.numel() for p in trained.model.parameters())
    per_head = 4 * 4 * 16 + 3 * 4  # rows of W_Q, W_K, W_V, columns of W_O; the biases of the first three
    assert result["params_dense"] - result["params_pruned"] == (8 - left) * per_head
    # What was counted and evaluated is what is left: loss and BLEU of the new model on the same sentences.
    loss, bleu = validated(trained, corpus)
    assert result["nll_pruned"] == pytest.approx(loss, abs=1e-5) and result["bleu_pruned"] == pytest.approx(bleu)
    loss, bleu = dense.scores
    assert result["nll_dense"] == pytest.approx(loss, abs=1e-5) and result["bleu_dense"] == pytest.approx(bleu)
    assert all(isinstance(text, str) for text in trained.translate(["a cat sees snow.", ""]))


@pytest.mark.parametrize("method", ["l0", "taylor", OURS])
def test_a_finished_run_stays_as_it_is(method, pruned, run_method):
    run = pruned(method)
    before = all_left(run)
    assert run_method(method, run.directory, resume=True).result == run.result
    assert all_left(run) == before


@pytest.mark.parametrize("method", DEAR)
def test_their_choice_is_paid_for_too(method, run_method):
    """Room enough for it: 144 steps of one sentence."""
    config = replace(CONFIG, batch_size=1, limit_train_batches=72, checkpoint_every_n_steps=1000)
    result = run_method(method, config=config).result
    assert result["steps"] <= result["compute"] <= 144 and result["kept"] == KEEP


@pytest.mark.parametrize(
    ("changes", "sample", "paid"),
    [({}, 4, 4), ({"accumulate_grad_batches": 2}, 4, 2), ({"limit_train_batches": 3, "max_epochs": 4}, 8, 3)],
    ids=["as planned", "two batches a step", "an epoch of fewer batches"],
)
def test_the_choice_costs_what_training_on_its_batches_would(changes, sample, paid, run_method):
    config = replace(CONFIG, **changes)
    planned = config.max_epochs * config.limit_train_batches // config.accumulate_grad_batches
    result = run_method("taylor", config=config, sample=sample).result
    assert (result["steps"], result["compute"]) == (planned - paid, planned)


def test_ours_is_an_alias():
    assert OURS in METHODS and method_class("ours") is METHODS[OURS] and method_class(OURS).name == OURS
    assert all(name == method.name and method_class(name) is method for name, method in METHODS.items())
    with pytest.raises(NmtError, match="--method best: choose one of ours, random"):
        method_class("best")


def test_a_loaded_model_is_pruned_like_its_directory_and_stays_as_it_is(run_method, dense):
    trained, plan = load(dense.directory), {"config": SHORT}
    before = copy.deepcopy(trained.model.state_dict())
    results = [run_method("magnitude", checkpoint=one, **plan).result for one in (dense.directory, trained)]
    assert results[0] | {"minutes": 0} == results[1] | {"minutes": 0}
    after = trained.model.state_dict()
    assert after.keys() == before.keys() and all(torch.equal(after[name], before[name]) for name in before)
    assert all(parameter.requires_grad for parameter in trained.model.parameters())
    assert trained.model.config == dense.shape


@pytest.mark.parametrize("keep", [0, 8])
@pytest.mark.parametrize("method", ["taylor", "l0-topk", "dsp", OURS])
def test_none_and_all(method, keep, run_method):
    if method == "dsp" and keep == 0:
        with pytest.raises(NmtError, match="at least 1"):
            run_method(method, keep=keep)
        return
    run = run_method(method, config=SHORT, keep=keep)
    assert run.result["kept"] == keep == sum(map(len, load(run.directory).model.config.kept("encoder")))
    assert load(run.directory).model.config.kept_heads == ({"encoder": [[], []]} if keep == 0 else None)


@pytest.mark.parametrize(
    ("method", "heads"),
    [("magnitude", "cross"), ("l0-topk", "decoder"), ("l0-topk", "encoder_ff"), (OURS, "all"), (OURS, "decoder_ff")],
)
def test_heads_of_any_kind_and_neurons(method, heads, run_method):
    run = run_method(method, config=SHORT, heads=heads, keep=5)
    config = load(run.directory).model.config
    assert run.result["of"] == {"all": 24, "encoder_ff": 64, "decoder_ff": 64}.get(heads, 8) and run.result["kept"] == 5
    assert set(config.kept_heads or config.kept_neurons) == set(KINDS if heads == "all" else [heads])


def test_a_pruned_model_trains_on(pruned, corpus, tmp_path):
    """It is a checkpoint like any other; what was removed stays removed, also where the run is resumed."""
    small = load(pruned("taylor").directory)
    first = quiet(CONFIG, corpus, tmp_path / "run", checkpoint=small.directory).last_step()
    run = quiet(replace(CONFIG, max_epochs=CONFIG.max_epochs + 1), corpus, tmp_path / "run", resume=True)
    assert run.last_step() > first
    model = load(run.checkpoint(run.last_step())).model
    assert model.config.kept_heads == small.model.config.kept_heads is not None
    assert not torch.equal(model.generator.weight, small.model.generator.weight)


# How what is left is trained


@pytest.mark.parametrize("heads", ["all", "decoder_ff"])
def test_what_is_removed_in_the_midst_of_training_is_what_a_mask_closes(heads, run_method, monkeypatch):
    """The same losses and weights, but for the order of sums; Adam's moments went with their heads."""
    plan = {"heads": heads, "keep": 9, "search": 0.5, "config": replace(CONFIG, dropout=0.0)}
    removed = run_method("shed", **plan)
    monkeypatch.setattr(Method, "_remove", lambda method: masks.apply(method.model, method.chosen))
    masked = run_method("shed", **plan)
    assert masked.result["mask"] == removed.result["mask"] and removed.result["steps"] == STEPS
    whole, small = load(masked.checkpoint(STEPS)), load(removed.checkpoint(STEPS)).model
    expected = remove_heads(whole.model, masks.from_json(masked.result["mask"]))
    assert small.config == expected.config != whole.model.config
    loss, _ = validated(replace(whole, model=expected), masked.corpus)
    assert removed.result["nll_pruned"] == pytest.approx(loss, abs=1e-4)
    for name, weights in expected.state_dict().items():
        torch.testing.assert_close(small.state_dict()[name], weights, atol=2e-3, rtol=0)


def test_the_rate_rises_and_falls_as_a_share_of_the_compute(run_method):
    """Paid for or trained: 4 of 16 steps choose, 12 train, the last 8 of the 16 with a falling rate."""
    plan = {"warmup": 3, "decay": 0.5, "sample": 4}
    run = run_method("taylor", config=replace(CONFIG, log_every_n_steps=1), **plan)
    rates = [line["lr"] / CONFIG.lr for line in run.lines(split="train")]
    expected = [1 / 3, 2 / 3, 1, 1, 1, *((16 - 4 - step) / 8 for step in range(5, 12))]
    assert rates == pytest.approx(expected) and run.result["compute"] == STEPS


def test_the_new_model_has_the_mean_of_the_weights_of_the_last_steps(run_method, monkeypatch):
    seen, really = [], Method.after_step

    def watched(method: Method, step: int) -> list[dict]:
        lines = really(method, step)
        seen.append({name: value.detach().double().clone() for name, value in method.model.state_dict().items()})
        return lines

    monkeypatch.setattr(Method, "after_step", watched)
    run = run_method("magnitude", average=0.25)
    assert len(seen) == STEPS
    for name, value in load(run.directory).model.state_dict().items():
        mean = sum(weights[name] for weights in seen[-4:]) / 4
        torch.testing.assert_close(value.double(), mean, atol=1e-6, rtol=1e-5)
    last = load(run.checkpoint(STEPS)).model.state_dict()  # from which it would go on
    assert all(torch.equal(last[name].double(), weights) for name, weights in seen[-1].items())
    assert run.result["nll_pruned"] == pytest.approx(validated(load(run.directory), run.corpus)[0], abs=1e-5)


# What is frozen


MOVES = ("src_embedding.", "encoder.0.feed_forward", "encoder.1.feed_forward")  # a layer without heads does not


@pytest.mark.parametrize("method", ["l0", "taylor", OURS])
def test_frozen_is_frozen_bit_for_bit(method, pruned, run_method, dense):
    before = load(dense.directory).model.state_dict()
    after = load_file(pruned(method).checkpoint(pruned(method).last_step()) / "model.safetensors")
    other_side = ("decoder.", "decoder_norm.", "trg_embedding.", "generator.")
    frozen = [name for name in after if name.startswith(other_side)]
    assert len(frozen) > 20 and {name.split(".")[0] for name in after} >= {"decoder", "encoder", "src_embedding"}
    assert all(torch.equal(after[name], before[name]) for name in frozen)
    assert not any(torch.equal(after[name], before[name]) for name in after if name.startswith(MOVES))
    loose = run_method(method, freeze=False)
    after = load_file(loose.checkpoint(loose.last_step()) / "model.safetensors")
    assert not any(torch.equal(after[name], before[name]) for name in frozen)


@pytest.mark.parametrize("heads", ["decoder", "cross", "all"])
def test_the_encoder_is_frozen_while_the_decoder_is_pruned(heads, run_method, dense):
    run = run_method("magnitude", config=SHORT, heads=heads)
    before = load(dense.directory).model.state_dict()
    after = load_file(run.checkpoint(run.last_step()) / "model.safetensors")
    same = {name for name, value in after.items() if torch.equal(value, before[name])}
    encoder = {name for name in after if name.startswith(("encoder.", "encoder_norm.", "src_embedding."))}
    assert encoder <= same if heads != "all" else not [name for name in same if name.startswith(MOVES)]
    assert not [name for name in same if name.startswith(("trg_embedding.", "decoder.1.feed_forward"))]


@pytest.mark.parametrize("name", ["l0", "l0-topk", "dsp", "on-budget"])
def test_gates_have_their_own_rate_and_are_not_clipped(name, run_method, tmp_path, monkeypatch):
    """After one step of Adam each parameter has moved by about its rate; its moments show what clipping left."""
    monkeypatch.setattr(Method, "_remove", lambda method: None)  # all moments stay
    config = replace(CONFIG, limit_train_batches=1, max_epochs=1, lr=1e-4, clip_norm=1e-3)
    run = run_method(name, tmp_path / "run", config, gate_lr=0.125, search=1.0)
    state = load_file(run.checkpoint(1) / "training.safetensors")
    norm = {key: float(v.double().norm()) for key, v in state.items() if key.endswith("exp_avg")}
    gates = {key for key in norm if "gate" in key}
    assert gates and len(norm) > len(gates)
    clipped = math.sqrt(sum(norm[key] ** 2 for key in norm.keys() - gates))
    assert clipped == pytest.approx(0.1 * 1e-3, rel=1e-2)  # 1 - beta 1 of a gradient scaled down to clip_norm
    assert max(norm[key] for key in gates) > 2e-4


def test_gates_move_by_their_rate(run_method):
    """Adam's first step is the rate, whatever the gradient: log α of the one line of gates.jsonl."""
    config = replace(CONFIG, limit_train_batches=1, max_epochs=1)
    moved = []
    for rate in (1e-6, 0.125):
        run = run_method("l0-topk", config=config, gate_lr=rate, search=1.0)
        line = run.lines("gates.jsonl", step=1)[0]
        moved.append(torch.tensor(line["log_alpha"]["encoder"]) - 2)
    torch.testing.assert_close(moved[1].abs(), torch.full((2, 4), 0.125), atol=2e-4, rtol=0)
    assert (moved[0].abs() < 2e-4).all()


@pytest.mark.parametrize("method", ["l0", "l0-topk"])
def test_the_history_has_all_heads_at_every_evaluation_asked_for(method, pruned):
    run = pruned(method)
    lines = [line for line in run.lines("gates.jsonl") if line["step"]]
    assert [line["step"] for line in lines] == [3, 6, 9, 12, 15, 16]
    for line in lines:
        p, log_alpha, mask = (torch.tensor(line[name]["encoder"]) for name in ("p_open", "log_alpha", "mask"))
        assert p.shape == log_alpha.shape == mask.shape == (2, 4) and line["kept"] == int(mask.sum())
        closed_form = torch.sigmoid(log_alpha - TEMPERATURE * math.log(-GAMMA / ZETA))
        torch.testing.assert_close(p, closed_form, atol=1e-4, rtol=0)
        assert line["undecided"] == int((log_alpha.abs() < math.log(-ZETA / GAMMA)).sum())
        if method == "l0":
            assert torch.equal(mask == 1, log_alpha > 0)
    assert lines[-1]["mask"] == run.result["mask"]
    moved = torch.tensor(lines[0]["log_alpha"]["encoder"]) - torch.tensor(lines[-1]["log_alpha"]["encoder"])
    assert (moved != 0).all()


def test_a_price_far_above_what_heads_are_worth_closes_all(run_method):
    config = replace(CONFIG, checkpoint_every_n_steps=1000)
    dear = run_method("l0", config=config, l0_penalty_lambda=20.0, gate_lr=0.7)
    assert dear.result["undecided"] == dear.result["kept"] == 0 and dear.last_step() == STEPS
    assert run_method("l0", config=config, l0_penalty_lambda=0.0, gate_lr=1e-3).result["undecided"] == 8


def test_the_clock_ends_a_run_too(run_method, tmp_path, monkeypatch):
    """There is a mask then, and with more time it goes on: what came out is written anew."""
    clock = itertools.count(0, 0.5)
    monkeypatch.setattr(nmt.training.time, "monotonic", lambda: next(clock))
    run = run_method("l0-topk", tmp_path / "run", replace(CONFIG, max_minutes=0.1))
    assert 0 < run.result["steps"] < 10 and run.result["kept"] == KEEP
    monkeypatch.undo()
    more = run_method("l0-topk", tmp_path / "run", replace(CONFIG, max_minutes=60.0), resume=True)
    assert more.result["steps"] == more.last_step() == STEPS and more.result["mask"] == run.result["mask"]
    assert more.result["nll_pruned"] != run.result["nll_pruned"]
    with pytest.raises(NmtError, match=r"not one step.*--max_minutes"):
        run_method("taylor", config=replace(CONFIG, max_minutes=1e-9))


# Through several budgets


def test_a_resume_removes_no_budget_that_is_done(pruned, dense, corpus, tmp_path):
    """Also where the largest one is not there; a chain whose first run could not begin leaves nothing."""
    plan = settings("magnitude"), [5, KEEP], replace(CONFIG, **shape_of(dense.shape)), corpus, "nowhere", tmp_path / "r"
    with pytest.raises(NmtError, match="nowhere: neither a run"):
        prune_through(*plan, log=lambda text: None)
    assert not os.listdir(tmp_path)
    shutil.copytree(pruned("magnitude").directory, tmp_path / "r" / f"keep-{KEEP}")
    (tmp_path / "r" / "curve.json").write_text(json.dumps({"budgets": [5, KEEP]}))
    with pytest.raises(NmtError, match="nowhere: neither a run"):
        prune_through(*plan, resume=True, log=lambda text: None)
    assert (tmp_path / "r" / f"keep-{KEEP}" / "result.json").is_file()


# What is refused


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"method": "random", "keep": 9}, "--keep 9: --heads encoder has 8"),
        ({"method": "random", "keep": -1}, "--keep must be at least 0, not -1"),
        ({"method": "random"}, "how many heads shall stay"),
        ({"method": "best", "keep": 3}, "--method best: choose one of"),
        ({"method": "l0"}, "l0 needs --hcg_l0_penalty_lambda"),
        ({"method": "l0", "l0_penalty_lambda": 0.1, "keep": 3}, "with --keep it is --method l0-topk"),
        ({"method": "l0", "l0_penalty_lambda": -0.1}, "--hcg_l0_penalty_lambda must be at least 0"),
        ({"method": "l0", "l0_penalty_lambda": math.nan}, "--hcg_l0_penalty_lambda must be at least 0"),
        ({"method": "l0-topk", "keep": 3}, "l0-topk needs --hcg_l0_penalty_lambda"),
        ({"method": "l0-topk", "l0_penalty_lambda": 0.1}, "how many heads shall stay"),
        ({"method": "ours", "keep": 3, "l0_penalty_lambda": 0.1}, "has no penalty"),
        ({"method": "dsp", "keep": 0}, "--keep of at least 1"),
        ({"method": "confidence", "keep": 3, "heads": "encoder_ff"}, "encoder_ff has none"),
        ({"method": "random", "keep": 3, "heads": "self"}, "--heads must be one of"),
        ({"method": "random", "keep": 3, "gate_lr": 0.0}, "--gate_lr must be above 0"),
        ({"method": "random", "keep": 3, "search": 1.5}, "--search must be between 0 and 1"),
        ({"method": "random", "keep": 3, "average": -0.5}, "--average must be between 0 and 1"),
        ({"method": "random", "keep": 3, "gates_every_n_steps": 0}, "--gates_every_n_steps must be at least 1"),
    ],
)
def test_bad_settings(changes, says, dense, corpus, tmp_path):
    config = replace(CONFIG, **shape_of(dense.shape))
    with pytest.raises(NmtError, match=says):
        prune(PruningConfig(**changes), config, corpus, dense.directory, tmp_path / "run", device="cpu", progress=0)
    assert not os.listdir(tmp_path) or says.startswith("encoder_ff")


def test_a_pruned_model_is_refused_where_gates_want_whole_layers(pruned, run_method, dense, bpe, tmp_path):
    small = pruned("taylor").directory
    with pytest.raises(NmtError, match=r"pruned already \(encoder\)"):
        run_method("on-budget", checkpoint=small)
    mask = masks.from_json({"encoder": [[1, 1, 0, 1], [0, 0, 0, 0]]})
    (tmp_path / "model").mkdir()
    save_model_directory(tmp_path / "model", remove_heads(load(dense.directory).model, mask), bpe)
    with pytest.raises(NmtError, match="pruned already"):
        run_method("on-budget", checkpoint=tmp_path / "model", heads="all")


def test_a_run_is_resumed_as_it_was_begun(pruned, run_method):
    run = pruned("taylor")
    with pytest.raises(NmtError, match=r"--max_epochs 3: .* shares 2 epochs"):
        run_method("taylor", run.directory, replace(CONFIG, max_epochs=3), resume=True)
    with pytest.raises(NmtError, match="keep is 3 in the run, 2 now"):
        run_method("taylor", run.directory, resume=True, keep=2)
    with pytest.raises(NmtError, match="method is 'taylor' in the run, 'random' now"):
        run_method("random", run.directory, resume=True)


def test_what_a_resume_changed_is_noted(run_method):
    run = run_method("magnitude", config=SHORT)
    said = run.config["objective"] | {"gates_every_n_steps": 7}
    again = run_method(
        "magnitude", run.directory, replace(SHORT, keep_checkpoints=3), resume=True, gates_every_n_steps=7
    )
    assert again.config == run.config | {
        "objective": said,
        "training": run.config["training"] | {"keep_checkpoints": 3},
    }


def test_the_shape_is_the_checkpoints(dense):
    assert shape_of(dense.shape) == {name: getattr(dense.shape, name) for name in SHAPE}
    assert {"num_blocks", "d_ff", "src_vocab_size"} <= set(SHAPE) and "dropout" not in SHAPE
