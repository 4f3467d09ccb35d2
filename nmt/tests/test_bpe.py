"""Laws of the BPE layer: text comes back, merges end at the pieces, damaged or other files are refused."""

import json
import shutil
from itertools import pairwise

import numpy as np
import pytest
import torch

from nmt import BOS, EOS, PAD, UNK, NmtError, bpe
from nmt.bpe import BPE
from nmt.corpora.corpus import prepare
from nmt.tests.corpora.test_corpus import PAIRS, tsv

learn = bpe._learn
quiet = {"log": lambda text: None}
SENTENCES = ["Кот видит дом.", "Медведь любит море.", "Заяц знает, где лес.", "пёс пёс пёс", "вв ввв вввв"]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def corpus(root):
    return prepare(tsv(root / "made.tsv"), root, **quiet)


@pytest.fixture(scope="module")
def russian(corpus, root) -> BPE:
    return bpe.train(corpus, "ru", 80, root, **quiet)


def test_cyrillic_round_trip(russian, corpus):
    sentences = list(corpus.lines("train", "ru"))
    ids = russian.encode(sentences)
    assert russian.decode(ids) == sentences
    assert max(map(max, ids)) < russian.vocab_size == 80
    assert not {PAD, UNK, BOS, EOS} & {i for row in ids for i in row}


def test_a_sample_is_learnt_from_where_there_is_much(corpus, root, monkeypatch):
    seen = []
    monkeypatch.setattr(bpe, "_learn", lambda lines, *rest: seen.append([*lines]) or learn(seen[-1], *rest))
    whole = bpe.train(corpus, "ru", 77, root, **quiet)
    monkeypatch.setattr(bpe, "SAMPLE", 30)
    sampled = bpe.train(corpus, "ru", 77, root, **quiet)
    lines = list(corpus.lines("train", "ru"))
    assert seen == [lines, lines[::3]] and whole.path != sampled.path
    assert sorted(file.name for file in sampled.path.parent.iterdir()) == ["bpe.json", "bpe.model"]


def test_special_ids_are_dropped_and_arrays_accepted(russian):
    row = russian.encode(["Кот видит дом."])[0]
    rows = [[BOS, *row, EOS, PAD, PAD]]
    for form in (rows, np.array(rows, dtype=np.uint16), torch.tensor(rows), list(torch.tensor(rows)), tuple(rows)):
        assert russian.decode(form) == ["Кот видит дом."]
    assert russian.decode([]) == [] and russian.decode([[]]) == [""]
    with pytest.raises(NmtError, match="80"):
        russian.decode([[80]])


def test_empty_and_odd_text(russian):
    assert russian.encode(["", "  "]) == [[], []] and russian.encode([]) == []
    assert russian.decode(russian.encode(["дом\nлес \t сад"])) == ["дом лес сад"]
    assert russian.encode(["<EOS>"])[0].count(EOS) == 0
    with pytest.raises(NmtError, match="character 4"):
        russian.encode(["дом\udcff"])
    with pytest.raises(TypeError):
        russian.encode("дом")


def test_unknown_characters_are_named(russian):
    assert russian.unknown("дом, Quiz Q") == [",", "Q", "u", "i", "z"]
    assert russian.decode(russian.encode(["дом Qu"])) == ["дом <UNK>"]
    assert russian.unknown("▁дом") == []


def test_merge_steps_end_at_the_pieces(russian, corpus):
    for word in {word for line in corpus.lines("train", "ru") for word in line.split()}:
        steps = russian.merge_steps(word)
        assert steps[-1] == russian.pieces(word)
        for before, after in pairwise(steps):
            assert len(after) == len(before) - 1 and "".join(after) == "".join(before) == "▁" + word


def test_merge_steps_of_what_is_no_known_word(russian):
    for text in ("", "два слова", "два▁слова", "домQ"):
        with pytest.raises(NmtError, match="one word"):
            russian.merge_steps(text)


def test_cached_by_all_it_depends_on(corpus, root, russian):
    assert bpe.train(corpus, "ru", 80, root, **quiet).path == russian.path
    others = [bpe.train(corpus, "ru", 79, root, **quiet), bpe.train(corpus, "en", 80, root, **quiet)]
    grown = prepare(tsv(root / "grown.tsv", [*PAIRS, ("New", "Новое")]), root, **quiet)
    others.append(bpe.train(grown, "ru", 80, root, **quiet))
    assert len({b.path for b in others} | {russian.path}) == 4


def test_only_the_train_split_is_seen(root):
    pairs = [(f"{en} {i}", f"{ru} {chr(0x4E00 + i)}") for i, (en, ru) in enumerate(PAIRS)]  # a character a pair
    corpus = prepare(tsv(root / "marks.tsv", pairs), root, **quiet)
    model = bpe.train(corpus, "ru", None, root, **quiet)
    assert all(not model.unknown(line) for line in corpus.lines("train", "ru"))
    for split in ("valid", "test"):
        assert all(model.unknown(line) for line in corpus.lines(split, "ru"))


def test_size_the_corpus_cannot_support(corpus, root):
    said = []
    default = bpe.train(corpus, "ru", None, root, said.append)
    assert default.vocab_size < bpe.DEFAULT_SIZE and f"at most {default.vocab_size}" in said[0]
    with pytest.raises(NmtError, match=f"at most {default.vocab_size:,}, 5,000 asked for"):
        bpe.train(corpus, "ru", 5_000, root, **quiet)
    assert bpe.train(corpus, "ru", default.vocab_size, root, **quiet).vocab_size == default.vocab_size
    for size in (10, -1):
        with pytest.raises(NmtError):
            bpe.train(corpus, "ru", size, root, **quiet)


def test_training_prints_nothing(corpus, root, capfd):
    bpe.train(corpus, "en", 70, root, **quiet)
    assert capfd.readouterr() == ("", "")


def test_copy_is_the_same_model(russian, tmp_path):
    (tmp_path / "ru.bpe").write_bytes(russian.content)
    copy = BPE.load(tmp_path / "ru.bpe", russian.sha256)
    assert copy.vocab_size == 80 and copy.names == russian.names and copy.encode(SENTENCES) == russian.encode(SENTENCES)


def test_other_or_damaged_files_are_refused(russian, tmp_path):
    with pytest.raises(NmtError, match="no such file"):
        BPE.load(tmp_path / "absent")
    path = tmp_path / "m.bpe"
    shutil.copy(russian.path, path)
    with pytest.raises(NmtError, match="expected 0000"):
        BPE.load(path, "0" * 64)
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    swapped = [*lines[:-3], lines[-2], lines[-3], lines[-1]]
    for damaged in [b"", b"garbage", whole[:-1], b"".join(lines[:-2]), b"".join(lines[:20] + lines[21:]), whole * 2]:
        path.write_bytes(damaged)
        with pytest.raises(NmtError, match="not a whole"):
            BPE.load(path)
    for damaged in (b"".join(swapped), whole.replace(b"\n", b"\n-", 1), "дом".encode()):
        path.write_bytes(damaged)
        with pytest.raises(NmtError, match="not a whole"):
            BPE.load(path)


def test_damaged_cache_is_refused(corpus, root):
    model = bpe.train(corpus, "ru", 75, root, **quiet)
    other = bpe.train(corpus, "ru", 76, root, **quiet)
    model.path.write_bytes(other.path.read_bytes())
    with pytest.raises(NmtError, match="SHA-256"):
        bpe.train(corpus, "ru", 75, root, **quiet)
    assert json.loads((other.path.parent / "bpe.json").read_text())["size"] == 76


def test_the_same_text_gives_the_same_file(corpus, tmp_path):
    """Byte for byte, in every empty cache; the most frequent first, and a rule after those of its parts."""
    models = [bpe.train(corpus, "en", 80, tmp_path / str(trial)) for trial in range(4)]
    assert len({model.sha256 for model in models}) == 1
    text = " ".join(corpus.lines("train", "en"))
    counts = [len(text.split()) if c == "▁" else text.count(c) for c in models[0].characters]
    assert counts == sorted(counts, reverse=True)
