"""What somebody or something is: sentences with be, which the Russian present leaves out."""

from grammar.clauses import agree, was, will_be
from grammar.lexicon import Adjective
from grammar.noun_phrases import NP, say
from grammar.sentences import Sentence, sentence
from grammar.words import Notes, Phrase, Word, both, en, inflected, join, particle
from grammar.world import World

BUT = {  # adjectives that may be joined by "but"
    "beautiful": ("expensive", "old", "cheap", "strange"), "old": ("good", "beautiful", "clean", "big"),
    "small": ("expensive", "heavy", "beautiful", "strong"), "clever": ("lazy", "poor"), "delicious": ("expensive",),
    "big": ("light", "cheap", "kind"), "long": ("interesting", "narrow"), "interesting": ("long", "difficult"),
    "expensive": ("bad", "old"), "strict": ("kind", "fair"), "difficult": ("interesting", "important"),
    "young": ("experienced", "clever"), "rich": ("kind", "modest"), "short": ("interesting", "difficult"),
}  # fmt: skip
SKILLED = ("good", "bad", "talented", "experienced", "famous", "young", "old", "modern")
VAGUE = {"thing", "seen", "small", "bought", "big", "written", "work", "outdoors"}  # no reason to compare


def is_adjective(w: World) -> Sentence:
    """The book is interesting. – Книга интересная.   The book was interesting. – Книга была интересной."""
    adjective = w.choose([a for a in w.lexicon.adjectives if a.predicative])
    np = w.dress(w.choose([n for n in adjective.nouns if adjective in w.adjectives[n]]), adjective=0.0)
    np.det = "the" if not np.noun.bare else ""
    if "body" in np.noun.classes:
        np.det = w.random.choice(("my", "his", "her"))
    elif w.chance(0.3) and not np.noun.mass:
        mine = ("my", "our", "his", "her") if np.noun.ownable else ()
        np.det = w.random.choice(("this", "that", *mine))
    return equation(w, np, adjective)


def is_and(w: World) -> Sentence:
    """The dress is beautiful but expensive. – Платье красивое, но дорогое."""
    adjective = w.choose([a for a in w.lexicon.adjectives if a.en in BUT])
    second = w.choose([a for a in w.lexicon.adjectives if a.en in BUT[adjective.en]])
    people = adjective.en in ("clever", "strict", "young", "rich", "big")
    nouns = [n for n in adjective.nouns if n in second.nouns and n.animate <= people]
    if not nouns:
        return is_and(w)
    return equation(w, w.dress(w.choose(nouns), adjective=0.0), adjective, second)


def equation(w: World, np: NP, adjective: Adjective, second: Adjective | None = None) -> Sentence:
    """`np` is or was `adjective`, maybe "but `second`"."""
    notes = Notes({"adjective-agreement"})
    if np.noun.number == "U" and np.noun.mass and not np.det and not np.noun.bare:
        np.det = "the"
    past = w.chance(0.3)
    neg = not second and w.chance(0.15)
    start = subject_be(np, notes, past, neg)
    case = "ablt" if past else "nomn"
    predicate = said_adjective(np, adjective, case, notes)
    if second:
        but_en, but_ru = both("but", "но", "CONJ")
        but_ru = [Word(",", ",", "PNCT"), *but_ru]
        predicate = join(predicate, (but_en, but_ru), said_adjective(np, second, case, notes))
        notes.tags.add("coordination")
    if past:
        for word in predicate[1]:
            if word.pos == "ADJF":
                word.link("government", start[1][-1])
    return sentence(join(start, predicate), notes)


def said_adjective(np: NP, adjective: Adjective, case: str, notes: Notes) -> Phrase:
    """An adjective as predicate, agreeing with `np`."""
    word_en = Word(adjective.en, adjective.en)
    if adjective.short:
        word = inflected("ADJS", adjective.ru, adjective.short, np.short_cell, [word_en])
        notes.tags.add("short-adjective")
    else:
        word = inflected("ADJF", adjective.ru, adjective.forms, np.cell(case), [word_en])
    notes.combos.add(f"{adjective.en}+{np.noun.ru}")
    return [word_en], [word.link("agreement", np.ru_head)]


def said_short(w: World, english: str, np: NP) -> Phrase:
    """A short adjective of short_adjectives.txt, agreeing with `np`."""
    forms = w.lexicon.short_adjectives[english]
    word_en = Word(english, english)
    word = inflected("ADJS", forms["sing masc"], forms, np.short_cell, [word_en])
    return [word_en], [word.link("agreement", np.ru_head)]


def subject_be(np: NP, notes: Notes, past: bool, neg: bool = False) -> Phrase:
    """Subject and be: nothing in the Russian present, был in the past."""
    words_en, words_ru = say(np, "nomn", notes, subject=True)
    be = np.be(past)
    phrase = [*words_en, be], words_ru
    if neg:
        phrase = join(phrase, both("not", "не", "PRCL"))
        notes.tags.add("negation")
    if past:
        phrase[1].append(was(np, be))
    notes.tags.add("past-agreement" if past else "zero-copula")
    return phrase


def is_short(w: World) -> Sentence:
    """The girl is busy. – Девочка занята."""
    notes = Notes({"short-adjective"})
    np = w.anyone(adjective=0.1, name=0.3)
    text_en = w.choose(("busy", "ready", "ill", "right"))
    past = w.chance(0.4) and np.pronoun != "I"
    start = subject_be(np, notes, past)
    if np.pronoun == "I":
        return is_short(w)
    return sentence(join(start, said_short(w, text_en, np)), notes)


def is_profession(w: World) -> Sentence:
    """Anna is a doctor. – Анна – врач.   Her brother was a soldier. – Её брат был солдатом.   … works as a cook."""
    notes = Notes()
    np = NP(w.choose(w.first_names), det="") if w.chance(0.5) else NP(w.choose(w.of("kin parent")))
    if np.noun.classes & {"kin", "parent"}:
        np.det = w.random.choice(("my", "our", "his", "her", "their"))
    jobs = [n for n in w.of("worker") if n.ru not in ("актриса", "официантка", "медсестра", "клоун", "полицейский")]
    if np.gender == "femn":
        jobs.remove(w.lexicon.noun("актёр"))
    mode = w.random.choice(("is", "is", "not", "was", "will be", "became", "works as"))
    job = w.dress(w.choose(jobs), plural=0.0, adjective=0.1, a=1.0)
    job.det = "a"
    job.adjectives = tuple(a for a in job.adjectives if a.en in SKILLED and mode != "works as")
    if mode in ("is", "not"):
        start = subject_be(np, notes, False, mode == "not")
        dash = particle("—", "PNCT", start[0][-1:]) if mode == "is" else []
        return sentence(join(start, ([], dash), say(job, "nomn", notes)), notes)
    notes.tags |= {
        "instrument",
        "verb-government",
        "past-agreement" if mode in ("was", "became") else "person-agreement",
    }
    start = say(np, "nomn", notes, subject=True)
    if mode == "was":
        words_en = [np.be(past=True)]
        verb = was(np, words_en[0])
    elif mode == "will be":
        words_en = en(mode)
        verb = will_be(np, words_en[0])
    else:
        words_en = en(mode)
        forms = w.lexicon.verb("become").perf if mode == "became" else w.lexicon.verb("work as").impf
        pos, cell = ("VERB perf", np.past_cell) if mode == "became" else ("VERB impf pres", np.person_cell)
        verb = agree(inflected(pos, forms["infn"], forms, cell, words_en[:1]), np)
    job_en, job_ru = say(job, "ablt", notes)
    job.ru_head.link("government", verb)
    return sentence(join(start, (words_en, [verb]), (job_en, job_ru)), notes)


def compared(w: World) -> Sentence:
    """The brother is taller than the sister. – Брат выше сестры."""
    notes = Notes({"comparison"})
    text_en, text_ru, spec = w.rarest(w.lexicon.comparatives, 8)
    nouns = w.of(spec)
    if "person" in spec and w.chance(0.4):
        nouns = w.first_names
    first = w.np(nouns, adjective=0.0, plural=0.15)
    alike = [n for n in nouns if n is not first.noun and (n.classes & first.noun.classes) - VAGUE]
    if not alike:
        return compared(w)
    second = w.np(alike, adjective=0.0, plural=float(first.plural))
    start = subject_be(first, notes, w.chance(0.25))
    words = en(text_en)
    comparative = Word(text_ru, text_ru, "COMP", source=words[-1:])
    end = say(second, "gent", notes)
    second.ru_head.link("government", comparative)
    return sentence(join(start, ([*words, Word("than", "than")], [comparative]), end), notes)
