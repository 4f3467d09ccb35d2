"""Training: a function of (config, corpus, run directory). The loss, the schedules, the one loop."""

import ctypes
import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from nmt import NmtError
from nmt.batches import Batch, BatchIterator, ParallelTokens, collate, encode_corpus, in_order
from nmt.bpe import BPE, PAD
from nmt.bpe import train as train_bpe
from nmt.config import CHANGEABLE, TrainingConfig
from nmt.corpora import Corpus
from nmt.decoding import greedy
from nmt.runs import Run, description_of_session, differences, load, load_weights, model_directory
from nmt.scoring import corpus_scores
from nmt.transformer import KINDS, Transformer

SHOWN = 8  # held-out sentences translated at each validation
FRAMED = 4  # of these, the ones whose attention is stored


def noam_rate(step: int, d_model: int, warmup: int, lr: float = 1.0, scaler: float = 1.0, factor: float = 1.0) -> float:
    """lr · scaler · D^-½ · min((s f)^-½, s f · warmup^-1.5), s from 1: section 5.3 with the origin's knobs."""
    s = step * factor
    return lr * scaler * d_model**-0.5 * min(s**-0.5, s * warmup**-1.5)


def token_loss(logits: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Cross-entropy summed over the target's tokens, padding left out. logits (B, T, V), target (B, T) -> ().

    Label smoothing is PyTorch's: (1 - ε) of the weight on the right word, ε/V on every word, the right one
    and padding included; Szegedy et al. 2016. The paper, section 5.4, does not say how it spreads ε.
    """
    return F.cross_entropy(
        logits.flatten(0, 1).float(),
        target.flatten(),
        ignore_index=PAD,
        label_smoothing=label_smoothing,
        reduction="sum",
    )


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


def train(
    config: TrainingConfig,
    corpus: Corpus,
    directory: str | Path,
    resume: bool = False,
    device: torch.device | str | None = None,
    checkpoint: str | Path | None = None,
    on_validation: Callable[[Run, dict], None] | None = None,
    progress: int = 20,
    log: Callable[[str], None] = print,
) -> Run:
    """Train a model and return its run directory, `Run(directory)`.

    A new run starts from random weights, or from those of `checkpoint`. `resume` goes on with an existing run
    from its last checkpoint, exactly as if it had not been interrupted. device: default CUDA where there is one.
    on_validation(run, metrics) is called after each validation; `progress` is the number of steps between two
    refreshes of the progress bar, 0 for none. The caller's random state is left as it was.
    Raises NmtError for settings that contradict each other or the run, and when the loss is no longer a number.
    """
    device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    if device.type == "cpu":
        _keep_memory()
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(config.seed)
        trainer = _Trainer(config, corpus, Path(directory), resume, device, checkpoint, log)
        trainer.fit(on_validation, progress)
    return trainer.run


class _Trainer:
    """The state of a training run between two steps, and what is done with it."""

    def __init__(self, config, corpus, directory, resume, device, checkpoint, log) -> None:
        self.config, self.device, self.log = config, device, log
        settings = {
            "training": asdict(config),
            "corpus": {"data": list(corpus.data), "fingerprint": corpus.fingerprint},
        }
        if resume:
            self.run = Run(directory)
            self.bpe = self.run.bpe()
            self._refuse_another_run(settings)
            checkpoint = self.run.config["checkpoint"]
        else:
            if directory.exists():  # before the vocabularies are trained, not after
                raise NmtError(f"--run {directory} exists already; go on with --resume, or name another directory")
            sizes = (config.src_vocab_size, config.trg_vocab_size)
            self.bpe = _vocabularies(corpus, sizes, checkpoint)
        self.model = Transformer(config.transformer(self.bpe[0].vocab_size, self.bpe[1].vocab_size))
        if not resume:
            settings |= {"bpe": {"src": self.bpe[0].sha256, "trg": self.bpe[1].sha256}}
            settings |= {"transformer": asdict(self.model.config), "card": corpus.card}
            settings |= {"checkpoint": str(model_directory(checkpoint)) if checkpoint else None}
        if checkpoint:
            load_weights(self.model, model_directory(checkpoint) / "model.safetensors")
        self.model.to(device)
        if not resume:
            self.run = Run.create(directory, settings, self.bpe)
        self.tokens = encode_corpus(corpus, self.bpe)
        self.rows = training_rows(self.tokens["train"], config)
        held_out = range(len(self.tokens["valid"])) if config.val_split == "valid" else self.rows
        limit = None if config.limit_val_batches is None else config.limit_val_batches * config.val_batch_size
        self.val_rows, self.val_tokens = [int(row) for row in held_out[:limit]], self.tokens[config.val_split]
        self.val_text = [_lines_at(corpus.path(config.val_split, side), self.val_rows) for side in ("en", "ru")]
        size = config.batch_tokens or config.batch_size
        self.batches = BatchIterator(
            self.tokens["train"], size, config.seed, config.batch_tokens is not None, self.rows, device
        )
        # beta 2 and epsilon of the paper, section 5.3. The rate is set before each step.
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=config.lr, betas=(0.9, 0.98), eps=1e-9, fused=True
        )
        self.plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            self.optimizer, factor=0.5, patience=config.scheduler_patience
        )
        self.bf16 = config.precision == "bf16" or (config.precision == "auto" and device.type == "cuda")
        # What the JSON of a checkpoint holds, beside the schedule of 'plateau'.
        self.step, self.epoch = 0, 0  # steps in all; epochs finished
        self.done, self.pairs = 0, 0  # batches and sentence pairs done in the epoch under way
        self.loss_sum, self.loss_tokens = 0.0, 0  # since the last line of metrics
        self.seconds = 0.0  # trained before this session
        self.started = time.monotonic()
        if resume:
            self._restore()
        self.board = _tensorboard(self.run.directory, self.step)
        parameters = sum(p.numel() for p in self.model.parameters())
        self.run.append("sessions.jsonl", description_of_session(device, self.step))
        log(
            f"{self.run.directory}: {parameters / 1e6:.2f} million parameters, {len(self.rows)} training pairs of "
            f"{corpus.name}, vocabularies {self.bpe[0].vocab_size} and {self.bpe[1].vocab_size}, "
            f"{'bfloat16 autocast' if self.bf16 else 'float32'} on {device}, from step {self.step}"
        )

    def _refuse_another_run(self, settings: dict) -> None:
        old = self.run.config
        here, now = ({k: v for k, v in c["training"].items() if k not in CHANGEABLE} for c in (old, settings))
        if problem := differences(here, now) or differences(old["corpus"], settings["corpus"]):
            raise NmtError(f"--resume: {self.run.directory} was started otherwise: {problem}")

    def _restore(self) -> None:
        """Weights, optimiser, schedule, random states and place in the epoch, from the last checkpoint."""
        step = self.run.last_step()
        self.run.forget_after(step or 0)
        if step is None:
            self.log(f"{self.run.directory} has no checkpoint yet: resuming from step 0")
            return
        tensors, state = self.run.load_checkpoint(step, self.model)
        names = [name for name, _ in self.model.named_parameters()]
        moments = {
            i: {key: tensors[f"adam.{name}.{key}"] for key in ("step", "exp_avg", "exp_avg_sq")}
            for i, name in enumerate(names)
        }
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": moments, "param_groups": groups})
        self.plateau.load_state_dict(state["plateau"])
        for group in self.optimizer.param_groups:
            group["lr"] = state["lr"]
        torch.set_rng_state(tensors["random.cpu"])
        if self.device.type == "cuda" and "random.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["random.cuda"], self.device)
        for name in ("step", "epoch", "done", "pairs", "loss_sum", "loss_tokens", "seconds"):
            setattr(self, name, state[name])
        self.log(f"{self.run.directory}: resuming from step {step} (epoch {self.epoch + 1})")

    def save(self) -> None:
        self._refuse_nan()
        tensors = {"random.cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(self.device)
        for name, parameter in self.model.named_parameters():
            for key, value in self.optimizer.state[parameter].items():
                tensors[f"adam.{name}.{key}"] = value
        state = {name: getattr(self, name) for name in ("step", "epoch", "done", "pairs", "loss_tokens")}
        state |= {
            "loss_sum": float(self.loss_sum),
            "seconds": self.elapsed(),
            "lr": self.optimizer.param_groups[0]["lr"],
        }
        state |= {"plateau": self.plateau.state_dict()}
        self.run.save_checkpoint(self.step, self.model, self.bpe, tensors, state, self.config.keep_checkpoints)

    def elapsed(self) -> float:
        """Seconds of training, over all sessions of the run."""
        return self.seconds + time.monotonic() - self.started

    def _refuse_nan(self) -> None:
        if not math.isfinite(self.loss_sum):
            last = self.run.last_step()
            raise NmtError(
                f"the loss is {float(self.loss_sum)} near step {self.step}: lower --lr or lengthen "
                f"--noam_opt_warmup_steps. {self.run.directory} keeps "
                + (f"its checkpoint of step {last}" if last is not None else "no checkpoint")
            )

    def fit(self, on_validation: Callable | None, progress: int) -> None:
        config = self.config
        self.deadline = (
            math.inf if config.max_minutes is None else self.started + 60 * config.max_minutes - self.seconds
        )
        bar = tqdm(
            total=config.max_epochs * len(self.rows),
            initial=self.epoch * len(self.rows) + self.pairs,
            unit=" pairs",
            disable=progress == 0,
            miniters=1,
            mininterval=0.5,
            dynamic_ncols=True,
        )
        with bar:
            while self.epoch < config.max_epochs and time.monotonic() < self.deadline:
                bar.set_description(f"epoch {self.epoch + 1}/{config.max_epochs}")
                finished = self._epoch(bar, progress)
                if finished:
                    self.epoch, self.done, self.pairs = self.epoch + 1, 0, 0
                last = self.epoch == config.max_epochs or time.monotonic() >= self.deadline
                if last or self.epoch % config.check_val_every_n_epoch == 0:
                    metrics = self.validate()
                    bar.write(
                        f"epoch {metrics['epoch']:.2f}: loss {metrics['loss']:.3f}, perplexity "
                        f"{metrics['perplexity']:.2f}, BLEU {metrics['bleu']:.2f}, chrF {metrics['chrf']:.2f}"
                    ) if progress else None
                    if on_validation is not None:
                        on_validation(self.run, metrics)
                self.save()

    def _epoch(self, bar: tqdm, progress: int) -> bool:
        """Train to the end of the epoch, or to the deadline. Returns whether the end was reached."""
        config, tokens, since = self.config, 0, time.monotonic()
        for group, last in _groups(self.batches.epoch(self.epoch, self.done), config.accumulate_grad_batches):
            self._step(group)
            tokens += sum(batch.tokens for batch in group)
            bar.update(sum(len(batch.rows) for batch in group)) if progress else None
            if progress and self.step % progress == 0:
                speed = tokens / (time.monotonic() - since)
                bar.set_postfix_str(f"loss {float(self.loss_sum) / max(1, self.loss_tokens):.3f}, {speed:.0f} tokens/s")
            if self.step % config.log_every_n_steps == 0:
                self._refuse_nan()
                speed = tokens / (time.monotonic() - since)
                self._log(
                    {"split": "train", "loss": float(self.loss_sum) / self.loss_tokens, "tokens_per_second": speed}
                )
                self.loss_sum, self.loss_tokens = 0.0, 0
            if not last and self.step % config.checkpoint_every_n_steps == 0:
                self.save()
            if not last and time.monotonic() >= self.deadline:
                return False
        return True

    def _step(self, group: list[Batch]) -> None:
        """One step of the optimiser: the mean loss per target token over all batches of the group."""
        config = self.config
        self.model.train()
        tokens = sum(batch.tokens for batch in group)
        for batch in group:
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
                logits = self.model(batch.src, batch.trg_in)  # (B, T, V)
                loss = token_loss(logits, batch.trg_out, config.label_smoothing)
            (loss / tokens).backward()
            self.loss_sum = self.loss_sum + loss.detach().double()
        self.loss_tokens += tokens
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), config.clip_norm)
        self.step, self.done = self.step + 1, self.done + len(group)
        self.pairs += sum(len(batch.rows) for batch in group)
        if config.scheduler == "noam":
            rate = noam_rate(
                self.step,
                config.d_model,
                config.noam_opt_warmup_steps,
                config.lr,
                config.noam_scaler,
                config.noam_step_factor,
            )
            for parameters in self.optimizer.param_groups:
                parameters["lr"] = rate
        self.optimizer.step()
        self.optimizer.zero_grad()

    def _log(self, metrics: dict) -> None:
        """One line of metrics.jsonl. `epoch` counts the epochs done, with the part of the one under way."""
        place = {"step": self.step, "epoch": round(self.epoch + self.pairs / len(self.rows), 4)}
        place |= {"lr": self.optimizer.param_groups[0]["lr"], "minutes": round(self.elapsed() / 60, 3)}
        self.run.append("metrics.jsonl", {**place, **metrics})
        if self.board is not None:
            for name, value in metrics.items():
                if isinstance(value, float):
                    self.board.add_scalar(f"{metrics['split']}/{name}", value, self.step)

    @torch.inference_mode()
    def validate(self) -> dict:
        """Loss without smoothing, perplexity per BPE piece, BLEU and chrF of greedy translations; all logged."""
        self.model.eval()
        hypotheses, nll, count = [""] * len(self.val_rows), 0.0, 0
        place = {row: i for i, row in enumerate(self.val_rows)}
        for batch in in_order(self.val_tokens, self.config.val_batch_size, self.val_rows, self.device):
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
                nll += float(token_loss(self.model(batch.src, batch.trg_in), batch.trg_out))
                outputs = greedy(self.model, batch.src)
            count += batch.tokens
            for row, text in zip(batch.rows, self.bpe[1].decode([o.ids for o in outputs]), strict=True):
                hypotheses[place[row]] = text
        if not math.isfinite(nll):
            raise NmtError(f"the validation loss is {nll} at step {self.step}: lower --lr")
        sources, references = self.val_text
        scores = corpus_scores(hypotheses, references)
        metrics = {"split": "valid", "loss": nll / count, "perplexity": math.exp(min(nll / count, 700)), **scores}
        self._log(metrics)
        shown = zip(sources[:SHOWN], references, hypotheses, strict=False)
        samples = [{"source": s, "reference": r, "translation": h} for s, r, h in shown]
        self.run.append("samples.jsonl", *({"step": self.step, "epoch": self.epoch, **line} for line in samples))
        self.run.save_frames(self.step, self._frames())
        return {"step": self.step, "epoch": self.epoch + self.pairs / len(self.rows), **metrics, "samples": samples}

    def _frames(self) -> dict[str, np.ndarray]:
        """Attention of all heads on fixed sentences, the reference given: for each sentence i, `i.encoder`
        (L, H, S, S), `i.decoder` (L, H, T, T), `i.cross` (L, H, T, S) in float16, and its pieces as text."""
        arrays: dict[str, np.ndarray] = {}
        for i, row in enumerate(self.val_rows[:FRAMED]):
            batch = collate(self.val_tokens, [row], self.device)
            _, maps = self.model(batch.src, batch.trg_in, return_attention=True)
            for kind in KINDS:
                arrays[f"{i}.{kind}"] = torch.cat(maps[kind]).to("cpu", torch.float16).numpy()
            arrays[f"{i}.src"] = np.array([*self.bpe[0].pieces(self.val_text[0][i]), "<EOS>"])
            arrays[f"{i}.trg"] = np.array(["<BOS>", *self.bpe[1].pieces(self.val_text[1][i])])
        return arrays


def _vocabularies(
    corpus: Corpus, sizes: tuple[int | None, int | None], checkpoint: str | Path | None
) -> tuple[BPE, BPE]:
    """The BPE of a new run: trained on the corpus, or those that belong to the weights it starts from."""
    if not checkpoint:
        return tuple(train_bpe(corpus, side, size) for side, size in zip(("en", "ru"), sizes, strict=True))
    bpe = load(checkpoint).bpe
    for name, size, b in zip(("src_vocab_size", "trg_vocab_size"), sizes, bpe, strict=True):
        if size not in (None, b.vocab_size):
            raise NmtError(f"--{name} {size}: the vocabulary of --checkpoint {checkpoint} has {b.vocab_size} pieces")
    return bpe


def _groups(batches: Iterator[Batch], size: int) -> Iterator[tuple[list[Batch], bool]]:
    """Up to `size` batches at a time, and whether they are the last."""
    group: list[Batch] = list(islice(batches, size))
    while group:
        following = list(islice(batches, size))
        yield group, not following
        group = following


def _lines_at(path: Path, rows: list[int]) -> list[str]:
    """The lines of a text file with the given numbers, in the order given."""
    wanted = set(rows)
    with open(path, encoding="utf-8", newline="\n") as file:
        found = {i: line.rstrip("\n") for i, line in enumerate(file) if i in wanted}
    return [found[row] for row in rows]


def _keep_memory() -> None:
    """Ask glibc to keep freed memory. Otherwise each step's large tensors go back to the system and are paged in
    anew, which made steps up to three times slower on a small virtual machine. Elsewhere nothing happens."""
    with suppress(OSError, AttributeError):
        libc, trim_threshold, mmap_max = ctypes.CDLL("libc.so.6"), -1, -4
        libc.mallopt(mmap_max, 0)
        libc.mallopt(trim_threshold, 2**31 - 1)


def _tensorboard(directory: Path, step: int) -> object | None:
    """Scalars for TensorBoard where it is installed; metrics.jsonl stays the truth."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(directory / "tensorboard", purge_step=step)
