"""What makes nmt fast computes what the plain way beside it computes."""

import itertools

import pytest

from nmt.plumbing.fast.ahead import made_ahead


def test_items_made_ahead_are_the_items():
    for many in (0, 1, 2, 3, 50):
        assert list(made_ahead(iter(range(many)))) == list(range(many))
    made = []
    items = made_ahead(made.append(i) or i for i in itertools.count())
    assert [next(items) for _ in range(5)] == list(range(5))
    items.close()
    assert 5 <= len(made) <= 7  # and no more are made


def test_an_error_in_what_is_made_ahead_is_raised_in_its_place():
    items = made_ahead(1 // (2 - i) for i in range(5))
    assert [next(items), next(items)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(items)
