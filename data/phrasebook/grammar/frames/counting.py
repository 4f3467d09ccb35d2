"""Counted things and years: one table, two tables, five tables. What a numeral does to its noun is in numerals.py."""

from collections.abc import Iterable

from grammar.clauses import Clause, said
from grammar.frames.places_and_motion import OUTDOORS, place
from grammar.lexicon import load
from grammar.noun_phrases import NP, say
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Word
from grammar.world import World

SINGLE = ("ребёнок", "жена", "муж", "невеста", "король", "королева")  # not said with two, three, four
YEAR = load().parse_noun("year", "год pgent:лет", "time")


def count(w: World, np: NP) -> NP:
    """Give the noun phrase a numeral."""
    np.count = w.random.choice((1, 2, 2, 3, 3, 4, 5, 5, 6, 7, 8, 9, 10, 21, 22, 25))
    np.plural, np.det = np.count != 1, ""
    np.drop_choosy_adjectives()
    return np


def a_number(w: World, numbers: Iterable[int]) -> int:
    """One of `numbers`, the less said more often."""
    names = w.lexicon.numerals
    pairs = []
    for number in numbers:
        tens = number - number % 10
        pairs.append((number, "один" if number == 1 else names[number if number in names else tens].lemma))
    return w.rarest(pairs, 4)[0]


def counted(w: World) -> Sentence:
    """The girl bought two books. – Девочка купила две книги."""
    notes = Notes()
    verb = w.verb(lambda v: v.direct and v.eventive and "dress" not in v.flags and any(n.countable for n in v.objects))
    tense = "is doing"
    if verb.perf:
        tense = w.random.choice(("did" if "t" in verb.flags else "has done", "will do"))
    clause = Clause(w.subject(verb, pronoun=0.35), verb, tense)
    clause.object = count(w, w.dress(w.choose([n for n in verb.objects if n.countable]), adjective=0.15))
    w.time(clause)
    return sentence(said(clause, notes), notes)


def counted_subject(w: World) -> Sentence:
    """Two boys were sleeping in the park. – Два мальчика спали в парке."""
    notes = Notes()
    verb = w.verb(lambda v: not v.case and v.eventive and v.human)
    tense = w.random.choice(("did", "will do") if "t" in verb.flags else ("is doing", "was doing"))
    nouns = [n for n in verb.subjects if n.countable and "parent" not in n.classes and n.ru not in SINGLE]
    subject = count(w, w.dress(w.choose(nouns), adjective=0.15))
    if subject.count == 1 or subject.count > 10:
        subject.count = w.random.choice((2, 3, 4, 5))
    clause = Clause(subject, verb, tense)
    clause.subject.plural = True
    if "p" in verb.flags and w.chance(0.5):
        clause.ends.append(place(w, notes, "place" if subject.human else OUTDOORS))
    return sentence(said(clause, notes), notes)


def age(w: World) -> Sentence:
    """The boy is five years old. – Мальчику пять лет."""
    notes = Notes({"dative-experiencer", "numerals"})
    person = w.subject(pronoun=0.15, name=0.6)
    if person.noun and "person" in person.noun.classes:
        person = w.np([n for n in w.of("young animal") if "sense" not in n.classes], plural=0.0, adjective=0.1)
    person_en, person_ru = say(person, "datv", notes, subject=True)
    young = person.noun and "first" not in person.noun.classes
    older = () if young else (11, 12, 20, 21, 22, 23, 25, 30, 30, 31, 34)
    years = NP(YEAR, count=w.random.choice((*range(1, 13), 11, 12, *older)), det="")
    years.plural = years.count != 1
    years_en, years_ru = say(years, "nomn", notes)
    return sentence(([*person_en, person.be(), *years_en, Word("old", "old")], person_ru + years_ru), notes)
