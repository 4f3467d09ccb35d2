"""What a command imports before it answers: a help nothing that is slow to import, a translation only what it needs."""

import subprocess
import sys

import pytest
import torch

from nmt.cli import commands, parser
from nmt.config import SHAPE, TrainingConfig
from nmt.models import Unfilled
from nmt.pruning.methods import OURS
from nmt.transformer import Transformer, TransformerConfig

# The last is the compiler of torch: it takes as long to import as the rest.
HEAVY = "matplotlib", "torchtext", "transformers", "sacrebleu", "requests", "sympy", "torch._dynamo"
COMMANDS = [name for one in parser()._actions if one.dest == "command" for name in one.choices]


def imported(*arguments: str) -> tuple[str, set[str]]:
    """What the command line prints, and the modules that are there at its end."""
    code = (
        "import sys, nmt.cli\ntry:\n    nmt.cli.main(sys.argv[1:])\nfinally:\n    print(*sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-X", "utf8", "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    return done.stdout, set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "line", [["--help"], ["--version"], *([name, "--help-all"] for name in COMMANDS)], ids=" ".join
)
def test_a_help_imports_nothing_slow(line):
    text, modules = imported(*line)
    assert text and "nmt.cli.commands" in modules
    assert not modules & {"torch", "numpy", *HEAVY}


def test_a_translation_imports_only_what_it_needs():
    text, modules = imported("translate", "--gpus", "0", "--checkpoint", "phrasebook", "The cat sleeps.")
    assert text == "Кошка спит.\n" and {"torch", "nmt.decoding"} <= modules
    assert not modules & {*HEAVY}


def test_what_is_written_down_to_be_there_without_torch_is_what_torch_would_say():
    fields = TransformerConfig.__dataclass_fields__
    assert {*SHAPE} == {name for name in fields if hasattr(TrainingConfig, name)} - {"dropout"}
    assert f"'ours' is {OURS} " in commands.PRUNE_HELP["method"]


def test_an_unfilled_model_draws_nothing_and_has_all_else_of_a_filled_one():
    config, state = TransformerConfig(50, 60, 1, 16, 2), torch.get_rng_state()
    with Unfilled():
        model = Transformer(config)
    assert torch.equal(torch.get_rng_state(), state)
    filled = Transformer(config)
    assert not torch.equal(torch.get_rng_state(), state)
    model.load_state_dict(filled.state_dict())
    src, trg = torch.randint(4, 50, (2, 5)), torch.randint(4, 60, (2, 7))
    assert torch.equal(model.eval()(src, trg), filled.eval()(src, trg))
