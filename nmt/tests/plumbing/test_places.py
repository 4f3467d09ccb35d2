"""Where things lie: the caches go where the environment says, else into the clone."""

import os
from pathlib import Path

from nmt.plumbing import places


def test_root_is_the_environment_else_the_clone(tmp_path, monkeypatch):
    monkeypatch.setenv("NMT_DATA", str(tmp_path / "here"))
    assert places.cache_root() == tmp_path / "here"
    own = places.shipped() / "cache", Path.home() / ".cache" / "nmt"
    (tmp_path / "here").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda *_: False)
        assert places.cache_root() in own  # a read-only folder of archives keeps no caches
    monkeypatch.delenv("NMT_DATA")
    assert places.cache_root() in own
    monkeypatch.setattr(places, "clone", lambda: None)
    assert places.cache_root() == Path.home() / ".cache" / "nmt"
