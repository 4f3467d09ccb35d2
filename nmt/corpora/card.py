"""The data card of a corpus: what it is, from where, under which licence, and what became of its pairs."""

import re
from contextlib import suppress
from dataclasses import dataclass, field

from nmt import NmtError
from nmt.corpora.pairs import LANGUAGES

NAME = re.compile(r"(?!\.+$)[\w.-]+")  # of corpora and splits: they become names of files


@dataclass(frozen=True, kw_only=True)
class Card:
    """The order of the fields is that of card.json; what is empty by default is left out there."""

    name: str
    files: list[dict[str, str]]  # name; sha256 or md5; cap of a file that may give train only so many pairs
    split: str  # the rule by which pairs go to train, valid and test
    licence: str
    source: str
    url: str | None = None
    text: str  # its form: case, punctuation, what is left out
    options: dict[str, object] = field(default_factory=dict)  # of `prepare`: lowercase, tokens
    pairs: dict[str, int]  # of each split
    tokens: dict[str, dict[str, int]]  # words between white space, of each split and language
    bytes: dict[str, int]  # of each file
    dropped: dict[str, int]  # pairs, by reason
    train: dict[str, int] = field(default_factory=dict)  # pairs in train by file or archive, where there are several
    fingerprint: str  # SHA-256 over the SHA-256 of all files, taken when they were written

    @classmethod
    def from_json(cls, value: dict, place: object) -> "Card":
        with suppress(AttributeError, KeyError, TypeError):
            card = cls(**value)
            files = [f"{split}.{language}" for split in card.pairs for language in LANGUAGES]
            counts = [*card.pairs.values(), *card.bytes.values(), *card.dropped.values(), *card.train.values()]
            counts += [card.tokens[split][language] for split in card.pairs for language in LANGUAGES]
            texts = card.name, card.split, card.licence, card.source, card.text, card.fingerprint
            fits = all(type(count) is int and count >= 0 for count in counts) and {*map(type, texts)} == {str}
            fits = fits and isinstance(card.options, dict)
            named = fits and all(NAME.fullmatch(name) for name in (card.name, *card.pairs, *card.options))
            if named and files == [*card.bytes] and all({*map(type, one)} <= {str} for one in card.files):
                return card
        raise NmtError(f"{place}: damaged, or not the card of a prepared corpus")

    def to_json(self) -> dict:
        return {key: value for key, value in vars(self).items() if value or key not in ("url", "options", "train")}


def format_card(card: Card) -> str:
    lines = [f"{card.name}: {sum(card.pairs.values()):,} sentence pairs, English and Russian"]
    lines += [f"  {'split':<12}{'pairs':>12}" + "".join(f"{f'words {language}':>14}" for language in LANGUAGES)]
    for split, pairs in card.pairs.items():
        words = "".join(f"{card.tokens[split][language]:>14,}" for language in LANGUAGES)
        lines += [f"  {split:<12}{pairs:>12,}{words}"]
    lines += [f"  dropped: {count:,} ({reason})" for reason, count in card.dropped.items()]
    described = {key: getattr(card, key) for key in ("licence", "source", "url", "text", "split")}
    lines += [f"  {key}: {value}" for key, value in described.items() if value]
    lines += [f"  option: {name} {value}" for name, value in card.options.items()]
    lines += [f"  in train: {count:,} of {source}" for source, count in card.train.items()]
    for file in card.files:
        cap = f", at most {file['cap']} for training" if "cap" in file else ""
        lines += [f"  file: {file['name']} {key} {file[key]}{cap}" for key in ("sha256", "md5") if key in file]
    return "\n".join(lines)
