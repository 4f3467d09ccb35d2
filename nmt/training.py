"""Training: one loop, also of pruning. `train` is a function of a config, a corpus and a run directory.

What a step minimises is in `nmt.objective`, a validation in `nmt.scoring`. What surrounds the loop is in
`nmt.plumbing`: `starting` makes a run or takes one up again, `checkpoints` saves and restores it exactly.
"""

import math
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from nmt import NmtError
from nmt.analysis import frames
from nmt.batches import Batch, in_groups
from nmt.config import TrainingConfig
from nmt.corpora.corpus import Corpus
from nmt.models import Trained
from nmt.objective import Objective, noam_rate
from nmt.plumbing import distributed
from nmt.plumbing.fast import graphs
from nmt.plumbing.starting import Session, begin, end_as_told, noted_signals, what_is_kept, write_batch
from nmt.runs import Run
from nmt.scoring import validate

SHOWN = 8  # held-out sentences whose translations are stored at each validation
FRAMED = 4  # of these, the ones whose attention is stored


def train(
    config: TrainingConfig,
    corpus: Corpus,
    directory: str | Path,
    resume: bool = False,
    device: torch.device | str | None = None,
    checkpoint: Trained | str | Path | None = None,
    on_validation: Callable[[Run, dict], None] | None = None,
    progress: int = 20,
    log: Callable[[str], None] = print,
    objective: Objective | None = None,
) -> Run:
    """Train a model and return its run directory, `Run(directory)`.

    A new run starts from random weights, or from those of `checkpoint`. `resume` goes on with an existing run from its
    last checkpoint, exactly as if it had never been interrupted. device: by default CUDA where there is one.
    `on_validation(run, metrics)` is called after each validation, before its checkpoint is written. `progress` is the
    number of steps between two refreshes of the progress bar (on a terminal; a log file gets two states a minute),
    0 for no bar. The caller's random state is left as it was. `objective` says what else is to be done in each step.
    Under torchrun all processes make the same call: they share each batch, and the first process writes.

    Raises NmtError for settings that contradict each other or the run, where another process trains in the run, when
    the disk is full or the GPU's memory too small, and when the loss is no longer a number. The last checkpoint is then
    as it was, as it is after Ctrl-C, and `resume` goes on. SIGTERM and SIGHUP end the process with a checkpoint of its
    last step. What fails before the first step leaves no run directory.
    """
    objective = objective or Objective()
    with begin(config, corpus, directory, resume, device, checkpoint, objective, log) as session:
        Trainer(config, session, on_validation, progress).fit()
    return session.run


class Trainer:
    """The loop. Its `state` is all that a checkpoint holds; everything else is made anew in each session."""

    def __init__(
        self, config: TrainingConfig, session: Session, on_validation: Callable | None = None, progress: int = 0
    ) -> None:
        self.config, self.session, self.on_validation, self.progress = config, session, on_validation, progress
        self.run, self.state, self.pairs = session.run, session.state, session.pairs
        self.model, self.objective, self.device = self.state.model, self.state.objective, self.state.device
        self.parallel, self.signed = distributed.parallel(self.model), False
        alone = self.objective.plain and distributed.count() == 1
        self.replayed = graphs.Replayed(self.model) if alone and self.device.type in graphs.DEVICES else None
        self.signals, self.checked_next = [], []  # that came; (step, loss, rows) since the last test for NaN
        left = math.inf if config.max_minutes is None else 60 * config.max_minutes - self.state.seconds
        self.deadline = self.state.started + left  # seconds on the clock of time.monotonic
        if self.state.epoch >= config.max_epochs or left <= 0 or self._is_stale():
            spent = f"{self.state.epoch} of {config.max_epochs} epochs and {self.state.seconds / 60:.1f} minutes"
            session.log(f"nothing is left to do after {spent}; raise --max_epochs or --max_minutes, or --patience")

    def fit(self) -> None:
        """Train until the last epoch, the deadline, or the objective ends it. A validation comes last."""
        config, state = self.config, self.state
        with self._bar() as bar, noted_signals() as self.signals:
            if state.step == 0 and (config.validate_untrained or not self.objective.plain):
                self.validate()  # the model before anything was done to it
            over = self._is_over() or self._is_stale()
            if over and state.step and not (self.objective.plain or self.run.lines(split="valid", step=state.step)):
                self.objective.finish()  # the time was up at a checkpoint that was not validated
                self.validate()
                end_as_told(self.signals, self.run)
            while not over:
                bar.set_description(f"epoch {state.epoch + 1}/{config.max_epochs}", refresh=False)
                finished = self.train_epoch(bar)
                if finished:
                    state.epoch, state.done, state.pairs = state.epoch + 1, 0, 0
                due = finished and state.epoch % config.check_val_every_n_epoch == 0
                over = self._is_over()
                if over:
                    self.objective.finish()
                if due or over:
                    metrics = self.validate()
                    if due and config.scheduler == "plateau":  # an early end is no reason to halve the rate
                        state.plateau.step(metrics["loss"])
                self.save()
                end_as_told(self.signals, self.run)
                over = over or self._is_stale()

    def train_epoch(self, bar: tqdm) -> bool:
        """Train to the end of the epoch, or until the run is to stop. Returns whether the end was reached."""
        config, state, tokens, since = self.config, self.state, 0, time.monotonic()
        batches = self.session.batches.epoch(state.epoch, state.done)
        for group, last in in_groups(batches, config.accumulate_grad_batches):
            self.step(group)
            tokens += sum(batch.tokens for batch in group)
            speed = tokens / (time.monotonic() - since)
            if self.progress and (last or state.step % self.progress == 0):
                self._refresh(bar, speed)
            if state.step % config.log_every_n_steps == 0:
                self._refuse_nan(state.loss_sum)
                metrics = {"split": "train", "loss": state.mean_loss(), "tokens_per_second": speed}
                distributed.by_first(partial(self._log, metrics))
                state.loss_sum, state.loss_tokens = 0.0, 0
            if not last and (self._is_late() or self.objective.done):
                return False  # `fit` saves, after the last validation
            if not last and self.signals:
                self.save(interim=state.step % config.checkpoint_every_n_steps > 0)
                end_as_told(self.signals, self.run)
            if not last and state.step % config.checkpoint_every_n_steps == 0:
                self.save()
        return True

    def step(self, group: list[Batch]) -> None:
        """One step of the optimiser: the mean loss per target token over all batches of the group goes down."""
        config, state, objective = self.config, self.state, self.objective
        self.model.train()
        objective.before_step(state.step)
        tokens = sum(batch.tokens for batch in group)
        loss = distributed.total(self._backward(group, tokens))
        self.checked_next.append((state.step + 1, loss, [row for batch in group for row in batch.rows]))
        state.loss_sum = state.loss_sum + loss
        state.loss_tokens += tokens
        if (penalty := objective.penalty()) is not None:
            state.scaler.scale(penalty).backward()
        state.scaler.unscale_(state.optimizer)
        objective.after_backward(tokens, state.scaler.get_scale)
        torch.nn.utils.clip_grad_norm_(state.scheduled_parameters(), config.clip_norm)
        state.step, state.done = state.step + 1, state.done + len(group)
        state.pairs += sum(len(batch.rows) for batch in group)
        if config.scheduler == "noam":
            knobs = config.lr, config.noam_scaler, config.noam_step_factor
            state.rate = noam_rate(state.step, config.d_model, config.noam_opt_warmup_steps, *knobs)
        state.scaler.step(state.optimizer)
        state.scaler.update()
        state.optimizer.zero_grad(set_to_none=self.replayed is None)
        if lines := objective.after_step(state.step):
            self.run.append("gates.jsonl", *({**self._place(), **line} for line in lines))

    def _backward(self, group: list[Batch], tokens: int) -> Tensor:
        """Add up the gradients of this process's share of the group; returns its summed loss, (), float64."""
        processes, losses = distributed.count(), torch.zeros((), dtype=torch.float64, device=self.device)
        parts = processes * self.config.split_batches
        shares = [batch.share(i, parts) for batch in group for i in range(distributed.rank(), parts, processes)]
        for share in shares:
            with distributed.adding_up(self.parallel, last=share is shares[-1]):
                # DistributedDataParallel takes the mean over processes; a step is the mean over the tokens of all.
                if self.replayed is None or share.trg.numel() * self.config.d_model > graphs.LARGEST:
                    loss = self._add_gradients(share.src, share.trg, tokens / processes, share)
                else:
                    divisor = torch.full((), tokens, dtype=torch.float32, device=self.device)
                    loss = self.replayed(self._add_gradients, *graphs.in_few_shapes(share.src, share.trg), divisor)
            losses = losses + loss.double()
        return losses

    def _add_gradients(self, src: Tensor, trg: Tensor, divisor: Tensor | float, share: Batch | None = None) -> Tensor:
        """Add up the gradients of the summed loss of these pairs / `divisor`. Returns the loss, ()."""
        share = share or Batch(src, trg, [], 0)
        with self.session.numerics.autocast(self.device):
            states = self.parallel(share.src, share.trg_in)  # (B, T, D)
            loss = self.objective.loss(share, states, self.model.generator, self.config.label_smoothing)
        self.state.scaler.scale(loss / divisor).backward()
        return loss.detach()

    def validate(self) -> dict:
        """Score the held-out pairs, log and store what comes out, and tell `on_validation`. Returns the metrics."""
        metrics = distributed.by_first(self._scored)
        with tqdm.external_write_mode():
            self.session.log(
                f"epoch {metrics['epoch']:g}: loss {metrics['loss']:.3f}, perplexity {metrics['perplexity']:.2f}, "
                f"BLEU {metrics['bleu']:.2f}, chrF {metrics['chrf']:.2f}"
            )
            if not self.signed:
                self.session.log(f"  sacreBLEU {metrics['signature']}")
        self.signed = True
        if self.on_validation is not None and distributed.rank() == 0:
            self.on_validation(self.run, metrics)
        return metrics

    def _scored(self) -> dict:
        held_out, bpe, step = self.session.held_out, self.session.bpe, self.state.step
        self.model.eval()
        with self.objective.evaluating(), torch.inference_mode():
            with self.session.numerics.autocast(self.device):
                scores, translations = validate(self.model, bpe, held_out, self.config.val_batch_size)
            self._refuse_nan(scores["loss"])
            metrics = self._log({"split": "valid", **scores})
            samples = held_out.samples(translations, SHOWN)
            self.run.append("samples.jsonl", *({**self._place(), **sample} for sample in samples))
            self.run.save_frames(step, frames(self.model, bpe, held_out.first(FRAMED)))
            if lines := self.objective.after_validation(step):
                self.run.append("gates.jsonl", *({**self._place(), **line} for line in lines))
        return {**metrics, "samples": samples}

    def save(self, interim: bool = False) -> None:
        """Write a checkpoint, from which `resume` goes on."""
        self._refuse_nan(self.state.loss_sum)
        self.state.save(self.run, self.session.bpe, self.config.keep_checkpoints, interim)

    def _is_over(self) -> bool:
        return self.state.epoch >= self.config.max_epochs or self._is_late() or self.objective.done

    def _is_late(self) -> bool:
        """Whether the time is up. Clocks differ: all processes stop where one does."""
        return self.deadline < math.inf and distributed.anywhere(time.monotonic() >= self.deadline)

    def _is_stale(self) -> bool:
        """Whether the last `patience` validations that were due, those at which the clock stops a session left out,
        were no better than one before, as `Run.best_step` judges: by BLEU, for on few pairs the loss rises long before
        translations get worse. Told from metrics.jsonl, which a resumed run has too."""
        lines = distributed.by_first(lambda: self.run.lines(split="valid")) if self.config.patience else []
        due = {line["epoch"]: (line["bleu"], -line["loss"]) for line in lines if line["epoch"] > 0}
        scores = [score for epoch, score in due.items() if epoch % self.config.check_val_every_n_epoch == 0]
        return bool(scores) and len(scores) - 1 - scores.index(max(scores)) >= self.config.patience

    def _refuse_nan(self, loss: float | Tensor) -> None:
        # A gradient may overflow where the loss does not yet: then the weights show it.
        if not math.isfinite(loss) or not torch.stack([p.isfinite().all() for p in self.model.parameters()]).all():
            bad = [one for one in self.checked_next if not math.isfinite(one[1])] or self.checked_next[-1:]
            if bad and distributed.rank() == 0:
                write_batch(self.session, *bad[0])
            where = f"; the first bad batch, that of step {bad[0][0]}, is in bad_batch.jsonl" if bad else ""
            warmup = " or lengthen --noam_opt_warmup_steps" if self.config.scheduler == "noam" else ""
            raise NmtError(
                f"the loss is {float(loss)}, or a weight is not finite, at step {self.state.step}: lower --lr{warmup}. "
                f"{what_is_kept(self.run.directory)}{where}"
            )
        self.checked_next.clear()

    def _place(self) -> dict:
        """`epoch` counts the finished epochs, and the part of the one under way that is done."""
        return {"step": self.state.step, "epoch": round(self.state.epoch + self.state.pairs / self.pairs, 4)}

    def _log(self, metrics: dict) -> dict:
        """Write a line of metrics.jsonl, and to TensorBoard; returns its place and the metrics."""
        now = {"lr": self.state.rate, "minutes": round(self.state.elapsed() / 60, 3)}
        self.run.append("metrics.jsonl", {**self._place(), **now, **metrics})
        if self.session.board is not None:
            for name, value in metrics.items():
                if isinstance(value, float):
                    self.session.board.add_scalar(f"{metrics['split']}/{name}", value, self.state.step)
            self.session.board.flush()
        return {**self._place(), **metrics}

    def _bar(self) -> tqdm:
        done, terminal = self.state.epoch * self.pairs + self.state.pairs, sys.stderr.isatty()
        return tqdm(
            total=self.config.max_epochs * self.pairs,
            initial=done,
            unit=" pairs",
            disable=self.progress == 0 or distributed.rank() > 0,
            **{"miniters": 1, "mininterval": 0.5 if terminal else 30, "dynamic_ncols": terminal},
        )

    def _refresh(self, bar: tqdm, speed: float) -> None:
        left = self.deadline - time.monotonic()  # seconds
        limit = f", at most {left / 60:.0f} min more" if left > 120 else f", at most {left:.0f} s more"
        limit *= left < math.inf
        bar.set_postfix_str(f"loss {self.state.mean_loss():.3f}, {speed:.0f} tokens/s{limit}", refresh=False)
        bar.update(self.state.epoch * self.pairs + self.state.pairs - bar.n)
