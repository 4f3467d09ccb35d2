"""Choosing words: a `World` draws nouns, verbs and whole noun phrases from one seed, and evens out their use."""

import random
from collections import Counter
from collections.abc import Callable, Sequence

from grammar import lexicon
from grammar.clauses import Clause
from grammar.lexicon import Noun, Preposition, Verb
from grammar.noun_phrases import NP
from grammar.words import Phrase, Word, both

EVERYDAY = 4  # an everyday word is said so many times as often as another


class World:
    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.lexicon = lexicon.load()
        self.used: Counter = (
            Counter()
        )  # lemmas in the Russian sentences of the corpus, and cells of verbs ("идти infn")
        self.classes: dict[str, tuple[Noun, ...]] = {}
        self.people = self.of("person")
        self.adjectives: dict[Noun, list] = {}
        for adjective in self.lexicon.adjectives:
            for noun in adjective.nouns:
                if "sense" not in noun.classes or adjective.tells:  # an old fan: a thing or a person?
                    self.adjectives.setdefault(noun, []).append(adjective)
        self.verbs = [verb for verb in self.lexicon.verbs if not verb.flags & {"off", "into"}]
        self.verbs_taking: dict[Noun, list[Verb]] = {}
        for verb in self.verbs:
            for noun in verb.objects if not verb.recipient else ():
                self.verbs_taking.setdefault(noun, []).append(verb)
        self.first_names = [name for name in self.lexicon.names if "first" in name.classes]
        self.cities = [name for name in self.lexicon.names if "city" in name.classes]

    def of(self, spec: str) -> tuple[Noun, ...]:
        if spec not in self.classes:
            self.classes[spec] = self.lexicon.of(spec)
        return self.classes[spec]

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def count_use(self, russian: Sequence[Word]) -> None:
        """Count the words of a sentence that enters the corpus."""
        self.used.update(word.lemma for word in russian)
        self.used.update(f"{word.lemma} {word.cell}" for word in russian if word.pos.startswith(("VERB", "INFN")))

    def choose(self, items: Sequence):
        """One of `items`: of two drawn, usually the one said less so far for its weight."""
        first, second = self._draw(items), self._draw(items)
        rarer = self.said(second) / weight(second) < self.said(first) / weight(first)
        return second if rarer and self.chance(0.8) else first

    def _draw(self, items: Sequence):
        """One of `items`, everyday words more often."""
        for _ in range(4 * EVERYDAY):
            item = self.random.choice(items)
            if self.random.random() * EVERYDAY < weight(item):
                break
        return item

    def said(self, item) -> int:
        return self.used[lemma(item)]

    def rarest(self, items: Sequence, sample: int = 200):
        """The least used of a random sample."""
        return min(self.random.sample(items, min(sample, len(items))), key=self.said)

    def adverbial(self, pairs: Sequence[tuple[str, str]]) -> Phrase:
        """One of these pairs of English and Russian."""
        return both(*self.choose(pairs))

    def np(self, nouns: Sequence[Noun], *, plural: float = 0.2, adjective: float = 0.2, a: float = 0.0) -> NP:
        """A noun phrase with a noun of `nouns`; the numbers are chances."""
        return self.dress(self.choose(nouns), plural=plural, adjective=adjective, a=a)

    def dress(self, noun: Noun, *, plural: float = 0.2, adjective: float = 0.2, a: float = 0.0) -> NP:
        if noun.classes & {"first", "city"}:
            return NP(noun, det="")
        if "parent" in noun.classes and plural < 1:  # two mothers are rare
            plural /= 4
        if "paired" in noun.classes and plural:  # gloves, nails
            plural = max(plural, 0.9)
        np = NP(noun, plural=noun.counted and self.chance(plural))
        if not np.en_plural and noun.counted and not noun.classes & {"kin", "parent", "family"} and self.chance(a):
            np.det = "a"
        if noun.mass and not noun.definite and self.chance(0.6):
            np.det = ""
        return self.describe(np) if self.chance(adjective) else np

    def describe(self, np: NP, needs: str = "") -> NP:
        """Add an adjective that fits. `needs`: what it may want besides "the" (poss: my favourite book)."""
        allowed = {"", needs} | ({"the"} if np.det == "the" else set())
        if fitting := [a for a in self.adjectives.get(np.noun, []) if a.needs in allowed]:
            np.adjectives = (self.choose(fitting),)
        return np

    def subject(self, verb: Verb | None = None, *, pronoun: float = 0.25, name: float = 0.15, **chances: float) -> NP:
        """Who does it: a person or animal the verb allows, he, she, they, or a name."""
        nouns = verb.subjects if verb else self.people
        people = all("person" in noun.classes for noun in nouns)
        if self.chance(pronoun):
            return NP(pronoun=self.random.choice(("he", "she", "they") if people else ("they",)))
        if people and self.chance(name):
            return NP(self.choose(self.first_names), det="")
        return self.np(nouns, **({"adjective": 0.1} | chances))

    def anyone(self, **chances: float) -> NP:
        """A person, a pronoun, a name, or sometimes I and we."""
        return self.speaker() if self.chance(0.15) else self.subject(**chances)

    def speaker(self) -> NP:
        return NP(pronoun=self.random.choice(("I", "we")))

    def preposition(self, *uses: str) -> Preposition:
        """A preposition of one of these uses (see prepositions.txt)."""
        return self.choose([p for p in self.lexicon.prepositions if p.use in uses])

    def verb(self, wanted: Callable[[Verb], bool] = lambda verb: True) -> Verb:
        """A verb that is `wanted` and that ordinary clauses may have (not off, not into)."""
        return self.choose([v for v in self.verbs if wanted(v)])

    def object_of(self, verb: Verb, subject: NP | None = None, **chances: float) -> NP:
        nouns = [noun for noun in verb.objects if subject is None or noun is not subject.noun]
        if "dress" in verb.flags and subject and subject.gender == "masc":
            nouns = [noun for noun in nouns if noun.ru not in ("платье", "юбка")]
        if "plural" in verb.flags:
            chances = chances | {"plural": 1.0}
        return self.fit(verb, self.np(nouns, **({"a": 0.3} | chances)))

    def fit(self, verb: Verb, np: NP) -> NP:
        """The object as one says it with this verb: plays the violin, knows the dog, loves cucumbers."""
        if verb.key == "play на":
            np.plural, np.det = False, "the"
        elif verb.flags & {"s", "be"} and verb.key != "want" and np.det == "a":
            np.det = "the"
        if verb.key in ("love", "like") and np.noun.classes & {"food", "drink"}:
            np.plural, np.det = np.noun.counted, ""
            np.drop_choosy_adjectives()
        return np

    def other_people(self, np: NP) -> list[Noun]:
        return [noun for noun in self.people if noun is not np.noun]

    def clause(self, verb: Verb, tense: str | None = None, subject: NP | None = None, **chances: float) -> Clause:
        """A clause of the verb with its object and recipient, in a tense that says its aspect."""
        subject = subject or self.subject(verb)
        clause = Clause(subject, verb, tense or self.tense(verb, subject))
        if verb.case:
            clause.object = self.object_of(verb, subject, **chances)
            self.habit(clause)
        if verb.recipient:
            clause.recipient = self.np(self.other_people(subject), adjective=0.0)
        self.time(clause)
        return clause

    def tense(self, verb: Verb, subject: NP) -> str:
        """A tense whose Russian aspect and gender the English sentence shows."""
        past = subject.pronoun != "I"
        often = past and "nofreq" not in verb.flags
        if verb.flags & {"s", "be"}:
            was = "did" if "t" in verb.flags else "often did"  # understood: понял; knew: знал
            return self.random.choice(("present", "present", was) if past else ("present",))
        tenses = ["present"] * ("nofreq" not in verb.flags) + ["will do" if verb.perf else "will be doing"]
        if "t" not in verb.flags:
            tenses += ["is doing", "is doing"] + ["was doing"] * 2 * past
        if verb.perf and past:
            tenses += ["did", "did"] if "t" in verb.flags else ["has done", "has done"]
        tenses += ["often did"] * often
        if verb.past == verb.en and not subject.third:  # they read: now or then?
            tenses = [tense for tense in tenses if tense not in ("present", "often did")]
        return self.random.choice(tenses)

    def once(self, verb: Verb, subject: NP) -> str:
        """A tense of one event: nobody often buys Boris's clock."""
        tense = self.tense(verb, subject)
        while habitual(verb, tense):
            tense = self.tense(verb, subject)
        return tense

    def so_far(self, verb: Verb, subject: NP) -> str:
        """A tense that is not the future."""
        while (tense := self.tense(verb, subject)).startswith("will"):
            pass
        return tense

    def habit(self, clause: Clause) -> None:
        """Habits are about many things (often loses pencils), but one puts on a coat, opens a door, visits an aunt."""
        np = clause.object
        if habitual(clause.verb, clause.tense) and np.noun and np.noun.counted:
            one = np.animate or "one" in clause.verb.flags or np.noun.mass
            if not one and "plural" not in clause.verb.flags and self.chance(0.9):
                np.plural = True
                if np.det == "a" or (np.det == "the" and self.chance(0.5)):
                    np.det = ""
                if not np.det:
                    np.drop_choosy_adjectives()

    def time(self, clause: Clause) -> None:
        """Say when; "often" and "every day" are what makes a plain past imperfective."""
        times, tense = self.lexicon.times, clause.tense
        state = clause.verb.flags & {"s", "be"} and "o" not in clause.verb.flags
        if tense in ("present", "often did") and not state:
            if self.chance(0.6):
                clause.middle = self.adverbial(times["often"])
            else:
                clause.front = self.adverbial(times["every"])
        elif tense == "did" and (clause.verb.past == clause.verb.en or self.chance(0.3)):
            clause.front = self.adverbial(times["past"])
        elif tense in ("will do", "will be doing") and self.chance(0.5):
            clause.front = self.adverbial(times["future"])
        elif tense == "has done" and self.chance(0.5):
            clause.middle = self.adverbial(times["done"])
        elif tense == "is doing" and self.chance(0.15):
            clause.front = self.adverbial(times["now"])


def weight(item) -> int:
    return EVERYDAY if getattr(item, "everyday", False) else 1


def lemma(item) -> str:
    """The Russian lemma by which the use of a word is counted."""
    if isinstance(item, Verb):
        return item.impf["infn"]
    return item[1] if isinstance(item, tuple) else getattr(item, "ru", item)


def habitual(verb: Verb, tense: str) -> bool:
    return tense in ("present", "often did") and verb.eventive


def undated(clause: Clause, *, only_often: bool = False) -> Clause:
    """The clause without a time in front. A habit keeps the adverb it has, unless `only_often`, or says "often"."""
    clause.front = None
    if habitual(clause.verb, clause.tense) and (only_often or not clause.middle):
        clause.middle = both("often", "часто")
    return clause
