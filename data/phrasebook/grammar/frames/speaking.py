"""What people say of themselves and of each other: who does what, did, will do, or does not do.

The deeds are those of lexicon/deeds.txt. Where English leaves it open, this is how Russian is chosen:

- A plain past without "often" is perfective if it is one event (bought, opened, phoned – `t` in verbs.txt, `did` in
  deeds.txt) or has an object and the verb has a perfective: I read the book yesterday. – Я вчера прочитал книгу. All
  others are imperfective: I worked yesterday, I saw him.
- "did not" is perfective with the verbs marked `t` (I did not buy bread. – Я не купил хлеб.) and with help, call, thank
  and visit (`once` in deeds.txt), and imperfective with all others (I did not read the book. – Я не читал книгу.).
  "will not" is perfective where there is a perfective.
- "I do not want to" takes the imperfective infinitive, "I want to" the perfective.
- "I" and "you" are men in the past, unless a name or a word before them says otherwise.
- The subject's own thing is свой: I love my mother, he lost his keys, they … their. His and her with a subject of the
  other gender are его and её.
"""

from collections.abc import Callable, Sequence

from grammar import lexicon
from grammar.clauses import TENSES, Clause, complements, predicate, said
from grammar.conjugation import verb_forms
from grammar.frames.questions import called as call_somebody
from grammar.lexicon import Deed, Noun, Verb
from grammar.noun_phrases import NP, say
from grammar.prepositions import prepositional
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, both, en, inflected, join, mark, particle
from grammar.world import World

ME = ("I", "we", "thou masc")
MEN_SAY = ("I", "thou masc")  # men by convention: that they are is nothing to be right or wrong about
OTHERS = ("he", "she", "they")
POSSESSIVES = {"I": "my", "I femn": "my", "we": "our", "he": "his", "she": "her", "they": "their"}
OBJECTS = ("I", "we", "thou masc", "he", "she", "they")
NEVER_DESCRIBED = ("say", "begin", "finish", "hear", "listen", "play", "want")
EARLY = (("late", "поздно"), ("early", "рано"))  # how one gets up and comes back
BY_GENDER = {"femn": "her", "masc": "his"}
# When: English at the end, Russian, and where Russian says it: first, before the verb, or last.
HABITS = (
    ("every day", "каждый день", "last"), ("every morning", "каждое утро", "verb"),
    ("every evening", "каждый вечер", "verb"), ("in the evening", "вечером", "first"),
    ("in the morning", "утром", "first"), ("on Sundays", "по воскресеньям", "last"),
)  # fmt: skip
NOW = (("now", "сейчас", "verb"), ("today", "сегодня", "verb"))
PAST = (
    ("yesterday", "вчера", "verb"), ("today", "сегодня", "verb"), ("last week", "на прошлой неделе", "first"),
    ("in the morning", "утром", "first"), ("last night", "вчера вечером", "first"),
)  # fmt: skip
LASTING = (("all day", "весь день", "verb"), ("yesterday", "вчера", "verb"))
FUTURE = (
    ("tomorrow", "завтра", "verb"), ("today", "сегодня", "verb"), ("soon", "скоро", "verb"),
    ("next week", "на следующей неделе", "first"), ("in the evening", "вечером", "first"),
)  # fmt: skip
LANGUAGES = (
    ("Russian", "по-русски"), ("English", "по-английски"), ("German", "по-немецки"), ("French", "по-французски"),
)  # fmt: skip
ANIMALS = {  # what animals do: verbs, and things after >
    "кошка": "sleep eat>рыба eat>мясо drink>молоко run jump play sit",
    "собака": "sleep eat>мясо drink>вода run jump play sit swim",
    "лошадь": "sleep drink>вода run eat>яблоко stand",
    "птица": "sleep sing eat>хлеб drink>вода",
    "медведь": "sleep eat>рыба eat>мёд swim run",
    "котёнок": "sleep drink>молоко play run jump",
    "щенок": "sleep drink>молоко play run jump",
    "утка": "swim sleep eat>хлеб",
    "корова": "sleep drink>вода stand",
    "обезьяна": "sleep eat>банан jump play",
    "попугай": "sleep sing eat>яблоко",
    "волк": "eat>мясо run sleep",
    "лиса": "eat>рыба run sleep",
    "белка": "jump sleep run",
    "лягушка": "jump swim sit",
}
GIFTS = {  # what is given, shown, told …: verbs, and things
    ("give", "давать"): "книга ключ яблоко вода деньги чай адрес билет",
    ("show", "показывать"): "фотография дом город картина сад письмо дорога",
    ("tell", "рассказывать"): "сказка секрет новости",
    ("send", "посылать"): "письмо открытка подарок цветок фотография деньги",
    ("bring", "приносить"): "чай вода книга цветок подарок газета",
    ("read", "читать"): "сказка книга письмо рассказ",
    ("buy", "покупать"): "билет цветок книга подарок мороженое",
}


def possessive(np: NP) -> str:
    """my, your, his: what the subject says of its own."""
    if np.pronoun:
        return POSSESSIVES.get(np.pronoun, "your")
    return "their" if np.second or np.en_plural else BY_GENDER[np.gender]


def kinsman(w: World, det: str, gender: str = "") -> NP:
    """my sister, her friends; `gender`: of whoever it is, where the determiner does not tell."""
    spec = "=брат =сестра =мать =отец =сын =дочь =бабушка =дедушка =друг =друг =тётя =дядя =сосед"
    nouns = list(w.of(spec))
    if (gender or "masc") == "masc" and det in ("my", "your", "his"):
        nouns.append(w.lexicon.noun("жена"))
    if det == "her" or (gender == "femn" and det in ("my", "your")):
        nouns.append(w.lexicon.noun("муж"))
    noun = w.choose(nouns)
    plural = noun.ru in ("друг", "брат", "сестра", "сын", "сосед") and w.chance(0.2)
    return NP(noun, det=det, plural=plural)


def somebody(w: World) -> NP:
    """I, we, you, he, she, they, Anna, my sister."""
    kind = w.random.choices(("me", "others", "name", "kin", "called"), (42, 25, 11, 16, 6))[0]
    if kind == "called":
        return called(w)
    if kind == "me":
        return NP(pronoun=w.random.choice(ME))
    if kind == "others":
        return NP(pronoun=w.random.choice(OTHERS))
    if kind == "name":
        return NP(w.choose(w.first_names), det="")
    return kinsman(w, w.random.choice(("my", "my", "our", "your", "his", "her")))


def called(w: World) -> NP:
    """You, who are called by name, mostly several: Children, you … `finished` says the call."""
    return call_somebody(w, Notes(), plural=0.7)[1]


def call(subject: NP) -> Phrase | None:
    """How the subject is called, if it is."""
    if subject.person == "2per" and subject.antecedent:
        return [subject.antecedent.source[0]], [subject.antecedent]
    return None


def whom(w: World, subject: NP, young: bool = False, known: bool = False) -> NP:
    """him, my sister, Anna: another person than the subject; `young`: no parents, wives and uncles.

    `known`: not the subject's own people, whom it knows anyway.
    """
    kind = w.random.choices(("pronoun", "kin", "name"), (55, 33, 12))[0]
    person = subject.as_pronoun.person if subject.pronoun else "3per"
    if kind == "pronoun":
        others = [key for key in OBJECTS if key != subject.pronoun and not (key in ME and _same(key, person))]
        return NP(pronoun=w.random.choice(others))
    if kind == "name":
        return NP(w.choose([name for name in w.first_names if name is not subject.noun]), det="")
    np = own_kin(w, subject) if w.chance(0.75) and not known else _others_kin(w, subject)
    if subject.noun and "parent" in subject.noun.classes and "parent" in np.noun.classes:
        return whom(w, subject, young, known)
    if young and not (np.noun.classes & {"young"} or np.noun.ru in ("брат", "сестра", "друг")):
        return whom(w, subject, young, known)
    return np


def _same(key: str, person: str) -> bool:
    return {"I": "1per", "we": "1per", "thou masc": "2per"}[key] == person


def _others_kin(w: World, subject: NP) -> NP:
    """my brother, where the subject is not I; your brother, where it is."""
    if subject.person == "1per":
        return kinsman(w, "your")
    return kinsman(w, "my")


def own(np: NP, subject: NP) -> NP:
    """Let it be the subject's own: my key – свой ключ."""
    np.det, np.own_en, np.own_said, np.possessor = "own", possessive(subject), False, subject.ru_head
    np.drop_choosy_adjectives()
    return np


def own_kin(w: World, subject: NP) -> NP:
    """The subject's own sister, or wife or husband."""
    gender = "plur" if subject.ru_plural else subject.gender
    return own(kinsman(w, possessive(subject), gender), subject)


def tenses(deed: Deed, subject: NP, neg: bool = False) -> list[str]:
    """The tenses in which one says it. Two are English pasts: "did" is perfective, "often did" imperfective."""
    verb = deed.verb
    past = "did" if "t" in verb.flags or (neg and "once" in deed.marks) else "often did"
    if not neg and verb.perf and "while" not in deed.marks and (verb.case or "did" in deed.marks):
        past = "did"
    if "s" in verb.flags:
        return ["present", "present", past] + ["will do"] * bool(verb.perf)
    found = [past, "will do" if verb.perf and "slow" not in deed.marks else "will be doing"]
    if "event" not in deed.marks and not (neg and "rare" in deed.marks):
        found += ["present"] * 2 * (deed.verb.key != "forget" or bool(deed.things))
    if "t" not in verb.flags:
        found += ["is doing"] + ["was doing"] * (not neg)
        if not verb.perf or deed.marks & {"lot", "home", "while"}:
            found.append("will be doing")
    if verb.perf and not neg:
        found.append("has done")
    return found


def cell(verb: Verb, subject: NP, tense: str) -> str:
    """The name of the cell by which `World.used` counts."""
    aspect, time = TENSES[tense]
    forms = verb.perf if aspect == "perf" else verb.impf
    if time == "infn" or (time == "futr" and aspect == "impf"):
        return f"{forms['infn']} infn"
    return f"{forms['infn']} {subject.past_cell if time == 'past' else subject.person_cell}"


def scene(
    w: World,
    subject: Callable[[World], NP] = somebody,
    neg: bool = False,
    wanted: Callable[[Deed], bool] | None = None,
    only: str = "",
) -> tuple[Deed, Clause]:
    """A deed, who does it and in which tense: of several drawn, the one whose verb form was said least so far."""
    deeds = [deed for deed in w.lexicon.deeds if wanted is None or wanted(deed)]
    drawn = []
    for _ in range(20):
        deed, who = w.random.choice(deeds), subject(w)
        if deed.verb.key == "smoke" and who.noun and "young" in who.noun.classes:
            who = NP(pronoun="he")
        tense = only or w.random.choice(tenses(deed, who, neg))
        drawn.append((deed, Clause(who, deed.verb, tense, neg=neg)))
    deed, clause = min(drawn, key=lambda pair: w.used[cell(pair[1].verb, pair[1].subject, pair[1].tense)])
    clause.object = object_of(w, deed, clause, bool(only))
    return deed, clause


def object_of(w: World, deed: Deed, clause: Clause, habit: bool = False) -> NP | None:
    """What it is done to: habits have books, water, the piano; one event has a book, my book, the soup."""
    if "people" in deed.marks and deed.verb.case:
        return whom(w, clause.subject, young=deed.verb.en == "teach", known=deed.verb.en == "know")
    if not deed.things:
        return None
    things = deed.things
    if deed.verb.en in ("begin", "finish") and (habit or clause.tense == "present"):
        things = w.of("=работа =урок =игра")
    noun = w.choose(things)
    np = NP(noun)
    eaten = deed.verb.en in ("eat", "drink")
    if noun.bare or noun.definite or noun.ru == "радио":
        return np
    if "bare" in deed.marks:
        np.det = "the" if noun.ru == "море" else ""
    elif "plural" in deed.marks:
        np.plural, np.det = True, ""
    elif "the" in deed.marks:
        np.det = "the" if not noun.mass or noun.definite else ""
        np.plural = noun.ru == "слово" and deed.verb.en != "say"
    elif noun.mass:
        np.det = "the" if eaten and "perf" in TENSES[clause.tense] else ""
    elif "own" in deed.marks:
        called = clause.subject.antecedent  # Doctor, you: one person
        plural_subject = clause.subject.ru_plural and not (called and called.cell == "sing nomn")
        np.plural = "paired" in noun.classes or ("clothes" in noun.classes and plural_subject and noun.counted)
        if habit or clause.tense == "present" or w.chance(0.7):
            own(np, clause.subject)
    elif (clause.tense == "present" or habit) and "one" not in deed.marks and deed.verb.key != "see":
        np.plural, np.det = noun.counted, ""
    else:
        habit = (habit or clause.tense == "present") and deed.verb.eventive and deed.verb.key not in ("wear", "drive")
        np.det = "the" if habit else w.random.choice(("a", "a", "a", "the", "the", "this"))
        if "paired" in noun.classes:
            np.plural, np.det = True, "the"
        if noun.number == "R" and np.det == "a":
            np.det = "the"
    if np.det in ("a", "the", "this") and not habit and deed.verb.en not in NEVER_DESCRIBED and w.chance(0.15):
        w.describe(np)
        if np.adjectives and np.adjectives[0].en in ("left", "right"):
            np.adjectives = ()
    return np


def add_when(w: World, clause: Clause, when: Sequence[tuple[str, str, str]]) -> None:
    """Say when: last in English; in Russian first, before the verb or last."""
    text_en, text_ru, place = w.choose(when)
    words_en, words_ru = both(text_en, text_ru)
    clause.ends.append((words_en, words_ru if place == "last" else []))
    if place == "first":
        clause.front = [], words_ru
    elif place == "verb":
        clause.middle = [], words_ru


def set_scene(w: World, deed: Deed, clause: Clause, notes: Notes) -> None:
    """How, where, when, with whom – one or two of these, or nothing."""
    tense, marks = clause.tense, deed.marks
    state = "s" in deed.verb.flags
    if "into" in marks:
        place = w.choose(deed.places)
        clause.ends.append(prepositional("on", "на", "accs", NP(place), notes))
    elif tense in ("present", "often did") and marks & {"well", "lot"} and w.chance(0.3):
        lot = "well" not in marks or ("lot" in marks and w.chance(0.5))
        if not (lot and clause.object and deed.verb.en != "play" and "people" not in marks):
            adverb_en, adverb_ru = both(*(("a lot", "много") if lot else ("well", "хорошо")))
            clause.middle = [], adverb_ru
            clause.ends.append((adverb_en, []))
            return
    if state:
        return
    if "into" not in marks and deed.places and ("there" in marks or w.chance(0.3)):
        add_place(w, deed, clause, notes)
        if tense == "did":
            return
    elif "home" in marks and w.chance(0.2):
        clause.ends.append(both("at home", "дома"))
    elif (
        "people" not in marks
        and marks & {"lot", "home"}
        and "perf" not in TENSES[tense]
        and deed.verb.key != "smoke"
        and w.chance(0.12)
    ):
        clause.ends.append(company(w, clause.subject, notes))
    said_so_far = len(clause.ends)
    unclear = deed.verb.past == deed.verb.en and not clause.subject.third  # they read: now or then?
    single = tense == "present" and "rare" in marks and (unclear or not clause.ends)
    if tense == "present" and (single or w.chance(0.5 / (1 + said_so_far))):
        if "rare" in marks:
            clause.middle = w.adverbial((("often", "часто"), ("sometimes", "иногда"), ("rarely", "редко")))
        elif w.chance(0.4):
            clause.middle = w.adverbial(w.lexicon.times["often"])
        else:
            add_when(w, clause, HABITS)
    elif tense == "did" and (unclear or w.chance(0.35)):
        add_when(w, clause, [when for when in PAST if not (unclear and when in HABITS)])
    elif tense == "often did" and w.chance(0.5):
        add_when(w, clause, PAST if deed.verb.case else LASTING)
    elif tense == "was doing" and w.chance(0.35):
        add_when(w, clause, LASTING if marks & {"lot", "home"} else LASTING[1:])
    elif tense.startswith("will") and "unplanned" not in marks and w.chance(0.5):
        add_when(w, clause, FUTURE if deed.verb.perf and tense == "will do" else FUTURE[:2])
    elif tense == "is doing" and w.chance(0.3):
        add_when(w, clause, NOW)


def add_place(w: World, deed: Deed, clause: Clause, notes: Notes) -> None:
    """Where it is done, or where the thing is put."""
    place = w.choose(deed.places)
    case = "accs" if "into" in deed.marks else "loct"
    clause.ends.append(prepositional(*where(place), case, NP(place), notes))


def where(noun: Noun) -> tuple[str, str]:
    """The English and Russian preposition of being there: on the sofa, in the kitchen, at school."""
    if "surface" in noun.classes:
        return "on", "на"
    if noun.ru == "поезд":
        return "on", "в"
    return noun.en_place, noun.place


def company(w: World, subject: NP, notes: Notes) -> Phrase:
    """with my friend – со своим другом; with him – с ним"""
    noun = w.choose(w.of("=друг =брат =сестра =сын =дочь =отец =мать =бабушка =дедушка"))
    np = own(NP(noun, plural=noun.ru == "друг" and w.chance(0.5)), subject)
    if w.chance(0.35):
        np = whom(w, subject)
    return prepositional("with", "с", "ablt", np, notes)


def finished(clause: Clause, notes: Notes, end: str = ".", before: Phrase | None = None) -> Sentence:
    """The sentence of the clause; without the tags of what is a convention and no error when said otherwise."""
    if clause.verb.key in ("get up", "come back"):
        early_en, early_ru = both(*EARLY[bool(clause.subject.pronoun)])
        middle = clause.middle or ([], [])
        clause.ends.insert(0, (early_en, early_ru if clause.neg else []))
        clause.middle = middle[0], middle[1] + ([] if clause.neg else early_ru)
    phrase = said(clause, notes)
    if calling := call(clause.subject):
        before = join(calling, mark(","))
        notes.tags.add("address")
        if calling[1][0].lemma in [name.ru for name in lexicon.load().names]:
            notes.tags.add("names")
    if clause.subject.pronoun in MEN_SAY and not clause.subject.antecedent:
        notes.tags.discard("past-agreement")
    if clause.tense in ("did", "often did"):
        notes.tags.discard("aspect")
    if clause.object and clause.object.pronoun:
        notes.tags.add("object-pronoun")
    return sentence(join(before, phrase) if before else phrase, notes, end)


def states(w: World) -> Sentence:
    """I read books. – Я читаю книги.   My sister is working today. – Моя сестра сегодня работает."""
    notes = Notes()
    deed, clause = scene(w)
    set_scene(w, deed, clause, notes)
    return finished(clause, notes)


def used_to(w: World) -> Sentence:
    """I used to smoke. – Я раньше курил.   She often lost her keys. – Она часто теряла свои ключи."""
    notes = Notes()
    deed, clause = scene(w, wanted=_formerly, only="often did")
    unclear = clause.verb.past == clause.verb.en and not clause.subject.third
    if "into" in deed.marks or ("there" in deed.marks):
        add_place(w, deed, clause, notes)
    always = clause.verb.key == "understand"
    rare = "rare" in deed.marks and not unclear
    if always or rare or (not unclear and "s" not in clause.verb.flags and w.chance(0.45)):
        adverbs = (("always", "всегда"), ("often", "часто"), ("sometimes", "иногда"))
        clause.middle = w.adverbial(adverbs[:1] if always else adverbs)
        return finished(clause, notes)
    lot_en, lot_ru = both("a lot", "много") if not clause.object and not clause.ends else ([], [])
    if lot_en and "lot" not in deed.marks and clause.verb.key not in ("get up", "come back"):
        if not deed.places:
            return used_to(w)
        add_place(w, deed, clause, notes)
    elif lot_en and clause.verb.key not in ("get up", "come back"):
        clause.ends.append((lot_en, []))
    clause.middle = (
        [],
        particle("раньше", "ADVB", []) + (lot_ru if clause.ends and clause.ends[-1][0] is lot_en else []),
    )
    made = finished(clause, notes)
    main = next(word for word in made.english if word.lemma == clause.verb.en and word.form == clause.verb.past)
    used = en("used to")
    at = next(i for i, word in enumerate(made.english) if word is main)
    made.english[at:at] = used
    main.form = clause.verb.en
    next(word for word in made.russian if word.lemma == "раньше").source = used
    return made


def _formerly(deed: Deed) -> bool:
    """Whether one may have done it formerly, often or always."""
    states = ("love", "like", "wear", "drive", "want", "understand")
    if deed.verb.key == "forget" and not deed.things:
        return False
    return "event" not in deed.marks and ("s" not in deed.verb.flags or deed.verb.key in states)


def will_always(w: World) -> Sentence:
    """I will always love you. – Я всегда буду любить тебя.   We will often call her. – Мы часто будем звонить ей."""
    notes = Notes()
    never = (
        "forget",
        "sleep",
        "find",
        "lose",
        "put",
        "say",
        "take off",
        "close",
        "turn off",
        "cry",
        "like",
        "want",
        "hear",
        "see",
        "understand",
    )
    deed, clause = scene(w, wanted=lambda d: d.verb.key not in never, only="will be doing")
    if clause.verb.key == "know" and clause.object and clause.object.animate:
        return will_always(w)
    adverbs = (("always", "всегда"), ("often", "часто"))
    if "s" in clause.verb.flags:
        adverbs = adverbs[:1]
    elif "t" in clause.verb.flags or "rare" in deed.marks:
        adverbs = adverbs[1:]
    clause.middle = w.adverbial(adverbs)
    if "there" in deed.marks:
        add_place(w, deed, clause, notes)
    return plain_will(finished(clause, notes), clause.verb)


def plain_will(made: Sentence, verb: Verb) -> Sentence:
    """ "will always be calling" said as "will always call", where "always" alone tells the aspect."""
    main = next(word for word in made.english if word.form == verb.ing)
    made.english.remove(next(word for word in made.english if word.lemma == "be"))
    main.form = verb.en
    return made


def people(w: World) -> Sentence:
    """I love you. – Я люблю тебя.   She will help him. – Она поможет ему."""
    notes = Notes()
    deed, clause = scene(w, wanted=lambda deed: "people" in deed.marks)
    set_scene(w, deed, clause, notes)
    return finished(clause, notes)


def denies(w: World) -> Sentence:
    """I do not know him. – Я не знаю его.   We did not buy the car. – Мы не купили машину."""
    notes = Notes()
    deed, clause = scene(w, neg=True)
    if "into" in deed.marks:
        return denies(w)
    if clause.object and clause.object.det == "a" and "t" in deed.verb.flags:
        clause.object.det = "the"
    if clause.object and clause.object.plural and clause.tense == "will do" and not clause.object.det:
        clause.object.det = "the"
    if "there" in deed.marks:
        add_place(w, deed, clause, notes)
    if clause.tense == "is doing" and w.chance(0.3):
        add_when(w, clause, NOW)
    elif clause.tense in ("did", "often did") and (
        w.chance(0.25) or (deed.verb.past == deed.verb.en and not clause.subject.third and w.chance(0.5))
    ):
        add_when(w, clause, PAST[:2])
    elif clause.tense.startswith("will") and w.chance(0.3):
        add_when(w, clause, FUTURE[:2])
    elif "home" in deed.marks and w.chance(0.15):
        clause.ends.append(both("at home", "дома"))
    return finished(clause, notes)


def asks(w: World) -> Sentence:
    """Do you know her? – Ты знаешь её?   Is your sister sleeping? – Твоя сестра спит?"""
    notes = Notes({"yes-no-question"})
    deed, clause = scene(w, _asked_about)
    _ask(w, deed, clause, notes)
    return finished(clause, notes, "?")


def _asked_about(w: World) -> NP:
    """You, mostly, and not I."""
    if w.chance(0.5):
        return called(w) if w.chance(0.2) else NP(pronoun="thou masc")
    if w.chance(0.5):
        return kinsman(w, w.random.choice(("your", "your", "his", "her")))
    return NP(w.choose(w.first_names), det="") if w.chance(0.3) else NP(pronoun=w.random.choice(OTHERS))


def _ask(w: World, deed: Deed, clause: Clause, notes: Notes) -> None:
    """Make it a question. In questions without "often" the English past is one event, so nothing else changes."""
    if clause.tense == "has done":
        clause.tense = "often did" if "while" in deed.marks or not deed.verb.case else "did"
    set_scene(w, deed, clause, notes)
    if clause.middle and clause.middle[0] and clause.middle[0][0].form not in ("often", "usually", "always"):
        clause.middle = both("often", "часто")
    clause.ask = True


def addressed_deed(w: World) -> Sentence:
    """Children, you read well. – Дети, вы хорошо читаете.   Anna, did you buy the bread? – Анна, ты купила хлеб?"""
    notes = Notes()
    deed, clause = scene(w, called, neg=w.chance(0.15))
    habit = clause.tense == "present" and clause.verb.eventive
    if not clause.neg and w.chance(0.9 if habit else 0.5):
        _ask(w, deed, clause, notes)
        notes.tags.add("yes-no-question")
    elif not clause.neg or deed.marks & {"into", "there"}:
        set_scene(w, deed, clause, notes)
    return finished(clause, notes, "?" if clause.ask else ".")


def woman_says(w: World) -> Sentence:
    """I am Anna's sister. I bought bread. – Я сестра Анны. Я купила хлеб.   My name is Anna. I …"""
    notes = Notes()

    def woman(w: World) -> NP:
        return NP(pronoun="I femn")

    deed, clause = scene(w, woman)
    set_scene(w, deed, clause, notes)
    clause.subject.antecedent, before = _introduction(w, notes)
    made = finished(clause, notes, before=join(before, mark(".")))
    notes.tags.discard("possessive-chain")
    if clause.tense == "is doing":  # a second "am", which is no copula
        notes.tags.discard("zero-copula")
    return made


def _introduction(w: World, notes: Notes) -> tuple[Word, Phrase]:
    """Who is speaking, and the word that shows her gender."""
    if w.chance(0.45):
        name = NP(w.choose([n for n in w.first_names if n.gender == "femn"]), det="")
        name_en, name_ru = say(name, "nomn", notes)
        forms = w.lexicon.verb("call", "звать").impf
        my, called = en("my"), en("name is")
        verb = inflected("VERB impf pres", forms["infn"], forms, "3per plur", called)
        me = inflected("NPRO", "я", w.lexicon.pronouns["I"].forms, "accs", my).link("government", verb)
        return name.ru_head, ([*my, *called, *name_en], [me, verb, *name_ru])
    i = NP(pronoun="I femn")
    owner = NP(w.choose(w.first_names), det="")
    spec = "=сестра =мать =дочь =бабушка =тётя" + " =жена" * (owner.gender == "masc")
    who = NP(w.choose(w.of(spec)), owner=owner)
    if w.chance(0.25):
        who = NP(w.choose(w.of("=девочка =женщина =мать =бабушка")), det="a")
    be = i.be()
    phrase = join(say(i, "nomn", notes, subject=True), ([be], []), say(who, "nomn", notes))
    notes.tags.add("zero-copula")
    return who.ru_head, phrase


def animal(w: World) -> Sentence:
    """The cat sleeps. – Кошка спит.   Birds sing. – Птицы поют.   My dog does not drink milk. – …"""
    notes = Notes()
    noun = w.choose(w.of(" ".join("=" + key for key in ANIMALS)))
    key, _, thing = w.random.choice(ANIMALS[noun.ru].split()).partition(">")
    infinitive = {"play": "играть"}.get(key, "")
    verb = PLAY if infinitive else w.lexicon.verb(key, "", bool(thing) or key == "sing")
    subject = NP(noun, plural=w.chance(0.25))
    det = w.random.choices(("the", "my", "your", "our"), (60, 20, 10, 10) if "pet" in noun.classes else (1, 0, 0, 0))[0]
    subject.det = det
    tense = w.random.choice(("present", "present", "present", "is doing", "was doing", "will be doing", "often did"))
    if key in ("sleep", "stand", "sit") and tense in ("often did", "will be doing"):
        tense = "present"
    if subject.plural and tense == "present" and w.chance(0.6):
        subject.det = ""
    neg = tense in ("present", "is doing") and w.chance(0.15)
    clause = Clause(subject, verb, tense, neg=neg)
    if thing:
        food = w.lexicon.noun(thing)
        clause.object = NP(food, plural=food.counted, det="")
    if tense == "present" and not neg and key not in ("sleep", "stand", "sit") and w.chance(0.35):
        clause.middle = w.adverbial(w.lexicon.times["often"])
    elif tense == "often did":
        clause.middle = both("often", "часто")
    elif not thing and tense != "present" and w.chance(0.3):
        place = w.choose(w.of("=сад =парк =комната =кухня =улица") if key != "swim" else w.of("=река =озеро"))
        clause.ends.append(prepositional(*where(place), "loct", NP(place), notes))
    if clause.object and key == "sing":
        clause.object = None
    return finished(clause, notes)


PLAY = Verb(
    "play", "plays", "played", "played", "playing", "", verb_forms("играть"), {}, "", "", False, (), (), frozenset(),
    True,
)  # fmt: skip


def gives(w: World) -> Sentence:
    """I gave him a book. – Я дал ему книгу.   She will show the house to my brother. – Она покажет дом моему брату."""
    notes = Notes()
    drawn = []
    for _ in range(12):
        key, infinitive = w.random.choice(list(GIFTS))
        verb = w.lexicon.verb(key, infinitive)
        who = somebody(w)
        options = ["did", "did", "will do", "will do", "present"]
        if "t" not in verb.flags:
            options += ["is doing", "was doing"]
        if verb.past != verb.en or who.third:
            options.append("often did")
        drawn.append(Clause(who, verb, w.random.choice(options)))
    clause = min(drawn, key=lambda clause: w.used[cell(clause.verb, clause.subject, clause.tense)])
    verb = clause.verb
    things = GIFTS[verb.en, verb.impf["infn"]]
    noun = w.choose(w.of(" ".join("=" + ru for ru in things.split())))
    clause.object = np = NP(noun, det=w.random.choice(("a", "a", "the")))
    if noun.mass:
        np.det = "the" if noun.ru == "новости" else ""
    elif noun.number == "R":
        np.det = "the" if noun.ru != "деньги" else ""
    elif clause.tense in ("present", "often did"):
        np.plural, np.det = True, ""
        clause.middle = w.adverbial(w.lexicon.times["often"])
    if noun.ru in ("адрес", "дорога", "секрет") and not np.plural:
        np.det = "the"
    if clause.tense in ("present", "often did") and not clause.middle:
        clause.middle = both("often", "часто")
    clause.recipient = whom(w, clause.subject)
    if clause.recipient.pronoun == "she" and not np.det:  # gave her water: whose?
        clause.recipient = NP(pronoun="he")
    clause.recipient_first = verb.en == "buy" or clause.recipient.pronoun != "" or w.chance(0.5)
    unclear = verb.past == verb.en and not clause.subject.third
    if clause.tense == "did" and (unclear or w.chance(0.25)):
        add_when(w, clause, PAST[:3])
    elif clause.tense == "will do" and w.chance(0.3):
        add_when(w, clause, FUTURE[:2])
    elif clause.tense in ("did", "will do") and not unclear and w.chance(0.15):
        clause.neg = True
        if clause.tense == "did" and "t" not in verb.flags:
            clause.neg = False
        if np.det == "a":
            np.det = "the"
    return finished(clause, notes)


def wants_to(w: World) -> Sentence:
    """I want to buy a car. – Я хочу купить машину.   He did not want to open it. – Он не хотел открывать …"""
    notes = Notes({"infinitive"})
    fitting = [deed for deed in w.lexicon.deeds if _wished(deed)]
    drawn = []
    for _ in range(8):
        deed, neg = w.random.choice(fitting), w.chance(0.4)
        neg = neg or deed.verb.key == "lose"
        tense = "infinitive perf" if deed.verb.perf and not neg else "infinitive"
        drawn.append((deed, Clause(somebody(w), deed.verb, tense), neg))
    deed, clause, neg = min(drawn, key=lambda one: w.used[cell(one[1].verb, one[1].subject, one[1].tense)])
    subject = clause.subject
    clause.object = object_of(w, deed, clause)
    if clause.object and clause.object.pronoun:  # frames/wishes.py says those
        clause.object = own_kin(w, subject)
    if w.chance(0.3):
        _giving(w, clause, perfect=not neg)
    elif deed.marks & {"into", "there"}:
        add_place(w, deed, clause, notes)
    if clause.object and clause.object.det == "a" and neg:
        clause.object.det = "the"
    past = w.chance(0.35)
    start = say(subject, "nomn", notes, subject=True)
    if calling := call(subject):
        notes.tags.add("address")
        start = join(calling, mark(","), start)
    want = predicate(w.lexicon.verb("want"), subject, "often did" if past else "present", notes, neg=neg)
    if past and subject.pronoun in MEN_SAY and not calling:
        notes.tags.discard("past-agreement")
    verb = predicate(clause.verb, subject, clause.tense, notes)
    verb.head.link("government", want.head)
    body = join(start, ([*want.english, Word("to", "to"), *verb.english], want.russian + verb.russian))
    return sentence(join(body, complements(clause, verb, notes), *clause.ends), notes)


def _giving(w: World, clause: Clause, perfect: bool) -> None:
    """Let it be about giving, showing, telling instead."""
    key = w.random.choice(list(GIFTS))
    verb = clause.verb = w.lexicon.verb(*key)
    clause.tense = "infinitive perf" if perfect and verb.perf else "infinitive"
    noun = w.choose(w.of(" ".join("=" + ru for ru in GIFTS[key].split())))
    clause.object = NP(noun, det="" if noun.mass and not noun.definite else "the")
    clause.recipient = own_kin(w, clause.subject)
    clause.recipient_first = verb.en == "buy" or clause.recipient.pronoun != ""


def _wished(deed: Deed) -> bool:
    """Whether one can want it on some occasion."""
    if deed.verb.key in ("cry", "want", "like", "wear") or (deed.verb.key == "forget" and deed.things):
        return False
    return "s" not in deed.verb.flags or deed.verb.key in ("see", "hear") or _truth(deed)


def _truth(deed: Deed) -> bool:
    """Knowing and understanding things, not people."""
    return deed.verb.key in ("know", "understand") and bool(deed.things)


def speaks(w: World) -> Sentence:
    """I speak Russian. – Я говорю по-русски.   Do you speak English well? – Ты хорошо говоришь по-английски?"""
    notes = Notes()
    ask = w.chance(0.25)
    verb = w.lexicon.verb("speak")
    subject = _asked_about(w) if ask else somebody(w)
    neg = not ask and w.chance(0.25)
    tense = w.random.choice(("present", "present", "present", "often did"))
    clause = Clause(subject, verb, tense, neg=neg, ask=ask)
    clause.ends.append(w.adverbial(LANGUAGES))
    if not neg and w.chance(0.35):
        adverb_en, adverb_ru = both(*w.random.choice((("well", "хорошо"), ("a little", "немного"), ("badly", "плохо"))))
        clause.middle = [], adverb_ru
        clause.ends.append((adverb_en, []))
    elif not neg and not ask and w.chance(0.3):
        clause.ends.append(company(w, subject, notes))
    elif w.chance(0.2):
        clause.ends.append(both("at home", "дома"))
    return finished(clause, notes, "?" if ask else ".")
