"""The stored data behind movies: the gates of pruning and attention maps. Never weights.

    data/results/lambda/NAME/gates.jsonl    log α and P(open) of each gate over the steps, as `nmt prune` wrote them
    data/histories/NAME.npz                 arrays, uint8, float16 or int32: no others are written or read
    data/histories/NAME.json                the pieces on their axes, where they come from, the SHA-256 of the arrays

`python data/record_histories.py` writes the two histories that notebook 04 shows.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nmt import NmtError
from nmt.plumbing.files import read_json, sha256
from nmt.plumbing.places import shipped
from nmt.pruning.config import PruningConfig
from nmt.runs import Run
from nmt.transformer import TransformerConfig

LARGEST = 3_000_000  # bytes of the folder of histories: everyone who clones the course clones it
DTYPES = ("uint8", "float16", "int32")


@dataclass(frozen=True)
class Gates:
    """The gates of one kind over the stored steps of a run of `nmt prune`."""

    steps: np.ndarray  # int (N,)
    p_open: np.ndarray  # (N, L, H)
    log_alpha: np.ndarray  # (N, L, H)

    @property
    def expected(self) -> np.ndarray:  # (N,): what the penalty counts
        return self.p_open.sum((1, 2))


def gates(run: Run, kind: str = "encoder") -> Gates:
    lines = run.lines("gates.jsonl")
    if not lines or kind not in lines[0].get("p_open", {}):
        raise NmtError(f"{run.directory}: gates.jsonl holds no gates of kind {kind!r} that learn (method l0 has them)")
    p_open, log_alpha = (np.array([line[what][kind] for line in lines]) for what in ("p_open", "log_alpha"))
    return Gates(np.array([line["step"] for line in lines]), p_open, log_alpha)


def priced_runs(folder: str | Path) -> list[Run]:
    """The runs in data/results/lambda: by corpus, those with a frozen decoder first, then by λ."""

    def order(run: Run) -> tuple:
        settings = run.config["objective"]
        return run.config["card"]["name"], settings["heads"], not settings["freeze"], settings["l0_penalty_lambda"]

    return sorted((Run(path.parent) for path in sorted(Path(folder).glob("*/config.json"))), key=order)


def price(run: Run) -> float:
    """λ of a priced run on the paper's scale: what each open head costs it, in nats per target token."""
    return PruningConfig.of_record(run.config["objective"]).price(TransformerConfig(**run.config["transformer"]))


@dataclass(frozen=True)
class History:
    """Arrays of DTYPES, and what is known about them: "what" they are, where they are "from", and "sentences"."""

    arrays: dict[str, np.ndarray]
    about: dict

    def __post_init__(self) -> None:
        if wrong := {array.dtype.name for array in self.arrays.values()} - {*DTYPES}:
            raise NmtError(f"arrays of {', '.join(sorted(wrong))}; a history holds {', '.join(DTYPES)}")


def folder() -> Path:
    return shipped() / "histories"


def read(name: str, where: str | Path | None = None) -> History:
    """A history that ships, or lies in `where`. Raises NmtError for files that are missing, damaged or no history."""
    path = Path(where or folder()) / f"{name}.npz"
    about = read_json(path.with_suffix(".json"))
    if not path.is_file() or sha256(path) != about.pop("sha256", None):
        raise NmtError(f"{path}: missing, or not the file that {name}.json describes")
    try:
        with np.load(path, allow_pickle=False) as stored:
            return History(dict(stored), about)
    except (ValueError, OSError, zipfile.BadZipFile, NmtError) as error:  # ValueError: something pickled
        raise NmtError(f"{path}: not arrays of numbers ({error})") from None


def as_weights(stored: np.ndarray) -> np.ndarray:
    """Stored weights as float32 from 0 to 1; those in uint8 are 255ths, finer than a picture shows."""
    return stored.astype(np.float32) / (255 if stored.dtype == np.uint8 else 1)
