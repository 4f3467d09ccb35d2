"""nmt bench: what is measured is one function, asked for the same; what is kept and drawn. No time decides."""

import json
import re
import sys

import pytest
import torch

import nmt.cli
from nmt import BOS, EOS, PAD
from nmt.batches import collate, source_batch
from nmt.objective import token_loss
from nmt.plumbing.files import read_json, write_json
from nmt.transformer import Transformer

figures = pytest.importorskip("figures", reason="needs the clone: data/results")
tables = pytest.importorskip("tables", reason="needs the clone: data/results")
peers = pytest.importorskip("peers", reason="needs the clone: data/results")
bench = pytest.importorskip("bench", reason="needs the clone: data/results")

from bench import AUTO, OURS, PARTS, SIZES, SMOKE, candidates, in_rounds, made_pairs, made_tokens, ratios  # noqa: E402

TINY = SMOKE["smoke, 2 x 32"]
VOCABULARY = TINY.src_vocab_size
SAME = {peers.TORCH, peers.MARIAN, peers.CT2}  # one function with ours; int8 rounds


@pytest.fixture
def silent(device) -> dict:
    torch.manual_seed(0)
    return candidates(TINY, device, "DECODING")


@pytest.fixture
def trained(device) -> dict:
    torch.manual_seed(0)
    return candidates(TINY, device, "TRAINING")


def test_peers_with_our_weights_say_the_same(trained, device):
    batch = made_pairs(VOCABULARY, 8, 12, device)
    there = batch.trg_in != PAD
    assert (~there).any() and (batch.src == PAD).any()
    with torch.inference_mode():
        logits = {name: model.eval()(batch.src, batch.trg_in)[there] for name, model in trained.items()}
    for name, of in logits.items():
        assert of.shape == logits[OURS].shape
        if name in SAME:
            torch.testing.assert_close(of, logits[OURS], rtol=1e-4, atol=1e-4)


def test_a_step_teaches_them_the_same(trained, device):
    """Without dropout, whose draws differ: the same loss on the next batch after a step on the first."""
    batches, losses = [made_pairs(VOCABULARY, 8, longest, device) for longest in (8, 12)], {}
    for name, model in trained.items():
        for module in model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
            if name == peers.MARIAN and isinstance(getattr(module, "dropout", None), float):
                module.dropout = 0.0
        bench.training_turn(model, batches[:1], device)()
        with torch.inference_mode():
            losses[name] = token_loss(model(batches[1].src, batches[1].trg_in), batches[1].trg_out)
    for name in SAME & losses.keys():  # ours has learnt a bias that Marian has not
        torch.testing.assert_close(losses[name], losses[OURS], rtol=1e-3 if name == peers.MARIAN else 1e-5, atol=0)


@pytest.mark.parametrize("beam", [1, 3])
def test_the_searches_write_the_same_words_of_the_forced_length(silent, device, beam):
    src = source_batch([[4, 5, 6], [7, 8, 9, 10, 11, 12], [14, 5], [13, 4]], device)
    found = {name: model.search(src, beam, 7) for name, model in silent.items() if beam == 1 or name != peers.X}
    for name, of in found.items():
        assert {len(ids) for ids in of} == {7}
        assert name == peers.X or not {PAD, BOS, EOS} & {i for ids in of for i in ids}, name
        assert of == found[OURS] or name not in SAME, name
    if beam > 1 and peers.X in silent:
        with pytest.raises(ValueError, match="greedy"):
            silent[peers.X].search(src, beam, 7)


@pytest.mark.parametrize("config", [*SMOKE.values(), *SIZES.values()], ids=lambda config: str(config.d_model))
def test_peers_have_as_many_parameters_within_a_per_cent(config):
    with torch.device("meta"):  # nothing is allocated
        model = Transformer(config)
    ours = sum(p.numel() for p in model.parameters())
    assert config.trg_vocab_size / ours < 0.01  # Marian's generator has no bias of its own


def test_made_sentences_are_always_the_same_and_of_several_lengths(device):
    batch, again = (made_pairs(50, 100, 16, device) for _ in range(2))
    assert torch.equal(batch.src, again.src) and torch.equal(batch.trg, again.trg)
    for ids, longest in ((batch.src, 17), (batch.trg_out, 17)):
        assert ids.shape == (100, longest) and {*(ids != PAD).sum(1).tolist()} == {*range(13, 18)}
        assert {*ids.unique().tolist()} == {PAD, *range(EOS, 50)}
    assert batch.tokens == int((batch.trg_out != PAD).sum())


def test_ratio_is_of_the_rounds_and_above_one_where_ours_is_faster():
    costs = {OURS: [1.0, 2.0, 1.0], "b": [3.0, 3.0, 2.0], "a": [0.5, 1.0, 0.5]}
    found = ratios({name: {"cpu": of} for name, of in costs.items()})
    assert found["b"]["cpu"] == {"median": 2.0, "min": 1.5, "max": 3.0}
    assert found["a"]["cpu"]["median"] == 0.5 and [*found] == ["b", "a"]


def test_turns_rotate_and_the_first_is_not_counted(device):
    order = []
    turns = {name: lambda name=name: order.append(name) for name in "abc"}
    seconds = in_rounds(turns, 3, device)
    assert seconds.keys() == set("abc") and ("cpu" in seconds["a"]) == (device.type == "cpu")
    for clocks in seconds.values():
        assert len(clocks["wall"]) == 3 and min(clocks["wall"]) > 0 and {len(of) for of in clocks.values()} == {3}
    rounds = ["".join(order[i : i + 3]) for i in range(0, 12, 3)]
    assert sorted(rounds[1:]) == ["abc", "bca", "cab"] and sorted(rounds[0]) == ["a", "b", "c"]


def test_padding_is_that_of_the_batches(device):
    (row,) = bench.padding(TINY, device, 1, True)
    assert 0 < row["share"]["source"] < 0.5 and 0 < row["share"]["target"] < 0.5
    tokens = made_tokens(torch.full((2, 40), 9).numpy(), VOCABULARY, bench.np.random.default_rng(1))
    assert (collate(tokens, [*range(40)], device).src != PAD).all()


def test_all_parts_on_the_command_line(tmp_path, capsys):
    """In two calls; what is there is not measured again, and other rounds do not come beside it."""
    out, state = tmp_path / "bench", torch.get_rng_state()
    line = ["bench", "--out", str(out), "--smoke", "--gpus", "0", "--rounds", "1"]
    assert nmt.cli.main([*line, "--parts", "decoding"]) == 0, capsys.readouterr().err
    before = read_json(out / "bench.json")
    assert before["parts"] == ["decoding"]
    assert nmt.cli.main(line) == 0, capsys.readouterr().err
    assert torch.equal(torch.get_rng_state(), state)
    told = capsys.readouterr().out
    for pattern in (
        r"training step: torch\.nn\.Transformer takes \d+\.\d\d times the wall time of nmt \(\d+\.\d\d to \d+",
        r"training step: nmt does [\d,]+ tokens a second",
        r"greedy, length 16: [\d,]+\.\d µs of wall time a token",
        r"Padding in batches of 2,000 tokens: \d+\.\d% of the source",
        r"50% of the heads, batch 1: saves -?\d+% of wall, -?\d+% of cpu, \d+% of operations",
        r"A training step of [\d,]+ tokens: [\d.]+ TFLOP/s, \d+% of the [\d.]+ of one large product",
    ):
        assert re.search(pattern, told), told
    assert not re.search(r"[{}]|\d\.\d{4}", told)
    result = read_json(out / "bench.json")
    assert {*result["parts"]} == {*PARTS} and result["smoke"] and result["session"]["versions"].keys() >= {"torch"}
    rows = result["sizes"]["smoke, 2 x 32"]["rows"]
    assert rows[:4] == before["sizes"]["smoke, 2 x 32"]["rows"] and {row["part"] for row in rows} == {*PARTS}
    for row in (row for row in rows if "seconds" in row):
        assert row["seconds"].keys() == {OURS, *row["ratios"]} and row["tokens"] > 0
        for name, count in row.get("same", {}).items():
            assert name not in SAME or count == row["same"][OURS], (name, row)
    step, memory = rows[4], next(row for row in rows if row["task"] == "peak memory")
    assert OURS in step["parameters"] and memory["MB"].keys() == step["parameters"].keys() - {AUTO}
    assert all(50 < of["memory"][0] < 5_000 for of in memory["MB"].values())
    assert {row["grows"] for row in rows if row["part"] == "growth"} == {"length", "batch", "blocks"}
    drawing = figures.speed(json.loads(json.dumps(result)))
    assert [text.get_text() for text in drawing.axes[0].get_yticklabels()][:2] == ["batch 1, greedy", "batch 1, beam 4"]
    text = tables.speed("bench", out)
    assert f"torch {torch.__version__}" in text and "Padding in batches" in text and "Peak memory" in text

    assert nmt.cli.main(line) == 2 and "has these parts already" in capsys.readouterr().err
    assert nmt.cli.main([*line[:-1], "2"]) == 2 and "other code, packages or rounds" in capsys.readouterr().err
    write_json(out / "bench.json", result | {"session": result["session"] | {"git": "another"}})
    assert nmt.cli.main(line) == 2 and "other code, packages or rounds" in capsys.readouterr().err


@pytest.mark.parametrize("out", ["file", "file/below"])
def test_where_it_cannot_be_written_nothing_is_measured(out, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setattr(bench, "candidates", lambda *given: pytest.fail("measured"))
    assert nmt.cli.main(["bench", "--out", str(tmp_path / out), "--smoke", "--gpus", "0"]) == 2
    assert f"--out {tmp_path / out}: not a folder" in capsys.readouterr().err


def test_who_is_not_installed_is_left_out_and_it_says_so(monkeypatch, device, capsys):
    for package in ("transformers", "x_transformers", "ctranslate2"):
        monkeypatch.setitem(sys.modules, package, None)
    assert candidates(TINY, device, "TRAINING").keys() == {OURS, peers.TORCH}
    assert candidates(TINY, device, "DECODING").keys() - {peers.OURS_INT8} == {OURS}
    told = capsys.readouterr().out
    assert "pip install -e" in told and all(
        f"{name} is left out: " in told for name in (peers.MARIAN, peers.X, peers.CT2, peers.CT2_INT8)
    )
