"""What somebody feels, likes or needs: who feels it stands in the Russian dative."""

from grammar.conjugation import TO_BE
from grammar.frames.places_and_motion import place
from grammar.noun_phrases import NP, say
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Word, both, inflected, join
from grammar.world import World

LIKE = {"3per sing": "нравится", "3per plur": "нравятся"}


def feels(w: World) -> Sentence:
    """The girl is cold. – Девочке холодно.   I was bored. – Мне было скучно.   Are you cold? – Тебе холодно?"""
    notes = Notes({"dative-experiencer"})
    person = w.anyone(name=0.3, adjective=0.08)
    tense = w.random.choice(("is", "is", "is", "not", "was", "was", "will", "will not", "?"))
    if w.chance(0.35):
        person = NP(pronoun=w.random.choice(("I", "I", "we")))
    if tense == "?":
        person = NP(pronoun=w.random.choice(("thou masc", "thou masc", "he", "she", "they")))
    text_en, text_ru = w.choose(w.lexicon.feelings)
    if tense == "not" and text_en in ("warm", "comfortable"):
        tense = "is"
    person_en, person_ru = say(person, "datv", notes, subject=True)
    past, future = tense == "was", tense.startswith("will")
    be = Word("be", "be") if future else person.be(past)
    feeling_en, feeling_ru = both(text_en, text_ru, "PRED")
    person.ru_head.link("government", feeling_ru[0])
    will = [Word("will", "will")] if future else []
    not_en, not_ru = both("not", "не", "PRCL") if tense.endswith("not") else ([], [])
    if not_en:
        notes.tags.add("negation")
    english = [*person_en, *will, *not_en, be] if future else [*person_en, be, *not_en]
    russian = [*person_ru, *not_ru]
    if past:
        russian.append(inflected("VERB impf", "быть", TO_BE, "past neut", [be]))
    elif future:
        russian.append(inflected("VERB impf futr", "быть", TO_BE, "3per sing", will))
    if tense == "?":
        english = [be, *person_en]
        notes.tags.add("yes-no-question")
    end = place(w, notes) if w.chance(0.3) else ([], [])
    return sentence(join((english, russian), (feeling_en, feeling_ru), end), notes, "?" if tense == "?" else ".")


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
