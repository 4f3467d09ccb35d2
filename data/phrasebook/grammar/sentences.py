"""Finished sentences: the final mark, large first letters, a before vowels, and the text."""

from dataclasses import dataclass
from itertools import pairwise

from grammar import lexicon
from grammar.english import article
from grammar.words import Notes, Phrase, Word, join, mark

MARKS = frozenset(".,?!")  # written without a space before them
ENDS = frozenset(".?!")


@dataclass
class Sentence:
    english: list[Word]
    russian: list[Word]
    notes: Notes
    frame: str = ""  # the function that made it


def sentence(phrase: Phrase, notes: Notes, end: str = ".") -> Sentence:
    """Add the final mark, agree a with an, write first letters large."""
    words_en, words_ru = join(phrase, mark(end))
    if any(word.lemma in senses(source) for word in words_ru for source in word.source):
        notes.tags.add("homonym")
    for word, following in pairwise(words_en):
        if word.lemma == "a":
            word.form = article(following.form)
    capitalise(words_en)
    capitalise(words_ru)
    return Sentence(words_en, words_ru, notes)


def capitalise(words: list[Word]) -> None:
    """Write the first letter of each sentence large."""
    for before, word in zip([None, *words], words, strict=False):
        if before is None or before.form in ENDS:
            word.form = word.form[0].upper() + word.form[1:]


def senses(english: Word) -> list[str]:
    """The Russian lemmas of an English word that has several, which the rest of the sentence decides; else none."""
    homonyms = lexicon.load().homonyms
    return homonyms.get(english.lemma) or homonyms.get(english.form) or []


def text(words: list[Word]) -> str:
    """Words as they are written: no space before a mark."""
    line = ""
    for word in words:
        line += word.form if word.form in MARKS or not line else " " + word.form
    return line
