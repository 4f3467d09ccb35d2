"""Words and noun phrases in both languages at once.

A `Word` knows its form, lemma and features, the English words it translates (`source`) and its links: pairs of a kind
and the word that decides. Functions return two lists, English words and Russian words; joining phrases is joining lists.
"""

from dataclasses import dataclass, field

from nmt.phrasebook import morphology as m
from nmt.phrasebook.lexicon import Adjective, Noun


@dataclass(eq=False)
class Word:
    form: str
    lemma: str = ""
    feats: str = ""  # part of speech and the grammemes of its cell, as in OpenCorpora
    forms: dict[str, str] | None = None  # the whole paradigm, for contrast sets
    source: list["Word"] = field(default_factory=list)
    links: list[tuple[str, "Word"]] = field(default_factory=list)

    def link(self, kind: str, *heads: "Word") -> "Word":
        self.links += [(kind, head) for head in heads if head is not None]
        return self


Phrase = tuple[list[Word], list[Word]]


@dataclass
class Notes:
    """What a sentence shows (tags) and which lemma pairs it contains (combos)."""

    tags: set[str] = field(default_factory=set)
    combos: set[str] = field(default_factory=set)


def en(text: str) -> list[Word]:
    return [Word(form, form) for form in text.split()]


def inflected(pos: str, lemma: str, forms: dict[str, str], cell: str, source: list[Word]) -> Word:
    return Word(forms[cell], lemma, f"{pos} {cell}", forms, list(source))


def particle(text: str, pos: str, source: list[Word]) -> list[Word]:
    """Words that do not inflect; the English words belong to each of them."""
    return [Word(form, form, pos, None, list(source)) for form in text.split()]


PRONOUNS = {  # English subject and object, person, number, gender, Russian cases, the same after a preposition
    "I": ("I", "me", "1per", "sing", "", "я меня мне меня мной мне", ""),
    "we": ("we", "us", "1per", "plur", "", "мы нас нам нас нами нас", ""),
    "thou": ("you", "you", "2per", "sing", "", "ты тебя тебе тебя тобой тебе", ""),
    "you": ("you", "you", "2per", "plur", "", "вы вас вам вас вами вас", ""),
    "he": ("he", "him", "3per", "sing", "masc", "он его ему его им нём", "он него нему него ним нём"),
    "she": ("she", "her", "3per", "sing", "femn", "она её ей её ей ней", "она неё ней неё ней ней"),
    "it masc": ("it", "it", "3per", "sing", "masc", "он его ему его им нём", "он него нему него ним нём"),
    "it femn": ("it", "it", "3per", "sing", "femn", "она её ей её ей ней", "она неё ней неё ней ней"),
    "it neut": ("it", "it", "3per", "sing", "neut", "оно его ему его им нём", "оно него нему него ним нём"),
    "they": ("they", "them", "3per", "plur", "", "они их им их ими них", "они них ним них ними них"),
}


def _possessive(stem: str, e: str = "ё") -> dict[str, str]:
    """мой твой свой (stem мо, тво, сво) and, with e="е", наш and ваш."""
    i = "и"
    masc = [stem + ("й" if e == "ё" else ""), stem + "его", stem + "ему", "", stem + i + "м", stem + e + "м"]
    fem = stem + "ей"
    femn = [stem + ("я" if e == "ё" else "а"), fem, fem, stem + ("ю" if e == "ё" else "у"), fem, fem]
    neut = [stem + e, *masc[1:3], stem + e, *masc[4:]]
    plur = [stem + "и", stem + "их", stem + "им", "", stem + "ими", stem + "их"]
    return m.agreeing_forms(masc, femn, neut, plur)


def _this(stem: str, e: str, masc_nom: str) -> dict[str, str]:
    """этот and тот."""
    masc = [masc_nom, stem + "ого", stem + "ому", "", stem + e + "м", stem + "ом"]
    femn = [stem + "а", *[stem + "ой"] * 2, stem + "у", *[stem + "ой"] * 2]
    neut = [stem + "о", *masc[1:3], stem + "о", *masc[4:]]
    plur = [stem + e, stem + e + "х", stem + e + "м", "", stem + e + "ми", stem + e + "х"]
    return m.agreeing_forms(masc, femn, neut, plur)


_ONE = _this("одн", "и", "один")
DETERMINERS = {  # English → lemma, forms that agree (or None: его, её, их)
    "my": ("мой", _possessive("мо")),
    "our": ("наш", _possessive("наш", "е")),
    "your": ("твой", _possessive("тво")),
    "your_pl": ("ваш", _possessive("ваш", "е")),
    "own": ("свой", _possessive("сво")),
    "his": ("его", None),
    "her": ("её", None),
    "their": ("их", None),
    "this": ("этот", _this("эт", "и", "этот")),
    "that": ("тот", _this("т", "е", "тот")),
    "one": ("один", _ONE),
    "every": ("каждый", m.adjective_forms("каждый")),
    "another": ("другой", m.adjective_forms("другой")),
    "which": ("какой", m.adjective_forms("какой")),
}
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
    12: ("twelve", "двенадцать двенадцати двенадцати двенадцать двенадцатью двенадцати"),
    20: ("twenty", "двадцать двадцати двадцати двадцать двадцатью двадцати"),
}


@dataclass(eq=False)
class NP:
    """A noun phrase to be said once in some case. A pronoun has `pronoun` (a key of PRONOUNS) and no noun."""

    noun: Noun | None = None
    plural: bool = False
    det: str = "the"  # the, a, "" or a key of DETERMINERS
    adjectives: tuple[Adjective, ...] = ()
    count: int = 0
    owner: "NP | None" = None
    pronoun: str = ""
    possessor: Word | None = None  # whom свой, его, её or их means
    own_en: str = ""  # my, his, her … of "his own"
    after: Phrase | None = None  # a phrase or clause that follows the noun
    antecedent: Word | None = None
    en_head: Word | None = None
    ru_head: Word | None = None

    @property
    def ru_plural(self) -> bool:
        if self.pronoun:
            return PRONOUNS[self.pronoun][3] == "plur"
        return (self.plural and self.noun.number not in ("U", "E")) or self.noun.number in ("P", "R")

    @property
    def en_plural(self) -> bool:
        if self.pronoun:
            return self.ru_plural or self.pronoun in ("thou", "you")
        return (self.plural and self.noun.number not in ("U",)) or self.noun.number in ("P", "E")

    @property
    def gender(self) -> str:
        return PRONOUNS[self.pronoun][4] if self.pronoun else self.noun.gender

    @property
    def person(self) -> str:
        return PRONOUNS[self.pronoun][2] if self.pronoun else "3per"

    @property
    def animate(self) -> bool:
        return bool(self.pronoun) or self.noun.animate

    def cell(self, case: str) -> str:
        """The cell of a word that agrees with this phrase."""
        return agreeing_cell(case, self.ru_plural, self.gender, self.animate)


def agreeing_cell(case: str, plural: bool, gender: str, animate: bool) -> str:
    cell = f"plur {case}" if plural else f"sing {gender} {case}"
    if case == "accs" and (plural or gender == "masc"):
        cell += " anim" if animate else " inan"
    return cell


def say(np: NP, case: str, notes: Notes, *, prep: str = "", subject: bool = False) -> Phrase:
    """English and Russian words of `np` in `case`; `prep` is the Russian preposition before it, if any."""
    if np.pronoun:
        return _say_pronoun(np, case, prep, subject)
    noun = np.noun
    head_en = Word(noun.en_plural if np.en_plural else noun.en, noun.en)
    number = "plur" if np.ru_plural else "sing"
    noun_cell, adjective_cell = f"{number} {case}", np.cell(case)
    if case == "loct" and prep in ("в", "на") and number == "sing" and "sing loc2" in noun.forms:
        noun_cell = "sing loc2"
    if np.count > 1:
        noun_cell, adjective_cell = _counted_cells(np, case)
    head_ru = inflected("NOUN", noun.ru, noun.forms, noun_cell, [head_en])
    np.en_head, np.ru_head = head_en, head_ru
    notes.tags |= {"names"} if "first" in noun.classes or "city" in noun.classes else set()
    words_en, words_ru = _determiner(np, case, notes)
    if np.owner:
        owner_en, owner_ru = say(np.owner, "gent", notes)
        owner_en[-1].form += "'" if np.owner.en_plural and owner_en[-1].form.endswith("s") else "'s"
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
    words_en.append(head_en)
    words_ru.append(head_ru)
    if np.owner:
        words_ru += owner_ru
    if np.after:
        words_en += np.after[0]
        words_ru += np.after[1]
    return words_en, words_ru


def _say_pronoun(np: NP, case: str, prep: str, subject: bool) -> Phrase:
    nominative, oblique, _, _, _, forms, after_prep = PRONOUNS[np.pronoun]
    row = (after_prep if prep and after_prep else forms).split()
    cells = {key: form for key, form in zip(m.CASES, row, strict=True)}
    np.en_head = Word(nominative if subject else oblique, nominative)
    np.ru_head = inflected("NPRO", forms.split()[0], cells, case, [np.en_head])
    if np.antecedent:
        np.ru_head.link("antecedent", np.antecedent)
    return [np.en_head], [np.ru_head]


def _counted_cells(np: NP, case: str) -> tuple[str, str]:
    """Cells of noun and adjective after a numeral from two on."""
    few = 2 <= np.count <= 4
    if case == "accs" and np.animate and few:
        return "plur gent", "plur gent"
    if case in ("nomn", "accs"):
        if few:
            return "sing gent", "plur nomn" if np.gender == "femn" else "plur gent"
        return "plur gent", "plur gent"
    return f"plur {case}", f"plur {case}"


def _determiner(np: NP, case: str, notes: Notes) -> Phrase:
    words_en: list[Word] = []
    words_ru: list[Word] = []
    det = np.det
    if det in ("the", "a"):
        if not np.owner and not (det == "a" and (np.en_plural or np.noun.mass or np.noun.number == "R")) and det:
            words_en.append(Word(det, det))
            notes.tags.add("articles")
    elif det:
        lemma, forms = DETERMINERS[det]
        if det == "own":
            owner_en = _own_word(np)
            words_en += [owner_en, Word("own", "own")]
            notes.tags.add("reflexive-possessive")
        else:
            words_en.append(Word(_english_determiner(det, np.en_plural), det))
            if forms is None:
                notes.tags.add("short-possessive")
        source = [words_en[-1]]
        if forms is None:
            word = Word(lemma, lemma, "NPRO", None, source)
        else:
            word = inflected("ADJF", lemma, forms, np.cell(case), source).link("agreement", np.ru_head)
        if np.possessor:
            word.link("antecedent", np.possessor)
        words_ru.append(word)
    if np.count > 1:
        text, row = NUMERALS[np.count]
        words_en.append(Word(text, text))
        cells = dict(zip(m.CASES, row.split(), strict=True))
        if np.count == 2 and np.gender == "femn":
            cells |= {"nomn": "две", "accs": "две"}
        if np.count < 5 and np.animate:
            cells["accs"] = cells["gent"]
        word = inflected("NUMR", row.split()[0], cells, case, [words_en[-1]])
        if np.count == 2:
            word.link("agreement", np.ru_head)
        if case in ("nomn", "accs"):
            np.ru_head.link("government", word)
        words_ru.append(word)
        notes.tags.add("numerals")
    return words_en, words_ru


def _english_determiner(det: str, plural: bool) -> str:
    return {"this": "these", "that": "those"}.get(det, det) if plural else det.removesuffix("_pl")


def _own_word(np: NP) -> Word:
    return Word(np.own_en, np.own_en)


def join(*phrases: Phrase) -> Phrase:
    return [word for phrase in phrases for word in phrase[0]], [word for phrase in phrases for word in phrase[1]]


def both(text_en: str, text_ru: str, pos: str) -> Phrase:
    """An adverbial or particle, the same in every sentence: every day – каждый день."""
    words = en(text_en)
    return words, particle(text_ru, pos, words)
