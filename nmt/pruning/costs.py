"""What removal saves: parameters, operations, time."""

import time
from collections.abc import Sequence
from statistics import median

import torch

from nmt import EOS
from nmt.batches import source_batch
from nmt.decoding import greedy
from nmt.plumbing.fast.incremental import lay_out
from nmt.transformer import KINDS, Transformer

Sentences = Sequence[list[int]]  # ids, without EOS


def parameters(model: Transformer) -> int:
    """How many parameters the model has, without gates; a tied matrix counts once."""
    return sum(one.numel() for name, one in model.named_parameters() if ".gate." not in name)


def flops(model: Transformer, source: int, target: int) -> dict[str, int]:
    """Floating-point operations, two for each multiply-add, of translating one sentence word by word with the cache.

    source: S, its tokens with EOS; target: T, the tokens read with BOS, which are as many as are written with EOS.
    Only products of matrices count; of a pruned model with what is left of H and F. By part, and "total".
    """
    c = model.config
    width = {kind: sum(map(len, c.kept(kind))) * c.head_size for kind in KINDS}  # H K of all layers together
    neurons = {side: sum(map(len, c.kept(f"{side}_ff"))) for side in ("encoder", "decoder")}  # F, likewise
    words = {"encoder": 2 * source, "decoder": 2 * target, "cross": source + target}  # as queries, plus as keys
    seen = {"encoder": source * source, "decoder": target * (target + 1) // 2, "cross": target * source}
    parts = {
        # W_Q and W_O, or W_K and W_V
        "attention_projections": sum(4 * words[kind] * width[kind] * c.d_model for kind in KINDS),
        "attention_scores": sum(4 * seen[kind] * width[kind] for kind in KINDS),  # Q K^T, and the sum of V
        "feed_forward": 4 * c.d_model * (source * neurons["encoder"] + target * neurons["decoder"]),
        "generator": 2 * target * c.d_model * c.trg_vocab_size,
    }
    return parts | {"total": sum(parts.values())}


def speed(models: dict[str, Transformer], sources: Sentences, batch_sizes=(1, 32), rounds: int = 5) -> dict:
    """Milliseconds a sentence of greedy decoding: name -> "batch 1" -> {"median", "low", "high", "rounds": all}.

    In each round every model translates all sources. The models take turns batch by batch, so that whatever else the
    machine does slows all alike. No sentence ends before it has as many tokens as the longest source of its batch.
    """
    sources, names = sorted(sources, key=len), list(models)
    for model in models.values():
        lay_out(model)  # as of a model that is loaded
    times = {name: {f"batch {size}": [] for size in batch_sizes} for name in names}
    for turn in range(-1, rounds):  # the first one warms up
        for size in batch_sizes:
            taken = dict.fromkeys(names, 0.0)
            for number, start in enumerate(range(0, len(sources), size), turn):
                for i in range(len(names)):
                    name = names[(number + i) % len(names)]
                    taken[name] += _seconds(models[name], sources[start : start + size])
            for name in names if turn >= 0 else ():
                times[name][f"batch {size}"].append(round(1000 * taken[name] / len(sources), 4))

    def spread(ms: list[float]) -> dict:
        return {"median": round(median(ms), 4), "low": min(ms), "high": max(ms), "rounds": ms}

    return {name: {size: spread(ms) for size, ms in of_sizes.items()} for name, of_sizes in times.items()}


def _seconds(model: Transformer, batch: Sentences) -> float:
    """Of decoding a batch, sorted by length, while the model never writes EOS."""
    device, bias = next(model.parameters()).device, model.generator.bias.data
    former = bias[EOS].clone()
    bias[EOS] = torch.finfo(bias.dtype).min / 2
    try:
        start = time.perf_counter()
        greedy(model, source_batch(batch, device), max_length=len(batch[-1]) + 1)
        return time.perf_counter() - start
    finally:
        bias[EOS] = former
