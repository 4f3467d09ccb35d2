"""What people say word for word: the fixed phrases and the patterns of lexicon/smalltalk.txt."""

import re
from dataclasses import dataclass
from functools import cache

from gold import WORD, words
from grammar import lexicon
from grammar.contractions import key
from grammar.declension import CASES
from grammar.lexicon import Noun
from grammar.noun_phrases import NP
from grammar.prepositions import form_before
from grammar.sentences import ENDS, MARKS, Sentence, sentence, text
from grammar.words import Notes, Word, en, inflected
from grammar.world import World
from nmt import NmtError

TOKEN = re.compile(rf"{{([^{{}}]*)}}|{WORD.pattern}")
PREPOSITIONS = {"в", "на", "к", "о", "с", "из", "от", "до", "у", "по", "за", "без", "для"}
PLACES = {"where": "loct", "into": "accs", "from": "gent"}
NAMES = {"first", "city", "male", "female"}


@dataclass(frozen=True)
class Slot:
    name: str  # first2
    how: tuple[str, ...]  # English: () s at; Russian: a case, maybe plur or a determiner; where into from

    @property
    def spec(self) -> str:
        return self.name.rstrip("0123456789")

    @property
    def describes(self) -> str:
        """The determiner or adjective that stands here in place of the noun."""
        return next((word for word in self.how[1:] if word != "plur"), "")


@dataclass(frozen=True)
class Entry:
    """A line of smalltalk.txt; in a pattern some parts are slots."""

    english: tuple[str | Slot, ...]
    russian: tuple[str | Slot, ...]

    @property
    def slots(self) -> list[str]:
        return list(dict.fromkeys(part.name for part in self.english if isinstance(part, Slot)))


@cache
def entries() -> tuple[Entry, ...]:
    """All lines of smalltalk.txt. Raises NmtError naming file, line and reason."""
    known: dict[str, set[str]] = {"English": set(), "Russian": set()}

    def parse(english: str, russian: str) -> Entry:
        for language, line in (("English", english.lower()), ("Russian", russian)):
            if line in known[language]:
                raise NmtError(f"the {language} line {line!r} stands there twice")
            known[language].add(line)
        if english[-1:] not in ENDS or english[-1:] != russian[-1:]:
            raise NmtError("both lines should end with the same of . ? !")
        entry = Entry(parts(english), parts(russian))
        if "{" not in english + russian:
            for line in (english, russian):
                if text([Word(form) for form in words(line)]) != line:
                    raise NmtError(
                        f"{line!r} is not spaced as sentences are; no mark but . , ? ! and a dash may stand here"
                    )
        check_slots(entry)
        return entry

    return tuple(lexicon.read_table(lexicon.TABLES / "smalltalk.txt", 2, parse))


def parts(line: str) -> tuple[str | Slot, ...]:
    """Words, marks and slots of a line."""
    found: list[str | Slot] = []
    for match in TOKEN.finditer(line):
        if match[0] in "{}" or match[1] == "":
            raise NmtError(f"a brace without its other, or nothing in them: {line!r}")
        name, *how = (match[1] or " ").split() or [""]
        found.append(Slot(name, tuple(how)) if match[1] else match[0])
    return tuple(found)


def check_slots(entry: Entry) -> None:
    """Raises NmtError for a slot whose words, case or option are not known, or that one language lacks."""
    nouns = [slot.name for slot in entry.russian if isinstance(slot, Slot) and not slot.describes]
    if sorted(nouns) != sorted({slot.name for slot in entry.english if isinstance(slot, Slot)}):
        raise NmtError("each slot should stand in both lines, and its noun once in the Russian one")
    for slot in entry.english:
        if isinstance(slot, Slot):
            fillers(slot)
            if slot.how not in ((), ("s",), ("at",)):
                raise NmtError(f"unknown option {' '.join(slot.how)!r} of {slot.name}; English knows: s at")
    for slot in entry.russian:
        if isinstance(slot, Slot):
            if not slot.how or slot.how[0] not in {*CASES, *PLACES}:
                raise NmtError(f"{slot.name} should have a case or one of: {' '.join(PLACES)}")
            if slot.describes:
                declined(slot.describes)


@cache
def fillers(slot: Slot) -> tuple[Noun, ...]:
    """The nouns or names that may stand in a slot. Raises NmtError where there are none."""
    if slot.spec in NAMES:
        return tuple(name for name in lexicon.load().names if slot.spec in name.classes)
    return lexicon.load().of(slot.spec)


def declined(describes: str) -> tuple[str, dict[str, str]]:
    """Lemma and forms of a determiner or adjective, named in English. Raises NmtError where there is none."""
    known = lexicon.load()
    if describes in known.determiners:
        return known.determiners[describes].lemma, known.determiners[describes].forms
    for adjective in known.adjectives:
        if adjective.en == describes:
            return adjective.ru, adjective.forms
    raise NmtError(f"no determiner or adjective is {describes!r}")


@cache
def reserved() -> tuple[frozenset[str], frozenset[str]]:
    """Keys of the English lines of fixed phrases, and their Russian lines: no frame may say them otherwise."""
    said = phrases()
    return frozenset(key(text(one.english)) for one in said), frozenset(text(one.russian) for one in said)


def phrases() -> list[Sentence]:
    """All fixed phrases: Thank you. – Спасибо.   Their words have forms only: no features, alignment or links."""
    return [fixed(entry) for entry in entries() if not entry.slots]


def fixed(entry: Entry) -> Sentence:
    english = [Word(form, form) for form in entry.english]
    russian = [Word(form, form.lower(), "PNCT" if form in MARKS or form == "—" else "") for form in entry.russian]
    return Sentence(english, russian, Notes({"smalltalk"}))


def pattern(w: World) -> Sentence:
    """A cup of tea, please. – Чашку чая, пожалуйста.   My name is Anna. – Меня зовут Анна."""
    entry = w.random.choice([entry for entry in entries() if entry.slots])
    plurals = {part.name for part in entry.english if isinstance(part, Slot) and part.how == ("s",)}
    chosen: dict[str, NP] = {}
    for part in entry.english:
        if isinstance(part, Slot) and part.name not in chosen:
            taken = {np.noun for np in chosen.values()}
            fitting = [noun for noun in fillers(Slot(part.spec, ())) if noun not in taken]
            chosen[part.name] = NP(w.choose(fitting), plural=part.name in plurals)
    notes = Notes({"smalltalk"})
    english = said_in_english(entry, chosen)
    return sentence((english[:-1], said_in_russian(entry, chosen, english, notes)), notes, english[-1].form)


def said_in_english(entry: Entry, chosen: dict[str, NP]) -> list[Word]:
    spoken: list[Word] = []
    for part in entry.english:
        if not isinstance(part, Slot):
            spoken.append(Word(part, part if part in ("I",) else part.lower()))
            continue
        noun, head = chosen[part.name].noun, chosen[part.name].en_head
        if part.how == ("at",):
            spoken += en(noun.en_place)
            continue
        *first, last = (noun.en_plural if chosen[part.name].en_plural else noun.en).split()
        head.form, head.lemma = last, noun.en.split()[-1]
        spoken += [*en(" ".join(first)), head]
    return spoken


def said_in_russian(entry: Entry, chosen: dict[str, NP], english: list[Word], notes: Notes) -> list[Word]:
    """Fixed words have forms only; slots have all, and a preposition before a slot governs it."""
    spoken: list[Word] = []
    for part in entry.russian[:-1]:
        if not isinstance(part, Slot):
            spoken.append(Word(part, part.lower(), "PNCT" if part in MARKS or part == "—" else ""))
            continue
        np, case = chosen[part.name], part.how[0]
        if part.describes:
            spoken.append(described(part, np, english, notes))
            continue
        if case in PLACES:
            before = {"в": "из", "на": "с"}[np.noun.place] if case == "from" else np.noun.place
            spoken.append(Word(before, before))
            case = PLACES[case]
        cell = f"{'plur' if np.ru_plural or 'plur' in part.how else 'sing'} {case}"
        preposition = spoken[-1] if spoken and spoken[-1].lemma in PREPOSITIONS else None
        if preposition and preposition.lemma in ("в", "на") and cell == "sing loct" and "sing loc2" in np.noun.forms:
            cell = "sing loc2"
        np.ru_head.inflect(f"NOUN {np.noun.gender}", np.noun.ru, np.noun.forms, cell, [np.en_head])
        spoken.append(np.ru_head)
        if preposition:
            preposition.pos, preposition.form = "PREP", form_before(preposition.lemma, np.ru_head.form)
            np.ru_head.link("government", preposition)
    return spoken


def described(part: Slot, np: NP, english: list[Word], notes: Notes) -> Word:
    """A determiner or adjective that agrees with the noun of a slot."""
    lemma, forms = declined(part.describes)
    said = {"which": ("which", "what"), "own": ("my", "your")}.get(part.describes, (part.describes,))
    source = [word for word in english if word.lemma in said][:1]
    if part.describes not in lexicon.load().determiners:
        notes.combos.add(f"{part.describes}+{np.noun.ru}")
    np.plural = np.plural or "plur" in part.how
    return inflected("ADJF", lemma, forms, np.cell(part.how[0]), source).link("agreement", np.ru_head)
