"""Averaging of checkpoints: a model whose weights are the mean of the last ones (Vaswani et al. 2017, section 6.1)."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from nmt import NmtError
from nmt.config import flag
from nmt.models import differences, save_model_directory
from nmt.plumbing.files import whole_directory, write_json
from nmt.plumbing.provenance import description_of_session
from nmt.runs import Run, load, model_directory


def average(checkpoints: Sequence[str | Path], out: str | Path) -> Path:
    """Write the model directory `out`, whose weights are the mean of those of `checkpoints`, taken in float64.

    average.json in it says of which, and by which command.
    """
    if Path(out).exists():
        raise NmtError(f"--out {out} exists already; name another directory")
    first = load(checkpoints[0])
    sums = {name: value.double() for name, value in first.model.state_dict().items()}
    for checkpoint in checkpoints[1:]:
        other = load(checkpoint)
        shapes = ({flag(k): v for k, v in asdict(one.model.config).items()} for one in (first, other))
        problem = differences(*shapes, f"in {first.directory}", f"in {other.directory}")
        if not problem and [b.sha256 for b in first.bpe] != [b.sha256 for b in other.bpe]:
            problem = f"the vocabularies of {first.directory} are not those of {other.directory}"
        if problem:
            raise NmtError(f"only checkpoints of one shape and vocabulary have a mean: {problem}")
        for name, value in other.model.state_dict().items():
            sums[name] += value.double()
    first.model.load_state_dict({name: value / len(checkpoints) for name, value in sums.items()})
    with whole_directory(out) as new:
        save_model_directory(new, first.model, first.bpe, first.lowercase)
        session = description_of_session(torch.device("cpu"), 0)
        of = [str(model_directory(checkpoint).resolve()) for checkpoint in checkpoints]
        write_json(new / "average.json", {"of": of, **{key: session[key] for key in ("time", "command", "git")}})
    return Path(out)


def average_last(run: Run, last: int, out: str | Path) -> Path:
    steps, kept = run.steps(), run.config["training"]["keep_checkpoints"]
    if last < 1:
        raise NmtError(f"--last must be at least 1, not {last}")
    if last > min(len(steps), kept):  # one more may be there, the best, but not one of the last
        there = f"{run.directory} keeps its last {min(len(steps), kept)} checkpoints"
        raise NmtError(f"--last {last}: {there}; train with --keep_checkpoints {last}")
    return average([run.checkpoint(step) for step in steps[-last:]], out)
