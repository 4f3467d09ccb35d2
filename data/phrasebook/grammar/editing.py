"""How a wrong line is made: other forms for some words of a sentence, and all that agrees with them."""

from collections.abc import Iterator
from itertools import pairwise

from grammar.clauses import Sentence, preposition, text
from grammar.lexicon import Lexicon
from grammar.phrases import Word

Forms = dict[int, str]  # id of a word → another form; "" drops the word


def line(sentence: Sentence, forms: Forms, before: dict[int, str] | None = None) -> str:
    """The Russian line with other `forms`, and words put in `before` some."""
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
            word.form = preposition(word.lemma, following.form)
    for last, word in zip([None, *words], words, strict=False):
        if last is None or last.form in (".", "?"):
            word.form = word.form[0].upper() + word.form[1:]
    return text(words)


def ordered(words: list[Word], forms: Forms) -> str:
    """A line of these words in this order, some in other `forms`."""
    said = [forms.get(id(word), word.form) for word in words]
    said = [new if word.lemma[:1].isupper() else new.lower() for new, word in zip(said, words, strict=True)]
    return text([Word(said[0][:1].upper() + said[0][1:]), *map(Word, said[1:])])


def agreeing(sentence: Sentence, head: Word, pos: str = "") -> list[Word]:
    """Words that agree with `head`."""
    links = ((word, kind, other) for word in sentence.russian for kind, other in word.links)
    return [word for word, kind, other in links if kind == "agreement" and other is head and pos in word.pos]


def governed(sentence: Sentence, poses: tuple[str, ...]) -> Iterator[tuple[Word, Word]]:
    """Pairs of an inflected word and what governs it, where that is of one of `poses`."""
    for word in sentence.russian:
        for kind, head in word.links:
            if kind == "government" and word.forms and head.pos.startswith(poses):
                yield word, head


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


def wrong_case(sentence: Sentence, pairs: Iterator[tuple[Word, Word]], cases: tuple[str, ...]) -> list[str]:
    """One wrong line for each governed word: the first of `cases` that looks different."""
    lines = []
    for noun, _ in pairs:
        for case in cases:
            forms = recase(sentence, noun, case)
            if forms and forms[id(noun)].lower() != noun.form.lower():
                lines.append(line(sentence, forms))
                break
    return lines


def other_cells(sentence: Sentence, word: Word, cells: list[str]) -> list[str]:
    """Lines with the word in other cells of its paradigm, each form once."""
    found = {word.forms[cell] for cell in cells if cell in word.forms} - {word.form.lower(), word.form}
    return [line(sentence, {id(word): form}) for form in sorted(found)]


def finite(s: Sentence, time: str = "") -> list[Word]:
    """Verbs that agree with something."""
    heads = (word for word in s.russian if word.pos.startswith("VERB") and word.forms and word.cell.startswith(time))
    return [word for word in heads if any(kind == "agreement" for kind, _ in word.links)]


def place(words: list[Word], word: Word) -> int:
    return next(i for i, other in enumerate(words) if other is word)


def other_numbers(word: Word) -> list[str]:
    """Cells of another gender or number, same case and animacy."""
    parts = word.cell.split()
    rest = " ".join(parts[2:] if parts[0] == "sing" else parts[1:])
    bare = rest.split()[0]
    return [f"sing masc {rest}", f"sing femn {bare}", f"sing neut {bare}", f"plur {rest}"]


def replaced(s: Sentence, word: Word, sense: str, words: Lexicon) -> Forms:
    """`word` as another noun or adjective in the same cell; its adjectives and verbs follow a new gender."""
    if word.pos == "ADJF":
        other = next((a for a in words.adjectives if a.ru == sense), None)
        return {id(word): other.forms[word.cell]} if other and word.cell in other.forms else {}
    noun = next((n for n in words.nouns if n.ru == sense), None)
    if not word.pos.startswith("NOUN") or noun is None or noun.number:
        return {}
    cell = word.cell if word.cell in noun.forms else "sing loct"
    forms = {id(word): noun.forms[cell]}
    for other in agreeing(s, word):
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


def other_number(verb: Word) -> list[str]:
    """The cell of the other number in the same tense."""
    if verb.cell.startswith("past"):
        return ["past masc"] if verb.cell == "past plur" else ["past plur"]
    return ["3per sing"] if verb.cell.endswith("plur") else ["3per plur"]


def determiner(noun: Word, forms: dict[str, str]) -> str:
    """The form of этот, один or свой that stands with `noun`."""
    gender, (number, case) = noun.pos.split()[1], noun.cell.replace("loc2", "loct").split()
    cell = f"sing {gender} {case}" if number == "sing" else f"plur {case}"
    return forms.get(cell) or forms[cell + (" anim" if noun.form == noun.forms[f"{number} gent"] else " inan")]
