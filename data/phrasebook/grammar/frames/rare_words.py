"""Sentences about the word said least so far, so that no lemma stays rare."""

from grammar.clauses import said
from grammar.frames.being import equation
from grammar.lexicon import Noun
from grammar.noun_phrases import NP
from grammar.prepositions import prepositional
from grammar.sentences import Sentence, sentence
from grammar.words import Notes
from grammar.world import World


def rare_noun(w: World) -> Sentence:
    """As object of a verb, as a place, or with an adjective."""
    noun = w.rarest([n for n in w.lexicon.nouns + w.cities if _sayable(w, n)])
    verbs = w.verbs_taking.get(noun, [])
    adjectives = [a for a in w.adjectives.get(noun, []) if a.predicative]
    if noun.classes & {"place", "room", "city"} and (not verbs or w.chance(0.5)):
        return _at(w, noun)
    if adjectives and (not verbs or w.chance(0.15)):
        np = w.dress(noun, adjective=0.0)
        np.det = w.random.choice(("my", "his", "her")) if "body" in noun.classes else "the"
        np.plural = np.plural and noun.ru not in ("нос", "голос", "лицо")
        return equation(w, np, w.choose(adjectives))
    notes = Notes()
    clause = w.clause(w.choose(verbs or [w.lexicon.verb("find")]))
    if verbs:
        np = w.dress(noun, a=0.3, plural=1.0 if "plural" in clause.verb.flags else 0.2)
        clause.object = w.fit(clause.verb, np)
        w.habit(clause)
    return sentence(said(clause, notes), notes)


def _sayable(w: World, noun: Noun) -> bool:
    """Whether a verb, an adjective or a place takes the noun; the others (kilo, Monday) have frames of their own."""
    return noun in w.verbs_taking or noun in w.adjectives or bool(noun.classes & {"place", "room", "city"})


def _at(w: World, noun: Noun) -> Sentence:
    """Somebody works or waits at this place, or arrives there."""
    notes = Notes()
    far = noun.classes & {"city", "town", "institution"}
    verb = w.lexicon.verb(w.choose(("work", "rest", "wait", "arrive") if far else ("rest", "wait", "stand", "sit")))
    clause = w.clause(verb)
    np = NP(noun, det="") if "city" in noun.classes else w.dress(noun, plural=0.0, adjective=0.1)
    if verb.key == "arrive":
        en_prep, case = (noun.en_place if "city" in noun.classes else "at"), "accs"
    else:
        en_prep, case = noun.en_place, "loct"
    clause.ends.append(prepositional(en_prep, noun.place, case, np, notes))
    return sentence(said(clause, notes), notes)


def rare_adjective(w: World) -> Sentence:
    """A sentence with the adjective said least so far."""
    adjective = w.rarest(w.lexicon.adjectives)
    noun = w.choose([n for n in adjective.nouns if adjective in w.adjectives.get(n, [])])
    verbs = w.verbs_taking.get(noun, [])
    if (not verbs or adjective.needs == "pred") and adjective.predicative:
        return equation(w, w.dress(noun, adjective=0.0), adjective)
    if not verbs:
        return rare_adjective(w)
    notes = Notes()
    verb = w.choose(verbs)
    subject = w.subject(verb)
    clause = w.clause(verb, w.once(verb, subject) if adjective.needs else None, subject, adjective=0.0)
    plural = 1.0 if "plural" in verb.flags else 0.0 if adjective.en in ("left", "right") else 0.25
    clause.object = np = w.dress(noun, adjective=0.0, a=0.0 if adjective.needs else 0.4, plural=plural)
    w.habit(clause)
    np.det = np.det or "the"
    w.fit(verb, np)
    if adjective.needs == "poss":
        np.det = w.random.choice(("my", "our", "his", "her"))
        if subject.person == "3per":
            np.det = w.random.choice(("my", "our"))
    np.adjectives = (adjective,)
    return sentence(said(clause, notes), notes)


def rare_verb(w: World) -> Sentence:
    """A sentence with the verb, and of its aspects the one, said least so far."""
    notes = Notes()
    verbs = [v for v in w.lexicon.verbs if not v.flags & {"off", "into", "be"}]
    aspects = [(v, v.perf["infn"]) for v in verbs if v.perf]
    aspects += [(v, v.impf["infn"]) for v in verbs if "s" not in v.flags and not {"t", "nofreq"} <= v.flags]
    verb, infinitive = w.rarest(aspects)
    subject = w.subject(verb)
    if infinitive != verb.impf["infn"]:
        tenses = ["did" if "t" in verb.flags else "has done", "will do"]
    elif "t" not in verb.flags:
        tenses = ["is doing", "was doing"]
    elif "nofreq" not in verb.flags and (verb.past != verb.en or subject.third):
        tenses = ["often did", "present"]
    else:
        tenses = ["did"]
    return sentence(said(w.clause(verb, w.random.choice(tenses), subject), notes), notes)
