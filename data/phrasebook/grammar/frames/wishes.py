"""What people want, can, must, have to, should, need to and hope to do; and what they hope, think and know.

Wishes and duties take the perfective (хочу купить), what is not wanted or allowed the imperfective (не хочу покупать).
To be able by skill is уметь (She can swim.), otherwise мочь.
"""

from grammar.clauses import Clause, agree, said, will_be
from grammar.conjugation import TO_BE, verb_forms
from grammar.frames.being import said_short, subject_be
from grammar.frames.requests import CAN, NOT_PEOPLE, PERFECTIVE, POSSESSIVES, infinitive, one
from grammar.lexicon import Verb
from grammar.noun_phrases import NP, say
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, both, comma, en, inflected, join, particle
from grammar.world import World, undated

UNWANTED = (
    "disappear", "appear", "find", "lose", "forget", "arrive", "get tired", "fall asleep", "break", "laugh at", "cry",
    "smile at", "argue about", "argue with", "smile", "laugh", "shout", "disturb", "get used to", "catch", "jump",
    "kiss", "wake up", "knock on", "sit", "stand", "carry", "care for", "hug", "thank", "reach", "agree with", "press",
    "dream about", "live", "hide", "count", "hold", "look for", "receive", "promise", "begin", "swim", "dance", "train",
    "print",
)  # fmt: skip
KNOW = verb_forms("уметь")
WANT = verb_forms("хотеть хочу хочет 1pl=хотим 2pl=хотите 3pl=хотят")
SHOULD = {"3per sing": "следует"}
OTHERS = {  # English, and the Russian verb: its forms, whether in the past
    "hope": (verb_forms("надеяться надеюсь надеется"), False),
    "decided": (verb_forms("решить решу решит"), True),
    "forgot": (verb_forms("забыть забуду забудет imp=забудь"), True),
    "promised": (verb_forms("пообещать"), True),
}
SKILLS = (  # what one knows how to do
    "swim", "dance", "drive", "play на", "play на", "play в", "sew", "cook", "bake", "repair", "draw", "read", "write",
    "sing", "swim",
)  # fmt: skip
MODES = (  # and how often each is said
    *["want"] * 4, *["not want"] * 4, *["wanted"] * 3, *["want?"] * 3, *["would like"] * 5, *["can"] * 3,
    *["cannot"] * 4, *["could not"] * 4, *["must"] * 4, *["must not"] * 5, *["have to"] * 5, *["had to"] * 4,
    *["will have to"] * 3, *["not have to"] * 3, *["have to?"] * 2, *["need to"] * 4, *["should"] * 6,
    *["should not"] * 4, *["ready"] * 2, *["hope"] * 2, *["decided"] * 3, *["forgot"] * 2, *["promised"] * 2,
)  # fmt: skip
IN_DATIVE = (
    "must not",
    "have to",
    "had to",
    "will have to",
    "not have to",
    "have to?",
    "need to",
    "should",
    "should not",
)
NOT_CAN = ("think about", "talk about", "play with", "play на", "play в", "prepare for", "write about", "look at")
UNDONE = ("not want", "must not", "not have to", "should not")  # they take the imperfective


def somebody(w: World, *, you: bool = True) -> NP:
    """I, you and we, my brother; he, Anna, the doctor."""
    chance = w.random.random()
    if chance < 0.3:
        return NP(pronoun="I")
    if chance < 0.45 and you:
        return NP(pronoun="thou masc")
    if chance < 0.58:
        return NP(pronoun="we")
    if chance < 0.7:
        return NP(w.choose(w.of("kin parent")), det=w.random.choice(("my", "my", "our")))
    return w.subject(pronoun=0.4, name=0.4, adjective=0.05)


def thing(w: World, verb: Verb, subject: NP) -> NP:
    """An object; of I, you and we sometimes their own."""
    nouns = [n for n in verb.objects if n is not subject.noun]
    if verb.key in NOT_PEOPLE:
        nouns = [n for n in nouns if "person" not in n.classes]
    if "dress" in verb.flags and (subject.gender or "masc") == "masc":
        nouns = [n for n in nouns if n.ru not in ("платье", "юбка")]
    np = w.np(nouns, adjective=0.1, a=0.25, plural=1.0 if "plural" in verb.flags else 0.12)
    w.fit(verb, np)
    mine = POSSESSIVES.get(subject.pronoun)
    if np.noun.classes & {"kin", "parent", "family"}:
        relative(w, np, subject)
    elif mine and np.noun.ownable and np.noun.counted and np.noun.classes & {"clothes", "text", "pet", "device"}:
        if verb.key not in ("buy", "eat", "choose", "want", "sew", "draw") and w.chance(0.4):
            np.drop_choosy_adjectives()
            np.det, np.own_en, np.own_said, np.possessor = "own", mine, False, subject.ru_head
    elif np.animate and np.det == "a":
        np.det = "the"
    return np


def relative(w: World, np: NP, subject: NP) -> NP:
    """my brother – своего брата, if I am the subject; his mother"""
    if not np.noun.classes & {"kin", "parent", "family"}:
        return np
    np.drop_choosy_adjectives()
    np.det, np.plural = w.random.choice(("my", "our", "his", "her")), False
    if subject.person == "3per":
        kin = subject.noun and subject.noun.classes & {"kin", "parent"}
        np.det = "our" if kin else w.random.choice(("my", "our"))
    mine = POSSESSIVES.get(subject.pronoun)
    if mine and np.det in ("my", "our"):
        np.det, np.own_en, np.own_said, np.possessor = "own", mine, False, subject.ru_head
    return np


def doing(w: World, subject: NP, perf: bool) -> Clause:
    """What somebody wants to do or has to."""
    verb = w.verb(lambda v: v.eventive and v.human and v.key not in UNWANTED)
    clause = Clause(subject, verb, "infinitive perf" if perf and verb.perf else "infinitive")
    if verb.case == "datv" and subject.pronoun not in ("I", "we") and w.chance(0.3):
        clause.object = one(w, "I", "we")
    elif verb.case:
        clause.object = thing(w, verb, subject)
    if verb.recipient:
        clause.recipient = relative(w, w.np(w.other_people(subject), adjective=0.0, plural=0.1), subject)
    return clause


def modal(w: World) -> Sentence:
    """I have to cook soup. – Мне нужно приготовить суп.   We would like to rest. – Мы хотели бы отдохнуть."""
    notes = Notes({"infinitive"})
    mode = w.choose(MODES)
    if mode.endswith("?"):
        subject = NP(pronoun=w.random.choice(("thou masc", "thou masc", "she", "he", "they")))
    else:
        subject = somebody(w, you=mode in IN_DATIVE or mode in ("can", "cannot", "must"))
    clause = doing(w, subject, mode not in UNDONE)
    if mode.startswith(("can", "could")) and clause.verb.key in NOT_CAN:
        return modal(w)
    if mode in (*OTHERS, "ready") and clause.verb.key == "sleep":
        return modal(w)
    before, start = time(w, mode)
    words_en, words_ru, governor = modal_words(w, subject, mode, notes)
    if clause.verb.key == "want" or subject.second:
        return modal(w)
    deed_en, deed_ru = (
        infinitive(clause, governor, notes) if mode not in UNDONE else imperfective(clause, governor, notes)
    )
    phrase = join(start, (words_en + deed_en, words_ru + deed_ru), before)
    return sentence(phrase, notes, "?" if mode.endswith("?") else ".")


def imperfective(clause: Clause, governor: Word, notes: Notes) -> Phrase:
    """As `infinitive`, without the perfective that some verbs get there."""
    if clause.verb.key not in PERFECTIVE:
        return infinitive(clause, governor, notes)
    phrase = infinitive(clause, governor, notes)
    for word in phrase[1]:
        if word.pos == "INFN perf":
            word.inflect("INFN impf", clause.verb.impf["infn"], clause.verb.impf, "infn", word.source)
    return phrase


def time(w: World, mode: str) -> tuple[Phrase, Phrase]:
    """When, at the end or in front; mostly nothing."""
    nothing = [], []
    if mode in ("forgot", "hope", "must not", "should not") or w.chance(0.7):
        return nothing, nothing
    if mode in ("wanted", "could not", "had to", "decided", "promised"):
        pairs = [("yesterday", "вчера"), ("on Monday", "в понедельник"), ("in the morning", "утром")]
    elif mode in ("will have to", "would like"):
        pairs = [("tomorrow", "завтра"), ("on Friday", "в пятницу"), ("on Sunday", "в воскресенье")]
    else:
        pairs = [("today", "сегодня"), ("tomorrow", "завтра"), ("now", "сейчас"), ("in the evening", "вечером")]
    phrase = w.adverbial(pairs)
    if mode in ("decided", "promised", "had to") or (w.chance(0.4) and not mode.endswith("?")):
        return nothing, phrase
    return phrase, nothing


def modal_words(w: World, subject: NP, mode: str, notes: Notes) -> tuple[list[Word], list[Word], Word]:
    """Subject and modal of both languages, and the Russian word that governs the infinitive."""
    if mode in IN_DATIVE:
        return _in_dative(subject, mode, notes)
    if mode == "ready":
        start_en, start_ru = subject_be(subject, notes, False)
        ready_en, ready_ru = said_short(w, "ready", subject)
        notes.tags.add("short-adjective")
        return start_en + ready_en + en("to"), start_ru + ready_ru, ready_ru[0]
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    past = mode in ("wanted", "could not", "would like") or (mode in OTHERS and OTHERS[mode][1])
    cell = subject.past_cell if past else subject.person_cell
    neg = mode in ("not want", "cannot", "could not")
    do = Word("does" if subject.third else "do", "do")
    if mode == "must":
        words = en("must")
        forms = w.lexicon.short_adjectives["must"]
        verb = agree(inflected("ADJS", "должный", forms, subject.short_cell, words), subject)
        return subject_en + words, [*subject_ru, verb], verb
    if "want" in mode:
        want = Word("wanted" if past else "wants" if mode == "want" and subject.third else "want", "want")
        words = [do, *en("not"), want] if neg else [want]
        source, forms = [want], WANT
    elif mode == "would like":
        words = en("would like")
        source, forms = words[1:], WANT
    elif mode in OTHERS:
        words = [Word(mode + "s" * (subject.third and not past), mode)]
        source, forms = words[:1], OTHERS[mode][0]
    else:
        words = {"cannot": en("cannot"), "could not": en("could not"), "can": en("can")}[mode]
        source, forms = words[:1], CAN
    aspect = "perf" if mode in ("decided", "forgot", "promised") else "impf"
    pos = f"VERB {aspect}" if past else f"VERB {aspect} pres"
    verb = agree(inflected(pos, forms["infn"], forms, cell, source), subject)
    notes.tags.add("past-agreement" if past else "person-agreement")
    russian = [*subject_ru, verb]
    if neg:
        russian = [*subject_ru, *particle("не", "PRCL", words[1:2] or words), verb]
        notes.tags.add("negation")
    if mode == "would like":
        russian += particle("бы", "PRCL", words[:1])
    if do in words:
        notes.tags.add("do-support")
    to = [] if mode.startswith(("can", "could")) else en("to")
    if mode.endswith("?"):
        notes.tags |= {"yes-no-question", "do-support"}
        return [do, *subject_en, *words, *to], russian, verb
    return subject_en + words + to, russian, verb


def _in_dative(subject: NP, mode: str, notes: Notes) -> tuple[list[Word], list[Word], Word]:
    """нужно, надо, нельзя, следует: who has to stands in the dative."""
    notes.tags.add("dative-experiencer")
    subject_en, subject_ru = say(subject, "datv", notes, subject=True)
    neg = mode in ("not have to", "should not")
    do = Word("does" if subject.third else "do", "do")
    have = Word("had" if mode == "had to" else "has" if mode == "have to" and subject.third else "have", "have")
    if mode == "need to":
        words = [Word("needs" if subject.third else "need", "need")]
        text, source = "надо", words[:1]
    elif mode == "must not":
        words = en("must not")
        text, source = "нельзя", list(words)
    elif mode in ("should", "should not"):
        words = en(mode)
        text, source = "следует", words[:1]
    else:
        words = {"will have to": en("will"), "not have to": [do, *en("not")]}.get(mode, [])
        words = [*words, have]
        text, source = "нужно", [have]
    if text == "следует":
        modal_ru = inflected("VERB impf pres", "следовать", SHOULD, "3per sing", source)
    else:
        modal_ru = Word(text, text, "PRED", source=source)
    subject.ru_head.link("government", modal_ru)
    russian = [*subject_ru, modal_ru]
    if neg:
        russian.insert(-1, particle("не", "PRCL", [word for word in words if word.form == "not"])[0])
        notes.tags.add("negation")
    if mode == "had to":
        russian.append(inflected("VERB impf", "быть", TO_BE, "past neut", [have]))
    if mode == "will have to":
        russian.append(inflected("VERB impf futr", "быть", TO_BE, "3per sing", words[:1]))
    to = [] if mode in ("must not", "should", "should not") else en("to")
    if mode.endswith("?"):
        notes.tags |= {"yes-no-question"}
        return [do, *subject_en, *words, *to], russian, modal_ru
    return subject_en + words + to, russian, modal_ru


def skilled(w: World) -> Sentence:
    """She can swim. – Она умеет плавать.   Can you play the guitar? – Ты умеешь играть на гитаре?   I cannot dance."""
    notes = Notes({"infinitive", "person-agreement"})
    subject = somebody(w)
    mode = w.random.choice(("can", "can", "cannot", "?"))
    if mode == "?" and subject.pronoun in ("I", "we"):
        subject = NP(pronoun="thou masc")
    verb = w.lexicon.verb(w.choose(SKILLS))
    if verb.key == "repair" or (verb.key in ("sew", "draw") and mode != "cannot"):
        objects = [n for n in verb.objects if n.counted]
        np = generic(NP(w.choose(objects)))
    elif verb.prep or verb.key == "drive":
        np = w.fit(verb, w.np(verb.objects, plural=0.0, adjective=0.0, a=1.0))
        np.det = "a" if verb.key == "drive" else np.det
    else:
        np = None
    clause = Clause(subject, verb, "infinitive", np)
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    word = Word("can" if mode == "?" else mode, "can")
    know = agree(inflected("VERB impf pres", "уметь", KNOW, subject.person_cell, [word]), subject)
    russian = [*subject_ru, know]
    if mode == "cannot":
        russian.insert(-1, particle("не", "PRCL", [word])[0])
        notes.tags.add("negation")
    english = [word, *subject_en] if mode == "?" else [*subject_en, word]
    if mode == "?":
        notes.tags.add("yes-no-question")
    phrase = join((english, russian), infinitive(clause, know, notes))
    return sentence(phrase, notes, "?" if mode == "?" else ".")


def generic(np: NP) -> NP:
    """books, milk: any, and all"""
    np.det, np.plural = "", np.noun.counted
    return np


CUPS = {  # what one drinks and eats it from
    "чашка": "чай кофе какао", "стакан": "вода сок молоко лимонад", "бутылка": "вода молоко вино лимонад",
    "тарелка": "суп каша рис салат",
}  # fmt: skip


BAD = (
    "big",
    "dirty",
    "broken",
    "wet",
    "empty",
    "bad",
    "old",
    "terrible",
    "boring",
    "sour",
    "strange",
    "poor",
    "lost",
    "hard",
)


def wanted(np: NP) -> NP:
    """Nobody needs dirty potatoes."""
    np.adjectives = tuple(a for a in np.adjectives if a.en not in BAD)
    np.drop_choosy_adjectives()
    return np


def wants_thing(w: World) -> Sentence:
    """I would like a cup of tea. – Я хотел бы чашку чая.   Do you want an apple? – Ты хочешь яблоко?"""
    notes = Notes()
    mode = w.random.choice(("want", "want", "not want", "want?", "would like", "would like", "would like", "wanted"))
    subject = somebody(w, you=False)
    if mode == "want?":
        subject = NP(pronoun=w.random.choice(("thou masc", "thou masc", "he", "she", "they")))
    if w.chance(0.35) and mode != "not want":
        cup = w.choose(tuple(CUPS))
        inside = NP(w.lexicon.noun(w.choose(CUPS[cup].split())), det="")
        of_en, of_ru = say(inside, "gent", notes)
        np = NP(w.lexicon.noun(cup), det="a", after=(en("of") + of_en, of_ru))
        inside.ru_head.link("government", np.ru_head)
    else:
        nouns = w.of("food drink =мяч =кукла =велосипед =собака =кошка =щенок =котёнок =попугай =подарок =гитара =часы")
        nouns = [n for n in nouns if n.ru != "вода"]  # хочу воды; a glass of water will do
        np = w.np(nouns, plural=0.15, adjective=0.15, a=1.0)
        if mode == "not want" and np.noun.counted:
            np.plural, np.det = False, "the" if np.noun.classes & {"food"} else "a"
        np.det = "" if np.noun.mass or (np.en_plural and np.det != "the") else np.det
        wanted(np)
    words_en, words_ru, governor = modal_words(w, subject, mode, notes)
    index = next(i for i in range(len(words_en) - 1, -1, -1) if words_en[i].form == "to")
    del words_en[index]
    thing_en, thing_ru = say(np, "accs", notes)
    np.ru_head.link("government", governor)
    notes.combos.add(f"want>{np.noun.ru}")
    phrase = join((words_en, words_ru), (thing_en, thing_ru))
    return sentence(phrase, notes, "?" if mode == "want?" else ".")


BELIEF = (  # English, Russian
    ("know", "знать"),
    ("think", "думать"),
    ("hope", "надеяться надеюсь надеется"),
    ("remember", "помнить помню помнит"),
    ("believe", "верить верю верит imp=верь"),
    ("not think", "думать"),
    ("not believe", "верить верю верит imp=верь"),
    ("glad", ""),
    ("sure", ""),
    ("not sure", ""),
)


def believes(w: World) -> Sentence:
    """I hope that you will come. – Я надеюсь, что ты придёшь.   I am glad that … – Я рад, что …"""
    notes = Notes({"that-clause"})
    subject = NP(pronoun=w.random.choice(("I", "I", "we"))) if w.chance(0.6) else somebody(w, you=False)
    text_en, parts = w.choose(BELIEF)
    neg = text_en.startswith("not ")
    text_en = text_en.removeprefix("not ")
    if not parts:
        start = subject_be(subject, notes, False, neg)
        start = join(start, said_short(w, text_en, subject))
        notes.tags |= {"short-adjective", "zero-copula"}
    else:
        start = say(subject, "nomn", notes, subject=True)
        word = Word(text_en + "s" * (subject.third and not neg), text_en)
        forms = verb_forms(parts)
        verb = agree(inflected("VERB impf pres", forms["infn"], forms, subject.person_cell, [word]), subject)
        if neg:
            do_not = [Word("does" if subject.third else "do", "do"), *en("not")]
            start = join(start, (do_not, particle("не", "PRCL", do_not[1:])))
            notes.tags |= {"negation", "do-support"}
        start = join(start, ([word], [verb]))
        notes.tags.add("person-agreement")
    inner = w.verb(lambda v: v.human and v.key not in ("hate", "envy", "avoid", "want", "enjoy", "like", "begin"))
    who = None
    if w.chance(0.5):
        who = NP(pronoun=w.random.choice(("thou masc", "we", "he", "she", "they")))
    tense = None
    if text_en == "hope" or neg:
        tense = "will do" if inner.perf else "will be doing"
        if not inner.eventive:
            return believes(w)
    clause = w.clause(inner, tense, who, adjective=0.0)
    if clause.subject.noun and clause.subject.noun is subject.noun:
        return believes(w)
    if clause.subject.pronoun == subject.pronoun or (neg and clause.tense == "has done"):
        return believes(w)
    that = both("that", "что", "CONJ")
    if w.chance(0.3):  # I think she is sleeping.
        that = [], particle("что", "CONJ", start[0][-1:])
    return sentence(join(start, comma(), that, said(undated(clause), notes)), notes)


def needs(w: World) -> Sentence:
    """I need a flag. – Мне нужен флаг.   We needed a car. – Нам была нужна машина.   Do you need a pen?"""
    notes = Notes({"dative-experiencer"})
    person = somebody(w)
    mode = w.random.choice(("need", "need", "needed", "will need", "not need", "need?"))
    if mode == "need?":
        person = NP(pronoun=w.random.choice(("thou masc", "thou masc", "he", "she", "they")))
    np = w.np(w.of("thing clothes food drink =помощь =работа =адрес =план"), plural=0.2, adjective=0.15, a=0.8)
    np.det = "" if np.noun.mass else np.det
    if np.det == "the" and not np.noun.definite and (np.en_plural or mode != "not need"):
        np.det = "" if np.en_plural else "a"
    wanted(np)
    if np.noun.bare:
        np.det = ""
    third = person.third
    person_en, person_ru = say(person, "datv", notes, subject=True)
    thing_en, thing_ru = say(np, "nomn", notes)
    do = Word("does" if third else "do", "do")
    word = Word("needed" if mode == "needed" else "needs" if mode == "need" and third else "need", "need")
    need = inflected("ADJS", "нужный", w.lexicon.short_adjectives["need"], np.short_cell, [word])
    need.link("agreement", np.ru_head)
    person.ru_head.link("government", need)
    english, russian = [*person_en, word], [*person_ru, need]
    if mode == "needed":
        russian.insert(-1, agree(inflected("VERB impf", "быть", TO_BE, np.past_cell, [word]), np))
        notes.tags.add("past-agreement")
    elif mode == "will need":
        will = en("will")
        english.insert(-1, will[0])
        russian.insert(-1, will_be(np, will[0]))
    elif mode == "not need":
        english = [*person_en, do, *en("not"), word]
        russian.insert(-1, particle("не", "PRCL", english[-2:-1])[0])
        notes.tags.add("negation")
    elif mode == "need?":
        english = [do, *person_en, word]
        notes.tags.add("yes-no-question")
    return sentence(join((english, russian), (thing_en, thing_ru)), notes, "?" if mode == "need?" else ".")
