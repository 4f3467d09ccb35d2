"""`nmt compare CONFIG`: trained models x methods x budgets x seeds, one JSON line for each, at equal compute.

The config is one JSON file, see `Comparison`. OUT/dense-SEED is the run of each dense model, OUT/seed-SEED.jsonl its
cells, OUT/outputs/ what each pruned model made of the test sentences. Killed and started again, it goes on: cells that
have their line are skipped, one under way resumes. Started several times, the processes share out the cells.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import torch

from nmt import NmtError
from nmt.batches import in_order
from nmt.config import TrainingConfig
from nmt.corpora.corpus import Corpus, prepare
from nmt.decoding import translate
from nmt.models import Trained
from nmt.plumbing.files import claimed, read_json, sha256, write_text
from nmt.plumbing.provenance import description_of_session
from nmt.pruning import importance
from nmt.pruning.config import PruningConfig
from nmt.pruning.methods import method_class
from nmt.pruning.prune import prune, shape_of
from nmt.runs import Run, load, model_directory
from nmt.scoring import corpus_scores
from nmt.tokens import encode_corpus
from nmt.training import train


@dataclass(frozen=True)
class Comparison:
    """What is compared. Every seed has a dense model of its own, and all methods prune each of them."""

    data: list[str]
    dense: dict  # TrainingConfig of the dense models
    training: dict  # TrainingConfig of the cells: what differs from the dense model's
    budgets: dict[str, list[int]]  # heads -> how many are kept, as in --heads and --keep
    methods: list[dict]  # PruningConfig of each, "method" and what differs from the default
    seeds: list[int] = field(default_factory=lambda: [1, 2, 3, 4, 5])

    @classmethod
    def read(cls, path: str | Path) -> "Comparison":
        """Raises NmtError for a file that is damaged, has unknown fields, or settings that cannot be."""
        settings = read_json(Path(path))
        try:
            _known("", settings, cls)
            if absent := [name for name in ("data", "dense", "training", "budgets", "methods") if name not in settings]:
                raise NmtError(f"{absent[0]} is missing")
            plan = cls(**settings)
            _each("data", plan.data, list, str, "names or files")
            _each("seeds", plan.seeds, list, int, "whole numbers")
            _each("methods", plan.methods, list, dict, "objects")
            for heads, keeps in _each("budgets", plan.budgets, dict, list, "lists").items():
                _each(f"budgets.{heads}", keeps, list, int, "whole numbers")
            for name, said, config in (
                ("dense", plan.dense, TrainingConfig),
                ("training", plan.training, TrainingConfig),
                *(("methods", method, PruningConfig) for method in plan.methods),
            ):
                _known(name, said, config)
            if any("method" not in method for method in plan.methods):
                raise NmtError('each of methods has a "method", its name')
            shape = TrainingConfig(**plan.dense).transformer(1, 1)
            TrainingConfig(**plan.training)
            for said in plan.cells():
                whole = sum(len(layer) for kind in PruningConfig(**said).kinds for layer in shape.kept(kind))
                if said.get("keep", 0) > whole:
                    raise NmtError(f"budgets: {said['keep']} of {said['heads']}, of which the dense model has {whole}")
        except (AttributeError, TypeError, NmtError) as error:
            raise NmtError(f"{path}: {error}") from None
        return plan

    def cells(self) -> Iterator[dict]:
        """What is said of each PruningConfig, for each budget and method; what has no budget but λ comes once."""
        for heads, keeps in self.budgets.items():
            for number, keep in enumerate(keeps):
                for method in self.methods:
                    if "keep" not in method_class(method["method"]).needs:
                        if number == 0:
                            yield {"heads": heads, **method}
                    else:
                        yield {"heads": heads, "keep": keep, **method}


def _each(name: str, value: object, kind: type, inner: type, of: str) -> list | dict:
    """The value, a list or object of such things. Raises NmtError where it is something else."""
    if not isinstance(value, kind) or not all(
        isinstance(x, inner) for x in (value.values() if kind is dict else value)
    ):
        whole = "a list" if kind is list else "an object"
        raise NmtError(f"{name} must be {whole} of {of}, not {json.dumps(value)[:60]}")
    return value


def _known(name: str, said: object, config: type) -> None:
    """Raises NmtError unless `said` is an object of fields of that dataclass."""
    known = [f.name for f in fields(config)]
    if not isinstance(said, dict):
        raise NmtError(f"{name} must be an object, not {json.dumps(said)[:60]}")
    if strange := [key for key in said if key not in known]:
        raise NmtError(f"{f'{name}: ' * bool(name)}{strange[0]} is not known; there are {', '.join(known)}")


def compare(
    config: str | Path,
    out: str | Path,
    seeds: Sequence[int] | None = None,
    device: torch.device | str | None = None,
    log: Callable[[str], None] = print,
) -> None:
    """Do what is not yet done of a comparison; `seeds`: only these, of those that the config has, in this order.

    A cell that another process is doing is left to it; a dense model is waited for.
    """
    plan, out = Comparison.read(config), Path(out)
    corpus = prepare(plan.data)
    for seed in plan.seeds if seeds is None else seeds:
        if seed not in plan.seeds:
            raise NmtError(f"--seeds {seed}: {config} has {plan.seeds}")
        results, locks = out / f"seed-{seed}.jsonl", out / "locks"
        with claimed(locks / f"dense-{seed}", wait=True):
            run, common = _begun(plan, corpus, out, seed, results, device, log)
        cells, elsewhere = list(plan.cells()), 0
        for number, said in enumerate(cells):
            settings = {
                "said": said,
                "training": plan.training,
                "seed": seed,
            }  # defaults of later versions change no key
            key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]
            with claimed(locks / key) as mine:
                elsewhere += not mine
                if not mine or any(line["key"] == key for line in _lines(results)):
                    continue
                cell = PruningConfig(**said)
                line = _cell(cell, plan, corpus, run, seed, out, key, device)
                with claimed(locks / results.name, wait=True):
                    pruning = method_class(cell.method).noted(cell)
                    _append(results, {"key": key, **common, **settings, "pruning": pruning, **line})
            log(
                f"seed {seed}, {number + 1} of {len(cells)}: {said} -> {line['kept']} of {line['of']}, "
                f"dev loss {line['scores']['dev']['loss']:.4f}, BLEU {line['scores']['dev']['bleu']:.1f}; "
                f"{line['seconds']:.0f} s"
            )
        if elsewhere:
            log(f"seed {seed}: {elsewhere} cells were left to other processes; should one be stopped, start it again")
        log(f"seed {seed}: {len(_lines(results)) - 1} of {len(cells)} cells are done, a line each in {results}")


def _begun(plan, corpus, out, seed, results, device, log) -> tuple[Run, dict]:
    """The dense model of a seed, trained and scored, and what every line of that seed says."""
    run = _dense(plan, corpus, out / f"dense-{seed}", seed, device, log)
    common = {
        "seed": seed,
        "dense": sha256(model_directory(run.directory) / "model.safetensors"),
        "corpus": corpus.fingerprint,
    }
    lines = _lines(results)
    if not lines:
        scores = evaluate(load(run.directory, device or "cpu"), corpus, out / "outputs" / f"dense-{seed}.txt")
        _append(results, {"key": "dense", "method": "dense", **common, "scores": scores})
    elif lines[0]["dense"] != common["dense"]:
        raise NmtError(f"{results} belongs to another dense model than {run.directory}: remove one of the two")
    return run, common


def _dense(plan: Comparison, corpus: Corpus, directory: Path, seed: int, device, log) -> Run:
    config = TrainingConfig(**plan.dense, seed=seed)
    if directory.is_dir():
        run = Run(directory)
        if run.last_step() is not None and run.lines(split="valid")[-1:] and _finished(run, config):
            return run
        return train(config, corpus, directory, resume=True, device=device, log=log)
    return train(config, corpus, directory, device=device, log=log)


def _finished(run: Run, config: TrainingConfig) -> bool:
    return run.lines(split="valid")[-1]["epoch"] >= config.max_epochs


def _cell(cell, plan, corpus, run, seed, out, key, device) -> dict:
    directory, since = out / "cells" / key, time.monotonic()
    shape = shape_of(run.directory)
    config = TrainingConfig(**{**shape, **plan.training, "seed": seed})
    result = prune(
        cell, config, corpus, run.directory, directory, directory.is_dir(), device, progress=0, log=lambda text: None
    )
    scores = evaluate(load(directory, device or "cpu"), corpus, out / "outputs" / f"{key}.txt")
    session = description_of_session(torch.device(device or "cpu"), 0)
    shutil.rmtree(directory)
    return {
        **result,
        "scores": scores,
        "seconds": round(time.monotonic() - since, 1),
        "session": {name: session[name] for name in ("time", "git", "versions", "device")},
    }


def evaluate(trained: Trained, corpus: Corpus, outputs: Path, batch_size: int = 100) -> dict:
    """{"dev", "test": {"loss" (nats per target token), "bleu", "chrf", "signature", …}}, greedy; whole splits.

    The translations of test are kept in `outputs`, for the paired bootstrap.
    """
    scores, device = {}, next(trained.model.parameters()).device
    tokens = encode_corpus(corpus, trained.bpe)
    for name, split in (("dev", "valid"), ("test", "test")):
        pairs = list(corpus.pairs(split))
        written = translate(trained.model, trained.bpe, [e for e, _ in pairs], beam=1, batch_size=batch_size)
        loss = importance.loss(trained.model, list(in_order(tokens[split], batch_size, device=device)))
        scores[name] = {"loss": loss, **corpus_scores(written, [russian for _, russian in pairs])}
    outputs.parent.mkdir(parents=True, exist_ok=True)
    write_text(outputs, "".join(line + "\n" for line in written))
    return scores


def _lines(path: Path) -> list[dict]:
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return [json.loads(line) for line in text.split("\n")[:-1]]


def _append(path: Path, line: dict) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
