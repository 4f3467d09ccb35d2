"""Verbs in their tenses, and clauses: subject, verb, objects and what else, in the order of each language."""

from dataclasses import dataclass, field

from grammar.conjugation import TO_BE
from grammar.lexicon import Verb
from grammar.noun_phrases import NP, say
from grammar.prepositions import form_before
from grammar.words import Notes, Phrase, Word, en, inflected, join, particle

# English decides the aspect: a tense here is an English form and the one Russian form it stands for.
TENSES = {
    "present": ("impf", "pres"),  # reads – читает
    "is doing": ("impf", "pres"),  # is reading – читает
    "was doing": ("impf", "past"),  # was reading – читал
    "often did": ("impf", "past"),  # often read – часто читал; loved – любил
    "has done": ("perf", "past"),  # has read – прочитал
    "did": ("perf", "past"),  # bought – купил
    "will do": ("perf", "futr"),  # will read – прочитает
    "when done": ("perf", "futr"),  # (when, if) he comes – придёт
    "will be doing": ("impf", "futr"),  # will be reading – будет читать
    "infinitive": ("impf", "infn"),
    "infinitive perf": ("perf", "infn"),
}


@dataclass
class Predicate:
    """A verb said for a subject."""

    auxiliary: list[Word]  # English: will, does, is; may be empty
    rest: list[Word]  # English: the words after them
    russian: list[Word]
    head: Word  # the Russian word that governs objects

    @property
    def english(self) -> list[Word]:
        return self.auxiliary + self.rest


def predicate(verb: Verb, subject: NP, tense: str, notes: Notes, *, neg: bool = False, ask: bool = False) -> Predicate:
    """The verb in one of TENSES, agreeing with its subject; `neg` negated, `ask` in a question."""
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
    if time == "infn":
        main = inflected(f"INFN {aspect}", forms["infn"], forms, "infn", source)
        russian = [main]
    elif time == "futr" and aspect == "impf":
        will = will_be(subject, auxiliary[0])
        main = inflected("INFN impf", forms["infn"], forms, "infn", source).link("government", will)
        russian = [will, main]
    else:
        pos = f"VERB {aspect}" if time == "past" else f"VERB {aspect} {time}"
        cell = subject.past_cell if time == "past" else subject.person_cell
        main = agree(inflected(pos, forms["infn"], forms, cell, source), subject)
        russian = [main]
    if verb.perf and time in ("past", "futr"):
        notes.tags.add("aspect")
    if time != "infn":
        notes.tags.add("past-agreement" if time == "past" else "person-agreement")
    if neg:
        russian = particle("не", "PRCL", auxiliary[-1:]) + russian
    return Predicate(auxiliary, words, russian, main)


def agree(verb: Word, subject: NP) -> Word:
    """Link a verb with its subject, or with both of two."""
    return verb.link("agreement", subject.ru_head, subject.second and subject.second.ru_head)


def was(subject: NP, source: Word) -> Word:
    """был, agreeing with the subject."""
    return agree(inflected("VERB impf", "быть", TO_BE, subject.past_cell, [source]), subject)


def will_be(subject: NP, source: Word) -> Word:
    """будет, agreeing with the subject."""
    return agree(inflected("VERB impf futr", "быть", TO_BE, subject.person_cell, [source]), subject)


def _english_verb(verb: Verb, subject: NP, tense: str, inverted: bool) -> tuple[list[Word], list[Word], Word]:
    """Auxiliary words, the words after them, the main word.

    `inverted`: in a question or a negation, where "do" steps in if there is no other auxiliary.
    """
    tail = en(verb.particle)
    if "be" in verb.flags:
        auxiliary = [Word("be", "be")] if tense == "infinitive" else [subject.be(tense == "often did")]
        return auxiliary, tail, tail[0]
    form, auxiliary = verb.en, []
    if tense in ("present", "often did", "did", "when done"):
        past = tense not in ("present", "when done")
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
    recipient_first: bool = False  # gives the boy a book, not a book to the boy
    front: Phrase | None = None  # yesterday, every day
    middle: Phrase | None = None  # often, already
    ends: list[Phrase] = field(default_factory=list)  # places, instruments
    neg: bool = False
    ask: bool = False


def _said_object(clause: Clause, verb: Predicate, notes: Notes) -> Phrase:
    """The object in the case the verb governs, with the Russian preposition it wants."""
    np, how = clause.object, clause.verb
    words_en, words_ru = say(np, how.case, notes, prep=how.prep)
    governor = verb.head
    if how.prep:
        words = particle(form_before(how.prep, words_ru[0].form), "PREP", verb.rest[-1:] if how.particle else [])
        governor = words[-1].link("government", verb.head)
        governor.lemma = how.prep
        words_ru = words + words_ru
    for head in (np, np.second):
        if head:
            if head.takes_case:
                head.ru_head.link("government", governor)
            _note_object(head, how, notes)
    return words_en, words_ru


def complements(clause: Clause, verb: Predicate, notes: Notes) -> Phrase:
    """Object and recipient, in the same order in both languages."""
    parts = [_said_object(clause, verb, notes)] if clause.object else []
    if clause.recipient:
        recipient_en, recipient_ru = say(clause.recipient, "datv", notes)
        clause.recipient.ru_head.link("government", verb.head)
        if clause.recipient_first:
            parts.insert(0, (recipient_en, recipient_ru))
        else:
            parts.append(([Word("to", "to"), *recipient_en], recipient_ru))
        notes.tags.add("verb-government")
    return join(*parts)


def _note_object(np: NP, verb: Verb, notes: Notes) -> None:
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
    """A clause with its object in front: which the girl is reading – которую читает девочка.

    With `clause.ask` it is a question: which book is the girl reading? `extra` goes in front instead of the object.
    A subject that is a noun follows the Russian verb.
    """
    subject_en, subject_ru = say(clause.subject, "nomn", notes, subject=True)
    verb = predicate(clause.verb, clause.subject, clause.tense, notes, ask=clause.ask)
    first = extra or _said_object(clause, verb, notes)
    middle = clause.middle or ([], [])
    if clause.ask:
        english = verb.auxiliary + subject_en + middle[0] + verb.rest
    else:
        english = subject_en + verb.auxiliary + middle[0] + verb.rest
    russian = middle[1] + verb.russian
    russian = subject_ru + russian if clause.subject.pronoun else russian + subject_ru
    return join(first, (english, russian))
