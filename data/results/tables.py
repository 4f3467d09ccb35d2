"""The pages of results: `python data/results/tables.py` draws the figures and writes the tables from what lies here.

A page has typed words, and places between <!-- NAME --> and <!-- /NAME --> which are written by the function that PAGES
names. No number in these places is typed by hand; a test holds that they show what the records say.
"""

import inspect
import itertools
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import reading
from bench import told
from judging import judge, repeated_sd
from reading import Comparison, bleu, dev_loss, role

import figures
from nmt.plumbing.files import read_json, read_json_lines, write_text
from nmt.plumbing.places import in_clone
from nmt.pruning.costs import parameters
from nmt.pruning.methods import method_class
from nmt.runs import Run
from nmt.transformer import Transformer, TransformerConfig

sys.path.append(str(in_clone("data")))

import priced
from page_parts import block, circumstances, command, folded, replaced_between, score_table, short_revision, table
from render import pages

MODEL = (
    "{num_blocks} blocks, d_model {d_model}, {num_heads} heads, {norm}-norm, vocabularies {src_vocab_size} and "
    "{trg_vocab_size}"
)


def spread(values: Iterable[float], digits: int) -> str:
    """Mean ± standard deviation."""
    values = list(values)
    return f"{mean(values):.{digits}f}" + (f" ± {stdev(values):.{digits}f}" if len(values) > 1 else "")


def change(before: float, after: float, digits: int) -> str:
    return f"{before:,.{digits}f} → {after:,.{digits}f}"


def signatures(scores: Iterable[dict]) -> str:
    return ", ".join(dict.fromkeys(f"`{score['signature']}`" for score in scores))


def commands(runs: Iterable[Run]) -> str:
    return folded("the commands", block(command(session) for run in runs for session in run.lines("sessions.jsonl")))


# data/results/README.md


def runs(stored: Path) -> str:
    """How each run was made, its curves, its scores."""
    parts = []
    for run in reading.kept_runs(stored):
        name, sessions, last = run.directory.name, run.lines("sessions.jsonl"), run.lines()[-1]
        batches, batch_size = (run.config["training"][key] for key in ("limit_train_batches", "batch_size"))
        parts += [
            f"### `{name}`",
            block(map(command, sessions)),
            f"{MODEL.format(**run.config['transformer'])}; "
            f"{reading.pairs(run) if batches is None else batches * batch_size:,} training pairs, "
            f"{last['epoch']:.4g} epochs, {last['step']:,} steps, {last['minutes']:.1f} minutes (validation included); "
            f"{circumstances(run, sessions)}.",
            f"![loss and BLEU over the epochs of {name}](../../figures/{name}.png)",
            score_table(run.lines("scores.jsonl")),
        ]
    return "\n\n".join(parts)


def corpus_size(stored: Path) -> str:
    """BLEU and chrF, means over the sources, by the pairs that were learnt from and the steps."""
    kept, rows = reading.sized_runs(stored / "corpus-size"), []
    for run in kept:
        scores = {
            f"{name}, {step:,} steps": f"{score:.2f}"
            for step, means in reading.means_by_step(run).items()
            for name, score in means.items()
        }
        rows.append({"training pairs": f"{reading.pairs(run):,}", "blocks": reading.blocks(run), **scores})
    model, run = MODEL.format(**kept[0].config["transformer"]), circumstances(kept[0], kept[0].lines("sessions.jsonl"))
    about = f"The first rows: {model}; {run}. Greedy; {signatures(kept[0].lines('scores.jsonl'))}."
    return "\n\n".join([table(rows), about, commands(kept)])


def architectures(stored: Path) -> str:
    """Shapes trained for as much processor time each on what `real` learns: the lowest loss first."""
    kept, rows = reading.kept_runs(stored / "architectures"), []
    if not kept:
        return "Not run yet."
    for run in sorted(kept, key=lambda run: run.lines(split="valid")[-1]["loss"]):
        shape, last = run.config["transformer"], run.lines(split="valid")[-1]
        count = parameters(Transformer(TransformerConfig(**shape)))
        rows.append({
            "blocks": shape["num_blocks"], "d_model": shape["d_model"], "parameters, million": f"{count / 1e6:.1f}",
            "steps": f"{last['step']:,}", "loss of the validation pairs": f"{last['loss']:.3f}",
            "BLEU of the validation pairs": f"{last['bleu']:.2f}",
        })  # fmt: skip
    about = f"{circumstances(kept[0], kept[0].lines('sessions.jsonl'))}. Greedy; `{last['signature']}`."
    return "\n\n".join([table(rows), about, commands(kept)])


def speed(name: str, stored: Path) -> str:
    """How bench*.json was measured, and what of it no figure shows."""
    result = read_json(stored / f"{name}.json")
    session = result["session"]
    packages = ("torch", "transformers", "x-transformers", "ctranslate2")
    versions = ", ".join(f"{one} {session['versions'][one]}" for one in packages if one in session["versions"])
    dtypes = ", ".join(f"{task} in {dtype}" for task, dtype in result["dtypes"].items())
    lines = [f"{session['device']}; {versions}; {dtypes}; code {short_revision(session['git'])}."]
    for size, row in ((size, row) for size, of in result["sizes"].items() for row in of["rows"]):
        lines += told(size, row) if row["task"] in ("peak memory", "padding", "ceiling") else []
    return "\n\n".join(lines)


def heads_left(stored: Path) -> str:
    """What models save that have a share of their heads left, spread over all layers: of bench-pruned.json."""
    rows: dict[tuple, dict] = {}
    for size, of in read_json(stored / "bench-pruned.json")["sizes"].items():
        for row in of["rows"]:
            saved = row["saved"]
            shown = rows.setdefault((size, row["share"]), {"model": size, "heads left": f"{row['share']:.0%}"})
            shown["operations saved"] = f"{saved['operations']:.0%}"
            shown[f"time saved, batch {row['batch']}"] = f"{saved.get('cpu', saved['wall']):.0%}"
    return f"{table(rows.values())}\n\n{speed('bench-pruned', stored)}"


def savings(stored: Path) -> str:
    """What removing heads saved: a row for each run."""
    rows, measured, outcomes = [], [], []
    for run in reading.kept_runs(stored / "savings"):
        result, cost = read_json(run.directory / "result.json"), read_json(run.directory / "costs.json")
        operations = [cost["flops"][name]["total"] / 1e6 for name in ("dense", "pruned")]
        row = {
            "run": f"`{run.directory.name}`",
            "method": f"`{result['method']}`",
            "heads left": f"{result['kept']} of {result['of']}, {' and '.join(result['mask'])}",
            "BLEU": change(result["bleu_dense"], result["bleu_pruned"], 2),
            "loss": change(result["nll_dense"], result["nll_pruned"], 4),
            "parameters": change(cost["parameters"]["dense"], cost["parameters"]["pruned"], 0),
            "operations, million": change(*operations, 1),
            **{f"time saved, {size}": f"{share:.0%}" for size, share in cost["saved"].items()},
            **{f"without any, {size}": f"{share:.0%}" for size, share in cost["could_save"].items()},
        }
        rows.append(row)
        measured.append(f"{cost['device']}; PyTorch {cost['versions']['torch']}")
        outcomes.append(result)
    return f"{table(rows)}\n\nBLEU: {signatures(outcomes)}. {'; '.join(dict.fromkeys(measured))}."


def prices(stored: Path) -> str:
    """How many heads each price left: a row for each run."""
    kept, rows, outcomes = priced.runs(stored / "lambda"), [], []
    for run in kept:
        settings, result = run.config["objective"], read_json(run.directory / "result.json")
        layers = [" / ".join(str(sum(layer)) for layer in mask) for mask in result["mask"].values()]
        row = {
            "corpus": run.config["card"]["name"],
            "λ": f"{settings['l0_penalty_lambda']:g} ({settings['l0_penalty_scale']})",
            "decoder": "frozen" if settings["freeze"] else "learns",
            "heads left, first layer / last": f"{'; '.join(layers)}, {result['kept']} of {result['of']}",
            "undecided": result["undecided"],
            "BLEU": change(result["bleu_dense"], result["bleu_pruned"], 2),
            "loss": change(result["nll_dense"], result["nll_pruned"], 4),
            "steps": f"{result['steps']:,}",
            "validation pairs": f"{result['sentences']:,}",
        }
        rows.append(row)
        outcomes.append(result)
    return f"{table(rows)}\n\nBLEU: {signatures(outcomes)}.\n\n{commands(kept)}"


# data/results/compare/README.md


def methods(stored: Path) -> str:
    """What each method does: the first paragraph of its docstring."""
    names = dict.fromkeys(row.split(", ")[0] for row in Comparison(stored / "compare").rows)
    does = {name: " ".join(inspect.getdoc(method_class(name)).split("\n\n")[0].split()) for name in names}
    return table({"method": f"`{name}`", "whose": role(name), "what it does": does[name]} for name in names)


def comparison(name: str, stored: Path) -> str:
    """For each budget a folded table: the dense models, then all rows, the lowest mean dev loss first."""
    found = Comparison(stored / name)
    revisions = dict.fromkeys(short_revision(cell["session"]["git"]) for cell in found.cells.values())
    parts = [
        f"`nmt compare data/results/{name}/{found.config.name} --out DIR`, on {', '.join(found.plan.data)}: "
        f"{len(found.cells)} cells on the seeds {', '.join(map(str, found.dense))}. Code {', '.join(revisions)}."
    ]
    for budget in found.budgets:
        best = {row: cells for row in found.rows if (cells := found.best(row, budget))}
        rows = [scores_of("none: the dense model", found.dense)]
        for row, cells in sorted(best.items(), key=lambda item: mean(map(dev_loss, item[1].values()))):
            chosen = Counter(reading.described(cell["said"]) for cell in cells.values())
            settings = "; ".join(f"{said} ×{count}" for said, count in chosen.items())
            compute = f"{mean(cell['compute'] for cell in cells.values()):.1f}"
            name = f"`{row}`" + (f" ({settings})" if len(found.rows[row]) > 1 else "")
            rows.append(scores_of(name, cells) | {"compute, steps": compute, "whose": role(row)})
        parts.append(folded(f"{found.described(budget)} kept: all methods", table(rows)))
    return "\n\n".join(parts)


def scores_of(method: str, cells: dict[int, dict]) -> dict[str, object]:
    return {
        "method": method,
        "loss of the validation pairs": spread(map(dev_loss, cells.values()), 4),
        "BLEU of the test pairs": spread(map(bleu, cells.values()), 2),
        "seeds": len(cells),
    }


def claims(name: str, stored: Path) -> str:
    """What became of the claims in a config, and by how much a repeated cell varies."""
    cells = reading.claimed_cells(stored, name)
    if not cells.complete:
        return "Not run yet."
    revisions = dict.fromkeys(short_revision(line["session"]["git"]) for line in cells.lines.values())
    count = f"{len(cells.keys)} cells, {len(cells.lines)} models"
    said = f"`nmt compare data/results/claims/{name}.json`: {count}. Code {', '.join(revisions)}."
    return "\n\n".join(
        [said, *(table(rows) for rows in (judge(cells.plan, cells), repeated_sd(cells.plan, cells)) if rows)]
    )


def cells_table(name: str, stored: Path) -> str:
    """Every method of a config at every number of heads: the means over the models."""
    cells, rows = reading.claimed_cells(stored, name), []
    if not cells.complete:
        return "Not run yet."
    for method, settings in cells.methods.items():
        heads = settings.get("heads", "all")
        asked = settings.get("keep", sorted(cells.plan.budgets["all"]))
        for keep in asked if isinstance(asked, list) else [asked]:
            of = {seed: lines[0] for seed in cells.plan.seeds if (lines := cells.of(method, heads, keep, seed))}
            if of:
                rows.append({"heads kept": f"{keep} of {cells.plan.total(heads)}"} | scores_of(f"`{method}`", of))
    rows.sort(key=lambda row: -int(row["heads kept"].split()[0]))
    if name == "rows" and (scratch := read_json_lines(stored / "claims" / "scratch.jsonl")):
        of = {line["seed"]: line for line in scratch}
        what = "the heads that `shed` kept, from random weights, 14 epochs"
        rows.append({"heads kept": f"6 of {cells.plan.total('all')}"} | scores_of(what, of))
    dense = {"heads kept": f"{cells.plan.total('all')}"} | scores_of("none: the dense models", cells.dense)
    return table([dense, *rows])


def grammar(stored: Path) -> str:
    """What pruning leaves of grammar: accuracy and margin on the contrast sets, and by phenomenon how much is lost."""
    several = [reading.claimed_cells(stored, name) for name in ("claims", "grammar")]
    if not all(cells.complete for cells in several):
        return "Not run yet."
    phenomena, budgets, found = reading.contrasts(several)  # of each method (phenomena, budgets, 2)
    every, mean_of = phenomena.index("all"), np.mean(list(found.values()), axis=0)
    one = [number for number in range(len(phenomena)) if number != every]
    lost = {name: of[one, :1, 0] - of[one, :, 0] for name, of in found.items()}
    rows = []
    for place, keep in enumerate(budgets):
        scores = {f"`{name}`": "{:.1%}, {:+.2f}".format(*of[every, place]) for name, of in found.items()}
        alike = {"heads in common": "", "correlation of what is lost": ""}
        if place:
            between = itertools.combinations([of[:, place] for of in lost.values()], 2)
            correlations = [np.corrcoef(pair)[0, 1] for pair in between]
            common = reading.heads_in_common(several, found, keep)
            alike = {
                "heads in common": f"{min(common):.0%} to {max(common):.0%}",
                "correlation of what is lost": f"{min(correlations):.2f} to {max(correlations):.2f}",
            }
        rows.append({"heads kept": f"{keep} of {budgets[0]}"} | scores | alike)
    shown = [0, *(budgets.index(keep) for keep in (12, 6, 3))]
    each = [
        {"phenomenon": phenomena[number]}
        | {f"{budgets[at]} heads": "{:.1%}, {:+.2f}".format(*mean_of[number, at]) for at in shown}
        for number in sorted(one, key=lambda number: -(mean_of[number, :1, 0] - mean_of[number, 1:, 0]).mean())
    ]
    return "\n\n".join([table(rows), folded("by phenomenon: means of the methods", table(each))])


# page -> place -> the function that writes it from data/results
PAGES: dict[str, dict[str, Callable[[Path], str]]] = {
    "data/results/README.md": {
        "runs": runs,
        "corpus-size": corpus_size,
        "architectures": architectures,
        "bench-gpu": partial(speed, "bench-gpu"),
        "bench": partial(speed, "bench"),
        "savings": savings,
        "heads-left": heads_left,
        "prices": prices,
    },
    "data/results/compare/README.md": {
        "methods": methods,
        "first-seeds": partial(comparison, "compare"),
        "fresh-seeds": partial(comparison, "compare-fresh"),
    },
    "data/results/claims/README.md": {
        "rate": partial(cells_table, "rate"),
        "claims": partial(claims, "claims"),
        "cells": partial(cells_table, "claims"),
        "rows": partial(cells_table, "rows"),
        "grammar": grammar,
        "repeats": partial(claims, "repeats"),
        "blocks": partial(claims, "blocks"),
        "hotels": partial(claims, "hotels"),
    },
}

if __name__ == "__main__":
    ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter).parse_args()
    print(*figures.draw(in_clone("data", "results"), in_clone("figures")), sep="\n")
    for page, places in PAGES.items():
        for place, function in places.items():
            text = function(in_clone("data", "results"))
            write_text(in_clone(page), replaced_between(in_clone(page), place, text))
        print(in_clone(page))
    for path, text in pages(in_clone("notebooks")).items():
        write_text(path, text)
