"""The data card of a corpus: what it is, from where, under which licence, and what became of its pairs."""

from dataclasses import dataclass, field

from nmt import NmtError
from nmt.corpora.pairs import LANGUAGES


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
        """Raises NmtError, naming `place`, where the object is no card."""
        try:
            return cls(**value)
        except TypeError:
            raise NmtError(f"{place}: damaged, or not the card of a prepared corpus") from None

    def to_json(self) -> dict:
        return {key: value for key, value in vars(self).items() if value or key not in ("url", "options", "train")}


def format_card(card: Card) -> str:
    """The card for people, as text of several lines."""
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
