"""Small connected things: I think that …, I know where …, because, so, but, when, if; and two people at once."""

from grammar.clauses import Clause, fronted, said, will_be
from grammar.conjugation import TO_BE
from grammar.frames.answers import answering
from grammar.frames.asking import BY_VERB, STATES, deed, state
from grammar.frames.being import said_short, subject_be
from grammar.frames.talk import ask_wh, person, place_at, place_to, somebody, thing, verb_named
from grammar.noun_phrases import NP, say
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, both, comma, inflected, join, mark, particle
from grammar.world import World

FEELINGS = {"cold": "холодно", "hot": "жарко", "bored": "скучно"}
# Pairs of small clauses (see `small`): what is so, and why.
BECAUSE = (
    ("@home", "ill"), ("@home", "tired"), ("-go;is doing;to:школа работа университет", "ill"),
    ("-go;is doing;to:театр парк кинотеатр", "tired"),
    ("cry;is doing", "lose;did;=ключ =кукла =собака =телефон =мяч"), ("sleep;is doing", "tired"),
    ("-sleep;is doing", "work;is doing"),
    ("-come;did", "was ill"), ("-come;did", "was busy"), ("-phone;did;who", "was busy"),
    ("-phone;did;who", "lose;did;=телефон"),
    ("glad", "buy;did;=дом =машина =собака =скрипка"), ("glad", "find;did;=ключ =паспорт =кошелёк =работа"),
    ("hurry;is doing", "late"),
    ("close;did;=окно =дверь", "was cold"), ("open;did;=окно =дверь", "was hot"), ("leave;did", "was bored"),
    ("leave;did", "was ill"),
    ("drink;is doing;=чай =кофе =какао", "cold"), ("be silent;present", "tired"),
    ("laugh;is doing", "watch;is doing;=фильм"),
    ("-dance;is doing", "tired"), ("stay;did;home", "was ill"), ("stay;did;home", "was busy"),
    ("-work;is doing", "ill"), ("-sing;is doing", "ill"),
    ("drink;is doing;=вода =сок", "hot"),
    ("-read;is doing;=книга =газета", "look for;is doing;=очки"), 
    ("-go;is doing;to:парк магазин", "busy"), ("rest;is doing", "tired"), ("leave;did", "was cold"),
)  # fmt: skip
BUT = (
    ("tired", "work;is doing"), ("tired", "-sleep;is doing"), ("ill", "work;is doing"),
    ("ill", "go;is doing;to:школа работа университет"),
    ("busy", "help;will do;who"), ("ill", "come;will do"), ("was busy", "help;did;who"),
    ("look for;was doing;=ключ =телефон =паспорт", "-find;did;it"),
    ("see;often did;=фильм", "-remember;present;it"), ("was ill", "come;did"),
    ("late", "-hurry;is doing"),
    ("know;present;=песня =слово =правило", "-understand;present;it"), ("hear;present;who", "-see;present;same"),
    ("live;present;here", "-work;present;here"),
    ("cold", "-close;will do;=окно"), ("read;did;=письмо =сообщение", "-answer на;did;it"),
    ("buy;did;=книга", "-read;did;it"), ("come;will do", "-stay;will do;here"),
)  # fmt: skip
WHEN = (  # past: when this happened, that was going on
    ("come", "sleep"), ("come", "work"), ("come", "read"), ("come", "eat;=суп =рыба"), ("come", "drink;=чай =кофе"),
    ("leave", "sleep"), ("come back", "cook;=обед =ужин"),
    ("phone;who", "work"), ("phone;who", "sleep"), ("leave", "rest"), ("come", "play в;=шахматы"),
    ("come back", "watch;=фильм"), ("come", "listen to;=музыка"), ("leave", "cry"),
    ("come", "write;=письмо =статья"), ("come back", "sleep"), ("see;who", "walk"), ("see;who", "wait"),
    ("see;who", "cry"), ("see;who", "dance"), ("find;who", "sleep"),
)  # fmt: skip
IF = (  # what may happen, and what one will do then
    ("come", "cook;=обед =ужин =суп"), ("come", "glad"), ("find;=ключ", "open;=дверь =чемодан"),
    ("help;who", "repair;=машина =велосипед"),
    ("stay;here", "leave"), ("phone;who", "come"), ("buy;=рыба =мясо", "cook;it"),
    ("come", "stay;home"), ("leave", "stay;here"), ("find;=ключ", "phone;who"),
    ("phone;who", "help;who"), ("open;=окно", "close;=дверь"), ("come back", "phone;who"),
    ("buy;=билет", "go;to:театр концерт музей кинотеатр"),
    ("repair;=машина", "ride;to:деревня город море"),
)  # fmt: skip
MAIN = (  # what "that" follows, for I, we; and for others
    ("think", "present"), ("think", "present"), ("know", "present"), ("hope", "present"), ("say", "present"),
    ("say", "did"), ("know", "often did"),
)  # fmt: skip


def small(
    w: World, subject: NP, spec: str, notes: Notes, tense: str = "", last: NP | None = None, front: str = ""
) -> tuple[Phrase, NP | None]:
    """A small clause from a row of the tables above, and its object.

    "ill" or "was ill" (a state), "@home" (a place), "cold" (a feeling), or "verb;tense;object", - in front for not. An
    object is who (a person), it or same (the one before), nouns, or a place: here, home, to:школа.
    """
    start = both(*front.split("|")) if front else ([], [])
    past = spec.startswith("was ")
    name = spec.removeprefix("was ")
    if name in FEELINGS:
        notes.tags.add("dative-experiencer")
        person_en, person_ru = say(subject, "datv", notes, subject=True)
        be = subject.be(past)
        word = Word(name, name)
        feeling = Word(FEELINGS[name], FEELINGS[name], "PRED", source=[word])
        subject.ru_head.link("government", feeling)
        verb = [inflected("VERB impf", "быть", TO_BE, "past neut", [be])] if past else []
        return join(start, ([*person_en, be, word], [*person_ru, *verb, feeling])), None
    if name in (*STATES, *BY_VERB, "glad"):
        if tense == "will do":
            return join(start, _will_be(w, subject, name, notes)), None
        be, end = state(w, subject, notes, past, name)
        subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
        return join(start, ([*subject_en, be], subject_ru), end), None
    if name.startswith("@"):
        return join(start, subject_be(subject, notes, past), both("at home", "дома")), None
    key, *rest = spec.split(";")
    verb = verb_named(w, key.lstrip("-"))
    if not tense:
        tense, *rest = rest
    if tense == "will do" and not verb.perf:
        tense = "will be doing"
    if tense == "when done" and not verb.perf:
        tense = "present"
    clause = Clause(subject, verb, tense, neg=key[0] == "-")
    for what in rest:
        if what == "who":
            clause.object = somebody(w, subject) if last is None else last
        elif what in ("it", "same"):
            before = last
            if before is None:
                raise ValueError(f"{spec}: nothing before")
            if before.pronoun:
                clause.object = NP(pronoun=before.pronoun)
            else:
                it = before.noun.animate
                pronoun = ("he" if before.gender == "masc" else "she") if it else f"it {before.gender}"
                clause.object = NP(pronoun=pronoun, antecedent=before.ru_head)
                if not it:
                    notes.tags.add("it-in-sentence")
        elif what in ("here", "home", "tomorrow"):
            clause.ends.append(
                both(
                    *{"here": ("here", "здесь"), "home": ("at home", "дома"), "tomorrow": ("tomorrow", "завтра")}[what]
                )
            )
        elif what.startswith("to:"):
            clause.ends.append(place_to(w, notes, what[3:]))
        elif what.startswith("="):
            np = clause.object = thing(w, what, a=0.5 if verb.key in ("buy", "write") else 0.0, plural=0.0)
            if np.noun.number in ("R", "P") and verb.key != "play в":
                np.det = "the"
    return join(start, said(clause, notes)), clause.object


def _will_be(w: World, subject: NP, name: str, notes: Notes) -> Phrase:
    """I will be glad – я буду рад"""
    will = Word("will", "will")
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    notes.tags |= {"short-adjective", "person-agreement"}
    start = [*subject_en, will, Word("be", "be")], [*subject_ru, will_be(subject, will)]
    return join(start, said_short(w, name, subject))


def again(subject: NP) -> NP:
    """The pronoun for somebody already named: I – I, Anna – she."""
    if subject.pronoun:
        return NP(pronoun=subject.pronoun, antecedent=subject.antecedent)
    return answering(subject)


def because(w: World) -> Sentence:
    """I am at home because I am ill. – Я дома, потому что я болен.   I am tired, so …"""
    notes = Notes()
    main, cause = w.random.choice(BECAUSE)
    subject = person(w, i=4, you=1, mine="my")
    if w.chance(0.6):
        start, _ = small(w, subject, main, notes)
        end, _ = small(w, again(subject), cause, notes)
        return sentence(join(start, comma(), both("because", "потому что", "CONJ"), end), notes)
    start, _ = small(w, subject, cause, notes)
    end, _ = small(w, again(subject), main, notes)
    return sentence(join(start, mark(","), both("so", "поэтому", "CONJ"), end), notes)


def but(w: World) -> Sentence:
    """I am tired, but I am working. – Я устал, но я работаю."""
    notes = Notes({"coordination"})
    first, second = w.random.choice(BUT)
    subject = person(w, i=4, you=1, mine="my")
    start, np = small(w, subject, first, notes)
    again_ = again(subject)
    end, _ = small(w, again_, second, notes, last=np)
    return sentence(join(start, mark(","), both("but", "но", "CONJ"), end), notes)


def other_than(w: World, subject: NP) -> NP:
    """Somebody else; I and you go together well."""
    for _ in range(50):
        other = person(w, i=3, you=3, mine="my")
        same = (other.pronoun and other.pronoun == subject.pronoun) or (other.noun and other.noun is subject.noun)
        third = other.person == "3per" and subject.person == "3per"
        ours = {other.pronoun, subject.pronoun} in ({"I", "we"}, {"thou masc", "we"})
        if not same and not third and not ours:
            return other
    return NP(pronoun="I")


def when(w: World) -> Sentence:
    """When she came, I was working. – Когда она пришла, я работал."""
    notes = Notes()
    first, second = w.random.choice(WHEN)
    subject = person(w, i=2, you=2, mine="my")
    other = other_than(w, subject)
    if "who" in first:
        key = first.split(";")[0]
        clause = Clause(subject, verb_named(w, key), "did")
        clause.object = NP(pronoun=other.pronoun) if other.pronoun else other
        if not other.pronoun:
            return when(w)
        start = said(clause, notes)
    else:
        start, _ = small(w, subject, first, notes, "did")
    end, _ = small(w, other, second, notes, "was doing")
    if w.chance(0.6):
        return sentence(join(both("when", "когда", "CONJ"), start, mark(","), end), notes)
    return sentence(join(end, comma(), both("when", "когда", "CONJ"), start), notes)


def if_(w: World) -> Sentence:
    """If you come, I will cook dinner. – Если ты придёшь, я приготовлю ужин.   I will phone you when I come back."""
    notes = Notes()
    first, second = w.random.choice(IF)
    when_ = first in (
        "come back",
        "find;=ключ",
        "translate;=письмо",
        "repair;=машина",
        "buy;=билет",
        "lose;=телефон",
    ) or (first, second) == ("come", "cook;=обед =ужин =суп")
    subject = person(w, i=3, you=4, mine="my")
    if first.split(";")[0] in (
        "find",
        "translate",
        "repair",
        "buy",
        "lose",
        "forget",
        "come back",
        "read",
    ) and w.chance(0.7):
        other = again(subject)
    else:
        other = other_than(w, subject)
    if other.pronoun == "thou masc":
        return if_(w)
    if first.endswith("who"):
        if not other.pronoun or other.pronoun == subject.pronoun:
            return if_(w)
        last: NP | None = NP(pronoun=other.pronoun)
    else:
        last = None
    start, np = small(w, subject, first, notes, "when done", last)
    if second.endswith("same") or second.endswith(";who"):
        if subject.pronoun == other.pronoun or not subject.pronoun:
            whom = somebody(w, other)
        else:
            whom = NP(pronoun=subject.pronoun)
        np = whom
        second = second.replace("same", "who")
    end, _ = small(w, other, second, notes, "will do", np)
    word = both("when", "когда", "CONJ") if when_ and w.chance(0.5) else both("if", "если", "CONJ")
    if w.chance(0.6) or (np and second.endswith("it")):
        return sentence(join(word, start, mark(","), end), notes)
    return sentence(join(end, comma(), word, start), notes)


def and_another(w: World) -> Sentence:
    """I am reading, and my brother is sleeping. – Я читаю, а мой брат спит."""
    notes = Notes({"coordination"})
    rows = (
        "read",
        "work",
        "sleep",
        "rest",
        "cook;=обед =ужин",
        "write;=письмо",
        "listen to;=музыка",
        "draw",
        "wait",
        "dance",
        "wash;=машина =пол",
        "play в;=шахматы =футбол",
        "sing",
        "drink;=чай =кофе",
        "watch;=фильм",
    )
    first, second = w.random.sample(rows, 2)
    tense = w.random.choice(("is doing", "was doing"))
    subject = person(w, i=3, you=1, mine="my")
    other = other_than(w, subject)
    start, _ = small(w, subject, first, notes, tense)
    end, _ = small(w, other, second, notes, tense)
    return sentence(join(start, mark(","), both("and", "а", "CONJ"), end), notes)


def reported(w: World) -> Sentence:
    """I think that she is at home. – Я думаю, что она дома.   She says that you know the answer."""
    notes = Notes({"that-clause"})
    subject = person(w, i=7, you=1, mine="my")
    lemma, tense = w.random.choice(MAIN)
    if lemma == "say" and subject.pronoun in ("I", "thou masc", "we"):
        return reported(w)
    verb = verb_named(w, lemma) if lemma != "hope" else w.lexicon.talk_verbs["hope"]
    neg = lemma in ("know", "think") and tense == "present" and w.chance(0.15) and subject.pronoun == "I"
    if lemma == "know" and tense == "often did":
        neg = w.chance(0.6)
    start = said(Clause(subject, verb, tense, neg=neg), notes)
    if subject.pronoun == "I" and w.chance(0.2) and tense == "present" and not neg:
        notes.tags |= {"short-adjective", "zero-copula"}
        name = w.random.choice(("glad", "sure"))
        subject_en, subject_ru = say(subject := NP(pronoun="I"), "nomn", notes, subject=True)
        start = join(([*subject_en, subject.be()], subject_ru), said_short(w, name, subject))
    inner = other_than(w, subject)
    if inner.person != "3per" and lemma == "think" and inner.pronoun == subject.pronoun:
        return reported(w)
    end = inner_clause(w, inner, notes, past=tense in ("did", "often did"), future=lemma == "hope")
    that = both("that", "что", "CONJ")
    if lemma in ("think", "know", "hope", "say") and w.chance(0.3):  # I think she is at home
        that = (
            [],
            particle(
                "что",
                "CONJ",
                [word for word in start[0] if word.lemma in ("think", "know", "hope", "say", "glad", "sure")][:1],
            ),
        )
    return sentence(join(start, comma(), that, end), notes)


def inner_clause(w: World, subject: NP, notes: Notes, past: bool = False, future: bool = False) -> Phrase:
    """she is at home, he is right, you know the answer; after a past only what does not change with it"""
    kind = w.random.choice(("state", "place", "deed", "deed"))
    if kind == "deed" or past:
        clause = deed(w, subject, notes)
        while (past and clause.tense not in ("did", "often did", "was doing")) or (
            future and clause.tense != "will do"
        ):
            clause = deed(w, subject, notes)
        return said(clause, notes)
    if kind == "state":
        be, end = state(
            w, subject, notes, False, w.random.choice(("busy", "ill", "right", "right", "ready", "tired", "late"))
        )
        subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
        return join(([*subject_en, be], subject_ru), end)
    return join(subject_be(subject, notes, False), place_at(w, notes))


EMBEDDED = (
    ("where|где", "live", "present"), ("where|где", "work", "present"), ("where|где", "study", "present"),
    ("when|когда", "come", "will do"), ("when|когда", "come back", "will do"),
    ("when|когда", "leave", "did"), ("why|почему", "cry", "is doing"), ("why|почему", "laugh", "is doing"),
    ("why|почему", "be silent", "present"), ("where|куда", "go", "is doing"),
    ("why|почему", "leave", "did"), ("where|куда", "go", "is doing"), ("what", "want", "present"),
    ("what", "do", "is doing"), ("what", "say", "did"), ("what", "read", "is doing"),
    ("what", "look for", "is doing"), ("who", "wait for", "is doing"), ("who", "love", "present"),
    ("what", "buy", "did"), ("what", "think about", "is doing"), ("how|как", "get to", "present"),
    *(("what", "mean", "present"),) * 3, ("when|когда", "begin", "present"), ("when|когда", "end", "present"),
    ("when|когда", "open itself", "present"), ("when|когда", "close itself", "present"),
    ("when|когда", "open itself", "will do"), ("when|когда", "close itself", "will do"),
    ("when|когда", "begin", "will do"), ("when|когда", "end", "will do"), ("when|когда", "open itself", "present"),
    ("when|когда", "close itself", "present"), ("what", "mean", "present"),
    ("what", "say", "did"), ("who", "ask", "did"), ("where|где", "rest", "was doing"),
    ("why|почему", "hurry", "is doing"), ("when|когда", "begin", "present"),
)  # fmt: skip


def know_where(w: World) -> Sentence:
    """I know where he lives. – Я знаю, где он живёт.   Do you know when she will come?"""
    notes = Notes()
    front, key, tense = w.random.choice(EMBEDDED)
    verb = verb_named(w, key)
    inner = person(w, i=0, you=1, mine="your")
    ask = w.chance(0.4)
    if inner.pronoun in ("thou masc", "we") and (ask or key != "want"):
        inner = NP(pronoun=w.random.choice(("he", "she", "they")))
    if key in ("begin", "end"):
        inner = NP(w.choose(w.of("=урок =концерт =экзамен =лекция =фильм =собрание")), det="the")
    elif "itself" in key:
        inner = NP(w.choose(w.of("=банк =музей =библиотека =рынок =почта =кафе")), det="the")
    elif key == "mean":
        inner = NP(w.choose(w.of("=слово =слово =имя =ответ")), det=w.random.choice(("this", "that")))
        inner.plural = inner.noun.ru == "слово" and w.chance(0.4)
    if not ask and inner.det == "your":
        inner.det = "my"
    clause = Clause(inner, verb, tense)
    if "|" in front:
        if key == "get to":
            clause.object = NP(w.choose(verb.objects), det="the")
            clause.object.det = "" if clause.object.noun.ru in ("школа", "работа") else "the"
        rest = ask_wh(
            both(*front.split("|")), clause, notes, ask=False, last=False if front[:3] in ("why", "how") else None
        )
    else:
        clause.object = NP(pronoun=front) if key != "mean" else None
        if key == "mean":
            what = NP(pronoun="what")
            rest = ask_wh(say(what, "accs", notes), clause, notes, ask=False)
            what.ru_head.link("government", next(word for word in rest[1] if word.lemma == "значить"))
        else:
            rest = fronted(clause, notes)
    main_key = w.random.choice(("know", "know", "know", "remember", "understand", "ask"))
    if main_key == "understand" and not front.startswith(("why", "what")):
        main_key = "know"
    if main_key == "remember" and tense != "did":
        main_key = "know"
    if main_key == "ask" and tense in ("did", "will do", "was doing"):
        main_key = "know"
    if main_key == "ask":
        main_key = "know"
    me = person(w, i=0, you=12) if ask else person(w, i=5, you=1, mine="my")
    if (me.pronoun and me.pronoun == inner.pronoun) or (me.noun and me.person == inner.person):
        me = NP(pronoun="thou masc" if ask else "I")
    main = said(Clause(me, w.lexicon.verb(main_key), "present", neg=not ask and w.chance(0.5), ask=ask), notes)
    if ask:
        notes.tags.add("yes-no-question")
    return sentence(join(main, comma(), rest), notes, "?" if ask else ".")


def perhaps(w: World) -> Sentence:
    """Perhaps she is at home. – Может быть, она дома."""
    notes = Notes()
    start = both(w.random.choice(("perhaps", "maybe")), "может быть", "PRCL")
    return sentence(join(start, comma(), inner_clause(w, person(w, i=0, you=2, mine="your"), notes)), notes)
