"""Short answers, each with its question in one line: Do you like tea? Yes, I do. – Ты любишь чай? Да, люблю."""

from grammar.clauses import Clause, complements, predicate, said, was
from grammar.conjugation import verb_forms
from grammar.frames.actions import CAN
from grammar.frames.asking import (
    BY_VERB,
    COLOUR,
    JOBS,
    STATES,
    ask_wh,
    deed,
    state,
)
from grammar.frames.being import said_adjective, subject_be
from grammar.frames.counting import YEAR
from grammar.frames.talk import (
    KIN,
    PEOPLE,
    home_of,
    person,
    place_at,
    place_to,
    somebody,
    thing,
    this_is,
    verb_named,
    words,
)
from grammar.noun_phrases import NP, say
from grammar.numerals import numeral
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, both, en, inflected, join, mark, particle
from grammar.world import World

ANSWERER = {"I": "thou masc", "thou masc": "I", "we": "we"}  # who "you" is when he answers


def answering(subject: NP) -> NP:
    """The subject of the answer: you – I, Anna – she."""
    if subject.pronoun:
        key = ANSWERER.get(subject.pronoun, subject.pronoun)
    else:
        key = "they" if subject.en_plural else "he" if subject.gender == "masc" else "she"
    antecedent = subject.ru_head if key in ("he", "she", "they") and not subject.pronoun else None
    return NP(pronoun=key, antecedent=antecedent)


def yes_or_no(yes: bool) -> Phrase:
    """Yes, – Да,"""
    return join(both("yes", "да", "PRCL") if yes else both("no", "нет", "PRCL"), mark(","))


def answered(question: Phrase, answer: Phrase, notes: Notes) -> Sentence:
    """A question and its answer in one line."""
    return sentence(join(question, mark("?"), answer), notes)


def yes_i_do(w: World) -> Sentence:
    """Do you like tea? Yes, I do. – Ты любишь чай? Да, люблю.   Will she come? No, she will not. – … Нет, не придёт."""
    notes = Notes({"short-answer"})
    subject = person(w, i=0, you=6)
    clause = deed(w, subject, notes, ask=True)
    if w.chance(0.3):
        clause = Clause(subject, w.lexicon.verb("like"), "present", ask=True)
        noun = w.choose(
            w.of("=чай =кофе =молоко =музыка =футбол =рыба =суп =сыр =шоколад =зима =яблоко =кошка =собака")
        )
        clause.object = NP(noun, det="", plural=noun.counted)
    yes = w.chance(0.6)
    if clause.tense == "has done" and not yes:
        clause.tense = "will do"
    question = said(clause, notes)
    me = answering(subject)
    verb = predicate(clause.verb, me, clause.tense, Notes(), ask=True)
    me_en, _ = say(me, "nomn", Notes(), subject=True)
    *_, _said_word = verb.russian
    for word in verb.russian:
        word.source = [verb.auxiliary[0]]
        word.links = [link for link in word.links if link[1] in verb.russian]
    if not me.pronoun or me.pronoun in ("he", "she", "they"):
        said_first = verb.russian[0]
        said_first.link("agreement", subject.ru_head)
    answer_en = me_en + verb.auxiliary[:1]
    answer_ru = verb.russian[:1] if clause.tense == "will be doing" else verb.russian
    if not yes:
        not_en = Word("not", "not")
        answer_en.append(not_en)
        answer_ru = particle("не", "PRCL", [not_en]) + answer_ru
        notes.tags.add("negation")
    return answered(question, join(yes_or_no(yes), (answer_en, answer_ru)), notes)


def yes_i_am(w: World) -> Sentence:
    """Are you ready? Yes, I am. – Ты готов? Да, готов.   Is she at home? No, she is at work. – Она дома? Нет, она …"""
    notes = Notes({"short-answer"})
    kind = w.random.choice(("state", "place", "job", "place"))
    subject = person(w, i=0, you=5)
    if kind == "job" and (
        subject.plural or subject.pronoun in ("we", "they") or (subject.noun and subject.noun in w.of(PEOPLE))
    ):
        subject = NP(pronoun="thou masc")
    me = answering(subject)
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    me_en, me_ru = say(me, "nomn", notes, subject=True)
    past = kind == "place" and w.chance(0.35)
    yes = w.chance(0.5)
    if kind == "state":
        name = w.random.choice((*STATES, *BY_VERB))
        be, end = state(w, subject, notes, False, name)
        question = join(([be, *subject_en], subject_ru), end)
        _, (_, words_ru) = state(w, subject, notes, False, name)
        am = me.be()
        for word in words_ru:
            word.source = [am]
        answer = [*me_en, am], words_ru
    elif kind == "job" and not yes:
        first, second = NP(w.choose(w.of(JOBS)), det="a"), NP(w.choose(w.of(JOBS)), det="a")
        if first.noun is second.noun:
            return yes_i_am(w)
        question = join(([subject.be(), *subject_en], subject_ru), say(first, "nomn", notes))
        am = me.be()
        dash = particle("—", "PNCT", [am])
        answer = join(([*me_en, am], me_ru + dash * (not me.pronoun)), say(second, "nomn", notes))
        return answered(question, join(yes_or_no(False), answer), notes)
    else:
        notes.tags.add("past-agreement" if past else "zero-copula")
        be = subject.be(past)
        start = [be, *subject_en], subject_ru + ([was(subject, be)] if past else [])
        end = place_at(w, notes) if kind == "place" else say(NP(w.choose(w.of(JOBS)), det="a"), "nomn", notes)
        question = join(start, end)
        am = me.be(past)
        if yes and past:
            verb = was(subject, am)
            answer = [*me_en, am], [verb]
            if subject.pronoun in ("thou masc", "we"):
                verb.links = []
        elif yes:
            last = [Word(word.form, word.lemma, word.pos, word.cell, word.forms, [am]) for word in end[1]]
            if len(last) > 1:
                last[1].link("government", last[0])
            answer = [*me_en, am], last
        else:
            other = place_at(w, notes)
            if [word.form for word in other[1]] == [word.form for word in end[1]]:
                return yes_i_am(w)
            if past:
                me_ru = [*me_ru, was(me, am)]
            answer = join(([*me_en, am], me_ru), other)
        return answered(question, join(yes_or_no(yes), answer), notes)
    if not yes:
        answer = answer[0] + en("not"), answer[1]
        answer = answer[0], particle("не", "PRCL", answer[0][-1:]) + answer[1]
        notes.tags.add("negation")
    return answered(question, join(yes_or_no(yes), answer), notes)


CAN_DO = (
    ("come", ""), ("help", "who"), ("open", "=дверь =окно"), ("repair", "=машина =велосипед =часы =телефон"),
    ("cook", "=ужин =обед =завтрак"), ("bring", "=книга =деньги =вода =зонт"), ("phone", "who"),
    ("buy", "=хлеб =молоко =билет"),
    ("close", "=дверь =окно"), ("find", "=ключ =дом =адрес"), ("wait a little", ""),
    ("answer на", "=вопрос"), ("translate", "=письмо =статья"), ("explain", "=правило =слово"),
    ("take", "=зонт =сумка"), ("stay", ""),
)  # fmt: skip


SKILLS = (  # what one has learnt: can – уметь
    ("swim", ""), ("dance", ""), ("draw", ""), ("sing", ""), ("cook", ""), ("write", ""), ("read", ""), ("swim", ""),
    ("play на", "=пианино =гитара =скрипка =флейта"), ("play в", "=шахматы =футбол =теннис =хоккей"),
    ("drive", "=машина =автобус"),
    ("repair", "=машина =велосипед =телефон"), ("sew", "=платье =рубашка"), ("cook", "=суп =рыба =мясо =каша"),
    ("bake", "=хлеб =пирог"),
)  # fmt: skip
ABLE = verb_forms("уметь умею умеет")


def can_you(w: World) -> Sentence:
    """Can you help me? – Ты можешь помочь мне?   Can she swim? Yes, she can. – Она может плавать? Да, может."""
    notes = Notes({"infinitive", "person-agreement"})
    subject = person(w, i=0, you=6)
    skill = w.chance(0.4)
    lemma, able = ("уметь", ABLE) if skill else ("мочь", CAN)
    key, objects = w.random.choice(SKILLS if skill else CAN_DO)
    if skill and subject.pronoun == "thou masc" and objects and key not in ("play в", "drive"):
        return can_you(w)  # to ask for it is another question: можешь
    verb = verb_named(w, key)
    clause = Clause(subject, verb, "infinitive perf" if verb.perf and not skill else "infinitive")
    if objects == "who":
        clause.object = somebody(w, subject)
    elif objects:
        np = clause.object = thing(w, objects, a=0.3, plural=0.0)
        if key == "play на":
            np.det = "the"
        if skill and key in ("drive", "repair", "sew", "bake") and np.noun.countable:
            np.det, np.plural = ("", True) if key != "drive" else ("a", False)
        if key in ("open", "close", "find", "answer на", "translate", "explain"):
            np.det = "this" if key != "find" and w.chance(0.5) else "the"
            if np.noun.ru == "ключ":
                np.det = "the"
        if key == "cook" and np.noun.mass:
            np.det = ""
    if key == "stay":
        clause.ends.append(words(("at home|дома", "here|здесь"), w))
    elif key == "come":
        clause.ends.append(words(("tomorrow|завтра", "today|сегодня", "on Saturday|в субботу"), w))
    elif key == "wait a little":
        clause.ends.append(words(("here|здесь", "there|там"), w))
    can = Word("can", "can")
    inner = predicate(verb, subject, clause.tense, notes)
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    can_ru = inflected("VERB impf pres", lemma, able, subject.person_cell, [can]).link("agreement", subject.ru_head)
    inner.head.link("government", can_ru)
    rest_en, rest_ru = complements(clause, inner, notes)
    me_first = clause.object and clause.object.pronoun and not verb.prep  # help me – мне помочь
    russian = rest_ru + inner.russian if me_first else inner.russian + rest_ru
    question = [can, *subject_en, *inner.rest, *rest_en], [*subject_ru, can_ru, *russian]
    question = join(question, *clause.ends)
    if subject.pronoun not in ("I", "we") and w.chance(0.55):  # Can I …? alone: Можно мне …?, see requests.may_i
        notes.tags.add("yes-no-question")
        return sentence(question, notes, "?")
    notes.tags.add("short-answer")
    yes = w.chance(0.6)
    me = answering(subject)
    me_en, _ = say(me, "nomn", Notes(), subject=True)
    can = Word("can", "can")
    answer_ru = [inflected("VERB impf pres", lemma, able, me.person_cell, [can])]
    if me.pronoun in ("he", "she", "they"):
        answer_ru[0].link("agreement", subject.ru_head)
    answer_en = [*me_en, can]
    if not yes:
        answer_en[-1] = can = Word("cannot", "can")
        answer_ru[0].source = [can]
        answer_ru = particle("не", "PRCL", [can]) + answer_ru
        notes.tags.add("negation")
    return answered(question, join(yes_or_no(yes), (answer_en, answer_ru)), notes)


def where_and_answer(w: World) -> Sentence:
    """Where is Anna? She is at school. – Где Анна? Она в школе.   Where do you live? I live in Moscow."""
    notes = Notes({"wh-question"})
    subject = person(w, i=0, you=4)
    me = answering(subject)
    where = both("where", "где")
    kind = w.random.choice(("is", "is", "was", "live", "work", "study", "go"))
    if kind in ("is", "was"):
        past = kind == "was"
        notes.tags.add("past-agreement" if past else "zero-copula")
        be = subject.be(past)
        subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
        end_ru = subject_ru
        if past:
            verb = was(subject, be)
            end_ru = [*subject_ru, verb] if subject.pronoun else [verb, *subject_ru]
        question = [*where[0], be, *subject_en], where[1] + end_ru
        answer = join(subject_be(me, notes, past), place_at(w, notes))
        return answered(question, answer, notes)
    if kind == "go":
        notes.tags.add("motion")
        tense = w.random.choice(("is doing", "is doing", "will do"))
        verb, where, end = verb_named(w, "go"), both("where", "куда"), place_to(w, notes)
    else:
        verb = verb_named(w, kind)
        tense = "present"
        if kind == "live":
            end = home_of(w, notes)
        elif kind == "work":
            end = place_at(
                w,
                notes,
                "школа магазин больница театр музей библиотека университет рынок вокзал кафе ресторан почта банк",
            )
        else:
            end = place_at(w, notes, "школа университет")
    question = ask_wh(where, Clause(subject, verb, tense), notes)
    return answered(question, join(said(Clause(me, verb, tense), notes), end), notes)


def what_and_answer(w: World) -> Sentence:
    """What is this? It is a lamp. – Что это? Это лампа.   Who is this? It is my brother. – Кто это? Это мой брат."""
    notes = Notes({"wh-question", "zero-copula"})
    who = w.chance(0.45)
    asked = NP(pronoun="who" if who else "what")
    asked_en, asked_ru = say(asked, "nomn", notes, subject=True)
    that = w.chance(0.25) and not who
    this_en, this_ru = this_is(NP(pronoun="it neut"), "that" if that else "this")
    question = [*asked_en, this_en[1], this_en[0]], asked_ru + this_ru
    if who:
        np = NP(
            w.choose(w.of(KIN + " =муж =жена =учитель =врач =гость")),
            det=w.random.choice(("my", "my", "our", "her", "his")),
        )
        if np.noun.ru in ("муж", "жена"):
            np.det = "my" if np.det == "our" else {"муж": "her", "жена": "his"}[np.noun.ru]
        if w.chance(0.25):
            np = NP(w.choose(w.first_names), det="")
        elif w.chance(0.2):
            np.det, np.owner = "the", NP(w.choose(w.first_names), det="")
    else:
        np = thing(w, "thing animal =цветок =дерево =роза =яблоко =сыр =сок =чай =мёд =груша", a=1.0, plural=0.0)
        if w.chance(0.15) and np.noun.ownable and np.noun.countable:
            np.det = w.random.choice(("my", "her", "his", "our"))
        elif np.noun.countable and w.chance(0.25):
            w.describe(np)
        if np.noun.number in ("P", "E") or "paired" in np.noun.classes or np.noun.number == "R":
            return what_and_answer(w)
    it = Word("it", "it")
    be = Word("is", "be")
    this = Word("это", "это", "PRCL", source=[it])
    return answered(question, join(([it, be], [this]), say(np, "nomn", notes)), notes)


def how_old(w: World) -> Sentence:
    """How old is he? He is ten. – Сколько ему лет? Ему десять.   How old are you? I am twenty. – …"""
    notes = Notes({"wh-question", "numerals", "dative-experiencer"})
    subject = person(w, i=0, you=4)
    if (subject.en_plural and subject.pronoun != "thou masc") or subject.pronoun == "we":
        return how_old(w)
    if subject.noun in w.of("=учитель =врач =студент =водитель =художник =женщина =мужчина =бабушка =дедушка"):
        subject = NP(w.choose(w.of("=мальчик =девочка")))
    me = answering(subject)
    how = en("how old")
    number = Word("сколько", "сколько", "NUMR", source=how[:1])
    years = inflected("NOUN masc", "год", YEAR.forms, "plur gent", how[1:]).link("government", number)
    subject_en, subject_ru = say(subject, "datv", notes, subject=True)
    russian = [number, *subject_ru, years] if subject.pronoun else [number, years, *subject_ru]
    question = [*how, subject.be(), *subject_en], russian
    me_en, me_ru = say(me, "datv", notes, subject=True)
    young = subject.noun and subject.noun.ru in ("мальчик", "девочка", "ребёнок", "сын", "дочь")
    old = subject.noun and subject.noun.ru in (
        "мать",
        "отец",
        "дядя",
        "тётя",
    )
    count = w.random.choice((*range(2, 13),) if young else (30, 33, 35) if old else (10, 11, 12, 20, 22, 25, 30, 34))
    years_np = NP(YEAR, count=count, det="", plural=True)
    if w.chance(0.5):
        said_en, said_ru = say(years_np, "nomn", notes)
        answer = [*me_en, me.be(), *said_en, Word("old", "old")], me_ru + said_ru
    else:
        ten = Word()
        head = Word()
        number_ru = numeral(count, "nomn", "masc", False, head, ten)
        for word in number_ru:
            word.links = [link for link in word.links if link[1] is not head]
        answer = [*me_en, me.be(), ten], me_ru + number_ru
    return answered(question, answer, notes)


def what_doing(w: World) -> Sentence:
    """What are you doing? I am reading. – Что ты делаешь? Я читаю."""
    notes = Notes({"wh-question"})
    subject = person(w, i=0, you=5)
    me = answering(subject)
    tense = w.random.choice(("is doing", "is doing", "is doing", "was doing"))
    what = NP(pronoun="what")
    what_en, what_ru = say(what, "accs", notes, subject=True)
    clause = Clause(subject, verb_named(w, "do"), tense)
    what.ru_head.links.clear()
    question = ask_wh((what_en, what_ru), clause, notes)
    verbs = [word for word in question[1] if word.lemma == "делать"]
    what.ru_head.link("government", verbs[0])
    key, spec = w.random.choice(DOING)
    answer = Clause(me, verb_named(w, key), tense)
    if spec:
        answer.object = thing(w, spec, a=1.0, plural=0.0)
        if answer.object.det == "the" or key in ("wash", "repair", "look for"):
            answer.object.det = (
                "the" if answer.object.noun.counted and key in ("wash", "repair", "look for") else answer.object.det
            )
    return answered(question, said(answer, notes), notes)


DOING = (
    ("read", ""), ("read", "=книга =журнал =рассказ"), ("write", "=письмо =статья"), ("work", ""), ("rest", ""),
    ("cook", "=суп =обед =ужин"),
    ("draw", "=кошка =дом =дерево"), ("look for", "=ключ =телефон"), ("wash", "=машина =пол =окно"),
    ("listen to", "=музыка"), ("watch", "=фильм"),
    ("play в", "=шахматы =футбол"), ("wait", ""), ("drink", "=чай =кофе"), ("eat", "=суп =яблоко =рыба"),
    ("repair", "=велосипед =машина"),
    ("dance", ""), ("walk", ""), ("translate", "=письмо =статья"),
)  # fmt: skip


def what_colour_answer(w: World) -> Sentence:
    """What colour is your car? It is red. – Какого цвета твоя машина? Она красная."""
    notes = Notes({"wh-question", "zero-copula", "it-across-sentences", "adjective-agreement"})
    np = NP(
        w.choose(
            w.of("=машина =дом =шляпа =куртка =велосипед =сумка =платье =рубашка =диван =чашка =зонт =карандаш =пальто")
        )
    )
    np.det = w.random.choice(("your", "his", "her", "their", "the"))
    asked = en("what colour")
    colour = inflected("NOUN masc", "цвет", COLOUR.forms, "sing gent", asked[1:])
    which = w.lexicon.determiners["which"]
    what = inflected("ADJF", which.lemma, which.forms, "sing masc gent", asked[:1]).link("agreement", colour)
    thing_en, thing_ru = say(np, "nomn", notes, subject=True)
    question = [*asked, np.be(), *thing_en], [what, colour, *thing_ru]
    fitting = [
        a
        for a in w.lexicon.adjectives
        if a.en in ("red", "green", "blue", "yellow", "white", "black", "grey") and np.noun in a.nouns
    ]
    if not fitting:
        return what_colour_answer(w)
    it = NP(pronoun=f"it {np.gender}", antecedent=np.ru_head)
    words_en, (word,) = said_adjective(NP(np.noun), w.choose(fitting), "nomn", notes)
    word.links = [("agreement", it.ru_head)]
    return answered(question, join(subject_be(it, notes, False), (words_en, [word])), notes)


def of_course(w: World) -> Sentence:
    """Will you help me? Of course. – Ты поможешь мне? Конечно.   Where is the key? I do not know. – … Я не знаю."""
    notes = Notes()
    subject = person(w, i=0, you=5)
    if w.chance(0.5):
        clause = deed(w, subject, notes, ask=True)
        if clause.tense not in ("present", "is doing", "will do") or clause.verb.key in ("hear", "see"):
            return of_course(w)
        future = clause.tense == "will do"
        choices = ["of course|конечно", "of course not|конечно нет", "of course|конечно"]
        if future and not clause.ends:
            choices += ["perhaps|может быть", "not today|не сегодня"]
        answer = words(tuple(choices), w)
        for word in answer[1]:
            word.pos = "PRCL"
        question = said(clause, notes)
        return answered(question, answer, notes)
    i_do_not = dont_know(w, notes)
    where = both("where", "где")
    if w.chance(0.5):
        np = NP(
            w.choose(
                w.of(
                    "=ключ =книга =телефон =сумка =словарь =зонт =шляпа =паспорт "
                    "=очки =учитель =врач =кошка =собака =деньги =билет"
                )
            ),
            det="the",
        )
        if not np.human and w.chance(0.4):
            np.det = "your"
        notes.tags |= {"zero-copula", "wh-question"}
        np_en, np_ru = say(np, "nomn", notes, subject=True)
        question = [*where[0], np.be(), *np_en], where[1] + np_ru
    else:
        notes.tags.add("wh-question")
        key, tense, front = w.random.choice(KNOWN)
        subject = person(w, i=0, you=0)
        if subject.pronoun == "thou masc":
            return of_course(w)
        if key in ("work", "study") and subject.noun in w.of(PEOPLE):
            subject = NP(pronoun="they")
        if key in ("begin", "end"):
            subject = NP(w.choose(w.of("=урок =концерт =экзамен =лекция =фильм =собрание")))
        question = ask_wh(
            both(*front.split("|")),
            Clause(subject, verb_named(w, key), tense),
            notes,
            last=False if front.startswith("why") else None,
        )
    return answered(question, i_do_not, notes)


KNOWN = (
    ("come", "will do", "when|когда"), ("live", "present", "where|где"), ("work", "present", "where|где"),
    ("cry", "is doing", "why|почему"),
    ("come back", "will do", "when|когда"), ("begin", "will do", "when|когда"), ("end", "will do", "when|когда"),
    ("laugh", "is doing", "why|почему"), ("go", "is doing", "where|куда"), ("leave", "did", "when|когда"),
    ("arrive", "did", "when|когда"), ("study", "present", "where|где"), ("leave", "did", "why|почему"),
)  # fmt: skip


def dont_know(w: World, notes: Notes) -> Phrase:
    """I do not know – Я не знаю"""
    key = w.random.choice(("know", "know", "remember"))
    clause = Clause(NP(pronoun="I" if w.chance(0.75) else "we"), w.lexicon.verb(key), "present", neg=True)
    return said(clause, notes)


def which_do_you(w: World) -> Sentence:
    """Do you want tea or coffee? – Ты хочешь чай или кофе?   Is he a doctor or a teacher? – Он врач или учитель?"""
    notes = Notes()
    subject = person(w, i=0, you=6)
    or_ = both("or", "или", "CONJ")
    kind = w.random.choice(("want", "love", "job", "place"))
    if kind in ("want", "love"):
        pairs = (
            ("чай", "кофе"),
            ("молоко", "сок"),
            ("вода", "сок"),
            ("мясо", "рыба"),
            ("яблоко", "груша"),
            ("суп", "салат"),
            ("чай", "сок"),
            ("рис", "картофель"),
            ("кофе", "какао"),
        )
        if kind == "love":
            pairs = (
                *pairs[:4],
                ("музыка", "литература"),
                ("футбол", "хоккей"),
                ("зима", "весна"),
                ("кошка", "собака"),
                ("математика", "история"),
                ("теннис", "шахматы"),
            )
        first, second = (NP(w.lexicon.noun(ru)) for ru in w.random.choice(pairs))
        verb = w.lexicon.verb("want" if kind == "want" else "like")
        for np in (first, second):
            np.det = "a" if kind == "want" and np.noun.countable else ""
            np.plural = kind == "love" and np.noun.counted
        clause = Clause(subject, verb, "present", first, ask=True)
        second_en, second_ru = say(second, "accs", notes)
        question = said(clause, notes)
        verb_ru = next(word for word in question[1] if word.lemma in ("хотеть", "любить"))
        second.ru_head.link("government", verb_ru)
        return sentence(join(question, or_, (second_en, second_ru)), notes, "?")
    if kind == "job":
        if (
            subject.noun in w.of(PEOPLE)
            or (subject.en_plural and subject.pronoun != "thou masc")
            or subject.pronoun == "we"
        ):
            subject = NP(pronoun="he")
        ends = [say(NP(w.choose(w.of(JOBS)), det="a"), "nomn", notes) for _ in range(2)]
    else:
        ends = [place_at(w, notes) for _ in range(2)]
    if [x.form for x in ends[0][1]] == [x.form for x in ends[1][1]]:
        return which_do_you(w)
    notes.tags.add("zero-copula")
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    return sentence(join(([subject.be(), *subject_en], subject_ru), ends[0], or_, ends[1]), notes, "?")
