"""Words and clauses joined by and: two objects, two subjects, two clauses."""

from grammar.clauses import said
from grammar.noun_phrases import NP
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, both, join, mark
from grammar.world import World


def two_objects(w: World) -> Sentence:
    """The girl bought a book and a pen. – Девочка купила книгу и ручку."""
    notes = Notes()
    clause = w.clause(w.verb(lambda v: v.transitive), adjective=0.08, plural=0.15, a=0.5)
    first = clause.object
    nouns = [n for n in clause.verb.objects if n.classes & first.noun.classes - {"seen"}]
    nouns = [n for n in nouns if n not in (first.noun, clause.subject.noun)]
    if not nouns:
        return two_objects(w)
    first.second = second = w.np(nouns, adjective=0.08, plural=1.0 if "plural" in clause.verb.flags else 0.15)
    if first.noun.mass or second.noun.mass:
        first.det = "the" if not first.noun.bare else ""
    elif first.det == "a" and not second.plural and not second.noun.classes & {"kin", "parent", "family"}:
        second.det = "a"
        second.drop_choosy_adjectives()
    return sentence(said(clause, notes), notes)


def two_subjects(w: World) -> Sentence:
    """Anna and the boy were sleeping. – Анна и мальчик спали."""
    notes = Notes()
    verb = w.verb(lambda v: v.human)
    first = w.subject(pronoun=0.0, name=0.5, plural=0.05, adjective=0.05)
    names = [n for n in w.first_names if n is not first.noun]
    second = NP(w.choose(names), det="") if w.chance(0.4) else w.np(w.other_people(first), plural=0.05, adjective=0.05)
    first.second = second
    return sentence(said(w.clause(verb, subject=first, adjective=0.05), notes), notes)


def while_other(w: World) -> Sentence:
    """The boy is sleeping, and the girl is reading. – Мальчик спит, а девочка читает."""
    notes = Notes({"coordination"})
    tense = w.random.choice(("is doing", "was doing"))
    verbs = [
        w.verb(lambda v: v.eventive and v.human and "t" not in v.flags and not v.recipient and (not v.case or v.direct))
        for _ in range(2)
    ]
    subjects = [w.subject(verb, adjective=0.0, pronoun=0.0, name=0.35) for verb in verbs]
    if verbs[0] is verbs[1] or subjects[0].noun is subjects[1].noun:
        return while_other(w)
    first, second = (
        w.clause(verb, tense, subject, adjective=0.0) for verb, subject in zip(verbs, subjects, strict=True)
    )
    first.front = second.front = None
    return sentence(join(said(first, notes), mark(","), both("and", "а", "CONJ"), said(second, notes)), notes)
