"""Models, runs and corpora from strangers: whatever is in their files, it is read, or refused with the file's name.

No crash of the interpreter, no reading without end, no memory for what a file only claims.
"""

import copy
import gzip
import json
import os
import random
import resource
import shutil
import signal
import struct
import traceback
from dataclasses import replace

import pytest

from nmt import NmtError
from nmt.bpe import BPE
from nmt.corpora.corpus import prepare
from nmt.plumbing.files import sha256
from nmt.runs import Run, load
from nmt.tests.faults.test_runs_under_faults import half, run, whole  # noqa: F401  fixtures
from nmt.tests.test_training import TINY, _caches, quiet  # noqa: F401  fixture

SECONDS, MEGABYTES = 5, 1_000  # for one of them, at most
DEEP = "[" * 100_000
VALUES = (
    0,
    -1,
    3,
    10**4,
    10**7,
    10**9,
    10**30,
    0.5,
    1e308,
    float("nan"),
    None,
    True,
    "",
    "x",
    [],
    [0],
    [[]],
    {},
    {"a": 1},
)


@pytest.fixture(scope="module")
def model(half):  # noqa: F811
    return half.checkpoint(8)


def signed(directory) -> None:
    """A stranger can compute checksums too."""
    for name, whole_file in (("model.json", None), ("training.json", "training.safetensors")):
        try:
            told = json.loads((directory / name).read_bytes())
            if whole_file and "sha256" in told:
                told["sha256"] = sha256(directory / whole_file)
            for file in told["sha256"] if name == "model.json" else ():
                told["sha256"][file] = sha256(directory / file)
            (directory / name).write_text(json.dumps(told))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            pass


def mutated(directory, dice, names) -> str:
    """Change one file; returns what was done."""
    path = directory / dice.choice(names)
    content, how = path.read_bytes(), dice.choice(("value", "value", "value", "bytes", "cut", "twice"))
    if how == "value" and path.suffix in (".json", ".jsonl"):
        lines = content.split(b"\n") if path.suffix == ".jsonl" else [content]
        place = dice.randrange(len(lines))
        lines[place] = changed_json(lines[place], dice)
        content = b"\n".join(lines)
    elif how == "value" and path.suffix == ".bpe":
        lines = [line.split(b" ") for line in content.split(b"\n")]
        numbers = dice.choice(lines)
        numbers[dice.randrange(len(numbers))] = dice.choice(
            (b"0", b"-1", b"4", b"9", b"10", b"8232", b"55296", b"9" * 12)
        )
        content = b"\n".join(b" ".join(line) for line in lines)
    elif how == "value" and path.suffix == ".safetensors":
        (size,) = struct.unpack("<Q", content[:8])
        header = changed_json(content[8 : 8 + size], dice)
        content = struct.pack("<Q", len(header)) + header + content[8 + size :]
    elif how == "cut":
        content = content[: dice.randrange(len(content))]
    elif how == "twice":
        a, b = sorted(dice.randrange(len(content)) for _ in "ab")
        content = content[:b] + content[a:]
    else:
        content = bytearray(content)
        for _ in range(dice.randint(1, 4)):
            content[dice.randrange(len(content))] = dice.randrange(256)
    path.write_bytes(content)
    return f"{how} of {path.name}"


def changed_json(text: bytes, dice) -> bytes:
    """One value, anywhere, is another, or gone."""
    try:
        tree = json.loads(text)
    except ValueError:
        return text
    places = []

    def walk(node):
        for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            places.append((node, key))
            walk(node[key])

    walk(tree)
    if places:
        node, key = dice.choice(places)
        if isinstance(node, dict) and dice.random() < 0.2:
            del node[key]
        else:
            node[key] = copy.deepcopy(dice.choice(VALUES))
    return json.dumps(tree).encode()


def trials(count, seed, directory, names, use, tmp_path) -> dict[str, int]:
    """use(a changed copy), so many times, in children that may crash; how often it was used, and refused."""
    counts, faults = {"used": 0, "refused": 0}, []
    for trial in range(count):
        dice, place = random.Random(f"{seed} {trial}"), tmp_path / "copy"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(directory, place)
        done = mutated(place, dice, names)
        for folder in (place, *place.glob("checkpoints/step_*")):
            signed(folder)
        child = os.fork()
        if child == 0:
            signal.setitimer(signal.ITIMER_PROF, SECONDS)  # of processor time: others may work here
            signal.alarm(60)  # it sleeps
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            end = 1
            try:
                use(place)
                end = 2
            except NmtError as error:
                end = 3 if str(place) in str(error) or "--" in str(error) else 4
                if end == 4:
                    print(error, file=os.sys.__stderr__)
            except BaseException:
                traceback.print_exc(file=os.sys.__stderr__)
            os._exit(end if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1024 * MEGABYTES else 5)
        end = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        counts["used" if end == 2 else "refused"] += 1
        faults += [] if end in (2, 3) else [f"trial {trial} of {seed}, {done}: {end}"]
    assert not faults
    print(f"{count} changed files of {seed}: {counts}")
    return counts


def translate(directory) -> None:
    load(directory).translate("the old dog sees snow.", beam=2, max_length=8)


def go_on(directory, corpus) -> None:
    run = Run(directory)  # noqa: F811
    run.lines()
    run.best_step()
    quiet(TINY, corpus, directory, resume=True)


MODEL = ("model.json", "src.bpe", "trg.bpe", "model.safetensors")
RUN = (
    "config.json",
    "metrics.jsonl",
    "samples.jsonl",
    "sessions.jsonl",
    "src.bpe",
    "checkpoints/step_00000008/training.json",
)
RUN += ("checkpoints/step_00000008/training.safetensors", "checkpoints/step_00000008/model.json")


def test_changed_models(model, tmp_path):
    trials(60, "a model", model, MODEL, translate, tmp_path)


def test_changed_runs(half, corpus, tmp_path):  # noqa: F811
    trials(25, "a run", half.directory, RUN, lambda place: go_on(place, corpus), tmp_path)


def read_all(directory) -> None:
    list(prepare(directory).pairs("train"))


def test_changed_corpora(corpus, tmp_path):
    names = ["card.json", *corpus.card.bytes]
    assert trials(30, "a corpus", corpus.directory, names, read_all, tmp_path)["refused"] > 15


@pytest.mark.long
def test_many_changed_files(model, half, corpus, tmp_path):  # noqa: F811
    count = int(os.environ.get("NMT_TRIALS", "300"))
    trials(count, "models", model, MODEL, translate, tmp_path)
    trials(count // 3, "runs", half.directory, RUN, lambda place: go_on(place, corpus), tmp_path)
    trials(count // 3, "corpora", corpus.directory, ["card.json", *corpus.card.bytes], read_all, tmp_path)


# Bombs


def refused(directory, match) -> None:
    signed(directory)
    with pytest.raises(NmtError, match=match):
        load(directory)


@pytest.fixture
def mine(model, tmp_path):
    return shutil.copytree(model, tmp_path / "mine")


@pytest.mark.parametrize(
    ("name", "value"),
    [("num_blocks", 10**4), ("num_blocks", 900), ("src_vocab_size", 10**7), ("d_ff", 10**9), ("d_ff", 2**20),
     ("num_heads", 10**9), ("d_model", 2**20), ("head_size", 2**20), ("kept_heads", {"encoder": [[10**9]]})],
)  # fmt: skip
def test_sizes_that_a_file_only_claims(mine, name, value):
    told = json.loads((mine / "model.json").read_text())
    told["transformer"][name] = value
    (mine / "model.json").write_text(json.dumps(told))
    before = resource.getrusage(resource.RUSAGE_SELF)
    refused(mine, "model.json|model.safetensors|must be|kept_heads")
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_utime - before.ru_utime < SECONDS and after.ru_maxrss - before.ru_maxrss < 200 * 1024


def bpe_file(path, characters, rules) -> None:
    lines = [[len(characters), len(rules)], *([ord(c), 4 + i] for i, c in enumerate(characters))]
    first = 4 + len(characters)
    lines += [[*rule, first + i] for i, rule in enumerate(rules)]
    path.write_text("".join(" ".join(map(str, line)) + "\n" for line in [*lines, [1, 0, 2, 3]]))


def test_vocabularies_of_strangers(tmp_path):
    path, good = tmp_path / "a.bpe", [(4, 5), (6, 5)]
    bpe_file(path, "▁a", good)
    assert BPE.load(path).encode(["a aa"]) == [[6, 7]]
    bpe_file(path, "▁\x84", [(4, 5)])  # a control character that ends no line: hotels has some
    assert BPE.load(path).encode(["\x84"]) == [[6]]
    doubling = [(5, 5), *((6 + i, 6 + i) for i in range(24))]
    for characters, rules, match in (
        ("ab", good, "▁, the beginning"), ("▁\n", good, "ends a line"), ("▁\u2028", good, "ends a line"),
        ("▁a", doubling, "a piece of more than"), ("▁a", [(4, 9)], "rule 4 9"),
    ):  # fmt: skip
        bpe_file(path, characters, rules)
        with pytest.raises(NmtError, match=match):
            BPE.load(path)


@pytest.mark.parametrize("name", ["model.json", "src.bpe", "model.safetensors"])
def test_files_without_end(mine, name):
    (mine / name).unlink()
    (mine / name).symlink_to("/dev/zero")
    with pytest.raises(NmtError, match=f"{name}: no (plain|such) file|neither a run directory"):
        load(mine)


@pytest.mark.parametrize("text", [DEEP, "[]", "null", "{", '{"transformer": ' + "9" * 10_000 + "}", "\udcff"])
def test_json_of_strangers(mine, half, text, tmp_path):  # noqa: F811
    (mine / "model.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    refused(mine, "model.json: a? ?damaged")
    run = shutil.copytree(half.directory, tmp_path / "run")  # noqa: F811
    (run / "config.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(NmtError, match=r"config.json: a? ?damaged"):
        Run(run)


@pytest.mark.parametrize("numerics", ["32", 1, ["bf16"], {}, {"onednn": "yes"}])
def test_numerics_of_strangers(numerics, half, corpus, tmp_path):  # noqa: F811
    place = shutil.copytree(half.directory, tmp_path / "run")
    (place / "config.json").write_text(json.dumps(half.config | {"numerics": numerics}))
    if isinstance(numerics, dict):
        go_on(place, corpus)
    else:
        with pytest.raises(NmtError, match=r"config.json: damaged"):
            Run(place)


def test_words_that_unpack_to_far_more(mine):
    told = json.loads((mine / "model.json").read_text())
    told["sha256"]["words.txt.gz"] = ""
    (mine / "model.json").write_text(json.dumps(told))
    (mine / "words.txt.gz").write_bytes(gzip.compress(bytes(2**27)))
    refused(mine, "words.txt.gz: more than")
    (mine / "words.txt.gz").write_bytes(b"\x1f\x8bno gzip at all")
    refused(mine, "words.txt.gz: damaged")


def test_a_run_that_begins_with_itself(half, corpus, tmp_path):  # noqa: F811
    run = Run(shutil.copytree(half.directory, tmp_path / "run"))  # noqa: F811
    shutil.rmtree(run.checkpoint(8))
    (run.directory / "config.json").write_text(json.dumps(run.config | {"checkpoint": str(run.directory)}))
    with pytest.raises(NmtError, match="this run has no checkpoint yet"):
        quiet(replace(TINY, src_vocab_size=80), corpus, run.directory, resume=True)


# Corpora


@pytest.mark.parametrize("name", ["../../evil", "/evil", "..", "a/b", "", "a\nb"])
@pytest.mark.parametrize("where", ["name", "split"])
def test_names_of_a_corpus_are_names(corpus, tmp_path, name, where):
    folder = shutil.copytree(corpus.directory, tmp_path / "theirs")
    card = json.loads((folder / "card.json").read_text())
    if where == "name":
        card["name"] = name
    else:
        card["pairs"][name], card["tokens"][name] = 1, {"en": 1, "ru": 1}
        card["bytes"] |= {f"{name}.en": 0, f"{name}.ru": 0}
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(NmtError, match=r"card.json: damaged"):
        prepare(folder)


def test_a_changed_text_of_equal_length(corpus, tmp_path):
    folder = shutil.copytree(corpus.directory, tmp_path / "theirs")
    assert prepare(folder).fingerprint == corpus.fingerprint
    text = (folder / "train.en").read_text()
    (folder / "train.en").write_text(text.replace("cat", "dog"))
    with pytest.raises(NmtError, match="a file is not the one that it was prepared with"):
        prepare(folder)
