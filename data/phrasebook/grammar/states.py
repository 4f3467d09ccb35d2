"""What is, how, where it is, who has it, who feels it: sentences with be and have, which Russian says otherwise."""

from grammar.clauses import WILL, Sentence, prepositional, sentence, was
from grammar.lexicon import Adjective, Preposition, parse_noun
from grammar.morphology import short_forms
from grammar.phrases import NP, Notes, Phrase, Word, inflected, join, particle, say
from grammar.statements import OUTDOORS, chain, ownable, place, preposition_for
from grammar.world import World


def is_adjective(w: World) -> Sentence:
    """The book is interesting. – Книга интересная.   The book was interesting. – Книга была интересной."""
    adjective = w.choose([a for a in w.lexicon.adjectives if a.predicative])
    np = w.dress(w.choose([n for n in adjective.nouns if adjective in w.adjectives[n]]), adjective=0.0)
    np.det = "the" if not np.noun.bare else ""
    if "body" in np.noun.classes:
        np.det = w.random.choice(("my", "his", "her"))
    elif w.chance(0.3) and not np.noun.mass:
        mine = ("my", "our", "his", "her") if ownable(np.noun) else ()
        np.det = w.random.choice(("this", "that", *mine))
    return equation(w, np, adjective)


def owned_is(w: World) -> Sentence:
    """The teacher's brother's car is old. – Машина брата учителя старая."""
    np = chain(w)
    fitting = [a for a in w.adjectives.get(np.noun, []) if a.predicative]
    return equation(w, np, w.choose(fitting)) if fitting else owned_is(w)


def is_and(w: World) -> Sentence:
    """The dress is beautiful but expensive. – Платье красивое, но дорогое."""
    adjective = w.choose([a for a in w.lexicon.adjectives if a.en in BUT])
    second = w.choose([a for a in w.lexicon.adjectives if a.en in BUT[adjective.en]])
    people = adjective.en in ("clever", "strict", "young", "rich", "big")
    nouns = [n for n in adjective.nouns if n in second.nouns and n.animate <= people]
    if not nouns:
        return is_and(w)
    return equation(w, w.dress(w.choose(nouns), adjective=0.0), adjective, second)


BUT = {
    "beautiful": ("expensive", "old", "cheap", "strange"), "old": ("good", "beautiful", "clean", "big"),
    "small": ("expensive", "heavy", "beautiful", "strong"), "clever": ("lazy", "poor"), "delicious": ("expensive",),
    "big": ("light", "cheap", "kind"), "long": ("interesting", "narrow"), "interesting": ("long", "difficult"),
    "expensive": ("bad", "old"), "strict": ("kind", "fair"), "difficult": ("interesting", "important"),
    "young": ("experienced", "clever"), "rich": ("kind", "modest"), "short": ("interesting", "difficult"),
}  # fmt: skip


def equation(w: World, np: NP, adjective: Adjective, second: Adjective | None = None) -> Sentence:
    notes = Notes({"adjective-agreement"})
    if np.noun.number == "U" and np.noun.mass and not np.det and not np.noun.bare:
        np.det = "the"
    past = w.chance(0.3)
    neg = not second and w.chance(0.15)
    start = subject_be(np, notes, past, neg)
    case = "ablt" if past else "nomn"
    last = said_adjective(np, adjective, case, notes)
    if second:
        but = Word("but", "but")
        words = [Word(",", ",", "PNCT"), *particle("но", "CONJ", [but])]
        last = join(last, ([but], words), said_adjective(np, second, case, notes))
        notes.tags.add("coordination")
    if past:
        for word in last[1]:
            if word.pos == "ADJF":
                word.link("government", start[1][-1])
    return sentence(join(start, last), notes)


def said_adjective(np: NP, adjective: Adjective, case: str, notes: Notes) -> Phrase:
    word_en = Word(adjective.en, adjective.en)
    if short := SHORTER.get(adjective.ru):
        word = inflected("ADJS", adjective.ru, short_forms(short), np.short_cell, [word_en])
        notes.tags.add("short-adjective")
    else:
        word = inflected("ADJF", adjective.ru, adjective.forms, np.cell(case), [word_en])
    notes.combos.add(f"{adjective.en}+{np.noun.ru}")
    return [word_en], [word.link("agreement", np.ru_head)]


SHORTER = {  # what Russian says in the short form when it is the predicate
    "свободный": "свободен свободна свободно свободны",
    "сломанный": "сломан сломана сломано сломаны",
    "счастливый": "счастлив счастлива счастливо счастливы",
    "здоровый": "здоров здорова здорово здоровы",
}


def subject_be(np: NP, notes: Notes, past: bool, neg: bool = False) -> Phrase:
    """Subject and be: nothing in the Russian present, был in the past."""
    words_en, words_ru = say(np, "nomn", notes, subject=True)
    be = np.be(past)
    words_en = [*words_en, be]
    words_ru = list(words_ru)
    if neg:
        words_en.append(Word("not", "not"))
        words_ru.append(Word("не", "не", "PRCL", source=words_en[-1:]))
        notes.tags.add("negation")
    if past:
        words_ru.append(was(np, be))
        notes.tags.add("past-agreement")
    else:
        notes.tags.add("zero-copula")
    return words_en, words_ru


def is_short(w: World) -> Sentence:
    """The girl is busy. – Девочка занята."""
    notes = Notes({"short-adjective"})
    np = w.anyone(adjective=0.1, name=0.3)
    text_en, forms = w.choose([tuple(row) for row in w.lexicon.tables["SHORT"] if row[0] not in ("glad", "sure")])
    past = w.chance(0.4) and np.pronoun != "I"
    start = subject_be(np, notes, past)
    if np.pronoun == "I":
        return is_short(w)
    word_en = Word(text_en, text_en)
    word = inflected("ADJS", forms.split()[0], short_forms(forms), np.short_cell, [word_en])
    return sentence(join(start, ([word_en], [word.link("agreement", np.ru_head)])), notes)


def is_profession(w: World) -> Sentence:
    """Anna is a doctor. – Анна – врач.   Her brother was a soldier. – Её брат был солдатом.   … works as a cook."""
    notes = Notes()
    np = NP(w.choose(w.first_names), det="") if w.chance(0.5) else NP(w.choose(w.of("kin parent")))
    if np.noun.classes & {"kin", "parent"}:
        np.det = w.random.choice(("my", "our", "his", "her", "their"))
    jobs = [n for n in w.of("worker") if n.ru not in ("актриса", "официантка", "медсестра", "клоун", "полицейский")]
    if np.gender == "femn":
        jobs.remove(w.lexicon.noun("актёр"))
    mode = w.random.choice(("is", "is", "not", "was", "will be", "became", "works as"))
    job = w.dress(w.choose(jobs), plural=0.0, adjective=0.1, a=1.0)
    job.det = "a"
    job.adjectives = tuple(a for a in job.adjectives if a.en in SKILLED and mode != "works as")
    if mode in ("is", "not"):
        start = subject_be(np, notes, False, mode == "not")
        dash = [Word("—", "—", "PNCT", source=start[0][-1:])] if mode == "is" else []
        return sentence(join(start, ([], dash), say(job, "nomn", notes)), notes)
    notes.tags.add("instrument")
    start = say(np, "nomn", notes, subject=True)
    if mode == "was":
        be = np.be(past=True)
        words_en, verb = [be], was(np, be)
    elif mode == "will be":
        words_en = [Word("will", "will"), Word("be", "be")]
        verb = inflected("VERB impf futr", "быть", WILL, np.person_cell, words_en[:1])
    else:
        forms = w.lexicon.verb("become").perf if mode == "became" else w.lexicon.verb("work as").impf
        words_en = [Word(form, form) for form in mode.split()]
        pos, cell = ("VERB perf", np.past_cell) if mode == "became" else ("VERB impf pres", np.person_cell)
        verb = inflected(pos, forms["infn"], forms, cell, words_en[:1])
    if mode not in ("was",):
        verb.link("agreement", np.ru_head)
    notes.tags.add("past-agreement" if mode in ("was", "became") else "person-agreement")
    job_en, job_ru = say(job, "ablt", notes)
    job.ru_head.link("government", verb)
    notes.tags.add("verb-government")
    return sentence(join(start, (words_en, [verb]), (job_en, job_ru)), notes)


SKILLED = ("good", "bad", "talented", "experienced", "famous", "young", "old", "modern")


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
    many = np.en_plural
    this = Word("these" if many else "this", "this")
    neg = w.chance(0.15)
    english = [this, np.be(), *([Word("not", "not")] if neg else [])]
    russian = [Word("это", "это", "PRCL", source=[this])]
    if neg:
        russian.append(Word("не", "не", "PRCL", source=english[-1:]))
    return sentence(join((english, russian), say(np, "nomn", notes)), notes)


def is_somewhere(w: World) -> Sentence:
    """The book is on the table. – Книга на столе.   The keys were in the bag. – Ключи были в сумке."""
    notes = Notes()
    subject = w.np([n for n in w.of("thing animal person") if "sense" not in n.classes], adjective=0.12)
    if subject.human or (subject.animate and w.chance(0.5)):
        end = place(w, notes, "place room" if subject.human else OUTDOORS)
    else:
        end = whereabouts(w, preposition_for(w, ("where",)), subject, notes)
    return sentence(join(subject_be(subject, notes, w.chance(0.35)), end), notes)


def whereabouts(w: World, prep: Preposition, subject: NP, notes: Notes) -> Phrase:
    many = 1.0 if prep.en == "among" else 0.0
    if subject.noun.classes >= {"big", "furniture"}:
        return place(w, notes, "room")
    outside = subject.animate or "vehicle" in subject.noun.classes
    nouns = [n for n in prep.nouns if n is not subject.noun]
    nouns = [n for n in nouns if bool(n.classes & OUTSIDE) == outside]
    never = ("in", "on", "under", "above") if outside else ("among",) if subject.noun.ru in HUNG else ("among", "above")
    if not nouns or prep.en in never:
        fitting = [p for p in w.lexicon.prepositions if p.use == "where" and p.en not in never]
        return whereabouts(w, w.rarest(fitting), subject, notes)
    return prepositional(prep.en, prep.ru, prep.case, w.np(nouns, plural=many, adjective=0.12), notes)


HUNG = ("лампа", "зеркало", "картина", "портрет", "часы", "фотография", "флаг", "карта")
OUTSIDE = {"building", "institution", "outdoors", "water_place", "plant"}


def feels(w: World) -> Sentence:
    """The girl is cold. – Девочке холодно.   The girl was bored. – Девочке было скучно."""
    notes = Notes({"dative-experiencer"})
    person = w.anyone(name=0.3, adjective=0.08)
    text_en, text_ru = w.choose([tuple(row) for row in w.lexicon.tables["EXPERIENCES"]])
    past = w.chance(0.35)
    neg = not past and text_en not in ("warm", "comfortable") and w.chance(0.25)
    person_en, person_ru = say(person, "datv", notes, subject=True)
    be, word = person.be(past), Word(text_en, text_en)
    predicative = Word(text_ru, text_ru, "PRED", source=[word])
    person.ru_head.link("government", predicative)
    english, russian = [*person_en, be], list(person_ru)
    if neg:
        english.append(Word("not", "not"))
        russian.append(Word("не", "не", "PRCL", source=english[-1:]))
        notes.tags.add("negation")
    if past:
        russian.append(inflected("VERB impf", "быть", {"past neut": "было"}, "past neut", [be]))
    end = place(w, notes) if w.chance(0.35) else ([], [])
    return sentence(join(([*english, word], [*russian, predicative]), end), notes)


def likes(w: World) -> Sentence:
    """The girl likes the book. – Девочке нравится книга.   He needs a key. – Ему нужен ключ."""
    notes = Notes({"dative-experiencer"})
    person = w.anyone(name=0.3, adjective=0.08)
    need = w.chance(0.45)
    spec = "thing clothes =помощь =работа" if need else "clothes text jewel work town pet =дом =музей =голос"
    np = w.np(w.of(spec), plural=0.25, a=0.6 if need else 0.0)
    if np.det == "the" and not need and w.chance(0.4):
        np.det = w.random.choice(("this", "that", "my", "our"))
        np.adjectives = tuple(a for a in np.adjectives if not a.needs)
    person_en, person_ru = say(person, "datv", notes, subject=True)
    lemma = "need" if need else "like"
    verb = Word(lemma + "s" * person.third, lemma)
    thing_en, thing_ru = say(np, "nomn", notes)
    if need:
        head = inflected("ADJS", "нужный", NEED, np.short_cell, [verb])
    else:
        head = inflected("VERB impf pres", "нравиться", LIKE, np.person_cell, [verb])
    head.link("agreement", np.ru_head)
    person.ru_head.link("government", head)
    return sentence(([*person_en, verb, *thing_en], [*person_ru, head, *thing_ru]), notes)


NEED = short_forms("нужен нужна нужно нужны")
LIKE = {"3per sing": "нравится", "3per plur": "нравятся"}


def age(w: World) -> Sentence:
    """The boy is five years old. – Мальчику пять лет."""
    notes = Notes({"dative-experiencer", "numerals"})
    person = w.subject(pronoun=0.15, name=0.6)
    if person.noun and "person" in person.noun.classes:
        person = w.np([n for n in w.of("young animal") if "sense" not in n.classes], plural=0.0, adjective=0.1)
    person_en, person_ru = say(person, "datv", notes, subject=True)
    grown = () if person.noun and "first" not in person.noun.classes else (11, 12, 20, 21, 22, 23, 25, 30, 30, 31, 34)
    years = NP(YEAR, count=w.random.choice((*range(1, 13), 11, 12, *grown)), det="")
    years.plural = years.count != 1
    years_en, years_ru = say(years, "nomn", notes)
    return sentence(([*person_en, person.be(), *years_en, Word("old", "old")], person_ru + years_ru), notes)


VAGUE = {"thing", "seen", "small", "bought", "big", "written", "work", "outdoors"}  # no reason to compare
YEAR = parse_noun("year | год pgent:лет | time")


def compared(w: World) -> Sentence:
    """The brother is taller than the sister. – Брат выше сестры."""
    notes = Notes({"comparison"})
    text_en, text_ru, spec = w.rarest([tuple(row) for row in w.lexicon.tables["COMPARATIVES"]], 8)
    nouns = w.of(spec)
    if "person" in spec and w.chance(0.4):
        nouns = w.first_names
    first = w.np(nouns, adjective=0.0, plural=0.15)
    alike = [n for n in nouns if n is not first.noun and (n.classes & first.noun.classes) - VAGUE]
    if not alike:
        return compared(w)
    second = w.np(alike, adjective=0.0, plural=float(first.plural))
    start = subject_be(first, notes, w.chance(0.25))
    words = [Word(form, form) for form in text_en.split()]
    comparative = Word(text_ru, text_ru, "COMP", source=words[-1:])
    end = say(second, "gent", notes)
    second.ru_head.link("government", comparative)
    return sentence(join(start, ([*words, Word("than", "than")], [comparative]), end), notes)
