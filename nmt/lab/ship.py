"""A model that ships: `python -m nmt.lab.ship RUN NAME [SCORES.jsonl] [ABOUT.md]` makes data/models/NAME from a run.

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
from pathlib import Path

import torch

from nmt import NmtError
from nmt.corpora.card import Card, format_card
from nmt.lab.lineage import Link, chain, story, without_paths
from nmt.lab.markdown import block, score_table
from nmt.models import WEIGHTS, Trained, save_model_directory
from nmt.plumbing.files import read_json, read_json_lines, whole_directory, write_text
from nmt.plumbing.places import shipped
from nmt.runs import load
from nmt.transformer import KINDS

MEGABYTE = 1_000_000
LARGEST = 14 * MEGABYTE
LIMITS = {"phrasebook": 3.5 * MEGABYTE, "phrasebook-pruned": 3.5 * MEGABYTE}  # by name; for all others LARGEST


def ship(run: str | Path, name: str, scores: Sequence[dict] = (), about: str = "", folder: Path | None = None) -> Path:
    """Write folder/NAME, by default data/models/NAME, which `nmt.load(NAME)` finds. Returns it.

    Raises NmtError for a run without a checkpoint, a model that no run is known to have led to, weights that half
    precision cannot hold, a directory over its LIMITS, scores of another model, or a name that other weights have.
    """
    if not name or Path(name).name != name or name.startswith("."):
        raise NmtError(f"NAME {name!r}: a shipped model has a plain name, without a path")
    trained = load(run)
    links = chain(trained.directory)
    if not any(link.run for link in links):
        raise NmtError(f"{run}: not a run directory, and no run that led to it is there: its card could tell nothing")
    for score in scores:
        if Path(score.get("checkpoint", "")).name != name:
            found = score.get("checkpoint")
            raise NmtError(f"a score is of {found!r}: score what ships, nmt score --checkpoint {name}")
    half = copy.deepcopy(trained.model).half()
    if not all(torch.isfinite(parameter).all() for parameter in half.parameters()):
        raise NmtError(f"{trained.directory}: a weight is beyond 65,504, or NaN, and half precision cannot hold it")
    target = (folder or shipped() / "models") / name
    made = target.with_name(f".{name}.new")
    shutil.rmtree(made, ignore_errors=True)  # an earlier process that was killed may have left it
    with whole_directory(made) as new:
        save_model_directory(new, half, trained.bpe, trained.lowercase)
        (new / WEIGHTS).chmod(0o644)  # safetensors makes the file readable for its owner only
        write_text(new / "README.md", card(trained, links, name, scores, about))
        size, limit = sum(path.stat().st_size for path in new.iterdir()), LIMITS.get(name, LARGEST)
        if size > limit:
            sizes = f"{size / MEGABYTE:.2f} MB and may take {limit / MEGABYTE:g}"
            raise NmtError(f"{name} takes {sizes}: train a smaller one")
        if target.exists() and read_json(target / "model.json") != read_json(new / "model.json"):
            raise NmtError(f"{target} holds another model; remove it first, or choose another name")
    shutil.rmtree(target, ignore_errors=True)
    made.rename(target)
    return target


def card(trained: Trained, links: Sequence[Link], name: str, scores: Sequence[dict], about: str) -> str:
    """The model card, Markdown. Of the paths of the machine that trained the model only the last parts are in it."""
    corpora = {link.run.config["corpus"]["fingerprint"]: link.run.config["card"] for link in links if link.run}
    config, parameters = trained.model.config, sum(p.numel() for p in trained.model.parameters())
    heads = ", ".join(f"{kind} {[len(block) for block in config.kept(kind)]}" for kind in KINDS)
    parts = [
        f"# `{name}`",
        f'English → Russian. `nmt translate --checkpoint {name}`, or `nmt.load({name!r}).translate("…")`.',
        f"{config.num_blocks} blocks, d_model {config.d_model}, d_ff {config.d_ff}, {config.norm}-norm, vocabularies "
        f"{config.src_vocab_size:,} and {config.trg_vocab_size:,}; {parameters:,} parameters, stored in float16.\n"
        f"Heads: {heads} in each block, of {config.num_heads}.",
        about.strip(),
        "## How it was made",
        story(links),
        "## Data",
        *(block([_data(corpus)]) for corpus in corpora.values()),
        "## Scores",
        score_table(scores) if scores else "Not scored yet.",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _data(card: dict) -> str:
    text = format_card(Card.from_json(card, "a run's config"))
    text = text.replace("\n  licence: not stated", "")  # the licence of a user's files is in ABOUT.md
    for source in card.get("train", {}):  # files of the same name have their paths here
        text = text.replace(source, without_paths(source))
    return text


def main(arguments: Sequence[str]) -> Path:
    """RUN NAME [SCORES.jsonl] [ABOUT.md]. Raises NmtError for anything else."""
    files = {Path(argument).suffix: Path(argument) for argument in arguments[2:]}
    if not 2 <= len(arguments) <= 4 or not set(files) <= {".jsonl", ".md"}:
        raise NmtError("python -m nmt.lab.ship RUN NAME [SCORES.jsonl] [ABOUT.md]")
    if missing := [path for path in files.values() if not path.is_file()]:
        raise NmtError(f"{missing[0]}: no such file")
    try:
        scores = read_json_lines(files[".jsonl"]) if ".jsonl" in files else []
        about = files[".md"].read_text(encoding="utf-8") if ".md" in files else ""
    except (NmtError, UnicodeDecodeError) as error:
        right = "SCORES.jsonl holds the last lines that nmt score printed, ABOUT.md is text in UTF-8"
        raise NmtError(f"{error}; {right}") from None
    return ship(*arguments[:2], scores=scores, about=about)


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))
    except NmtError as error:
        raise SystemExit(f"nmt.lab.ship: error: {error}") from None
