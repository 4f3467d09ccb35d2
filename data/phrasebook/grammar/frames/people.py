"""What people say of themselves and theirs: how they are, who they are, how old, what their names are, where from."""

from grammar.clauses import Clause, agree, said, was, will_be
from grammar.conjugation import TO_BE
from grammar.frames.being import said_short, subject_be
from grammar.frames.counting import YEAR, a_number
from grammar.lexicon import Noun
from grammar.noun_phrases import NP, say
from grammar.prepositions import prepositional
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, both, en, inflected, join, particle
from grammar.world import World

STATES = ("busy", "ready", "ill", "right", "hungry", "happy", "free", "tired", "sure", "healthy")
CHILDREN = ("сын", "дочь", "брат", "сестра", "ребёнок")
GROWN = ("мать", "отец", "мама", "папа", "дядя", "тётя", "муж", "жена", "сосед", "друг")
OLD = ("бабушка", "дедушка")
CALLED = ("брат", "сестра", "сын", "дочь", "друг", "муж", "жена", "мать", "отец", "дядя", "тётя", "бабушка", "дедушка")
CLUMSY_JOBS = ("король", "королева", "актриса", "официантка", "медсестра", "клоун", "полицейский", "солдат")


def somebody(w: World, *, ask: bool = False) -> NP:
    """I, we, he, she, they, my brother, a name; in a question you and your brother instead of me and mine."""
    kind = w.random.random()
    if kind < 0.42:
        return NP(pronoun="thou masc" if ask or w.chance(0.04) else w.random.choice(("I", "I", "we")))
    if kind < 0.58:
        return NP(pronoun=w.random.choice(("he", "she", "they")))
    return NP(w.choose(w.first_names), det="") if kind > 0.9 else relative(w, ask=ask)


def relative(w: World, spec: str = "kin parent mum parents =муж =жена", *, ask: bool = False) -> NP:
    """my mother, our friend, your parents."""
    noun = w.choose(w.of(spec))
    dets = ("your", "your", "his", "her") if ask else ("my", "my", "our", "his", "her")
    if noun.ru in ("муж", "жена"):  # "our husband"
        dets = ("your",) if ask else ("my",)
    return NP(noun, det=w.random.choice(dets), plural=noun.number == "P")


def fair(notes: Notes, *subjects: NP) -> Notes:
    """Drop the tags whose wrong lines would be right if a woman said "I", or "you" were a woman."""
    if any(np.person != "3per" for np in subjects):
        notes.tags -= {"past-agreement", "short-adjective", "adjective-agreement"}
    return notes


def asked(np: NP, be: Word, notes: Notes, case: str = "nomn") -> Phrase:
    """Are you – ты"""
    words_en, words_ru = say(np, case, notes, subject=True)
    notes.tags |= {"yes-no-question"}
    return [be, *words_en], words_ru


def at_time(w: World, phrase: Phrase, time: Phrase, end: float = 0.7) -> Phrase:
    """Tomorrow in front in Russian; in English in front or, more often, at the end."""
    english = phrase[0] + time[0] if w.chance(end) else time[0] + phrase[0]
    return english, time[1] + phrase[1]


def how_one_is(w: World) -> Sentence:
    """I am busy. – Я занят.   Are you ready? – Ты готов?   We will be free tomorrow. – Завтра мы будем свободны."""
    notes = Notes({"short-adjective"})
    mode = w.random.choice(("is", "is", "not", "ask", "ask", "was", "was not", "will"))
    np = somebody(w, ask=mode == "ask")
    state = w.choose(STATES)
    if state in ("tired", "sure", "right") and mode in ("was", "was not", "will"):
        return how_one_is(w)
    if state == "tired":
        tired = Word("tired", "tired")
        forms = w.lexicon.verb("get tired").perf
        verb = inflected("VERB perf", forms["infn"], forms, np.past_cell, [tired])
        end = [tired], [agree(verb, np)]
        notes.tags.remove("short-adjective")
    elif state == "healthy":
        adjective = next(a for a in w.lexicon.adjectives if a.en == "healthy")
        healthy = Word("healthy", "healthy")
        word = inflected("ADJS", adjective.ru, adjective.short, np.short_cell, [healthy])
        end = [healthy], [word.link("agreement", np.ru_head)]
    else:
        end = said_short(w, state, np)
    if mode == "ask":
        return sentence(join(asked(np, np.be(), notes), end), fair(notes, np), "?")
    if mode == "will":
        words_en, words_ru = say(np, "nomn", notes, subject=True)
        will = en("will be")
        phrase = join((words_en + will, [*words_ru, will_be(np, will[0])]), end)
        time = w.adverbial([t for t in w.lexicon.times["future"] if t[0] != "soon"])
        return sentence(at_time(w, phrase, time), fair(notes, np))
    phrase = join(subject_be(np, notes, mode.startswith("was")), end)
    if mode == "was not":
        phrase = join(_was_not(np, notes), end)
    elif mode == "not":
        phrase = join(subject_be(np, notes, False, True), end)
    if mode == "was" and w.chance(0.5):
        phrase = at_time(w, phrase, both("yesterday", "вчера"))
    return sentence(phrase, fair(notes, np))


def _was_not(np: NP, notes: Notes) -> Phrase:
    """I was not – я не был"""
    words_en, words_ru = say(np, "nomn", notes, subject=True)
    be, no = np.be(True), Word("not", "not")
    notes.tags |= {"negation", "past-agreement"}
    return [*words_en, be, no], [*words_ru, *particle("не", "PRCL", [no]), was(np, be)]


def what_one_is(w: World) -> Sentence:
    """I am a doctor. – Я врач.   Are you a student? – Ты студент?   We were pupils. – Мы были учениками."""
    notes = Notes()
    mode = w.random.choice(("is", "is", "is", "not", "ask", "was", "will"))
    np = NP(pronoun="thou masc") if mode == "ask" else NP(pronoun=w.random.choice(("I", "I", "I", "we", "he", "they")))
    if mode == "ask" and w.chance(0.4):
        np = relative(w, "kin =отец =мать =муж =жена", ask=True)
    jobs = [n for n in w.of("worker learner =турист =пассажир") if n.ru not in CLUMSY_JOBS]
    if np.gender == "femn":
        jobs.remove(w.lexicon.noun("актёр"))
    job = NP(w.choose(jobs), det="a", plural=np.ru_plural)
    if mode == "ask":
        return sentence(join(asked(np, np.be(), notes), say(job, "nomn", notes)), notes, "?")
    if mode in ("is", "not"):
        return sentence(join(subject_be(np, notes, False, mode == "not"), say(job, "nomn", notes)), notes)
    notes.tags |= {"instrument", "verb-government"}
    words_en, words_ru = say(np, "nomn", notes, subject=True)
    if mode == "was":
        be = [np.be(True)]
        verb = was(np, be[0])
    else:
        be = en("will be")
        verb = will_be(np, be[0])
    end = say(job, "ablt", notes)
    job.ru_head.link("government", verb)
    return sentence(join((words_en + be, [*words_ru, verb]), end), notes)


def how_old(w: World) -> Sentence:
    """I am ten years old. – Мне десять лет.   How old is your brother? – Сколько лет твоему брату?"""
    notes = Notes({"dative-experiencer", "numerals"})
    ask = w.chance(0.3)
    kind = w.random.random()
    np = NP(pronoun="thou masc" if ask else "I") if kind < 0.35 else NP(pronoun=w.random.choice(("he", "she")))
    if kind > 0.5:
        np = relative(w, " ".join("=" + ru for ru in CHILDREN + GROWN + OLD if ru != "ребёнок"), ask=ask)
    person_en, person_ru = say(np, "datv", notes, subject=True)
    if ask:
        notes.tags = {"wh-question"}
        how, old = en("how old")
        years = Word("лет", "год", "NOUN masc", "plur gent", source=[old])
        number = Word("сколько", "сколько", "NUMR", source=[how])
        years.link("government", number)
        russian = [number, *person_ru, years] if np.pronoun else [number, years, *person_ru]
        return sentence(([how, old, np.be(), *person_en], russian), notes, "?")
    lemma = np.noun.ru if np.noun else ""
    least, most = (
        (60, 95) if lemma in OLD else (30, 70) if lemma in GROWN else (2, 30) if lemma in ("сын", "дочь") else (2, 60)
    )
    count = a_number(w, [n for n in range(least, most) if n < 21 or n % 10 == 0 or w.chance(0.2)])
    years = NP(YEAR, count=count, plural=count != 1, det="")
    will = w.chance(0.25)
    be = en("will be") if will else [np.be()]
    short = will or w.chance(0.35)  # she is ten: the numeral alone
    years_en, years_ru = say(years, "nomn", notes)
    end = years_en[:-1] if short else [*years_en, Word("old", "old")]
    if short:
        years.ru_head.source = years_en[:1]
    if not will:
        return sentence((person_en + be + end, person_ru + years_ru), notes)
    future = inflected("VERB impf futr", "быть", TO_BE, "3per sing", be[:1])
    phrase = person_en + be + end, [*person_ru, future, *years_ru]
    time = w.adverbial((("next week", "на следующей неделе"), ("soon", "скоро"), ("tomorrow", "завтра")))
    return sentence(at_time(w, phrase, time), notes)


def what_name(w: World) -> Sentence:
    """My name is Anna. – Меня зовут Анна.   What is your sister's name? – Как зовут твою сестру?"""
    notes = Notes({"introduction"})
    ask = w.chance(0.25)
    call = {"зовут": "зовут"}
    is_en, name_en = Word("is", "be"), Word("name", "name")
    verb = inflected("VERB impf pres", "звать", call | {"3per plur": "зовут"}, "3per plur", [name_en])
    if w.chance(0.5):
        owner = w.random.choice(("your",) * 3 + ("his", "her") if ask else ("my",) * 4 + ("his", "her"))
        word_en = Word(owner, owner)
        np = NP(pronoun={"my": "I", "your": "thou masc", "his": "he", "her": "she"}[owner])
        whose, whom = [word_en], say(np, "accs", notes)[1]
        whom[0].source = [word_en]
    else:
        spec = " ".join("=" + ru for ru in CALLED + (("кошка", "собака") if ask else ()))
        np = relative(w, spec, ask=ask)
        if not ask:
            np.det = np.det if np.det != "our" else "my"
        whose, whom = say(np, "accs", notes)
        whose[-1].form += "'s"
    whom[-1].link("government", verb)
    if ask:
        notes.tags.add("wh-question")
        how = Word("what", "what")
        how_ru = Word("как", "как", "ADVB", source=[how])
        russian = [how_ru, *whom, verb] if np.pronoun else [how_ru, verb, *whom]
        return sentence(([how, is_en, *whose, name_en], russian), notes, "?")
    names = [n for n in w.first_names if n.gender == np.gender or np.pronoun == "I"]
    name = NP(w.choose(names), det="")
    return sentence(join((([*whose, name_en, is_en]), [*whom, verb]), say(name, "nomn", notes)), notes)


def from_where(w: World) -> Sentence:
    """I am from Russia. – Я из России.   Where are you from? – Откуда ты?"""
    notes = Notes()
    ask = w.random.choice(("", "", "", "yes", "where"))
    np = somebody(w, ask=bool(ask))
    if ask == "where":
        where, end = Word("where", "where"), Word("from", "from")
        words_en, words_ru = say(np, "nomn", notes, subject=True)
        notes.tags.add("wh-question")
        russian = [Word("откуда", "откуда", "ADVB", source=[where, end]), *words_ru]
        return sentence(([where, np.be(), *words_en, end], russian), notes, "?")
    place = prepositional("from", "из", "gent", NP(w.choose(w.cities), det=""), notes)
    if ask:
        return sentence(join(asked(np, np.be(), notes), place), notes, "?")
    return sentence(join(subject_be(np, notes, False, w.chance(0.15)), place), notes)


def baby(w: World) -> Sentence:
    """The baby is sleeping. – Малыш спит.   Our baby has woken up. – Наш малыш проснулся."""
    notes = Notes()
    subject = NP(w.lexicon.noun("малыш"), det=w.random.choice(("the", "the", "our", "my", "his", "her")))
    key = w.choose(("sleep", "cry", "laugh", "smile", "wake up", "fall asleep", "drink", "eat"))
    verb = next(v for v in w.lexicon.verbs if v.key == key and bool(v.case) == (key in ("eat", "drink")))
    once = "t" in verb.flags
    clause = Clause(subject, verb, w.random.choice(("has done",) if once else ("is doing", "is doing", "was doing")))
    if key in ("drink", "eat"):
        food = w.of("=молоко =вода =сок" if key == "drink" else "=каша =суп =йогурт")
        clause.object = NP(w.choose(food), det=w.random.choice(("", "the")))
        clause.object.det = "" if key == "drink" else clause.object.det
    ask = w.chance(0.2)
    if ask:
        clause.ask = True
        notes.tags.add("yes-no-question")
    elif w.chance(0.4) and clause.tense == "is doing":
        clause.front = both("now", "сейчас")
    return sentence(said(clause, notes), notes, "?" if ask else ".")


def hurts(w: World) -> Sentence:
    """My head hurts. – У меня болит голова.   Do your ears hurt? – У тебя болят уши?"""
    notes = Notes({"health"})
    ask = w.chance(0.3)
    noun: Noun = w.choose([*w.of("hurting"), w.lexicon.noun("зуб"), w.lexicon.noun("рука")])
    part = NP(noun, plural=noun.ru in ("ухо", "нога", "рука") and w.chance(0.5))
    hurt = Word("hurt" if ask or part.plural else "hurts", "hurt")
    forms = {"3per sing": "болит", "3per plur": "болят"}
    if w.chance(0.6):
        owner = "your" if ask else w.random.choice(("my", "my", "my", "his", "her"))
        np = NP(pronoun={"my": "I", "your": "thou masc", "his": "he", "her": "she"}[owner])
        word = Word(owner, owner)
        whose, whom = [word], say(np, "gent", notes, prep="у")[1]
        whom[0].source = [word]
    else:
        np = relative(w, "kin mum", ask=ask)
        whose, whom = say(np, "gent", notes, prep="у")
        whose[-1].form += "'s"
    part.det = ""
    part_en, part_ru = say(part, "nomn", notes)
    verb = agree(inflected("VERB impf pres", "болеть", forms, part.person_cell, [hurt]), part)
    at = Word("у", "у", "PREP", source=whose[-1:])
    np.ru_head.link("government", at)
    notes.tags.add("person-agreement")
    start = [Word("do" if part.plural else "does", "do")] if ask else []
    if ask:
        notes.tags.add("yes-no-question")
    english = [*start, *whose, *part_en, hurt]
    return sentence((english, [at, *whom, verb, *part_ru]), notes, "?" if ask else ".")
