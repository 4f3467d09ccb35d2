"""How a model came about: the runs behind it, from the first to the last, told from their own records.

A run that began with the weights of another (`nmt train --checkpoint`, `nmt prune`) names that model in its
config.json, a mean of checkpoints (`nmt average`) names them in its average.json; following the names back to random
weights, or to a model without records, gives the chain.
"""

import json
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nmt.plumbing.files import read_json, write_json, write_text
from nmt.runs import Run

PROGRAM = ("nmt", "__main__.py")  # how the first word of a session's command says that it was `nmt`


@dataclass(frozen=True)
class Link:
    """One model of the chain: a run until the step that the next link begins with, or a model directory."""

    model: Path  # the model directory; it need not be there any more
    directory: Path  # of the run that it is of, else the same
    run: Run | None
    step: int | None  # of a run, or of one that was
    origins: tuple[Path, ...] = ()  # the model directories that it began with; none for random weights


def chain(model: str | Path) -> list[Link]:
    """What led to a model directory (a checkpoint of a run, the pruned model of one, a mean, any other), in order."""
    link = _link(Path(model).resolve())
    links = {}
    for earlier in (one for origin in link.origins for one in chain(origin)):
        before = links.get(earlier.directory)
        if before is None or (earlier.step or 0) > (before.step or 0):  # a mean's checkpoints are one run, to the last
            links[earlier.directory] = earlier
    return [*links.values(), link]


def _link(model: Path) -> Link:
    folder, step = model.parent if model.name == "pruned" else model, None
    if model.parent.name == "checkpoints" and model.name.startswith("step_"):
        folder, step = model.parent.parent, int(model.name.removeprefix("step_"))
    if (folder / "config.json").is_file():
        run = Run(folder)
        origin = run.config.get("checkpoint")
        return Link(model, folder, run, step or run.last_step(), (Path(origin),) if origin else ())
    if (model / "average.json").is_file():
        return Link(model, model, None, None, tuple(map(Path, read_json(model / "average.json")["of"])))
    return Link(model, folder, None, step)


def tell(links: list[Link]) -> str:
    """The chain as Markdown: of each link what it began with, the commands, how long, on what, which code."""
    return "\n\n".join(
        f"{f'{number}. ' if len(links) > 1 else ''}{_tell(link)}" for number, link in enumerate(links, start=1)
    )


def _tell(link: Link) -> str:
    name = f"`{link.directory.name}`"
    if link.run:
        return f"{name}, a run from {_names(link.origins) or 'random weights'}:\n\n{_run(link)}"
    if link.origins:
        average = read_json(link.directory / "average.json")
        noted = "command" in average  # the first means did not
        how = f"\n\n{_block([average])}\n\nCode {revision(average['git'])}." if noted else ""
        return f"{name}, the mean of the weights of {_names(link.origins)}.{how}"
    if link.directory.parent.parts[-2:] == ("data", "models"):
        return f"{name}, a model that ships; its own card tells how it was made."
    if link.directory.is_dir():
        return f"{name}, a model directory without records of how it was made."
    return f"{name}, whose directory is gone, and with it the records of how it was made."


def _names(models: tuple[Path, ...]) -> str:
    """step 200, step 400 of `run`; `model`"""
    steps, names = {}, []
    for link in map(_link, models):
        steps.setdefault(link.directory, []).append(link.step)
    for directory, of in steps.items():
        told = ", ".join(f"{step:,}" for step in of if step is not None)
        names.append(
            f"step{'s' if len(of) > 1 else ''} {told} of `{directory.name}`" if told else f"`{directory.name}`"
        )
    return "; ".join(names)


def _run(link: Link) -> str:
    """Of a run what led to the step of the link: what came after it had no part."""
    run, step = link.run, link.step or 0
    sessions, lines = run.lines("sessions.jsonl"), run.lines()
    sessions = [s for s in sessions if s["from_step"] < step] or sessions[:1]
    at = next((line for line in reversed(lines) if line["step"] == step), None)
    progress = f"{at['epoch']:.4g} epochs, {step:,} steps, {at['minutes']:.1f} minutes" if at else f"{step:,} steps"
    if max((line["step"] for line in lines), default=0) > step:
        progress += " (the run went on)"
    told = [
        _block(sessions),
        f"{progress}; {circumstances(run, sessions)}.",
    ]
    if link.model.name == "pruned":
        result = read_json(run.directory / "result.json")
        bleu = f"{result['bleu_dense']:.2f} before, {result['bleu_pruned']:.2f} after"
        told.append(
            f"Pruned by `{result['method']}`: {result['kept']} of {result['of']} heads kept; BLEU on "
            f"{result['sentences']} validation pairs {bleu}."
        )
    return "\n\n".join(told)


def circumstances(run: Run, sessions: Sequence[dict]) -> str:
    """On what, by which code: for a reader who would do it again."""
    devices, torches, codes = (
        dict.fromkeys(of(session) for session in sessions)
        for of in (lambda s: s["device"], lambda s: s["versions"]["torch"], lambda s: revision(s["git"]))
    )
    return (
        f"{', then '.join(devices)}; PyTorch {', then '.join(torches)}; seed {run.config['training']['seed']}; "
        f"code {', '.join(codes)}"
    )


def _block(sessions: Sequence[dict]) -> str:
    return "\n".join(["```", *map(command, sessions), "```"])


def command(session: dict) -> str:
    """The command of a session, without paths. A program that called the package is named in place of its words."""
    program, *rest = session["command"]
    return "nmt " + shlex.join(map(plain, rest)) if Path(program).name in PROGRAM else f"# called by {plain(program)}"


def revision(git: str | None) -> str:
    """Seven digits of a commit, and '+changes' behind it where there were some."""
    return git[:7] + git[40:] if git else "unknown"


def plain(argument: str) -> str:
    """A word of a command without the path of a machine: of an absolute one its last part."""
    if argument.startswith("--") and "=" in argument:
        flag, value = argument.split("=", 1)
        return f"{flag}={plain(value)}"
    path, mark, cap = argument.partition(":")  # a.tsv:60000, with a cap
    return Path(path).name + mark + cap if Path(path).is_absolute() else argument


def keep_records(run: Path, folder: Path, names: Sequence[str]) -> Path:
    """Copy a run's config.json, sessions.jsonl and the files `names` to folder/NAME, for the repository. Returns it.

    Of the paths of the machine in config and commands the last part is kept, of the checkpoint that the run began with
    RUN/checkpoints/STEP.
    """
    kept = folder / run.name
    kept.mkdir(parents=True, exist_ok=True)
    config, sessions = read_json(run / "config.json"), Run(run).lines("sessions.jsonl")
    if config.get("checkpoint"):
        config["checkpoint"] = "/".join(Path(config["checkpoint"]).parts[-3:])
    write_json(kept / "config.json", plainly(config))
    write_text(kept / "sessions.jsonl", "".join(json.dumps(plainly(s), ensure_ascii=False) + "\n" for s in sessions))
    for name in names:
        shutil.copyfile(run / name, kept / name)
    return kept


def plainly(value: Any) -> Any:
    """JSON with `plain` applied to each text in it, names of members too."""
    if isinstance(value, dict):
        return {plain(key): plainly(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plainly(one) for one in value]
    return plain(value) if isinstance(value, str) else value
