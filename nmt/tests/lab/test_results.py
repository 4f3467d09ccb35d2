"""What a comparison says is counted right, whatever is there of it; its tables show that."""

import json
import re
from dataclasses import asdict

import pytest

from nmt import NmtError
from nmt.plumbing.files import json_lines
from nmt.pruning.config import PruningConfig

tables = pytest.importorskip("tables", reason="needs the clone: data/results")
Comparison, role = tables.Comparison, tables.role
METHODS = [
    {"method": "magnitude"},
    {"method": "l0-topk", "l0_penalty_lambda": 0.1},
    {"method": "l0-topk", "l0_penalty_lambda": 0.3},
    {"method": "shed"},
    {"method": "shed", "swaps": 2},
    {"method": "greedy-oracle"},
]
CONFIG = {"data": ["phrasebook"], "dense": {}, "training": {}, "budgets": {"encoder": [3, 1]}, "methods": METHODS}
# dev loss of each of METHODS
LOSSES = [0.5, 0.7, 0.6, 0.4, 0.2, 0.1]


@pytest.fixture
def folder(tmp_path):
    """compare/ of a data/results of its own."""
    (tmp_path / "stored" / "compare").mkdir(parents=True)
    return tmp_path / "stored" / "compare"


@pytest.fixture
def results(folder):
    """results({seed: losses, one for each of METHODS, None where it is missing}) -> Comparison, keep 1 of 16 only."""

    def make(seeds: dict[int, list[float | None]], compute: float = 275.0, **changes) -> object:
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
        "pruning": asdict(PruningConfig()) | said,
        "training": {},
        "of": 16,
        "steps": 275,
        "compute": compute if ours else 275.0,
        "mask": mask,
        "session": {"git": "0123456789abcdef0123456789abcdef01234567+changes"},
    }


def test_rows_know_what_they_are(results):
    found = results({1: LOSSES})
    kinds = {"magnitude": "published", "l0-topk": "published", "shed": "ours", "shed, swaps 2": "ours"}
    assert {row: role(row) for row in found.rows} == kinds | {"greedy-oracle": "bound"}
    assert [len(found.rows[row]) for row in ("l0-topk", "shed")] == [2, 1]


def test_what_another_config_asked_for_does_not_count(results):
    def found(**changes) -> list[str]:
        asked = results({1: LOSSES}, **changes)
        return [row for row in asked.rows if asked.best(row, ("encoder", 1))]

    assert len(found()) == len(METHODS) - 1  # two settings of l0-topk share a row
    assert found(training={"lr": 0.1}) == []
    assert found(methods=METHODS[:2]) == ["magnitude", "l0-topk"]


def test_a_cell_is_known_by_its_settings_not_by_what_was_said(results, folder):
    """A default that changed between versions moves no cell to another row, and what a method does not heed none."""
    lines = [cell(1, {"method": "shed"}, 0.4), cell(1, {"method": "shed", "swaps": 0}, 0.5)]
    lines += [cell(1, {"method": "magnitude"}, 0.6), cell(1, {"method": "l0-topk", "l0_penalty_lambda": 0.1}, 0.7)]
    lines[0]["pruning"]["swaps"] = 2  # said by a version whose default it was
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


def test_a_table_has_the_dense_models_and_all_methods_the_best_first(results):
    found = results({1: LOSSES, 2: [0.5, 0.7, 0.6, 0.45, None, None]}, budgets={"encoder": [1]})
    text = squeezed(tables.comparison("compare", found.config.parent.parent))
    assert "on phrasebook: 10 cells on the seeds 1, 2. Code 0123456+changes." in text
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert rows[:4] == [
        "| none: the dense model | 0.3000 ± 0.0000 | 70.00 ± 0.00 | 2 | | |",
        "| `greedy-oracle` | 0.1000 | 90.00 | 1 | 275.0 | bound |",
        "| `shed, swaps 2` | 0.2000 | 80.00 | 1 | 275.0 | ours |",
        "| `shed` | 0.4250 ± 0.0354 | 57.50 ± 3.54 | 2 | 275.0 | ours |",
    ]
    assert "| `l0-topk` (λ 0.3 ×2) | 0.6000 ± 0.0000 | 40.00 ± 0.00 | 2 | 275.0 | published |" in rows


def test_in_each_seed_the_best_setting_of_a_method_counts(results):
    found = results({1: LOSSES, 2: [0.5, 0.3, 0.9, 0.4, 0.2, 0.1]})
    best = found.best("l0-topk", ("encoder", 1))
    assert {seed: one["said"]["l0_penalty_lambda"] for seed, one in best.items()} == {1: 0.3, 2: 0.1}


def test_whole_cells_are_stored(results, folder, tmp_path, monkeypatch, capsys):
    results({})
    store = pytest.importorskip("store", reason="needs the clone: data/results")
    monkeypatch.setattr(store, "in_clone", lambda *parts: folder)
    (tmp_path / "out").mkdir()
    lines = [cell(1, None, 0.3)] + [cell(1, m, x) for m, x in zip(METHODS, LOSSES, strict=True)]
    (tmp_path / "out" / "seed-1.jsonl").write_text(json_lines(lines) + '{"key": "half')
    store.main([str(tmp_path / "out"), "compare"])
    assert (folder / "seed-1.jsonl").read_text() == json_lines(lines) and len(Comparison(folder).cells) == len(METHODS)
    assert capsys.readouterr().out == f"{folder}\n"


def test_damaged_lines_and_folders_are_refused(results, folder):
    results({1: LOSSES})
    (folder / "seed-2.jsonl").write_text('{"key": \n')
    with pytest.raises(NmtError, match=r"seed-2\.jsonl:1: a damaged line"):
        Comparison(folder)
    with pytest.raises(NmtError, match="0 configs"):
        Comparison(folder / "nothing")
