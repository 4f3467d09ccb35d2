"""Where something is or happens, where somebody goes to, comes from or passes, where something is put."""

from grammar.clauses import Clause, agree, said
from grammar.conjugation import verb_forms
from grammar.frames.being import subject_be
from grammar.lexicon import Preposition
from grammar.noun_phrases import NP, say
from grammar.prepositions import prepositional
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, en, inflected, join
from grammar.world import World

OUTDOORS = "=сад =парк =лес =поле =деревня =улица =зоопарк =ферма =остров"
OUTSIDE = {"building", "institution", "outdoors", "water_place", "plant"}
HUNG = ("лампа", "зеркало", "картина", "портрет", "часы", "фотография", "флаг", "карта")
MOTION = (  # English, Russian time and verb, where to
    ("is walking", "pres", "идти иду идёт past=шёл,шла", "way"),
    ("is running", "pres", "бежать бегу бежит 3pl=бегут", "way"),
    ("is going by bus", "pres", "ехать еду едет", "place"),
    ("is going by train", "pres", "ехать еду едет", "city"),
    ("is flying", "pres", "лететь лечу летит", "city"),
    ("has come", "past", "прийти приду придёт past=пришёл,пришла", "from"),
    ("has arrived", "past", "приехать приеду приедет", "from"),
    ("will come", "futr", "прийти приду придёт past=пришёл,пришла", "from"),
)


def place(w: World, notes: Notes, spec: str = "place room") -> Phrase:
    """in the garden – в саду"""
    noun = w.choose(w.of(spec))
    return prepositional(noun.en_place, noun.place, "loct", w.dress(noun, plural=0.0, adjective=0.1), notes)


def at_place(w: World) -> Sentence:
    """The boy was sleeping in the garden. – Мальчик спал в саду."""
    notes = Notes()
    verb = w.verb(lambda v: "p" in v.flags and (not v.case or v.direct))
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


def is_somewhere(w: World) -> Sentence:
    """The book is on the table. – Книга на столе.   The keys were in the bag. – Ключи были в сумке."""
    notes = Notes()
    subject = w.np([n for n in w.of("thing animal person") if "sense" not in n.classes], adjective=0.12)
    if subject.human or (subject.animate and w.chance(0.5)):
        end = place(w, notes, "place room" if subject.human else OUTDOORS)
    else:
        end = whereabouts(w, w.preposition("where"), subject, notes)
    return sentence(join(subject_be(subject, notes, w.chance(0.35)), end), notes)


def whereabouts(w: World, prep: Preposition, subject: NP, notes: Notes) -> Phrase:
    """on the table, behind the house: where a thing or an animal can be, with `prep` if that fits, else another."""
    if subject.noun.classes >= {"big", "furniture"}:
        return place(w, notes, "room")
    outside = subject.animate or "vehicle" in subject.noun.classes
    nouns = [n for n in prep.nouns if n is not subject.noun and bool(n.classes & OUTSIDE) == outside]
    if outside:
        never = ("in", "on", "under", "above")
    elif subject.noun.ru in HUNG:
        never = ("among",)
    else:
        never = ("among", "above")
    if not nouns or prep.en in never:
        fitting = [p for p in w.lexicon.prepositions if p.use == "where" and p.en not in never]
        return whereabouts(w, w.rarest(fitting), subject, notes)
    np = w.np(nouns, plural=1.0 if prep.en == "among" else 0.0, adjective=0.12)
    return prepositional(prep.en, prep.ru, prep.case, np, notes)


def after_preposition(w: World, prep: Preposition, subject: NP, notes: Notes, working: bool = False) -> Phrase:
    """along the street, with a dog: the preposition and a noun it takes. `working`: the verb is "work"."""
    nouns = [n for n in prep.nouns if n is not subject.noun and not (n.ru == "работа" and working)]
    plural = 1.0 if prep.en == "among" else 0.12 if prep.use in ("with", "when") else 0.0
    np = w.np(nouns, adjective=0.12, plural=plural)
    if prep.use == "with" and not np.noun.animate and np.noun.counted and not np.plural:
        np.det = "a"
        np.drop_choosy_adjectives()
    return prepositional(prep.en, prep.ru, prep.case, np, notes)


def goes(w: World) -> Sentence:
    """Anna has come to the station. – Анна пришла на вокзал.   She is walking along the street. – … идёт по улице."""
    notes = Notes({"motion"})
    subject = w.subject(pronoun=0.25, name=0.3, adjective=0.08)
    how, tense, spec, ends = w.choose(MOTION)
    near = [n for n in w.of("building institution outdoors") if "place" in n.classes]
    near = [n for n in near if n.en_place != "on" and n.ru != "улица"]
    noun = w.choose(w.cities if ends == "city" else near)
    if ends == "way" and w.chance(0.8):
        prep = w.rarest([p for p in w.lexicon.prepositions if p.use == "way"])
        end = after_preposition(w, prep, subject, notes)
    elif ends == "from" and w.chance(0.5):
        np = w.dress(noun, plural=0.0, adjective=0.08)
        end = prepositional("from", {"в": "из", "на": "с"}[noun.place], "gent", np, notes)
    else:
        np = w.dress(noun, plural=0.0, adjective=0.08)
        end = prepositional("at" if how == "has arrived" else "to", noun.place, "accs", np, notes)
    words = en(how)
    if words[0].form == "is":
        words[0] = subject.be()
    elif words[0].form == "has" and not subject.third:
        words[0].form = "have"
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    forms = verb_forms(spec)
    pos = {"pres": "VERB impf pres", "past": "VERB perf", "futr": "VERB perf futr"}[tense]
    cell = subject.past_cell if tense == "past" else subject.person_cell
    verb = agree(inflected(pos, forms["infn"], forms, cell, words[1:2]), subject)
    notes.tags.add("past-agreement" if tense == "past" else "person-agreement")
    means: list[Word] = []
    if how.endswith(("train", "bus")):
        carrier = w.lexicon.noun("поезд" if how.endswith("train") else "автобус")
        by = Word("на", "на", "PREP", source=words[-2:-1]).link("government", verb)
        means = [by, inflected("NOUN masc", carrier.ru, carrier.forms, "sing loct", words[-1:])]
        means[1].link("government", by)
    return sentence(join((subject_en + words, [*subject_ru, verb, *means]), end), notes)


def puts(w: World) -> Sentence:
    """The boy put the key into the bag. – Мальчик положил ключ в сумку."""
    notes = Notes({"motion"})
    verb = w.lexicon.verb("put")
    subject = w.subject(verb)
    tense = w.tense(verb, subject)
    things = [n for n in verb.objects if "big" not in n.classes]
    clause = Clause(subject, verb, tense, w.np(things, adjective=0.1, plural=0.15))
    w.time(clause)
    prep = w.preposition("into")
    np = w.np([n for n in prep.nouns if n is not clause.object.noun], plural=0.0, adjective=0.1)
    clause.ends.append(prepositional(prep.en, prep.ru, prep.case, np, notes))
    return sentence(said(clause, notes), notes)
