"""The panels of notebook 05: translate as you type, see the attention, close heads.

`nmt.show.live` computes what they show, `nmt.show.plots` draws it. Each panel has a static twin for readers without a
kernel, a PNG in the same output. Three rules of the platform:

- A picture is PNG bytes in an Image widget: JupyterLab runs the callbacks of different widgets at the same time, and
  pyplot or an Output widget in them gives blank figures.
- Text goes through `as_html` into an HTML widget: nothing that was typed may act as HTML or, as in a Label, as TeX.
- A click may come in another thread while a callback sets values: a question is read off the widgets, after that.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from itertools import chain
from textwrap import wrap

import ipywidgets as w
import torch
from matplotlib.figure import SubFigure

from nmt import NmtError
from nmt.phrasebook.contrast import Item
from nmt.pruning import masks
from nmt.pruning.masks import Mask
from nmt.show import plots
from nmt.show.live import DELAY, NO_MODEL, Answer, LatestOnly, Live, available_models, changed, in_words, phenomena
from nmt.show.plots import KIND_NAMES, Picture
from nmt.transformer import KINDS

Rows = Sequence[tuple[str, str | list[tuple[str, bool]]]]  # (name, text); a text may be words, some of them marked
Part = Callable[[], None]  # puts a part of an answer into the widgets

WRAPPED = w.Layout(flex_flow="row wrap")
HEAD_BUTTON = {"width": "3.4em", "padding": "0", "flex": "0 0 auto"}  # never narrower than the head's number


def as_html(rows: Rows) -> str:
    """An HTML table in which all text is only text."""
    lines = []
    for name, text in rows:
        words = [(text, False)] if isinstance(text, str) else text
        cell = " ".join(f"<mark>{escape(word)}</mark>" if marked else escape(word) for word, marked in words)
        style = "color:#777;padding-right:1em;white-space:nowrap"
        lines.append(f"<tr><td style='{style}'>{escape(name)}</td><td>{cell}</td></tr>")
    return "<table>" + "".join(lines) + "</table>"


def as_text(rows: Rows) -> str:
    """Plain text in lines that fit into a picture; marked words stand in ‹…›."""
    lines = []
    for name, text in rows:
        if not isinstance(text, str):
            text = " ".join(f"‹{word}›" if marked else word for word, marked in text)
        lines += wrap(": ".join(filter(None, (name, text))), 100)
    return "\n".join(lines)


class Panel(w.VBox):
    """A text box, a choice of model and search, and what the subclass shows.

    `choices`: what the model list offers, by default `available_models()`; any other run directory may be typed in.
    Raises NmtError where there is no model at all.
    """

    def __init__(self, text: str = "", choices: Sequence[str] | None = None) -> None:
        self.choices = list(available_models() if choices is None else choices)
        if not self.choices:
            raise NmtError(NO_MODEL)
        self.loaded = self.choices[0]
        self.live = Live.load(self.loaded)
        self.text = w.Text(value=text, placeholder="type an English sentence", layout=w.Layout(width="95%"))
        self.model = w.Combobox(value=self.loaded, options=self.choices, description="model", continuous_update=False)
        self.beam = w.Dropdown(options=[("greedy", 1), ("beam 2", 2), ("beam 4", 4), ("beam 8", 8)], value=4)
        self.out, self.failure = w.HTML(), w.HTML()
        self.rows: Rows = []
        self.pictures: list[Picture] = []  # of the static twin
        self.quiet = False
        self.questions = LatestOnly(self.work, self.failed)
        knobs, below = self.build()
        super().__init__([self.text, w.HBox([self.model, self.beam, *knobs]), self.out, *below, self.failure])
        self.text.observe(lambda change: self.questions.ask(DELAY), "value")
        self.asks(self.model, self.beam)
        self.answer_now()

    def build(self) -> tuple[list[w.Widget], list[w.Widget]]:
        """Make the subclass's widgets: those beside model and search, and those under the table."""
        return [], []

    def model_changed(self) -> None:
        """Another model was loaded."""

    def parts(self) -> Iterator[Part]:
        """The answer to what the widgets say now, part by part, quick ones first."""
        raise NotImplementedError

    def asks(self, *widgets: w.Widget) -> None:
        """A new value of these is a new question."""
        for widget in widgets:
            widget.observe(lambda change: self.quiet or self.questions.ask(), "value")

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """What is set inside is no question. Read the widgets afterwards, or ask: a click may have come meanwhile."""
        self.quiet = True
        try:
            yield
        finally:
            self.quiet = False

    def answer_now(self) -> None:
        self.questions.answer(self.questions.number)

    def work(self) -> Iterator[Part]:
        name = self.model.value
        if name != self.loaded:
            live = Live.load(name)
            yield lambda: self._take(name, live)
        yield lambda: setattr(self.failure, "value", "")
        yield from self.parts()

    def _take(self, name: str, live: Live) -> None:
        self.loaded, self.live = name, live
        self.model_changed()

    def failed(self, error: Exception) -> None:
        self.say([("", in_words(error))], self.failure)

    def say(self, rows: Rows, where: w.HTML | None = None) -> None:
        self.rows = rows
        (where or self.out).value = as_html(rows)

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        self.answer_now()  # what is read shows what was asked last, whether or not its delay is over
        text = as_text([("English", self.text.value), ("model", self.loaded), *self.rows])
        data = super()._repr_mimebundle_(**kwargs)
        bundle = dict(data[0] if isinstance(data, tuple) else data)
        bundle["text/plain"] = f"[interactive where a kernel runs]\n{text}"
        bundle["image/png"] = plots.sheet(self.pictures, text)
        return bundle


class TranslateAsYouType(Panel):
    """The n best translations of what is typed, their scores and pieces, and how long it took."""

    def build(self) -> tuple[list[w.Widget], list[w.Widget]]:
        self.n_best = w.IntSlider(value=3, min=1, max=8, description="n-best")
        self.asks(self.n_best)
        return [self.n_best], []

    def parts(self) -> Iterator[Part]:
        answer = self.live.answer(self.text.value, self.beam.value, self.n_best.value)
        rows = rows_of(answer)
        if answer.lines:
            for name, sentences in zip(("English pieces", "Russian pieces"), answer.pieces, strict=True):
                rows.append((name, " ".join(chain(*sentences))))
            rows.append(("time", f"{answer.milliseconds:.0f} ms"))
        yield lambda: self.say(rows)


def rows_of(answer: Answer) -> list[tuple[str, str]]:
    """The translations with their scores, and what speaks against the best."""
    if not answer.lines:
        return [("", "nothing to translate yet")]
    rows = []
    for i, line in enumerate(answer.lines, 1):
        rows.append((f"{i}. score {sum(part.score for part in line.hypotheses):.2f}", line.text))
    doubt = answer.lines[0].doubt
    return [*rows, ("not sure", doubt)] if doubt else rows


class SeeAttention(Panel):
    """The map of one head, the chosen Russian piece framed; what source and written words bring; and all heads.

    Of a line of several sentences it shows the first.
    """

    def build(self) -> tuple[list[w.Widget], list[w.Widget]]:
        self.kind = w.Dropdown(options=[(KIND_NAMES[kind], kind) for kind in KINDS], value="cross")
        self.layer, self.head = w.Dropdown(description="layer"), w.Dropdown(description="head")
        self.word = w.Dropdown(description="piece")
        knobs = [self.kind, self.layer, self.head, self.word]
        self.model_changed()
        self.asks(*knobs)
        self.image = w.Image(format="png", layout=w.Layout(max_width="800px"))
        return knobs, [self.image]

    def model_changed(self) -> None:
        for widget, count in zip((self.layer, self.head), self.live.heads["cross"].shape, strict=True):
            self._offer(widget, map(str, range(count)))

    def _offer(self, widget: w.Dropdown, names: Iterable[str]) -> None:
        """Offer names, whose values are their numbers; the number that was chosen stays if there still is one."""
        before, options = widget.value, [(name, number) for number, name in enumerate(names)]
        with self.quietly():
            widget.options = options
            widget.value = before if before in range(len(options)) else 0

    def parts(self) -> Iterator[Part]:
        answer = self.live.answer(self.text.value, self.beam.value)
        rows = rows_of(answer)
        source, target = ([*chain(*sentences[:1]), "EOS"] for sentences in answer.pieces)
        if too_long := max(len(source), len(target)) > plots.LONGEST:
            rows.append(("", "too long for a picture that can be read"))
        yield lambda: self.say(rows)
        pictures, data = [], b""
        if answer.lines and not too_long:
            yield lambda: self._offer(self.word, [f"{i}: {name}" for i, name in enumerate(plots.pieces(target))])
            pictures = self._pictures(answer, source, target)
            data = plots.sheet(pictures)
        yield lambda: self._put(pictures, data)

    def _pictures(self, answer: Answer, source: list[str], target: list[str]) -> list[Picture]:
        kind, layer, head, word = (widget.value for widget in (self.kind, self.layer, self.head, self.word))
        maps, shares = self.live.maps(answer), self.live.shares(answer)
        labels = plots.map_labels(kind, source, target)
        row = None if kind == "encoder" else word  # the encoder's rows are English pieces
        title = f"{KIND_NAMES[kind]} attention, layer {layer}, head {head}"

        def one_head(figure: SubFigure) -> None:
            axes = figure.subplots()
            image = plots.attention_map(axes, maps[kind][layer, head], kind, labels, title, row)
            figure.colorbar(image, ax=axes, label="attention weight")

        return [
            Picture(plots.map_height(labels[0]), one_head),
            Picture(2.0, lambda figure: plots.share_bars(figure, shares, target, word)),
            Picture(2.2, lambda figure: plots.all_maps(figure, maps)),
        ]

    def _put(self, pictures: list[Picture], data: bytes) -> None:
        self.pictures, self.image.value = pictures, data


class Switchboard(Panel):
    """Close and open heads, and watch the translation: changed words are marked, the right answer stands beside."""

    def build(self) -> tuple[list[w.Widget], list[w.Widget]]:
        self.items = phenomena()
        self.phenomenon = w.Dropdown(options=[("own sentence", ""), *((name, name) for name in self.items)], value="")
        self.number = w.BoundedIntText(value=0, min=0, max=0, description="number")
        for widget in (self.phenomenon, self.number):
            widget.observe(self._sentence_chosen, "value")
        self.k = w.BoundedIntText(value=6, min=0, description="k")
        self.presets, self.board = w.HBox(layout=WRAPPED), w.HBox(layout=WRAPPED)
        self.draws = 0
        self.model_changed()
        return [self.phenomenon, self.number], [self.presets, self.board]

    @property
    def item(self) -> Item | None:
        """The chosen item of the phrasebook, as long as its sentence stands in the text box; else None."""
        found = self.items.get(self.phenomenon.value, [])
        # Between another phenomenon and its first number the old number may be beyond the end.
        chosen = found[self.number.value] if self.number.value < len(found) else None
        return chosen if chosen and chosen.english == self.text.value else None

    def _sentence_chosen(self, change: dict) -> None:
        if found := self.items.get(self.phenomenon.value):
            self.number.max = len(found) - 1
            self.text.value = found[self.number.value].english  # asks, as typing does
        self.questions.ask()

    def model_changed(self) -> None:
        """Make the buttons of this model's heads, and its presets."""
        live, self.buttons = self.live, {}
        self.board.children = [self._buttons(kind) for kind in KINDS]
        self.k.max = masks.count(live.heads)
        kept = live.kept_by_pruning(list(dict.fromkeys([self.loaded, *self.choices])))
        self.presets.children = [
            self._preset("all", lambda: live.heads),
            *(self._preset(f"kept by {name}", lambda mask=mask: mask) for name, mask in kept.items()),
            self.k,
            self._preset("random k", self._random),
        ]

    def _buttons(self, kind: str) -> w.VBox:
        """The name of a kind and a button for each of its heads: layers down, heads across."""
        rows = []
        for layer, of_layer in enumerate(self.live.heads[kind].tolist()):
            buttons = [self._button(kind, layer, head, there) for head, there in enumerate(of_layer)]
            rows.append(w.HBox(buttons))
        return w.VBox([w.HTML(as_html([(KIND_NAMES[kind], "")])), *rows], layout=w.Layout(margin="0 1.5em 0 0"))

    def _button(self, kind: str, layer: int, head: int, there: bool) -> w.ToggleButton:
        """A button that is down while its head is open; a closed one has its name in brackets."""
        name, whole_name = f"{layer}.{head}", f"{KIND_NAMES[kind]} attention, layer {layer}, head {head}"
        button = w.ToggleButton(description="gone", disabled=not there, tooltip=whole_name, layout=HEAD_BUTTON)

        def paint(change: dict) -> None:
            button.description = name if button.value else f"({name})"
            button.button_style = "success" if button.value else ""

        button.observe(paint, "value")
        button.value = there
        self.asks(button)
        self.buttons[kind, layer, head] = button
        return button

    def _preset(self, name: str, mask: Callable[[], Mask]) -> w.Button:
        button = w.Button(description=name, layout=w.Layout(width="auto"))
        button.on_click(lambda _: self.open_only(mask()))
        return button

    def _random(self) -> Mask:
        self.draws += 1
        return self.live.random(self.k.value, seed=self.draws)

    @property
    def mask(self) -> Mask:
        """The heads whose buttons are down. The model itself is touched where it answers, by one question at a time."""
        mask = {kind: torch.zeros_like(heads) for kind, heads in self.live.heads.items()}
        for (kind, layer, head), button in self.buttons.items():
            mask[kind][layer, head] = button.value
        return mask

    def open_only(self, mask: Mask) -> None:
        """Open exactly these heads, and ask again."""
        with self.quietly():
            for (kind, layer, head), button in self.buttons.items():
                button.value = bool(mask[kind][layer, head])
        self.questions.ask()

    def parts(self) -> Iterator[Part]:
        live, item, text = self.live, self.item, self.text.value
        live.open_only(self.mask)
        self.pictures = [self._board()]
        now, whole = live.compared(text, self.beam.value)
        if not now.lines:
            yield lambda: self.say(rows_of(now))
            return
        line, before = now.lines[0], whole.lines[0].text
        rows = [
            ("all heads", before),
            (f"{masks.count(live.mask)} of {masks.count(live.heads)} open", changed(before, line.text)),
        ]
        if len(now.sentences) == 1:
            (old,) = live.log_probs(text, [before])
            rows.append(("log P", f"{line.log_prob:.2f} of its own line, {old:.2f} of that of all heads"))
        if doubt := now.lines[0].doubt:
            rows.append(("not sure", doubt))
        if item:
            right, *wrong = live.log_probs(item.english, [item.right, *item.wrong])
            verdict = "prefers the right line" if right > max(wrong) else "does not prefer the right line"
            rows.append(("right answer", item.right))
            rows.append(("wrong one", item.wrong[wrong.index(max(wrong))]))
            rows.append((item.phenomenon, f"{verdict}: log P {right:.2f} against {max(wrong):.2f}"))
        yield lambda: self.say(rows)

    def _board(self) -> Picture:
        mask, heads = self.live.mask, self.live.heads
        return Picture(1.1 + 0.3 * len(heads["cross"]), lambda figure: plots.switchboard(figure, mask, heads))
