"""The tables of lexicon/*.txt, read, checked and joined into one `Lexicon`.

A line of a table is one entry, columns are parted by |, and lines that start with # are comments. The head of each file
explains its columns.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from grammar.conjugation import verb_forms
from grammar.declension import (
    CASES,
    adjectival_noun_forms,
    adjective_forms,
    agreeing_forms,
    by_case,
    noun_forms,
    short_forms,
)
from grammar.english import ed_form, ing_form, s_form
from nmt import NmtError

TABLES = Path(__file__).parent / "lexicon"
NOUN_FLAGS = {"m", "f", "n", "b", "s", "np", "gp", "l", "0", "adj", "anim", "def", "bare", *"UPRE", "на", "at", "on"}
NOUN_FLAGS |= {number + case for number in "sp" for case in CASES}
ADJECTIVE_FLAGS = {"t", "pred", "the", "poss", "tells", "short"}
VERB_FLAGS = {"s", "o", "t", "p", "one", "plural", "dress", "noneg", "nofreq", "be", "off", "into"}
DEED_MARKS = {"one", "the", "bare", "plural", "own", "people", "lot", "well", "home", "did", "into"}
DEED_MARKS |= {"there", "event", "rare", "while", "slow", "once", "unplanned"}
USES = {"where", "into", "way", "when", "with", "for", "instead", "noun"}


@dataclass(frozen=True, eq=False)
class Noun:
    en: str
    en_plural: str
    ru: str
    gender: str  # masc femn neut
    animate: bool
    forms: dict[str, str]  # cell → form, see declension.py
    classes: frozenset[str]
    number: str = ""  # "" both; U no plural, P plural only, R plural in Russian only, E plural in English only
    place: str = "в"
    en_place: str = "in"
    definite: bool = False  # the sun, the weather: never without the article
    bare: bool = False  # football, health: never with one
    everyday: bool = False
    adjectival: bool = False  # declined as an adjective

    @property
    def counted(self) -> bool:
        """Whether it has a singular and a plural in both languages."""
        return not self.number and not self.adjectival

    @property
    def mass(self) -> bool:
        return self.number in ("U", "E") or "mass" in self.classes

    @property
    def countable(self) -> bool:
        """Whether it may stand with a numeral."""
        return self.counted and not self.mass

    @property
    def ownable(self) -> bool:
        return bool(self.classes & {"thing", "clothes", "pet", "kin", "parent"}) and self.number != "U"


@dataclass(frozen=True, eq=False)
class Adjective:
    en: str
    ru: str
    forms: dict[str, str]
    nouns: tuple[Noun, ...]
    predicative: bool  # the book is new
    needs: str  # the: the last bus, not a last bus; poss: my favourite book; pred: never before a noun
    tells: bool  # may describe a noun whose English word has two senses
    short: dict[str, str]  # what Russian says when it is the predicate; empty where that is the long form
    everyday: bool


@dataclass(frozen=True, eq=False)
class Verb:
    en: str
    third: str
    past: str
    participle: str
    ing: str
    particle: str
    impf: dict[str, str]
    perf: dict[str, str]  # empty where there is no perfective
    prep: str
    case: str  # "" without an object
    recipient: bool
    subjects: tuple[Noun, ...]
    objects: tuple[Noun, ...]
    flags: frozenset[str]
    everyday: bool

    @property
    def key(self) -> str:
        return f"{self.en} {self.particle}".strip() + (f" {self.prep}" if self.prep and not self.particle else "")

    @property
    def eventive(self) -> bool:
        """Whether it is something that happens, not a state."""
        return not self.flags & {"s", "be"}

    @property
    def transitive(self) -> bool:
        return bool(self.case) and not self.recipient

    @property
    def direct(self) -> bool:
        """Whether it takes a direct object and nothing else."""
        return self.case == "accs" and not self.prep and not self.recipient

    @cached_property
    def human(self) -> bool:
        """Whether people do it."""
        return any("person" in noun.classes for noun in self.subjects)


@dataclass(frozen=True)
class Deed:
    """What people do on an ordinary day (deeds.txt)."""

    verb: Verb
    things: tuple[Noun, ...]
    places: tuple[Noun, ...]
    marks: frozenset[str]


@dataclass(frozen=True)
class Preposition:
    en: str
    ru: str
    case: str
    use: str
    nouns: tuple[Noun, ...]


@dataclass(frozen=True)
class Pronoun:
    subject: str  # English
    object: str
    person: str
    number: str
    gender: str  # "" where it does not matter
    forms: dict[str, str]  # case → form
    after_preposition: dict[str, str]

    @property
    def lemma(self) -> str:
        return self.forms["nomn"]


@dataclass(frozen=True)
class Determiner:
    lemma: str
    forms: dict[str, str]  # empty where it never changes: его, её, их


@dataclass(frozen=True)
class Numeral:
    en: str
    forms: dict[str, str]  # case → form
    feminine: dict[str, str]

    @property
    def lemma(self) -> str:
        return self.forms["nomn"]


class Lexicon:
    """All words, and what the smaller tables say of them.

    The tables are read in such an order that one may name what stands in those before it. Raises NmtError naming the
    file, the line and the reason.
    """

    def __init__(self) -> None:
        self.groups: dict[str, str] = dict(_table("classes", 2))  # @name → classes
        self.nouns: list[Noun] = _table("nouns", 3, self.parse_noun)
        lemmas = [noun.ru for noun in self.nouns]
        if doubled := sorted({lemma for lemma in lemmas if lemmas.count(lemma) > 1}):
            raise NmtError(f"nouns.txt: {doubled[0]} stands there twice; give it one line")
        self.names: list[Noun] = _table("names", 3, self.parse_noun)
        self.adjectives: list[Adjective] = _table("adjectives", 4, self.parse_adjective)
        self.verbs: list[Verb] = _table("verbs", 7, self.parse_verb)
        talk = _table("talk_verbs", 8, lambda name, *columns: (name, self.parse_verb(*columns)))
        self.talk_verbs: dict[str, Verb] = dict(talk)  # by names of their own
        self.deeds: list[Deed] = _table("deeds", 5, self.parse_deed)
        self.prepositions: list[Preposition] = _table("prepositions", 5, self.parse_preposition)
        self.pronouns: dict[str, Pronoun] = dict(_table("pronouns", 6, parse_pronoun))
        self.determiners: dict[str, Determiner] = dict(_table("determiners", 3, parse_determiner))
        self.numerals: dict[int, Numeral] = dict(_table("numerals", 4, parse_numeral))
        short = _table("short_adjectives", 2, lambda en, forms: (en, short_forms(forms)))
        self.short_adjectives: dict[str, dict[str, str]] = dict(short)  # English → cell → form
        self.homonyms = {en: lemmas.split() for en, lemmas in _table("homonyms", 2)}  # English → Russian
        self.times: dict[str, list[tuple[str, str]]] = {}  # use → pairs of English and Russian
        for use, en, ru in _table("times", 3):
            self.times.setdefault(use, []).append((en, ru))
        # The columns of the others are kept as they are, once it is known that they name nouns and verbs that exist.
        self.feelings: list[tuple[str, str]] = _table("feelings", 2)
        self.addresses: list[tuple[str, str, str]] = _table("addresses", 3)
        self.comparatives: list[tuple[str, str, str]] = _table("comparatives", 3, self.checked_comparative)
        self.manners: list[tuple[str, str, str]] = _table("manners", 3, self.checked_manner)
        self.tools: list[tuple[str, str, str]] = _table("tools", 3, self.checked_tool)

    def classes(self, spec: str) -> list[str]:
        """The classes and =lemmas of `spec`, groups written out."""
        return [word for part in spec.split() for word in self.groups.get(part, part).split()]

    def of(self, spec: str) -> tuple[Noun, ...]:
        """Nouns of any of the classes, or =lemma, in `spec`. Raises NmtError for one that fits nothing."""
        found: dict[int, Noun] = {}
        for word in self.classes(spec):
            by_lemma = word.startswith("=")
            hits = [n for n in self.nouns if (n.ru == word[1:] if by_lemma else word in n.classes)]
            if not hits:
                raise NmtError(f"no noun is of the class or lemma {word!r}; add one or mend the spelling")
            found |= {id(n): n for n in hits}
        return tuple(found.values())

    def noun(self, ru: str) -> Noun:
        return self.of("=" + ru)[0]

    def verb(self, key: str, infinitive: str = "", taking: bool | None = None) -> Verb:
        """The first verb with this key and, where they are given, this imperfective, and an object or none.

        Raises NmtError where there is none.
        """
        for verb in self.verbs:
            if verb.key == key and infinitive in ("", verb.impf["infn"]) and taking in (None, bool(verb.case)):
                return verb
        raise NmtError(f"no verb is {f'{key} {infinitive}'.strip()!r}; add one or mend the spelling")

    def parse_noun(self, en: str, russian: str, classes: str) -> Noun:
        """The columns of a line of nouns.txt or names.txt. Raises NmtError where they are not a noun's."""
        en, everyday = _everyday(en)
        en, _, en_plural = en.partition("/")
        ru, *marks = russian.split()
        flags = _flags(marks, NOUN_FLAGS)
        if not all("а" <= letter <= "я" or letter in "ё-" for letter in ru.lower()):
            raise NmtError(f"{ru!r} is not a Russian word")
        kinds = frozenset(self.classes(classes))
        if not kinds:
            raise NmtError("no classes: nothing would ever use this noun")
        animate = bool(kinds & {"person", "animal", "first"}) or "anim" in flags
        number = next((flag for flag in "UPRE" if flag in flags), "")
        if number in ("P", "R"):
            flags.setdefault("np", ru)
        gender = _gender(ru, flags, plural_only=number in ("P", "R"))
        forms = noun_forms(ru, gender, animate, flags)
        if "adj" in flags:
            forms = adjectival_noun_forms(ru, gender, animate)
        return Noun(
            en=en,
            en_plural=en if number == "P" else en_plural or s_form(en),
            ru=ru,
            gender=gender,
            animate=animate,
            forms=forms,
            classes=kinds,
            number=number,
            place="на" if "на" in flags else "в",
            en_place=next((flag for flag in ("at", "on") if flag in flags), "in"),
            definite="def" in flags,
            bare="bare" in flags,
            everyday=everyday,
            adjectival="adj" in flags,
        )

    def parse_adjective(self, en: str, ru: str, nouns: str, marks: str) -> Adjective:
        """The columns of a line of adjectives.txt. Raises NmtError where they are not an adjective's."""
        en, everyday = _everyday(en)
        flags = _flags(marks.split(), ADJECTIVE_FLAGS)
        if not ru.endswith(("ый", "ий", "ой")):
            raise NmtError(f"{ru!r} does not end as an adjective")
        return Adjective(
            en=en,
            ru=ru,
            forms=adjective_forms(ru),
            nouns=self.of(nouns),
            predicative="t" not in flags,
            needs=next((flag for flag in ("the", "poss", "pred") if flag in flags), ""),
            tells="tells" in flags,
            short=short_forms(flags["short"].replace(",", " ")) if "short" in flags else {},
            everyday=everyday,
        )

    def parse_verb(
        self, english: str, impf: str, perf: str, government: str, subjects: str, objects: str, marks: str
    ) -> Verb:
        """The columns of a line of verbs.txt. Raises NmtError where they are not a verb's."""
        english, everyday = _everyday(english)
        english, _, particle = english.partition(" +")
        base, *rest = english.split()
        double = bool(re.fullmatch(r"[^aeiou]*[aeiou][tpgnbm]", base))
        ing = next((word for word in rest if word.endswith("ing")), ing_form(base, double))
        irregular = [word for word in rest if word != ing]
        if len(irregular) not in (0, 2):
            raise NmtError(f"{english!r} should be the verb alone, or the verb, its past and its participle")
        past, participle = irregular or [ed_form(base, double)] * 2
        words = government.split()
        recipient = words == ["accs", "datv"]
        case = "" if words == ["-"] else "accs" if recipient else words[-1]
        if case and case not in CASES:
            raise NmtError(f"unknown case {case!r}; known: {' '.join(CASES)}")
        return Verb(
            en=base,
            third=s_form(base),
            past=past,
            participle=participle,
            ing=ing,
            particle=particle,
            impf=verb_forms(impf),
            perf=verb_forms(perf) if perf != "-" else {},
            prep=words[0] if len(words) == 2 and not recipient else "",
            case=case,
            recipient=recipient,
            subjects=self.of(subjects),
            objects=self.of(objects) if case else (),
            flags=frozenset(_flags(marks.split(), VERB_FLAGS)),
            everyday=everyday,
        )

    def parse_deed(self, key: str, infinitive: str, things: str, places: str, marks: str) -> Deed:
        things, places = ("" if spec == "-" else spec for spec in (things, places))
        flags = frozenset(_flags(marks.split(), DEED_MARKS))
        verb = self.verb(key, infinitive, bool(things or "people" in flags))
        return Deed(verb, self.of(things), self.of(places), flags)

    def parse_preposition(self, en: str, ru: str, case: str, use: str, nouns: str) -> Preposition:
        if case not in CASES or use not in USES:
            raise NmtError(f"{case!r} is no case or {use!r} no use; cases: {' '.join(CASES)}; uses: {' '.join(USES)}")
        return Preposition(en, ru, case, use, self.of(nouns))

    def checked_comparative(self, en: str, ru: str, nouns: str) -> tuple[str, str, str]:
        self.of(nouns)
        return en, ru, nouns

    def checked_manner(self, en: str, ru: str, verbs: str) -> tuple[str, str, str]:
        for key in verbs.split():
            self.verb(key.replace("_", " "))
        return en, ru, verbs

    def checked_tool(self, verb: str, tools: str, things: str) -> tuple[str, str, str]:
        self.verb(verb)
        self.of(f"{tools} {things}")
        return verb, tools, things


@cache
def load() -> Lexicon:
    return Lexicon()


def _table(name: str, columns: int, parse: Callable | None = None) -> list:
    return read_table(TABLES / f"{name}.txt", columns, parse)


def read_table(path: Path, columns: int, parse: Callable | None = None) -> list:
    """The entries of a table: what `parse` makes of the columns of each line, or the columns.

    Raises NmtError naming the file, the line and the reason.
    """
    entries = []
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise NmtError(f"{path.name}: not UTF-8 ({error}); save it in that encoding") from None
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = tuple(column.strip() for column in line.split("|"))
        try:
            if len(found) != columns:
                raise NmtError(f"{len(found)} columns between |, should be {columns}")
            entries.append(parse(*found) if parse else found)
        except (NmtError, ValueError, IndexError, KeyError) as error:
            raise NmtError(f"{path.name}, line {number} ({found[0]}): {error}") from None
    return entries


def _gender(ru: str, flags: dict[str, str], plural_only: bool) -> str:
    for flag, gender in (("m", "masc"), ("f", "femn"), ("n", "neut")):
        if flag in flags:
            return gender
    if plural_only:
        return "masc"  # never seen: such a noun has no singular
    if "adj" in flags:
        return {"й": "masc", "я": "femn", "е": "neut"}[ru[-1]]
    if ru.endswith("тель"):
        return "masc"
    if ru[-1] == "ь" or "0" in flags:
        raise NmtError(f"{ru!r} does not show its gender; add m, f or n")
    return "femn" if ru[-1] in "ая" else "neut" if ru[-1] in "оеё" or ru.endswith("мя") else "masc"


def parse_pronoun(key: str, subject: str, obj: str, grammemes: str, forms: str, after: str) -> tuple[str, Pronoun]:
    person, number, *gender = grammemes.split()
    return key, Pronoun(subject, obj, person, number, "".join(gender), by_case(forms), by_case(after or forms))


def parse_determiner(en: str, lemma: str, forms: str) -> tuple[str, Determiner]:
    if forms == "adj":
        return en, Determiner(lemma, adjective_forms(lemma))
    if forms == "0":
        return en, Determiner(lemma, {})
    rows = [list(by_case(row).values()) for row in forms.split(",")]
    if len(rows) != 4:
        raise NmtError(f"{len(rows)} rows between commas, should be masculine, feminine, neuter and plural")
    return en, Determiner(lemma, agreeing_forms(*rows))


def parse_numeral(number: str, en: str, forms: str, feminine: str) -> tuple[int, Numeral]:
    return int(number), Numeral(en, by_case(forms), by_case(feminine or forms))


def _everyday(en: str) -> tuple[str, bool]:
    """The English column without the * of an everyday word, and whether it had one."""
    return en.removeprefix("*"), en.startswith("*")


def _flags(marks: list[str], known: set[str]) -> dict[str, str]:
    """ "b s:отц" → {"b": "", "s": "отц"}. Raises NmtError for one that is not `known`."""
    flags = dict(mark.partition(":")[::2] for mark in marks)
    if unknown := sorted(set(flags) - known):
        raise NmtError(f"unknown flag {unknown[0]!r}; known: {' '.join(sorted(known))}")
    return flags
