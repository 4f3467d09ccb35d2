"""Put what is shown of finished runs into data/results, measuring first what the runs do not say themselves.

    python -m nmt.lab.store run RUN SCORES.jsonl [--frame]   a training run; SCORES: the last lines of `nmt score`
    python -m nmt.lab.store price RUN                        a run of `nmt prune` with a price, λ
    python -m nmt.lab.store savings RUN                      a run of `nmt prune`; measures what removal saves
    python -m nmt.lab.store corpus-size RUN STEPS FILE…      a training run; scores each FILE, the held-out pairs of one
                                                             source, after so many STEPS (1000,2000)
    python -m nmt.lab.store compare OUT [--folder FOLDER]    a comparison; tests the significance of its differences

Then `python -m nmt.lab.tables` writes the pages that show it.
"""

import argparse
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from sacrebleu.metrics import BLEU
from sacrebleu.significance import PairedTest

from nmt import NmtError
from nmt.corpora.corpus import prepare
from nmt.corpora.names import unsplit_pairs
from nmt.decoding import translate
from nmt.lab.lineage import without_paths
from nmt.lab.results import Comparison, outputs_name
from nmt.plumbing.files import json_lines, read_json, read_json_lines, write_json, write_text
from nmt.plumbing.places import in_clone
from nmt.plumbing.provenance import description_of_session
from nmt.pruning.costs import costs
from nmt.runs import Run, load
from nmt.scoring import corpus_scores


def records(run: Path, folder: Path, names: Sequence[str]) -> Path:
    """Copy a run's config.json, sessions.jsonl and the files `names` to folder/NAME. Returns it.

    Of each path of the machine the last part stays; of the checkpoint that the run began with RUN/checkpoints/STEP.
    """
    target = folder / run.name
    target.mkdir(parents=True, exist_ok=True)
    config = read_json(run / "config.json")
    if config.get("checkpoint"):
        config["checkpoint"] = "/".join(Path(config["checkpoint"]).parts[-3:])
    write_json(target / "config.json", without_paths(config))
    write_text(target / "sessions.jsonl", json_lines(map(without_paths, read_json_lines(run / "sessions.jsonl"))))
    for name in names:
        shutil.copyfile(run / name, target / name)
    return target


def training_run(run: Path, folder: Path, scores: Path, frame: bool = False) -> Path:
    """A run, and the last lines that `nmt score` printed of it. frame: also its last frame, which shows sentences.

    Raises NmtError where there are no scores.
    """
    if not (lines := read_json_lines(scores)):
        raise NmtError(f"{scores}: no scores; it should hold the last lines that nmt score printed")
    target = records(run, folder, ["metrics.jsonl"])
    write_text(target / "scores.jsonl", json_lines(map(without_paths, lines)))
    if frame:
        shutil.rmtree(target / "frames", ignore_errors=True)
        (target / "frames").mkdir()
        shutil.copy(Run(run).frames()[-1][1], target / "frames")
    return target


def priced_run(run: Path, folder: Path) -> Path:
    """A run of `nmt prune`. Raises NmtError for one that has not ended."""
    if not (run / "result.json").is_file():
        raise NmtError(f"{run}: no result.json; a run of nmt prune that has ended has one")
    return records(run, folder, ["metrics.jsonl", "gates.jsonl", "result.json"])


def savings(run: Path, folder: Path, sentences: int = 200, rounds: int = 5) -> Path:
    """A run of `nmt prune` with costs.json: parameters, operations and time of its models, see `nmt.pruning.costs`.

    The dense model, the pruned one, and one without any head of the pruned kinds decode the same validation sentences
    in turns. Raises NmtError for a run that has not ended.
    """
    target, config = priced_run(run, folder), Run(run).config
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dense, pruned = (load(one, device) for one in (config["checkpoint"], run))
    corpus = prepare(config["corpus"]["data"], log=lambda text: None)
    lines = list(corpus.lines("valid", "en"))[:sentences]
    kinds = list(read_json(target / "result.json")["mask"])
    measured = costs(dense.model, pruned.model, dense.bpe[0].encode(lines), kinds, rounds=rounds)
    session = description_of_session(device, 0)
    about = {"split": "valid", "sentences": len(lines), **{key: session[key] for key in ("git", "versions", "device")}}
    write_json(target / "costs.json", {**about, **measured})
    return target


def scores_by_source(
    run: Path, folder: Path, steps: Sequence[int], files: Sequence[Path], log: Callable[[str], None] = print
) -> Path:
    """A training run with the scores of greedy translations of every file after every step.

    Raises NmtError for a file that cannot be read, or a step of which there is no checkpoint.
    """
    checkpoints = Run(run).steps()
    if missing := sorted(set(steps) - set(checkpoints)):
        raise NmtError(f"{run}: no checkpoint of step {missing[0]}; there are {checkpoints}")
    texts, lines = {}, []
    for file in files:
        name, pairs = unsplit_pairs([str(file)], log)
        texts[name.removesuffix(".test").removesuffix(".dev")] = list(pairs)
    for step in steps:
        trained = load(Run(run).checkpoint(step), "cuda" if torch.cuda.is_available() else "cpu")
        for source, pairs in texts.items():
            english, russian = zip(*pairs, strict=True)
            written = translate(trained.model, trained.bpe, english, beam=1, batch_size=128)
            lines.append({"step": step, "source": source, "beam": 1, **corpus_scores(written, russian)})
            log(f"step {step}, {source}: BLEU {lines[-1]['bleu']:.2f}, chrF {lines[-1]['chrf']:.2f}")
    target = records(run, folder, ["metrics.jsonl"])
    write_text(target / "scores.jsonl", json_lines(lines))
    return target


def comparison(out: Path, folder: Path) -> Path:
    """The finished cells of a folder of `nmt compare`, beside the config that is in `folder` already.

    Tests of significance go to significance.jsonl: each judged row against the dense model and against the best
    published cell of the seed. A pair that was tested before is not tested again. Raises NmtError where
    translations are missing, or belong to another corpus.
    """
    for path in sorted(out.glob("seed-*.jsonl")):  # a line that is just being written stays behind
        write_text(folder / path.name, json_lines(read_json_lines(path)))
    found = Comparison(folder)
    corpus = prepare(found.plan.data)
    if strange := [seed for seed, line in found.dense.items() if line["corpus"] != corpus.fingerprint]:
        raise NmtError(f"{out}: seeds {strange} are of another version of {', '.join(found.plan.data)}")
    references, tests = [russian for _, russian in corpus.pairs("test")], []
    for budget in found.budgets:
        published = found.best_published(budget)
        for seed, dense in found.dense.items():
            own = [cells[seed] for row in found.judged if seed in (cells := found.best(row, budget))]
            for other in [dense, *([published[seed]] if seed in published else [])] if own else []:
                known = [found.significance.get((cell["key"], outputs_name(other))) for cell in own]
                tests += known if all(known) else paired_bootstrap(out / "outputs", references, other, own)
    write_text(folder / "significance.jsonl", json_lines(tests))
    return folder


def paired_bootstrap(outputs: Path, references: Sequence[str], other: dict, own: Sequence[dict]) -> list[dict]:
    """For each of `own` sacreBLEU's paired bootstrap (Koehn 2004) of the test BLEU against another cell."""
    systems = []
    for cell in (other, *own):
        path = outputs / f"{outputs_name(cell)}.txt"
        if not path.is_file():
            raise NmtError(f"{path}: no such file, but {cell['method']} has its line")
        systems.append((outputs_name(cell), path.read_text(encoding="utf-8").split("\n")[:-1]))
    signatures, scores = PairedTest(systems, {"BLEU": BLEU(force=True)}, [list(references)], test_type="bs")()
    against, *results = scores["BLEU"]
    return [
        {
            "key": cell["key"],
            "against": outputs_name(other),
            "seed": cell["seed"],
            "bleu": float(result.score),
            "bleu_against": float(against.score),
            "p": float(result.p_value),
            "signature": str(signatures["BLEU"]),
        }
        for cell, result in zip(own, results, strict=True)
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m nmt.lab.store", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands, stored = parser.add_subparsers(required=True), in_clone("data", "results")

    def command(name: str, folder: Path, store: Callable, given: str = "run") -> argparse.ArgumentParser:
        added = commands.add_parser(name)
        added.add_argument(given, metavar=given.upper(), type=Path)
        added.set_defaults(folder=folder, store=store)
        return added

    run = command("run", stored, training_run)
    run.add_argument("scores", metavar="SCORES.jsonl", type=Path)
    run.add_argument("--frame", action="store_true")
    command("price", stored / "lambda", priced_run)
    command("savings", stored / "savings", savings)
    sized = command("corpus-size", stored / "corpus-size", scores_by_source)
    sized.add_argument("steps", metavar="STEPS", type=lambda text: [int(step) for step in text.split(",")])
    sized.add_argument("files", metavar="FILE", nargs="+", type=Path)
    compared = command("compare", stored / "compare", comparison, "out")
    compared.add_argument("--folder", type=Path, help="of data/results, with the config (default: compare)")
    given = vars(parser.parse_args(arguments))
    print(given.pop("store")(**given))


if __name__ == "__main__":
    try:
        main()
    except NmtError as error:
        raise SystemExit(f"nmt.lab.store: error: {error}") from None
