"""Where pairs come from: each name, archives of the published form from a loopback server, TSV files joined."""

# ruff: noqa: F811 (fixtures that come by import)

import gzip
import hashlib
import io
import json
import os
import tarfile
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import sacrebleu.utils
from sacrebleu.dataset import DATASETS

from nmt import NmtError
from nmt.corpora import names
from nmt.corpora.archives import PUBLISHED
from nmt.corpora.card import format_card
from nmt.corpora.corpus import prepare
from nmt.corpora.normalise import sameness_key
from nmt.tests.corpora.test_corpus import PAIRS, contents, everything, quiet, refused, root, tsv  # noqa: F401
from nmt.tests.corpora.test_download import Page, server  # noqa: F401 (a fixture)


def test_phrasebook_keeps_its_splits(tmp_path, root, monkeypatch):
    (tmp_path / "phrasebook").mkdir()
    parts = {"train": PAIRS[:100], "valid": PAIRS[100:120], "test": PAIRS[120:150], "test_seen": PAIRS[150:]}
    for split, pairs in parts.items():
        text = "".join(f"{en}\t{ru}\ttag,tag\n" for en, ru in pairs)
        (tmp_path / "phrasebook" / f"{split}.tsv.gz").write_bytes(gzip.compress(text.encode()))
    monkeypatch.setattr(names, "shipped", lambda: tmp_path)
    corpus = prepare("phrasebook", root, **quiet)
    assert corpus.splits == ("train", "valid", "test", "test_seen")
    assert contents(corpus) == parts
    lower = prepare("phrasebook", root, lowercase=True, tokens=(4, 6), **quiet)
    assert next(lower.pairs("test")) == tuple(text.lower() for text in parts["test"][0])
    assert lower.card.pairs == corpus.card.pairs
    with pytest.raises(NmtError, match="no pair is left for train: 100 not 7 to 9 tokens"):
        prepare("phrasebook", root, tokens=(7, 9), **quiet)
    (tmp_path / "phrasebook" / "valid.tsv.gz").unlink()
    with pytest.raises(NmtError, match="missing"):
        prepare("phrasebook", root, **quiet)


def packed(path: Path, members: dict[str, str]) -> Path:
    """A .tgz, .tar.gz or .zip of texts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in members.items():
                archive.writestr(name, text)
        return path
    with tarfile.open(path, "w:gz") as archive:
        for name, text in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def side(pairs, number: int) -> str:
    return "".join(pair[number] + "\n" for pair in pairs)


def replace_archive(corpus: str, monkeypatch, **known) -> None:
    """Something else is known of the archive that a corpus consists of."""
    (archive,) = PUBLISHED[corpus].archives
    monkeypatch.setitem(PUBLISHED, corpus, replace(PUBLISHED[corpus], archives=[replace(archive, **known)]))


@pytest.fixture
def hotels(tmp_path, monkeypatch):
    """hotels(place) -> an archive of the form of the real one, with our sentences."""

    def make(place: str) -> Path:
        path = packed(
            tmp_path / place, {f"data/train.domain.{name}": side(PAIRS, i) for i, name in enumerate(("en", "ru"))}
        )
        replace_archive("hotels", monkeypatch, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
        return path

    return make


@pytest.mark.parametrize("place", ["hotels/data.tar.gz", "data.tar.gz"])
@pytest.mark.parametrize("way", ["parameter", "environment"])
def test_hotels_from_an_archive_already_fetched(place, way, tmp_path, root, hotels, monkeypatch):
    archive = hotels(f"given/{place}")
    if way == "environment":
        monkeypatch.setenv("NMT_DATA", str(tmp_path / "given"))
    archives = tmp_path / "given" if way == "parameter" else None
    corpus = prepare("hotels", root, archives=archives, **quiet)
    assert everything(corpus) == sorted(PAIRS)
    assert sorted(os.listdir(corpus.directory)) == sorted([*corpus.card.bytes, "card.json"])
    archive.unlink()
    assert prepare("hotels", root, **quiet) == corpus  # found without its archive


def test_archive_with_another_sum_is_refused(tmp_path, root, hotels):
    archive = hotels("given/data.tar.gz")
    archive.write_bytes(archive.read_bytes()[:-1])
    with pytest.raises(NmtError, match=r"data.tar.gz: SHA-256 is .*, expected"):
        prepare("hotels", root, archives=archive.parent, **quiet)
    with pytest.raises(NmtError, match="no such folder"):
        prepare("hotels", root, archives=tmp_path / "elsewhere", **quiet)


def published(name: str, monkeypatch, server, path: Path) -> None:
    """Serve the file at `path` in the place of the archive of that name."""
    body = path.read_bytes()
    server.pages[f"/{path.name}"] = Page(body)
    urls = f"{server.url}/none", f"{server.url}/{path.name}"
    replace_archive(name, monkeypatch, urls=urls, sha256=hashlib.sha256(body).hexdigest(), size=len(body))


def test_news_commentary_is_downloaded_once(tmp_path, root, server, monkeypatch):
    file = tmp_path / "news.tsv.gz"
    rows = "".join(f"{en}\t{ru}\n" for en, ru in PAIRS) + "\tпусто\nodd line\n"
    file.write_bytes(gzip.compress(rows.encode() + b"broken \xff\tbyte\nnul\0\tbyte\n"))
    published("news-commentary", monkeypatch, server, file)
    corpus = prepare("news-commentary", root, **quiet)
    assert corpus.card.pairs == {"train": 80, "valid": 50, "test": 50}
    assert corpus.card.dropped == {"a side is blank": 4}
    assert corpus.card.files == [
        {"name": "news-commentary-v14.en-ru.tsv.gz", "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    ]
    server.pages.clear()
    assert prepare("news-commentary", root, **quiet) == corpus
    (root / "news-commentary" / "news-commentary-v14.en-ru.tsv.gz").unlink()
    assert prepare("news-commentary", root, **quiet) == corpus  # found without its archive


def test_what_is_known_of_the_published_archives():
    for known in (archive for published in PUBLISHED.values() for archive in published.archives):
        assert known.sha256 is None or len(bytes.fromhex(known.sha256)) == 32
        assert all(url.startswith(("https://", "http://")) for url in known.urls)


# WMT16


def segments(pairs, number: int) -> str:
    lines = [f'<seg id="{i}">{pair[number]}</seg>\n' for i, pair in enumerate(pairs, 1)]
    return f'<refset setid="x">\n<doc docid="d" genre="news" origlang="en">\n{"".join(lines)}</doc>\n</refset>\n'


NEWS15 = [("The cat sees the house.", "Кошка видит дом."), ("Yes & no !", "Да  и нет!"), ("Old news.", "Старые вести.")]
NEWS16 = [("A new day.", "Медведь ведёт город."), ("?!", "?!"), ("Old news.", "Снова вести.")]


@pytest.fixture
def wmt(tmp_path, server, monkeypatch):
    """Small files of the form of WMT16's, served here; returns the folder where they lie."""
    served = tmp_path / "served"
    for year, pairs in (("15", NEWS15), ("16", NEWS16)):
        name = f"wmt{year}"
        stem = f"test/newstest20{year}-enru"
        file = packed(
            served / name / "test.tgz",
            {f"{stem}-src.en.sgm": segments(pairs, 0), f"{stem}-ref.ru.sgm": segments(pairs, 1)},
        )
        server.pages[f"/{name}/test.tgz"] = Page(file.read_bytes())
        out = tmp_path / "sacrebleu" / name
        monkeypatch.setattr(DATASETS[name], "data", [f"{server.url}/{name}/test.tgz"])
        monkeypatch.setattr(DATASETS[name], "md5", [hashlib.md5(file.read_bytes()).hexdigest()])
        monkeypatch.setattr(DATASETS[name], "_outdir", str(out))
        monkeypatch.setattr(DATASETS[name], "_rawdir", str(out / "raw"))
    monkeypatch.setattr(sacrebleu.utils, "SACREBLEU_DIR", str(tmp_path / "sacrebleu"))
    thirds = PAIRS[:60], PAIRS[50:120], PAIRS[120:]
    titles = "".join(f"{ru} ||| {en}\n" for en, ru in thirds[2]) + "no title\n"
    known = PUBLISHED["wmt16"].archives
    texts = [
        {name: side(thirds[0], i) for i, name in enumerate(known[0].members)},
        {name: side(thirds[1], i) for i, name in enumerate(known[1].members)},
        {known[2].members[0]: titles, "wiki/fi-en/titles.fi-en": "other"},
        {f"1mcorpus/{name}": side([("More.", "Ещё."), *PAIRS[:9]], i) for i, name in enumerate(known[3].members)},
    ]
    parts = []
    for part, members in zip(known, texts, strict=True):
        file = packed(served / Path(part.file).name, members)
        server.pages[f"/{file.name}"] = Page(file.read_bytes())
        urls = [f"{server.url}/{file.name}"] if part.urls else []
        parts.append(replace(part, urls=urls, sha256=None, size=None))
    monkeypatch.setitem(PUBLISHED, "wmt16", replace(PUBLISHED["wmt16"], archives=parts))
    return served


def test_wmt16_trains_on_its_parts_and_is_tested_on_news_as_published(wmt, root, server):
    said = []
    corpus = prepare("wmt16", root, log=said.append)
    splits = contents(corpus)
    assert splits["valid"] == [("The cat sees the house.", "Кошка видит дом."), ("Yes & no !", "Да и нет!"), NEWS15[2]]
    assert splits["test"] == NEWS16  # whole: neither the line of signs nor what valid has too is dropped
    held = {sameness_key(text) for pair in NEWS15 + NEWS16 for text in pair}
    assert sorted(splits["train"]) == sorted(pair for pair in PAIRS if not held & set(map(sameness_key, pair)))
    assert len(splits["train"]) == len(PAIRS) - 2
    dropped = {"a side is blank": 1, "repeats an earlier pair": 10, "shares a sentence with valid or test": 2}
    assert corpus.card.dropped == dropped
    assert list(corpus.card.train.items()) == [
        ("News Commentary v11", 59),
        ("Common Crawl", 60),
        ("Wiki titles", 59),
    ]
    assert any("1mcorpus.zip" in text for text in said)
    assert "md5" in format_card(corpus.card) and "Wiki titles: CC BY-SA" in format_card(corpus.card)
    server.pages.clear()
    assert prepare("wmt16", root, **quiet) == corpus
    for file in (root / "wmt16").glob("*gz"):
        file.unlink()
    assert prepare("wmt16", root, **quiet) == corpus  # found without its archives: their cards know the sums


def test_wmt16_takes_yandex_where_its_user_has_it(wmt, root, tmp_path):
    without = prepare("wmt16", root, **quiet)
    (mine := tmp_path / "mine").mkdir()
    os.rename(wmt / "1mcorpus.zip", mine / "1mcorpus.zip")
    corpus = prepare("wmt16", root, archives=mine, **quiet)
    assert corpus.directory != without.directory and corpus.fingerprint != without.fingerprint
    assert ("More.", "Ещё.") in set(corpus.pairs("train")) and corpus.card.train["Yandex 1M"] == 1
    assert json.loads((root / "wmt16" / "1mcorpus.zip.json").read_text())["bytes"] > 0
    assert os.listdir(mine) == ["1mcorpus.zip"]


def test_test_sets_that_cannot_be_had(wmt, root, server, tmp_path):
    good = server.pages["/wmt16/test.tgz"]
    tarball = tmp_path / "sacrebleu" / "wmt16" / "raw" / "wmt16.test.tgz"
    tarball.parent.mkdir(parents=True)
    tarball.write_bytes(good.body[:99])  # as sacreBLEU leaves it where it was stopped
    for page, reason in (
        (Page(b"none", 404), "404"),
        (Page(b"<html>"), "web page"),
        (Page(packed(tmp_path / "other.tgz", {}).read_bytes()), "MD5"),
        (Page(good.body, cut=9), "broke off"),
    ):
        server.pages["/wmt16/test.tgz"] = page
        for _ in range(2):  # what is left behind is not taken for good
            with pytest.raises(NmtError, match=f"test set wmt16: .*({reason}).*put it here: {tarball}"):
                prepare("wmt16", root, **quiet)
    assert not list(root.rglob("*.en"))
    tarball.write_bytes(good.body)  # got in another way
    assert contents(prepare("wmt16", root, **quiet))["test"] == NEWS16


# TSV files, joined and capped


def test_tsv_files_are_corpora_joined_and_others_a_pair(tmp_path, root):
    whole = prepare(tsv(tmp_path / "whole.tsv"), root, **quiet)
    said = []
    one, two = tsv(tmp_path / "a.tsv", PAIRS[:100]), tsv(tmp_path / "b.tsv", PAIRS[90:])
    (tmp_path / "b.tsv.gz").write_bytes(gzip.compress(two.read_bytes()))
    corpus = prepare([one, tmp_path / "b.tsv.gz"], root, log=said.append)
    assert "joined; not a parallel pair" in said[0]
    assert corpus.name == "a-and-1-more" and corpus.data == (str(one), str(tmp_path / "b.tsv.gz"))
    assert contents(corpus) == contents(whole)
    assert sum(corpus.card.train.values()) == 80 and set(corpus.card.train) == {"a.tsv", "b.tsv.gz"}
    assert prepare(corpus.data, root, **quiet) == corpus
    refused([one, one], tmp_path / "other", "the same file given twice")
    refused([one, tmp_path / "b.ru"], tmp_path / "other", "2 given, b.ru is not .tsv")
    refused(["hotels", one], tmp_path / "other", "stands alone")
    refused([], tmp_path / "other", "no corpus")


def test_a_cap_takes_from_train_only_and_the_smaller_is_part_of_the_larger(tmp_path, root):
    one, two = tsv(tmp_path / "a.tsv", PAIRS[:90]), tsv(tmp_path / "b.tsv", PAIRS[90:])
    whole = contents(prepare([one, two], root, **quiet))
    ours = set(PAIRS[:90])
    before, prints = set(), set()
    for cap, expected in (("1", 1), ("5", 5), ("25%", None), ("20", 20), ("100%", None), ("900", None)):
        corpus = prepare([f"{one}:{cap}", str(two)], root, **quiet)
        splits = contents(corpus)
        assert {split: splits[split] for split in ("valid", "test")} == {s: whole[s] for s in ("valid", "test")}
        assert [pair for pair in splits["train"] if pair not in ours] == [p for p in whole["train"] if p not in ours]
        kept, all_of_it = set(splits["train"]) & ours, set(whole["train"]) & ours
        assert len(kept) == (expected or (round(0.25 * len(all_of_it)) if cap == "25%" else len(all_of_it)))
        if cap != "25%":
            assert before <= kept
            before = kept
        prints.add(corpus.directory)
        assert corpus.data == (f"{one}:{cap}", str(two)) and f"at most {cap}" in format_card(corpus.card)
        assert prepare(corpus.data, root, **quiet) == corpus
    assert len(prints) == 6


def test_a_share_above_all_repeats_training_pairs_and_nothing_else(tmp_path, root):
    one, two = tsv(tmp_path / "a.tsv", PAIRS[:90]), tsv(tmp_path / "b.tsv", PAIRS[90:])
    whole = contents(prepare([one, two], root, **quiet))
    for cap, most in (("300%", {3}), ("250%", {2, 3})):
        corpus = prepare([f"{one}:{cap}", str(two)], root, **quiet)
        splits, times = contents(corpus), Counter(contents(corpus)["train"])
        assert {split: splits[split] for split in ("valid", "test")} == {s: whole[s] for s in ("valid", "test")}
        assert {times[pair] for pair in set(whole["train"]) & set(PAIRS[:90])} == most
        assert {times[pair] for pair in set(whole["train"]) - set(PAIRS[:90])} == {1}
        assert sum(corpus.card.train.values()) == corpus.card.pairs["train"] == len(splits["train"])


def test_caps_that_mean_nothing(tmp_path, root):
    file = tsv(tmp_path / "a.tsv")
    for cap in ("0", "0%", "10001%"):
        refused(f"{file}:{cap}", root, f"a cap of {cap}")
    refused(f"{file}:many", root, "neither a file")
    for name in ("a.en", "a.ru"):
        (tmp_path / name).write_text(side(PAIRS, 0))
    refused([f"{tmp_path / 'a.en'}:5", tmp_path / "a.ru"], root, "a cap")
    odd = tsv(tmp_path / "a.tsv:5")  # a file of that very name
    assert prepare(odd, root, **quiet).card.pairs["train"] == 80


@pytest.mark.parametrize("given", [("valid",), ("test",), ("valid", "test")])
def test_own_files_held_out(given, tmp_path, root):
    """They stay whole, train shares no sentence with them, and what is not given is chosen by the hash."""
    held = {split: [*PAIRS[start : start + 3], PAIRS[start]] for split, start in zip(given, (0, 7), strict=False)}
    odd = [("The Cat SLEEPS!", "Совсем другое."), ("Something else.", PAIRS[20][1].upper())]
    held[given[0]] += [(PAIRS[19][0].upper(), "Совсем другое."), odd[1], (" ", " ")]
    files = {split: tsv(tmp_path / f"{split}-mine.tsv", pairs) for split, pairs in held.items()}
    mine = tsv(tmp_path / "mine.tsv")
    corpus = prepare([mine, *(f"{split}={path}" for split, path in files.items())], root, **quiet)
    splits = contents(corpus)
    for split in given:
        assert splits[split] == [pair for pair in held[split] if pair[0].strip()]
    for split in {"valid", "test"} - {*given}:
        assert len(splits[split]) == 50
    for side_ in (0, 1):
        out = {sameness_key(pair[side_]) for split in ("valid", "test") for pair in splits[split]}
        assert not out & {sameness_key(pair[side_]) for pair in splits["train"]}
    if len(given) == 2:
        assert len(splits["train"]) == len(PAIRS) - 8
    assert corpus.data == (str(mine), *(f"{split}={path}" for split, path in files.items()))
    assert prepare(corpus.data, root, **quiet) == corpus != prepare(mine, root, **quiet)
    assert all(f"{split} is {split}-mine.tsv" in corpus.card.split for split in given)
    assert ("by a hash" in corpus.card.split) == (len(given) == 1)


def test_held_out_files_that_do_not_go(tmp_path, root):
    mine, dev = tsv(tmp_path / "mine.tsv"), tsv(tmp_path / "dev.tsv", PAIRS[:9])
    (tmp_path / "blank.tsv").write_text("\n \t \n")
    swapped = tsv(tmp_path / "swapped.tsv", [(ru, en) for en, ru in PAIRS[:9]])
    refused([mine, f"valid={tmp_path}/none.tsv"], root, "none.tsv: neither a file")
    refused([mine, f"valid={dev}", f"test={dev}"], root, "dev.tsv: the same file given twice")
    refused([mine, f"valid={mine}"], root, "mine.tsv: the same file given twice")
    refused([mine, f"valid={dev}", f"valid={swapped}"], root, "--valid_data: ", "give one file")
    refused([mine, f"test={tmp_path}/blank.tsv"], root, "mine: no pair is left for test")
    refused([mine, f"test={swapped}"], root, "swapped.tsv: Russian comes first")
    refused(["phrasebook", f"valid={dev}"], root, "--valid_data and --test_data go with files")
    refused([f"valid={dev}"], root, "no corpus given")


# Which language is where


def test_swapped_languages_are_refused(tmp_path, root):
    swapped = [(ru, en) for en, ru in PAIRS]
    file = tsv(tmp_path / "a.tsv", swapped)
    refused(file, root, str(file), "Russian comes first", "100%", "English must be the first")
    refused([tsv(tmp_path / "b.tsv"), file], root, f"{file}: Russian")
    for i, name in enumerate(("a.en", "a.ru")):
        (tmp_path / name).write_text(side(PAIRS, i))
    refused([tmp_path / "a.ru", tmp_path / "a.en"], root, "a.ru and", "Russian comes first")


def test_what_is_not_english_and_russian_is_refused(tmp_path, root):
    for name, rows, said in (
        (
            "twice",
            [(en, en) for en, _ in PAIRS],
            "the Russian side does not look Russian (of the letters on the English side 0%",
        ),
        ("ids", [(str(i), pair[0]) for i, pair in enumerate(PAIRS)], "the Russian side does not look Russian"),
        ("numbers", [(str(i), pair[1]) for i, pair in enumerate(PAIRS)], "the English side does not look English"),
    ):
        refused(tsv(tmp_path / f"{name}.tsv", rows), root, f"{name}.tsv", said)


def test_the_case_of_a_suffix_does_not_matter(tmp_path, root):
    both = [tsv(tmp_path / "A.TSV", PAIRS[:100]), tsv(tmp_path / "B.Tsv", PAIRS[100:])]
    corpus = prepare(both, root, **quiet)
    assert corpus.name == "A-and-1-more" and sum(corpus.card.pairs.values()) == len(PAIRS)
    mixed = [(en + " " + ru, ru + " " + en) for en, ru in PAIRS]  # names and titles may stand in the other script
    assert prepare(tsv(tmp_path / "m.tsv", mixed), root, **quiet).card.pairs["train"] == 80


# Options


def test_lower_case_and_length_are_part_of_the_fingerprint(tmp_path, root):
    longer = [
        (f"Well, {en} {'Word ' * (i % 12)}", f"Ну, {ru} {'Слово ' * (i % 12)}") for i, (en, ru) in enumerate(PAIRS)
    ]
    file = tsv(tmp_path / "a.tsv", longer)
    plain, lower = prepare(file, root, **quiet), prepare(file, root, lowercase=True, **quiet)
    short, both = (
        prepare(file, root, tokens=(8, 12), **quiet),
        prepare(file, root, lowercase=True, tokens=(8, 12), **quiet),
    )
    assert len({corpus.fingerprint for corpus in (plain, lower, short, both)}) == 4
    assert prepare(file, root, lowercase=False, **quiet) == plain
    lowered = {split: [(en.lower(), ru.lower()) for en, ru in pairs] for split, pairs in contents(plain).items()}
    assert contents(lower) == lowered  # the same split
    for split in ("valid", "test"):
        assert list(short.pairs(split)) == list(plain.pairs(split))
    # "Well", ",", 4 or 5 words, ".", and i % 12 more
    fit = [
        p
        for p in plain.pairs("train")
        if all(8 <= len(t.replace(",", " ,").replace(".", " .").split()) <= 12 for t in p)
    ]
    assert list(short.pairs("train")) == fit and 0 < len(fit) < 80
    assert short.card.dropped["not 8 to 12 tokens on each side"] == 80 - len(fit)
    assert "option: tokens [8, 12]" in format_card(both.card) and both.card.options["lowercase"] is True
    assert prepare(file, root, **both.card.options, **quiet) == both  # as a resumed run asks for it
    with pytest.raises(NmtError, match="tokens 9 to 3"):
        prepare(file, root, tokens=(9, 3), **quiet)
