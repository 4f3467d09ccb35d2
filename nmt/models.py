"""A model directory: model.json, model.safetensors, src.bpe and trg.bpe, all that is needed to translate.

Models that ship also have words.txt.gz, the English words they were trained on, a line each: of others they warn.
Nothing in it is pickled; model.json holds the SHA-256 of the other files.
"""

import gzip
import math
import re
import zlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load_model, save_model
from torch.overrides import TorchFunctionMode

from nmt import NmtError
from nmt.bpe import BPE
from nmt.corpora.normalise import clean
from nmt.decoding import Translation, translate_n_best
from nmt.plumbing.fast.incremental import lay_out
from nmt.plumbing.fast.int8 import Int8
from nmt.plumbing.files import read_json, sha256, write_json
from nmt.plumbing.sentencepieces import vocabulary
from nmt.transformer import Transformer, TransformerConfig

SIDES = ("src", "trg")  # English, Russian: as files of vocabularies and embeddings are called
WEIGHTS, WORDS, MOST_WORDS = "model.safetensors", "words.txt.gz", 1 << 26
WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")  # letters, with apostrophes and hyphens inside


@dataclass(frozen=True)
class Trained:
    """A model with its vocabularies, as loaded from a model directory."""

    model: Transformer
    bpe: tuple[BPE, BPE]
    directory: Path
    lowercase: bool = False  # trained on lower-case text; its input is made so too
    words: Collection[str] = ()  # of the English training text, in lower case; () where no list came with the model

    def translate(self, sentences: str | list[str], **options) -> str | list[str]:
        """English -> Russian, a line each; options of `nmt.decoding.translate`. One string gives one string."""
        found = self.n_best([sentences] if isinstance(sentences, str) else sentences, **options)
        return found[0][0].text if isinstance(sentences, str) else [best.text for best, *_ in found]

    def n_best(self, lines: Sequence[str], **options) -> list[list[Translation]]:
        """The translations of each line, best first; options of `nmt.decoding.translate_n_best`."""
        found = translate_n_best(self.model, self.bpe, lines, **{"typed": True, "lowercase": self.lowercase, **options})
        new = [self.unseen(line) for line in lines]
        return [[replace(one, unseen=words) for one in ones] for ones, words in zip(found, new, strict=True)]

    def unseen(self, line: str) -> list[str]:
        """The words of a line that the model was not trained on, where a list of words came with it."""
        words = WORD.findall(clean(line.lower() if self.lowercase else line)) if self.words else ()
        return list(dict.fromkeys(word for word in words if word.lower() not in self.words))


def save_model_directory(
    directory: Path, model: Transformer, bpe: tuple[BPE, BPE], lowercase: bool = False, words: Collection[str] = ()
) -> None:
    """Write model.json, model.safetensors, src.bpe, trg.bpe, and words.txt.gz if there are words, into a folder."""
    for side, b in zip(SIDES, bpe, strict=True):
        (directory / f"{side}.bpe").write_bytes(b.content)
    save_model(lay_out(model, columns=False), str(directory / WEIGHTS))
    checksums = {f"{side}.bpe": b.sha256 for side, b in zip(SIDES, bpe, strict=True)}
    checksums[WEIGHTS] = sha256(directory / WEIGHTS)
    if words:
        (directory / WORDS).write_bytes(gzip.compress("\n".join(sorted(words)).encode(), mtime=0))
        checksums[WORDS] = sha256(directory / WORDS)
    text = {"lowercase": True} if lowercase else {}
    write_json(directory / "model.json", {"transformer": asdict(model.config), **text, "sha256": checksums})


def load_model_directory(directory: Path, device: torch.device | str = "cpu", int8: bool = False) -> Trained:
    """The model of a model directory, in evaluation mode; int8: it translates with weights so rounded, on a CPU.

    Raises NmtError where a file is missing or damaged.
    """
    description = read_json(directory / "model.json")
    try:
        sums = description["sha256"]
        bpe = tuple(vocabulary(directory / f"{side}.bpe", sums[f"{side}.bpe"]) for side in SIDES)
        config = TransformerConfig(**description["transformer"])
        if [config.src_vocab_size, config.trg_vocab_size] != [one.vocab_size for one in bpe]:
            raise TypeError("sizes of the vocabularies that are not those of src.bpe and trg.bpe")
        refuse_other_shapes(config, directory / WEIGHTS)  # before memory is taken
        with Unfilled():
            model = Transformer(config)
    except (AttributeError, KeyError, TypeError, RuntimeError, OverflowError, NmtError) as error:
        if isinstance(error, NmtError) and str(directory) in str(error):
            raise  # it names its own file
        raise NmtError(f"{directory / 'model.json'}: damaged, not a model description ({error})") from None
    load_weights(model, directory)
    model.products = Int8() if int8 else None
    words = _words(directory / WORDS, sums[WORDS]) if WORDS in sums else ()
    return Trained(lay_out(model.to(device).eval()), bpe, directory, description.get("lowercase", False), words)


def _words(path: Path, expected: str) -> Collection[str]:
    if not path.is_file() or sha256(path) != expected:
        raise NmtError(f"{path}: missing or damaged, its SHA-256 must be {expected}")
    try:
        with gzip.open(path) as file:
            words = file.read(MOST_WORDS + 1).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise NmtError(f"{path}: damaged ({error})") from None
    if len(words) > MOST_WORDS:
        raise NmtError(f"{path}: more than {MOST_WORDS:,} letters")
    return frozenset(words.split("\n"))


class Unfilled(TorchFunctionMode):
    """A model that is built within it takes memory only once a file fills it: nothing is written into its tensors."""

    def __torch_function__(self, func: Callable, types: object, args: tuple = (), kwargs: dict | None = None) -> object:
        in_place = func.__name__.endswith("_") and not func.__name__.endswith("__")  # normal_, zero_
        return None if in_place else func(*args, **kwargs or {})


def refuse_other_shapes(config: TransformerConfig, path: Path) -> None:
    """Raises NmtError where the header of a file of weights does not announce those of such a model."""
    try:
        if not path.is_file():
            raise NmtError(f"{path}: no such file")
        with safetensors.safe_open(str(path), "pt") as file:
            there = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except (OSError, safetensors.SafetensorError) as error:
        raise NmtError(f"{path}: truncated, or not a safetensors file ({error})") from None
    elements = sum(map(math.prod, there.values()))
    fits = config.num_blocks * max(config.d_ff, config.num_heads) <= max(elements, 2**22)
    if not fits or config.num_blocks > len(there) or (config.src_vocab_size, config.d_model) not in there.values():
        raise NmtError(f"{path}: its tensors do not fit the model: they are too few or too small")
    with Unfilled():
        model = Transformer(config)
    wanted = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    if wrong := [name for name in there if there[name] != wanted.get(name)]:
        raise NmtError(f"{path}: its tensors do not fit the model: {wrong[0]} is {there[wrong[0]]}")


def load_weights(model: Transformer, directory: Path) -> None:
    """Fill a model from a model directory. Raises NmtError if the file is missing, damaged or of another shape."""
    path = directory / WEIGHTS
    refuse_other_shapes(model.config, path)
    try:
        load_model(model, str(path))
    except RuntimeError as error:
        raise NmtError(f"{path}: its tensors do not fit the model: {str(error)[:300]}") from None
    sums = read_json(directory / "model.json").get("sha256")
    if not isinstance(sums, dict) or sha256(path) != sums.get(WEIGHTS):
        raise NmtError(f"{path}: damaged, its SHA-256 is not that in model.json")


def differences(old: dict, new: dict, then: str = "in the run", now: str = "now") -> str:
    """The keys in which two flat configs differ, for an error message; '' where they agree."""
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return ", ".join(f"{key} is {old.get(key)!r} {then}, {new.get(key)!r} {now}" for key in keys)
