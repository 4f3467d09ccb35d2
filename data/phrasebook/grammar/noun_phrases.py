"""Noun phrases in both languages at once: determiner, numeral, owner, adjectives, noun, and what follows it."""

from dataclasses import dataclass, field

from grammar import lexicon
from grammar.declension import adjective_forms
from grammar.lexicon import Adjective, Noun, Pronoun
from grammar.numerals import cells_after, is_one, numeral
from grammar.words import Notes, Phrase, Word, en, inflected, join, particle

WHICH = adjective_forms("который")


@dataclass(eq=False)
class NP:
    """A noun phrase, to be said once in some case.

    Instead of a noun it may have `pronoun` (a key of pronouns.txt) or `relative` (the phrase that "who" goes back to).
    """

    noun: Noun | None = None
    plural: bool = False
    det: str = "the"  # the, a, "" or a key of determiners.txt
    adjectives: tuple[Adjective, ...] = ()
    count: int = 0
    owner: "NP | None" = None
    pronoun: str = ""
    relative: "NP | None" = None
    second: "NP | None" = None  # Anna and the boy
    possessor: Word | None = None  # whom свой means
    own_en: str = ""  # my, his, her … of "his own"
    own_said: bool = True  # English says "own"; else "I love my mother", which Russian says with свой too
    after: Phrase | None = None  # a phrase or clause that follows the noun
    antecedent: Word | None = None
    en_head: Word = field(default_factory=Word)
    ru_head: Word = field(default_factory=Word)

    @property
    def as_pronoun(self) -> Pronoun:
        return lexicon.load().pronouns[self.pronoun]

    @property
    def ru_plural(self) -> bool:
        if self.relative:
            return self.relative.ru_plural
        if self.pronoun:
            return self.as_pronoun.number == "plur"
        return (self.plural and self.noun.number not in ("U", "E")) or self.noun.number in ("P", "R")

    @property
    def en_plural(self) -> bool:
        if self.relative:
            return self.relative.en_plural
        if self.pronoun:
            return (self.ru_plural and self.pronoun != "everybody") or self.person == "2per"
        return (self.plural and self.noun.number != "U") or self.noun.number in ("P", "E")

    @property
    def gender(self) -> str:
        if self.relative:
            return self.relative.gender
        return self.as_pronoun.gender or "masc" if self.pronoun else self.noun.gender  # I and you are men

    @property
    def person(self) -> str:
        return self.as_pronoun.person if self.pronoun else "3per"

    @property
    def animate(self) -> bool:
        return self.relative.animate if self.relative else bool(self.pronoun) or self.noun.animate

    @property
    def human(self) -> bool:
        return bool(self.noun and self.noun.classes & {"person", "first", "mum", "parents", "baby"})

    @property
    def takes_case(self) -> bool:
        """Whether its case comes from verb or preposition, not from its numeral."""
        return not self.count or is_one(self.count)

    def cell(self, case: str) -> str:
        """The cell of an adjective that agrees with the noun."""
        cell = f"plur {case}" if self.ru_plural else f"sing {self.gender} {case}"
        if case == "accs" and (self.ru_plural or self.gender == "masc"):
            cell += " anim" if self.animate else " inan"
        return cell

    @property
    def third(self) -> bool:
        """Whether an English verb takes -s."""
        return self.person == "3per" and not (self.second or self.en_plural)

    @property
    def person_cell(self) -> str:
        return f"{self.person} {'plur' if self.second or self.ru_plural else 'sing'}"

    @property
    def past_cell(self) -> str:
        return "past plur" if self.second or self.ru_plural else f"past {self.gender}"

    @property
    def short_cell(self) -> str:
        return "plur" if self.second or self.ru_plural else f"sing {self.gender}"

    def be(self, past: bool = False) -> Word:
        plural = self.en_plural or bool(self.second)
        if past:
            return Word("were" if plural else "was", "be")
        return Word("am" if self.pronoun in ("I", "I femn") else "are" if plural else "is", "be")

    def drop_choosy_adjectives(self) -> None:
        """Drop the adjectives that want a certain determiner: the last bus, my favourite book."""
        self.adjectives = tuple(adjective for adjective in self.adjectives if not adjective.needs)


def say(np: NP, case: str, notes: Notes, *, prep: str = "", subject: bool = False) -> Phrase:
    """English and Russian words of `np`, the Russian in `case` and after the preposition `prep`, if any.

    `subject` is the English role, which only pronouns show (I, me).
    """
    if np.relative:
        return _say_relative(np, case, notes)
    if np.pronoun:
        return _say_pronoun(np, case, prep, subject)
    noun = np.noun
    np.en_head.form, np.en_head.lemma = (noun.en_plural if np.en_plural else noun.en), noun.en
    noun_cell, adjective_cell = f"{'plur' if np.ru_plural else 'sing'} {case}", np.cell(case)
    if case == "loct" and prep in ("в", "на") and not np.ru_plural and "sing loc2" in noun.forms:
        noun_cell = "sing loc2"
    if np.count > 1:
        noun_cell, adjective_cell = cells_after(np.count, case, np.gender, np.animate)
    np.ru_head.inflect(f"NOUN {noun.gender}", noun.ru, noun.forms, noun_cell, [np.en_head])
    if noun.classes & {"first", "city"}:
        notes.tags.add("names")
    words_en, words_ru = _say_determiner(np, case, notes)
    rest = []
    if np.owner:
        owner_en, owner_ru = _say_owner(np, notes)
        words_en = owner_en + words_en
        rest.append(([], owner_ru))
    for adjective in np.adjectives:
        word_en = Word(adjective.en, adjective.en)
        word_ru = inflected("ADJF", adjective.ru, adjective.forms, adjective_cell, [word_en])
        words_en.append(word_en)
        words_ru.append(word_ru.link("agreement", np.ru_head))
        notes.tags.add("adjective-agreement")
        notes.combos.add(f"{adjective.en}+{noun.ru}")
    words_en += _english_noun(np.en_head)
    words_ru.append(np.ru_head)
    if np.after:
        rest.append(np.after)
    if np.second:
        and_en = Word("and", "and")
        rest.append(([and_en], particle("и", "CONJ", [and_en])))
        rest.append(say(np.second, case, notes, prep=prep, subject=subject))
        notes.tags.add("coordination")
    return join((words_en, words_ru), *rest)


def _english_noun(head: Word) -> list[Word]:
    """The words of the noun, of which the last is the head (ice cream)."""
    *first, last = head.form.split()
    head.form, head.lemma = last, head.lemma.split()[-1]
    return [*en(" ".join(first)), head]


def _say_owner(np: NP, notes: Notes) -> Phrase:
    """the teacher's – (машина) учителя"""
    words_en, words_ru = say(np.owner, "gent", notes)
    words_en[-1].form += "'" if words_en[-1].form.endswith("s") and np.owner.en_plural else "'s"
    np.owner.ru_head.link("government", np.ru_head)
    notes.tags.add("possessive-chain")
    return words_en, words_ru


def _say_relative(np: NP, case: str, notes: Notes) -> Phrase:
    head = np.relative
    np.en_head.form = np.en_head.lemma = "who" if head.human else "which"
    np.ru_head.inflect("ADJF", "который", WHICH, np.cell(case), [np.en_head]).link("antecedent", head.ru_head)
    notes.tags.add("relative-clause")
    return [np.en_head], [np.ru_head]


def _say_pronoun(np: NP, case: str, prep: str, subject: bool) -> Phrase:
    pronoun = np.as_pronoun
    np.en_head.form, np.en_head.lemma = (pronoun.subject if subject else pronoun.object), pronoun.subject
    forms = pronoun.after_preposition if prep else pronoun.forms
    np.ru_head.inflect("NPRO", pronoun.lemma, forms, case, [np.en_head]).link("antecedent", np.antecedent)
    return [np.en_head], [np.ru_head]


def _say_determiner(np: NP, case: str, notes: Notes) -> Phrase:
    """Article, determiner or numeral."""
    words_en: list[Word] = []
    words_ru: list[Word] = []
    det = np.det
    no_a = np.en_plural or np.noun.mass or np.noun.bare
    if (det == "a" and no_a) or (det == "the" and np.noun.bare) or np.owner:
        det = ""
    if det in ("the", "a"):
        words_en.append(Word(det, det))
        notes.tags.add("articles")
    elif det:
        determiner = lexicon.load().determiners[det]
        if det == "own":
            words_en.append(Word(np.own_en, np.own_en))
            if np.own_said:
                notes.tags.add("reflexive-possessive")
        form = {"this": "these", "that": "those"}.get(det, det) if np.en_plural else det
        if det != "own" or np.own_said:
            words_en.append(Word(form, det))
        if determiner.forms:
            word = inflected("ADJF", determiner.lemma, determiner.forms, np.cell(case), words_en[-1:])
            word.link("agreement", np.ru_head)
        else:
            word = Word(determiner.lemma, determiner.lemma, "NPRO", source=words_en[-1:])
            notes.tags.add("short-possessive")
        words_ru.append(word.link("antecedent", np.possessor))
    if np.count:
        if np.count == 100:  # a hundred roubles
            words_en.append(Word("a", "a"))
        words_en.append(Word())
        words_ru += numeral(np.count, case, np.gender, np.animate, np.ru_head, words_en[-1])
        notes.tags.add("numerals")
    return words_en, words_ru
