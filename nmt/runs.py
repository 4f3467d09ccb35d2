"""The run directory: everything a training run leaves behind, and the way back into it.

    config.json      model, training, corpus and BPE: what fixes the run; --resume notes what it changes
    sessions.jsonl   one line each time it was started: command, git revision, versions, device, first step
    src.bpe trg.bpe  the run's own vocabularies
    metrics.jsonl    one JSON object a line: {"step": …, "split": "train" or "valid", "loss": …, …}
    samples.jsonl    the same held-out sentences translated at each validation
    frames/          step_00000500.npz: attention of all heads on fixed sentences at each validation
    checkpoints/     step_00000500/: a model directory and the state of the training
    plots/           curves.png and attention.png, drawn at the end of the command, or by `nmt plot`
    tensorboard/     the metrics again, where it is installed; bad_batch.jsonl: pairs that made the loss not finite
    saved            empty; there is, or was, a checkpoint
    run.lock         held by the process that trains here; lock.json: which one that is, or was

and that of `nmt prune` also gates.jsonl, result.json and the new model in pruned/.

Logs grow line by line; every other file, and a checkpoint as a whole, is renamed into its place; nothing is pickled.
"""

import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shlex import quote

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from nmt import NmtError
from nmt.bpe import BPE
from nmt.corpora.card import Card
from nmt.corpora.corpus import to_stderr
from nmt.models import SIDES, Trained, load_model_directory, save_model_directory
from nmt.plumbing import files
from nmt.plumbing.places import shipped
from nmt.plumbing.sentencepieces import vocabulary
from nmt.transformer import Transformer, TransformerConfig


def refuse_taken(directory: str | Path) -> None:
    """Raises NmtError for a place that a new run cannot have: anything but an empty folder, no mount, or nothing."""
    directory = Path(directory)
    if (directory / "config.json").is_file() or any(directory.glob("keep-*/config.json")):
        raise NmtError(f"--run {directory} exists already; go on with {resuming(directory)}, or name another directory")
    free = directory.is_dir() and not any(directory.iterdir()) and not os.path.ismount(directory.resolve())
    if directory.exists() and not free:
        raise NmtError(f"--run {directory} exists already, and is not a run; name another directory")


def resuming(directory: str | Path) -> str:
    """The command that goes on with a run, or with all runs of `nmt prune --keep 24,12,6` where it is one of them."""
    directory = Path(directory)
    several = next((one for one in (directory, directory.parent) if (one / "curve.json").is_file()), None)
    pruned = several or Run(directory).config.get("objective")
    return f"nmt {'prune' if pruned else 'train'} --run {quote(str(several or directory))} --resume"


LOGS = ("metrics.jsonl", "samples.jsonl", "gates.jsonl")
TYPES = dict.fromkeys(("step", "epoch", "loss", "perplexity", "bleu", "chrf", "lr", "minutes"), (int, float))
TYPES |= dict.fromkeys(("split", "source", "reference", "translation"), str)  # of what stands in their lines
INTERIM = "interim"  # an empty file in a checkpoint that is only to resume from, written when a signal came


class Run:
    """One run directory. Open an existing one with `Run(directory)`, make a new one with `Run.create`."""

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory)
        if not (self.directory / "config.json").is_file():
            raise NmtError(f"--run {directory}: not a run directory (no config.json in it)")
        self.config = files.read_json(self.directory / "config.json")
        parts = [self.config.get(name) for name in ("training", "corpus", "bpe")]
        parts += [self.config.get(name) or {} for name in ("objective", "numerics")]
        fits = all(isinstance(part, dict) for part in parts) and isinstance(parts[1].get("data", []), list)
        texts = [self.config.get("checkpoint") or "", *parts[1].get("data", [])] if fits else []
        try:
            if {*map(type, texts)} != {str}:
                raise TypeError("a part is of another type")
            if self.config.get("transformer"):
                TransformerConfig(**self.config["transformer"])
            if "card" in self.config:
                Card.from_json(self.config["card"], "its card")
        except (AttributeError, TypeError, NmtError) as error:
            raise NmtError(f"{self.directory / 'config.json'}: damaged, or not that of a run ({error})") from None

    @classmethod
    def create(cls, directory: str | Path, config: dict, bpe: tuple[BPE, BPE]) -> "Run":
        refuse_taken(directory)
        with files.whole_directory(directory) as new:
            for side, b in zip(SIDES, bpe, strict=True):
                (new / f"{side}.bpe").write_bytes(b.content)
            for folder in ("frames", "checkpoints"):
                (new / folder).mkdir()
            files.write_json(new / "config.json", config)
        return cls(directory)

    def bpe(self) -> tuple[BPE, BPE]:
        """The run's own vocabularies, their checksums checked."""
        return tuple(vocabulary(self.directory / f"{s}.bpe", self.config["bpe"][s]) for s in SIDES)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held by the one process that trains here. Raises NmtError, naming the process, where another one holds it."""
        path = self.directory / "lock.json"
        with files.claimed(self.directory / "run.lock") as mine:
            if not mine:
                holder = {"process": "?", "host": "?"}
                with suppress(NmtError):
                    holder |= files.read_json(path)
                who = "process {process} on {host}".format_map(holder)
                raise NmtError(f"--run {self.directory}: {who} is training there; stop it, or let it finish")
            files.write_json(path, {"process": os.getpid(), "host": platform.node()})
            yield

    def append(self, name: str, *lines: dict) -> None:
        files.append_json_lines(self.directory / name, *lines)

    def lines(self, name: str = "metrics.jsonl", **equal) -> list[dict]:
        """The JSON lines of a file whose fields equal those given: `run.lines(split="valid")`."""
        lines = files.read_json_lines(self.directory / name)
        needed = ("step", "loss", "bleu") if equal.get("split") == "valid" else ("step",)
        for number, line in enumerate(lines if name in LOGS else (), 1):
            wanted = needed if line.get("split") == equal.get("split") else ("step",)
            keys = {**dict.fromkeys(wanted), **line}
            if wrong := [key for key in keys if not isinstance(line.get(key), TYPES.get(key, object))]:
                raise NmtError(f"{self.directory / name}:{number}: a damaged line, see {' and '.join(wrong)}")
        return [line for line in lines if all(line.get(key) == value for key, value in equal.items())]

    def forget_after(self, step: int, keep: int) -> None:
        """Drop what was logged after a step, because it will happen again, and what a kill left half-done."""
        for name in LOGS:
            if not (self.directory / name).is_file():
                continue
            kept = [line for line in self.lines(name) if line["step"] <= step]
            files.write_text(self.directory / name, files.json_lines(kept))
        for frame in self.directory.glob("frames/step_*.npz"):
            if int(frame.stem.removeprefix("step_")) > step:
                frame.unlink()
        for left in (*self.directory.glob("frames/.*.tmp"), *self.directory.glob("checkpoints/.*.tmp")):
            files.remove(left)
        self._drop_checkpoints(keep)

    def board(self, step: int) -> object | None:
        """A writer for TensorBoard, where it is installed; metrics.jsonl is the record."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except Exception:  # it is absent, or one of its libraries is broken: no reason not to train
            return None
        return SummaryWriter(self.directory / "tensorboard", purge_step=step)

    def save_frames(self, step: int, arrays: dict[str, np.ndarray]) -> None:
        path = self.directory / "frames" / f"step_{step:08}.npz"
        with files.whole_file(path) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(file, **arrays)

    def frames(self) -> list[tuple[int, Path]]:
        """(step, file) of each stored frame, in order; read with numpy.load(file, allow_pickle=False)."""
        return [(int(p.stem.removeprefix("step_")), p) for p in sorted(self.directory.glob("frames/step_*.npz"))]

    def checkpoint(self, step: int) -> Path:
        return self.directory / "checkpoints" / f"step_{step:08}"

    def steps(self) -> list[int]:
        """The steps of which there are checkpoints, ascending. Raises NmtError where their folder cannot be listed."""
        folder = self.directory / "checkpoints"
        try:
            names = [name.removeprefix("step_") for name in os.listdir(folder) if name.startswith("step_")]
        except FileNotFoundError:
            names = []
        except OSError as error:
            raise NmtError(f"{folder}: {error.strerror}; its owner must be able to list it (chmod u+rwx)") from None
        return sorted(int(name) for name in names if name.isdecimal())  # others were put aside by hand

    def refuse_lost_checkpoints(self) -> None:
        folder = self.directory / "checkpoints"
        if not folder.is_dir() or (self.directory / "saved").exists():
            raise NmtError(f"{folder}: the checkpoints of this run are gone; bring them back, or begin anew elsewhere")

    def last_step(self) -> int | None:
        return max(self.steps(), default=None)

    def best_step(self) -> int | None:
        """The checkpoint of the highest validation BLEU, and of the lowest loss among equals; the last one where none
        was validated."""
        steps = self.steps()
        validated = [line for line in self.lines(split="valid") if line["step"] in steps]
        return max(validated, key=lambda line: (line["bleu"], -line["loss"]))["step"] if validated else self.last_step()

    def save_checkpoint(
        self, step: int, model: Transformer, bpe: tuple[BPE, BPE], tensors: dict, state: dict, keep: int, interim=False
    ) -> None:
        """The last `keep` checkpoints and the best one stay, older ones go. An `interim` one goes with the next."""
        files.to_disk(*self.directory.glob("*.jsonl"))
        with files.whole_directory(self.checkpoint(step)) as new:
            if interim:
                (new / INTERIM).touch()
            lowercase = self.config["card"].get("options", {}).get("lowercase", False)
            save_model_directory(new, model, bpe, lowercase)
            save_file({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, new / "training.safetensors")
            files.write_json(new / "training.json", {**state, "sha256": files.sha256(new / "training.safetensors")})
        (self.directory / "saved").touch()
        self._drop_checkpoints(keep)

    def _drop_checkpoints(self, keep: int) -> None:
        steps = self.steps()
        scheduled = [step for step in steps if not (self.checkpoint(step) / INTERIM).exists()]
        for old in {*steps[:-1]} - {*scheduled[-keep:], self.best_step()}:
            gone = self.checkpoint(old).with_name(f".{old}.tmp")  # so that no half of it passes for a checkpoint
            shutil.rmtree(self.checkpoint(old).rename(gone))

    @contextmanager
    def reading_checkpoint(self, step: int) -> Iterator[tuple[dict[str, Tensor], dict]]:
        """The training's tensors and state. NmtError, of damaged files or from the block, then says how to go on."""
        directory = self.checkpoint(step)
        path = directory / "training.safetensors"
        try:
            state = files.read_json(directory / "training.json")
            if not path.is_file() or files.sha256(path) != state.get("sha256"):
                raise NmtError(f"{path}: missing or damaged")
            yield load_file(path), state
        except (NmtError, SafetensorError) as error:
            earlier = [one for one in self.steps() if one < step]
            mend = f"there is no checkpoint before {directory}: begin anew in another directory"
            mend = f"move {directory} out of the run to go on from step {earlier[-1]}" if earlier else mend
            raise NmtError(f"{error}; {mend}{_whole(directory)}") from None


def _whole(directory: Path) -> str:
    """The end of an error message: the weights of a checkpoint that cannot be resumed may be whole all the same."""
    try:
        load(directory)
    except NmtError:
        return ""
    return f". Its weights are whole: --checkpoint {quote(str(directory))} translates, or begins a new run"


def model_directory(checkpoint: str | Path) -> Path:
    """The model directory that a --checkpoint names: itself, the best checkpoint of a run, or a model that ships."""
    path, models = Path(checkpoint), shipped() / "models"
    names = sorted(p.parent.name for p in models.glob("*/model.json"))
    ours = any((path / name).is_file() for name in ("model.json", "pruned/model.json", "config.json"))
    if ours and str(checkpoint) in names:
        to_stderr(f"--checkpoint {checkpoint}: the folder of that name here, not the model that ships")
    if (path / "model.json").is_file():
        return path
    if (path / "pruned" / "model.json").is_file():  # a run of `nmt prune`
        return path / "pruned"
    if (path / "config.json").is_file():
        run = Run(path)
        if run.config.get("objective"):
            raise NmtError(f"{path}: its pruning has not ended; let it: {resuming(path)}")
        step = run.best_step()
        if step is None:
            raise NmtError(f"{path}: this run has no checkpoint yet; let it train on: {resuming(path)}")
        return run.checkpoint(step)
    if str(checkpoint) in names:
        return models / str(checkpoint)
    if several := sorted(map(str, path.glob("keep-*"))):
        raise NmtError(f"--checkpoint {checkpoint}: name one of the runs in it: {', '.join(several)}")
    ship = f"a model that ships ({', '.join(names) or 'none'})"
    raise NmtError(f"--checkpoint {checkpoint}: neither a run directory, nor one of a model (model.json), nor {ship}")


def load(checkpoint: Trained | str | Path, device: torch.device | str = "cpu", int8: bool = False) -> Trained:
    """Load a model from what `model_directory` accepts, in evaluation mode. One that is loaded comes back as it is.

    int8: it translates with weights rounded to int8, on a CPU: see `nmt.plumbing.fast.int8`.
    """
    if isinstance(checkpoint, Trained):
        return checkpoint
    directory = model_directory(checkpoint)
    try:
        return load_model_directory(directory, device, int8)
    except NmtError as error:
        if directory.parent != Path(checkpoint) / "checkpoints":  # not the best one of a run
            raise
        run = Run(checkpoint)
        others = [step for step in run.steps() if run.checkpoint(step) != directory]
        if not others:
            raise
        other = quote(str(run.checkpoint(others[-1])))
        raise NmtError(f"{error}. It is the best checkpoint of the run; take another: --checkpoint {other}") from None
