"""Sentences about the word said least so far, so that no lemma stays rare."""

from grammar.clauses import Sentence, prepositional, said, sentence
from grammar.lexicon import Noun
from grammar.phrases import NP, Notes
from grammar.states import equation
from grammar.world import World


def rare_noun(w: World) -> Sentence:
    """As object of a verb, as a place, or with an adjective."""
    noun = w.rarest(w.lexicon.nouns + w.cities)
    verbs = w.verbs_taking.get(noun, [])
    adjectives = [a for a in w.adjectives.get(noun, []) if a.predicative]
    if noun.classes & {"place", "room", "city"} and (not verbs or w.chance(0.5)):
        return at(w, noun)
    if adjectives and (not verbs or w.chance(0.15)):
        np = w.dress(noun, adjective=0.0)
        np.det = w.random.choice(("my", "his", "her")) if "body" in noun.classes else "the"
        np.plural = np.plural and noun.ru not in ("нос", "голос", "лицо")
        return equation(w, np, w.choose(adjectives))
    notes = Notes()
    clause = w.clause(w.choose(verbs or [w.lexicon.verb("find")]))
    if verbs:
        clause.object = w.fit(clause.verb, w.dress(noun, a=0.3, plural=1.0 if "plural" in clause.verb.flags else 0.2))
        w.habit(clause)
    return sentence(said(clause, notes), notes)


def at(w: World, noun: Noun) -> Sentence:
    notes = Notes()
    far = noun.classes & {"city", "town", "institution"}
    verb = w.lexicon.verb(w.choose(("work", "rest", "wait", "arrive") if far else ("rest", "wait", "stand", "sit")))
    clause = w.clause(verb)
    np = NP(noun, det="") if "city" in noun.classes else w.dress(noun, plural=0.0, adjective=0.1)
    case = "accs" if verb.key == "arrive" else "loct"
    en = "at" if verb.key == "arrive" and "city" not in noun.classes else noun.en_place
    clause.ends.append(prepositional(en, noun.place, case, np, notes))
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
    many = 1.0 if "plural" in clause.verb.flags else 0.0 if adjective.en in ("left", "right") else 0.25
    clause.object = w.dress(noun, adjective=0.0, a=0.0 if adjective.needs else 0.4, plural=many)
    w.habit(clause)
    clause.object.det = clause.object.det or "the"
    w.fit(clause.verb, clause.object)
    if adjective.needs == "poss":
        clause.object.det = w.random.choice(("my", "our", "his", "her"))
        if clause.subject.person == "3per":
            clause.object.det = w.random.choice(("my", "our"))
    clause.object.adjectives = (adjective,)
    return sentence(said(clause, notes), notes)


def rare_verb(w: World) -> Sentence:
    """A sentence with the verb, and of its aspects the one, said least so far."""
    notes = Notes()
    verbs = [v for v in w.lexicon.verbs if not v.flags & {"off", "into", "be"}]
    aspects = [(v, v.perf["infn"]) for v in verbs if v.perf]
    aspects += [(v, v.impf["infn"]) for v in verbs if "s" not in v.flags and not {"t", "nofreq"} <= v.flags]
    verb, infinitive = w.rarest(aspects)
    subject = w.subject(verb)
    if infinitive == verb.impf["infn"]:
        often = "nofreq" not in verb.flags and (verb.past != verb.en or subject.third)
        tenses = ["is doing", "was doing"] if "t" not in verb.flags else ["often did", "present"] if often else ["did"]
    else:
        tenses = ["did" if "t" in verb.flags else "has done", "will do"]
    return sentence(said(w.clause(verb, w.random.choice(tenses), subject), notes), notes)
