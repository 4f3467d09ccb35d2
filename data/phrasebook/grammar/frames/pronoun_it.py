"""it, which is он, она or оно by the noun it stands for, in the same sentence or in the next."""

from grammar.clauses import Clause, complements, predicate, said
from grammar.frames.being import said_adjective, subject_be
from grammar.frames.feelings import LIKE
from grammar.frames.places_and_motion import place, whereabouts
from grammar.lexicon import Adjective
from grammar.noun_phrases import NP, say
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, both, comma, inflected, join, mark
from grammar.world import World

GONE = ("lose", "sell", "eat", "drink", "break", "forget", "hide", "draw", "photograph", "describe", "meet", "water")
PLEASANT = (
    "new", "old", "big", "small", "good", "beautiful", "interesting", "cheap", "expensive", "warm", "light", "modern",
    "quiet", "simple", "useful", "funny", "wonderful", "bright", "soft", "clean", "ancient", "red", "blue", "green",
)  # fmt: skip
FOLLOW = {  # verbs, and what one does next
    "buy": ("sell", "lose", "break", "hide", "forget", "return"),
    "find": ("sell", "hide", "lose", "take", "return"),
    "take": ("hide", "lose", "return"),
    "bring": ("open", "hide"),
    "open": ("close",),
    "turn on": ("turn off",),
    "put on": ("take off",),
    "receive": ("hide", "lose", "open"),
    "lose": ("find",),
    "choose": ("buy", "put on"),
}


def it_for(np: NP) -> NP:
    """it, with the gender of what it stands for."""
    return NP(pronoun=f"it {np.gender}", antecedent=np.ru_head)


def it_is_where(w: World) -> Sentence:
    """Where is the key? It is on the table. – Где ключ? Он на столе."""
    notes = Notes({"it-across-sentences", "zero-copula", "wh-question"})
    things = [n for n in w.of("thing clothes") if n.countable and not n.animate]
    np = w.np(things, plural=0.0, adjective=0.12)
    np_en, np_ru = say(np, "nomn", notes, subject=True)
    where_en, where_ru = both("where", "где")
    start = join(([*where_en, Word("is", "be"), *np_en], where_ru + np_ru), mark("?"))
    if w.chance(0.7) or "vehicle" in np.noun.classes:
        end = whereabouts(w, w.preposition("where"), np, notes)
    else:
        end = place(w, notes, "room")
    return sentence(join(start, subject_be(it_for(np), notes, False), end), notes)


def it_is_how(w: World) -> Sentence:
    """The girl bought a dress. It is beautiful. – Девочка купила платье. Оно красивое."""
    notes = Notes({"it-across-sentences", "adjective-agreement"})
    verb = w.verb(lambda v: v.direct and v.human and v.perf and "plural" not in v.flags and v.key not in GONE)
    nouns = [n for n in verb.objects if n.countable and not n.animate]
    nouns = [n for n in nouns if any(a.predicative for a in w.adjectives.get(n, []))]
    if not nouns:
        return it_is_how(w)
    noun = w.choose(nouns)
    np = w.dress(noun, plural=0.0, adjective=0.0, a=0.6)
    subject = w.subject(verb, name=0.3, adjective=0.0)
    clause = Clause(subject, verb, "did" if "t" in verb.flags else "has done", np)
    start = join(said(clause, notes), mark("."))
    adjective = w.choose([a for a in w.adjectives[noun] if a.predicative])
    return sentence(join(start, it_is(np, adjective, notes)), notes)


def it_is(np: NP, adjective: Adjective, notes: Notes) -> Phrase:
    """it is old – он старый"""
    it = it_for(np)
    words_en, (word,) = said_adjective(NP(np.noun), adjective, "nomn", notes)
    word.links = [("agreement", it.ru_head)]
    return join(subject_be(it, notes, False), (words_en, [word]))


def because_it(w: World) -> Sentence:
    """Anna likes the book because it is interesting. – Анне нравится книга, потому что она интересная."""
    notes = Notes({"it-in-sentence", "dative-experiencer", "adjective-agreement"})
    noun = w.choose([n for n in w.of("thing clothes work town building") if w.adjectives.get(n) and n.counted])
    good = [a for a in w.adjectives[noun] if a.en in PLEASANT]
    if not good or noun.animate:
        return because_it(w)
    person = w.anyone(name=0.4, adjective=0.0)
    np = NP(noun)
    np.det = w.random.choice(("the", "this", "that"))
    person_en, person_ru = say(person, "datv", notes, subject=True)
    verb_en = Word("like" + "s" * person.third, "like")
    thing_en, thing_ru = say(np, "nomn", notes)
    verb = inflected("VERB impf pres", "нравиться", LIKE, "3per sing", [verb_en])
    person.ru_head.link("government", verb.link("agreement", np.ru_head))
    start = [*person_en, verb_en, *thing_en], [*person_ru, verb, *thing_ru]
    because = both("because", "потому что", "CONJ")
    return sentence(join(start, comma(), because, it_is(np, w.choose(good), notes)), notes)


def it_object(w: World) -> Sentence:
    """The boy found a key and lost it. – Мальчик нашёл ключ и потерял его."""
    notes = Notes({"it-in-sentence", "coordination"})
    key = w.choose(tuple(FOLLOW))
    first, second = w.lexicon.verb(key), w.lexicon.verb(w.choose(FOLLOW[key]))
    shared = [n for n in first.objects if n in second.objects and not n.animate and n.countable]
    if not shared:
        return it_object(w)
    subject = w.subject(first, adjective=0.0)
    np = w.dress(w.choose(shared), plural=0.0, adjective=0.12, a=0.5)
    tense = w.random.choice(("did", "did", "will do"))
    start = said(Clause(subject, first, tense, np), notes)
    verb = predicate(second, subject, tense, notes)
    rest_en, rest_ru = complements(Clause(subject, second, tense, it_for(np)), verb, notes)
    notes.combos.add(f"{second.key}>{np.noun.ru}")
    auxiliary = [] if tense == "will do" else verb.auxiliary
    end = [*auxiliary, verb.rest[0], *rest_en, *verb.rest[1:]], [*verb.russian, *rest_ru]
    return sentence(join(start, both("and", "и", "CONJ"), end), notes)
