"""Going and putting: where to, where from and which way, against where."""

from grammar.clauses import Clause, Sentence, prepositional, said, sentence
from grammar.morphology import verb_forms
from grammar.phrases import Notes, Word, inflected, join, say
from grammar.statements import preposition_for, preposition_phrase
from grammar.world import World


def goes(w: World) -> Sentence:
    """Anna has come to the station. – Анна пришла на вокзал.   She is walking along the street. – … идёт по улице."""
    notes = Notes({"motion"})
    subject = w.subject(pronoun=0.25, name=0.3, adjective=0.08)
    how, tense, spec, ends = w.choose(MOTION)
    near = [
        n
        for n in w.of("building institution outdoors")
        if "place" in n.classes and n.en_place != "on" and n.ru != "улица"
    ]
    noun = w.choose(w.cities if ends == "city" else near)
    if ends == "way" and w.chance(0.8):
        prep = w.rarest([p for p in w.lexicon.prepositions if p.use == "way"])
        end = preposition_phrase(w, prep, subject, notes)
    elif ends == "from" and w.chance(0.5):
        np = w.dress(noun, plural=0.0, adjective=0.08)
        end = prepositional("from", {"в": "из", "на": "с"}[noun.place], "gent", np, notes)
    else:
        np = w.dress(noun, plural=0.0, adjective=0.08)
        arrived = how == "has arrived"
        end = prepositional("at" if arrived else "to", noun.place, "accs", np, notes)
    words = [Word(word, word) for word in how.split()]
    if words[0].form == "is":
        words[0] = subject.be()
    elif words[0].form == "has" and not subject.third:
        words[0].form = "have"
    head = words[1]
    aspect = "perf" if tense in ("past", "futr") else "impf"
    subject_en, subject_ru = say(subject, "nomn", notes, subject=True)
    cell = subject.past_cell if tense == "past" else subject.person_cell
    forms = verb_forms(spec)
    verb = inflected(f"VERB {aspect}" + f" {tense}" * (tense != "past"), forms["infn"], forms, cell, [head])
    verb.link("agreement", subject.ru_head)
    notes.tags.add("past-agreement" if tense == "past" else "person-agreement")
    means: list[Word] = []
    if how.endswith(("train", "bus")):
        carrier = w.lexicon.noun("поезд" if how.endswith("train") else "автобус")
        means = [Word("на", "на", "PREP", source=words[-2:-1]).link("government", verb)]
        means.append(inflected("NOUN masc", carrier.ru, carrier.forms, "sing loct", words[-1:]))
        means[1].link("government", means[0])
    return sentence(join((subject_en + words, [*subject_ru, verb, *means]), end), notes)


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


def puts(w: World) -> Sentence:
    """The boy put the key into the bag. – Мальчик положил ключ в сумку."""
    notes = Notes({"motion"})
    verb = w.lexicon.verb("put")
    subject = w.subject(verb)
    tense = w.tense(verb, subject)
    things = [n for n in verb.objects if "big" not in n.classes]
    clause = Clause(subject, verb, tense, w.np(things, adjective=0.1, plural=0.15))
    w.time(clause)
    prep = preposition_for(w, ("into",))
    np = w.np([n for n in prep.nouns if n is not clause.object.noun], plural=0.0, adjective=0.1)
    clause.ends.append(prepositional(prep.en, prep.ru, prep.case, np, notes))
    return sentence(said(clause, notes), notes)
