"""What somebody feels, likes or needs: who feels it stands in the Russian dative."""

from grammar.conjugation import TO_BE
from grammar.frames.places_and_motion import place
from grammar.noun_phrases import say
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Word, both, inflected, join
from grammar.world import World

LIKE = {"3per sing": "нравится", "3per plur": "нравятся"}


def feels(w: World) -> Sentence:
    """The girl is cold. – Девочке холодно.   The girl was bored. – Девочке было скучно."""
    notes = Notes({"dative-experiencer"})
    person = w.anyone(name=0.3, adjective=0.08)
    text_en, text_ru = w.choose(w.lexicon.feelings)
    past = w.chance(0.35)
    neg = not past and text_en not in ("warm", "comfortable") and w.chance(0.25)
    person_en, person_ru = say(person, "datv", notes, subject=True)
    be = person.be(past)
    feeling_en, feeling_ru = both(text_en, text_ru, "PRED")
    person.ru_head.link("government", feeling_ru[0])
    start = [*person_en, be], person_ru
    if neg:
        start = join(start, both("not", "не", "PRCL"))
        notes.tags.add("negation")
    if past:
        start[1].append(inflected("VERB impf", "быть", TO_BE, "past neut", [be]))
    end = place(w, notes) if w.chance(0.35) else ([], [])
    return sentence(join(start, (feeling_en, feeling_ru), end), notes)


def likes(w: World) -> Sentence:
    """The girl likes the book. – Девочке нравится книга.   He needs a key. – Ему нужен ключ."""
    notes = Notes({"dative-experiencer"})
    person = w.anyone(name=0.3, adjective=0.08)
    need = w.chance(0.45)
    spec = "thing clothes =помощь =работа" if need else "clothes text jewel work town pet =дом =музей =голос"
    np = w.np(w.of(spec), plural=0.25, a=0.6 if need else 0.0)
    if np.det == "the" and not need and w.chance(0.4):
        np.det = w.random.choice(("this", "that", "my", "our"))
        np.drop_choosy_adjectives()
    person_en, person_ru = say(person, "datv", notes, subject=True)
    lemma = "need" if need else "like"
    verb_en = Word(lemma + "s" * person.third, lemma)
    thing_en, thing_ru = say(np, "nomn", notes)
    if need:
        verb = inflected("ADJS", "нужный", w.lexicon.short_adjectives["need"], np.short_cell, [verb_en])
    else:
        verb = inflected("VERB impf pres", "нравиться", LIKE, np.person_cell, [verb_en])
    verb.link("agreement", np.ru_head)
    person.ru_head.link("government", verb)
    return sentence(([*person_en, verb_en, *thing_en], [*person_ru, verb, *thing_ru]), notes)
