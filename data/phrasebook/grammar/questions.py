"""Questions: yes or no, who, what, which, whose, how many, where; and sentences spoken to somebody."""

from grammar.clauses import Clause, Sentence, fronted, mark, said, sentence
from grammar.phrases import DETERMINERS, NP, Notes, Word, both, inflected, join, say
from grammar.statements import countable
from grammar.world import World, direct, eventive, habitual, human, undated


def asked(w: World) -> Sentence:
    """Does the girl often read the newspaper? – Девочка часто читает газету?"""
    notes = Notes({"yes-no-question"})
    verb = w.verb(lambda v: v.flags.isdisjoint({"noneg"}))
    clause = w.clause(verb, subject=w.subject(verb, adjective=0.0), adjective=0.1)
    undated(clause, only_often=True)
    if clause.tense == "has done":
        clause.middle = both("already", "уже")
    clause.ask = True
    return sentence(said(clause, notes), notes, "?")


def who(w: World) -> Sentence:
    """Who is reading the book? – Кто читает книгу?"""
    notes = Notes({"wh-question"})
    verb = w.verb(human)
    clause = w.clause(verb, subject=NP(pronoun="who"), adjective=0.15)
    return sentence(said(undated(clause), notes), notes, "?")


def what(w: World) -> Sentence:
    """What is the girl reading? – Что читает девочка?   Who does Anna love? – Кого любит Анна?"""
    notes = Notes({"wh-question"})
    verb = w.verb(lambda v: direct(v) and human(v) and v.key != "want")
    clause = asking_clause(w, verb)
    animate = w.choose(verb.objects).animate or verb.key == "meet"
    clause.object = NP(pronoun="who" if animate else "what")
    return sentence(fronted(clause, notes), notes, "?")


def asking_clause(w: World, verb) -> Clause:
    subject = w.subject(verb, adjective=0.0, name=0.3, pronoun=0.2)
    clause = Clause(subject, verb, w.tense(verb, subject), ask=True)
    if habitual(verb, clause.tense):
        clause.middle = w.phrase((("often", "часто"), ("usually", "обычно")))
    return clause


def which(w: World) -> Sentence:
    """Which book is the girl reading? – Какую книгу читает девочка?"""
    notes = Notes({"wh-question"})
    clause = asking_clause(w, w.verb(lambda v: direct(v) and human(v) and v.key != "hate"))
    clause.object = w.object_of(clause.verb, clause.subject, adjective=0.0)
    if not clause.object.noun.counted or clause.object.noun.mass:
        return which(w)
    clause.object.det = "which"
    return sentence(fronted(clause, notes), notes, "?")


def how_many(w: World) -> Sentence:
    """How many books did the girl buy? – Сколько книг купила девочка?"""
    notes = Notes({"wh-question", "numerals"})
    verb = w.verb(
        lambda v: (
            direct(v)
            and eventive(v)
            and v.perf
            and "dress" not in v.flags
            and any(n.counted and not n.mass for n in v.objects)
        )
    )
    subject = w.subject(verb, adjective=0.0, name=0.3)
    tense = w.random.choice(("did" if "t" in verb.flags else "has done", "will do"))
    np = NP(w.choose([n for n in verb.objects if countable(n)]), plural=True, det="")
    words_en, words_ru = say(np, "gent", notes)
    source = [Word("how", "how"), Word("many", "many")]
    number = Word("сколько", "сколько", "NUMR", source=source[1:])
    np.ru_head.link("government", number)
    notes.combos.add(f"{verb.key}>{np.noun.ru}")
    clause = Clause(subject, verb, tense, ask=True)
    return sentence(fronted(clause, notes, (source + words_en, [number, *words_ru])), notes, "?")


def where(w: World) -> Sentence:
    """Where does the doctor work? – Где работает врач?   Why is Anna crying? – Почему Анна плачет?"""
    notes = Notes({"wh-question"})
    verb = w.verb(lambda v: not v.case and human(v))
    if w.chance(0.12):
        verb = w.lexicon.verb("live")
    subject = w.subject(verb, name=0.3, adjective=0.05)
    if "s" in verb.flags:
        tense = "present"
    elif "t" in verb.flags:
        tense = w.random.choice(("did", "will do"))
    else:
        tense = w.random.choice(("is doing", "was doing"))
    words = [("why", "почему")] if "t" not in verb.flags else [("when", "когда")]
    if verb.key == "live":
        words = []
    if "p" in verb.flags:
        words.append(("where", "где"))
    text_en, text_ru = w.choose(words)
    clause = Clause(subject, verb, tense, ask=True)
    if text_en == "why":
        clause.front = both(text_en, text_ru)
        return sentence(said(clause, notes), notes, "?")
    return sentence(fronted(clause, notes, both(text_en, text_ru)), notes, "?")


def whose(w: World) -> Sentence:
    """Whose book is this? – Чья это книга?"""
    notes = Notes({"wh-question", "zero-copula"})
    noun = w.choose(w.of("thing clothes pet kin"))
    if not noun.counted:
        return whose(w)
    np = NP(noun, plural=w.chance(0.25), det="")
    if w.chance(0.2):
        w.describe(np)
    thing_en, thing_ru = say(np, "nomn", notes)
    source = [Word("whose", "whose"), np.be(), Word("these" if np.plural else "this", "this")]
    lemma, forms = DETERMINERS["whose"]
    word = inflected("ADJF", lemma, forms, np.cell("nomn"), source[:1]).link("agreement", np.ru_head)
    this = Word("это", "это", "PRCL", source=source[2:])
    return sentence(([source[0], *thing_en, *source[1:]], [word, this, *thing_ru]), notes, "?")


def where_is(w: World) -> Sentence:
    """Where are my keys? – Где мои ключи?"""
    notes = Notes({"wh-question", "zero-copula"})
    np = w.np(w.of("thing pet parent kin"), plural=0.25, adjective=0.15)
    np.det = w.random.choice(("the", "my", "our", "his", "her", "their"))
    np.adjectives = tuple(a for a in np.adjectives if not a.needs)
    where_ = both("where", "где")
    thing_en, thing_ru = say(np, "nomn", notes, subject=True)
    return sentence(([*where_[0], np.be(), *thing_en], where_[1] + thing_ru), notes, "?")


def addressed(w: World) -> Sentence:
    """Anna, have you read the book? – Анна, ты прочитала книгу?   Children, do you love music? – Дети, вы любите …"""
    notes = Notes({"address"})
    if w.chance(0.4):
        name = w.choose(w.first_names)
        text_en, text_ru, who_ = name.en, name.ru, f"thou {name.gender}"
        notes.tags.add("names")
    else:
        text_en, text_ru, who_ = w.choose([tuple(row) for row in w.lexicon.tables["ADDRESSES"]])
    call_en = Word(text_en, text_en.lower())
    call_ru = Word(text_ru[0].upper() + text_ru[1:], text_ru, "NOUN", "sing nomn", source=[call_en])
    if text_en.endswith(("s", "ren")) and who_ == "you":
        call_ru.cell = "plur nomn"
    subject = NP(pronoun=who_, antecedent=call_ru)
    verb = w.verb(lambda v: human(v) and v.flags.isdisjoint({"noneg"}))
    clause = w.clause(verb, subject=subject, adjective=0.1)
    undated(clause, only_often=True)
    clause.ask = w.chance(0.7)
    if clause.ask and clause.tense == "has done":
        clause.middle = both("already", "уже")
    if clause.ask:
        notes.tags.add("yes-no-question")
    phrase = join(([call_en], [call_ru]), mark(","), said(clause, notes))
    return sentence(phrase, notes, "?" if clause.ask else ".")
