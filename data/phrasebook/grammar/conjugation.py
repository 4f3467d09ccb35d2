"""Russian conjugation. A paradigm is a dict from a cell ("1per sing", "past femn", "past plur", "infn") to a form."""

from grammar.declension import HUSHING, VOWELS
from nmt import NmtError

TO_BE = {  # быть: the past, and the future that helps other verbs; the present is not said
    "past masc": "был", "past femn": "была", "past neut": "было", "past plur": "были",
    "1per sing": "буду", "2per sing": "будешь", "3per sing": "будет",
    "1per plur": "будем", "2per plur": "будете", "3per plur": "будут",
    "impr sing": "будь", "impr plur": "будьте",
}  # fmt: skip


def verb_forms(parts: str) -> dict[str, str]:
    """All cells of one aspect from its principal parts, as lexicon/verbs.txt has them.

    "читать" (…ю, …ет), "писать пишу пишет" (first and third person singular), and exceptions: past=нёс,несла
    3pl=хотят imp=встань.
    A verb in -ся is written with it throughout.
    """
    words = [part for part in parts.split() if "=" not in part]
    exceptions = dict(part.split("=") for part in parts.split() if "=" in part)
    reflexive = words[0].endswith(("ся", "сь"))
    if reflexive:
        words = [word[:-2] for word in words]
    infinitive = words[0]
    if len(words) == 1:
        words += [infinitive[:-2] + "ю", infinitive[:-2] + "ет"]
    if len(words) != 3:
        raise NmtError(f"{parts!r} is neither an infinitive nor an infinitive, first and third person")
    _, first, third = words
    third_plural = first + "т"
    if third[-2] == "и":
        third_plural = third[:-2] + ("ат" if third[-3] in HUSHING else "ят")
    past = exceptions["past"].split(",") if "past" in exceptions else [infinitive[:-2] + "л", infinitive[:-2] + "ла"]
    forms = {
        "infn": infinitive,
        "1per sing": first,
        "2per sing": exceptions.get("2sg", third[:-1] + "шь"),
        "3per sing": third,
        "1per plur": exceptions.get("1pl", third[:-1] + "м"),
        "2per plur": exceptions.get("2pl", third[:-1] + "те"),
        "3per plur": exceptions.get("3pl", third_plural),
        "past masc": past[0],
        "past femn": past[1],
        "past neut": past[1][:-1] + "о",
        "past plur": past[1][:-1] + "и",
    }
    command = exceptions.get("imp") or imperative(infinitive, forms["3per plur"])
    if command != "-":  # nobody says one of приехать
        forms |= {"impr sing": command, "impr plur": command + "те"}
    if reflexive:
        forms = {cell: form + ("сь" if form[-1] in VOWELS else "ся") for cell, form in forms.items()}
    return forms


def imperative(infinitive: str, third_plural: str) -> str:
    """читают – читай, пьют – пей, несут – неси. Verbs that stress the stem (брось, ответь) are exceptions, imp=."""
    if infinitive.endswith(("давать", "ставать", "знавать")):  # дают, but давай
        return infinitive[:-2] + "й"
    stem = third_plural[:-2]
    if stem.endswith("ь"):
        return stem[:-1] + "ей"
    return stem + ("й" if stem[-1] in VOWELS else "и")
