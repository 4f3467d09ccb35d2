"""The house: a core that is read in one order, wings with one direction, and no more of either than fits."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import nmt

ROOT = Path(nmt.__file__).resolve().parent
READING_ORDER = (
    "nmt", "nmt.attention", "nmt.gates", "nmt.transformer", "nmt.config", "nmt.bpe", "nmt.tokens", "nmt.batches",
    "nmt.objective", "nmt.decoding", "nmt.scoring", "nmt.analysis", "nmt.models", "nmt.runs", "nmt.training",
)  # fmt: skip
# A wing may import the core and the wings named here.
BELOW = {
    "plumbing": ("corpora",),  # for the types of what it starts; no file imports another in a circle
    "corpora": ("plumbing",),
    "phrasebook": ("plumbing", "corpora"),
    "pruning": ("plumbing", "corpora"),
    "exchange": ("plumbing", "corpora", "pruning"),
    "show": ("plumbing", "corpora", "phrasebook", "pruning"),
    "course": ("plumbing", "show"),
    "cli": ("plumbing", "corpora", "phrasebook", "pruning", "exchange", "show", "course"),
}


def files() -> dict[str, Path]:
    """Module -> file, without the tests."""
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = ("nmt", *path.relative_to(ROOT).with_suffix("").parts)
        if "tests" not in parts and parts[:2] != ("nmt", "data"):
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imported(module: str, path: Path, known: dict[str, Path]) -> set[str]:
    """The modules of nmt that a file imports, also inside its functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inside = {f"{node.module}.{alias.name}" for alias in node.names} & known.keys()
            found |= inside or {node.module}
    return {name for name in found if name in known and name != module}


def wing(module: str) -> str:
    """Where a module lives: a wing's name, or "" for the core and nmt.__main__."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in BELOW else ""


def lines(paths) -> int:
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


def test_the_core_is_the_reading_order():
    core = {module for module in files() if wing(module) == ""} - {"nmt.__main__"}
    assert core == set(READING_ORDER) and len(core) <= 15


def test_the_core_is_small():
    assert lines(files()[module] for module in READING_ORDER) <= 2_600


def test_a_file_of_the_core_imports_only_what_was_read_before_it():
    known = files()
    for place, module in enumerate(READING_ORDER):
        later = {m for m in imported(module, known[module], known) if m in READING_ORDER[place:]}
        # nmt.load is found where it is called: `import nmt` alone stays light.
        assert later <= ({"nmt.runs"} if module == "nmt" else set()), module


def test_the_core_imports_no_wing_but_corpora_and_plumbing():
    known = files()
    for module in READING_ORDER:
        assert {wing(m) for m in imported(module, known[module], known)} <= {"", "corpora", "plumbing"}, module


@pytest.mark.parametrize("name", BELOW)
def test_a_wing_imports_only_wings_below_it(name):
    known = files()
    for module in known:
        if wing(module) == name:
            above = {wing(m) for m in imported(module, known[module], known)} - {"", name, *BELOW[name]}
            assert not above, f"{module} imports {above}"


def test_every_module_is_in_the_core_or_a_wing():
    assert {module.split(".")[1] for module in files() if "." in module} <= {
        *BELOW, *(module.split(".")[-1] for module in READING_ORDER), "__main__",
    }  # fmt: skip


def test_no_circles():
    known = files()
    left = {module: imported(module, path, known) - {"nmt"} for module, path in known.items() if module != "nmt"}
    while left:
        free = [module for module, needs in left.items() if not needs & left.keys()]
        assert free, f"these import each other in a circle: {sorted(left)}"
        for module in free:
            del left[module]


def test_the_package_is_thin():
    assert lines(files().values()) <= 9_500  # what comes new makes room for itself


def test_the_transformer_stands_on_attention_alone():
    code = "import sys, nmt.transformer; print(sorted(m for m in sys.modules if m.partition('.')[0] == 'nmt'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT.parent, check=True)
    assert done.stdout.strip() == "['nmt', 'nmt.attention', 'nmt.transformer']"


def test_the_package_tells_its_reading_order():
    names = [module.removeprefix("nmt.") for module in READING_ORDER[1:]]
    places = [nmt.__doc__.find(f"{name}.py") for name in names]
    assert -1 not in places and places == sorted(places)
