"""Wrong lines by one wrong form: agreement, government, tense, aspect. See edits.py."""

from grammar import morphology as m
from grammar.clauses import Sentence
from grammar.editing import (
    agreeing,
    finite,
    governed,
    line,
    other_cells,
    other_number,
    other_numbers,
    place,
    wrong_case,
)
from grammar.lexicon import Lexicon
from grammar.phrases import PRONOUNS


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
    cells = ["2per sing", "3per sing", "3per plur"]
    return [bad for word in finite(s) if "past" not in word.cell for bad in other_cells(s, word, cells)][:2]


def distant_agreement(s: Sentence, words: Lexicon) -> list[str]:
    """The verb or adjective agrees with a nearer noun's number instead."""
    for word in reversed(s.russian):
        for kind, head in word.links:
            if kind == "agreement" and word.forms and place(s.russian, word) - place(s.russian, head) >= 3:
                if word.pos == "ADJF":
                    cells = ["plur nomn"] if word.cell.startswith("sing") else ["sing masc nomn", "sing femn nomn"]
                    return other_cells(s, word, cells)
                return other_cells(s, word, other_number(word))
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


PERSONS = {"я": "1per sing", "ты": "2per sing", "мы": "1per plur", "вы": "2per plur"}


def do_support(s: Sentence, words: Lexicon) -> list[str]:
    """ "did" is said as "do" and the reverse: the tense that no other English word tells."""
    for word in finite(s)[:1]:
        subject = next(head for kind, head in word.links if kind == "agreement")
        plural = word.cell.endswith("plur")
        if word.cell.startswith("past"):
            cell = PERSONS.get(subject.lemma, "3per plur" if plural else "3per sing")
        elif plural:
            cell = "past plur"
        else:
            gender = {"он": "masc", "она": "femn", "кто": "masc"}.get(subject.lemma) or subject.pos.split()[-1]
            cell = f"past {gender}"
        return other_cells(s, word, [cell])
    return []


def relative_clause(s: Sentence, words: Lexicon) -> list[str]:
    found = [word for word in s.russian if word.lemma == "который"]
    return [bad for word in found for bad in other_cells(s, word, other_numbers(word))][:2]


FEELING = ("любить", "хотеть", "ненавидеть", "бояться", "гордиться", "мечтать", "интересоваться")


def dative_experiencer(s: Sentence, words: Lexicon) -> list[str]:
    """Who feels stands in the nominative (девочка нравится), or in the dative with a verb that wants a subject."""
    if "dative-experiencer" in s.notes.tags:
        persons = [w for w in s.russian if w.cell.endswith("datv") and w.pos.split()[0] in ("NOUN", "NPRO")]
        return wrong_case(s, ((word, word) for word in persons[:1]), ("nomn",))
    heads = [head for word in finite(s) if word.lemma in FEELING for _, head in word.links[:1]]
    return wrong_case(s, ((word, word) for word in heads[:1] if word.cell.endswith("nomn")), ("datv",))


def animacy(s: Sentence, words: Lexicon) -> list[str]:
    """The accusative of a person said as that of a thing, and the reverse."""
    pairs = (p for p in governed(s, ("VERB", "INFN")) if p[0].cell.endswith("accs") and p[0].pos.startswith("NOUN"))
    if "animacy" in s.notes.tags:
        return wrong_case(s, pairs, ("nomn",))[:1]
    if "negation" in s.notes.tags:
        return []
    counted = [noun for noun, _ in pairs if words.noun(noun.lemma).counted]  # съел супа is right
    counted = [noun for noun in counted if noun.pos.endswith("masc") or noun.cell.startswith("plur")]
    things = [noun for noun in counted if noun.form.lower() == noun.forms[f"{noun.cell.split()[0]} nomn"]]
    return wrong_case(s, ((noun, noun) for noun in things), ("gent",))[:1]


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


def motion(s: Sentence, words: Lexicon) -> list[str]:
    """Where instead of where to, or from where instead."""
    pairs = [(noun, prep) for noun, prep in governed(s, ("PREP",)) if not prep.links]
    to = [pair for pair in pairs if pair[0].cell.endswith("accs") and pair[1].lemma in ("в", "на", "под")]
    return wrong_case(s, iter(to), ("loct", "ablt"))[:1] or wrong_case(s, iter(pairs), ("accs", "nomn"))[:1]


def infinitive(s: Sentence, words: Lexicon) -> list[str]:
    verbs = [w for w in s.russian if w.pos.startswith("INFN") and w.forms]
    return [bad for word in verbs[:1] for bad in other_cells(s, word, ["3per sing", "3per plur"])][:1]


def short_adjective(s: Sentence, words: Lexicon) -> list[str]:
    cells = ["sing masc", "sing femn", "sing neut", "plur"]
    return [bad for w in s.russian if w.pos == "ADJS" for bad in other_cells(s, w, cells)][:2]


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


def aspect(s: Sentence, words: Lexicon) -> list[str]:
    """The partner of the other aspect in the same cell; the future of one becomes the present of the other."""
    for word in finite(s):
        for verb in words.verbs:
            for forms, partner in ((verb.impf, verb.perf), (verb.perf, verb.impf)):
                if forms and partner and word.forms == forms and partner[word.cell] != word.form.lower():
                    return [line(s, {id(word): partner[word.cell]})]
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
            verbs = [w for w in finite(s) if place(s.russian, w) > i]
            return [bad for verb in verbs[:1] for bad in other_cells(s, verb, other_number(verb))][:1]
        if word.lemma in ("а", "но") and word.pos == "CONJ":
            return [line(s, {id(word): "что"})]
    return []
