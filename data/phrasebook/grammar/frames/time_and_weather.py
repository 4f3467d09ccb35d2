"""What time and day it is, when things begin, how long they last, and what the weather is like."""

from collections.abc import Iterable

from grammar.clauses import agree, was, will_be
from grammar.conjugation import TO_BE, verb_forms
from grammar.frames.counting import YEAR
from grammar.frames.people import at_time, fair, relative, somebody
from grammar.lexicon import load
from grammar.noun_phrases import NP, say
from grammar.numerals import numeral
from grammar.prepositions import form_before, prepositional
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, both, en, inflected, join, particle
from grammar.world import World

HOURS = (
    "первого второго третьего четвёртого пятого шестого седьмого восьмого девятого десятого одиннадцатого двенадцатого"
)
ORDINALS = "первый второй третий четвёртый пятый шестой седьмой восьмой девятый десятый одиннадцатый двенадцатый"
BIRTHDAY = load().parse_noun("birthday", "день m b s:дн", "event")
OPENING = {"открываться": "open", "закрываться": "close"}
STARTS = (  # English verb, Russian verb in the present, and what does so
    ("open", "открываться",
     "=магазин =музей =банк =аптека =библиотека =рынок =супермаркет =бассейн =зоопарк =кафе =почта"),
    ("close", "закрываться",
     "=магазин =музей =банк =аптека =библиотека =рынок =супермаркет =бассейн =зоопарк =ресторан"),
    ("begin", "начинаться", "=урок =концерт =экзамен =лекция =фильм =собрание =экскурсия =игра =матч =свадьба"),
    ("end", "заканчиваться", "=урок =концерт =экзамен =лекция =фильм =собрание =экскурсия =игра"),
    ("leave", "отправляться", "=поезд =автобус =корабль"), ("arrive", "прибывать", "=поезд =автобус =корабль"),
)  # fmt: skip
BEGAN = {  # the past of one event
    "открываться": ("opened", "открыться откроюсь откроется"), "закрываться": ("closed",
     "закрыться закроюсь закроется"),
    "начинаться": ("began", "начаться начнусь начнётся past=начал,начала"),
    "заканчиваться": ("ended", "закончиться закончусь закончится"),
    "отправляться": ("left", "отправиться отправлюсь отправится"), "прибывать": ("arrived", "прибыть прибуду прибудет"),
}  # fmt: skip
PRESENT = {
    "открываться": "открываюсь открывается", "закрываться": "закрываюсь закрывается",
    "начинаться": "начинаюсь начинается",
    "заканчиваться": "заканчиваюсь заканчивается", "отправляться": "отправляюсь отправляется",
    "прибывать": "прибываю прибывает",
}  # fmt: skip
DAYTIMES = (  # after an hour: English, Russian, genitive, the hours
    ("in the morning", "утро", "утра", range(4, 12)), ("in the afternoon", "день", "дня", (12, 1, 2, 3, 4)),
    ("in the evening", "вечер", "вечера", range(5, 12)), ("in the morning", "ночь", "ночи", (1, 2, 3)),
)  # fmt: skip
GENDERS = {"утро": "neut", "день": "masc", "вечер": "masc", "ночь": "femn"}
SEASONS = (("in winter", "зимой"), ("in summer", "летом"), ("in autumn", "осенью"), ("in spring", "весной"))
FITS = {  # weather and the seasons that have it
    "cold": "in winter in autumn", "warm": "in summer in spring", "hot": "in summer", "dark": "in winter in autumn",
    "windy": "in autumn in spring", "cool": "in autumn in spring",
}  # fmt: skip
WEATHER = {
    "cold": "холодно", "warm": "тепло", "hot": "жарко", "dark": "темно", "windy": "ветрено", "cool": "прохладно",
    "quiet": "тихо",
}  # fmt: skip
INDOORS = ("quiet", "dark", "warm", "cold", "hot", "cool")
FALLS = (("rain", "raining", "rains", "дождь"), ("snow", "snowing", "snows", "снег"))
GO = verb_forms("идти иду идёт past=шёл,шла")
DONE_AT = (  # English present, third person, past, Russian imperfective and perfective of what one does at some hour
    ("get up", "gets up", "got up", "вставать встаю встаёт", "встать встану встанет"),
    ("go to bed", "goes to bed", "went to bed", "ложиться ложусь ложится", "лечь лягу ляжет past=лёг,легла 3pl=лягут"),
    ("have breakfast", "has breakfast", "had breakfast", "завтракать", "позавтракать"),
    ("have lunch", "has lunch", "had lunch", "обедать", "пообедать"),
    ("have dinner", "has dinner", "had dinner", "ужинать", "поужинать"),
    ("come home", "comes home", "came home", "приходить прихожу приходит", "прийти приду придёт past=пришёл,пришла"),
    ("wake up", "wakes up", "woke up", "просыпаться просыпаюсь просыпается", "проснуться проснусь проснётся"),
)
MORNING, NOON, EVENING = (6, 7, 8, 9), (12, 1, 2), (6, 7, 8, 9, 10)
WHEN_DONE = {"get up": MORNING, "wake up": MORNING, "have breakfast": MORNING, "have lunch": NOON}


def _hour(w: World, number: int, case: str, oclock: bool, notes: Notes) -> Phrase:
    """three o'clock – три часа; one o'clock – час; three – три."""
    hour = w.lexicon.noun("час")
    word_en = Word(w.lexicon.numerals[number].en if number > 1 else "one")
    word_en.lemma = word_en.form
    if number == 1:
        noun = inflected("NOUN masc", hour.ru, hour.forms, f"sing {case}", [word_en])
        return [word_en, *en("o'clock" * oclock)], [noun]
    noun = Word()
    ru = numeral(number, case, "masc", False, noun, word_en)
    if not oclock:
        for word in ru:
            word.links = []  # the noun is not said
        return [word_en], ru
    clock = Word("o'clock", "o'clock")
    noun.inflect("NOUN masc", hour.ru, hour.forms, "sing gent" if number < 5 else "plur gent", [clock])
    notes.tags.add("numerals")
    return [word_en, clock], [*ru, noun]


def at_hour(w: World, number: int, oclock: bool, notes: Notes) -> Phrase:
    """at five o'clock – в пять часов"""
    english, russian = _hour(w, number, "accs", oclock, notes)
    at = Word("at", "at")
    prep = Word(form_before("в", russian[0].form), "в", "PREP", source=[at])
    if number == 1:
        russian[0].link("government", prep)
    return [at, *english], [prep, *russian]


def _an_hour(w: World, hours: Iterable[int]) -> int:
    """One of these hours; after which "half past" is said less often."""
    return w.rarest([(hour, ORDINALS.split()[hour % 12]) for hour in hours], 5)[0]


def half_past(w: World, number: int, case: str = "nomn") -> Phrase:
    """half past seven – половина восьмого"""
    half, past = Word("half", "half"), Word("past", "past")
    name = "one" if number == 1 else w.lexicon.numerals[number].en
    hour = Word(name, name)
    genitive = HOURS.split()[number % 12]
    lemma = ORDINALS.split()[number % 12]
    form = "половина" if case == "nomn" else "половине"
    half_ru = Word(form, "половина", "NOUN femn", f"sing {case}", source=[half, past])
    hour_ru = Word(genitive, lemma, "ADJF", "sing masc gent", source=[hour]).link("government", half_ru)
    return [half, past, hour], [half_ru, hour_ru]


def daytime(w: World, number: int) -> Phrase:
    """in the morning – утра, after an hour"""
    text_en, lemma, genitive = w.choose([(e, lemma, ru) for e, lemma, ru, hours in DAYTIMES if number in hours])
    words = en(text_en)
    return words, [Word(genitive, lemma, "NOUN " + GENDERS[lemma], "sing gent", source=words[-1:])]


def at_some_time(w: World, number: int, notes: Notes, *, daytimes: bool = True) -> Phrase:
    """at five, at five o'clock, at half past five, at five o'clock in the morning"""
    if w.chance(0.55):
        at = Word("at", "at")
        prep = Word("в", "в", "PREP", source=[at])
        half = half_past(w, number, "loct")
        half[1][0].link("government", prep)
        return [at, *half[0]], [prep, *half[1]]
    oclock = w.chance(0.6)
    time = at_hour(w, number, oclock, notes)
    return join(time, daytime(w, number)) if oclock and daytimes and w.chance(0.4) else time


def what_time(w: World) -> Sentence:
    """It is three o'clock. – Сейчас три часа.   It was half past nine. – Была половина десятого."""
    notes = Notes({"clock"})
    number = _an_hour(w, range(1, 13))
    it, be = en("it is")
    now = particle("сейчас", "ADVB", [be])
    if w.chance(0.5):
        end = half_past(w, number)
        notes.tags.discard("numerals")
    else:
        end = _hour(w, number, "nomn", True, notes)
    kind = w.random.random()
    if kind < 0.2:  # already
        already = both("already", "уже")
        return sentence(([it, be, *already[0], *end[0]], already[1] + end[1]), notes)
    if kind < 0.35:
        return sentence(([Word("is", "be"), it, *end[0]], [*particle("сейчас", "ADVB", [it]), *end[1]]), notes, "?")
    if kind < 0.5 and end[0][0].form != "half":
        part = daytime(w, number)
        return sentence(join(([it, be], now), end, part), notes)
    return sentence(join(([it, be], now), end), notes)


def what_day(w: World) -> Sentence:
    """Today is Monday. – Сегодня понедельник.   Yesterday was Sunday. – Вчера было воскресенье."""
    notes = Notes({"calendar"})
    kind = w.random.choice(("day", "day", "month", "season", "event", "event", "event", "birthday", "birthday"))
    if kind == "day":
        day = NP(w.choose(w.of("weekday")), det="")
        day_en, day_ru = say(day, "nomn", notes)
        word, text, verb = w.random.choice(
            (("today", "сегодня", "is"), ("tomorrow", "завтра", "is"), ("yesterday", "вчера", "was"))
        )
        when_en, when_ru = both(word, text)
        be = Word(verb, "be")
        middle = [was(day, be)] if verb == "was" else []
        if w.chance(0.3):
            return sentence(([Word("it", "it"), be, *day_en, *when_en], when_ru + middle + day_ru), notes)
        if w.chance(0.25) and verb == "is":
            return sentence(([be, *when_en, *day_en], when_ru + day_ru), notes, "?")
        return sentence(([*when_en, be, *day_en], when_ru + middle + day_ru), notes)
    if kind in ("month", "season"):
        period = NP(w.choose(w.of(kind)), det="")
        period_en, period_ru = say(period, "nomn", notes)
        it, be, already = en("it is already")
        if w.chance(0.5):
            return sentence(([it, be, already, *period_en], [*particle("уже", "ADVB", [already]), *period_ru]), notes)
        now = both("now", "сейчас")
        return sentence(([it, be, *period_en, *now[0]], now[1] + period_ru), notes)
    subject = NP(w.choose(w.of("event =экзамен =матч")))
    if "sense" in subject.noun.classes:
        subject.noun = w.lexicon.noun("экзамен")
    end = on_day(w, notes) if w.chance(0.7) else in_month(w, notes)
    if kind == "event" and w.chance(0.45):
        end = at_some_time(w, _an_hour(w, (9, 10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8)), notes, daytimes=False)
    if kind == "birthday":
        words_en, words_ru = birthday(w, notes)
        end = in_month(w, notes) if w.chance(0.6) else on_day(w, notes)
        return sentence(join(([*words_en, Word("is", "be")], words_ru), end), notes)
    words_en, words_ru = say(subject, "nomn", notes, subject=True)
    mode = w.random.choice(("is", "is", "ask", "will", "was"))
    if mode == "ask":
        return sentence(join(([subject.be(), *words_en], words_ru), end), notes, "?")
    be = en("will be") if mode == "will" else [subject.be(mode == "was")]
    verb = [] if mode == "is" else [will_be(subject, be[0])] if mode == "will" else [was(subject, be[0])]
    return sentence(join((words_en + be, words_ru + verb), end), notes)


def birthday(w: World, notes: Notes) -> Phrase:
    """my birthday – мой день рождения; my mother's birthday – день рождения моей матери"""
    np = NP(BIRTHDAY, det=w.random.choice(("my", "your", "his", "her", "my")))
    of_birth = Word("рождения", "рождение", "NOUN neut", "sing gent", source=[np.en_head])
    np.after = [], [of_birth.link("government", np.ru_head)]
    if w.chance(0.5):
        return say(np, "nomn", notes)
    owner = relative(w, "kin parent mum")
    owner_en, owner_ru = say(owner, "gent", notes)
    owner_en[-1].form += "'s"
    owner.ru_head.link("government", np.ru_head)
    np.det = ""
    words_en, words_ru = say(np, "nomn", notes)
    return owner_en + words_en, words_ru + owner_ru


def on_day(w: World, notes: Notes) -> Phrase:
    """on Tuesday – во вторник"""
    day = NP(w.rarest(w.of("weekday"), 3), det="")
    return prepositional("on", "в", "accs", day, notes)


def in_month(w: World, notes: Notes) -> Phrase:
    """in May – в мае"""
    return prepositional("in", "в", "loct", NP(w.rarest(w.of("month"), 4), det=""), notes)


def starts(w: World) -> Sentence:
    """The shop opens at nine. – Магазин открывается в девять.   When does the lesson begin? – Когда начинается урок?"""
    notes = Notes({"clock"})
    verb_en, verb_ru, spec = w.choose(STARTS)
    np = NP(w.choose([n for n in w.of(spec)]))
    mode = w.random.choice(("present", "present", "present", "ask", "past", "will"))
    start = Word(verb_en, verb_en)
    forms = verb_forms(f"{verb_ru} {PRESENT[verb_ru]}")
    subject_en, subject_ru = say(np, "nomn", notes, subject=True)
    if mode == "ask":
        verb = agree(inflected("VERB impf pres", verb_ru, forms, np.person_cell, [start]), np)
        when, does = Word("when", "when"), Word("does", "do")
        notes.tags |= {"wh-question", "person-agreement"}
        if w.chance(0.4):
            notes.tags.discard("wh-question")
            what, time = en("what time")
            russian = [Word("во", "в", "PREP", source=[what]), Word("сколько", "сколько", "NUMR", source=[what, time])]
            return sentence(([what, time, does, *subject_en, start], [*russian, verb, *subject_ru]), notes, "?")
        russian = [*particle("когда", "ADVB", [when]), verb, *subject_ru]
        return sentence(([when, does, *subject_en, start], russian), notes, "?")
    hours = {"открываться": (7, 8, 9, 10, 11), "закрываться": (5, 6, 7, 8, 9, 10)}.get(verb_ru, range(1, 13))
    if verb_ru in ("начинаться", "заканчиваться"):
        hours = (9, 10, 11, 12, 1, 2) if np.noun.ru in ("урок", "экзамен", "лекция", "экскурсия") else (5, 6, 7, 8)
    night = verb_ru in ("отправляться", "прибывать")
    if night and w.chance(0.5):
        hours = (1, 2, 3)
    number = _an_hour(w, hours)
    time = at_some_time(w, number, notes, daytimes=night)
    if hours == (1, 2, 3):  # at two o'clock in the morning or in the afternoon
        time = join(at_hour(w, number, True, notes), daytime(w, number))
    english = [start]
    if mode == "present":
        start.form = {
            "open": "opens",
            "close": "closes",
            "begin": "begins",
            "end": "ends",
            "leave": "leaves",
            "arrive": "arrives",
        }[verb_en]
        verb = agree(inflected("VERB impf pres", verb_ru, forms, np.person_cell, [start]), np)
        notes.tags.add("person-agreement")
    else:
        past, perfective = BEGAN[verb_ru]
        perf = verb_forms(perfective)
        if mode == "past":
            start.form = past
            verb = agree(inflected("VERB perf", perf["infn"], perf, np.past_cell, [start]), np)
            notes.tags.add("past-agreement")
        else:
            english = [Word("will", "will"), start]
            verb = agree(inflected("VERB perf futr", perf["infn"], perf, np.person_cell, [start]), np)
            notes.tags.add("person-agreement")
    phrase = join((subject_en + english, [*subject_ru, verb]), time)
    if mode == "will" and w.chance(0.5):
        phrase = at_time(w, phrase, both("tomorrow", "завтра"))
    return sentence(phrase, notes)


def does_at(w: World) -> Sentence:
    """I get up at seven o'clock. – Я встаю в семь часов.   We had dinner at eight. – Мы поужинали в восемь."""
    notes = Notes({"clock"})
    np = somebody(w)
    base, third, past, impf, perf = w.choose(DONE_AT)
    impf_forms, perf_forms = verb_forms(impf), verb_forms(perf)
    home = base == "come home"
    number = _an_hour(w, WHEN_DONE.get(base, EVENING))
    time = at_some_time(w, number, notes)
    if base == "have lunch" or (time[0][-1].form == "morning") != (base in WHEN_DONE):
        time = at_hour(w, number, w.chance(0.5), notes)
    mode = w.random.choice(("present", "present", "present", "past", "past", "will"))
    subject_en, subject_ru = say(np, "nomn", notes, subject=True)
    words = en({"present": third if np.third else base, "past": past, "will": f"will {base}"}[mode])
    source = [word for word in words if word.form not in ("will", "home")]
    if mode == "present":
        verb = inflected("VERB impf pres", impf_forms["infn"], impf_forms, np.person_cell, source)
    elif mode == "past":
        verb = inflected("VERB perf", perf_forms["infn"], perf_forms, np.past_cell, source)
    else:
        verb = inflected("VERB perf futr", perf_forms["infn"], perf_forms, np.person_cell, source)
    notes.tags.add("past-agreement" if mode == "past" else "person-agreement")
    tail = particle("домой", "ADVB", words[-1:]) if home else []
    if base == "go to bed":
        tail = [Word("спать", "спать", "INFN impf", "infn", source=words[-1:])]
    phrase = join((subject_en + words, [*subject_ru, agree(verb, np), *tail]), time)
    if mode == "past" and w.chance(0.4):
        phrase = at_time(w, phrase, both("yesterday", "вчера"))
    elif mode == "will" and w.chance(0.4):
        phrase = at_time(w, phrase, both("tomorrow", "завтра"))
    elif mode == "present" and w.chance(0.3):
        phrase = at_time(
            w,
            phrase,
            w.adverbial(
                (("every day", "каждый день"), ("on Sundays", "по воскресеньям"), ("on Mondays", "по понедельникам"))
            ),
            end=0.3,
        )
    return sentence(phrase, fair(notes, np))


LASTING = (  # what one does for some time: English past, Russian
    ("worked", "work", "работать"), ("slept", "sleep", "спать"), ("waited", "wait", "ждать"), ("rested", "rest",
     "отдыхать"),
    ("danced", "dance", "танцевать"), ("walked", "walk", "гулять"), ("swam", "swim", "плавать"), ("cried", "cry",
     "плакать"),
    ("trained", "train", "тренироваться"),
)  # fmt: skip
ONCE = (  # what happens once: English past, Russian perfective
    ("came", "прийти приду придёт past=пришёл,пришла"), ("arrived", "приехать приеду приедет"),
    ("left", "уйти уйду уйдёт past=ушёл,ушла"), ("phoned", "позвонить позвоню позвонит"),
    ("fell asleep", "заснуть засну заснёт"), ("woke up", "проснуться проснусь проснётся"),
)  # fmt: skip


def span(w: World, case: str, notes: Notes, units: str = "=день =неделя =месяц =час =минута") -> Phrase:
    """two hours – два часа; an hour – час; a week – неделю."""
    noun = YEAR if w.chance(0.1) and units.startswith("=день") else w.choose(w.of(units))
    np = NP(noun, det="a")
    if w.chance(0.75):
        small = (2, 3, 4, 5, 6) if noun.ru != "минута" else (2, 3, 5, 10, 15, 20, 30, 40)
        np.count, np.plural, np.det = w.random.choice(small), True, ""
    return say(np, case, notes)


def how_long(w: World) -> Sentence:
    """We worked for two hours. – Мы работали два часа.   He came an hour ago. – Он пришёл час назад."""
    notes = Notes({"duration"})
    np = somebody(w)
    subject_en, subject_ru = say(np, "nomn", notes, subject=True)
    kind = w.random.choice(("for", "ago", "in"))
    if kind == "for":
        past, base, infinitive = w.choose(LASTING)
        forms = w.lexicon.verb(base).impf
        long = infinitive in ("работать", "отдыхать", "тренироваться")
        time_en, time_ru = span(w, "accs", notes, "=день =неделя =месяц =час" if long else "=час =минута")
        word = Word(past, base)
        verb = agree(inflected("VERB impf", infinitive, forms, np.past_cell, [word]), np)
        notes.tags.add("past-agreement")
        return sentence(
            ([*subject_en, word, Word("for", "for"), *time_en], [*subject_ru, verb, *time_ru]), fair(notes, np)
        )
    past, parts = w.choose(ONCE if kind == "ago" else [one for one in ONCE if one[0] not in ("fell asleep", "woke up")])
    forms = verb_forms(parts)
    units = (
        "=час =минута"
        if past in ("fell asleep", "woke up", "phoned", "left", "came")
        else "=день =неделя =месяц =час =минута"
    )
    time_en, time_ru = span(w, "accs", notes, units)
    if kind == "ago":
        words, ago = en(past), Word("ago", "ago")
        verb = agree(inflected("VERB perf", forms["infn"], forms, np.past_cell, words), np)
        notes.tags.add("past-agreement")
        return sentence(
            (subject_en + words + time_en + [ago], [*subject_ru, verb, *time_ru, *particle("назад", "ADVB", [ago])]),
            fair(notes, np),
        )
    words = en("will " + {"came": "come", "arrived": "arrive", "left": "leave", "phoned": "phone"}[past])
    verb = agree(inflected("VERB perf futr", forms["infn"], forms, np.person_cell, words[1:]), np)
    within = Word("in", "in")
    through = Word("через", "через", "PREP", source=[within])
    notes.tags.add("person-agreement")
    return sentence((subject_en + words + [within] + time_en, [*subject_ru, verb, through, *time_ru]), notes)


def weather(w: World) -> Sentence:
    """It is cold today. – Сегодня холодно.   In winter it is cold here. – Зимой здесь холодно.   Is it warm outside?"""
    notes = Notes({"weather"})
    mode = w.random.choice(("is", "is", "was", "will", "ask", "season", "not", "very"))
    word = w.choose([one for one in WEATHER if one not in ("quiet", "dark") or mode in ("is", "ask", "not", "very")])
    if mode == "season":
        word = w.choose([key for key in WEATHER if key in FITS])
    it, state = Word("it", "it"), Word(word, word)
    state_ru = particle(WEATHER[word], "PRED", [state])
    be = Word("was" if mode == "was" else "is", "be")
    verb = inflected("VERB impf", "быть", TO_BE, "past neut", [be])
    place: Phrase = w.adverbial((("here", "здесь"), ("outside", "на улице"), ("there", "там")))
    if word in INDOORS and w.chance(0.3):
        place = prepositional("in", "в", "loct", NP(w.choose(w.of("=комната =дом =класс =офис"))), notes)
    if mode == "season":
        season = both(*w.choose([pair for pair in SEASONS if pair[0] in FITS[word]]))
        here = place if place[0][0].form != "in" and w.chance(0.6) else ([], [])
        if w.chance(0.5):
            return sentence(([*season[0], it, be, state, *here[0]], season[1] + here[1] + state_ru), notes)
        return sentence(([it, be, state, *here[0], *season[0]], season[1] + here[1] + state_ru), notes)
    if mode == "very":
        how = both(*w.choose((("very", "очень"), ("too", "слишком"), ("very", "очень"))))
        when = both(*w.choose((("today", "сегодня"), ("now", "сейчас")))) if w.chance(0.4) else place
        return sentence(([it, be, *how[0], state, *when[0]], when[1] + how[1] + state_ru), notes)
    times = {
        "is": (("today", "сегодня"), ("now", "сейчас")), "not": (("today", "сегодня"), ("now", "сейчас")),
        "was": (("yesterday", "вчера"), ("in the morning", "утром"), ("last week", "на прошлой неделе"), ("on Sunday",
         "в воскресенье")),
        "will": (("tomorrow", "завтра"), ("on Saturday", "в субботу"), ("next week", "на следующей неделе"),
         ("tonight", "сегодня вечером")),
        "ask": (("today", "сегодня"), ("there", "там"), ("outside", "на улице"), ("here", "здесь")),
    }  # fmt: skip
    when = w.adverbial(times[mode]) if w.chance(0.6) and word not in ("quiet", "dark") else place
    if mode == "ask":
        notes.tags.add("yes-no-question")
        return sentence(([be, it, state, *when[0]], when[1] + state_ru), notes, "?")
    if mode == "will":
        when = w.adverbial(times[mode])
        will = en("will be")
        future = inflected("VERB impf futr", "быть", TO_BE, "3per sing", will[:1])
        return sentence(at_time(w, ([it, *will, state], [future, *state_ru]), when), notes)
    if mode == "was":
        return sentence(at_time(w, ([it, be, state], [verb, *state_ru]), when, end=0.8), notes)
    middle = [Word("not", "not")] if mode == "not" else []
    middle_ru = particle("не", "PRCL", middle) if middle else []
    if middle:
        notes.tags.add("negation")
    return sentence(at_time(w, ([it, be, *middle, state], middle_ru + state_ru), when, end=0.9), notes)


def rains(w: World) -> Sentence:
    """It is raining. – Идёт дождь.   It often snows in winter. – Зимой часто идёт снег."""
    notes = Notes({"weather"})
    base, ing, third, lemma = w.choose(FALLS)
    noun = w.lexicon.noun(lemma)
    it = Word("it", "it")
    what = inflected("NOUN masc", noun.ru, noun.forms, "sing nomn", [])
    np = NP(noun, det="")
    np.ru_head = what
    mode = w.random.choice(("is", "is", "was", "was", "ask", "was ask", "often", "often", "every", "not"))
    time: Phrase = [], []
    place = (
        w.adverbial((("here", "здесь"), ("there", "там"), ("in the mountains", "в горах"), ("outside", "на улице")))
        if w.chance(0.4)
        else ([], [])
    )
    if mode in ("often", "every"):
        verb_en = Word(third, base)
        seasons = ("in winter",) if base == "snow" else ("in autumn", "in spring", "in summer")
        season = both(*w.choose([pair for pair in SEASONS if pair[0] in seasons]))
        how = w.adverbial(w.lexicon.times["often"]) if mode == "often" else ([], [])
        if mode == "every" and w.chance(0.6):
            season = w.adverbial(
                (("every day", "каждый день"), ("every week", "каждую неделю"), ("every evening", "каждый вечер"))
            )
        verb = agree(inflected("VERB impf pres", "идти", GO, "3per sing", [verb_en]), np)
        what.source = [verb_en]
        place = place if place[0] and place[0][-1].form != "outside" else ([], [])
        english = [it, *how[0], verb_en, *place[0], *season[0]]
        if w.chance(0.3):
            english = [*season[0], it, *how[0], verb_en, *place[0]]
        return sentence((english, season[1] + place[1] + how[1] + [verb, what]), notes)
    past = mode.startswith("was")
    be, falling = Word("was" if past else "is", "be"), Word(ing, base)
    cell, pos = ("past masc", "VERB impf") if past else ("3per sing", "VERB impf pres")
    verb = agree(inflected(pos, "идти", GO, cell, [falling]), np)
    what.source = [falling]
    if w.chance(0.45):
        options = (
            (("yesterday", "вчера"), ("in the morning", "утром"), ("on Sunday", "в воскресенье"))
            if past
            else (("now", "сейчас"),)
        )
        time = w.adverbial(options)
    english, russian = [it, be, falling], [verb, what]
    if mode.endswith("ask"):
        notes.tags.add("yes-no-question")
        return sentence(([be, it, falling, *place[0], *time[0]], time[1] + place[1] + russian), notes, "?")
    if mode == "not":
        no = Word("not", "not")
        notes.tags.add("negation")
        return sentence(
            (
                [it, be, no, falling, *place[0], *time[0]],
                time[1] + place[1] + [what, *particle("не", "PRCL", [no]), verb],
            ),
            notes,
        )
    how = [], []
    return sentence(([*english, *place[0], *time[0]], time[1] + place[1] + russian), notes)


IN_SEASON = (  # what one does in a season: English verb, Russian verb, where, and the seasons
    ("swim", "плавать", "=море =озеро =река =бассейн", "summer"), ("rest", "отдыхать", "=деревня =остров", "summer"),
    ("work", "работать", "=сад =поле =ферма", "summer spring autumn"), ("walk", "гулять", "=лес =парк",
     "summer spring autumn winter"),
    ("live", "жить живу живёт past=жил,жила", "=деревня =город", "summer winter"),
    ("train", "тренироваться тренируюсь тренируется", "=бассейн =парк =стадион", "summer winter spring"),
)  # fmt: skip
SEASON_RU = {"winter": "зимой", "summer": "летом", "autumn": "осенью", "spring": "весной"}
MONTHS = {
    "январь": "winter",
    "февраль": "winter",
    "декабрь": "winter",
    "июнь": "summer",
    "июль": "summer",
    "август": "summer",
}


def in_season(w: World) -> Sentence:
    """In summer we swim in the lake. – Летом мы плаваем в озере.   In July I was in Italy. – В июле я был в Италии."""
    notes = Notes({"calendar"})
    np = somebody(w)
    mode = w.random.choice(
        ("does", "does", "was", "was", "will be", "loves", "loves", "not love", "born", "born", "come")
    )
    if mode == "come":
        season = NP(w.choose(w.of("season")), det="")
        words, forms = en("has come"), verb_forms("прийти приду придёт past=пришёл,пришла")
        season_en, season_ru = say(season, "nomn", notes, subject=True)
        verb = agree(inflected("VERB perf", "прийти", forms, season.past_cell, words[1:]), season)
        notes.tags.add("past-agreement")
        if w.chance(0.5):
            words = en("will come soon")
            verb = agree(inflected("VERB perf futr", "прийти", forms, "3per sing", words[1:2]), season)
            return sentence(([*season_en, *words], [*particle("скоро", "ADVB", words[2:]), verb, *season_ru]), notes)
        return sentence((season_en + words, [verb, *season_ru]), notes)
    subject_en, subject_ru = say(np, "nomn", notes, subject=True)
    if mode in ("loves", "not love"):
        season = NP(w.choose(w.of("season")), det="")
        forms = w.lexicon.verb("love").impf
        love = Word("loves" if np.third and mode == "loves" else "love", "love")
        verb = agree(inflected("VERB impf pres", "любить", forms, np.person_cell, [love]), np)
        season_en, season_ru = say(season, "accs", notes)
        season.ru_head.link("government", verb)
        notes.tags.add("person-agreement")
        if mode == "loves":
            return sentence(([*subject_en, love, *season_en], [*subject_ru, verb, *season_ru]), notes)
        no = Word("not", "not")
        english = [*subject_en, Word("does" if np.third else "do", "do"), no, love, *season_en]
        return sentence((english, [*subject_ru, *particle("не", "PRCL", [no]), verb, *season_ru]), notes)
    if mode == "does":
        verb_en, verb_ru, places, seasons = w.choose(IN_SEASON)
        season = w.choose([(one, SEASON_RU[one]) for one in seasons.split()])
        months = [n for n in w.of("month") if MONTHS.get(n.ru) == season[0]]
        if months and w.chance(0.4):
            time = prepositional("in", "в", "loct", NP(w.choose(months), det=""), notes)
        else:
            time = both(f"in {season[0]}", season[1])
        forms = verb_forms(verb_ru)
        word = Word(verb_en + "s" * np.third, verb_en)
        verb = agree(inflected("VERB impf pres", forms["infn"], forms, np.person_cell, [word]), np)
        notes.tags.add("person-agreement")
        where = w.choose(w.of(places))
        end = prepositional(where.en_place, where.place, "loct", NP(where), notes)
        return sentence(at_time(w, join(([*subject_en, word], [*subject_ru, verb]), end), time, end=0.4), notes)
    time = in_month(w, notes)
    if mode == "born":
        words = [np.be(True), Word("born", "born")]
        forms = verb_forms("родиться рожусь родится")
        verb = agree(inflected("VERB perf", "родиться", forms, np.past_cell, words[1:]), np)
        notes.tags.add("past-agreement")
        return sentence(join((subject_en + words, [*subject_ru, verb]), time), fair(notes, np))
    place = NP(w.choose([n for n in w.cities if n.ru != "Россия"]), det="")
    end = prepositional("in", "в", "loct", place, notes)
    if mode == "was":
        words = [np.be(True)]
        verb = was(np, words[0])
        notes.tags.add("past-agreement")
    else:
        words = en("will be")
        verb = will_be(np, words[0])
        notes.tags.add("person-agreement")
    return sentence(at_time(w, join((subject_en + words, [*subject_ru, verb]), end), time, end=0.6), fair(notes, np))
