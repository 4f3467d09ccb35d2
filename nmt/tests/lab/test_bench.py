"""nmt bench: what is measured is one function, asked for the same; what is kept and drawn. No time decides."""

import json
import sys

import pytest
import torch

import nmt.cli
import nmt.lab.bench
from nmt import BOS, EOS, PAD, NmtError
from nmt.batches import source_batch
from nmt.lab.bench import MARIAN, OURS, SIZES, SMOKE, TORCH, figure, made_pairs, ratios, three
from nmt.objective import token_loss
from nmt.plumbing.files import read_json
from nmt.transformer import Transformer

pytest.importorskip("transformers", reason="the extra bench")
tables = pytest.importorskip("tables", reason="needs the clone: data/results")


TINY = SMOKE["smoke, 2 x 32"]
VOCABULARY = TINY.src_vocab_size


@pytest.fixture
def silent(device):
    torch.manual_seed(0)
    return three(TINY, device, silent=True)


def test_the_three_say_the_same(silent, device):
    batch = made_pairs(VOCABULARY, 8, 12, device)
    there = batch.trg_in != PAD
    assert (~there).any() and (batch.src == PAD).any()
    with torch.inference_mode():
        ours, *peers = (silent[name](batch.src, batch.trg_in)[there] for name in (OURS, TORCH, MARIAN))
    for logits in peers:
        torch.testing.assert_close(logits, ours, rtol=1e-4, atol=1e-4)


def test_a_step_teaches_the_three_the_same(device):
    """Without dropout, whose draws differ: the same loss on the next batch after a step on the first."""
    torch.manual_seed(0)
    batches, losses = [made_pairs(VOCABULARY, 8, longest, device) for longest in (8, 12)], {}
    for name, model in three(TINY, device).items():
        for module in model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
            if name == MARIAN and isinstance(getattr(module, "dropout", None), float):
                module.dropout = 0.0
        nmt.lab.bench.training_turn(model, batches[:1], device)()
        with torch.inference_mode():
            losses[name] = token_loss(model(batches[1].src, batches[1].trg_in), batches[1].trg_out)
    for name in (TORCH, MARIAN):  # ours has learnt a bias that Marian has not
        torch.testing.assert_close(losses[name], losses[OURS], rtol=1e-3 if name == MARIAN else 1e-5, atol=0)


@pytest.mark.parametrize("beam", [1, 3])
def test_the_searches_write_the_same_words_of_the_forced_length(silent, device, beam):
    src = source_batch([[4, 5, 6], [7, 8, 9, 10, 11, 12], [], [13, 4]], device)
    ours, theirs = (silent[name].search(src, beam, 7) for name in (OURS, MARIAN))
    assert ours == theirs and {len(ids) for ids in ours} == {7}
    assert not {PAD, BOS, EOS} & {i for ids in ours for i in ids}


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
    found = ratios({OURS: [1.0, 2.0, 1.0], MARIAN: [3.0, 3.0, 2.0], TORCH: [0.5, 1.0, 0.5]})
    assert found[MARIAN]["wall"] == {"median": 2.0, "min": 1.5, "max": 3.0}
    assert found[TORCH]["wall"]["median"] == 0.5 and OURS not in found


def test_turns_rotate_and_the_first_is_not_counted(device, monkeypatch):
    order = []
    turns = {name: lambda name=name: order.append(name) for name in "abc"}
    monkeypatch.setattr(nmt.lab.bench, "ratios", lambda seconds: {n: len(s) for n, s in seconds.items()})
    row = nmt.lab.bench.in_rounds(turns, 3, device)
    assert row["ratios"] == {"a": 3, "b": 3, "c": 3} and min(min(taken) for taken in row["seconds"].values()) > 0
    rounds = ["".join(order[i : i + 3]) for i in range(0, 12, 3)]
    assert sorted(rounds[1:]) == ["abc", "bca", "cab"] and sorted(rounds[0]) == ["a", "b", "c"]


def test_smoke_on_the_command_line(tmp_path, capsys):
    out = tmp_path / "bench"
    state = torch.get_rng_state()
    assert nmt.cli.main(["bench", "--out", str(out), "--smoke", "--gpus", "0"]) == 0, capsys.readouterr().err
    assert torch.equal(torch.get_rng_state(), state)
    assert "times as long" in capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == {"bench.json", "bench.png"}
    result = read_json(out / "bench.json")
    assert result["smoke"] and result["session"]["versions"].keys() >= {"torch", "transformers"}
    (size,) = result["sizes"].values()
    counts = size["parameters"]
    assert counts[OURS] == counts[TORCH] == counts[MARIAN] + VOCABULARY
    assert [row["task"] for row in size["rows"]] == ["training step", *4 * ["decoding"]]
    for row in size["rows"]:
        peers = {TORCH, MARIAN} if row["task"] == "training step" else {MARIAN}
        assert row["ratios"].keys() == peers and row["seconds"].keys() == {OURS, *peers}
        assert all(len(taken) == size["rounds"] for taken in row["seconds"].values())
        assert row["tokens"] > 0 and row.get("same translations", 1) == 1
    panels = figure(json.loads(json.dumps(result))).axes
    assert [text.get_text() for text in panels[0].get_yticklabels()] == list(map(nmt.lab.bench.label, size["rows"]))

    text = tables.speed("bench", out)
    assert f"torch {torch.__version__}" in text and "training in float32" in text
    assert nmt.cli.main(["bench", "--out", str(out), "--smoke", "--gpus", "0"]) == 2
    assert "already" in capsys.readouterr().err


@pytest.mark.parametrize("out", ["file", "file/below"])
def test_where_it_cannot_be_written_nothing_is_measured(out, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setattr(nmt.lab.bench, "measure", lambda *given: pytest.fail("measured"))
    assert nmt.cli.main(["bench", "--out", str(tmp_path / out), "--smoke", "--gpus", "0"]) == 2
    assert f"--out {tmp_path / out}: not a folder" in capsys.readouterr().err


def test_without_transformers_it_says_what_to_install(monkeypatch, device):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(NmtError, match="pip install"):
        three(TINY, device)
