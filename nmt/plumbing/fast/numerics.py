"""In which precision a training multiplies: what this machine does fastest without harm, chosen once for a run."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F

GAIN = 1.3  # what is not faster by so much is not chosen: noise cannot decide, runs with the same seed are equal
WIDE = 128  # narrower models multiply in plain float32, unless told otherwise: their products are too small to gain
ROUNDING = 1e-5  # the most that a float32 product may be off, relative to its norm; in bfloat16 it is some 2e-3
SAID = {"32": "float32", "bf16": "bfloat16 autocast", "fp16": "float16 autocast, the loss scaled"}


@dataclass(frozen=True)
class Numerics:
    precision: str  # of the products in forward passes: "32", "bf16" or "fp16". Gradients and weights stay in float32
    onednn: bool = False  # float32 products on a CPU by oneDNN, not by MKL, which leaves AVX-512 unused on AMD

    def autocast(self, device: torch.device) -> torch.autocast:
        """The precision of forward passes, as a context."""
        dtype = torch.float16 if self.precision == "fp16" else torch.bfloat16
        return torch.autocast(device.type, dtype, enabled=self.precision != "32")

    def scaler(self, device: torch.device) -> torch.amp.GradScaler:
        """float16 has no gradients below 6e-8: the loss is multiplied, and what overflows is left out."""
        return torch.amp.GradScaler(device.type, enabled=self.precision == "fp16")

    def in_use(self, device: torch.device) -> AbstractContextManager:
        """In the block products are as chosen, on a GPU also with TF32; afterwards as before."""
        return switched(device) if self.onednn or device.type == "cuda" else nullcontext()

    def __str__(self) -> str:
        return SAID[self.precision] + " by oneDNN" * self.onednn


@contextmanager
def switched(device: torch.device) -> Iterator[None]:
    """float32 products by oneDNN, or with TF32 on a GPU. Before torch 2.9 there is no such switch: all stays as it is.

    oneDNN then may compute in bfloat16, and does so only on a CPU with AMX: elsewhere its kernels are float32's.
    """
    backend = torch.backends.cuda.matmul if device.type == "cuda" else getattr(torch.backends.mkldnn, "matmul", None)
    before = getattr(backend, "fp32_precision", None)
    if before is None:
        yield
        return
    backend.fp32_precision = "tf32" if device.type == "cuda" else "bf16"
    try:
        yield
    finally:
        backend.fp32_precision = before


def choose(asked: str, device: torch.device, noted: dict | None = None, d_model: int = WIDE) -> Numerics:
    """asked: --precision. noted: what was chosen when the run was begun; on a machine that can do it, it stays so."""
    if device.type == "cuda":  # cards before 8.0, as Colab's T4, only emulate bfloat16
        native = "bf16" if torch.cuda.get_device_capability(device) >= (8, 0) else "fp16"
        return Numerics(native if asked == "auto" else asked)
    if not noted and d_model < WIDE:
        return Numerics("32" if asked == "auto" else asked)
    if asked == "auto":
        half = partial(torch.autocast, "cpu", torch.bfloat16)
        wanted = bfloat16_in_hardware() and (noted.get("precision") == "bf16" if noted else pays(half, GAIN, 1e-2))
        asked = "bf16" if wanted else "32"
    wanted = asked == "32" and (not noted or noted.get("onednn") is True)
    return Numerics(asked, wanted and pays(partial(switched, device), 0 if noted else GAIN, ROUNDING))


def bfloat16_in_hardware() -> bool:
    told = (getattr(torch.cpu, f"_is_{name}_supported", bool)() for name in ("avx512_bf16", "amx_tile"))
    return any(told)


def pays(context: Callable[[], AbstractContextManager], gain: float, rounding: float) -> bool:
    """Whether products are at least `gain` times as fast in the context, and off from float64 by at most `rounding`."""
    draw, best = torch.Generator().manual_seed(0), [math.inf, math.inf]
    x, weight = (torch.randn(1024, 512, generator=draw) for _ in range(2))
    for _ in range(10 if gain else 1):
        for i, one in enumerate((nullcontext, context)):
            since = time.process_time()  # the least of it says nothing of whoever else works here
            with one():
                found = F.linear(x, weight)
            best[i] = min(best[i], time.process_time() - since)
    exact = F.linear(x.double(), weight.double())
    return best[0] >= gain * best[1] and bool((found - exact).norm() <= rounding * exact.norm())
