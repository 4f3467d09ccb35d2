"""What the frames of talk share: who talks of whom, places as one says them, and questions with a word in front."""

from grammar.clauses import Clause, complements, predicate
from grammar.lexicon import Verb
from grammar.noun_phrases import NP, say
from grammar.prepositions import prepositional
from grammar.words import Notes, Phrase, Word, both, en, join
from grammar.world import World

KIN = "=мать =отец =мама =папа =брат =сестра =сын =дочь =друг =бабушка =дедушка =дядя =тётя =сосед"
PEOPLE = "=мальчик =девочка =учитель =врач =женщина =мужчина =студент =ребёнок =водитель =художник"
PLACES = (  # Russian noun, how English says "in" it
    ("школа", "at"), ("работа", "at"), ("парк", "in the"), ("магазин", "in the"), ("больница", "in the"),
    ("театр", "at the"), ("музей", "in the"), ("библиотека", "in the"), ("университет", "at the"),
    ("рынок", "at the"), ("вокзал", "at the"), ("кафе", "in the"), ("ресторан", "in the"), ("деревня", "in the"),
    ("сад", "in the"), ("почта", "at the"), ("концерт", "at the"), ("банк", "at the"), ("стадион", "at the"),
    ("кинотеатр", "at the"),
)  # fmt: skip


def person(w: World, *, i: int = 2, you: int = 3, mine: str = "your", noun: bool = True) -> NP:
    """Who it is about: I, you, he …, a name, your sister, the teacher. `i` and `you` are their weights."""
    kinds = ["I"] * i + ["thou masc"] * you + ["we"] * (i and 1) + ["he", "she"] * 2 + ["they"] * 2
    kinds += ["name", "kin", "name", "kin", "people"] * noun
    kind = w.random.choice(kinds)
    if kind == "name":
        return NP(w.choose(w.first_names), det="")
    if kind == "kin":
        return NP(w.choose(w.of(KIN)), det=mine)
    if kind == "people":
        noun_ = w.choose(w.of(PEOPLE))
        return NP(noun_, plural=w.chance(0.5 if noun_.ru == "ребёнок" else 0.15))
    return NP(pronoun=kind)


def somebody(w: World, subject: NP) -> NP:
    """Whom: me, you, her, Anna, your brother; never the subject, nor I with we."""
    if w.chance(0.5):
        first, second = ("I", "we"), ("thou masc",)
        own = next((group for group in (first, second) if subject.pronoun in group), (subject.pronoun,))
        return NP(pronoun=w.random.choice([p for p in ("I", "thou masc", "we", "he", "she", "they") if p not in own]))
    if w.chance(0.6):
        return NP(w.choose([n for n in w.first_names if n is not subject.noun]), det="")
    return NP(w.choose([n for n in w.of(PEOPLE) if n is not subject.noun and n.ru not in ("мужчина", "ребёнок")]))


def thing(w: World, spec: str, *, a: float = 0.4, plural: float = 0.1) -> NP:
    """One of these, with a or the; what is not counted has no article."""
    np = w.np(w.of(spec), adjective=0.0, plural=plural, a=a)
    if np.noun.mass and not np.noun.definite:
        np.det = ""
    return np


def verb_named(w: World, key: str) -> Verb:
    """The verb of talk_verbs.txt with this name, or of verbs.txt with this key."""
    return w.lexicon.talk_verbs.get(key) or w.lexicon.verb(key)


def place_at(w: World, notes: Notes, spec: str = "") -> Phrase:
    """at school – в школе, at home – дома"""
    return _place(w, notes, "loct", "at home|дома", spec)


def place_to(w: World, notes: Notes, spec: str = "") -> Phrase:
    """to school – в школу, home – домой"""
    return _place(w, notes, "accs", "home|домой", spec)


def _place(w: World, notes: Notes, case: str, home: str, spec: str) -> Phrase:
    if not spec and w.chance(0.12 if case == "loct" else 0.35):
        return both(*home.split("|"))
    ru, at = w.random.choice([pair for pair in PLACES if not spec or pair[0] in spec])
    noun = w.lexicon.noun(ru)
    prep = at.split()[0] if case == "loct" else "to"
    np = NP(noun, det="the" if "the" in at else "")
    if case == "accs":
        notes.tags.add("motion")
    return prepositional(prep, "на" if ru == "работа" else noun.place, case, np, notes)


def city(w: World, notes: Notes) -> Phrase:
    """in Moscow – в Москве"""
    return prepositional("in", "в", "loct", NP(w.choose(w.cities), det=""), notes)


def home_of(w: World, notes: Notes) -> Phrase:
    """Where one lives: in a small house, in Moscow, in the village."""
    if w.chance(0.5):
        return city(w, notes)
    noun = w.lexicon.noun(w.random.choice(("дом", "деревня", "город", "гостиница")))
    np = NP(noun, det=w.random.choice(("a", "this")))
    adjectives = ["big", "small", "old"] + ["beautiful"] * (noun.ru != "гостиница")
    if np.det == "a":
        name = w.random.choice(adjectives)
        np.adjectives = tuple(a for a in w.lexicon.adjectives if a.en == name and noun in a.nouns)
    return prepositional("in", "в", "loct", np, notes)


def arrange(order_en: str, order_ru: str, **parts: Phrase) -> Phrase:
    """Join named parts, in an order for each language. A name that is no part is an English word itself."""
    english = [word for name in order_en.split() for word in (parts[name][0] if name in parts else en(name))]
    return english, [word for name in order_ru.split() for word in parts[name][1]]


def ask_wh(front: Phrase, clause: Clause, notes: Notes, *, last: bool | None = None, ask: bool = True) -> Phrase:
    """A question word in front: Where do you work? – Где ты работаешь?   Where did Anna buy it? – Где Анна купила …

    `last`: a noun subject follows the Russian verb, which is so where there is no object. Without `ask` it is the end
    of another clause: (I know) where you work.
    """
    subject_en, subject_ru = say(clause.subject, "nomn", notes, subject=True)
    verb = predicate(clause.verb, clause.subject, clause.tense, notes, neg=clause.neg, ask=ask)
    rest_en, rest_ru = complements(clause, verb, notes)
    middle_en, middle_ru = clause.middle or ([], [])
    auxiliary, negation = verb.auxiliary[:1], verb.auxiliary[1:]
    start = auxiliary + subject_en if ask else subject_en + auxiliary
    english = front[0] + start + negation + middle_en + verb.rest + rest_en
    follows = not clause.subject.pronoun and (not (clause.object or clause.neg) if last is None else last)
    body = middle_ru + verb.russian
    russian = front[1] + (body + subject_ru if follows else subject_ru + body) + rest_ru
    return join((english, russian), *clause.ends)


def words(pairs: tuple[str, ...], w: World) -> Phrase:
    """One of "English|Russian", a fixed adverbial."""
    return both(*w.random.choice(pairs).split("|"))


def this_is(np: NP, noun: str = "this") -> Phrase:
    """this is – это"""
    this = Word("these" if np.en_plural and noun == "this" else noun, noun)
    return [this, np.be()], [Word("это", "это", "PRCL", source=[this])]
