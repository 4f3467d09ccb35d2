"""Contrast edits: wrong translations that differ from the right one in exactly one phenomenon, one edit for each tag.

An edit takes a sentence and returns wrong Russian lines, or none where the sentence offers no clean one. Where a word
too many or too few is the error, the edit works both ways, so that the length of a line tells nothing: it adds the word
to sentences without it and drops it from those that have it.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from grammar import lexicon
from grammar.declension import CASES
from grammar.prepositions import form_before
from grammar.sentences import Sentence, capitalise, senses, text
from grammar.words import Word

Edit = Callable[[Sentence], list[str]]
Forms = dict[int, str]  # id of a word → another form; "" drops the word
EDITS: dict[str, Edit] = {}  # by tag
BOTH_WAYS: set[str] = set()  # tags whose edit also takes sentences without the tag
UNEDITED = {  # tags that say what a sentence is about, and have no edit; nothing of smalltalk makes contrast items
    "smalltalk", "object-pronoun", "clock", "calendar", "amount", "duration", "degree", "price", "weather", "quantity",
    "introduction", "health",
}  # fmt: skip


def edit(*tags: str, both_ways: bool = False) -> Callable[[Edit], Edit]:
    """Make a function the edit of these phenomena."""

    def register(function: Edit) -> Edit:
        EDITS.update(dict.fromkeys(tags, function))
        if both_ways:
            BOTH_WAYS.update(tags)
        return function

    return register


def wrong_lines(sentence: Sentence, tag: str) -> list[str]:
    """Wrong Russian lines of one phenomenon; none where the sentence offers no clean one."""
    right = text(sentence.russian)
    return [wrong for wrong in dict.fromkeys(EDITS[tag](sentence)) if wrong != right]


# How a wrong line is made: other forms for some words of a sentence, and for all that agrees with them.


def rewritten(sentence: Sentence, forms: Forms, before: dict[int, str] | None = None) -> str:
    """The Russian line with other `forms`, and with new words put in `before` some."""
    words = []
    for word in sentence.russian:
        form = forms.get(id(word), word.form)
        if before and id(word) in before:
            words.append(Word(before[id(word)]))
            form = form if word.lemma[:1].isupper() else form[:1].lower() + form[1:]
        if form:
            words.append(Word(form, word.lemma, word.pos))
    for word, following in pairwise(words):
        if word.pos == "PREP" and word.lemma in ("о", "с", "в", "к"):
            word.form = form_before(word.lemma, following.form)
    capitalise(words)
    return text(words)


def reordered(words: list[Word], forms: Forms) -> str:
    """A line of these words in this order, some in other `forms`."""
    said = [forms.get(id(word), word.form) for word in words]
    said = [form if word.lemma[:1].isupper() else form.lower() for form, word in zip(said, words, strict=True)]
    return text([Word(said[0][:1].upper() + said[0][1:]), *map(Word, said[1:])])


def position(words: list[Word], word: Word) -> int:
    return next(i for i, other in enumerate(words) if other is word)


def agreeing(sentence: Sentence, head: Word, pos: str = "") -> list[Word]:
    """Words that agree with `head`."""
    links = ((word, kind, other) for word in sentence.russian for kind, other in word.links)
    return [word for word, kind, other in links if kind == "agreement" and other is head and pos in word.pos]


def agreeing_verbs(sentence: Sentence, time: str = "") -> list[Word]:
    """Finite verbs, of `time` if it is given, that agree with something."""
    verbs = (word for word in sentence.russian if word.pos.startswith("VERB") and word.forms)
    verbs = (word for word in verbs if word.cell.startswith(time))
    return [word for word in verbs if any(kind == "agreement" for kind, _ in word.links)]


def governed(sentence: Sentence, poses: tuple[str, ...]) -> Iterator[tuple[Word, Word]]:
    """Pairs of an inflected word and what governs it, where that is of one of `poses`."""
    for word in sentence.russian:
        for kind, head in word.links:
            if kind == "government" and word.forms and head.pos.startswith(poses):
                yield word, head


def first_of_phrase(sentence: Sentence, noun: Word) -> Word:
    """The noun, or the first of the adjectives before it."""
    return min([*agreeing(sentence, noun, "ADJF"), noun], key=lambda word: position(sentence.russian, word))


def recase(sentence: Sentence, noun: Word, case: str) -> Forms:
    """The noun and its adjectives in another case (a noun's number stays)."""
    number = noun.cell.split()[0] if noun.cell.split()[0] in ("sing", "plur") else ""
    cell = f"{number} {case}".strip()
    if cell not in noun.forms:
        return {}
    forms = {id(noun): noun.forms[cell]}
    old = noun.cell.split()[-1].replace("loc2", "loct")
    for word in agreeing(sentence, noun, "ADJF"):
        if word.cell.split()[-1] in ("anim", "inan"):
            parts = word.cell.split()[:-2]
        elif old in word.cell.split():
            parts = word.cell.split()[:-1]
        else:
            continue  # a predicate
        target = " ".join([*parts, case])
        target += " inan" if target not in word.forms else ""
        forms[id(word)] = word.forms.get(target, word.form)
    return forms


def in_other_case(sentence: Sentence, words: Iterable[Word], cases: tuple[str, ...]) -> list[str]:
    """One wrong line for each word: with the first of `cases` that looks different."""
    lines = []
    for word in words:
        for case in cases:
            forms = recase(sentence, word, case)
            if forms and forms[id(word)].lower() != word.form.lower():
                lines.append(rewritten(sentence, forms))
                break
    return lines


def in_other_cells(sentence: Sentence, word: Word, cells: list[str]) -> list[str]:
    """Lines with the word in other cells of its paradigm, each form once."""
    found = {word.forms[cell] for cell in cells if cell in word.forms} - {word.form.lower(), word.form}
    return [rewritten(sentence, {id(word): form}) for form in sorted(found)]


def cells_of_other_gender(word: Word) -> list[str]:
    """Cells of another gender or number, same case and animacy."""
    parts = word.cell.split()
    rest = " ".join(parts[2:] if parts[0] == "sing" else parts[1:])
    case = rest.split()[0]
    return [f"sing masc {rest}", f"sing femn {case}", f"sing neut {case}", f"plur {rest}"]


def cells_of_other_number(verb: Word) -> list[str]:
    """The cell of the other number in the same tense."""
    if verb.cell.startswith("past"):
        return ["past masc"] if verb.cell == "past plur" else ["past plur"]
    return ["3per sing"] if verb.cell.endswith("plur") else ["3per plur"]


def with_other_sense(sentence: Sentence, word: Word, sense: str) -> Forms:
    """`word` as another noun or adjective in the same cell; its adjectives and verbs follow a new gender."""
    words = lexicon.load()
    if word.pos == "ADJF":
        other = next((a for a in words.adjectives if a.ru == sense), None)
        return {id(word): other.forms[word.cell]} if other and word.cell in other.forms else {}
    noun = next((n for n in words.nouns if n.ru == sense), None)
    if not word.pos.startswith("NOUN") or noun is None or noun.number:
        return {}
    cell = word.cell if word.cell in noun.forms else "sing loct"
    forms = {id(word): noun.forms[cell]}
    for other in agreeing(sentence, word):
        parts = [part for part in other.cell.split() if part not in ("masc", "femn", "neut", "anim", "inan")]
        if "plur" not in parts:
            parts.insert(1, noun.gender)
        target = " ".join(parts)
        if target not in other.forms:
            target += " anim" if noun.animate else " inan"
        if target not in other.forms:
            return {}
        forms[id(other)] = other.forms[target]
    return forms


def determiner_of(noun: Word, key: str) -> str:
    """The form of a determiner that stands with `noun`."""
    forms = lexicon.load().determiners[key].forms
    gender, (number, case) = noun.pos.split()[1], noun.cell.replace("loc2", "loct").split()
    cell = f"sing {gender} {case}" if number == "sing" else f"plur {case}"
    return forms.get(cell) or forms[cell + (" anim" if noun.form == noun.forms[f"{number} gent"] else " inan")]


def was_or_will(be: Word, subject: Word) -> str:
    """был or будет with another subject."""
    number = subject.cell.split()[0]
    if be.cell.startswith("past"):
        return be.forms["past plur" if number == "plur" else f"past {subject.pos.split()[1]}"]
    return be.forms[f"3per {number}"]


# Agreement


@edit("adjective-agreement")
def adjective_agreement(s: Sentence) -> list[str]:
    for word in s.russian:
        if word.pos == "ADJF" and word.cell and any(kind == "agreement" for kind, _ in word.links):
            case = next(part for part in word.cell.split() if part in CASES)
            end = " inan" if case == "accs" else ""
            cells = [f"sing masc {case}{end}", f"sing femn {case}", f"sing neut {case}", f"plur {case}{end}"]
            if case == "accs" and word.cell.endswith("anim"):  # keep animacy out of it
                cells = cells[1:3]
            if lines := in_other_cells(s, word, cells):
                return lines[:2]
    return []


@edit("past-agreement")
def past_agreement(s: Sentence) -> list[str]:
    cells = ["past masc", "past femn", "past plur"]
    return [line for verb in agreeing_verbs(s, "past")[:1] for line in in_other_cells(s, verb, cells)]


@edit("person-agreement")
def person_agreement(s: Sentence) -> list[str]:
    cells = ["2per sing", "3per sing", "3per plur"]
    verbs = [verb for verb in agreeing_verbs(s) if "past" not in verb.cell]
    return [line for verb in verbs for line in in_other_cells(s, verb, cells)][:2]


@edit("distant-agreement")
def distant_agreement(s: Sentence) -> list[str]:
    """The verb or adjective agrees with a nearer noun's number instead."""
    for word in reversed(s.russian):
        for kind, head in word.links:
            far = position(s.russian, word) - position(s.russian, head) >= 3
            if kind == "agreement" and word.forms and far:
                if word.pos == "ADJF":
                    cells = ["plur nomn"] if word.cell.startswith("sing") else ["sing masc nomn", "sing femn nomn"]
                    return in_other_cells(s, word, cells)
                return in_other_cells(s, word, cells_of_other_number(word))
    return []


@edit("short-adjective")
def short_adjective(s: Sentence) -> list[str]:
    cells = ["sing masc", "sing femn", "sing neut", "plur"]
    return [line for word in s.russian if word.pos == "ADJS" for line in in_other_cells(s, word, cells)][:2]


@edit("relative-clause")
def relative_clause(s: Sentence) -> list[str]:
    found = [word for word in s.russian if word.lemma == "который"]
    return [line for word in found for line in in_other_cells(s, word, cells_of_other_gender(word))][:2]


@edit("it-in-sentence", "it-across-sentences")
def it(s: Sentence) -> list[str]:
    """ "it" has another gender, and what agrees with it follows."""
    for word in s.russian:
        if word.lemma in ("он", "она", "оно") and any(kind == "antecedent" for kind, _ in word.links):
            lines = []
            for gender in ("masc", "femn", "neut"):
                form = lexicon.load().pronouns[f"it {gender}"].forms[word.cell]
                if form == word.form.lower():
                    continue
                forms = {id(word): form}
                for other in agreeing(s, word):
                    past = other.cell.startswith("past")
                    cell = f"past {gender}" if past else f"sing {gender} {other.cell.split()[-1]}"
                    forms[id(other)] = other.forms.get(cell, other.form)
                lines.append(rewritten(s, forms))
            return lines
    return []


@edit("address")
def address(s: Sentence) -> list[str]:
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
            return [rewritten(s, forms)]
    forms = {}
    for word in s.russian:  # Открой for Откройте, and the reverse
        if word.cell.startswith("impr"):
            forms[id(word)] = word.forms["impr sing" if word.cell == "impr plur" else "impr plur"]
        elif word.pos == "ADJS" and forms:
            forms[id(word)] = word.forms["sing masc" if word.cell == "plur" else "plur"]
    return [rewritten(s, forms)] if forms else []


@edit("imperative")
def imperative(s: Sentence) -> list[str]:
    """The infinitive, or they do it."""
    words = [word for word in s.russian if word.cell.startswith("impr")]
    return [line for word in words[:1] for line in in_other_cells(s, word, ["infn", "3per plur"])]


@edit("coordination")
def coordination(s: Sentence) -> list[str]:
    """The verb agrees with the first of two, or the second of two stands in another case; or another conjunction."""
    for verb in agreeing_verbs(s):
        if sum(kind == "agreement" for kind, _ in verb.links) > 1:
            return in_other_cells(s, verb, ["past masc" if verb.cell.startswith("past") else "3per sing"])
    for i, word in enumerate(s.russian):
        if word.lemma == "и" and word.pos == "CONJ":
            nouns = [w for w in s.russian[i:] if w.pos.startswith("NOUN") and w.forms]
            if nouns:
                return in_other_case(s, nouns[:1], ("nomn", "gent"))
            verbs = [verb for verb in agreeing_verbs(s) if position(s.russian, verb) > i]
            return [line for v in verbs[:1] for line in in_other_cells(s, v, cells_of_other_number(v))][:1]
        if word.lemma in ("а", "но") and word.pos == "CONJ":
            return [rewritten(s, {id(word): "что"})]
    return []


# Government: the case that a verb, a preposition or a numeral wants


@edit("verb-government")
def verb_government(s: Sentence) -> list[str]:
    nouns = [noun for noun, _ in governed(s, ("VERB", "INFN")) if noun.pos.split()[0] in ("NOUN", "NPRO")]
    nouns = [noun for noun in nouns if noun.cell.split()[-1] != "accs"]
    prepositions = {"за", "о", "на", "в", "над", "с", "к", "у"}
    for noun, prep in governed(s, ("PREP",)):
        if prep.lemma in prepositions and any(kind == "government" for kind, _ in prep.links):
            nouns.append(noun)
    return in_other_case(s, nouns, ("accs", "nomn", "gent"))[:1]


@edit("preposition-government")
def preposition_government(s: Sentence) -> list[str]:
    nouns = [noun for noun, prep in governed(s, ("PREP",)) if not prep.links]
    return in_other_case(s, nouns, ("nomn", "gent", "datv"))[:1]


@edit("motion")
def motion(s: Sentence) -> list[str]:
    """Where instead of where to, or from where instead."""
    pairs = [(noun, prep) for noun, prep in governed(s, ("PREP",)) if not prep.links]
    to = [noun for noun, prep in pairs if noun.cell.endswith("accs") and prep.lemma in ("в", "на", "под")]
    return in_other_case(s, to, ("loct", "ablt"))[:1] or in_other_case(s, [n for n, _ in pairs], ("accs", "nomn"))[:1]


@edit("genitive-of-negation")
def genitive_of_negation(s: Sentence) -> list[str]:
    nouns = [noun for noun, _ in governed(s, ("PRED", "PRCL")) if noun.cell.endswith("gent")]
    return in_other_case(s, nouns, ("nomn",))


@edit("numerals")
def numerals(s: Sentence) -> list[str]:
    for noun, _ in governed(s, ("NUMR",)):
        return in_other_cells(s, noun, ["sing gent", "plur gent", "plur nomn"])
    for word in s.russian:
        if word.lemma == "один":
            noun = next(head for kind, head in word.links)
            return in_other_cells(s, noun, ["sing gent", "plur gent"])
    return []


@edit("animacy", both_ways=True)
def animacy(s: Sentence) -> list[str]:
    """The accusative of a person said as that of a thing, and the reverse."""
    nouns = [noun for noun, _ in governed(s, ("VERB", "INFN")) if noun.pos.startswith("NOUN")]
    nouns = [noun for noun in nouns if noun.cell.endswith("accs")]
    if "animacy" in s.notes.tags:
        return in_other_case(s, nouns, ("nomn",))[:1]
    if "negation" in s.notes.tags:
        return []
    counted = {noun.ru for noun in lexicon.load().nouns if noun.counted}  # съел супа is right; names are no things
    nouns = [noun for noun in nouns if noun.lemma in counted]
    nouns = [noun for noun in nouns if noun.pos.endswith("masc") or noun.cell.startswith("plur")]
    things = [noun for noun in nouns if noun.form.lower() == noun.forms[f"{noun.cell.split()[0]} nomn"]]
    return in_other_case(s, things, ("gent",))[:1]


FEELING = ("любить", "хотеть", "ненавидеть", "бояться", "гордиться", "мечтать", "интересоваться")


@edit("dative-experiencer", both_ways=True)
def dative_experiencer(s: Sentence) -> list[str]:
    """Who feels stands in the nominative (девочка нравится), or in the dative with a verb that wants a subject."""
    if "dative-experiencer" in s.notes.tags:
        persons = [w for w in s.russian if w.cell.endswith("datv") and w.pos.split()[0] in ("NOUN", "NPRO")]
        return in_other_case(s, persons[:1], ("nomn",))
    subjects = [head for verb in agreeing_verbs(s) if verb.lemma in FEELING for _, head in verb.links[:1]]
    return in_other_case(s, [word for word in subjects[:1] if word.cell.endswith("nomn")], ("datv",))


@edit("instrument")
def instrument(s: Sentence) -> list[str]:
    """The nominative, or с added to a tool."""
    nouns = [noun for noun, _ in governed(s, ("VERB", "INFN")) if noun.pos.startswith("NOUN")]
    nouns = [noun for noun in nouns if noun.cell.endswith("ablt")]
    lines = in_other_case(s, nouns, ("nomn",))[:1]
    if nouns and any(word.form == "with" for word in s.english):
        lines.append(rewritten(s, {}, {id(first_of_phrase(s, nouns[0])): "с"}))
    return lines


# Tense, aspect and mood of the verb

PERSONS = {"я": "1per sing", "ты": "2per sing", "мы": "1per plur", "вы": "2per plur"}


@edit("do-support")
def do_support(s: Sentence) -> list[str]:
    """ "did" is said as "do" and the reverse: the tense that no other English word tells."""
    for verb in agreeing_verbs(s)[:1]:
        subject = next(head for kind, head in verb.links if kind == "agreement")
        plural = verb.cell.endswith("plur")
        if verb.cell.startswith("past"):
            cell = PERSONS.get(subject.lemma, "3per plur" if plural else "3per sing")
        elif plural:
            cell = "past plur"
        else:
            gender = {"он": "masc", "она": "femn", "кто": "masc"}.get(subject.lemma) or subject.pos.split()[-1]
            cell = f"past {gender}"
        return in_other_cells(s, verb, [cell])
    return []


@edit("infinitive")
def infinitive(s: Sentence) -> list[str]:
    verbs = [word for word in s.russian if word.pos.startswith("INFN") and word.forms]
    return [line for verb in verbs[:1] for line in in_other_cells(s, verb, ["3per sing", "3per plur"])][:1]


@edit("aspect")
def aspect(s: Sentence) -> list[str]:
    """The partner of the other aspect in the same cell; the future of one becomes the present of the other."""
    for word in agreeing_verbs(s):
        for verb in lexicon.load().verbs:
            for forms, partner in ((verb.impf, verb.perf), (verb.perf, verb.impf)):
                if forms and partner and word.forms == forms and partner[word.cell] != word.form.lower():
                    return [rewritten(s, {id(word): partner[word.cell]})]
    return []


# Words too many or too few


def after_be(s: Sentence) -> Word | None:
    """The first Russian word of the predicate, where English has "is" or "are" and Russian nothing."""
    place = {id(word): i for i, word in enumerate(s.english)}
    be = [i for i, word in enumerate(s.english) if word.form.lower() in ("is", "are", "am")]
    if not be:
        return None
    later = [word for word in s.russian if word.source and min(place[id(x)] for x in word.source) > be[-1]]
    return later[0] if later and later[0].pos != "PNCT" else None


@edit("zero-copula", both_ways=True)
def zero_copula(s: Sentence) -> list[str]:
    """есть is said for "is", or nothing for "was"."""
    if "zero-copula" not in s.notes.tags:
        if s.notes.tags & {"existence", "possession", "instrument", "relative-clause", "negation"}:
            return []
        past = [i for i, word in enumerate(s.russian) if word.lemma == "быть" and word.cell.startswith("past")]
        return [rewritten(s, {id(s.russian[i]): ""}) for i in past if not s.russian[i + 1].cell.endswith("ablt")]
    for word in s.russian:
        if word.form == "—":
            return [rewritten(s, {id(word): "есть"})]
    word = after_be(s)
    return [rewritten(s, {}, {id(word): "есть"})] if word else []


@edit("articles", both_ways=True)
def articles(s: Sentence) -> list[str]:
    """An article is said as this or one; "this" and "that" are left out."""
    for word in s.russian:
        if word.lemma in ("этот", "тот") and word.pos == "ADJF":
            return [rewritten(s, {id(word): ""})]
    for i, article in enumerate(s.english):
        if article.lemma not in ("a", "the"):
            continue
        for word in s.russian:
            if not (word.pos.startswith("NOUN") and word.cell and word.source):
                continue
            distance = position(s.english, word.source[0]) - i
            if distance <= 0:
                continue
            if distance > 3 or word.cell.split()[-1] == "loc2":
                break
            first = first_of_phrase(s, word)
            if first.cell and first.form:
                added = determiner_of(word, "one" if article.lemma == "a" else "this")
                return [rewritten(s, {}, {id(first): added})]
            break
    return []


@edit("negation", both_ways=True)
def negation(s: Sentence) -> list[str]:
    """не is left out, or said where English has no "not"."""
    if s.notes.tags & {"negation", "genitive-of-negation"}:
        return [rewritten(s, {id(word): ""}) for word in s.russian if word.lemma == "не"][:1]
    verbs = agreeing_verbs(s)
    if len(verbs) > 1 or s.notes.tags & {"possession", "existence", "infinitive", "coordination", "that-clause"}:
        return []
    return [rewritten(s, {}, {id(verb): "не"}) for verb in verbs]


@edit("inherent-possession", both_ways=True)
def inherent_possession(s: Sentence) -> list[str]:
    """есть is said of what one has by nature, or left out of what one happens to have."""
    if "inherent-possession" in s.notes.tags:
        adjective = next(word for word in s.russian if word.pos == "ADJF" and word.cell.endswith("nomn"))
        return [rewritten(s, {}, {id(adjective): "есть"})]
    return [rewritten(s, {id(word): ""}) for word in s.russian if word.lemma == "есть" and "possession" in s.notes.tags]


# Other words


@edit("yes-no-question", both_ways=True)
def yes_no_question(s: Sentence) -> list[str]:
    """A full stop instead of the question mark, or a question mark instead of the full stop."""
    if "yes-no-question" in s.notes.tags:
        return [rewritten(s, {id(s.russian[-1]): "."})]
    return [] if any(word.form == "?" for word in s.russian) else [rewritten(s, {id(s.russian[-1]): "?"})]


ASKING = {"где": "когда", "когда": "где", "почему": "где", "сколько": "столько"}


@edit("wh-question")
def wh_question(s: Sentence) -> list[str]:
    """Another question word, or another form of it."""
    for word in s.russian:
        if word.lemma in ("кто", "что") and word.pos == "NPRO":
            other = lexicon.load().pronouns["what" if word.lemma == "кто" else "who"]
            return [rewritten(s, {id(word): other.forms[word.cell]})]
        if word.lemma in ASKING:
            return [rewritten(s, {id(word): ASKING[word.lemma]})]
        if word.lemma in ("какой", "чей"):
            return in_other_cells(s, word, cells_of_other_gender(word))[:1]
    return []


SHORT_POSSESSIVES = ("его", "её", "их")


def is_short_possessive(word: Word) -> bool:
    return word.lemma in SHORT_POSSESSIVES and word.pos == "NPRO" and not word.cell


@edit("reflexive-possessive", both_ways=True)
def reflexive_possessive(s: Sentence) -> list[str]:
    """свой said as мой, его, её or their like, or his, her and their said as свой."""
    for i, word in enumerate(s.russian):
        if word.lemma == "свой" and word.source[0].form != "own":
            return []  # I love my mother: свою, but мою is no mistake
        if word.lemma == "свой":
            owner = s.english[position(s.english, word.source[0]) - 1].form.lower()
            other = lexicon.load().determiners[owner]
            return [rewritten(s, {id(word): other.forms[word.cell] if other.forms else other.lemma})]
        if is_short_possessive(word):
            noun = next(other for other in s.russian[i:] if other.pos.startswith("NOUN"))
            if not noun.cell.endswith("nomn"):
                return [rewritten(s, {id(word): determiner_of(noun, "own")})]
    return []


@edit("short-possessive")
def short_possessive(s: Sentence) -> list[str]:
    found = [word for word in s.russian if is_short_possessive(word)]
    return [rewritten(s, {id(word): other}) for word in found[:1] for other in SHORT_POSSESSIVES if other != word.lemma]


@edit("names")
def names(s: Sentence) -> list[str]:
    """Another name of the same gender in the same case."""
    names = lexicon.load().names
    by_lemma = {name.ru: name for name in names}
    for word in s.russian:
        if (name := by_lemma.get(word.lemma)) and word.cell:
            alike = [n for n in names if n.gender == name.gender and n.classes == name.classes and n is not name]
            other = alike[len(text(s.russian)) % len(alike)]
            return [rewritten(s, {id(word): other.forms[word.cell]})]
    return []


@edit("homonym")
def homonym(s: Sentence) -> list[str]:
    """The other sense of the English word, with what agrees with it."""
    for word in s.russian:
        known = senses(word.source[0]) if word.source else []
        for sense in known if word.lemma in known else []:
            if sense != word.lemma and (forms := with_other_sense(s, word, sense)):
                return [rewritten(s, forms)]
    return []


@edit("that-clause", both_ways=True)
def that_clause(s: Sentence) -> list[str]:
    """который for "that", and что for "which" where it must be declined."""
    if "that-clause" in s.notes.tags:
        return [rewritten(s, {id(word): "который"}) for word in s.russian if word.lemma == "что" and word.pos == "CONJ"]
    which = [word for word in s.russian if word.lemma == "который"]
    which = [word for word in which if word.cell.split()[-1] in ("gent", "datv", "ablt", "loct")]
    return [rewritten(s, {id(word): "что"}) for word in which]


@edit("short-answer")
def short_answer(s: Sentence) -> list[str]:
    """Yes said as no, and the reverse."""
    other = {"да": "нет", "нет": "да"}
    return [rewritten(s, {id(word): other[word.lemma].capitalize()}) for word in s.russian if word.lemma in other][:1]


NEGATIVE = {"никто": "кто-то", "ничто": "что-то", "никогда": "всегда", "нигде": "здесь", "никуда": "сюда"}


@edit("negative-pronoun")
def negative_pronoun(s: Sentence) -> list[str]:
    """nobody said as somebody, never as always: не alone denies less."""
    for word in s.russian:
        if word.lemma in NEGATIVE:
            other = NEGATIVE[word.lemma]
            if word.forms:
                pronoun = lexicon.load().pronouns["somebody" if word.lemma == "никто" else "something"]
                other = pronoun.forms["accs" if word.cell == "gent" else word.cell]
            return [rewritten(s, {id(word): other})]
    return []


# Words that change places


@edit("possessive-chain")
def possessive_chain(s: Sentence) -> list[str]:
    """The two owners change places."""
    pairs = [(noun, head) for noun, head in governed(s, ("NOUN",)) if noun.pos.startswith("NOUN")]
    for noun, head in pairs:
        if any(head is other for other, _ in pairs) and not agreeing(s, noun, "ADJF") and noun.cell == head.cell:
            return [rewritten(s, {id(noun): head.form, id(head): noun.form})]
    return []


@edit("possession")
def possession(s: Sentence) -> list[str]:
    """Who has whom: У девочки есть собака → У собаки есть девочка."""
    owner, at = next((pair for pair in governed(s, ("PREP",)) if pair[1].lemma == "у"), (None, None))
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
    return [reordered([at, *groups[0], *middle, *groups[1], s.russian[-1]], forms)]


@edit("existence", both_ways=True)
def existence(s: Sentence) -> list[str]:
    """Word order: "There is a key in the room" said as "The key is in the room", and the reverse."""
    body, end = s.russian[:-1], s.russian[-1]
    if "existence" in s.notes.tags:
        split = 1 + next(i for i, word in enumerate(body) if word.pos.startswith("NOUN"))
        place, rest = body[:split], body[split:]
        be = [word for word in rest if word.lemma in ("есть", "нет", "не", "быть")]
        thing = [word for word in rest if word not in be]
        return [reordered([*thing, *be, *place, end], {})]
    verbs = [word for word in body if word.pos.startswith(("VERB", "INFN", "ADJS", "COMP", "PRED", "CONJ", "NPRO"))]
    preps = [i for i, word in enumerate(body) if word.pos == "PREP"]
    if len(preps) != 1 or any(word.lemma != "быть" for word in verbs) or not body[0].cell.endswith("nomn"):
        return []
    if any(word.form in ("?", ".", "—", "не", ",") for word in body):
        return []
    thing = [word for word in body[: preps[0]] if word not in verbs]
    return [reordered([*body[preps[0] :], *verbs, *thing, end], {})]


@edit("comparison")
def comparison(s: Sentence) -> list[str]:
    """The two compared change places."""
    second = next(governed(s, ("COMP",)))[0]
    first = s.russian[0]
    if not (first.pos.startswith("NOUN") and second.pos.startswith("NOUN")):
        return []
    forms = {
        id(first): second.forms[f"{second.cell.split()[0]} nomn"],
        id(second): first.forms[f"{first.cell.split()[0]} gent"],
    }
    for word in agreeing(s, first):
        forms[id(word)] = was_or_will(word, second)
    return [rewritten(s, forms)]
