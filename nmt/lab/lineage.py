"""The lineage of a model: the runs that led to it, from the first to the last, told from their own records.

A run that began with the weights of another model (`nmt train --checkpoint`, `nmt prune`) names that model in its
config.json; a mean of checkpoints (`nmt average`) names the checkpoints in its average.json. Whoever follows these
names comes to random weights, or to a model without records.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nmt.lab.markdown import block
from nmt.plumbing.files import read_json
from nmt.runs import Run

PROGRAM = ("nmt", "__main__.py")  # the first word of a session's command, where that was `nmt`


@dataclass(frozen=True)
class Link:
    """One model of the chain."""

    model: Path  # its model directory, which may have been deleted
    directory: Path  # the run that it belongs to; where there is none, the model directory
    run: Run | None
    step: int | None  # the step of the run at which it was saved
    origins: tuple[Path, ...] = ()  # the model directories that it began with; none for random weights


def chain(model: str | Path) -> list[Link]:
    """The links that led to a model directory (a checkpoint, a pruned model, a mean, any other), the first first."""
    link = _link(Path(model).resolve())
    links = {}
    for earlier in (one for origin in link.origins for one in chain(origin)):
        before = links.get(earlier.directory)
        # The checkpoints of a mean are of one run: it is told once, up to the last of them.
        if before is None or (earlier.step or 0) > (before.step or 0):
            links[earlier.directory] = earlier
    return [*links.values(), link]


def _link(model: Path) -> Link:
    directory, step = model.parent if model.name == "pruned" else model, None
    if model.parent.name == "checkpoints" and model.name.startswith("step_"):
        directory, step = model.parent.parent, int(model.name.removeprefix("step_"))
    if (directory / "config.json").is_file():
        run = Run(directory)
        origin = run.config.get("checkpoint")
        return Link(model, directory, run, step or run.last_step(), (Path(origin),) if origin else ())
    if (model / "average.json").is_file():
        return Link(model, model, None, None, tuple(map(Path, read_json(model / "average.json")["of"])))
    return Link(model, directory, None, step)


def story(links: Sequence[Link]) -> str:
    """The chain as Markdown: for each link what it began with, its commands, how long it took, the data, the code."""
    told = [_told(link) for link in links]
    return "\n\n".join(f"{number}. {text}" for number, text in enumerate(told, 1)) if len(told) > 1 else told[0]


def _told(link: Link) -> str:
    name = f"`{link.directory.name}`"
    if link.run:
        return f"{name}, a run from {_names(link.origins) or 'random weights'}:\n\n{_told_run(link)}"
    if link.origins:
        average, how = read_json(link.directory / "average.json"), ""
        if "command" in average:  # the first version of `nmt average` wrote no command
            how = f"\n\n{block([command(average)])}\n\nCode {short_revision(average['git'])}."
        return f"{name}, the mean of the weights of {_names(link.origins)}.{how}"
    if link.directory.parent.parts[-2:] == ("data", "models"):
        return f"{name}, a model that ships; its own card tells how it was made."
    if link.directory.is_dir():
        return f"{name}, a model directory without records of how it was made."
    return f"{name}, whose directory is gone, and with it the records of how it was made."


def _names(models: Sequence[Path]) -> str:
    """For a reader: "steps 200, 400 of `run`; `model`"."""
    steps: dict[Path, list[str]] = {}
    for link in map(_link, models):
        steps.setdefault(link.directory, []).extend([] if link.step is None else [f"{link.step:,}"])
    return "; ".join(
        (f"step{'s' * (len(some) > 1)} {', '.join(some)} of " if some else "") + f"`{directory.name}`"
        for directory, some in steps.items()
    )


def _told_run(link: Link) -> str:
    """What the run did up to the step of the link. What it did later had no part in the model."""
    run, step = link.run, link.step or 0
    sessions, lines = run.lines("sessions.jsonl"), run.lines()
    sessions = [session for session in sessions if session["from_step"] < step] or sessions[:1]
    progress = f"{step:,} steps"
    if at_step := [line for line in lines if line["step"] == step]:
        progress = f"{at_step[-1]['epoch']:.4g} epochs, {progress}, {at_step[-1]['minutes']:.1f} minutes"
    if any(line["step"] > step for line in lines):
        progress += " (the run went on)"
    told = [block(map(command, sessions)), f"{progress}; {circumstances(run, sessions)}."]
    if link.model.name == "pruned":
        result = read_json(run.directory / "result.json")
        told.append(
            f"Pruned by `{result['method']}`: {result['kept']} of {result['of']} heads kept; BLEU on "
            f"{result['sentences']} validation pairs {result['bleu_dense']:.2f} before, {result['bleu_pruned']:.2f} "
            "after."
        )
    return "\n\n".join(told)


def circumstances(run: Run, sessions: Sequence[dict]) -> str:
    """Device, version of PyTorch, seed and code: for a reader who wants to repeat the run."""
    devices = dict.fromkeys(session["device"] for session in sessions)
    versions = dict.fromkeys(session["versions"]["torch"] for session in sessions)
    revisions = dict.fromkeys(short_revision(session["git"]) for session in sessions)
    return (
        f"{', then '.join(devices)}; PyTorch {', then '.join(versions)}; seed {run.config['training']['seed']}; "
        f"code {', '.join(revisions)}"
    )


def command(session: dict) -> str:
    """The command of a session, without paths of a machine. Another program that called the package is only named."""
    program, *rest = session["command"]
    if Path(program).name in PROGRAM:
        return "nmt " + shlex.join(map(without_paths, rest))
    return f"# called by {without_paths(program)}"


def short_revision(git: str | None) -> str:
    """Seven digits of a commit, and "+changes" where the code was edited after it."""
    return git[:7] + git[40:] if git else "unknown"


def without_paths(value: Any) -> Any:
    """A word of a command, or any JSON, without the paths of a machine: only the last part of each absolute path stays.

    In JSON the names of members are changed, too.
    """
    if isinstance(value, dict):
        return {without_paths(key): without_paths(one) for key, one in value.items()}
    if isinstance(value, list):
        return [without_paths(one) for one in value]
    if not isinstance(value, str):
        return value
    if value.startswith("--") and "=" in value:
        flag, value = value.split("=", 1)
        return f"{flag}={without_paths(value)}"
    path, colon, cap = value.partition(":")  # a.tsv:60000 is a file with a cap
    return Path(path).name + colon + cap if Path(path).is_absolute() else value
