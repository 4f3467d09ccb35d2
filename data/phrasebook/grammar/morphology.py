"""Russian inflection by declension class, stress-free, with explicit exceptions; and the few English endings we need.

A paradigm is a dict from a cell to a form. Cells are written with the grammemes of OpenCorpora, space-separated:
nouns "sing gent", adjectives "sing femn gent" or "plur gent", verbs "1per sing", "past femn", "past plur", "infn".
Letter ё is written wherever it is read; `b` in an entry says that endings are stressed (ключом, землёй).
"""

CASES = ("nomn", "gent", "datv", "accs", "ablt", "loct")
VOWELS = "аеёиоуыэюя"
HUSH = "жчшщ"


def noun_forms(word: str, gender: str, animate: bool, flags: dict[str, str]) -> dict[str, str]:
    """All cells of a noun. `flags` as in the lexicon: b, s (oblique stem), np, gp (plural forms), 0, and cells."""
    if "0" in flags:
        return {f"{number} {case}": word for number in ("sing", "plur") for case in CASES}
    singular, plural_nom, plural_gen = _noun_endings(word, gender, flags)
    plural_nom, plural_gen = flags.get("np", plural_nom), flags.get("gp", plural_gen)
    soft = plural_nom[-1] == "я" or (plural_nom[-1] == "и" and plural_nom[-2] not in "гкх" + HUSH)
    stem = plural_nom[:-1] + ("я" if soft else "а")
    plural = [plural_nom, plural_gen, stem + "м", "", stem + "ми", stem + "х"]
    singular[3] = singular[3] or (singular[1] if animate else singular[0])
    plural[3] = plural[1] if animate else plural[0]
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


def _noun_endings(word: str, gender: str, flags: dict[str, str]) -> tuple[list[str], str, str]:
    """Singular forms (accusative empty where animacy decides), plural nominative, plural genitive."""
    last, stem, stressed = word[-1], word[:-1], "b" in flags
    if word.endswith("мя"):  # имя, время
        oblique = word[:-1] + "ен"
        return (
            [word, oblique + "и", oblique + "и", word, oblique + "ем", oblique + "и"],
            oblique + "а",
            word[:-1] + "ён",
        )
    if last in "ая":
        stem = flags.get("s", stem)
        e = "и" if stem[-1] == "и" else "е"
        if last == "я":
            oy, zero = ("ёй" if stressed else "ей"), stem + ("й" if stem[-1] in VOWELS else "ь")
            return [word, stem + "и", stem + e, stem + "ю", stem + oy, stem + e], stem + "и", zero
        y = "и" if stem[-1] in "гкх" + HUSH else "ы"
        oy = "ей" if stem[-1] in HUSH + "ц" and not stressed else "ой"
        return [word, stem + y, stem + "е", stem + "у", stem + oy, stem + "е"], stem + y, _zero_ending(stem)
    if last in "оеё":
        if last == "е" and stem[-1] not in HUSH + "ц":
            e = "и" if stem[-1] == "и" else "е"
            zero = {"и": stem + "й", "ь": stem + "ев"}.get(stem[-1], stem + "ей")
            return [word, stem + "я", stem + "ю", word, stem + "ем", stem + e], stem + "я", zero
        return [word, stem + "а", stem + "у", word, word + "м", stem + "е"], stem + "а", stem
    if last == "ь" and gender == "femn":
        stem = flags.get("s", stem)
        return [word, stem + "и", stem + "и", word, stem + "ью", stem + "и"], stem + "и", stem + "ей"
    if last in "ьй":
        stem = flags.get("s", stem)
        em = "ём" if stressed else "ем"
        e = "и" if stem[-1] == "и" else "е"
        gen = stem + ("ей" if last == "ь" else "ёв" if stressed else "ев")
        return [word, stem + "я", stem + "ю", "", stem + em, stem + e], stem + "и", gen
    stem = flags.get("s", word)
    y = "и" if stem[-1] in "гкх" + HUSH else "ы"
    om = "ем" if stem[-1] in HUSH + "ц" and not stressed else "ом"
    gen = "ей" if stem[-1] in HUSH else "ев" if stem[-1] == "ц" and not stressed else "ов"
    return [word, stem + "а", stem + "у", "", stem + om, stem + "е"], stem + y, stem + gen


def _zero_ending(stem: str) -> str:
    """Plural genitive without ending; before к a vowel steps in: сумка сумок, кошка кошек, чайка чаек."""
    if stem[-1] == "к" and stem[-2] not in VOWELS:
        if stem[-2] in "йь":
            return stem[:-2] + "ек"
        return stem[:-1] + ("ек" if stem[-2] in HUSH + "ц" else "ок")
    return stem


def adjective_forms(word: str) -> dict[str, str]:
    """All cells of an adjective in -ый, -ой, -ий. The accusative carries animacy: "sing masc accs anim"."""
    stem, ending = word[:-2], word[-2:]
    soft = ending == "ий" and stem[-1] not in "гкх" + HUSH
    hush = stem[-1] in HUSH + "ц" and ending != "ой"
    i = "и" if soft or stem[-1] in "гкх" + HUSH else "ы"
    o = "е" if soft or hush else "о"
    a, u = ("я", "ю") if soft else ("а", "у")
    masc = [word, f"{stem}{o}го", f"{stem}{o}му", "", f"{stem}{i}м", f"{stem}{o}м"]
    neut = [f"{stem}{o}е", *masc[1:3], f"{stem}{o}е", *masc[4:]]
    femn = [f"{stem}{a}я", *[f"{stem}{o}й"] * 2, f"{stem}{u}ю", *[f"{stem}{o}й"] * 2]
    plur = [f"{stem}{i}е", f"{stem}{i}х", f"{stem}{i}м", "", f"{stem}{i}ми", f"{stem}{i}х"]
    return agreeing_forms(masc, femn, neut, plur)


def agreeing_forms(masc: list[str], femn: list[str], neut: list[str], plur: list[str]) -> dict[str, str]:
    """Rows of six cases → cells; masculine and plural accusatives copy nominative or genitive by animacy."""
    forms = {}
    for key, row in (("sing masc", masc), ("sing femn", femn), ("sing neut", neut), ("plur", plur)):
        for case, form in zip(CASES, row, strict=True):
            forms[f"{key} {case}"] = form
    for key, row in (("sing masc", masc), ("plur", plur)):
        del forms[f"{key} accs"]
        forms[f"{key} accs inan"], forms[f"{key} accs anim"] = row[0], row[1]
    return forms


def short_forms(spec: str) -> dict[str, str]:
    """ "занят занята занято заняты" → cells of a short adjective."""
    masc, femn, neut, plur = spec.split()
    return {"sing masc": masc, "sing femn": femn, "sing neut": neut, "plur": plur}


def verb_forms(spec: str) -> dict[str, str]:
    """All cells of one aspect from its principal parts.

    "читать" (…ю, …ет), "писать пишу пишет" (first and third person singular), and exceptions as cell=form:
    past=нёс,несла; 3pl=хотят. A verb in -ся is written with it throughout.
    """
    parts = [part for part in spec.split() if "=" not in part]
    flags = dict(part.split("=") for part in spec.split() if "=" in part)
    reflexive = parts[0].endswith(("ся", "сь"))
    parts = [part[:-2] if reflexive else part for part in parts]
    infinitive = parts[0]
    if len(parts) == 1:
        parts += [infinitive[:-2] + "ю", infinitive[:-2] + "ет"]
    _, first, third = parts
    stem, vowel = third[:-2], third[-2]
    third_plural = stem + ("ат" if stem[-1] in HUSH else "ят") if vowel == "и" else first + "т"
    past = flags["past"].split(",") if "past" in flags else [infinitive[:-2] + "л", infinitive[:-2] + "ла"]
    forms = {
        "infn": infinitive,
        "1per sing": first,
        "2per sing": third[:-1] + "шь",
        "3per sing": third,
        "1per plur": third[:-1] + "м",
        "2per plur": third[:-1] + "те",
        "3per plur": third_plural,
        "past masc": past[0],
        "past femn": past[1],
        "past neut": past[1][:-1] + "о",
        "past plur": past[1][:-1] + "и",
    }
    for short, cell in (("2sg", "2per sing"), ("3pl", "3per plur"), ("1pl", "1per plur"), ("2pl", "2per plur")):
        forms[cell] = flags.get(short, forms[cell])
    if reflexive:
        forms = {cell: form + ("сь" if form[-1] in VOWELS else "ся") for cell, form in forms.items()}
    return forms


def english_s(word: str) -> str:
    """Plural of a noun or third person of a verb."""
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word in ("go", "do", "potato", "tomato", "echo", "hero") else "s")


def english_ing(word: str, double: bool) -> str:
    if word.endswith("ie"):
        return word[:-2] + "ying"
    if word.endswith("e") and not word.endswith("ee"):
        return word[:-1] + "ing"
    return word + (word[-1] if double else "") + "ing"


def english_ed(word: str, double: bool) -> str:
    if word.endswith("e"):
        return word + "d"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ied"
    return word + (word[-1] if double else "") + "ed"
