"""Searches with int8 weights on a CPU: PyTorch's dynamic quantisation of the large products; all else stays float32."""

import warnings

import torch
from torch import Tensor

from nmt import NmtError
from nmt.plumbing.fast.incremental import Product, as_they_are

# Elements of a weight. Below it, to round what goes in takes longer than a product with int8 saves (measured).
SMALLEST = 2**18


class Int8:
    """Products with weights in int8, a scale for each output; what goes in is rounded too, a scale for each call.

    A weight is rounded when it is first asked for, and anew where autograd saw it change. Fused optimisers write behind
    autograd's back: it is for a model that translates, not for one in training.
    """

    def __init__(self) -> None:
        self.known: dict[tuple, tuple] = {}

    def __deepcopy__(self, _: dict) -> "Int8":
        return Int8()  # the weights of a copy lie elsewhere

    def __call__(self, weight: Tensor, bias: Tensor) -> Product:
        if weight.device.type != "cpu":
            raise NmtError("int8 is for a CPU: leave --int8 out, or say --gpus 0")
        if weight.numel() < SMALLEST:
            return as_they_are(weight, bias)
        place, state = (weight.data_ptr(), bias.data_ptr(), weight.shape), (weight._version, bias._version)
        if place not in self.known or self.known[place][0] != state:
            self.known[place] = state, weight.detach(), bias.detach(), packed(weight, bias)  # held: no other moves in
        rounded = self.known[place][-1]
        return lambda x: torch.ops.quantized.linear_dynamic(x.float(), rounded, True).to(x.dtype)


def packed(weight: Tensor, bias: Tensor) -> torch.ScriptObject:
    """W (outputs, inputs), b (outputs,) as PyTorch's int8 kernels want them. Raises NmtError where it has none."""
    weight, bias = weight.detach().float().contiguous(), bias.detach().float()
    scales = weight.abs().amax(1).clamp(min=1e-9) / 127
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*quantize")  # 2.13 calls it deprecated: a package shall follow it
            zeros = torch.zeros_like(scales, dtype=torch.int64)
            rounded = torch.quantize_per_channel(weight, scales, zeros, 0, torch.qint8)
            return torch.ops.quantized.linear_prepack(rounded, bias)
    except (AttributeError, NotImplementedError, RuntimeError) as error:
        raise NmtError(f"--int8: PyTorch {torch.__version__} has no int8 products here; leave it out") from error
