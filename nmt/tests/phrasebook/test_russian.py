"""The Russian of the phrasebook before an independent analyser, pymorphy3."""

from functools import cache

import pymorphy3
import pytest

from gold import load_gold
from grammar import lexicon

ANALYSER = pymorphy3.MorphAnalyzer()
# what the analyser may call a word that we call …: adjectives used as nouns, participles, words of several classes
POS = {
    "NOUN": {"NOUN", "ADJF"}, "ADJF": {"ADJF", "PRTF", "NPRO"}, "ADJS": {"ADJS", "PRTS"}, "VERB": {"VERB"},
    "INFN": {"INFN"}, "NPRO": {"NPRO", "ADJF"}, "NUMR": {"NUMR", "ADVB"}, "COMP": {"COMP"},
}  # fmt: skip
OURS = {"anim", "inan", "infn"}  # said in cells, checked elsewhere
SEVERAL = {"masc", "femn", "neut", "sing", "plur", "nomn", "gent", "datv", "accs", "ablt", "loct"}


@cache
def readings(form: str) -> list[frozenset[str]]:
    """Grammemes of each reading the dictionary has for exactly this spelling, ё and е apart."""
    form = form.lower()
    return [parse.tag.grammemes for parse in ANALYSER.parse(form) if parse.word == form and parse.is_known]


def confirmed(form: str, features: str) -> bool:
    pos, *wanted = features.replace("loc2", "loct").split()
    wanted = set(wanted) - OURS
    if pos == "NOUN" and "plur" in wanted:
        wanted -= {"masc", "femn", "neut"}
    return any(reading & POS[pos] and fits(reading, wanted) for reading in readings(form))


def fits(reading: frozenset[str], wanted: set[str]) -> bool:
    missing = wanted - reading
    if "loc2" in reading:
        missing -= {"loct"}
    if reading & {"ms-f", "Ms-f"}:
        missing -= {"masc", "femn"}
    return missing <= SEVERAL if "Fixd" in reading else not missing


def cells():
    """Every form of the lexicon with the features its cell claims."""
    words = lexicon.load()
    for noun in words.nouns + words.names:
        for cell, form in noun.forms.items():
            number = cell.split()[0]
            never = (noun.number in ("P", "R") and number == "sing") or (noun.number in ("U", "E") and number == "plur")
            if not never and not (noun.classes & {"first", "city"} and number == "plur"):
                yield form, f"NOUN {noun.gender} {cell}"
    for adjective in words.adjectives:
        yield from ((form, f"ADJF {cell}") for cell, form in adjective.forms.items())
    for verb in [*words.verbs, *words.talk_verbs.values()]:
        for aspect, forms in (("impf", verb.impf), ("perf", verb.perf)):
            for cell, form in forms.items():
                yield form, f"INFN {aspect}" if cell == "infn" else f"VERB {aspect} {cell}"


def test_every_form_of_the_lexicon_exists_with_its_features():
    wrong = {(form, features) for form, features in cells() if not confirmed(form, features)}
    assert not wrong


def test_animacy_of_nouns():
    odd = {"рыба", "София"}  # we have fish to eat; София is a city to the dictionary first
    for noun in lexicon.load().nouns + lexicon.load().names:
        if noun.ru not in odd:
            animacy = "anim" if noun.animate else "inan"
            assert any(animacy in reading for reading in readings(noun.ru)), noun.ru


@pytest.fixture(scope="module")
def sample():
    return [record for split in ("train", "valid", "test", "test_seen") for record in load_gold(split)][::4]


def test_forms_of_a_large_sample_carry_the_claimed_features(sample):
    wrong = {
        (form, features)
        for record in sample
        for form, features in zip(record.russian, record.features, strict=True)
        if features and features.split()[0] in POS and not confirmed(form, features)
    }
    assert not wrong


def test_adjectives_agree_with_nouns_and_verbs_with_subjects(sample):
    """By the analyser's own readings: some pair of readings of both words shares what agreement shares."""
    wrong, pairs = set(), 0
    for record in sample:
        for kind, i, j in record.links:
            word, head = record.features[i].split(), record.features[j].split()
            if kind != "agreement" or word[0] not in ("ADJF", "VERB") or head[0] != "NOUN":
                continue
            if "govern" in {k for k, a, _ in record.links if a == j}:
                continue
            if any(k == "agreement" and a == i and b != j for k, a, b in record.links):
                continue  # two subjects
            pairs += 1
            counted = any(f.startswith("NUMR") for f in (record.features[b] for k, a, b in record.links if a == j))
            if not counted and not agree(record.russian[i], record.russian[j], word, head):
                wrong.add((record.russian[i], record.russian[j], record.features[i], record.features[j]))
    assert not wrong
    assert pairs > 3000


def agree(form: str, head: str, word: list[str], noun: list[str]) -> bool:
    shared = {"sing", "plur"}
    if word[0] == "ADJF" and noun[-1].replace("loc2", "loct") in word:
        shared |= {"nomn", "gent", "datv", "accs", "ablt", "loct"}
    if "sing" in word or "past" in word:
        shared |= {"masc", "femn", "neut"}
    for one in readings(form):
        for other in readings(head):
            mine, theirs = one & shared, other & shared
            if "plur" in mine or "3per" in one:
                mine, theirs = mine - {"masc", "femn", "neut"}, theirs - {"masc", "femn", "neut"}
            if "loc2" in other:
                theirs |= {"loct"}
            if "VERB" in one:
                mine, theirs = mine - CASES, theirs - CASES
            if mine <= theirs or "Fixd" in other or (other & {"ms-f", "Ms-f"} and mine - {"masc", "femn"} <= theirs):
                return True
    return False


CASES = {"nomn", "gent", "datv", "accs", "ablt", "loct"}
