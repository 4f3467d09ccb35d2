"""Interactive translation without its display: a live model whose heads open and close, and questions while one types.

`nmt.show.widgets` shows what this computes. Nothing here knows of widgets or needs a browser.
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
from nmt.transformer import KINDS, TransformerConfig

DELAY = 0.15  # seconds without a keystroke before a sentence is translated
NO_MODEL = (
    "There is no trained model: data/models/ holds none that ships, and runs/ holds no run with a checkpoint. "
    "`nmt demo` trains one in four minutes; nothing here trains by itself."
)


def available_models(runs: str | Path = "runs") -> list[str]:
    """The shipped models by name, then the runs in a folder that have a checkpoint, the newest first."""
    names = sorted(path.parent.name for path in (shipped() / "models").glob("*/model.json"))
    found = [path for path in Path(runs).glob("*") if path.is_dir() and _loadable(path)]
    return names + [path.as_posix() for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)]


def _loadable(path: Path) -> bool:
    try:
        return bool(model_directory(path))
    except NmtError:
        return False


def in_words(error: Exception) -> str:
    """An error in words for whoever typed: those of an NmtError, otherwise what happened and how to go on."""
    if isinstance(error, NmtError):
        return str(error)
    return f"This did not work ({type(error).__name__}: {error}). Another sentence or model may; the next one is tried."


class LatestOnly:
    """Answers the latest question and drops the ones before: an old answer is never shown.

    ask() starts a question after a delay. `work(question)` yields what there is to show, part by part, and `show` is
    called with each part as long as no newer question was asked. An exception in `work` becomes the part that
    `fail(exception)` returns. One question is worked on at a time. `start(delay, function)` calls the function after
    the delay, in a thread of its own; a test passes one that does not wait.
    """

    def __init__(
        self,
        work: Callable[[object], Iterator[object]],
        show: Callable[[object], None],
        fail: Callable[[Exception], object],
        start: Callable[[float, Callable[[], None]], object] | None = None,
    ) -> None:
        self.work, self.show, self.fail, self.start = work, show, fail, start or _after
        self.number = 0  # of the latest question
        self._asking, self._working = threading.RLock(), threading.RLock()  # what is shown may ask the next question

    def ask(self, question: object, delay: float = DELAY) -> None:
        with self._asking:
            self.number += 1
            number = self.number
        self.start(delay, lambda: self.answer(number, question))

    def answer(self, number: int, question: object) -> None:
        """Work on the question of this number, unless there is a newer one."""
        with self._working:
            for part in self._parts(question) if number == self.number else ():
                with self._asking:  # no newer question can come between the look at the number and the showing
                    if number != self.number:
                        return
                    self.show(part)

    def _parts(self, question: object) -> Iterator[object]:
        try:
            yield from self.work(question)
        except Exception as error:  # whatever it is, the one who types sees a sentence
            yield self.fail(error)


def _after(delay: float, function: Callable[[], None]) -> None:
    timer = threading.Timer(delay, function)
    timer.daemon = True
    timer.start()


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
    """A model in use, whose heads close and open between two sentences.

    `heads` are those that the model has (a pruned one has fewer), `mask` those of them that are open now; both are
    {kind: bool (L, H)}.
    """

    def __init__(self, trained: Trained) -> None:
        self.model, self.bpe = trained.model, trained.bpe
        self.heads = masks.all_kept(self.model, KINDS)
        self.mask = self.heads

    @classmethod
    def load(cls, checkpoint: str | Path) -> "Live":
        """From what `nmt.runs.model_directory` accepts: a run, a model directory or the name of a shipped model."""
        return cls(load(checkpoint))

    def open_only(self, mask: masks.Mask) -> None:
        """Open exactly these heads; a kind that the mask leaves out is opened whole.

        Raises NmtError as `masks.check` does, and changes nothing then.
        """
        masks.check(self.model, mask)
        full = self.heads | mask
        if all(torch.equal(full[kind], self.heads[kind]) for kind in KINDS):
            masks.clear(self.model, KINDS)  # no gate is faster than one at 1
        else:
            masks.apply(self.model, full)
        self.mask = full

    def toggled(self, kind: str, layer: int, head: int) -> masks.Mask:
        """The mask with one head the other way round."""
        mask = {name: is_open.clone() for name, is_open in self.mask.items()}
        mask[kind][layer, head] ^= True
        return mask

    def only(self, kind: str, layer: int, head: int) -> masks.Mask:
        """Of its kind this head alone; the other kinds whole."""
        alone = torch.zeros_like(self.heads[kind])
        alone[layer, head] = True
        return self.heads | {kind: alone}

    def random(self, k: int, seed: int) -> masks.Mask:
        """k heads of all kinds, drawn with this seed."""
        generator = torch.Generator().manual_seed(seed)
        scores = {kind: torch.rand(there.shape, generator=generator) for kind, there in self.heads.items()}
        return masks.top_k({kind: s.masked_fill(~self.heads[kind], float("-inf")) for kind, s in scores.items()}, k)

    def kept_by_pruning(self, candidates: list[str]) -> dict[str, masks.Mask]:
        """What pruning kept, by checkpoint: of those candidates that came from a model like this one.

        Like: the same vocabularies, by checksum, and as many layers and heads; so a dense model may try the mask of
        its pruned descendant, without the training that came after.
        """
        found = {}
        for name in candidates:
            description = read_json(model_directory(name) / "model.json")
            config, sums = TransformerConfig(**description["transformer"]), description["sha256"]
            alike = all(sums[f"{s}.bpe"] == b.sha256 for s, b in zip(("src", "trg"), self.bpe, strict=True))
            alike &= all(getattr(config, n) == getattr(self.model.config, n) for n in ("num_blocks", "num_heads"))
            if alike and config.kept_heads:
                mask = {kind: torch.zeros_like(there) for kind, there in self.heads.items()}
                for kind in KINDS:
                    for row, numbers in zip(mask[kind], config.kept(kind), strict=True):
                        row[numbers] = True
                if not any((mask[kind] & ~self.heads[kind]).any() for kind in KINDS):
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
        if mask is self.heads:
            return now, now
        self.open_only(self.heads)
        try:
            return now, self.answer(sentence, beam)
        finally:
            self.open_only(mask)

    def maps(self, answer: Answer) -> dict[str, Tensor]:
        """Attention in writing the best line: see `nmt.analysis.attention_maps`. A closed head has a map too."""
        return attention_maps(self.model, [answer.ids], [answer.lines[0].ids])[0]

    def shares(self, answer: Answer) -> Tensor:
        """What source, written words and BOS bring to the best line, (T, 3): see `nmt.analysis.shares`."""
        return shares(self.model, answer.ids, answer.lines[0].ids)

    def log_probs(self, english: str, lines: list[str]) -> list[float]:
        """log P(line | English) of each Russian line: see `nmt.analysis.score_pairs`."""
        return score_pairs(self.model, self.bpe, [(english, line) for line in lines])


def pieces_of(bpe: BPE, ids: list[int], text: str) -> list[str]:
    """The pieces of these ids, whose text is known; a model may write a word in other pieces than BPE would."""
    if bpe.encode([text])[0] == ids:
        return bpe.pieces(text)
    return bpe.decode([[i] for i in ids])


def changed(before: str, after: str) -> list[tuple[str, bool]]:
    """The words of `after`, each with whether it is new or stands elsewhere than in `before`."""
    old, new = before.split(), after.split()
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    same = {place for block in blocks for place in range(block.b, block.b + block.size)}
    return [(word, place not in same) for place, word in enumerate(new)]


@cache
def phenomena() -> dict[str, list[Item]]:
    """The phrasebook's contrast sets by phenomenon: sentences in no split, with the right line and wrong ones."""
    found: dict[str, list[Item]] = {}
    for item in load_contrast():
        found.setdefault(item.phenomenon, []).append(item)
    return found
