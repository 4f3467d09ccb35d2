"""The commands of a trained model: nmt translate, score."""

import argparse
import io
import json
import os
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from nmt import NmtError
from nmt.cli import arguments
from nmt.cli.commands import TYPED
from nmt.corpora.corpus import to_stderr
from nmt.corpora.names import unsplit_pairs
from nmt.corpora.pairs import decode, with_line_ends
from nmt.plumbing.files import write_text
from nmt.runs import Run, load


def search_options(given: argparse.Namespace) -> dict:
    beam = getattr(given, "beam", max(4, getattr(given, "n_best", 1)))
    if beam < 1 or given.batch_size < 1:
        raise NmtError(f"--beam and --batch-size must be at least 1, not {beam} and {given.batch_size}")
    if not 0 <= given.length_penalty <= 10:
        raise NmtError(f"--length-penalty must be at least 0 and at most 10, not {given.length_penalty}")
    return {"beam": beam, "length_penalty": given.length_penalty, "batch_size": given.batch_size}


def translate_command(given: argparse.Namespace) -> None:
    options = search_options(given) | {"n_best": given.n_best, "max_length": given.max_length}
    if given.sentences and given.input:
        raise NmtError("SENTENCE and --input: give one of them")
    if given.output and Path(given.output).exists() and not Path(given.output).is_file():
        raise NmtError(f"--output {given.output}: what is there is no plain file; name another place")
    if given.output and not Path(given.output).resolve().parent.is_dir():
        raise NmtError(f"--output {given.output}: its folder does not exist; make it first")
    if given.input and (not Path(given.input).exists() or Path(given.input).is_dir()):
        raise NmtError(f"--input {given.input}: there is no such file")
    device, typing = arguments.device_of(given), not (given.sentences or given.input) and sys.stdin.isatty()
    said, unread = getattr(given, "checkpoint", ""), []
    lines = lines_to_translate(given, typing, unread)
    if typing or not said:
        to_stderr(f"loading {said or f'{TYPED}; --checkpoint names another model'}")
    trained = load(said or TYPED, device)
    # A program that talks to us line by line asks for batches of 1: if we read ahead, both would wait.
    answering = typing or given.sentences or given.batch_size == 1
    out, done, doubtful = io.StringIO() if given.output else sys.stdout, 0, {}  # reason -> lines
    while chunk := list(islice(lines, 1 if answering else 8 * given.batch_size)):
        for found in trained.n_best(chunk, **options):
            texts = [f"{sum(p.score for p in one.hypotheses):.3f}\t" * given.scores + one.text for one in found]
            texts += [""] * (given.n_best - len(found))  # always so many lines
            print(*texts, sep="\n", file=out, flush=answering)
            done, doubt = done + 1, found[0].doubt
            if doubt and answering:
                to_stderr(f"not sure: {doubt}")
            if doubt:
                doubtful.setdefault(doubt, []).append(done)
    if given.output:
        write_text(Path(given.output).resolve(), out.getvalue())  # where it is a link, that stays one
        to_stderr(f"{given.output}: {done:,} lines translated")
    if doubtful and not answering:
        to_stderr(f"the model is not sure of {sum(map(len, doubtful.values())):,} of {done:,} translations")
        for doubt, at in list(doubtful.items())[:5]:
            named = ", ".join(map(str, at[:20])) + ", …" * (len(at) > 20)
            to_stderr(f"  line{'s' * (len(at) > 1)} {named}: {doubt}")
        if more := sum(map(len, list(doubtful.values())[5:])):
            to_stderr(f"  and {more:,} more")
    if unread:
        raise NmtError(f"{len(unread):,} of {done:,} lines could not be read; in their places stand blank lines")


def lines_to_translate(given: argparse.Namespace, typing: bool, unread: list[int]) -> Iterator[str]:
    """The sentences given, or the lines of --input or stdin. One that is no UTF-8 is told, and comes as a blank one."""
    raw, place = (typed_lines() if typing else sys.stdin.buffer), "standard input, line"
    if given.sentences:
        raw, place = map(os.fsencode, given.sentences), "SENTENCE"
    elif given.input:
        raw, place = io.BytesIO(Path(given.input).read_bytes()), f"{given.input}, line"
    for number, line in enumerate(raw if given.sentences else with_line_ends(raw), 1):
        text, fault = decode(line, number)
        if fault:
            if len(unread) < 20:  # of a file in another encoding, not each
                to_stderr(f"{place} {number}: {fault}")
            unread.append(number)
        yield text


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

    options, trained = search_options(given), load(given.checkpoint, arguments.device_of(given))
    if given.split == "all":
        name, every = unsplit_pairs([*getattr(given, "data", ()), *getattr(given, "held_out", ())], to_stderr)
        shape = str.lower if getattr(given, "lowercase", False) else str
        pairs = [(shape(en), shape(ru)) for en, ru in islice(every, given.limit)]
    else:
        above = list(trained.directory.resolve().parents)[:2]  # of RUN/checkpoints/STEP or RUN/pruned
        run = next((Run(folder) for folder in above if (folder / "config.json").is_file()), None)
        if not run and "data" not in given:
            mend = "say --data phrasebook, or name files of yours"
            raise NmtError(f"--data: which corpus? --checkpoint {given.checkpoint} has no run of its own; {mend}")
        corpus = arguments.corpus_of(given.data, given) if "data" in given else arguments.corpus_of_run(run, given)
        name, pairs = corpus.name, list(corpus.pairs(given.split, given.limit))
        if run and run.config["corpus"]["fingerprint"] != corpus.fingerprint:
            to_stderr(
                f"{run.directory} was trained on another corpus, or on this one with other options or caps: some pairs "
                f"of {given.split} may have been in its training data, or look otherwise than what it knows"
            )
    since = time.monotonic()
    outputs = trained.translate([english for english, _ in pairs], **options)
    seconds = time.monotonic() - since
    result = corpus_scores(outputs, [russian for _, russian in pairs], given.tokenize)
    result |= {"checkpoint": str(trained.directory), "data": name, "split": given.split, "beam": options["beam"]}
    result |= {"length_penalty": given.length_penalty, "seconds": round(seconds, 2)}
    print(f"{name} {given.split}: BLEU {result['bleu']:.2f}, chrF {result['chrf']:.2f}")
    print(json.dumps(result, ensure_ascii=False))
