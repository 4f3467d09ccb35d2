"""There is, there is no, somebody has: existence and possession, which Russian says without "have"."""

from grammar.clauses import was, will_be
from grammar.conjugation import TO_BE
from grammar.frames.counting import count
from grammar.noun_phrases import NP, say
from grammar.prepositions import prepositional
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, en, inflected, join
from grammar.world import World

NATURE = (  # what one has by nature, and the adjectives that tell how it is
    ("глаз", "blue green brown grey big beautiful"),
    ("волосы", "long short dark light black beautiful"),
    ("голос", "loud quiet beautiful deep strange"),
    ("нос", "long short funny red"),
    ("лицо", "kind round beautiful"),
)


def there_is(w: World) -> Sentence:
    """There is no milk in the fridge. – В холодильнике нет молока.   There are five chairs … – … пять стульев."""
    notes = Notes({"existence"})
    mode = w.random.choice(("no", "no", "no", "count", "count", "was", "was no", "is"))
    if mode == "is":
        noun = w.choose(w.of("institution building"))
        if not noun.counted:
            return there_is(w)
    else:
        noun = w.choose(w.of("food drink spice" if mode == "no" and w.chance(0.4) else "thing animal food"))
    if mode in ("count", "was") and not noun.countable:
        return there_is(w)
    if noun.classes & {"sense", "vehicle"}:
        return there_is(w)
    np = NP(noun, plural=noun.counted and w.chance(0.3), det="")
    if mode == "count":
        count(w, np)
        np.plural = np.count > 1
        if np.count == 1 or np.count > 10:
            np.count, np.plural = 2, True
        notes.tags.add("zero-copula")
    if mode in ("was", "is"):
        np.plural, np.det = False, "a"
    if noun.animate:
        places = "=сад =парк =лес =поле =деревня"
    elif mode == "is":
        places = "town"
    elif noun.classes & {"drink", "hot"}:
        places = "=холодильник"
    elif noun.classes & {"food", "spice"}:
        places = "=холодильник =корзина =сумка"
    else:
        places = "room"
    where = w.choose(w.of(places))
    place = w.dress(where, plural=0.0, adjective=0.08)
    end_en, end_ru = prepositional(where.en_place, where.place, "loct", place, notes)
    past = mode.startswith("was")
    be = np.be(past)
    negated = mode.endswith("no")
    thing_en, thing_ru = say(np, "gent" if negated else "nomn", notes)
    english = [Word("there", "there"), be, *en("no" if negated else ""), *thing_en]
    russian: list[Word] = []
    if negated:
        russian = there_is_no(np, past, english[2], be)
        notes.tags.add("genitive-of-negation")
    elif past:
        russian = [was(np, be)]
        notes.tags.add("past-agreement")
    elif mode == "is":
        russian = [Word("есть", "есть", "VERB", source=[be])]
    return sentence((english + end_en, end_ru + russian + thing_ru), notes)


def there_is_no(np: NP, past: bool, no: Word, be: Word) -> list[Word]:
    """нет or не было, which govern the genitive of `np`."""
    if past:
        words = [Word("не", "не", "PRCL", source=[no])]
        words.append(inflected("VERB impf", "быть", TO_BE, "past neut", [be]))
    else:
        words = [Word("нет", "нет", "PRED", source=[no])]
    np.ru_head.link("government", words[0])
    return words


def has(w: World) -> Sentence:
    """The girl has a dog. – У девочки есть собака.   He had no time. – У него не было времени."""
    notes = Notes({"possession"})
    owner = w.anyone(name=0.25, adjective=0.1)
    mode = w.random.choice(("has", "has", "has", "had", "no", "no", "had no", "will", "count"))
    spec = "small clothes driven =велосипед =лодка pet kin =вопрос =план =идея =проблема"
    nouns = w.of(spec + (" abstract_mass =деньги =работа" if "no" in mode else ""))
    noun = w.choose([n for n in nouns if "sense" not in n.classes])
    np = w.dress(noun, plural=0.1, adjective=0.12, a=1.0)
    if np.det == "the":
        np.det = "" if np.en_plural or np.noun.mass else "a"
    np.drop_choosy_adjectives()
    if "no" in mode:
        np.det = ""
        np.plural = np.plural or noun.ru in ("проблема", "вопрос")
    if mode == "count":
        if not noun.countable or noun.ru == "ребёнок":
            return has(w)
        count(w, np)
        if np.count == 1 or np.count > 10:
            np.count, np.plural = 3, True
    third = owner.third and mode != "will"
    have = Word("had" if "had" in mode else "has" if third else "have", "have")
    owner_en, russian = at_owner(owner, have, notes)
    thing_en, thing_ru = say(np, "gent" if "no" in mode else "nomn", notes)
    english = [have]
    if "no" in mode:
        english += en("no")
        russian += there_is_no(np, mode == "had no", english[-1], have)
        notes.tags.add("genitive-of-negation")
    elif mode == "has":
        if noun.ru != "проблема":  # У меня проблема
            russian.append(Word("есть", "есть", "VERB", source=[have]))
    elif mode == "had":
        russian.append(was(np, have))
        notes.tags.add("past-agreement")
    elif mode == "will":
        english = [Word("will", "will"), have]
        russian.append(will_be(np, english[0]))
    return sentence((owner_en + english + thing_en, russian + thing_ru), notes)


def at_owner(owner: NP, have: Word, notes: Notes) -> Phrase:
    """the girl – у девочки, where Russian has no verb for "have"."""
    owner_en, owner_ru = say(owner, "gent", notes, prep="у", subject=True)
    at = Word("у", "у", "PREP", source=[have])
    owner.ru_head.link("government", at)
    return owner_en, [at, *owner_ru]


def has_by_nature(w: World) -> Sentence:
    """The girl has blue eyes. – У девочки голубые глаза."""
    notes = Notes({"possession", "inherent-possession"})
    owner = w.anyone(name=0.35, adjective=0.05, plural=0.1)
    text, adjectives = w.choose(NATURE)
    if owner.ru_plural and text not in ("глаз", "волосы"):
        return has_by_nature(w)
    noun = w.lexicon.noun(text)
    adjective = w.choose([a for a in w.adjectives[noun] if a.en in adjectives.split()])
    np = NP(noun, plural=text == "глаз", adjectives=(adjective,), det="" if text in ("глаз", "волосы") else "a")
    have = Word("has" if owner.third else "have", "have")
    owner_en, owner_ru = at_owner(owner, have, notes)
    return sentence(join(([*owner_en, have], owner_ru), say(np, "nomn", notes)), notes)
