"""What people like: things and people (нравиться), kinds of things (любить), and doing something; what they prefer.

English decides: like this song, like to swim – нравиться; like music, love, love to swim – любить.
"""

from grammar.clauses import Clause, agree
from grammar.conjugation import verb_forms
from grammar.frames.requests import infinitive
from grammar.frames.wishes import generic, somebody
from grammar.lexicon import Noun
from grammar.noun_phrases import NP, say
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Word, en, inflected, join, particle
from grammar.world import World

LIKE = {"3per sing": "нравится", "3per plur": "нравятся"}
LIKED = {"past masc": "понравился", "past femn": "понравилась", "past neut": "понравилось", "past plur": "понравились"}
LOVE = verb_forms("любить люблю любит")
PREFER = verb_forms("предпочитать")
PLEASANT = (  # what people like to do
    "read", "cook", "bake", "eat", "drink", "watch", "listen to", "sing", "play на", "play в", "play в", "collect",
    "photograph", "draw", "sew", "swim", "dance", "walk", "sleep", "work", "rest", "solve", "study", "repair", "plant",
    "play with", "drive", "buy", "swim", "train", "sing", "dance", "talk about",
)  # fmt: skip
ALONE = ("read", "cook", "bake", "sing", "draw", "sew", "eat")  # … often without an object
KINDS = "fruit food drink subject game hobby season pet =цветок =роза =сказка =фильм =книга =лошадь =гриб"


def pleasant(w: World, subject: NP) -> Clause:
    """read books, play the guitar, swim"""
    verb = w.lexicon.verb(w.choose(PLEASANT))
    clause = Clause(subject, verb, "infinitive")
    if verb.case and not (verb.key in ALONE and w.chance(0.5)):
        nouns = [n for n in verb.objects if "person" not in n.classes and not n.definite and n.ru not in ODD]
        np = NP(w.choose(nouns))
        if verb.key == "drive":
            np.det = "a"
        elif verb.key == "play на":
            w.fit(verb, np)
        else:
            generic(np)
        clause.object = np
    return clause


ODD = (
    "гвоздь",
    "спичка",
    "ноготь",
    "дуб",
    "завод",
    "аэропорт",
    "план",
    "игра",
    "время",
    "работа",
    "мыло",
    "урок",
    "роман",
    "путешествие",
    "война",
    "квартира",
)


def likes_doing(w: World) -> Sentence:
    """I like to read. – Мне нравится читать.   She loves playing chess. – Она любит играть в шахматы."""
    notes = Notes({"infinitive"})
    person = somebody(w)
    mode = w.random.choice(("is", "is", "is", "not", "?"))
    text_en = w.random.choice(("like", "like", "like", "love", "love", "prefer"))
    if text_en == "prefer" or (text_en == "love" and mode == "not"):
        mode = "is"
    if mode == "?":
        person = NP(pronoun=w.random.choice(("thou masc", "thou masc", "he", "she", "they")))
    elif person.pronoun == "thou masc":
        person = NP(pronoun="I")
    like = text_en == "like"
    person_en, person_ru = say(person, "datv" if like else "nomn", notes, subject=True)
    do = Word("does" if person.third else "do", "do")
    word = Word(text_en + "s" * (person.third and mode == "is"), text_en)
    if like:
        verb = inflected("VERB impf pres", "нравиться", LIKE, "3per sing", [word])
        person.ru_head.link("government", verb)
        notes.tags.add("dative-experiencer")
    else:
        forms = PREFER if text_en == "prefer" else LOVE
        verb = agree(inflected("VERB impf pres", forms["infn"], forms, person.person_cell, [word]), person)
        notes.tags.add("person-agreement")
    clause = pleasant(w, person)
    english, russian = [*person_en, word], [*person_ru, verb]
    if mode == "not":
        english = [*person_en, do, *en("not"), word]
        russian.insert(-1, particle("не", "PRCL", english[-2:-1])[0])
        notes.tags.add("negation")
    elif mode == "?":
        english = [do, *person_en, word]
        notes.tags.add("yes-no-question")
    deed_en, deed_ru = infinitive(clause, verb, notes)
    if w.chance(0.45) and text_en != "prefer" and clause.verb.key != "dance":
        deed_en[0].form = clause.verb.ing
    else:
        english += en("to")
    if clause.object and clause.verb.key in ("wait for", "look for"):
        return likes_doing(w)
    return sentence((english + deed_en, russian + deed_ru), notes, "?" if mode == "?" else ".")


def likes_kind(w: World) -> Sentence:
    """She likes music. – Она любит музыку.   Do you like apples? – Ты любишь яблоки?"""
    notes = Notes()
    person = somebody(w)
    mode = w.random.choice(("is", "is", "not", "?"))
    if mode == "?":
        person = NP(pronoun=w.random.choice(("thou masc", "thou masc", "he", "she", "they")))
    elif person.pronoun == "thou masc":
        person = NP(pronoun="I")
    text_en = "love" if mode == "is" and w.chance(0.35) else "like"
    np = generic(NP(w.choose(w.of(KINDS))))
    verb = w.lexicon.verb(text_en)
    person_en, person_ru = say(person, "nomn", notes, subject=True)
    do = Word("does" if person.third else "do", "do")
    word = Word(text_en + "s" * (person.third and mode == "is"), text_en)
    main = agree(inflected("VERB impf pres", "любить", verb.impf, person.person_cell, [word]), person)
    english, russian = [*person_en, word], [*person_ru, main]
    notes.tags.add("person-agreement")
    if mode == "not":
        english = [*person_en, do, *en("not"), word]
        russian.insert(-1, particle("не", "PRCL", english[-2:-1])[0])
        notes.tags |= {"negation", "do-support"}
    elif mode == "?":
        english = [do, *person_en, word]
        notes.tags |= {"yes-no-question", "do-support"}
    thing = say(np, "accs", notes)
    np.ru_head.link("government", main)
    if np.animate:
        notes.tags.add("animacy")
    notes.combos.add(f"{text_en}>{np.noun.ru}")
    return sentence(join((english, russian), thing), notes, "?" if mode == "?" else ".")


def likes_this(w: World) -> Sentence:
    """I like this song. – Мне нравится эта песня.   We liked the film. – Нам понравился фильм."""
    notes = Notes({"dative-experiencer"})
    person = somebody(w)
    mode = w.random.choice(("is", "is", "not", "?", "liked", "liked", "not liked"))
    if mode == "?":
        person = NP(pronoun=w.random.choice(("thou masc", "thou masc", "he", "she", "they")))
    elif person.pronoun == "thou masc":
        person = NP(pronoun="I")
    past = mode.endswith("liked")
    enjoyed = "event work institution town watched =книга =подарок =лекция =путешествие =музей =суп =торт =пирог =салат"
    nouns = w.of(enjoyed if past else "clothes text jewel work town pet =дом =музей =комната =машина =голос")
    np = w.np([n for n in nouns if "sense" not in n.classes and n.ru not in DISLIKED], plural=0.2, adjective=0.15)
    if not np.noun.definite:
        np.det = w.random.choice(("the", "this", "this", "that", "his", "her", "their"))
        if np.noun.classes & {"institution", "town", "event"} and np.det in ("his", "her", "their"):
            np.det = "this"
        np.drop_choosy_adjectives()
    person_en, person_ru = say(person, "datv", notes, subject=True)
    thing_en, thing_ru = say(np, "nomn", notes)
    do = Word("did" if past else "does" if person.third else "do", "do")
    word = Word("liked" if mode == "liked" else "likes" if mode == "is" and person.third else "like", "like")
    if past:
        verb = inflected("VERB perf", "понравиться", LIKED, np.past_cell, [word])
    else:
        verb = inflected("VERB impf pres", "нравиться", LIKE, np.person_cell, [word])
    agree(verb, np)
    person.ru_head.link("government", verb)
    english, russian = [*person_en, word], [*person_ru, verb]
    if mode.startswith("not"):
        english = [*person_en, do, *en("not"), word]
        russian.insert(-1, particle("не", "PRCL", english[-2:-1])[0])
        notes.tags.add("negation")
    elif mode == "?":
        english = [do, *person_en, word]
        notes.tags.add("yes-no-question")
    return sentence(join((english, russian), (thing_en, thing_ru)), notes, "?" if mode == "?" else ".")


DISLIKED = ("почта", "завод", "больница", "банк", "интервью", "офис", "меню", "список")


DISHES = "=суп =салат =рыба =мясо =сыр =рис"


def prefers(w: World) -> Sentence:
    """I prefer tea to milk. – Я предпочитаю чай молоку."""
    notes = Notes({"person-agreement", "verb-government"})
    person = somebody(w, you=False)
    nouns = w.of(
        w.choose(("drink", "=яблоко =груша =апельсин =банан =персик", DISHES, "game", "subject", "season", "pet"))
    )
    nouns = [n for n in nouns if n.forms["sing nomn"] != n.forms["sing datv"] and n.ru not in ("туфля", "платье")]
    first: Noun = w.choose(nouns)
    second: Noun = w.choose([n for n in nouns if n is not first])
    person_en, person_ru = say(person, "nomn", notes, subject=True)
    word = Word("prefers" if person.third else "prefer", "prefer")
    verb = agree(inflected("VERB impf pres", "предпочитать", PREFER, person.person_cell, [word]), person)
    better, worse = generic(NP(first)), generic(NP(second))
    better_en, better_ru = say(better, "accs", notes)
    worse_en, worse_ru = say(worse, "datv", notes)
    for np in (better, worse):
        np.ru_head.link("government", verb)
    english = [*person_en, word, *better_en, *en("to"), *worse_en]
    return sentence((english, [*person_ru, verb, *better_ru, *worse_ru]), notes)


FAVOURITE = {  # a kind, and what may be the best of it; colours are adjectives
    "цвет": "red green blue yellow white black grey brown",
    "игра": "game",
    "предмет": "subject",
    "напиток": "drink",
    "животное": "animal",
    "блюдо": "=суп =салат =рыба =мясо =каша =пирог =рис",
    "фрукт": "=яблоко =груша =апельсин =банан =персик =дыня",
}


def favourite(w: World) -> Sentence:
    """My favourite game is chess. – Моя любимая игра — шахматы.   Anna's favourite colour is red."""
    notes = Notes({"zero-copula"})
    kind = w.lexicon.noun(w.rarest(tuple(FAVOURITE), 3))
    adjective = next(a for a in w.lexicon.adjectives if a.en == "favourite")
    np = NP(kind, adjectives=(adjective,))
    if w.chance(0.35):
        np.owner = NP(w.choose(w.first_names), det="")
    else:
        np.det = w.random.choice(("my", "my", "our", "your", "his", "her", "their"))
    start = say(np, "nomn", notes)
    be = Word("is", "be")
    dash = particle("—", "PNCT", [be])
    if kind.ru == "цвет":
        colour = w.choose([a for a in w.lexicon.adjectives if a.en in FAVOURITE["цвет"].split() and a.ru != "голубой"])
        colour = next(a for a in w.lexicon.adjectives if a.en == colour.en)
        colour_en = en(colour.en)
        word = inflected("ADJF", colour.ru, colour.forms, "sing masc nomn", colour_en)
        return sentence(join(start, ([be], dash), (colour_en, [word.link("agreement", np.ru_head)])), notes)
    best = w.choose(w.of(FAVOURITE[kind.ru]))
    if "sense" in best.classes:
        return favourite(w)
    one = NP(best, det="the" if kind.ru in ("животное", "фрукт") else "")
    return sentence(join(start, ([be], dash), say(one, "nomn", notes)), notes)
