"""What a folder for another engine has beside weights: vocabularies, and a README.md that says how to use it."""

from pathlib import Path
from string import Template

from nmt import NmtError
from nmt.bpe import BPE
from nmt.models import SIDES, Trained
from nmt.plumbing.sentencepieces import SentencePieces

LONGEST = 1024  # pieces of a sentence at most, where positions are a table
# The lines of README.md that cut text into pieces, and join these.
CUT = {
    SentencePieces.library: """import sentencepiece

source, target = (sentencepiece.SentencePieceProcessor(model_file=f"{side}.spm") for side in ("src", "trg"))
cut, join = lambda text: source.encode(text, out_type=str), target.decode_pieces""",
    BPE.library: """import youtokentome

source, target = (youtokentome.BPE(f"{side}.bpe") for side in ("src", "trg"))
cut = lambda text: source.encode([text], output_type=youtokentome.OutputType.SUBWORD)[0]
join = lambda pieces: target.decode([[target.subword_to_id(piece) for piece in pieces]])[0]""",
}


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
    """Write README.md, of usage/FORM.md."""
    text = Template((Path(__file__).parent / "usage" / f"{form}.md").read_text(encoding="utf-8"))
    example = "the file could not be opened ." if trained.lowercase else "The file could not be opened."
    text = text.substitute(cut=CUT[trained.bpe[0].library], example=example, longest=f"{LONGEST:,}")
    (directory / "README.md").write_text(text, encoding="utf-8")
