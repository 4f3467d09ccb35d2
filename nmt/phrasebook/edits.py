"""Wrong translations that differ from the right one in exactly one phenomenon: one edit for each tag.

An edit takes a sentence and returns wrong Russian lines, or none where the sentence offers no clean one.
"""

from collections.abc import Callable

from nmt.phrasebook import lexicon
from nmt.phrasebook import morphology as m
from nmt.phrasebook.clauses import Sentence, homonyms, text
from nmt.phrasebook.editing import (
    agreeing,
    finite,
    governed,
    line,
    other_cells,
    other_number,
    other_numbers,
    place,
    place_ru,
    recase,
    replaced,
    wrong_case,
)
from nmt.phrasebook.lexicon import Lexicon
from nmt.phrasebook.phrases import DETERMINERS, ONE, PRONOUNS, Word


def adjective_agreement(s: Sentence, words: Lexicon) -> list[str]:
    for word in s.russian:
        if word.pos == "ADJF" and word.cell and any(kind == "agreement" for kind, _ in word.links):
            case = next(part for part in word.cell.split() if part in m.CASES)
            end = " inan" if case == "accs" else ""
            cells = [f"sing masc {case}{end}", f"sing femn {case}", f"sing neut {case}", f"plur {case}{end}"]
            if case == "accs" and word.cell.endswith("anim"):  # keep animacy out of it
                cells = cells[1:3]
            if lines := other_cells(s, word, cells):
                return lines[:2]
    return []


def past_agreement(s: Sentence, words: Lexicon) -> list[str]:
    cells = ["past masc", "past femn", "past plur"]
    return [bad for word in finite(s, "past")[:1] for bad in other_cells(s, word, cells)]


def person_agreement(s: Sentence, words: Lexicon) -> list[str]:
    cells = ["1per sing", "3per sing", "3per plur"]
    return [bad for word in finite(s) if "past" not in word.cell for bad in other_cells(s, word, cells)][:2]


def distant_agreement(s: Sentence, words: Lexicon) -> list[str]:
    """The verb or adjective agrees with a nearer noun's number instead."""
    place = {id(word): i for i, word in enumerate(s.russian)}
    for word in reversed(s.russian):
        for kind, head in word.links:
            if kind == "agreement" and word.forms and place[id(word)] - place[id(head)] >= 3:
                if word.pos == "ADJF":
                    cells = ["plur nomn"] if word.cell.startswith("sing") else ["sing masc nomn", "sing femn nomn"]
                elif word.cell.startswith("past"):
                    cells = ["past masc"] if word.cell == "past plur" else ["past plur"]
                else:
                    cells = ["3per sing", "3per plur"]
                return other_cells(s, word, cells)
    return []


def verb_government(s: Sentence, words: Lexicon) -> list[str]:
    kept = {"за", "о", "на", "в", "над", "с", "к", "у"}
    pairs = [pair for pair in governed(s, ("VERB", "INFN")) if pair[0].pos.split()[0] in ("NOUN", "NPRO")]
    pairs = [pair for pair in pairs if pair[0].cell.split()[-1] != "accs"]
    by_preposition = [
        (noun, prep)
        for noun, prep in governed(s, ("PREP",))
        if prep.lemma in kept and any(kind == "government" for kind, _ in prep.links)
    ]
    return wrong_case(s, iter(pairs + by_preposition), ("accs", "nomn", "gent"))[:1]


def preposition_government(s: Sentence, words: Lexicon) -> list[str]:
    pairs = [(noun, prep) for noun, prep in governed(s, ("PREP",)) if not prep.links]
    return wrong_case(s, iter(pairs), ("nomn", "gent", "datv"))[:1]


def negation_genitive(s: Sentence, words: Lexicon) -> list[str]:
    pairs = [pair for pair in governed(s, ("PRED", "PRCL")) if pair[0].cell.endswith("gent")]
    return wrong_case(s, iter(pairs), ("nomn",))


def numerals(s: Sentence, words: Lexicon) -> list[str]:
    for noun, _ in governed(s, ("NUMR",)):
        return other_cells(s, noun, ["sing gent", "plur gent", "plur nomn"])
    for word in s.russian:
        if word.lemma == "один":
            noun = next(head for kind, head in word.links)
            return other_cells(s, noun, ["sing gent", "plur gent"])
    return []


def possessive_chain(s: Sentence, words: Lexicon) -> list[str]:
    """The two owners change places, or the owner stands in the nominative."""
    pairs = [(noun, head) for noun, head in governed(s, ("NOUN",)) if noun.pos.startswith("NOUN")]
    for noun, head in pairs:
        if any(head is other for other, _ in pairs) and not agreeing(s, noun, "ADJF") and noun.cell == head.cell:
            return [line(s, {id(noun): head.form, id(head): noun.form})]
    return wrong_case(s, iter(pairs), ("nomn",))[:1]


def after_be(s: Sentence) -> Word | None:
    """The first Russian word of the predicate, where English has "is" or "are" and Russian nothing."""
    place = {id(word): i for i, word in enumerate(s.english)}
    be = [i for i, word in enumerate(s.english) if word.form.lower() in ("is", "are", "am")]
    if not be:
        return None
    later = [word for word in s.russian if word.source and min(place[id(x)] for x in word.source) > be[-1]]
    return later[0] if later and later[0].pos != "PNCT" else None


def zero_copula(s: Sentence, words: Lexicon) -> list[str]:
    word = after_be(s)
    if word is None or any(w.form == "—" for w in s.russian):
        dash = next((w for w in s.russian if w.form == "—"), None)
        return [line(s, {id(dash): "есть"})] if dash else []
    return [line(s, {}, {id(word): "есть"})]


def articles(s: Sentence, words: Lexicon) -> list[str]:
    """An article is said as this or one."""
    for i, article in enumerate(s.english):
        if article.lemma not in ("a", "the"):
            continue
        for word in s.russian:
            if not (word.pos.startswith("NOUN") and word.cell and word.source and i < place(s, word.source[0])):
                continue
            if place(s, word.source[0]) - i > 3 or word.cell.split()[-1] == "loc2":
                break
            gender, (number, case) = word.pos.split()[1], word.cell.split()
            cell = f"sing {gender} {case}" if number == "sing" else f"plur {case}"
            table = ONE if article.lemma == "a" else DETERMINERS["this"][1]
            if cell not in table:
                cell += " anim" if word.form == word.forms.get(f"{number} gent") else " inan"
            first = min([*agreeing(s, word, "ADJF"), word], key=lambda w: place_ru(s, w))
            if first.cell and first.form and place_ru(s, first) <= place_ru(s, word):
                return [line(s, {}, {id(first): table[cell]})]
            break
    return []


def do_support(s: Sentence, words: Lexicon) -> list[str]:
    """ "does" is said as a verb."""
    doing = m.verb_forms("делать")
    for word in finite(s):
        return [line(s, {id(word): word.forms["infn"]}, {id(word): doing[word.cell]})]
    return []


def negation(s: Sentence, words: Lexicon) -> list[str]:
    return [line(s, {id(word): ""}) for word in s.russian if word.lemma == "не"][:1]


def question(s: Sentence, words: Lexicon) -> list[str]:
    return [line(s, {id(s.russian[-1]): "."})]


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


def relative_clause(s: Sentence, words: Lexicon) -> list[str]:
    return [bad for word in s.russian if word.lemma == "который" for bad in other_cells(s, word, other_numbers(word))][
        :2
    ]


def reflexive_possessive(s: Sentence, words: Lexicon) -> list[str]:
    """свой is said as мой, его, её or их."""
    for word in s.russian:
        if word.lemma == "свой":
            owner = s.english[place(s, word.source[0]) - 1].form.lower()
            forms = DETERMINERS[owner][1]
            return [line(s, {id(word): forms[word.cell] if forms else DETERMINERS[owner][0]})]
    return []


def short_possessive(s: Sentence, words: Lexicon) -> list[str]:
    short = ["его", "её", "их"]
    found = [word for word in s.russian if word.lemma in short and word.pos == "NPRO" and not word.cell]
    return [line(s, {id(word): other}) for word in found[:1] for other in short if other != word.lemma]


def dative_experiencer(s: Sentence, words: Lexicon) -> list[str]:
    persons = [w for w in s.russian if w.cell.endswith("datv") and w.pos.split()[0] in ("NOUN", "NPRO")]
    return wrong_case(s, ((word, word) for word in persons[:1]), ("nomn", "accs"))


def possession(s: Sentence, words: Lexicon) -> list[str]:
    """У девочки есть → Девочка есть."""
    for word, head in governed(s, ("PREP",)):
        if head.lemma.lower() == "у":
            forms = recase(s, word, "nomn")
            if word.pos == "NPRO":
                forms = {id(word): PRONOUN_NOMINATIVE[word.lemma]}
            return [line(s, forms | {id(head): ""})]
    return []


PRONOUN_NOMINATIVE = {row[5].split()[0]: row[5].split()[0] for row in PRONOUNS.values()}


def inherent_possession(s: Sentence, words: Lexicon) -> list[str]:
    noun = next(word for word in s.russian if word.pos == "ADJF" and word.cell.endswith("nomn"))
    return [line(s, {}, {id(noun): "есть"})]


def animacy(s: Sentence, words: Lexicon) -> list[str]:
    pairs = (p for p in governed(s, ("VERB", "INFN")) if p[0].cell.endswith("accs") and p[0].pos.startswith("NOUN"))
    return wrong_case(s, pairs, ("nomn",))[:1]


def it(s: Sentence, words: Lexicon) -> list[str]:
    """ "it" has another gender, and what agrees with it follows."""
    for word in s.russian:
        if word.lemma in ("он", "она", "оно") and any(kind == "antecedent" for kind, _ in word.links):
            lines = []
            for gender in ("masc", "femn", "neut"):
                row = PRONOUNS[f"it {gender}"][5].split()
                form = row[m.CASES.index(word.cell)]
                if form == word.form.lower():
                    continue
                forms = {id(word): form}
                for other in agreeing(s, word):
                    cell = (
                        f"past {gender}" if other.cell.startswith("past") else f"sing {gender} {other.cell.split()[-1]}"
                    )
                    forms[id(other)] = other.forms.get(cell, other.form)
                lines.append(line(s, forms))
            return lines
    return []


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


def coordination(s: Sentence, words: Lexicon) -> list[str]:
    """The verb agrees with the first of two, or the second of two stands in another case."""
    for word in finite(s):
        if sum(kind == "agreement" for kind, _ in word.links) > 1:
            return other_cells(s, word, ["past masc" if word.cell.startswith("past") else "3per sing"])
    for i, word in enumerate(s.russian):
        if word.lemma == "и" and word.pos == "CONJ":
            nouns = [w for w in s.russian[i:] if w.pos.startswith("NOUN") and w.forms]
            if nouns:
                return wrong_case(s, ((noun, noun) for noun in nouns[:1]), ("nomn", "gent"))
            verbs = [w for w in finite(s) if place_ru(s, w) > i]
            return [bad for verb in verbs[:1] for bad in other_cells(s, verb, other_number(verb))][:1]
        if word.lemma in ("а", "но") and word.pos == "CONJ":
            return [line(s, {id(word): "что"})]
    return []


def motion(s: Sentence, words: Lexicon) -> list[str]:
    """Where instead of where to, or from where instead."""
    pairs = [(noun, prep) for noun, prep in governed(s, ("PREP",)) if not prep.links]
    to = [pair for pair in pairs if pair[0].cell.endswith("accs") and pair[1].lemma in ("в", "на", "под")]
    return wrong_case(s, iter(to), ("loct", "ablt"))[:1] or wrong_case(s, iter(pairs), ("accs", "nomn"))[:1]


def infinitive(s: Sentence, words: Lexicon) -> list[str]:
    verbs = [w for w in s.russian if w.pos.startswith("INFN") and w.forms]
    return [bad for word in verbs[:1] for bad in other_cells(s, word, ["3per sing", "3per plur"])][:1]


def instrument(s: Sentence, words: Lexicon) -> list[str]:
    pairs = [p for p in governed(s, ("VERB", "INFN")) if p[0].cell.endswith("ablt") and p[0].pos.startswith("NOUN")]
    lines = wrong_case(s, iter(pairs), ("nomn",))[:1]
    if pairs and any(word.form == "with" for word in s.english):
        first = min([*agreeing(s, pairs[0][0], "ADJF"), pairs[0][0]], key=lambda w: place_ru(s, w))
        lines.append(line(s, {}, {id(first): "с"}))
    return lines


def short_adjective(s: Sentence, words: Lexicon) -> list[str]:
    cells = ["sing masc", "sing femn", "sing neut", "plur"]
    return [bad for w in s.russian if w.pos == "ADJS" for bad in other_cells(s, w, cells)][:2]


def existence(s: Sentence, words: Lexicon) -> list[str]:
    """ "there" is said as a place."""
    return [line(s, {}, {id(s.russian[0]): "там"})]


def comparison(s: Sentence, words: Lexicon) -> list[str]:
    return wrong_case(s, governed(s, ("COMP",)), ("nomn", "datv"))[:1]


def address(s: Sentence, words: Lexicon) -> list[str]:
    """ты instead of вы and the reverse, the verb with it."""
    for word in s.russian:
        if word.lemma in ("ты", "вы"):
            other = "вы" if word.lemma == "ты" else "ты"
            forms = {id(word): other}
            for verb in agreeing(s, word):
                if verb.cell.startswith("past"):
                    cell = "past plur" if other == "вы" else "past masc"
                else:
                    cell = "2per plur" if other == "вы" else "2per sing"
                forms[id(verb)] = verb.forms.get(cell, verb.form)
            return [line(s, forms)]
    return []


def that_clause(s: Sentence, words: Lexicon) -> list[str]:
    return [line(s, {id(word): "который"}) for word in s.russian if word.lemma == "что" and word.pos == "CONJ"]


def aspect(s: Sentence, words: Lexicon) -> list[str]:
    """The partner of the other aspect in the same cell; the future of one becomes the present of the other."""
    for word in finite(s):
        for verb in words.verbs:
            for forms, partner in ((verb.impf, verb.perf), (verb.perf, verb.impf)):
                if forms and partner and word.forms == forms and partner[word.cell] != word.form.lower():
                    return [line(s, {id(word): partner[word.cell]})]
    return []


EDITS: dict[str, Callable[[Sentence, Lexicon], list[str]]] = {
    "adjective-agreement": adjective_agreement,
    "past-agreement": past_agreement,
    "person-agreement": person_agreement,
    "distant-agreement": distant_agreement,
    "verb-government": verb_government,
    "preposition-government": preposition_government,
    "genitive-of-negation": negation_genitive,
    "numerals": numerals,
    "possessive-chain": possessive_chain,
    "zero-copula": zero_copula,
    "articles": articles,
    "do-support": do_support,
    "negation": negation,
    "yes-no-question": question,
    "wh-question": wh_question,
    "relative-clause": relative_clause,
    "reflexive-possessive": reflexive_possessive,
    "short-possessive": short_possessive,
    "dative-experiencer": dative_experiencer,
    "possession": possession,
    "inherent-possession": inherent_possession,
    "animacy": animacy,
    "it-in-sentence": it,
    "it-across-sentences": it,
    "names": names,
    "homonym": homonym,
    "coordination": coordination,
    "motion": motion,
    "infinitive": infinitive,
    "instrument": instrument,
    "short-adjective": short_adjective,
    "existence": existence,
    "comparison": comparison,
    "address": address,
    "that-clause": that_clause,
    "aspect": aspect,
}


def wrong_lines(sentence: Sentence, tag: str) -> list[str]:
    """Wrong Russian lines of one phenomenon; none where the sentence offers no clean one."""
    right = text(sentence.russian)
    return [bad for bad in dict.fromkeys(EDITS[tag](sentence, lexicon.load())) if bad != right]
