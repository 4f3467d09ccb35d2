"""The widgets driven by their values, as the browser would: what is shown, and what never is."""

import itertools
import re

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
from nmt.show.widgets import RUSSIAN, SeeAttention, Switchboard, TranslateAsYouType, as_html
from nmt.transformer import KINDS, Transformer, TransformerConfig

SENTENCE = "a cat sees snow."
PNG = b"\x89PNG\r\n\x1a\n"
HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(2)> &lt; $x^$ \\frac 漢"


DRAWN = plots.sheet
EXAMPLES = live_module.examples()


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
    return panel.out.value + panel.details.value


def row(panel, name) -> tuple[str, ...]:
    """The cells of the row whose name begins so."""
    return next(cells for found, *cells in panel.said[panel.out] if found.startswith(name))


def buttons(box) -> dict[str, ipywidgets.Button]:
    rows = [box, *(child for child in box.children if isinstance(child, ipywidgets.Box))]
    found = [child for one in rows for child in one.children if isinstance(child, ipywidgets.Button)]
    return {button.description: button for button in found}


def test_the_first_answer_is_there_and_typing_brings_the_next(panel, choices):
    first = shown(panel)
    assert Live.load(choices[0]).answer(SENTENCE).lines[0].text == row(panel, RUSSIAN)[0]
    panel.text.value = "a bird draws a house."
    assert shown(panel) != first


def test_what_was_typed_is_never_html_and_never_tex(panel):
    panel.text.value = HOSTILE
    assert "<script" not in shown(panel) and "<img" not in shown(panel)
    bundle = panel.twin()
    assert bundle["image/png"].startswith(PNG)  # drawn: matplotlib would fail at $x^$
    assert "text/html" not in bundle


def test_escaping_holds_for_names_for_texts_and_for_marked_words():
    html = as_html([("<b>", "<i>"), ("&", "‹<u>› <s>")])
    assert "<b>" not in html and "<i>" not in html and "<u>" not in html and "<s>" not in html
    assert "<mark>&lt;u&gt;</mark> &lt;s&gt;" in html and "&amp;" in html


def test_an_error_replaces_the_answer_and_goes_away_with_the_next(panel, choices):
    before = row(panel, RUSSIAN)[0]
    panel.run.value = "<i>nothing</i>"
    assert "No model in “&lt;i&gt;nothing&lt;/i&gt;” can be used" in shown(panel) and before not in shown(panel)
    assert "--" not in shown(panel) and not panel.pictures and not panel.image.value
    panel.model.value = choices[1]
    assert "No model" not in shown(panel) and panel.loaded == choices[1] and row(panel, RUSSIAN)


def test_the_list_shows_all_models_and_a_folder_that_is_typed_joins_them(choices):
    panel = TranslateAsYouType(SENTENCE, choices[:1])
    assert panel.model.options == (choices[0],)
    panel.run.value = f" {choices[1]} "
    assert panel.loaded == panel.model.value == choices[1] and panel.run.value == ""
    assert panel.model.options == tuple(choices)


def test_an_error_of_any_kind_is_a_sentence(panel, monkeypatch):
    monkeypatch.setattr(Live, "answer", lambda *a, **k: 1 / 0)
    panel.text.value = "again"
    assert "ZeroDivisionError" in shown(panel) and "Traceback" not in shown(panel)


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
        assert panel.twin()["image/png"].startswith(PNG)


def test_the_static_twin_changes_with_the_widget(panel, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(plots, "sheet", DRAWN)
        panel.text.value = "a bird draws snow."
        assert panel.twin()["image/png"].startswith(PNG)
    panel.text.value = SENTENCE
    twin = panel.twin()
    assert twin["image/png"].startswith(PNG)
    assert twin["text/plain"].startswith("[interactive") and SENTENCE in twin["text/plain"]
    panel.text.value = "snow"
    assert panel.twin()["image/png"] != twin["image/png"]


def test_widget_and_twin_are_two_outputs(panel, monkeypatch):
    shown = []
    monkeypatch.setattr(widgets, "display", lambda data, raw: shown.append(data))
    panel._ipython_display_()
    view, twin = shown
    assert view["application/vnd.jupyter.widget-view+json"]["model_id"] == panel.model_id
    assert "image/png" not in view and twin == panel.twin()


def test_what_else_search_found_is_folded_away(choices):
    panel = TranslateAsYouType(SENTENCE, choices)
    expected = Live.load(choices[0]).answer(SENTENCE, 4, 4).lines
    found = [(name, text) for name, text in panel.said[panel.details] if name.startswith("score")]
    assert found == [(f"score {line.hypotheses[0].score:.2f}", line.text) for line in expected] and len(found) == 4
    assert "pieces" not in panel.out.value and "English pieces" in panel.details.value
    panel.beam.value = 1
    assert panel.details.value.count("score") == 1


def test_what_speaks_against_a_translation_is_one_line_under_it(panel):
    panel.text.value = "the ☃ sea"
    assert row(panel, "not sure") == ["the model has no piece for ☃"]
    assert "not sure: the model has no piece for ☃" in panel.twin()["text/plain"]


def test_each_sentence_of_a_line_is_translated(panel, choices):
    panel.text.value = f"{SENTENCE} The dog sees the sea!"
    parts = [Live.load(choices[0]).answer(text).lines[0].text for text in (SENTENCE, "The dog sees the sea!")]
    assert row(panel, RUSSIAN)[0] == " ".join(parts)


def test_each_choice_of_the_attention_panel_changes_its_pictures(choices):
    panel = SeeAttention(SENTENCE, choices)
    assert bytes(panel.image.value).startswith(PNG)
    for widget, value in ((panel.piece, 2), (panel.head, ("cross", 1, 3)), (panel.head, ("encoder", 0, 0))):
        before = panel.image.value
        widget.value = value
        assert panel.image.value != before, widget.description
    panel.text.value = "the sea " * 30
    assert panel.image.value == b"" and "too long for a picture" in shown(panel)


def test_only_heads_that_the_model_has_can_be_looked_at(choices):
    panel = SeeAttention(SENTENCE, choices, model=choices[1])
    assert [value for _, value in panel.head.options] == [("cross", 1, 2), ("decoder", 0, 3)]
    assert bytes(panel.image.value).startswith(PNG)


def test_a_click_closes_a_head_in_the_live_model_and_another_opens_it(choices):
    panel = Switchboard(SENTENCE, choices)
    before, toggle = shown(panel), panel.buttons["cross", 1, 2]
    assert "all 24 heads" in before and toggle.tooltip == "cross: Russian looks at English · layer 1 · head 2: open"
    toggle.value = False
    assert masks.read(panel.live.model, ["cross"])["cross"][1, 2] == 0
    assert "23 of 24 open" in shown(panel) and toggle.description == "(2)" and toggle.tooltip.endswith("closed")
    own = Live.load(choices[0])
    whole = own.answer(SENTENCE).lines[0].text
    scores = own.log_probs(SENTENCE, [whole])
    own.open_only(own.toggled("cross", 1, 2))
    scores += own.log_probs(SENTENCE, [whole])
    assert row(panel, f"log P of {whole}") == [f"{score:.2f}" for score in scores]  # of all heads, and of those open
    toggle.value = True
    assert shown(panel) == before


def test_presets_set_the_buttons_and_the_model(choices):
    panel = Switchboard(SENTENCE, choices)
    everything, kept, random = buttons(panel.presets).values()
    kept.click()
    assert {place for place, b in panel.buttons.items() if b.value} == {("cross", 1, 2), ("decoder", 0, 3)}
    assert "2 of 24 open" in shown(panel)
    random.click()
    first = masks.to_json(panel.live.mask)
    random.click()
    assert "6 of 24 open" in shown(panel) and masks.to_json(panel.live.mask) != first
    everything.click()
    assert "all 24 heads" in shown(panel) and all(b.value for b in panel.buttons.values())


def test_heads_that_were_removed_cannot_be_opened(choices):
    panel = Switchboard(SENTENCE, choices)
    panel.model.value = choices[1]
    assert sum(not b.disabled for b in panel.buttons.values()) == 2
    assert "all 2 heads" in shown(panel) and panel.buttons["cross", 0, 0].description == "×"


def test_a_sentence_of_the_phrasebook_has_its_right_answer_beside_until_it_is_edited(choices):
    panel = Switchboard(SENTENCE, choices)
    panel.phenomenon.value = "animacy"
    panel.sentence.index = 3
    item = panel.items["animacy"][3]
    right, *wrong = panel.live.log_probs(item.english, [item.right, *item.wrong])
    assert panel.text.value == item.english and row(panel, f"log P of right: {item.right}") == [f"{right:.2f}"]
    assert row(panel, "animacy") == ["the right line" if right > max(wrong) else "a wrong line"]
    panel.text.value += " no"
    assert panel.phenomenon.value == "" and panel.item is None and not panel.sentence.options
    assert "right:" not in shown(panel)
    panel.phenomenon.value = "animacy"
    assert panel.item == panel.items["animacy"][0] and "animacy" in shown(panel)
    panel.phenomenon.value = "negation"
    assert panel.item == panel.items["negation"][0] and "negation" in shown(panel)


def test_words_that_changed_are_marked_and_explained():
    lines = [Translation(text, [Hypothesis([], -1.0, -1.0)]) for text in ("пёс видит", "<b>кот видит")]
    columns = [("", Answer([SENTENCE], [line], ([], [])), [-1.0, -2.0]) for line in lines]
    rows = widgets.compared(columns, [line.text for line in lines], None)
    assert "<mark>&lt;b&gt;кот</mark> видит" in as_html(rows) and "&lt;b&gt;кот instead of пёс" in as_html(rows)
    assert rows[-2:] == [("log P of пёс видит", "-1.00", "-1.00"), ("log P of <b>кот видит", "-2.00", "-2.00")]


@pytest.mark.parametrize("model", EXAMPLES)
def test_examples_are_buttons_that_put_their_sentence_into_the_box(model, choices, monkeypatch):
    monkeypatch.setattr(live_module, "examples", lambda: {choices[0]: EXAMPLES[model]})
    panel = TranslateAsYouType(choices=choices)
    assert panel.text.value == next(iter(EXAMPLES[model]))
    for english, about in EXAMPLES[model].items():
        buttons(panel.examples)[english].click()
        assert panel.text.value == english and ("why" in shown(panel)) == ("lesson" in about)
    panel.model.value = choices[1]
    assert not panel.examples.children


@pytest.mark.parametrize("model", EXAMPLES)
def test_examples_come_out_as_their_table_says(model):
    """Refill data/models/examples.json when a model that ships was trained anew: four are right, two fail."""
    told = EXAMPLES[model]
    written = {english: Live.load(model).answer(english).lines[0].text for english in told}
    assert {e for e, about in told.items() if written[e] not in about["right"]} == {
        e for e, about in told.items() if "lesson" in about
    }
    assert len(told) == 6 and sum("lesson" in about for about in told.values()) == 2


def test_rows_of_a_map_stand_apart():
    """As many queries as a picture may have: the label of each ends before the next begins."""
    names = [f"р{i}" for i in range(plots.LONGEST)]
    figure = Figure(figsize=(8, plots.map_height(names)), layout="constrained", dpi=100)
    plots.attention_map(figure.subplots(), torch.rand(len(names), 3), "cross", (names, ["a", "b", "c"]), "title", 2)
    assert plots.png(figure).startswith(PNG)  # laid out
    boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert all(lower.y1 <= upper.y0 for upper, lower in itertools.pairwise(boxes))


def test_pictures_show_characters_the_font_lacks_as_boxes():
    assert plots.plain("кот 漢\n$x$") == "кот \u25a1\n$x$"
    assert plots.pieces(["▁кот", "ик", "▁"]) == ["кот", "ик", "▁"]
