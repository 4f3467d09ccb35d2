"""How much: a glass of water, a kilo of apples, ten roubles."""

from grammar.clauses import agree, was
from grammar.conjugation import verb_forms
from grammar.frames.counting import a_number
from grammar.frames.having import at_owner
from grammar.frames.people import fair, somebody
from grammar.lexicon import Noun
from grammar.noun_phrases import NP, say
from grammar.prepositions import prepositional
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Word, en, inflected
from grammar.world import World

LIQUID = "=вода =молоко =сок =лимонад"
HOLDS = (  # measures and what they are of
    ("стакан", f"{LIQUID} =чай =пиво =вино"), ("чашка", "=чай =кофе =какао =молоко"), ("кружка",
     "=чай =пиво =молоко =какао =кофе"),
    ("бутылка", f"{LIQUID} =пиво =вино"), ("литр", "=молоко =вода =сок =пиво"),
    ("килограмм", "=яблоко =картофель =сахар =мясо =рыба =морковь =лук =помидор =огурец =груша =апельсин =лимон"
     " =сыр =рис =банан"
     " =слива =персик =колбаса =капуста =гриб =орех =конфета"),
    ("килограмм", "=сахар =мясо =рыба =рис =яблоко =помидор"),
    ("кусок", "=хлеб =сыр =мясо =торт =пирог =пицца =рыба =колбаса =мыло =дыня =шоколад"),
    ("пачка", "=чай =кофе =соль =сахар =рис =масло =макароны"), ("тарелка", "=суп =каша =салат =рис"), ("миска",
     "=рис =суп =каша =салат"),
    ("корзина", "=яблоко =гриб =груша =персик =слива =орех"), ("коробка", "=конфета"),
    ("ведро", "=вода =молоко =песок"), ("кувшин", "=вода =молоко =сок =лимонад"),
)  # fmt: skip
DRUNK = ("стакан", "чашка", "кружка", "бутылка")
EATEN = ("кусок", "тарелка", "миска")
WEIGHED = ("килограмм", "литр", "пачка", "бутылка", "коробка", "корзина")
COST = verb_forms("стоить стою стоит")
WANT = verb_forms("хотеть хочу хочет 1pl=хотим 2pl=хотите 3pl=хотят")
DEEDS = (  # English past and base, Russian perfective, and the measures
    ("drank", "drink", "выпить выпью выпьет", DRUNK), ("ate", "eat",
     "съесть съем съест 2sg=съешь 1pl=съедим 2pl=съедите 3pl=съедят past=съел,съела", EATEN),
    ("bought", "buy", "купить куплю купит", WEIGHED), ("bought", "buy", "купить куплю купит", WEIGHED),
    ("brought", "bring", "принести принесу принесёт past=принёс,принесла", ("стакан", "чашка", "бутылка", "кусок",
     "корзина", "ведро", "тарелка")),
    ("ordered", "order", "заказать закажу закажет", ("стакан", "чашка", "бутылка", "тарелка", "кусок")),
)  # fmt: skip


def amount(w: World, measures: tuple[str, ...], notes: Notes) -> NP:
    """a glass of water, two kilos of apples"""
    measure = w.rarest([w.lexicon.noun(ru) for ru in measures], 3).ru
    stuff = w.random.choice([stuff for name, stuff in HOLDS if name == measure])
    noun = w.choose(w.of(stuff))
    if measure == "кусок" and noun.ru == "мыло" and "килограмм" not in measures:
        noun = w.lexicon.noun("сыр")
    inner = NP(noun, plural=noun.counted and measure != "кусок" and noun.ru != "салат", det="")
    stuff_en, stuff_ru = say(inner, "gent", notes)
    np = NP(w.lexicon.noun(measure), det="a", after=([Word("of", "of"), *stuff_en], stuff_ru))
    inner.ru_head.link("government", np.ru_head)
    if w.chance(0.4):
        np.count = w.random.choice((2, 2, 3, 3, 4, 5, 6, 10))
        np.plural, np.det = True, ""
        if measure not in ("килограмм", "литр") and np.count > 5:
            np.count = 2
    return np


def takes_amount(w: World) -> Sentence:
    """I drank a glass of water. – Я выпил стакан воды.   We want two cups of tea. – Мы хотим две чашки чая."""
    notes = Notes({"amount"})
    np = somebody(w)
    subject_en, subject_ru = say(np, "nomn", notes, subject=True)
    if w.chance(0.2):
        thing = amount(w, DRUNK + EATEN, notes)
        want = Word("wants" if np.third else "want", "want")
        verb = inflected("VERB impf pres", "хотеть", WANT, np.person_cell, [want])
        english = [want]
        notes.tags.add("person-agreement")
    else:
        past, base, parts, measures = w.choose(DEEDS)
        forms = verb_forms(parts)
        thing = amount(w, measures, notes)
        if w.chance(0.6):
            english = [Word(past, base)]
            verb = inflected("VERB perf", forms["infn"], forms, np.past_cell, english)
            notes.tags.add("past-agreement")
        else:
            english = en(f"will {base}")
            verb = inflected("VERB perf futr", forms["infn"], forms, np.person_cell, english[1:])
            notes.tags.add("person-agreement")
    agree(verb, np)
    thing_en, thing_ru = say(thing, "accs", notes)
    if thing.takes_case:
        thing.ru_head.link("government", verb)
    return sentence((subject_en + english + thing_en, [*subject_ru, verb, *thing_ru]), fair(notes, np))


def there_is_amount(w: World) -> Sentence:
    """There is a bottle of milk on the table. – На столе бутылка молока.   We have a kilo of sugar. – У нас есть …"""
    notes = Notes({"amount"})
    if w.chance(0.5):
        thing = amount(
            w,
            (
                "стакан",
                "чашка",
                "бутылка",
                "кусок",
                "тарелка",
                "корзина",
                "кувшин",
                "миска",
                "кружка",
                "коробка",
                "ведро",
            ),
            notes,
        )
        thing_en, thing_ru = say(thing, "nomn", notes)
        past = w.chance(0.2)
        be = thing.be(past)
        low = thing.noun.ru in ("корзина", "ведро")
        place = NP(w.lexicon.noun("стол"))
        where = prepositional("under" if low else "on", "под" if low else "на", "ablt" if low else "loct", place, notes)
        if not low and w.chance(0.4):
            where = prepositional("in", "в", "loct", NP(w.lexicon.noun("холодильник")), notes)
            if thing.noun.ru not in ("бутылка", "кусок", "тарелка", "кувшин"):
                where = prepositional("in", "на", "loct", NP(w.lexicon.noun("кухня")), notes)
        middle = [] if not past or thing.count else [was(thing, be)]
        if past and thing.count:
            return there_is_amount(w)
        return sentence(([Word("there", "there"), be, *thing_en, *where[0]], where[1] + middle + thing_ru), notes)
    np = somebody(w)
    thing = amount(w, ("килограмм", "литр", "пачка", "бутылка", "кусок", "коробка"), notes)
    have_en = Word("has" if np.third else "have", "have")
    owner_en, owner_ru = at_owner(np, have_en, notes)
    thing_en, thing_ru = say(thing, "nomn", notes)
    have_ru = [] if thing.count else [Word("есть", "есть", "VERB", source=[have_en])]
    return sentence(([*owner_en, have_en, *thing_en], owner_ru + have_ru + thing_ru), notes)


PRICES = (  # what it costs, in roubles: things, numbers
    ("=хлеб =молоко =вода =газета =ручка =карандаш =мороженое =чай =сок =соль =яблоко =билет =открытка =тетрадь"
     " =мыло =кофе",
     (10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100)),
    ("=книга =билет =сыр =рыба =пицца =торт =футболка =кепка =сумка =зонт =шарф =перчатка =словарь =кукла"
     " =игрушка =лампа",
     (12, 13, 14, 15, 16, 17, 18, 19, 20, 25, 30, 40, 50, 60)),
    ("=платье =куртка =пальто =костюм =туфля =кроссовки =телефон =рюкзак =чемодан =часы =кольцо =стол =свитер"
     " =джинсы =картина",
     (30, 40, 50, 60, 70, 75, 80, 85, 90, 95, 100)),
)  # fmt: skip


def price(w: World) -> Sentence:
    """The book costs ten roubles. – Книга стоит десять рублей."""
    notes = Notes({"price"})
    spec, numbers = w.choose(PRICES)
    noun: Noun = w.choose(w.of(spec))
    np = NP(noun, plural=noun.counted and (w.chance(0.2) or "paired" in noun.classes))
    np.det = w.random.choice(("the", "the", "this", "the" if noun.mass else "that"))
    mode = w.random.choice(("costs", "costs", "costs", "ask", "ask", "a kilo"))
    if mode == "a kilo":
        measure = w.choose(("килограмм", "литр", "бутылка", "кусок", "стакан", "чашка"))
        np = amount(w, (measure,), notes)
        np.count, np.plural, np.det = 0, False, "a"
        numbers = (20, 30, 40, 50, 60, 70, 80, 90, 100)
    words_en, words_ru = say(np, "nomn", notes, subject=True)
    cost = Word("cost" if mode == "ask" or not np.third else "costs", "cost")
    verb = agree(inflected("VERB impf pres", "стоить", COST, np.person_cell, [cost]), np)
    notes.tags.add("person-agreement")
    if mode == "ask" or (mode == "a kilo" and w.chance(0.3)):
        cost.form = "cost"
        how, much, do = *en("how much"), Word("does" if np.third else "do", "do")
        russian = [Word("сколько", "сколько", "NUMR", source=[much]), verb, *words_ru]
        notes.tags.add("wh-question")
        return sentence(([how, much, do, *words_en, cost], russian), notes, "?")
    units = "=рубль" if numbers[0] in (10, 20) and w.chance(0.85) else "=доллар =евро"
    money = NP(w.choose(w.of(units)), count=a_number(w, numbers), plural=True, det="")
    money_en, money_ru = say(money, "accs", notes)
    return sentence(([*words_en, cost, *money_en], [*words_ru, verb, *money_ru]), notes)


def counted_in(w: World) -> Sentence:
    """There are sixteen pupils in our class. – В нашем классе шестнадцать учеников."""
    notes = Notes({"numerals"})
    things, places = w.choose((
        ("=ученик", "=класс =школа"), ("=комната =окно =дверь", "=дом =квартира =гостиница"), ("=страница",
         "=книга =тетрадь =журнал =роман"),
        ("=улица =магазин =школа =музей", "=город"), ("=дерево =куст =роза", "=сад =парк"), ("=стул =стол",
         "=класс =ресторан =кафе =комната"),
        ("=книга", "=библиотека =комната"), ("=пассажир", "=автобус =поезд =самолёт"), ("=яйцо",
         "=холодильник =корзина"),
        ("=слово =ошибка", "=текст =письмо =список"),
    ))  # fmt: skip
    noun, where = w.choose(w.of(things)), w.choose(w.of(places))
    few = noun.ru in ("комната", "окно", "дверь", "музей", "школа", "стол", "ошибка")
    np = NP(noun, plural=True, det="")
    np.count = a_number(
        w,
        (2, 3, 4, 5, 6, 7, 8)
        if few
        else (11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 24, 30, 32, 40, 50, 60, 70, 80, 90, 100),
    )
    place = NP(where, det=w.random.choice(("the", "this", "our", "our")))
    end = prepositional(where.en_place, where.place, "loct", place, notes)
    be = np.be()
    thing_en, thing_ru = say(np, "nomn", notes)
    return sentence(([Word("there", "there"), be, *thing_en, *end[0]], end[1] + thing_ru), notes)
