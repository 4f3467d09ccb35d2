"""The lineage of a model: the runs that led to it, from the first to the last, told from their own records.

A run that began with the weights of another model (`nmt train --checkpoint`, `nmt prune`) names that model in its
config.json; a mean of checkpoints (`nmt average`) names the checkpoints in its average.json. Whoever follows these
names comes to random weights, or to a model without records.
"""

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nmt.lab.markdown import block
from nmt.plumbing.files import read_json
from nmt.runs import Run


@dataclass(frozen=True)
class Link:
    """One model of the chain."""

    model: Path  # its model directory, which may have been deleted
    directory: Path  # the run that it belongs to; where there is none, the model directory
    run: Run | None
    step: int | None  # the step of the run at which it was saved
    origins: Sequence[Path] = ()  # the model directories that it began with; none for random weights

    def __str__(self) -> str:
        return f"step {self.step:,} of `{self.directory.name}`" if self.step else f"`{self.directory.name}`"


def chain(model: str | Path) -> list[Link]:
    """The links that led to a model directory (a checkpoint, a pruned model, a mean, any other), the first first."""
    link = _link(Path(model).resolve())
    # The checkpoints of a mean are of one run: it is told once, up to the last of them.
    links = {earlier.directory: earlier for origin in sorted(link.origins) for earlier in chain(origin)}
    return [*links.values(), link]


def _link(model: Path) -> Link:
    directory, step = model.parent if model.name == "pruned" else model, None
    if model.parent.name == "checkpoints" and model.name.startswith("step_"):
        directory, step = model.parent.parent, int(model.name.removeprefix("step_"))
    if (directory / "config.json").is_file():
        run = Run(directory)
        origin = run.config.get("checkpoint")
        return Link(model, directory, run, step or run.last_step(), [Path(origin)] if origin else [])
    if (model / "average.json").is_file():
        return Link(model, model, None, None, [Path(origin) for origin in read_json(model / "average.json")["of"]])
    return Link(model, directory, None, step)


def story(links: Sequence[Link]) -> str:
    """The chain as Markdown: for each link what it began with, its commands, how long it took, the data, the code."""
    return "\n\n".join((f"{n}. " if len(links) > 1 else "") + _told(link) for n, link in enumerate(links, 1))


def _told(link: Link) -> str:
    name, began_with = f"`{link.directory.name}`", ", ".join(str(_link(origin)) for origin in link.origins)
    if link.run:
        return f"{name}, a run from {began_with or 'random weights'}:\n\n{_told_run(link)}"
    if link.origins:
        told, average = f"{name}, the mean of the weights of {began_with}.", read_json(link.model / "average.json")
        if "command" in average:  # the first version of `nmt average` wrote no command
            told += f"\n\n{block([command(average)])}\n\nCode {short_revision(average['git'])}."
        return told
    if link.directory.parent.parts[-2:] == ("data", "models"):
        return f"{name}, a model that ships; its own card tells how it was made."
    if link.directory.is_dir():
        return f"{name}, a model directory without records of how it was made."
    return f"{name}, whose directory is gone, and with it the records of how it was made."


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
    told = f"{block(map(command, sessions))}\n\n{progress}; {circumstances(run, sessions)}."
    if link.model.name == "pruned":
        told += (
            "\n\nPruned by `{method}`: {kept} of {of} heads kept; BLEU on {sentences} validation pairs "
            "{bleu_dense:.2f} before, {bleu_pruned:.2f} after."
        ).format(**read_json(run.directory / "result.json"))
    return told


def circumstances(run: Run, sessions: Sequence[dict]) -> str:
    """Device, version of PyTorch, seed and code: for a reader who wants to repeat the run."""
    devices, versions, revisions = (
        ", then ".join(dict.fromkeys(values))
        for values in zip(
            *((s["device"], s["versions"]["torch"], short_revision(s["git"])) for s in sessions), strict=True
        )
    )
    return f"{devices}; PyTorch {versions}; seed {run.config['training']['seed']}; code {revisions}"


def command(session: dict) -> str:
    """The command of a session, without paths of a machine. Another program that called the package is only named."""
    program, *rest = without_paths(session["command"])
    return f"nmt {shlex.join(rest)}" if Path(program).name in ("nmt", "__main__.py") else f"# called by {program}"


def short_revision(git: str | None) -> str:
    """Seven digits of a commit, and "+changes" where the code was edited after it."""
    return git[:7] + git[40:] if git else "unknown"


def without_paths(value: object) -> object:
    """A word of a command, or any JSON, without the paths of a machine: only the last part of each absolute path stays.

    So it is with `--flag=/a/path`, with `/a/path:60000`, a file with a cap, and with the names of members.
    """
    return json.loads(re.sub(r'"(--[^"=]*=)?/([^"/]*/)*(?=[^"/])', r'"\1', json.dumps(value)))
