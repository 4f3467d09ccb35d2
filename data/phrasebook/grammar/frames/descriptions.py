"""What this and that is, what it is like (very, too), what colour, and what is interesting to do."""

from grammar.clauses import Clause, agree, complements, predicate, was
from grammar.conjugation import TO_BE, verb_forms
from grammar.declension import adjective_forms
from grammar.frames.being import said_adjective, subject_be
from grammar.frames.having import at_owner
from grammar.frames.people import asked, fair, somebody
from grammar.noun_phrases import NP, say
from grammar.prepositions import prepositional
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, both, en, inflected, join, particle
from grammar.world import World

HOME = adjective_forms("домашний")
SHOWN = "thing clothes pet food drink vehicle building institution plant"
GRADED = (  # adjectives that very, too and "not very" go with
    "new old young big small good bad beautiful clever kind strict famous lazy brave cheerful sad strong poor"
    " rich polite quiet loud"
    " expensive cheap interesting boring long short heavy light easy difficult clean dirty warm cold hot fresh"
    " delicious sweet"
    " sour salty important modern wide narrow high tall low deep strange soft hard sharp thick thin fat dark"
    " bright simple"
    " useful dangerous serious funny comfortable cosy noisy popular fast slow bitter"
)
TOO = (  # too suits those that can be a drawback
    "old young big small strict lazy sad poor quiet loud expensive long short heavy light easy difficult dirty"
    " warm cold hot"
    " sweet sour salty modern wide narrow high low deep strange soft hard thick thin fat dark bright simple"
    " dangerous serious"
    " noisy fast slow bitter boring"
)
COLOURS = ["red", "green", "blue", "yellow", "white", "black", "grey", "brown", "orange", "pink", "purple"]
PLAIN = [
    "new",
    "old",
    "big",
    "small",
    "good",
    "bad",
    "beautiful",
    "interesting",
    "expensive",
    "cheap",
    "long",
    "short",
    "heavy",
    "warm",
    "delicious",
    "strange",
    "famous",
]


def this_is(w: World) -> Sentence:
    """This is a book. – Это книга.   Is that your bag? – Это твоя сумка?   It is not my car. – Это не моя машина."""
    notes = Notes({"zero-copula"})
    noun = w.choose([n for n in w.of(SHOWN + " kin") if not n.classes & {"sense"} and not n.definite])
    np = NP(noun, plural=noun.counted and not noun.classes & {"building", "institution"} and w.chance(0.25), det="a")
    kin = noun.classes & {"kin"}
    ask, neg = w.chance(0.25), w.chance(0.2)
    mine = ("my", "your", "our", "his", "her") if ask else ("my", "my", "our", "his", "her")
    place = noun.classes & {"building", "institution", "plant"}
    if kin or (w.chance(0.45) and not place and noun.ownable):
        np.det = w.random.choice(mine)
    elif np.en_plural or noun.mass:
        np.det = ""
    if not neg and ((w.chance(0.5) and np.det in ("a", "")) or w.chance(0.15)):
        fitting = [a for a in w.adjectives.get(noun, []) if a.en in PLAIN and not a.needs]
        np.adjectives = (w.choose(fitting),) if fitting else ()
    very = both("very", "очень") if np.adjectives and np.det in ("a", "") and w.chance(0.3) else None
    pronoun = w.random.choice(("this", "this", "it", "that"))
    if np.en_plural:
        pronoun = {"this": "these", "it": "they", "that": "those"}[pronoun]
        pronoun = "these" if pronoun == "they" else pronoun
    this, be = Word(pronoun, pronoun), np.be()
    this_ru = [Word("это", "это", "PRCL", source=[this])]
    words_en, words_ru = say(np, "nomn", notes)
    if very:
        at = 1 if np.det == "a" and words_en[0].form == "a" else 0
        words_en = words_en[:at] + very[0] + words_en[at:]
        words_ru = very[1] + words_ru
    if ask:
        notes.tags.add("yes-no-question")
        return sentence(([be, this, *words_en], this_ru + words_ru), notes, "?")
    if neg:
        no = Word("not", "not")
        return sentence(([this, be, no, *words_en], [*this_ru, *particle("не", "PRCL", [no]), *words_ru]), notes)
    past = w.chance(0.12) and not np.en_plural and np.det != "my" and pronoun in ("it", "this")
    if past and pronoun == "it":
        was_en = np.be(True)
        return sentence(([this, was_en, *words_en], [*this_ru, was(np, was_en), *words_ru]), notes)
    return sentence(([this, be, *words_en], this_ru + words_ru), notes)


def how_it_is(w: World) -> Sentence:
    """The tea is too hot. – Чай слишком горячий.   My brother is very tall. – Мой брат очень высокий."""
    notes = Notes({"adjective-agreement", "degree"})
    mode = w.random.choice(("very", "very", "too", "too", "not very", "so", "ask very", "plain", "ask", "ask"))
    allowed = (TOO if mode == "too" else GRADED).split() + COLOURS * (mode in ("plain", "ask"))
    adjective = w.choose(
        [a for a in w.lexicon.adjectives if a.en in allowed and a.predicative and not a.needs and a.ru != "невысокий"]
    )
    nouns = [n for n in adjective.nouns if adjective in w.adjectives.get(n, []) and "first" not in n.classes]
    noun = w.choose([n for n in nouns if n.ru not in ("дождь", "ветер")] or nouns)
    np = w.dress(noun, adjective=0.0, plural=0.15)
    if noun.bare:
        return how_it_is(w)
    np.det = "the"
    if "body" in noun.classes:
        np.det = "your" if mode.startswith("ask") else w.random.choice(("my", "his", "her"))
    elif noun.classes & {"kin", "parent", "family", "mum"}:
        np.det = "your" if mode.startswith("ask") else w.random.choice(("my", "our"))
    elif noun.classes & {"thing", "clothes", "pet", "big", "room"} and w.chance(0.6):
        np.det = w.random.choice(
            ("your", "this", "your") if mode.startswith("ask") else ("my", "this", "that", "your", "our")
        )
    elif w.chance(0.3) and not noun.bare and not noun.definite:
        np.det = "this"
    end = said_adjective(np, adjective, "nomn", notes)
    degrees = {
        "very": ("very", "очень"),
        "too": ("too", "слишком"),
        "not very": ("not very", "не очень"),
        "ask very": ("very", "очень"),
    }
    if mode == "so":
        end = join(both("quite", "довольно"), end)
    elif mode in degrees:
        english, russian = degrees[mode]
        words = en(english)
        end = join(
            (
                words,
                [
                    Word(ru, ru, "PRCL" if ru == "не" else "ADVB", source=[word])
                    for word, ru in zip(words, russian.split(), strict=True)
                ],
            ),
            end,
        )
    if mode.startswith("ask"):
        return sentence(join(asked(np, np.be(), notes), end), notes, "?")
    past = mode in ("very", "too") and w.chance(0.25)
    if past:  # Russian says the long adjective in the instrumental after был
        notes = Notes({"adjective-agreement", "degree"})
        start = subject_be(np, notes, True)
        word_en, word_ru = said_adjective(np, adjective, "ablt", notes)
        word_ru[0].link("government", start[1][-1])
        degree = both(*degrees[mode])
        return sentence(join(start, degree, (word_en, word_ru)), notes)
    return sentence(join(subject_be(np, notes, False), end), notes)


def what_colour(w: World) -> Sentence:
    """What colour is your car? – Какого цвета твоя машина?   My umbrella is black. – Мой зонт чёрный."""
    notes = Notes({"adjective-agreement"})
    adjective = w.choose([a for a in w.lexicon.adjectives if a.en in COLOURS and a.ru != "карий"])
    if w.chance(0.4):
        noun = w.choose([n for n in adjective.nouns if n.ownable or n.classes & {"clothes"}] or list(adjective.nouns))
    else:
        noun = w.choose([n for n in adjective.nouns if "body" not in n.classes or n.ru == "волосы"])
    np = w.dress(noun, adjective=0.0, plural=0.05 if "furniture" in noun.classes else 0.2)
    np.det = (
        "the"
        if not noun.ownable and not noun.classes & {"clothes", "body"}
        else w.random.choice(("my", "your", "his", "her", "our"))
    )
    if noun.ru == "волосы":
        np.det = "her"
    words_en, words_ru = say(np, "nomn", notes, subject=True)
    if w.chance(0.35):
        notes.tags = {"zero-copula"}
        if np.det == "my":
            return what_colour(w)
        what, colour = en("what colour")
        russian = [
            Word("какого", "какой", "ADJF", "sing masc gent", source=[what]),
            Word("цвета", "цвет", "NOUN masc", "sing gent", source=[colour]),
        ]
        russian[0].link("agreement", russian[1])
        return sentence(([what, colour, np.be(), *words_en], russian + words_ru), notes, "?")
    notes.tags.add("zero-copula")
    end = said_adjective(np, adjective, "nomn", notes)
    return sentence(join(([*words_en, np.be()], words_ru), end), notes)


def homework(w: World) -> Sentence:
    """I have done my homework. – Я сделал домашнее задание.   The homework is difficult. – Домашнее задание трудное."""
    notes = Notes({"adjective-agreement"})
    np = NP(w.lexicon.noun("задание"), det="the")
    mode = w.random.choice(("done", "done", "doing", "doing", "will", "has", "no", "ask", "is", "is"))
    person = somebody(w, ask=mode == "ask")
    if person.noun and "first" not in person.noun.classes and not person.noun.classes & {"young", "learner"}:
        person = NP(pronoun=w.random.choice(("he", "she", "they")))
    if mode == "is":
        adjective = w.choose(
            [a for a in w.lexicon.adjectives if a.en in ("difficult", "easy", "interesting", "boring", "long")]
        )
        very = w.adverbial((("very", "очень"), ("too", "слишком"))) if w.chance(0.6) else ([], [])
        np.det = w.random.choice(("the", "my", "our"))
        words_en, words_ru = _homework(np, "nomn", notes)
        word_en, word_ru = said_adjective(np, adjective, "nomn", notes)
        return sentence(join(([*words_en, np.be()], words_ru), very, (word_en, word_ru)), notes)
    if mode in ("has", "no", "ask"):
        np.det = ""
        have = Word("has" if mode == "has" and person.third else "have", "have")
        owner_en, owner_ru = at_owner(person, have, notes)
        words_en, words_ru = _homework(np, "gent" if mode == "no" else "nomn", notes)
        do = Word("does" if person.third else "do", "do")
        today: Phrase = both("today", "сегодня") if w.chance(0.4) else ([], [])
        if mode == "no":
            no = Word("not", "not")
            owner_ru = [*owner_ru, Word("нет", "нет", "PRED", source=[no])]
            np.ru_head.link("government", owner_ru[-1])
            english = [*owner_en, do, no, have, *words_en, *today[0]]
        elif mode == "ask":
            english = [do, *owner_en, have, *words_en, *today[0]]
        else:
            english = [*owner_en, have, *words_en, *today[0]]
        if mode != "no":
            owner_ru = [*owner_ru, Word("есть", "есть", "VERB", source=[have])]
        return sentence((english, today[1] + owner_ru + words_ru), notes, "?" if mode == "ask" else ".")
    owner = {"I": "my", "we": "our", "thou masc": "your", "he": "his", "she": "her", "they": "their"}
    whose = owner.get(person.pronoun) or ("their" if person.en_plural else "his" if person.gender == "masc" else "her")
    past = mode == "done"
    impf, perf = verb_forms("делать"), verb_forms("сделать")
    if past:
        words = [
            Word("has" if person.third else "have", "have"),
            *en("already" if w.chance(0.4) else ""),
            Word("done", "do"),
        ]
        verb = inflected("VERB perf", "сделать", perf, person.past_cell, words[-1:])
    elif mode == "will":
        words = en("will do")
        verb = inflected("VERB perf futr", "сделать", perf, person.person_cell, words[1:])
    else:
        words = [person.be(), Word("doing", "do")]
        verb = inflected("VERB impf pres", "делать", impf, person.person_cell, words[1:])
    already = (
        particle("уже", "ADVB", [word for word in words if word.form == "already"]) if past and len(words) == 3 else []
    )
    subject_en, subject_ru = say(person, "nomn", notes, subject=True)
    words_en, words_ru = _homework(NP(w.lexicon.noun("задание"), det=""), "accs", notes, verb)
    notes.tags.add("past-agreement" if past else "person-agreement")
    english = [*subject_en, *words, Word(whose, whose), *words_en]
    return sentence((english, [*subject_ru, *already, agree(verb, person), *words_ru]), fair(notes, person))


def _homework(np: NP, case: str, notes: Notes, verb: Word | None = None) -> Phrase:
    """homework – домашнее задание, two Russian words for one."""
    words_en, words_ru = say(np, case, notes)
    home = inflected("ADJF", "домашний", HOME, np.cell(case).replace(" anim", "").replace(" inan", ""), [np.en_head])
    if verb:
        np.ru_head.link("government", verb)
    return words_en, [*words_ru[:-1], home.link("agreement", np.ru_head), words_ru[-1]]


JUDGED = (  # English adjective, Russian word, and what is so
    ("interesting", "интересно", "read watch study learn travel talk_about write_about"),
    ("difficult", "трудно", "translate learn study solve explain find get_up write answer understand work_on"),
    ("easy", "легко", "translate learn solve find forget"),
    ("useful", "полезно", "read learn study swim train_v walk eat_fruit drink_water"),
    ("boring", "скучно", "wait watch read listen study"),
    ("pleasant", "приятно", "rest swim walk drink dance listen receive"),
    ("dangerous", "опасно", "swim_sea drive play_match"),
    ("important", "важно", "rest learn check answer study train_v prepare"),
    ("nice", "приятно", "rest walk swim receive drink"),
    ("possible", "возможно", ""),
)  # fmt: skip
ACTS = {
    "read": ("read", "книга газета стихотворение рассказ письмо", True), "watch": ("watch", "фильм футбол", True),
    "study": ("study", "история биология математика физика литература", False), "learn": ("learn",
     "язык слово стихотворение правило", True),
    "translate": ("translate", "текст письмо статья стихотворение", True), "solve": ("solve", "задача", True),
    "explain": ("explain", "правило", True), "find": ("find", "ключ работа гостиница квартира ошибка", False),
    "write_about": ("write", "рассказ стихотворение письмо статья", True), "write": ("write",
     "письмо рассказ отчёт", True),
    "forget": ("forget", "слово имя адрес", True), "open": ("open", "дверь окно коробка", False), "listen": ("hear",
     "песня", True),
    "receive": ("receive", "подарок письмо открытка", True), "drink": ("drink", "чай кофе какао", False),
    "drink_water": ("drink", "вода молоко", False), "eat_fruit": ("eat", "яблоко рыба морковь каша", True),
    "check": ("check", "билет паспорт адрес ответ", False),
}  # fmt: skip
PLAIN_ACTS = {
    "swim": "swim", "swim_sea": "swim", "walk": "walk", "rest": "rest", "wait": "wait", "dance": "dance",
    "get_up": "get up",
    "train_v": "train",
}  # fmt: skip


def it_is_to(w: World) -> Sentence:
    """It is interesting to read books. – Интересно читать книги.   It was difficult to find the key. – Было трудно …"""
    notes = Notes({"infinitive"})
    text_en, text_ru, acts = w.choose([one for one in JUDGED if one[2]])
    acts = [act for act in acts.split() if act in ACTS or act in PLAIN_ACTS]
    if not acts:
        return it_is_to(w)
    act = w.choose(acts)
    it = Word("it", "it")
    past, will = w.chance(0.2), w.chance(0.12)
    be = en("will be" if will else "was" if past else "is")
    state = Word(text_en, text_en)
    state_ru = particle(text_ru, "PRED", [state])
    person = (
        NP(pronoun=w.random.choice(("I", "I", "we", "he", "she", "they")))
        if w.chance(0.35) and text_en in ("difficult", "easy", "interesting", "boring")
        else None
    )
    whom: Phrase = [], []
    if person:
        for_ = Word("for", "for")
        words_en, words_ru = say(person, "datv", notes)
        person.ru_head.link("government", state_ru[0])
        whom = [for_, *words_en], words_ru
    subject = NP(pronoun="they")
    if act in ACTS:
        key, objects, many = ACTS[act]
        verb = w.lexicon.verb(key)
        noun = w.choose(w.of(" ".join("=" + ru for ru in objects.split())))
        np = NP(noun, plural=many and noun.counted, det="the")
        if np.plural or noun.mass or noun.bare or noun.ru in ("футбол",):
            np.det = ""
        elif many is False and noun.counted and text_en not in ("difficult",) and act not in ("open", "check"):
            np.det = "a"
        clause = Clause(subject, verb, "infinitive", np)
    else:
        verb = w.lexicon.verb(PLAIN_ACTS[act])
        clause = Clause(subject, verb, "infinitive")
    said_verb = predicate(verb, subject, "infinitive perf" if act == "find" else "infinitive", notes)
    rest = complements(clause, said_verb, notes)
    if act == "swim_sea":
        rest = prepositional("in", "в", "loct", NP(w.choose(w.of("=море =река =озеро"))), notes)
    elif act in ("walk", "rest", "swim") and w.chance(0.7):
        places = {"walk": "=парк =лес =сад", "rest": "=деревня =сад =лес", "swim": "=море =озеро =бассейн =река"}[act]
        place = w.choose(w.of(places))
        rest = prepositional("in", place.place, "loct", NP(place), notes)
    elif act == "get_up":
        rest = both("in the morning", "утром")
    to = Word("to", "to")
    words = [to, *said_verb.english]
    verb_ru = []
    if past or will:
        verb_ru = [
            inflected(
                "VERB impf futr" if will else "VERB impf", "быть", TO_BE, "3per sing" if will else "past neut", be[:1]
            )
        ]
    english = [it, *be, state, *whom[0], *words, *rest[0]]
    return sentence((english, whom[1] + verb_ru + state_ru + said_verb.russian + rest[1]), notes)
