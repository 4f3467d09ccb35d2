"""What surrounds the loop of training: what a run starts from, which run may go on, faults told clearly."""

import ctypes
import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError

from nmt import NmtError
from nmt.bpe import BPE
from nmt.bpe import train as train_bpe
from nmt.config import CHANGEABLE, TrainingConfig, flag
from nmt.corpora.corpus import Corpus
from nmt.models import Trained, differences
from nmt.objective import Objective
from nmt.runs import Run
from nmt.tokens import ParallelTokens
from nmt.transformer import Transformer

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)


def training_rows(tokens: ParallelTokens, config: TrainingConfig) -> np.ndarray:
    """The line numbers that are trained on: not empty, not too long, and within limit_train_batches."""
    src, trg = tokens.src.lengths, tokens.trg.lengths
    rows = np.flatnonzero((src > 0) & (trg > 0) & (np.maximum(src, trg) <= config.max_length))
    if config.limit_train_batches is not None:
        if config.batch_tokens is None:
            rows = rows[: config.limit_train_batches * config.batch_size]
        else:
            longer = np.maximum(src, trg)[rows] + 1
            rows = rows[: np.searchsorted(longer.cumsum(), config.limit_train_batches * config.batch_tokens) + 1]
    if len(rows) == 0:
        raise NmtError(f"no training pair has at most --max_length {config.max_length} pieces on both sides")
    return rows


def refuse_another_run(run: Run, config: TrainingConfig, corpus: Corpus, objective: Objective) -> None:
    # Where all held-out pairs are translated, how many at a time only costs memory.
    free = (*CHANGEABLE, "val_batch_size") if config.limit_val_batches is None else CHANGEABLE
    old = {"bpe_dropout": 0.0, "validate_untrained": False, **run.config["training"]}  # older runs know neither
    here, now = ({flag(k): v for k, v in c.items() if k not in free} for c in (old, asdict(config)))
    noted = run.config.get("objective") or {}
    if "search" in noted and noted["search"] is None:  # older runs did not note what the default was
        noted = noted | {"search": objective.settings["search"]} if objective.settings else noted
    problem = differences(here, now) or differences(noted, objective.settings or {})
    if not problem and corpus.fingerprint != run.config["corpus"]["fingerprint"]:
        problem = (
            f"its corpus was another one, or this one has changed since: {', '.join(run.config['corpus']['data'])}"
        )
    if problem:
        raise NmtError(f"--resume: {run.directory} was started otherwise: {problem}")


def vocabularies(corpus: Corpus, config: TrainingConfig, origin: Trained | None) -> tuple[BPE, BPE]:
    """The BPE of a new run: trained on the corpus, or those that belong to the weights it starts from."""
    sizes = config.src_vocab_size, config.trg_vocab_size
    if not origin:
        return tuple(train_bpe(corpus, side, size) for side, size in zip(("en", "ru"), sizes, strict=True))
    for name, size, bpe in zip(("src", "trg"), sizes, origin.bpe, strict=True):
        if size not in (None, bpe.vocab_size):
            raise NmtError(
                f"--{name}_vocab_size {size}: the vocabulary of --checkpoint {origin.directory} has {bpe.vocab_size} "
                "pieces and comes with it; leave the flag out"
            )
    return origin.bpe


def new_model(config: TrainingConfig, bpe: tuple[BPE, BPE], origin: Trained | None, run: Run | None) -> Transformer:
    """As the config says, with random weights, or with those of `origin`, a model of the same shape.

    What was pruned from `origin`, or from the run that goes on, is not there.
    """
    kept = asdict(origin.model.config) if origin else run.config.get("transformer", {}) if run else {}
    shape = config.transformer(*(one.vocab_size for one in bpe))
    model = Transformer(replace(shape, **{name: kept.get(name) for name in ("kept_heads", "kept_neurons")}))
    if origin:
        old, new = ({flag(k): v for k, v in asdict(m.config).items() if k != "dropout"} for m in (origin.model, model))
        if problem := differences(old, new, "there", "here"):
            raise NmtError(f"--checkpoint {origin.directory} is a model of another shape: {problem}")
        model.load_state_dict(origin.model.state_dict())
    return model


def what_is_kept(directory: Path) -> str:
    """The end of an error message."""
    last = Run(directory).last_step()
    return f"{directory} keeps {'no checkpoint' if last is None else f'its checkpoint of step {last}'}"


@contextmanager
def told_clearly(directory: Path, config: TrainingConfig) -> Iterator[None]:
    """A disk that is full or may not be written, and memory of the GPU that is too small, as NmtError."""
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        name = "batch_size" if config.batch_tokens is None else "batch_tokens"
        kept = f". {what_is_kept(directory)}" if (directory / "config.json").is_file() else ""
        raise NmtError(
            f"the memory is too small for --{name} {getattr(config, name)}: {str(error).partition('. ')[0]}. "
            "End other programs that use it, or go through each batch in parts: --resume --split_batches "
            f"{2 * config.split_batches} (the same steps); in a new run also a smaller --{name}. In validation: a "
            f"smaller --val_batch_size than {config.val_batch_size}{kept}"
        ) from None
    except (OSError, SafetensorError) as error:
        found = re.search(r"os error (\d+)", str(error))  # how safetensors says it
        number = int(found[1]) if found else getattr(error, "errno", None)
        if number not in (*FULL, *FORBIDDEN):
            raise
        mend = "make room there" if number in FULL else "it must be writable"
        begun = (directory / "config.json").is_file()
        then = f"go on with --resume; {what_is_kept(directory)}" if begun else "start again; no run was begun"
        raise NmtError(f"{error}: {mend}, then {then}") from error


def keep_memory() -> None:
    """Ask glibc to keep freed blocks of up to 32 MB, 512 MB in all, instead of paging each step's tensors in anew:
    a step of the demo's model takes about a seventh less CPU time. Elsewhere nothing happens."""
    with suppress(OSError, AttributeError):
        libc, trim_threshold, mmap_threshold = ctypes.CDLL("libc.so.6"), -1, -3
        libc.mallopt(mmap_threshold, 32 * 2**20)
        libc.mallopt(trim_threshold, 512 * 2**20)
