"""Byte-pair encoding: train, load with checks, encode and decode with youtokentome, show the merges of a word.

Sennrich et al. 2016: start from characters, join the most frequent pair of neighbours, again and again.
"▁" marks the beginning of a word; the text is cut at white space first, so no piece crosses it.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import islice, pairwise
from pathlib import Path

import youtokentome

from nmt import BOS, EOS, PAD, NmtError
from nmt.corpora.corpus import Corpus, to_stderr
from nmt.plumbing import files, merges
from nmt.plumbing.merges import SPECIAL
from nmt.plumbing.places import cache_root

DEFAULT_SIZE = 10_000
SAMPLE = 200_000  # lines learnt from at most, evenly spread: about a minute for 10,000 pieces on one core


class BPE:
    """A trained model, loaded from a file, whose `content` it keeps: BPE.load(path, sha256). It cannot be pickled."""

    library = "youtokentome"

    def __init__(self, path: Path, content: bytes):
        self.path, self.content = path, content
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.characters, self.rules = merges.parse(content.decode("ascii"))
        self._model = youtokentome.BPE(str(path))
        self.names: list[str] = self._model.vocab()  # of the pieces, by their ids
        self.vocab_size = len(self.names)

    @classmethod
    def load(cls, path: str | Path, sha256: str | None = None) -> "BPE":
        """Raises NmtError for a missing file, one of another SHA-256 than the one given, or a damaged one."""
        path = Path(path)
        content = files.read_small(path)
        found = hashlib.sha256(content).hexdigest()
        if sha256 and found != sha256:
            raise NmtError(f"{path}: BPE model with SHA-256 {found}, expected {sha256}: another or a damaged file")
        try:
            return cls(path, content)
        except ValueError as error:
            raise NmtError(f"{path}: not a whole {cls.library} model ({error})") from None

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text, without BOS and EOS. White space, line ends and ▁ too, only separates words; "" gives [].

        Each run of characters that are not in the vocabulary gives one UNK. Text is taken as it is: pass it through
        `corpora.normalise.clean` first, as the training text was. Raises NmtError for what is not encodable as UTF-8.
        """
        return self._model.encode(checked(texts), output_type=youtokentome.OutputType.ID)

    def decode(self, ids: Iterable) -> list[str]:
        """Texts of rows of ids (lists, arrays or tensors); PAD, BOS and EOS are left out, UNK reads <UNK>."""
        rows = [[int(i) for i in row] for row in (ids.tolist() if hasattr(ids, "tolist") else ids)]
        try:
            return self._model.decode(rows, ignore_ids=[PAD, BOS, EOS])
        except ValueError as error:
            raise NmtError(f"{self.path}: {error}") from None

    def pieces(self, text: str) -> list[str]:
        """The subwords of a text as strings; those that encode() makes UNK stand as they are."""
        return self._model.encode(checked([text]), output_type=youtokentome.OutputType.SUBWORD)[0]

    def merge_steps(self, word: str) -> list[list[str]]:
        """From characters to pieces, one merge a step: the earliest learnt rule that fits, leftmost first.

        The last step is pieces(word). Raises NmtError for what is not one word of known characters.
        """
        words = word.replace("▁", " ").split()  # the library takes ▁ in a text for a space
        if len(words) != 1 or self.unknown(word):
            raise NmtError(f"merge_steps takes one word of known characters, got {word!r}")
        pieces = ["▁", *words[0]]
        ids = [self.characters[character] for character in pieces]
        steps = [list(pieces)]
        while fitting := [(self.rules[pair], i) for i, pair in enumerate(pairwise(ids)) if pair in self.rules]:
            merged, i = min(fitting)
            ids[i : i + 2] = [merged]
            pieces[i : i + 2] = [pieces[i] + pieces[i + 1]]
            steps.append(list(pieces))
        return steps

    def unknown(self, text: str) -> list[str]:
        """The characters of the text that are not in the vocabulary, each once, in the order of the text."""
        return [c for c in dict.fromkeys(text) if c not in self.characters and not c.isspace()]


def checked(texts: Sequence[str]) -> list[str]:
    if isinstance(texts, str):
        raise TypeError("a list of texts is expected, not one text")
    texts = list(texts)
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError as error:  # a surrogate: what Python makes of bytes that are not UTF-8
            raise NmtError(f"text that is not valid Unicode at character {error.start + 1}: {text!r}") from None
    return texts


def train(
    corpus: Corpus,
    side: str,
    vocab_size: int | None = None,
    root: str | Path | None = None,
    log: Callable[[str], None] = to_stderr,
) -> BPE:
    """The BPE model of one side of the training split; it is trained once, and then found in the cache under root.

    vocab_size counts the special ids. None means DEFAULT_SIZE, or as many as the corpus supports, which the log says.
    Raises NmtError, with the largest possible size, for one that the corpus does not support.
    """
    # Earlier versions left the order of equal counts to chance: whoever keeps ids keeps the file, too.
    size = vocab_size or DEFAULT_SIZE
    key = {"corpus": corpus.fingerprint, "side": side, "size": size, "order": "count, text"}
    key |= {"sample": SAMPLE} if corpus.card.pairs["train"] > SAMPLE else {}
    name = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
    directory = Path(root or cache_root()) / "bpe" / f"{corpus.name}-{side}-{name}"
    model, about = directory / "bpe.model", directory / "bpe.json"
    if not directory.is_dir():
        with files.caching_in(directory), files.whole_directory(directory) as new:
            lines = islice(corpus.lines("train", side), 0, None, -(-corpus.card.pairs["train"] // SAMPLE))
            _learn(lines, new / model.name, size)
            files.write_json(new / about.name, key | {"sha256": files.sha256(new / model.name)})
    bpe = BPE.load(model, files.read_json(about).get("sha256"))
    if bpe.vocab_size < size:
        fact = f"{corpus.name}.{side} supports a BPE vocabulary of at most {bpe.vocab_size:,}"
        if vocab_size:
            raise NmtError(f"{fact}, {size:,} asked for")
        log(f"{fact}: taken in place of the default {size:,}")
    return bpe


def _learn(lines: Iterable[str], model: Path, size: int) -> None:
    """Learn the merges of a text, as many as give a vocabulary of so many pieces or as it supports, and write them."""
    words = Counter(f"▁{word}" for line in lines for word in line.replace("▁", " ").split())
    rows = merges.learn(words, size)
    if rows[0][0] + SPECIAL > size:
        fact = f"the text has {rows[0][0]} characters, with the special ids {rows[0][0] + SPECIAL} pieces"
        raise NmtError(f"BPE training failed: a vocabulary of {size} is too small; {fact}")
    model.write_text("".join(" ".join(map(str, row)) + "\n" for row in rows), encoding="ascii")
