"""Where things lie: the clone, what ships with the project, the caches."""

import os
from pathlib import Path

import nmt
from nmt import NmtError


def cache_root() -> Path:
    """The folder of caches: $NMT_DATA, else data/cache/ of the clone, else ~/.cache/nmt (installed from a wheel)."""
    if given := os.environ.get("NMT_DATA"):
        folder = Path(given).expanduser()
        # A read-only one (archives somebody shares) is searched for archives, but nothing can be kept there.
        if not folder.is_dir() or os.access(folder, os.W_OK):
            return folder
    root = clone()
    return root / "data" / "cache" if root else Path.home() / ".cache" / "nmt"


def shipped() -> Path:
    """The folder of what comes with the project: data/ of the clone, nmt/data in a wheel."""
    return (clone() or Path(nmt.__file__).parent) / "data"


def clone() -> Path | None:
    """The root of the clone that this code runs from; None where nmt was installed from a wheel."""
    folder = Path(nmt.__file__).resolve().parent.parent
    return folder if (folder / "pyproject.toml").is_file() and (folder / "data").is_dir() else None


def in_clone(*parts: str) -> Path:
    """A place in the clone: in_clone("data", "results"). Raises NmtError outside one."""
    root = clone()
    if root is None:
        raise NmtError(f"{'/'.join(parts)} is in the clone, and nmt was not installed from one (pip install -e .)")
    return root.joinpath(*parts)
