"""Laws of preparing sentence pairs: no leakage, nothing lost silently, every fault named with file and line."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from nmt import NmtError
from nmt.corpora import pairs
from nmt.corpora.card import Card, format_card
from nmt.corpora.corpus import prepare
from nmt.corpora.normalise import clean, sameness_key
from nmt.corpora.splits import choose_splits, pair_hashes

ANIMALS = [("cat", "кот"), ("dog", "пёс"), ("wolf", "волк"), ("hare", "заяц"), ("bear", "медведь"), ("fox", "лис")]
VERBS = [("sees", "видит"), ("hears", "слышит"), ("knows", "знает"), ("likes", "любит"), ("leads", "ведёт")]
THINGS = [
    ("house", "дом"),
    ("garden", "сад"),
    ("forest", "лес"),
    ("bridge", "мост"),
    ("town", "город"),
    ("sea", "море"),
]
PAIRS = [
    (f"The {a} {v} the {t}.", f"{b.capitalize()} {w} {u}.") for a, b in ANIMALS for v, w in VERBS for t, u in THINGS
]
quiet = {"log": lambda text: None}


def tsv(path: Path, pairs=PAIRS, head: bytes = b"", tail: str = "") -> Path:
    text = "".join("\t".join(pair) + "\n" for pair in pairs) + tail
    path.write_bytes(head + text.encode())
    return path


def contents(corpus) -> dict[str, list]:
    return {split: list(corpus.pairs(split)) for split in corpus.splits}


def everything(corpus) -> list:
    return sorted(pair for split in corpus.splits for pair in corpus.pairs(split))


def refused(data, root: Path, *reasons: str) -> None:
    """It is an NmtError that gives the reasons, and nothing is left behind."""
    with pytest.raises(NmtError) as error:
        prepare(data, root, **quiet)
    for reason in reasons:
        assert reason in str(error.value)
    assert not [path for path in root.rglob("*") if path.is_file()]


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.delenv("NMT_DATA", raising=False)
    return tmp_path / "cache"


# What comes out


def test_every_pair_goes_to_one_split(tmp_path, root):
    corpus = prepare(tsv(tmp_path / "a.tsv"), root, **quiet)
    splits = contents(corpus)
    assert everything(corpus) == sorted(PAIRS)
    assert {split: len(pairs) for split, pairs in splits.items()} == {"train": 80, "valid": 50, "test": 50}
    assert corpus.card.pairs["train"] == 80
    assert corpus.card.tokens["train"]["en"] == sum(len(en.split()) for en, _ in splits["train"])
    assert list(corpus.pairs("test", 3)) == splits["test"][:3]
    assert list(corpus.lines("valid", "ru")) == [ru for _, ru in splits["valid"]]


def test_no_sentence_of_valid_or_test_is_in_train_on_either_side(tmp_path, root):
    shuffled = [(en, PAIRS[7 * i % 60][1]) for i, (en, _) in enumerate(PAIRS)]  # many share one side
    variants = [(en.upper() + "!", "  " + ru.replace(" ", "  ")) for en, ru in PAIRS]  # the same but for form
    splits = contents(corpus := prepare(tsv(tmp_path / "a.tsv", PAIRS + shuffled + variants), root, **quiet))
    held = splits["valid"] + splits["test"]
    for side in (0, 1):
        seen = {sameness_key(pair[side]) for pair in splits["train"]}
        sentences = [sameness_key(pair[side]) for pair in held]
        assert not seen & set(sentences)
        assert len(set(sentences)) == len(sentences)
    dropped = corpus.card.dropped
    out = {sameness_key(text) for pair in held for text in pair}
    forms = [(clean(en), clean(ru)) for en, ru in variants]  # train has each form of what is not held out
    assert set(forms) & set(splits["train"]) == {pair for pair in forms if not out & set(map(sameness_key, pair))}
    assert sum(corpus.card.pairs.values()) + sum(dropped.values()) == 3 * len(PAIRS)


def test_split_depends_on_the_pairs_not_on_their_order_or_form(tmp_path, root):
    one = prepare(tsv(tmp_path / "a.tsv"), root, **quiet)
    two = prepare(tsv(tmp_path / "b.tsv", [(f" {en} ", ru.upper()) for en, ru in reversed(PAIRS)]), root, **quiet)
    for split in one.splits:
        assert {sameness_key(en) for en in one.lines(split, "en")} == {
            sameness_key(en) for en in two.lines(split, "en")
        }


def test_held_out_is_a_twentieth_at_most_a_thousand():
    rows = [(f"sentence {i}", f"предложение {i}") for i in range(30_000)]
    for count, expected in ((2_000, 100), (30_000, 1_000)):
        hashes = np.array([pair_hashes(*row) for row in rows[:count]], dtype=np.uint64)
        split = choose_splits(hashes, Counter(), "made")
        assert [int((split == label).sum()) for label in (0, 2, 3)] == [0, expected, expected]


def test_all_forms_of_a_file_give_the_same_corpus(tmp_path, root):
    plain = tsv(tmp_path / "a.tsv")
    (zipped := tmp_path / "a.tsv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    (windows := tmp_path / "w.tsv").write_bytes(b"\xef\xbb\xbf" + plain.read_bytes().replace(b"\n", b"\r\n"))
    no_end = tsv(tmp_path / "n.tsv", PAIRS[:-1], tail="\t".join(PAIRS[-1]))
    wide = tsv(tmp_path / "wide.tsv", [(en, ru, "tag") for en, ru in PAIRS])
    sides = tmp_path / "a.en", tmp_path / "a.ru.gz"
    sides[0].write_text("\n".join(en for en, _ in PAIRS), encoding="utf-8")
    sides[1].write_bytes(gzip.compress("\n".join(ru for _, ru in PAIRS).encode()))
    prints = {prepare(data, root, **quiet).fingerprint for data in (plain, zipped, windows, no_end, wide, sides)}
    assert len(prints) == 1


def test_separators_inside_a_sentence_do_not_cut_lines(tmp_path, root):
    odd = [("one\u2028two\u00a0three\x85four", "раз\u2029два\u200b\vтри"), *PAIRS]
    splits = contents(corpus := prepare(tsv(tmp_path / "a.tsv", odd), root, **quiet))
    assert ("one two three four", "раз два три") in everything(corpus)
    for split, rows in splits.items():
        assert corpus.path(split, "en").read_bytes().count(b"\n") == len(rows)


def test_clean_composes_and_is_idempotent():
    assert clean("  и\u0306од  \t a\u00a0b ") == "йод a b" == clean(clean("йод a b"))


def test_blank_sides_and_lines_are_dropped_and_counted(tmp_path, root):
    corpus = prepare(tsv(tmp_path / "a.tsv", [("Hello", " "), ("", "Привет"), ("?", "!"), *PAIRS], tail="\n \n"), root)
    assert corpus.card.dropped == {"a side is blank": 4, "a side without letter or digit": 1}


def test_second_call_reads_the_card_only(tmp_path, root, monkeypatch):
    file = tsv(tmp_path / "a.tsv")
    first = prepare(file, root, **quiet)
    monkeypatch.setattr(pairs, "read_lines", lambda *_: pytest.fail("read again"))
    assert prepare(file, root, **quiet) == first
    assert sorted(os.listdir(tmp_path)) == ["a.tsv", "cache"]  # nothing beside the user's file
    assert os.listdir(root / "corpora") == [first.directory.name]


def test_caches_made_before_are_still_found(tmp_path, root):
    """Runs and token arrays are named by these: a change here orphans them all (then raise CLEANING)."""
    corpus = prepare(tsv(tmp_path / "a.tsv"), root, **quiet)
    assert corpus.directory.name == "a-1c02055df24a964a"
    assert corpus.fingerprint == "aed9c963c45e46def39bfb04d7f0624dc0662fab8b566274d1382db9302a413d"


def test_a_prepared_folder_is_a_corpus_wherever_it_lies(tmp_path, root, monkeypatch):
    made = prepare(tsv(tmp_path / "a.tsv"), root, **quiet)
    moved = shutil.move(made.directory, tmp_path / "elsewhere")
    (tmp_path / "a.tsv").unlink()
    corpus = prepare(moved, root, **quiet)
    assert list(corpus.pairs("train")) and corpus.fingerprint == made.fingerprint and corpus.data == (str(moved),)
    with pytest.raises(NmtError, match="taken as it is"):
        prepare(moved, root, lowercase=True)
    lower = prepare(tsv(tmp_path / "a.tsv"), root, lowercase=True, tokens=(1, 9), **quiet).directory
    assert prepare(lower, root, **quiet) == prepare(lower, root, lowercase=True, tokens=(1, 9))
    with pytest.raises(NmtError, match="taken as it is"):
        prepare(lower, root, tokens=(1, 8))
    (tmp_path / "phrasebook").mkdir()
    monkeypatch.chdir(tmp_path)
    assert prepare("phrasebook", root, **quiet).name == "phrasebook"  # not the folder of that name
    corpus.path("valid", "en").write_text("cut")
    with pytest.raises(NmtError, match=r"valid\.en: missing or damaged"):
        prepare(moved, root)
    with pytest.raises(NmtError, match=r"no card\.json"):
        prepare(tmp_path, root)


def test_changed_file_is_prepared_anew(tmp_path, root):
    first = prepare(tsv(tmp_path / "a.tsv"), root, **quiet)
    second = prepare(tsv(tmp_path / "a.tsv", [*PAIRS, ("New", "Новое")]), root, **quiet)
    assert first.directory != second.directory and first.fingerprint != second.fingerprint


def test_damaged_cache_is_refused(tmp_path, root):
    corpus = prepare(tsv(tmp_path / "a.tsv"), root, **quiet)
    corpus.path("test", "ru").write_text("cut")
    with pytest.raises(NmtError, match="damaged; delete"):
        prepare(tmp_path / "a.tsv", root, **quiet)


def test_card_is_readable(tmp_path, root):
    text = format_card(prepare(tsv(tmp_path / "a.tsv"), root, **quiet).card)
    for word in ("180 sentence pairs", "train", "licence", "sha256", "hash of the normalised pair"):
        assert word in text


def test_the_card_is_read_as_it_was_written(tmp_path, root):
    files = [f"{tsv(tmp_path / 'a.tsv')}:50%", str(tsv(tmp_path / "b.tsv"))]
    for corpus in (prepare(files, root, lowercase=True, tokens=(3, 9), **quiet), prepare(files[1], root, **quiet)):
        path = corpus.directory / "card.json"
        written = json.loads(path.read_text())
        assert list(corpus.card.to_json().items()) == list(written.items())
        assert Card.from_json(corpus.card.to_json(), path) == corpus.card
        for key in ("tokens", "fingerprint"):
            path.write_text(json.dumps({k: value for k, value in written.items() if k != key}))
            with pytest.raises(NmtError, match=r"card\.json: damaged"):
                prepare(corpus.directory, root)


# Bad input


def test_faults_name_file_and_line(tmp_path, root):
    file = tmp_path / "a.tsv"
    refused(tsv(file, [*PAIRS[:4], ("one column",), *PAIRS[4:]]), root, f"{file}:5", "1 column")
    refused(tsv(file, [*PAIRS[:4], ("a", "b", "c"), *PAIRS[4:]]), root, f"{file}:5", "3 column")
    refused(tsv(file, [("only",), *PAIRS]), root, f"{file}:1", "TAB")
    refused(tsv(file, [*PAIRS, ("nul\0", "нуль")]), root, f"{file}:181", "NUL")
    file.write_bytes("Fine\tХорошо\nBad\tПло".encode() + b"\xd1\n")
    refused(file, root, f"{file}:2", "UTF-8", "byte 11", "0xd1")
    file.write_bytes("Latin\tКириллица\n".encode("utf-16"))
    refused(file, root, f"{file}:1")


def test_faults_of_whole_files(tmp_path, root):
    file = tmp_path / "a.tsv"
    refused(file, root, str(file), "neither a file nor a known corpus", "hotels")
    refused("hotel", root, "hotel: neither", "news-commentary")
    refused(tmp_path, root, str(tmp_path))
    refused(["a.en", "a.ru", "a.txt"], root, "3 given", "a.en is not .tsv")
    file.write_bytes(b"")
    refused(file, root, str(file), "empty")
    file.write_bytes(b"\n \n\t\n")
    refused(file, root, str(file), "0 distinct", "blank")
    refused(tsv(file, PAIRS[:149]), root, str(file), "149 distinct", "need 50 each")
    refused(
        tsv(file, [("Yes.", ru) for _, ru in PAIRS]),
        root,
        str(file),
        "180 distinct sentence pairs of 1 English",
        "too few",
    )


def test_files_of_unequal_length(tmp_path, root):
    sides = tmp_path / "a.en", tmp_path / "a.ru"
    sides[0].write_text("".join(f"{en}\n" for en, _ in PAIRS))
    sides[1].write_text("".join(f"{ru}\n" for _, ru in PAIRS[:-2]))
    refused(sides, root, f"{sides[0]} has 180 lines", f"{sides[1]} 178")
    refused(sides[::-1], root, f"{sides[1]} has 178 lines", f"{sides[0]} 180")


def test_cut_and_false_gzip(tmp_path, root):
    packed = gzip.compress(tsv(tmp_path / "a.tsv").read_bytes())
    file = tmp_path / "a.tsv.gz"
    file.write_bytes(packed[:-20])
    refused(file, root, str(file), "cut or damaged")
    file.write_bytes(packed[:200] + b"\0" * 50 + packed[250:])
    refused(file, root, str(file))
    file.write_bytes(b"Hello\t...\n")
    refused(file, root, str(file), "not a gzip file")


def test_unknown_split_or_side(tmp_path, root):
    corpus = prepare(tsv(tmp_path / "a.tsv"), root, **quiet)
    with pytest.raises(NmtError, match="splits are train, valid, test"):
        corpus.path("dev", "en")


def test_unwritable_root(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(NmtError, match="NMT_DATA"):
        prepare(tsv(tmp_path / "a.tsv"), tmp_path / "file" / "cache", **quiet)


PREPARE = """
import sys
from nmt.corpora.corpus import prepare
print(prepare(sys.argv[1], sys.argv[2], log=lambda text: None).fingerprint)
"""


def test_two_processes_prepare_one_corpus(tmp_path, root):
    file = tsv(tmp_path / "a.tsv", [(f"{en} {i}", f"{ru} {i}") for i in range(30) for en, ru in PAIRS])
    command = [sys.executable, "-c", PREPARE, str(file), str(root)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    prints = {process.communicate()[0].strip() for process in both}
    corpus = prepare(file, root, **quiet)
    assert prints == {corpus.fingerprint}
    assert os.listdir(root / "corpora") == [corpus.directory.name]
    assert sorted(os.listdir(corpus.directory)) == sorted([*corpus.card.bytes, "card.json"])


# The largest file a process may write stands for a full disk: the same failure of write().
FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000))\n" + PREPARE


def test_a_full_disk_leaves_nothing(tmp_path, root):
    pytest.importorskip("resource")
    command = [sys.executable, "-c", FULL, str(tsv(tmp_path / "a.tsv")), str(root)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert re.search(f"NmtError: {root}: .*File too large: .*corpora.*; make room there", done.stderr)
    assert os.listdir(root / "corpora") == []
