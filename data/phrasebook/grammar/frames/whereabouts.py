"""What there is, how much of it, and where people, things and places are."""

from grammar.clauses import was, will_be
from grammar.conjugation import TO_BE
from grammar.frames.being import subject_be
from grammar.frames.counting import a_number
from grammar.frames.people import asked, at_time, fair, somebody
from grammar.frames.time_and_weather import at_some_time, on_day
from grammar.lexicon import Noun
from grammar.noun_phrases import NP, say
from grammar.prepositions import prepositional
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, both, en, inflected, join, particle
from grammar.world import World

# Where, and what may be there.
SETTINGS = (
    ("on", "=стол", "=книга =тетрадь =тарелка =чашка =стакан =бутылка =вилка =ложка =нож =газета =письмо =лампа =яблоко"
     " =торт =хлеб =сыр =ручка =карандаш =телефон =ключ =сахар =соль =кружка =миска =словарь =цветок =пицца =билет"),
    ("on", "=полка", "=книга =журнал =словарь =учебник =чашка =лампа =коробка =часы =кукла =лекарство =тетрадь"),
    ("on", "=стул =диван =кровать", "=шляпа =сумка =рубашка =платье =кошка =книга =газета =игрушка =подушка =куртка"),
    ("under", "=стол =кровать =диван =стул", "=кошка =собака =мяч =коробка =чемодан =мышь =игрушка =котёнок =рюкзак"),
    ("in", "=холодильник", "=молоко =сыр =рыба =мясо =яйцо =яблоко =сок =салат =торт =колбаса =сметана =йогурт =пиво"
     " =помидор =огурец =масло =вода =суп =капуста"),
    ("in", "=сумка =рюкзак =чемодан", "=книга =ключ =зонт =билет =паспорт =телефон =кошелёк =ноутбук =футболка =яблоко"
     " =бутерброд =очки =деньги =полотенце =фотоаппарат"),
    ("in", "=шкаф", "=пальто =платье =рубашка =костюм =юбка =куртка =блузка =одеяло =чашка =тарелка"),
    ("in", "=комната =кухня =спальня =класс =офис =гостиная", "=стол =стул =лампа =зеркало =телевизор =компьютер =шкаф"
     " =кресло =пианино =часы"),
)  # fmt: skip
FACILITIES = (  # which Russian says with есть: the place has them
    ("in", "=город =деревня", "=школа =больница =библиотека =музей =театр =аптека =банк =вокзал =кинотеатр =супермаркет"
     " =гостиница =ресторан =рынок =бассейн =стадион =парк =цирк =церковь =почта"),
    ("near", "=дом =гостиница =школа =вокзал =парк =офис", "=магазин =кафе =банк =аптека =супермаркет =остановка =парк"
     " =ресторан =кинотеатр =больница =река =озеро =сад"),
    ("in", "=дом =квартира =гостиница", "=телевизор =кухня =балкон =туалет =ванная =плита =интернет =гараж =холодильник"
     " =пианино"),
)  # fmt: skip
CROWDS = (  # what there may be many of, and where
    ("=человек =турист =машина", "=улица =площадь =рынок =мост"),
    ("=человек =ребёнок =птица =дерево =цветок", "=парк =сад"),
    ("=человек =пассажир", "=поезд =автобус =самолёт =аэропорт =вокзал =остановка"),
    ("=студент", "=университет =библиотека"), ("=ученик", "=класс =школа"), ("=гриб =птица =белка", "=лес"),
    ("=картина", "=музей"), ("=магазин =музей =парк =улица", "=город"), 
    ("=книга", "=полка =библиотека =комната"), ("=игрушка", "=комната =коробка"), ("=турист", "=музей =гостиница"),
    ("=ошибка =слово", "=текст =письмо"), ("=снег", "=улица =лес =двор"), ("=вода", "=река =бутылка =стакан =озеро"),
    ("=молоко", "=холодильник =бутылка"), ("=сахар", "=чай =кофе"), ("=соль", "=суп"), ("=яйцо =сыр =мясо",
     "=холодильник"),
)  # fmt: skip
MANY = [
    "книга",
    "тетрадь",
    "тарелка",
    "чашка",
    "стакан",
    "вилка",
    "ложка",
    "нож",
    "яблоко",
    "карандаш",
    "билет",
    "журнал",
    "учебник",
    "яйцо",
    "помидор",
    "стул",
]
HERE = (
    ("at home", "дома"), ("at home", "дома"), ("here", "здесь"), ("there", "там"), ("upstairs", "наверху"),
    ("at work", "на работе"), ("at work", "на работе"), ("at school", "school"), ("in bed", "в постели"),
    ("on holiday", "в отпуске"), ("outside", "на улице"),
)  # fmt: skip
SIDES = (
    ("here", "здесь"), ("there", "там"), ("upstairs", "наверху"), ("downstairs", "внизу"), ("on the left", "слева"),
    ("on the right", "справа"), 
    ("not far from here", "недалеко отсюда"), ("far from here", "далеко отсюда"),
)  # fmt: skip
PASSING = ("там", "наверху", "на улице")  # said of now
ROOMS = "=кухня =ванная =туалет =спальня =гостиная =балкон"
TOWN = (
    "=вокзал =гостиница =аптека =больница =банк =остановка =музей =магазин =супермаркет =школа =аэропорт =почта =рынок"
    " =кинотеатр =театр =библиотека =бассейн =ресторан =кафе =парк =стадион =пляж"
)
PREPS = {"on": ("на", "loct"), "in": ("в", "loct"), "under": ("под", "ablt"), "near": ("около", "gent")}


def known(w: World, spec: str) -> tuple[Noun, ...]:
    """The nouns of `spec` that stand in the lexicon."""
    lemmas = {noun.ru for noun in w.lexicon.nouns}
    return w.of(" ".join(part for part in spec.split() if part[1:] in lemmas))


def the_place(w: World, en_prep: str, noun: Noun, notes: Notes) -> Phrase:
    """on the table – на столе; now and then with an owner or an adjective."""
    np = NP(noun)
    if noun.classes & {"building", "town", "institution", "outdoors"}:
        mine = ("our", "this", "our") if noun.ru in ("дом", "город", "деревня", "гостиница", "школа") else ()
    else:
        mine = ("our", "this", "my")
    if mine and w.chance(0.25):
        np.det = w.random.choice(mine)
    ru_prep, case = PREPS[en_prep]
    return prepositional(
        noun.en_place if en_prep == "in" else en_prep, noun.place if en_prep == "in" else ru_prep, case, np, notes
    )


def some_are(w: World) -> Sentence:
    """There are three books on the table. – На столе три книги."""
    notes = Notes({"existence"})
    facility = w.chance(0.35)
    en_prep, places, things = w.choose(FACILITIES if facility else SETTINGS)
    noun = w.choose(known(w, things))
    where = w.choose([n for n in known(w, places) if n is not noun])
    mode = w.random.choice(
        ("is", "is", "ask", "no", "was") if facility else ("is", "is", "count", "count", "ask", "no", "was")
    )
    np = NP(noun, det="a")
    plural = noun.counted and not facility and w.chance(0.3)
    if mode == "count":
        if not noun.countable:
            return some_are(w)
        np.count = a_number(w, (2, 2, 3, 3, 4, 5, 6, 7, 8, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 30))
        if noun.ru not in MANY:
            np.count = 2 + np.count % 4
        np.plural, np.det = True, ""
    elif mode in ("no", "ask") and plural:
        np.plural, np.det = True, ""
    if noun.number in ("P",) or noun.mass or noun.definite:
        np.det = ""
    any_ = mode == "ask" and not np.count and (np.plural or noun.mass or noun.number == "P")
    if mode == "no":
        np.det = ""
    elif mode in ("is", "was") and w.chance(0.2) and "sense" not in noun.classes and np.det == "a":
        looks = ("new", "old", "red", "blue", "green", "yellow", "white", "black")
        looks += ("big", "small", "good") * bool(
            noun.classes & {"building", "furniture", "container", "institution", "pet"}
        )
        if fitting := [a for a in w.adjectives.get(noun, []) if a.en in looks]:
            np.adjectives = (w.choose(fitting),)
    be = np.be(mode == "was")
    end_en, end_ru = the_place(w, en_prep, where, notes)
    thing_en, thing_ru = say(np, "gent" if mode == "no" else "nomn", notes)
    there = Word("there", "there")
    if mode == "ask":
        notes.tags |= {"yes-no-question"}
        is_ = [Word("есть", "есть", "VERB", source=[be])]
        english = [be, there, *en("any" if any_ else ""), *thing_en, *end_en]
        return sentence((english, end_ru + is_ + thing_ru), notes, "?")
    if mode == "no":
        no = Word("no", "no")
        not_ = Word("нет", "нет", "PRED", source=[no])
        np.ru_head.link("government", not_)
        notes.tags.add("genitive-of-negation")
        return sentence(([there, be, no, *thing_en, *end_en], [*end_ru, not_, *thing_ru]), notes)
    middle = []
    if mode == "was":
        middle = [was(np, be)]
        notes.tags.add("past-agreement")
    elif facility or where.ru == "холодильник":
        middle = [Word("есть", "есть", "VERB", source=[be])]
    return sentence(([there, be, *thing_en, *end_en], end_ru + middle + thing_ru), notes)


def many(w: World) -> Sentence:
    """There are many people in the street. – На улице много людей.   There is little milk … – … мало молока."""
    notes = Notes({"quantity"})
    things, places = w.choose(CROWDS)
    noun = w.choose(known(w, things))
    if "=человек" in things and w.chance(0.4):
        noun = w.lexicon.noun("человек")
    where = w.choose(known(w, places))
    mass = noun.mass
    options = [("a lot of", "много"), ("little" if mass else "few", "мало")]
    options += [("not much", "мало"), ("too much", "слишком много")] if mass else [
        ("many", "много"), ("many", "много"), ("a few", "несколько"), 
        ("too many", "слишком много"), ("several", "несколько"),
    ]  # fmt: skip
    much_en, much_ru = w.choose(options)
    past, ask = w.chance(0.2), w.chance(0.12)
    if ask:
        much_en, much_ru, past = ("much" if mass else "many"), "много", False
    np = NP(noun, plural=not mass, det="")
    be = np.be(past)
    words_en = en(much_en)
    words_ru = particle(much_ru, "ADVB", words_en)
    end = prepositional(where.en_place, where.place, "loct", NP(where), notes)
    if where.ru == "улица":
        end[0][0].form = "in"
    thing_en, thing_ru = say(np, "gent", notes)
    np.ru_head.link("government", words_ru[-1])
    be_ru = [inflected("VERB impf", "быть", TO_BE, "past neut", [be])] if past else []
    there = Word("there", "there")
    if ask:
        notes.tags.add("yes-no-question")
        return sentence(([be, there, *words_en, *thing_en, *end[0]], end[1] + words_ru + thing_ru), notes, "?")
    return sentence(([there, be, *words_en, *thing_en, *end[0]], end[1] + be_ru + words_ru + thing_ru), notes)


def where_people_are(w: World) -> Sentence:
    """I am at home. – Я дома.   We were at school. – Мы были в школе."""
    notes = Notes()
    mode = w.random.choice(("is", "is", "is", "ask", "ask", "was", "was", "not", "was not", "will"))
    np = somebody(w, ask=mode == "ask")
    if w.chance(0.6):
        words = w.choose([pair for pair in HERE if mode in ("is", "ask") or pair[1] not in PASSING])
        if words[1] == "в отпуске" and mode in ("not", "was not"):
            return where_people_are(w)
        place = both(*words)
        if words[1] == "school":
            place = prepositional("at", "в", "loct", NP(w.lexicon.noun("школа"), det=""), notes)
    else:
        noun = w.choose(w.of("=кухня =сад =парк =библиотека =больница =магазин =офис =театр =бассейн =вокзал"
                             " =аэропорт =гостиница =ванная =комната =музей =деревня =ресторан =кафе =класс"
                             " =двор"))  # fmt: skip
        place = prepositional(noun.en_place, noun.place, "loct", NP(noun), notes)
    if mode == "ask":
        return sentence(join(asked(np, np.be(), notes), place), notes, "?")
    if mode in ("not", "was not"):
        return sentence(_is_not(w, np, place, mode == "was not", notes), notes)
    if mode == "will":
        words_en, words_ru = say(np, "nomn", notes, subject=True)
        will = en("will be")
        phrase = join((words_en + will, [*words_ru, will_be(np, will[0])]), place)
        if w.chance(0.3):
            return sentence(join(phrase, at_some_time(w, w.random.randrange(1, 13), notes, daytimes=False)), notes)
        times = [t for t in w.lexicon.times["future"] if "week" not in t[0] and "year" not in t[0]]
        return sentence(at_time(w, phrase, on_day(w, notes) if w.chance(0.4) else w.adverbial(times)), notes)
    phrase = join(subject_be(np, notes, mode == "was"), place)
    if mode == "was" and w.chance(0.4):
        phrase = at_time(
            w,
            phrase,
            w.adverbial((("yesterday", "вчера"), ("in the morning", "утром"))) if w.chance(0.4) else on_day(w, notes),
        )
    elif mode == "is" and w.chance(0.25):
        phrase = at_time(w, phrase, w.adverbial((("now", "сейчас"), ("today", "сегодня"))))
    return sentence(phrase, fair(notes, np))


def _is_not(w: World, np: NP, place: Phrase, past: bool, notes: Notes) -> Phrase:
    """he is not at home – его нет дома; he was not – его не было. Who is not there stands in the genitive."""
    words_en, words_ru = say(np, "gent", notes, subject=True)
    be, no = np.be(past), Word("not", "not")
    if past:
        not_ru = [*particle("не", "PRCL", [no]), inflected("VERB impf", "быть", TO_BE, "past neut", [be])]
    else:
        not_ru = [Word("нет", "нет", "PRED", source=[no])]
    np.ru_head.link("government", not_ru[0])
    notes.tags.add("genitive-of-negation")
    if len(place[1]) == 1 and not past:  # его здесь нет
        return [*words_en, be, no, *place[0]], [*words_ru, *place[1], *not_ru]
    return join(([*words_en, be, no], words_ru + not_ru), place)


def where_places_are(w: World) -> Sentence:
    """The hotel is near the station. – Гостиница около вокзала.   The bathroom is on the left. – Ванная слева."""
    notes = Notes()
    noun = w.choose(w.of(TOWN))
    np = NP(noun)
    kind = w.random.random()
    if kind < 0.28:
        np = NP(w.choose(w.of(ROOMS)))
        sides = ("here", "upstairs", "downstairs", "on the left", "on the right")
        end = both(*w.choose([pair for pair in SIDES if pair[0] in sides]))
    elif kind < 0.52:
        never = ("upstairs", "downstairs")
        end = both(*w.choose([pair for pair in SIDES if pair[0] not in never]))
    else:
        other = NP(w.choose([n for n in w.of("building =парк =рынок =река =море =площадь =вокзал") if n is not noun]))
        if other.noun.ru == "дом" or w.chance(0.15):
            other.det = w.random.choice(("our", "my")) if other.noun.ru in ("дом", "школа") else "the"
        preps = [("near", "около"), ("not far from", "недалеко от"), ("far from", "далеко от")]
        preps += [("opposite", "напротив")] * (other.noun.ru not in ("река", "море", "рынок") and noun.ru != "пляж")
        en_prep, ru_prep, case = *w.choose(preps), "gent"
        if w.chance(0.25):
            en_prep, ru_prep, case = "next to", "рядом с", "ablt"
        end = prepositional(en_prep, ru_prep, case, other, notes)
    if w.chance(0.25) and end[0][0].form != "not":
        return sentence(join(asked(np, np.be(), notes), end), notes, "?")
    return sentence(join(subject_be(np, notes, False), end), notes)


def where_things_are(w: World) -> Sentence:
    """Your keys are on the table. – Твои ключи на столе.   Is my phone in your bag? – Мой телефон в твоей сумке?"""
    notes = Notes()
    en_prep, places, things = w.choose(SETTINGS[:-1])
    noun = w.choose(known(w, things))
    ask = w.chance(0.25)
    dets = ("the", "your", "my", "my", "our") if noun.ownable else ("the",)
    np = NP(noun, plural=noun.counted and w.chance(0.3), det=w.random.choice(dets))
    place = NP(w.choose(known(w, places)), det=w.random.choice(("my", "your", "the") if np.det == "the" else ("the",)))
    ru_prep, case = PREPS[en_prep]
    end = prepositional(en_prep, ru_prep, case, place, notes)
    if ask:
        return sentence(join(asked(np, np.be(), notes), end), notes, "?")
    neg = w.chance(0.12)
    return sentence(join(subject_be(np, notes, w.chance(0.15) and not neg, neg), end), notes)
