"""Verbs in their tenses, clauses, and sentences out of them."""

import itertools
from dataclasses import dataclass, field

from nmt.phrasebook import morphology as m
from nmt.phrasebook.lexicon import Verb
from nmt.phrasebook.phrases import NP, Notes, Phrase, Word, en, inflected, join, particle, say

# English decides the aspect: a tense here is an English form and the one Russian form it stands for.
TENSES = {
    "present": ("impf", "pres"),  # reads – читает
    "is doing": ("impf", "pres"),  # is reading – читает
    "was doing": ("impf", "past"),  # was reading – читал
    "often did": ("impf", "past"),  # often read – часто читал; loved – любил
    "has done": ("perf", "past"),  # has read – прочитал
    "did": ("perf", "past"),  # bought – купил
    "will do": ("perf", "futr"),  # will read – прочитает
    "will be doing": ("impf", "futr"),  # will be reading – будет читать
    "infinitive": ("impf", "infn"),
    "infinitive perf": ("perf", "infn"),
}
BE = {"infn": "быть"} | dict(
    zip(
        ("1per sing", "2per sing", "3per sing", "1per plur", "2per plur", "3per plur"),
        ["буду", "будешь", "будет", "будем", "будете", "будут"],
        strict=True,
    )
)
BE_PAST = {"past masc": "был", "past femn": "была", "past neut": "было", "past plur": "были"}


def be_form(subject: NP, tense: str) -> str:
    plural = subject.en_plural
    if tense == "past":
        return "were" if plural else "was"
    return "am" if subject.pronoun == "I" else "are" if plural else "is"


def person_cell(subject: NP) -> str:
    return f"{subject.person} {'plur' if subject.ru_plural else 'sing'}"


def past_cell(subject: NP) -> str:
    return "past plur" if subject.ru_plural else f"past {subject.gender}"


@dataclass
class Predicate:
    """A verb said for a subject: English auxiliary (may be empty) and rest, Russian words, both heads."""

    auxiliary: list[Word]
    rest: list[Word]
    russian: list[Word]
    en_head: Word
    ru_head: Word  # the word that governs objects
    ru_finite: Word  # the word that agrees with the subject


def predicate(verb: Verb, subject: NP, tense: str, notes: Notes, *, neg: bool = False, ask: bool = False) -> Predicate:
    aspect, time = TENSES[tense]
    forms = verb.perf if aspect == "perf" else verb.impf
    auxiliary, words, head = _english_verb(verb, subject, tense, neg or ask)
    if neg:
        auxiliary.append(Word("not", "not"))
        notes.tags.add("negation")
    if (neg or ask) and auxiliary[0].lemma == "do":
        notes.tags.add("do-support")
    source = [head, *words[words.index(head) + 1 :]]
    if verb.prep:
        source = source[:-1]
    pos = f"VERB {aspect}"
    russian = []
    lemma = forms["infn"]
    if time == "futr" and aspect == "impf":
        finite = inflected("VERB impf futr", "быть", BE, person_cell(subject), auxiliary[:1])
        main = inflected("INFN impf", lemma, forms, "infn", source)
        russian = [finite, main]
    elif time == "infn":
        finite = main = inflected(f"INFN {aspect}", lemma, forms, "infn", source)
        russian = [main]
    else:
        cell = past_cell(subject) if time == "past" else person_cell(subject)
        finite = main = inflected(pos if time == "past" else f"{pos} {time}", lemma, forms, cell, source)
        russian = [main]
        notes.tags.add("past-agreement" if time == "past" else "person-agreement")
    if time != "infn":
        notes.tags.add("aspect-" + aspect)
    if neg:
        russian.insert(0, Word("не", "не", "PRCL", None, [auxiliary[-1]]))
    return Predicate(auxiliary, words, russian, head, main, finite)


def _english_verb(verb: Verb, subject: NP, tense: str, inverted: bool) -> tuple[list[Word], list[Word], Word]:
    """Auxiliary words, the words after them, the main word. Do-support where `inverted` and no other auxiliary."""
    third = subject.person == "3per" and not subject.en_plural
    tail = en(verb.particle)
    if "be" in verb.flags:
        auxiliary = [Word(be_form(subject, "past" if tense == "often did" else "present"), "be")]
        return auxiliary, tail, tail[0]
    form, auxiliary = verb.en, []
    if tense in ("present", "often did", "did"):
        past = tense != "present"
        if inverted:
            auxiliary = [Word("did" if past else "does" if third else "do", "do")]
        else:
            form = verb.past if past else verb.third if third else verb.en
    elif tense in ("is doing", "was doing"):
        auxiliary, form = [Word(be_form(subject, "past" if tense == "was doing" else "present"), "be")], verb.ing
    elif tense == "has done":
        auxiliary, form = [Word("has" if third else "have", "have")], verb.participle
    elif tense == "will do":
        auxiliary = [Word("will", "will")]
    elif tense == "will be doing":
        head = Word(verb.ing, verb.en)
        return [Word("will", "will")], [Word("be", "be"), head, *tail], head
    head = Word(form, verb.en)
    return auxiliary, [head, *tail], head


@dataclass
class Clause:
    """Parts of a clause; `said` puts them in order."""

    subject: NP
    verb: Verb
    tense: str
    object: NP | None = None
    recipient: NP | None = None
    front: Phrase | None = None  # yesterday, every day
    middle: Phrase | None = None  # often, already
    ends: list[Phrase] = field(default_factory=list)  # places, instruments
    neg: bool = False
    ask: bool = False


def complements(clause: Clause, head: Word, notes: Notes, source: list[Word]) -> Phrase:
    """Object and recipient in the cases the verb governs. `source`: the English particle, for a governed preposition."""
    verb, parts = clause.verb, []
    if clause.object:
        if verb.recipient and clause.object.possessor is None and clause.object.det == "own":
            clause.object.possessor = clause.subject.ru_head
        object_en, object_ru = say(clause.object, verb.case, notes, prep=verb.prep)
        governor = head
        if verb.prep:
            words = particle(preposition(verb.prep, object_ru[0].form), "PREP", source)
            words[0].link("government", head)
            governor = words[-1]
            object_ru = words + object_ru
        clause.object.ru_head.link("government", *([] if clause.object.count > 1 else [governor]))
        note_object(clause.object, verb, notes)
        parts.append((object_en, object_ru))
    if clause.recipient:
        recipient_en, recipient_ru = say(clause.recipient, "datv", notes)
        clause.recipient.ru_head.link("government", head)
        parts.append(([Word("to", "to"), *recipient_en], recipient_ru))
        notes.tags.add("verb-government")
    return join(*parts)


def note_object(np: NP, verb: Verb, notes: Notes) -> None:
    if np.noun:
        notes.combos.add(f"{verb.key}>{np.noun.ru}")
    if verb.case != "accs" or verb.prep:
        notes.tags.add("verb-government")
    elif np.animate and not np.pronoun and (np.ru_plural or np.gender == "masc"):
        notes.tags.add("animacy")


def said(clause: Clause, notes: Notes) -> Phrase:
    """A clause in order: front, subject, verb, object, recipient, ends. Russian keeps the English order."""
    subject_en, subject_ru = say(clause.subject, "nomn", notes, subject=True)
    verb = predicate(clause.verb, clause.subject, clause.tense, notes, neg=clause.neg, ask=clause.ask)
    verb.ru_finite.link("agreement", clause.subject.ru_head)
    for np in (clause.object, clause.recipient):
        if np and np.det == "own" and np.possessor is None:
            np.possessor = clause.subject.ru_head
    rest = complements(clause, verb.ru_head, notes, verb.rest[-1:])
    front, middle = clause.front or ([], []), clause.middle or ([], [])
    auxiliary = verb.auxiliary
    if clause.ask:
        english = front[0] + auxiliary + subject_en + middle[0] + verb.rest
    elif "be" in clause.verb.flags or auxiliary:
        english = front[0] + subject_en + auxiliary + middle[0] + verb.rest
    else:
        english = front[0] + subject_en + middle[0] + verb.rest
    russian = front[1] + subject_ru + middle[1] + verb.russian
    return join((english, russian), rest, *clause.ends)


def preposition(ru: str, following: str) -> str:
    """о or об, с or со, в or во, к or ко before the word that follows."""
    following = following.lower()
    if ru == "о":
        return "обо" if following in ("мне", "всех", "всём") else "об" if following[0] in "аиоуэ" else "о"
    if ru.endswith("с"):
        cluster = following[0] in "сзшж" and len(following) > 1 and following[1] not in m.VOWELS + "ьй"
        return ru + "о" if following in ("мной", "всеми", "льдом") or cluster else ru
    if ru == "в":
        cluster = following[0] in "вф" and following[1] not in m.VOWELS
        return "во" if cluster or following.startswith(("двор", "мн", "льв")) else "в"
    if ru == "к":
        return "ко" if following in ("мне", "всем", "дню", "двору") else "к"
    return ru


def prepositional(en_prep: str, ru_prep: str, case: str, np: NP, notes: Notes) -> Phrase:
    words_en, words_ru = say(np, case, notes, prep=ru_prep)
    prep_en = en(en_prep)
    *first, last = ru_prep.split()
    prep_ru = particle(" ".join([*first, preposition(last, words_ru[0].form)]), "PREP", prep_en)
    np.ru_head.link("government", prep_ru[-1])
    notes.tags.add("preposition-government")
    return prep_en + words_en, prep_ru + words_ru


@dataclass
class Sentence:
    english: list[Word]
    russian: list[Word]
    notes: Notes


def sentence(phrase: Phrase, notes: Notes, mark: str = ".") -> Sentence:
    """Add the final mark, agree a/an, write the first letter large."""
    words_en, words_ru = phrase
    end = Word(mark, mark)
    words_en = [*words_en, end]
    words_ru = [*words_ru, Word(mark, mark, "PNCT", None, [end])]
    for word, following in itertools.pairwise(words_en):
        if word.lemma == "a":
            word.form = article(following.form)
    for words in (words_en, words_ru):
        capital = True
        for word in words:
            if capital:
                word.form = word.form[0].upper() + word.form[1:]
            capital = word.form in (".", "?", "!")
    return Sentence(words_en, words_ru, notes)


def article(following: str) -> str:
    silent = following.startswith(("hour", "honest"))
    consonant = following.startswith(("uni", "use", "eu", "one"))
    return "an" if silent or (following[0].lower() in "aeiou" and not consonant) else "a"


def comma(source: list[Word] | None = None) -> Word:
    return Word(",", ",", "PNCT", None, source or [])


def text(words: list[Word]) -> str:
    """Words as they are written: no space before a mark."""
    line = ""
    for word in words:
        line += word.form if word.form in ".,?!:;" or not line else " " + word.form
    return line
