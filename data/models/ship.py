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
from pathlib import Path
from tempfile import TemporaryDirectory

from nmt import NmtError
from nmt.corpora.card import Card, format_card
from nmt.corpora.corpus import prepare
from nmt.lab.lineage import Link, chain, story, without_paths
from nmt.lab.markdown import block, score_table
from nmt.models import WEIGHTS, WORD, Trained, save_model_directory
from nmt.plumbing.files import read_json, read_json_lines, write_text
from nmt.plumbing.places import shipped
from nmt.runs import load
from nmt.transformer import KINDS

LARGEST = 25_000_000  # bytes of a model
LIMITS = {"phrasebook": 4_000_000, "phrasebook-pruned": 4_000_000}  # the models that may not be so large


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
        write_text(new / "README.md", card(trained, links, name, scores, about))
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
    """The English words, in lower case, of all corpora that led to a model, prepared anew where they are not cached."""
    corpora = {tuple(link.run.config["corpus"]["data"]) for link in links if link.run}
    texts = (line for data in corpora for line in prepare(data).lines("train", "en"))
    return {word for text in texts for word in WORD.findall(text.lower())}


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
