"""The stored data behind movies: the gates of pruning and attention maps. Never weights.

    data/results/lambda/NAME/gates.jsonl    log α and P(open) of each gate over the steps, as `nmt prune` wrote them
    data/histories/NAME.npz                 arrays, uint8, float16 or int32: no others are written or read
    data/histories/NAME.json                the pieces on their axes, where they come from, the SHA-256 of the arrays

`python -m nmt.show.histories --checkpoint MODEL --run RUN` writes the two histories that notebook 04 shows:
`translating` from a model, `training` from the frames/ of a run.
"""

import argparse
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nmt import NmtError
from nmt.analysis import attention_maps
from nmt.decoding import translate_n_best
from nmt.models import WEIGHTS
from nmt.plumbing.files import read_json, sha256, whole_file, write_json
from nmt.plumbing.places import shipped
from nmt.plumbing.provenance import git_revision
from nmt.runs import Run, load
from nmt.transformer import KINDS

LARGEST = 3_000_000  # bytes of a folder of histories: everyone who clones the course clones it
DTYPES = ("uint8", "float16", "int32")
# The first of the phrasebook's validation pairs, which the frames of runs show too: in Russian the owner and what is
# owned change places. And a sentence of our own, word for word.
SENTENCES = ("The doctor's bed is expensive.", "The old teacher bought a new house.")


@dataclass(frozen=True)
class Gates:
    """The gates of one kind over the stored steps of a run of `nmt prune`."""

    steps: np.ndarray  # int (N,)
    p_open: np.ndarray  # (N, L, H)
    log_alpha: np.ndarray  # (N, L, H)

    @property
    def expected(self) -> np.ndarray:
        """How many gates are open in the mean, (N,): what the penalty counts."""
        return self.p_open.sum((1, 2))


def gates(run: Run, kind: str = "encoder") -> Gates:
    """From gates.jsonl. Raises NmtError where the run has none, or not of this kind."""
    lines = run.lines("gates.jsonl")
    if not lines or kind not in lines[0].get("p_open", {}):
        raise NmtError(
            f"{run.directory}: its gates.jsonl holds no gates of kind {kind!r} that learn (method l0 has them)"
        )
    p_open, log_alpha = (np.array([line[what][kind] for line in lines]) for what in ("p_open", "log_alpha"))
    return Gates(np.array([line["step"] for line in lines]), p_open, log_alpha)


@dataclass(frozen=True)
class History:
    """Arrays and what is known about them: at least "what" they are and where they are "from"."""

    arrays: dict[str, np.ndarray]
    about: dict


def folder() -> Path:
    """The folder of the histories that ship."""
    return shipped() / "histories"


def write(name: str, history: History, where: str | Path) -> Path:
    """Write NAME.npz and NAME.json.

    Raises NmtError for arrays of another type, without provenance, or where the folder would grow over LARGEST.
    """
    path = Path(where) / f"{name}.npz"
    for key, array in history.arrays.items():
        if array.dtype.name not in DTYPES:
            raise NmtError(f"history {name}: {key} is {array.dtype}; a history holds {', '.join(DTYPES)}")
    if missing := {"what", "from"} - history.about.keys():
        raise NmtError(f"history {name}: it must say {' and '.join(sorted(missing))}")
    packed = io.BytesIO()
    np.savez_compressed(packed, **history.arrays)
    size = packed.tell() + sum(other.stat().st_size for other in path.parent.glob("*.*") if other.stem != name)
    if size > LARGEST:
        raise NmtError(f"{where}: with {name} it would be {size:,} bytes, at most {LARGEST:,}")
    with whole_file(path) as temporary:
        temporary.write_bytes(packed.getvalue())
    write_json(path.with_suffix(".json"), {**history.about, "sha256": sha256(path)})
    return path


def read(name: str, where: str | Path | None = None) -> History:
    """What `write` wrote. Raises NmtError for a file that is missing or damaged, or that holds something else."""
    path = Path(where or folder()) / f"{name}.npz"
    about = read_json(path.with_suffix(".json"))
    if not path.is_file() or sha256(path) != about.pop("sha256", None):
        raise NmtError(f"{path}: missing, or not the file that {name}.json describes")
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = dict(stored)
    except (ValueError, OSError, zipfile.BadZipFile) as error:  # ValueError: something pickled
        raise NmtError(f"{path}: not arrays of numbers ({error})") from None
    if wrong := {array.dtype.name for array in arrays.values()} - set(DTYPES):
        raise NmtError(f"{path}: {', '.join(sorted(wrong))}; a history holds {', '.join(DTYPES)}")
    return History(arrays, about)


def as_bytes(weights: np.ndarray) -> np.ndarray:
    """Weights from 0 to 1 as uint8: a 255th is finer than a picture shows."""
    return np.rint(np.asarray(weights, np.float32) * 255).astype(np.uint8)


def as_weights(stored: np.ndarray) -> np.ndarray:
    """What `as_bytes` stored, or float16, as float32 from 0 to 1."""
    return stored.astype(np.float32) / (255 if stored.dtype == np.uint8 else 1)


def translating(checkpoint: str | Path, sentences: Sequence[str] = SENTENCES) -> History:
    """The attention of all heads in a greedy translation of each sentence.

    Arrays `i.encoder` (L, H, S, S), `i.decoder` (L, H, T, T), `i.cross` (L, H, T, S), float16, of sentence i. Row t of
    the last two is the step that writes piece t. Later pieces change no earlier row, so the map of the whole
    translation holds every step on the way. Raises NmtError for a sentence whose pieces are not those of BPE.
    """
    trained = load(checkpoint)
    found = translate_n_best(trained.model, trained.bpe, sentences, beam=1)
    arrays, told = {}, []
    for i, (sentence, (best, *_)) in enumerate(zip(sentences, found, strict=True)):
        (hypothesis,) = best.hypotheses
        (maps,) = attention_maps(trained.model, trained.bpe[0].encode([sentence]), [hypothesis.ids])
        arrays |= {f"{i}.{kind}": maps[kind].half().numpy() for kind in KINDS}
        src, trg = ([*bpe.pieces(text), "<EOS>"] for bpe, text in zip(trained.bpe, (sentence, best.text), strict=True))
        if arrays[f"{i}.cross"].shape[2:] != (len(trg), len(src)):
            raise NmtError(
                f"{sentence!r}: its pieces are not those that the model read and wrote; take another sentence"
            )
        told.append({"source": sentence, "translation": best.text, "src": src, "trg": trg})
    origin = {"model": Path(checkpoint).name, "sha256": sha256(trained.directory / WEIGHTS), "code": git_revision()}
    return History(arrays, {"what": "attention while a sentence is translated", "from": origin, "sentences": told})


def training(run: Run) -> History:
    """The attention of all heads on the same sentences, their references given, at each validation of a run.

    Arrays `steps` int32 (N,) and, for each sentence i, `i.encoder` (N, L, H, S, S), `i.decoder` (N, L, H, T, T) and
    `i.cross` (N, L, H, T, S), uint8. Raises NmtError for a run without frames.
    """
    steps, frames = [], []
    for step, path in run.frames():
        with np.load(path, allow_pickle=False) as frame:
            steps.append(step)
            frames.append(dict(frame))
    if not frames:
        raise NmtError(f"{run.directory}: there is nothing in its frames/; a validation writes one")
    valid = {line["step"]: line for line in run.lines(split="valid")}
    samples = [run.lines("samples.jsonl", step=step) for step in steps]
    arrays, told = {"steps": np.array(steps, np.int32)}, []
    for i in range(sum(name.endswith(".cross") for name in frames[0])):
        arrays |= {f"{i}.{kind}": as_bytes(np.stack([frame[f"{i}.{kind}"] for frame in frames])) for kind in KINDS}
        about = {name: samples[0][i][name] for name in ("source", "reference")}
        about["src"] = frames[0][f"{i}.src"].tolist()
        about["trg"] = [*frames[0][f"{i}.trg"].tolist()[1:], "<EOS>"]  # row t is the step that writes piece t
        about["translations"] = [of_step[i]["translation"] for of_step in samples]
        told.append(about)
    sessions = run.lines("sessions.jsonl")
    origin = {"run": run.directory.name, "corpus": run.config["card"]["name"], "seed": run.config["training"]["seed"]}
    origin["code"] = list(dict.fromkeys(session["git"] for session in sessions))
    origin["device"] = list(dict.fromkeys(session["device"] for session in sessions))
    about = {"what": "attention over the epochs of a training run", "from": origin}
    about |= {name: [valid[step][name] for step in steps] for name in ("epoch", "loss", "bleu")}
    return History(arrays, about | {"sentences": told})


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m nmt.show.histories", description=__doc__.split("\n")[0])
    parser.add_argument("--checkpoint", help="model whose attention is kept while it translates")
    parser.add_argument("--sentence", action="append", help="English sentence to translate; may be given several times")
    parser.add_argument("--run", help="run whose frames/ are kept")
    parser.add_argument("--out", default=folder(), type=Path, help="folder (default: that of the histories that ship)")
    said = parser.parse_args(arguments)
    if said.checkpoint:
        print(write("translating", translating(said.checkpoint, said.sentence or SENTENCES), said.out))
    if said.run:
        print(write("training", training(Run(said.run)), said.out))


if __name__ == "__main__":
    main()
