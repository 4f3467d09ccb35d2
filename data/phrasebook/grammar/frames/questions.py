"""Questions: yes or no, who, what, which, whose, how many, where; and sentences spoken to somebody."""

from grammar.clauses import Clause, fronted, said
from grammar.lexicon import Verb
from grammar.noun_phrases import NP, say
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, both, en, inflected, join, mark
from grammar.world import World, habitual, undated


def asked(w: World) -> Sentence:
    """Does the girl often read the newspaper? – Девочка часто читает газету?"""
    notes = Notes({"yes-no-question"})
    verb = w.verb(lambda v: "noneg" not in v.flags)
    clause = w.clause(verb, subject=w.subject(verb, adjective=0.0), adjective=0.1)
    _ask(clause)
    return sentence(said(clause, notes), notes, "?")


def _ask(clause: Clause) -> None:
    """Make it a question."""
    undated(clause, only_often=True)
    if clause.tense == "has done":
        clause.middle = both("already", "уже")
    clause.ask = True


def who(w: World) -> Sentence:
    """Who is reading the book? – Кто читает книгу?"""
    notes = Notes({"wh-question"})
    verb = w.verb(lambda v: v.human)
    clause = w.clause(verb, subject=NP(pronoun="who"), adjective=0.15)
    return sentence(said(undated(clause), notes), notes, "?")


def what(w: World) -> Sentence:
    """What is the girl reading? – Что читает девочка?   Who does Anna love? – Кого любит Анна?"""
    notes = Notes({"wh-question"})
    # What is cleaned decides between чистить and убирать, and here it is not said.
    verb = w.verb(lambda v: v.direct and v.human and v.key not in ("want", "clean"))
    clause = _asking_clause(w, verb)
    animate = w.choose(verb.objects).animate or verb.key == "meet"
    clause.object = NP(pronoun="who" if animate else "what")
    return sentence(fronted(clause, notes), notes, "?")


def _asking_clause(w: World, verb: Verb) -> Clause:
    subject = w.subject(verb, adjective=0.0, name=0.3, pronoun=0.2)
    clause = Clause(subject, verb, w.tense(verb, subject), ask=True)
    if habitual(verb, clause.tense):
        clause.middle = w.adverbial((("often", "часто"), ("usually", "обычно")))
    return clause


def which(w: World) -> Sentence:
    """Which book is the girl reading? – Какую книгу читает девочка?"""
    notes = Notes({"wh-question"})
    clause = _asking_clause(w, w.verb(lambda v: v.direct and v.human and v.key != "hate"))
    clause.object = w.object_of(clause.verb, clause.subject, adjective=0.0)
    if not clause.object.noun.countable:
        return which(w)
    clause.object.det = "which"
    return sentence(fronted(clause, notes), notes, "?")


def how_many(w: World) -> Sentence:
    """How many books did the girl buy? – Сколько книг купила девочка?"""
    notes = Notes({"wh-question", "numerals"})
    verb = w.verb(
        lambda v: v.direct and v.eventive and v.perf and "dress" not in v.flags and any(n.countable for n in v.objects)
    )
    subject = w.subject(verb, adjective=0.0, name=0.3)
    tense = w.random.choice(("did" if "t" in verb.flags else "has done", "will do"))
    np = NP(w.choose([n for n in verb.objects if n.countable]), plural=True, det="")
    words_en, words_ru = say(np, "gent", notes)
    how = en("how many")
    number = Word("сколько", "сколько", "NUMR", source=how[1:])
    np.ru_head.link("government", number)
    notes.combos.add(f"{verb.key}>{np.noun.ru}")
    clause = Clause(subject, verb, tense, ask=True)
    return sentence(fronted(clause, notes, (how + words_en, [number, *words_ru])), notes, "?")


def where(w: World) -> Sentence:
    """Where does the doctor work? – Где работает врач?   Why is Anna crying? – Почему Анна плачет?"""
    notes = Notes({"wh-question"})
    verb = w.verb(lambda v: not v.case and v.human)
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
    whose_en, this_en = Word("whose", "whose"), Word("these" if np.plural else "this", "this")
    determiner = w.lexicon.determiners["whose"]
    whose_ru = inflected("ADJF", determiner.lemma, determiner.forms, np.cell("nomn"), [whose_en])
    whose_ru.link("agreement", np.ru_head)
    this_ru = Word("это", "это", "PRCL", source=[this_en])
    return sentence(([whose_en, *thing_en, np.be(), this_en], [whose_ru, this_ru, *thing_ru]), notes, "?")


def where_is(w: World) -> Sentence:
    """Where are my keys? – Где мои ключи?"""
    notes = Notes({"wh-question", "zero-copula"})
    np = w.np(w.of("thing pet parent kin"), plural=0.25, adjective=0.15)
    np.det = w.random.choice(("the", "my", "our", "his", "her", "their"))
    np.drop_choosy_adjectives()
    where_en, where_ru = both("where", "где")
    thing_en, thing_ru = say(np, "nomn", notes, subject=True)
    return sentence(([*where_en, np.be(), *thing_en], where_ru + thing_ru), notes, "?")


def addressed(w: World) -> Sentence:
    """Anna, have you read the book? – Анна, ты прочитала книгу?   Children, do you love music? – Дети, вы любите …"""
    notes = Notes({"address"})
    call, subject = called(w, notes)
    verb = w.verb(lambda v: v.human and "noneg" not in v.flags)
    clause = w.clause(verb, subject=subject, adjective=0.1)
    ask = w.chance(0.7)
    if ask:
        _ask(clause)
        notes.tags.add("yes-no-question")
    else:
        undated(clause, only_often=True)
    return sentence(join(call, said(clause, notes)), notes, "?" if ask else ".")


def called(w: World, notes: Notes, plural: float = 0.0) -> tuple[Phrase, NP]:
    """Anna, – Анна, and the pronoun that Anna is spoken to with. `plural`: how often it is surely вы."""
    if w.chance(plural):
        text_en, text_ru, pronoun = w.choose([entry for entry in w.lexicon.addresses if entry[2] == "you"])
    elif w.chance(0.4):
        name = w.choose(w.first_names)
        text_en, text_ru, pronoun = name.en, name.ru, f"thou {name.gender}"
        notes.tags.add("names")
    else:
        text_en, text_ru, pronoun = w.choose(w.lexicon.addresses)
    call_en = Word(text_en, text_en.lower())
    call_ru = Word(text_ru[0].upper() + text_ru[1:], text_ru, "NOUN", "sing nomn", source=[call_en])
    if text_en.endswith(("s", "ren")) and pronoun == "you":
        call_ru.cell = "plur nomn"
    return join(([call_en], [call_ru]), mark(",")), NP(pronoun=pronoun, antecedent=call_ru)
