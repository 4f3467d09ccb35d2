"""Words and noun phrases in both languages at once.

A `Word` knows its form, its lemma and cell, the English words it translates (`source`) and its links: pairs of a kind
and the word that decides. Functions return two lists, English words and Russian words; joining phrases joins lists.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from grammar import morphology as m
from grammar.lexicon import Adjective, Noun


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
    """Words that do not inflect; the English words belong to each of them."""
    return [Word(form, form, pos, source=list(source)) for form in text.split()]


def both(text_en: str, text_ru: str, pos: str = "ADVB") -> Phrase:
    """An adverbial or particle, the same in every sentence: every day – каждый день."""
    words = en(text_en)
    return words, particle(text_ru, pos, words)


def join(*phrases: Phrase) -> Phrase:
    return [word for phrase in phrases for word in phrase[0]], [word for phrase in phrases for word in phrase[1]]


PRONOUNS = {  # English subject and object, person, number, gender, Russian cases, the same after a preposition
    "I": ("I", "me", "1per", "sing", "", "я меня мне меня мной мне", ""),
    "we": ("we", "us", "1per", "plur", "", "мы нас нам нас нами нас", ""),
    "thou masc": ("you", "you", "2per", "sing", "masc", "ты тебя тебе тебя тобой тебе", ""),
    "thou femn": ("you", "you", "2per", "sing", "femn", "ты тебя тебе тебя тобой тебе", ""),
    "you": ("you", "you", "2per", "plur", "", "вы вас вам вас вами вас", ""),
    "he": ("he", "him", "3per", "sing", "masc", "он его ему его им нём", "он него нему него ним нём"),
    "she": ("she", "her", "3per", "sing", "femn", "она её ей её ей ней", "она неё ней неё ней ней"),
    "it masc": ("it", "it", "3per", "sing", "masc", "он его ему его им нём", "он него нему него ним нём"),
    "it femn": ("it", "it", "3per", "sing", "femn", "она её ей её ей ней", "она неё ней неё ней ней"),
    "it neut": ("it", "it", "3per", "sing", "neut", "оно его ему его им нём", "оно него нему него ним нём"),
    "they": ("they", "them", "3per", "plur", "", "они их им их ими них", "они них ним них ними них"),
    "who": ("who", "who", "3per", "sing", "masc", "кто кого кому кого кем ком", ""),
    "what": ("what", "what", "3per", "sing", "neut", "что чего чему что чем чём", ""),
}


def _possessive(stem: str, e: str = "ё") -> dict[str, str]:
    """мой твой свой (stem мо, тво, сво) and, with e="е", наш and ваш."""
    soft = e == "ё"
    masc = [stem + "й" * soft, stem + "его", stem + "ему", "", stem + "им", stem + e + "м"]
    fem = stem + "ей"
    femn = [stem + ("я" if soft else "а"), fem, fem, stem + ("ю" if soft else "у"), fem, fem]
    neut = [stem + e, *masc[1:3], stem + e, *masc[4:]]
    return m.agreeing_forms(masc, femn, neut, [stem + end for end in ("и", "их", "им", "", "ими", "их")])


def _this(stem: str, e: str, nominative: str) -> dict[str, str]:
    """этот, тот and один."""
    masc = [nominative, stem + "ого", stem + "ому", "", stem + e + "м", stem + "ом"]
    femn = [stem + "а", *[stem + "ой"] * 2, stem + "у", *[stem + "ой"] * 2]
    neut = [stem + "о", *masc[1:3], stem + "о", *masc[4:]]
    return m.agreeing_forms(masc, femn, neut, [stem + e + end for end in ("", "х", "м", "", "ми", "х")])


_WHOSE = ("чей чьего чьему _ чьим чьём", "чья чьей чьей чью чьей чьей", "чьё чьего чьему чьё чьим чьём")
WHOSE = m.agreeing_forms(*[row.split() for row in _WHOSE], ["чьи", "чьих", "чьим", "_", "чьими", "чьих"])
DETERMINERS = {  # English → lemma, forms that agree (or None: его, её, их)
    "my": ("мой", _possessive("мо")),
    "our": ("наш", _possessive("наш", "е")),
    "own": ("свой", _possessive("сво")),
    "his": ("его", None),
    "her": ("её", None),
    "their": ("их", None),
    "this": ("этот", _this("эт", "и", "этот")),
    "that": ("тот", _this("т", "е", "тот")),
    "every": ("каждый", m.adjective_forms("каждый")),
    "another": ("другой", m.adjective_forms("другой")),
    "which": ("какой", m.adjective_forms("какой")),
    "whose": ("чей", WHOSE),
}
ONE = _this("одн", "и", "один")
WHICH = m.adjective_forms("который")

NUMERALS = {  # English, six cases
    2: ("two", "два двух двум два двумя двух"),
    3: ("three", "три трёх трём три тремя трёх"),
    4: ("four", "четыре четырёх четырём четыре четырьмя четырёх"),
    5: ("five", "пять пяти пяти пять пятью пяти"),
    6: ("six", "шесть шести шести шесть шестью шести"),
    7: ("seven", "семь семи семи семь семью семи"),
    8: ("eight", "восемь восьми восьми восемь восемью восьми"),
    9: ("nine", "девять девяти девяти девять девятью девяти"),
    10: ("ten", "десять десяти десяти десять десятью десяти"),
    11: ("eleven", "одиннадцать одиннадцати одиннадцати одиннадцать одиннадцатью одиннадцати"),
    12: ("twelve", "двенадцать двенадцати двенадцати двенадцать двенадцатью двенадцати"),
    20: ("twenty", "двадцать двадцати двадцати двадцать двадцатью двадцати"),
    30: ("thirty", "тридцать тридцати тридцати тридцать тридцатью тридцати"),
}


@dataclass(eq=False)
class NP:
    """A noun phrase, to be said once in some case.

    Instead of a noun it may have `pronoun` (a key of PRONOUNS) or `relative` (the phrase that "who" goes back to).
    """

    noun: Noun | None = None
    plural: bool = False
    det: str = "the"  # the, a, "" or a key of DETERMINERS
    adjectives: tuple[Adjective, ...] = ()
    count: int = 0
    owner: "NP | None" = None
    pronoun: str = ""
    relative: "NP | None" = None
    second: "NP | None" = None  # Anna and the boy
    possessor: Word | None = None  # whom свой means
    own_en: str = ""  # my, his, her … of "his own"
    after: Phrase | None = None  # a phrase or clause that follows the noun
    antecedent: Word | None = None
    en_head: Word = field(default_factory=Word)
    ru_head: Word = field(default_factory=Word)

    @property
    def ru_plural(self) -> bool:
        if self.relative:
            return self.relative.ru_plural
        if self.pronoun:
            return PRONOUNS[self.pronoun][3] == "plur"
        return (self.plural and self.noun.number not in ("U", "E")) or self.noun.number in ("P", "R")

    @property
    def en_plural(self) -> bool:
        if self.relative:
            return self.relative.en_plural
        if self.pronoun:
            return self.ru_plural or PRONOUNS[self.pronoun][2] == "2per"
        return (self.plural and self.noun.number != "U") or self.noun.number in ("P", "E")

    @property
    def gender(self) -> str:
        if self.relative:
            return self.relative.gender
        return PRONOUNS[self.pronoun][4] if self.pronoun else self.noun.gender

    @property
    def person(self) -> str:
        return PRONOUNS[self.pronoun][2] if self.pronoun else "3per"

    @property
    def animate(self) -> bool:
        return self.relative.animate if self.relative else bool(self.pronoun) or self.noun.animate

    @property
    def takes_case(self) -> bool:
        """Whether its case comes from verb or preposition, not from its numeral."""
        return self.count < 2 or self.count == 21

    @property
    def human(self) -> bool:
        return bool(self.noun and self.noun.classes & {"person", "first"})

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
        return Word("am" if self.pronoun == "I" else "are" if plural else "is", "be")


def say(np: NP, case: str, notes: Notes, *, prep: str = "", subject: bool = False) -> Phrase:
    """English and Russian words of `np`, the Russian in `case` and after the preposition `prep`, if any.

    `subject` is the English role, which only pronouns show (I, me).
    """
    if np.relative:
        return _say_relative(np, case, notes)
    if np.pronoun:
        return _say_pronoun(np, case, prep, subject)
    noun, head_en, head_ru = np.noun, np.en_head, np.ru_head
    head_en.form, head_en.lemma = (noun.en_plural if np.en_plural else noun.en), noun.en
    noun_cell, adjective_cell = f"{'plur' if np.ru_plural else 'sing'} {case}", np.cell(case)
    if case == "loct" and prep in ("в", "на") and not np.ru_plural and "sing loc2" in noun.forms:
        noun_cell = "sing loc2"
    if np.count > 1:
        noun_cell, adjective_cell = _counted_cells(np, case)
    head_ru.inflect(f"NOUN {noun.gender}", noun.ru, noun.forms, noun_cell, [head_en])
    if noun.classes & {"first", "city"}:
        notes.tags.add("names")
    words_en, words_ru = _determiner(np, case, notes)
    if np.owner:
        owner_en, owner_ru = say(np.owner, "gent", notes)
        owner_en[-1].form += "'" if owner_en[-1].form.endswith("s") and np.owner.en_plural else "'s"
        words_en = owner_en + words_en
        np.owner.ru_head.link("government", head_ru)
        notes.tags.add("possessive-chain")
    for adjective in np.adjectives:
        word_en = Word(adjective.en, adjective.en)
        word_ru = inflected("ADJF", adjective.ru, adjective.forms, adjective_cell, [word_en])
        words_en.append(word_en)
        words_ru.append(word_ru.link("agreement", head_ru))
        notes.tags.add("adjective-agreement")
        notes.combos.add(f"{adjective.en}+{noun.ru}")
    words_en += noun_words(head_en)
    words_ru.append(head_ru)
    rest = [(([]), owner_ru)] if np.owner else []
    rest += [np.after] if np.after else []
    if np.second:
        and_en = Word("and", "and")
        rest += [([and_en], particle("и", "CONJ", [and_en])), say(np.second, case, notes, prep=prep, subject=subject)]
        notes.tags.add("coordination")
    return join((words_en, words_ru), *rest)


def noun_words(head: Word) -> list[Word]:
    """The English noun: its last word is the head (ice cream)."""
    *first, last = head.form.split()
    head.form, head.lemma = last, head.lemma.split()[-1]
    return [*en(" ".join(first)), head]


def _say_relative(np: NP, case: str, notes: Notes) -> Phrase:
    head = np.relative
    np.en_head.form = np.en_head.lemma = "who" if head.human else "which"
    np.ru_head.inflect("ADJF", "который", WHICH, np.cell(case), [np.en_head]).link("antecedent", head.ru_head)
    notes.tags.add("relative-clause")
    return [np.en_head], [np.ru_head]


def _say_pronoun(np: NP, case: str, prep: str, subject: bool) -> Phrase:
    nominative, oblique, _, _, _, forms, after_prep = PRONOUNS[np.pronoun]
    cells = dict(zip(m.CASES, (after_prep if prep and after_prep else forms).split(), strict=True))
    np.en_head.form, np.en_head.lemma = (nominative if subject else oblique), nominative
    np.ru_head.inflect("NPRO", forms.split()[0], cells, case, [np.en_head]).link("antecedent", np.antecedent)
    return [np.en_head], [np.ru_head]


def _counted_cells(np: NP, case: str) -> tuple[str, str]:
    """Cells of noun and adjective after a numeral: один стол, два новых стола (две новые книги), пять столов."""
    unit = np.count % 10 if np.count > 20 else np.count
    if unit == 1:
        one = agreeing_cell(np, case)
        return f"sing {case}", one
    few = 2 <= unit <= 4
    if case not in ("nomn", "accs"):
        return f"plur {case}", f"plur {case}"
    if case == "accs" and np.animate and np.count < 5:
        return "plur gent", "plur gent"
    if few:
        return "sing gent", "plur nomn" if np.gender == "femn" else "plur gent"
    return "plur gent", "plur gent"


def agreeing_cell(np: NP, case: str) -> str:
    cell = f"sing {np.gender} {case}"
    return cell + (" anim" if np.animate else " inan") if case == "accs" and np.gender == "masc" else cell


def _determiner(np: NP, case: str, notes: Notes) -> Phrase:
    words_en: list[Word] = []
    words_ru: list[Word] = []
    det = np.det
    if (det == "a" and (np.en_plural or np.noun.mass or np.noun.bare)) or np.owner or (np.noun.bare and det == "the"):
        det = ""
    if det in ("the", "a"):
        words_en.append(Word(det, det))
        notes.tags.add("articles")
    elif det:
        lemma, forms = DETERMINERS[det]
        if det == "own":
            words_en.append(Word(np.own_en, np.own_en))
            notes.tags.add("reflexive-possessive")
        form = {"this": "these", "that": "those"}.get(det, det) if np.en_plural else det
        words_en.append(Word(form, det))
        if forms is None:
            word = Word(lemma, lemma, "NPRO", source=[words_en[-1]])
            notes.tags.add("short-possessive")
        else:
            word = inflected("ADJF", lemma, forms, np.cell(case), [words_en[-1]]).link("agreement", np.ru_head)
        words_ru.append(word.link("antecedent", np.possessor))
    if np.count:
        words_en.append(Word())
        words_ru += _numeral(np, case, words_en[-1])
        notes.tags.add("numerals")
    return words_en, words_ru


def _numeral(np: NP, case: str, word_en: Word) -> list[Word]:
    unit = np.count if np.count <= 20 else np.count % 10
    words, names = [], []
    if np.count > 20:
        name, row = NUMERALS[np.count - unit]
        names.append(name)
        words.append(inflected("NUMR", row.split()[0], dict(zip(m.CASES, row.split(), strict=True)), case, [word_en]))
    if unit == 1:
        names.append("one")
        one = inflected("ADJF", "один", ONE, agreeing_cell(np, case), [word_en])
        words.append(one.link("agreement", np.ru_head))
    elif unit:
        name, row = NUMERALS[unit]
        names.append(name)
        cells = dict(zip(m.CASES, row.split(), strict=True))
        if unit == 2 and np.gender == "femn":
            cells |= {"nomn": "две", "accs": "две"}
        if np.count < 5 and np.animate:
            cells["accs"] = cells["gent"]
        words.append(inflected("NUMR", row.split()[0], cells, case, [word_en]))
        if unit == 2:
            words[-1].link("agreement", np.ru_head)
    if unit != 1 and case in ("nomn", "accs"):
        np.ru_head.link("government", words[-1])
    word_en.form = word_en.lemma = "-".join(names)
    return words
