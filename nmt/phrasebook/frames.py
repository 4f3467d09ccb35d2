"""Kinds of sentences, one function each: a `World` in, a `Sentence` out. FRAMES gives their shares."""

from nmt.phrasebook.clauses import (
    BE_PAST,
    Clause,
    Sentence,
    be_form,
    comma,
    complements,
    past_cell,
    predicate,
    preposition,
    prepositional,
    said,
    sentence,
)
from nmt.phrasebook.phrases import (
    DETERMINERS,
    NP,
    NUMERALS,
    WHICH,
    Notes,
    Word,
    agreeing_cell,
    both,
    inflected,
    join,
    particle,
    say,
)
from nmt.phrasebook.world import World


def eventive(verb) -> bool:
    return not verb.flags & {"s", "be"}


def transitive(verb) -> bool:
    return bool(verb.case) and not verb.recipient


def plain(w: World) -> Sentence:
    """The girl is reading a book."""
    notes = Notes()
    return sentence(said(w.clause(w.verb()), notes), notes)


def at_place(w: World) -> Sentence:
    """The boy was sleeping in the garden."""
    notes = Notes()
    verb = w.verb(lambda v: "p" in v.flags and not v.recipient and (not v.case or (v.case == "accs" and not v.prep)))
    tenses = ("present", "often did") if "s" in verb.flags else ("is doing", "was doing", "present")
    clause = w.clause(verb, w.random.choice(tenses), adjective=0.0)
    clause.ends.append(place(w, notes))
    return sentence(said(clause, notes), notes)


def place(w: World, notes: Notes):
    noun = w.choose(w.lexicon.of("place room"))
    np = w.dress(noun, plural=0.0, adjective=0.1)
    return prepositional(noun.en_place, noun.place, "loct", np, notes)


def denied(w: World) -> Sentence:
    """The girl does not eat soup."""
    notes = Notes()
    verb = w.verb(lambda v: "noneg" not in v.flags)
    clause = w.clause(verb, adjective=0.1, a=0.0)
    if clause.object and clause.object.noun and clause.object.noun.mass:
        clause.object.det = "the"
    if clause.tense == "has done":
        clause.middle = None
    if clause.tense in ("present", "often did"):
        clause.middle = clause.front = None
        if clause.tense == "often did":
            clause.tense = "present"
    clause.neg = True
    return sentence(said(clause, notes), notes)


def asked(w: World) -> Sentence:
    """Does the girl read the newspaper every day?"""
    notes = Notes({"yes-no-question"})
    verb = w.verb()
    clause = w.clause(verb, subject=w.subject(verb, adjective=0.0), adjective=0.1)
    if clause.front:
        clause.front = None
        if clause.tense == "often did":
            clause.middle = both("often", "часто", "ADVB")
    if clause.tense == "has done":
        clause.middle = both("already", "уже", "ADVB")
    clause.ask = True
    return sentence(said(clause, notes), notes, "?")


def who(w: World) -> Sentence:
    """Who is reading the book? – Кто читает книгу?"""
    notes = Notes({"wh-question"})
    verb = w.verb(lambda v: any("person" in n.classes for n in v.subjects))
    subject = NP(pronoun="he")
    tense = w.tense(verb, subject)
    clause = w.clause(verb, tense, subject, adjective=0.2)
    clause.front = None if tense in ("did", "will do", "will be doing", "is doing") else clause.front
    if tense == "often did" and not clause.middle and eventive(verb):
        clause.middle = both("often", "часто", "ADVB")
    clause.front = None
    words_en, words_ru = said(clause, notes)
    start_en, start_ru = words_en[0], words_ru[0]
    start_en.form = start_en.lemma = "who"
    start_ru.form, start_ru.lemma, start_ru.feats, start_ru.forms = "кто", "кто", "NPRO nomn", None
    return sentence((words_en, words_ru), notes, "?")


def what(w: World) -> Sentence:
    """What is the girl reading? – Что читает девочка?   Which book …? – Какую книгу …?"""
    notes = Notes({"wh-question"})
    verb = w.verb(lambda v: transitive(v) and not v.prep and eventive(v))
    subject = w.subject(verb, adjective=0.0, name=0.25, pronoun=0.15)
    clause = w.clause(verb, None, subject, adjective=0.0)
    tense = clause.tense
    middle = None
    if tense in ("present", "often did"):
        middle = w.phrase((("often", "часто"), ("usually", "обычно")))
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    pred = predicate(verb, subject, tense, notes, ask=True)
    pred.ru_finite.link("agreement", subject.ru_head)
    np = clause.object
    np.det = "which"
    np.adjectives = ()
    question = say(np, verb.case, notes)
    np.ru_head.link("government", pred.ru_head)
    notes.combos.add(f"{verb.key}>{np.noun.ru}")
    middle = middle or ([], [])
    words_en = question[0] + pred.auxiliary + subject_en + middle[0] + pred.rest
    if subject.pronoun:
        words_ru = question[1] + subject_ru + middle[1] + pred.russian
    else:
        words_ru = question[1] + middle[1] + pred.russian + subject_ru
    return sentence((words_en, words_ru), notes, "?")


def where(w: World) -> Sentence:
    """Where does the doctor work? – Где работает врач?"""
    notes = Notes({"wh-question"})
    verb = w.verb(lambda v: "p" in v.flags and not v.case)
    subject = w.subject(verb, name=0.3)
    tense = "present" if "s" in verb.flags else w.random.choice(("is doing", "was doing"))
    text_en, text_ru = w.choose((("where", "где"), ("why", "почему")))
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    pred = predicate(verb, subject, tense, notes, ask=True)
    pred.ru_finite.link("agreement", subject.ru_head)
    start = both(text_en, text_ru, "ADVB")
    tail = subject_ru + pred.russian if subject.pronoun or text_en == "why" else pred.russian + subject_ru
    return sentence((start[0] + pred.auxiliary + subject_en + pred.rest, start[1] + tail), notes, "?")


def is_adjective(w: World) -> Sentence:
    """The book is interesting. – Книга интересная.   The book was interesting. – Книга была интересной."""
    adjective = w.choose([a for a in w.lexicon.adjectives if a.predicative])
    np = w.dress(w.choose(adjective.nouns), adjective=0.0)
    return equation(w, np, adjective)


def equation(w: World, np: NP, adjective) -> Sentence:
    notes = Notes({"adjective-agreement"})
    notes.combos.add(f"{adjective.en}+{np.noun.ru}")
    np.det = np.det or "the"
    if w.chance(0.25):
        np.det = w.random.choice(("this", "that"))
    past = w.chance(0.3)
    neg = w.chance(0.2)
    subject_en, subject_ru = say(np, "nomn", notes, subject=True)
    verb_en = Word(be_form(np, "past" if past else "present"), "be")
    word_en = Word(adjective.en, adjective.en)
    word_ru = inflected("ADJF", adjective.ru, adjective.forms, np.cell("ablt" if past else "nomn"), [word_en])
    word_ru.link("agreement", np.ru_head)
    words_en = [*subject_en, verb_en]
    words_ru = list(subject_ru)
    if neg:
        words_en.append(Word("not", "not"))
        words_ru.append(Word("не", "не", "PRCL", None, [words_en[-1]]))
        notes.tags.add("negation")
    if past:
        was = inflected("VERB impf", "быть", BE_PAST, past_cell(np), [verb_en]).link("agreement", np.ru_head)
        word_ru.link("government", was)
        words_ru.append(was)
        notes.tags.add("past-agreement")
    else:
        notes.tags.add("zero-copula")
    return sentence(([*words_en, word_en], [*words_ru, word_ru]), notes)


def is_somewhere(w: World, prep=None, noun=None) -> Sentence:
    """The book is on the table. – Книга на столе."""
    notes = Notes({"zero-copula"})
    subject = w.np(w.lexicon.of("small animal person"), adjective=0.15)
    if prep:
        where_ = prepositional(prep.en, prep.ru, prep.case, w.dress(noun, plural=0.0), notes)
    elif "person" in subject.noun.classes or (subject.noun.animate and w.chance(0.5)):
        noun = w.choose(w.lexicon.of("place room"))
        where_ = prepositional(noun.en_place, noun.place, "loct", w.dress(noun, plural=0.0, adjective=0.1), notes)
    else:
        prep = w.choose([p for p in w.lexicon.prepositions if p.en in LOCATIONS])
        nouns = [n for n in prep.nouns if n is not subject.noun]
        where_ = prepositional(prep.en, prep.ru, prep.case, w.np(nouns, plural=0.0, adjective=0.15), notes)
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    verb_en = Word(be_form(subject, "present"), "be")
    return sentence((subject_en + [verb_en] + where_[0], subject_ru + where_[1]), notes)


LOCATIONS = ("in", "on", "under", "behind", "in front of", "next to", "near", "opposite", "above")


def with_preposition(w: World) -> Sentence:
    """The boy went for a walk after the lesson, with his friend, without an umbrella …"""
    notes = Notes()
    prep = w.choose([p for p in w.lexicon.prepositions if p.ru in ("без", "после", "перед", "во время", "с", "из-за")])
    verb = w.verb(lambda v: not v.case and eventive(v) and any("person" in n.classes for n in v.subjects))
    if prep.ru in ("с", "без"):
        names = ("sleep", "work", "rest", "dance", "walk", "swim", "live", "leave", "come", "arrive")
        verb = w.verb(lambda v: v.key in names)
    subject = w.subject(verb)
    if subject.noun and "person" not in subject.noun.classes and "first" not in subject.noun.classes:
        subject = NP(pronoun="they")
    clause = w.clause(verb, None, subject)
    if clause.tense in ("present", "often did"):
        clause.tense = "was doing" if "t" not in verb.flags else "did"
        clause.middle = clause.front = None
    nouns = [n for n in prep.nouns if n is not subject.noun]
    np = w.np(nouns, adjective=0.15, plural=0.15)
    clause.ends.append(prepositional(prep.en, prep.ru, prep.case, np, notes))
    return sentence(said(clause, notes), notes)


def has(w: World) -> Sentence:
    """The girl has a dog. – У девочки есть собака."""
    notes = Notes({"possession"})
    owner = w.subject(pronoun=0.2, name=0.25)
    if w.chance(0.15):
        owner = w.speaker()
    thing = w.np(w.lexicon.of("small clothes vehicle toy device instrument pet kin"), a=1.0, plural=0.1)
    mode = w.random.choice(("has", "has", "had", "no", "no", "will"))
    third = owner.person == "3per" and not owner.en_plural
    if mode in ("no", "count"):
        thing.det = ""
    owner_en, _ = say(owner, "nomn", Notes(), subject=True)
    _, owner_ru = say(owner, "gent", notes, prep="у")
    for word, source in zip(owner_ru[-1:], owner_en[-1:], strict=True):
        word.source = [source]
    if len(owner_ru) > 1:
        owner_ru[0].source = owner_en[-2:-1]
    return _have(notes, owner, (owner_en, owner_ru), thing, mode, third)


def _have(notes: Notes, owner: NP, said_owner, thing: NP, mode: str, third: bool) -> Sentence:
    owner_en, owner_ru = said_owner
    word = {"has": "has" if third else "have", "had": "had", "no": "has" if third else "have", "will": "have"}[mode]
    have = Word(word, "have")
    u = Word("у", "у", "PREP", None, [have])
    owner.ru_head.link("government", u)
    thing_en, thing_ru = say(thing, "gent" if mode == "no" else "nomn", notes)
    if mode == "no":
        no = Word("no", "no")
        thing.ru_head.link("government", net := Word("нет", "нет", "PRED", None, [no]))
        notes.tags.add("genitive-of-negation")
        return sentence(([*owner_en, have, no, *thing_en], [u, *owner_ru, net, *thing_ru]), notes)
    if mode == "has":
        there = [Word("есть", "есть", "PRED", None, [have])]
        return sentence(([*owner_en, have, *thing_en], [u, *owner_ru, *there, *thing_ru]), notes)
    if mode == "had":
        was = inflected("VERB impf", "быть", BE_PAST, past_cell(thing), [have])
        notes.tags.add("past-agreement")
    else:
        from nmt.phrasebook.clauses import BE, person_cell

        was = inflected("VERB impf futr", "быть", BE, person_cell(thing), [have])
    was.link("agreement", thing.ru_head)
    will = [Word("will", "will")] if mode == "will" else []
    return sentence((owner_en + will + [have] + thing_en, [u, *owner_ru, was, *thing_ru]), notes)


def counted(w: World) -> Sentence:
    """The girl bought two books."""
    notes = Notes()
    verb = w.verb(lambda v: transitive(v) and v.case == "accs" and not v.prep and eventive(v))
    things = [n for n in verb.objects if n.counted and not n.animate]
    if not things:
        return counted(w)
    clause = w.clause(verb, w.random.choice(("did" if "t" in verb.flags else "has done", "will do"))
                      if verb.perf else "is doing", w.subject(verb, pronoun=0.3), adjective=0.0)  # fmt: skip
    clause.object = w.dress(w.choose(things), plural=0.0, adjective=0.2)
    count(w, clause.object)
    return sentence(said(clause, notes), notes)


def count(w: World, np: NP) -> NP:
    np.count = w.random.choice((2, 2, 3, 3, 4, 5, 5, 6, 7, 8, 10))
    np.plural, np.det = True, ""
    np.adjectives = tuple(a for a in np.adjectives if not a.definite)
    return np


def chain(w: World) -> Sentence:
    """The teacher's brother's car is old."""
    notes = Notes()
    thing = w.choose(w.lexicon.of("small clothes vehicle pet kin"))
    owner = w.np(w.people, plural=0.1, adjective=0.1)
    if w.chance(0.4):
        owner = NP(w.choose(w.first_names), det="")
    if w.chance(0.5):
        owner = NP(w.choose(w.lexicon.of("kin parent")), owner=owner)
    np = NP(thing, plural=thing.counted and w.chance(0.2), owner=owner)
    if w.chance(0.5):
        fitting = [a for a in w.adjectives.get(thing, []) if a.predicative]
        if fitting:
            return owned_equation(w, np, w.choose(fitting))
    verb = w.verb(lambda v: transitive(v) and thing in v.objects)
    clause = w.clause(verb)
    clause.object = np
    return sentence(said(clause, notes), notes)


def owned_equation(w: World, np: NP, adjective) -> Sentence:
    notes = Notes({"adjective-agreement", "zero-copula"})
    notes.combos.add(f"{adjective.en}+{np.noun.ru}")
    subject_en, subject_ru = say(np, "nomn", notes, subject=True)
    word_en = Word(adjective.en, adjective.en)
    word_ru = inflected("ADJF", adjective.ru, adjective.forms, np.cell("nomn"), [word_en])
    word_ru.link("agreement", np.ru_head)
    return sentence(([*subject_en, Word(be_form(np, "present"), "be"), word_en], [*subject_ru, word_ru]), notes)


def own(w: World) -> Sentence:
    """The boy loves his own dog. – Мальчик любит свою собаку."""
    notes = Notes()
    verb = w.verb(lambda v: transitive(v) and any(ownable(n) for n in v.objects))
    subject = w.subject(verb, pronoun=0.4, name=0.3)
    if w.chance(0.2):
        subject = w.speaker()
    clause = w.clause(verb, None, subject, adjective=0.15, plural=0.2)
    clause.object = w.np([n for n in verb.objects if ownable(n)], adjective=0.15, plural=0.2)
    clause.object.adjectives = tuple(a for a in clause.object.adjectives if not a.definite)
    clause.object.det, clause.object.own_en = "own", possessive(subject)
    return sentence(said(clause, notes), notes)


def ownable(noun) -> bool:
    return bool(noun.classes & {"small", "clothes", "vehicle", "pet", "kin", "toy", "device", "instrument", "text"})


def possessive(np: NP) -> str:
    if np.pronoun:
        return {"I": "my", "we": "our", "he": "his", "she": "her", "they": "their"}[np.pronoun]
    return "their" if np.en_plural else "his" if np.gender == "masc" else "her" if np.animate else "its"


def others(w: World) -> Sentence:
    """I know his brother. – Я знаю его брата."""
    notes = Notes()
    verb = w.verb(lambda v: transitive(v) and any(ownable(n) for n in v.objects))
    clause = w.clause(verb, None, w.speaker())
    clause.object = w.np([n for n in verb.objects if ownable(n)], adjective=0.15, plural=0.2)
    clause.object.adjectives = tuple(a for a in clause.object.adjectives if not a.definite)
    clause.object.det = w.random.choice(("his", "her", "their"))
    return sentence(said(clause, notes), notes)


def feels(w: World) -> Sentence:
    """The girl is cold. – Девочке холодно.   The girl was bored. – Девочке было скучно."""
    notes = Notes({"dative-experiencer"})
    person = w.subject(pronoun=0.25, name=0.3)
    if w.chance(0.2):
        person = w.speaker()
    text_en, text_ru = w.choose(tuple(w.lexicon.experiences.items()))
    mode = w.random.choice(("present", "present", "past", "neg"))
    person_en, _ = say(person, "nomn", Notes(), subject=True)
    _, person_ru = say(person, "datv", notes)
    realign(person_en, person_ru)
    be = Word(be_form(person, "past" if mode == "past" else "present"), "be")
    word = Word(text_en, text_en)
    pred = Word(text_ru, text_ru, "PRED", None, [word])
    person.ru_head.link("government", pred)
    words_en, words_ru = [*person_en, be], list(person_ru)
    if mode == "neg":
        words_en.append(Word("not", "not"))
        words_ru.append(Word("не", "не", "PRCL", None, words_en[-1:]))
    if mode == "past":
        words_ru.append(inflected("VERB impf", "быть", BE_PAST, "past neut", [be]))
    end = place(w, notes) if w.chance(0.4) else ([], [])
    return sentence(join(([*words_en, word], [*words_ru, pred]), end), notes)


def realign(words_en: list[Word], words_ru: list[Word]) -> None:
    """Point Russian words, said apart, to the English ones that were said in the nominative."""
    by_lemma = {word.lemma: word for word in words_en}
    for word in words_ru:
        word.source = [by_lemma.get(source.lemma, words_en[-1]) for source in word.source]


def likes(w: World) -> Sentence:
    """The girl likes the book. – Девочке нравится книга."""
    notes = Notes({"dative-experiencer"})
    person = w.subject(pronoun=0.25, name=0.3)
    if w.chance(0.2):
        person = w.speaker()
    thing = w.np(w.lexicon.of("clothes text jewel work building town toy vehicle"), plural=0.3, adjective=0.3)
    thing.det = w.random.choice(("the", "this", "that")) if thing.det == "the" else thing.det
    person_en, _ = say(person, "nomn", Notes(), subject=True)
    _, person_ru = say(person, "datv", notes)
    realign(person_en, person_ru)
    third = person.person == "3per" and not person.en_plural
    need = w.chance(0.4)
    verb = Word(("need" if need else "like") + ("s" if third else ""), "need" if need else "like")
    thing_en, thing_ru = say(thing, "nomn", notes)
    if need:
        cell = "plur" if thing.ru_plural else f"sing {thing.gender}"
        head = inflected("ADJS", "нужный", NEED, cell, [verb])
    else:
        head = inflected("VERB impf pres", "нравиться", LIKE, "3per plur" if thing.ru_plural else "3per sing", [verb])
    head.link("agreement", thing.ru_head)
    person.ru_head.link("government", head)
    return sentence(([*person_en, verb, *thing_en], [*person_ru, head, *thing_ru]), notes)


NEED = {"sing masc": "нужен", "sing femn": "нужна", "sing neut": "нужно", "plur": "нужны"}
LIKE = {"3per sing": "нравится", "3per plur": "нравятся"}


def which_subject(w: World) -> Sentence:
    """I know the boy who bought the car. – Я знаю мальчика, который купил машину."""
    notes = Notes({"relative-clause"})
    main = w.verb(lambda v: transitive(v) and w.people[0] in v.objects and w.people[1] in v.objects)
    noun = w.choose([n for n in main.objects if "person" in n.classes])
    np = NP(noun, plural=w.chance(0.3))
    inner = w.verb(lambda v: noun in v.subjects and "person" in str(noun.classes))
    return sentence(relative(w, main, np, inner, notes), notes)


def relative(w: World, main, np: NP, inner, notes: Notes):
    clause = w.clause(inner, None, NP(np.noun, plural=np.plural), adjective=0.0)
    clause.front = None
    if clause.tense in ("present", "often did") and eventive(inner):
        clause.middle = w.phrase((("often", "часто"), ("always", "всегда")))
    words_en, words_ru = said(clause, notes)
    size_en, size_ru = 2, 1  # "the boy" and "мальчик" give way to "who" and "который"
    who_ = Word("who", "who")
    cell = agreeing_cell("nomn", np.ru_plural, np.gender, True)
    which = inflected("ADJF", "который", WHICH, cell, [who_])
    for word in words_ru:
        word.links = [(kind, which if head is clause.subject.ru_head else head) for kind, head in word.links]
    subject = w.speaker() if w.chance(0.5) else w.subject(main, adjective=0.0)
    outer = Clause(subject, main, w.tense(main, subject), np)
    w.time(outer)
    np.after = [who_, *words_en[size_en:]], [comma(), which, *words_ru[size_ru:]]
    phrase = said(outer, notes)
    which.link("antecedent", np.ru_head)
    return phrase


def two(w: World) -> Sentence:
    """Anna and the boy are sleeping.   The girl bought a book and a pen."""
    notes = Notes({"coordination"})
    verb = w.verb(lambda v: transitive(v) and not v.prep)
    clause = w.clause(verb, adjective=0.1, plural=0.15)
    first = clause.object
    second = w.np([n for n in verb.objects if n is not first.noun] or verb.objects, adjective=0.1, plural=0.15)
    second.det = second.det and (first.det or "the")
    if (second.det == "a" and second.en_plural) or second.noun.mass:
        second.det = "the" if first.det == "the" else ""
    words = say(second, verb.case, notes)
    notes.combos.add(f"{verb.key}>{second.noun.ru}")
    and_en = Word("and", "and")
    first.after = [and_en, *words[0]], [Word("и", "и", "CONJ", None, [and_en]), *words[1]]
    phrase = said(clause, notes)
    second.ru_head.link("government", first.ru_head.links[-1][1])
    return sentence(phrase, notes)


def it_later(w: World) -> Sentence:
    """Where is the key? It is on the table. – Где ключ? Он на столе."""
    notes = Notes({"it-across-sentences", "zero-copula"})
    np = w.np(w.lexicon.of("small clothes dish"), plural=0.0, adjective=0.15)
    if np.noun.number:
        return it_later(w)
    start = both("where", "где", "ADVB")
    np_en, np_ru = say(np, "nomn", notes, subject=True)
    it = NP(pronoun=f"it {np.gender}", antecedent=np.ru_head)
    prep = w.choose([p for p in w.lexicon.prepositions if p.en in LOCATIONS])
    target = w.np([n for n in prep.nouns if n is not np.noun], plural=0.0, adjective=0.1)
    if w.chance(0.35):
        noun = w.choose(w.lexicon.of("room"))
        where_ = prepositional(noun.en_place, noun.place, "loct", NP(noun), notes)
    else:
        where_ = prepositional(prep.en, prep.ru, prep.case, target, notes)
    it_en, it_ru = say(it, "nomn", notes, subject=True)
    mark = Word("?", "?")
    words_en = start[0] + [Word("is", "be")] + np_en + [mark] + it_en + [Word("is", "be")] + where_[0]
    words_ru = start[1] + np_ru + [Word("?", "?", "PNCT", None, [mark])] + it_ru + where_[1]
    return sentence((words_en, words_ru), notes)


def it_object(w: World) -> Sentence:
    """The boy found a key and lost it. – Мальчик нашёл ключ и потерял его."""
    notes = Notes({"it-in-sentence", "coordination"})
    verbs = [v for v in w.lexicon.verbs if transitive(v) and not v.prep and "t" in v.flags and v.case == "accs"]
    first = w.choose(verbs)
    pairs = FOLLOW.get(first.key)
    if not pairs:
        return it_object(w)
    second = w.lexicon.verb(w.choose(pairs))
    shared = [n for n in first.objects if n in second.objects and not n.animate and not n.number]
    if not shared:
        return it_object(w)
    subject = w.subject(first, adjective=0.05)
    np = w.dress(w.choose(shared), plural=0.0, adjective=0.15, a=0.5)
    tense = w.random.choice(("did", "did", "will do"))
    phrase = said(Clause(subject, first, tense, np), notes)
    it = NP(pronoun=f"it {np.gender}", antecedent=np.ru_head)
    pred = predicate(second, subject, tense, notes)
    pred.ru_finite.link("agreement", subject.ru_head)
    rest = complements(Clause(subject, second, tense, it), pred.ru_head, notes, [])
    notes.combos.add(f"{second.key}>{np.noun.ru}")
    and_en = Word("and", "and")
    english = [and_en, *([] if tense == "will do" else pred.auxiliary), *pred.rest]
    tail = english, [Word("и", "и", "CONJ", None, [and_en]), *pred.russian]
    return sentence(join(phrase, tail, rest), notes)


FOLLOW = {
    "buy": ("sell", "lose", "break", "hide", "forget", "return"),
    "find": ("sell", "hide", "lose", "take", "return", "bring"),
    "take": ("hide", "lose", "return", "sell", "open"),
    "bring": ("open", "hide", "close"),
    "open": ("close",),
    "turn on": ("turn off",),
    "put on": ("take off",),
    "receive": ("hide", "lose", "open", "sell"),
    "lose": ("find",),
    "choose": ("buy", "put on"),
}


def goes(w: World) -> Sentence:
    """Anna has come to the station. – Анна пришла на вокзал.   … from the station. – … с вокзала."""
    notes = Notes({"motion"})
    subject = w.subject(pronoun=0.2, name=0.3, adjective=0.1)
    text, tense, spec = w.choose(MOTION)
    far = text in ("is flying", "is going by train")
    near = [n for n in w.lexicon.of("building institution outdoors") if "place" in n.classes and n.en_place != "on"]
    noun = w.choose(w.cities if far else near)
    if w.chance(0.5) or text.startswith("is"):
        end = prepositional("to", noun.place, "accs", w.dress(noun, plural=0.0, adjective=0.1), notes)
    else:
        source = {"в": "из", "на": "с"}[noun.place]
        end = prepositional("from", source, "gent", w.dress(noun, plural=0.0, adjective=0.1), notes)
    third = subject.person == "3per" and not subject.en_plural
    words = text.split()
    if words[0] == "is":
        words[0] = be_form(subject, "present")
    elif words[0] == "has":
        words[0] = "has" if third else "have"
    elif words[0] == "will":
        pass
    english = [Word(word, word) for word in words]
    head = english[1] if len(english) > 1 else english[0]
    forms, cell = motion_form(spec, tense, subject)
    aspect = "perf" if tense in ("past", "futr") else "impf"
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    verb = inflected(
        f"VERB {aspect}" + {"past": "", "pres": " pres", "futr": " futr"}[tense], forms["infn"], forms, cell, [head]
    )
    verb.link("agreement", subject.ru_head)
    means = particle("на поезде", "NOUN", english[-1:]) if text.endswith("train") else []
    means = particle("на автобусе", "NOUN", english[-1:]) if text.endswith("bus") else means
    notes.tags.add("past-agreement" if tense == "past" else "person-agreement")
    return sentence(join((subject_en + english, [*subject_ru, verb, *means]), end), notes)


MOTION = (
    ("is walking", "pres", "идти иду идёт past=шёл,шла"),
    ("is running", "pres", "бежать бегу бежит 3pl=бегут"),
    ("is going by bus", "pres", "ехать еду едет"),
    ("is going by train", "pres", "ехать еду едет"),
    ("is flying", "pres", "лететь лечу летит"),
    ("has come", "past", "прийти приду придёт past=пришёл,пришла"),
    ("has arrived", "past", "приехать приеду приедет"),
    ("will come", "futr", "прийти приду придёт past=пришёл,пришла"),
)


def motion_form(spec: str, tense: str, subject: NP):
    from nmt.phrasebook.clauses import person_cell
    from nmt.phrasebook.morphology import verb_forms

    return verb_forms(spec), past_cell(subject) if tense == "past" else person_cell(subject)


def wants(w: World) -> Sentence:
    """The boy wants to buy a ball. – Мальчик хочет купить мяч.   … must, can …"""
    notes = Notes({"infinitive"})
    verb = w.verb(lambda v: (eventive(v) and "t" not in v.flags) or ("t" in v.flags and transitive(v)))
    subject = w.subject(verb, pronoun=0.25, name=0.2)
    if w.chance(0.2):
        subject = w.speaker()
    tense = "infinitive perf" if verb.perf and verb.case else "infinitive"
    clause = Clause(subject, verb, tense)
    if verb.case:
        clause.object = w.object_of(verb, subject, adjective=0.15)
    if verb.recipient:
        clause.recipient = w.np([n for n in w.people if n is not subject.noun], adjective=0.0)
    third = subject.person == "3per" and not subject.en_plural
    modal = w.random.choice(("want", "want", "can", "must"))
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    if modal == "must" and subject.pronoun == "I":
        modal = "can"
    modal_en = Word({"want": "wants" if third else "want"}.get(modal, modal), modal)
    if modal == "must":
        cell = "plur" if subject.ru_plural else f"sing {subject.gender}"
        modal_ru = inflected("ADJS", "должен", MUST, cell, [modal_en])
    else:
        from nmt.phrasebook.clauses import person_cell

        forms = CAN if modal == "can" else w.lexicon.verb("want").impf
        modal_ru = inflected("VERB impf pres", forms["infn"], forms, person_cell(subject), [modal_en])
        notes.tags.add("person-agreement")
    modal_ru.link("agreement", subject.ru_head)
    pred = predicate(verb, subject, tense, notes)
    pred.ru_head.link("government", modal_ru)
    rest = complements(clause, pred.ru_head, notes, pred.rest[-1:])
    to = [Word("to", "to")] if modal == "want" else []
    be = [Word("be", "be")] if "be" in verb.flags else []
    return sentence(
        join(([*subject_en, modal_en, *to, *be, *pred.rest], [*subject_ru, modal_ru, *pred.russian]), rest), notes
    )


MUST = {"sing masc": "должен", "sing femn": "должна", "sing neut": "должно", "plur": "должны"}
CAN = {
    "infn": "мочь", "1per sing": "могу", "2per sing": "можешь", "3per sing": "может",
    "1per plur": "можем", "2per plur": "можете", "3per plur": "могут",
}  # fmt: skip


def age(w: World) -> Sentence:
    """The boy is five years old. – Мальчику пять лет."""
    notes = Notes({"dative-experiencer", "numerals"})
    person = w.subject(pronoun=0.2, name=0.5, plural=0.0, adjective=0.1)
    if person.noun and person.noun.classes & {"person"}:
        person = w.np(w.lexicon.of("young animal"), plural=0.0, adjective=0.1)
    number = w.random.choice(sorted(NUMERALS))
    person_en, _ = say(person, "nomn", Notes(), subject=True)
    _, person_ru = say(person, "datv", notes)
    realign(person_en, person_ru)
    number_en, year_en = Word(NUMERALS[number][0]), Word("years", "year")
    lemma = NUMERALS[number][1].split()[0]
    year = Word(
        "года" if number < 5 else "лет", "год", "NOUN sing gent" if number < 5 else "NOUN plur gent", None, [year_en]
    )
    numeral = Word(lemma, lemma, "NUMR nomn", None, [number_en])
    year.link("government", numeral)
    words_en = [*person_en, Word(be_form(person, "present"), "be"), number_en, year_en, Word("old", "old")]
    return sentence((words_en, [*person_ru, numeral, year]), notes)


def rare_noun(w: World) -> Sentence:
    """A sentence about the noun used least so far: as object of a verb, or with an adjective."""
    noun = w.rarest([n for n in w.lexicon.nouns + w.lexicon.names if "first" not in n.classes])
    notes = Notes()
    verbs = [v for v in w.lexicon.verbs if noun in v.objects and not v.recipient]
    if "city" in noun.classes:
        verb = w.lexicon.verb(w.random.choice(("live", "work", "rest", "walk", "arrive", "dream about")))
        clause = w.clause(verb)
        if verb.case:
            clause.object = NP(noun, det="")
        else:
            to = ("in", "в", "accs" if verb.key == "arrive" else "loct")
            clause.ends.append(prepositional(*to, NP(noun, det=""), notes))
        return sentence(said(clause, notes), notes)
    adjectives = w.adjectives.get(noun, [])
    if adjectives and (not verbs or w.chance(0.3)):
        adjective = w.choose(adjectives)
        if adjective.predicative:
            return equation(w, w.dress(noun, adjective=0.0), adjective)
    places = [p for p in w.lexicon.prepositions if noun in p.nouns and p.en in LOCATIONS]
    if not verbs and places:
        return is_somewhere(w, w.choose(places), noun)
    if not verbs:
        return plain(w)
    clause = w.clause(w.choose(verbs))
    clause.object = w.dress(noun, a=0.3, plural=1.0 if "plural" in clause.verb.flags else 0.3)
    return sentence(said(clause, notes), notes)


def rare_adjective(w: World) -> Sentence:
    """A sentence with the adjective used least so far."""
    adjective = w.rarest(w.lexicon.adjectives)
    noun = w.choose(adjective.nouns)
    verbs = [v for v in w.lexicon.verbs if noun in v.objects and not v.recipient]
    if not verbs or (adjective.predicative and w.chance(0.3)):
        return equation(w, w.dress(noun, adjective=0.0), adjective) if adjective.predicative else plain(w)
    notes = Notes()
    clause = w.clause(w.choose(verbs), adjective=0.0)
    clause.object = w.dress(noun, adjective=0.0, a=0.0 if adjective.definite else 0.4, plural=0.3)
    clause.object.det = clause.object.det or "the"
    clause.object.adjectives = (adjective,)
    if "plural" in clause.verb.flags:
        clause.object.plural = noun.counted
    return sentence(said(clause, notes), notes)


FRAMES = {
    plain: 16, rare_noun: 6, rare_adjective: 5, at_place: 7, denied: 6, asked: 5, who: 3, what: 3, where: 3, is_adjective: 9, is_somewhere: 5,
    with_preposition: 4, has: 7, counted: 5, chain: 5, own: 4, others: 3, feels: 3, likes: 4, which_subject: 4,
    two: 4, it_later: 3, it_object: 3, goes: 4, wants: 4, age: 2,
}  # fmt: skip
_ = DETERMINERS, preposition
