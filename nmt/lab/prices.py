"""What is shown of λ: how many heads a price leaves, and the gates on their way, from data/results/lambda/.

data/results/lambda/NAME/ is what is kept of a run of `nmt prune` with l0: config.json, sessions.jsonl, metrics.jsonl,
gates.jsonl and result.json. `keep_pruned` copies them.
"""

from pathlib import Path

import torch
from matplotlib.figure import Figure

from nmt import NmtError
from nmt.lab.lineage import command, keep_records
from nmt.plumbing.files import read_json
from nmt.pruning.config import PruningConfig
from nmt.pruning.methods import L0
from nmt.runs import Run
from nmt.show.histories import gates
from nmt.show.plots import gate_paths, save
from nmt.transformer import Transformer, TransformerConfig


def keep_pruned(run: str | Path, results: str | Path) -> Path:
    """Copy what is kept of a run of `nmt prune` to results/NAME. Raises NmtError for a run that has not ended."""
    run = Path(run)
    if not (run / "result.json").is_file():
        raise NmtError(f"{run}: no result.json; a run of nmt prune that has ended has one")
    return keep_records(run, Path(results), ("metrics.jsonl", "gates.jsonl", "result.json"))


def draw(runs: list[Run], figures: Path) -> list[Path]:
    """lambda-CORPUS.png for each corpus."""
    for corpus in corpora(runs):
        save(paths(corpus, runs), figures / f"lambda-{corpus}.png")
    return [figures / f"lambda-{corpus}.png" for corpus in corpora(runs)]


def kept_runs(folder: Path) -> list[Run]:
    """The kept runs, by corpus, frozen before not frozen, then λ."""
    runs = [Run(path.parent) for path in sorted(folder.glob("*/config.json"))]
    return sorted(runs, key=_order)


def _order(run: Run) -> tuple:
    settings = run.config["objective"]
    return run.config["card"]["name"], settings["heads"], not settings["freeze"], settings["l0_penalty_lambda"]


def corpora(runs: list[Run]) -> list[str]:
    return list(dict.fromkeys(run.config["card"]["name"] for run in runs))


def price(run: Run) -> float:
    """Nats per target token that a run asked for one open head."""
    with torch.device("meta"):
        dense = Transformer(TransformerConfig(**run.config["transformer"]))
    return L0(PruningConfig(**run.config["objective"]), dense, run.config["training"]["seed"]).price


def section(runs: list[Run]) -> str:
    """Markdown: the table of all λ, its figures, the commands; nothing where there is no run."""
    if not runs:
        return ""
    lines = [
        "### What a price on heads leaves",
        "",
        "`l0`, Voita et al. 2019: gates learn, and the weights of the encoder with them, under a penalty on each that "
        "is open; how many heads are left is known at the end. The price is what λ, as the origin scales it, comes to: "
        "nats per target token, for each open head. Undecided are gates neither open nor closed at the end.",
        "",
        "| corpus | λ | price | decoder | heads left, first layer to last | undecided | BLEU | loss | steps |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        settings, result = run.config["objective"], read_json(run.directory / "result.json")
        left = "; ".join(
            (f"{kind} " if len(result["mask"]) > 1 else "") + " / ".join(str(sum(layer)) for layer in layers)
            for kind, layers in result["mask"].items()
        )
        lines.append(
            f"| {run.config['card']['name']} | {settings['l0_penalty_lambda']:g} ({settings['l0_penalty_scale']}) "
            f"| {price(run):.5f} | {'frozen' if settings['freeze'] else 'learns'} "
            f"| {left}, {result['kept']} of {result['of']} | {result['undecided']} "
            f"| {result['bleu_dense']:.2f} → {result['bleu_pruned']:.2f} "
            f"| {result['nll_dense']:.4f} → {result['nll_pruned']:.4f} | {result['steps']:,} |"
        )
    results = [read_json(run.directory / "result.json") for run in runs]
    sentences = "; ".join(
        dict.fromkeys(
            f"{run.config['card']['name']}: {one['sentences']:,}" for run, one in zip(runs, results, strict=True)
        )
    )
    signatures = ", ".join(f"`{s}`" for s in dict.fromkeys(one["signature"] for one in results))
    lines += ["", f"BLEU ({signatures}) and loss are of validation pairs ({sentences})."]
    for corpus in corpora(runs):
        lines += ["", f"![P(open) of each gate over the steps, {corpus}](figures/lambda-{corpus}.png)"]
    commands = [command(session) for run in runs for session in run.lines("sessions.jsonl")]
    lines += ["", "<details><summary>the commands</summary>", "", "```", *commands, "```", "", "</details>"]
    return "\n".join(lines)


def paths(corpus: str, runs: list[Run]) -> Figure:
    """P(open) on one corpus: a column for each λ and kind; runs with the other side frozen, and not, together."""
    panels: dict[str, dict] = {}
    for run in runs:
        if run.config["card"]["name"] != corpus:
            continue
        settings = run.config["objective"]
        for kind in run.lines("gates.jsonl")[0]["p_open"]:
            name = f"λ {settings['l0_penalty_lambda']:g} ({settings['l0_penalty_scale']}), {kind}"
            label = "the other side of the model frozen" if settings["freeze"] else "it learns too"
            stored = gates(run, kind)
            panels.setdefault(name, {})[label] = (stored.steps, stored.p_open)
    return gate_paths(panels, f"P(open) of each head's gate, {corpus}")
