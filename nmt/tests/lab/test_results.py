"""What a comparison says is counted right, whatever is there of it; its tables and figures show that."""

import json
import re
from dataclasses import asdict

import pytest

from nmt import NmtError
from nmt.lab import figures, store, tables
from nmt.lab.results import Comparison, judge, role
from nmt.plumbing.files import json_lines
from nmt.pruning.config import PruningConfig
from nmt.show.plots import MARKED, budget_curves

METHODS = [
    {"method": "magnitude"},
    {"method": "l0-topk", "l0_penalty_lambda": 0.1},
    {"method": "l0-topk", "l0_penalty_lambda": 0.3},
    {"method": "shed"},
    {"method": "shed", "swaps": 2},
    {"method": "greedy-oracle"},
]
CONFIG = {"data": ["phrasebook"], "dense": {}, "training": {}, "budgets": {"encoder": [3, 1]}, "methods": METHODS}
# dev loss of each of METHODS where shed is the best of all but what does not count: an ablation, a bound
WON = [0.5, 0.7, 0.6, 0.4, 0.2, 0.1]


@pytest.fixture
def folder(tmp_path):
    """compare/ of a data/results of its own."""
    (tmp_path / "stored" / "compare").mkdir(parents=True)
    return tmp_path / "stored" / "compare"


@pytest.fixture
def results(folder):
    """results({seed: losses, one for each of METHODS, None where it is missing}) -> Comparison, keep 1 of 16 only."""

    def make(seeds: dict[int, list[float | None]], compute: float = 275.0, **changes) -> Comparison:
        (folder / "plan.json").write_text(json.dumps(CONFIG | changes))
        for old in folder.glob("*.jsonl"):
            old.unlink()
        for seed, losses in seeds.items():
            lines = [cell(seed, None, 0.3)]
            lines += [cell(seed, m, x, compute) for m, x in zip(METHODS, losses, strict=True) if x is not None]
            (folder / f"seed-{seed}.jsonl").write_text(json_lines(lines))
        return Comparison(folder)

    return make


def cell(seed: int, method: dict | None, loss: float, compute: float = 275.0) -> dict:
    score = {"loss": loss, "bleu": 100 * (1 - loss), "chrf": 90.0}
    line = {"seed": seed, "corpus": "c", "scores": {"dev": score, "test": score}}
    if method is None:
        return {"key": "dense", "method": "dense", **line}
    said, ours = {"heads": "encoder", "keep": 1, **method}, method["method"] == "shed"
    mask = {"encoder": [[0, 0, 0, 0, 0, 0, 0, int(not ours)], [int(ours)] + [0] * 7]}
    return line | {
        "key": f"{seed}-{method['method']}-{len(method)}-{loss}",
        "method": method["method"],
        "said": said,
        "pruning": asdict(PruningConfig(**said)),
        "training": {},
        "of": 16,
        "steps": 275,
        "compute": compute if ours else 275.0,
        "mask": mask,
        "session": {"git": "0123456789abcdef0123456789abcdef01234567+changes"},
    }


def test_ours_is_held_against_the_best_published_cell_of_each_seed(results):
    found = results({1: WON, 2: [0.5, 0.3, 0.9, 0.4, 0.2, 0.1], 3: WON})
    one = judge(found, "shed", ("encoder", 1))
    assert (one.won, one.lost, one.missing) == ([1, 3], [2], [4, 5])
    rivals = {seed: (x["said"]["method"], x["said"].get("l0_penalty_lambda")) for seed, x in one.published.items()}
    assert rivals == {1: ("magnitude", None), 2: ("l0-topk", 0.1), 3: ("magnitude", None)}


def test_a_tie_is_lost_and_so_is_more_compute(results):
    tie = [0.4, 0.7, 0.6, 0.4, 0.2, 0.1]
    assert judge(results({1: tie}), "shed", ("encoder", 1)).lost == [1]
    assert judge(results({1: WON}, compute=275.0), "shed", ("encoder", 1)).won == [1]
    assert judge(results({1: WON}, compute=275.1), "shed", ("encoder", 1)).lost == [1]


def test_a_missing_rival_cannot_make_a_win_but_a_loss_stays_one(results):
    found = results({1: [0.5, None, 0.6, 0.4, 0.2, 0.1]})
    one = judge(found, "shed", ("encoder", 1))
    assert (one.won, one.lost, one.ahead, one.missing, one.claim) == ([], [], [1], [2, 3, 4, 5], "open")
    assert "open, seeds: 0 won, 0 lost, 1 ahead of the published cells there are, 4 not run" in tables.claim(
        found, "shed"
    )
    one = judge(results({1: [0.3, None, 0.6, 0.4, 0.2, 0.1]}), "shed", ("encoder", 1))
    assert (one.won, one.lost) == ([], [1])
    one = judge(results({1: [0.3, 0.7, 0.6, None, 0.2, 0.1]}), "shed", ("encoder", 1))
    assert (one.won, one.lost, one.missing) == ([], [], [1, 2, 3, 4, 5])


@pytest.mark.parametrize(
    "won, lost, claim",
    [
        (5, 0, "holds"),
        (4, 1, "holds"),
        (4, 0, "holds"),
        (3, 1, "open"),
        (3, 2, "fails"),
        (0, 2, "fails"),
        (0, 0, "open"),
    ],
)
def test_the_claim_needs_four_of_five(results, won, lost, claim):
    seeds = {s: WON for s in range(1, won + 1)} | {s: [0.3, *WON[1:]] for s in range(won + 1, won + lost + 1)}
    found = results(seeds)
    assert judge(found, "shed", ("encoder", 1)).claim == claim
    words = {"holds": "the claim holds", "fails": "the claim fails", "open": "the claim is open"}
    assert words[claim] in tables.claim(found, "shed")


def test_only_small_budgets_are_claimed(results):
    found = results({1: WON})
    assert found.budgets == [("encoder", 1), ("encoder", 3)] and found.small_budgets() == [("encoder", 1)]


def test_rows_know_what_they_are(results):
    found = results({1: WON})
    kinds = {"magnitude": "published", "l0-topk": "published", "shed": "ours", "shed, swaps 2": "ablation"}
    assert {row: role(row) for row in found.rows} == kinds | {"greedy-oracle": "bound"}
    assert [len(found.rows[row]) for row in ("l0-topk", "shed")] == [2, 1]


def test_a_variation_of_which_more_is_there_is_judged_too(results):
    found = results({1: WON, 2: WON})
    assert found.judged == found.leading == ["shed"]
    found = results({1: WON, 2: [0.5, 0.7, 0.6, None, 0.2, 0.1]})
    assert found.judged == ["shed", "shed, swaps 2"] and found.leading == ["shed, swaps 2"]
    assert judge(found, "shed, swaps 2", ("encoder", 1)).won == [1, 2]
    assert figures.highlighted(found)[0] == "shed, swaps 2" and "`shed, swaps 2` is lower" in tables.all_methods(found)


def test_what_another_config_asked_for_does_not_count(results):
    assert results({1: WON}).done(1) == len(METHODS)
    assert results({1: WON}, training={"lr": 0.1}).done(1) == 0
    assert results({1: WON}, methods=METHODS[:2]).done(1) == 2


def test_a_cell_is_known_by_its_settings_not_by_what_was_said(results, folder):
    """A default that changed between versions moves no cell to another row, and what a method does not heed none."""
    lines = [cell(1, {"method": "shed"}, 0.4), cell(1, {"method": "shed", "swaps": 0}, 0.5)]
    lines += [cell(1, {"method": "magnitude"}, 0.6), cell(1, {"method": "l0-topk", "l0_penalty_lambda": 0.1}, 0.7)]
    lines[0]["pruning"]["swaps"] = 2  # said by a version whose default it was
    del lines[2]["pruning"]["swaps"]  # by one that had no such setting
    lines[2]["pruning"]["search"], lines[3]["pruning"]["search"] = 0.3, 0.6
    results({})
    (folder / "seed-1.jsonl").write_text(json_lines(lines))
    best = {
        row: Comparison(folder).best(row, ("encoder", 1)) for row in ("shed", "shed, swaps 2", "magnitude", "l0-topk")
    }
    assert [x[1]["scores"]["dev"]["loss"] for x in best.values()] == [0.5, 0.4, 0.6, 0.7]


def squeezed(markdown: str) -> str:
    """Markdown without the spaces that align its tables."""
    return re.sub(" +", " ", markdown)


def test_the_page_says_what_is_missing_and_what_is_there(results):
    found = results({1: WON, 2: [0.5, 0.7, 0.6, 0.45, None, None]}, budgets={"encoder": [1]})
    text = tables.progress(found)
    assert "10 of 30 cells are done, all of them on 1 of 5 seeds" in text and "seed 2: 4 of 6" in text
    text = squeezed(tables.all_methods(found))
    assert "| **`shed`** | ours | 0.4250 ± 0.0354 | 57.50 ± 3.54 | 90.00 ± 0.00 | 275.0 | 2 | |" in text
    assert "| `l0-topk` (λ 0.3 ×2) | published | 0.6000 ± 0.0000 |" in text and "on 2 of 2 |" in text
    text = squeezed(tables.verdict(found))
    assert "-0.0750 (-0.1000, -0.0500) | 2 won, 0 lost, 3 not run | `magnitude` ×2 | 275.0, 275.0 | +7.50 | – |" in text
    assert "| **1 of 16 encoder heads** | `shed` |" in text and "| -12.50 | – |" in text  # against the dense models


def test_no_cell_gives_a_page_without_numbers_and_no_figure(results, tmp_path):
    found = results({})
    assert "0 of 60 cells" in tables.progress(found) and tables.all_methods(found) == ""
    assert tables.verdict(found).strip() == "**`shed`: the claim is open.**"
    assert figures.draw(found.folder.parent, tmp_path) == []


def test_figures_of_a_comparison(results, tmp_path):
    found = results({1: WON, 2: WON})
    curves = figures.losses(found)
    assert [axes.get_ylabel() for axes in curves.axes] == ["dev loss, nats per piece", "test BLEU"]
    names = [text.get_text() for text in curves.legends[0].get_texts()]
    assert names == ["shed", "magnitude", "l0-topk", "greedy-oracle", "others", "dense model"]
    first = [path.read_bytes() for path in figures.draw(found.folder.parent, tmp_path)]
    assert [path.read_bytes() for path in figures.draw(found.folder.parent, tmp_path)] == first and len(first) == 1


def test_figures_come_before_ours_is_there(results):
    found = results({1: [0.5, 0.7, 0.6, None, None, None]})
    assert figures.losses(found).axes


def test_what_is_marked_is_always_in_view_and_the_rest_is_grey():
    values = {"a": {1: [0.5, 0.7], 3: [0.4]}, "far": {1: [9.0], 3: [8.0]}, "dense": {0: [0.3]}}
    axes = budget_curves([[("all", "loss", values)]], ["a"]).axes[0]
    low, high = axes.get_ylim()
    assert low < 0.3 and 0.7 < high < 1
    means = {tuple(line.get_ydata()): line.get_color() for line in axes.lines if len(line.get_ydata()) == 2}
    assert means[(0.6, 0.4)] == MARKED[0][0] and means[(9.0, 8.0)] not in [color for color, _ in MARKED]


def test_whole_lines_are_stored_and_their_significance(results, folder, tmp_path, corpus, monkeypatch):
    monkeypatch.setattr("nmt.lab.store.prepare", lambda data: corpus)
    russian = [ru for _, ru in corpus.pairs("test")]
    results({})
    out = tmp_path / "out"
    (out / "outputs").mkdir(parents=True)
    lines = [cell(1, None, 0.3)] + [cell(1, m, x) for m, x in zip(METHODS, WON, strict=True)]
    for line in lines:
        line["corpus"] = corpus.fingerprint
        bad = russian if line["method"] in ("shed", "dense") else ["кот"] * len(russian)
        name = "dense-1" if line["key"] == "dense" else line["key"]
        (out / "outputs" / f"{name}.txt").write_text("".join(f"{x}\n" for x in bad), encoding="utf-8")
    (out / "seed-1.jsonl").write_text(json_lines(lines) + '{"key": "half')
    found = Comparison(store.comparison(out, folder))
    assert (folder / "seed-1.jsonl").read_text() == json_lines(lines) and found.done(1) == len(METHODS)
    shed = next(line["key"] for line in lines if line["method"] == "shed")
    rival = next(line["key"] for line in lines if line["method"] == "magnitude")
    same, better = found.significance[shed, "dense-1"], found.significance[shed, rival]
    assert same["bleu"] == same["bleu_against"] == pytest.approx(100)
    assert better["p"] < 0.05 and better["bleu"] > better["bleu_against"] and "bs:1000" in better["signature"]
    text = squeezed(tables.verdict(found))
    assert "| 1 better, 0 worse of 1 |" in text and "| 0 better, 0 worse of 1 |" in text  # p of equals is no finding
    for path in (out / "outputs").iterdir():
        path.unlink()
    assert (
        Comparison(store.comparison(out, folder)).significance == found.significance
    )  # what was tested is not tested again
    (folder / "significance.jsonl").unlink()
    with pytest.raises(NmtError, match=r"dense-1\.txt: no such file"):
        store.comparison(out, folder)


def test_results_of_another_corpus_are_refused(results, folder, tmp_path, corpus, monkeypatch):
    monkeypatch.setattr("nmt.lab.store.prepare", lambda data: corpus)
    results({1: WON})
    with pytest.raises(NmtError, match=r"seeds \[1\] are of another version"):
        store.comparison(tmp_path / "nothing", folder)


def test_damaged_lines_and_folders_are_refused(results, folder):
    results({1: WON})
    (folder / "seed-2.jsonl").write_text('{"key": \n')
    with pytest.raises(NmtError, match=r"seed-2\.jsonl:1: a damaged line"):
        Comparison(folder)
    with pytest.raises(NmtError, match="0 configs"):
        Comparison(folder / "nothing")
