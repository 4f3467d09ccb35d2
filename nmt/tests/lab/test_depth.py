"""Six blocks, growth, overfitting first, bigger models pruned: each runs in small and goes on; growth is exact."""

import copy
from dataclasses import replace

import pytest
import torch

from nmt import NmtError
from nmt.plumbing.files import json_lines, read_json_lines

cells = pytest.importorskip("cells", reason="needs the clone: data/results/depth")
import bigger  # noqa: E402
import depth  # noqa: E402
import growth  # noqa: E402
import overfit_first  # noqa: E402


@pytest.fixture(autouse=True)
def caches(corpus, tmp_path, monkeypatch):
    """The vocabularies are those of `corpus`; runs go elsewhere."""
    monkeypatch.setenv("NMT_DATA", str(corpus.directory.parent.parent))
    monkeypatch.setattr(cells, "cache_root", lambda: tmp_path)


def records(experiment, corpus, tmp_path, **patched) -> list[dict]:
    file = tmp_path / "records.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in patched.items():
            patch.setattr(experiment, name, value)
        experiment.main(corpus, file, small=True)
        lines = read_json_lines(file)
        file.write_text(json_lines(lines[:-1]), encoding="utf-8")  # as if the last cell had been killed
        experiment.main(corpus, file, small=True)
    again = read_json_lines(file)
    assert again[:-1] == lines[:-1] and len(again) == len(lines)
    changing = {"seconds", "session", "dense", "rows"}
    assert all(
        again[-1][name] == lines[-1][name] for name in lines[-1].keys() - changing
    )  # the same seed, the same run
    for line in lines:
        assert line["corpus"] == corpus.fingerprint and line["session"]["git"] and line["pairs"]["train"]
    return lines


def test_cells_of_depth(corpus, tmp_path):
    lines = records(depth, corpus, tmp_path, CURES=depth.CURES[1:2], GRID=depth.GRID[1:2])
    assert [(line["init"], line["blocks"]) for line in lines] == [("small", 6), ("per head", 2)]
    for line in lines:
        assert [step for step, _ in line["held_out"]] == [0, 2, 4]
        assert len(line["gradients"][0]["encoder"]) == len(line["alike"][0]["decoder"]) == line["blocks"]


def test_all_that_is_asked_of_depth_is_there_once():
    cells = depth.CURES + depth.GRID
    assert len({tuple(cell.items()) for cell in cells}) == len(cells)
    assert {(c["norm"], c["blocks"], c["peak"]) for c in depth.GRID} == {
        (norm, blocks, peak) for norm in ("post", "pre") for blocks in (2, 4, 6) for peak in (depth.HIGH, depth.LOW)
    }


def test_per_head_weights_are_wider_and_cures_change_only_what_is_added(make_model):
    plain, per_head, small, zero = (make_model(num_blocks=2, norm="post") for _ in range(4))
    for model, init in ((plain, "joint"), (per_head, "per head"), (small, "small"), (zero, "zero")):
        depth.initialise(model, init)
    bound = (6 / (per_head.config.d_model + per_head.config.head_size)) ** 0.5
    for layer in per_head.gated_layers("cross"):
        assert 0.9 * bound < layer.in_weight.abs().max() <= bound
    for stack, additions in (("encoder", 4), ("decoder", 6)):
        for a, b, c in zip(*(getattr(model, stack).parameters() for model in (plain, small, zero)), strict=True):
            changed = not torch.equal(a, b)
            torch.testing.assert_close(b, a * additions**-0.5 if changed else a)
            assert (not c.any()) == changed or not a.any()


def test_alike_is_the_mean_cosine_of_all_pairs():
    x, there = torch.randn(2, 4, 8), torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]]).bool()
    by_hand = []
    for row, count in ((0, 4), (1, 3)):
        pairs = [(i, j) for i in range(count) for j in range(count) if i != j]
        by_hand.append(sum(float(torch.cosine_similarity(x[row, i], x[row, j], dim=0)) for i, j in pairs) / len(pairs))
    assert depth.mean_cosine(x, there) == pytest.approx(sum(by_hand) / 2, abs=1e-6)
    assert depth.mean_cosine(x[:, :1].expand(2, 4, 8), there) == pytest.approx(1, abs=1e-6)


def test_the_rate_rises_stays_and_falls():
    watching = cells.Watching(10, 5, peak=2.0, warmup=4, fall=4)
    assert [watching.rate(step) for step in range(10)] == [0.5, 1.0, 1.5, 2.0, 2.0, 2.0, 2.0, 1.5, 1.0, 0.5]


@pytest.mark.parametrize("plan", ["0z1z", "01zz", "0zz1"])
def test_what_adds_nothing_changes_nothing(make_model, src, plan):
    small = make_model(num_blocks=2, norm="pre")
    big, trg = growth.grow(small, plan), src.clamp(max=18)
    assert torch.equal(big(src, trg), small.eval()(src, trg)) and big.config == replace(small.config, num_blocks=4)


@pytest.mark.parametrize("plan", ["0101", "0011", "0111", "01rr", "01"])
def test_blocks_are_copied_as_the_plan_says(make_model, plan, norm):
    small = make_model(num_blocks=2, norm=norm)
    before = copy.deepcopy(small.state_dict())
    big = growth.grow(small, plan)
    for old, new in ((small.encoder, big.encoder), (small.decoder, big.decoder)):
        for block, origin in zip(new, plan, strict=True):
            same = [all(map(torch.equal, block.parameters(), one.parameters())) for one in old]
            assert same == [str(number) == origin for number in range(2)]
    for name, weight in small.state_dict().items():
        if not name.startswith(("encoder.", "decoder.")):
            assert torch.equal(weight, big.state_dict()[name])
    for parameter in big.parameters():
        parameter.data.zero_()
    assert all(torch.equal(weight, before[name]) for name, weight in small.state_dict().items())  # nothing is shared


@pytest.mark.parametrize(("norm", "plan"), [("post", "0z1z"), ("pre", "z01"), ("pre", "0123"), ("pre", "")])
def test_plans_that_cannot_be_are_refused(make_model, norm, plan):
    with pytest.raises(NmtError, match=r"a plan is of|a pre-norm model"):
        growth.grow(make_model(num_blocks=2, norm=norm), plan)


def test_cells_of_growth_have_equal_operations(corpus, tmp_path):
    lines = records(growth, corpus, tmp_path, PLANS=("0101", "0z1z", "01", "rrrr"))
    most = max(line["operations"]["a step"] for line in lines)
    ends = [line["operations"]["before"] + line["steps"] * line["operations"]["a step"] for line in lines]
    assert all(abs(end - line["operations"]["in all"]) <= most / 2 for end, line in zip(ends, lines, strict=True))
    started = {line["plan"]: line["held_out"][0][1] for line in lines}
    end = lines[0]["before"]["held_out"][-1][1]
    assert started["0z1z"] == started["01"] == end != started["0101"]


def test_cells_of_overfit_first_have_equal_updates(corpus, tmp_path):
    lines = records(overfit_first, corpus, tmp_path, FIRST=(0, 20))
    for line in lines:
        done = line["held_out"][-1][0] + (line["before"]["held_out"][-1][0] if line["before"] else 0)
        assert done == line["updates"] == 12
    assert [line["first"] for line in lines] == [0, 20] and not lines[0]["before"]
    assert lines[1]["before"]["training"]["limit_train_batches"] == 2


def test_bigger_models_are_pruned_to_each_share(corpus, tmp_path):
    lines = records(bigger, corpus, tmp_path, SHARES={"encoder": (1 / 2, 0), "all": (1 / 4,)})
    assert [line["heads"] for line in lines] == ["encoder", "all"]
    assert [row["kept"] for row in lines[0]["rows"]] == [2, 0]  # of 2 layers with 2 heads
    assert [row["kept"] for row in lines[1]["rows"]] == [3]
    for line in lines:
        assert line["dense"]["training"]["num_blocks"] == 2 and line["dense"]["scores"]["test"]["sentences"] > 0
        for row in line["rows"]:
            assert sum(sum(map(sum, kept)) for kept in row["mask"].values()) == row["kept"]
