"""The commands of a trained model: nmt translate, score."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice

from nmt import NmtError
from nmt.cli import arguments
from nmt.corpora.corpus import to_stderr
from nmt.corpora.names import unsplit_pairs
from nmt.lab.lineage import chain
from nmt.runs import load
from nmt.scoring import corpus_scores


def add(command: Callable[[str, Callable, str], argparse.ArgumentParser]) -> None:
    """Add the commands to a parser."""
    sub = command("translate", translate_command, "translate lines from stdin to stdout")
    search_flags(sub)

    text = "translate a split of a corpus and print BLEU and chrF, last as one JSON line"
    sub = command("score", score_command, text)
    search_flags(sub)
    sub.add_argument("--data", nargs="+", required=True, help=arguments.DATA_HELP)
    arguments.preparing_flags(sub)
    text = "train, valid, test or another split; all: every pair of files of your own, held out by you (default: test)"
    sub.add_argument("--split", default="test", help=text)
    sub.add_argument("--tokenize", default="13a", choices=("13a", "char", "none"), help="sacreBLEU's (default: 13a)")
    sub.add_argument("--limit", type=arguments.count, default=None, metavar="N", help="only the first N pairs")


def search_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--checkpoint", required=True, help="run directory, model directory, or name of a shipped model")
    sub.add_argument("--beam", type=int, default=4, metavar="N", help="width of the beam, 1: greedy (default: 4)")
    text = "alpha of Wu et al. 2016, eq. 14 (default: 0.6)"
    sub.add_argument("--length_penalty", type=float, default=0.6, metavar="X", help=text)
    text = "decoded together (default: 32; 1: a line is answered before the next is read)"
    sub.add_argument("--batch_size", type=int, default=32, metavar="N", help=text)
    arguments.gpus_flag(sub)


def search_options(given: argparse.Namespace) -> dict:
    if given.beam < 1 or given.batch_size < 1:
        raise NmtError(f"--beam and --batch_size must be at least 1, not {given.beam} and {given.batch_size}")
    if not given.length_penalty >= 0:
        raise NmtError(f"--length_penalty must be at least 0, not {given.length_penalty}")
    return {"beam": given.beam, "length_penalty": given.length_penalty, "batch_size": given.batch_size}


def translate_command(given: argparse.Namespace) -> None:
    options, trained = search_options(given), load(given.checkpoint, arguments.device_of(given))
    # A program that talks to us line by line asks for batches of 1: if we read ahead, both would wait.
    answering = sys.stdin.isatty() or given.batch_size == 1
    lines, at_once, done, doubtful = lines_of_stdin(), 1 if answering else 8 * given.batch_size, 0, []
    while chunk := list(islice(lines, at_once)):
        for best, *_ in trained.n_best(chunk, **options):
            print(best.text, flush=answering)
            done += 1
            if best.doubt and answering:
                to_stderr(f"not sure: {best.doubt}")
            doubtful += [done] if best.doubt else []
    if doubtful and not answering:
        named = ", ".join(map(str, doubtful[:20])) + (", …" if doubtful[20:] else "")
        to_stderr(
            f"not sure of {len(doubtful):,} of {done:,} translations (lines {named}): the text has characters that the "
            "model does not know, or the model itself finds them improbable"
        )


def lines_of_stdin() -> Iterator[str]:
    for number, line in enumerate(sys.stdin.buffer, 1):
        if b"\0" in line:
            raise NmtError(f"standard input, line {number}: a NUL byte; only UTF-8 text can be translated")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise NmtError(f"standard input, line {number}: not UTF-8 ({error.reason} at byte {error.start})") from None


def score_command(given: argparse.Namespace) -> None:
    options, trained = search_options(given), load(given.checkpoint, arguments.device_of(given))
    if given.split == "all":
        name, every = unsplit_pairs(given.data, to_stderr)
        shape = str.lower if getattr(given, "lowercase", False) else str
        pairs = [(shape(en), shape(ru)) for en, ru in islice(every, given.limit)]
    else:
        corpus = arguments.corpus_of(given.data, given)
        name, pairs = corpus.name, list(corpus.pairs(given.split, given.limit))
        run = chain(trained.directory)[-1].run
        if run and run.config["corpus"]["fingerprint"] != corpus.fingerprint:
            to_stderr(
                f"{run.directory} was trained on another corpus, or on this one with other options or caps: some pairs "
                f"of {given.split} may have been in its training data, or look otherwise than what it knows"
            )
    since = time.monotonic()
    outputs = trained.translate([english for english, _ in pairs], **options)
    seconds = time.monotonic() - since
    result = corpus_scores(outputs, [russian for _, russian in pairs], given.tokenize)
    result |= {"checkpoint": str(trained.directory), "data": name, "split": given.split, "beam": given.beam}
    result |= {"length_penalty": given.length_penalty, "seconds": round(seconds, 2)}
    print(f"{name} {given.split}: BLEU {result['bleu']:.2f}, chrF {result['chrf']:.2f}")
    print(json.dumps(result, ensure_ascii=False))
