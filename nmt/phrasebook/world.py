"""Choosing words: a `World` draws nouns, verbs and whole noun phrases, the rarer the likelier, from one seed."""

import random
from collections import Counter
from collections.abc import Sequence

from nmt.phrasebook import lexicon
from nmt.phrasebook.clauses import Clause
from nmt.phrasebook.lexicon import Noun, Verb
from nmt.phrasebook.phrases import NP, Phrase, both

OFTEN = (("often", "часто"), ("usually", "обычно"), ("sometimes", "иногда"), ("always", "всегда"), ("rarely", "редко"))
EVERY = (
    ("every day", "каждый день"),
    ("every morning", "каждое утро"),
    ("every evening", "каждый вечер"),
    ("on Sundays", "по воскресеньям"),
    ("on Saturdays", "по субботам"),
)
PAST = (
    ("yesterday", "вчера"),
    ("last week", "на прошлой неделе"),
    ("last night", "вчера вечером"),
    ("on Monday", "в понедельник"),
    ("in the morning", "утром"),
)
FUTURE = (
    ("tomorrow", "завтра"),
    ("soon", "скоро"),
    ("next week", "на следующей неделе"),
    ("in an hour", "через час"),
    ("on Friday", "в пятницу"),
)
NOW = (("now", "сейчас"), ("today", "сегодня"))
DONE = (("already", "уже"), ("finally", "наконец"))


class World:
    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.lexicon = lexicon.load()
        self.used: Counter = Counter()
        self.people = self.lexicon.of("person")
        self.adjectives: dict[Noun, list] = {}
        for adjective in self.lexicon.adjectives:
            for noun in adjective.nouns:
                self.adjectives.setdefault(noun, []).append(adjective)
        self.first_names = [name for name in self.lexicon.names if "first" in name.classes]
        self.cities = [name for name in self.lexicon.names if "city" in name.classes]

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def choose(self, items: Sequence):
        """One of `items`; of two drawn, usually the one used less so far, so that no lemma stays rare."""
        first, second = self.random.choice(items), self.random.choice(items)
        pick = second if self.used[second] < self.used[first] and self.chance(0.75) else first
        self.used[pick] += 1
        return pick

    def phrase(self, pairs: Sequence[tuple[str, str]], pos: str = "ADVB") -> Phrase:
        return both(*self.choose(pairs), pos)

    def np(self, nouns: Sequence[Noun], *, plural: float = 0.25, adjective: float = 0.25, a: float = 0.0) -> NP:
        """A noun phrase with a noun of `nouns`; the numbers are chances."""
        return self.dress(self.choose(nouns), plural=plural, adjective=adjective, a=a)

    def dress(self, noun: Noun, *, plural: float = 0.25, adjective: float = 0.25, a: float = 0.0) -> NP:
        if {"first", "city"} & noun.classes:
            return NP(noun, det="")
        np = NP(noun, plural=noun.counted and self.chance(plural))
        np.det = "a" if not np.en_plural and not noun.mass and noun.number != "R" and self.chance(a) else "the"
        if "game" in noun.classes or (noun.mass and not noun.definite and self.chance(0.6)):
            np.det = ""
        if self.chance(adjective):
            self.describe(np)
        return np

    def describe(self, np: NP) -> NP:
        """Add an adjective that fits; some want "the" (the last bus)."""
        fitting = [a for a in self.adjectives.get(np.noun, []) if not a.definite or np.det == "the"]
        if fitting:
            np.adjectives = (self.choose(fitting),)
        return np

    def subject(self, verb: Verb | None = None, *, pronoun: float = 0.2, name: float = 0.15, **chances: float) -> NP:
        """Who does it: a person or animal the verb allows, he, she, they, or a name."""
        nouns = verb.subjects if verb else self.people
        human = all("person" in noun.classes for noun in nouns)
        if self.chance(pronoun):
            return NP(pronoun=self.random.choice(("he", "she", "they") if human else ("they",)))
        if human and self.chance(name):
            return NP(self.choose(self.first_names), det="")
        return self.np(nouns, **({"adjective": 0.12} | chances))

    def speaker(self) -> NP:
        return NP(pronoun=self.random.choice(("I", "we")))

    def verb(self, wanted=lambda verb: True) -> Verb:
        return self.choose([verb for verb in self.lexicon.verbs if wanted(verb)])

    def object_of(self, verb: Verb, subject: NP | None = None, **chances: float) -> NP:
        nouns = [noun for noun in verb.objects if subject is None or noun is not subject.noun]
        if "plural" in verb.flags:
            chances = chances | {"plural": 1.0}
        return self.np(nouns, **({"a": 0.3} | chances))

    def clause(self, verb: Verb, tense: str | None = None, subject: NP | None = None, **chances: float) -> Clause:
        """A clause of the verb with its object and recipient, in a tense that says its aspect."""
        subject = subject or self.subject(verb)
        tense = tense or self.tense(verb, subject)
        clause = Clause(subject, verb, tense)
        if verb.case:
            clause.object = self.object_of(verb, subject, **chances)
        if verb.recipient:
            people = [n for n in self.people if n is not subject.noun]
            clause.recipient = self.np(people, adjective=0.0)
        self.time(clause)
        return clause

    def tense(self, verb: Verb, subject: NP) -> str:
        """A tense whose Russian aspect and gender the English sentence shows."""
        past = subject.pronoun != "I"
        if verb.flags & {"s", "be"}:
            return self.random.choice(("present", "present", "often did") if past else ("present",))
        tenses = ["present", "will do" if verb.perf else "will be doing"]
        if "t" not in verb.flags:
            tenses += ["is doing", "is doing"] + ["was doing"] * 2 * past
        if verb.perf and past:
            tenses += ["did", "did"] if "t" in verb.flags else ["has done", "has done"]
        return self.random.choice(tenses + ["often did"] * past)

    def time(self, clause: Clause) -> None:
        """Say when; "often" and "every day" are what makes a plain past imperfective."""
        state = clause.verb.flags & {"s", "be"}
        if clause.tense in ("present", "often did") and not (state and "o" not in clause.verb.flags):
            if self.chance(0.6):
                clause.middle = self.phrase(OFTEN)
            else:
                clause.front = self.phrase(EVERY)
        elif clause.tense == "did" and self.chance(0.4):
            clause.front = self.phrase(PAST)
        elif clause.tense in ("will do", "will be doing") and self.chance(0.5):
            clause.front = self.phrase(FUTURE)
        elif clause.tense == "has done" and self.chance(0.5):
            clause.middle = self.phrase(DONE)
        elif clause.tense == "is doing" and self.chance(0.2):
            clause.front = self.phrase(NOW)

    def rarest(self, items: Sequence, sample: int = 15):
        """The least used of a random sample."""
        pick = min(self.random.sample(list(items), min(sample, len(items))), key=lambda item: self.used[item])
        self.used[pick] += 1
        return pick
