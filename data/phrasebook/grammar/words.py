"""Words of both languages, and phrases: a list of English words and a list of Russian words.

A `Word` knows its form, its lemma and cell, the English words it translates (`source`) and its links, pairs of a kind
and the word that decides. Joining phrases joins their lists.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(eq=False)
class Word:
    form: str = ""
    lemma: str = ""
    pos: str = ""  # Russian: part of speech and constant grammemes, as in OpenCorpora
    cell: str = ""  # Russian: the cell of its paradigm
    forms: dict[str, str] | None = None  # the whole paradigm, for contrast sets
    source: list["Word"] = field(default_factory=list)
    links: list[tuple[str, "Word"]] = field(default_factory=list)

    def link(self, kind: str, *heads: "Word | None") -> "Word":
        """Say which words decide this one's form. Kinds: agreement, government, antecedent."""
        self.links += [(kind, head) for head in heads if head is not None]
        return self

    def inflect(self, pos: str, lemma: str, forms: dict[str, str], cell: str, source: Iterable["Word"]) -> "Word":
        self.form, self.lemma, self.pos, self.cell, self.forms = forms[cell], lemma, pos, cell, forms
        self.source = list(source)
        return self


Phrase = tuple[list[Word], list[Word]]


@dataclass
class Notes:
    """What a sentence shows (tags) and which lemma pairs it contains (combos)."""

    tags: set[str] = field(default_factory=set)
    combos: set[str] = field(default_factory=set)


def en(text: str) -> list[Word]:
    return [Word(form, form) for form in text.split()]


def inflected(pos: str, lemma: str, forms: dict[str, str], cell: str, source: Iterable[Word]) -> Word:
    return Word().inflect(pos, lemma, forms, cell, source)


def particle(text: str, pos: str, source: list[Word]) -> list[Word]:
    """Russian words that do not inflect; each of them translates the English words of `source`."""
    return [Word(form, form, pos, source=list(source)) for form in text.split()]


def both(text_en: str, text_ru: str, pos: str = "ADVB") -> Phrase:
    """An adverbial or particle, the same in every sentence: every day – каждый день."""
    words = en(text_en)
    return words, particle(text_ru, pos, words)


def join(*phrases: Phrase) -> Phrase:
    return [word for phrase in phrases for word in phrase[0]], [word for phrase in phrases for word in phrase[1]]


def mark(form: str) -> Phrase:
    """A mark of both languages: full stop, question or exclamation mark, comma."""
    word = Word(form, form)
    return [word], [Word(form, form, "PNCT", source=[word])]


def comma() -> Phrase:
    """A comma that only Russian has."""
    return [], [Word(",", ",", "PNCT")]
