"""Claims are judged by exact tests over the models, and the configs of the claims are as the page says."""

import itertools
import json
import math

import numpy as np
import pytest

from nmt import NmtError
from nmt.plumbing.files import json_lines
from nmt.plumbing.places import in_clone

judging = pytest.importorskip("judging", reason="needs the clone: data/results")
figures = pytest.importorskip("figures", reason="needs the clone: data/results")

from comparing import Plan  # noqa: E402


def test_the_p_of_a_sign_flip():
    """All of one sign: two of the 2^N signs are as extreme. The rest by hand: 1 and -2 of 3."""
    assert judging.sign_flip(np.array([-0.1] * 10)) == 2 / 1024
    assert judging.sign_flip(np.array([3.0, 1.0, -2.0])) == 6 / 8  # |sum| of 6, 2, 4, 0, 0, 4, 2, 6; 2 was seen
    assert judging.sign_flip(np.array([1.0, -1.0])) == 1


@pytest.mark.parametrize("seed", range(3))
def test_the_interval_holds_the_means_that_are_not_rejected(seed):
    differences = np.random.default_rng(seed).normal(0.02, 0.03, 10)
    low, high = judging.interval(differences)
    assert low < differences.mean() < high
    for inside, outside in ((low + 1e-6, low - 1e-6), (high - 1e-6, high + 1e-6)):
        assert judging.sign_flip(differences - inside) > 0.05 >= judging.sign_flip(differences - outside)
    few = np.array([0.3, 0.1, 0.2])
    assert judging.interval(few) == (0.1, 0.3)


def test_holm_by_hand():
    assert judging.holm([0.04, 0.01, 0.03, 0.5]) == pytest.approx([0.09, 0.04, 0.09, 0.5])
    assert judging.holm([0.6, 0.5]) == [1.0, 1.0]


@pytest.mark.parametrize(("rivals", "won", "models"), [(1, 4, 5), (3, 4, 5), (5, 9, 10)])
def test_the_chance_to_beat_the_best_of_all_in_hindsight(rivals, won, models):
    drawn = np.random.default_rng(0).random((200_000, models, rivals + 1)).argmin(2) == 0
    seen = (drawn.sum(1) >= won).mean()
    assert judging.chance_in_hindsight(rivals, won, models) == pytest.approx(seen, abs=4 * math.sqrt(seen / 2e5) + 1e-5)


METHODS = [{"method": "shed"}, {"method": "taylor-iterative", "sample": 1}, {"name": "other", "method": "magnitude"}]
METHODS += [{"name": "one run", "method": "shed", "keep": [6, 3]}]
PLAN = {"data": ["phrasebook"], "dense": {}, "training": {"lr": 0.1}, "budgets": {"all": [3, 6]}, "methods": METHODS}
PLAN |= {"seeds": [1, 2, 3, 4, 5, 6], "repeats": 2}

CONTRASTS = {48: {"sturdy": [1.0, 2.0], "frail": [1.0, 1.0]}}  # heads kept -> phenomenon -> accuracy, margin
CONTRASTS |= {keep: {"sturdy": [0.9, 1.0], "frail": [0.1 * keep, -1.0]} for keep in (3, 6)}


def stored(folder, plan: Plan, loss, left_out: int | None = None) -> None:
    """Cells whose dev loss is loss(name, keep, seed, repeat)."""
    for seed in plan.seeds:
        lines = [{"key": "dense", "seed": seed, "scores": {"dev": {"loss": 0.1}, "contrasts": CONTRASTS[48]}}]
        for method, keep, repeat in itertools.product(plan.methods, (3, 6), range(plan.repeats)):
            key = plan.key(plan.said(method, "all", keep), seed, repeat)
            dev = {"loss": loss(method.get("name", method["method"]), keep, seed, repeat)}
            kept = said if isinstance(said := method.get("keep"), int) else keep
            scores = {"dev": dev, "contrasts": CONTRASTS[kept]}
            lines.append({"key": key, "kept": kept, "seed": seed, "scores": scores})
        (folder / f"seed-{seed}.jsonl").write_text(json_lines(lines if seed != left_out else lines[:-1]))


def test_a_claim_is_judged_over_models_from_the_cells_that_are_there(tmp_path):
    claims = {
        "lower": {
            "ours": ["shed"],
            "against": [["taylor-iterative"], ["other"]],
            "keep": [3, 6],
            "log": True,
            "p": 0.1,
        },
        "on five": {"ours": ["shed"], "against": [["taylor-iterative", "other"]], "keep": [6], "by": 0.03, "on": 5},
        "on six": {"ours": ["shed"], "against": [["taylor-iterative", "other"]], "keep": [6], "by": 0.05, "on": 6},
        "through": {"ours": ["one run"], "against": [["shed"]], "keep": [3], "within": 0.02},
    }
    plan = Plan(**PLAN, claims=claims)
    above = {"shed": 0.0, "taylor-iterative": 0.06, "other": 0.02, "one run": 0.019}

    def loss(name: str, keep: int, seed: int, repeat: int) -> float:
        worse = -above[name] if (name, seed) == ("other", 6) else above[name]
        return math.exp(worse) * (1 + 0.01 * seed + keep) * (1.1 if repeat else 1)

    stored(tmp_path, plan, loss)
    cells = judging.Cells(plan, [tmp_path])
    first, second, five, six, through = judging.judge(plan, cells)
    assert first["difference"] == "-0.0600" and first["95%"] == "-0.0600 to -0.0600" and first["lower on"] == "6 of 6"
    assert (first["p"], first["Holm"], first["holds"]) == ("0.0312", "0.0625", "yes")
    assert second["difference"] == f"{(-5 * 0.02 + 0.02) / 6:+.4f}" and second["lower on"] == "5 of 6"
    assert second["holds"] == "no" and "the best of them on 5 models" in second["best of all in hindsight"]
    assert (five["holds"], six["holds"], through["holds"]) == ("yes", "yes", "no")  # 1.9% of 4 nats are more than 0.02
    (three, six) = judging.repeated_sd(plan, cells)
    assert three["degrees"] == six["degrees"] == 24 and float(six["sd of a repeated cell"]) > 0.4

    stored(tmp_path, plan, loss, left_out=6)  # its cell of "one run" at 6: that claim is not about it
    assert [row["lower on"] for row in judging.judge(plan, judging.Cells(plan, [tmp_path]))][:2] == ["6 of 6", "5 of 6"]
    wrong = Plan(**PLAN, claims={"x": {"ours": ["shedd"], "against": [["other"]], "keep": [3]}})
    with pytest.raises(
        NmtError, match="shedd is no name of a method; there are shed, taylor-iterative, other, one run"
    ):
        judging.judge(wrong, cells)


def test_the_figures_show_the_differences_and_what_falls_first(tmp_path):
    plan = Plan(**PLAN | {"methods": [{"method": "shed"}, {"method": "magnitude"}], "repeats": 1})
    stored(tmp_path, plan, lambda name, keep, seed, repeat: 1 / keep + 0.01 * seed + (name == "magnitude") * 0.1)
    cells = judging.Cells(plan, [tmp_path])
    level, differences = figures.curves_of_methods(cells).axes
    assert level.lines[6].get_ydata() == pytest.approx([1 / 3 + 0.035, 1 / 6 + 0.035])  # the mean of six models
    assert differences.containers[1].lines[0].get_ydata() == pytest.approx([0.1, 0.1])
    panels = figures.grammar_destroyed([cells, cells]).axes[:2]
    for axes in panels:
        assert [label.get_text() for label in panels[0].get_yticklabels()] == ["frail, 100%", "sturdy, 100%"]
        assert np.allclose(axes.images[0].get_array(), [[0.4, 0.7], [0.1, 0.1]])


def test_the_recovery_curve_is_the_median_of_the_models(tmp_path):
    methods = [{"name": "the dense model, trained on", "method": "random", "keep": 48}, {"method": "shed"}]
    methods += [{"name": f"shed, {epochs} epochs", "method": "shed", "max_epochs": epochs} for epochs in (2, 4)]
    plan = Plan(**PLAN | {"methods": methods, "budgets": {"all": [6]}, "seeds": [1, 2, 3], "repeats": 1})
    worse = {1: 0.0, 2: 0.1, 3: 2.0}
    of = {"the dense model, trained on": 0.3, "shed": 1.0, "shed, 2 epochs": 0.7, "shed, 4 epochs": 0.5}
    stored(tmp_path, plan, lambda name, keep, seed, repeat: of[name] + worse[seed])
    (axes,) = figures.recovery(judging.Cells(plan, [tmp_path])).axes
    (line,) = (line for line in axes.lines if line.get_label() == "shed")
    assert line.get_ydata() == pytest.approx([1.1, 0.8, 0.6])


@pytest.mark.parametrize(
    "path", sorted(in_clone("data", "results", "claims").glob("*.json")), ids=lambda path: path.stem
)
def test_the_configs_of_the_claims_can_be_run_and_judged(path, tmp_path):
    plan = Plan.read(path)
    for seed in plan.seeds:  # as if each cell had the same loss
        keys = [(plan.key(said, seed, r), said["keep"]) for said in plan.cells() for r in range(plan.repeats)]
        score = {"dev": {"loss": 0.5}}
        lines = [
            {"key": key, "kept": kept, "scores": score}
            for key, keep in keys
            for kept in (keep if isinstance(keep, list) else [keep])
        ]
        (tmp_path / f"seed-{seed}.jsonl").write_text(json_lines(lines))
    rows = judging.judge(plan, judging.Cells(plan, [tmp_path]))
    assert {row["claim"] for row in rows} == plan.claims.keys()
    assert len(rows) == sum(len(claim["against"]) for claim in plan.claims.values())
    page = in_clone("data", "results", "claims", "README.md").read_text(encoding="utf-8")
    assert f"nmt compare data/results/claims/{path.name} --out" in page
    common = json.loads(in_clone("data", "results", "claims", "claims.json").read_text(encoding="utf-8"))
    if path.stem not in ("dense", "hotels"):
        assert plan.training == common["training"]  # one recipe, and cells that two configs name are shared
