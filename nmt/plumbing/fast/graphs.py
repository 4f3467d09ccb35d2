"""Kernels of a GPU launched all at once: with a model as small as ours, launching them takes longer than they do.

A CUDA graph holds the kernels of one call, and where in memory they read and write. It is captured, then replayed.
"""

import gc
from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nmt import BOS, EOS, PAD

DEVICES = {"cuda"}  # on which kernels are replayed
LARGEST = 2**23  # B · T · D of a training batch: in a larger one kernels take longer than their launching
MULTIPLE = 8  # of the sides of a batch: few shapes, and those that matrix units like


class Replayed:
    """Calls of one function of tensors on a GPU, replayed from the second with inputs of the same shapes on.

    It returns one tensor, and must not wait for the GPU. What it reads or changes must stay where it is: a parameter
    may get new values, a gradient must be zeroed, not dropped. A buffer of `module` may be replaced.
    """

    def __init__(self, module: nn.Module | None = None) -> None:
        self.captured, self.module = {}, module or nn.Module()

    def __call__(self, function: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
        key = tuple(one.shape for one in inputs)
        if key not in self.captured:  # what is done only once, as reserving memory, must be done before a capture
            self.captured[key] = None
            return function(*inputs)
        if self.captured[key] is None:
            read = list(self.module.buffers())  # kernels go on reading these, as positions before a longer table
            self.captured[key] = *_captured(function, [one.clone() for one in inputs]), read
        graph, given, output, _ = self.captured[key]
        for place, one in zip(given, inputs, strict=True):
            place.copy_(one)
        graph.replay()
        return output.clone()  # the next replay writes in its place


def _captured(function: Callable[..., Tensor], given: list[Tensor]) -> tuple:
    """The graph, the places of its inputs, that of its output."""
    here, (pool, aside, _) = torch.cuda.current_stream(given[0].device), _pool(given[0].device)
    graph, collects = torch.cuda.CUDAGraph(), gc.isenabled()
    aside.wait_stream(here)
    gc.disable()  # no other graph may be freed during a capture
    try:
        with torch.cuda.stream(aside):
            # A thread that makes batches ahead reserves memory meanwhile: that is none of this thread's business.
            graph.capture_begin(pool=pool, capture_error_mode="thread_local")
            output = function(*given)
            graph.capture_end()
    finally:
        gc.enable() if collects else None
    here.wait_stream(aside)
    return graph, given, output


@cache
def _pool(device: torch.device) -> tuple:
    """Memory that all graphs share, the stream of their captures, and one graph, or it would be given back."""
    handle, stream, graph = torch.cuda.graph_pool_handle(), torch.cuda.Stream(device), torch.cuda.CUDAGraph()
    with torch.cuda.stream(stream):
        graph.capture_begin(pool=handle, capture_error_mode="thread_local")
        kept = torch.zeros(1, device=device)
        graph.capture_end()
    return handle, stream, (graph, kept)


def in_few_shapes(src: Tensor, trg: Tensor) -> tuple[Tensor, Tensor]:
    """src (B, S) and trg (B, T + 1) with B, S and T rounded up. An added pair has nothing that would be predicted."""
    rows, src = len(src), F.pad(src, (0, -src.size(1) % MULTIPLE, 0, -len(src) % MULTIPLE), value=PAD)
    trg = F.pad(trg, (0, (1 - trg.size(1)) % MULTIPLE, 0, -rows % MULTIPLE), value=PAD)
    src[rows:, 0], trg[rows:, 0] = EOS, BOS  # a row in which nothing may be looked at has no softmax
    return src, trg
