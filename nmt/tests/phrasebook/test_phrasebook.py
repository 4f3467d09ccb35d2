import gzip
import os
import random
import re
import subprocess
import sys
from collections import Counter
from itertools import product

import pytest

from frequency import unigram
from gold import load_gold, pieces_of_words, words
from grammar import generate, lexicon
from grammar.conjugation import verb_forms
from grammar.contractions import contract, key, uncontracted
from grammar.contrast_edits import EDITS, UNEDITED
from grammar.frames import smalltalk
from grammar.prepositions import form_before
from grammar.sentences import Sentence, text
from grammar.words import Notes, Word, en
from nmt import NmtError
from nmt.phrasebook.contrast import contrast_table, load_contrast, mcnemar
from nmt.plumbing.places import shipped

FOLDER = shipped() / "phrasebook"
SPLITS = "train", "valid", "test", "test_seen"
RARE = {"войти", "внизу", "март", "опасно"}  # lemmas the generator could not say LEAST times: in train only


def rows(split: str) -> list[list[str]]:
    with gzip.open(FOLDER / f"{split}.tsv.gz", "rt", encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file]


@pytest.fixture(scope="module")
def table():
    return {split: rows(split) for split in SPLITS}


@pytest.fixture(scope="module")
def golds():
    return {split: load_gold(split) for split in SPLITS}


@pytest.fixture(scope="module")
def remade(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phrasebook")
    generate.write(folder)
    return folder


def test_one_command_makes_the_shipped_files_again(remade):
    names = [path.name for path in sorted(remade.iterdir())]
    assert names == sorted(
        [f"{s}{end}" for s in SPLITS for end in (".tsv.gz", ".gold.jsonl.gz")] + ["contrast.jsonl.gz"]
    )
    for name in names:
        assert gzip.decompress((remade / name).read_bytes()) == gzip.decompress((FOLDER / name).read_bytes()), name


def test_sizes_and_no_sentence_twice(table):
    assert {split: len(lines) for split, lines in table.items()} == generate.SIZES
    assert all(len(row) == 3 for lines in table.values() for row in lines)
    for side in (0, 1):
        lines = [row[side] for rows_of_split in table.values() for row in rows_of_split]
        assert len(set(lines)) == len(lines)


def test_every_phenomenon_is_shown_often_and_has_an_edit(table):
    counts = Counter(tag for row in table["train"] for tag in row[2].split())
    assert set(counts) == set(EDITS) | UNEDITED
    assert not set(EDITS) & UNEDITED
    assert len(EDITS) >= 39
    assert min(counts[tag] for tag in EDITS) >= 300
    assert min(counts.values()) >= 70


def test_the_card_states_the_counts_and_its_examples_stand_in_train(table):
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    counts = Counter(tag for row in table["train"] for tag in row[2].split())
    tags = {(english, russian): tags.split() for english, russian, tags in table["train"]}
    stated = re.findall(r"^\| `([\w-]+)` \| ([\d,]+) \| (.+?) – (.+?)(?: \(.+?\))? \|", card, re.M)
    assert {tag: count for tag, count, _, _ in stated} == {tag: f"{count:,}" for tag, count in counts.items()}
    assert len(stated) == len(counts)
    assert not [(tag, english) for tag, _, english, russian in stated if tag not in tags.get((english, russian), ())]


def test_the_card_states_the_sizes(golds):
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    for split, records in golds.items():
        sizes = len(records), sum(len(r.english) for r in records), sum(len(r.russian) for r in records)
        assert f"| `{split}` | {' | '.join(f'{size:,}' for size in sizes)} |" in card, split
    known = [
        (lemma, form.lower())
        for record in golds["train"]
        for lemma, form, features in zip(record.lemmas, record.russian, record.features, strict=True)
        if features not in ("", "PNCT")
    ]
    lemmas, forms = (len(set(column)) for column in zip(*known, strict=True))
    assert f"{lemmas:,} Russian lemmas in {forms:,} forms" in card
    words_ = lexicon.load()
    for table_ in ("nouns", "verbs", "adjectives", "names", "prepositions"):
        assert f"`{table_}.txt` ({len(getattr(words_, table_))}" in card, table_
    assert f"`talk_verbs.txt` ({len(words_.talk_verbs)} " in card
    fixed = len(smalltalk.phrases())
    assert f"{fixed:,} fixed phrases" in card and f"{len(smalltalk.entries()) - fixed} patterns" in card


def test_held_out_pairs_stand_in_test_only_and_lemmas_are_known(golds):
    known = {  # lemmas, and whether more than the form is known
        split: Counter(
            (lemma, bool(features))
            for record in golds[split]
            for lemma, features in zip(record.lemmas, record.features, strict=True)
        )
        for split in SPLITS
    }
    often = {one for one, count in known["train"].items() if count >= (generate.LEAST if one[1] else 1)}
    assert known["train"].keys() - often == {(lemma, True) for lemma in RARE}
    for split in ("valid", "test", "test_seen"):
        assert known[split].keys() <= often, split
    held = generate.held_out()
    small = generate.splits(
        seed=5, sizes={"train": 300, "valid": 20, "test": 60, "test_seen": 20}, least=1, phrases=False
    )
    for split, made in small.items():
        assert all(bool(s.notes.combos & held) == (split == "test") for s in made)


def test_held_out_pairs_are_spread():
    held = generate.held_out()
    for verb in lexicon.load().verbs:
        assert sum(f"{verb.key}>{noun.ru}" in held for noun in verb.objects) <= len(verb.objects) / 5 + 1


def test_gold_goes_line_by_line_with_the_corpus(table, golds):
    for split in SPLITS:
        for (english, russian, tags), record in zip(table[split], golds[split], strict=True):
            assert words(english) == record.english
            assert words(russian) == record.russian
            assert tags.split() == record.tags


def test_gold_indices_stay_inside_and_links_go_between_words(golds):
    for record in golds["test"]:
        size = len(record.russian)
        assert len(record.lemmas) == len(record.features) == len(record.alignment) == size
        assert all(0 <= i < len(record.english) for source in record.alignment for i in source)
        assert {kind for kind, _, _ in record.links} <= {"agreement", "government", "antecedent"}
        assert all(i != j and 0 <= i < size and 0 <= j < size for _, i, j in record.links)
        assert all(i != j and max(i, j) < len(record.english) for _, i, j in record.source_links)


def test_gold_aligns_every_word_but_commas_and_governed_prepositions(golds):
    for record in golds["test"] + golds["test_seen"]:
        alone = {f for f, source in zip(record.features, record.alignment, strict=True) if not source}
        assert alone <= {"PNCT", "PREP"} | ({""} if "smalltalk" in record.tags else set())


def test_each_fixed_phrase_stands_in_train_once_and_nowhere_else(golds):
    phrases = Counter(text(phrase.russian) for phrase in smalltalk.phrases())
    assert set(phrases.values()) == {1} and len(phrases) >= 450
    found = {split: Counter(text([Word(form) for form in r.russian]) for r in golds[split]) for split in SPLITS}
    for split in SPLITS:
        assert {line: found[split][line] for line in phrases} == dict.fromkeys(phrases, int(split == "train"))
    for record in golds["train"]:
        if text([Word(form) for form in record.russian]) in phrases:
            assert record.tags == ["smalltalk"] and not any(record.alignment)
            assert not record.links and not record.source_links
            assert record.lemmas == [form.lower() for form in record.russian]
            assert set(record.features) <= {"", "PNCT"}
    english = Counter(key(" ".join(record.english)) for record in golds["train"])
    assert all(english[key(text(phrase.english))] for phrase in smalltalk.phrases())


def test_nothing_of_everyday_stands_in_any_split_contracted_or_not(table):
    assert len(generate.everyday()) == 100
    lines = {key(row[0]) for rows_of_split in table.values() for row in rows_of_split}
    assert not lines & generate.everyday()


def test_some_sentences_are_contracted_and_others_not(table):
    lines = [row[0] for row in table["train"]]
    short = sum("n't" in line or "'m" in line or "'re" in line or "'ll" in line for line in lines)
    whole = sum(" not " in line or "I am " in line or " will " in line for line in lines)
    assert 0.2 < short / (short + whole) < 0.45
    assert not any(re.search(r"'(m|re|ll|ve|d)[.,?!]", line) for line in lines)


@pytest.mark.parametrize(
    ("whole", "short"),
    [
        ("I do not know .", "I don't know."), ("I am tired .", "I'm tired."), ("Yes , I am .", None),
        ("She cannot swim .", "She can't swim."), ("They will not come .", "They won't come."),
        ("Let us go home .", "Let's go home."), ("It is late .", "It's late."), ("Who is it ?", None),
        ("The cat is small .", None), ("The man who bought it is tall .", None), ("I have a dog .", None),
        ("I have read it .", "I've read it."), ("I am not a doctor .", "I'm not a doctor."),
        ("What is this ?", "What's this?"),
    ],
)  # fmt: skip
def test_contractions(whole, short):
    words_ = en(whole)
    made = Sentence(words_, [Word("слово", source=[words_[0], words_[1]]), Word("другое", source=words_[1:2])], Notes())
    contract(made, random.Random(1))
    assert text(made.english) == (short or text(en(whole)))
    assert uncontracted(text(made.english)) == text(en(whole))
    places = [[made.english.index(source) for source in word.source] for word in made.russian]
    assert all(places) and all(len(set(found)) == len(found) for found in places)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Hello | Привет", "end with the same"), ("Hello. | Привет!", "end with the same"),
        ("Hi, {first}. | Привет, {first}.", "should have a case"), ("Hi, {first}. | Привет.", "stand in both lines"),
        ("Hi, {frst}. | Привет, {frst nomn}.", "no noun is of the class"), ("Hi, {first. | Привет.", "brace"),
        ("My {dish}. | {dish nomn mi} {dish nomn}.", "no determiner or adjective"), ("Hi , you. | Эй.", "not spaced"),
    ],
)  # fmt: skip
def test_a_bad_phrase_is_refused_with_file_line_and_reason(line, reason, tmp_path, monkeypatch):
    monkeypatch.setattr(lexicon, "TABLES", tmp_path)
    (tmp_path / "smalltalk.txt").write_text(f"# a comment\n{line}\n", encoding="utf-8")
    with pytest.raises(NmtError, match=rf"smalltalk.txt, line 2 .*{reason}"):
        smalltalk.entries.__wrapped__()


def test_pieces_map_to_words():
    assert pieces_of_words(["Он", "спит", "."], ["▁Он", "▁с", "пит."]) == [[0], [1, 2], [2]]
    assert pieces_of_words(["сад"], ["▁", "са", "д"]) == [[0, 1, 2]]
    with pytest.raises(NmtError, match="do not spell"):
        pieces_of_words(["сад"], ["▁сан"])


def test_the_lexicon_is_large_enough():
    words_ = lexicon.load()
    assert len(words_.nouns) >= 400 and len(words_.verbs) >= 150 and len(words_.adjectives) >= 120
    assert len({(p.ru, p.case) for p in words_.prepositions}) >= 30
    assert {noun.gender for noun in words_.nouns} == {"masc", "femn", "neut"}
    assert sum(len(set(noun.forms.values())) == 1 for noun in words_.nouns) >= 10  # indeclinable


def read(tmp_path, name, line, parse):
    """The only entry of a table with this line below a comment."""
    path = tmp_path / f"{name}.txt"
    path.write_text(f"# a comment\n{line}\n", encoding="utf-8")
    (entry,) = lexicon.read_table(path, COLUMNS[name], parse)
    return entry


COLUMNS = {"nouns": 3, "adjectives": 4, "verbs": 7, "prepositions": 5}


def test_a_new_noun_is_one_line(tmp_path):
    noun = read(tmp_path, "nouns", "*badger | барсук b | animal", lexicon.load().parse_noun)
    assert (noun.gender, noun.animate, noun.en_plural, noun.everyday) == ("masc", True, "badgers", True)
    assert (noun.forms["sing accs"], noun.forms["plur ablt"]) == ("барсука", "барсуками")


@pytest.mark.parametrize(
    ("table", "line", "reason"),
    [
        ("nouns", "badger | барсук", "2 columns"),
        ("nouns", "badger | барсук q | animal", "unknown flag 'q'"),
        ("nouns", "night | ночь | time", "does not show its gender"),
        ("nouns", "badger | barsuk | animal", "not a Russian word"),
        ("nouns", "badger | барсук | ", "no classes"),
        ("adjectives", "left-handed | левша | person |", "does not end as an adjective"),
        ("adjectives", "sly | хитрый | person | q", "unknown flag 'q'"),
        ("verbs", "eat ate eaten | есть ем ест | - | accs | person | =барсук |", "class or lemma '=барсук'"),
        ("verbs", "eat ate eaten | есть ем ест | - | akk | person | person |", "unknown case 'akk'"),
        ("verbs", "eat ate eaten | есть ем ест | - | accs | person | person | q", "unknown flag 'q'"),
        ("prepositions", "via | через | akk | way | place", "'akk' is no case"),
    ],
)
def test_a_bad_entry_is_refused_with_file_line_and_reason(table, line, reason, tmp_path):
    parse = getattr(lexicon.load(), f"parse_{table.removesuffix('s')}")
    with pytest.raises(NmtError, match=rf"{table}.txt, line 2 \([\w -]+\): .*{reason}"):
        read(tmp_path, table, line, parse)


@pytest.mark.parametrize(
    ("ru", "following", "form"),
    [
        ("о", "окне", "об"), ("о", "ёжике", "о"), ("с", "столом", "со"), ("с", "зонтом", "с"), ("с", "щенком", "со"),
        ("в", "дворец", "во"), ("в", "Вене", "в"), ("к", "льву", "ко"), ("рядом с", "школой", "рядом со"),
    ],
)  # fmt: skip
def test_prepositions_before_clusters(ru, following, form):
    assert form_before(ru, following) == form


@pytest.mark.parametrize(
    ("parts", "one", "several"),
    [
        ("читать", "читай", "читайте"),
        ("пить пью пьёт", "пей", "пейте"),
        ("нести несу несёт", "неси", "несите"),
        ("давать даю даёт", "давай", "давайте"),
        ("одеться оденусь оденется imp=одень", "оденься", "оденьтесь"),
        ("учиться учусь учится", "учись", "учитесь"),
    ],
)
def test_imperatives(parts, one, several):
    forms = verb_forms(parts)
    assert (forms["impr sing"], forms["impr plur"]) == (one, several)


def test_contrast_items_are_many_and_differ_from_the_right_line(table):
    items = load_contrast()
    counts = Counter(item.phenomenon for item in items)
    assert set(counts) == set(EDITS) and min(counts.values()) >= 100
    corpus = {line for rows_of_split in table.values() for row in rows_of_split for line in row[:2]}
    for item in items:
        assert item.wrong and item.right not in item.wrong and len(set(item.wrong)) == len(item.wrong)
        assert item.english not in corpus and item.right not in corpus


def test_contrast_table_counts_a_tie_as_a_coin():
    items = load_contrast()[::50]
    right = {item.right for item in items}
    rows_ = contrast_table(lambda pairs: [float(ru in right) for _, ru in pairs], items)
    assert all(row.accuracy == 1 for row in rows_)
    assert rows_[-1].phenomenon == "all" and rows_[-1].items == len(items)
    rows_ = contrast_table(lambda pairs: [-float(ru in right) for _, ru in pairs], items)
    assert all(row.accuracy == 0 for row in rows_)
    rows_ = contrast_table(lambda pairs: [0.0] * len(pairs), items)
    assert all(row.accuracy == pytest.approx(row.chance) for row in rows_)


@pytest.mark.parametrize(
    ("russian_only", "gain", "but"),
    [
        (lambda line: -len(line.split()), 0.15, {}), (lambda line: len(line.split()), 0.15, {}),
        (lambda line: -len(line), 0.25, {"imperative": 0.45}), (lambda line: len(line), 0.25, {}), (None, 0.05, {}),
    ],
    ids=["fewer words", "more words", "fewer letters", "more letters", "frequent words"],
)  # fmt: skip
def test_who_sees_only_length_or_frequency_is_hardly_better_than_a_coin(russian_only, gain, but, table):
    """But for `but`: Закрыть and Закроют are longer than Закрой, which the contrast set does not balance."""
    score = russian_only or unigram(row[1] for row in table["train"])
    for row in contrast_table(lambda pairs: [score(ru) for _, ru in pairs], load_contrast()):
        assert row.accuracy <= row.chance + but.get(row.phenomenon, gain), row


def test_mcnemar_is_the_share_of_coins_that_fall_as_unequally():
    """All 2^n falls of n coins counted one by one."""
    for lost, won in ((0, 0), (1, 0), (5, 5), (7, 2), (2, 7), (9, 0)):
        falls = [sum(coins) for coins in product((0, 1), repeat=lost + won)]
        as_unequal = [abs(2 * heads - lost - won) >= abs(lost - won) for heads in falls]
        assert mcnemar(lost, won) == sum(as_unequal) / len(falls)


def test_a_missing_or_damaged_gold_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("nmt.phrasebook.contrast.shipped", lambda: tmp_path)
    with pytest.raises(NmtError, match=r"test\.gold\.jsonl\.gz: no such file"):
        load_gold("test")
    (tmp_path / "phrasebook").mkdir()
    (tmp_path / "phrasebook" / "test.gold.jsonl.gz").write_bytes(gzip.compress(b'{"english": []}\n'))
    with pytest.raises(NmtError, match="line 1"):
        load_gold("test")


def test_who_reads_the_corpus_loads_no_grammar():
    modules = "gold, nmt.phrasebook.contrast, evaluate"
    code = f"import sys, {modules}; print([name for name in sys.modules if name.split('.')[0] == 'grammar'])"
    path = os.pathsep.join([str(FOLDER), *filter(None, sys.path)])  # so that the grammar could be loaded
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, capture_output=True)
    assert (done.returncode, done.stdout.strip()) == (0, b"[]"), done.stderr.decode()


def test_text_writes_marks_without_space():
    assert text([Word("Сад"), Word(","), Word("лес"), Word("—"), Word("поле"), Word("?")]) == "Сад, лес — поле?"
