"""English contractions: what people write of "do not" and "I am", made and undone."""

import random
import re
from functools import cache

from grammar import lexicon
from grammar.sentences import MARKS, Sentence
from grammar.words import Word
from nmt.corpora.normalise import sameness_key

NOT = dict.fromkeys(
    ["do", "does", "did", "is", "are", "was", "were", "has", "have", "had", "could", "would", "should", "must", "need"],
    "n't",
)
SHORT = {  # what comes after a word → the endings it makes there
    "am": ("i",),
    "are": ("you", "we", "they"),
    "is": ("he", "she", "it", "that", "there", "what", "who", "where", "how"),
    "will": ("i", "you", "he", "she", "it", "we", "they"),
    "have": ("i", "you", "we", "they"),
    "would": ("i", "you", "he", "she", "we", "they"),
}
ENDINGS = {"am": "'m", "are": "'re", "is": "'s", "will": "'ll", "have": "'ve", "would": "'d"}
# After these, "it", "you" and "that" begin a clause; after others they may be the object: who bought it is old.
BEFORE_CLAUSE = {"and", "but", "because", "if", "when", "while", "that", "think", "know", "hope", "say"}
ASKING = {"what", "who", "where", "how"}
UNDONE = (
    ("won't", "will not"), ("can't", "cannot"), ("n't", " not"), ("'m", " am"), ("'re", " are"), ("'ll", " will"),
    ("'ve", " have"), ("'d", " would"),
)  # fmt: skip


def contract(sentence: Sentence, rng: random.Random) -> bool:
    """Contract what can be: "I am not" → "I'm not". The Russian words of both words point to the joined one."""
    words, done = sentence.english, False
    for place in range(len(words)):
        if place < len(words) and (joined := _joined(words, place, rng)):
            form, taken = joined
            _merge(sentence, place, form, taken)
            done = True
    return done


def _joined(words: list[Word], place: int, rng: random.Random) -> tuple[str, int] | None:
    """The contraction that begins with the word of this place, and how many words it takes, if there is one."""
    first, second, third = ([*(word.form for word in words[place : place + 3]), "", ""][i] for i in range(3))
    before = words[place - 1].form.lower() if place else ""
    low, next_low = first.lower(), second.lower()
    starts = not place or before in MARKS
    if low == "cannot" or (low == "can" and next_low == "not"):
        return first[:3] + "'t", 1 + (low == "can")
    if low == "will" and next_low == "not":
        return first[0] + "on't", 2
    if next_low == "not" and low in NOT:
        return first + NOT[low], 2
    if low == "let" and next_low == "us" and starts and third not in MARKS:
        return first + "'s", 2
    if low not in SHORT.get(next_low, ()) or not third or third in MARKS:  # never at the end: Yes, I am.
        return None
    if low in ("it", "you", "that") and not (starts or before in BEFORE_CLAUSE | ASKING):
        return None
    after = words[place + 3].form if place + 3 < len(words) else ""
    if low in ASKING and (third.lower() in ("it", "he", "she") and after in MARKS):  # Who is it?
        return None
    if third == "not" and next_low != "am" and rng.random() < 0.5:  # it isn't beside it's not
        return None
    if third == "not" and next_low in ("will", "have", "would"):
        return None
    if next_low == "have" and third not in _participles():  # I have a dog
        return None
    if next_low == "would" and third != "like":
        return None
    return first + ENDINGS[next_low], 2


@cache
def _participles() -> frozenset[str]:
    """What shows that "have" is an auxiliary."""
    return frozenset(
        {verb.participle for verb in lexicon.load().verbs} | {"been", "already", "never", "just", "finally"}
    )


def _merge(sentence: Sentence, place: int, form: str, taken: int) -> None:
    kept, *gone = sentence.english[place : place + taken]
    kept.form = form
    del sentence.english[place + 1 : place + taken]
    lost = {id(word) for word in gone}
    for word in sentence.russian:
        if any(id(source) in lost for source in word.source):
            sources = [kept if id(source) in lost else source for source in word.source]
            word.source = list({id(source): source for source in sources}.values())


def uncontracted(text: str) -> str:
    """The line without contractions: "I don't know." → "I do not know." """
    for short, full in UNDONE:
        text = re.sub(rf"{short}\b", full, text, flags=re.IGNORECASE)
    text = re.sub(r"\b(let)'s\b", r"\1 us", text, flags=re.IGNORECASE)
    return re.sub(rf"\b({'|'.join(SHORT['is'])})'s\b", r"\1 is", text, flags=re.IGNORECASE)


def key(text: str) -> str:
    """Two English lines with one key say the same: without case, marks and contractions."""
    return sameness_key(uncontracted(text)).replace("can not", "cannot")
