"""A model that ships: `python data/models/ship.py RUN NAME [SCORES.jsonl] [ABOUT.md]` makes data/models/NAME of a run.

RUN is a run of `nmt train` or `nmt prune`, a model directory in one, or a mean made by `nmt average`.
A shipped model is a model directory in half precision with a card, README.md. The card tells how the model was made
(from the records of all runs that led to it), its scores (SCORES.jsonl: the last lines that
`nmt score --checkpoint NAME` printed), and what ABOUT.md says: what the model cannot do, and whom its data must be
attributed to. A model that is shipped again gets a new card; a name that other weights have is refused.
"""

import copy
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from nmt import NmtError
from nmt.corpora.card import Card, format_card
from nmt.corpora.corpus import prepare
from nmt.models import WEIGHTS, WORD, Trained, save_model_directory
from nmt.plumbing.files import read_json, read_json_lines, write_text
from nmt.plumbing.places import in_clone, shipped
from nmt.runs import Run, load
from nmt.transformer import KINDS

sys.path.append(str(in_clone("data")))

from page_parts import block, circumstances, command, score_table, short_revision, without_paths

LARGEST = 25_000_000  # bytes of a model
LIMITS = {"phrasebook": 4_000_000, "phrasebook-pruned": 4_000_000}  # the models that may not be so large


# The runs that led to a model, from the first to the last. A run that began with the weights of another model names it
# in its config.json, a mean of checkpoints names them in its average.json: whoever follows these names comes to random
# weights, or to a model without records.


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
    """The links that led to a model directory (a checkpoint, a pruned model, a mean, any other), the first first.

    Raises NmtError where they lead back to themselves.
    """
    links, followed = {}, set()

    def follow(model: Path, later: tuple[Path, ...]) -> None:
        link = _link(model.resolve())
        if link.directory in later:
            raise NmtError(f"{link.directory}: its records say that it began with a model that began with it")
        if link.model not in followed:
            followed.add(link.model)
            for origin in sorted(link.origins):
                follow(origin, (*later, link.directory))
            # The checkpoints of a mean are of one run: it is told once, up to the last of them.
            links[link.directory] = link

    follow(Path(model), ())
    return [*links.values()]


def _link(model: Path) -> Link:
    directory, step = model.parent if model.name == "pruned" else model, None
    if model.parent.name == "checkpoints" and model.name.startswith("step_"):
        directory, step = model.parent.parent, int(model.name.removeprefix("step_"))
    if (directory / "config.json").is_file():
        run = Run(directory)
        origin = run.config.get("checkpoint")
        return Link(model, directory, run, step or run.last_step(), [Path(origin)] if origin else [])
    if (model / "average.json").is_file():
        origins = read_json(model / "average.json")["of"]
        if not isinstance(origins, list) or {*map(type, origins)} != {str}:
            raise NmtError(f"{model / 'average.json'}: damaged, its `of` must be a list of model directories")
        return Link(model, model, None, None, [Path(origin) for origin in origins])
    return Link(model, directory, None, step)


def ship(run: str | Path, name: str, scores: Sequence[dict] = (), about: str = "") -> Path:
    """Write data/models/NAME, which `nmt.load(NAME)` finds. Returns it.

    Raises NmtError for a run without a checkpoint, a model that no run is known to have led to, weights that half
    precision cannot hold, a directory that is too large, scores of another model, or a name that other weights have.
    """
    if not name or Path(name).name != name or name.startswith("."):
        raise NmtError(f"NAME {name!r}: a shipped model has a plain name, without a path")
    trained = load(run)
    links = chain(trained.directory)
    if not any(link.run for link in links):
        raise NmtError(f"{run}: not a run directory, and no run that led to it is there: its card could tell nothing")
    if others := {score.get("checkpoint", "") for score in scores if Path(score.get("checkpoint", "")).name != name}:
        raise NmtError(f"a score is of {others.pop()!r}: score what ships, nmt score --checkpoint {name}")
    half = copy.deepcopy(trained.model).half()
    if not all(parameter.isfinite().all() for parameter in half.parameters()):
        raise NmtError(f"{trained.directory}: a weight is beyond 65,504, or NaN, and half precision cannot hold it")
    target = shipped() / "models" / name
    with TemporaryDirectory(dir=shipped(), prefix=".") as folder:
        new = Path(folder) / name
        new.mkdir()
        save_model_directory(new, half, trained.bpe, trained.lowercase, words_of(links))
        (new / WEIGHTS).chmod(0o644)  # safetensors makes the file readable for its owner only
        try:
            write_text(new / "README.md", card(trained, links, name, scores, about))
        except (AttributeError, IndexError, TypeError, ValueError) as error:
            raise NmtError(f"{run}: a record of a run that led to it is damaged ({error})") from None
        size, limit = sum(path.stat().st_size for path in new.iterdir()), LIMITS.get(name, LARGEST)
        if size > limit:
            raise NmtError(f"{name} takes {size:,} bytes and may take {limit:,}: train a smaller one")
        if target.exists() and read_json(target / "model.json") != read_json(new / "model.json"):
            raise NmtError(f"{target} holds another model; remove it first, or choose another name")
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(exist_ok=True)
        new.rename(target)
    return target


def words_of(links: Sequence[Link]) -> set[str]:
    """The English words, in lower case, of all corpora that led to a model, prepared anew where they are not cached,
    and those that came with a model that it began with."""
    corpora = {tuple(link.run.config["corpus"]["data"]) for link in links if link.run}
    texts = (line for data in corpora for line in prepare(data).lines("train", "en"))
    known = {word for text in texts for word in WORD.findall(text.lower())}
    first = (link.model for link in links if not link.run and not link.origins and link.model.is_dir())
    return known.union(*(load(model).words for model in first))


def card(trained: Trained, links: Sequence[Link], name: str, scores: Sequence[dict], about: str) -> str:
    """The model card, Markdown. Of the paths of the machine that trained the model only the last parts are in it."""
    corpora = {link.run.config["corpus"]["fingerprint"]: link.run.config["card"] for link in links if link.run}
    c, parameters = trained.model.config, sum(p.numel() for p in trained.model.parameters())
    heads = ", ".join(f"{kind} {[len(block) for block in c.kept(kind)]}" for kind in KINDS)
    parts = [
        f"# `{name}`",
        f'English → Russian. `nmt translate --checkpoint {name}`, or `nmt.load({name!r}).translate("…")`.',
        f"{c.num_blocks} blocks, d_model {c.d_model}, d_ff {c.d_ff}, {c.norm}-norm, vocabularies {c.src_vocab_size:,} "
        f"and {c.trg_vocab_size:,}; {parameters:,} parameters, stored in float16.\n"
        f"Heads: {heads} in each block, of {c.num_heads}.",
        about.strip(),
        "## How it was made",
        story(links),
        "## Data",
        *(block([_data(corpus)]) for corpus in corpora.values()),
        "## Scores",
        score_table(scores) if scores else "Not scored yet.",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


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


def _data(corpus: dict) -> str:
    # Files of the same name have their paths in the card of the corpus. The licence of a user's files is in ABOUT.md.
    text = format_card(Card.from_json(without_paths(corpus), "a run's config"))
    return text.replace("\n  licence: not stated", "")


def main(run: str, name: str, *files: str) -> Path:
    """Raises NmtError for files that are not SCORES.jsonl or ABOUT.md."""
    by_suffix = {Path(file).suffix: Path(file) for file in files}
    if not by_suffix.keys() <= {".jsonl", ".md"} or not all(map(Path.is_file, by_suffix.values())):
        raise NmtError(f"{' '.join(files)}: expected files, SCORES.jsonl (lines that nmt score printed) and ABOUT.md")
    scores = read_json_lines(by_suffix[".jsonl"]) if ".jsonl" in by_suffix else []
    return ship(run, name, scores, by_suffix[".md"].read_text(encoding="utf-8") if ".md" in by_suffix else "")


if __name__ == "__main__":
    if not 3 <= len(sys.argv) <= 5:
        raise SystemExit("python data/models/ship.py RUN NAME [SCORES.jsonl] [ABOUT.md]")
    try:
        print(main(*sys.argv[1:]))
    except NmtError as error:
        raise SystemExit(f"ship: error: {error}") from None
