"""The command line: the origin's lines, what each command says and refuses, and that nothing half-written stays."""

import argparse
import gzip
import io
import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import nmt.cli
import nmt.plumbing.starting
import nmt.training
from nmt.corpora.archives import PUBLISHED
from nmt.runs import Run, load

SMALL = "--gpus=0 --num_blocks 1 --hidden_dim 32 --key_query_value_dim 8 --num_heads 2 --src_vocab_size=80 "
SMALL += "--trg_vocab_size=80 --limit_train_batches 1 --max_epochs 1 --val_batch_size 5 --limit_val_batches 1"
NEW = f"train {SMALL} --batch_size 30 --progress_bar_refresh_rate 0"


@pytest.fixture(autouse=True)
def _elsewhere(corpus, bpe, tmp_path, monkeypatch):
    """Run in an empty folder, with the caches of the session: runs/ and nothing else may appear in it."""
    monkeypatch.setenv("NMT_DATA", str(corpus.directory.parent.parent))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def tsv(corpus) -> str:
    return corpus.data[0]


@pytest.fixture
def nmt_(capsys, monkeypatch):
    """nmt_("train --data x", stdin=b"…") -> (status, standard output, standard error); a traceback fails the test."""

    def run(line: str, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        try:
            status = nmt.cli.main(shlex.split(line))
        except SystemExit as stop:  # argparse
            status = stop.code
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def refuses(nmt_, tmp_path, corpus):
    """refuses(line, pattern): status 2, the pattern on standard error, and not one file or corpus more than before."""
    caches = corpus.directory.parent.parent  # a vocabulary, if whole, may stay in bpe/

    def files():
        found = [*tmp_path.rglob("*"), *(caches / "corpora").rglob("*"), *caches.rglob("*.tmp")]
        return sorted(map(str, found))

    def check(line: str, pattern: str, stdin: bytes = b"") -> str:
        before = files()
        status, out, err = nmt_(line, stdin)
        assert status == 2, (line, out, err)
        assert re.search(pattern, err), err
        assert "Traceback" not in err and files() == before
        return out

    return check


@pytest.fixture(scope="module")
def trained(corpus, bpe, tmp_path_factory) -> Run:
    """A run made by the command line."""
    directory = tmp_path_factory.mktemp("trained") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMT_DATA", str(corpus.directory.parent.parent))
        assert nmt.cli.main([*NEW.split(), "--data", corpus.data[0], "--run", str(directory)]) == 0
    return Run(directory)


@pytest.fixture
def copy(trained, tmp_path_factory) -> Run:
    return Run(shutil.copytree(trained.directory, tmp_path_factory.mktemp("copy") / "run"))


# The origin's training lines, with only the program's name replaced
FIRST = (
    "--check_val_every_n_epoch 1 --limit_val_batches=100 --max_epochs 5 --batch_size=100 --val_batch_size=20 "
    "--src_vocab_size=10000 --trg_vocab_size=10000 --scheduler=noam --noam_step_factor=2 --noam_opt_warmup_steps=4000 "
    "--scheduler_patience=10 --lr=1 --num_blocks 6 --hidden_dim 512 --key_query_value_dim=64 --gpus=1 "
    "--progress_bar_refresh_rate=20"
)
ORIGIN = [FIRST, FIRST.replace("--num_blocks 6", "--num_blocks 4") + " --noam_scaler=1 --checkpoint=''"]


@pytest.mark.parametrize("line", ORIGIN)
def test_the_origins_lines(line, nmt_, pairs, tmp_path, monkeypatch):
    """On news-commentary, found where NMT_DATA says; one of its lines has but one column and is dropped."""
    monkeypatch.setenv("NMT_DATA", str(tmp_path / "data"))
    archive = tmp_path / "data" / "news-commentary" / "news-commentary-v14.en-ru.tsv.gz"
    archive.parent.mkdir(parents=True)
    with gzip.open(archive, "wt", encoding="utf-8") as file:
        file.write("".join(f"{en}\t{ru}\n" for en, ru in pairs) + "\t\none column\n")
    news = PUBLISHED["news-commentary"]
    made = replace(news, archives=[replace(news.archives[0], sha256=None, size=None)])
    monkeypatch.setitem(PUBLISHED, "news-commentary", made)
    status, out, err = nmt_(f"train {line} {SMALL}")
    assert status == 0, err
    (directory,) = (tmp_path / "runs").iterdir()
    assert re.fullmatch(r"\d{8}-\d{6}-news-commentary", directory.name)
    run = Run(directory)
    training = run.config["training"]
    assert training["noam_step_factor"] == 2 and training["noam_opt_warmup_steps"] == 4000 and training["lr"] == 1
    assert training["batch_size"] == 100 and training["scheduler_patience"] == 10 and training["num_heads"] == 2
    assert run.config["transformer"]["head_size"] == 8 and run.config["card"]["name"] == "news-commentary"
    assert run.lines(split="valid")[-1]["sentences"] == 5
    assert "And one that it was trained on:" in out and "checkpoint of step 1, the best at validation" in out
    assert "1/1" in err and "tokens/s" in err and "BLEU" in out and str(directory.name) in out


@pytest.mark.parametrize("line", ORIGIN)
def test_the_origins_lines_are_understood_as_they_stand(line):
    given = nmt.cli.parser().parse_args(["train", *shlex.split(line)])
    assert (given.gpus, given.d_model, given.head_size, given.checkpoint) == (1, 512, 64, "")


def test_dashes_are_underscores(nmt_, tsv, tmp_path):
    line = NEW.replace("_", "-").replace("--batch-size 30", "--batch-size=30 --d-ff 20")
    assert nmt_(f"{line} --data {tsv} --run {tmp_path}/a_b-c")[0] == 0
    training = Run(tmp_path / "a_b-c").config["training"]
    assert training["d_ff"] == 20 and training["batch_size"] == 30 and training["head_size"] == 8


def _flags(parser: argparse.ArgumentParser):
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                yield from ((name, *rest[1:]) for rest in _flags(sub))
        else:
            yield "", action.option_strings or [action.dest], action.help


def test_every_flag_has_a_help_line(nmt_):
    flags = list(_flags(nmt.cli.parser()))
    assert len(flags) > 60
    for command, names, text in flags:
        assert (text and text is not argparse.SUPPRESS and len(text) > 8) or "--help" in names, (command, names)
    for command in ("", "demo", "data", "train", "translate", "score"):
        status, out, _ = nmt_(f"{command} {'--help-all' if command else '--help'}")
        assert status == 0 and "None" not in out and "SUPPRESS" not in out
        for name in (name for c, names, _ in flags if c == command for name in names):
            assert name in out


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("translate --checkpoint nowhere --input nosuch.txt", "--input nosuch.txt: there is no such file"),
        ("translate --checkpoint nowhere --output no/such 'A cat.'", "--output no/such: its folder does not exist"),
        ("fly", "invalid choice: 'fly'"),
        ("train --num_block 2", "--num-block: did you mean --num-blocks"),  # no abbreviations: a typo is not a flag
        ("train --num_blocks two", "--num-blocks.*invalid int value: 'two'"),
        ("train --scheduler cosine", "--scheduler.*invalid choice: 'cosine'"),
        ("train --tied maybe", "--tied.*yes or no, not 'maybe'"),
        ("train --gpus 2", "--gpus.*invalid choice"),
        ("train --progress_bar_refresh_rate -1", "--progress-bar-refresh-rate"),
        ("train --hidden_dim 33 --num_heads 1", r"--hidden-dim.*must be even.*33"),
        ("train --hidden_dim 36", r"--hidden-dim.* 36 is not divisible by --num-heads 8"),
        ("train --key_query_value_dim 0", "--key-query-value-dim"),
        ("train --batch_size 0", "--batch-size must be at least 1"),
        ("train --limit_train_batches 0", "--limit-train-batches must be at least 1"),
        ("train --lr nan", "--lr must be above 0 and finite"),
        ("train --lr inf", "--lr must be above 0 and finite"),
        ("train --max_minutes nan", "--max-minutes"),
        ("train --seed -1", "--seed"),
        ("train --scheduler_patience -1", "--scheduler-patience"),
        ("train --dropout 1", r"--dropout must be in \[0, 1\)"),
        ("train --batch_tokens 100 --batch_size 10", "--batch-size counts sentences, --batch-tokens tokens"),
        ("train --scheduler plateau --noam_scaler 2", "--scheduler plateau does not use --noam-scaler"),
        ("train --scheduler no --noam_opt_warmup_steps 9", "--scheduler no does not use --noam-opt-warmup-steps"),
        ("train --resume", "--resume: which run"),
        ("train --resume --run x --checkpoint y", "--checkpoint starts a new run, --resume goes on"),
        ("train --resume --run nowhere", "nowhere: not a run directory"),
        ("train --data nowhere.tsv", "nowhere.tsv: neither a file nor a known corpus"),
        ("train --data a b c", "3 given"),
        ("demo --minutes 0", "minutes must be above 0"),
        ("data", "the following arguments are required: data"),
        ("data hotels --archives nowhere", "nowhere: no such folder"),
        ("translate --checkpoint nowhere", "--checkpoint nowhere: neither a run directory"),
        ("translate --checkpoint nowhere --beam 0", "--beam 0, --n-best 1, --batch-size 32: at least 1 each"),
        ("translate --checkpoint nowhere --length_penalty -1", "--length-penalty must be at least 0"),
        ("score --checkpoint nowhere --data hotels --limit -1", "--limit"),
    ],
)
def test_bad_flags(line, pattern, refuses):
    refuses(line, pattern)


def test_nmt_alone_prints_the_help(nmt_):
    assert nmt_("") == nmt_("--help") and nmt_("")[0] == 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("command", ["train", "translate --checkpoint x", "score --checkpoint x --data y"])
def test_gpus_1_without_a_gpu(command, refuses):
    refuses(f"{command} --gpus 1", "--gpus 1: .*no CUDA")


def test_what_does_not_fit_the_corpus_or_the_checkpoint(refuses, tsv, trained, tmp_path):
    refuses(f"{NEW} --data {tsv} --run r --src_vocab_size 9000", "at most .* 9,000 asked for")
    refuses(f"{NEW} --data {tsv} --run r --max_length 1", "--max-length 1")
    refuses(
        f"{NEW} --data {tsv} --run {trained.directory}", "exists already; go on with nmt train --run .* --resume, or"
    )
    start = f"{NEW} --data {tsv} --run r --checkpoint {trained.directory}"
    refuses(f"{start} --num_blocks 2", "another shape: --num-blocks is 1 there, 2 here")
    refuses(f"{start} --trg_vocab_size 60", "--trg-vocab-size 60: .*80 pieces")
    (tmp_path / "file").touch()
    refuses(f"{NEW} --data {tsv} --run file/r", "file")


def test_small_corpora_have_defaults_of_their_own_and_a_resumed_run_keeps_its_own(nmt_, tsv, trained):
    """What the run was begun with stays, also where the defaults have changed since; what is said is warned about."""
    line = "train --gpus 0 --num_blocks 1 --num_heads 2 --limit_val_batches 1 --val_batch_size 5 --max_epochs 1"
    status, out, err = nmt_(f"{line} --data {tsv} --run r --noam-opt-warmup-steps 500")
    assert status == 0, err
    assert re.search("^for 145 training pairs, about 10 steps, unless .*--batch-size 16, --hidden-dim 128", out, re.M)
    assert "warning: --noam-opt-warmup-steps 500: only about 10 steps are planned" in out
    assert "raise --max-epochs to 200" in out
    kept = Run("r").config["training"]
    assert (kept["batch_size"], kept["d_model"], kept["noam_opt_warmup_steps"], kept["lr"]) == (16, 128, 500, 1.0)
    config = Run("r").directory / "config.json"
    assert nmt_("train --run r --resume --max_epochs 2")[0] == 0
    kept |= {"max_epochs": 2}
    assert json.loads(config.read_text())["training"] == kept
    old = {name: value for name, value in kept.items() if name != "patience"}  # an early run does not say
    config.write_text(json.dumps(Run("r").config | {"training": old}))
    status, out, err = nmt_("train --run r --resume --max_epochs 3 --patience 1")
    assert status == 0 and "unless you say" not in out and Run("r").last_step() in (20, 30), err
    status, out, err = nmt_(
        f"train --gpus 0 --limit_train_batches 1 --data {tsv} --run s --checkpoint r --max_epochs 1"
    )
    assert status == 0 and Run("s").config["training"]["d_model"] == 128 and "--hidden-dim" not in out, err


def test_starting_from_a_checkpoint(nmt_, tsv, trained):
    status, _, err = nmt_(f"{NEW} --data {tsv} --run r --checkpoint {trained.directory} --max_epochs 2")
    assert status == 0, err
    assert Run("r").config["checkpoint"] == str(trained.checkpoint(trained.best_step()))
    assert Run("r").config["bpe"] == trained.config["bpe"]


# Going on


def test_resume(nmt_, refuses, copy, pairs, tmp_path):
    status, out, err = nmt_(f"train --run {copy.directory} --resume --max-epochs 3 --progress_bar_refresh_rate 0")
    assert status == 0 and "resuming from step 1 (epoch 2)" in out, err
    assert copy.last_step() == 3 and len(copy.lines("sessions.jsonl")) == 2
    resume = f"train --run {copy.directory} --resume"
    refuses(f"{resume} --dropout 0.3", r"--dropout is 0.1 in the run, 0.3 now")
    refuses(f"{resume} --hidden_dim 16", r"--hidden-dim is 32 in the run, 16 now")
    other = tmp_path / "other.tsv"
    other.write_text("".join(f"{en} now\t{ru} сейчас\n" for en, ru in pairs), encoding="utf-8")
    nmt_(f"data {other}")
    refuses(f"{resume} --data {other}", "its corpus was another one")
    moved = tmp_path / "moved" / "tiny.tsv"  # the same corpus at another place is the same
    moved.parent.mkdir()
    shutil.copyfile(copy.config["corpus"]["data"][0], moved)
    assert nmt_(f"{resume} --data {moved}")[0] == 0


def test_what_a_resume_changed_the_next_one_knows(nmt_, copy):
    """Else the command that is printed, --resume alone, would delete the checkpoints that the one before kept."""
    resume, config = (
        f"train --run {copy.directory} --resume --progress_bar_refresh_rate 0",
        copy.directory / "config.json",
    )
    assert nmt_(f"{resume} --max_epochs 5 --keep_checkpoints 4 --max_minutes 60")[0] == 0
    steps, written = copy.steps(), config.stat()
    changed = {"max_epochs": 5, "keep_checkpoints": 4, "max_minutes": 60.0}
    assert {2, 3, 4, 5} <= {*steps} and Run(copy.directory).config == copy.config | {
        "training": copy.config["training"] | changed
    }
    status, out, err = nmt_(resume)
    assert status == 0 and "nothing is left to do after 5 of 5 epochs" in out and copy.steps() == steps, err
    assert config.stat().st_mtime_ns == written.st_mtime_ns  # nothing new, nothing written
    assert nmt_(f"average --run {copy.directory} --last 4 --out mean")[0] == 0


@pytest.mark.parametrize("name", ["src.bpe", "config.json", "checkpoints/step_00000001/model.safetensors"])
def test_resume_of_a_damaged_run(name, refuses, copy):
    path = copy.directory / name
    path.write_bytes(path.read_bytes()[:-40])
    refuses(f"train --run {copy.directory} --resume --max_epochs 2", re.escape(name))


def test_a_run_on_a_prepared_folder_with_options_goes_on_and_is_scored(nmt_, refuses, tsv, tmp_path):
    status, out, err = nmt_(f"data {tsv} --lowercase yes --tokens 1-9")
    assert status == 0, err
    folder = shutil.copytree(out.splitlines()[-1].removeprefix("in "), tmp_path / "folder")
    assert nmt_(f"{NEW} --data {folder} --run r --max_epochs 2 --keep_checkpoints 2")[0] == 0
    for line in ("train --run r --resume --max_epochs 3", "score --checkpoint r --gpus 0 --limit 3"):
        status, out, err = nmt_(line)
        assert status == 0, err
    status, out, err = nmt_("average --run r --last 2 --out mean")
    assert status == 0 and "BLEU of 5 valid pairs" in out, err
    assert nmt_("prune --checkpoint r --gpus 0 --keep 1 --method random --max-epochs 1 --run pruned")[0] == 0
    refuses(f"{NEW} --data {folder} --tokens 1-8 --run s", "a prepared corpus is taken as it is")


def test_a_config_of_another_version(refuses, copy):
    config = copy.config | {"training": copy.config["training"] | {"depth": 3}}
    (copy.directory / "config.json").write_text(json.dumps(config))
    refuses(f"train --run {copy.directory} --resume", r"config\.json: damaged, or of another version")


# translate


def test_translate_keeps_order_and_empty_lines_and_any_length(nmt_, trained):
    model = load(trained.directory)
    long = "the old dog sees snow. " * 120
    lines = ["a cat sees snow.", "", "  ", "the girl draws a house.", long, "", "?" * 3000, "слово"]
    expected = model.translate(lines)
    status, out, err = nmt_(f"translate --checkpoint {trained.directory} --batch_size 3", "\n".join(lines).encode())
    assert status == 0, err
    assert out.split("\n") == [*expected, ""] and expected[1] == expected[2] == expected[5] == ""
    crlf = b"\xef\xbb\xbf" + "\r\n".join(lines).encode() + b"\r\n"
    assert nmt_(f"translate --checkpoint {trained.directory}", crlf)[1] == out
    assert nmt_(f"translate --checkpoint {trained.directory}", b"") == (0, "", "")
    status, alone, _ = nmt_(f"translate --checkpoint {trained.directory} --beam 1 --gpus 0", "\n".join(lines).encode())
    assert alone.split("\n")[:-1] == model.translate(lines, beam=1)


def test_translate_refuses_what_is_not_text(refuses, trained):
    line = f"translate --checkpoint {trained.directory} --batch_size"
    out = refuses(f"{line} 2", r"standard input, line 18: not UTF-8", b"a cat.\n" * 17 + b"\xff\xfe\n")
    assert len(out.splitlines()) == 18 and out.endswith("\n\n")  # in its place a blank line
    out = refuses(f"{line} 1", r"standard input, line 4: not UTF-8", b"a cat.\n" * 3 + b"\xff\xfe\n" + b"a cat.\n")
    assert len(out.splitlines()) == 5 and out.splitlines()[3:] == ["", out.splitlines()[0]]
    line = f"{line} 1"
    refuses(line, "standard input, line 2: a NUL byte", b"a cat.\na\0b\n")


@pytest.mark.parametrize("damage", ["cut", "text", "gone", "model.json", "src.bpe"])
def test_translate_refuses_a_damaged_model(damage, refuses, copy):
    directory = copy.checkpoint(1)
    path = directory / ("model.safetensors" if "." not in damage else damage)
    if damage == "text":
        path.write_text("hello")
    elif damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-20])
    for checkpoint in (copy.directory, directory):
        refuses(f"translate --checkpoint {checkpoint}", re.escape(str(path)), b"a cat.\n")


# score and data


def test_score_ends_in_one_json_object(nmt_, refuses, trained, corpus, tsv, tmp_path):
    for split, sentences in (("test", 50), ("valid", 7)):
        status, out, err = nmt_(
            f"score --checkpoint {trained.directory} --data {tsv} --split {split} --limit {sentences}"
        )
        assert status == 0, err
        result = json.loads(out.splitlines()[-1])
        assert result["sentences"] == sentences and 0 <= result["bleu"] <= 100 and 0 <= result["chrf"] <= 100
        assert "tok:13a" in result["signature"] and result["split"] == split and result["beam"] == 4
        assert "another corpus" not in err
    (tmp_path / "part.tsv").write_text("".join(Path(tsv).read_text(encoding="utf-8").splitlines(True)[5:]), "utf-8")
    _, _, err = nmt_(f"score --checkpoint {trained.directory} --data {tmp_path}/part.tsv --limit 2 --beam 1")
    assert f"{trained.directory} was trained on another corpus, or on this one with other options" in err
    refuses(f"score --checkpoint {trained.directory} --data {tsv} --split dev", "no dev.*train, valid, test")
    refuses(f"score --checkpoint {trained.directory} --data {tsv} --limit 0", "0 references")


def test_a_folder_above_a_model_is_a_run_only_where_the_model_is_its_checkpoint(nmt_, trained, tsv, tmp_path):
    """A model in a folder of Hugging Face's, and one two folders below: their config.json is no run's."""
    for place in (tmp_path / "hf" / "ours", tmp_path / "hf" / "models" / "ours"):
        shutil.copytree(trained.checkpoint(trained.last_step()), place)
        (tmp_path / "hf" / "config.json").write_text('{"model_type": "marian"}')
        status, _, err = nmt_(f"score --checkpoint {place} --data {tsv} --limit 2 --beam 1")
        assert status == 0 and "another corpus" not in err, err
    status, _, err = nmt_(f"score --checkpoint {trained.checkpoint(trained.last_step())} --limit 2 --beam 1")
    assert status == 0, err  # of the run's own corpus


def test_score_of_all_takes_a_file_as_it_stands(nmt_, refuses, trained, tsv, tmp_path):
    held = tmp_path / "held.tsv"  # far too few to be split, one of them twice
    held.write_text("A cat.\tКот.\nA  cat.\tКот.\nSnow.\tСнег.\n", encoding="utf-8")
    status, out, err = nmt_(f"score --checkpoint {trained.directory} --data {held} --split all")
    assert status == 0, err
    result = json.loads(out.splitlines()[-1])
    assert (result["sentences"], result["data"], result["split"]) == (3, "held", "all")
    status, out, _ = nmt_(f"score --checkpoint {trained.directory} --data {held} {tsv} --split all --limit 5 --int8")
    assert json.loads(out.splitlines()[-1])["data"] == "held-and-1-more"
    refuses(f"score --checkpoint {trained.directory} --data {held}:2 --split all", "has none")
    refuses(f"score --checkpoint {trained.directory} --data phrasebook --split all", "all is for files")


def test_held_out_files_of_ones_own(nmt_, refuses, tsv, pairs, tmp_path):
    """Trained with them, scored and resumed without naming them again."""
    for name, part in (("dev", pairs[:6]), ("test", pairs[10:14])):
        (tmp_path / f"{name}.tsv").write_text("".join(f"{en}\t{ru}\n" for en, ru in part), "utf-8")
    held = "--valid_data dev.tsv --test-data test.tsv"
    assert nmt_(f"{NEW} --data {tsv} --run r {held}")[0] == 0
    assert [line["source"] for line in Run("r").lines("samples.jsonl")] == [en for en, _ in pairs[:5]]
    assert Run("r").config["card"]["pairs"] == {"train": len(pairs) - 10, "valid": 6, "test": 4}
    for more in ("", f"{held} --data {tsv}", "--valid_data dev.tsv"):
        status, out, err = nmt_(f"score --checkpoint r --beam 1 {more}")
        assert status == 0 and json.loads(out.splitlines()[-1])["sentences"] == 4 and "another corpus" not in err, err
        assert nmt_(f"train --run r --resume {more} --progress-bar-refresh-rate 0")[0] == 0
    assert "another corpus" in nmt_(f"score --checkpoint r --beam 1 --data {tsv}")[2]
    refuses("train --run r --resume --valid_data test.tsv", "--valid-data: .*dev.tsv and .*test.tsv: give one file")
    refuses("score --checkpoint phrasebook", "--data: which corpus.* say --data phrasebook")
    refuses(f"score --checkpoint r --split all --data {tsv} {held}", "held-out files are for training")
    refuses(f"{NEW} --data phrasebook --run s {held}", "--valid-data and --test-data go with files")


def test_data_prints_the_card(nmt_, tsv, corpus):
    status, out, _ = nmt_(f"data {tsv}")
    assert status == 0 and "245 sentence pairs" in out and "licence" in out and str(corpus.directory) in out


BAD = {
    "unequal.en": ("unequal.en unequal.ru", r"unequal\.en has 3 lines and .*unequal\.ru 2"),
    "column.tsv": ("column.tsv", r"column\.tsv:2: 1 column"),
    "latin.tsv": ("latin.tsv", r"latin\.tsv:2: not UTF-8"),
    "nul.tsv": ("nul.tsv", r"nul\.tsv:2: a NUL byte"),
    "empty.tsv": ("empty.tsv", r"empty\.tsv: the file is empty"),
    "blank.tsv": ("blank.tsv", r"blank\.tsv.* 0 distinct"),
    "cut.tsv.gz": ("cut.tsv.gz", r"cut\.tsv\.gz:\d+: the gzip is cut"),
    "missing": ("missing.tsv", r"missing\.tsv: neither"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files(case, refuses, tmp_path):
    (tmp_path / "unequal.en").write_text("one.\ntwo.\nthree.\n")
    (tmp_path / "unequal.ru").write_text("один.\nдва.\n", encoding="utf-8")
    (tmp_path / "column.tsv").write_text("one\tодин\ntwo\n", encoding="utf-8")
    (tmp_path / "latin.tsv").write_bytes(b"one\ttwo\ncaf\xe9\tthree\n")
    (tmp_path / "nul.tsv").write_bytes(b"one\ttwo\nthr\0ee\tfour\n")
    (tmp_path / "empty.tsv").touch()
    (tmp_path / "blank.tsv").write_text("\n \n\t\n")
    whole = gzip.compress(b"".join(b"%d\t%d\n" % (i, i * i) for i in range(5000)))
    (tmp_path / "cut.tsv.gz").write_bytes(whole[: len(whole) // 2])
    files, pattern = BAD[case]
    for line in (f"data {files}", f"{NEW} --run r --data {files}"):
        refuses(line, pattern)


# What stops a training on its way


def test_a_nan_loss(nmt_, tsv, tmp_path, monkeypatch):
    status, _, err = nmt_(f"{NEW} --data {tsv} --run r --scheduler no --lr 1e30 --limit_train_batches 4 --dropout 0")
    assert status == 2 and "lower --lr" in err and "Traceback" not in err
    assert Run("r").steps() == []


def test_ctrl_c(nmt_, tsv, tmp_path, monkeypatch):
    """In the second epoch, and before the run was made."""
    step, calls = nmt.training.Trainer.step, itertools.count(1)

    def interrupted(self, group):
        if next(calls) == 2:
            raise KeyboardInterrupt
        step(self, group)

    monkeypatch.setattr(nmt.training.Trainer, "step", interrupted)
    status, _, err = nmt_(f"{NEW} --data {tsv} --run r --max_epochs 2")
    assert status == 130 and "go on with nmt train --run r --resume; r keeps its checkpoint of step 1" in err
    assert nmt_("train --run r --resume --progress_bar_refresh_rate 0")[0] == 0 and Run("r").last_step() == 2

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(nmt.plumbing.starting, "training_rows", interrupt)
    assert nmt_(f"{NEW} --data {tsv} --run s")[0] == 130
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r"]


def test_a_full_disk_is_no_traceback(refuses, tsv, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "r/config.json")

    monkeypatch.setattr("nmt.plumbing.files.write_json", full)
    refuses(f"{NEW} --data {tsv} --run r", "No space left on device: 'r/config.json'")


# The real process


def test_python_m_nmt_writes_utf8_whatever_the_locale(trained):
    model = load(trained.directory)
    environment = {"PYTHONIOENCODING": "latin-1", "LC_ALL": "C"}
    environment |= {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.path.dirname(os.path.dirname(nmt.__file__))}
    command = [sys.executable, "-m", "nmt", "translate", "--checkpoint", str(trained.directory), "--beam", "1"]
    text = b"a cat sees snow.\n\nthe girl draws a house.\n"
    done = subprocess.run(command, input=text, capture_output=True, env=os.environ | environment, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode("utf-8").split("\n") == [
        *model.translate(["a cat sees snow.", "", "the girl draws a house."], beam=1),
        "",
    ]


def test_doubts_are_told_beside_the_translations(nmt_, trained):
    """Line by line where somebody waits for an answer, else once, and never among the translations."""
    lines = "a cat ☃ sees snow.\na cat 漢 sees snow.\n\n".encode()
    line = f"translate --checkpoint {trained.directory}"
    status, out, err = nmt_(line, lines)
    assert status == 0 and out.count("\n") == 3 and "not sure of 2 of 3 translations" in err
    assert "line 1: the model has no piece for ☃" in err and "line 2: the model has no piece for 漢" in err
    status, alone, err = nmt_(f"{line} --batch_size 1", lines)
    assert status == 0 and alone == out and "line 1: the model has no piece for ☃" in err and "line 2:" in err


def test_batches_of_one_answer_line_by_line(trained):
    """A program that waits for each answer before it writes on is not kept waiting."""
    command = [sys.executable, "-m", "nmt", "translate", "--checkpoint", str(trained.directory), "--batch_size", "1"]
    model, lines = load(trained.directory), ["a cat sees snow.", "the girl draws a house."]
    with subprocess.Popen([*command, "--gpus", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        for line in lines:
            program.stdin.write(f"{line}\n".encode())
            program.stdin.flush()
            assert program.stdout.readline().decode().rstrip("\n") == model.translate(line)
        program.stdin.close()
