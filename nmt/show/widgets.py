"""The panels of notebook 05: translate as you type, see the attention, close heads.

`nmt.show.live` computes what they show, `nmt.show.plots` draws it. Each panel has a static twin for readers without a
kernel, a PNG in the same output. Three rules of the platform:

- A picture is PNG bytes in an Image widget: JupyterLab runs the callbacks of different widgets at the same time, and
  pyplot or an Output widget in them gives blank figures.
- Text goes through `as_html` into an HTML widget: nothing that was typed may act as HTML or, as in a Label, as TeX.
- A click may come in another thread while a callback sets values: see `Panel.quietly`.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from textwrap import wrap

import ipywidgets as w
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


def as_lines(rows: Rows) -> list[tuple[str, str]]:
    """Plain text in lines that fit into a picture; marked words stand in ‹…›."""
    lines = []
    for name, text in rows:
        if not isinstance(text, str):
            text = " ".join(f"‹{word}›" if marked else word for word, marked in text)
        first, *rest = wrap(text, 80) or [""]
        lines += [(name, first), *(("", line) for line in rest)]
    return lines


class _Quiet(threading.local):
    now = False


class Panel(w.VBox):
    """A text box, a choice of model and search, and what the subclass shows.

    `choices`: what the model list offers, by default `available_models()`; any other run directory may be typed in.
    `start`: see `LatestOnly`. Raises NmtError where there is no model at all.
    """

    def __init__(self, text: str = "", choices: Sequence[str] | None = None, start: Callable | None = None) -> None:
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
        self.quiet = _Quiet()
        self.questions = LatestOnly(self.work, lambda part: part(), self.failed, start)
        knobs, below = self.build()
        super().__init__([self.text, w.HBox([self.model, self.beam, *knobs]), self.out, *below, self.failure])
        self.text.observe(lambda change: self.ask(DELAY), "value")
        for widget in (self.model, self.beam):
            widget.observe(lambda change: self.ask(), "value")
        self.answer_now()

    def build(self) -> tuple[list[w.Widget], list[w.Widget]]:
        """Make the subclass's widgets: those beside model and search, and those under the table."""
        return [], []

    def model_changed(self) -> None:
        """Another model was loaded."""

    def parts(self) -> Iterator[Part]:
        """The answer to what the widgets say now, part by part, quick ones first."""
        raise NotImplementedError

    def twin(self) -> list[Picture]:
        """The pictures of the static twin."""
        return []

    def ask(self, delay: float = 0.0) -> None:
        self.questions.ask(None, delay)  # the question is what the widgets say when it is worked on

    def answer_now(self) -> None:
        self.questions.answer(self.questions.number, None)

    def work(self, question: None) -> Iterator[Part]:
        name = self.model.value
        if name != self.loaded:
            live = Live.load(name)
            yield lambda: self._take(name, live)
        yield lambda: setattr(self.failure, "value", "")
        yield from self.parts()

    def _take(self, name: str, live: Live) -> None:
        self.loaded, self.live = name, live
        self.model_changed()

    def failed(self, error: Exception) -> Part:
        return lambda: self.say([("", in_words(error))], self.failure)

    def say(self, rows: Rows, where: w.HTML | None = None) -> None:
        self.rows = rows
        (self.out if where is None else where).value = as_html(rows)

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """What this thread sets inside is no question: callbacks look at `quiet.now`."""
        self.quiet.now = True
        try:
            yield
        finally:
            self.quiet.now = False

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        self.answer_now()  # what is read shows what was asked last, whether or not its delay is over
        lines = as_lines([("English", self.text.value), ("model", self.loaded), *self.rows])
        text = Picture(0.3 * len(lines), lambda figure: plots.text_rows(figure, lines))
        data = super()._repr_mimebundle_(**kwargs)
        bundle = dict(data[0] if isinstance(data, tuple) else data)
        said = "\n".join(": ".join(filter(None, line)) for line in lines)
        bundle["text/plain"] = f"[interactive where a kernel runs]\n{said}"
        bundle["image/png"] = plots.sheet([text, *self.twin()])
        return bundle


class TranslateAsYouType(Panel):
    """The n best translations of what is typed, their scores and pieces, and how long it took."""

    def build(self) -> tuple[list[w.Widget], list[w.Widget]]:
        self.n_best = w.IntSlider(value=3, min=1, max=8, description="n-best")
        self.n_best.observe(lambda change: self.ask(), "value")
        return [self.n_best], []

    def parts(self) -> Iterator[Part]:
        answer = self.live.answer(self.text.value, self.beam.value, self.n_best.value)
        yield lambda: self.say(rows_of(answer))


def rows_of(answer: Answer) -> Rows:
    if not answer.lines:
        return [("", "nothing to translate yet")]
    rows = [(f"{i}. score {line.score:.2f}", line.text) for i, line in enumerate(answer.lines, 1)]
    rows.append(("English pieces", " ".join(answer.pieces)))
    rows.append(("Russian pieces", " ".join(answer.lines[0].pieces)))
    rows.append(("time", f"{answer.milliseconds:.0f} ms"))
    if answer.unknown:
        rows.append(("unknown characters", " ".join(answer.unknown)))
    return rows


class SeeAttention(Panel):
    """The map of one head, the chosen Russian piece framed; what source and written words bring; and all heads."""

    def build(self) -> tuple[list[w.Widget], list[w.Widget]]:
        self.kind = w.Dropdown(options=[(KIND_NAMES[kind], kind) for kind in KINDS], value="cross")
        self.layer, self.head = w.Dropdown(description="layer"), w.Dropdown(description="head")
        self.word = w.Dropdown(description="piece")
        knobs = [self.kind, self.layer, self.head, self.word]
        for widget in knobs:
            widget.observe(lambda change: None if self.quiet.now else self.ask(), "value")
        self.map, self.bars, self.all = (w.Image(format="png", layout=w.Layout(max_width="800px")) for _ in range(3))
        self.shown: dict[w.Image, Picture] = {}
        self.drawn: list[Picture] = []  # of the latest answer
        self.model_changed()
        return knobs, [self.map, self.bars, self.all]

    def model_changed(self) -> None:
        layers, heads = self.live.heads["cross"].shape
        self._offer(self.layer, map(str, range(layers)))
        self._offer(self.head, map(str, range(heads)))

    def _offer(self, widget: w.Dropdown, names: Iterable[str]) -> None:
        """Offer names, whose values are their numbers; the number that was chosen stays if there still is one."""
        before, options = widget.value, [(name, number) for number, name in enumerate(names)]
        with self.quietly():
            widget.options = options
            widget.value = before if before in range(len(options)) else 0

    def parts(self) -> Iterator[Part]:
        self.drawn = []
        answer = self.live.answer(self.text.value, self.beam.value)
        rows = rows_of(answer)[:1]
        target = [*answer.lines[0].pieces, "EOS"] if answer.lines else []
        if too_long := max(len(answer.pieces) + 1, len(target)) > plots.LONGEST:
            rows.append(("", "too long for a picture that can be read"))
        yield lambda: self.say(rows)
        if too_long or not target:
            yield self._clear
            return
        yield lambda: self._offer(self.word, [f"{i}: {name}" for i, name in enumerate(plots.pieces(target))])
        pictures = self._pictures(answer, target)
        self.drawn = list(pictures.values())
        for image, picture in pictures.items():
            before = self.shown.get(image)
            if before is None or before.content != picture.content:  # drawing takes far longer than translating
                data = plots.sheet([picture])
                yield lambda image=image, picture=picture, data=data: self._put(image, picture, data)

    def _pictures(self, answer: Answer, target: list[str]) -> dict[w.Image, Picture]:
        """What each image is to show of an answer; target: the pieces of its translation, EOS included."""
        kind, layer, head, word = (widget.value for widget in (self.kind, self.layer, self.head, self.word))
        maps, shares, mask = self.live.maps(answer), self.live.shares(answer), self.live.mask
        labels = plots.map_labels(kind, [*answer.pieces, "EOS"], target)
        row = None if kind == "encoder" else word  # the encoder's rows are English pieces
        title = f"{KIND_NAMES[kind]} attention, layer {layer}, head {head}"

        def one_head(figure: SubFigure) -> None:
            plots.map_of_one_head(figure, maps[kind][layer, head], kind, labels, title, row)

        def what_is_brought(figure: SubFigure) -> None:
            plots.share_bars(figure, shares, target, word)

        def all_heads(figure: SubFigure) -> None:
            plots.all_maps(figure, maps, mask)

        translation = self.loaded, answer.sentence, self.beam.value
        return {
            self.map: Picture(plots.map_height(labels[0]), one_head, (*translation, title, word)),
            self.bars: Picture(2.0, what_is_brought, (*translation, word)),
            self.all: Picture(2.2, all_heads, translation),
        }

    def _put(self, image: w.Image, picture: Picture, data: bytes) -> None:
        image.value, self.shown[image] = data, picture

    def _clear(self) -> None:
        self.shown.clear()
        for image in (self.map, self.bars, self.all):
            image.value = b""

    def twin(self) -> list[Picture]:
        return self.drawn


class Switchboard(Panel):
    """Close and open heads, and watch the translation: changed words are marked, the right answer stands beside."""

    def build(self) -> tuple[list[w.Widget], list[w.Widget]]:
        self.items = phenomena()
        self.phenomenon = w.Dropdown(options=[("own sentence", ""), *((name, name) for name in self.items)], value="")
        self.number = w.BoundedIntText(value=0, min=0, max=0, description="number")
        for widget in (self.phenomenon, self.number):
            widget.observe(self._sentence_chosen, "value")
        self.one = w.Dropdown(description="head")
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
        self.ask()

    def model_changed(self) -> None:
        """Make the buttons of this model's heads, and its presets."""
        live = self.live
        self.mask = live.heads
        self.buttons: dict[tuple[str, int, int], w.ToggleButton] = {}
        self.board.children = [self._buttons(kind) for kind in KINDS]
        there = [place for place, button in self.buttons.items() if not button.disabled]
        self.one.options = [(f"{KIND_NAMES[kind]} {layer}.{head}", (kind, layer, head)) for kind, layer, head in there]
        self.one.index = 0 if there else None
        self.k.max = len(there)
        kept = live.kept_by_pruning([self.loaded, *(name for name in self.choices if name != self.loaded)])
        self.presets.children = [
            self._preset("all", lambda: live.heads),
            *(self._preset(f"kept by {name}", lambda mask=mask: mask) for name, mask in kept.items()),
            self.one,
            self._preset("only this head of its kind", lambda: live.only(*self.one.value)),
            self.k,
            self._preset("random k", self._random),
        ]

    def _buttons(self, kind: str) -> w.VBox:
        """The name of a kind and a button for each of its heads: layers down, heads across."""
        layers, heads = self.live.heads[kind].shape
        rows = [w.HBox([self._button(kind, layer, head) for head in range(heads)]) for layer in range(layers)]
        return w.VBox([w.HTML(as_html([(KIND_NAMES[kind], "")])), *rows], layout=w.Layout(margin="0 1.5em 0 0"))

    def _button(self, kind: str, layer: int, head: int) -> w.ToggleButton:
        there = bool(self.live.heads[kind][layer, head])
        button = w.ToggleButton(value=there, disabled=not there, layout=HEAD_BUTTON)
        button.tooltip = f"{KIND_NAMES[kind]} attention, layer {layer}, head {head}"
        self.buttons[kind, layer, head] = button
        self._paint(button, f"{layer}.{head}")
        button.observe(lambda change: self._clicked(kind, layer, head), "value")
        return button

    def _paint(self, button: w.ToggleButton, name: str) -> None:
        button.description = "gone" if button.disabled else name if button.value else f"({name})"
        button.button_style = "success" if button.value else ""

    def _clicked(self, kind: str, layer: int, head: int) -> None:
        if not self.quiet.now:
            mask = {name: is_open.clone() for name, is_open in self.mask.items()}
            mask[kind][layer, head] = self.buttons[kind, layer, head].value
            self.open_only(mask)

    def _preset(self, name: str, mask: Callable[[], Mask]) -> w.Button:
        button = w.Button(description=name, layout=w.Layout(width="auto"))
        button.on_click(lambda _: self.open_only(mask()))
        return button

    def _random(self) -> Mask:
        self.draws += 1
        return self.live.random(self.k.value, seed=self.draws)

    def open_only(self, mask: Mask) -> None:
        """Open exactly these heads, show it on the buttons, and ask again."""
        self.mask = mask  # the model itself is touched where it answers, by one question at a time
        with self.quietly():
            for (kind, layer, head), button in self.buttons.items():
                button.value = bool(mask[kind][layer, head])
                self._paint(button, f"{layer}.{head}")
        self.ask()

    def parts(self) -> Iterator[Part]:
        live, item = self.live, self.item
        live.open_only(self.mask)
        now, whole = live.compared(self.text.value, self.beam.value)
        if not now.lines:
            yield lambda: self.say(rows_of(now))
            return
        line, before = now.lines[0], whole.lines[0].text
        (old,) = live.log_probs(self.text.value, [before])
        rows = [
            ("all heads", before),
            (f"{masks.count(live.mask)} of {masks.count(live.heads)} open", changed(before, line.text)),
            ("log P", f"{line.log_prob:.2f} of its own line, {old:.2f} of that of all heads"),
        ]
        if item:
            right, *wrong = live.log_probs(item.english, [item.right, *item.wrong])
            verdict = "prefers the right line" if right > max(wrong) else "does not prefer the right line"
            rows.append(("right answer", item.right))
            rows.append(("wrong one", item.wrong[wrong.index(max(wrong))]))
            rows.append((item.phenomenon, f"{verdict}: log P {right:.2f} against {max(wrong):.2f}"))
        yield lambda: self.say(rows)

    def twin(self) -> list[Picture]:
        height = 1.1 + 0.3 * len(self.live.heads["cross"])
        return [Picture(height, lambda figure: plots.switchboard(figure, self.mask, self.live.heads))]
