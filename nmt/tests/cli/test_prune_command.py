"""nmt prune and nmt compare on the command line: the origin's line, what is known and what contradicts, resuming."""

import hashlib
import itertools
import json
import re

import pytest

import nmt.cli
import nmt.cli.prune
import nmt.pruning.prune
import nmt.runs
from nmt.plumbing.files import claimed
from nmt.pruning.methods import METHODS, OURS
from nmt.runs import Run, load, resuming
from nmt.tests.cli.test_cli import SMALL, _elsewhere, nmt_, refuses, trained, tsv  # noqa: F401  fixtures

# 145 pairs in batches of 30: 5 steps an epoch; the trained run has 1 block of 2 heads, its vocabularies 80 pieces
QUICK = "--gpus=0 --batch_size 30 --max_epochs 1 --val_batch_size 5 --limit_val_batches 1 --progress_bar_refresh_rate 0"
ORIGIN = (
    "--checkpoint PATH --encoder_with_hard_concrete_gate=1 --strict='' --lr=0.0005 --gpus=1 --scheduler=no "
    "--noam_opt_warmup_steps=4000 --noam_step_factor=2 --batch_size=20 --check_val_every_n_epoch=1 --max_epochs=50 "
    "--val_batch_size=20 --src_vocab_size=10000 --trg_vocab_size=10000 --limit_val_batches=25 "
    "--limit_train_batches=1000 --hcg_l0_penalty_lambda=0.05"
)
RESULT = {"method", "kept", "of", "undecided", "bleu_dense", "bleu_pruned", "nll_dense", "nll_pruned"}
RESULT |= {"params_dense", "params_pruned"}


@pytest.fixture
def prunes(nmt_, trained):  # noqa: F811
    """prunes("--keep 1 --run r") -> the JSON object of the last line, and all that was printed."""

    def run(line: str) -> tuple[dict, str]:
        status, out, err = nmt_(f"prune --checkpoint {trained.directory} {QUICK} {line}")
        assert status == 0, err
        return json.loads(out.splitlines()[-1]), out

    return run


def test_the_origins_line(nmt_, trained, tmp_path):  # noqa: F811
    """Only program and checkpoint are replaced; then it is made small, by flags that come later."""
    small = "--gpus=0 --max_epochs=2 --limit_train_batches=2 --src_vocab_size=80 --trg_vocab_size=80"
    status, out, err = nmt_(f"prune {ORIGIN.replace('PATH', str(trained.directory))} {small}")
    assert status == 0, err
    assert "0.05000 nats per target token for each head" in out
    result = json.loads(out.splitlines()[-1])
    assert result.keys() >= RESULT and (result["method"], result["of"], result["steps"]) == ("l0", 2, 4)
    (directory,) = (tmp_path / "runs").iterdir()
    assert re.fullmatch(r"\d{8}-\d{6}-tiny-l0", directory.name)
    config = Run(directory).config
    assert config["objective"]["heads"] == "encoder" and config["objective"]["l0_penalty_lambda"] == 0.05
    assert config["training"]["lr"] == 5e-4 and config["training"]["scheduler"] == "no"
    assert config["training"]["batch_size"] == 20
    # its model is a checkpoint everywhere
    assert nmt_(f"translate --checkpoint {directory} --gpus 0", b"a cat sees snow.\n")[0] == 0
    status, out, _ = nmt_(f"score --checkpoint {directory} --gpus 0 --data {config['corpus']['data'][0]} --limit 3")
    assert status == 0 and json.loads(out.splitlines()[-1])["sentences"] == 3


def test_the_origins_line_is_understood_as_it_stands():
    given = nmt.cli.parser().parse_args(["prune", *ORIGIN.replace("''", "").split()])
    settings = nmt.cli.prune.pruning_config(given)
    assert (settings.method, settings.heads, settings.keep, settings.freeze) == ("l0", "encoder", None, True)
    assert (given.gpus, given.batch_size, given.checkpoint, given.strict) == (1, 20, "PATH", "")


def test_methods_and_defaults(prunes, trained):  # noqa: F811
    result, out = prunes("--keep 1 --run ours")
    assert (result["method"], result["kept"], result["of"]) == (OURS, 1, 2)
    assert "1 of 2 kept; the new model: ours" in out
    run = Run("ours")
    assert run.config["training"]["scheduler"] == "no" and run.config["training"]["lr"] == 2e-3
    assert (run.config["objective"]["warmup"], run.config["objective"]["average"]) == (5, 0.5)
    assert run.config["training"]["dropout"] == load(trained.directory).model.config.dropout
    assert run.config["objective"]["method"] == OURS  # the real name, so that it can be told later
    result, _ = prunes("--method taylor --heads all --keep 4 --run all --no-freeze --scheduler noam")
    assert (result["method"], result["kept"], result["of"]) == ("taylor", 4, 6)
    assert Run("all").config["objective"]["freeze"] is False and Run("all").config["training"]["lr"] == 1
    result, out = prunes("--hcg_l0_penalty_lambda 0.5 --l0_penalty_scale origin --heads cross --freeze no --run l0")
    assert result["method"] == "l0" and "0.25000 nats per target token" in out
    assert "gates undecided" in out


def test_the_checkpoint_knows(refuses, trained, pairs, tmp_path):  # noqa: F811
    start = f"prune --checkpoint {trained.directory} {QUICK} --keep 1 --run r"
    refuses(f"{start} --num_heads 4 --hidden_dim 32", "another model: --num-heads is 2 there, 4 now")
    refuses(f"{start} --patience 2 --run p --keep 1", "leave out torchrun and --patience")
    refuses(f"{start} --src_vocab_size=10000", "--src-vocab-size is 80 there, 10000 now")
    other = tmp_path / "other.tsv"
    other.write_text("".join(f"{en} now\t{ru} сейчас\n" for en, ru in pairs), encoding="utf-8")
    nmt.cli.main(["data", str(other)])
    refuses(f"{start} --data {other}", "trained on another corpus.*name the model alone: .*step_")
    model = trained.checkpoint(trained.best_step())
    refuses(f"prune --checkpoint {model} {QUICK} --keep 1 --run r", "--data: which corpus")


def test_the_checkpoint_is_loaded_once(prunes, trained, monkeypatch):  # noqa: F811
    loaded, really = [], nmt.runs.load_model_directory
    monkeypatch.setattr(
        nmt.runs, "load_model_directory", lambda place, *options: loaded.append(place) or really(place, *options)
    )
    prunes("--method magnitude --keep 1 --run r")
    became = [Run("r").checkpoint(5), Run("r").directory / "pruned"]  # that one for the sentence shown at the end
    assert loaded == [trained.checkpoint(trained.best_step()), *became]


def test_a_bare_model_needs_data(nmt_, trained, tsv):  # noqa: F811
    model = trained.checkpoint(trained.best_step())
    status, _, err = nmt_(f"prune --checkpoint {model} --data {tsv} {QUICK} --keep 1 --method random --run r")
    assert status == 0, err


def test_resume(nmt_, prunes, refuses, trained):  # noqa: F811
    result, _ = prunes("--method magnitude --keep 1 --run r")
    status, out, err = nmt_("prune --resume --run r --gpus 0 --progress_bar_refresh_rate 0")
    assert status == 0 and json.loads(out.splitlines()[-1]) == result, err
    refuses("train --resume --run r", "is a run of nmt prune; nmt prune --run r --resume")
    refuses(f"prune --resume --run {trained.directory}", r"is a run of nmt train; nmt train --run .* --resume")
    refuses("prune --resume --run r --keep 2", "keep is 1 in the run, 2 now")
    refuses("prune --resume --run r --max_epochs 9", "--max-epochs 9: r shares 1 epochs")
    refuses("prune --resume --run r --lr 0.1", "--lr is 0.002 in the run, 0.1 now")
    refuses(
        f"prune --checkpoint {trained.directory} {QUICK} --keep 1 --run r",
        "exists already; go on with nmt prune --run r --resume, or",
    )
    refuses(f"prune --checkpoint r {QUICK} --keep 1 --method on-budget --run again", r"pruned already \(encoder\)")


def without_clocks(rows: list[dict]) -> list[dict]:
    return [{name: value for name, value in row.items() if name not in ("ms", "minutes")} for row in rows]


def test_the_whole_curve_in_one_run(nmt_, prunes, refuses, trained, tmp_path):  # noqa: F811
    """Each number of heads has a run of its own, which prunes what the one before left; a killed one goes on."""
    line = "--method taylor --heads all --sample 1 --average 0.5"
    rows, out = prunes(f"{line} --keep 2,5,3 --run r")
    assert [row["kept"] for row in rows] == [6, 5, 3, 2] and [row["steps"] for row in rows] == [0, 4, 4, 4]
    assert "budget 1 of 3: 5 heads" in out and re.search(
        "budget 3 of 3: 2 heads, in r/keep-2; about . minutes to go", out
    )
    assert (tmp_path / "r" / "curve.png").is_file() and "r/keep-K" in out and "ms a sentence, batch 32" in out
    parts = [load(trained.directory), *(load(f"r/keep-{keep}") for keep in (5, 3, 2))]
    assert [row["params_pruned"] for row in rows] == [sum(p.numel() for p in one.model.parameters()) for one in parts]
    assert len({row["params_pruned"] for row in rows}) == 4 and all(
        set(row["ms"]) == {"batch 1", "batch 32"} for row in rows
    )
    masks = [json.loads((tmp_path / f"r/keep-{keep}/result.json").read_text())["mask"] for keep in (5, 3, 2)]
    for larger, smaller in itertools.pairwise(masks):
        assert all(a >= b for kind in larger for x, y in zip(larger[kind], smaller[kind]) for a, b in zip(x, y))  # noqa: B905
    one, _ = prunes(f"{line} --keep 5 --run one")
    assert one["nll_pruned"] == rows[1]["nll_pruned"]  # the first is what it would be alone

    really, called = nmt.pruning.prune.prune, []

    def killed_at_the_second(*plan, **how) -> dict:
        called.append(plan)
        if len(called) > 1:
            raise KeyboardInterrupt
        return really(*plan, **how)

    again = f"prune --checkpoint {trained.directory} {QUICK} {line} --keep 2,5,3 --run killed"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nmt.pruning.prune, "prune", killed_at_the_second)
        assert nmt_(again)[0] == 130
    assert not (tmp_path / "killed" / "keep-2").exists()
    refuses(again, "killed exists already; go on with nmt prune --run killed --resume, or name another")
    refuses("prune --resume --run killed --keep 4,2", "goes through other numbers of heads")
    refuses("translate --checkpoint killed Hello.", "name one of the runs in it: killed/keep-5")
    assert resuming("killed/keep-5") == resuming("killed") == "nmt prune --run killed --resume"
    status, out, err = nmt_("prune --resume --run killed --gpus 0 --progress_bar_refresh_rate 0")
    assert status == 0 and without_clocks(json.loads(out.splitlines()[-1])) == without_clocks(rows), err
    refuses(f"prune --checkpoint {trained.directory} {QUICK} {line} --keep 5,2 --run r", "exists already")


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("--keep 3", "--keep 3: --heads encoder has 2 in this model"),
        ("--keep -1", "--keep must be at least 0, not -1"),
        ("--keep two", "--keep: a whole number, or several, as in 24,12,6, not 'two'"),
        ("--keep 2,x", "--keep: a whole number, or several"),
        ("--keep 3,1", "--keep 3: --heads encoder has 2 in this model"),
        ("--keep 2,1 --method dsp", "dsp prunes whole layers only.*give one --keep"),
        ("", "how much shall stay.*--keep K.*--hcg-l0-penalty-lambda"),
        ("--method best --keep 1", "--method best: choose one of ours, random"),
        ("--method l0 --keep 1 --hcg_l0_penalty_lambda 0.1", "with --keep it is --method l0-topk"),
        ("--keep 1 --hcg_l0_penalty_lambda 0.1", "with --keep it is --method l0-topk"),
        ("--method l0", "l0 needs --hcg-l0-penalty-lambda"),
        ("--hcg_l0_penalty_lambda -0.1", "--hcg-l0-penalty-lambda must be at least 0 and finite, not -0.1"),
        ("--hcg_l0_penalty_lambda nan", "--hcg-l0-penalty-lambda must be at least 0"),
        ("--method taylor --keep 1 --hcg_l0_penalty_lambda 0.1", "taylor has no penalty"),
        ("--method dsp --keep 0", "--keep of at least 1"),
        ("--heads self --keep 1", "--heads: invalid choice: 'self'"),
        ("--encoder_with_hard_concrete_gate=0 --heads cross --keep 1", "gate: invalid choice: 0"),
        ("--encoder_with_hard_concrete_gate=1 --heads cross --keep 1", "means --heads encoder, not cross"),
        ("--encoder_with_hard_concrete_gate=1 --method taylor --keep 1", "taylor has no gates"),
        ("--encoder_with_hard_concrete_gate=1", "l0 needs --hcg-l0-penalty-lambda"),
        ("--keep 1 --freeze maybe", "--freeze.*yes or no"),
        ("--keep 1 --batch_tokens 100", "give one of them"),
        ("--keep 1 --gate_lr 0", "--gate-lr must be above 0"),
        ("--keep 1 --scheduler noam --decay 0.5", "--scheduler noam sets the rate itself"),
        ("--keep 1 --max_epochs 0", "--max-epochs must be at least 1"),
    ],
)
def test_bad_flags(line, pattern, refuses, trained):  # noqa: F811
    refuses(f"prune --checkpoint {trained.directory} {QUICK} --run r {line}", pattern)


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("prune --keep 1", "--checkpoint: which trained model"),
        ("prune --checkpoint nowhere --keep 1", "--checkpoint nowhere: neither a run directory"),
        ("prune --resume", "--resume: which run"),
        ("prune --resume --run nowhere", "nowhere: not a run directory"),
        ("prune --resume --run r --checkpoint x", "--checkpoint starts a new run"),
        ("compare", "required: CONFIG, --out"),
        ("compare nowhere.json --out o", "nowhere.json: no such file"),
        ("compare nowhere.json --out o --seeds x", "--seeds"),
    ],
)
def test_more_bad_flags(line, pattern, refuses):  # noqa: F811
    refuses(f"{line} {'--gpus 0'}", pattern)


def test_every_method_is_in_the_help(nmt_):  # noqa: F811
    status, out, _ = nmt_("prune --help-all")
    assert status == 0 and all(name in "".join(out.split()) for name in METHODS)
    assert "always strict" in " ".join(out.split()) and "SUPPRESS" not in out


# compare


@pytest.fixture
def plan(tsv) -> dict:  # noqa: F811
    sizes = {"num_blocks": 1, "d_model": 16, "num_heads": 2, "d_ff": 16, "src_vocab_size": 80, "trg_vocab_size": 80}
    steps = {"batch_size": 30, "limit_train_batches": 1, "max_epochs": 1, "limit_val_batches": 1, "val_batch_size": 2}
    return {
        "data": [tsv],
        "dense": {**sizes, **steps},
        "training": {**steps, "scheduler": "no", "lr": 1e-3},
        "budgets": {"encoder": [1]},
        "methods": [{"method": "random"}],
        "seeds": [1, 2],
    }


def test_compare(nmt_, plan, tmp_path):  # noqa: F811
    config = tmp_path / "plan.json"
    config.write_text(json.dumps(plan))
    status, _, err = nmt_(f"compare {config} --out o --seeds 2 --gpus 0")
    assert status == 0, err
    lines = [json.loads(line) for line in (tmp_path / "o" / "seed-2.jsonl").read_text().splitlines()]
    assert [line["method"] for line in lines] == ["dense", "random"] and lines[1]["kept"] == 1
    assert lines[1]["pruning"]["search"] == METHODS["random"].search  # not null: a default may change
    assert {line["seed"] for line in lines} == {2} and not (tmp_path / "o" / "seed-1.jsonl").exists()
    before = (tmp_path / "o" / "seed-2.jsonl").read_bytes()
    assert nmt_(f"compare {config} --out o --seeds 2 --gpus 0")[0] == 0  # what is done is not redone
    assert (tmp_path / "o" / "seed-2.jsonl").read_bytes() == before


def test_compare_repeats_cells_goes_through_budgets_and_asks_for_contrasts(nmt_, plan, tmp_path):  # noqa: F811
    """A method may overrule what all have in common: here its epochs, its name, and the budgets."""
    through = {"name": "one run", "method": "magnitude", "keep": [2, 1]}
    twice = {"method": "random", "max_epochs": 2, "limit_train_batches": 2, "average": 0.5}
    plan |= {"methods": [twice, through], "seeds": [1], "repeats": 2, "contrasts": True, "budgets": {"encoder": [2, 1]}}
    (config := tmp_path / "plan.json").write_text(json.dumps(plan))
    status, out, err = nmt_(f"compare {config} --out o --gpus 0")
    assert status == 0 and "6 of 6 cells are done" in out, err
    _, *lines = [json.loads(line) for line in (tmp_path / "o" / "seed-1.jsonl").read_text().splitlines()]
    found = [(line["method"], line.get("repeat", 0), line["kept"], line["steps"]) for line in lines]
    assert found == [
        *[("random", repeat, 2, 4) for repeat in (0, 1)],
        *[("magnitude", repeat, kept, 1) for repeat in (0, 1) for kept in (2, 1)],
        *[("random", repeat, 1, 4) for repeat in (0, 1)],
    ]
    assert {line["pruning"]["average"] for line in lines if line["method"] == "random"} == {0.5}
    assert lines[0]["scores"]["dev"]["loss"] != lines[1]["scores"]["dev"]["loss"]  # the repeats differ
    assert all(0 <= accuracy <= 1 for line in lines for accuracy, _ in line["scores"]["contrasts"].values())
    assert len({line["key"] for line in lines}) == 6


def test_processes_share_out_the_cells(nmt_, plan, tmp_path):  # noqa: F811
    """A cell that another process has claimed is left to it, and done by whoever comes once that one has ended."""
    plan |= {"methods": [{"method": "random"}, {"method": "magnitude"}], "seeds": [1]}
    config = tmp_path / "plan.json"
    config.write_text(json.dumps(plan))
    said = {"heads": "encoder", "keep": 1, "method": "random"}
    settings = json.dumps({"said": said, "training": plan["training"], "seed": 1}, sort_keys=True)
    with claimed(tmp_path / "o" / "locks" / hashlib.sha256(settings.encode()).hexdigest()[:12]) as mine:
        assert mine
        status, out, err = nmt_(f"compare {config} --out o --gpus 0")
        assert status == 0 and "1 cells were left to other processes" in out, err
    assert nmt_(f"compare {config} --out o --gpus 0")[0] == 0
    lines = [json.loads(line) for line in (tmp_path / "o" / "seed-1.jsonl").read_text().splitlines()]
    assert [line["method"] for line in lines] == ["dense", "magnitude", "random"]


@pytest.mark.parametrize(
    ("changes", "pattern"),
    [
        ({"methods": [{"method": "best"}]}, "--method best: choose one of"),
        ({"methods": [{"heads": "all"}]}, "its name"),
        ({"methods": [{"method": "random", "depth": 3}]}, "depth"),
        ({"budgets": {"encoder": [-1]}}, "--keep must be at least 0"),
        ({"budgets": {"self": [1]}}, "--heads must be one of"),
        ({"dense": {"depth": 3}}, "depth"),
        ({"nonsense": 1}, "nonsense is not known; there are data"),
        ({"budgets": {"encoder": [3]}}, "3 of encoder, of which the dense model has 2"),
        ({"budgets": {"all": 3}}, "budgets must be an object of lists, not"),
        ({"budgets": {"all": ["3"]}}, "budgets.all must be a list of whole numbers"),
        ({"methods": ["random"]}, "methods must be a list of objects"),
        ({"seeds": ["a"]}, "seeds must be a list of whole numbers"),
        ({"dense": 3}, "dense must be an object, not 3"),
    ],
)
def test_compare_refuses(changes, pattern, refuses, plan, tmp_path):  # noqa: F811
    config = tmp_path / "plan.json"
    config.write_text(json.dumps({**plan, **changes}))
    refuses(f"compare {config} --out o --gpus 0", f"plan.json: .*{pattern}")


def test_compare_refuses_a_seed_it_has_not(refuses, plan, tmp_path):  # noqa: F811
    config = tmp_path / "plan.json"
    config.write_text(json.dumps(plan))
    refuses(f"compare {config} --out o --seeds 3 --gpus 0", r"--seeds 3: .*\[1, 2\]")
