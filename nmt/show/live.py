"""What `nmt.show.widgets` shows: a live model whose heads open and close, and answers while one types."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from nmt import NmtError
from nmt.analysis import attention_maps, score_pairs, shares
from nmt.bpe import BPE
from nmt.corpora.normalise import clean
from nmt.decoding import LONGEST, Translation
from nmt.models import SIDES, Trained
from nmt.phrasebook.contrast import Item, load_contrast
from nmt.plumbing.files import read_json
from nmt.plumbing.places import shipped
from nmt.pruning import masks
from nmt.runs import load, model_directory
from nmt.transformer import KINDS, Transformer, TransformerConfig

DELAY = 0.15  # seconds without a keystroke before a sentence is translated
NO_MODEL = "There is no trained model, in data/models/ or in runs/: `nmt demo` trains one in four minutes."


def available_models(runs: str | Path = "runs") -> list[str]:
    """The shipped models by name, then the runs in a folder that have a checkpoint, the newest first."""
    names = sorted(path.parent.name for path in (shipped() / "models").glob("*/model.json"))
    found = {}
    for path in Path(runs).glob("*"):
        with suppress(NmtError, OSError):  # a run without a checkpoint, another folder, a link to nowhere
            model_directory(path)
            found[path.as_posix()] = path.stat().st_mtime
    return names + sorted(found, key=found.get, reverse=True)


@cache
def examples() -> dict[str, dict[str, dict]]:
    """By shipped model and English sentence: "right" translations, and, where it fails, the "lesson" of that."""
    return read_json(shipped() / "models" / "examples.json")


def in_words(error: Exception) -> str:
    """An error in words for whoever typed: those of an NmtError, otherwise what happened and how to go on."""
    if isinstance(error, NmtError):
        return str(error)
    return f"This did not work ({type(error).__name__}: {error}). Another sentence or model may: change it and see."


class LatestOnly:
    """Answers the latest question and drops the ones before: an old answer is never shown.

    `work()` yields functions, each of which shows a part of the answer; they are called as long as no newer question
    was asked. An exception goes to `fail`. One question is worked on at a time, in a thread of its own.
    """

    def __init__(self, work: Callable[[], Iterator[Callable[[], None]]], fail: Callable[[Exception], None]) -> None:
        self.work, self.fail = work, fail
        self.number = 0  # of the latest question
        self._asking, self._working = threading.RLock(), threading.RLock()  # what is shown may ask the next question

    def ask(self, delay: float = 0.0) -> None:
        with self._asking:
            self.number += 1
            number = self.number
        after(delay, lambda: self.answer(number))

    def answer(self, number: int) -> None:
        """Work on the question of this number, unless there is a newer one."""
        with self._working:
            if number == self.number:
                try:
                    for show in self.work():
                        with self._asking:  # no newer question can come between the look at the number and the showing
                            if number != self.number:
                                return
                            show()
                except Exception as error:  # whatever it is, the one who types sees a sentence
                    self.fail(error)


def after(delay: float, function: Callable[[], None]) -> None:
    timer = threading.Timer(delay, function)
    timer.daemon = True
    timer.start()


@dataclass(frozen=True)
class Answer:
    sentences: list[str]  # that it was cut into, as the model read them; none where it is blank
    lines: list[Translation]  # best first; each has a hypothesis for each sentence
    pieces: tuple[list[list[str]], list[list[str]]]  # of each sentence: of the English, and of the best translation


class Live:
    """A model in use. `heads` are those that it has (a pruned one has fewer), `mask` those that are open now."""

    def __init__(self, trained: Trained) -> None:
        self.trained, self.model, self.bpe = trained, trained.model, trained.bpe
        self.heads = masks.all_kept(self.model, KINDS)
        self.mask = self.heads

    @classmethod
    def load(cls, checkpoint: str | Path) -> "Live":
        try:
            return cls(load(checkpoint))
        except NmtError as error:
            mend = "Choose one from the list, or type the folder of a run that has trained for an epoch at least."
            raise NmtError(f"No model in “{checkpoint}” can be used. {mend}") from error

    def open_only(self, mask: masks.Mask) -> None:
        """Open exactly these heads; a kind that the mask leaves out is opened whole. Raises as `masks.check`."""
        masks.check(self.model, mask)
        full = self.heads | mask
        if all(torch.equal(full[kind], self.heads[kind]) for kind in KINDS):
            masks.clear(self.model, KINDS)  # no gate is faster than one at 1
            self.mask = self.heads
        else:
            masks.apply(self.model, full)
            self.mask = full

    def toggled(self, kind: str, layer: int, head: int) -> masks.Mask:
        mask = {name: is_open.clone() for name, is_open in self.mask.items()}
        mask[kind][layer, head] ^= True
        return mask

    def random(self, k: int, seed: int) -> masks.Mask:
        """k heads of all kinds, drawn with this seed."""
        generator = torch.Generator().manual_seed(seed)
        scores = {kind: torch.rand(there.shape, generator=generator) for kind, there in self.heads.items()}
        return masks.top_k({kind: s.masked_fill(~self.heads[kind], float("-inf")) for kind, s in scores.items()}, k)

    def kept_by_pruning(self, candidates: list[str]) -> dict[str, masks.Mask]:
        """What pruning kept, by checkpoint: of candidates that have this model's vocabularies, layers and heads."""
        found = {}
        for name in candidates:
            with suppress(Exception):  # it is gone, damaged, of another shape, or has heads that this model lacks
                description = read_json(model_directory(name) / "model.json")
                with torch.device("meta"):  # a model without weights
                    other = Transformer(TransformerConfig(**description["transformer"]))
                vocabularies = [description["sha256"][f"{side}.bpe"] for side in SIDES]
                if other.config.kept_heads and vocabularies == [bpe.sha256 for bpe in self.bpe]:
                    mask = masks.all_kept(other, KINDS)
                    masks.check(self.model, mask)
                    found[name] = mask
        return found

    def answer(self, line: str, beam: int = 4, n_best: int = 1) -> Answer:
        """Translate one line; beam 1 is greedy. Raises NmtError for text too long to be answered at once."""
        english, russian = self.bpe
        if (total := len(english.pieces(clean(self._as_read(line))))) > LONGEST:
            raise NmtError(f"This text is too long to be translated as you type: {total} pieces, {LONGEST} at most.")
        (found,) = self.trained.n_best([line], beam=beam, n_best=min(n_best, beam))
        lines = [translation for translation in found if translation.hypotheses]
        pieces = [english.pieces(sentence) for sentence in found[0].sentences]
        written = [pieces_of(russian, part.ids) for translation in lines[:1] for part in translation.hypotheses]
        return Answer(found[0].sentences, lines, (pieces, written))

    def _as_read(self, text: str) -> str:
        return text.lower() if self.trained.lowercase else text

    def maps(self, answer: Answer) -> dict[str, Tensor]:
        """Attention in writing the first sentence: see `nmt.analysis.attention_maps`. A closed head has a map too."""
        return attention_maps(self.model, *([ids] for ids in self._first(answer)))[0]

    def shares(self, answer: Answer) -> Tensor:
        """What source, written words and BOS bring to the first sentence, (T, 3): see `nmt.analysis.shares`."""
        return shares(self.model, *self._first(answer))

    def _first(self, answer: Answer) -> tuple[list[int], list[int]]:
        """The ids of the first sentence and of its best translation."""
        return self.bpe[0].encode(answer.sentences[:1])[0], answer.lines[0].hypotheses[0].ids

    def log_probs(self, english: str, lines: list[str]) -> list[float]:
        """log P(line | English) of each Russian line: see `nmt.analysis.score_pairs`."""
        return score_pairs(self.model, self.bpe, [(self._as_read(english), self._as_read(line)) for line in lines])


def pieces_of(bpe: BPE, ids: list[int]) -> list[str]:
    """The pieces of these ids; a model may write a word in other pieces than BPE would."""
    (text,) = bpe.decode([ids])
    return bpe.pieces(text) if bpe.encode([text]) == [ids] else bpe.decode([[i] for i in ids])


def changes(before: str, after: str) -> list[tuple[str, str]]:
    """Two texts in stretches of words, one beside the other: (of `before`, of `after`), equal where nothing changed."""
    old, new = before.split(), after.split()
    stretches = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(" ".join(old[a:b]), " ".join(new[c:d])) for _, a, b, c, d in stretches]


@cache
def phenomena() -> dict[str, list[Item]]:
    """The phrasebook's contrast sets by phenomenon: sentences in no split, with the right line and wrong ones."""
    found: dict[str, list[Item]] = {}
    for item in load_contrast():
        found.setdefault(item.phenomenon, []).append(item)
    return found
