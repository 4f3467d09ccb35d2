"""Load: files of a million lines in bounded memory, kills at any moment, a thousand answers without growth."""

import fcntl
import gc
import json
import os
import random
import re
import resource
import shutil
import signal
import tracemalloc
from pathlib import Path

import pytest
from tqdm import tqdm

import nmt.decoding
from nmt.cli import main, translate
from nmt.decoding import Hypothesis, Translation
from nmt.models import Trained
from nmt.plumbing.files import continued_file
from nmt.show.live import Live
from nmt.tests.conftest import OBJECTS, SUBJECTS, VERBS
from nmt.tests.faults.test_runs_under_faults import half  # noqa: F401  fixture
from nmt.tests.test_training import _caches  # noqa: F401  fixture


def sentences(count: int) -> list[str]:
    """So many, no two neighbours alike; some are blank, some doubtful."""
    dice, words = random.Random(count), [list(SUBJECTS), list(VERBS), list(OBJECTS)]
    return [dice.choice(["", f"a {i} ☃."] + 8 * [" ".join(map(dice.choice, words)) + "."]) for i in range(count)]


@pytest.fixture
def work(half, tmp_path, capfd):  # noqa: F811
    """work("--beam 1") -> (status, what stderr says) of translating 150 lines of tmp_path/in.txt to out.txt."""
    (tmp_path / "in.txt").write_text("".join(f"{line}\n" for line in sentences(150)), encoding="utf-8")

    def run(flags: str = "", output: str = "out.txt", source: str = "in.txt") -> tuple[int, str]:
        places = ["--input", str(tmp_path / source), "--output", str(tmp_path / output)]
        status = main(
            ["translate", "--checkpoint", str(half.directory), "--gpus", "0", *FLAGS, *places, *flags.split()]
        )
        return status, capfd.readouterr().err

    return run


FLAGS = "--batch-size", "2", "--beam", "2", "--n-best", "2", "--scores", "--max-length", "9"  # 16 lines at a time


def in_child(function, seconds: float) -> int:
    """function() in a child that is killed after so many seconds; its status, negative where it was killed."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends it as SIGKILL does: Python learns nothing of it
        signal.setitimer(signal.ITIMER_REAL, seconds)
        os._exit(function())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_and_continued(work, folder: Path, seed: str, whole: bytes) -> int:
    """Kill it at random moments until it ends; how often it was killed with lines done."""
    dice, kills, part, took = random.Random(seed), 0, folder / ".out.txt.part", 0.2
    while (status := in_child(lambda: work()[0], dice.uniform(0.3, 1.3) * took)) < 0:
        if (folder / "out.txt").exists():  # killed after its last line; the card may be left
            assert not part.exists()
            break
        done = part.read_bytes() if part.exists() else b""
        assert whole.startswith(done)
        kills, took = kills + bool(done), took * 1.2
        if done and dice.random() < 0.5:  # as if it had been killed in a write
            os.truncate(part, dice.randrange(len(done) + 1))
    assert (folder / "out.txt").read_bytes() == whole
    assert status < 0 or not list(folder.glob(".*"))
    (folder / "out.txt").unlink()
    return kills


def test_it_goes_on_after_kills_at_random_moments(work, tmp_path):
    assert work(output="whole.txt")[0] == 0
    whole = (tmp_path / "whole.txt").read_bytes()
    assert whole.count(b"\n") == 300
    assert killed_and_continued(work, tmp_path, "quick", whole) > 0


@pytest.mark.long
def test_it_goes_on_after_many_kills(work, tmp_path):
    work(output="whole.txt")
    whole, kills = (tmp_path / "whole.txt").read_bytes(), 0
    for trial in range(trials := int(os.environ.get("NMT_TRIALS", "300")) // 10):
        kills += killed_and_continued(work, tmp_path, f"{trial}", whole)
    print(f"{trials} translations, killed {kills} times: all equal to the one never killed")


@pytest.fixture
def begun(work, tmp_path, monkeypatch):
    """What is kept of an interrupted translation: {name: content}."""
    n_best, calls = Trained.n_best, iter(range(9))

    def interrupted(self, lines, **options):
        if next(calls) == 4:
            raise KeyboardInterrupt
        return n_best(self, lines, **options)

    monkeypatch.setattr(Trained, "n_best", interrupted)
    status, err = work()
    monkeypatch.undo()
    assert status == 130 and f"what is done is kept in {tmp_path}/.out.txt.part; the same command goes on" in err
    return kept(tmp_path)


def kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*out.txt*")}


def test_what_is_done_is_not_done_again(begun, work, tmp_path):
    assert begun[".out.txt.part"].count(b"\n") == 4 * 16 * 2
    status, err = work()
    first, last = "64 lines were translated before; it goes on", "150 lines translated, 64 of them before"
    assert status == 0 and 0 <= err.find(first) < err.find(last)
    assert (count := re.search(r"not sure of (\d+) of 86 new translations", err)) and int(count[1]) <= 86
    work(output="whole.txt")
    assert kept(tmp_path) == {"out.txt": (tmp_path / "whole.txt").read_bytes()}


@pytest.mark.parametrize("flags", ["--beam 3", "--n-best 1", "--batch-size 3", "--length-penalty 0", "--max-length 8"])
def test_other_flags_are_refused(flags, begun, work, tmp_path):
    status, err = work(flags)
    name = flags.split()[0].strip("-").replace("-", "_")
    mend = f"repeat that command, or delete {tmp_path}/.out.txt.part to begin anew"
    assert status == 2 and f"what is kept of it was begun with other {name}; {mend}" in err
    assert kept(tmp_path) == begun


def test_another_input_or_model_is_refused(begun, work, tmp_path, half):  # noqa: F811
    text = (tmp_path / "in.txt").read_bytes()
    (tmp_path / "in.txt").write_bytes(text[:-3] + b"!\n")
    assert "begun with other input;" in work()[1]
    (tmp_path / "in.txt").write_bytes(text)
    other = shutil.copytree(half.checkpoint(8), tmp_path / "model")
    (other / "model.json").write_text(json.dumps(json.loads((other / "model.json").read_text()) | {"lowercase": True}))
    assert "begun with other model;" in work(f"--checkpoint {other}")[1]
    (tmp_path / ".out.txt.part.json").unlink()
    assert "begun with other input, nmt, scores," in work()[1]
    begun.pop(".out.txt.part.json")
    assert kept(tmp_path) == begun
    (tmp_path / ".out.txt.part").unlink()  # the mend
    assert work()[0] == 0 and [*kept(tmp_path)] == ["out.txt"]


def test_two_at_once(begun, work, tmp_path):
    with continued_file(tmp_path / "other.txt", {}, 1):
        assert "another process is writing it" in work(output="other.txt")[1]
    with open(tmp_path / ".out.txt.part", "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert "another process is writing it" in work()[1]
    assert kept(tmp_path) == begun and work()[0] == 0


def test_lines_that_cannot_be_read_are_counted_once_more(work, tmp_path, capfd):
    """What a killed command told of its lines is told by the one that ends, too."""
    lines = [b"a cat.", b"caf\xe9."] * 20
    (tmp_path / "bad.txt").write_bytes(b"\n".join(lines))

    def faults(told: str) -> list[str]:  # without what was there before, which depends on when the child was killed
        return [line for line in told.splitlines() if "bad.txt, line" in line or "could not be read" in line]

    status, err = work(source="bad.txt", output="whole.txt")
    in_child(lambda: work(source="bad.txt")[0], 0.1)
    capfd.readouterr()  # what the child told, if it came so far
    again, told = work(source="bad.txt")
    assert again == status and faults(told) == faults(err) and len(faults(err)) == 21 and "20 of 40 lines" in err
    assert (tmp_path / "out.txt").read_bytes() == (tmp_path / "whole.txt").read_bytes()


# Memory and progress


def echo(self, lines, n_best=1, **_) -> list[list[Translation]]:
    """In place of a model: each line, doubtful."""
    one = [Hypothesis([4], -9.0, -9.0)]
    return [[Translation(line.upper(), one, unseen=[line])] for line in lines]


def peak(work, count: int, folder: Path) -> int:
    """The most bytes that Python holds while so many lines are translated; each tenth line cannot be read."""
    with open(folder / "many.txt", "wb") as file:
        for number in range(count):
            file.write(b"line %d%s\n" % (number, b"\xff" * (number % 10 == 0)))
    tracemalloc.start()
    assert work("--n-best 1", source="many.txt")[0] == 2
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (folder / "out.txt").read_bytes().count(b"\n") == count
    return found


def test_memory_does_not_grow_with_the_file(work, tmp_path, monkeypatch):
    monkeypatch.setattr(Trained, "n_best", echo)
    few, many = (peak(work, count, tmp_path) for count in (1_000, 10_000))
    assert many - few < 150_000  # the lines alone, as str, have 600,000


def test_progress(work, monkeypatch):
    class Shown(tqdm):
        def __init__(self, **options):
            super().__init__(**options | {"delay": 0, "mininterval": 0})

    assert "/150" not in work()[1]  # what is soon over needs none
    monkeypatch.setattr(translate, "tqdm", Shown)
    assert {"16/150", "80/150", "150/150"} <= set(re.findall(r"\d+/150", work()[1]))


def resident() -> int:
    """Bytes of memory that this process holds now."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        pytest.skip("needs /proc")


def test_a_thousand_answers_without_growth(half, monkeypatch):  # noqa: F811
    monkeypatch.setattr(nmt.decoding, "_limits", lambda src, _: src.new_full((len(src),), 3))  # short ones
    live, held = Live.load(half.directory), []
    for number in range(1_201):
        live.answer(f"a cat {number}.", beam=1)
        if number in (200, 1_200):
            gc.collect()
            held.append((len(gc.get_objects()), resident()))
    (objects, memory), (objects_then, memory_then) = held
    assert objects_then - objects < 500 and memory_then - memory < 8 << 20
