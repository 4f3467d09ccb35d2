"""The widgets driven by their values, as the browser would: what is shown, and what never is."""

import itertools
import re
from types import SimpleNamespace

import ipywidgets
import pytest
import torch
from matplotlib.figure import Figure

from nmt import EOS, NmtError
from nmt.decoding import Hypothesis, Translation
from nmt.models import save_model_directory
from nmt.pruning import masks
from nmt.pruning.removal import remove_heads
from nmt.show import live as live_module
from nmt.show import plots, widgets
from nmt.show.live import NO_MODEL, Answer, Live
from nmt.show.widgets import SeeAttention, Switchboard, TranslateAsYouType, as_html
from nmt.transformer import KINDS, Transformer, TransformerConfig

SENTENCE = "a cat sees snow."
PNG = b"\x89PNG\r\n\x1a\n"
HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(2)> &lt; $x^$ \\frac 漢"


DRAWN = plots.sheet


@pytest.fixture(autouse=True)
def quick_pictures(monkeypatch):
    """Drawn small and without a layout, which takes nine tenths of the time; DRAWN draws them as they are."""

    def sheet(pictures, text=""):
        figure = Figure(figsize=(4, 4), dpi=25)
        above, *places = figure.subfigures(1 + len(pictures), 1, squeeze=False)[:, 0]
        above.text(0, 0.5, plots.plain(text), parse_math=False)
        for place, picture in zip(places, pictures, strict=True):
            picture.draw(place)
        return plots.png(figure)

    monkeypatch.setattr(plots, "sheet", sheet)


@pytest.fixture(autouse=True)
def no_delay(monkeypatch):
    """The answer is there when a widget has changed."""
    monkeypatch.setattr(live_module, "after", lambda delay, function: function())


@pytest.fixture(scope="module")
def choices(bpe, tmp_path_factory):
    """Two models that were never trained: one, and what is left of it without most of its heads."""
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(80, 80, d_model=16, num_heads=4, d_ff=24)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3)
        model.generator.bias[EOS] = -100.0  # whatever the vocabularies: it writes as much as it may
    mask = {kind: torch.zeros(2, 4, dtype=torch.bool) for kind in KINDS}
    mask["cross"][1, 2] = mask["decoder"][0, 3] = True
    for name, one in (("dense", model), ("pruned", remove_heads(model, mask))):
        (folder / name).mkdir()
        save_model_directory(folder / name, one, bpe, False)
    return [str(folder / "dense"), str(folder / "pruned")]


@pytest.fixture(params=[TranslateAsYouType, SeeAttention, Switchboard])
def panel(request, choices):
    return request.param(SENTENCE, choices)


def shown(panel) -> str:
    return panel.out.value + panel.failure.value


def test_the_first_answer_is_there_and_typing_brings_the_next(panel, choices):
    first = shown(panel)
    assert Live.load(choices[0]).answer(SENTENCE).lines[0].text in dict(panel.rows[:1]).values()
    panel.text.value = "a bird draws a house."
    assert shown(panel) != first


def test_what_was_typed_is_never_html_and_never_tex(panel):
    panel.text.value = HOSTILE
    assert "<script" not in shown(panel) and "<img" not in shown(panel)
    bundle = panel._repr_mimebundle_()
    assert bundle["image/png"].startswith(PNG)  # drawn: matplotlib would fail at $x^$
    assert "text/html" not in bundle


def test_escaping_holds_for_names_for_texts_and_for_marked_words():
    html = as_html([("<b>", "<i>"), ("&", [("<u>", True), ("<s>", False)])])
    assert "<b>" not in html and "<i>" not in html and "<u>" not in html and "<s>" not in html
    assert "<mark>&lt;u&gt;</mark> &lt;s&gt;" in html and "&amp;" in html


def test_a_failure_is_a_sentence_that_goes_away_with_the_next_answer(panel, choices):
    panel.model.value = "<i>nothing</i>"
    said = panel.failure.value
    assert "neither a run directory" in said and "<i>" not in said and "Traceback" not in said
    panel.model.value = choices[1]
    assert panel.failure.value == "" and panel.loaded == choices[1]


def test_an_error_of_any_kind_is_a_sentence(panel, monkeypatch):
    monkeypatch.setattr(Live, "answer", lambda *a, **k: 1 / 0)
    panel.text.value = "again"
    assert "ZeroDivisionError" in panel.failure.value and "Traceback" not in panel.failure.value


def test_without_a_model_there_is_a_clear_sentence_and_no_training(monkeypatch, tmp_path):
    monkeypatch.setattr(live_module, "shipped", lambda: tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NmtError, match=re.escape(NO_MODEL[:30])):
        TranslateAsYouType()
    assert not list(tmp_path.iterdir())


def test_blank_and_too_long_texts_are_told_not_drawn(panel):
    for text, said in (("", "nothing to translate"), ("the sea " * 200, "256 at most")):
        panel.text.value = text
        assert said in shown(panel)
        assert panel._repr_mimebundle_()["image/png"].startswith(PNG)


def test_the_static_twin_stands_beside_the_widget_and_changes_with_it(panel, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(plots, "sheet", DRAWN)
        panel.text.value = "a bird draws snow."
        assert panel._repr_mimebundle_()["image/png"].startswith(PNG) and not panel.failure.value
    panel.text.value = SENTENCE
    bundle = panel._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle and bundle["image/png"].startswith(PNG)
    assert bundle["text/plain"].startswith("[interactive") and SENTENCE in bundle["text/plain"]
    panel.text.value = "snow"
    assert panel._repr_mimebundle_()["image/png"] != bundle["image/png"]


def test_search_and_n_best_are_those_of_the_model(choices):
    panel = TranslateAsYouType(SENTENCE, choices)
    panel.n_best.value = 4
    expected = Live.load(choices[0]).answer(SENTENCE, 4, 4).lines
    for i, line in enumerate(expected, 1):
        assert [f"{i}. score {line.hypotheses[0].score:.2f}", line.text] == list(panel.rows[i - 1])
    panel.beam.value = 1
    assert not any(name.startswith("2. score") for name, _ in panel.rows)
    assert panel.rows[0][0].startswith("1. score")


def test_what_speaks_against_a_translation_is_one_line_under_it(panel):
    panel.text.value = "the ☃ sea"
    assert [text for name, text in panel.rows if name == "not sure"] == ["the model has no piece for ☃"]
    assert "not sure: the model has no piece for ☃" in panel._repr_mimebundle_()["text/plain"]


def test_each_sentence_of_a_line_is_translated(panel, choices):
    panel.text.value = f"{SENTENCE} The dog sees the sea!"
    parts = [Live.load(choices[0]).answer(text).lines[0].text for text in (SENTENCE, "The dog sees the sea!")]
    assert panel.rows[0][1] == " ".join(parts) and not panel.failure.value


def test_each_choice_of_the_attention_panel_changes_its_pictures(choices):
    panel = SeeAttention(SENTENCE, choices)
    assert bytes(panel.image.value).startswith(PNG)
    for widget, value in ((panel.word, 2), (panel.layer, 1), (panel.head, 3), (panel.kind, "encoder")):
        before = panel.image.value
        widget.value = value
        assert panel.image.value != before, widget.description
    panel.text.value = "the sea " * 30
    assert panel.image.value == b"" and "too long for a picture" in shown(panel)


def test_a_click_closes_a_head_in_the_live_model_and_another_opens_it(choices):
    panel = Switchboard(SENTENCE, choices)
    before = shown(panel)
    button = panel.buttons["cross", 1, 2]
    button.value = False
    assert masks.read(panel.live.model, ["cross"])["cross"][1, 2] == 0
    assert "23 of 24 open" in shown(panel) and button.description == "(1.2)"
    own = Live.load(choices[0])
    own.open_only(own.toggled("cross", 1, 2))
    assert f"{own.answer(SENTENCE).lines[0].log_prob:.2f} of its own line" in shown(panel)
    button.value = True
    assert shown(panel) == before


def test_presets_set_the_buttons_and_the_model(choices):
    panel = Switchboard(SENTENCE, choices)
    buttons = {w.description: w for w in panel.presets.children if isinstance(w, ipywidgets.Button)}
    everything, kept, random = buttons.values()
    kept.click()
    assert {place for place, b in panel.buttons.items() if b.value} == {("cross", 1, 2), ("decoder", 0, 3)}
    assert "2 of 24 open" in shown(panel)
    panel.k.value = 5
    random.click()
    first = masks.to_json(panel.live.mask)
    random.click()
    assert "5 of 24 open" in shown(panel) and masks.to_json(panel.live.mask) != first
    everything.click()
    assert "24 of 24 open" in shown(panel) and all(b.value for b in panel.buttons.values())


def test_heads_that_were_removed_cannot_be_opened(choices):
    panel = Switchboard(SENTENCE, choices)
    panel.model.value = choices[1]
    assert sum(not b.disabled for b in panel.buttons.values()) == 2 and panel.k.max == 2
    assert "2 of 2 open" in shown(panel) and panel.failure.value == ""


def test_a_sentence_of_the_phrasebook_has_its_right_answer_beside_until_it_is_edited(choices):
    panel = Switchboard(SENTENCE, choices)
    panel.phenomenon.value = "animacy"
    panel.number.value = 3
    item = panel.items["animacy"][3]
    right, *wrong = panel.live.log_probs(item.english, [item.right, *item.wrong])
    rows = dict(row for row in panel.rows)
    assert panel.text.value == item.english and rows["right answer"] == item.right
    assert rows["animacy"].startswith("prefers" if right > max(wrong) else "does not prefer")
    panel.text.value += " no"
    assert "right answer" not in dict(row for row in panel.rows)


def test_words_that_changed_are_marked(choices, monkeypatch):
    panel = Switchboard(SENTENCE, choices)
    lines = [Translation(text, [Hypothesis([], -1.0, -1.0)]) for text in ("<b>кот видит", "пёс видит")]
    answers = [Answer([SENTENCE], [line], ([], []), 1.0) for line in lines]
    monkeypatch.setattr(Live, "compared", lambda self, text, beam: answers)
    panel.questions.ask()
    assert "<mark>&lt;b&gt;кот</mark> видит" in panel.out.value


def test_rows_of_a_map_stand_apart():
    """As many queries as a picture may have: the label of each ends before the next begins."""
    names = [f"р{i}" for i in range(plots.LONGEST)]
    figure = Figure(figsize=(8, plots.map_height(names)), layout="constrained", dpi=100)
    plots.attention_map(figure.subplots(), torch.rand(len(names), 3), "cross", (names, ["a", "b", "c"]), "title", 2)
    assert plots.png(figure).startswith(PNG)  # laid out
    boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert all(lower.y1 <= upper.y0 for upper, lower in itertools.pairwise(boxes))


def test_a_number_beyond_the_end_is_no_item(choices):
    """As it is for a moment when another phenomenon is chosen, and an answer may be worked on just then."""
    panel = Switchboard(SENTENCE, choices)
    panel.phenomenon.value = "animacy"
    assert panel.item
    panel.number = SimpleNamespace(value=len(panel.items["animacy"]))
    assert panel.item is None


def test_pictures_show_characters_the_font_lacks_as_boxes():
    assert plots.plain("кот 漢\n$x$") == "кот \u25a1\n$x$"
    assert plots.pieces(["▁кот", "ик", "▁"]) == ["кот", "ик", "▁"]
    assert widgets.rows_of(Answer([], [], ([], []), 0.0)) == [("", "nothing to translate yet")]
