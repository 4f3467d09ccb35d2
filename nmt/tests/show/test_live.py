"""The logic of the widgets: no display, no browser, no time."""

import os
import threading
from dataclasses import replace

import pytest
import torch

from nmt import NmtError
from nmt.models import save_model_directory
from nmt.plumbing.files import read_json, write_json
from nmt.pruning import masks
from nmt.pruning.removal import remove_heads
from nmt.show import live as live_module
from nmt.show.live import LatestOnly, Live, available_models, changes, in_words, phenomena, pieces_of
from nmt.transformer import KINDS

SENTENCE = "the old dog sees the sea."


@pytest.fixture
def checkpoint(make_model, bpe, tmp_path):
    """A directory with a model that was never trained."""
    model = make_model(src_vocab_size=80, trg_vocab_size=80).float().cpu()
    (tmp_path / "dense").mkdir()
    save_model_directory(tmp_path / "dense", model, bpe, False)
    return tmp_path / "dense"


@pytest.fixture
def live(checkpoint):
    return Live.load(checkpoint)


@pytest.fixture
def timers(monkeypatch):
    """What was to be called after a delay, for the test to call in the order it likes."""
    waiting = []
    monkeypatch.setattr(live_module, "after", lambda delay, function: waiting.append(function))
    return waiting


@pytest.fixture
def no_delay(monkeypatch):
    """The answer is there when ask() returns."""
    monkeypatch.setattr(live_module, "after", lambda delay, function: function())


class Box:
    """A text box: what is typed in it, what was worked on and what was shown."""

    def __init__(self, typed=""):
        self.typed, self.worked, self.shown = typed, [], []

    def work(self):
        typed = self.typed
        self.worked.append(typed)
        yield lambda: self.shown.append(typed)


def test_only_the_latest_question_is_worked_on(timers):
    box = Box()
    questions = LatestOnly(box.work, pytest.fail)
    for box.typed in "abc":
        questions.ask()
    assert not box.worked
    for function in timers:
        function()
    assert box.worked == box.shown == ["c"]


def test_an_old_answer_never_overwrites_a_newer_one_whatever_the_order_of_the_timers(timers):
    box = Box()
    questions = LatestOnly(box.work, pytest.fail)
    for box.typed in ("old", "new"):
        questions.ask()
    timers[1]()
    timers[0]()
    assert box.worked == box.shown == ["new"]


def test_a_question_asked_while_another_is_worked_on_stops_its_parts(timers):
    box = Box("old")

    def work():
        typed = box.typed
        yield lambda: box.shown.append((typed, 1))
        if typed == "old":
            box.typed = "new"  # while the first part was on the screen
            questions.ask()
        yield lambda: box.shown.append((typed, 2))

    questions = LatestOnly(work, pytest.fail)
    questions.ask()
    for function in timers:  # the list grows while we go
        function()
    assert box.shown == [("old", 1), ("new", 1), ("new", 2)]


def test_two_threads_are_answered_one_at_a_time(no_delay):
    inside, most, shown, enough = [], [], [], threading.Event()

    def work():
        me = threading.get_ident()
        inside.append(me)
        most.append(len(inside))
        enough.wait(0.05)
        inside.remove(me)
        yield lambda: shown.append(me)

    questions = LatestOnly(work, pytest.fail)
    threads = [threading.Thread(target=questions.ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1 and len(shown) == len(set(shown)) >= 1


def test_the_real_timer_answers_after_the_last_keystroke():
    done, box = threading.Event(), Box()
    questions = LatestOnly(lambda: iter([*box.work(), done.set]), pytest.fail)
    for box.typed in "abc":
        questions.ask(0.01)
    assert done.wait(10) and box.shown[-1] == "c"


def test_a_failure_is_a_sentence_and_the_next_question_is_answered(no_delay):
    box, failures = Box(), []

    def work():
        half = box.typed / 2
        yield lambda: box.shown.append(half)

    questions = LatestOnly(work, lambda error: failures.append(in_words(error)))
    for box.typed in ("x", 4):
        questions.ask()
    assert len(failures) == 1 and "TypeError" in failures[0] and "Traceback" not in failures[0]
    assert box.shown == [2]
    assert in_words(NmtError("too long")) == "too long"


def test_an_answer_has_scores_in_order_and_the_pieces_of_its_ids(live):
    answer = live.answer(f"  {SENTENCE} ", beam=4, n_best=3)
    english, russian = answer.pieces
    assert answer.sentences == [SENTENCE] and "".join(*english).replace("▁", " ").strip() == SENTENCE
    assert len(answer.lines) == 3
    scores = [hypothesis.score for line in answer.lines for hypothesis in line.hypotheses]
    assert scores == sorted(scores, reverse=True)
    assert len(*russian) == len(answer.lines[0].hypotheses[0].ids)
    assert len(live.answer(SENTENCE, beam=1, n_best=3).lines) == 1  # greedy has one


def test_sentences_are_translated_one_by_one_and_pictures_are_of_the_first(live):
    answer = live.answer(f"{SENTENCE} A cat draws snow!", n_best=2)
    assert answer.sentences == [SENTENCE, "A cat draws snow!"]
    assert all(len(line.hypotheses) == 2 for line in answer.lines) and [*map(len, answer.pieces)] == [2, 2]
    alone = live.answer(SENTENCE)
    assert answer.lines[0].hypotheses[0].ids == alone.lines[0].hypotheses[0].ids
    assert torch.equal(live.maps(answer)["cross"], live.maps(alone)["cross"])


def test_a_model_of_lower_case_reads_lower_case(live):
    lower = Live(replace(live.trained, lowercase=True))
    assert lower.answer("The OLD dog").sentences == ["the old dog"]
    assert lower.log_probs("The Dog", ["Кот"]) == live.log_probs("the dog", ["кот"])


def test_unknown_characters_are_pointed_out_and_blank_text_has_no_lines(live):
    assert live.answer("a 漢 sea ☃").lines[0].unknown == ["漢", "☃"]
    assert live.answer(" \t").lines == []


def test_text_that_is_too_long_is_refused_in_words(live):
    with pytest.raises(NmtError, match=r"too long to be translated as you type: .* 256 at most"):
        live.answer("the sea " * 200)


def test_pieces_are_those_the_model_wrote_even_where_bpe_would_write_others(bpe):
    (ids,) = bpe[1].encode(["кот видит"])
    assert pieces_of(bpe[1], ids) == bpe[1].pieces("кот видит")
    letters = [bpe[1].encode([letter])[0][-1] for letter in "кот"]
    assert len(pieces_of(bpe[1], letters)) == 3


def test_closing_a_head_is_what_the_mask_says_and_opening_it_brings_all_back(live):
    before = live.log_probs(SENTENCE, ["кот видит море."])
    live.open_only(live.toggled("cross", 1, 2))
    assert not live.mask["cross"][1, 2] and masks.count(live.mask) == masks.count(live.heads) - 1
    values = masks.read(live.model, KINDS)
    assert values["cross"][1, 2] == 0 and sum(float(v.sum()) for v in values.values()) == 23
    assert live.log_probs(SENTENCE, ["кот видит море."]) != before
    live.open_only(live.toggled("cross", 1, 2))
    assert live.log_probs(SENTENCE, ["кот видит море."]) == before
    assert all(layer.gate is None for kind in KINDS for layer in live.model.gated_layers(kind))


def test_random_heads_are_those_of_the_seed(live):
    drawn = live.random(5, seed=1)
    assert masks.count(drawn) == 5 and masks.to_json(drawn) == masks.to_json(live.random(5, seed=1))
    assert masks.to_json(drawn) != masks.to_json(live.random(5, seed=2))
    with pytest.raises(NmtError, match="choose 0 to 24"):
        live.random(25, seed=1)


def test_what_pruning_kept_is_found_in_a_descendant_and_only_there(live, checkpoint, tmp_path, bpe, make_model):
    mask = live.random(6, seed=3)
    for name, model in (
        ("pruned", remove_heads(live.model, mask)),
        ("other", make_model(src_vocab_size=80, trg_vocab_size=80, num_heads=2).float().cpu()),
    ):
        (tmp_path / name).mkdir()
        save_model_directory(tmp_path / name, model, bpe, False)
    pruned = str(tmp_path / "pruned")
    found = live.kept_by_pruning([str(checkpoint), pruned, str(tmp_path / "other")])
    assert list(found) == [pruned] and masks.to_json(found[pruned]) == masks.to_json(mask)
    small = Live.load(pruned)
    assert masks.count(small.heads) == 6
    assert masks.count(small.random(3, seed=1)) == 3
    with pytest.raises(NmtError, match="was removed"):
        small.open_only(live.heads)
    live.open_only(mask)  # a closed head equals a removed one
    (dense,), (cut,) = live.log_probs(SENTENCE, ["кот."]), small.log_probs(SENTENCE, ["кот."])
    assert dense == pytest.approx(cut, abs=1e-4)


def test_a_run_that_went_away_or_is_damaged_stops_no_panel(live, checkpoint, tmp_path, bpe):
    mask = live.random(6, seed=3)
    (tmp_path / "pruned").mkdir()
    save_model_directory(tmp_path / "pruned", remove_heads(live.model, mask), bpe, False)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    assert str(tmp_path / "pruned") in available_models(tmp_path)
    assert not any("dangling" in name for name in available_models(tmp_path))
    known = read_json(tmp_path / "pruned" / "model.json")
    bad = {
        "a": {},
        "b": known | {"transformer": {"x": 1}},
        "c": known | {"sha256": []},
        "d": known | {"transformer": 3},
    }
    bad["e"] = known | {"transformer": known["transformer"] | {"kept_heads": 5}}
    for name, description in bad.items():
        (tmp_path / name).mkdir()
        write_json(tmp_path / name / "model.json", description)
    places = [str(tmp_path / name) for name in ("deleted", "dangling", *bad, "pruned")]
    assert list(live.kept_by_pruning(places)) == places[-1:]


def test_changes_are_stretches_of_words_beside_one_another():
    assert changes("кот видит море", "кот видел море") == [("кот", "кот"), ("видит", "видел"), ("море", "море")]
    assert changes("a b", "a b") == [("a b", "a b")]
    assert changes("", "a") == [("", "a")] and changes("a", "") == [("a", "")]


def test_maps_and_shares_are_of_the_best_line(live):
    answer = live.answer(SENTENCE, beam=2, n_best=2)
    steps = len(answer.lines[0].hypotheses[0].ids) + 1
    assert live.maps(answer)["cross"].shape == (2, 4, steps, len(*answer.pieces[0]) + 1)
    assert live.shares(answer).shape == (steps, 3)


def test_models_are_the_shipped_ones_and_the_runs_that_can_translate(checkpoint, tmp_path, monkeypatch):
    monkeypatch.setattr(live_module, "shipped", lambda: tmp_path / "data")
    assert available_models(tmp_path / "none") == []
    (tmp_path / "data" / "models" / "named").mkdir(parents=True)
    write_json(tmp_path / "data" / "models" / "named" / "model.json", {})
    (tmp_path / "empty").mkdir()  # a run of which nothing can be read
    os.utime(checkpoint, (1, 1))
    checkpoint.rename(tmp_path / "runs-dense")
    assert available_models(tmp_path) == ["named", (tmp_path / "runs-dense").as_posix()]


def test_phenomena_have_items_with_a_right_line():
    found = phenomena()
    assert "animacy" in found and len(found) > 30
    assert all(
        item.phenomenon == name and item.right not in item.wrong for name, items in found.items() for item in items
    )


def test_the_device_does_not_matter(device, checkpoint):
    from nmt.runs import load

    one = Live(load(checkpoint, device))
    one.open_only(one.toggled("decoder", 0, 1))
    answer = one.answer(SENTENCE)
    assert torch.isfinite(one.shares(answer)).all()
