"""What surrounds the loop of training: what a run starts from, which run may go on, and faults told clearly."""

import ctypes
import errno
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from nmt import UNK, NmtError
from nmt.batches import BatchIterator
from nmt.bpe import BPE
from nmt.bpe import train as train_bpe
from nmt.config import CHANGEABLE, SHAPE, TrainingConfig, flag
from nmt.corpora.corpus import Corpus, to_stderr
from nmt.models import Trained, differences
from nmt.objective import Objective
from nmt.plumbing import distributed
from nmt.plumbing.checkpoints import TrainingState
from nmt.plumbing.fast.feeding import ORDER
from nmt.plumbing.fast.numerics import Numerics, choose
from nmt.plumbing.files import DISK_FULL, write_json
from nmt.plumbing.provenance import description_of_session
from nmt.runs import Run, load, refuse_taken, resuming
from nmt.scoring import HeldOut
from nmt.tokens import ParallelTokens, encode_corpus
from nmt.transformer import Transformer

FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)


@dataclass(frozen=True)
class Session:
    """What the loop works with, from one start of a run until it ends or is stopped."""

    run: Run
    state: TrainingState
    bpe: tuple[BPE, BPE]
    batches: BatchIterator
    pairs: int  # training pairs in an epoch
    held_out: HeldOut
    numerics: Numerics
    log: Callable[[str], None]  # silent in all processes but the first
    board: object | None  # TensorBoard, in the first process, where it is installed


@contextmanager
def begin(
    config: TrainingConfig,
    corpus: Corpus,
    directory: str | Path,
    resume: bool,
    device: torch.device | str | None,
    checkpoint: Trained | str | Path | None,
    objective: Objective,
    log: Callable[[str], None],
) -> Iterator[Session]:
    """Make a run, or take one up again; inside the block it is locked. Arguments and errors are those of `train`."""
    if resume and checkpoint:
        raise NmtError("--checkpoint starts a new run, --resume goes on with one: give one of them")
    device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    if device.type == "cpu":
        keep_freed_memory()
    if not objective.plain and (distributed.started() > 1 or config.patience):  # before they join: none is left waiting
        raise NmtError("pruning runs in one process and plans its epochs beforehand: leave out torchrun and --patience")
    with ExitStack() as held:
        device = held.enter_context(distributed.joined(device))
        directory = Path(distributed.by_first(lambda: directory))
        held.enter_context(told_clearly(directory, config))
        held.enter_context(torch.random.fork_rng(devices=[device] if device.type == "cuda" else []))
        log = log if distributed.rank() == 0 else lambda text: None
        run = None
        if resume:
            run = Run(directory)
            refuse_another_run(run, config, corpus, objective)
            distributed.by_first(lambda: held.enter_context(run.lock()))
            checkpoint = None if run.steps() else run.config["checkpoint"]
        else:
            refuse_taken(directory)  # before the vocabularies are trained, not after
        origin = load(checkpoint) if checkpoint else None
        bpe = run.bpe() if run else distributed.first_before_others(lambda: vocabularies(corpus, config, origin))
        # The seed is set after `load`, which draws weights of its own: a run resumed at step 0 draws the same.
        torch.manual_seed(config.seed)
        model = new_model(config, bpe, origin, run).to(device)
        batches, held_out, pairs = data_of(config, corpus, bpe, device)
        if not objective.plain:
            steps = config.max_epochs * -(-batches.count() // config.accumulate_grad_batches)
            objective.start(model, batches, steps)
        noted = run.config.get("numerics") if run else None
        numerics = distributed.by_first(lambda: choose(config.precision, device, noted, config.d_model))
        held.enter_context(numerics.in_use(device))
        state = TrainingState.new(model, objective, config, numerics.scaler(device))
        if distributed.rank():
            # Each process has dropout of its own; that of the first is as if it were alone.
            torch.manual_seed(config.seed + distributed.rank())
        if run:
            distributed.first_before_others(lambda: state.restore(run, config.keep_checkpoints, log))
            # The next resume begins with what this one changes.
            now = {**run.config, "training": asdict(config), "objective": objective.settings}
            distributed.by_first(lambda: now == run.config or write_json(run.directory / "config.json", now))
            run.config |= now
        else:
            record = {
                "training": asdict(config),
                "batch_order": ORDER,
                "numerics": asdict(numerics),
                "corpus": {"data": list(corpus.data), "fingerprint": corpus.fingerprint},
                "bpe": {"src": bpe[0].sha256, "trg": bpe[1].sha256},
                "transformer": asdict(model.config),
                "card": corpus.card.to_json(),
                "checkpoint": str(origin.directory.resolve()) if origin else None,
                "objective": objective.settings,
            }
            distributed.by_first(lambda: held.enter_context(Run.create(directory, record, bpe).lock()))
            run = Run(directory)
        processes = distributed.count()
        session = {**description_of_session(device, state.step), "processes": processes}
        distributed.by_first(lambda: run.append("sessions.jsonl", session))
        parameters = sum(p.numel() for p in model.parameters())
        log(
            f"{run.directory}: {parameters / 1e6:.2f} million parameters, {pairs} training pairs of {corpus.name}, "
            f"vocabularies {bpe[0].vocab_size} and {bpe[1].vocab_size}, "
            f"{numerics} on {device}{f' in {processes} processes' if processes > 1 else ''}, from step {state.step}"
        )
        for language, side in zip(("English", "Russian"), batches.tokens, strict=True) if origin else ():
            if share := np.mean(np.asarray(side.ids) == UNK):
                which = f"{language} pieces are unknown to the vocabulary of {origin.directory}"
                log(f"warning: {share:.3%} of the {which}")
        board = run.board(state.step) if distributed.rank() == 0 else None
        # The run's own vocabularies: the files of the cache may be deleted while this run trains.
        yield Session(run, state, run.bpe(), batches, pairs, held_out, numerics, log, board)
        if processes > 1:
            gc.collect()  # while the processes are joined: later, the threads of what is freed might wait for ever


def data_of(
    config: TrainingConfig, corpus: Corpus, bpe: tuple[BPE, BPE], device: torch.device
) -> tuple[BatchIterator, HeldOut, int]:
    """The batches of training, the pairs of a validation, and how many pairs train the model."""
    tokens = distributed.first_before_others(lambda: encode_corpus(corpus, bpe))
    rows = training_rows(tokens["train"], config)
    size, by_tokens = config.batch_tokens or config.batch_size, config.batch_tokens is not None
    batches = BatchIterator(tokens["train"], size, config.seed, by_tokens, rows, device)
    split = config.val_split  # "train" shows what was learnt by heart
    limit = None if config.limit_val_batches is None else config.limit_val_batches * config.val_batch_size
    scored = rows if split == "train" else range(len(tokens[split]))
    return batches, HeldOut.of(corpus, split, tokens[split], scored[:limit]), len(rows)


def training_rows(tokens: ParallelTokens, config: TrainingConfig) -> np.ndarray:
    """The line numbers to train on, int64 (N,): not empty, not too long, and within limit_train_batches."""
    shorter, longer = (choose(tokens.src.lengths, tokens.trg.lengths) for choose in (np.minimum, np.maximum))
    rows, limit = np.flatnonzero((shorter > 0) & (longer <= config.max_length)), config.limit_train_batches
    if limit is not None and config.batch_tokens is None:
        rows = rows[: limit * config.batch_size]
    elif limit is not None:
        rows = rows[: np.searchsorted((longer[rows] + 1).cumsum(), limit * config.batch_tokens) + 1]
    if len(rows) == 0:
        raise NmtError(f"no training pair has at most --max_length {config.max_length} pieces on both sides")
    return rows


def refuse_another_run(run: Run, config: TrainingConfig, corpus: Corpus, objective: Objective) -> None:
    # Where all held-out pairs are translated, how many at a time only costs memory.
    free = (*CHANGEABLE, "val_batch_size") if config.limit_val_batches is None else CHANGEABLE
    if run.config.get("batch_order") != ORDER:
        mend = f"go on with the version that began it, or begin a new run with --checkpoint {run.directory}"
        raise NmtError(f"--resume: {run.directory} was begun when batches came in another order: {mend}")
    old, now = run.config["training"] | (run.config.get("objective") or {}), asdict(config) | (objective.settings or {})
    there, here = ({flag(k): v for k, v in settings.items() if k not in free} for settings in (old, now))
    problem = differences(there, here)
    if not problem and corpus.fingerprint != run.config["corpus"]["fingerprint"]:
        which = ", ".join(run.config["corpus"]["data"])
        problem = f"its corpus was another one, or this one has changed since: {which}"
    if problem:
        raise NmtError(f"--resume: {run.directory} was started otherwise: {problem}")


def vocabularies(corpus: Corpus, config: TrainingConfig, origin: Trained | None) -> tuple[BPE, BPE]:
    """The BPE models of a new run: trained on the corpus, or those that belong to the weights it starts from."""
    sizes = config.src_vocab_size, config.trg_vocab_size
    if not origin:
        return tuple(train_bpe(corpus, side, size) for side, size in zip(("en", "ru"), sizes, strict=True))
    for name, size, bpe in zip(("src", "trg"), sizes, origin.bpe, strict=True):
        if size not in (None, bpe.vocab_size):
            its = f"that of --checkpoint {origin.directory} has {bpe.vocab_size} pieces and comes with it"
            raise NmtError(f"--{name}_vocab_size {size}: {its}; leave the flag out")
    return origin.bpe


def new_model(config: TrainingConfig, bpe: tuple[BPE, BPE], origin: Trained | None, run: Run | None) -> Transformer:
    """A model as the config says, with random weights or those of `origin`; what was pruned before is not there."""
    before = asdict(origin.model.config) if origin else run.config.get("transformer", {}) if run else {}
    inherited = {name: value for name, value in before.items() if name not in (*SHAPE, "dropout")}
    model = Transformer(replace(config.transformer(*(one.vocab_size for one in bpe)), **inherited))
    if origin:
        old, new = ({flag(k): v for k, v in asdict(m.config).items() if k != "dropout"} for m in (origin.model, model))
        if problem := differences(old, new, "there", "here"):
            raise NmtError(f"--checkpoint {origin.directory} is a model of another shape: {problem}")
        weights = {name: w for name, w in origin.model.state_dict().items() if ".gate." not in name}  # open or closed
        model.load_state_dict(weights)
    return model


def what_is_kept(directory: Path) -> str:
    """The end of an error message: what a stopped run goes on from."""
    last = Run(directory).last_step()
    return f"{directory} keeps {'no checkpoint' if last is None else f'its checkpoint of step {last}'}"


def how_to_go_on(directory: Path) -> str:
    return f"go on with {resuming(directory)}; {what_is_kept(directory)}"


@contextmanager
def noted_signals() -> Iterator[list[int]]:
    """In the block the first SIGTERM or SIGHUP only stands in the list: there is time for a checkpoint. A second ends
    the process. What is ignored (nohup) or handled otherwise stays so, and so does all under torchrun."""
    came, ours = [], []

    def note(number: int, _: object) -> None:
        came.append(number)
        signal.signal(number, signal.SIG_DFL)

    if threading.current_thread() is threading.main_thread() and distributed.count() == 1:
        there = (getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
        ours = [number for number in there if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, note)
    try:
        yield came
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def end_as_told(signals: list[int], run: Run) -> None:
    """After a checkpoint: end as the signal that came would have ended the process at once."""
    for number in signals:
        to_stderr(f"\n{signal.Signals(number).name}: {how_to_go_on(run.directory)}")
        sys.stdout.flush()
        os.kill(os.getpid(), number)


def write_batch(session: Session, step: int, loss: float, rows: list[int]) -> None:
    """Add the pairs of a batch to bad_batch.jsonl, with their lines in the training split, from 1."""
    (src, trg), tokens, place = session.bpe, session.batches.tokens, {"step": step, "loss": str(float(loss))}
    texts = src.decode([tokens.src[row] for row in rows]), trg.decode([tokens.trg[row] for row in rows])
    for row, source, target in zip(rows, *texts, strict=True):
        session.run.append("bad_batch.jsonl", {**place, "line": row + 1, "source": source, "target": target})


@contextmanager
def told_clearly(directory: Path, config: TrainingConfig) -> Iterator[None]:
    """Turn errors of a disk, and of a GPU with too little memory, into NmtError; Ctrl-C says how the run goes on."""
    try:
        yield
    except KeyboardInterrupt as error:
        if (directory / "config.json").is_file():
            error.args = (how_to_go_on(directory),)
        raise
    except torch.cuda.OutOfMemoryError as error:
        name = "batch_size" if config.batch_tokens is None else "batch_tokens"
        kept = f". {what_is_kept(directory)}" if (directory / "config.json").is_file() else ""
        raise NmtError(
            f"the memory is too small for --{name} {getattr(config, name)}: {str(error).partition('. ')[0]}. "
            "End other programs that use it, or go through each batch in parts: --resume --split_batches "
            f"{2 * config.split_batches} (the same steps); in a new run also a smaller --{name}. In validation: a "
            f"smaller --val_batch_size than {config.val_batch_size}{kept}"
        ) from None
    except OSError as error:
        if error.errno not in (*DISK_FULL, *FORBIDDEN):
            raise
        mend = "make room there" if error.errno in DISK_FULL else "it must be writable"
        begun = (directory / "config.json").is_file()
        then = how_to_go_on(directory) if begun else "start again; no run was begun"
        raise NmtError(f"{error}: {mend}, then {then}") from error


def keep_freed_memory() -> None:
    """Ask glibc to keep freed blocks of up to 32 MB, 512 MB in all, for the next step: a step of the demo's model then
    takes about a seventh less CPU time. With another C library nothing happens."""
    with suppress(OSError, AttributeError):
        libc, trim_threshold, mmap_threshold = ctypes.CDLL("libc.so.6"), -1, -3
        libc.mallopt(mmap_threshold, 32 * 2**20)
        libc.mallopt(trim_threshold, 512 * 2**20)
