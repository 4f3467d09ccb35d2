"""Clauses inside a sentence, after who, which and that, and other words between a subject and its verb."""

from grammar.clauses import Clause, agree, fronted, said
from grammar.conjugation import verb_forms
from grammar.frames.being import said_adjective, said_short, subject_be
from grammar.lexicon import Adjective
from grammar.noun_phrases import NP, say
from grammar.prepositions import prepositional
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, both, comma, inflected, join
from grammar.world import World, undated

COLOURS = (
    "red", "green", "blue", "yellow", "white", "black", "grey", "brown", "new", "old", "beautiful", "long", "warm",
)  # fmt: skip
IN_PLACE = {  # verbs, and where they happen
    "live": "=дом =замок =дворец =деревня =город =остров =гостиница",
    "work": "institution",
    "sleep": "=дом =комната =спальня =гостиница =больница",
    "rest": "=дом =комната =гостиница =сад =парк =деревня",
}
THAT = (  # what "that" follows
    ("know", "знать"),
    ("think", "думать"),
    ("say", "говорить говорю говорит"),
    ("hope", "надеяться надеюсь надеется"),
    ("see", "видеть вижу видит"),
    ("remember", "помнить помню помнит"),
    ("glad", ""),
    ("sure", ""),
)


def who_does(w: World, np: NP, notes: Notes) -> Phrase:
    """who is reading a book – , который читает книгу"""
    verb = w.verb(lambda v: v.human and v.en != "be")
    subject = NP(relative=np)
    clause = w.clause(verb, w.so_far(verb, subject), subject, adjective=0.0)
    return join(comma(), said(undated(clause), notes))


def which_done(w: World, np: NP, notes: Notes) -> Phrase:
    """which the girl is reading – , которую читает девочка"""
    verb = w.verb(lambda v: v.direct and v.human and np.noun in v.objects)
    subject = w.subject(verb, adjective=0.0, name=0.3, pronoun=0.3, plural=0.15)
    clause = Clause(subject, verb, w.once(verb, subject), NP(relative=np))
    return join(comma(), fronted(clause, notes))


def relative_person(w: World) -> Sentence:
    """I know the boy who bought the car. – Я знаю мальчика, который купил машину."""
    notes = Notes()
    main = w.verb(lambda v: v.transitive and w.people[0] in v.objects and w.people[1] in v.objects)
    subject = w.speaker() if w.chance(0.4) else w.subject(main, adjective=0.0)
    clause = Clause(subject, main, w.tense(main, subject))
    clause.object = np = NP(w.choose([n for n in w.of("person") if n in main.objects]), plural=w.chance(0.25))
    w.time(clause)
    if clause.front is None:
        undated(clause)
    np.after = who_does(w, np, notes)
    return sentence(said(clause, notes), notes)


def relative_thing(w: World) -> Sentence:
    """The book which the girl is reading is interesting. – Книга, которую читает девочка, интересная."""
    notes = Notes({"distant-agreement"})
    verb = w.verb(lambda v: v.direct and v.human)
    nouns = [n for n in verb.objects if not n.animate and not n.mass and w.adjectives.get(n)]
    if not nouns:
        return relative_thing(w)
    np = NP(w.choose(nouns))
    np.plural = np.noun.counted and w.chance(0.9 if "paired" in np.noun.classes else 0.2)
    np.after = join(which_done(w, np, notes), comma())
    fitting = [a for a in w.adjectives[np.noun] if a.predicative]
    if not fitting:
        return relative_thing(w)
    return sentence(_is_such(np, w.choose(fitting), notes), notes)


def _is_such(np: NP, adjective: Adjective, notes: Notes) -> Phrase:
    """… is old – … старый"""
    notes.tags.add("adjective-agreement")
    return join(subject_be(np, notes, False), said_adjective(np, adjective, "nomn", notes))


def relative_place(w: World) -> Sentence:
    """The house in which the doctor lives is old. – Дом, в котором живёт врач, старый."""
    notes = Notes({"distant-agreement"})
    noun = w.choose([n for spec in IN_PLACE.values() for n in w.of(spec) if w.adjectives.get(n)])
    fitting = [a for a in w.adjectives[noun] if a.predicative]
    if not fitting:
        return relative_place(w)
    np = NP(noun)
    which = NP(relative=np)
    verb = w.lexicon.verb(w.choose([key for key in IN_PLACE if noun in w.of(IN_PLACE[key])]))
    subject = w.subject(adjective=0.0, name=0.3)
    tense = "present" if "s" in verb.flags else w.random.choice(("is doing", "was doing"))
    start = prepositional(noun.en_place, noun.place, "loct", which, notes)
    inner = fronted(Clause(subject, verb, tense), notes, start)
    np.after = join(comma(), inner, comma())
    return sentence(_is_such(np, w.choose(fitting), notes), notes)


def distant(w: World) -> Sentence:
    """The boy with the dogs is sleeping. – Мальчик с собаками спит.   The girls who … are sleeping."""
    notes = Notes({"distant-agreement"})
    verb = w.verb(lambda v: v.human and (not v.case or v.direct))
    subject = w.np([n for n in w.people if n in verb.subjects], plural=0.4, adjective=0.05)
    kind = w.random.choice(("with", "in", "who", "who"))
    if kind == "with":
        beside = w.of("pet =ребёнок =собака =сумка =зонт =цветок =чемодан =гитара =кошка")
        other = w.np(beside, plural=0.5, adjective=0.05)
        subject.after = prepositional("with", "с", "ablt", other, notes)
    elif kind == "in":
        worn = [n for n in w.of("clothes") if n.counted and n.ru not in ("пояс", "перчатка", "туфля", "сапог")]
        if subject.gender != "femn":
            worn = [n for n in worn if n.ru not in ("платье", "юбка")]
        other = w.np(worn, plural=float(subject.plural), adjective=0.6, a=1.0)
        other.adjectives = tuple(a for a in other.adjectives if a.en in COLOURS)
        other.det = "" if other.plural else other.det
        subject.after = prepositional("in", "в", "loct", other, notes)
    else:
        subject.after = join(who_does(w, subject, notes), comma())
    clause = w.clause(verb, w.once(verb, subject), subject, adjective=0.05, plural=0.3)
    return sentence(said(undated(clause, only_often=True), notes), notes)


def that(w: World) -> Sentence:
    """Anna knows that the boy lost the key. – Анна знает, что мальчик потерял ключ."""
    notes = Notes({"that-clause"})
    subject = w.anyone(pronoun=0.25, name=0.35, adjective=0.0)
    start = say(subject, "nomn", notes, subject=True)
    text_en, principal_parts = w.choose(THAT)
    if not principal_parts:
        if subject.pronoun == "I":
            return that(w)
        notes.tags |= {"short-adjective", "zero-copula"}
        start = join(start, ([subject.be()], []), said_short(w, text_en, subject))
    else:
        forms = verb_forms(principal_parts)
        word = Word(text_en + "s" * subject.third, text_en)
        verb = agree(inflected("VERB impf pres", forms["infn"], forms, subject.person_cell, [word]), subject)
        start = join(start, ([word], [verb]))
        notes.tags.add("person-agreement")
    inner = w.verb(lambda v: v.human)
    tense = "is doing" if text_en == "see" else None
    if tense and (not inner.eventive or "t" in inner.flags):
        return that(w)
    clause = w.clause(inner, tense, adjective=0.0)
    if clause.subject.noun and clause.subject.noun is subject.noun:
        return that(w)
    return sentence(join(start, comma(), both("that", "что", "CONJ"), said(undated(clause), notes)), notes)
