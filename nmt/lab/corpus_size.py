"""How quality grows with the corpus, source by source: `python -m nmt.lab.corpus_size RUN STEPS FILE… [--out FOLDER]`
translates each FILE, the held-out pairs of one source, with the checkpoints of a run after so many STEPS (1000,2000),
and keeps FOLDER/NAME, by default data/results/corpus-size/NAME.

The runs of the curve are to differ in their data alone. Each is scored at the same steps, so that the larger corpora
have no more training than the smaller, and shown together: the mean of BLEU over the sources against the pairs that
were learnt from, and the BLEU of each. A run of another shape (more blocks) stands beside the largest of them.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean

import torch
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from nmt import NmtError
from nmt.corpora.sources import unsplit_pairs
from nmt.decoding import translate
from nmt.lab.lineage import circumstances, command, keep_records
from nmt.plumbing.files import write_text
from nmt.plumbing.places import in_clone
from nmt.runs import Run, load
from nmt.scoring import corpus_scores
from nmt.show.plots import BLUE, GREY, ORANGE, save

SCORES = "scores.jsonl"
BATCH = 128


def keep_scores(
    run: str | Path,
    steps: Sequence[int],
    files: Sequence[str | Path],
    folder: str | Path,
    log: Callable[[str], None] = print,
) -> Path:
    """Score greedy translations of every file by every step, and keep folder/NAME. Returns it.

    Raises NmtError for a file that cannot be read, or a step of which no checkpoint is there.
    """
    run = Run(run)
    if missing := sorted(set(steps) - set(run.steps())):
        raise NmtError(f"{run.directory}: no checkpoint of step {missing[0]}; there are {run.steps()}")
    texts = {}
    for file in files:
        name, pairs = unsplit_pairs([str(file)], log)
        texts[name.removesuffix(".test").removesuffix(".dev")] = list(pairs)
    lines = []
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    for step in steps:
        trained = load(run.checkpoint(step), device)
        for source, pairs in texts.items():
            english, russian = zip(*pairs, strict=True)
            written = translate(trained.model, trained.bpe, english, beam=1, batch_size=BATCH)
            lines.append({"step": step, "source": source, "beam": 1, **corpus_scores(written, russian)})
            log(f"step {step}, {source}: BLEU {lines[-1]['bleu']:.2f}, chrF {lines[-1]['chrf']:.2f}")
    kept = keep_records(run.directory, Path(folder), ["metrics.jsonl"])
    write_text(kept / SCORES, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return kept


def kept_runs(folder: Path) -> list[Run]:
    """The kept runs, the smallest corpus first, of one corpus the model of fewest blocks."""
    found = (Run(path.parent) for path in folder.glob(f"*/{SCORES}"))
    return sorted(found, key=lambda run: (pairs(run), blocks(run)))


def blocks(run: Run) -> int:
    return run.config["transformer"]["num_blocks"]


def parted(runs: Sequence[Run]) -> tuple[list[Run], list[Run]]:
    """Those of the curve, of as many blocks as that of the smallest corpus, and the deeper ones."""
    return [r for r in runs if blocks(r) == blocks(runs[0])], [r for r in runs if blocks(r) != blocks(runs[0])]


def pairs(run: Run) -> int:
    """What the run learnt from; pairs that are too long for it count too."""
    return run.config["card"]["pairs"]["train"]


def at(run: Run, step: int) -> dict[str, dict]:
    """Source -> its scores after so many steps."""
    return {line["source"]: line for line in run.lines(SCORES) if line["step"] == step}


def common(runs: Sequence[Run]) -> tuple[list[int], list[str]]:
    """The steps and the sources that all runs have scores of."""
    lines = [run.lines(SCORES) for run in runs]
    steps = set.intersection(*({line["step"] for line in of} for of in lines))
    sources = set.intersection(*({line["source"] for line in of} for of in lines))
    if not steps or not sources:
        raise NmtError(f"{', '.join(run.directory.name for run in runs)}: scored at no common step, or on no source")
    return sorted(steps), sorted(sources)


def draw(runs: Sequence[Run], figures: Path) -> list[Path]:
    """corpus-size.png, once there are runs."""
    if not runs:
        return []
    save(growth(parted(runs)[0]), figures / "corpus-size.png")
    return [figures / "corpus-size.png"]


def growth(runs: Sequence[Run]) -> Figure:
    """The mean of BLEU and of chrF over the sources against the pairs learnt from, a line for each number of steps;
    grey: each source after the most steps."""
    steps, sources = common(runs)
    figure = Figure(figsize=(8.4, 3.4), layout="constrained", dpi=120)
    places = [pairs(run) for run in runs]
    styles = ((ORANGE, "s", "--"), (BLUE, "o", "-")) if len(steps) > 1 else ((BLUE, "o", "-"),)
    for axes, key, name in zip(figure.subplots(1, 2), ("bleu", "chrf"), ("BLEU", "chrF"), strict=True):
        scores = {step: [at(run, step) for run in runs] for step in steps}
        for source in sources:
            label = "one source, the most steps" if source == sources[0] else None
            axes.plot(places, [of[source][key] for of in scores[steps[-1]]], color=GREY, lw=0.7, zorder=1, label=label)
        for step, (color, mark, dashes) in zip(steps[-2:], styles, strict=True):
            means = [mean(of[source][key] for source in sources) for of in scores[step]]
            axes.plot(places, means, ls=dashes, marker=mark, color=color, label=f"mean, {step:,} steps")
        axes.set(xscale="log", xlabel="training pairs", ylabel=f"{name} of held-out pairs", ylim=(0, None))
        axes.set_xticks(places, [f"{place:,}" for place in places], fontsize=8)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.grid(alpha=0.3)
        axes.spines[["right", "top"]].set_visible(False)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return figure


def section(runs: Sequence[Run]) -> str:
    """Markdown: how the runs were made, the figure, a table of all sources; nothing where there is no run."""
    if not runs:
        return ""
    runs, deeper = parted(runs)
    steps, sources = common(runs)
    last, scores = steps[-1], [at(run, steps[-1]) for run in runs]
    shape, largest = runs[-1].config["transformer"], runs[-1]
    sessions = largest.lines("sessions.jsonl")
    learnt = largest.config["card"]["train"]
    of_source = {name.partition(".")[0]: count for name, count in learnt.items()}
    heads = " | ".join(f"{pairs(run):,}" for run in runs)
    lines = [
        "### Quality and the size of the corpus",
        "",
        f"The same model ({shape['num_blocks']} blocks, d_model {shape['d_model']}, {shape['num_heads']} heads, "
        f"vocabularies {shape['src_vocab_size']} and {shape['trg_vocab_size']}) learns from {len(learnt)} real corpora "
        f"or a part of each, always for as many steps; then it translates pairs held out of {len(sources)} of them.",
        "",
        "![BLEU and chrF of held-out pairs against the number of training pairs](figures/corpus-size.png)",
        "",
        f"After {last:,} steps it has read {', '.join(f'{epochs(run, last):.2g}' for run in runs)} times the corpus of "
        f"{', '.join(f'{pairs(run):,}' for run in runs)} pairs. {circumstances(largest, sessions)}.",
        "",
        "<details><summary>each source, and the commands</summary>",
        "",
        f"BLEU after {last:,} steps, by the pairs learnt from in all; chrF of the largest.",
        "",
        f"| source | its pairs among the {pairs(largest):,} | held-out pairs | {heads} | chrF |",
        f"|---|---|---|{'---|' * len(runs)}---|",
    ]
    for source in sorted(sources, key=lambda one: -scores[-1][one]["bleu"]):
        each = " | ".join(f"{of[source]['bleu']:.2f}" for of in scores)
        whole = scores[-1][source]
        count = f"{of_source[source]:,}" if source in of_source else "none"
        lines.append(f"| {source} | {count} | {whole['sentences']:,} | {each} | {whole['chrf']:.2f} |")
    means = " | ".join(f"{mean(of[source]['bleu'] for source in sources):.2f}" for of in scores)
    chrf = mean(scores[-1][source]["chrf"] for source in sources)
    commands = [line for run in runs for line in (f"# {caps(run)}", *map(command, run.lines("sessions.jsonl")))]
    signatures = dict.fromkeys(f"`{of[source]['signature']}`" for of in scores for source in sources)
    return "\n".join([
        *lines,
        f"| **mean** | | | {means} | {chrf:.2f} |",
        "",
        f"Greedy; {', '.join(signatures)}.",
        "",
        "```",
        *commands,
        "```",
        "",
        "</details>",
        *(line for run in deeper for line in _depth(largest, run)),
    ])  # fmt: skip


def _depth(run: Run, deeper: Run) -> list[str]:
    """Markdown: a deeper model beside that of the curve, of the same corpus after the same steps."""
    steps, sources = common([run, deeper])
    both = [(one, step) for step in steps for one in (run, deeper)]
    names = [f"{blocks(one)} blocks, {step:,} steps" for one, step in both]
    scores = [at(one, step) for one, step in both]
    means = [mean(of[source]["bleu"] for source in sources) for of in scores]
    told = [f"{one:.2f} ({name})" for one, name in zip(means, names, strict=True)]
    minutes = [min(one.lines(), key=lambda line: abs(line["step"] - step))["minutes"] for one, step in both]
    lines = [
        "",
        f"#### {blocks(run)} blocks and {blocks(deeper)}",
        "",
        f"The {pairs(run):,} pairs learnt by a model of {blocks(deeper)} blocks, all else equal: BLEU of the same "
        f"held-out pairs, in the mean {' and '.join(told)}. "
        f"{circumstances(deeper, deeper.lines('sessions.jsonl'))}.",
        "",
        "<details><summary>each source, and the command</summary>",
        "",
        f"| source | {' | '.join(names)} |",
        f"|---|{'---|' * len(both)}",
    ]
    for source in sorted(sources, key=lambda one: -scores[-1][one]["bleu"]):
        each = " | ".join(f"{of[source]['bleu']:.2f}" for of in scores)
        lines.append(f"| {source} | {each} |")
    return [
        *lines,
        f"| **mean** | {' | '.join(f'{one:.2f}' for one in means)} |",
        f"| minutes of training | {' | '.join(f'{one:.1f}' for one in minutes)} |",
        "",
        "```",
        *map(command, deeper.lines("sessions.jsonl")),
        "```",
        "",
        "</details>",
    ]


def caps(run: Run) -> str:
    """How much of each file the run learnt from: 12.5% of each file, but 7,500 pairs of large.tsv.gz."""
    of = {file["name"]: file.get("cap", "100%") for file in run.config["card"]["files"]}
    usual = Counter(of.values()).most_common(1)[0][0]
    others = [
        f"{cap if cap.endswith('%') else f'{int(cap):,} pairs'} of {name}" for name, cap in of.items() if cap != usual
    ]
    return f"{run.directory.name}: {usual} of each file" + (f", but {', '.join(others)}" if others else "")


def epochs(run: Run, step: int) -> float:
    """How often the run had read its corpus after so many steps, by its log."""
    line = min(run.lines(), key=lambda one: abs(one["step"] - step))
    return line["epoch"] * step / line["step"]


def main(arguments: Sequence[str]) -> Path:
    parser = argparse.ArgumentParser(prog="python -m nmt.lab.corpus_size", description=__doc__)
    default = in_clone("data", "results", "corpus-size")
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("steps", metavar="STEPS", type=lambda text: [int(one) for one in text.split(",")])
    parser.add_argument("files", metavar="FILE", nargs="+")
    parser.add_argument("--out", metavar="FOLDER", default=default)
    given = parser.parse_args(arguments)
    return keep_scores(given.run, given.steps, given.files, given.out)


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))
    except NmtError as error:
        raise SystemExit(f"nmt.lab.corpus_size: error: {error}") from None
