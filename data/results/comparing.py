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
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path

import torch

from nmt import NmtError
from nmt.analysis import score_pairs
from nmt.batches import in_order
from nmt.config import TrainingConfig, shape_of
from nmt.corpora.corpus import Corpus, prepare
from nmt.decoding import translate
from nmt.phrasebook.contrast import contrast_table, load_contrast
from nmt.plumbing.files import append_json_lines, claimed, read_json, read_json_lines, sha256, write_text
from nmt.plumbing.provenance import description_of_session
from nmt.pruning import importance
from nmt.pruning.config import GROUPS, PruningConfig
from nmt.pruning.methods import method_class
from nmt.pruning.prune import prune, prune_through
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
    "repeats": (int, object, "a whole number"),
    "contrasts": (bool, object, "true or false"),
    "claims": (dict, dict, "an object of objects"),
}
PRUNING = {f.name for f in fields(PruningConfig)}


@dataclass(frozen=True)
class Plan:
    """What is compared, from one JSON file. Every seed has a dense model of its own, which all methods prune.

    A method is an object: its "method", a "name" if that is not enough, and whatever differs from `training`, settings
    of pruning and of training alike. Its own "keep" takes the place of the budgets; a list is one run through them.
    """

    data: list[str]
    dense: dict  # TrainingConfig of the dense models
    training: dict  # of the cells, TrainingConfig and PruningConfig: what differs from the defaults
    budgets: dict[str, list[int]]  # as in --heads and --keep: which heads -> how many of them are kept
    methods: list[dict]
    seeds: list[int] = field(default_factory=lambda: [1, 2, 3, 4, 5])
    repeats: int = 1  # of each cell, with seeds of their own: other orders of the batches
    contrasts: bool = False  # whether models are asked for the phrasebook's contrast sets
    claims: dict[str, dict] = field(default_factory=dict)  # name -> what data/results/judging.py judges

    @classmethod
    def read(cls, path: str | Path) -> "Plan":
        settings = read_json(path)
        try:
            if unknown := settings.keys() - TYPES.keys():
                raise NmtError(f"{min(unknown)} is not known; there are {', '.join(TYPES)}")
            if missing := TYPES.keys() - settings.keys() - {"seeds", "repeats", "contrasts", "claims"}:
                raise NmtError(f"{min(missing)} is missing")
            for name, value in settings.items():
                _refuse_other(name, value, *TYPES[name])
            for heads, budgets in settings["budgets"].items():
                _refuse_other(f"budgets.{heads}", budgets, list, int, "a list of whole numbers")
            plan = cls(**settings)
            if any("method" not in method for method in plan.methods):
                raise NmtError('each of methods has a "method", its name')
            for said in plan.cells():
                plan.configs(said)
                keep, whole = said.get("keep", 0), plan.total(said["heads"])
                if (most := max(keep) if isinstance(keep, list) else keep) > whole:
                    raise NmtError(f"budgets: {most} of {said['heads']}, of which the dense model has {whole}")
        except (TypeError, NmtError) as error:  # TypeError: a setting is unknown
            raise NmtError(f"{path}: {error}") from None
        return plan

    def total(self, heads: str) -> int:
        """How many heads of these kinds a dense model has."""
        shape = TrainingConfig(**self.dense).transformer(1, 1)
        return sum(len(layer) for kind in GROUPS[heads] for layer in shape.kept(kind))

    def said(self, method: dict, heads: str, keep: int) -> dict:
        """What tells a cell from the others of a seed: the method's settings at a budget."""
        return {"heads": heads, "keep": keep} | {name: value for name, value in method.items() if name != "name"}

    def cells(self) -> Iterator[dict]:
        """Every method at every budget, each cell once. A method that has no budget but a λ: once for each kind."""
        done = []
        for heads, budgets in self.budgets.items():
            for budget in budgets:
                for method in self.methods:
                    said = self.said(method, heads, budget)
                    if "keep" not in method_class(method["method"]).needs:
                        del said["keep"]
                    if said not in done:
                        done.append(said)
                        yield said

    def key(self, said: dict, seed: int, repeat: int = 0) -> str:
        """Made of what the config says, so that a default that changes later changes no key."""
        settings = {"said": said, "training": self.training, "seed": seed} | ({"repeat": repeat} if repeat else {})
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]

    def configs(self, said: dict, **training: object) -> tuple[PruningConfig, TrainingConfig]:
        """Of a cell; a "keep" of several numbers is left open. `training` may be overruled by what the plan says."""
        settings = training | self.training | said
        if isinstance(settings.get("keep"), list):
            del settings["keep"]
        pruning = {name: settings.pop(name) for name in PRUNING & settings.keys()}
        return PruningConfig(**pruning), TrainingConfig(**settings)


def _refuse_other(name: str, value: object, container: type, item: type, in_words: str) -> None:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    fits = isinstance(value, container) and (container is bool or not isinstance(value, bool))  # a bool is an int
    if not fits or not all(isinstance(one, item) for one in items):
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
        Seed(plan, corpus, Path(out), seed, device).do_cells()


@dataclass(frozen=True)
class Seed:
    """The cells of one dense model, and what they are scored by."""

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
        cells = [(said, repeat) for said in self.plan.cells() for repeat in range(self.plan.repeats)]
        keys, elsewhere = [self.plan.key(said, self.seed, repeat) for said, repeat in cells], 0
        for number, (key, (said, repeat)) in enumerate(zip(keys, cells, strict=True), 1):
            with claimed(locks / key) as mine:
                elsewhere += not mine
                if not mine or any(line["key"] == key for line in read_json_lines(self.results)):
                    continue
                about = {"key": key, **common, "said": said, "training": self.plan.training}
                about |= {"repeat": repeat} if repeat else {}
                lines = [{**about, **line} for line in self.cell(said, repeat, run, key)]
                with claimed(locks / self.results.name, wait=True):
                    append_json_lines(self.results, *lines)
            for line in lines:
                dev = line["scores"]["dev"]
                print(
                    f"seed {self.seed}, {number} of {len(cells)}: {said} -> {line['kept']} of {line['of']}, "
                    f"dev loss {dev['loss']:.4f}, BLEU {dev['bleu']:.1f}; {line['seconds']:.0f} s"
                )
        left = f"; {elsewhere} cells were left to other processes (should one be stopped, start it again)"
        done = len({line["key"] for line in read_json_lines(self.results)} & {*keys})
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

    def cell(self, said: dict, repeat: int, run: Run, key: str) -> list[dict]:
        """Prune the dense model and score what is left; the run is deleted, its numbers are returned, by budget."""
        directory, since = self.out / "cells" / key, time.monotonic()
        settings, config = self.plan.configs(said, **shape_of(load(run.directory).model.config), seed=self.seed)
        config = replace(config, seed=self.seed + 1000 * repeat)
        how = {"device": self.device, "progress": 0, "log": lambda text: None}
        begun = self.corpus, run.directory, directory, directory.is_dir()
        if isinstance(said.get("keep"), list):
            prune_through(settings, said["keep"], config, *begun, **how)
            places = [directory / f"keep-{keep}" for keep in said["keep"]]
        else:
            prune(settings, config, *begun, **how)
            places = [directory]
        lines = []
        for place in places:
            result = read_json(place / "result.json")
            name = key if place == directory else f"{key}-{result['kept']}"
            lines.append({"pruning": Run(place).config["objective"], **result, "scores": self.scores(place, name)})
        shutil.rmtree(directory)
        session = description_of_session(torch.device(self.device), 0)
        about = {name: session[name] for name in ("time", "git", "versions", "device")}
        return [{**line, "seconds": round(time.monotonic() - since, 1), "session": about} for line in lines]

    def scores(self, checkpoint: Path, name: str) -> dict:
        """{"dev", "test": {"loss" (nats per target token), "bleu", "chrf", "signature", …}} of greedy translations.

        The translations of test are kept in OUT/outputs/NAME.txt, for tests of significance. Where the plan asks for it
        also "contrasts": phenomenon -> its accuracy and its mean margin, see `nmt.phrasebook.contrast`.
        """
        trained, scores, batch_size = load(checkpoint, self.device), {}, 100
        tokens = encode_corpus(self.corpus, trained.bpe)
        for part, split in (("dev", "valid"), ("test", "test")):
            english, russian = zip(*self.corpus.pairs(split), strict=True)
            written = translate(trained.model, trained.bpe, english, beam=1, batch_size=batch_size)
            loss = importance.loss(trained.model, list(in_order(tokens[split], batch_size, device=self.device)))
            scores[part] = {"loss": loss, **corpus_scores(written, russian)}
        if self.plan.contrasts:
            rows = contrast_table(partial(score_pairs, trained.model, trained.bpe), load_contrast())
            scores["contrasts"] = {row.phenomenon: [round(row.accuracy, 5), round(row.margin, 4)] for row in rows}
        write_text(self.out / "outputs" / f"{name}.txt", "".join(line + "\n" for line in written))
        return scores
