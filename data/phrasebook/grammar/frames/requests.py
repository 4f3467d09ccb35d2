"""What people ask of each other: imperatives, let's, can you, could you, may I.

One person that nobody names is ты; an address decides otherwise (Children, open your books.). A request is perfective
(Открой окно), a prohibition imperfective (Не открывай окно).
"""

from grammar.clauses import Clause, Predicate, agree, complements, predicate
from grammar.conjugation import TO_BE, verb_forms
from grammar.frames.questions import called
from grammar.lexicon import Verb
from grammar.noun_phrases import NP, say
from grammar.prepositions import prepositional
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, both, comma, en, inflected, join, mark, particle
from grammar.world import World

ASKED = (  # what one may ask somebody to do, if it has an object
    "read", "write", "draw", "paint", "learn", "translate", "print", "buy", "sell", "find", "watch", "look at",
    "listen to", "eat", "drink", "cook", "bake", "cut", "wash", "clean", "repair", "open", "close", "take", "bring",
    "hold", "throw", "feed", "help", "thank", "invite", "call", "wait for", "wake up", "hug", "choose", "try on",
    "put on", "take off", "iron", "sew", "sing", "solve", "explain", "check", "correct", "count", "hide", "collect",
    "plant", "water", "turn on", "turn off", "photograph", "describe", "phone", "think about", "care for", "play на",
    "answer на", "prepare for", "play with", "talk to", "look for", "press",
)  # fmt: skip
HELPFUL = (  # can you …?
    "open", "close", "turn on", "turn off", "bring", "wash", "clean", "repair", "cook", "buy", "find", "explain",
    "translate", "read", "print", "check", "correct", "water", "feed", "iron", "hold", "sing", "describe", "count",
    "cut", "solve", "take", "paint", "sew", "look for", "bake",
)  # fmt: skip
GIVEN = ("give", "show", "send", "return", "offer")
FORBIDDEN = (  # what one may ask somebody not to do, if it has an object
    "read", "draw", "paint", "buy", "sell", "watch", "look at", "listen to", "eat", "drink", "cut", "wash", "repair",
    "open", "close", "take", "throw", "feed", "help", "invite", "call", "wait for", "wake up", "put on",
    "take off", "hide", "turn on", "turn off", "photograph", "phone", "think about", "answer на", "play with",
    "talk to", "be afraid of", "laugh at", "disturb", "believe", "argue with", "envy", "press",
)  # fmt: skip
CAREFUL = ("forget", "lose", "break")  # a warning: Не потеряй ключ
PEOPLE = (  # verbs that may have me, us, him … as object
    "help", "wait for", "call", "phone", "listen to", "invite", "wake up", "hug", "visit", "photograph", "meet",
    "look at", "talk to", "find", "draw", "help",
)  # fmt: skip
PERFECTIVE = {  # of verbs without a perfective, the one that a request has
    "wait for": verb_forms("подождать подожду подождёт"),
    "wait": verb_forms("подождать подожду подождёт"),
    "look for": verb_forms("поискать поищу поищет"),
    "hold": verb_forms("подержать подержу подержит"),
}
HERE, THERE, HOME = ("here", "сюда"), ("there", "туда"), ("home", "домой")
SAID = (  # English, the word to be said often enough, principal parts, what follows
    ("come in", "входить", "входить вхожу входит", ""),
    ("sit down", "садиться", "садиться сажусь садится", ""),
    ("stand up", "встать", "встать встану встанет imp=встань", ""),
    ("get up", "вставать", "вставать встаю встаёт", ""),
    ("wake up", "проснуться", "проснуться проснусь проснётся", ""),
    ("get dressed", "одеваться", "одеваться одеваюсь одевается", ""),
    ("come", "сюда", "идти иду идёт past=шёл,шла", HERE),
    ("look", "сюда", "посмотреть посмотрю посмотрит", HERE),
    ("go", "домой", "идти иду идёт past=шёл,шла", HOME),
    ("go", "туда", "идти иду идёт past=шёл,шла", THERE),
    ("come", "домой", "приходить прихожу приходит", HOME),
    ("come", "приходить", "приходить прихожу приходит", ("tomorrow", "завтра")),
    ("come", "приходить", "приходить прихожу приходит", ("in the evening", "вечером")),
    ("come", "приходить", "приходить прихожу приходит", ("in an hour", "через час")),
    ("stay", "остаться", "остаться останусь останется imp=остань", ("at home", "дома")),
    ("stay", "остаться", "остаться останусь останется imp=остань", ("here", "здесь")),
    ("wait", "подождать", "подождать подожду подождёт", ("here", "здесь")),
    ("wait", "подождать", "подождать подожду подождёт", ""),
    ("rest", "отдохнуть", "отдохнуть отдохну отдохнёт", ""),
    ("think", "подумать", "подумать", ""),
    ("smile", "улыбнуться", "улыбнуться улыбнусь улыбнётся", ""),
    ("speak", "говорить", "говорить говорю говорит", ("quietly", "тихо")),
    ("speak", "говорить", "говорить говорю говорит", ("slowly", "медленно")),
    ("speak", "говорить", "говорить говорю говорит", ("loudly", "громко")),
)
NOT_SAID = (  # the same after "do not"
    ("worry", "волноваться", "волноваться волнуюсь волнуется", ""),
    ("cry", "плакать", "плакать плачу плачет imp=плачь", ""),
    ("shout", "кричать", "кричать кричу кричит past=кричал,кричала", ""),
    ("laugh", "смеяться", "смеяться смеюсь смеётся", ""),
    ("be afraid", "бояться", "бояться боюсь боится", ""),
    ("be late", "опаздывать", "опаздывать", ""),
    ("be angry", "сердиться", "сердиться сержусь сердится", ""),
    ("hurry", "спешить", "спешить спешу спешит", ""),
    ("leave", "уходить", "уходить ухожу уходит", ""),
    ("sleep", "спать", "спать сплю спит", ""),
    ("go", "туда", "ходить хожу ходит", THERE),
    ("sleep", "спать", "спать сплю спит", ("here", "здесь")),
)
TOGETHER = (  # after "let's"
    "read", "watch", "listen to", "cook", "bake", "wash", "clean", "repair", "buy", "draw", "sing", "solve", "discuss",
    "collect", "plant", "water", "visit", "help", "invite", "feed", "photograph", "talk about", "think about",
    "prepare for", "play with", "rest", "walk", "play в", "dance", "work", "swim", "train", "drink", "study", "wake up",
    "wait for", "play в", "drink",
)  # fmt: skip
GO = verb_forms("пойти пойду пойдёт past=пошёл,пошла")
CAN = verb_forms("мочь могу может past=мог,могла 3pl=могут imp=-")
SHORT_CAREFUL = {"sing masc": "осторожен", "sing femn": "осторожна", "sing neut": "осторожно", "plur": "осторожны"}


def hearer(w: World, notes: Notes, chance: float) -> tuple[Phrase, NP]:
    """Who is spoken to: called by name with this chance, else nobody in particular, whom Russian calls ты."""
    if w.chance(chance):
        return called(w, notes)
    return ([], []), NP(pronoun="thou masc")


def thing(w: World, verb: Verb, hearer: NP, *, of: str = "you") -> NP:
    """What a request is about: a thing with this verb, sometimes one's own (your umbrella – свой зонт)."""
    nouns = [n for n in verb.objects if not (n.classes & {"person"} and verb.key in NOT_PEOPLE)]
    np = w.np(nouns, adjective=0.1, a=0.2, plural=1.0 if "plural" in verb.flags else 0.12)
    if np.animate:
        np.det, np.plural = "the", np.plural and w.chance(0.3)
    w.fit(verb, np)
    group = hearer.antecedent is not None and hearer.antecedent.cell == "plur nomn"
    own = np.noun.classes & {"clothes", "text", "pet"} or np.noun.ru in OWN
    if own and verb.key in OF_ONES_OWN and np.noun.counted and w.chance(0.4):
        np.drop_choosy_adjectives()
        np.det, np.own_en, np.own_said, np.possessor = "own", POSSESSIVES[of], False, hearer.antecedent
        np.plural = np.plural or group
    elif np.noun.classes & {"kin", "parent", "family"}:
        np.drop_choosy_adjectives()
        np.det = w.random.choice(("my", "our"))
        if of == "you" and w.chance(0.4):
            np.det, np.own_en, np.own_said, np.possessor = "own", "your", False, hearer.antecedent
    elif not np.det and np.noun.mass and verb.key not in ("buy", "bring", "sell"):
        np.det = "the"
    return np


NOT_PEOPLE = ("look at", "draw", "photograph", "find", "care for")
OF_ONES_OWN = (
    "take", "bring", "open", "close", "wash", "clean", "iron", "put on", "take off", "find", "look for", "show", "give",
    "check", "repair", "play with", "feed", "turn off", "read", "send", "sell", "forget", "hide", "turn on",
)  # fmt: skip
OWN = ("ключ", "сумка", "зонт", "телефон", "тетрадь", "билет", "паспорт", "очки", "рюкзак", "чемодан", "комната", "имя")
POSSESSIVES = {"I": "my", "you": "your", "thou masc": "your", "thou femn": "your", "we": "our"}


def one(w: World, *of: str) -> NP:
    """me, us, him, her, them"""
    return NP(pronoun=w.random.choice(of or ("I", "I", "we", "he", "she", "they")))


def relative(w: World, np: NP) -> NP:
    """my brother rather than the brother"""
    if np.noun.classes & {"kin", "parent", "family"}:
        np.det = w.random.choice(("my", "our"))
    return np


def deed(w: World, verb: Verb, you: NP, tense: str) -> Clause:
    """What is asked for, with its object and recipient."""
    clause = Clause(you, verb, tense)
    if verb.key in PEOPLE and w.chance(0.5):
        clause.object = one(w)
    elif verb.case:
        clause.object = thing(w, verb, you)
    if verb.recipient:
        pronoun = verb.key != "return" and w.chance(0.7)  # return it to me, not return me it
        clause.recipient = one(w) if pronoun else relative(w, w.np(w.people, adjective=0.0, plural=0.1))
    return clause


def command(verb: Verb, you: NP, notes: Notes, *, neg: bool = False, perf: bool = True) -> Predicate:
    """open – открой(те)   do not open – не открывай(те)"""
    forms = (verb.perf or PERFECTIVE.get(verb.key)) if perf else None
    aspect, forms = ("perf", forms) if forms else ("impf", verb.impf)
    tail = en(verb.particle)
    words = [Word("be", "be"), *tail] if "be" in verb.flags else [Word(verb.en, verb.en), *tail]
    source = words[1:] if "be" in verb.flags else words
    if verb.prep and verb.particle:
        source = source[:-1]
    main = imperative(forms, aspect, you, source, notes)
    return forbid(Predicate([], words, [main], main), notes) if neg else Predicate([], words, [main], main)


def imperative(forms: dict[str, str], aspect: str, you: NP, source: list[Word], notes: Notes) -> Word:
    notes.tags.add("imperative")
    cell = "impr plur" if you.ru_plural else "impr sing"
    return inflected(f"VERB {aspect}", forms["infn"], forms, cell, source).link("antecedent", you.antecedent)


def forbid(verb: Predicate, notes: Notes) -> Predicate:
    """do not, не"""
    notes.tags.add("negation")
    auxiliary = en("do not")
    return Predicate(auxiliary, verb.rest, particle("не", "PRCL", auxiliary[1:]) + verb.russian, verb.head)


def what_for_whom(clause: Clause, verb: Predicate, notes: Notes) -> Phrase:
    """Object and recipient; a pronoun stands first: (give) me the book – (дай) мне книгу."""
    if not (clause.recipient and clause.recipient.pronoun):
        phrase = complements(clause, verb, notes)
        if clause.object and clause.object.pronoun and clause.verb.key == "wake up":  # wake him up
            return phrase[0] + [verb.rest.pop()], phrase[1]
        return phrase
    whom = say(clause.recipient, "datv", notes)
    clause.recipient.ru_head.link("government", verb.head)
    clause.recipient = None
    return join(whom, complements(clause, verb, notes))


def politely(w: World, call: Phrase, verb: Phrase, rest: Phrase, notes: Notes, chance: float = 0.4) -> Sentence:
    """Take the key, please. – Возьми ключ, пожалуйста.

    Please take the key. – Возьми, пожалуйста, ключ.   Please give me a key. – Дай мне, пожалуйста, ключ.
    Please wait for me. – Пожалуйста, подожди меня.
    """
    if not w.chance(chance):
        return sentence(join(call, verb, rest), notes)
    please_en, please_ru = both("please", "пожалуйста", "PRCL")
    if w.chance(0.5):
        return sentence(join(call, verb, rest, mark(","), (please_en, please_ru)), notes)
    start_ru, end_ru = verb[1], list(rest[1])
    english = call[0] + please_en + verb[0] + rest[0]
    if not end_ru or (end_ru[-1].pos == "NPRO" and len(end_ru) < 3):
        russian = please_ru + comma()[1] + start_ru + end_ru
    else:
        if end_ru[0].pos == "NPRO" and end_ru[0].cell:
            start_ru = [*start_ru, end_ru.pop(0)]
        russian = start_ru + comma()[1] + please_ru + comma()[1] + end_ru
    return sentence((english, call[1] + russian), notes)


def asked_for(w: World) -> Sentence:
    """Open the window. – Открой окно.   Children, close your books, please. – Дети, закройте свои книги, пожалуйста."""
    notes = Notes()
    call, you = hearer(w, notes, 0.35)
    verb = w.lexicon.verb(w.choose(ASKED))
    return _command(w, call, deed(w, verb, you, ""), notes)


def given(w: World) -> Sentence:
    """Give me the book. – Дай мне книгу.   Grandma, show the letter to the guest. – Бабушка, покажи письмо гостю."""
    notes = Notes()
    call, you = hearer(w, notes, 0.3)
    return _command(w, call, deed(w, w.lexicon.verb(w.choose(GIVEN)), you, ""), notes)


def for_people(w: World) -> Sentence:
    """Wait for me. – Подожди меня.   Help us, please. – Помоги нам, пожалуйста."""
    notes = Notes()
    call, you = hearer(w, notes, 0.5)
    verb = w.lexicon.verb(w.choose(PEOPLE))
    return _command(w, call, Clause(you, verb, "", one(w)), notes)


def _command(w: World, call: Phrase, clause: Clause, notes: Notes) -> Sentence:
    verb = command(clause.verb, clause.subject, notes)
    rest = what_for_whom(clause, verb, notes)  # first: it may take the "up" of "wake him up"
    if call[0]:
        notes.tags.add("address")
    return politely(w, call, (verb.english, verb.russian), rest, notes)


def forbidden(w: World) -> Sentence:
    """Do not open the window. – Не открывай окно.   Do not lose the key. – Не потеряй ключ."""
    notes = Notes()
    call, you = hearer(w, notes, 0.35)
    careful = w.chance(0.2)
    verb = w.lexicon.verb(w.choose(CAREFUL if careful else FORBIDDEN))
    clause = deed(w, verb, you, "")
    if clause.object.noun and clause.object.det == "a":
        clause.object.det = "the"
    said = command(verb, you, notes, neg=True, perf=careful)
    if call[0]:
        notes.tags.add("address")
    rest = what_for_whom(clause, said, notes)
    return politely(w, call, (said.english, said.russian), rest, notes, 0.2)


def told(w: World) -> Sentence:
    """Come here, please. – Иди сюда, пожалуйста.   Boys, do not shout. – Мальчики, не кричите."""
    notes = Notes()
    call, you = hearer(w, notes, 0.8)
    neg = w.chance(0.42)
    text_en, _, parts, end = w.rarest(NOT_SAID if neg else SAID, 3)
    words = en(text_en)
    forms = verb_forms(parts)
    aspect = "perf" if forms["infn"] in PERFECTIVE_SAID else "impf"
    main = imperative(forms, aspect, you, words[1:] if words[0].form == "be" else words, notes)
    verb = Predicate([], words, [main], main)
    if neg:
        verb = forbid(verb, notes)
    rest = both(*end) if end else ([], [])
    if call[0]:
        notes.tags.add("address")
    return politely(w, call, (verb.english, verb.russian), rest, notes)


PERFECTIVE_SAID = ("встать", "проснуться", "посмотреть", "остаться", "подождать", "отдохнуть", "подумать", "улыбнуться")


def be_careful(w: World) -> Sentence:
    """Anna, be careful. – Анна, будь осторожна."""
    notes = Notes({"address", "short-adjective"})
    call, you = called(w, notes)
    be_en, careful_en = en("be careful")
    be = imperative(TO_BE | {"infn": "быть"}, "impf", you, [be_en], notes)
    careful = inflected("ADJS", "осторожный", SHORT_CAREFUL, you.short_cell, [careful_en])
    careful.link("antecedent", you.antecedent)
    end = w.choose((("", ""), ("on the street", "на улице"), ("with the knife", "с ножом")))
    rest = join(([careful_en], [careful]), at_end(w, end[0], notes))
    return politely(w, call, ([be_en], [be]), rest, notes, 0.3)


def at_end(w: World, where: str, notes: Notes) -> Phrase:
    if where == "on the street":
        return prepositional("on", "на", "loct", NP(w.lexicon.noun("улица")), notes)
    if where == "with the knife":
        sharp = w.choose([n for n in w.of("cutting device =спичка =дверь =собака =лошадь") if n.counted])
        return prepositional("with", "с", "ablt", NP(sharp), notes)
    return [], []


def go_to(w: World) -> Sentence:
    """Go to the kitchen. – Иди на кухню.   Boys, do not go to the forest. – Мальчики, не ходите в лес."""
    notes = Notes({"motion"})
    call, you = hearer(w, notes, 0.5)
    neg = w.chance(0.3)
    forms = verb_forms("ходить хожу ходит" if neg else "идти иду идёт past=шёл,шла")
    words = en("go")
    main = imperative(forms, "impf", you, words, notes)
    verb = Predicate([], words, [main], main)
    if neg:
        verb = forbid(verb, notes)
    noun = w.choose(
        [
            n
            for n in w.of("place room")
            if n.en_place != "on" and n.ru not in ("улица", "дом", "поле", "замок", "дворец")
        ]
    )
    end = prepositional("to", noun.place, "accs", w.dress(noun, plural=0.0, adjective=0.05), notes)
    if call[0]:
        notes.tags.add("address")
    return politely(w, call, (verb.english, verb.russian), end, notes, 0.25)


def tell_about(w: World) -> Sentence:
    """Tell me about your work. – Расскажи мне о своей работе.   Tell us about the war. – Расскажи нам о войне."""
    notes = Notes({"verb-government"})
    call, you = hearer(w, notes, 0.35)
    verb = w.lexicon.verb("tell")
    main = imperative(verb.perf, "perf", you, words := en("tell"), notes)
    whom = one(w)
    whom_en, whom_ru = say(whom, "datv", notes)
    whom.ru_head.link("government", main)
    own = w.chance(0.5)
    nouns = w.of("kin parent pet work =школа =город =план =дом =семья =комната" if own else TOLD_ABOUT)
    np = w.np([n for n in nouns if n.ru not in ("музыка", "мир")], adjective=0.1, plural=0.1)
    if own and not np.noun.definite:
        np.drop_choosy_adjectives()
        np.det, np.own_en, np.own_said, np.possessor = "own", "your", False, you.antecedent
    end = prepositional("about", "о", "loct", np, notes)
    if call[0]:
        notes.tags.add("address")
    return politely(w, call, (words, [main]), join((whom_en, whom_ru), end), notes)


TOLD_ABOUT = (
    "=город =деревня =война =море =остров =фильм =книга =концерт =экзамен =свадьба =путешествие =музей =выставка"
)
TOLD_ABOUT += " =погода =детство =праздник =урок =лекция =озеро =замок"


def lets(w: World) -> Sentence:
    """Let's read the book. – Давай прочитаем книгу.   Friends, let's rest. – Друзья, давайте отдохнём."""
    notes = Notes()
    call, you = hearer(w, notes, 0.3)
    if call[0]:
        notes.tags.add("address")
    lets_en = Word("let's", "let's")
    give = w.lexicon.verb("give").impf
    cell = "impr plur" if you.ru_plural else "impr sing"
    start_ru = inflected("VERB impf", "давать", give, cell, [lets_en]).link("antecedent", you.antecedent)
    start = join(call, ([lets_en], [start_ru]))
    we = NP(pronoun="we")
    if w.chance(0.25):
        words = en("go")
        main = inflected("VERB perf futr", GO["infn"], GO, "1per plur", words)
        noun = w.choose([n for n in w.of("place water_place") if n.en_place != "on" and n.ru not in INSIDE])
        place = "на" if "water_place" in noun.classes else noun.place
        end = prepositional("to", place, "accs", w.dress(noun, plural=0.0, adjective=0.05), notes)
        notes.tags.add("motion")
        return sentence(join(start, (words, [main]), end, when(w)), notes)
    verb = w.lexicon.verb(w.choose(TOGETHER))
    clause = Clause(we, verb, "infinitive")
    if verb.case:
        clause.object = thing(w, verb, NP(pronoun="we"), of="we")
    if verb.key == "drink":
        clause.object.det = ""
    words = [Word(verb.en, verb.en), *en(verb.particle)]
    source = words[:-1] if verb.prep and verb.particle else words
    forms = verb.perf or PERFECTIVE.get(verb.key)
    neg = w.chance(0.12) and bool(verb.case)
    if neg:
        not_en = en("not")
        main = inflected("INFN impf", verb.impf["infn"], verb.impf, "infn", source)
        be = inflected("VERB impf futr", "быть", TO_BE, "1per plur", [lets_en])
        russian = [*particle("не", "PRCL", not_en), be, main.link("government", be)]
        words_en = not_en + words
        notes.tags.add("negation")
    elif forms and verb.key != "drink":
        main = inflected("VERB perf futr", forms["infn"], forms, "1per plur", source)
        words_en, russian = words, [main]
    else:
        main = inflected("INFN impf", verb.impf["infn"], verb.impf, "infn", source).link("government", start_ru)
        words_en, russian = words, [main]
    rest = complements(clause, Predicate([], words, russian, main), notes)
    return sentence(join(start, (words_en, russian), rest, when(w)), notes)


INSIDE = ("улица", "больница", "почта", "банк")


def when(w: World) -> Phrase:
    """today, tomorrow; mostly nothing"""
    if w.chance(0.75):
        return [], []
    pairs = (("today", "сегодня"), ("tomorrow", "завтра"), ("on Sunday", "в воскресенье"))
    return w.adverbial((*pairs, ("in the evening", "вечером"), ("now", "сейчас")))


def can_you(w: World) -> Sentence:
    """Can you help me? – Ты можешь мне помочь?   Doctor, could you … – Доктор, вы не могли бы …?"""
    notes = Notes({"infinitive", "yes-no-question", "address"})
    call, you = hearer(w, notes, 0.5)
    people = w.chance(0.3)
    verb = w.lexicon.verb(w.choose(PEOPLE if people else GIVEN if w.chance(0.4) else HELPFUL))
    clause = deed(w, verb, you, "infinitive perf" if verb.perf else "infinitive")
    if people:
        clause.object = one(w)
    if clause.object.noun and clause.object.det == "own" and verb.key not in GIVEN:
        clause.object.det = "the"
    could = w.chance(0.45)
    modal_en = [Word("could" if could else "can", "can")]
    you_en, you_ru = say(you, "nomn", notes, subject=True)
    modal = inflected(
        "VERB impf" if could else "VERB impf pres",
        "мочь",
        CAN,
        you.past_cell if could else you.person_cell,
        modal_en,
    )
    agree(modal, you)
    notes.tags.add("past-agreement" if could else "person-agreement")
    modal_ru = [modal]
    if could:
        modal_ru = [*particle("не", "PRCL", modal_en), modal, *particle("бы", "PRCL", modal_en)]
    phrase = join(call, (modal_en + you_en, you_ru + modal_ru), infinitive(clause, modal, notes))
    if w.chance(0.3):
        phrase = join(phrase, mark(","), both("please", "пожалуйста", "PRCL"))
    return sentence(phrase, notes, "?")


def infinitive(clause: Clause, modal: Word, notes: Notes) -> Phrase:
    """help me – мне помочь: a pronoun stands before the Russian infinitive, other objects after it."""
    perfective = PERFECTIVE.get(clause.verb.key)
    verb = predicate(clause.verb, clause.subject, clause.tense, notes)
    if perfective:
        verb.head.inflect("INFN perf", perfective["infn"], perfective, "infn", verb.head.source)
    verb.head.link("government", modal)
    lone = clause.object and clause.object.pronoun and not clause.recipient
    words_en, words_ru = what_for_whom(clause, verb, notes)
    russian = words_ru + verb.russian if lone and not clause.verb.prep else verb.russian + words_ru
    return verb.english + words_en, russian


def may_i(w: World) -> Sentence:
    """May I open the window? – Можно открыть окно?   Can I take your pen? – Можно мне взять твою ручку?"""
    notes = Notes({"infinitive", "yes-no-question"})
    may = w.chance(0.5)
    me = NP(pronoun="I" if may or w.chance(0.6) else "we")
    words = [Word("may" if may else "can", "may" if may else "can")]
    me_en, me_ru = say(me, "nomn" if may else "datv", notes, subject=True)
    possible = Word("можно", "можно", "PRED", source=words)
    if may:
        me_ru, possible.source = [], words + me_en
    else:
        me.ru_head.link("government", possible)
        notes.tags.add("dative-experiencer")
    start = words + me_en, [possible, *me_ru]
    if w.chance(0.5 if may else 0.0):
        text_en, text_ru, rest = w.rarest(ALLOWED, 3)
        words_en = en(text_en)
        verb = Word(text_ru, text_ru, "INFN impf" if text_ru in ("сидеть",) else "INFN perf", "infn", source=words_en)
        end = join((words_en, [verb.link("government", possible)]), both(*rest) if rest else ([], []))
    else:
        verb = w.lexicon.verb(w.choose(PERMITTED))
        clause = Clause(me, verb, "infinitive perf")
        clause.object = thing(w, verb, me)
        if clause.object.det == "own":
            clause.object.det = w.random.choice(("the", "this", "their", "her"))
        end = infinitive(clause, possible, notes)
    phrase = join(start, end)
    if w.chance(0.2):
        phrase = join(phrase, mark(","), both("please", "пожалуйста", "PRCL"))
    return sentence(phrase, notes, "?")


ALLOWED = (  # English, Russian, what follows
    ("come in", "войти", ""),
    ("go", "пойти", HOME),
    ("come", "прийти", ("tomorrow", "завтра")),
    ("come", "прийти", ("in the evening", "вечером")),
    ("sit", "сидеть", ("here", "здесь")),
    ("leave", "уйти", ""),
    ("stay", "остаться", ("here", "здесь")),
    ("rest", "отдохнуть", ""),
)
PERMITTED = (
    "read", "open", "close", "take", "buy", "eat", "drink", "turn on", "turn off", "photograph", "watch", "listen to",
    "invite", "use", "try on", "put on", "take off", "feed", "phone", "check", "play на", "play with", "talk to",
    "look at", "draw", "water", "take", "cut",
)  # fmt: skip


def can_have(w: World) -> Sentence:
    """Can I have the soup, please? – Можно мне суп, пожалуйста?"""
    notes = Notes({"yes-no-question", "dative-experiencer"})
    me = NP(pronoun=w.random.choice(("I", "I", "we")))
    can = Word(w.random.choice(("can", "may")), "can")
    me_en, me_ru = say(me, "datv", notes, subject=True)
    have = Word("have", "have")
    possible = Word("можно", "можно", "PRED", source=[can, have])
    me.ru_head.link("government", possible)
    nouns = w.of("food drink spice dish text =билет =ключ =карандаш =ручка =зонт =полотенце =одеяло =карта")
    np = w.np(
        [
            n
            for n in nouns
            if n.ru not in ("роман", "пьеса", "сообщение", "интервью", "телеграмма", "дневник", "статья", "отчёт")
        ],
        plural=0.12,
        adjective=0.12,
        a=0.5,
    )
    if np.noun.mass:
        np.det = w.random.choice(("the", ""))
    elif np.noun.number == "E":
        np.det = "the"
    np.adjectives = tuple(a for a in np.adjectives if a.en in ("hot", "cold", "fresh", "new", "clean", "sweet", "warm"))
    end = say(np, "accs", notes)
    phrase = join(([can, *me_en, have], [possible, *me_ru]), end)
    if w.chance(0.6):
        phrase = join(phrase, mark(","), both("please", "пожалуйста", "PRCL"))
    return sentence(phrase, notes, "?")


def not_forget(w: World) -> Sentence:
    """Do not forget to close the door. – Не забудь закрыть дверь."""
    notes = Notes({"infinitive"})
    call, you = hearer(w, notes, 0.4)
    verb = command(w.lexicon.verb("forget"), you, notes, neg=True)
    inner = w.lexicon.verb(w.choose([key for key in ASKED if w.lexicon.verb(key).perf]))
    clause = deed(w, inner, you, "infinitive perf")
    to = verb.english + en("to")
    if call[0]:
        notes.tags.add("address")
    return sentence(join(call, (to, verb.russian), infinitive(clause, verb.head, notes)), notes)
