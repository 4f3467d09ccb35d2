"""What people type first, and corpora hardly have: `python data/models/typed_phrases.py [PAIRS.tsv …] > FILE.tsv`.

Names, titles, times of day and quotations are made of frames and of what fills them; single words are those of the
phrasebook. With files: of each short pair of theirs the line as it is typed in a hurry, without capitals and the point
at the end. The same call writes the same pairs.
"""

import random
import re
import sys
from collections.abc import Iterable
from itertools import product

from nmt.corpora.pairs import read_lines
from nmt.plumbing.places import in_clone

MEN = """Tom Том, John Джон, Jack Джек, James Джеймс, Michael Майкл, David Дэвид, Peter Питер, Paul Пол, Mark Марк,
George Джордж, Robert Роберт, William Уильям, Richard Ричард, Thomas Томас, Charles Чарльз, Daniel Дэниел,
Matthew Мэтью, Andrew Эндрю, Kevin Кевин, Brian Брайан, Steve Стив, Bill Билл, Bob Боб, Jim Джим, Joe Джо, Mike Майк,
Nick Ник, Sam Сэм, Ben Бен, Alex Алекс, Max Макс, Harry Гарри, Henry Генри, Fred Фред, Frank Фрэнк, Ken Кен, Chris Крис,
Eric Эрик, Adam Адам, Simon Саймон, Oliver Оливер, Luke Люк, Edward Эдвард, Philip Филип, Patrick Патрик, Dan Дэн,
Tim Тим, Tony Тони, Martin Мартин, Ivan Иван, Boris Борис, Oleg Олег, Igor Игорь, Sergey Сергей, Dmitry Дмитрий,
Alexander Александр, Viktor Виктор, Anton Антон, Maxim Максим, Nikita Никита, Sasha Саша"""
WOMEN = """Mary Мэри, Anna Анна, Kate Кейт, Emma Эмма, Sarah Сара, Lucy Люси, Alice Алиса, Jane Джейн, Helen Хелен,
Linda Линда, Susan Сьюзен, Lisa Лиза, Laura Лора, Emily Эмили, Jessica Джессика, Jennifer Дженнифер, Julia Джулия,
Maria Мария, Olivia Оливия, Rachel Рейчел, Nancy Нэнси, Betty Бетти, Rose Роза, Grace Грейс, Victoria Виктория,
Elizabeth Элизабет, Margaret Маргарет, Diana Диана, Amy Эми, Ann Энн, Eva Ева, Nina Нина, Olga Ольга, Natasha Наташа,
Tanya Таня, Irina Ирина, Elena Елена, Svetlana Светлана, Marina Марина, Vera Вера, Katya Катя, Masha Маша, Dasha Даша"""
SURNAMES = """Smith Смит, Brown Браун, Jones Джонс, Johnson Джонсон, Wilson Уилсон, Taylor Тейлор, Miller Миллер,
Davis Дэвис, White Уайт, Green Грин, Black Блэк, Clark Кларк, Lee Ли, Anderson Андерсон, Thomas Томас, Jackson Джексон,
Harris Харрис, Martin Мартин, Thompson Томпсон, Robinson Робинсон, Lewis Льюис, Walker Уокер, Hall Холл, Allen Аллен,
Young Янг, King Кинг, Wright Райт, Scott Скотт, Hill Хилл, Baker Бейкер, Adams Адамс, Nelson Нельсон, Carter Картер,
Mitchell Митчелл, Roberts Робертс, Turner Тёрнер, Phillips Филлипс, Parker Паркер, Evans Эванс, Edwards Эдвардс,
Collins Коллинз, Stewart Стюарт, Morris Моррис, Rogers Роджерс, Cook Кук, Morgan Морган, Bell Белл, Murphy Мёрфи,
Cooper Купер, Richardson Ричардсон, Howard Ховард, Ward Уорд, Gray Грей, Watson Уотсон, Brooks Брукс, Kelly Келли,
Price Прайс, Bennett Беннетт, Wood Вуд, Ross Росс, Stone Стоун, Fox Фокс, Ford Форд, Holmes Холмс, Jordan Джордан"""
MALE, FEMALE = 0, 1
# English title, Russian, gender. A woman's surname has no cases; «доктор» and «профессор» here are men.
TITLES = ("Mr.", "мистер", MALE), ("Mrs.", "миссис", FEMALE), ("Miss", "мисс", FEMALE), ("Ms.", "мисс", FEMALE)
TITLES += ("Dr.", "доктор", MALE), ("Doctor", "доктор", MALE), ("Professor", "профессор", MALE)
CASES = "NGDAIP"
UNCHANGED = dict.fromkeys(CASES)

# {N} … {P}: the person in a case, {Y…} a second one; [said of a man|of a woman]; <to a friend|politely>.
OF_ONE = """{x} is here. = {N} здесь.
{x} is not here. = {G} здесь нет.
{x} is not here today. = {G} сегодня нет.
{x} is at home. = {N} дома.
Is {x} here? = {N} здесь?
Is {x} at home? = {N} дома?
Where is {x}? = Где {N}?
Who is {x}? = Кто [такой|такая] {N}?
This is {x}. = Это {N}.
I know {x}. = Я знаю {A}.
I don't know {x}. = Я не знаю {A}.
Do you know {x}? = <Ты знаешь|Вы знаете> {A}?
Do you remember {x}? = <Ты помнишь|Вы помните> {A}?
Have you seen {x}? = <Ты видел|Вы видели> {A}?
I saw {x} yesterday. = Вчера я видел {A}.
I met {x} in the street. = Я встретил {A} на улице.
We met {x} yesterday. = Вчера мы встретили {A}.
I work with {x}. = Я работаю с {I}.
I spoke with {x}. = Я говорил с {I}.
I was there with {x}. = Я был там с {I}.
I am waiting for {x}. = Я жду {A}.
We are waiting for {x}. = Мы ждём {A}.
Call {x}. = <Позвони|Позвоните> {D}.
{x} called you. = <Тебе|Вам> [звонил|звонила] {N}.
{x} is my teacher. = {N} - [мой учитель|моя учительница].
{x} is my friend. = {N} - [мой друг|моя подруга].
{x} is my neighbor. = {N} - [мой сосед|моя соседка].
{x} is our teacher. = {N} - [наш учитель|наша учительница].
{x} is a doctor. = {N} - врач.
{x} is very kind. = {N} очень [добрый|добрая].
{x} is tired. = {N} [устал|устала].
{x} is busy. = {N} [занят|занята].
{x} is busy now. = {N} сейчас [занят|занята].
{x} is sick. = {N} [болен|больна].
{x} is right. = {N} [прав|права].
{x} is late. = {N} опаздывает.
{x} has gone home. = {N} [ушёл|ушла] домой.
{x} came back. = {N} [вернулся|вернулась].
{x} came yesterday. = {N} [приехал|приехала] вчера.
{x} will come tomorrow. = {N} придёт завтра.
{x} will help you. = {N} <тебе|вам> поможет.
{x} lives in London. = {N} живёт в Лондоне.
{x} lives in Moscow. = {N} живёт в Москве.
{x} lives in Paris. = {N} живёт в Париже.
{x} lives in New York. = {N} живёт в Нью-Йорке.
{x} lives here. = {N} живёт здесь.
Does {x} live here? = {N} живёт здесь?
{x} works in a bank. = {N} работает в банке.
{x} works in a hospital. = {N} работает в больнице.
{x} teaches English. = {N} преподаёт английский.
{x} speaks Russian. = {N} говорит по-русски.
{x} loves music. = {N} любит музыку.
{x} likes tea. = {N} любит чай.
{x} has a dog. = У {G} есть собака.
{x} has a car. = У {G} есть машина.
{x} has two children. = У {G} двое детей.
This is {x}'s book. = Это книга {G}.
This is {x}'s car. = Это машина {G}.
Is this {x}'s house? = Это дом {G}?
Give this to {x}. = <Отдай|Отдайте> это {D}.
I gave the book to {x}. = Я отдал книгу {D}.
Ask {x}. = <Спроси|Спросите> {A}.
Tell {x} about it. = <Расскажи|Расскажите> об этом {D}.
I got a letter from {x}. = Я получил письмо от {G}.
I often think about {x}. = Я часто думаю о {P}.
I believe {x}. = Я верю {D}.
I like {x}. = Мне нравится {N}.
I love {x}. = Я люблю {A}.
When will {x} come? = Когда придёт {N}?
Why is {x} late? = Почему {N} опаздывает?
What did {x} say? = Что [сказал|сказала] {N}?
{x} told me about it. = {N} [рассказал|рассказала] мне об этом.
{x} is older than me. = {N} старше меня.
{x} was in Paris last year. = {N} [был|была] в Париже в прошлом году.
Hello, {x}! = <Привет|Здравствуйте>, {N}!
Good morning, {x}. = Доброе утро, {N}.
Good evening, {x}! = Добрый вечер, {N}!
Thank you, {x}. = Спасибо, {N}.
Goodbye, {x}. = <Пока|До свидания>, {N}.
Excuse me, {x}. = <Извини|Извините>, {N}.
How are you, {x}? = Как дела, {N}?
Come in, {x}. = <Входи|Входите>, {N}.
Sit down, {x}. = <Садись|Садитесь>, {N}.
{x}, can you help me? = {N}, <ты можешь|вы можете> мне помочь?
{x}, where are you? = {N}, где <ты|вы>?
Can I speak to {x}? = Могу я поговорить с {I}?
I would like to speak to {x}. = Я хотел бы поговорить с {I}.
{x} is on the phone. = {N} говорит по телефону.
I have a meeting with {x}. = У меня встреча с {I}.
I am {x}. = Я {N}.
I'm {x}. = Я {N}.
My name is {x}. = Меня зовут {N}."""
OF_TWO = """{x} and {y} are here. = {N} и {YN} здесь.
{x} and {y} are friends. = {N} и {YN} - друзья.
{x} and {y} are at home. = {N} и {YN} дома.
I know {x} and {y}. = Я знаю {A} и {YA}.
{x} is older than {y}. = {N} старше {YG}.
{x} is taller than {y}. = {N} выше {YG}.
{x} loves {y}. = {N} любит {YA}.
{x} knows {y}. = {N} знает {YA}.
{x} is waiting for {y}. = {N} ждёт {YA}.
{x} often calls {y}. = {N} часто звонит {YD}.
Where are {x} and {y}? = Где {N} и {YN}?"""
AT_TIME = """The train leaves at {t}. = Поезд отправляется в {T}.
The bus comes at {t}. = Автобус приходит в {T}.
The plane arrives at {t}. = Самолёт прилетает в {T}.
Come at {t}. = Приходи в {T}.
Please come at {t}. = Пожалуйста, приходите в {T}.
I get up at {t}. = Я встаю в {T}.
She goes to bed at {t}. = Она ложится спать в {T}.
The store opens at {t}. = Магазин открывается в {T}.
The store closes at {t}. = Магазин закрывается в {T}.
The meeting starts at {t}. = Собрание начинается в {T}.
The meeting starts at {t} tomorrow. = Собрание начинается завтра в {T}.
The film begins at {t}. = Фильм начинается в {T}.
Let's meet at {t}. = Давай встретимся в {T}.
Let's meet at {t} tomorrow. = Давай встретимся завтра в {T}.
See you at {t}. = Увидимся в {T}.
It is {t}. = Сейчас {T}.
It's {t}. = Сейчас {T}.
It is already {t}. = Уже {T}.
Wake me up at {t}. = Разбуди меня в {T}.
Call me at {t}. = Позвони мне в {T}.
I have breakfast at {t}. = Я завтракаю в {T}.
We have dinner at {t}. = Мы ужинаем в {T}.
He came home at {t}. = Он пришёл домой в {T}.
Are you free at {t}? = Ты свободен в {T}?
I start work at {t}. = Я начинаю работать в {T}."""
SAID = """I love you. = Я люблю тебя.
I am tired. = Я устал.
I don't know. = Я не знаю.
It is cold today. = Сегодня холодно.
I will come tomorrow. = Я приду завтра.
We are late. = Мы опаздываем.
He is my friend. = Он мой друг.
I have no money. = У меня нет денег.
You are right. = Ты прав.
I want to go home. = Я хочу пойти домой.
This is very good. = Это очень хорошо.
Where is my book? = Где моя книга?
What is your name? = Как тебя зовут?
Who is it? = Кто это?
What time is it? = Который час?
Where are you going? = Куда ты идёшь?
Can you help me? = Ты можешь мне помочь?
Do you love me? = Ты любишь меня?
Why are you here? = Почему ты здесь?
Come here! = Иди сюда!
Help! = Помогите!
Stop! = Стой!
Go away! = Уходи!
Look! = Смотри!
I am hungry! = Я голоден!
Be careful! = Осторожно!"""
SPEAKERS = "he он M, she она F, Tom Том M, Mary Мэри F, the boy мальчик M, the girl девочка F, my mother моя мама F"
SPEAKERS += ", the teacher учитель M, the old man старик M, the woman женщина F"
VERBS = {".": (("said", "сказал"), ("answered", "ответил")), "?": (("asked", "спросил"),)}
VERBS["!"] = (("shouted", "крикнул"), ("said", "сказал"))
CALLS = """hi привет, hello здравствуйте, hey эй, thanks спасибо, thank you спасибо,
many thanks большое спасибо, ok хорошо, okay хорошо, yes да, no нет, please пожалуйста, sorry извините,
bye пока, goodbye до свидания, wow ого, cool круто, great отлично, nice мило, fine хорошо, good хорошо,
sure конечно, of course конечно, maybe может быть, really правда, why почему, what что, who кто, where где,
when когда, how как, how much сколько, welcome добро пожаловать, help помогите, stop стой, wait подожди,
look смотри, listen послушай, go иди, come here иди сюда, congratulations поздравляю, cheers за здоровье,
good luck удачи, good job молодец, well done молодец, never mind ничего страшного, no problem нет проблем,
i see понятно, me too я тоже, not yet ещё нет, let's go пошли, hurry up поторопись, shut up замолчи,
have a nice day хорошего дня, merry christmas с рождеством, happy new year с новым годом,
happy birthday с днём рождения"""
LONGEST = 6  # words of a line that is typed in a hurry, on either side


def listed(text: str) -> list[list[str]]:
    return [one.rsplit(maxsplit=1) for one in text.replace("\n", " ").split(", ")]


def framed(text: str) -> list[list[str]]:
    return [line.split(" = ") for line in text.splitlines()]


def declined(word: str, gender: int) -> dict[str, str]:
    """Case -> form, of a first name, a surname or a title."""
    if word[-1] in "ая":
        stem, soft = word[:-1], word[-1] == "я"
        ends = ("и", "е", "ю", "ей", "е") if soft else ("и" if stem[-1] in "гкхжшчщ" else "ы", "е", "у", "ой", "е")
        if word.endswith("ия"):
            ends = "и", "и", "ю", "ей", "и"
        if not soft and stem[-1] in "жшчщц":
            ends = *ends[:3], "ей", ends[4]
        forms = [word, stem + ends[0], stem + ends[1], stem + ends[2], stem + ends[3], stem + ends[4]]
    elif gender == MALE and word[-1] not in "аеёиоуыэюя" and word not in ("миссис", "мисс"):
        stem = word[:-1] if word[-1] in "йь" else word
        soft = stem != word
        last = "и" if word.endswith("ий") else "е"
        instrumental = "ем" if soft or stem[-1] in "жшчщц" else "ом"
        of, to = ("я", "ю") if soft else ("а", "у")
        forms = [word, stem + of, stem + to, stem + of, stem + instrumental, stem + last]
    else:
        forms = [word] * 6
    return dict(zip(CASES, forms, strict=True))


def person(random: random.Random) -> tuple[str, dict[str, str], int, bool]:
    """English, Russian by case, gender, whether one is polite to them."""
    gender = random.randrange(2)
    first, russian = random.choice(listed(WOMEN if gender else MEN))
    last, surname = random.choice(listed(SURNAMES))
    kind = random.random()
    if kind < 0.35:
        return first, declined(russian, gender), gender, False
    if kind < 0.5:
        names = declined(russian, gender), declined(surname, gender)
        return f"{first} {last}", {case: f"{names[0][case]} {names[1][case]}" for case in CASES}, gender, False
    title, word, gender = random.choice(TITLES)
    title = title.rstrip(".") if random.random() < 0.2 else title
    names = declined(word, gender), declined(surname, gender)
    return f"{title} {last}", {case: f"{names[0][case]} {names[1][case]}" for case in CASES}, gender, True


def filled(russian: str, names: dict[str, str], gender: int, polite: bool) -> str:
    russian = re.sub(r"\[(.*?)\|(.*?)\]", lambda of: of[1 + gender], russian)
    russian = re.sub(r"<(.*?)\|(.*?)>", lambda of: of[1 + polite], russian).format(**names)
    russian = re.sub(r"\b([Сс]) (?=[сзшж][^аеёиоуыэюя])", r"\1о ", russian, flags=re.IGNORECASE)  # «со Смитом»
    russian = re.sub(r"\bо (?=[аоуэи])", "об ", russian, flags=re.IGNORECASE)  # «об Анне»
    return russian[0].upper() + russian[1:]


def of_people(random: random.Random, count: int) -> list[tuple[str, str]]:
    found = []
    for english, russian in framed(OF_ONE):
        for _ in range(count):
            name, cases, gender, polite = person(random)
            found.append((english.format(x=name), filled(russian, cases, gender, polite)))
    for english, russian in framed(OF_TWO):
        for _ in range(count):
            (name, cases, gender, polite), other = person(random), person(random)
            both = cases | {f"Y{case}": form for case, form in other[1].items()}
            found.append((english.format(x=name, y=other[0]), filled(russian, both, gender, polite)))
    for last, surname in listed(SURNAMES)[::4]:
        found.append((f"Mr. and Mrs. {last} are here.", f"Мистер и миссис {surname} здесь."))
        found.append((f"This is Mr. and Mrs. {last}.", f"Это мистер и миссис {surname}."))
    return found


def part_of_day(hour: int, after_noon: bool) -> str:
    if after_noon:
        return "дня" if hour in (12, 1, 2, 3, 4) else "вечера"
    return "ночи" if hour in (12, 1, 2, 3) else "утра"


def at_times(random: random.Random, count: int) -> list[tuple[str, str]]:
    found = []
    for (english, russian), _ in product(framed(AT_TIME), range(count)):
        hour, minutes = random.randint(1, 12), random.choice(("", "", ":30", ":15", ":45"))
        after_noon = random.random() < 0.5
        mark = random.choice((" a.m.", " a.m.", " AM", " am", "am")).replace("a", "p").replace("A", "P")
        mark = mark if after_noon else mark.replace("p", "a").replace("P", "A")
        time, russian_time = f"{hour}{minutes}{mark}", "час" if (hour, minutes) == (1, "") else f"{hour}{minutes}"
        line = english.format(t=time).replace("m..", "m.")  # one point ends both
        found.append((line, russian.format(T=f"{russian_time} {part_of_day(hour, after_noon)}")))
    for english, russian in framed(AT_TIME):
        if " at {t}" in english:
            found.append((english.format(t="noon"), russian.format(T="полдень")))
            found.append((english.format(t="midnight"), russian.format(T="полночь")))
    return found


def quotations(random: random.Random) -> list[tuple[str, str]]:
    found = []
    for (english, russian), speaker in product(framed(SAID), SPEAKERS.split(", ")):
        who, name, gender = re.fullmatch(r"(.+?) ([а-яё А-Я]+) (\w)", speaker).groups()
        mark = english[-1]
        said, verb = random.choice(VERBS[mark])
        verb += "а" * (gender == "F")
        ours, theirs = (english[:-1] + ",", russian[:-1]) if mark == "." else (english, russian)
        end = russian[:-1] + "»." if mark == "." else f"{russian}»"
        start = who[0].upper() + who[1:], name[0].upper() + name[1:]
        after = f'"{ours}" {who} {said}.', f"«{theirs}»{',' * (mark == '.')} - {verb} {name}."
        before = f'{start[0]} {said}, "{english}"', f"{start[1]} {verb}: «{end}"
        found += random.sample([after, before], random.choice((1, 2)))
    return found


def calls() -> list[tuple[str, str]]:
    found = []
    for one in CALLS.replace("\n", " ").split(", "):
        english, russian = re.fullmatch(r"([a-z' ]+) ([а-яё ]+)", one).groups()
        found += [(english, russian), (english.capitalize(), russian.capitalize())]
        found += [(f"{english}!", f"{russian}!"), (f"{english.capitalize()}!", f"{russian.capitalize()}!")]
    return found


def single_words() -> list[tuple[str, str]]:
    """Nouns and adjectives of the phrasebook as in a dictionary; of several Russian ones the first."""
    found: dict[str, str] = {}
    for table in "nouns", "adjectives":
        for line in read_lines(in_clone("data", "phrasebook", "grammar", "lexicon", f"{table}.txt")):
            if "|" in line and not line.startswith("#"):
                english, russian = (part.strip() for part in line.split("|")[:2])
                english, russian = english.lstrip("*").split("/")[0], russian.split()[0]
                found.setdefault(english, russian)
                if table == "nouns":
                    found.setdefault(f"the {english}", russian)
    return [*found.items()]


def in_a_hurry(pairs: Iterable[list[str]]) -> list[tuple[str, str]]:
    found = []
    for english, russian, *_ in pairs:
        ends = english[-1], russian[-1]
        if ends[0] == ends[1] and ends[0] in ".!?" and max(len(english.split()), len(russian.split())) <= LONGEST:
            english, russian = english[:-1], russian[:-1]
            if not re.search('[.!?"«:;]', english + russian):
                found += [(english.lower(), russian[0].lower() + russian[1:]), (english, russian)]
    return found


def pairs() -> list[tuple[str, str]]:
    draw = random.Random(1)
    return [*of_people(draw, 30), *at_times(draw, 25), *quotations(draw), *calls(), *single_words()]


if __name__ == "__main__":
    hurried = [pair for path in sys.argv[1:] for pair in in_a_hurry(line.split("\t") for line in read_lines(path))]
    print(*(f"{en}\t{ru}" for en, ru in dict.fromkeys(hurried if sys.argv[1:] else pairs())), sep="\n")
