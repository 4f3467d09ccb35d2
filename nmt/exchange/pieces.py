"""What a folder for another engine has beside weights: vocabularies, and a README.md that says how to use it."""

from pathlib import Path
from string import Template

from nmt import NmtError
from nmt.models import SIDES, Trained
from nmt.plumbing.sentencepieces import SentencePieces

LONGEST = 1024  # pieces of a sentence at most, where positions are a table


def write_pieces(trained: Trained, directory: Path) -> list[list[str]]:
    """Write the vocabularies. Returns the names of the pieces of either side, by their ids.

    Raises NmtError where two are spelt alike.
    """
    form = "spm" if isinstance(trained.bpe[0], SentencePieces) else "bpe"
    for side, pieces in zip(SIDES, trained.bpe, strict=True):
        if len({*pieces.names}) < pieces.vocab_size:
            raise NmtError(f"{pieces.path}: two pieces are spelt alike, and another engine could not tell them apart")
        (directory / f"{side}.{form}").write_bytes(pieces.spm if form == "spm" else pieces.content)
    return [pieces.names for pieces in trained.bpe]


def write_readme(trained: Trained, form: str, directory: Path) -> None:
    """Write README.md, of usage/FORM.md and the lines that cut text into pieces of such a library, and join these."""
    usage = Path(__file__).parent / "usage"
    cut = (usage / f"{trained.bpe[0].library}.txt").read_text(encoding="utf-8").strip()
    example = "the file could not be opened ." if trained.lowercase else "The file could not be opened."
    text = Template((usage / f"{form}.md").read_text(encoding="utf-8"))
    text = text.substitute(cut=cut, example=example, longest=f"{LONGEST:,}")
    (directory / "README.md").write_text(text, encoding="utf-8")
