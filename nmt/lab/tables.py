"""The pages of results: `python -m nmt.lab.tables` draws the figures and writes the tables, from data/results alone.

A page has typed words, and places between <!-- NAME --> and <!-- /NAME --> which are written by the function that PAGES
names. No number in these places is typed by hand; a test holds that they show what the records say.
"""

import inspect
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import mean, median, stdev

from nmt.config import TrainingConfig
from nmt.lab import bench, figures, front_page, render, results
from nmt.lab.digits import by_request
from nmt.lab.lineage import circumstances, command, short_revision
from nmt.lab.markdown import block, folded, score_table, table
from nmt.lab.results import Budget, Comparison, bleu, dev_loss, role
from nmt.plumbing.files import read_json, read_json_lines, write_between, write_text
from nmt.plumbing.places import in_clone
from nmt.pruning.costs import saved
from nmt.pruning.methods import OURS, method_class
from nmt.runs import Run

MODEL = (
    "{num_blocks} blocks, d_model {d_model}, {num_heads} heads, {norm}-norm, vocabularies {src_vocab_size} and "
    "{trg_vocab_size}"
)


def spread(values: Sequence[float], digits: int) -> str:
    """Mean ± standard deviation."""
    return f"{mean(values):.{digits}f}" + (f" ± {stdev(values):.{digits}f}" if len(values) > 1 else "")


def change(before: float, after: float, digits: int) -> str:
    return f"{before:,.{digits}f} → {after:,.{digits}f}"


def signatures(scores: Sequence[dict]) -> str:
    return ", ".join(dict.fromkeys(f"`{score['signature']}`" for score in scores))


# data/results/README.md


def runs(stored: Path) -> str:
    """How each run was made, its curves, its scores."""
    parts = []
    for run in results.kept_runs(stored):
        name, sessions, last = run.directory.name, run.lines("sessions.jsonl"), run.lines()[-1]
        batches, batch_size = (run.config["training"][key] for key in ("limit_train_batches", "batch_size"))
        parts += [
            f"### `{name}`",
            block(map(command, sessions)),
            f"{MODEL.format(**run.config['transformer'])}; "
            f"{results.pairs(run) if batches is None else batches * batch_size:,} training pairs, "
            f"{last['epoch']:.4g} epochs, {last['step']:,} steps, {last['minutes']:.1f} minutes (validation included); "
            f"{circumstances(run, sessions)}.",
            f"![loss and BLEU over the epochs of {name}](../../figures/{name}.png)",
            score_table(run.lines("scores.jsonl")),
        ]
    return "\n\n".join(parts)


def corpus_size(stored: Path) -> str:
    """One model, several sizes of the corpus: BLEU of each source after the most steps that all runs have done."""
    sized = results.sized_runs(stored / "corpus-size")
    sized = [run for run in sized if results.blocks(run) == results.blocks(sized[0])]
    step, largest = results.in_common(sized)[0][-1], sized[-1]
    read = ", ".join(f"{results.logged(run, step)['epoch']:.2g}" for run in sized)
    commands = [command(session) for run in sized for session in run.lines("sessions.jsonl")]
    about = (
        f"{MODEL.format(**largest.config['transformer'])}. After {step:,} steps the model has read {read} times the "
        f"corpus of {', '.join(f'{results.pairs(run):,}' for run in sized)} pairs. "
        f"{circumstances(largest, largest.lines('sessions.jsonl'))}."
    )
    shown = by_source({f"{results.pairs(run):,} pairs": (run, step) for run in sized})
    scored = f"BLEU after {step:,} steps, greedy; {signatures(largest.lines('scores.jsonl'))}."
    return f"{about}\n\n{folded('each source, and the commands', scored, shown, block(commands))}"


def depth(stored: Path) -> str:
    """A deeper model beside that of the same corpus, after as many steps."""
    *_, shallow, deep = results.sized_runs(stored / "corpus-size")
    steps, sessions = results.in_common([shallow, deep])[0], deep.lines("sessions.jsonl")
    columns = {
        f"{results.blocks(run)} blocks, {step:,} steps": (run, step) for step in steps for run in (shallow, deep)
    }
    minutes = ", ".join(f"{results.logged(*column)['minutes']:.1f} ({name})" for name, column in columns.items())
    about = f"Minutes of training: {minutes}. {circumstances(deep, sessions)}."
    return f"{about}\n\n{folded('each source, and the command', by_source(columns), block(map(command, sessions)))}"


def by_source(columns: dict[str, tuple[Run, int]]) -> str:
    """BLEU of each source's held-out pairs: of each run after so many steps. The last column orders the rows."""
    scores = {name: results.scores_at(run, step) for name, (run, step) in columns.items()}
    (*_, (run, _)), (*_, last) = columns.values(), scores.values()
    learnt = {name.partition(".")[0]: count for name, count in run.config["card"]["train"].items()}
    sources = sorted(results.in_common([run for run, _ in columns.values()])[1], key=lambda name: -last[name]["bleu"])
    rows = [
        {
            "source": source,
            f"of the {results.pairs(run):,} pairs": f"{learnt[source]:,}" if source in learnt else "none",
            "held-out pairs": f"{last[source]['sentences']:,}",
            **{name: f"{of[source]['bleu']:.2f}" for name, of in scores.items()},
            "chrF of the last": f"{last[source]['chrf']:.2f}",
        }
        for source in sources
    ]
    means = {name: f"{mean(of[source]['bleu'] for source in sources):.2f}" for name, of in scores.items()}
    means["chrF of the last"] = f"{mean(last[source]['chrf'] for source in sources):.2f}"
    return table([*rows, dict.fromkeys(rows[0], "") | {"source": "**mean**"} | means])


def speed(name: str, stored: Path) -> str:
    """bench*.json: a row for each size and task."""
    result, aims = read_json(stored / f"{name}.json"), {"training step": 1.0, "decoding": 1.2}

    def cell(row: dict, peer: str) -> str:
        if peer not in row["ratios"]:
            return ""
        wall = row["ratios"][peer]["wall"]
        said = f"{wall['median']:.3f} ({wall['min']:.2f} to {wall['max']:.2f})"
        return f"*{said}*" if wall["median"] < aims[row["task"]] else said

    rows = [
        {"size": size, "task": bench.label(row), **{peer: cell(row, peer) for peer in (bench.TORCH, bench.MARIAN)}}
        for size, measured in result["sizes"].items()
        for row in measured["rows"]
    ]
    session = result["session"]
    versions = ", ".join(f"{package} {session['versions'][package]}" for package in ("torch", "transformers"))
    dtypes = ", ".join(f"{task} in {dtype}" for task, dtype in result["dtypes"].items())
    load = f"; load of the machine before it: {session['load']:.2f}" if "load" in session else ""
    about = f"{session['device']}; {versions}; {dtypes}; code {short_revision(session['git'])}{load}."
    picture = f"![time of the peers divided by ours, for each task](../../figures/{name}.png)"
    return f"{picture}\n\n{folded('every task', table(rows))}\n\n{about}"


def savings(stored: Path) -> str:
    """What removing heads saved: a row for each run."""
    rows, machines, scored = [], [], []
    for run in results.kept_runs(stored / "savings"):
        result, cost = results.outcome(run), read_json(run.directory / "costs.json")
        ms, million = cost["ms"], {name: parts["total"] / 1e6 for name, parts in cost["flops"].items()}
        time = {size: change(ms["dense"][size]["median"], ms["pruned"][size]["median"], 2) for size in cost["saved"]}
        shares = {
            name: ", ".join(f"{median(x):.0%} ({100 * min(x):.0f} to {100 * max(x):.0f})" for x in of.values())
            for name, of in ((name, saved(ms[name], ms["dense"])) for name in ("pruned", "no heads"))
        }
        rows.append(
            {
                "run": f"`{run.directory.name}`",
                "method": f"`{result['method']}`",
                "heads left": f"{result['kept']} of {result['of']}, {' and '.join(result['mask'])}",
                "BLEU": change(result["bleu_dense"], result["bleu_pruned"], 2),
                "loss": change(result["nll_dense"], result["nll_pruned"], 4),
                "parameters": change(cost["parameters"]["dense"], cost["parameters"]["pruned"], 0),
                "operations, million": change(million["dense"], million["pruned"], 1),
                **{f"ms a sentence, {size}": said for size, said in time.items()},
                "time saved": shares["pruned"],
                "if all these heads went": shares["no heads"],
            }
        )
        machines.append(f"{cost['device']}; PyTorch {cost['versions']['torch']}")
        scored.append(result)
    return f"{table(rows)}\n\nBLEU: {signatures(scored)}. {'; '.join(dict.fromkeys(machines))}."


def prices(stored: Path) -> str:
    """How many heads each price left: a row for each run; the gates over the steps; the commands."""
    kept = results.priced_runs(stored / "lambda")
    rows, outcomes, sentences = [], [results.outcome(run) for run in kept], {}
    for run, result in zip(kept, outcomes, strict=True):
        settings, corpus = run.config["objective"], run.config["card"]["name"]
        left = "; ".join(
            (f"{kind} " if len(result["mask"]) > 1 else "") + " / ".join(str(sum(layer)) for layer in layers)
            for kind, layers in result["mask"].items()
        )
        sentences[corpus] = f"{result['sentences']:,}"
        rows.append(
            {
                "corpus": corpus,
                "λ": f"{settings['l0_penalty_lambda']:g} ({settings['l0_penalty_scale']})",
                "price": f"{results.price(run):.5f}",
                "decoder": "frozen" if settings["freeze"] else "learns",
                "heads left, first layer / last": f"{left}, {result['kept']} of {result['of']}",
                "undecided": result["undecided"],
                "BLEU": change(result["bleu_dense"], result["bleu_pruned"], 2),
                "loss": change(result["nll_dense"], result["nll_pruned"], 4),
                "steps": f"{result['steps']:,}",
            }
        )
    counts = "; ".join(f"{corpus}: {count}" for corpus, count in sentences.items())
    about = f"BLEU ({signatures(outcomes)}) and loss are of validation pairs ({counts})."
    pictures = [f"![P(open) of each gate over the steps, {x}](../../figures/lambda-{x}.png)" for x in sentences]
    commands = [command(session) for run in kept for session in run.lines("sessions.jsonl")]
    return "\n\n".join([table(rows), about, *pictures, folded("the commands", block(commands))])


def small_networks(stored: Path) -> str:
    """Test errors of the small networks over digits: a row for each method and budget, or λ."""
    return table(
        {
            "method": f"`{method}`",
            "asked for": f"λ {asked:g}" if method.startswith("l0") else f"{asked} units",
            f"units kept, of {cells[0]['of']}": f"{mean(cell['kept'] for cell in cells):.1f}",
            "test error, %": spread([100 * cell["error_test"] for cell in cells], 1),
            "seeds": len(cells),
        }
        for (method, asked), cells in by_request(read_json_lines(stored / "digits" / "cells.jsonl")).items()
    )


# data/results/compare/README.md


def progress(found: Comparison) -> str:
    """How much of a comparison is done, with which code, and how good the dense models are."""
    done = {seed: found.done(seed) for seed in found.seeds}
    whole = sum(count == found.planned for count in done.values())
    parts = [
        f"`nmt compare data/results/{found.folder.name}/{found.config.name} --out DIR`, on "
        f"{', '.join(found.plan.data)}: {sum(done.values())} of {found.planned * len(done)} cells are done, all of "
        f"them on {whole} of {len(done)} seeds ({', '.join(map(str, done))})."
    ]
    if missing := [f"seed {seed}: {count} of {found.planned}" for seed, count in done.items() if count < found.planned]:
        parts.append(f"Not finished: {'; '.join(missing)}.")
    if found.dense:
        losses, bleus = [*map(dev_loss, found.dense.values())], [*map(bleu, found.dense.values())]
        learnt, pruned = (TrainingConfig(**one).max_epochs for one in (found.plan.dense, found.plan.training))
        parts.append(
            f"The dense models, one for each seed, learn {learnt} epochs and are pruned within {pruned}. Before that "
            f"their dev loss is {spread(losses, 4)}, their test BLEU {spread(bleus, 2)}. Code "
            f"{', '.join(map(short_revision, found.revisions()))}."
        )
    return " ".join(parts)


def methods(found: Comparison) -> str:
    """What each method does: the first paragraph of its docstring."""
    names = dict.fromkeys(row.split(", ")[0] for row in found.rows)
    does = {name: " ".join(inspect.getdoc(method_class(name)).split("\n\n")[0].split()) for name in names}
    return table({"method": f"`{name}`", "whose": whose(name), "what it does": does[name]} for name in names)


def whose(row: str) -> str:
    return {"bound": "upper bound, search not charged", "ablation": "ours, varied"}.get(role(row), role(row))


def verdict(found: Comparison) -> str:
    """What became of the claim; then each of ours beside the best published method of each seed, at each budget."""
    rows = []
    for budget, row in ((budget, row) for budget in found.measured_budgets() for row in found.judged):
        one = results.judge(found, row, budget)
        if not (seeds := [seed for seed in one.own if seed in one.published]):
            continue
        differences = [dev_loss(one.own[seed]) - dev_loss(one.published[seed]) for seed in seeds]
        names = Counter(with_settings(one.published[seed]["said"]) for seed in seeds)
        bold = "**" if budget in found.small_budgets() else ""
        compute = (f"{mean(cells[seed]['compute'] for seed in seeds):.1f}" for cells in (one.own, one.published))
        rows.append(
            {
                "heads kept": f"{bold}{heads_kept(found, budget)}{bold}",
                "ours": f"`{row}`",
                "dev loss − best published (by seed)": (
                    f"{mean(differences):+.4f} ({', '.join(f'{x:+.4f}' for x in differences)})"
                ),
                "seeds": tally(one),
                "best published": ", ".join(f"{name} ×{count}" for name, count in names.items()),
                "compute: ours, theirs": ", ".join(compute),
                **bleu_cells(found, one.own, one.published, "best published"),
                **bleu_cells(found, one.own, found.dense, "dense"),
            }
        )
    tested = signatures([*found.significance.values()])
    return "\n\n".join([*(claim(found, row) for row in found.judged), table(rows), *([tested] if tested else [])])


def claim(found: Comparison, row: str) -> str:
    """What became of the claim, in words."""
    verdicts = {budget: results.judge(found, row, budget) for budget in found.small_budgets()}
    claims = {one.claim for one in verdicts.values()}
    whole = "fails" if "fails" in claims else "holds" if claims == {"holds"} else "is open"
    parts = [f"{heads_kept(found, budget)}: {one.claim}, seeds: {tally(one)}" for budget, one in verdicts.items()]
    return f"**`{row}`: the claim {whole}" + (f" ({'; '.join(parts)}).**" if parts else ".**")


def tally(one: results.Verdict) -> str:
    said = f"{len(one.won)} won, {len(one.lost)} lost"
    said += f", {len(one.ahead)} ahead of the published cells there are" if one.ahead else ""
    return said + (f", {len(one.missing)} not run" if one.missing else "")


def heads_kept(found: Comparison, budget: Budget) -> str:
    return f"{budget[1]} of {found.total(budget[0])} {figures.kinds(budget[0])}"


def with_settings(said: dict) -> str:
    """`l0-topk` (λ 0.3)"""
    settings = results.described(said)
    return f"`{said['method']}`" + (f" ({settings})" if settings else "")


def bleu_cells(found: Comparison, own: dict[int, dict], others: dict[int, dict], name: str) -> dict[str, str]:
    """The mean difference of test BLEU, and on how many seeds it is significant."""
    seeds = [seed for seed in own if seed in others]
    difference = mean(bleu(own[seed]) - bleu(others[seed]) for seed in seeds)
    tests = [found.significance.get((own[seed]["key"], results.outputs_name(others[seed]))) for seed in seeds]
    made = [test for test in tests if test]
    better, worse = (
        sum(test["p"] < 0.05 and sign * (test["bleu"] - test["bleu_against"]) > 0 for test in made) for sign in (1, -1)
    )
    said = f"{better} better, {worse} worse of {len(made)}" if made else "–"
    return {f"test BLEU − {name}": f"{difference:+.2f}", f"p < 0.05 against {name}": said}


def all_methods(found: Comparison) -> str:
    """A folded table for each budget: all rows, the lowest mean dev loss first."""
    first, parts = next(iter(found.leading), OURS), []
    for budget in found.measured_budgets():
        best = {row: cells for row in found.rows if (cells := found.best(row, budget))}
        rows = []
        for row, cells in sorted(best.items(), key=lambda item: mean(map(dev_loss, item[1].values()))):
            settings = Counter(results.described(cell["said"]) for cell in cells.values())
            chosen = "; ".join(f"{said} ×{count}" for said, count in settings.items())
            both = best.get(first, {}).keys() & cells.keys()
            lower = sum(dev_loss(best[first][seed]) < dev_loss(cells[seed]) for seed in both)
            bold = "**" if role(row) == "ours" else ""
            rows.append(
                {
                    "method": f"{bold}`{row}`{bold}" + (f" ({chosen})" if len(found.rows[row]) > 1 else ""),
                    "what it is": whose(row),
                    "dev loss": spread([*map(dev_loss, cells.values())], 4),
                    "test BLEU": spread([*map(bleu, cells.values())], 2),
                    "test chrF": spread([cell["scores"]["test"]["chrf"] for cell in cells.values()], 2),
                    "compute, steps": f"{mean(cell['compute'] for cell in cells.values()):.1f}",
                    "seeds": len(cells),
                    f"`{first}` is lower": "" if row == first else f"on {lower} of {len(both)}",
                }
            )
        parts.append(folded(f"{heads_kept(found, budget)} kept: all methods", table(rows)))
    return "\n\n".join(parts)


def searches(stored: Path) -> str:
    """Dev loss of ours by the share of the steps that its search had, on the seeds of the first comparison."""
    tried, first = (Comparison(stored / name) for name in ("compare-search", "compare"))
    budgets = {heads_kept(tried, budget): budget for budget in tried.measured_budgets()}
    rows = [(found, row) for found in (tried, first) for row in found.variations(OURS) if role(row) == "ours"]
    return table(
        {"": f"`{row}`"}
        | {name: spread([*map(dev_loss, found.best(row, budget).values())], 4) for name, budget in budgets.items()}
        for found, row in rows
    )


# README.md


def pruning(stored: Path) -> str:
    """A few methods that keep 6 of all 48 heads."""
    found, budget = Comparison(stored / "compare"), ("all", 6)
    rows = {
        "shed, search 0.3": "`shed`, ours",
        "taylor-iterative": "`taylor-iterative`, Michel et al. 2019",
        "l0-topk": "`l0-topk`, Voita et al. 2019",
        "magnitude": "`magnitude`: the size of the weights",
        "random": "`random`",
    }
    cells = {name: list(found.best(row, budget).values()) for row, name in rows.items()}
    return table(
        {
            "method": name,
            "heads kept": f"{kept} of {found.total('all')}",
            "BLEU of 1,000 test pairs": spread([*map(bleu, of)], 1),
            "loss on the validation pairs": spread([*map(dev_loss, of)], 3),
        }
        for name, kept, of in [
            ("none: the dense model", found.total("all"), list(found.dense.values())),
            *((name, budget[1], of) for name, of in cells.items()),
        ]
    )


def of_comparison(shown: Callable[[Comparison], str], name: str, stored: Path) -> str:
    return shown(Comparison(stored / name))


# page -> place -> the function that writes it from data/results
PAGES: dict[str, dict[str, Callable[[Path], str]]] = {
    "README.md": {"findings": front_page.findings, "pruning": pruning},
    "data/results/README.md": {
        "runs": runs,
        "corpus-size": corpus_size,
        "depth": depth,
        "bench-gpu": partial(speed, "bench-gpu"),
        "bench": partial(speed, "bench"),
        "savings": savings,
        "prices": prices,
        "digits": small_networks,
    },
    "data/results/compare/README.md": {
        "methods": partial(of_comparison, methods, "compare"),
        "searches": searches,
        **{
            f"{seeds}-{name}": partial(of_comparison, function, folder)
            for seeds, folder in (("first", "compare"), ("fresh", "compare-fresh"))
            for name, function in (("progress", progress), ("verdict", verdict), ("all-methods", all_methods))
        },
    },
}

if __name__ == "__main__":
    print(*figures.draw(in_clone("data", "results"), in_clone("figures")), sep="\n")
    for page, places in PAGES.items():
        for place, function in places.items():
            write_between(in_clone(page), place, function(in_clone("data", "results")))
        print(in_clone(page))
    for path, text in render.pages(in_clone("notebooks")).items():
        write_text(path, text)
