"""The panels of notebook 05: translate as you type, see the attention, close heads.

Each has a static twin for readers without a kernel, a PNG in an output of its own. Four rules, three of the platform:

- The question is what the widgets say; the answer is `said` and `pictures`, which an error replaces.
- A picture is PNG bytes in an Image widget: JupyterLab runs the callbacks of different widgets at the same time, and
  pyplot or an Output widget in them gives blank figures.
- Text goes through `as_html` into an HTML widget: nothing that was typed may act as HTML or, as in a Label, as TeX.
- A click may come in another thread while a callback sets values: a question is read off the widgets, after that.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from html import escape
from itertools import chain, count
from textwrap import wrap

import ipywidgets as w
import torch
from IPython.display import display
from matplotlib.figure import SubFigure

from nmt import NmtError
from nmt.phrasebook.contrast import Item
from nmt.pruning import masks
from nmt.pruning.masks import Mask
from nmt.show import live, plots
from nmt.show.live import Answer, Live
from nmt.show.plots import Picture
from nmt.transformer import KINDS

Rows = Sequence[tuple[str, ...]]  # of each its name, and its cells; marked words stand in ‹…›
Part = Callable[[], None]  # puts a part of an answer into the widgets

RUSSIAN = "Russian"  # the row of this name is written large
WHO_LOOKS = {
    "encoder": "encoder: English looks at English",
    "decoder": "decoder: Russian looks at Russian",
    "cross": "cross: Russian looks at English",
}
# A panel that lives hides the twin after it. In a notebook that was saved and opened again no panel lives.
STYLE = "<style>.jp-OutputArea-child:has(.nmt-panel) + .jp-OutputArea-child:has(img) {display: none}</style>"
WRAPPED = w.Layout(flex_flow="row wrap", align_items="center")
AS_WIDE_AS_ITS_TEXT = w.Layout(width="auto")
HEAD_BUTTON = w.Layout(width="2.2em", padding="0", margin="1px", flex="0 0 auto")  # never narrower than its number


def as_html(rows: Rows) -> str:
    """An HTML table in which all text is only text."""
    lines, columns = [], max(map(len, rows), default=0)
    for name, *cells in rows:
        look = f"padding-left:14px;{'font-size:1.5em' if name == RUSSIAN else ''}"
        span = columns - len(cells)  # the last cell of a short row reaches to the end
        texts = (re.sub("‹(.*?)›", r"<mark>\1</mark>", escape(cell)) for cell in cells)
        tds = "".join(f"<td style='{look}' colspan={span}>{text}</td>" for text in texts)
        width = "width:16em" if len(name) > 30 else ""
        lines.append(f"<tr><td style='opacity:.7;{width}'>{escape(name)}</td>{tds}</tr>")
    return f"<table style='line-height:1.5'>{''.join(lines)}</table>"


def as_text(rows: Rows) -> str:
    lines = (": ".join(filter(None, (name, "  |  ".join(cells)))) for name, *cells in rows)
    return "\n".join(chain.from_iterable(wrap(line, 100) for line in lines))


def head_name(kind: str, layer: int, head: int) -> str:
    return f"{WHO_LOOKS[kind]} · layer {layer} · head {head}"


def choice(description: str, options: Iterable = (), value: object = None) -> w.Dropdown:
    style = {"description_width": "initial"}
    return w.Dropdown(options=[*options], value=value, description=description, style=style, layout=AS_WIDE_AS_ITS_TEXT)


def button(name: str, press: Callable[[], object], tooltip: str = "") -> w.Button:
    made = w.Button(description=name, tooltip=tooltip, layout=AS_WIDE_AS_ITS_TEXT)
    made.on_click(lambda _: press())
    return made


class Panel(w.VBox):
    """A text box, sentences to press, a choice of model, and what the subclass shows.

    `choices`: what the model list offers, by default `available_models()`; `model`: the one to begin with, by default
    the first. Without a text it begins with the model's first example.
    """

    heading = ""  # what to do here
    folded = "search, and a model of your own"

    def __init__(self, text: str = "", choices: Sequence[str] | None = None, model: str | None = None) -> None:
        self.choices = list(live.available_models() if choices is None else choices)
        if not self.choices:
            raise NmtError(live.NO_MODEL)
        model = model or self.choices[0]
        self.text = w.Text(value=text, placeholder="type an English sentence", layout=w.Layout(width="98%"))
        self.model = choice("model", dict.fromkeys([*self.choices, model]), model)
        self.beam = choice("search", [("greedy", 1), ("beam 2", 2), ("beam 4", 4), ("beam 8", 8)], 4)
        self.run = w.Text(placeholder="its folder, such as runs/demo, and Enter", continuous_update=False)
        self.examples, self.image = w.VBox(), w.Image(format="png")
        self.out, self.details = w.HTML(), w.HTML()
        self.said: dict[w.HTML, Rows] = {self.out: [], self.details: []}
        self.pictures: list[Picture] = []
        self.quiet = False
        self.questions = live.LatestOnly(self.work, self.failed)
        knobs, below = self.build()
        self.take(model, Live.load(model))
        self.text.value = text or next(iter(self.tried), "")
        search = w.HBox([self.beam, w.HTML("a run of yours:"), self.run], layout=WRAPPED)
        more = w.Accordion([w.VBox([self.details, search])], selected_index=None)
        more.set_title(0, f"More: {self.folded}")
        knobs = w.HBox([self.model, *knobs], layout=WRAPPED)
        heading = w.HTML(f"{STYLE}<b>{self.heading}</b>")
        super().__init__([heading, self.text, self.examples, knobs, self.out, *below, more])
        self.add_class("nmt-panel")
        self.text.observe(lambda change: self.typed(), "value")
        self.run.observe(lambda change: self._choose_run(self.run.value.strip()), "value")
        self.asks(self.model, self.beam)
        self.questions.answer(self.questions.number)

    def build(self) -> tuple[list[w.Widget], list[w.Widget]]:
        """Make the subclass's widgets: those beside the model, and those under the answer."""
        return [], []

    def parts(self) -> Iterator[Part]:
        """The answer to what the widgets say now, part by part, quick ones first."""
        raise NotImplementedError

    def take(self, name: str, loaded: Live) -> None:
        """Use another model, and offer its examples."""
        self.loaded, self.live, self.tried = name, loaded, live.examples().get(name, {})
        knows, fails = [w.HTML("It knows:")], [w.HTML("It fails at:")]
        for english, about in self.tried.items():
            lesson = about.get("lesson", "")
            (fails if lesson else knows).append(button(english, partial(setattr, self.text, "value", english), lesson))
        self.examples.children = [w.HBox(row, layout=WRAPPED) for row in (knows, fails)] if self.tried else []

    def typed(self) -> None:
        self.questions.ask(live.DELAY)

    def _choose_run(self, folder: str) -> None:
        """Put a folder that was typed into the list of models, and choose it."""
        if folder:
            with self.quietly():
                self.model.options = list(dict.fromkeys([*self.model.options, folder]))
                self.model.value, self.run.value = folder, ""
            self.questions.ask()

    def asks(self, *widgets: w.Widget) -> None:
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

    def work(self) -> Iterator[Part]:
        name = self.model.value
        if name != self.loaded:
            loaded = Live.load(name)
            yield lambda: self.take(name, loaded)
        yield from self.parts()

    def failed(self, error: Exception) -> None:
        self.say([("", live.in_words(error))])
        self.put([])

    def say(self, rows: Rows, details: Rows = ()) -> None:
        for where, said in ((self.out, rows), (self.details, details)):
            self.said[where], where.value = said, as_html(said)

    def put(self, pictures: list[Picture], data: bytes = b"") -> None:
        self.pictures, self.image.value = pictures, data
        self.image.layout.display = "" if data else "none"

    def rows_of(self, answer: Answer) -> list[tuple[str, ...]]:
        """The best translation, and what speaks against it."""
        if not answer.lines:
            return [("", "nothing to translate yet")]
        best, about = answer.lines[0], self.tried.get(self.text.value, {})
        rows = [(RUSSIAN, best.text), *([("not sure", best.doubt)] if best.doubt else [])]
        return [*rows, ("should be", about["right"][0]), ("why", about["lesson"])] if "lesson" in about else rows

    def twin(self) -> dict:
        self.questions.answer(self.questions.number)  # what was asked last, whether or not its delay is over
        text = as_text([("English", self.text.value), ("model", self.loaded), *chain(*self.said.values())])
        return {
            "text/plain": f"[interactive where a kernel runs]\n{text}",
            "image/png": plots.sheet(self.pictures, text),
        }

    def _ipython_display_(self) -> None:
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}  # as in ipywidgets 7 and 8
        display({"application/vnd.jupyter.widget-view+json": view, "text/plain": "[interactive]"}, raw=True)
        display(self.twin(), raw=True)


class TranslateAsYouType(Panel):
    """The translation of what is typed; folded away the others that search found, and pieces."""

    heading = "Type an English sentence, or press one: its translation follows as you type."
    folded = "other translations, pieces, search, a model of your own"

    def parts(self) -> Iterator[Part]:
        answer = self.live.answer(self.text.value, self.beam.value, self.beam.value)
        rows = self.rows_of(answer)
        details = [(f"score {sum(one.score for one in line.hypotheses):.2f}", line.text) for line in answer.lines]
        for name, sentences in zip(("English pieces", "Russian pieces"), answer.pieces, strict=True):
            details.append((name, " ".join(chain(*sentences))))
        yield lambda: self.say(rows, details)


class SeeAttention(Panel):
    """The map of one head in the first sentence, a Russian piece framed; and what source and written words bring."""

    heading = "Type a sentence, then choose a head and a Russian piece: the darker a square, the more it looks there."

    def build(self) -> tuple[list[w.Widget], list[w.Widget]]:
        self.head, self.piece = choice("head"), choice("piece")
        self.asks(self.head, self.piece)
        self.image.layout.max_width = "min(100%, 800px)"
        return [self.head, self.piece], [self.image]

    def take(self, name: str, loaded: Live) -> None:
        super().take(name, loaded)
        places = [(kind, *place) for kind in reversed(KINDS) for place in loaded.heads[kind].nonzero().tolist()]
        self._offer(self.head, {head_name(*place): place for place in places})

    def _offer(self, widget: w.Dropdown, options: dict[str, object]) -> None:
        """Offer values by name; the one that was chosen stays if it is among them."""
        before, values = widget.value, list(options.values())
        with self.quietly():
            widget.options = list(options.items())
            widget.value = before if before in values else next(iter(values), None)

    def parts(self) -> Iterator[Part]:
        answer = self.live.answer(self.text.value, self.beam.value)
        rows = self.rows_of(answer)
        source, target = ([*chain(*sentences[:1]), "EOS"] for sentences in answer.pieces)
        if too_long := max(len(source), len(target)) > plots.LONGEST:
            rows.append(("", "too long for a picture that can be read"))
        yield lambda: self.say(rows)
        pictures, data = [], b""
        if answer.lines and self.head.value and not too_long:
            yield lambda: self._offer(self.piece, {f"{i}: {name}": i for i, name in enumerate(plots.pieces(target))})
            pictures = self._pictures(answer, source, target)
            data = plots.sheet(pictures)
        yield lambda: self.put(pictures, data)

    def _pictures(self, answer: Answer, source: list[str], target: list[str]) -> list[Picture]:
        (kind, layer, head), piece = self.head.value, self.piece.value
        maps, shares = self.live.maps(answer), self.live.shares(answer)
        labels = plots.map_labels(kind, source, target)
        row = None if kind == "encoder" else piece  # the encoder's rows are English pieces

        def one_head(figure: SubFigure) -> None:
            axes, title = figure.subplots(), head_name(kind, layer, head)
            image = plots.attention_map(axes, maps[kind][layer, head], kind, labels, title, row)
            figure.colorbar(image, ax=axes, label="attention weight")

        return [
            Picture(plots.map_height(labels[0]), one_head),
            Picture(2.0, lambda figure: plots.share_bars(figure, shares, target, piece)),
        ]


class Switchboard(Panel):
    """Close and open heads, and see beside the translation of all heads what the open ones make of the sentence."""

    heading = "Press a head to close it, again to open it, and see what the translation loses. ×: removed by pruning."

    def build(self) -> tuple[list[w.Widget], list[w.Widget]]:
        self.items = live.phenomena()
        names = ((name.replace("-", " "), name) for name in self.items)
        self.phenomenon = choice("or test its grammar:", [("(choose)", ""), *names], "")
        self.sentence = w.Dropdown(layout=w.Layout(width="24em", display="none"))  # its values are the items
        self.phenomenon.observe(lambda change: self._offer_sentences(self.items.get(change["new"], [])), "value")
        self.sentence.observe(lambda change: self._put_sentence(change["new"]), "value")
        self.asks(self.sentence)
        self.presets, self.board = w.HBox(layout=WRAPPED), w.HBox(layout=WRAPPED)
        return [self.phenomenon, self.sentence], [self.presets, self.board]

    @property
    def item(self) -> Item | None:
        """The chosen item of the phrasebook, as long as its sentence stands in the text box; else None."""
        item = self.sentence.value
        return item if item and item.english == self.text.value else None

    def typed(self) -> None:
        if not self.item:
            self.phenomenon.value = ""  # what is typed tests nothing
        super().typed()

    def _offer_sentences(self, items: list[Item]) -> None:
        self.sentence.options = [(item.english, item) for item in items]
        self.sentence.value = items[0] if items else None
        self.sentence.layout.display = "" if items else "none"

    def _put_sentence(self, item: Item | None) -> None:
        if item:
            self.text.value = item.english

    def take(self, name: str, loaded: Live) -> None:
        super().take(name, loaded)
        self.buttons = {}
        self.board.children = [self._buttons(kind) for kind in KINDS]
        kept = loaded.kept_by_pruning(list(dict.fromkeys([name, *self.choices])))
        a_quarter, seeds = masks.count(loaded.heads) // 4, count(1)
        self.presets.children = [
            w.HTML("Open:"),
            button("all heads", lambda: self.open_only(loaded.heads)),
            *(button(f"those kept in {one}", lambda mask=mask: self.open_only(mask)) for one, mask in kept.items()),
            button(f"{a_quarter} at random", lambda: self.open_only(loaded.random(a_quarter, next(seeds)))),
        ]

    def _buttons(self, kind: str) -> w.VBox:
        """Who looks at whom, and a button for each head: layers down, heads across."""
        rows = [w.HTML(f"<b>{WHO_LOOKS[kind]}</b>")]
        for layer, of_layer in enumerate(self.live.heads[kind].tolist()):
            buttons = [self._button(kind, layer, head, there) for head, there in enumerate(of_layer)]
            rows.append(w.HBox([w.HTML(f"layer {layer}", layout=w.Layout(width="3.6em")), *buttons]))
        return w.VBox(rows, layout=w.Layout(margin="0 1.5em 0 0"))

    def _button(self, kind: str, layer: int, head: int, there: bool) -> w.ToggleButton:
        """A button that is down while its head is open; a closed one has its number in brackets."""
        name = head_name(kind, layer, head)
        toggle = w.ToggleButton(description="×", disabled=not there, tooltip=f"{name}: removed", layout=HEAD_BUTTON)

        def paint(change: dict) -> None:
            toggle.description = f"{head}" if toggle.value else f"({head})"
            toggle.button_style = "success" if toggle.value else ""
            toggle.tooltip = f"{name}: {'open' if toggle.value else 'closed'}"

        toggle.observe(paint, "value")
        toggle.value = there
        self.asks(toggle)
        self.buttons[kind, layer, head] = toggle
        return toggle

    @property
    def mask(self) -> Mask:
        """The heads whose buttons are down. The model itself is touched where it answers, by one question at a time."""
        mask = {kind: torch.zeros_like(heads) for kind, heads in self.live.heads.items()}
        for (kind, layer, head), toggle in self.buttons.items():
            mask[kind][layer, head] = toggle.value
        return mask

    def open_only(self, mask: Mask) -> None:
        with self.quietly():
            for (kind, layer, head), toggle in self.buttons.items():
                toggle.value = bool(mask[kind][layer, head])
        self.questions.ask()

    def parts(self) -> Iterator[Part]:
        live, item, text = self.live, self.item, self.text.value
        live.open_only(self.mask)
        mask, heads = live.mask, live.heads
        board = Picture(1.1 + 0.3 * len(heads["cross"]), lambda figure: plots.switchboard(figure, mask, heads))
        now = live.answer(text, self.beam.value)
        live.open_only(heads)
        whole = live.answer(text, self.beam.value) if mask is not heads else now
        written = [of.lines[0].text for of in (whole, now) if of.lines and len(of.sentences) == 1]
        lines = [item.right, *item.wrong] if item else list(dict.fromkeys(written))
        columns = [(f"all {masks.count(heads)} heads", whole, live.log_probs(text, lines))]
        if mask is not heads:
            live.open_only(mask)
            columns.append((f"{masks.count(mask)} of {masks.count(heads)} open", now, live.log_probs(text, lines)))
        rows = compared(columns, lines, item) if whole.lines else self.rows_of(whole)
        yield lambda: self.say(rows)
        yield lambda: self.put([board])


def compared(columns: list[tuple[str, Answer, list[float]]], lines: list[str], item: Item | None) -> Rows:
    """What all heads say and, in a second column, what the open ones do: heading, answer, log P of each line."""
    headings, answers, scores = zip(*columns, strict=True)
    first, last = answers[0].lines[0], answers[-1].lines[0]
    stretches = live.changes(first.text, last.text)
    changed = [f"{new or '(nothing)'} instead of {old or '(nothing)'}" for old, new in stretches if old != new]
    marked = " ".join(new if old == new else f"‹{new}›" for old, new in stretches)
    rows = [("", *headings), (RUSSIAN, first.text, marked)[: 1 + len(columns)]]
    rows += [("changed", ", ".join(changed))] if changed else []
    rows += [("not sure", last.doubt)] if last.doubt else []
    wrong = max(range(1, len(lines)), key=scores[-1].__getitem__, default=0)
    names = {0: "right: ", wrong: "wrong: "} if item else dict.fromkeys(range(len(lines)), "")
    for i, name in names.items():
        rows.append((f"log P of {name}{lines[i]}", *(f"{of_line[i]:.2f}" for of_line in scores)))
    if item:
        verdicts = ("the right line" if right > max(wrong) else "a wrong line" for right, *wrong in scores)
        rows.append((f"{item.phenomenon}: prefers", *verdicts))
    return rows
