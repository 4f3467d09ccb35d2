"""How a folder for another engine cuts text into pieces: files of the vocabularies, and the lines that read them."""

from pathlib import Path

import youtokentome

from nmt import NmtError
from nmt.models import SIDES, Trained
from nmt.plumbing.sentencepieces import SentencePieces

LONGEST = 1024  # pieces of a sentence at most, where positions are a table
CUT = {
    "spm": """import sentencepiece

source, target = (sentencepiece.SentencePieceProcessor(model_file=f"{side}.spm") for side in ("src", "trg"))
cut, join = lambda text: source.encode(text, out_type=str), target.decode_pieces""",
    "bpe": """import youtokentome

source, target = (youtokentome.BPE(f"{side}.bpe") for side in ("src", "trg"))
cut = lambda text: source.encode([text], output_type=youtokentome.OutputType.SUBWORD)[0]
join = lambda pieces: target.decode([[target.subword_to_id(piece) for piece in pieces]])[0]""",
}


def write_pieces(trained: Trained, directory: Path, usage: str) -> list[list[str]]:
    """Write the vocabularies, and README.md of `usage`, with places for the lines of CUT, a sentence and LONGEST.

    Returns the names of the pieces of either side, by their ids. Raises NmtError where two are spelt alike.
    """
    form, names = "spm" if isinstance(trained.bpe[0], SentencePieces) else "bpe", []
    for side, pieces in zip(SIDES, trained.bpe, strict=True):
        names.append(pieces.names if form == "spm" else youtokentome.BPE(str(pieces.path)).vocab())
        if len({*names[-1]}) < len(names[-1]):
            raise NmtError(f"{pieces.path}: two pieces are spelt alike, and another engine could not tell them apart")
        (directory / f"{side}.{form}").write_bytes(pieces.spm if form == "spm" else pieces.path.read_bytes())
    example = "the file could not be opened ." if trained.lowercase else "The file could not be opened."
    (directory / "README.md").write_text(usage.format(CUT[form], example, LONGEST), encoding="utf-8")
    return names
