"""The front page: `python data/results/front_page.py` measures what README.md says of shipped models, and draws it.

It takes a minute on one core. What was measured is kept in findings.jsonl beside this script, and shown in a table
of README.md. The pictures are the thumbnails of notebooks, thumb-01.png and so on, each a piece of a larger picture:
look at it when that picture has changed.
"""

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import Counter
from pathlib import Path

import torch
from PIL import Image

from nmt.analysis import score_pairs
from nmt.corpora.corpus import prepare
from nmt.decoding import translate
from nmt.models import Trained
from nmt.phrasebook.contrast import contrast_table, load_contrast
from nmt.plumbing.files import json_lines, read_json_lines, write_text
from nmt.plumbing.places import in_clone
from nmt.plumbing.provenance import description_of_session
from nmt.pruning import masks
from nmt.runs import load
from nmt.transformer import KINDS

sys.path += [str(in_clone("data")), str(in_clone("data", "phrasebook"))]

from page_parts import replaced_between, table

from gold import load_gold

SPLIT = "test_seen"
# What is measured: a shipped model; its heads that are closed, kind -> (layer, head) or ... for all of the kind; the
# heading of its column in README's table, if it has one.
MEASURED = {
    "dense": ("phrasebook", {}, "`phrasebook`, all 48 heads"),
    "dense, encoder closed": ("phrasebook", {"encoder": ...}, "the same, the encoder's 16 closed"),
    "dense, cross 0.0 closed": ("phrasebook", {"cross": (0, 0)}, ""),
    "pruned": ("phrasebook-pruned", {}, "`phrasebook-pruned`, 12 heads"),
    "pruned, cross 0.0 closed": ("phrasebook-pruned", {"cross": (0, 0)}, "the same, one head closed"),
}
# The rows of that table: what each says, with places for the numbers of sentences; in which measurement, of which tag.
ROWS = {
    "of {all:,} new sentences, right word for word": ("word for word", "all"),
    "of the {negation} of them that say *not* (*He is not a doctor*)": ("word for word", "negation"),
    "of the {dative-experiencer} with a dative (*Pavel is thirty years old*)": ("word for word", "dative-experiencer"),
    "prefers the right ending to wrong ones: verb in the past": ("contrast", "past-agreement"),
    "tells *does not* from *does*": ("contrast", "negation"),
}
# Thumbnail -> the picture that it is cut out of, and left, top, right, bottom as shares of its width and height.
THUMBNAILS = {
    "thumb-01": ("01-reversal", (0.36, 0.055, 0.674, 0.905)),
    "thumb-02": ("02-curves", (0.075, 0.477, 0.491, 0.913)),
    "thumb-03": ("03-prices", (0.262, 0.05, 0.995, 0.8)),
    "thumb-04": ("04-translating-cross", (0.309, 0.155, 0.7, 0.69)),
    "thumb-05": ("page", (0.133, 0.475, 0.259, 0.597)),
    "thumb-06": ("06-causes", (0.166, 0.029, 0.505, 0.245)),
    "thumb-07": ("grammar", (0.19, 0.03, 0.63, 0.37)),
    "thumb-08": ("depth-cures", (0.535, 0.07, 0.995, 0.78)),
    "thumb-09": ("09-operations", (0.231, 0.03, 0.58, 0.67)),
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
    """The table of README.md: what closing and removing heads does to a thousand translations, and to what in them."""
    measured = {line["measured"]: line for line in read_json_lines(stored / "findings.jsonl")}
    columns = {heading: measured[name] for name, (_, _, heading) in MEASURED.items() if heading}
    of = {tag: count for tag, (_, count) in measured["dense"]["word for word"].items()}

    def cell(found: list[int] | float) -> str:
        return f"{found:.0%}" if isinstance(found, float) else f"{found[0]}"

    return table(
        {"": said.format(**of)} | {heading: cell(line[kind][tag]) for heading, line in columns.items()}
        for said, (kind, tag) in ROWS.items()
    )


def thumbnail(picture: Path, box: tuple[float, ...]) -> Image.Image:
    """A part of a picture, 160 x 100 pixels."""
    with Image.open(picture) as whole:
        corners = [share * side for share, side in zip(box, whole.size * 2, strict=True)]
        small = whole.convert("RGB").resize((160, 100), Image.Resampling.LANCZOS, corners)
    return small.quantize(64, dither=Image.Dither.NONE)


if __name__ == "__main__":
    ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter).parse_args()
    session = description_of_session(torch.device("cpu"), 0)
    about = {"split": SPLIT, **{key: session[key] for key in ("git", "versions", "device")}}
    lines = [
        {"measured": name, **measure(close(load(model), heads)), **about}
        for name, (model, heads, _) in MEASURED.items()
    ]
    kept = in_clone("data", "results")
    write_text(kept / "findings.jsonl", json_lines(lines))
    page = in_clone("README.md")
    write_text(page, replaced_between(page, "findings", findings(kept)))
    pictures = in_clone("figures")
    for name, (picture, box) in THUMBNAILS.items():
        thumbnail(pictures / f"{picture}.png", box).save(pictures / f"{name}.png")
