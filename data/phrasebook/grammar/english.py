"""The few English endings that the grammar needs: -s, -ing, -ed, and a or an."""


def s_form(word: str) -> str:
    """Plural of a noun or third person of a verb."""
    if word == "have":
        return "has"
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word in ("go", "do", "potato", "tomato", "echo", "hero") else "s")


def ing_form(word: str, double: bool) -> str:
    """`double`: the last consonant is doubled (swimming)."""
    if word.endswith("ie"):
        return word[:-2] + "ying"
    if word.endswith("e") and not word.endswith("ee"):
        return word[:-1] + "ing"
    return word + (word[-1] if double else "") + "ing"


def ed_form(word: str, double: bool) -> str:
    if word.endswith("e"):
        return word + "d"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ied"
    return word + (word[-1] if double else "") + "ed"


def article(following: str) -> str:
    """a or an before the word that follows."""
    if following.startswith("hour"):
        return "an"
    if following.startswith(("uni", "use", "eu", "one")):
        return "a"
    return "an" if following[0].lower() in "aeiou" else "a"
