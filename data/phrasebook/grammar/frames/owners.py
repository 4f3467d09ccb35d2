"""I have, we had, do you have: what people have, in the first person and the second, and what theirs are like."""

from grammar.clauses import was, will_be
from grammar.conjugation import TO_BE
from grammar.frames.having import NATURE, at_owner
from grammar.frames.people import at_time, relative, somebody
from grammar.frames.time_and_weather import on_day
from grammar.noun_phrases import NP, say
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Word, both, en, inflected
from grammar.world import World

KEPT = (  # what one has for long
    "=дом =квартира =машина =велосипед =сад =собака =кошка =попугай =лошадь =хомяк =кролик =черепаха =телефон"
    " =компьютер"
    " =ноутбук =фотоаппарат =гитара =пианино =скрипка =лодка =мотоцикл =телевизор =пальто =костюм =лыжи =коньки =кольцо"
    " =свитер =сумка =рюкзак =зонт =мяч =словарь =часы =щенок =карта =грузовик =чемодан =план =идея =вопрос =проблема"
)
AT_HAND = (
    "=билет =паспорт =ключ =ручка =карандаш =виза =деньги =время =работа =лекарство =очки =наушники =учебник =подарок"
)
KIN = "=брат =сестра =сын =дочь =дядя =тётя =друг =ребёнок =семья =муж =жена =сосед"
EATEN = "=хлеб =молоко =вода =кофе =сахар =чай =соль =сок =сыр =рис =мясо =колбаса =сметана =масло"
WANTED = "=меню =интернет =пароль =номер =адрес =багаж"
DUE = "=урок =экзамен =собрание =концерт =лекция"  # У меня экзамен, without есть
BY_MODE = {
    "has": f"{KEPT} {AT_HAND} {KIN} {DUE}",
    "not": f"{KEPT} {AT_HAND} {KIN} {EATEN} {WANTED} {DUE}",
    "not any": f"=брат =сестра =ребёнок =друг =деньги =вопрос =идея =план =билет =проблема =книга =ключ {EATEN}",
    "ask": f"{KEPT} {AT_HAND} {KIN} {EATEN} {WANTED} {DUE}",
    "had": "=дом =квартира =машина =собака =кошка =лошадь =сад =велосипед =план =идея =вопрос =проблема =билет"
    " =ключ =время"
    " =деньги =работа =урок =экзамен =собрание =гитара =попугай =кролик =черепаха =лодка =мотоцикл =зонт",
    "did not": f"{AT_HAND} =зонт =машина =велосипед =телефон =компьютер =собака =план =карта =вопрос =урок"
    " =экзамен =дом",
    "will": f"=дом =квартира =машина =собака =кошка =щенок =велосипед =сад =компьютер =телефон =ноутбук =гитара {DUE}"
    " =время =деньги =работа =виза =билет =паспорт",
    "count": "=брат =сестра =сын =дочь =дядя =тётя =друг =собака =кошка =машина =билет =ключ =карандаш =ручка"
    " =книга =урок"
    " =экзамен =попугай =кролик =чемодан =лошадь =вопрос =словарь =зонт =идея =квартира",
}
MANY = ("билет", "карандаш", "книга", "урок", "словарь", "ручка", "вопрос")
MARRIED = ("муж", "жена")
PERSONAL = ("паспорт", "виза", "семья", "пальто", "костюм", "кольцо", "свитер", "очки", "телефон")  # not had by several
HAD_ADJECTIVES = (
    "new",
    "old",
    "big",
    "small",
    "good",
    "beautiful",
    "black",
    "white",
    "red",
    "blue",
    "green",
    "clever",
    "interesting",
)


def have(w: World) -> Sentence:
    """I have a dog. – У меня есть собака.   Do you have a ticket? – У тебя есть билет?   We had a big house. – …"""
    notes = Notes({"possession"})
    mode = w.random.choice(
        ("has", "has", "not", "not", "ask", "ask", "had", "had", "did not", "will", "count", "not any")
    )
    owner = somebody(w, ask=mode == "ask")
    noun = w.choose(
        [n for n in w.of(BY_MODE[mode]) if not (owner.noun and n is owner.noun) and "sense" not in n.classes]
    )
    if noun.ru in MARRIED and (owner.pronoun not in ("I", "thou masc") or mode not in ("has", "not", "ask")):
        return have(w)
    if (owner.pronoun in ("I", "thou masc") and noun.ru == "муж") or (mode == "ask" and noun.ru == "семья"):
        return have(w)
    if owner.ru_plural and noun.ru in PERSONAL:
        return have(w)
    if noun.classes & {"kin", "young"} and owner.noun and owner.noun.ru in ("родители", "дедушка", "бабушка"):
        return have(w)
    np = NP(noun, det="a")
    if mode == "count":
        np.count = w.random.choice((2, 3, 4, 5, 6, 7, 10, 13, 15, 20) if noun.ru in MANY else (2, 2, 2, 3, 3, 4))
        np.plural, np.det = True, ""
    elif mode == "not any" or noun.number == "P" or noun.mass or noun.bare or noun.en_plural == noun.en:
        np.plural = mode == "not any" and noun.counted
    if noun.mass or noun.number == "P" or np.plural or noun.definite:
        np.det = ""
    elif mode in ("has", "had", "did not") and w.chance(0.35) and not noun.classes & {"kin"}:
        fitting = [
            a
            for a in w.adjectives.get(noun, [])
            if a.en in HAD_ADJECTIVES and mode != "did not" and noun not in w.of(AT_HAND)
        ]
        np.adjectives = (w.choose(fitting),) if fitting else ()
    negative = mode in ("not", "did not", "not any")
    have_en = Word("have", "have")
    owner_en, russian = at_owner(owner, have_en, notes)
    if owner.noun and owner.det in ("his", "her", "their"):
        notes.tags.discard("possession")
    english, end = [have_en], "."
    if negative:
        do = Word("did" if mode == "did not" else "does" if owner.third else "do", "do")
        no = Word("not", "not")
        english = [do, no, have_en, *en("any" if mode == "not any" else "")]
        if mode == "did not":
            russian += [Word("не", "не", "PRCL", source=[no]), inflected("VERB impf", "быть", TO_BE, "past neut", [do])]
        else:
            russian.append(Word("нет", "нет", "PRED", source=[no]))
        np.ru_head.link("government", russian[-1] if mode != "did not" else russian[-2])
        notes.tags.add("genitive-of-negation")
    elif mode == "ask":
        russian.append(Word("есть", "есть", "VERB", source=[have_en]))
        notes.tags.add("yes-no-question")
        end = "?"
        if np.det == "" and w.chance(0.4):
            english += en("any")
    elif mode == "will":
        english = [Word("will", "will"), have_en]
        russian.append(will_be(np, english[0]))
    elif mode == "had":
        have_en.form = "had"
        russian.append(was(np, have_en))
        notes.tags.add("past-agreement")
    else:
        have_en.form = "has" if owner.third else "have"
        if mode == "has" and noun not in w.of(DUE + " =проблема"):
            russian.append(Word("есть", "есть", "VERB", source=[have_en]))
    thing_en, thing_ru = say(np, "gent" if negative else "nomn", notes)
    if mode == "ask":
        do = Word("does" if owner.third else "do", "do")
        return sentence(([do, *owner_en, *english, *thing_en], russian + thing_ru), notes, end)
    phrase = owner_en + english + thing_en, russian + thing_ru
    if mode == "will" and w.chance(0.8):
        near = noun in w.of(DUE + " =время =деньги")
        times = (("tomorrow", "завтра"), ("on Friday", "в пятницу"), ("next week", "на следующей неделе"))
        times = times if near else (("soon", "скоро"), ("next year", "в следующем году"))
        phrase = at_time(w, phrase, w.adverbial(times))
    elif mode in ("not", "has") and noun in w.of(DUE + " =время") and w.chance(0.6):
        today = both("today", "сегодня")
        phrase = at_time(w, phrase, on_day(w, notes) if noun.ru != "время" and w.chance(0.6) else today, end=0.8)
    return sentence(phrase, notes, end)


def how_many(w: World) -> Sentence:
    """How many sisters do you have? – Сколько у тебя сестёр?   How much money does he have? – Сколько у него денег?"""
    notes = Notes({"wh-question"})
    owner = somebody(w, ask=True)
    spec = (
        "=брат =сестра =друг =ребёнок =сын =дочь =собака =кошка =урок =экзамен =билет =книга =ключ =чемодан"
        " =комната =деньги"
        " =время =вопрос =ручка =карандаш =машина =яблоко =учебник =дядя =тётя"
    )
    noun = w.choose(w.of(spec))
    np = NP(noun, plural=noun.counted, det="")
    how, many = en("how much" if noun.ru in ("деньги", "время") else "how many")
    have_en = Word("have", "have")
    owner_en, owner_ru = at_owner(owner, have_en, notes)
    number = Word("сколько", "сколько", "NUMR", source=[many])
    np.ru_head.link("government", number)
    thing_en, thing_ru = say(np, "gent", notes)
    do = Word("does" if owner.third else "do", "do")
    russian = [number, *owner_ru, *thing_ru] if owner.pronoun else [number, *thing_ru, *owner_ru]
    return sentence(([how, many, *thing_en, do, *owner_en, have_en], russian), notes, "?")


def by_nature(w: World) -> Sentence:
    """My brother has blue eyes. – У моего брата голубые глаза.   I have long hair. – У меня длинные волосы."""
    notes = Notes({"inherent-possession"})
    owner = (
        relative(w, "kin parent mum")
        if w.chance(0.55)
        else NP(pronoun=w.random.choice(("I", "I", "thou masc", "she", "he")))
    )
    text, adjectives = w.choose(NATURE)
    noun = w.lexicon.noun(text)
    adjective = w.choose([a for a in w.adjectives[noun] if a.en in adjectives.split()])
    np = NP(noun, plural=text == "глаз", adjectives=(adjective,), det="" if text in ("глаз", "волосы") else "a")
    have_en = Word("has" if owner.third else "have", "have")
    owner_en, owner_ru = at_owner(owner, have_en, notes)
    thing_en, thing_ru = say(np, "nomn", notes)
    return sentence(([*owner_en, have_en, *thing_en], owner_ru + thing_ru), notes)
