"""The commands of a trained model: nmt translate, score."""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import islice
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from nmt import NmtError, __version__
from nmt.cli import arguments
from nmt.cli.commands import TYPED
from nmt.corpora.corpus import to_stderr
from nmt.corpora.names import unsplit_pairs
from nmt.corpora.pairs import decode, lines_of
from nmt.decoding import check_search
from nmt.models import WEIGHTS, Trained
from nmt.plumbing.files import continued_file, sha256, whole_file
from nmt.runs import Run, load


def search_options(given: argparse.Namespace) -> dict:
    names = "length_penalty", "penalty", "batch_size", "n_best", "max_length"  # nmt score has the first three
    options = {name: getattr(given, name) for name in names if hasattr(given, name)}
    options["beam"] = getattr(given, "beam", max(4, options.get("n_best", 1)))
    check_search(**options)
    return options


def translate_command(given: argparse.Namespace) -> None:
    options = search_options(given)
    if given.sentences and given.input:
        raise NmtError("SENTENCE and --input: give one of them")
    if given.output and Path(given.output).exists() and not Path(given.output).is_file():
        raise NmtError(f"--output {given.output}: what is there is no plain file; name another place")
    if given.output and not Path(given.output).resolve().parent.is_dir():
        raise NmtError(f"--output {given.output}: its folder does not exist; make it first")
    if given.input and (not Path(given.input).exists() or Path(given.input).is_dir()):
        raise NmtError(f"--input {given.input}: there is no such file")
    if given.output and Path(given.output).exists() and os.path.samefile(given.input or 0, given.output):  # 0: stdin
        raise NmtError(f"--output {given.output}: that is the file it reads; name another")
    device, typing = arguments.device_of(given), not (given.sentences or given.input) and sys.stdin.isatty()
    said = getattr(given, "checkpoint", "")
    if typing or not said:
        to_stderr(f"loading {said or f'{TYPED}; --checkpoint names another model'}")
    trained = load(said or TYPED, device, given.int8)
    # A program that talks to us line by line asks for batches of 1: if we read ahead, both would wait.
    answering = bool(typing or given.sentences or given.batch_size == 1)
    size, lines = 1 if answering else 8 * given.batch_size, lines_to_translate(given, typing)
    with output_of(given, trained, options, size) as (out, begun), progress(given, begun, not answering) as bar:
        if begun:
            to_stderr(f"{given.output}: {begun:,} lines were translated before; it goes on with the next")
        done, unread, doubts, doubtful = begun, sum(bad for _, bad in islice(lines, begun)), 0, []
        while chunk := list(islice(lines, size)):
            unread += sum(bad for _, bad in chunk)
            for found in trained.n_best([text for text, _ in chunk], **options):
                texts = [f"{sum(p.score for p in one.hypotheses):.3f}\t" * given.scores + one.text for one in found]
                texts += [""] * (given.n_best - len(found))  # always so many lines
                print(*texts, sep="\n", file=out)
                done, doubt = done + 1, found[0].doubt
                if doubt and answering:
                    of = f" of {'sentence' if given.sentences else 'line'} {done}"
                    to_stderr(f"not sure{of * (not typing and len(given.sentences) != 1)}: {doubt}")
                elif doubt and (doubts := doubts + 1) <= 20:
                    doubtful.append(f"  line {done:,}: {doubt}")
            out.flush()
            bar.update(len(chunk))
    if given.output:
        to_stderr(f"{given.output}: {done:,} lines translated" + f", {begun:,} of them before" * bool(begun))
    if doubts:
        more = [f"  and {doubts - 20:,} more"] * (doubts > 20)
        told = f"the model is not sure of {doubts:,} of {done - begun:,} {'new ' * bool(begun)}translations"
        to_stderr("\n".join([told, *doubtful, *more]))
    if unread:
        raise NmtError(f"{unread:,} of {done:,} lines could not be read; in their places stand blank lines")


@contextmanager
def output_of(given: argparse.Namespace, trained: Trained, options: dict, size: int) -> Iterator[tuple[TextIO, int]]:
    """Where translations are written, and of how many lines they are there, whole chunks of `size`, from before."""
    place = Path(given.output).resolve()  # where it is a link, that stays one
    if not given.output:
        yield sys.stdout, 0
    elif Path(given.input).is_file():
        about = {"input": sha256(given.input), "nmt": __version__, "scores": given.scores, **options}
        about |= {"int8": given.int8, "device": next(trained.model.parameters()).device.type}
        about["model"] = [sha256(trained.directory / name) for name in ("model.json", WEIGHTS)]
        with continued_file(place, about, size * given.n_best) as (file, chunks):
            yield file, chunks * size
    else:
        with whole_file(place) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as file:
            yield file, 0


def progress(given: argparse.Namespace, begun: int, waiting: bool) -> tqdm:
    """A bar for whoever waits; where translations come on a terminal, these are it."""
    total, every = None, 0.5 if sys.stderr.isatty() else 30  # seconds
    if waiting and Path(given.input).is_file():
        with open(given.input, "rb") as file:
            total = sum(1 for _ in lines_of(file))
    shown, timing = waiting and (given.output or not sys.stdout.isatty()), {"delay": every, "mininterval": every}
    return tqdm(total=total, initial=begun, unit=" lines", disable=not shown, leave=False, miniters=1, **timing)


def lines_to_translate(given: argparse.Namespace, typing: bool) -> Iterator[tuple[str, bool]]:
    """The sentences given, or the lines of --input or stdin. One that is no UTF-8 is told, and comes as ("", True)."""
    told, place = 0, f"{given.input or 'standard input'}, line"
    with open(given.input, "rb") if given.input else nullcontext(sys.stdin.buffer) as file:
        raw = typed_lines() if typing else lines_of(file)
        if given.sentences:
            raw, place = map(os.fsencode, given.sentences), "SENTENCE"
        for number, line in enumerate(raw, 1):
            text, fault = decode(line, number)
            if fault and number == 1 and b"\0" in line and given.input:
                raise NmtError(f"--input {given.input}: no text, or text in UTF-16 (line 1: {fault})")
            if fault and (told := told + 1) <= 20:  # of a file in another encoding, not each
                to_stderr(f"{place} {number}: {fault}")
            yield text, bool(fault)


def typed_lines() -> Iterator[bytes]:
    """What is typed on a terminal, line by line, behind a prompt on stderr."""
    to_stderr("Type an English sentence and press Enter. Ctrl-D on an empty line ends.")
    line = b"\n"
    while line:
        print("> ", end="", file=sys.stderr, flush=True)
        if line := sys.stdin.buffer.readline():
            yield line
    to_stderr("")  # Ctrl-D leaves the cursor behind the prompt


def score_command(given: argparse.Namespace) -> None:
    from nmt.scoring import corpus_scores  # sacreBLEU, which nmt translate does without

    options, trained = search_options(given), load(given.checkpoint, arguments.device_of(given), given.int8)
    if given.split == "all":
        name, every = unsplit_pairs([*getattr(given, "data", ()), *getattr(given, "held_out", ())], to_stderr)
        shape = str.lower if getattr(given, "lowercase", False) else str
        pairs = [(shape(en), shape(ru)) for en, ru in islice(every, given.limit)]
    else:
        place = trained.directory.resolve()  # RUN/checkpoints/step_00000500 or RUN/pruned
        above = place.parents[1:2] if place.match("checkpoints/step_*") else [place.parent] * (place.name == "pruned")
        run = next((Run(folder) for folder in above if (folder / "config.json").is_file()), None)
        if not run and "data" not in given:
            mend = "say --data phrasebook, or name files of yours"
            raise NmtError(f"--data: which corpus? --checkpoint {given.checkpoint} has no run of its own; {mend}")
        corpus = arguments.corpus_of(given.data, given) if "data" in given else arguments.corpus_of_run(run, given)
        name, pairs = corpus.name, list(corpus.pairs(given.split, given.limit))
        if run and run.config["corpus"]["fingerprint"] != corpus.fingerprint:
            other = f"{run.directory} was trained on another corpus, or on this one with other options or caps"
            to_stderr(f"{other}: some pairs of {given.split} may have been in its training data, or look otherwise")
    since = time.monotonic()
    outputs = trained.translate([english for english, _ in pairs], **options)
    seconds = time.monotonic() - since
    result = corpus_scores(outputs, [russian for _, russian in pairs], given.tokenize)
    result |= {"checkpoint": str(trained.directory), "data": name, "split": given.split, "int8": given.int8}
    result |= {key: options[key] for key in ("beam", "length_penalty", "penalty")} | {"seconds": round(seconds, 2)}
    print(f"{name} {given.split}: BLEU {result['bleu']:.2f}, chrF {result['chrf']:.2f}")
    print(json.dumps(result, ensure_ascii=False))
