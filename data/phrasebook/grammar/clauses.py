"""Verbs in their tenses, clauses, and sentences out of them."""

from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from grammar import lexicon
from grammar import morphology as m
from grammar.lexicon import Verb
from grammar.phrases import NP, Notes, Phrase, Word, en, inflected, join, particle, say

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
WILL = {
    "1per sing": "буду",
    "2per sing": "будешь",
    "3per sing": "будет",
    "1per plur": "будем",
    "2per plur": "будете",
    "3per plur": "будут",
}
WAS = {"past masc": "был", "past femn": "была", "past neut": "было", "past plur": "были"}


@dataclass
class Predicate:
    """A verb said for a subject: English auxiliaries (maybe none) and the rest, and the Russian words."""

    auxiliary: list[Word]
    rest: list[Word]
    russian: list[Word]
    head: Word  # the Russian word that governs objects
    finite: Word  # the Russian word that agrees with the subject

    @property
    def english(self) -> list[Word]:
        return self.auxiliary + self.rest


def predicate(verb: Verb, subject: NP, tense: str, notes: Notes, *, neg: bool = False, ask: bool = False) -> Predicate:
    aspect, time = TENSES[tense]
    forms = verb.perf if aspect == "perf" else verb.impf
    auxiliary, words, head = _english_verb(verb, subject, tense, neg or ask)
    if neg:
        auxiliary.append(Word("not", "not"))
        notes.tags.add("negation")
    if (neg or ask) and auxiliary[0].lemma == "do":
        notes.tags.add("do-support")
    source = words[words.index(head) :]
    if verb.prep and verb.particle:
        source = source[:-1]  # that word belongs to the preposition
    lemma = forms["infn"]
    if time == "futr" and aspect == "impf":
        finite = inflected("VERB impf futr", "быть", WILL, subject.person_cell, auxiliary[:1])
        main = inflected("INFN impf", lemma, forms, "infn", source)
        russian = [finite, main.link("government", finite)]
    elif time == "infn":
        finite = main = inflected(f"INFN {aspect}", lemma, forms, "infn", source)
        russian = [main]
    else:
        past = time == "past"
        pos = f"VERB {aspect}" + ("" if past else f" {time}")
        finite = main = inflected(pos, lemma, forms, subject.past_cell if past else subject.person_cell, source)
        russian = [main]
    if verb.perf and time in ("past", "futr"):
        notes.tags.add("aspect")
    if time == "past":
        notes.tags.add("past-agreement")
    elif time != "infn":
        notes.tags.add("person-agreement")
    if finite.cell != "infn":
        finite.link("agreement", subject.ru_head, subject.second and subject.second.ru_head)
    if neg:
        russian.insert(0, Word("не", "не", "PRCL", source=[auxiliary[-1]]))
    return Predicate(auxiliary, words, russian, main, finite)


def _english_verb(verb: Verb, subject: NP, tense: str, inverted: bool) -> tuple[list[Word], list[Word], Word]:
    """Auxiliary words, the words after them, the main word. Do-support where `inverted` and no other auxiliary."""
    tail = en(verb.particle)
    if "be" in verb.flags:
        auxiliary = [Word("be", "be")] if tense == "infinitive" else [subject.be(tense == "often did")]
        return auxiliary, tail, tail[0]
    form, auxiliary = verb.en, []
    if tense in ("present", "often did", "did"):
        past = tense != "present"
        if inverted:
            auxiliary = [Word("did" if past else "does" if subject.third else "do", "do")]
        else:
            form = verb.past if past else verb.third if subject.third else verb.en
    elif tense in ("is doing", "was doing"):
        auxiliary, form = [subject.be(tense == "was doing")], verb.ing
    elif tense == "has done":
        auxiliary, form = [Word("has" if subject.third else "have", "have")], verb.participle
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


def said_object(clause: Clause, verb: Predicate, notes: Notes) -> Phrase:
    """The object in the case the verb governs, with the Russian preposition it wants."""
    np, how = clause.object, clause.verb
    words_en, words_ru = say(np, how.case, notes, prep=how.prep)
    governor = verb.head
    if how.prep:
        words = particle(preposition(how.prep, words_ru[0].form), "PREP", verb.rest[-1:] if how.particle else [])
        governor = words[-1].link("government", verb.head)
        governor.lemma = how.prep
        words_ru = words + words_ru
    for head in (np, np.second):
        if head:
            if head.takes_case:
                head.ru_head.link("government", governor)
            note_object(head, how, notes)
    return words_en, words_ru


def complements(clause: Clause, verb: Predicate, notes: Notes) -> Phrase:
    """Object and recipient. The recipient stands after the object in both languages."""
    parts = [said_object(clause, verb, notes)] if clause.object else []
    if clause.recipient:
        recipient_en, recipient_ru = say(clause.recipient, "datv", notes)
        clause.recipient.ru_head.link("government", verb.head)
        parts.append(([Word("to", "to"), *recipient_en], recipient_ru))
        notes.tags.add("verb-government")
    return join(*parts)


def note_object(np: NP, verb: Verb, notes: Notes) -> None:
    noun = np.noun or (np.relative and np.relative.noun)
    if noun:
        notes.combos.add(f"{verb.key}>{noun.ru}")
    if verb.case != "accs" or verb.prep:
        notes.tags.add("verb-government")
    elif np.animate and not np.pronoun and (np.ru_plural or np.gender == "masc"):
        notes.tags.add("animacy")


def said(clause: Clause, notes: Notes) -> Phrase:
    """A clause in order: front, subject, verb, object, recipient, ends. Russian keeps the English order."""
    subject_en, subject_ru = say(clause.subject, "nomn", notes, subject=True)
    verb = predicate(clause.verb, clause.subject, clause.tense, notes, neg=clause.neg, ask=clause.ask)
    for np in (clause.object, clause.recipient):
        if np and np.det == "own":
            np.possessor = clause.subject.ru_head
    rest = complements(clause, verb, notes)
    front, middle = clause.front or ([], []), clause.middle or ([], [])
    if clause.ask:
        english = front[0] + verb.auxiliary + subject_en + middle[0] + verb.rest
    else:
        english = front[0] + subject_en + verb.auxiliary + middle[0] + verb.rest
    russian = front[1] + subject_ru + middle[1] + verb.russian
    return join((english, russian), rest, *clause.ends)


def fronted(clause: Clause, notes: Notes, extra: Phrase | None = None) -> Phrase:
    """Its object first: which the girl is reading – которую читает девочка. A noun subject follows the Russian verb.

    With `clause.ask` a question: which book is the girl reading? `extra` goes first instead of the object.
    """
    subject_en, subject_ru = say(clause.subject, "nomn", notes, subject=True)
    verb = predicate(clause.verb, clause.subject, clause.tense, notes, ask=clause.ask)
    first = extra or said_object(clause, verb, notes)
    middle = clause.middle or ([], [])
    if clause.ask:
        english = verb.auxiliary + subject_en + middle[0] + verb.rest
    else:
        english = subject_en + verb.auxiliary + middle[0] + verb.rest
    russian = subject_ru + middle[1] + verb.russian if clause.subject.pronoun else middle[1] + verb.russian + subject_ru
    return join(first, (english, russian))


def preposition(ru: str, following: str) -> str:
    """о or об, с or со, в or во, к or ко before the word that follows."""
    following = following.lower()
    if ru == "о":
        return "обо" if following == "мне" else "об" if following[0] in "аиоуэ" else "о"
    cluster = len(following) > 1 and following[1] not in m.VOWELS + "ьй"
    if ru.endswith("с"):
        return ru + "о" if following.startswith(("мной", "щ", "льв")) or (following[0] in "сзшж" and cluster) else ru
    if ru == "в":
        return "во" if (following[0] in "вф" and cluster) or following.startswith(("двор", "мне", "льв")) else "в"
    if ru == "к":
        return "ко" if following.startswith(("мне", "двор", "льв")) else "к"
    return ru


def prepositional(en_prep: str, ru_prep: str, case: str, np: NP, notes: Notes) -> Phrase:
    words_en, words_ru = say(np, case, notes, prep=ru_prep)
    prep_en = en(en_prep)
    *first, last = ru_prep.split()
    prep_ru = particle(" ".join([*first, preposition(last, words_ru[0].form)]), "PREP", prep_en)
    prep_ru[-1].lemma = last
    for head in (np, np.second):
        if head and head.takes_case:
            head.ru_head.link("government", prep_ru[-1])
    notes.tags.add("preposition-government")
    if first == ["несмотря"]:  # a phrase that Russian sets off
        prep_ru = comma()[1] + prep_ru
    return prep_en + words_en, prep_ru + words_ru


def was(subject: NP, source: Word) -> Word:
    """был, agreeing."""
    word = inflected("VERB impf", "быть", WAS, subject.past_cell, [source])
    return word.link("agreement", subject.ru_head, subject.second and subject.second.ru_head)


def mark(form: str) -> Phrase:
    """A full stop, question mark or comma of both languages."""
    word = Word(form, form)
    return [word], [Word(form, form, "PNCT", source=[word])]


def comma() -> Phrase:
    """A comma that only Russian has."""
    return [], [Word(",", ",", "PNCT")]


@dataclass
class Sentence:
    english: list[Word]
    russian: list[Word]
    notes: Notes


def sentence(phrase: Phrase, notes: Notes, end: str = ".") -> Sentence:
    """Add the final mark, agree a with an, write first letters large."""
    words_en, words_ru = join(phrase, mark(end))
    if any(is_homonym(source, word) for word in words_ru for source in word.source):
        notes.tags.add("homonym")
    for word, following in pairwise(words_en):
        if word.lemma == "a":
            word.form = article(following.form)
    for words in (words_en, words_ru):
        for before, word in zip([None, *words], words, strict=False):
            if before is None or before.form in (".", "?"):
                word.form = word.form[0].upper() + word.form[1:]
    return Sentence(words_en, words_ru, notes)


def is_homonym(english: Word, russian: Word) -> bool:
    senses = homonyms()
    return russian.lemma in (senses.get(english.lemma) or senses.get(english.form) or ())


@cache
def homonyms() -> dict[str, list[str]]:
    """English words with several Russian ones, which the rest of the sentence decides."""
    return {word: senses.split() for word, senses in lexicon.load().tables["HOMONYMS"]}


def article(following: str) -> str:
    consonant = following.startswith(("uni", "use", "eu", "one"))
    return "an" if following.startswith("hour") or (following[0].lower() in "aeiou" and not consonant) else "a"


def text(words: list[Word]) -> str:
    """Words as they are written: no space before a mark."""
    line = ""
    for word in words:
        line += word.form if word.form in (".", ",", "?") or not line else " " + word.form
    return line
