"""What people type: `python data/models/everyday.py MODEL [FILE…]` counts what a model gets right and lists the rest.

A FILE is a list of sentences with the translations that are accepted, English TAB Russian TAB further Russian …; lines
that begin with # are comments. Without FILE: everyday.tsv, phrases.tsv and typed.tsv beside this script.
"""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from nmt import NmtError
from nmt.corpora.normalise import sameness_key
from nmt.corpora.pairs import read_lines
from nmt.models import Trained
from nmt.runs import load

LISTS = "everyday.tsv", "phrases.tsv", "typed.tsv"


def letters(text: str) -> str:
    """What decides whether two translations are the same: letters and digits, without case, ё written as е."""
    return sameness_key(text).replace(" ", "").replace("ё", "е")


def load_list(path: str | Path) -> list[tuple[str, list[str]]]:
    """Each English sentence of a list with its accepted translations, at least one, the most natural one first.

    Raises NmtError, naming file and line, for a line without a translation, a cell without a letter or digit, or a
    sentence that stands twice.
    """
    found, first = [], {}
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip() or line.startswith("#"):
            continue
        english, *accepted = line.split("\t")
        if not accepted or not all(map(letters, [english, *accepted])):
            raise NmtError(f"{path}:{number}: expected English TAB Russian TAB further Russian …, with no cell blank")
        if first.setdefault(letters(english), number) != number:
            raise NmtError(f"{path}:{number}: {english!r} stands in line {first[letters(english)]} already")
        found.append((english, accepted))
    return found


def report(trained: Trained, path: str | Path) -> str:
    """One line with the counts, then each miss: English | translation | first accepted, and "doubted" where it was.

    Sentences are decoded as `nmt translate` does by default. A translation is right if it equals an accepted one, see
    `letters`. Raises NmtError as `load_list` does.
    """
    rows, misses, doubted = load_list(path), [], {True: 0, False: 0}  # right -> how many of them the model doubts
    for (english, accepted), (best, *_) in zip(rows, trained.n_best([row[0] for row in rows]), strict=True):
        right = letters(best.text) in map(letters, accepted)
        doubted[right] += bool(best.doubt)
        misses += [] if right else [f"  {english} | {best.text} | {accepted[0]}{' | doubted' * bool(best.doubt)}"]
    count = f"{path}: {len(rows) - len(misses)} of {len(rows)} right, {doubted[True]} of these doubted"
    return "\n".join([f"{count}; of the {len(misses)} others {doubted[False]}", *misses])


if __name__ == "__main__":
    flags = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    flags.add_argument("model")
    flags.add_argument("files", nargs="*", default=[Path(__file__).with_name(name) for name in LISTS])
    given = flags.parse_args()
    try:
        trained = load(given.model)
        for path in given.files:
            print(report(trained, path))
    except NmtError as error:
        raise SystemExit(f"everyday: error: {error}") from None
