"""The front page: what is closed before it is measured, and its pictures."""

import io

import pytest
from PIL import Image

import nmt
from nmt.lab import figures, front_page
from nmt.lab.results import Comparison
from nmt.plumbing.places import clone, in_clone
from nmt.pruning import masks
from nmt.transformer import KINDS

pytestmark = pytest.mark.skipif(clone() is None, reason="needs the clone, not a wheel")


def test_exactly_the_named_heads_are_closed():
    model = front_page.close(nmt.load("phrasebook"), {"encoder": ..., "decoder": (1, 1)}).model
    gates = {kind: one.reshape(2, 8) > 0 for kind, one in masks.read(model, KINDS).items()}
    assert not gates["encoder"].any() and gates["cross"].all()
    assert (~gates["decoder"]).nonzero().tolist() == [[1, 1]]


def test_a_picture_of_pruning_shows_the_mean_number_of_heads_kept():
    found = Comparison(in_clone("data", "results", "compare"))
    left, right = figures.few_methods(found).axes
    for axes, k in ((left, 12), (right, 6)):
        assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(k)
        assert all(sum(line.get_ydata()) == pytest.approx(k) for line in axes.lines)


def test_the_pictures_can_be_made_again():
    board = Image.open(io.BytesIO(front_page.switchboard()))
    with Image.open(in_clone("figures", "switchboard.png")) as kept:
        assert board.size == kept.size
    for name, (picture, box) in front_page.THUMBNAILS.items():
        again = front_page.thumbnail(in_clone("figures", f"{picture}.png"), box)
        with Image.open(in_clone("figures", f"{name}.png")) as kept:
            assert kept.size == again.size == (160, 100)
