"""Where people go, come, live, work and study.

Russian wants to know more than English says. Here "goes" is a habit (ходит), "is going" happens now (идёт), "went" is
there and back (ходил), but "went home" is not (пошёл); with a bus, a train or another town it is by vehicle (ездит,
едет, ездил, поехал).
"""

from grammar.clauses import Clause, predicate
from grammar.conjugation import verb_forms
from grammar.frames.speaking import (
    FUTURE,
    HABITS,
    PAST,
    _asked_about,
    add_when,
    call,
    cell,
    company,
    finished,
    plain_will,
    somebody,
)
from grammar.lexicon import Verb
from grammar.noun_phrases import NP, say
from grammar.prepositions import prepositional
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, both, en, join, mark
from grammar.world import World

NEAR = "магазин парк школа больница библиотека музей театр кинотеатр стадион рынок вокзал ресторан кафе река церковь"
FAR = "аэропорт деревня море лес больница вокзал университет завод музей школа зоопарк"
HOME = "home", "домой"


def _going(impf: str, perf: str = "-") -> Verb:
    perfect = verb_forms(perf) if perf != "-" else {}
    empty: tuple = ()
    return Verb(
        "go", "goes", "went", "gone", "going", "", verb_forms(impf), perfect, "", "", False, empty, empty,
        frozenset(), True,
    )  # fmt: skip


GOING = {False: _going("идти иду идёт past=шёл,шла"), True: _going("ехать еду едет imp=-")}  # by vehicle?


def goes(w: World) -> Sentence:
    """I go to school every day. – Я хожу в школу каждый день.   We went home by bus. – Мы поехали домой …"""
    notes = Notes()
    ask = w.chance(0.15)
    drawn = []
    for _ in range(8):
        ride, home = w.chance(0.45), w.chance(0.2)
        verb = w.lexicon.verb("go", "ездить" if ride else "ходить")
        tense = w.random.choice(("present", "is doing", "went", "will do", "was doing", "will often"))
        often = tense == "will often"
        if often:
            tense = "will be doing"
        if tense in ("is doing", "was doing"):
            verb = GOING[ride]
        elif tense == "went":
            tense = "did" if home else "often did"
        who = _asked_about(w) if ask else somebody(w)
        neg = not ask and not often and tense not in ("did", "was doing") and w.chance(0.2)
        drawn.append((Clause(who, verb, tense, neg=neg, ask=ask), ride, home))
    clause, ride, home = min(drawn, key=lambda one: w.used[cell(one[0].verb, one[0].subject, one[0].tense)])
    _destination(w, clause, ride, home, notes)
    _time_of_going(w, clause, home)
    if clause.tense == "will be doing":
        clause.middle = both("often", "часто")
    made = finished(clause, notes, "?" if ask else ".")
    if ask:
        notes.tags.add("yes-no-question")
    return plain_will(made, clause.verb) if clause.tense == "will be doing" else made


def _destination(w: World, clause: Clause, ride: bool, home: bool, notes: Notes) -> None:
    """home, to work, to the shop, to Moscow; by bus."""
    notes.tags.add("motion")
    by = ""
    if home:
        clause.ends.append(both(*HOME))
        notes.tags.discard("motion")
    elif w.chance(0.12):
        clause.ends.append(_to_work(w))
        notes.tags.discard("motion")
    elif ride and w.chance(0.35):
        np = NP(w.choose(w.cities), det="")
        clause.ends.append(prepositional("to", "в", "accs", np, notes))
        by = "train"
        if w.chance(0.5):
            return
    elif not ride and w.chance(0.08):
        clause.ends.append(prepositional("to", "к", "datv", NP(w.choose(w.of("=врач =стоматолог"))), notes))
        notes.tags.discard("motion")
    else:
        noun = w.choose(w.of(" ".join("=" + ru for ru in (FAR if ride else NEAR).split())))
        np = NP(noun, det="" if noun.ru == "школа" else "the")
        to = "на" if noun.ru == "море" else "к" if noun.ru == "река" else noun.place
        clause.ends.append(prepositional("to", to, "datv" if to == "к" else "accs", np, notes))
    if ride:
        clause.ends.append(_by(w, by or w.random.choice(("bus", "train", "car", "bus", "taxi")), clause))
    elif w.chance(0.1):
        clause.ends.append(company(w, clause.subject, notes))


def _to_work(w: World) -> Phrase:
    """to work – на работу"""
    words_en = en("to work")
    noun = w.lexicon.noun("работа")
    to = Word("на", "на", "PREP", source=words_en[:1])
    work = Word().inflect("NOUN femn", noun.ru, noun.forms, "sing accs", words_en[1:]).link("government", to)
    return words_en, [to, work]


def _by(w: World, carrier: str, clause: Clause) -> Phrase:
    """by bus – на автобусе"""
    ru = {"bus": "автобус", "train": "поезд", "car": "машина", "taxi": "такси"}[carrier]
    noun = w.lexicon.noun(ru)
    words_en = en(f"by {carrier}")
    by = Word("на", "на", "PREP", source=words_en[:1])
    word = Word().inflect(f"NOUN {noun.gender}", noun.ru, noun.forms, "sing loct", words_en[1:])
    return words_en, [by, word.link("government", by)]


def _time_of_going(w: World, clause: Clause, home: bool = False) -> None:
    tense = clause.tense
    if tense == "present" and home and not clause.neg:
        add_when(w, clause, HABITS[2:4] + HABITS[5:])
    elif tense == "present" and w.chance(0.6):
        if w.chance(0.4) and not clause.neg:
            clause.middle = w.adverbial(w.lexicon.times["often"])
        elif not clause.neg or w.chance(0.3):
            add_when(w, clause, HABITS[:1] + HABITS[4:] if clause.neg else HABITS)
    elif tense in ("did", "often did") and w.chance(0.45):
        add_when(w, clause, PAST[:2] if home else PAST[:3])
    elif tense == "will do" and w.chance(0.5):
        add_when(w, clause, FUTURE[:2] if clause.neg else FUTURE)
    elif tense == "is doing" and w.chance(0.2):
        add_when(w, clause, (("now", "сейчас", "verb"),))


def wants_to_go(w: World) -> Sentence:
    """I want to go home. – Я хочу пойти домой.   She does not want to go to school. – Она не хочет идти в школу."""
    notes = Notes({"infinitive"})
    drawn = []
    for _ in range(8):
        ride, home, neg = w.chance(0.4), w.chance(0.25), w.chance(0.4)
        verb = GOING[ride] if neg else w.lexicon.verb("go", "ездить" if ride else "ходить")
        if not ride and w.chance(0.25):
            verb, home = w.lexicon.verb("come", "приходить"), True
        drawn.append((Clause(somebody(w), verb, "infinitive" if neg else "infinitive perf"), ride, home, neg))
    clause, ride, home, neg = min(drawn, key=lambda one: w.used[cell(one[0].verb, one[0].subject, one[0].tense)])
    subject = clause.subject
    start = say(subject, "nomn", notes, subject=True)
    want = predicate(w.lexicon.verb("want"), subject, "present", notes, neg=neg)
    verb = predicate(clause.verb, subject, clause.tense, notes)
    verb.head.link("government", want.head)
    _destination(w, clause, ride, home, notes)
    body = join(start, ([*want.english, Word("to", "to"), *verb.english], want.russian + verb.russian))
    if calling := call(subject):
        notes.tags.add("address")
        body = join(calling, mark(","), body)
    return sentence(join(body, *clause.ends), notes)


def comes(w: World) -> Sentence:
    """I come home in the evening. – Вечером я прихожу домой.   She came from school. – Она пришла из школы."""
    notes = Notes()
    verb = w.lexicon.verb("come", "приходить")
    ask = w.chance(0.15)
    drawn = []
    for _ in range(8):
        who = _asked_about(w) if ask else somebody(w)
        tense = w.random.choice(("present", "did", "will do", "often did"))
        drawn.append(Clause(who, verb, tense, ask=ask, neg=not ask and tense != "often did" and w.chance(0.15)))
    clause = min(drawn, key=lambda one: w.used[cell(verb, one.subject, one.tense)])
    if w.chance(0.6):
        clause.ends.append(both(*HOME))
    elif w.chance(0.4):
        np = NP(w.lexicon.noun("школа"), det="")
        clause.ends.append(prepositional("from", "из", "gent", np, notes))
    elif w.chance(0.5):
        np = NP(w.choose(w.of("=магазин =библиотека =больница =музей =театр")))
        clause.ends.append(prepositional("to", "в", "accs", np, notes))
    if clause.tense == "often did":
        clause.middle = w.adverbial((("often", "часто"), ("sometimes", "иногда"), ("rarely", "редко")))
    elif clause.tense == "present":
        add_when(w, clause, HABITS[2:4] + HABITS[5:] if not clause.neg else HABITS[5:])
    else:
        _time_of_going(w, clause, home=True)
    if ask:
        notes.tags.add("yes-no-question")
    return finished(clause, notes, "?" if ask else ".")


def lives(w: World) -> Sentence:
    """We live in Moscow. – Мы живём в Москве.   Do you study at school? – Ты учишься в школе?"""
    notes = Notes()
    ask = w.chance(0.2)
    drawn = []
    for _ in range(6):
        who = _asked_about(w) if ask else somebody(w)
        key, infinitive = w.random.choice((("live", "жить"), ("work", "работать"), ("study", "учиться")))
        tense = w.random.choice(("present", "present", "often did", "will be doing"))
        drawn.append(Clause(who, w.lexicon.verb(key, infinitive), tense, ask=ask, neg=not ask and w.chance(0.2)))
    clause = min(drawn, key=lambda one: w.used[cell(one.verb, one.subject, one.tense)])
    key = clause.verb.key
    if key == "study":
        if clause.subject.noun and clause.subject.noun.classes & {"parent", "family"}:
            clause.subject = NP(pronoun="she")
        school = w.chance(0.5)
        np = NP(w.lexicon.noun("школа" if school else "университет"), det="" if school else "the")
        clause.ends.append(prepositional("at", "в", "loct", np, notes))
    elif key == "live" and w.chance(0.45):
        clause.ends.append(prepositional("in", "в", "loct", NP(w.choose(w.cities), det=""), notes))
    elif key == "live":
        noun = w.choose(w.of("=дом =деревня =город =гостиница"))
        np = w.dress(noun, plural=0.0, adjective=0.35, a=0.5)
        if not np.adjectives and w.chance(0.4):
            np.det = w.random.choice(("this", "that"))
        np.drop_choosy_adjectives()
        clause.ends.append(prepositional("in", noun.place, "loct", np, notes))
    else:
        noun = w.choose(w.of("=школа =больница =банк =магазин =завод =ресторан =библиотека =музей =университет =театр"))
        at = "in" if noun.ru in ("магазин", "ресторан", "библиотека", "музей", "театр") else "at"
        np = NP(noun, det=w.random.choice(("a", "the", "this")))
        clause.ends.append(prepositional(at, noun.place, "loct", np, notes))
    if ask:
        notes.tags.add("yes-no-question")
    return finished(clause, notes, "?" if ask else ".")
