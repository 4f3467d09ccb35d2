"""The widgets of notebook 05: translate as you type, see the attention, close heads. What they show is computed in
`nmt.interactive` and drawn in `nmt.pictures`.

No pyplot and no Output in callbacks: JupyterLab runs those of different widgets at the same time, and figures come out
blank. A picture is PNG bytes in an Image. Text goes through `escaped` into an HTML widget: never interpreted, neither
as HTML nor, as a Label would, as TeX. Each panel has a static twin, a PNG in the same output, for readers without a
kernel.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from textwrap import wrap

import ipywidgets as w

from nmt import NmtError
from nmt.phrasebook.contrast import Item
from nmt.pruning import masks
from nmt.pruning.masks import Mask
from nmt.show import pictures
from nmt.show.live import DELAY, NO_MODEL, Answer, Live, Overtaking, changed, models, phenomena, sentence_of
from nmt.transformer import KINDS

WIDE = w.Layout(width="95%")
BUTTON = {"width": "3.4em", "padding": "0", "flex": "0 0 auto"}  # of a head: never narrower than its number


def escaped(rows: Sequence[tuple[str, str | list[tuple[str, bool]]]]) -> str:
    """Rows of (name, text) as an HTML table in which all text is only text; of (word, True) pairs those are marked."""
    lines = []
    for name, said in rows:
        words = [(said, False)] if isinstance(said, str) else said
        text = " ".join(f"<mark>{escape(word)}</mark>" if new else escape(word) for word, new in words)
        lines.append(
            f"<tr><td style='color:#777;padding-right:1em;white-space:nowrap'>{escape(name)}</td><td>{text}</td></tr>"
        )
    return "<table>" + "".join(lines) + "</table>"


def _said(rows: Sequence[tuple[str, str | list[tuple[str, bool]]]]) -> list[tuple[str, str]]:
    """The same rows for a picture, in lines that fit; words that were marked stand in ‹…›."""
    lines = []
    for name, said in rows:
        text = said if isinstance(said, str) else " ".join(f"‹{word}›" if new else word for word, new in said)
        lines += zip([name, *[""] * len(text)], wrap(text, 80) or [""], strict=False)
    return lines


class Panel(w.VBox):
    """A text box, a choice of model and what the subclass shows.

    `choices`: what the model list offers, by default `nmt.interactive.models()`; any other run directory may be typed
    in. `start`: see `Overtaking`. Raises NmtError where there is no model at all.
    """

    def __init__(self, text: str = "", choices: Sequence[str] | None = None, start: Callable | None = None) -> None:
        names = list(models() if choices is None else choices)
        if not names:
            raise NmtError(NO_MODEL)
        self.live = Live.load(names[0])
        self.choices, self.loaded = names, names[0]
        self.text = w.Text(value=text, placeholder="type an English sentence", layout=WIDE)
        self.model = w.Combobox(value=names[0], options=names, description="model", continuous_update=False)
        self.beam = w.Dropdown(options=[("greedy", 1), ("beam 2", 2), ("beam 4", 4), ("beam 8", 8)], value=4)
        self.out = w.HTML()
        self.failure = w.HTML()
        self.rows: list = []
        self._silent = threading.local()  # a click may come in another thread while we set a value ourselves
        self.questions = Overtaking(self.work, self.show, self.failed, start)
        super().__init__(
            [self.text, w.HBox([self.model, self.beam, *self.knobs()]), self.out, *self.below(), self.failure]
        )
        for widget, delay in ((self.text, DELAY), (self.model, 0), (self.beam, 0)):
            widget.observe(lambda change, delay=delay: self.ask(delay), "value")
        self.questions.answer(self.questions.number, None)  # the first answer is there when the panel is

    def knobs(self) -> list[w.Widget]:
        """Further widgets beside model and search."""
        return []

    def below(self) -> list[w.Widget]:
        """Widgets under the table."""
        return []

    def parts(self) -> Iterator[Callable[[], None]]:
        """What shows the answer to what the widgets say now, part by part, quick ones first."""
        raise NotImplementedError

    def twin(self) -> list[tuple[float, Callable]]:
        """What the static picture shows: parts of `pictures.sheet`."""
        return []

    def ask(self, delay: float = 0.0) -> None:
        self.questions.ask(None, delay)

    def work(self, question: None) -> Iterator[Callable[[], None]]:
        name = self.model.value
        if name != self.loaded:
            live = Live.load(name)
            yield lambda: self._take(name, live)
        yield lambda: setattr(self.failure, "value", "")
        yield from self.parts()

    def _take(self, name: str, live: Live) -> None:
        self.live, self.loaded = live, name
        self.renewed()

    def renewed(self) -> None:
        """Another model was loaded."""

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """What is set inside is no question."""
        before, self._silent.now = self.silent, True
        try:
            yield
        finally:
            self._silent.now = before

    @property
    def silent(self) -> bool:
        return getattr(self._silent, "now", False)

    def show(self, part: Callable[[], None]) -> None:
        part()

    def failed(self, error: Exception) -> Callable[[], None]:
        text = sentence_of(error)

        def tell() -> None:
            self.rows = [("", text)]
            self.failure.value = escaped(self.rows)

        return tell

    def say(self, rows: list) -> None:
        self.rows = rows
        self.out.value = escaped(rows)

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        self.questions.answer(self.questions.number, None)  # what is read shows what was asked last, delay or not
        said = _said([("English", self.text.value), ("model", self.loaded), *self.rows])
        parts = [(0.3 * len(said), lambda place: pictures.text(place, said)), *self.twin()]
        data = super()._repr_mimebundle_(**kwargs)
        bundle = dict(data[0] if isinstance(data, tuple) else data)
        text = "\n".join(": ".join(filter(None, row)) for row in said)
        return {
            **bundle,
            "text/plain": f"[interactive where a kernel runs]\n{text}",
            "image/png": pictures.sheet(parts),
        }


class TranslateAsYouType(Panel):
    """The n best translations of what is typed, their scores and pieces, and how long it took."""

    def knobs(self) -> list[w.Widget]:
        self.n_best = w.IntSlider(value=3, min=1, max=8, description="n-best")
        self.n_best.observe(lambda change: self.ask(), "value")
        return [self.n_best]

    def parts(self) -> Iterator[Callable[[], None]]:
        answer = self.live.answer(self.text.value, self.beam.value, self.n_best.value)
        yield lambda: self.say(rows_of(answer))


def rows_of(answer: Answer) -> list[tuple[str, str]]:
    """What is to be told of an answer: see `Answer`."""
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
    """The map of one head, the chosen Russian piece framed; all heads; and what source and written words bring."""

    def knobs(self) -> list[w.Widget]:
        self.kind = w.Dropdown(options=[(pictures.NAMES[kind], kind) for kind in KINDS], value="cross")
        self.layer, self.head = w.Dropdown(description="layer"), w.Dropdown(description="head")
        self.word = w.Dropdown(description="piece")
        for widget in (self.kind, self.layer, self.head, self.word):
            widget.observe(self._chosen, "value")
        self.renewed()
        return [self.kind, self.layer, self.head, self.word]

    def _chosen(self, change: dict) -> None:
        if not self.silent:
            self.ask()

    def _set(self, widget: w.Dropdown, options: list) -> None:
        value, known = widget.value, [option[1] for option in options]
        with self.quietly():
            widget.options = options
            widget.value = value if value in known else known[0]

    def renewed(self) -> None:
        layers, heads = self.live.there["cross"].shape
        self._set(self.layer, [(str(i), i) for i in range(layers)])
        self._set(self.head, [(str(i), i) for i in range(heads)])

    def below(self) -> list[w.Widget]:
        self.map, self.all, self.bars = (w.Image(format="png", layout=w.Layout(max_width="800px")) for _ in range(3))
        self.drawn: list[tuple[float, Callable]] = []
        self.shown: dict[w.Image, object] = {}
        return [self.map, self.bars, self.all]

    def parts(self) -> Iterator[Callable[[], None]]:
        self.drawn = []
        answer = self.live.answer(self.text.value, self.beam.value)
        yield lambda: self.say(rows_of(answer)[:1])
        target = answer.lines[0].pieces if answer.lines else []
        too_long = max(len(answer.pieces), len(target)) >= pictures.LONGEST
        if not answer.lines or too_long:
            if too_long:
                yield lambda: self.say([*self.rows, ("", "too long for a picture that can be read")])
            for image in (self.map, self.all, self.bars):
                yield lambda image=image: self._draw(image, b"", None)
            return
        names = [*pictures.pieces(target), "EOS"]
        yield lambda: self._set(self.word, [(f"{i}: {name}", i) for i, name in enumerate(names)])
        kind, layer, head = self.kind.value, self.layer.value, self.head.value
        maps, row = self.live.maps(answer), self.word.value if kind != "encoder" else None
        queries, keys = pictures.axes_of(kind, answer.pieces, target)
        weights, mask = maps[kind][layer, head], self.live.mask
        shares = self.live.shares(answer)
        title = f"{pictures.NAMES[kind]} attention, layer {layer}, head {head}"
        word, same = self.word.value, (self.loaded, answer.sentence, self.beam.value)
        for image, height, depends, draw in (
            (
                self.map,
                pictures.height(queries),
                (title, word),
                lambda p: pictures.heatmap(p, weights, queries, keys, kind, row, title),
            ),
            (self.bars, 2.0, word, lambda p: pictures.share_bars(p, shares, target, word)),
            (self.all, 2.2, "", lambda p: pictures.overview(p, maps, mask)),
        ):
            self.drawn.append((height, draw))
            if self.shown.get(image) != (same, depends):  # drawing takes far longer than translating
                data = pictures.sheet([(height, draw)])
                yield lambda image=image, data=data, depends=depends: self._draw(image, data, (same, depends))

    def _draw(self, image: w.Image, data: bytes, of_what: object) -> None:
        image.value, self.shown[image] = data, of_what

    def twin(self) -> list[tuple[float, Callable]]:
        return self.drawn


class Switchboard(Panel):
    """Close and open heads, and watch the translation: changed words are marked, the right answer stands beside."""

    def knobs(self) -> list[w.Widget]:
        self.items = phenomena()
        self.phenomenon = w.Dropdown(options=[("own sentence", ""), *((name, name) for name in self.items)], value="")
        self.number = w.BoundedIntText(value=0, min=0, max=0, description="number")
        self.phenomenon.observe(self._sentence, "value")
        self.number.observe(self._sentence, "value")
        return [self.phenomenon, self.number]

    def below(self) -> list[w.Widget]:
        self.one = w.Dropdown(description="head")
        self.k = w.BoundedIntText(value=6, min=0, description="k")
        self.presets = w.HBox()
        self.grid = w.VBox()
        self.buttons: dict[tuple[str, int, int], w.ToggleButton] = {}
        self.seed = 0
        self.renewed()
        return [self.presets, self.grid]

    @property
    def item(self) -> Item | None:
        """The chosen item of the phrasebook, as long as its sentence stands in the text box; else None."""
        found = self.items.get(self.phenomenon.value)
        # Between another phenomenon and its first number the old number may be beyond the end.
        chosen = found[self.number.value] if found and self.number.value < len(found) else None
        return chosen if chosen and chosen.english == self.text.value else None

    def _sentence(self, change: dict) -> None:
        found = self.items.get(self.phenomenon.value)
        if found:
            self.number.max = len(found) - 1
            self.text.value = found[self.number.value].english  # asks, as typing does
        self.ask()

    def renewed(self) -> None:
        """The buttons of this model's heads and its presets."""
        self.buttons, self.mask = {}, self.live.there
        layers, heads = self.live.there["cross"].shape
        kinds = []
        for kind in KINDS:
            rows = [w.HTML(escaped([(pictures.NAMES[kind], "")]))]
            rows += [w.HBox([self._button(kind, layer, head) for head in range(heads)]) for layer in range(layers)]
            kinds.append(w.VBox(rows, layout=w.Layout(margin="0 1.5em 0 0")))
        self.grid.children = [w.HBox(kinds, layout=w.Layout(flex_flow="row wrap"))]
        self.one.options = [
            (f"{pictures.NAMES[k]} {layer}.{head}", (k, layer, head)) for k, layer, head in self._heads()
        ]
        self.one.index = 0 if self.one.options else None
        self.k.max = len(self._heads())
        kept = self.live.kept_by_pruning([self.loaded, *(name for name in self.choices if name != self.loaded)])
        presets = [self._preset("all", lambda: self.live.there)]
        presets += [self._preset(f"kept by {name}", lambda mask=mask: mask) for name, mask in kept.items()]
        presets += [self.one, self._preset("only this head of its kind", lambda: self.live.only(*self.one.value))]
        presets += [self.k, self._preset("random k", self._random)]
        self.presets.children = presets
        self.presets.layout.flex_flow = "row wrap"

    def _heads(self) -> list[tuple[str, int, int]]:
        return [(kind, *place) for kind in KINDS for place in self.live.there[kind].nonzero().tolist()]

    def _button(self, kind: str, layer: int, head: int) -> w.ToggleButton:
        there = bool(self.live.there[kind][layer, head])
        button = w.ToggleButton(value=there, disabled=not there, layout=BUTTON)
        button.tooltip = f"{pictures.NAMES[kind]} attention, layer {layer}, head {head}"
        self.buttons[kind, layer, head] = button
        self._paint(button, f"{layer}.{head}")
        button.observe(lambda change: self._clicked(kind, layer, head), "value")
        return button

    def _paint(self, button: w.ToggleButton, name: str) -> None:
        button.description = "gone" if button.disabled else name if button.value else f"({name})"
        button.button_style = "success" if button.value else ""

    def _clicked(self, kind: str, layer: int, head: int) -> None:
        if not self.silent:
            mask = {name: kept.clone() for name, kept in self.mask.items()}
            mask[kind][layer, head] = self.buttons[kind, layer, head].value
            self.keep(mask)

    def _preset(self, name: str, mask: Callable) -> w.Button:
        button = w.Button(description=name, layout=w.Layout(width="auto"))
        button.on_click(lambda _: self.keep(mask()))
        return button

    def _random(self) -> Mask:
        self.seed += 1
        return self.live.random(self.k.value, self.seed)

    def keep(self, mask: Mask) -> None:
        """Open exactly these heads, show it on the buttons, and ask again."""
        self.mask = mask  # the model itself is touched where it answers, by one question at a time
        with self.quietly():
            for (kind, layer, head), button in self.buttons.items():
                button.value = bool(mask[kind][layer, head])
                self._paint(button, f"{layer}.{head}")
        self.ask()

    def parts(self) -> Iterator[Callable[[], None]]:
        live, item = self.live, self.item
        live.keep(self.mask)
        now, whole = live.compared(self.text.value, self.beam.value)
        if not now.lines:
            yield lambda: self.say(rows_of(now))
            return
        text, before = now.lines[0].text, whole.lines[0].text
        is_open, of = masks.count(live.mask), masks.count(live.there)
        rows = [("all heads", before), (f"{is_open} of {of} open", changed(before, text))]
        (old,) = live.log_probs(self.text.value, [before])
        rows.append(("log P", f"{now.lines[0].log_prob:.2f} of its own line, {old:.2f} of that of all heads"))
        if item:
            right, *wrong = live.log_probs(item.english, [item.right, *item.wrong])
            said = "prefers the right line" if right > max(wrong) else "does not prefer the right line"
            rows.append(("right answer", item.right))
            rows.append(("wrong one", item.wrong[wrong.index(max(wrong))]))
            rows.append((item.phenomenon, f"{said}: log P {right:.2f} against {max(wrong):.2f}"))
        yield lambda: self.say(rows)

    def twin(self) -> list[tuple[float, Callable]]:
        return [(1.1 + 0.3 * len(self.live.mask["cross"]), lambda p: pictures.board(p, self.mask, self.live.there))]
