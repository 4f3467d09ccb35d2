"""SentencePiece behind the interface of BPE, as Marian's models need it: one file holds all of a side.

Marian cuts text with SentencePiece, a model for each side, and numbers the pieces with vocab.json, which both share.
Our file has both as they were found: MARK, the length of vocab.json, a line end, vocab.json, SentencePiece's model.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from nmt import BOS, EOS, PAD, UNK, NmtError
from nmt.bpe import BPE, checked
from nmt.plumbing.files import read_small

MARK = b"nmt-sentencepiece "
SPECIALS = {"<pad>": PAD, "<unk>": UNK, "</s>": EOS}  # how vocab.json calls them; Marian has no piece like BOS


def needs(package: str, extra: str) -> None:
    """Raises NmtError where an optional package is not installed."""
    if find_spec(package) is None:
        raise NmtError(f"this needs {package}, which is not installed: pip install {package} (the extra {extra!r})")


def vocabulary(path: str | Path, sha256: str | None = None) -> BPE:
    """The vocabulary of a file of ours, whichever library it is for. Raises NmtError as `BPE.load` does."""
    with suppress(OSError), open(path, "rb") as file:
        if file.read(len(MARK)) == MARK:
            needs("sentencepiece", "marian")
            return SentencePieces.load(path, sha256)
    return BPE.load(path, sha256)


class SentencePieces(BPE):
    """A side of Marian's vocabulary. The ids are ours: PAD, UNK, BOS, EOS, then the other pieces in Marian's order."""

    library = "SentencePiece"

    def __init__(self, path: Path, content: bytes):
        import sentencepiece

        self.path, self.content = path, content
        self.sha256 = hashlib.sha256(content).hexdigest()
        length, _, rest = content.removeprefix(MARK).partition(b"\n")
        self.vocab_json, self.spm = rest[: int(length)], rest[int(length) :]
        theirs = json.loads(self.vocab_json)
        if not isinstance(theirs, dict) or not SPECIALS.keys() <= theirs.keys():
            raise ValueError(f"vocab.json must number pieces, {', '.join(SPECIALS)} among them")
        if sorted(map(repr, theirs.values())) != sorted(map(repr, range(len(theirs)))):
            raise ValueError(f"vocab.json must number its {len(theirs)} pieces from 0 on, each once")
        others = sorted(theirs.keys() - SPECIALS, key=theirs.get)
        self.names = ["<PAD>", "<UNK>", "<BOS>", "<EOS>", *others]  # by our ids
        pad, unk, eos = (theirs[name] for name in SPECIALS)
        self.theirs = [pad, unk, pad, eos, *map(theirs.get, others)]  # our id -> Marian's; it begins with the padding's
        self.vocab_size = len(self.names)
        # No text can hold what is not among the others: it cannot say that a sentence ends.
        self._ids = {name: number for number, name in enumerate(others, len(self.names) - len(others))}
        self.characters, self.rules = dict.fromkeys("".join(others)), {}
        try:
            self._model = sentencepiece.SentencePieceProcessor(model_proto=self.spm)
            self._model.encode([""], out_type=str)  # an empty file is told only here
        except RuntimeError as error:
            raise ValueError(f"SentencePiece cannot read it: {error}") from None

    @classmethod
    def of_marian(cls, vocab: Path, spm: Path) -> "SentencePieces":
        """Of vocab.json and source.spm or target.spm. Raises NmtError where they cannot be read."""
        needs("sentencepiece", "marian")
        text, model = read_small(vocab), read_small(spm)
        try:
            return cls(spm, MARK + b"%d\n" % len(text) + text + model)
        except ValueError as error:
            raise NmtError(f"{spm}, {vocab.name}: not a vocabulary of Marian's ({error}); fetch them anew") from None

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        rows = self._model.encode(checked(texts), out_type=str)
        return [[self._ids.get(piece, UNK) for piece in row] for row in rows]

    def decode(self, ids: Iterable) -> list[str]:
        rows = [[int(i) for i in row] for row in (ids.tolist() if hasattr(ids, "tolist") else ids)]
        if wrong := [i for row in rows for i in row if not 0 <= i < self.vocab_size]:
            raise NmtError(f"{self.path}: no piece has the id {wrong[0]}")
        pieces = [[self.names[i] for i in row if i not in (PAD, BOS, EOS)] for row in rows]
        return [self._model.decode_pieces(row).replace("▁", " ").strip() for row in pieces]

    def pieces(self, text: str) -> list[str]:
        return self._model.encode(checked([text]), out_type=str)[0]

    def merge_steps(self, word: str) -> list[list[str]]:
        raise NmtError(f"{self.path}: these pieces need not come from merges; take a BPE model of ours")

    def unknown(self, text: str) -> list[str]:
        """As BPE's; a character that SentencePiece writes otherwise, as … for three dots, is known where those are."""
        return [c for c in super().unknown(text) if UNK in self.encode([c])[0]]
