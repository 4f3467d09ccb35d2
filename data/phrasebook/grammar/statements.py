"""Sentences around a verb: plain, negated, with a place, a tool, a preposition, a numeral, an owner, a wish."""

from grammar.clauses import Clause, Sentence, complements, predicate, prepositional, said, sentence
from grammar.lexicon import Preposition
from grammar.morphology import verb_forms
from grammar.phrases import NP, Notes, Phrase, Word, both, inflected, join, say
from grammar.world import World, direct, eventive, human, transitive


def plain(w: World) -> Sentence:
    """The girl is reading a book. – Девочка читает книгу."""
    notes = Notes()
    return sentence(said(w.clause(w.verb()), notes), notes)


def at_place(w: World) -> Sentence:
    """The boy was sleeping in the garden. – Мальчик спал в саду."""
    notes = Notes()
    verb = w.verb(lambda v: "p" in v.flags and (not v.case or direct(v)))
    if w.chance(0.1):
        verb = w.lexicon.verb("live")
    tenses = ("present", "often did") if "s" in verb.flags else ("is doing", "was doing")
    clause = w.clause(verb, w.random.choice(tenses), adjective=0.0)
    if verb.key == "live" and w.chance(0.4):
        clause.ends.append(prepositional("in", "в", "loct", w.np(w.cities), notes))
    elif verb.key == "live":
        clause.ends.append(place(w, notes, "=дом =замок =дворец =деревня =город =остров =гостиница"))
    else:
        indoors = "=комната =кухня =дом =школа =гостиница =сад =офис =библиотека =больница =парк"
        beast = clause.subject.noun and "animal" in clause.subject.noun.classes
        clause.ends.append(place(w, notes, indoors if verb.case else OUTDOORS if beast else "place room"))
    return sentence(said(clause, notes), notes)


OUTDOORS = "=сад =парк =лес =поле =деревня =улица =зоопарк =ферма =остров"


def place(w: World, notes: Notes, spec: str = "place room") -> Phrase:
    noun = w.choose(w.of(spec))
    return prepositional(noun.en_place, noun.place, "loct", w.dress(noun, plural=0.0, adjective=0.1), notes)


def denied(w: World) -> Sentence:
    """The girl does not eat soup. – Девочка не ест суп."""
    notes = Notes()
    verb = w.verb(lambda v: "noneg" not in v.flags)
    clause = w.clause(verb, adjective=0.1, a=0.0)
    deny(clause)
    return sentence(said(clause, notes), notes)


def deny(clause: Clause) -> None:
    """Make it negative where Russian keeps case and aspect: a definite object, no "often", no "already"."""
    clause.neg = True
    clause.middle = None
    if clause.object and clause.object.noun and clause.object.noun.mass:
        clause.object.det = "the"
    if clause.tense == "has done" and not direct(clause.verb):
        clause.tense = "is doing"
    if clause.tense in ("present", "often did") and eventive(clause.verb):
        clause.front, clause.tense = None, "present"


def with_tool(w: World) -> Sentence:
    """The boy is cutting the bread with a knife. – Мальчик режет хлеб ножом."""
    notes = Notes({"instrument"})
    key, tools, things = w.random.choice(w.lexicon.tables["TOOLS"])
    verb = w.lexicon.verb(key)
    subject = w.subject(verb)
    clause = w.clause(verb, w.once(verb, subject) if key == "break" else None, subject, adjective=0.1)
    clause.object = w.np(w.of(things), adjective=0.1, a=0.2)
    tool = w.np(w.of(tools), plural=0.0, adjective=0.1, a=0.8)
    if tool.noun.mass:
        tool.det = ""
    words_en, words_ru = say(tool, "ablt", notes)
    governor = Word()
    tool.ru_head.link("government", governor)
    clause.ends.append(([Word("with", "with"), *words_en], words_ru))
    made = sentence(said(clause, notes), notes)
    verb = next(
        word for word in made.russian if (word.pos.startswith("VERB") and word.lemma != "быть") or "INFN" in word.pos
    )
    tool.ru_head.links[-1] = ("government", verb)
    return made


def manner(w: World) -> Sentence:
    """Anna sings well. – Анна хорошо поёт."""
    notes = Notes()
    text_en, text_ru, keys = w.choose([tuple(row) for row in w.lexicon.tables["MANNERS"]])
    verb = w.lexicon.verb(w.choose([key.replace("_", " ") for key in keys.split() if key != "play"]))
    tense = w.random.choice(("was doing", "is doing", "present"))
    if "t" in verb.flags:
        tense = w.random.choice(("did", "did", "will do"))
    if text_ru in ("хорошо", "плохо"):
        tense = "present"
    clause = Clause(w.subject(verb, adjective=0.0, name=0.4), verb, tense)
    if verb.case and (verb.prep or (text_ru in ("медленно", "быстро", "громко", "тихо") and verb.en != "sing")):
        clause.object = w.object_of(verb, clause.subject, adjective=0.05)
    adverb = both(text_en, text_ru)
    clause.middle = [], adverb[1]
    clause.ends.append((adverb[0], []))
    return sentence(said(clause, notes), notes)


def circumstance(w: World) -> Sentence:
    """They were resting after the concert, Anna walked with a dog, he works without a dictionary …"""
    notes = Notes()
    prep = preposition_for(w, ("when", "with"))
    keys = (
        WITHOUT
        if prep.ru == "без"
        else WITH
        if prep.use == "with"
        else WHEN.get(prep.ru, "rest sleep work talk_to wait read walk cry laugh dance")
    )
    verb = w.lexicon.verb(w.choose(keys.split()).replace("_", " "))
    subject = w.subject(adjective=0.1)
    if verb.perf and (direct(verb) or "t" in verb.flags):
        tenses = ["did" if "t" in verb.flags else "has done", "will do"]
    else:
        tenses = ["was doing", "will do" if verb.perf else "will be doing"]
        if prep.ru not in ("после", "перед"):
            tenses.append("is doing")
    clause = w.clause(verb, w.random.choice(tenses), subject, adjective=0.0)
    clause.front = clause.middle = None
    clause.ends.append(preposition_phrase(w, prep, subject, notes, verb.key == "work"))
    return sentence(said(clause, notes), notes)


WITHOUT = "work walk come leave arrive"
WITH = "work rest dance walk swim come arrive leave sit"
WHEN = {
    "благодаря": "solve find understand learn repair build translate",
    "из-за": "leave cry wait",
    "несмотря на": "walk work swim wait dance come leave",
}


def preposition_for(w: World, uses: tuple[str, ...]) -> Preposition:
    return w.choose([p for p in w.lexicon.prepositions if p.use in uses])


def preposition_phrase(w: World, prep: Preposition, subject: NP, notes: Notes, working: bool = False) -> Phrase:
    nouns = [n for n in prep.nouns if n is not subject.noun and not (n.ru == "работа" and working)]
    np = w.np(
        nouns, adjective=0.12, plural=1.0 if prep.en == "among" else 0.12 if prep.use in ("with", "when") else 0.0
    )
    if prep.use == "with" and not np.noun.animate and np.noun.counted and not np.plural:
        np.det = "a"
        np.adjectives = tuple(a for a in np.adjectives if not a.needs)
    return prepositional(prep.en, prep.ru, prep.case, np, notes)


def gift(w: World) -> Sentence:
    """The girl bought a book for the brother; ate a pear instead of an apple; is reading a book about the war."""
    notes = Notes()
    prep = preposition_for(w, ("for", "instead", "noun"))
    verbs, things = {
        "for": ("buy sew bake draw cook bring choose", ""),
        "instead": ("eat buy", ""),
        "о": ("read buy write find", "=книга =рассказ =статья =роман =стихотворение"),
        "от": ("read receive find lose", "=письмо =открытка =сообщение =телеграмма =подарок"),
        "с": ("eat cook buy drink", " ".join("=" + dish for dish in WITH_FOOD)),
        "без": ("drink eat cook", " ".join("=" + dish for dish in WITHOUT_FOOD)),
    }[prep.use if prep.use != "noun" else prep.ru]
    verb = w.lexicon.verb(w.choose(verbs.split()))
    subject = w.subject(verb)
    habit = prep.use == "noun" and prep.ru in ("с", "без")
    clause = w.clause(verb, None if habit else w.once(verb, subject), subject, adjective=0.05, a=0.5)
    nouns = [n for n in (w.of(things) if things else verb.objects) if n in verb.objects]
    if prep.use == "instead":
        nouns = [n for n in nouns if n in prep.nouns]
    if not nouns:
        return gift(w)
    clause.object = w.np(nouns, adjective=0.05, plural=0.1, a=0.5)
    if clause.object.noun.mass:
        clause.object.det = ""
    nouns = [n for n in prep.nouns if n not in (clause.object.noun, clause.subject.noun)]
    foods = {"с": WITH_FOOD, "без": WITHOUT_FOOD}.get(prep.ru) if prep.use == "noun" else None
    if foods:
        nouns = w.of(" ".join("=" + food for food in foods[clause.object.noun.ru].split()))
    other = w.np(nouns, plural=0.1, adjective=0.0 if foods else 0.05)
    if foods:
        other.det, other.plural = "", other.noun.counted and other.noun.ru != "лимон"
    elif other.noun.mass:
        other.det = ""
    elif prep.use == "instead" and not other.plural:
        other.det = "a"
        other.adjectives = ()
    clause.ends.append(prepositional(prep.en, prep.ru, prep.case, other, notes))
    return sentence(said(clause, notes), notes)


WITH_FOOD = {
    "чай": "молоко лимон сахар мёд", "кофе": "молоко сахар", "салат": "сыр мясо рыба яйцо гриб",
    "пирог": "яблоко мясо рыба гриб сыр", "бутерброд": "сыр мясо рыба масло", "суп": "мясо рыба гриб",
    "рис": "мясо рыба гриб", "каша": "масло мёд молоко",
}  # fmt: skip
WITHOUT_FOOD = {
    "чай": "сахар молоко", "кофе": "сахар молоко", "суп": "соль мясо перец", "салат": "масло соль мясо",
    "каша": "соль сахар масло", "картофель": "соль масло",
}  # fmt: skip


def counted(w: World) -> Sentence:
    """The girl bought two books. – Девочка купила две книги."""
    notes = Notes()
    verb = w.verb(lambda v: direct(v) and eventive(v) and "dress" not in v.flags and any(map(countable, v.objects)))
    tense = "is doing"
    if verb.perf:
        tense = w.random.choice(("did" if "t" in verb.flags else "has done", "will do"))
    clause = Clause(w.subject(verb, pronoun=0.35), verb, tense)
    clause.object = count(w, w.dress(w.choose([n for n in verb.objects if countable(n)]), adjective=0.15))
    w.time(clause)
    return sentence(said(clause, notes), notes)


def counted_subject(w: World) -> Sentence:
    """Two boys were sleeping in the park. – Два мальчика спали в парке."""
    notes = Notes()
    verb = w.verb(lambda v: not v.case and eventive(v) and human(v))
    tense = w.random.choice(("did", "will do") if "t" in verb.flags else ("is doing", "was doing"))
    nouns = [n for n in verb.subjects if countable(n) and "parent" not in n.classes and n.ru not in SINGLE]
    subject = count(w, w.dress(w.choose(nouns), adjective=0.15))
    if subject.count == 1 or subject.count > 10:
        subject.count = w.random.choice((2, 3, 4, 5))
    clause = Clause(subject, verb, tense)
    clause.subject.plural = True
    if "p" in verb.flags and w.chance(0.5):
        clause.ends.append(place(w, notes, "place" if subject.human else OUTDOORS))
    return sentence(said(clause, notes), notes)


SINGLE = ("ребёнок", "жена", "муж", "невеста", "король", "королева")  # not said with two, three, four


def countable(noun) -> bool:
    return noun.counted and not noun.mass


def count(w: World, np: NP) -> NP:
    np.count = w.random.choice((1, 2, 2, 3, 3, 4, 5, 5, 6, 7, 8, 9, 10, 21, 22, 25))
    np.plural, np.det = np.count != 1, ""
    np.adjectives = tuple(a for a in np.adjectives if not a.needs)
    return np


def owned(w: World) -> Sentence:
    """The doctor sees the teacher's brother's car. – Врач видит машину брата учителя."""
    notes = Notes()
    np = chain(w)
    verb = w.verb(lambda v: transitive(v) and np.noun in v.objects)
    subject = w.subject(verb)
    clause = w.clause(verb, w.once(verb, subject), subject)
    clause.object = np
    return sentence(said(clause, notes), notes)


def chain(w: World) -> NP:
    """Anna's car, the teacher's brother's car."""
    owner = NP(w.choose(w.first_names), det="") if w.chance(0.45) else w.np(w.people, plural=0.1, adjective=0.08)
    if w.chance(0.45):
        kin = w.of("kin" if owner.noun.classes & {"parent"} else "kin parent")
        owner = NP(w.choose([n for n in kin if n is not owner.noun]), owner=owner)
    thing = w.choose([n for n in w.of("thing clothes pet kin") if n is not owner.noun])
    return NP(thing, plural=thing.counted and w.chance(0.15), owner=owner)


def own(w: World) -> Sentence:
    """The boy loves his own dog. – Мальчик любит свою собаку."""
    notes = Notes()
    verb = w.verb(lambda v: transitive(v) and human(v) and v.en != "hear" and any(ownable(n) for n in v.objects))
    subject = w.speaker() if w.chance(0.2) else w.subject(verb, pronoun=0.4, name=0.3)
    if subject.noun and not subject.human:
        subject = NP(pronoun="she")
    clause = w.clause(verb, w.once(verb, subject), subject)
    clause.object = possessed(w, verb, subject)
    clause.object.det, clause.object.own_en = "own", possessive(subject)
    return sentence(said(clause, notes), notes)


def possessed(w: World, verb, subject: NP) -> NP:
    nouns = [n for n in verb.objects if ownable(n) and n is not subject.noun] or [w.lexicon.noun("друг")]
    np = w.np(nouns, adjective=0.1, plural=1.0 if "plural" in verb.flags else 0.15)
    np.plural = np.plural and "parent" not in np.noun.classes
    np.adjectives = tuple(a for a in np.adjectives if not a.needs)
    return np


def others(w: World) -> Sentence:
    """He knows her brother. – Он знает её брата.   I have read their letter. – … их письмо."""
    notes = Notes()
    verb = w.verb(lambda v: transitive(v) and human(v) and any(ownable(n) for n in v.objects))
    subject = w.speaker() if w.chance(0.5) else w.subject(verb, name=0.4, plural=0.0)
    if subject.noun and not subject.human:
        subject = NP(pronoun="he")
    clause = w.clause(verb, w.once(verb, subject), subject)
    clause.object = possessed(w, verb, subject)
    who = ["his", "her", "their"]
    if subject.person == "3per":  # never his own
        who = ["his", "her"] if subject.ru_plural else ["their", "her" if subject.gender == "masc" else "his"]
    clause.object.det = w.random.choice(who)
    return sentence(said(clause, notes), notes)


def ownable(noun) -> bool:
    return bool(noun.classes & {"thing", "clothes", "pet", "kin", "parent"}) and noun.number != "U"


def possessive(np: NP) -> str:
    if np.pronoun:
        return {"I": "my", "we": "our", "he": "his", "she": "her", "they": "their"}[np.pronoun]
    return "their" if np.en_plural else "his" if np.gender == "masc" else "her"


def wants(w: World) -> Sentence:
    """The boy wants to buy a ball. – Мальчик хочет купить мяч.   She must rest. – Она должна отдохнуть."""
    notes = Notes({"infinitive"})
    verb = w.verb(
        lambda v: (
            eventive(v)
            and human(v)
            and v.key not in ("disappear", "appear", "find", "lose", "forget", "arrive", "get tired", "fall asleep")
        )
    )
    subject = w.speaker() if w.chance(0.2) else w.subject(verb, pronoun=0.25, name=0.2)
    clause = Clause(subject, verb, "infinitive perf" if verb.perf else "infinitive")
    if verb.case:
        clause.object = w.object_of(verb, subject, adjective=0.1)
    if verb.recipient:
        clause.recipient = w.np(w.other_people(subject), adjective=0.0)
    modal = w.random.choice(("want", "want", "can", "must"))
    if subject.pronoun == "I" and modal == "must":
        modal = "want"
    return sentence(modal_clause(w, clause, modal, notes), notes)


def modal_clause(w: World, clause: Clause, modal: str, notes: Notes) -> Phrase:
    subject = clause.subject
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    modal_en = [Word("wants" if modal == "want" and subject.third else modal, modal)]
    if modal == "must":
        modal_ru = inflected("ADJS", "должный", MUST, subject.short_cell, modal_en)
    else:
        forms = CAN if modal == "can" else w.lexicon.verb("want").impf
        modal_ru = inflected("VERB impf pres", forms["infn"], forms, subject.person_cell, modal_en)
        notes.tags.add("person-agreement")
    modal_ru.link("agreement", subject.ru_head)
    verb = predicate(clause.verb, subject, clause.tense, notes)
    verb.head.link("government", modal_ru)
    if modal == "want":
        modal_en.append(Word("to", "to"))
    start = subject_en + modal_en + verb.english, [*subject_ru, modal_ru, *verb.russian]
    return join(start, complements(clause, verb, notes), *clause.ends)


MUST = {"sing masc": "должен", "sing femn": "должна", "sing neut": "должно", "plur": "должны"}
CAN = verb_forms("мочь могу может past=мог,могла 3pl=могут")
