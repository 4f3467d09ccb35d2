"""Questions of every day to and about everybody, with all question words, and such as want yes or no."""

from grammar import lexicon
from grammar.clauses import Clause, agree, fronted, said, was
from grammar.conjugation import verb_forms
from grammar.frames.being import said_short
from grammar.frames.feelings import LIKE
from grammar.frames.talk import (
    ask_wh,
    city,
    person,
    place_at,
    place_to,
    somebody,
    thing,
    verb_named,
    words,
)
from grammar.noun_phrases import NP, say
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, both, en, inflected, join, particle
from grammar.world import World

COLOUR = lexicon.load().parse_noun("colour", "цвет np:цвета", "colour")
# What one asks about: verb, its object (who: a person; "" none), tenses. A * before the tenses: one thing (the, your).
DEEDS = (
    ("read", "=книга =газета =журнал =рассказ =сказка =роман", "is doing,did,will do,was doing"),
    ("read", "=письмо =статья =сообщение", "did,will do,is doing"),
    ("write", "=письмо =статья =отчёт =рассказ", "is doing,has done,will do"),
    ("draw", "=дом =кошка =собака =цветок =дерево", "is doing,will do"),
    ("buy", "=хлеб =молоко =сыр =чай =кофе =мясо =яблоко =билет", "did,will do,did"),
    ("buy", "=машина =платье =куртка =телефон =подарок =диван", "did,will do"),
    ("find", "*=ключ =телефон =сумка =кошелёк =паспорт =билет =зонт", "did"),
    ("lose", "*=ключ =телефон =сумка =кошелёк =паспорт =билет =зонт", "did"),
    ("look for", "*=ключ =телефон =сумка =кошелёк =паспорт =ручка", "is doing,was doing"),
    ("take", "*=ключ =зонт =деньги =книга =билет =фотоаппарат", "did,will do"),
    ("bring", "=хлеб =книга =подарок =деньги =фотография", "did,will do"),
    ("remember", "*=песня =фильм =стихотворение =адрес =имя =сказка", "present"),
    ("see", "*=фильм =картина =море =собака =дом =озеро", "often did,present"),
    ("hear", "*=голос =музыка =песня =дождь", "present,often did"),
    ("watch", "=фильм", "is doing,will do,has done"),
    ("listen to", "=музыка", "present,is doing"),
    ("know", "*=слово =песня =ответ =правило =адрес", "present"),
    ("understand", "*=вопрос =слово =правило =текст =задача", "present"),
    ("eat", "=мясо =рыба =сыр =каша =суп =хлеб =рис", "present,is doing"),
    ("drink", "=чай =кофе =молоко =сок =вода =какао", "present,is doing"),
    ("cook", "=обед =ужин =завтрак =суп =каша", "is doing,will do,was doing"),
    ("wash", "*=машина =окно =пол =чашка =тарелка", "is doing,will do"),
    ("repair", "*=машина =велосипед =телефон =компьютер =лампа", "is doing,will do,has done"),
    ("open", "*=окно =дверь =письмо =чемодан", "did,will do"),
    ("close", "*=окно =дверь =чемодан =книга", "did,will do"),
    ("answer на", "*=вопрос =письмо =сообщение", "will do,has done"),
    ("play на", "=пианино =гитара =скрипка =флейта", "present,present,is doing"),
    ("play в", "=футбол =шахматы =теннис =хоккей =волейбол", "present,present,is doing"),
    ("think about", "=работа =будущее =экзамен =праздник", "is doing"),
    ("know", "who", "present,present"),
    ("remember", "who", "present"),
    ("love", "who", "present"),
    ("help", "who", "will do,is doing"),
    ("understand", "who", "present"),
    ("see", "who", "present,often did,will do"),
    ("hear", "who", "present"),
    ("meet", "who", "did,will do"),
    ("phone", "who", "will do"),
    ("invite", "who", "did,will do"),
    ("wait for", "who", "is doing,was doing"),
    ("believe", "who", "present"),
    ("talk to", "who", "will do,is doing"),
    ("sleep", "", "is doing,is doing,often did"),
    ("work", "", "present,is doing,often did"),
    ("rest", "", "is doing,will do"),
    ("cry", "", "is doing,often did"),
    ("dance", "", "present,is doing"),
    ("sing", "", "present,is doing"),
    ("come", "", "did,will do"),
    ("leave", "", "did,will do"),
    ("speak", "", "present"),
    ("speak", "", "present"),
    ("speak", "", "present"),
    ("speak", "", "present"),
    ("come back", "", "will do,did"),
    ("stay", "", "will do,did"),
)
NOW = ("now|сейчас",)
WHENS = {
    "did": ("yesterday|вчера", "in the morning|утром", "last week|на прошлой неделе", "on Monday|в понедельник"),
    "will do": ("tomorrow|завтра", "today|сегодня", "on Saturday|в субботу", "next week|на следующей неделе"),
    "is doing": NOW,
    "often did": ("yesterday|вчера", "on Sunday|в воскресенье"),
    "present": ("every day|каждый день", "in the evening|вечером", "on Sundays|по воскресеньям"),
}
LANGUAGES = ("Russian|по-русски", "English|по-английски", "French|по-французски")
LIKED = (
    "=музыка =спорт =живопись =футбол =шахматы =теннис =хоккей =литература =математика =история =физика "
    "=зима =весна =чай =кофе =молоко =сок =сыр =рыба =мясо =суп =каша =шоколад =мёд =яблоко =апельсин =банан =груша"
)
STATES = ("busy", "ready", "ill", "sure", "right")
BY_VERB = {  # a state that Russian says with a past: I am tired – я устал
    "tired": verb_forms("устать устану устанет"),
    "late": verb_forms("опоздать"),
}
JOBS = "=учитель =врач =инженер =водитель =повар =писатель =художник =журналист =юрист =музыкант =строитель"


def deed(w: World, subject: NP, notes: Notes, *, ask: bool = False) -> Clause:
    """Something that people do every day, as a clause with this subject."""
    key, objects, tenses = w.random.choice(DEEDS)
    verb = verb_named(w, key)
    tense = w.random.choice(tenses.split(","))
    clause = Clause(subject, verb, tense, ask=ask)
    if objects == "who":
        clause.object = somebody(w, subject)
    elif objects:
        clause.object = thing(
            w, objects.lstrip("*"), a=0.0 if objects[0] == "*" else 0.6, plural=0.0 if objects[0] == "*" else 0.1
        )
        np = clause.object
        if key == "think about" and np.noun.ru == "экзамен":
            np.det, np.plural = "the", False
        if key == "play на":
            np.det, np.plural = "the", False
        elif objects[0] == "*" and not np.noun.mass and w.chance(0.3):
            np.det = w.random.choice(("this", "this", "that"))
        if objects.startswith("*") and np.noun.ru in ("окно", "дверь", "ключ"):
            np.det = "the"
        if key in ("eat", "drink", "buy") and np.noun.mass:
            np.det = ""
        if verb.past == verb.en and tense in ("present", "often did"):
            clause.tense = "is doing"
    if key == "speak":
        clause.ends.append(words(LANGUAGES, w))
    elif key == "stay":
        clause.ends.append(words(("at home|дома", "here|здесь"), w))
    elif clause.tense in WHENS and (verb.eventive and not verb.flags & {"o"}):
        chance = {"did": 0.35, "will do": 0.5, "is doing": 0.1, "present": 0.35, "often did": 0.8}[clause.tense]
        if w.chance(chance):
            say_when(clause, words(WHENS[clause.tense], w))
    return clause


def say_when(clause: Clause, time: Phrase) -> None:
    """Add when it is: "now" before the Russian verb, other times at the end of both."""
    if time[0][0].form == "now":
        clause.middle = [], time[1]
        time = time[0], []
    clause.ends.append(time)


def yes_no(w: World) -> Sentence:
    """Did you buy bread yesterday? – Ты купил хлеб вчера?   Will you help me? – Ты поможешь мне?"""
    notes = Notes({"yes-no-question"})
    clause = deed(w, person(w, i=0, you=6), notes, ask=True)
    return sentence(said(clause, notes), notes, "?")


def likes_it(w: World) -> Sentence:
    """Do you like music? – Ты любишь музыку?   Does she like this song? – Ей нравится эта песня?"""
    notes = Notes({"yes-no-question"})
    subject = person(w, i=0, you=5)
    if w.chance(0.55):
        np = NP(w.choose(w.of(LIKED)), det="")
        np.plural = np.noun.counted
        return sentence(said(Clause(subject, w.lexicon.verb("like"), "present", np, ask=True), notes), notes, "?")
    np = NP(w.choose(w.of("=песня =фильм =книга =дом =город =картина =платье =шляпа =машина =подарок =рассказ =музей")))
    np.det = w.random.choice(("this", "this", "that", "the"))
    if subject.pronoun != "thou masc" and w.chance(0.3):
        np.det = "your"
    notes.tags |= {"dative-experiencer", "do-support"}
    person_en, person_ru = say(subject, "datv", notes, subject=True)
    thing_en, thing_ru = say(np, "nomn", notes)
    verb_en = Word("like", "like")
    verb = inflected("VERB impf pres", "нравиться", LIKE, np.person_cell, [verb_en]).link("agreement", np.ru_head)
    subject.ru_head.link("government", verb)
    do = Word("does" if subject.third else "do", "do")
    return sentence(([do, *person_en, verb_en, *thing_en], [*person_ru, verb, *thing_ru]), notes, "?")


def state(w: World, subject: NP, notes: Notes, past: bool, name: str) -> tuple[Word, Phrase]:
    """The English be, and the state: busy – занят, tired – устал."""
    be = subject.be(past)
    if name in BY_VERB:
        forms = BY_VERB[name]
        word = Word(name, name)
        verb = agree(inflected("VERB perf", forms["infn"], forms, subject.past_cell, [word]), subject)
        notes.tags.add("past-agreement")
        return be, ([word], [verb])
    words_en, words_ru = said_short(w, name, subject)
    notes.tags |= {"short-adjective", "past-agreement" if past else "zero-copula"}
    return be, (words_en, [was(subject, be), *words_ru] if past else words_ru)


def are_you(w: World) -> Sentence:
    """Are you ready? – Ты готов?   Was she at school? – Она была в школе?   Are you a doctor? – Ты врач?"""
    notes = Notes({"yes-no-question"})
    kind = w.random.choice(("state", "place", "place", "job"))
    subject = person(w, i=0, you=5)
    past = w.chance(0.35) and kind != "job"
    if kind == "state":
        name = w.random.choice((*STATES, *BY_VERB))
        past = past and name not in BY_VERB and name != "right"
        be, end = state(w, subject, notes, past, name)
        subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
        start = [be, *subject_en], subject_ru
        if not past and name not in BY_VERB and w.chance(0.2):
            end = before(words(("today|сегодня", "now|сейчас"), w), end) if name == "busy" else end
        return sentence(join(start, end), notes, "?")
    if kind == "job" and (subject.pronoun in ("we", "they", "I") or subject.plural or subject.noun):
        subject = NP(pronoun=w.random.choice(("thou masc", "he", "she"))) if w.chance(0.7) else person(w, i=0, you=0)
        if subject.pronoun == "they" or subject.plural or (subject.noun and subject.noun in w.of(PEOPLE_JOBS)):
            subject = NP(pronoun="he")
    be = subject.be(past)
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    start = [be, *subject_en], subject_ru
    if kind == "job":
        notes.tags.add("zero-copula")
        job = NP(w.choose(w.of(JOBS)), det="a")
        return sentence(join(start, say(job, "nomn", notes)), notes, "?")
    notes.tags.add("past-agreement" if past else "zero-copula")
    if past:
        start[1].append(was(subject, be))
    end = place_at(w, notes) if w.chance(0.8) else city(w, notes)
    if w.chance(0.4) and past:
        end = join(end, words(("yesterday|вчера", "on Monday|в понедельник", "in the morning|утром"), w))
    elif w.chance(0.3):
        end = before(words(("now|сейчас", "today|сегодня"), w), end) if not past else end
    return sentence(join(start, end), notes, "?")


def before(time: Phrase, rest: Phrase) -> Phrase:
    """busy now – сейчас занят"""
    return rest[0] + time[0], time[1] + rest[1]


PEOPLE_JOBS = "=учитель =врач =студент =водитель =художник"


WHERE = (  # verb, object, tenses
    ("live", "", "present,present,often did"), ("work", "", "present,present,often did,will be doing"),
    ("rest", "", "was doing,is doing"), ("study", "", "present,present,often did"), ("sleep", "", "often did"),
    ("walk", "", "was doing"), ("buy", "=хлеб =сумка =куртка =платье =книга =рыба =шляпа =билет", "did"),
    ("find", "=ключ =кошелёк =телефон =собака =паспорт =монета", "did"),
    ("lose", "=ключ =кошелёк =телефон =паспорт", "did"),
    ("see", "who", "often did"), ("meet", "who", "did"), ("wait for", "who", "was doing"),
    ("hear", "=песня =сказка", "often did"),
)  # fmt: skip
WHEN = (
    ("come", "", "did,will do"), ("leave", "", "did,will do"), ("come back", "", "did,will do"),
    ("arrive", "", "did,will do"),
    ("get up", "", "present,did"), ("buy", "=машина =билет =подарок =хлеб =платье", "did,will do"),
    ("phone", "who", "will do"), ("meet", "who", "did"),
    ("repair", "=машина =телефон =компьютер =велосипед", "will do"),
    ("cook", "=обед =ужин", "will do"), ("write", "=письмо =статья =отчёт", "will do"),
    ("read", "=книга =статья", "will do"),
    ("lose", "=ключ =паспорт =кошелёк", "did"), ("see", "who", "often did"), ("help", "who", "will do"),
)  # fmt: skip
WHY = (
    ("cry", "", "is doing,often did"), ("laugh", "", "is doing,often did"), ("be silent", "", "present"),
    ("hurry", "", "is doing"), ("sleep", "", "-is doing,-is doing,is doing"), ("work", "", "-is doing,-present"),
    ("sing", "", "-is doing"),
    ("eat", "=суп =мясо =рыба =каша =салат", "-is doing,-present"),
    ("drink", "=молоко =чай =сок", "-is doing,-present"),
    ("read", "=книга =газета =журнал", "-present"), ("come", "", "did"), ("leave", "", "did"),
    ("shout", "", "is doing"),
    ("buy", "=машина =лодка =собака =лошадь =скрипка", "did"), ("sell", "=машина =дом =велосипед =лодка", "did"),
    ("open", "=окно =дверь", "did"), ("close", "=окно =дверь", "did"), ("love", "who", "present"),
    ("help", "who", "is doing,-present"),
    ("look for", "=ключ =словарь =молоток", "is doing"), ("wait", "", "is doing"), ("phone", "who", "-present"),
    ("believe", "who", "-present"), ("look at", "who", "is doing"), ("stay", "home", "did"),
    ("learn", "=язык", "is doing"),
)  # fmt: skip
HOW_OFTEN = (
    ("read", "=газета =журнал =книга"), ("go often", "to"), ("wash", "=машина =окно"), ("phone", "who"),
    ("play в", "=футбол =шахматы =теннис"),
    ("eat", "=мясо =рыба =шоколад =мороженое"), ("drink", "=кофе =чай =молоко"), ("see", "who"), ("write", "=письмо"),
    ("visit", "who"),
    ("come here", "here"), ("come here", "here"), ("watch", "=фильм"), ("cook", "=суп =рыба"),
    ("buy", "=книга =цветок"), ("clean", "=ковёр"),
)  # fmt: skip
HOW_LONG = (
    ("wait", "often did"), ("work", "often did"), ("sleep", "often did"), ("rest", "was doing"),
    ("wait for", "often did"), ("live", "often did"), ("look for", "often did"), ("study", "often did"),
    ("cry", "often did"),
)  # fmt: skip


def _clause(w: World, row: tuple[str, ...], subject: NP, notes: Notes) -> Clause:
    """The clause of a row of the tables above; - before a tense negates it."""
    key, objects, tenses = row
    verb = verb_named(w, key)
    if key == "work" and subject.noun is w.lexicon.noun("ребёнок"):
        subject = NP(pronoun="they")
    tense = w.random.choice(tenses.split(","))
    clause = Clause(subject, verb, tense.lstrip("-"), neg=tense[0] == "-")
    if objects == "who":
        clause.object = somebody(w, subject)
    elif objects == "to":
        clause.ends.append(
            place_to(w, notes, "школа парк магазин театр музей библиотека рынок ресторан кафе кинотеатр деревня")
        )
    elif objects in ("here", "home"):
        clause.ends.append(both("here", "сюда") if objects == "here" else both("at home", "дома"))
    elif objects:
        np = clause.object = thing(w, objects, a=0.5 if tense == "did" and key in ("buy", "sell") else 0.0, plural=0.0)
        if key == "sell" and np.det == "a":
            np.det = "the"
        if np.noun.mass:
            np.det = ""
        elif tense.endswith("present") and np.noun.counted and "play" not in key:
            np.plural, np.det = True, ""
        elif not np.noun.bare and key in ("look for", "lose", "find", "open", "close", "sell") and w.chance(0.2):
            np.det = "this" if key in ("open", "close", "sell") else "the"
        if key == "learn":
            np.det, np.plural = "this", False
    return clause


def where_you(w: World) -> Sentence:
    """Where do you live? – Где ты живёшь?   Where did she buy the bag? – Где она купила сумку?"""
    notes = Notes({"wh-question"})
    clause = _clause(w, w.random.choice(WHERE), person(w, i=0, you=5), notes)
    return sentence(ask_wh(both("where", "где"), clause, notes), notes, "?")


def when_you(w: World) -> Sentence:
    """When will you come? – Когда ты придёшь?   When does the lesson begin? – Когда начинается урок?"""
    notes = Notes({"wh-question"})
    if w.chance(0.45):
        if w.chance(0.55):
            key, spec = w.random.choice(("begin", "end")), "=урок =концерт =экзамен =лекция =фильм =собрание =игра"
        else:
            key, spec = w.random.choice(("open itself", "close itself")), "=банк =музей =библиотека =рынок =почта =кафе"
        tense = w.random.choice(("present", "did", "will do") if "itself" not in key else ("present", "will do"))
        clause = Clause(NP(w.choose(w.of(spec))), verb_named(w, key), tense)
    else:
        clause = _clause(w, w.random.choice(WHEN), person(w, i=0, you=5), notes)
    front = both("when", "когда")
    if clause.tense == "present" and w.chance(0.5):
        front = what_time()
    return sentence(ask_wh(front, clause, notes), notes, "?")


def what_time() -> Phrase:
    """what time – во сколько"""
    asked = en("what time")
    return asked, [Word("во", "в", "PREP", source=asked[:1]), Word("сколько", "сколько", "NUMR", source=asked[1:])]


def why_you(w: World) -> Sentence:
    """Why are you not sleeping? – Почему ты не спишь?   Why is she late? – Почему она опоздала?"""
    notes = Notes({"wh-question"})
    subject = person(w, i=0, you=5)
    front = both("why", "почему")
    if w.chance(0.25):
        name = w.random.choice((*BY_VERB, "busy", "glad", "ill", "sure"))
        be, end = state(w, subject, notes, False, name)
        neg = "not" if name in ("glad", "sure") else w.random.choice(("", "", "not")) if name != "ill" else ""
        if name == "ill":
            return why_you(w)
        subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
        middle = both("not", "не", "PRCL") if neg and name != "late" else ([], [])
        if middle[0]:
            notes.tags.add("negation")
            if name == "busy":
                middle = [], []
        return sentence(join(front, ([be, *subject_en], subject_ru), middle, end), notes, "?")
    clause = _clause(w, w.random.choice(WHY), subject, notes)
    return sentence(ask_wh(front, clause, notes, last=False), notes, "?")


def how_you(w: World) -> Sentence:
    """How do you get to work? – Как ты добираешься до работы?   How often …? – Как часто …   How long …?"""
    notes = Notes({"wh-question"})
    subject = person(w, i=0, you=5)
    kind = w.random.choice(("get", "get", "often", "often", "long", "well", "find"))
    if kind == "often":
        key, objects = w.random.choice(HOW_OFTEN)
        clause = _clause(w, (key, objects, "present"), subject, notes)
        if clause.verb.past == clause.verb.en and key != "read":
            clause.tense = "present"
        return sentence(ask_wh(both("how often", "как часто"), clause, notes, last=False), notes, "?")
    if kind == "long":
        key, tense = w.random.choice(HOW_LONG)
        objects = {"wait for": "who", "talk to": "who", "look for": "=ключ =кошелёк =телефон"}.get(key, "")
        clause = _clause(w, (key, objects, tense), subject, notes)
        if key == "live":
            clause.ends.append(words(("here|здесь", "there|там"), w))
        return sentence(ask_wh(both("how long", "как долго"), clause, notes, last=False), notes, "?")
    front = both("how", "как")
    if kind == "well":
        key = w.random.choice(("sing", "dance", "work", "sleep", "study", "draw"))
        clause = Clause(subject, verb_named(w, key), "often did" if key == "sleep" else "present")
        return sentence(ask_wh(front, clause, notes), notes, "?")
    if kind == "find":
        rows = (
            ("find", "=ключ =дом =работа =дорога =кошелёк =адрес"),
            ("lose", "=ключ =телефон =паспорт"),
            ("open", "=дверь =чемодан"),
        )
        clause = _clause(w, (*w.random.choice(rows), "did"), subject, notes)
        return sentence(ask_wh(front, clause, notes), notes, "?")
    clause = Clause(subject, verb_named(w, "get to"), w.random.choice(("present", "did", "will do")))
    clause.object = NP(w.choose(clause.verb.objects), det="the")
    if clause.object.noun.ru in ("школа", "работа"):
        clause.object.det = ""
    return sentence(ask_wh(front, clause, notes, last=False), notes, "?")


def where_to(w: World) -> Sentence:
    """Where are you going? – Куда ты идёшь?   Where are you from? – Откуда ты?"""
    notes = Notes({"wh-question", "motion"})
    subject = person(w, i=0, you=5)
    if w.chance(0.35):
        notes.tags.discard("motion")
        from_en = en("from")
        where_en = en("where")
        front_ru = particle("откуда", "ADVB", [*where_en, *from_en])
        if w.chance(0.5):
            notes.tags.add("zero-copula")
            subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
            return sentence(([*where_en, subject.be(), *subject_en, *from_en], front_ru + subject_ru), notes, "?")
        verb = verb_named(w, w.random.choice(("come", "arrive", "come back")))
        clause = Clause(subject, verb, "did")
        phrase = ask_wh((where_en, front_ru), clause, notes)
        return sentence(join(phrase, (from_en, [])), notes, "?")
    key, tense = w.random.choice(
        (
            ("go", "is doing"),
            ("go", "is doing"),
            ("go", "was doing"),
            ("go", "will do"),
            ("hurry", "is doing"),
            ("ride", "will do"),
        )
    )
    if key == "ride":
        when = words(("in summer|летом", "in winter|зимой"), w)
    elif tense == "is doing":
        when = words(("now|сейчас", "|", "|"), w) if key == "go" else ([], [])
    else:
        when = words(("tomorrow|завтра", "|") if tense == "will do" else ("|",), w)
    clause = Clause(subject, verb_named(w, key), tense)
    if when[0]:
        say_when(clause, when)
    return sentence(ask_wh(both("where", "куда"), clause, notes), notes, "?")


def what_you(w: World) -> Sentence:
    """What are you reading? – Что ты читаешь?   Who are you waiting for? – Кого ты ждёшь?   What did she say?"""
    notes = Notes({"wh-question"})
    key, who, tenses = w.random.choice(WHAT)
    subject = person(w, i=0, you=5)
    verb = verb_named(w, key)
    clause = Clause(subject, verb, w.random.choice(tenses.split(",")), ask=True)
    clause.object = NP(pronoun="who" if who == "who" else "what")
    times = {
        "was doing": ("yesterday|вчера", "in the evening|вечером"),
        "is doing": ("now|сейчас", "here|здесь", "there|там"),
        "did": ("yesterday|вчера", "there|там"), "will do": ("tomorrow|завтра", "there|там"),
        "present": ("in the morning|утром", "in the evening|вечером"),
        "often did": ("yesterday|вчера", "on Sunday|в воскресенье"),
    }  # fmt: skip
    if (
        key in ("eat", "drink", "do", "buy", "cook")
        and clause.tense in times
        and w.chance(1 if clause.tense in ("present", "often did") else 0.3)
    ):
        say_when(clause, words(times[clause.tense], w))
    return sentence(join(fronted(clause, notes), *clause.ends), notes, "?")


WHAT = (
    ("do", "", "is doing,is doing,often did,often did,will do,will be doing,present"),
    ("do", "", "is doing,often did,often did,will be doing"), ("say", "", "did,did"), ("say", "", "did,did,will do"),
    ("eat", "", "is doing,present,was doing"),
    ("drink", "", "is doing,present,was doing"), ("read", "", "is doing,was doing"),
    ("write", "", "is doing,was doing"),
    ("want", "", "present,present"), ("buy", "", "did,will do"), ("find", "", "did"), ("lose", "", "did"),
    ("see", "", "present,often did"),
    ("hear", "", "often did,present"), ("know", "", "present"), ("look for", "", "is doing,was doing"),
    ("draw", "", "is doing,was doing"),
    ("cook", "", "is doing,was doing,will do"), ("watch", "", "is doing,was doing"), ("listen to", "", "is doing"),
    ("look at", "", "is doing"), ("think about", "", "is doing,was doing"), ("talk about", "", "is doing,was doing"),
    ("dream about", "", "present,is doing"), ("be interested in", "", "present"), ("be afraid of", "", "present"),
    ("laugh at", "", "is doing"),
    ("repair", "", "is doing"), ("take", "", "did"), ("bring", "", "did"), ("choose", "", "did"),
    ("argue about", "", "is doing"),
    ("wait for", "", "is doing"), ("work on", "", "is doing"), ("forget", "", "did"), ("receive", "", "did"),
    ("write about", "", "is doing"),
    ("wait for", "who", "is doing,was doing"), ("love", "who", "present"), ("see", "who", "often did"),
    ("meet", "who", "did"),
    ("talk to", "who", "is doing,was doing"), ("talk about", "who", "is doing"), ("think about", "who", "is doing"),
    ("help", "who", "is doing,will do"), ("look for", "who", "is doing"), ("know", "who", "present"),
    ("invite", "who", "did,will do"),
    ("phone", "who", "is doing"), ("play with", "who", "is doing"), ("be friends with", "who", "present"),
    ("be afraid of", "who", "present"),
    ("ask", "who", "did,will do"), ("ask", "who", "did,will do"), ("believe", "who", "present"),
    ("be proud of", "who", "present"), ("laugh at", "who", "is doing"),
)  # fmt: skip


def who_with(w: World) -> Sentence:
    """Who does she live with? – С кем она живёт?   Who did you buy it for? – Для кого ты купил …"""
    notes = Notes({"wh-question", "preposition-government"})
    subject = person(w, i=0, you=5)
    who = NP(pronoun="who")
    who_en, who_ru = say(who, "ablt" if (with_ := w.chance(0.6)) else "gent", notes, subject=True)
    prep_en = en("with" if with_ else "for")
    prep_ru = particle("с" if with_ else "для", "PREP", prep_en)
    who.ru_head.link("government", prep_ru[0])
    if with_:
        key, tenses = w.random.choice(
            (
                ("live", "present"),
                ("work", "present"),
                ("walk", "was doing"),
                ("come", "did"),
                ("dance", "was doing"),
                ("rest", "was doing"),
                ("arrive", "did"),
                ("study", "present"),
            )
        )
        clause = Clause(subject, verb_named(w, key), tenses)
    else:
        key, spec = w.random.choice(
            (
                ("buy", "=цветок =подарок =платье =кольцо =книга"),
                ("cook", "=ужин =суп =обед"),
                ("bring", "=книга =цветок =газета"),
                ("choose", "=подарок =книга"),
            )
        )
        clause = Clause(subject, verb_named(w, key), "is doing" if key in ("cook", "choose") else "did")
        clause.object = NP(w.choose(w.of(spec)), det=w.random.choice(("this", "the")))
        if clause.object.noun.bare:
            clause.object.det = ""
        clause.object.plural = clause.object.noun.ru == "цветок"
    phrase = ask_wh((who_en, prep_ru + who_ru), clause, notes)
    return sentence(join(phrase, (prep_en, [])), notes, "?")


def which_you(w: World) -> Sentence:
    """Which book do you like? – Какая книга тебе нравится?   What kind of music do you like? – Какую музыку …"""
    notes = Notes({"wh-question"})
    subject = person(w, i=0, you=6)
    if w.chance(0.35):
        notes.tags.add("dative-experiencer")
        np = NP(
            w.choose(w.of("=книга =песня =фильм =картина =платье =шляпа =машина =город =музей =рубашка =роман =язык")),
            det="which",
        )
        if w.chance(0.2):
            np.plural = True
        which_en, which_ru = say(np, "nomn", notes)
        person_en, person_ru = say(subject, "datv", notes, subject=True)
        like = Word("like", "like")
        verb = inflected("VERB impf pres", "нравиться", LIKE, np.person_cell, [like]).link("agreement", np.ru_head)
        subject.ru_head.link("government", verb)
        do = Word("does" if subject.third else "do", "do")
        notes.tags.add("do-support")
        russian = [*person_ru, verb] if subject.pronoun else [verb, *person_ru]
        return sentence(([*which_en, do, *person_en, like], which_ru + russian), notes, "?")
    kind = w.chance(0.5)
    rows = WHAT_KIND if kind else WHICH
    key, spec, tense = w.random.choice(rows)
    clause = Clause(subject, verb_named(w, key), tense, ask=True)
    np = clause.object = NP(w.choose(w.of(spec)), det="which")
    np.plural = kind and np.noun.counted
    english, russian = fronted(clause, notes)
    if kind:
        which_at = next(i for i, word in enumerate(english) if word.lemma == "which")
        words_en = en("what kind of")
        for word in russian:
            if word.source and word.source[0] is english[which_at]:
                word.source = [words_en[1], words_en[0]]
        english[which_at : which_at + 1] = words_en
    return sentence((english, russian), notes, "?")


WHICH = (
    ("read", "=книга =журнал =рассказ =роман =статья", "is doing"),
    ("buy", "=машина =платье =телефон =диван =лампа", "did"),
    ("choose", "=подарок =платье =фильм =книга =кольцо", "did"), ("know", "=язык", "present"),
    ("take", "=сумка =книга =зонт =ключ", "did"),
    ("learn", "=язык =стихотворение =песня", "is doing"), ("watch", "=фильм", "is doing"),
    ("sing", "=песня", "is doing"), ("see", "=дом =город", "often did"),
    ("open", "=дверь =окно =письмо", "did"), ("wait for", "=поезд =автобус", "is doing"),
    ("forget", "=слово =имя", "did"),
)  # fmt: skip
WHAT_KIND = (
    ("like", "=музыка =фильм =книга =песня =чай =сыр =суп =цветок", "present"),
    ("read", "=книга =журнал =газета =рассказ", "present"),
    ("buy", "=хлеб =сыр =мясо =чай =сок =кофе", "did"), ("drink", "=чай =кофе =сок", "present"),
    ("watch", "=фильм", "present"),
    ("write", "=книга =статья =рассказ =стихотворение", "present"),
    ("wear", "=шляпа =рубашка =куртка =платье =юбка", "present"),
    ("listen to", "=музыка =песня", "present"), ("cook", "=суп =каша =рыба", "is doing"),
    ("eat", "=суп =салат =рыба", "is doing"),
)  # fmt: skip


def what_colour(w: World) -> Sentence:
    """What colour is your car? – Какого цвета твоя машина?"""
    notes = Notes({"wh-question", "zero-copula"})
    np = NP(
        w.choose(
            w.of(
                "=машина =дом =дверь =шляпа =куртка =велосипед =сумка =платье =собака "
                "=кошка =роза =рубашка =диван =чашка =зонт =карандаш =телефон"
            )
        )
    )
    np.det = w.random.choice(("your", "your", "the", "his", "her", "their", "this", "owner"))
    np.plural = w.chance(0.15)
    if np.det == "owner":
        np.det, np.owner = "the", NP(w.choose(w.first_names), det="")
    asked = en("what colour")
    colour = inflected("NOUN masc", "цвет", COLOUR.forms, "sing gent", asked[1:])
    which = w.lexicon.determiners["which"]
    what = inflected("ADJF", which.lemma, which.forms, "sing masc gent", asked[:1]).link("agreement", colour)
    thing_en, thing_ru = say(np, "nomn", notes, subject=True)
    return sentence(([*asked, np.be(), *thing_en], [what, colour, *thing_ru]), notes, "?")


def who_is(w: World) -> Sentence:
    """Who is this man? – Кто этот мужчина?   What is this? – Что это?   Whose are these shoes? – Чьи это туфли?"""
    notes = Notes({"wh-question", "zero-copula"})
    kind = w.random.choice(("who", "who", "whose", "whose", "where", "where", "place"))
    if kind == "who":
        who = NP(pronoun="who")
        who_en, who_ru = say(who, "nomn", notes, subject=True)
        if w.chance(0.25):
            np = NP(pronoun=w.random.choice(("he", "she", "they", "thou masc")))
        else:
            np = NP(
                w.choose(
                    w.of(
                        "=мужчина =женщина =мальчик =девочка =студент =врач =учитель =друг "
                        "=сосед =художник =писатель =актёр =актриса =фотограф =гость"
                    )
                )
            )
            np.det = w.random.choice(("this", "this", "that"))
            if np.noun.ru in ("врач", "учитель", "друг", "сосед"):
                np.det = w.random.choice(("your", "his", "her", "their"))
            np.plural = w.chance(0.2)
            if np.det in ("this", "that") and w.chance(0.3):
                w.describe(np)
        np_en, np_ru = say(np, "nomn", notes, subject=True)
        return sentence(([*who_en, np.be(), *np_en], who_ru + np_ru), notes, "?")
    if kind == "whose":
        noun = w.choose([n for n in w.of("thing clothes pet kin") if n.counted])
        np = NP(noun, plural=w.chance(0.3) or "paired" in noun.classes, det="this")
        whose_en = Word("whose", "whose")
        determiner = w.lexicon.determiners["whose"]
        whose_ru = inflected("ADJF", determiner.lemma, determiner.forms, np.cell("nomn"), [whose_en])
        whose_ru.link("agreement", np.ru_head)
        this = Word("these" if np.plural else "this", "this")
        np.det = ""
        thing_en, thing_ru = say(np, "nomn", notes)
        this_ru = Word("это", "это", "PRCL", source=[this])
        return sentence(([whose_en, np.be(), this, *thing_en], [whose_ru, this_ru, *thing_ru]), notes, "?")
    past = w.chance(0.35)
    if kind == "where":
        subject = person(w, i=0, you=5)
    else:
        subject = NP(w.choose(w.of("institution")), det="the") if not past else person(w, i=0, you=5)
        if subject.noun and subject.noun.ru == "завод":
            subject = NP(w.lexicon.noun("вокзал"))
    be = subject.be(past)
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    front_en, front_ru = both("where", "где")
    phrase = [*front_en, be, *subject_en], front_ru + subject_ru
    if past:
        notes.tags = notes.tags - {"zero-copula"} | {"past-agreement"}
        verb = was(subject, be)
        phrase = phrase[0], front_ru + ([*subject_ru, verb] if subject.pronoun else [verb, *subject_ru])
        phrase = join(phrase, words(("yesterday|вчера", "in the evening|вечером", "on Sunday|в воскресенье"), w))
    return sentence(phrase, notes, "?")


def who_does(w: World) -> Sentence:
    """Who wants tea? – Кто хочет чай?   Who can help me? – Кто может помочь мне?   Who is in the kitchen?"""
    notes = Notes({"wh-question"})
    subject = NP(pronoun="who")
    if w.chance(0.4):
        past = w.chance(0.4)
        notes.tags.add("past-agreement" if past else "zero-copula")
        be = subject.be(past)
        subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
        start = [*subject_en, be], subject_ru + ([was(subject, be)] if past else [])
        end = place_at(w, notes) if w.chance(0.7) else say_state(w, subject, notes)
        return sentence(join(start, end), notes, "?")
    clause = deed(w, subject, notes)
    return sentence(said(clause, notes), notes, "?")


def say_state(w: World, subject: NP, notes: Notes) -> Phrase:
    """ready – готов"""
    notes.tags.add("short-adjective")
    return said_short(w, w.random.choice(("ready", "busy", "ill", "right")), subject)


def how_much(w: World) -> Sentence:
    """How much does the hat cost? – Сколько стоит шляпа?   How many books did you buy? – Сколько книг ты купил?"""
    notes = Notes({"wh-question"})
    if w.chance(0.35):
        np = NP(
            w.choose(
                w.of(
                    "=шляпа =книга =машина =билет =платье =куртка =телефон =лампа "
                    "=велосипед =стол =сумка =зонт =картина =кольцо =хлеб =сыр =мясо"
                )
            )
        )
        np.det = w.random.choice(("this", "this", "the", "that"))
        np.plural = np.noun.counted and w.chance(0.2)
        clause = Clause(np, verb_named(w, "cost"), w.random.choice(("present", "present", "present", "often did")))
        front = en("how much")
        return sentence(ask_wh((front, [Word("сколько", "сколько", "NUMR", source=front)]), clause, notes), notes, "?")
    notes.tags.add("numerals")
    subject = person(w, i=0, you=6)
    how = en("how many")
    number = Word("сколько", "сколько", "NUMR", source=how[1:])
    key, spec, tense = w.random.choice((
        ("buy", "=книга =билет =яблоко =яйцо =чашка =стул", "did"), ("read", "=книга =страница =рассказ", "did"),
        ("know", "=язык =слово =песня", "present"),
        ("find", "=гриб =ошибка =монета", "did"), ("see", "=дом =птица =корабль =звезда =собака", "present"),
        ("take", "=книга =чашка =билет", "will do"),
        ("write", "=письмо =рассказ =статья", "has done"), ("bring", "=стул =тарелка =яблоко", "will do"),
    ))  # fmt: skip
    np = NP(w.choose(w.of(spec)), plural=True, det="")
    words_en, words_ru = say(np, "gent", notes)
    np.ru_head.link("government", number)
    clause = Clause(subject, verb_named(w, key), tense, ask=True)
    notes.combos.add(f"{clause.verb.key}>{np.noun.ru}")
    return sentence(fronted(clause, notes, (how + words_en, [number, *words_ru])), notes, "?")
