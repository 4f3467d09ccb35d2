"""Several processes train one model: `torchrun --nproc-per-node=N -m nmt train --run_dir DIR …`.

Each takes its share of the sentences of each batch, and the gradients are added up. The first process (rank 0)
alone prepares, validates and writes; the others wait for it. Without torchrun there is one process, the first.
"""

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from nmt import NmtError

T = TypeVar("T")
# To prepare a large corpus, or to validate on it, takes longer than PyTorch's 10 minutes. Where a process fails,
# torchrun ends the others at once.
PATIENCE = timedelta(days=1)


@contextmanager
def joined(device: torch.device) -> Iterator[torch.device]:
    """Join the processes that torchrun started, unless it has been done; yields the device of this process."""
    several = started() > 1
    if several and device.type == "cuda":
        number, there = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if number >= there:
            raise NmtError(f"torchrun --nproc-per-node: PyTorch sees {there} CUDA devices here; start one process each")
        device = torch.device("cuda", number)
        torch.cuda.set_device(device)
    if not several or dist.is_initialized():
        yield device
        return
    dist.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
    yield device
    dist.destroy_process_group()  # not after an error: it would wait for what the others have begun


def started() -> int:
    """How many processes torchrun started; they need not have joined."""
    return int(os.environ["WORLD_SIZE"]) if dist.is_available() and dist.is_torchelastic_launched() else 1


def _begun() -> bool:
    return dist.is_available() and dist.is_initialized()


def rank() -> int:
    return dist.get_rank() if _begun() else 0


def count() -> int:
    return dist.get_world_size() if _begun() else 1


def by_first(function: Callable[[], T]) -> T:
    """What function() returns in the first process, the only one to call it. If it fails there, all end."""
    if count() == 1:
        return function()
    told = [None, False]  # what it returned, whether it failed
    if rank() == 0:
        try:
            told[0] = function()
        except Exception:
            dist.broadcast_object_list([None, True])
            raise
    dist.broadcast_object_list(told)
    if told[1]:
        raise SystemExit(2)  # the first says why
    return told[0]


def first_before_others(function: Callable[[], T]) -> T:
    """function(), called by the first process and then by the others, who find what it wrote."""
    done = []
    by_first(lambda: done.append(function()))
    return done[0] if done else function()


def parallel(model: nn.Module) -> Callable[[Tensor, Tensor], Tensor]:
    """`model.states`, so that the gradients of all its parameters become the mean over all processes."""
    if count() == 1:
        return model.states
    whole = nn.Module()
    whole.model, whole.forward = model, model.states  # DistributedDataParallel calls nothing but forward
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # the newer name is unknown to the oldest torch we promise
        return DistributedDataParallel(whole, broadcast_buffers=False)


@contextmanager
def adding_up(model: Callable, last: bool) -> Iterator[None]:
    """Around a backward pass. The processes exchange gradients only in the last one of a step."""
    if count() == 1 or last:
        yield
    else:
        with model.no_sync():
            yield


def total(value: Tensor) -> Tensor:
    """The sum over all processes, in place."""
    if count() > 1:
        dist.all_reduce(value)
    return value


def anywhere(fact: bool) -> bool:
    return bool(total(torch.tensor(float(fact))))


def of_all(value: Tensor) -> list[Tensor]:
    """The CPU tensors of all processes, by rank; they are of one shape."""
    if count() == 1:
        return [value]
    values = [torch.empty_like(value) for _ in range(count())]
    dist.all_gather(values, value)
    return values
