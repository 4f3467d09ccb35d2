"""What heads look at, and where predictions come from, while a model is pruned or trained.

    python data/results/roles/roles.py run pruning FOLDER       the run; the weights of some steps are kept in FOLDER
    python data/results/roles/roles.py measure pruning FOLDER   pruning.json beside this script, from what was kept

`pruning` is the run that made `phrasebook-pruned`, from the weights that ship; `control` takes its first steps with all
heads open; `training` begins with random weights: the first steps of a run like that of `phrasebook`.
"""

import json
import sys
from functools import partial
from pathlib import Path

import torch

from nmt.analysis import attention_maps, contributions, score_pairs, shares
from nmt.config import TrainingConfig, shape_of
from nmt.corpora.corpus import prepare
from nmt.models import Trained
from nmt.objective import Objective
from nmt.phrasebook.contrast import contrast_table, load_contrast
from nmt.plumbing.files import write_text
from nmt.plumbing.places import in_clone
from nmt.plumbing.provenance import git_revision
from nmt.pruning import masks
from nmt.pruning.config import PruningConfig
from nmt.pruning.methods.gradual_shedding import Shed
from nmt.runs import Run, load
from nmt.training import train
from nmt.transformer import KINDS, Transformer

sys.path += [str(in_clone("data", "results", "heads")), str(in_clone("data", "phrasebook"))]

import looking

from gold import Gold, load_gold, pieces_of_words

BATCHES = {"batch_tokens": 700, "dropout": 0.1, "seed": 1}
ON = {"scheduler": "no", "lr": 5e-4, **BATCHES}  # of a trained model
RUNS = {
    "pruning": {**ON, "max_epochs": 5},
    "control": {**ON, "max_epochs": 2},
    "training": {"lr": 0.7, "noam_opt_warmup_steps": 300, "max_epochs": 3, **BATCHES},
}
MOMENTS = {
    "pruning": (0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 222, 250, 300, 350, 450, 600, 800, 1100, 1500, 1900),
    "control": (0, 100, 222, 350, 600),
    "training": (0, 25, 50, 75, 100, 150, 200, 250, 300, 350, 400, 500, 600, 700, 800, 900, 1000, 1150),
}

SENTENCES, POSITIONS = 400, 9  # of test_seen that are measured; target positions of the curves
PARTS = {"noun": "NOUN", "verb": "VERB", "pronoun": "NPRO", "adjective": "ADJF"}
PHENOMENA = "person-agreement", "past-agreement", "short-adjective", "adjective-agreement", "negation"


class Watched(Objective):
    """Keeps the weights and the mask at some steps, and ends with the last of them or with the run."""

    plain = False
    moments: tuple[int, ...] = ()
    folder = Path()

    def start(self, model, batches, steps) -> None:
        super().start(model, batches, steps)
        self.model = model

    def before_step(self, step: int) -> None:
        if step == 0:
            self.keep(0)
        super().before_step(step)

    def after_step(self, step: int) -> list[dict]:
        lines = super().after_step(step)
        self.done = self.done or (self.settings is None and step == self.moments[-1])  # what prunes ends by itself
        if step in self.moments or self.done:
            self.keep(step)
        return lines

    def keep(self, step: int) -> None:
        left = getattr(self, "chosen", None) or getattr(self, "left", None) or masks.all_kept(self.model, KINDS)
        with self.bare():
            weights = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        torch.save({"step": step, "mask": masks.to_json(left), "weights": weights}, self.folder / f"{step:05}.pt")


class WatchedShed(Watched, Shed):
    """`shed` under watch."""


def run(name: str, folder: Path) -> None:
    """Train, and keep what MOMENTS names."""
    folder.mkdir(parents=True, exist_ok=True)
    dense = load("phrasebook")
    config = TrainingConfig(**shape_of(dense.model.config) | RUNS[name] | {"limit_val_batches": 2})
    if name == "pruning":
        objective = WatchedShed(PruningConfig(method="shed", heads="all", keep=12), dense.model, config.seed)
    else:
        objective = Watched()
    objective.moments, objective.folder = MOMENTS[name], folder
    checkpoint = None if name == "training" else dense
    train(config, prepare("phrasebook"), folder / "run", checkpoint=checkpoint, objective=objective, progress=0)


def relations(gold: Gold) -> dict[str, dict[str, looking.Pairs]]:
    """{kind: {relation: (word that looks, word that it should look at)}} in one pair of sentences."""
    part = [(features.split() or [""])[0] for features in gold.features]
    aligned = [(word, sources[0]) for word, sources in enumerate(gold.alignment) if sources]
    links = {kind: [(w, d) for k, w, d in gold.links if k == kind] for kind in ("agreement", "government")}
    english = {kind: [(w, d) for k, w, d in gold.source_links if k == kind] for kind in links}
    return {
        "encoder": english,
        "decoder": {kind: [(w, d) for w, d in pairs if d < w] for kind, pairs in links.items()},
        "cross": {
            **{of: [(w, s) for w, s in aligned if part[w] == tag] for of, tag in PARTS.items()},
            "не": [(w, s) for w, s in aligned if gold.russian[w].lower() == "не"],
            "agreement": [(w, gold.alignment[d][0]) for w, d in links["agreement"] if gold.alignment[d]],
        },
    }


class Measured:
    """The sentences on which all moments are measured."""

    def __init__(self, trained: Trained, count: int, whence: int) -> None:
        self.bpe, self.gold, self.whence = trained.bpe, load_gold("test_seen")[:count], whence
        self.pairs = list(prepare("phrasebook", log=lambda text: None).pairs("test_seen"))[:count]
        self.ids, self.words = [], []
        for side, bpe in enumerate(trained.bpe):
            lines = [pair[side] for pair in self.pairs]
            words = [(gold.english, gold.russian)[side] for gold in self.gold]
            self.ids.append(bpe.encode(lines))
            self.words.append([pieces_of_words(w, bpe.pieces(line)) for w, line in zip(words, lines, strict=True)])
        self.relations = [relations(gold) for gold in self.gold]
        self.items = [item for item in load_contrast() if item.phenomenon in PHENOMENA]

    def baselines(self) -> dict:
        """For each relation how many pairs there are, the offset that most have, and their share."""
        found = {}
        for kind, names in self.relations[0].items():
            for name in names:
                pairs = [one[kind][name] for one in self.relations]
                offset = looking.best_offset(pairs)
                share = round(looking.at_offset(pairs, offset), 4)
                found.setdefault(kind, {})[name] = {"pairs": sum(map(len, pairs)), "offset": offset, "share": share}
        return found

    def roles(self, model: Transformer) -> dict:
        """{kind: {relation: [scores (L, H) on the even sentences, on the odd ones]}}."""
        maps, found = attention_maps(model, *self.ids), {kind: {} for kind in KINDS}
        for kind in KINDS:
            looked = []
            for one, english, russian in zip(maps, *self.words, strict=True):
                rows, columns = looking.rows_and_columns(kind, english, russian)
                looked.append(looking.looked(looking.over_words(one[kind], rows, columns)))
            for name in self.relations[0][kind]:
                pairs = [one[kind][name] for one in self.relations]
                halves = (looking.pointing(looked[half::2], pairs[half::2]) for half in (0, 1))
                found[kind][name] = [[[round(x, 3) for x in row] for row in half.tolist()] for half in halves]
        return found

    def sources(self, model: Transformer) -> dict:
        """Mean shares: of the source, by target position; in words that agree, of the word that decides."""
        by_position = {name: [[] for _ in range(POSITIONS)] for name in ("alti", "norms")}
        decides = {"russian": [], "english": []}
        for i, shared in enumerate(contributions(model, *(ids[: self.whence] for ids in self.ids))):
            steps, source = len(shared), shared.size(1) - len(shared)
            norms = shares(model, self.ids[0][i], self.ids[1][i])[:, 0]
            for name, values in ("alti", shared[:, :source].sum(1)), ("norms", norms):
                for position, value in enumerate(values[: min(steps, POSITIONS)].tolist()):
                    by_position[name][position].append(value)
            english, russian = (words[i] for words in self.words)
            for word, other in self.relations[i]["decoder"]["agreement"]:
                row = shared[russian[word][-1]]  # the step that writes the ending
                decides["russian"].append(float(row[[source + 1 + piece for piece in russian[other]]].sum()))
                sources = self.gold[i].alignment[other]
                decides["english"].append(float(row[[piece for one in sources for piece in english[one]]].sum()))
        means = {name: [mean(values) for values in of] for name, of in by_position.items()}
        return {**means, "decides": {name: mean(values) for name, values in decides.items()}}

    def moment(self, model: Transformer, with_roles: bool) -> dict:
        tokens = sum(len(ids) + 1 for ids in self.ids[1])
        found = {"loss": -sum(score_pairs(model, self.bpe, self.pairs)) / tokens, **self.sources(model)}
        found["accuracy"] = {
            row.phenomenon: row.accuracy for row in contrast_table(partial(score_pairs, model, self.bpe), self.items)
        }
        return found | ({"roles": self.roles(model)} if with_roles else {})


def mean(values: list[float]) -> float:
    return round(sum(values) / len(values), 4)


def measure(name: str, folder: Path) -> None:
    """Write NAME.json beside this script."""
    dense = load("phrasebook")
    measured, moments = Measured(dense, SENTENCES, SENTENCES // 2), []
    model = Transformer(dense.model.config).eval()
    for path in sorted(folder.glob("*.pt")):
        stored = torch.load(path, weights_only=True)
        model.load_state_dict(stored["weights"])
        mask = masks.from_json(stored["mask"])
        masks.apply(model, mask)
        moment = {"step": stored["step"], "kept": masks.count(mask), "mask": stored["mask"]}
        moments.append(moment | measured.moment(model, name != "training"))
        masks.clear(model, KINDS)
        print(path.name, moment["kept"], moments[-1]["loss"], moments[-1]["alti"], moments[-1]["decides"], flush=True)
    run = Run(folder / "run")
    about = {"run": name, "training": run.config["training"], "objective": run.config.get("objective")}
    (session,) = run.lines("sessions.jsonl")
    about |= {
        "code": session["git"],
        "measured_with": git_revision(),
        "device": session["device"],
        "versions": session["versions"],
    }
    about |= {"split": "test_seen", "sentences": SENTENCES, "relations": measured.baselines(), "moments": moments}
    write_text(
        Path(__file__).with_name(f"{name}.json"), json.dumps(about, ensure_ascii=False, separators=(",", ":")) + "\n"
    )


if __name__ == "__main__":
    {"run": run, "measure": measure}[sys.argv[1]](sys.argv[2], Path(sys.argv[3]))
