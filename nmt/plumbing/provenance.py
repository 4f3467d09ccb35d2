"""Where a run comes from: the command, the git revision, the versions and the device it ran with."""

import platform
import subprocess
import sys
import time
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import torch

from nmt.plumbing.places import clone


def description_of_session(device: torch.device, from_step: int) -> dict:
    packages = ("torch", "torchtext", "youtokentome", "numpy", "sacrebleu", "safetensors")
    versions = {"python": platform.python_version(), **{package: version(package) for package in packages}}
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor()
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "git": git_revision(),
        "versions": versions,
        "device": f"{device.type}: {name}, {torch.get_num_threads()} threads",
        "from_step": from_step,
    }


def _processor() -> str:
    with suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return platform.processor() or platform.machine()


def git_revision() -> str | None:
    """HEAD of the clone this code runs from, '+changes' if it was edited; None outside a clone."""
    here = clone()
    if here is None or not (here / ".git").exists():  # installed; a repository further up is somebody else's
        return None
    try:
        head, status = (
            subprocess.run(["git", "-C", here, *arguments], capture_output=True, text=True, check=True).stdout.strip()
            for arguments in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return head + ("+changes" if status else "")
