"""A model that ships: `python -m nmt.lab.ship RUN NAME [SCORES.jsonl] [ABOUT.md]` makes data/models/NAME from a run.

RUN is a run of `nmt train` or `nmt prune`, a model directory of one, or what `nmt average` made of one.
A shipped model is a model directory in half precision with a card, README.md: how it was made, from the records of
all runs that led to it; its scores, from the last lines that `nmt score --checkpoint NAME` printed; and ABOUT.md as it
stands: what the model cannot do, and whom its data must be attributed to. Shipped again with the same weights, a model
gets a new card; other weights under a name that is taken are refused.
"""

import copy
import json
import shutil
import sys
from pathlib import Path

import torch

from nmt import NmtError
from nmt.corpora.card import Card, format_card
from nmt.lab.lineage import Link, chain, plain, tell
from nmt.models import WEIGHTS, Trained, save_model_directory
from nmt.plumbing.files import read_json, whole_directory
from nmt.plumbing.places import shipped
from nmt.runs import load
from nmt.scoring import score_table
from nmt.transformer import KINDS

MEGABYTE = 1_000_000
LARGEST = 14 * MEGABYTE
LIMITS = {"phrasebook": 3.5 * MEGABYTE, "phrasebook-pruned": 3.5 * MEGABYTE}  # of a name; others LARGEST


def ship(
    run: str | Path, name: str, scores: list[dict] | None = None, about: str = "", folder: Path | None = None
) -> Path:
    """Write folder/NAME, by default data/models/NAME, which `nmt.load(NAME)` finds. Returns it.

    Raises NmtError for a run without a checkpoint, a model of which no run can be told, weights that half precision
    cannot hold, a directory over its LIMITS, scores of another model, or a name that other weights have.
    """
    if not name or Path(name).name != name or name.startswith("."):
        raise NmtError(f"NAME {name!r}: a shipped model has a plain name, without a path")
    trained = load(run)
    links = chain(trained.directory)
    if not any(link.run for link in links):
        raise NmtError(f"{run}: not a run directory, and no run that led to it is there: its card could tell nothing")
    target = (folder or shipped() / "models") / name
    for score in scores or ():
        if Path(score.get("checkpoint", "")).name != name:
            raise NmtError(
                f"a score is of {score.get('checkpoint')!r}: score what ships, nmt score --checkpoint {name}"
            )
    half = copy.deepcopy(trained.model).half()
    if not all(torch.isfinite(parameter).all() for parameter in half.parameters()):
        raise NmtError(f"{trained.directory}: a weight is beyond 65,504, or NaN, and half precision cannot hold it")
    made = target.with_name(f".{name}.new")
    shutil.rmtree(made, ignore_errors=True)  # what a kill may have left
    with whole_directory(made) as new:
        save_model_directory(new, half, trained.bpe)
        (new / WEIGHTS).chmod(0o644)  # safetensors writes what only its owner may read
        (new / "README.md").write_text(card(trained, links, name, scores or [], about), encoding="utf-8")
        size, limit = sum(path.stat().st_size for path in new.iterdir()), LIMITS.get(name, LARGEST)
        if size > limit:
            raise NmtError(
                f"{name} takes {size / MEGABYTE:.2f} MB and may take {limit / MEGABYTE:g}: train a smaller one"
            )
        if target.exists() and read_json(target / "model.json") != read_json(new / "model.json"):
            raise NmtError(f"{target} holds another model; remove it first, or choose another name")
    shutil.rmtree(target, ignore_errors=True)
    made.rename(target)
    return target


def card(trained: Trained, links: list[Link], name: str, scores: list[dict], about: str) -> str:
    """The model card, Markdown. No path of the machine that trained it: of an absolute one its last part."""
    corpora = {link.run.config["corpus"]["fingerprint"]: link.run.config["card"] for link in links if link.run}
    config, parameters = trained.model.config, sum(p.numel() for p in trained.model.parameters())
    lines = [
        f"# `{name}`",
        "",
        f'English → Russian. `nmt translate --checkpoint {name}`, or `nmt.load({name!r}).translate("…")`.',
        "",
        f"{config.num_blocks} blocks, d_model {config.d_model}, d_ff {config.d_ff}, {config.norm}-norm, vocabularies "
        f"{config.src_vocab_size:,} and {config.trg_vocab_size:,}; {parameters:,} parameters, stored in float16.",
        "Heads: "
        + ", ".join(f"{kind} {[len(block) for block in config.kept(kind)]}" for kind in KINDS)
        + f" in each block, of {config.num_heads}.",
        "",
        *([about.strip(), ""] if about.strip() else []),
        "## How it was made",
        "",
        tell(links),
        "",
        "## Data",
        "",
        *(line for corpus in corpora.values() for line in ("```", _data(corpus), "```", "")),
        "## Scores",
        "",
        score_table(scores) if scores else "Not scored yet.",
        "",
    ]
    return "\n".join(lines)


def _data(card: dict) -> str:
    text = format_card(Card.from_json(card, "a run's config"))
    text = text.replace("\n  licence: not stated", "")  # of own files ABOUT.md tells it
    for source in card.get("train", {}):  # files of one name are told apart by their paths
        text = text.replace(source, plain(source))
    return text


def main(arguments: list[str]) -> Path:
    """RUN NAME [SCORES.jsonl] [ABOUT.md]. Raises NmtError for anything else."""
    if not 2 <= len(arguments) <= 4 or not all(Path(a).suffix in (".jsonl", ".md") for a in arguments[2:]):
        raise NmtError("python -m nmt.lab.ship RUN NAME [SCORES.jsonl] [ABOUT.md]")
    texts = {}
    for path in map(Path, arguments[2:]):
        try:
            texts[path.suffix] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise NmtError(f"{path}: cannot be read ({error})") from None
    try:
        scores = [json.loads(line) for line in texts.get(".jsonl", "").splitlines()]
    except ValueError as error:
        raise NmtError(f"SCORES.jsonl: not the last lines of nmt score ({error})") from None
    return ship(*arguments[:2], scores=scores, about=texts.get(".md", ""))


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))
    except NmtError as error:
        raise SystemExit(f"nmt.lab.ship: error: {error}") from None
