"""Wrong translations that differ from the right one in exactly one phenomenon: one edit for each tag.

An edit takes a sentence and returns wrong Russian lines, or none where the sentence offers no clean one. Where a word
too many or too few is the error, the edit works both ways, so that the length of a line tells nothing: it adds the word
to sentences without it and drops it from those that have it.
"""

from collections.abc import Callable

from grammar import lexicon, misinflected
from grammar import morphology as m
from grammar.clauses import Sentence, homonyms, text
from grammar.editing import (
    agreeing,
    determiner,
    finite,
    governed,
    line,
    ordered,
    other_cells,
    other_numbers,
    place,
    recase,
    replaced,
    wrong_case,
)
from grammar.lexicon import Lexicon
from grammar.phrases import DETERMINERS, ONE, PRONOUNS, Word


def possessive_chain(s: Sentence, words: Lexicon) -> list[str]:
    """The two owners change places."""
    pairs = [(noun, head) for noun, head in governed(s, ("NOUN",)) if noun.pos.startswith("NOUN")]
    for noun, head in pairs:
        if any(head is other for other, _ in pairs) and not agreeing(s, noun, "ADJF") and noun.cell == head.cell:
            return [line(s, {id(noun): head.form, id(head): noun.form})]
    return []


def after_be(s: Sentence) -> Word | None:
    """The first Russian word of the predicate, where English has "is" or "are" and Russian nothing."""
    place = {id(word): i for i, word in enumerate(s.english)}
    be = [i for i, word in enumerate(s.english) if word.form.lower() in ("is", "are", "am")]
    if not be:
        return None
    later = [word for word in s.russian if word.source and min(place[id(x)] for x in word.source) > be[-1]]
    return later[0] if later and later[0].pos != "PNCT" else None


def zero_copula(s: Sentence, words: Lexicon) -> list[str]:
    """есть is said for "is", or nothing for "was"."""
    if "zero-copula" not in s.notes.tags:
        if s.notes.tags & {"existence", "possession", "instrument", "relative-clause", "negation"}:
            return []
        past = [i for i, word in enumerate(s.russian) if word.lemma == "быть" and word.cell.startswith("past")]
        return [line(s, {id(s.russian[i]): ""}) for i in past if not s.russian[i + 1].cell.endswith("ablt")]
    for word in s.russian:
        if word.form == "—":
            return [line(s, {id(word): "есть"})]
    word = after_be(s)
    return [line(s, {}, {id(word): "есть"})] if word else []


def articles(s: Sentence, words: Lexicon) -> list[str]:
    """An article is said as this or one; "this" and "that" are left out."""
    for word in s.russian:
        if word.lemma in ("этот", "тот") and word.pos == "ADJF":
            return [line(s, {id(word): ""})]
    for i, article in enumerate(s.english):
        if article.lemma not in ("a", "the"):
            continue
        for word in s.russian:
            if not (word.pos.startswith("NOUN") and word.cell and word.source and i < place(s.english, word.source[0])):
                continue
            if place(s.english, word.source[0]) - i > 3 or word.cell.split()[-1] == "loc2":
                break
            added = determiner(word, ONE if article.lemma == "a" else DETERMINERS["this"][1])
            first = min([*agreeing(s, word, "ADJF"), word], key=lambda w: place(s.russian, w))
            if first.cell and first.form and place(s.russian, first) <= place(s.russian, word):
                return [line(s, {}, {id(first): added})]
            break
    return []


def negation(s: Sentence, words: Lexicon) -> list[str]:
    """не is left out, or said where English has no "not"."""
    if "negation" in s.notes.tags or "genitive-of-negation" in s.notes.tags:
        return [line(s, {id(word): ""}) for word in s.russian if word.lemma == "не"][:1]
    verbs = finite(s)
    if len(verbs) > 1 or s.notes.tags & {"possession", "existence", "infinitive", "coordination", "that-clause"}:
        return []
    return [line(s, {}, {id(verb): "не"}) for verb in verbs]


def question(s: Sentence, words: Lexicon) -> list[str]:
    """A full stop instead of the question mark, or a question mark instead of the full stop."""
    if "yes-no-question" in s.notes.tags:
        return [line(s, {id(s.russian[-1]): "."})]
    return [] if any(word.form == "?" for word in s.russian) else [line(s, {id(s.russian[-1]): "?"})]


ASKING = {"кто": "что", "что": "кто", "где": "когда", "когда": "где", "почему": "где", "сколько": "столько"}


def wh_question(s: Sentence, words: Lexicon) -> list[str]:
    for word in s.russian:
        if word.lemma in ("кто", "что") and word.pos == "NPRO":
            row = PRONOUNS["what" if word.lemma == "кто" else "who"][5].split()
            return [line(s, {id(word): row[m.CASES.index(word.cell)]})]
        if word.lemma in ASKING:
            return [line(s, {id(word): ASKING[word.lemma]})]
        if word.lemma in ("какой", "чей"):
            return other_cells(s, word, other_numbers(word))[:1]
    return []


def reflexive_possessive(s: Sentence, words: Lexicon) -> list[str]:
    """свой said as мой, его, её or their like, or his, her and their said as свой."""
    for i, word in enumerate(s.russian):
        if word.lemma == "свой":
            owner = s.english[place(s.english, word.source[0]) - 1].form.lower()
            forms = DETERMINERS[owner][1]
            return [line(s, {id(word): forms[word.cell] if forms else DETERMINERS[owner][0]})]
        if word.lemma in SHORT and word.pos == "NPRO" and not word.cell:
            noun = next(other for other in s.russian[i:] if other.pos.startswith("NOUN"))
            if not noun.cell.endswith("nomn"):
                return [line(s, {id(word): determiner(noun, DETERMINERS["own"][1])})]
    return []


SHORT = ("его", "её", "их")


def short_possessive(s: Sentence, words: Lexicon) -> list[str]:
    found = [word for word in s.russian if word.lemma in SHORT and word.pos == "NPRO" and not word.cell]
    return [line(s, {id(word): other}) for word in found[:1] for other in SHORT if other != word.lemma]


def possession(s: Sentence, words: Lexicon) -> list[str]:
    """Who has whom: У девочки есть собака → У собаки есть девочка."""
    owner, u = next((pair for pair in governed(s, ("PREP",)) if pair[1].lemma.lower() == "у"), (None, None))
    things = [w for w in s.russian if w.pos.startswith("NOUN") and w is not owner]
    if not owner or len(things) != 1 or owner.pos == "NPRO" or "inherent-possession" in s.notes.tags:
        return []
    (thing,) = things
    if any(word.pos == "NUMR" for word in s.russian):
        return []
    forms = recase(s, owner, thing.cell.split()[-1]) | recase(s, thing, "gent")
    for word in agreeing(s, thing):
        if word.lemma == "быть":
            forms[id(word)] = was_or_will(word, owner)
    middle = [w for w in s.russian[1:-1] if w not in (owner, thing) and w.pos != "ADJF"]
    groups = [[*agreeing(s, noun, "ADJF"), noun] for noun in (thing, owner)]
    return [ordered([u, *groups[0], *middle, *groups[1], s.russian[-1]], forms)]


def was_or_will(word: Word, subject: Word) -> str:
    number = subject.cell.split()[0]
    if word.cell.startswith("past"):
        return word.forms["past plur" if number == "plur" else f"past {subject.pos.split()[1]}"]
    return word.forms[f"3per {number}"]


def inherent_possession(s: Sentence, words: Lexicon) -> list[str]:
    """есть is said of what one has by nature, or left out of what one happens to have."""
    if "inherent-possession" in s.notes.tags:
        noun = next(word for word in s.russian if word.pos == "ADJF" and word.cell.endswith("nomn"))
        return [line(s, {}, {id(noun): "есть"})]
    return [line(s, {id(word): ""}) for word in s.russian if word.lemma == "есть" and "possession" in s.notes.tags]


def names(s: Sentence, words: Lexicon) -> list[str]:
    """Another name of the same gender in the same case."""
    by_lemma = {name.ru: name for name in words.names}
    for word in s.russian:
        if (name := by_lemma.get(word.lemma)) and word.cell:
            alike = [n for n in words.names if n.gender == name.gender and n.classes == name.classes and n is not name]
            pick = alike[len(text(s.russian)) % len(alike)]
            return [line(s, {id(word): pick.forms[word.cell]})]
    return []


def homonym(s: Sentence, words: Lexicon) -> list[str]:
    """The other sense of the English word, with what agrees with it."""
    for word in s.russian:
        for source in word.source[:1]:
            senses = homonyms().get(source.lemma) or homonyms().get(source.form) or []
            for sense in senses:
                if word.lemma in senses and sense != word.lemma and (forms := replaced(s, word, sense, words)):
                    return [line(s, forms)]
    return []


def instrument(s: Sentence, words: Lexicon) -> list[str]:
    pairs = [p for p in governed(s, ("VERB", "INFN")) if p[0].cell.endswith("ablt") and p[0].pos.startswith("NOUN")]
    lines = wrong_case(s, iter(pairs), ("nomn",))[:1]
    if pairs and any(word.form == "with" for word in s.english):
        first = min([*agreeing(s, pairs[0][0], "ADJF"), pairs[0][0]], key=lambda w: place(s.russian, w))
        lines.append(line(s, {}, {id(first): "с"}))
    return lines


def existence(s: Sentence, words: Lexicon) -> list[str]:
    """Word order: "There is a key in the room" said as "The key is in the room", and the reverse."""
    body, end = s.russian[:-1], s.russian[-1]
    preps = [i for i, word in enumerate(body) if word.pos == "PREP"]
    if "existence" in s.notes.tags:
        split = 1 + next(i for i, word in enumerate(body) if word.pos.startswith("NOUN"))
        place_, rest = body[:split], body[split:]
        be = [word for word in rest if word.lemma in ("есть", "нет", "не", "быть")]
        thing = [word for word in rest if word not in be]
        return [ordered([*thing, *be, *place_, end], {})]
    verbs = [word for word in body if word.pos.startswith(("VERB", "INFN", "ADJS", "COMP", "PRED", "CONJ", "NPRO"))]
    if len(preps) != 1 or any(word.lemma != "быть" for word in verbs) or not body[0].cell.endswith("nomn"):
        return []
    if any(word.form in ("?", ".", "—", "не", ",") for word in body):
        return []
    thing = [word for word in body[: preps[0]] if word not in verbs]
    return [ordered([*body[preps[0] :], *verbs, *thing, end], {})]


def comparison(s: Sentence, words: Lexicon) -> list[str]:
    """The two compared change places."""
    second = next(governed(s, ("COMP",)))[0]
    first = s.russian[0]
    if not (first.pos.startswith("NOUN") and second.pos.startswith("NOUN")):
        return []
    swapped = {id(first): second, id(second): first}
    case = {id(first): "nomn", id(second): "gent"}
    forms = {key: noun.forms[f"{noun.cell.split()[0]} {case[key]}"] for key, noun in swapped.items()}
    for word in agreeing(s, first):
        forms[id(word)] = was_or_will(word, second)
    return [line(s, forms)]


def that_clause(s: Sentence, words: Lexicon) -> list[str]:
    """который for "that", and что for "which" where it must be declined."""
    if "that-clause" in s.notes.tags:
        return [line(s, {id(word): "который"}) for word in s.russian if word.lemma == "что" and word.pos == "CONJ"]
    which = [word for word in s.russian if word.lemma == "который"]
    return [line(s, {id(word): "что"}) for word in which if word.cell.split()[-1] in ("gent", "datv", "ablt", "loct")]


EDITS: dict[str, Callable[[Sentence, Lexicon], list[str]]] = {
    "adjective-agreement": misinflected.adjective_agreement,
    "past-agreement": misinflected.past_agreement,
    "person-agreement": misinflected.person_agreement,
    "distant-agreement": misinflected.distant_agreement,
    "verb-government": misinflected.verb_government,
    "preposition-government": misinflected.preposition_government,
    "genitive-of-negation": misinflected.negation_genitive,
    "numerals": misinflected.numerals,
    "possessive-chain": possessive_chain,
    "zero-copula": zero_copula,
    "articles": articles,
    "do-support": misinflected.do_support,
    "negation": negation,
    "yes-no-question": question,
    "wh-question": wh_question,
    "relative-clause": misinflected.relative_clause,
    "reflexive-possessive": reflexive_possessive,
    "short-possessive": short_possessive,
    "dative-experiencer": misinflected.dative_experiencer,
    "possession": possession,
    "inherent-possession": inherent_possession,
    "animacy": misinflected.animacy,
    "it-in-sentence": misinflected.it,
    "it-across-sentences": misinflected.it,
    "names": names,
    "homonym": homonym,
    "coordination": misinflected.coordination,
    "motion": misinflected.motion,
    "infinitive": misinflected.infinitive,
    "instrument": instrument,
    "short-adjective": misinflected.short_adjective,
    "existence": existence,
    "comparison": comparison,
    "address": misinflected.address,
    "that-clause": that_clause,
    "aspect": misinflected.aspect,
}
BOTH_WAYS = {  # edits that also take sentences without the tag
    "animacy", "articles", "dative-experiencer", "existence", "inherent-possession", "negation", "reflexive-possessive",
    "that-clause", "yes-no-question", "zero-copula",
}  # fmt: skip


def wrong_lines(sentence: Sentence, tag: str) -> list[str]:
    """Wrong Russian lines of one phenomenon; none where the sentence offers no clean one."""
    right = text(sentence.russian)
    return [bad for bad in dict.fromkeys(EDITS[tag](sentence, lexicon.load())) if bad != right]
