"""The tables of nouns.py, verbs.py and words.py, read, checked and joined into one `Lexicon`."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from grammar import morphology as m
from grammar import nouns as noun_table
from grammar import verbs as verb_table
from grammar import words as word_table
from nmt import NmtError


@dataclass(frozen=True, eq=False)
class Noun:
    en: str
    en_plural: str
    ru: str
    gender: str  # masc femn neut
    animate: bool
    forms: dict[str, str]  # cell → form, morphology.py
    classes: frozenset[str]
    number: str = ""  # "" both; U no plural, P plural only, R plural in Russian only, E plural in English only
    place: str = "в"
    en_place: str = "in"
    definite: bool = False  # the sun, the weather: never without the article
    bare: bool = False  # football, health: never with one
    everyday: bool = False
    declined_as_adjective: bool = False

    @property
    def counted(self) -> bool:
        return not self.number and not self.declined_as_adjective

    @property
    def mass(self) -> bool:
        return self.number in ("U", "E") or "mass" in self.classes


@dataclass(frozen=True, eq=False)
class Adjective:
    en: str
    ru: str
    forms: dict[str, str]
    nouns: tuple[Noun, ...]
    predicative: bool  # the book is new
    needs: str = ""  # the: the last bus, not a last bus; poss: my favourite book; pred: never before a noun
    everyday: bool = False


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
    everyday: bool = False

    @property
    def key(self) -> str:
        return f"{self.en} {self.particle}".strip() + (f" {self.prep}" if self.prep and not self.particle else "")


@dataclass(frozen=True)
class Preposition:
    en: str
    ru: str
    case: str
    use: str
    nouns: tuple[Noun, ...]


@dataclass
class Lexicon:
    nouns: list[Noun] = field(default_factory=list)
    names: list[Noun] = field(default_factory=list)
    adjectives: list[Adjective] = field(default_factory=list)
    verbs: list[Verb] = field(default_factory=list)
    prepositions: list[Preposition] = field(default_factory=list)
    tables: dict[str, list[list[str]]] = field(default_factory=dict)  # the small tables of words.py, by name

    def of(self, spec: str) -> tuple[Noun, ...]:
        """Nouns of any of the classes, or =lemma, in `spec`. Raises NmtError for one that fits nothing."""
        found: dict[int, Noun] = {}
        for word in _expand(spec):
            by_lemma = word.startswith("=")
            hits = [n for n in self.nouns if (n.ru == word[1:] if by_lemma else word in n.classes)]
            if not hits:
                raise NmtError(f"no noun is of the class or lemma {word!r}; add one or mend the spelling")
            found |= {id(n): n for n in hits}
        return tuple(found.values())

    def noun(self, ru: str) -> Noun:
        return self.of("=" + ru)[0]

    def verb(self, key: str) -> Verb:
        return next(v for v in self.verbs if v.key == key)


def _expand(spec: str) -> list[str]:
    return [word for part in spec.split() for word in noun_table.GROUPS.get(part, part).split()]


def parse_noun(line: str) -> Noun:
    """One line of nouns.NOUNS or words.NAMES. Raises NmtError where it is not one."""
    en, russian, classes = _columns(line.removeprefix("*"), 3)
    en, _, en_plural = en.partition("/")
    ru, *marks = russian.split()
    flags = dict(mark.partition(":")[::2] for mark in marks)
    known = {"m", "f", "n", "b", "s", "np", "gp", "l", "0", "adj", "anim", "def", "bare", *"UPRE", "на", "at", "on"}
    known |= {number + case for number in "sp" for case in m.CASES}
    if unknown := set(flags) - known:
        raise NmtError(f"unknown flag {sorted(unknown)[0]!r}; known: {' '.join(sorted(known))}")
    if not all("а" <= letter <= "я" or letter in "ё-" for letter in ru.lower()):
        raise NmtError(f"{ru!r} is not a Russian word")
    kinds = frozenset(_expand(classes))
    if not kinds:
        raise NmtError("no classes: nothing would ever use this noun")
    animate = bool(kinds & {"person", "animal", "first"}) or "anim" in flags
    number = next((flag for flag in "UPRE" if flag in flags), "")
    if number in ("P", "R"):
        flags.setdefault("np", ru)
    gender = _gender(ru, flags, number in ("P", "R"))
    forms = _substantive(ru, gender, animate) if "adj" in flags else m.noun_forms(ru, gender, animate, flags)
    en_place = next((flag for flag in ("at", "on") if flag in flags), "in")
    place = "на" if "на" in flags else "в"
    plural = en if number == "P" else en_plural or m.english_s(en)
    return Noun(en, plural, ru, gender, animate, forms, kinds, number, place, en_place, "def" in flags,
                "bare" in flags, line.startswith("*"), "adj" in flags)  # fmt: skip


def _gender(ru: str, flags: dict[str, str], plural: bool) -> str:
    for flag, gender in (("m", "masc"), ("f", "femn"), ("n", "neut")):
        if flag in flags:
            return gender
    if plural:
        return "masc"  # never seen: such a noun has no singular
    if "adj" in flags:
        return {"й": "masc", "я": "femn", "е": "neut"}[ru[-1]]
    if ru.endswith("тель"):
        return "masc"
    if ru[-1] == "ь" or "0" in flags:
        raise NmtError(f"{ru!r} does not show its gender; add m, f or n")
    return "femn" if ru[-1] in "ая" else "neut" if ru[-1] in "оеё" or ru.endswith("мя") else "masc"


def _substantive(ru: str, gender: str, animate: bool) -> dict[str, str]:
    """A noun declined as an adjective: учёный, ванная, мороженое."""
    base = m.adjective_forms(ru if gender == "masc" else ru[:-2] + "ый")
    end = " anim" if animate else " inan"
    forms = {}
    for case in m.CASES:
        forms[f"sing {case}"] = base.get(f"sing {gender} {case}") or base[f"sing {gender} {case}{end}"]
        forms[f"plur {case}"] = base.get(f"plur {case}") or base[f"plur {case}{end}"]
    return forms


def parse_adjective(line: str, lexicon: Lexicon) -> Adjective:
    en, ru, classes, marks = _columns(line.removeprefix("*"), 4)
    flags = marks.split()
    if not ru.endswith(("ый", "ий", "ой")):
        raise NmtError(f"{ru!r} does not end as an adjective")
    needs = next((flag for flag in ("the", "poss", "pred") if flag in flags), "")
    nouns = lexicon.of(classes)
    return Adjective(en, ru, m.adjective_forms(ru), nouns, "t" not in flags, needs, line.startswith("*"))


def parse_verb(line: str, lexicon: Lexicon) -> Verb:
    english, impf, perf, government, subjects, objects, flags = _columns(line.removeprefix("*"), 7)
    english, _, particle = english.partition(" +")
    base, *rest = english.split()
    double = bool(re.fullmatch(r"[^aeiou]*[aeiou][tpgnbm]", base))
    ing = next((word for word in rest if word.endswith("ing")), m.english_ing(base, double))
    rest = [word for word in rest if not (word.endswith("ing") and word == ing)]
    past, participle = rest or [m.english_ed(base, double)] * 2
    words = government.split()
    case = words[-1] if words[0] != "-" else ""
    recipient = words == ["accs", "datv"]
    prep = words[0] if len(words) == 2 and not recipient else ""
    if case and case not in m.CASES:
        raise NmtError(f"unknown case {case!r}; known: {' '.join(m.CASES)}")
    return Verb(
        base, m.english_s(base), past, participle, ing, particle,
        m.verb_forms(impf), m.verb_forms(perf) if perf != "-" else {},
        prep, "accs" if recipient else case, recipient,
        lexicon.of(subjects), lexicon.of(objects) if case else (), frozenset(flags.split()), line.startswith("*"),
    )  # fmt: skip


def parse_preposition(line: str, lexicon: Lexicon) -> Preposition:
    en, ru, case, use, classes = _columns(line, 5)
    return Preposition(en, ru, case, use, lexicon.of(classes))


def _columns(line: str, count: int) -> list[str]:
    columns = [column.strip() for column in line.split("|")]
    if len(columns) != count:
        raise NmtError(f"{len(columns)} columns between |, should be {count}")
    return columns


def rows(table: str, name: str, parse: Callable) -> list:
    """Parsed entries of a table. Raises NmtError naming the table, the line and the reason."""
    entries = []
    for number, line in enumerate(table.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            entries.append(parse(line))
        except (NmtError, ValueError, IndexError, KeyError) as error:
            raise NmtError(f"{name}, line {number} ({line.split('|')[0].strip()}): {error}") from None
    return entries


@cache
def load() -> Lexicon:
    lexicon = Lexicon()
    lexicon.nouns = rows(noun_table.NOUNS, "nouns.NOUNS", parse_noun)
    lexicon.names = rows(word_table.NAMES, "words.NAMES", parse_noun)
    lemmas = [noun.ru for noun in lexicon.nouns]
    if doubled := sorted({lemma for lemma in lemmas if lemmas.count(lemma) > 1}):
        raise NmtError(f"nouns.NOUNS: {doubled[0]} stands there twice; give it one line")
    lexicon.adjectives = rows(word_table.ADJECTIVES, "words.ADJECTIVES", lambda row: parse_adjective(row, lexicon))
    lexicon.verbs = rows(verb_table.VERBS, "verbs.VERBS", lambda row: parse_verb(row, lexicon))
    lexicon.prepositions = rows(
        word_table.PREPOSITIONS, "words.PREPOSITIONS", lambda row: parse_preposition(row, lexicon)
    )
    for name in ("SHORT", "EXPERIENCES", "COMPARATIVES", "TOOLS", "MANNERS", "ADDRESSES", "HOMONYMS"):
        table = getattr(word_table, name)
        width = table.strip().splitlines()[0].count("|") + 1
        lexicon.tables[name] = rows(table, f"words.{name}", lambda row, width=width: _columns(row, width))
    return lexicon
