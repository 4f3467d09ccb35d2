"""Numerals, and what they do to their noun: один стол, два стола, пять столов, двадцать один стол."""

from grammar import lexicon
from grammar.words import Word, inflected


def is_one(count: int) -> bool:
    """Whether the noun stays in the singular and keeps its case: 1, 21, 31."""
    return count == 1 or (count > 20 and count % 10 == 1)


def cells_after(count: int, case: str, gender: str, animate: bool) -> tuple[str, str]:
    """The cells of the noun and of its adjectives after a numeral, where numeral and noun together stand in `case`."""
    if is_one(count):
        return f"sing {case}", cell_of_one(case, gender, animate)
    if case not in ("nomn", "accs"):
        return f"plur {case}", f"plur {case}"
    if case == "accs" and animate and count < 5:  # видит двух мальчиков
        return "plur gent", "plur gent"
    if 2 <= _unit(count) <= 4:  # два новых стола, две новые книги
        return "sing gent", "plur nomn" if gender == "femn" else "plur gent"
    return "plur gent", "plur gent"


def cell_of_one(case: str, gender: str, animate: bool) -> str:
    """The cell of один and of adjectives beside it."""
    cell = f"sing {gender} {case}"
    return cell + (" anim" if animate else " inan") if case == "accs" and gender == "masc" else cell


def numeral(count: int, case: str, gender: str, animate: bool, noun: Word, english: Word) -> list[Word]:
    """The Russian words of `count`, linked with `noun`; the form of the English word is filled in."""
    numerals = lexicon.load().numerals
    unit = _unit(count)
    words, names = [], []
    if count > 20:
        tens = numerals[count - unit]
        names.append(tens.en)
        words.append(inflected("NUMR", tens.lemma, tens.forms, case, [english]))
    if unit == 1:
        names.append("one")
        one = lexicon.load().determiners["one"]
        word = inflected("ADJF", one.lemma, one.forms, cell_of_one(case, gender, animate), [english])
        words.append(word.link("agreement", noun))
    elif unit:
        last = numerals[unit]
        names.append(last.en)
        forms = dict(last.feminine if gender == "femn" else last.forms)
        if count < 5 and animate:
            forms["accs"] = forms["gent"]
        words.append(inflected("NUMR", last.lemma, forms, case, [english]))
        if unit == 2:
            words[-1].link("agreement", noun)
    if unit != 1 and case in ("nomn", "accs"):
        noun.link("government", words[-1])
    english.form = english.lemma = "-".join(names)
    return words


def _unit(count: int) -> int:
    """What decides: the last digit above 20, else the number."""
    return count % 10 if count > 20 else count
