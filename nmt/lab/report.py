"""What is shown of finished runs: `python -m nmt.lab.report` draws figures/ and writes the results part of README.md.

data/results/NAME/ is what is kept of a run: its config.json, sessions.jsonl and metrics.jsonl, the last lines of
`nmt score` in scores.jsonl, and, where the sentences are our own, a file of frames/. Nothing in it is typed by hand.
"""

import argparse
import shutil
from pathlib import Path

import numpy as np

from nmt import NmtError
from nmt.lab import bench, corpus_size, prices, savings
from nmt.lab import comparison as comparison
from nmt.lab.lineage import circumstances, command, keep_records, plainly
from nmt.lab.results import Results
from nmt.plumbing.files import read_json, write_text
from nmt.plumbing.places import in_clone
from nmt.runs import Run
from nmt.scoring import score_table
from nmt.show.plots import attention_heads, learning_curves, save

BEGIN, END = "<!-- results -->", "<!-- /results -->"
PRUNING = "<!-- pruning -->", "<!-- /pruning -->"


def keep(run: Run, results: Path, scores: list[dict], frame: bool = False) -> Path:
    """Copy what is kept of a run to results/NAME; `scores` are objects that `nmt score` printed. Returns the folder."""
    folder = keep_records(run.directory, results, ["metrics.jsonl"])
    (folder / "scores.jsonl").unlink(missing_ok=True)
    Run(folder).append("scores.jsonl", *map(plainly, scores))
    if frame:
        shutil.rmtree(folder / "frames", ignore_errors=True)
        (folder / "frames").mkdir()
        shutil.copy(run.frames()[-1][1], folder / "frames")
    return folder


def draw(run: Run, figures: Path) -> list[Path]:
    """The learning curves of a kept run, and its attention if a frame was kept: NAME.png, NAME-attention.png."""
    name = run.directory.name
    save(learning_curves(run, f"run {name}, corpus {run.config['card']['name']}"), figures / f"{name}.png")
    if not run.frames():
        return [figures / f"{name}.png"]
    step, path = run.frames()[-1]
    with np.load(path, allow_pickle=False) as frame:
        written = [*frame["0.trg"].tolist()[1:], "<EOS>"]  # row t of a map is the step that writes piece t
        title = f"cross-attention after {step} steps: where each Russian piece (down) looks when it is written"
        figure = attention_heads(frame["0.cross"], written, frame["0.src"].tolist(), title)
    save(figure, figures / f"{name}-attention.png")
    return [figures / f"{name}.png", figures / f"{name}-attention.png"]


def section(run: Run) -> str:
    """Markdown: how the run was made, its curve, its scores with their signatures."""
    sessions, last = run.lines("sessions.jsonl"), run.lines()[-1]
    shape, training, name = run.config["transformer"], run.config["training"], run.directory.name
    limit = training["limit_train_batches"]
    pairs = run.config["card"]["pairs"]["train"] if limit is None else limit * training["batch_size"]
    commands = "\n".join(map(command, sessions))
    lines = [
        f"### `{name}`",
        "",
        f"```\n{commands}\n```",
        "",
        f"{shape['num_blocks']} blocks, d_model {shape['d_model']}, {shape['num_heads']} heads, {shape['norm']}-norm, "
        f"vocabularies {shape['src_vocab_size']} and {shape['trg_vocab_size']}; {pairs:,} training pairs, "
        f"{last['epoch']:.4g} epochs, {last['step']:,} steps, {last['minutes']:.1f} minutes (validation included); "
        f"{circumstances(run, sessions)}.",
        "",
        f"![loss and BLEU over the epochs of {name}](figures/{name}.png)",
        "",
        score_table(run.lines("scores.jsonl")),
    ]
    return "\n".join(lines)


def results(folder: Path) -> str:
    """The results part of README.md, from all runs kept in a folder."""
    parts = [section(Run(path.parent)) for path in sorted(folder.glob("*/config.json"))]
    parts.append(corpus_size.section(corpus_size.kept_runs(folder / "corpus-size")))
    parts += [bench.section(read_json(path), f"{path.stem}.png") for path in sorted(folder.glob("bench*.json"))]
    return "\n\n".join(filter(None, parts))


def pruning(folder: Path) -> str:
    """The part of README.md about pruning: the comparison, what a price on heads leaves, what removal brings."""
    parts = (
        comparison.section(Results(folder / "compare")),
        comparison.again(*(Results(folder / name) for name in ("compare-fresh", "compare-search", "compare"))),
        prices.section(prices.kept_runs(folder / "lambda")),
        savings.section(folder / "savings"),
    )
    return "\n\n".join(filter(None, parts))


def with_results(readme: str, text: str, marks: tuple[str, str] = (BEGIN, END)) -> str:
    """README.md with the part between the two marks replaced. Raises NmtError where it does not have them."""
    before, begin, rest = readme.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not end:
        raise NmtError(f"README.md: {marks[0]} and {marks[1]} must be there, in this order")
    return f"{before}{begin}\n{text}\n{end}{after}"


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m nmt.lab.report", description=__doc__).parse_args()
    root = in_clone()
    for kept in sorted((root / "data" / "results").glob("*/config.json")):
        print(*draw(Run(kept.parent), root / "figures"), sep="\n")
    stored, readme = root / "data" / "results", root / "README.md"
    print(*comparison.draw(Results(stored / "compare"), root / "figures"), sep="\n")
    print(*corpus_size.draw(corpus_size.kept_runs(stored / "corpus-size"), root / "figures"), sep="\n")
    for path in stored.glob("bench*.json"):
        save(bench.figure(read_json(path)), root / "figures" / f"{path.stem}.png")
    print(*prices.draw(prices.kept_runs(stored / "lambda"), root / "figures"), sep="\n")
    text = with_results(readme.read_text(encoding="utf-8"), results(stored))
    write_text(readme, with_results(text, pruning(stored), PRUNING))
    print(readme)
