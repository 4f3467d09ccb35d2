"""Averaging of checkpoints: a model whose weights are the mean of the last ones (Vaswani et al. 2017, section 6.1)."""

from collections import defaultdict
from pathlib import Path

import torch

from nmt import NmtError
from nmt.models import save_model_directory
from nmt.plumbing.files import whole_directory, write_json
from nmt.plumbing.provenance import description_of_session
from nmt.runs import Run, load


def average_last(run: Run, last: int, out: str | Path) -> Path:
    """Write the model directory `out`, whose weights are the mean of those of the last checkpoints, taken in float64.

    average.json in it says of which, and by which command.
    """
    steps, kept = run.steps(), run.config["training"]["keep_checkpoints"]
    if last < 1:
        raise NmtError(f"--last must be at least 1, not {last}")
    if last > min(len(steps), kept):  # one more may be there, the best, but not one of the last
        there = f"{run.directory} keeps its last {min(len(steps), kept)} checkpoints"
        raise NmtError(f"--last {last}: {there}; train with --keep_checkpoints {last}")
    checkpoints, sums = [run.checkpoint(step) for step in steps[-last:]], defaultdict(float)
    for checkpoint in checkpoints:
        trained = load(checkpoint)
        for name, value in trained.model.state_dict().items():
            sums[name] = sums[name] + value.double()
    trained.model.load_state_dict({name: total / last for name, total in sums.items()})
    with whole_directory(out, "--out") as new:
        save_model_directory(new, trained.model, trained.bpe, trained.lowercase)
        session = description_of_session(torch.device("cpu"), 0)
        of = [str(checkpoint.resolve()) for checkpoint in checkpoints]
        write_json(new / "average.json", {"of": of, **{key: session[key] for key in ("time", "command", "git")}})
    return Path(out)
