"""The two histories that notebook 04 shows: `python data/record_histories.py --checkpoint MODEL --run RUN`.

It writes data/histories/translating from a model and data/histories/training from the frames/ of a run; films.py reads
them.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from films import FOLDER, History

from nmt import NmtError
from nmt.analysis import frames
from nmt.models import WEIGHTS
from nmt.plumbing.files import sha256, whole_file, write_json
from nmt.plumbing.provenance import git_revision
from nmt.runs import Run, load
from nmt.transformer import KINDS

# One in which the owner and what is owned change places in Russian, and one that goes word for word.
SENTENCES = ("The doctor's car is new.", "The old teacher bought a new book.")


def axes_of(frame: dict[str, np.ndarray], i: int) -> dict[str, list[str]]:
    """The pieces on the axes of the maps of pair i, EOS included; row t is the step that writes target piece t."""
    return {"src": frame[f"{i}.src"].tolist(), "trg": [*frame[f"{i}.trg"].tolist()[1:], "<EOS>"]}


def translating(checkpoint: str | Path, sentences: Sequence[str] = SENTENCES) -> History:
    """The attention of all heads in a greedy translation of each sentence.

    Arrays `i.encoder` (L, H, S, S), `i.decoder` (L, H, T, T), `i.cross` (L, H, T, S), float16, of sentence i. Row t of
    the last two is the step that writes piece t. Later pieces change no earlier row, so the map of the whole
    translation holds every step on the way. Raises NmtError for a sentence whose pieces are not those of BPE.
    """
    trained, pairs = load(checkpoint), []
    for sentence in sentences:
        ((best,),) = trained.n_best([sentence], beam=1)
        texts = sentence, best.text
        source, target = (bpe.encode([text])[0] for bpe, text in zip(trained.bpe, texts, strict=True))
        if [target] != [hypothesis.ids for hypothesis in best.hypotheses]:
            raise NmtError(f"{sentence!r}: the model writes other pieces than BPE does; take another sentence")
        pairs.append(((source, target), texts))
    frame = frames(trained.model, trained.bpe, pairs)
    arrays = {f"{i}.{kind}": frame[f"{i}.{kind}"] for i in range(len(pairs)) for kind in KINDS}
    told = [{"source": s, "translation": t, **axes_of(frame, i)} for i, (_, (s, t)) in enumerate(pairs)]
    origin = {"model": Path(checkpoint).name, "sha256": sha256(trained.directory / WEIGHTS), "code": git_revision()}
    return History(arrays, {"what": "attention while a sentence is translated", "from": origin, "sentences": told})


def training(run: Run) -> History:
    """The attention of all heads on the same sentences, their references given, at each validation of a run.

    Arrays `steps` int32 (N,) and, for each sentence i, `i.encoder` (N, L, H, S, S), `i.decoder` (N, L, H, T, T) and
    `i.cross` (N, L, H, T, S), float16. Raises NmtError for a run without frames.
    """
    steps, stored = [], []
    for step, path in run.frames():
        with np.load(path, allow_pickle=False) as frame:
            steps.append(step)
            stored.append(dict(frame))
    if not stored:
        raise NmtError(f"{run.directory}: there is nothing in its frames/; a validation writes one")
    valid = {line["step"]: line for line in run.lines(split="valid")}
    samples = [run.lines("samples.jsonl", step=step) for step in steps]
    arrays, told = {"steps": np.array(steps, np.int32)}, []
    for i in range(sum(name.endswith(".cross") for name in stored[0])):
        arrays |= {f"{i}.{kind}": np.stack([frame[f"{i}.{kind}"] for frame in stored]) for kind in KINDS}
        about = {name: samples[0][i][name] for name in ("source", "reference")} | axes_of(stored[0], i)
        told.append({**about, "translations": [of_step[i]["translation"] for of_step in samples]})
    origin = {"run": run.directory.name, "corpus": run.config["card"]["name"], "seed": run.config["training"]["seed"]}
    for name, key in (("code", "git"), ("device", "device")):
        origin[name] = list(dict.fromkeys(session[key] for session in run.lines("sessions.jsonl")))
    about = {"what": "attention over the epochs of a training run", "from": origin, "sentences": told}
    return History(arrays, about | {name: [valid[step][name] for step in steps] for name in ("epoch", "loss", "bleu")})


def write(name: str, history: History, where: str | Path) -> Path:
    """Write NAME.npz and NAME.json."""
    path = Path(where) / f"{name}.npz"
    with whole_file(path) as temporary, open(temporary, "wb") as out:
        np.savez_compressed(out, **history.arrays)
    write_json(path.with_suffix(".json"), {**history.about, "sha256": sha256(path)})
    return path


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[2])
    parser.add_argument("--checkpoint", help="model whose attention is kept while it translates")
    parser.add_argument("--run", help="run whose frames/ are kept")
    parser.add_argument("--out", default=FOLDER, type=Path, help="folder (default: that of the histories that ship)")
    said = parser.parse_args(arguments)
    if said.checkpoint:
        print(write("translating", translating(said.checkpoint), said.out))
    if said.run:
        print(write("training", training(Run(said.run)), said.out))


if __name__ == "__main__":
    main()
