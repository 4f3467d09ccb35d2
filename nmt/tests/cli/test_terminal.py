"""What a person who types sees: the prompt, the help, what a typo was meant to be, and the command to type next."""

import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import termios
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

import pytest
import torch

import nmt.cli
import nmt.decoding
from nmt.corpora import download
from nmt.runs import Run, load
from nmt.tests.cli.test_cli import NEW, _elsewhere, copy, nmt_, refuses, trained, tsv  # noqa: F401  fixtures
from nmt.transformer import Transformer

LINES = ["a cat sees snow.", "the girl draws a house."]
COMMANDS = (
    "demo", "data", "train", "average", "plot", "prune", "translate", "app", "score", "bench", "compare",
)  # fmt: skip


@pytest.fixture
def translate(nmt_, trained):  # noqa: F811
    """translate("--n-best 2", stdin=b"…") -> (standard output, standard error) of a translation that goes well."""

    def run(line: str, stdin: bytes = b"") -> tuple[str, str]:
        status, out, err = nmt_(f"translate --checkpoint {trained.directory} {line}", stdin)
        assert status == 0, err
        return out, err

    return run


# translate


def up_to_prompt(stream: IO[bytes]) -> bytes:
    said = b""
    while not said.endswith(b"> ") and (more := stream.read(1)):
        said += more
    return said


@pytest.mark.parametrize("end", [b"\x04", b"\x03"])
def test_a_terminal_is_prompted_and_answered(trained, end):  # noqa: F811
    """A real terminal on stdin; on stdout there is nothing but the translations. \\x04 is Ctrl-D, \\x03 Ctrl-C."""
    here, there = pty.openpty()
    settings = termios.tcgetattr(there)
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(there, termios.TCSANOW, settings)
    command = [sys.executable, "-m", "nmt", "translate", "--checkpoint", str(trained.directory), "--gpus", "0"]

    def on_its_terminal() -> None:
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored where the tests run in the background
        os.close(os.open(os.ttyname(0), os.O_RDWR))  # its controlling terminal: Ctrl-C reaches it

    pipes = {"stdin": there, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, preexec_fn=on_its_terminal) as program:
        os.close(there)
        told = up_to_prompt(program.stderr)
        for line in LINES:
            os.write(here, f"{line}\n".encode())
            assert program.stdout.readline().decode() == load(trained.directory).translate(line) + "\n"
            told += up_to_prompt(program.stderr)
        os.write(here, end)
        rest, told = program.stdout.read(), told + program.stderr.read()
    os.close(here)
    told = told.decode()
    assert told.startswith(f"loading {trained.directory}\n") and "Ctrl-D" in told and rest == b""
    assert told.count("> ") == len(LINES) + 1
    assert (program.returncode, "interrupted" in told) == ((0, False) if end == b"\x04" else (130, True))


def test_sentences_as_arguments(translate, refuses, trained):  # noqa: F811
    model = load(trained.directory)
    assert translate(f"'{LINES[0]}'")[0] == model.translate(LINES[0]) + "\n"
    out, err = translate(f"--beam 1 '{LINES[0]}' '' '-- a cat ☃' -- --a_b")
    assert out.split("\n")[:-1] == model.translate([LINES[0], "", "-- a cat ☃", "--a_b"], beam=1)
    assert re.search("^not sure of sentence 3: .*no piece for .*☃", err, re.M)
    assert re.search("^not sure: .*☃", translate("'a cat ☃'")[1], re.M)
    refuses(f"translate --checkpoint {trained.directory} --input x 'A cat.'", "SENTENCE and --input: give one of them")
    refuses(f"translate --checkpoint {trained.directory} 'A cat.' 'caf\udce9'", "SENTENCE 2: not UTF-8")


def test_the_model_for_typing_is_named(nmt_):  # noqa: F811
    status, out, err = nmt_("translate --beam 1 --gpus 0 'The file could not be opened.'")
    assert status == 0 and out == nmt.load("real").translate("The file could not be opened.", beam=1) + "\n"
    assert err.startswith("loading real; --checkpoint names another model\n")


def test_n_best_and_scores(translate, trained):  # noqa: F811
    found = load(trained.directory).n_best(LINES, n_best=6, beam=6)
    text = "\n".join((LINES[0], "", LINES[1])).encode()
    lines = translate("--n_best 6", text)[0].split("\n")[:-1]  # six lines for each, also for a blank one
    assert lines[:6] == [one.text for one in found[0]] and lines[6:12] == [""] * 6 and len(lines) == 18
    lines = translate("--n-best 2 --beam 6 --scores", text)[0].split("\n")[:-1]
    scores = [float(line.split("\t")[0]) for line in lines if line]
    assert scores[0] == pytest.approx(found[0][0].hypotheses[0].score, abs=1e-3) and scores[0] >= scores[1]
    assert [line.split("\t")[1] for line in lines[:2]] == [one.text for one in found[0][:2]]


def test_max_length(translate, refuses, trained):  # noqa: F811
    assert translate(f"--max-length 2 --beam 1 '{LINES[0]}'")[0].strip() == load(trained.directory).translate(
        LINES[0], max_length=2, beam=1
    )
    for flag in ("--max-length 0", "--n-best 0", "--n-best 5 --beam 4"):
        refuses(
            f"translate --checkpoint {trained.directory} {flag} 'a cat.'",
            "at least 1( each, n_best <= beam)?",
        )


def test_input_and_output(translate, refuses, trained, tmp_path):  # noqa: F811
    (tmp_path / "en.txt").write_text("\n".join(LINES) + "\n", "utf-8")
    out = translate("--input en.txt")[0]
    assert out == "".join(line + "\n" for line in load(trained.directory).translate(LINES))
    (tmp_path / "there.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("there.txt")
    silent, err = translate("--input en.txt --output link.txt")
    assert silent == "" and "link.txt: 2 lines translated" in err
    assert (tmp_path / "link.txt").is_symlink() and (tmp_path / "there.txt").read_bytes() == out.encode()
    translate("--output from-stdin.txt", "\n".join(LINES).encode())
    assert (tmp_path / "from-stdin.txt").read_text("utf-8") == out

    line = f"translate --checkpoint {trained.directory}"
    (tmp_path / "bad.txt").write_bytes(b"a cat.\ncaf\xe9.\n")
    mend = r"bad.txt, line 2: not UTF-8 .*iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW"
    assert refuses(f"{line} --input bad.txt --output there.txt", mend) == ""
    assert (tmp_path / "there.txt").read_text("utf-8").splitlines()[1:] == [""]  # in its place a blank line
    assert len(refuses(f"{line} --input bad.txt", mend).splitlines()) == 2
    (tmp_path / "utf-16.txt").write_bytes("a cat.\n".encode("utf-16"))
    refuses(f"{line} --input utf-16.txt", "utf-16.txt.*line 1: a NUL byte.*iconv -f UTF-16")
    refuses(f"{line} --input nowhere.txt", "nowhere.txt")
    for place in ("/dev/null", str(tmp_path)):
        refuses(f"{line} --input en.txt --output {place}", "no plain file; name another place")


def test_what_is_translated_is_not_written_over(refuses, trained, tmp_path, monkeypatch):  # noqa: F811
    english = tmp_path / "en.txt"
    english.write_text("\n".join(LINES) + "\n", "utf-8")
    (tmp_path / "link.txt").symlink_to("en.txt")
    os.link(english, tmp_path / "hard.txt")
    line, told = f"translate --checkpoint {trained.directory}", "--output .*: that is the file it reads; name another"
    for place in ("en.txt", "./en.txt", str(english), "link.txt", "hard.txt"):
        refuses(f"{line} --input en.txt --output {place}", told)
    refuses(f"{line} --input link.txt --output en.txt", told)
    with open(english) as stdin:
        words = [sys.executable, "-m", "nmt", *line.split(), "--output", "en.txt"]
        done = subprocess.run(words, stdin=stdin, capture_output=True, text=True)
    assert done.returncode == 2 and re.search(told, done.stderr)
    assert english.read_text("utf-8").splitlines() == LINES


# The help, and typos


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_is_short_and_its_examples_are_understood(command, nmt_, monkeypatch):  # noqa: F811
    monkeypatch.setenv("COLUMNS", "80")
    status, short, _ = nmt_(f"{command} --help")
    assert status == 0 and len(short.splitlines()) <= 55 and not re.search(r"--\w+_", short)
    examples = re.findall(rf"^  nmt ({command}.*)$", short, re.M)
    assert len(examples) in (2, 3)
    for example in examples:
        nmt.cli.parser().parse_args(shlex.split(example))
    status, full, _ = nmt_(f"{command} --help-all")
    assert status == 0 and not re.search(r"--\w+_", full)
    assert ("--help-all explains all flags" in short) == (len(full.splitlines()) > len(short.splitlines()) + 3)


@pytest.mark.parametrize("encoding", ["ascii", "cp1251"])
def test_the_help_can_be_printed_whatever_the_locale(encoding):
    for words in ("translate --help-all", "--help", "prune --help-all"):
        command = [sys.executable, "-m", "nmt", *words.split()]
        done = subprocess.run(command, capture_output=True, env=os.environ | {"PYTHONIOENCODING": encoding})
        assert done.returncode == 0 and not done.stderr, done.stderr.decode()
        assert done.stdout.decode("utf-8").startswith("usage: nmt")


def test_the_help_has_groups(nmt_):  # noqa: F811
    _, full, _ = nmt_("prune --help-all")
    groups = (
        "what goes in",
        "what is pruned:",
        "the model:",
        "how much,",
        "how it learns:",
        "what is measured",
        "of the",
    )
    places = [full.find(f"\n{group}") for group in groups]
    assert -1 not in places and places == sorted(places)


@pytest.mark.parametrize(
    ("line", "command", "meant"),
    [
        ("train --num_block 2", "train", "--num-block: did you mean --num-blocks?"),
        ("train --data x --epochs=3", "train", "--epochs: did you mean --max-epochs?"),
        ("score --checkpont x", "score", "--checkpont: did you mean --checkpoint?"),  # though --data lacks too
        ("translate --xyzzy", "translate", "unexpected argument '--xyzzy'; see nmt translate --help-all"),
        ("demo now", "demo", "unexpected argument 'now'; see"),
    ],
)
def test_a_typo_is_shown_the_usage_of_its_command(line, command, meant, nmt_):  # noqa: F811
    status, out, err = nmt_(line)
    assert status == 2 and out == "" and err.startswith(f"usage: nmt {command} ") and meant in err


# What to type next


def _pasted(text: str, nmt_) -> None:  # noqa: F811
    """The command in a text says, when it is typed, what the text says below it."""
    line, translation = text.partition("\n  nmt ")[2].split("\n")[:2]
    assert line.startswith("translate --checkpoint ")
    status, out, err = nmt_(line)
    assert status == 0 and out == translation.removeprefix("  ") + "\n", err


def test_after_training_a_line_can_be_pasted(nmt_, tsv, tmp_path):  # noqa: F811
    where = shlex.quote(str(tmp_path / "it's a run"))
    status, out, _ = nmt_(f"{NEW} --data {tsv} --run {where} --max_epochs 3")
    assert status == 0 and f"done: {tmp_path}/it's a run." in out
    _pasted(out, nmt_)
    assert out.count("nrefs:1") == 1 and out.count("epoch ") == 3
    assert all(len(line) <= 100 for line in out.splitlines() if line.startswith("epoch "))


@pytest.mark.parametrize("source", ["Who's there?", "- No.", "--no"])
def test_any_sentence_is_quoted(source, nmt_, copy):  # noqa: F811
    copy.append("samples.jsonl", {"source": source, "step": 1})
    (copy.directory / "samples.jsonl").write_text(f'{{"source": "{source}", "step": 1}}\n')
    _pasted(nmt.cli.arguments.next_command(copy, copy.directory), nmt_)
    (copy.directory / "samples.jsonl").unlink()
    assert nmt.cli.arguments.next_command(copy, copy.directory) == ""


def test_after_pruning(nmt_, trained):  # noqa: F811
    status, out, err = nmt_(
        f"prune --checkpoint {trained.directory} --gpus 0 --keep 1 --method random --max-epochs 1 --run r"
    )
    assert status == 0 and re.search(r"^BLEU \d+\.\d\d -> \d+\.\d\d, loss", out, re.M) and out.endswith("}\n")
    _pasted(err, nmt_)


def test_after_averaging(nmt_, tsv):  # noqa: F811
    assert nmt_(f"{NEW} --data {tsv} --run r --max_epochs 2 --keep_checkpoints 2")[0] == 0
    status, out, err = nmt_("average --run r --last 2 --out mean")
    assert status == 0 and re.search(
        r"^BLEU of 5 valid pairs \d+\.\d\d; the run's best checkpoint: \d+\.\d\d$", out, re.M
    ), err
    _pasted(out, nmt_)
    (Run("r").directory / "metrics.jsonl").write_text("")  # as of a run that was stopped before its first validation
    status, out, err = nmt_("average --run r --last 2 --out early")
    assert status == 0 and re.search(r"^BLEU of 5 valid pairs \d+\.\d\d$", out, re.M), err
    config = Run("r").directory / "config.json"
    config.write_text(config.read_text().replace(Path(tsv).name, "gone.tsv"))
    status, out, _ = nmt_("average --run r --last 2 --out again")
    assert status == 0 and "not scored: " in out and "gone.tsv" in out


def test_without_data_and_network_the_phrasebook_is_named(refuses, monkeypatch, tmp_path):  # noqa: F811
    def offline(*_, **__):
        raise urllib.error.URLError("no network here")

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", offline)
    monkeypatch.setattr(download, "PAUSE", 0)
    monkeypatch.setenv("NMT_DATA", str(tmp_path.parent / "elsewhere"))
    refuses("train --gpus 0", "no network here.*--data phrasebook comes with nmt and needs no network")


@pytest.mark.parametrize("line", ["translate --checkpoint {} Hello.", "score --checkpoint {} --data {}"])
def test_a_gpu_with_too_little_memory(line, nmt_, trained, tsv, monkeypatch):  # noqa: F811
    def full(*_, **__):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has …")

    monkeypatch.setattr(Transformer, "forward", full)
    monkeypatch.setattr(nmt.decoding, "Decoder", full)
    status, _, err = nmt_(line.format(trained.directory, tsv))
    assert status == 2 and err.endswith(
        "error: CUDA out of memory; give a smaller --batch-size, or --gpus 0 for the CPU\n"
    )
