"""`nmt compare CONFIG`: trained models x methods x budgets x seeds at equal compute, one JSON line for each cell.

OUT/dense-SEED is the run of each dense model, OUT/seed-SEED.jsonl holds its cells, OUT/outputs/ the translations of the
test sentences. A comparison that was killed goes on when it is started again: finished cells are skipped, and the one
under way resumes. Several processes with the same OUT share out the cells.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from nmt import NmtError
from nmt.batches import in_order
from nmt.config import TrainingConfig, shape_of
from nmt.corpora.corpus import Corpus, prepare
from nmt.decoding import translate
from nmt.plumbing.files import append_json_lines, claimed, read_json, read_json_lines, sha256, write_text
from nmt.plumbing.provenance import description_of_session
from nmt.pruning import importance
from nmt.pruning.config import GROUPS, PruningConfig
from nmt.pruning.methods import method_class
from nmt.pruning.prune import prune
from nmt.runs import Run, load, model_directory
from nmt.scoring import corpus_scores
from nmt.tokens import encode_corpus
from nmt.training import train

TYPES = {  # of the fields of a plan: what it is, what is in it, and both in words
    "data": (list, str, "a list of names or files"),
    "dense": (dict, object, "an object"),
    "training": (dict, object, "an object"),
    "budgets": (dict, list, "an object of lists"),
    "methods": (list, dict, "a list of objects"),
    "seeds": (list, int, "a list of whole numbers"),
}


@dataclass(frozen=True)
class Plan:
    """What is compared, from one JSON file. Every seed has a dense model of its own, which all methods prune."""

    data: list[str]
    dense: dict  # TrainingConfig of the dense models
    training: dict  # TrainingConfig of the cells: what differs from the dense model's
    budgets: dict[str, list[int]]  # as in --heads and --keep: which heads -> how many of them are kept
    methods: list[dict]  # PruningConfig of each: "method" and what differs from the defaults
    seeds: list[int] = field(default_factory=lambda: [1, 2, 3, 4, 5])

    @classmethod
    def read(cls, path: str | Path) -> "Plan":
        settings = read_json(path)
        try:
            if unknown := settings.keys() - TYPES.keys():
                raise NmtError(f"{min(unknown)} is not known; there are {', '.join(TYPES)}")
            if missing := TYPES.keys() - settings.keys() - {"seeds"}:
                raise NmtError(f"{min(missing)} is missing")
            for name, value in settings.items():
                _refuse_other(name, value, *TYPES[name])
            for heads, budgets in settings["budgets"].items():
                _refuse_other(f"budgets.{heads}", budgets, list, int, "a list of whole numbers")
            plan = cls(**settings)
            if any("method" not in method for method in plan.methods):
                raise NmtError('each of methods has a "method", its name')
            TrainingConfig(**plan.training)
            for said in plan.cells():
                PruningConfig(**said)
                if said.get("keep", 0) > (whole := plan.total(said["heads"])):
                    raise NmtError(f"budgets: {said['keep']} of {said['heads']}, of which the dense model has {whole}")
        except (TypeError, NmtError) as error:  # TypeError: a setting is unknown
            raise NmtError(f"{path}: {error}") from None
        return plan

    def total(self, heads: str) -> int:
        """How many heads of these kinds a dense model has."""
        shape = TrainingConfig(**self.dense).transformer(1, 1)
        return sum(len(layer) for kind in GROUPS[heads] for layer in shape.kept(kind))

    def cells(self) -> Iterator[dict]:
        """The fields of each PruningConfig that differ from the defaults: every method at every budget.

        A method that has no budget but a λ is done once for each kind of heads.
        """
        for heads, budgets in self.budgets.items():
            for number, budget in enumerate(budgets):
                for method in self.methods:
                    if "keep" in method_class(method["method"]).needs:
                        yield {"heads": heads, "keep": budget, **method}
                    elif number == 0:
                        yield {"heads": heads, **method}


def _refuse_other(name: str, value: object, container: type, item: type, in_words: str) -> None:
    items = value.values() if isinstance(value, dict) else value
    if not isinstance(value, container) or not all(isinstance(one, item) for one in items):
        raise NmtError(f"{name} must be {in_words}, not {json.dumps(value)[:60]}")


def compare(
    config: str | Path,
    out: str | Path,
    seeds: Sequence[int] | None = None,
    device: torch.device | str = "cpu",
) -> None:
    """Do what is not yet done of a comparison; `seeds`: only these of the config's seeds, in this order."""
    plan = Plan.read(config)
    corpus = prepare(plan.data)
    for seed in plan.seeds if seeds is None else seeds:
        if seed not in plan.seeds:
            raise NmtError(f"--seeds {seed}: {config} has {plan.seeds}")
        _Seed(plan, corpus, Path(out), seed, device).do_cells()


@dataclass(frozen=True)
class _Seed:
    plan: Plan
    corpus: Corpus
    out: Path
    seed: int
    device: torch.device | str

    @property
    def results(self) -> Path:
        return self.out / f"seed-{self.seed}.jsonl"

    def do_cells(self) -> None:
        locks = self.out / "locks"
        with claimed(locks / f"dense-{self.seed}", wait=True):
            run, common = self.dense_model()
        cells, elsewhere = list(self.plan.cells()), 0
        for number, said in enumerate(cells, 1):
            # The key is made of what the config says, so that a default that changes later changes no key.
            settings = {"said": said, "training": self.plan.training, "seed": self.seed}
            key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]
            with claimed(locks / key) as mine:
                elsewhere += not mine
                if not mine or any(line["key"] == key for line in read_json_lines(self.results)):
                    continue
                line = {"key": key, **common, **settings, **self.cell(PruningConfig(**said), run, key)}
                with claimed(locks / self.results.name, wait=True):
                    append_json_lines(self.results, line)
            dev = line["scores"]["dev"]
            print(
                f"seed {self.seed}, {number} of {len(cells)}: {said} -> {line['kept']} of {line['of']}, "
                f"dev loss {dev['loss']:.4f}, BLEU {dev['bleu']:.1f}; {line['seconds']:.0f} s"
            )
        left = f"; {elsewhere} cells were left to other processes (should one be stopped, start it again)"
        done = len(read_json_lines(self.results)) - 1
        print(f"{self.results}: {done} of {len(cells)} cells are done" + (left if elsewhere else ""))

    def dense_model(self) -> tuple[Run, dict]:
        """The dense model, trained and scored, and what every line of this seed says."""
        config, directory = TrainingConfig(**self.plan.dense, seed=self.seed), self.out / f"dense-{self.seed}"
        run = Run(directory) if directory.is_dir() else None
        validated = run.lines(split="valid") if run and run.last_step() is not None else []
        if not validated or validated[-1]["epoch"] < config.max_epochs:
            run = train(config, self.corpus, directory, resume=run is not None, device=self.device, log=print)
        weights = sha256(model_directory(run.directory) / "model.safetensors")
        common = {"seed": self.seed, "dense": weights, "corpus": self.corpus.fingerprint}
        lines = read_json_lines(self.results)
        if not lines:
            scores = self.scores(run.directory, f"dense-{self.seed}")
            append_json_lines(self.results, {"key": "dense", "method": "dense", **common, "scores": scores})
        elif lines[0]["dense"] != weights:
            raise NmtError(f"{self.results} belongs to another dense model than {run.directory}: remove one of the two")
        return run, common

    def cell(self, settings: PruningConfig, run: Run, key: str) -> dict:
        """Prune the dense model and score what is left; the run is deleted, its numbers are returned."""
        directory, since = self.out / "cells" / key, time.monotonic()
        shape = shape_of(load(run.directory).model.config)
        config = TrainingConfig(**{**shape, **self.plan.training, "seed": self.seed})
        how = {"device": self.device, "progress": 0, "log": lambda text: None}
        result = prune(settings, config, self.corpus, run.directory, directory, directory.is_dir(), **how)
        scores = self.scores(directory, key)
        shutil.rmtree(directory)
        session = description_of_session(torch.device(self.device), 0)
        return {
            "pruning": method_class(settings.method).noted(settings),
            **result,
            "scores": scores,
            "seconds": round(time.monotonic() - since, 1),
            "session": {name: session[name] for name in ("time", "git", "versions", "device")},
        }

    def scores(self, checkpoint: Path, name: str) -> dict:
        """{"dev", "test": {"loss" (nats per target token), "bleu", "chrf", "signature", …}} of greedy translations.

        The translations of test are kept in OUT/outputs/NAME.txt, for tests of significance.
        """
        trained, scores, batch_size = load(checkpoint, self.device), {}, 100
        tokens = encode_corpus(self.corpus, trained.bpe)
        for part, split in (("dev", "valid"), ("test", "test")):
            english, russian = zip(*self.corpus.pairs(split), strict=True)
            written = translate(trained.model, trained.bpe, english, beam=1, batch_size=batch_size)
            loss = importance.loss(trained.model, list(in_order(tokens[split], batch_size, device=self.device)))
            scores[part] = {"loss": loss, **corpus_scores(written, russian)}
        write_text(self.out / "outputs" / f"{name}.txt", "".join(line + "\n" for line in written))
        return scores
