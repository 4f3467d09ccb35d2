"""Russian declension: nouns, adjectives and whatever agrees with a noun, by class, with explicit exceptions.

A paradigm is a dict from a cell to a form. Cells are written with the grammemes of OpenCorpora, separated by spaces:
nouns "sing gent", adjectives "sing femn gent" or "plur gent", short adjectives "sing femn" or "plur". Stress is not
written, but the letter ё is, wherever it is read.
"""

from nmt import NmtError

CASES = ("nomn", "gent", "datv", "accs", "ablt", "loct")
VOWELS = "аеёиоуыэюя"
VELAR = "гкх"
HUSHING = "жчшщ"

Endings = tuple[list[str], str, str]  # six singular forms, plural nominative, plural genitive


def by_case(forms: str) -> dict[str, str]:
    """ "два двух двум два двумя двух" → case: form. Raises NmtError unless there are six."""
    return _named(CASES, forms)


def noun_forms(word: str, gender: str, animate: bool, flags: dict[str, str]) -> dict[str, str]:
    """All cells of a noun. `flags` are those of lexicon/nouns.txt: b, s, np, gp, 0, l and single forms."""
    if "0" in flags:
        return {f"{number} {case}": word for number in ("sing", "plur") for case in CASES}
    singular, nominative, genitive = _endings(word, gender, flags)
    nominative, genitive = flags.get("np", nominative), flags.get("gp", genitive)
    soft = nominative[-1] == "я" or (nominative[-1] == "и" and nominative[-2] not in VELAR + HUSHING)
    stem = nominative[:-1] + ("я" if soft else "а")
    plural = [nominative, genitive, stem + "м", genitive if animate else nominative, stem + "ми", stem + "х"]
    singular[3] = singular[3] or singular[1 if animate else 0]
    forms = {f"sing {case}": form for case, form in zip(CASES, singular, strict=True)}
    forms |= {f"plur {case}": form for case, form in zip(CASES, plural, strict=True)}
    for short, number in (("s", "sing"), ("p", "plur")):
        for case in CASES:
            if short + case in flags:
                forms[f"{number} {case}"] = flags[short + case]
    if animate and "pgent" in flags:
        forms["plur accs"] = flags["pgent"]
    if "l" in flags:  # the second locative, after в and на only: в саду, but о саде
        forms["sing loc2"] = flags["l"]
    return forms


def _endings(word: str, gender: str, flags: dict[str, str]) -> Endings:
    """The accusative singular is left empty where it depends on animacy."""
    stressed = "b" in flags
    if word.endswith("мя"):
        return _in_mya(word[:-1])
    if word[-1] in "ая":
        return _in_a(word, flags.get("s", word[:-1]), stressed)
    if word[-1] in "оеё":
        return _in_o(word)
    if word[-1] == "ь" and gender == "femn":
        stem = flags.get("s", word[:-1])
        return [word, stem + "и", stem + "и", word, stem + "ью", stem + "и"], stem + "и", stem + "ей"
    if word[-1] in "ьй":
        return _soft_masculine(word, flags.get("s", word[:-1]), stressed)
    return _hard_masculine(word, flags.get("s", word), stressed)


def _in_mya(stem: str) -> Endings:
    """имя, время"""
    oblique = stem + "ени"
    return [stem + "я", oblique, oblique, stem + "я", stem + "енем", oblique], stem + "ена", stem + "ён"


def _in_a(word: str, stem: str, stressed: bool) -> Endings:
    """книга, земля; мужчина and дядя too"""
    if word[-1] == "я":
        e = "и" if stem[-1] == "и" else "е"
        ablative = stem + ("ёй" if stressed else "ей")
        genitive = stem + ("й" if stem[-1] in VOWELS else "ь")
        return [word, stem + "и", stem + e, stem + "ю", ablative, stem + e], stem + "и", genitive
    y = stem + ("и" if stem[-1] in VELAR + HUSHING else "ы")
    ablative = stem + ("ей" if stem[-1] in HUSHING + "ц" and not stressed else "ой")
    return [word, y, stem + "е", stem + "у", ablative, stem + "е"], y, _without_ending(stem)


def _without_ending(stem: str) -> str:
    """Genitive plural; before к a vowel steps in: сумка сумок, кошка кошек, чайка чаек."""
    if stem[-1] != "к" or stem[-2] in VOWELS:
        return stem
    if stem[-2] in "йь":
        return stem[:-2] + "ек"
    return stem[:-1] + ("ек" if stem[-2] in HUSHING + "ц" else "ок")


def _in_o(word: str) -> Endings:
    """окно, море, здание"""
    stem = word[:-1]
    if word[-1] == "е" and stem[-1] not in HUSHING + "ц":
        locative = stem + ("и" if stem[-1] == "и" else "е")
        genitive = {"и": stem + "й", "ь": stem + "ев"}.get(stem[-1], stem + "ей")
        return [word, stem + "я", stem + "ю", word, stem + "ем", locative], stem + "я", genitive
    return [word, stem + "а", stem + "у", word, word + "м", stem + "е"], stem + "а", stem


def _soft_masculine(word: str, stem: str, stressed: bool) -> Endings:
    """учитель, музей"""
    e = "ё" if stressed else "е"
    locative = stem + ("и" if stem[-1] == "и" else "е")
    genitive = stem + ("ей" if word[-1] == "ь" else e + "в")
    return [word, stem + "я", stem + "ю", "", stem + e + "м", locative], stem + "и", genitive


def _hard_masculine(word: str, stem: str, stressed: bool) -> Endings:
    """стол, врач, отец"""
    y = stem + ("и" if stem[-1] in VELAR + HUSHING else "ы")
    ablative = stem + ("ем" if stem[-1] in HUSHING + "ц" and not stressed else "ом")
    genitive = stem + ("ей" if stem[-1] in HUSHING else "ев" if stem[-1] == "ц" and not stressed else "ов")
    return [word, stem + "а", stem + "у", "", ablative, stem + "е"], y, genitive


def adjectival_noun_forms(word: str, gender: str, animate: bool) -> dict[str, str]:
    """All cells of a noun that is declined as an adjective: учёный, ванная, мороженое."""
    cells = adjective_forms(word if gender == "masc" else word[:-2] + "ый")
    animacy = "anim" if animate else "inan"
    forms = {}
    for case in CASES:
        forms[f"sing {case}"] = cells.get(f"sing {gender} {case}") or cells[f"sing {gender} {case} {animacy}"]
        forms[f"plur {case}"] = cells.get(f"plur {case}") or cells[f"plur {case} {animacy}"]
    return forms


def adjective_forms(word: str) -> dict[str, str]:
    """All cells of an adjective in -ый, -ой, -ий. The accusative carries animacy: "sing masc accs anim"."""
    stem, ending = word[:-2], word[-2:]
    soft = ending == "ий" and stem[-1] not in VELAR + HUSHING
    unstressed_hushing = stem[-1] in HUSHING + "ц" and ending != "ой"
    i = "и" if soft or stem[-1] in VELAR + HUSHING else "ы"
    o = "е" if soft or unstressed_hushing else "о"
    a, u = ("я", "ю") if soft else ("а", "у")
    masc = [word, f"{stem}{o}го", f"{stem}{o}му", "", f"{stem}{i}м", f"{stem}{o}м"]
    neut = [f"{stem}{o}е", *masc[1:3], f"{stem}{o}е", *masc[4:]]
    femn = [f"{stem}{a}я", *[f"{stem}{o}й"] * 2, f"{stem}{u}ю", *[f"{stem}{o}й"] * 2]
    plur = [f"{stem}{i}е", f"{stem}{i}х", f"{stem}{i}м", "", f"{stem}{i}ми", f"{stem}{i}х"]
    return agreeing_forms(masc, femn, neut, plur)


def agreeing_forms(masc: list[str], femn: list[str], neut: list[str], plur: list[str]) -> dict[str, str]:
    """Four rows of six cases → cells.

    What stands for the masculine and the plural accusative is not read: both copy the genitive for living beings and
    the nominative for things.
    """
    forms = {}
    for key, row in (("sing masc", masc), ("sing femn", femn), ("sing neut", neut), ("plur", plur)):
        forms |= {f"{key} {case}": form for case, form in zip(CASES, row, strict=True)}
    for key, row in (("sing masc", masc), ("plur", plur)):
        del forms[f"{key} accs"]
        forms[f"{key} accs inan"], forms[f"{key} accs anim"] = row[0], row[1]
    return forms


def short_forms(forms: str) -> dict[str, str]:
    """ "занят занята занято заняты" → cells of a short adjective. Raises NmtError unless there are four."""
    return _named(("sing masc", "sing femn", "sing neut", "plur"), forms)


def _named(cells: tuple[str, ...], forms: str) -> dict[str, str]:
    if len(forms.split()) != len(cells):
        raise NmtError(f"{forms!r} should be {len(cells)} forms: {', '.join(cells)}")
    return dict(zip(cells, forms.split(), strict=True))
