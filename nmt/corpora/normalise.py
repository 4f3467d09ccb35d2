"""The one form of text: in training, translating, scoring and the widgets it is made here."""

import re
import unicodedata

WORD = re.compile(r"\w+")
# What looks the same to a reader must be the same to a model: keyboards and web pages write it in many ways.
PLAIN = str.maketrans(
    dict.fromkeys("’‘‛′ʼ", "'") | dict.fromkeys("“”„‟″", '"') | dict.fromkeys("‐‑‒−", "-") | {"–": "—", "…": "..."}
)
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")  # soft hyphens, marks, byte orders


def clean(text: str) -> str:
    """NFC; plain quotes, hyphens and dots; no invisible characters; white space is one space, none at the ends."""
    return " ".join(INVISIBLE.sub("", unicodedata.normalize("NFC", text)).translate(PLAIN).split())


SENTENCE_END = re.compile(r"""[.!?]+["')\]]*\s+(?=["'(\[]*\w)""")
PRONOUN = re.compile(r"(it|its|he|his|she|her|they|their)\b", re.IGNORECASE)
SHORT_ANSWER = re.compile(
    r"(?i)(yes|no), (i|you|he|she|it|we|they|there)( (am|is|are|was|were|do|does|did|have|has|had|can?|could|will|wo|"
    r"would|should|must)(n't| ?not)?|'(m|s|re) not)[.!]*$"
)
ABBREVIATIONS = {"mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "no", "fig", "e.g", "i.e", "a.m", "p.m", "u.s"}


def split_sentences(text: str) -> list[str]:
    """The sentences of a clean English line. Full stops of initials, numbers and abbreviations end none."""
    sentences, start = [], 0
    for end in SENTENCE_END.finditer(text):
        mark, before = end[0].rstrip(), text[start : end.start()].rpartition(" ")[2].lstrip("\"'([")
        initial = len(before) == 1 and before != "I"
        if mark == "." and (initial or before.isdecimal() or before.lower() in ABBREVIATIONS):
            continue
        if mark[-1] not in ".!?" and text[end.end()].islower():
            continue  # "Why?" he asked.
        sentences.append(text[start : end.end()].rstrip())
        start = end.end()
    return [*sentences, text[start:]] if text[start:] else sentences


def translatable_parts(line: str) -> list[str]:
    """The clean line cut into sentences. Two stay together where the first decides the Russian of the second: the
    gender of a pronoun, the verb of a short answer ("Do you sing? Yes, I do." is «Ты поёшь? Да, пою.»)."""
    parts: list[str] = []
    for sentence in split_sentences(clean(line)):
        follows = PRONOUN.match(sentence) or (parts and parts[-1].endswith("?") and SHORT_ANSWER.match(sentence))
        if parts and follows and len(split_sentences(parts[-1])) == 1:
            parts[-1] += f" {sentence}"
        else:
            parts.append(sentence)
    return parts


def calmed(line: str) -> str | None:
    """What a line all in capitals, as STOP IT!, is without them; None for any other, and for short words as USA."""
    if not line.isupper() or (len(line.split()) == 1 and sum(map(str.isalpha, line)) < 4):
        return None
    return re.sub(r"(^|[.!?]\s+)\W*\w|\bi\b", lambda start: start[0].upper(), line.lower())


def sameness_key(text: str) -> str:
    """Two sentences with one key count as the same: letters and digits without case; all else is one space."""
    return " ".join(WORD.findall(unicodedata.normalize("NFC", text).casefold()))
