"""nobody, nothing, never; somebody, everybody, all, each other; also, only, still, already, yet, again, almost."""

from grammar.clauses import Clause, agree, predicate, said
from grammar.conjugation import verb_forms
from grammar.frames.asking import deed, state
from grammar.frames.being import said_short, subject_be
from grammar.frames.talk import person, place_at, place_to, somebody, thing, verb_named, words
from grammar.noun_phrases import NP, say
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, both, en, inflected, join, particle
from grammar.world import World

NOTHING = dict(zip(("nomn", "gent", "datv", "ablt"), ("ничто", "ничего", "ничему", "ничем"), strict=True))
NOBODY = dict(
    zip(("nomn", "gent", "datv", "accs", "ablt"), ("никто", "никого", "никому", "никого", "никем"), strict=True)
)
UNLIKELY = (
    "find",
    "lose",
    "look for",
    "take",
    "bring",
    "open",
    "close",
    "repair",
    "read",
    "wash",
    "answer на",
)  # of all
LATE = verb_forms("опаздывать")
ALL = {"plur nomn": "все", "plur gent": "всех", "plur datv": "всем"}
NEVER = (  # what one never does: verb, object
    ("drink", "=кофе =чай =вино =молоко =сок =какао"), ("eat", "=мясо =рыба =каша =сыр =суп =мёд"),
    ("read", "=газета =журнал =роман =сказка"),
    ("play в", "=футбол =шахматы =теннис =хоккей"), ("sing", ""), ("dance", ""), ("cook", "=рыба =мясо =суп"),
    ("watch", "=фильм"), ("be late", ""),
    ("go often", "to"), ("help", "who"), ("phone", "who"), ("write", "=письмо"), ("cry", ""),
    ("work", "on Sundays|по воскресеньям"), ("buy", "=цветок =журнал =газета =вино"),
    ("come here", "here|сюда"), ("come here", "here|сюда"), ("walk", "in winter|зимой"), ("rest", "in winter|зимой"),
    ("listen to", "=музыка"), ("argue with", "who"), ("wear", "=шляпа =галстук =очки =куртка"),
    ("forget", "=зонт =ключ =имя"),
    ("sleep", "in the morning|утром"), ("swim", "in winter|зимой"), ("speak", "Russian|по-русски"),
    ("speak", "English|по-английски"), ("hurry", ""), ("laugh", ""),
)  # fmt: skip
NOTHING_DONE = (  # verb, tenses
    ("say", "did,did"), ("know", "present"), ("see", "present,often did"), ("hear", "present,often did"),
    ("understand", "present"), ("eat", "is doing,did"), ("want", "present"),
    ("buy", "did"), ("find", "did"), ("remember", "present"), ("do", "is doing,was doing"), ("do", "did"),
    ("bring", "did"), ("forget", "did"), ("take", "did"), ("lose", "did"), ("be afraid of", "present"),
)  # fmt: skip
NOBODY_DOES = (
    ("know", "=слово =ответ =песня =адрес =правило", "present"),
    ("understand", "=вопрос =слово =текст =правило", "present"), ("live", "here|здесь", "present"),
    ("work", "here|здесь", "present,is doing"),
    ("come", "", "did,will do"), ("come here", "here|сюда", "present,will do"),
    ("help", "who", "did,will do,is doing"), ("know", "who", "present"), ("see", "who", "often did,present"),
    ("sleep", "", "is doing,was doing"), ("sing", "", "is doing"),
    ("read", "=книга =газета =письмо", "did,is doing"), ("buy", "=хлеб =молоко =машина =дом", "did"),
    ("answer на", "=вопрос =письмо", "will do"), ("love", "who", "present"), ("say", "", "did"),
    ("find", "=ключ =деньги =ошибка", "did"), ("wait for", "who", "is doing"), ("hear", "who", "present"),
    ("believe", "who", "present"), ("phone", "who", "will do"), ("open", "=дверь =окно", "did"),
    ("want", "=суп =рыба =чай", "present"), ("like", "=каша =экзамен =дождь =ветер", "present"),
    ("remember", "=имя =слово =адрес =песня", "present"), ("drink", "=чай =кофе", "is doing"),
    ("forget", "who", "did"),
)  # fmt: skip


def _object(w: World, clause: Clause, what: str, notes: Notes, plural: bool = False) -> None:
    """Give the clause the object or adverbial of a row: who, to, nouns, "here|здесь"."""
    if what == "who":
        clause.object = somebody(w, clause.subject)
    elif what == "to":
        clause.ends.append(place_to(w, notes, "театр музей библиотека ресторан кафе кинотеатр стадион рынок концерт"))
    elif what.startswith("="):
        np = clause.object = thing(w, what, a=0.0, plural=0.0)
        if plural and np.noun.counted:
            np.plural, np.det = True, ""
        elif np.noun.ru in ("дождь", "ветер", "деньги"):
            np.det = "the"
        elif (
            clause.verb.key in ("know", "understand", "remember", "read", "answer на")
            and np.noun.counted
            and not np.noun.mass
        ):
            np.det = "this"
        elif clause.verb.key == "wear" and np.noun.number in ("P", "R"):
            np.det = ""
    elif what:
        clause.ends.append(both(*what.split("|")))


def never(w: World) -> Sentence:
    """I never drink coffee. – Я никогда не пью кофе."""
    notes = Notes({"negation", "negative-pronoun"})
    subject = person(w, i=5, you=2, mine="my")
    key, what = w.random.choice(NEVER)
    word = Word("never", "never")
    never_ru = particle("никогда", "ADVB", [word])
    not_ru = Word("не", "не", "PRCL", source=[word])
    if key == "be late":
        forms = LATE
        late = Word("late", "late")
        subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
        verb = agree(inflected("VERB impf pres", "опаздывать", forms, subject.person_cell, [late]), subject)
        notes.tags.add("person-agreement")
        return sentence(([*subject_en, subject.be(), word, late], [*subject_ru, *never_ru, not_ru, verb]), notes)
    verb = verb_named(w, key)
    future = bool(verb.perf) and key in ("forget", "help", "phone", "write", "buy", "read") and w.chance(0.35)
    tense = "will do" if future else "present"
    if verb.past == verb.en and not subject.third and not future:
        subject = NP(pronoun=w.random.choice(("he", "she")))
    clause = Clause(subject, verb, tense)
    _object(w, clause, what, notes, plural=not future)
    if future and what.startswith("="):
        clause.object.det = "this" if key in ("read", "forget") else clause.object.det
        if key in ("write", "buy"):
            return never(w)
    clause.middle = [word], [*never_ru, not_ru]
    return sentence(said(clause, notes), notes)


def nothing(w: World) -> Sentence:
    """He said nothing. – Он ничего не сказал.   I do not know anything. – Я ничего не знаю."""
    notes = Notes({"negation", "negative-pronoun"})
    key, tenses = w.random.choice(NOTHING_DONE)
    verb, tense = verb_named(w, key), w.random.choice(tenses.split(","))
    subject = person(w, i=5, you=3, mine="my")
    whom = verb.case == "accs" and key in ("know", "see", "hear", "understand", "be afraid of") and w.chance(0.4)
    anything = w.chance(0.5) or key == "eat"
    done = predicate(verb, subject, tense, notes, neg=anything)
    if whom:
        text, forms, lemma = "anybody" if anything else "nobody", NOBODY, "никто"
    else:
        text, forms, lemma = "anything" if anything else "nothing", NOTHING, "ничто"
    word = Word(text, text)
    case = "gent" if verb.case == "accs" else verb.case
    object_ru = inflected("NPRO", lemma, forms, case, [word]).link("government", done.head)
    russian = done.russian if anything else [Word("не", "не", "PRCL", source=[word]), *done.russian]
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    end = ([], [])
    if tense in ("did", "often did") and w.chance(0.3) and key in ("say", "eat", "buy", "find", "see", "hear"):
        end = words(("yesterday|вчера", "there|там"), w) if key != "say" else words(("yesterday|вчера",), w)
    return sentence(join(([*subject_en, *done.english, word], [*subject_ru, object_ru, *russian]), end), notes)


def nobody(w: World) -> Sentence:
    """Nobody knows this word. – Никто не знает это слово."""
    notes = Notes({"negation", "negative-pronoun"})
    if w.chance(0.2):
        subject = NP(pronoun="nobody")
        subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
        notes.tags.add("zero-copula")
        not_ru = [Word("не", "не", "PRCL", source=subject_en)]
        names = ("busy", "ready", "ill", "right", "sure")
        end = said_short(w, w.random.choice(names), subject)
        notes.tags.add("short-adjective")
        return sentence(join(([*subject_en, Word("is", "be")], subject_ru + not_ru), end), notes)
    key, what, tenses = w.random.choice(NOBODY_DOES)
    clause = Clause(NP(pronoun="nobody"), verb_named(w, key), w.random.choice(tenses.split(",")))
    if key == "say" and not what:
        return nobody(w)
    _object(w, clause, what, notes)
    if clause.object and key == "like" and not clause.object.noun.mass:
        clause.object.plural = clause.object.noun.counted
        clause.object.det = "" if clause.object.noun.counted else clause.object.det
    if clause.object and clause.object.noun and clause.object.noun.ru in ("машина", "дом") and key == "buy":
        clause.object.det = "this"
    phrase_en, phrase_ru = said(clause, notes)
    nobody_en, nobody_ru = clause.subject.en_head, clause.subject.ru_head
    at = next(i for i, word in enumerate(phrase_ru) if word is nobody_ru) + 1
    not_ru = Word("не", "не", "PRCL", source=[nobody_en])
    phrase_ru = [*phrase_ru[:at], not_ru, *phrase_ru[at:]]
    if "|" in what:  # Здесь никто не живёт
        phrase_ru = [phrase_ru[-1], *phrase_ru[:-1]]
    return sentence((phrase_en, phrase_ru), notes)


def not_anywhere(w: World) -> Sentence:
    """I am not going anywhere today. – Я никуда не иду сегодня.   He does not work anywhere. – Он нигде не работает."""
    notes = Notes({"negation", "negative-pronoun"})
    subject = person(w, i=4, you=2, mine="my")
    key, tense, text_ru = w.random.choice((
        ("go", "is doing", "никуда"), ("go", "will do", "никуда"), ("ride", "will do", "никуда"),
        ("work", "present", "нигде"), ("study", "present", "нигде"), ("hurry", "is doing", "никуда"),
        ("work", "is doing", "нигде"),
    ))  # fmt: skip
    verb = verb_named(w, key)
    done = predicate(verb, subject, tense, notes, neg=True)
    anywhere = Word("anywhere", "anywhere")
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    end = ([], [])
    if tense == "will do":
        end = words(("tomorrow|завтра", "today|сегодня") if key == "go" else ("in summer|летом", "in winter|зимой"), w)
    elif key == "go" and w.chance(0.5):
        end = both("today", "сегодня")
    russian = [*subject_ru, *end[1], *particle(text_ru, "ADVB", [anywhere]), *done.russian]
    return sentence(([*subject_en, *done.english, anywhere, *end[0]], russian), notes)


def somebody_does(w: World) -> Sentence:
    """Somebody is singing. – Кто-то поёт.   Everybody knows this song. – Все знают эту песню."""
    notes = Notes()
    kind = w.random.choice(("somebody", "somebody", "everybody", "everybody", "something", "everything"))
    if kind in ("somebody", "everybody"):
        subject = NP(pronoun=kind)
        if kind == "everybody" and w.chance(0.35):
            notes.tags.add("zero-copula")
            subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
            end = (
                place_at(w, notes)
                if w.chance(0.6)
                else said_short(w, w.random.choice(("busy", "ready", "glad", "ill")), subject)
            )
            return sentence(join(([*subject_en, Word("is", "be")], subject_ru), end), notes)
        if w.chance(0.5):
            clause = deed(w, subject, notes)
            if clause.tense == "present" if kind == "somebody" else clause.verb.key in UNLIKELY:
                return somebody_does(w)
        else:
            key, what, tenses = w.random.choice(NOBODY_DOES)
            clause = Clause(subject, verb_named(w, key), w.random.choice(tenses.split(",")))
            if key == "say" or (clause.tense == "present" if kind == "somebody" else key in UNLIKELY):
                return somebody_does(w)
            _object(w, clause, what, notes)
            if key == "like":
                clause.object = NP(w.choose(w.of("=музыка =шоколад =мороженое =зима =весна =торт =яблоко")), det="")
                clause.object.plural = clause.object.noun.counted
        if (
            clause.object
            and clause.object.noun
            and clause.object.noun.ru in ("машина", "дом")
            and clause.object.det == "the"
        ):
            clause.object.det = "this"
        return sentence(said(clause, notes), notes)
    subject = person(w, i=4, you=2, mine="my")
    if kind == "something":
        key, tense = w.random.choice((
            ("eat", "is doing"), ("read", "is doing"), ("write", "is doing"), ("say", "did"), ("look for", "is doing"),
            ("find", "did"), ("buy", "did"), ("see", "present"), ("hear", "often did"),
            ("forget", "did"), ("lose", "did"), ("drink", "is doing"), ("know", "present"), ("bring", "did"),
            ("draw", "is doing"), ("cook", "is doing"), ("want", "present"),
        ))  # fmt: skip
    else:
        key, tense = w.random.choice((
            ("know", "present"), ("understand", "present"), ("see", "present"), ("hear", "often did"),
            ("remember", "present"), ("buy", "did"), ("forget", "did"), ("eat", "has done"), ("say", "did"),
            ("find", "did"), ("do", "did"), ("do", "has done"), ("do", "will do"), ("bring", "did"),
            ("explain", "did"), ("check", "did"), ("sell", "did"), ("read", "has done"),
        ))  # fmt: skip
    verb = verb_named(w, key)
    done = predicate(verb, subject, tense, notes)
    object_en, object_ru = say(NP(pronoun=kind), verb.case, notes)
    object_ru[0].link("government", done.head)
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    russian = [*object_ru, *done.russian] if kind == "something" else [*done.russian, *object_ru]
    return sentence((subject_en + done.english + object_en, subject_ru + russian), notes)


def all_of(w: World) -> Sentence:
    """All the children are sleeping. – Все дети спят.   All my friends know this song. – Все мои друзья …"""
    notes = Notes()
    np = NP(
        w.choose(
            w.of("=ребёнок =студент =мальчик =девочка =друг =сосед =гость =женщина =ученик =учитель =брат =сестра")
        ),
        plural=True,
    )
    mine = np.noun.ru in ("друг", "сосед", "брат", "сестра", "гость")
    if mine:
        np.det = w.random.choice(("my", "our", "his", "her"))
    clause = deed(w, np, notes)
    if clause.verb.key in UNLIKELY or (clause.object and clause.object.noun is np.noun):
        return all_of(w)
    english, russian = said(clause, notes)
    all_en = Word("all", "all")
    all_ru = inflected("ADJF", "весь", ALL, "plur nomn", [all_en]).link("agreement", np.ru_head)
    return sentence(([all_en, *english], [all_ru, *russian]), notes)


EACH = (
    ("love", "present"), ("know", "present"), ("understand", "present"), ("help", "present"), ("believe", "present"),
    ("remember", "present"), ("see", "often did"), ("hear", "present"),
    ("wait for", "is doing"), ("help", "is doing"), ("look at", "is doing"), ("talk to", "is doing"),
    ("laugh at", "is doing"), ("think about", "present"), ("love", "often did"), ("respect", "present"),
    ("invite", "did"), ("argue with", "is doing"), ("be afraid of", "present"),
)  # fmt: skip


def each_other(w: World) -> Sentence:
    """They love each other. – Они любят друг друга.   We are talking to each other. – Мы говорим друг с другом."""
    notes = Notes()
    kind = w.random.choice(("we", "they", "they", "people", "two", "two"))
    if kind == "two":
        first, second = w.random.sample(w.first_names, 2)
        subject = NP(first, det="", second=NP(second, det=""))
    elif kind == "people":
        subject = NP(w.choose(w.of("=ребёнок =сосед =мальчик =девочка =брат =сестра =друг")), plural=True)
        if subject.noun.ru not in ("ребёнок", "мальчик", "девочка"):
            subject.det = w.random.choice(("my", "our", "the"))
    else:
        subject = NP(pronoun=kind)
    key, tense = w.random.choice(EACH)
    verb = verb_named(w, key)
    done = predicate(verb, subject, tense, notes)
    each, other = en("each other")
    friend = w.lexicon.noun("друг")
    one = inflected("NOUN masc", "друг", friend.forms, "sing nomn", [each])
    case = verb.case
    two = inflected("NOUN masc", "друг", friend.forms, f"sing {case}", [other])
    middle: list[Word] = []
    if verb.prep:
        middle = particle(verb.prep, "PREP", done.rest[-1:])
        middle[0].link("government", done.head)
        two.link("government", middle[0])
    else:
        two.link("government", done.head)
    one.link("government", done.head)
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    return sentence(([*subject_en, *done.english, each, other], [*subject_ru, *done.russian, one, *middle, two]), notes)


LIKED_TOO = (
    "=музыка =чай =кофе =молоко =сыр =рыба =шоколад =футбол =зима "
    "=яблоко =кошка =собака =суп =хоккей =литература =мороженое"
)


def also(w: World) -> Sentence:
    """I also like tea. – Я тоже люблю чай.   She is still sleeping. – Она всё ещё спит.   He is late again. – …"""
    notes = Notes()
    subject = person(w, i=5, you=2, mine="my")
    kind = w.random.choice(("also", "also", "only", "still", "already", "yet", "yet", "again", "almost"))
    if kind == "also":
        too = w.chance(0.4)
        word_en, word_ru = both("too" if too else "also", "тоже")
        if w.chance(0.5):
            np = NP(w.choose(w.of(LIKED_TOO)), det="")
            np.plural = np.noun.counted
            clause = Clause(subject, w.lexicon.verb(w.random.choice(("like", "like", "love"))), "present", np)
        elif w.chance(0.3):
            be, end = state(
                w, subject, notes, False, w.random.choice(("busy", "ill", "right", "ready", "tired", "glad", "late"))
            )
            subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
            english = [*subject_en, be, *end[0], *word_en] if too else [*subject_en, be, *word_en, *end[0]]
            return sentence((english, subject_ru + word_ru + end[1]), notes)
        else:
            clause = deed(w, subject, notes)
            clause.ends = [end for end in clause.ends if clause.verb.key in ("speak", "stay", "say")]
            clause.middle = None
        clause.middle = ([] if too else word_en), word_ru
        phrase = said(clause, notes)
        return sentence(join(phrase, (word_en if too else [], [])), notes)
    if kind == "only":
        key, spec = w.random.choice(
            (
                ("drink", "=чай =кофе =вода =сок =молоко"),
                ("eat", "=рыба =каша =суп =рис =хлеб =сыр"),
                ("read", "=сказка =газета =роман =рассказ"),
                ("speak", ""),
                ("like", "=чай =музыка =шоколад =футбол"),
                ("know", "who"),
                ("love", "who"),
                ("believe", "who"),
                ("want", "=чай =вода =сок"),
            )
        )
        clause = Clause(subject, verb_named(w, key), "present")
        if key == "read" and not subject.third:
            return also(w)
        only_en, only_ru = both("only", "только", "PRCL")
        end: Phrase
        if key == "speak":
            end = words(("Russian|по-русски", "English|по-английски", "French|по-французски"), w)
            english, russian = said(clause, notes)
            return sentence(join((english, russian), (only_en, only_ru), end), notes)
        _object(w, clause, spec, notes, plural=key in ("read",))
        english, russian = said(clause, notes)
        at = len(english) - len(say(clause.object, clause.verb.case, Notes())[0])
        ru_at = next(i for i, word in enumerate(russian) if word is clause.object.ru_head)
        return sentence((english[:at] + only_en + english[at:], russian[:ru_at] + only_ru + russian[ru_at:]), notes)
    if kind == "still":
        clause = Clause(
            subject,
            verb_named(
                w, w.random.choice(("sleep", "work", "wait", "cry", "rest", "dance", "study", "be silent", "live"))
            ),
            "is doing",
        )
        if clause.verb.flags & {"s", "be"} or clause.verb.key == "study":
            clause.tense = "present"
        if clause.verb.key in ("live", "study"):
            clause.ends.append(both("here", "здесь"))
        clause.middle = both("still", "всё ещё")
        if w.chance(0.4):
            start = subject_be(subject, notes, False)
            end = place_at(w, notes) if w.chance(0.6) else said_short(w, w.random.choice(("busy", "ill")), subject)
            still = both("still", "всё ещё")
            return sentence(join(start, still, end), notes)
        return sentence(said(clause, notes), notes)
    if kind == "already":
        already = both("already", "уже")
        start = subject_be(subject, notes, False)
        end = place_at(w, notes) if w.chance(0.7) else words(("here|здесь", "here|здесь", "there|там"), w)
        return sentence(join(start, already, end), notes)
    if kind == "yet":
        key, what = w.random.choice(
            (
                ("read", "=книга =статья =письмо =рассказ"),
                ("come", ""),
                ("write", "=письмо =статья =отчёт"),
                ("leave", ""),
                ("begin", ""),
                ("end", ""),
                ("buy", "=хлеб =билет =подарок =молоко"),
                ("cook", "=обед =ужин =суп"),
                ("wash", "=машина =пол"),
                ("come back", ""),
                ("find", "=ключ =паспорт =телефон =работа"),
                ("repair", "=машина =велосипед"),
                ("answer на", "=вопрос =письмо"),
                ("phone", "who"),
                ("open", "=письмо =подарок"),
                ("get up", ""),
                ("watch", "=фильм"),
            )
        )
        if key in ("come", "leave", "come back", "get up") and subject.person != "3per":
            subject = NP(pronoun=w.random.choice(("he", "she", "they")))
        clause = Clause(subject, verb_named(w, key), "has done", neg=True)
        _object(w, clause, what, notes)
        if key in ("begin", "end"):
            clause.subject = NP(w.choose(w.of("=урок =концерт =экзамен =лекция =фильм =собрание")))
        yet_en, yet_ru = both("yet", "ещё")
        clause.middle = [], yet_ru
        return sentence(join(said(clause, notes), (yet_en, [])), notes)
    if kind == "again":
        again_en, again_ru = both("again", "снова")
        if w.chance(0.35):
            be, end = state(w, subject, notes, False, w.random.choice(("late", "late", "busy", "ill", "right")))
            subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
            return sentence(([*subject_en, be, *end[0], *again_en], subject_ru + again_ru + end[1]), notes)
        key, what, tense = w.random.choice(
            (
                ("lose", "=ключ =зонт =телефон =паспорт", "did"),
                ("forget", "=зонт =ключ =имя =адрес", "did"),
                ("sing", "", "is doing"),
                ("cry", "", "is doing"),
                ("sleep", "", "is doing"),
                ("phone", "who", "will do"),
                ("come", "", "did"),
                ("come", "", "will do"),
                ("work", "", "is doing"),
                ("read", "=книга =письмо", "is doing"),
                ("leave", "", "did"),
                ("laugh", "", "is doing"),
                ("meet", "who", "did"),
                ("look for", "=ключ =очки =телефон", "is doing"),
            )
        )
        clause = Clause(subject, verb_named(w, key), tense)
        _object(w, clause, what, notes)
        clause.middle = [], again_ru
        return sentence(join(said(clause, notes), (again_en, [])), notes)
    almost_en, almost_ru = both("almost", "почти")
    if w.chance(0.5):
        np = NP(w.choose(w.of("=обед =ужин =завтрак =суп =дом =работа =статья =отчёт =картина =платье")))
        start = subject_be(np, notes, False)
        notes.tags.add("short-adjective")
        return sentence(join(start, (almost_en, almost_ru), said_short(w, "ready", np)), notes)
    key, what = w.random.choice(
        (
            ("drink", "=кофе =чай =молоко"),
            ("eat", "=мясо =рыба =каша"),
            ("cook", "=суп =ужин =обед"),
            ("phone", "who"),
            ("see", "who"),
            ("go often", "to"),
            ("play в", "=футбол =шахматы"),
        )
    )
    clause = Clause(subject, verb_named(w, key), "present")
    _object(w, clause, what, notes, plural=True)
    every = both("every day", "каждый день")
    return sentence(join(said(clause, notes), (almost_en, almost_ru), every), notes)


GOOD = (
    ("=книга =фильм =идея =план =ответ =вопрос =словарь =подарок =ресторан =гостиница",
     "good bad interesting strange simple important"),
    ("=город =парк =сад =дом =песня =картина =платье =цветок =дерево =море =озеро",
     "beautiful old big wonderful small"),
    ("=школа =магазин =музей =театр =библиотека =больница =университет =кафе =рынок", "good new old big small modern"),
    ("=вопрос =задача =экзамен =слово =текст =язык =книга", "difficult simple important interesting"),
    ("=машина =велосипед =телефон =компьютер =лампа =сумка =шляпа =куртка =стул", "new old good expensive beautiful"),
)  # fmt: skip


def this_is_good(w: World) -> Sentence:
    """This is a good book. – Это хорошая книга.   It is a difficult question. – Это трудный вопрос."""
    notes = Notes({"zero-copula"})
    nouns, names = w.random.choice(GOOD)
    noun = w.choose(w.of(nouns))
    fitting = [a for a in w.lexicon.adjectives if a.en in names.split() and noun in a.nouns and not a.needs]
    if not fitting:
        return this_is_good(w)
    np = NP(noun, plural=noun.counted and w.chance(0.2), det="a", adjectives=(w.choose(fitting),))
    if np.plural:
        np.det = ""
    ask = w.chance(0.3)
    text = w.random.choice(("this", "this", "it", "that"))
    if np.plural:
        text = {"this": "these", "that": "those", "it": "they"}[text] if text != "it" else "these"
    this = Word(text, {"these": "this", "those": "that"}.get(text, text))
    be = np.be()
    neg = not ask and w.chance(0.2)
    this_ru = Word("это", "это", "PRCL", source=[this])
    start = ([be, this] if ask else [this, be]), [this_ru]
    if neg:
        start = join(start, both("not", "не", "PRCL"))
        notes.tags.add("negation")
    if ask:
        notes.tags.add("yes-no-question")
        if w.chance(0.3):
            np.adjectives = ()
    return sentence(join(start, say(np, "nomn", notes)), notes, "?" if ask else ".")
