"""The front page: `python -m nmt.lab.front_page` measures what README.md says of shipped models and draws its pictures.

It takes a minute on one core. What was measured is kept in data/results/findings.jsonl, from which `python -m
nmt.lab.tables` writes the table. The pictures are figures/switchboard.png, pruning.png and the thumbnails of notebooks,
thumb-01.png and so on, each a piece of a larger picture: look at it when that picture has changed.
"""

import argparse
from collections import Counter
from pathlib import Path
from statistics import mean

import torch
from matplotlib.figure import Figure
from PIL import Image

from nmt.analysis import score_pairs
from nmt.corpora.corpus import prepare
from nmt.decoding import translate
from nmt.lab.markdown import table
from nmt.lab.results import Comparison
from nmt.models import Trained
from nmt.phrasebook.contrast import contrast_table, load_contrast
from nmt.phrasebook.gold import load_gold
from nmt.plumbing.files import json_lines, read_json_lines, write_text
from nmt.plumbing.places import in_clone
from nmt.plumbing.provenance import description_of_session
from nmt.pruning import masks
from nmt.runs import load
from nmt.show.plots import BLUE, ORANGE, legend_below, new_figure, save
from nmt.transformer import KINDS

SPLIT = "test_seen"
# What is measured: a shipped model, and its heads that are closed: kind -> (layer, head), or ... for all of the kind.
MEASURED = {
    "dense": ("phrasebook", {}),
    "dense, encoder closed": ("phrasebook", {"encoder": ...}),
    "dense, decoder 1.1 closed": ("phrasebook", {"decoder": (1, 1)}),
    "pruned": ("phrasebook-pruned", {}),
    "pruned, decoder 1.1 closed": ("phrasebook-pruned", {"decoder": (1, 1)}),
}
COLUMNS = {
    "dense": "`phrasebook`, all 48 heads",
    "dense, encoder closed": "the same, the encoder's 16 closed",
    "pruned": "`phrasebook-pruned`, 12 heads",
    "pruned, decoder 1.1 closed": "the same, one head closed",
}
# Thumbnail -> the picture that it is cut out of, and left, top, right, bottom as shares of its width and height.
THUMBNAILS = {
    "thumb-01": ("01-reversal", (0.355, 0.377, 0.674, 0.905)),
    "thumb-02": ("02-curves", (0.075, 0.477, 0.491, 0.913)),
    "thumb-03": ("03-gates", (0.281, 0.053, 0.531, 0.42)),
    "thumb-04": ("04-translating-cross", (0.192, 0.46, 0.422, 0.778)),
    "thumb-05": ("switchboard", (0.357, 0.472, 0.66, 0.935)),
}
THUMBNAIL = (160, 100)  # pixels
# Methods beside ours in the picture of pruning: row of the comparison -> what it is called there, and its marker.
OTHERS = {
    "taylor-iterative": ("Michel et al. 2019", "o"),
    "l0-topk": ("Voita et al. 2019", "^"),
    "magnitude": ("size of the weights", "s"),
}


def close(trained: Trained, closed: dict) -> Trained:
    """The same model, after these of its heads have been closed."""
    mask = masks.all_kept(trained.model, KINDS)
    for kind, which in closed.items():
        mask[kind][which] = False
    masks.apply(trained.model, mask)
    return trained


def measure(trained: Trained) -> dict:
    """How many sentences are translated word for word, in all and by tag, as [right, of]; and contrast accuracy."""
    english, russian = zip(*prepare("phrasebook").pairs(SPLIT), strict=True)
    written = translate(trained.model, trained.bpe, list(english), beam=1)
    right, of = Counter(), Counter()
    for gold, line, reference in zip(load_gold(SPLIT), written, russian, strict=True):
        tags = ["all", *gold.tags]
        of.update(tags)
        right.update(tags if line == reference else [])
    rows = contrast_table(lambda pairs: score_pairs(trained.model, trained.bpe, pairs), load_contrast())
    return {
        "word for word": {tag: [right[tag], of[tag]] for tag in sorted(of)},
        "contrast": {row.phenomenon: round(row.accuracy, 4) for row in rows},
    }


def findings(stored: Path) -> str:
    """Markdown: what closing and removing heads does to a thousand translations, and to what in them."""
    measured = {line["measured"]: line for line in read_json_lines(stored / "findings.jsonl")}
    of = {tag: count for tag, (_, count) in measured["dense"]["word for word"].items()}
    exact = {
        f"of {of['all']:,} new sentences, right word for word": "all",
        f"of the {of['possession']} of them that say who has what (*She has no handkerchief*)": "possession",
    }
    preferred = {
        "prefers the right ending to wrong ones: verb in the past": "past-agreement",
        "prefers the right ending to wrong ones: adjective (*They are busy*)": "short-adjective",
        "tells *does not* from *does*": "negation",
    }
    rows = {said: lambda one, tag=tag: f"{one['word for word'][tag][0]}" for said, tag in exact.items()}
    rows |= {said: lambda one, name=name: f"{one['contrast'][name]:.0%}" for said, name in preferred.items()}
    return table(
        {"": said} | {heading: cell(measured[name]) for name, heading in COLUMNS.items()} for said, cell in rows.items()
    )


def switchboard() -> bytes:
    """The panel of notebook 05 with one head closed by hand, as those see it who have no kernel."""
    from nmt.show.widgets import Switchboard  # needs ipywidgets, which whoever reads the tables need not have

    board = Switchboard("The girl is sad.", choices=["phrasebook-pruned"])
    board.buttons["decoder", 1, 1].value = False
    return board._repr_mimebundle_()["image/png"]


def pruning(found: Comparison) -> Figure:
    """How many heads are kept in each layer, in the mean over the seeds, when all 48 could go."""
    budgets = [budget for budget in reversed(found.budgets) if budget[0] == "all"]
    figure, grid = new_figure((8, 2.9), (1, len(budgets)), dpi=110, sharey=True)
    for axes, budget in zip(grid[0], budgets, strict=True):
        for number, row in enumerate([found.leading[0], *OTHERS]):
            kept = [cell["mask"] for cell in found.best(row, budget).values()]
            layers = [(kind, layer) for kind in KINDS for layer in range(len(kept[0][kind]))]
            means = [mean(sum(mask[kind][layer]) for mask in kept) for kind, layer in layers]
            if number == 0:
                axes.bar(range(len(layers)), means, color=BLUE, alpha=0.75, label="shed, our method")
            else:
                name, marker = OTHERS[row]
                places = [x + 0.18 * (number - 2) for x in range(len(layers))]
                axes.plot(places, means, marker, color=ORANGE, mec="black", mew=0.6, ms=6, label=name)
        axes.set_xticks(range(len(layers)), [f"{kind}\nlayer {layer}" for kind, layer in layers], fontsize=7.5)
        axes.set_title(f"{budget[1]} of {found.total('all')} heads stay", fontsize=10)
        axes.set_ylim(-0.3, 8.3)
        axes.grid(visible=False, axis="x")
    grid[0, 0].set_ylabel("heads kept, of 8")
    handles = grid[0, 0].get_legend_handles_labels()[0]
    legend_below(figure, [handles[-1], *handles[:-1]], 4)
    return figure


def thumbnail(picture: Path, box: tuple[float, ...]) -> Image.Image:
    """That part of a picture, small."""
    with Image.open(picture) as whole:
        sides = whole.size * 2
        part = whole.convert("RGB").crop(tuple(round(x * side) for x, side in zip(box, sides, strict=True)))
    return part.resize(THUMBNAIL, Image.Resampling.LANCZOS).quantize(64, dither=Image.Dither.NONE)


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m nmt.lab.front_page", description=__doc__).parse_args()
    stored, pictures = in_clone("data", "results"), in_clone("figures")
    session = description_of_session(torch.device("cpu"), 0)
    about = {"split": SPLIT, **{key: session[key] for key in ("git", "versions", "device")}}
    lines = (
        {"measured": name, **measure(close(load(model), closed)), **about} for name, (model, closed) in MEASURED.items()
    )
    write_text(stored / "findings.jsonl", json_lines(lines))
    print(findings(stored))
    (pictures / "switchboard.png").write_bytes(switchboard())
    save(pruning(Comparison(stored / "compare")), pictures / "pruning.png")
    for name, (picture, box) in THUMBNAILS.items():
        thumbnail(pictures / f"{picture}.png", box).save(pictures / f"{name}.png")
