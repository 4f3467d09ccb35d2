"""The front page: what is closed before it is measured, and its pictures."""

import pytest
from PIL import Image

import nmt
from nmt.plumbing.files import read_json_lines
from nmt.plumbing.places import in_clone
from nmt.pruning import masks
from nmt.transformer import KINDS

figures = pytest.importorskip("figures", reason="needs the clone: data/results")
front_page = pytest.importorskip("front_page", reason="needs the clone: data/results")


def test_the_table_of_the_readme_shows_what_was_measured():
    page, kept = in_clone("README.md"), in_clone("data", "results")
    right = front_page.replaced_between(page, "findings", front_page.findings(kept))
    assert page.read_text(encoding="utf-8") == right, "run: python data/results/front_page.py"
    assert [line["measured"] for line in read_json_lines(kept / "findings.jsonl")] == list(front_page.MEASURED)


def test_exactly_the_named_heads_are_closed():
    model = front_page.close(nmt.load("phrasebook"), {"encoder": ..., "cross": (0, 0)}).model
    gates = {kind: one.reshape(2, 8) > 0 for kind, one in masks.read(model, KINDS).items()}
    assert not gates["encoder"].any() and gates["decoder"].all()
    assert (~gates["cross"]).nonzero().tolist() == [[0, 0]]


def test_a_picture_of_pruning_shows_the_mean_number_of_heads_kept():
    found = figures.Comparison(in_clone("data", "results", "compare"))
    left, right = figures.few_methods(found).axes
    for axes, k in ((left, 12), (right, 6)):
        assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(k)
        assert all(sum(line.get_ydata()) == pytest.approx(k) for line in axes.lines)


def test_the_pictures_can_be_made_again():
    for name, (picture, box) in front_page.THUMBNAILS.items():
        again = front_page.thumbnail(in_clone("figures", f"{picture}.png"), box)
        with Image.open(in_clone("figures", f"{name}.png")) as kept:
            assert kept.size == again.size == (160, 100)
