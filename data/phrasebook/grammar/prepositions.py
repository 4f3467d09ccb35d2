"""Prepositions: the form they take before a word (о or об, с or со), and the phrases they make."""

from grammar.declension import VOWELS
from grammar.noun_phrases import NP, say
from grammar.words import Notes, Phrase, comma, en, particle


def form_before(preposition: str, following: str) -> str:
    """о or об, с or со, в or во, к or ко before the word that follows."""
    following = following.lower()
    if preposition == "о":
        return "обо" if following == "мне" else "об" if following[0] in "аиоуэ" else "о"
    cluster = len(following) > 1 and following[1] not in VOWELS + "ьй"
    longer = False
    if preposition.endswith("с"):
        longer = following.startswith(("мной", "щ", "льв")) or (following[0] in "сзшж" and cluster)
    elif preposition == "в":
        longer = following.startswith(("двор", "мне", "льв")) or (following[0] in "вф" and cluster)
    elif preposition == "к":
        longer = following.startswith(("мне", "двор", "льв"))
    return preposition + "о" if longer else preposition


def prepositional(en_prep: str, ru_prep: str, case: str, np: NP, notes: Notes) -> Phrase:
    """on the table – на столе: the preposition governs the case."""
    words_en, words_ru = say(np, case, notes, prep=ru_prep)
    prep_en = en(en_prep)
    *first, last = ru_prep.split()
    prep_ru = particle(" ".join([*first, form_before(last, words_ru[0].form)]), "PREP", prep_en)
    prep_ru[-1].lemma = last
    for head in (np, np.second):
        if head and head.takes_case:
            head.ru_head.link("government", prep_ru[-1])
    notes.tags.add("preposition-government")
    if first == ["несмотря"]:  # a phrase that Russian sets off
        prep_ru = comma()[1] + prep_ru
    return prep_en + words_en, prep_ru + words_ru
