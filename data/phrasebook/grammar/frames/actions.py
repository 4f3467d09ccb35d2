"""Who does what: plain, negated, with a tool, in some manner or circumstance, and who wants, can or must do it."""

from grammar.clauses import Clause, agree, complements, predicate, said
from grammar.conjugation import verb_forms
from grammar.frames.places_and_motion import after_preposition
from grammar.noun_phrases import say
from grammar.prepositions import prepositional
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, both, inflected, join
from grammar.world import World

WITHOUT = "work walk come leave arrive"  # verbs with "without a phone"
WITH = "work rest dance walk swim come arrive leave sit"  # "with a friend"
WHEN = {
    "благодаря": "solve find understand learn repair build translate",
    "из-за": "leave cry wait",
    "несмотря на": "walk work swim wait dance come leave",
}
WHEN_ELSE = "rest sleep work talk_to wait read walk cry laugh dance"
WITH_FOOD = {
    "чай": "молоко лимон сахар мёд", "кофе": "молоко сахар", "салат": "сыр мясо рыба яйцо гриб",
    "пирог": "яблоко мясо рыба гриб сыр", "бутерброд": "сыр мясо рыба масло", "суп": "мясо рыба гриб",
    "рис": "мясо рыба гриб", "каша": "масло мёд молоко",
}  # fmt: skip
WITHOUT_FOOD = {
    "чай": "сахар молоко", "кофе": "сахар молоко", "суп": "соль мясо перец", "салат": "масло соль мясо",
    "каша": "соль сахар масло", "картофель": "соль масло",
}  # fmt: skip
CAN = verb_forms("мочь могу может past=мог,могла 3pl=могут")


def plain(w: World) -> Sentence:
    """The girl is reading a book. – Девочка читает книгу."""
    notes = Notes()
    return sentence(said(w.clause(w.verb()), notes), notes)


def denied(w: World) -> Sentence:
    """The girl does not eat soup. – Девочка не ест суп.

    Only what Russian denies without another case or aspect: a definite object, no "often", no "already".
    """
    notes = Notes()
    verb = w.verb(lambda v: "noneg" not in v.flags)
    clause = w.clause(verb, adjective=0.1, a=0.0)
    clause.neg = True
    clause.middle = None
    if clause.object and clause.object.noun and clause.object.noun.mass:
        clause.object.det = "the"
    if clause.tense == "has done" and not verb.direct:
        clause.tense = "is doing"
    if clause.tense in ("present", "often did") and verb.eventive:
        clause.front, clause.tense = None, "present"
    return sentence(said(clause, notes), notes)


def with_tool(w: World) -> Sentence:
    """The boy is cutting the bread with a knife. – Мальчик режет хлеб ножом."""
    notes = Notes({"instrument"})
    key, tools, things = w.random.choice(w.lexicon.tools)
    verb = w.lexicon.verb(key)
    subject = w.subject(verb)
    clause = w.clause(verb, w.once(verb, subject) if key == "break" else None, subject, adjective=0.1)
    clause.object = w.np(w.of(things), adjective=0.1, a=0.2)
    tool = w.np(w.of(tools), plural=0.0, adjective=0.1, a=0.8)
    if tool.noun.mass:
        tool.det = ""
    words_en, words_ru = say(tool, "ablt", notes)
    clause.ends.append(([Word("with", "with"), *words_en], words_ru))
    made = sentence(said(clause, notes), notes)
    verbs = [word for word in made.russian if word.pos.startswith(("VERB", "INFN")) and word.lemma != "быть"]
    tool.ru_head.link("government", verbs[0])
    return made


def manner(w: World) -> Sentence:
    """Anna sings well. – Анна хорошо поёт."""
    notes = Notes()
    text_en, text_ru, keys = w.choose(w.lexicon.manners)
    verb = w.lexicon.verb(w.choose([key.replace("_", " ") for key in keys.split()]))
    tense = w.random.choice(("was doing", "is doing", "present"))
    if "t" in verb.flags:
        tense = w.random.choice(("did", "did", "will do"))
    if text_ru in ("хорошо", "плохо"):
        tense = "present"
    clause = Clause(w.subject(verb, adjective=0.0, name=0.4), verb, tense)
    if verb.case and (verb.prep or (text_ru in ("медленно", "быстро", "громко", "тихо") and verb.en != "sing")):
        clause.object = w.object_of(verb, clause.subject, adjective=0.05)
    adverb_en, adverb_ru = both(text_en, text_ru)
    clause.middle = [], adverb_ru
    clause.ends.append((adverb_en, []))
    return sentence(said(clause, notes), notes)


def circumstance(w: World) -> Sentence:
    """They were resting after the concert, Anna walked with a dog, he works without a dictionary …"""
    notes = Notes()
    prep = w.preposition("when", "with")
    if prep.ru == "без":
        keys = WITHOUT
    elif prep.use == "with":
        keys = WITH
    else:
        keys = WHEN.get(prep.ru, WHEN_ELSE)
    verb = w.lexicon.verb(w.choose(keys.split()).replace("_", " "))
    subject = w.subject(adjective=0.1)
    if verb.perf and (verb.direct or "t" in verb.flags):
        tenses = ["did" if "t" in verb.flags else "has done", "will do"]
    else:
        tenses = ["was doing", "will do" if verb.perf else "will be doing"]
        if prep.ru not in ("после", "перед"):
            tenses.append("is doing")
    clause = w.clause(verb, w.random.choice(tenses), subject, adjective=0.0)
    clause.front = clause.middle = None
    clause.ends.append(after_preposition(w, prep, subject, notes, verb.key == "work"))
    return sentence(said(clause, notes), notes)


def object_and_preposition(w: World) -> Sentence:
    """The girl bought a book for the brother; ate a pear instead of an apple; is reading a book about the war."""
    notes = Notes()
    prep = w.preposition("for", "instead", "noun")
    use = prep.ru if prep.use == "noun" else prep.use
    foods = {"с": WITH_FOOD, "без": WITHOUT_FOOD}.get(use)
    verbs, things = {
        "for": ("buy sew bake draw cook bring choose", ""),
        "instead": ("eat buy", ""),
        "о": ("read buy write find", "=книга =рассказ =статья =роман =стихотворение"),
        "от": ("read receive find lose", "=письмо =открытка =сообщение =телеграмма =подарок"),
        "с": ("eat cook buy drink", " ".join("=" + dish for dish in WITH_FOOD)),
        "без": ("drink eat cook", " ".join("=" + dish for dish in WITHOUT_FOOD)),
    }[use]
    verb = w.lexicon.verb(w.choose(verbs.split()))
    subject = w.subject(verb)
    clause = w.clause(verb, None if foods else w.once(verb, subject), subject, adjective=0.05, a=0.5)
    nouns = [n for n in (w.of(things) if things else verb.objects) if n in verb.objects]
    if use == "instead":
        nouns = [n for n in nouns if n in prep.nouns]
    if not nouns:
        return object_and_preposition(w)
    clause.object = w.np(nouns, adjective=0.05, plural=0.1, a=0.5)
    if clause.object.noun.mass:
        clause.object.det = ""
    if foods:
        other_nouns = w.of(" ".join("=" + food for food in foods[clause.object.noun.ru].split()))
    else:
        other_nouns = [n for n in prep.nouns if n not in (clause.object.noun, clause.subject.noun)]
    other = w.np(other_nouns, plural=0.1, adjective=0.0 if foods else 0.05)
    if foods:
        other.det, other.plural = "", other.noun.counted and other.noun.ru != "лимон"
    elif other.noun.mass:
        other.det = ""
    elif use == "instead" and not other.plural:
        other.det = "a"
        other.adjectives = ()
    clause.ends.append(prepositional(prep.en, prep.ru, prep.case, other, notes))
    return sentence(said(clause, notes), notes)


def wants(w: World) -> Sentence:
    """The boy wants to buy a ball. – Мальчик хочет купить мяч.   She must rest. – Она должна отдохнуть."""
    notes = Notes({"infinitive"})
    unwanted = ("disappear", "appear", "find", "lose", "forget", "arrive", "get tired", "fall asleep")
    unwanted += ("wait", "wait for")  # хочет подождать: see wishes.py
    verb = w.verb(lambda v: v.eventive and v.human and v.key not in unwanted)
    subject = w.speaker() if w.chance(0.2) else w.subject(verb, pronoun=0.25, name=0.2)
    clause = Clause(subject, verb, "infinitive perf" if verb.perf else "infinitive")
    if verb.case:
        clause.object = w.object_of(verb, subject, adjective=0.1)
    if verb.recipient:
        clause.recipient = w.np(w.other_people(subject), adjective=0.0)
    modal = w.random.choice(("want", "want", "can", "must"))
    if modal == "can" and verb.key in ("swim", "dance", "play на", "play в"):  # a skill: умеет плавать, see wishes.py
        modal = "want"
    return sentence(_modal_clause(w, clause, modal, notes), notes)


def _modal_clause(w: World, clause: Clause, modal: str, notes: Notes) -> Phrase:
    """want, can or must, and the infinitive of the clause."""
    subject = clause.subject
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    modal_en = [Word("wants" if modal == "want" and subject.third else modal, modal)]
    if modal == "must":
        modal_ru = inflected("ADJS", "должный", w.lexicon.short_adjectives["must"], subject.short_cell, modal_en)
    else:
        forms = CAN if modal == "can" else w.lexicon.verb("want").impf
        modal_ru = inflected("VERB impf pres", forms["infn"], forms, subject.person_cell, modal_en)
        notes.tags.add("person-agreement")
    agree(modal_ru, subject)
    verb = predicate(clause.verb, subject, clause.tense, notes)
    verb.head.link("government", modal_ru)
    if modal == "want":
        modal_en.append(Word("to", "to"))
    start = subject_en + modal_en + verb.english, [*subject_ru, modal_ru, *verb.russian]
    return join(start, complements(clause, verb, notes), *clause.ends)
