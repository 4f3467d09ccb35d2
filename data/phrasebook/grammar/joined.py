"""Two clauses, or words that look back: relative clauses, that, because, and, but; it across and within sentences."""

from grammar.clauses import (
    Clause,
    Sentence,
    comma,
    complements,
    fronted,
    mark,
    predicate,
    prepositional,
    said,
    sentence,
)
from grammar.lexicon import Adjective
from grammar.morphology import short_forms, verb_forms
from grammar.phrases import NP, Notes, Phrase, Word, both, inflected, join, particle, say
from grammar.statements import place, preposition_for
from grammar.states import said_adjective, subject_be, whereabouts
from grammar.world import World, direct, eventive, human, transitive, undated


def who_does(w: World, np: NP, notes: Notes) -> Phrase:
    """who is reading a book – , который читает книгу"""
    verb = w.verb(lambda v: human(v) and v.en != "be")
    subject = NP(relative=np)
    clause = w.clause(verb, w.so_far(verb, subject), subject, adjective=0.0)
    return join(comma(), said(undated(clause), notes))


def which_done(w: World, np: NP, notes: Notes) -> Phrase:
    """which the girl is reading – , которую читает девочка"""
    verb = w.verb(lambda v: direct(v) and human(v) and np.noun in v.objects)
    subject = w.subject(verb, adjective=0.0, name=0.3, pronoun=0.3, plural=0.15)
    clause = Clause(subject, verb, w.once(verb, subject), NP(relative=np))
    return join(comma(), fronted(clause, notes))


def relative_person(w: World) -> Sentence:
    """I know the boy who bought the car. – Я знаю мальчика, который купил машину."""
    notes = Notes()
    main = w.verb(lambda v: transitive(v) and w.people[0] in v.objects and w.people[1] in v.objects)
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
    verb = w.verb(lambda v: direct(v) and human(v))
    nouns = [n for n in verb.objects if not n.animate and not n.mass and w.adjectives.get(n)]
    if not nouns:
        return relative_thing(w)
    np = NP(w.choose(nouns))
    np.plural = np.noun.counted and w.chance(0.9 if "paired" in np.noun.classes else 0.2)
    np.after = join(which_done(w, np, notes), comma())
    fitting = [a for a in w.adjectives[np.noun] if a.predicative]
    if not fitting:
        return relative_thing(w)
    return sentence(is_such(np, w.choose(fitting), notes), notes)


def is_such(np: NP, adjective: Adjective, notes: Notes) -> Phrase:
    """… is old – … старый"""
    notes.tags.add("adjective-agreement")
    return join(subject_be(np, notes, False), said_adjective(np, adjective, "nomn", notes))


def relative_place(w: World) -> Sentence:
    """The house in which the doctor lives is old. – Дом, в котором живёт врач, старый.   I know the … who …"""
    notes = Notes({"distant-agreement"})
    noun = w.choose([n for spec in IN_PLACE.values() for n in w.of(spec) if w.adjectives.get(n)])
    fitting = [a for a in w.adjectives[noun] if a.predicative]
    if not fitting:
        return relative_place(w)
    np = NP(noun)
    which = NP(relative=np)
    key = w.choose([key for key in IN_PLACE if noun in w.of(IN_PLACE[key])])
    verb = w.lexicon.verb(key)
    subject = w.subject(adjective=0.0, name=0.3)
    tense = "present" if "s" in verb.flags else w.random.choice(("is doing", "was doing"))
    start = prepositional(noun.en_place, noun.place, "loct", which, notes)
    inner = fronted(Clause(subject, verb, tense), notes, start)
    np.after = join(comma(), inner, comma())
    return sentence(is_such(np, w.choose(fitting), notes), notes)


IN_PLACE = {
    "live": "=дом =замок =дворец =деревня =город =остров =гостиница",
    "work": "institution",
    "sleep": "=дом =комната =спальня =гостиница =больница",
    "rest": "=дом =комната =гостиница =сад =парк =деревня",
}


def distant(w: World) -> Sentence:
    """The boy with the dogs is sleeping. – Мальчик с собаками спит.   The girls who … are sleeping."""
    notes = Notes({"distant-agreement"})
    verb = w.verb(lambda v: human(v) and (not v.case or direct(v)))
    subject = w.np([n for n in w.people if n in verb.subjects], plural=0.4, adjective=0.05)
    kind = w.random.choice(("with", "in", "who", "who"))
    if kind == "with":
        other = w.np(
            w.of("pet =ребёнок =собака =сумка =зонт =цветок =чемодан =гитара =кошка"), plural=0.5, adjective=0.05
        )
        subject.after = prepositional("with", "с", "ablt", other, notes)
    elif kind == "in":
        worn = [n for n in w.of("clothes") if n.counted and n.ru not in ("пояс", "перчатка", "туфля", "сапог")]
        other = w.np([n for n in worn if subject.gender == "femn" or n.ru not in ("платье", "юбка")],
                     plural=float(subject.plural), adjective=0.6, a=1.0)  # fmt: skip
        other.adjectives = tuple(a for a in other.adjectives if a.en in COLOURS)
        other.det = "" if other.plural else other.det
        subject.after = prepositional("in", "в", "loct", other, notes)
    else:
        subject.after = join(who_does(w, subject, notes), comma())
    clause = w.clause(verb, w.once(verb, subject), subject, adjective=0.05, plural=0.3)
    return sentence(said(undated(clause, only_often=True), notes), notes)


COLOURS = (
    "red", "green", "blue", "yellow", "white", "black", "grey", "brown", "new", "old", "beautiful", "long", "warm",
)  # fmt: skip


def two_objects(w: World) -> Sentence:
    """The girl bought a book and a pen. – Девочка купила книгу и ручку."""
    notes = Notes()
    clause = w.clause(w.verb(transitive), adjective=0.08, plural=0.15, a=0.5)
    first = clause.object
    nouns = [n for n in clause.verb.objects if n.classes & first.noun.classes - {"seen"}]
    nouns = [n for n in nouns if n not in (first.noun, clause.subject.noun)]
    if not nouns:
        return two_objects(w)
    first.second = w.np(nouns, adjective=0.08, plural=1.0 if "plural" in clause.verb.flags else 0.15)
    if first.noun.mass or first.second.noun.mass:
        first.det = "the" if not first.noun.bare else ""
    elif first.det == "a" and not first.second.plural and not first.second.noun.classes & {"kin", "parent", "family"}:
        first.second.det = "a"
        first.second.adjectives = tuple(a for a in first.second.adjectives if not a.needs)
    return sentence(said(clause, notes), notes)


def two_subjects(w: World) -> Sentence:
    """Anna and the boy were sleeping. – Анна и мальчик спали."""
    notes = Notes()
    verb = w.verb(human)
    first = w.subject(pronoun=0.0, name=0.5, plural=0.05, adjective=0.05)
    names = [n for n in w.first_names if n is not first.noun]
    second = NP(w.choose(names), det="") if w.chance(0.4) else w.np(w.other_people(first), plural=0.05, adjective=0.05)
    first.second = second
    return sentence(said(w.clause(verb, subject=first, adjective=0.05), notes), notes)


def while_other(w: World) -> Sentence:
    """The boy is sleeping, and the girl is reading. – Мальчик спит, а девочка читает."""
    notes = Notes({"coordination"})
    tense = w.random.choice(("is doing", "was doing"))
    first, second = (
        w.verb(
            lambda v: eventive(v) and human(v) and "t" not in v.flags and not v.recipient and (not v.case or direct(v))
        )
        for _ in range(2)
    )
    one = w.subject(first, adjective=0.0, pronoun=0.0, name=0.35)
    other = w.subject(second, adjective=0.0, pronoun=0.0, name=0.35)
    if first is second or one.noun is other.noun:
        return while_other(w)
    clauses = [w.clause(first, tense, one, adjective=0.0), w.clause(second, tense, other, adjective=0.0)]
    clauses[0].front = clauses[1].front = None
    and_en = Word("and", "and")
    both_ = join(said(clauses[0], notes), mark(","), ([and_en], particle("а", "CONJ", [and_en])))
    return sentence(join(both_, said(clauses[1], notes)), notes)


def that(w: World) -> Sentence:
    """Anna knows that the boy lost the key. – Анна знает, что мальчик потерял ключ."""
    notes = Notes({"that-clause"})
    subject = w.anyone(pronoun=0.25, name=0.35, adjective=0.0)
    start = say(subject, "nomn", notes, subject=True)
    text_en, spec = w.choose(THAT)
    if text_en in ("glad", "sure"):
        if subject.pronoun == "I":
            return that(w)
        word = Word(text_en, text_en)
        short = inflected("ADJS", spec.split()[0], short_forms(spec), subject.short_cell, [word])
        short.link("agreement", subject.ru_head)
        notes.tags |= {"short-adjective", "zero-copula"}
        start = join(start, ([subject.be(), word], [short]))
    else:
        forms = verb_forms(spec)
        word = Word(text_en + "s" * subject.third, text_en)
        verb = inflected("VERB impf pres", forms["infn"], forms, subject.person_cell, [word])
        start = join(start, ([word], [verb.link("agreement", subject.ru_head)]))
        notes.tags.add("person-agreement")
    that_en = Word("that", "that")
    inner = w.verb(lambda v: human(v))
    tense = "is doing" if text_en == "see" else None
    if tense and (not eventive(inner) or "t" in inner.flags):
        return that(w)
    clause = w.clause(inner, tense, adjective=0.0)
    if clause.subject.noun and clause.subject.noun is subject.noun:
        return that(w)
    link = [that_en], [*comma()[1], *particle("что", "CONJ", [that_en])]
    return sentence(join(start, link, said(undated(clause), notes)), notes)


THAT = (
    ("know", "знать"),
    ("think", "думать"),
    ("say", "говорить говорю говорит"),
    ("hope", "надеяться надеюсь надеется"),
    ("see", "видеть вижу видит"),
    ("remember", "помнить помню помнит"),
    ("glad", "рад рада радо рады"),
    ("sure", "уверен уверена уверено уверены"),
)


def it_is_where(w: World) -> Sentence:
    """Where is the key? It is on the table. – Где ключ? Он на столе."""
    notes = Notes({"it-across-sentences", "zero-copula", "wh-question"})
    np = lone_thing(w)
    np_en, np_ru = say(np, "nomn", notes, subject=True)
    where_ = both("where", "где")
    start = join((where_[0] + [Word("is", "be")] + np_en, where_[1] + np_ru), mark("?"))
    it = NP(pronoun=f"it {np.gender}", antecedent=np.ru_head)
    end = (
        whereabouts(w, preposition_for(w, ("where",)), np, notes)
        if w.chance(0.7) or "vehicle" in np.noun.classes
        else place(w, notes, "room")
    )
    return sentence(join(start, subject_be(it, notes, False), end), notes)


def lone_thing(w: World, spec: str = "thing clothes") -> NP:
    """One inanimate thing that has a singular, so that "it" may stand for it."""
    nouns = [n for n in w.of(spec) if n.counted and not n.animate and not n.mass]
    return w.np(nouns, plural=0.0, adjective=0.12)


def it_is_how(w: World) -> Sentence:
    """The girl bought a dress. It is beautiful. – Девочка купила платье. Оно красивое."""
    notes = Notes({"it-across-sentences", "adjective-agreement"})
    verb = w.verb(lambda v: direct(v) and human(v) and v.perf and "plural" not in v.flags and v.key not in GONE)
    nouns = [n for n in verb.objects if n.counted and not n.animate and not n.mass]
    nouns = [n for n in nouns if any(a.predicative for a in w.adjectives.get(n, []))]
    if not nouns:
        return it_is_how(w)
    noun = w.choose(nouns)
    np = w.dress(noun, plural=0.0, adjective=0.0, a=0.6)
    subject = w.subject(verb, name=0.3, adjective=0.0)
    tense = "did" if "t" in verb.flags else "has done"
    clause = Clause(subject, verb, tense, np)
    start = join(said(clause, notes), mark("."))
    adjective = w.choose([a for a in w.adjectives[noun] if a.predicative])
    return sentence(join(start, it_is(np, adjective, notes)), notes)


def it_is(np: NP, adjective: Adjective, notes: Notes) -> Phrase:
    """it is old – он старый"""
    it = NP(pronoun=f"it {np.gender}", antecedent=np.ru_head)
    words_en, (word,) = said_adjective(NP(np.noun), adjective, "nomn", notes)
    word.links = [("agreement", it.ru_head)]
    return join(subject_be(it, notes, False), (words_en, [word]))


GONE = ("lose", "sell", "eat", "drink", "break", "forget", "hide", "draw", "photograph", "describe", "meet", "water")


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
    verb = inflected("VERB impf pres", "нравиться", {"3per sing": "нравится"}, "3per sing", [verb_en])
    person.ru_head.link("government", verb.link("agreement", np.ru_head))
    because = Word("because", "because")
    middle = [because], [*comma()[1], *particle("потому что", "CONJ", [because])]
    start = ([*person_en, verb_en, *thing_en], [*person_ru, verb, *thing_ru])
    return sentence(join(start, middle, it_is(np, w.choose(good), notes)), notes)


PLEASANT = (
    "new", "old", "big", "small", "good", "beautiful", "interesting", "cheap", "expensive", "warm", "light", "modern",
    "quiet", "simple", "useful", "funny", "wonderful", "bright", "soft", "clean", "ancient", "red", "blue", "green",
)  # fmt: skip


def it_object(w: World) -> Sentence:
    """The boy found a key and lost it. – Мальчик нашёл ключ и потерял его."""
    notes = Notes({"it-in-sentence", "coordination"})
    key = w.choose(tuple(FOLLOW))
    first, second = w.lexicon.verb(key), w.lexicon.verb(w.choose(FOLLOW[key]))
    shared = [n for n in first.objects if n in second.objects and not n.animate and n.counted and not n.mass]
    if not shared:
        return it_object(w)
    subject = w.subject(first, adjective=0.0)
    np = w.dress(w.choose(shared), plural=0.0, adjective=0.12, a=0.5)
    tense = w.random.choice(("did", "did", "will do"))
    phrase = said(Clause(subject, first, tense, np), notes)
    it = NP(pronoun=f"it {np.gender}", antecedent=np.ru_head)
    verb = predicate(second, subject, tense, notes)
    rest = complements(Clause(subject, second, tense, it), verb, notes)
    notes.combos.add(f"{second.key}>{np.noun.ru}")
    and_en = Word("and", "and")
    english = [and_en, *([] if tense == "will do" else verb.auxiliary), verb.rest[0], *rest[0], *verb.rest[1:]]
    return sentence(join(phrase, (english, [*particle("и", "CONJ", [and_en]), *verb.russian, *rest[1]])), notes)


FOLLOW = {
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
