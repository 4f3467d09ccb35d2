"""The pages of results show what the records say, and their pictures are there."""

import re

import pytest

from nmt.plumbing.places import in_clone

tables = pytest.importorskip("tables", reason="needs the clone: data/results")
PAGES = tables.PAGES


@pytest.mark.parametrize(("page", "place"), [(page, place) for page, places in PAGES.items() for place in places])
def test_a_page_shows_the_kept_results(page, place):
    path, function = in_clone(page), PAGES[page][place]
    right = tables.replaced_between(path, place, function(in_clone("data", "results")))
    assert path.read_text(encoding="utf-8") == right, "run: python data/results/tables.py"


@pytest.mark.parametrize("page", PAGES)
def test_every_picture_and_page_that_a_page_names_is_there(page):
    path = in_clone(page)
    named = re.findall(r"\]\(([^)\s#]+)\)", path.read_text(encoding="utf-8"))
    assert named and all((path.parent / name).exists() for name in named if "://" not in name)
