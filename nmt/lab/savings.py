"""What removing heads brought: `python -m nmt.lab.savings RUN [RESULTS]` measures a run of `nmt prune` that has
ended and keeps in RESULTS, by default data/results/savings/, what is shown of it.

The dense and the pruned model of the run, and one without any head of the kinds that were pruned, decode the same
validation sentences in turns (`nmt.pruning.costs`).
"""

import sys
from pathlib import Path
from statistics import median

import torch

from nmt import NmtError
from nmt.corpora.corpus import prepare
from nmt.lab.prices import keep_pruned
from nmt.plumbing.files import read_json, write_json
from nmt.plumbing.places import in_clone
from nmt.plumbing.provenance import description_of_session
from nmt.pruning.costs import costs, saved
from nmt.runs import Run, load

COSTS = "costs.json"


def keep_savings(run: str | Path, results: str | Path, sentences: int = 200, rounds: int = 5) -> Path:
    """Measure on so many validation sentences, and keep RESULTS/NAME. Raises NmtError for a run that has not ended."""
    folder, run = keep_pruned(run, results), Run(run)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dense, pruned = (load(one, device) for one in (run.config["checkpoint"], run.directory))
    corpus = prepare(run.config["corpus"]["data"], log=lambda text: None)
    lines = list(corpus.lines("valid", "en"))[:sentences]
    measured = costs(
        dense.model, pruned.model, dense.bpe[0].encode(lines), list(read_json(folder / "result.json")["mask"]),
        rounds=rounds,
    )  # fmt: skip
    session = description_of_session(device, 0)
    about = {"split": "valid", "sentences": len(lines), **{key: session[key] for key in ("git", "versions", "device")}}
    write_json(folder / COSTS, {**about, **measured})
    return folder


def share(rounds: list[float]) -> str:
    """20% (19 to 24)."""
    return f"{median(rounds):.0%} ({100 * min(rounds):.0f} to {100 * max(rounds):.0f})"


def section(folder: Path) -> str:
    """Markdown: a row for each run kept in the folder; nothing where there is none."""
    runs = [Run(path.parent) for path in sorted(folder.glob(f"*/{COSTS}"))]
    if not runs:
        return ""
    lines = [
        "### What removal brings",
        "",
        "| run | method | heads left | BLEU | loss | parameters | operations | ms a sentence, batch 1 | batch 32 "
        "| time saved | if all these heads went |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        result, cost = read_json(run.directory / "result.json"), read_json(run.directory / COSTS)
        total = {name: parts["total"] / 1e6 for name, parts in cost["flops"].items()}
        ms = {size: [cost["ms"][name][size]["median"] for name in ("dense", "pruned")] for size in cost["saved"]}
        spared = (saved(cost["ms"][name], cost["ms"]["dense"]) for name in ("pruned", "no heads"))
        shares = (", ".join(map(share, of.values())) for of in spared)
        lines.append(
            f"| `{run.directory.name}` | `{result['method']}` "
            f"| {result['kept']} of {result['of']}, {' and '.join(result['mask'])} "
            f"| {result['bleu_dense']:.2f} → {result['bleu_pruned']:.2f} "
            f"| {result['nll_dense']:.4f} → {result['nll_pruned']:.4f} "
            f"| {cost['parameters']['dense']:,} → {cost['parameters']['pruned']:,} "
            f"| {total['dense']:.1f} → {total['pruned']:.1f} million "
            f"| {' | '.join(f'{dense:.2f} → {pruned:.2f}' for dense, pruned in ms.values())} | {' | '.join(shares)} |"
        )
    measured = [read_json(run.directory / COSTS) for run in runs]
    first, machines = measured[0], dict.fromkeys(f"{c['device']}; PyTorch {c['versions']['torch']}" for c in measured)
    signatures = dict.fromkeys(read_json(run.directory / "result.json")["signature"] for run in runs)
    lines += [
        "",
        f"BLEU ({', '.join(f'`{s}`' for s in signatures)}) and loss are of validation pairs. Operations: of one "
        "sentence of mean length. Time: greedy decoding, to the length of their source, of "
        f"{first['sentences']} validation sentences, medians of {len(first['ms']['dense']['batch 1']['rounds'])} "
        "rounds in turns. Saved: at batch 1 and at batch 32, against the dense model in the same round, the median "
        "(smallest to largest); likewise what the model without any head of the kinds that were pruned would save. "
        f"{'; '.join(machines)}.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    default = in_clone("data", "results", "savings")
    if not 2 <= len(sys.argv) <= 3:
        raise SystemExit("python -m nmt.lab.savings RUN [RESULTS]")
    try:
        print(keep_savings(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else default))
    except NmtError as error:
        raise SystemExit(f"nmt.lab.savings: error: {error}") from None
