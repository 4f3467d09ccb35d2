"""Interactive translation without its display: a live model whose heads open and close, and questions that overtake.

`nmt.widgets` shows what this computes; nothing here knows of widgets, and nothing needs a browser to be tested.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from nmt import NmtError
from nmt.analysis import attention_maps, score_pairs, shares
from nmt.bpe import BPE
from nmt.corpora.sentences import clean
from nmt.decoding import LONGEST, translate_n_best
from nmt.models import Trained
from nmt.phrasebook.contrast import Item, load_contrast
from nmt.plumbing.files import read_json
from nmt.plumbing.places import shipped
from nmt.pruning import masks
from nmt.runs import load, model_directory
from nmt.transformer import KINDS

DELAY = 0.15  # seconds without a keystroke before a sentence is translated
NO_MODEL = (
    "There is no trained model: data/models/ holds none that ships, and runs/ holds no run with a checkpoint. "
    "`nmt demo` trains one in four minutes; nothing here trains by itself."
)


def models(runs: str | Path = "runs") -> list[str]:
    """What can be chosen: the shipped models by name, then the runs in a folder, the newest first."""
    names = sorted(path.parent.name for path in (shipped() / "models").glob("*/model.json"))
    found = [path for path in Path(runs).glob("*") if path.is_dir() and _loadable(path)]
    return names + [path.as_posix() for path in sorted(found, key=lambda p: p.stat().st_mtime, reverse=True)]


def _loadable(path: Path) -> bool:
    try:
        return bool(model_directory(path))
    except NmtError:
        return False


def sentence_of(error: Exception) -> str:
    """A failure in words for whoever typed: those of an NmtError, else what happened and how to go on."""
    if isinstance(error, NmtError):
        return str(error)
    return f"This did not work ({type(error).__name__}: {error}). Another sentence or model may; the next one is tried."


class Overtaking:
    """Questions that overtake each other: only the newest is answered, and an old answer is never shown.

    ask() numbers a question and starts it after a delay; a newer one before that takes its place. `work(question)`
    yields what there is to show, part by part, and `show` is called with each, as long as no newer question was
    asked: between two parts too. An exception becomes a part, as `fail(exception)` says. One question is worked on
    at a time. `start(delay, function)` begins a timer and returns what has cancel(); that of tests needs no time.
    """

    def __init__(
        self,
        work: Callable[[object], Iterator[object]],
        show: Callable[[object], None],
        fail: Callable[[Exception], object],
        start: Callable | None = None,
    ) -> None:
        self.work, self.show, self.fail, self.start = work, show, fail, start or _timer
        self.number = 0  # of the newest question
        # Reentrant: what is shown may ask the next question.
        self._asking, self._working, self._waiting = threading.RLock(), threading.RLock(), None

    def ask(self, question: object, delay: float = DELAY) -> int:
        with self._asking:
            self.number += 1
            number = self.number
            if self._waiting is not None:
                self._waiting.cancel()
            self._waiting = None
        waiting = self.start(delay, lambda: self.answer(number, question))
        with self._asking:
            if number == self.number:
                self._waiting = waiting
        return number

    def answer(self, number: int, question: object) -> None:
        """Work on a question, unless it was overtaken."""
        with self._working:
            parts = self._parts(question) if number == self.number else ()
            for part in parts:
                with self._asking:  # no newer question can come between the look at the number and the showing
                    if number != self.number:
                        return
                    self.show(part)

    def _parts(self, question: object) -> Iterator[object]:
        try:
            yield from self.work(question)
        except Exception as error:  # whatever it is, the one who types sees a sentence
            yield self.fail(error)


def _timer(delay: float, function: Callable[[], None]) -> threading.Timer:
    timer = threading.Timer(delay, function)
    timer.daemon = True
    timer.start()
    return timer


def at_once(delay: float, function: Callable[[], None]) -> None:
    """A `start` for Overtaking that waits for nothing: the answer is there when ask() returns."""
    function()


@dataclass(frozen=True)
class Line:
    """One translation with its ids and BPE pieces; `log_prob` natural, of all its pieces and EOS."""

    text: str
    ids: list[int]
    pieces: list[str]
    log_prob: float
    score: float


@dataclass(frozen=True)
class Answer:
    """What came of a typed sentence; no `lines` where it is blank. `unknown`: characters the model has no piece for."""

    sentence: str
    ids: list[int]
    pieces: list[str]
    unknown: list[str]
    lines: list[Line]
    milliseconds: float


class Live:
    """A model in use, whose heads close and open between two sentences. `mask` says which are open now."""

    def __init__(self, trained: Trained) -> None:
        self.trained, self.model, self.bpe = trained, trained.model, trained.bpe
        self.there = masks.all_kept(self.model, KINDS)  # a pruned model has fewer
        self.mask = self.there

    @classmethod
    def load(cls, checkpoint: str | Path) -> "Live":
        return cls(load(checkpoint))

    def keep(self, mask: masks.Mask) -> None:
        """Open exactly these heads. Raises NmtError as `masks.check` does, and changes nothing then."""
        masks.check(self.model, mask)
        full = self.there | mask
        if all(torch.equal(full[kind], self.there[kind]) for kind in KINDS):
            masks.clear(self.model, KINDS)  # no gate is faster than one at 1
        else:
            masks.apply(self.model, full)
        self.mask = full

    def toggled(self, kind: str, layer: int, head: int) -> masks.Mask:
        """The mask with one head the other way round."""
        mask = {name: kept.clone() for name, kept in self.mask.items()}
        mask[kind][layer, head] ^= True
        return mask

    def only(self, kind: str, layer: int, head: int) -> masks.Mask:
        """Of its kind this head alone; the other kinds whole."""
        alone = torch.zeros_like(self.there[kind])
        alone[layer, head] = True
        return self.there | {kind: alone}

    def random(self, k: int, seed: int) -> masks.Mask:
        """k heads of all kinds, drawn with this seed."""
        generator = torch.Generator().manual_seed(seed)
        scores = {kind: torch.rand(kept.shape, generator=generator) for kind, kept in self.there.items()}
        return masks.top_k({kind: s.masked_fill(~self.there[kind], float("-inf")) for kind, s in scores.items()}, k)

    def kept_by_pruning(self, candidates: list[str]) -> dict[str, masks.Mask]:
        """What pruning kept, by checkpoint: of those candidates that came from a model like this one.

        Like: the same vocabularies, by checksum, and as many layers and heads; so a dense model may try the mask of
        its pruned descendant, without the training that came after.
        """
        found = {}
        for name in candidates:
            description = read_json(model_directory(name) / "model.json")
            shape, sums = description["transformer"], description["sha256"]
            alike = all(sums[f"{s}.bpe"] == b.sha256 for s, b in zip(("src", "trg"), self.bpe, strict=True))
            alike = alike and all(shape[n] == getattr(self.model.config, n) for n in ("num_blocks", "num_heads"))
            if alike and shape.get("kept_heads"):
                mask = {kind: torch.zeros_like(kept) for kind, kept in self.there.items()}
                for kind in KINDS:
                    whole = [list(range(shape["num_heads"]))] * shape["num_blocks"]
                    for row, numbers in zip(mask[kind], shape["kept_heads"].get(kind, whole), strict=True):
                        row[numbers] = True
                if not any((mask[kind] & ~self.there[kind]).any() for kind in KINDS):
                    found[name] = mask
        return found

    def answer(self, sentence: str, beam: int = 4, n_best: int = 1) -> Answer:
        """Translate one sentence; beam 1 is greedy. Raises NmtError for text too long to be read at once."""
        since = time.perf_counter()
        text = clean(sentence)
        (ids,) = self.bpe[0].encode([text])
        if len(ids) > LONGEST:
            raise NmtError(
                f"{len(ids)} pieces are too many here, {LONGEST} at most; `nmt translate` reads lines of any length"
            )
        lines = []
        for one in translate_n_best(self.model, self.bpe, [text], beam, n_best=min(n_best, beam))[0]:
            for best in one.hypotheses:  # one, or for a blank line none
                found = pieces_of(self.bpe[1], best.ids, one.text)
                lines.append(Line(one.text, best.ids, found, best.log_prob, best.score))
        spent = 1000 * (time.perf_counter() - since)
        return Answer(text, ids, pieces_of(self.bpe[0], ids, text), self.bpe[0].unknown(text), lines, spent)

    def compared(self, sentence: str, beam: int = 4) -> tuple[Answer, Answer]:
        """The answer of the heads that are open, and that of all heads that the model has."""
        now, mask = self.answer(sentence, beam), self.mask
        if mask is self.there:
            return now, now
        self.keep(self.there)
        try:
            return now, self.answer(sentence, beam)
        finally:
            self.keep(mask)

    def maps(self, answer: Answer, which: int = 0) -> dict[str, Tensor]:
        """Attention in writing one of the lines: see `nmt.decoding.attention_maps`. Closed heads look, unheard."""
        return attention_maps(self.model, [answer.ids], [answer.lines[which].ids])[0]

    def shares(self, answer: Answer, which: int = 0) -> Tensor:
        """(T, 3): see `nmt.contributions.shares`."""
        return shares(self.model, answer.ids, answer.lines[which].ids)

    def log_probs(self, english: str, lines: list[str]) -> list[float]:
        return score_pairs(self.model, self.bpe, [(english, line) for line in lines])


def pieces_of(bpe: BPE, ids: list[int], text: str) -> list[str]:
    """The pieces of these ids, whose text is known; a model may write a word in other pieces than BPE would."""
    if bpe.encode([text])[0] == ids:
        return bpe.pieces(text)
    return bpe.decode([[i] for i in ids])


def changed(before: str, after: str) -> list[tuple[str, bool]]:
    """The words of `after`, each with whether it is new or stands elsewhere than in `before`."""
    old, new = before.split(), after.split()
    marked = [(word, True) for word in new]
    for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        for i in range(block.b, block.b + block.size):
            marked[i] = (new[i], False)
    return marked


@cache
def phenomena() -> dict[str, list[Item]]:
    """The phrasebook's contrast sets by phenomenon: sentences in no split, with the right line and wrong ones."""
    found: dict[str, list[Item]] = {}
    for item in load_contrast():
        found.setdefault(item.phenomenon, []).append(item)
    return found
