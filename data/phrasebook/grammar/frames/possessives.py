"""Whose something is: Anna's car, the teacher's brother's car, his own, hers, mine."""

from grammar.clauses import said
from grammar.frames.being import equation
from grammar.lexicon import Verb
from grammar.noun_phrases import NP, say
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Word, both, join
from grammar.world import World


def chain(w: World) -> NP:
    """Anna's car, the teacher's brother's car."""
    owner = NP(w.choose(w.first_names), det="") if w.chance(0.45) else w.np(w.people, plural=0.1, adjective=0.08)
    if w.chance(0.45):
        kin = w.of("kin" if "parent" in owner.noun.classes else "kin parent")
        owner = NP(w.choose([n for n in kin if n is not owner.noun]), owner=owner)
    thing = w.choose([n for n in w.of("thing clothes pet kin") if n is not owner.noun])
    return NP(thing, plural=thing.counted and w.chance(0.15), owner=owner)


def owned(w: World) -> Sentence:
    """The doctor sees the teacher's brother's car. – Врач видит машину брата учителя."""
    notes = Notes()
    np = chain(w)
    verb = w.verb(lambda v: v.transitive and np.noun in v.objects)
    subject = w.subject(verb)
    clause = w.clause(verb, w.once(verb, subject), subject)
    clause.object = np
    return sentence(said(clause, notes), notes)


def owned_is(w: World) -> Sentence:
    """The teacher's brother's car is old. – Машина брата учителя старая."""
    np = chain(w)
    fitting = [a for a in w.adjectives.get(np.noun, []) if a.predicative]
    return equation(w, np, w.choose(fitting)) if fitting else owned_is(w)


def own(w: World) -> Sentence:
    """The boy loves his own dog. – Мальчик любит свою собаку."""
    notes = Notes()
    verb = w.verb(lambda v: v.transitive and v.human and v.en != "hear" and any(n.ownable for n in v.objects))
    subject = w.speaker() if w.chance(0.2) else w.subject(verb, pronoun=0.4, name=0.3)
    if subject.noun and not subject.human:
        subject = NP(pronoun="she")
    clause = w.clause(verb, w.once(verb, subject), subject)
    clause.object = _possessed(w, verb, subject)
    clause.object.det, clause.object.own_en = "own", _possessive(subject)
    return sentence(said(clause, notes), notes)


def others(w: World) -> Sentence:
    """He knows her brother. – Он знает её брата.   I have read their letter. – … их письмо."""
    notes = Notes()
    verb = w.verb(lambda v: v.transitive and v.human and any(n.ownable for n in v.objects))
    subject = w.speaker() if w.chance(0.5) else w.subject(verb, name=0.4, plural=0.0)
    if subject.noun and not subject.human:
        subject = NP(pronoun="he")
    clause = w.clause(verb, w.once(verb, subject), subject)
    clause.object = _possessed(w, verb, subject)
    who = ["his", "her", "their"]
    if subject.person == "3per":  # never his own
        who = ["his", "her"] if subject.ru_plural else ["their", "her" if subject.gender == "masc" else "his"]
    clause.object.det = w.random.choice(who)
    return sentence(said(clause, notes), notes)


def _possessed(w: World, verb: Verb, subject: NP) -> NP:
    nouns = [n for n in verb.objects if n.ownable and n is not subject.noun] or [w.lexicon.noun("друг")]
    np = w.np(nouns, adjective=0.1, plural=1.0 if "plural" in verb.flags else 0.15)
    np.plural = np.plural and "parent" not in np.noun.classes
    np.drop_choosy_adjectives()
    return np


def _possessive(np: NP) -> str:
    if np.pronoun:
        return {"I": "my", "we": "our", "he": "his", "she": "her", "they": "their"}[np.pronoun]
    return "their" if np.en_plural else "his" if np.gender == "masc" else "her"


def is_mine(w: World) -> Sentence:
    """This is my book. – Это моя книга.   These are Anna's keys. – Это ключи Анны."""
    notes = Notes({"zero-copula"})
    thing = w.choose(w.of("thing clothes pet kin parent"))
    np = NP(thing, plural=thing.counted and w.chance(0.3))
    if w.chance(0.4):
        np.owner = NP(w.choose(w.first_names), det="") if w.chance(0.5) else NP(w.choose(w.people))
    else:
        np.det = w.random.choice(("my", "our", "his", "her", "their"))
    if w.chance(0.3):
        w.describe(np, "poss")
        if np.owner:
            np.adjectives = tuple(a for a in np.adjectives if a.needs != "poss")
    this = Word("these" if np.en_plural else "this", "this")
    start = [this, np.be()], [Word("это", "это", "PRCL", source=[this])]
    if w.chance(0.15):
        start = join(start, both("not", "не", "PRCL"))
    return sentence(join(start, say(np, "nomn", notes)), notes)
