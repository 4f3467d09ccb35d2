"""Training: a function of (config, corpus, run directory). The one loop, also of pruning."""

import gc
import math
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from nmt import NmtError
from nmt.analysis import attention_maps
from nmt.batches import Batch, BatchIterator, in_groups, in_order
from nmt.config import TrainingConfig
from nmt.corpora.corpus import Corpus
from nmt.decoding import greedy
from nmt.objective import Objective, noam_rate, token_loss
from nmt.plumbing import distributed
from nmt.plumbing.provenance import description_of_session
from nmt.plumbing.starting import (
    keep_memory,
    new_model,
    refuse_another_run,
    told_clearly,
    training_rows,
    vocabularies,
    what_is_kept,
)
from nmt.runs import Run, load, refuse_taken
from nmt.scoring import corpus_scores
from nmt.tokens import encode_corpus
from nmt.transformer import KINDS

SHOWN = 8  # held-out sentences translated at each validation
FRAMED = 4  # of these, the ones whose attention is stored
PLACE = ("step", "epoch", "done", "pairs", "loss_tokens")  # the counts that a checkpoint holds


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
    objective: Objective | None = None,
) -> Run:
    """Train a model and return its run directory, `Run(directory)`.

    A new run starts from random weights, or from those of `checkpoint`. `resume` goes on with an existing run
    from its last checkpoint, exactly as if it had not been interrupted. device: default CUDA where there is one.
    on_validation(run, metrics) is called after each validation, before its checkpoint is written; `progress` is the
    number of steps between two refreshes of the progress bar (on a terminal; elsewhere it moves twice a minute),
    0 for none. The caller's random state is left as it was. `objective`: what else is to be done, see there.
    Under torchrun all processes call it alike: batches are shared out, the first process writes.
    Raises NmtError for settings that contradict each other or the run, where another process trains in it, when the
    disk is full or the GPU's memory too small, and when the loss is no longer a number. The last checkpoint is then as
    it was, as it is after Ctrl-C: `resume` goes on. What fails before the first step leaves no run directory.
    """
    if resume and checkpoint:
        raise NmtError("--checkpoint starts a new run, --resume goes on with one: give one of them")
    device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    objective = objective or Objective()
    if device.type == "cpu":
        keep_memory()
    if objective.settings and distributed.started() > 1:  # before they join: none is left waiting for another
        raise NmtError("pruning decides by the gradients of whole batches, in one process: start it without torchrun")
    with ExitStack() as held:
        device = held.enter_context(distributed.joined(device))
        directory = Path(distributed.by_first(lambda: directory))
        held.enter_context(told_clearly(directory, config))
        held.enter_context(torch.random.fork_rng(devices=[device] if device.type == "cuda" else []))
        trainer = _Trainer(config, corpus, directory, resume, device, checkpoint, log, objective, held)
        trainer.fit(on_validation, progress)
        trainer.parallel = None
        if distributed.count() > 1:
            gc.collect()  # while the processes are joined: later, the threads of what is freed might wait for ever
    return trainer.run


class _Trainer:
    """The state of a training run between two steps, and what is done with it."""

    def __init__(self, config, corpus, directory, resume, device, checkpoint, log, objective, held) -> None:
        self.config, self.device, self.objective = config, device, objective
        self.rank, self.processes = distributed.rank(), distributed.count()
        self.first = self.rank == 0
        self.log = log if self.first else lambda text: None
        if resume:
            self.run = Run(directory)
            refuse_another_run(self.run, config, corpus, objective)
            distributed.by_first(lambda: held.enter_context(self.run.lock()))
            checkpoint = None if self.run.steps() else self.run.config["checkpoint"]
        else:
            refuse_taken(directory)  # before the vocabularies are trained, not after
        origin = load(checkpoint) if checkpoint else None
        prepared = distributed.first_before_others
        bpe = self.run.bpe() if resume else prepared(lambda: vocabularies(corpus, config, origin))
        # Seeded after `load` has drawn weights of its own: a run resumed at step 0 or later draws the same.
        torch.manual_seed(config.seed)
        self.model = new_model(config, bpe, origin, self.run if resume else None)
        self.model.to(device)
        self.tokens = prepared(lambda: encode_corpus(corpus, bpe))
        self.rows = training_rows(self.tokens["train"], config)
        held_out = range(len(self.tokens["valid"])) if config.val_split == "valid" else self.rows
        limit = None if config.limit_val_batches is None else config.limit_val_batches * config.val_batch_size
        self.val_rows, self.val_tokens = [int(row) for row in held_out[:limit]], self.tokens[config.val_split]
        chosen = set(self.val_rows)
        self.val_text = [
            [line for row, line in enumerate(corpus.lines(config.val_split, side)) if row in chosen]
            for side in ("en", "ru")
        ]
        size = config.batch_tokens or config.batch_size
        recut = {"bpe": bpe, "dropout": config.bpe_dropout}
        by_tokens = config.batch_tokens is not None
        self.batches = BatchIterator(self.tokens["train"], size, config.seed, by_tokens, self.rows, device, **recut)
        if objective.settings:
            steps = config.max_epochs * -(-self.batches.count() // config.accumulate_grad_batches)
            objective.start(self.model, self.batches, steps)
        groups = objective.parameter_groups(self.model)
        # beta 2 and epsilon of the paper, section 5.3. The rate is set before each step.
        self.optimizer = torch.optim.Adam(groups, config.lr, (0.9, 0.98), eps=1e-9, fused=True)
        names = {parameter: name for name, parameter in self.model.named_parameters()}
        self.named = {names[p]: p for group in self.optimizer.param_groups for p in group["params"]}  # in Adam's order
        halve = torch.optim.lr_scheduler.ReduceLROnPlateau
        self.plateau = halve(self.optimizer, factor=0.5, patience=config.scheduler_patience)
        self.bf16 = config.precision == "bf16" or (config.precision == "auto" and device.type == "cuda")
        # What the JSON of a checkpoint holds, beside the schedule of 'plateau'.
        self.step, self.epoch = 0, 0  # steps in all; epochs finished
        self.done, self.pairs = 0, 0  # batches and sentence pairs done in the epoch under way
        self.loss_sum, self.loss_tokens = 0.0, 0  # since the last line of metrics
        self.seconds = 0.0  # trained before this session
        self.started = time.monotonic()
        if self.rank:
            torch.manual_seed(config.seed + self.rank)  # its own dropout; that of the first is as if it were alone
        if resume:
            prepared(self._restore)
        else:  # everything that may be refused has been
            settings = {
                "training": asdict(config),
                "corpus": {"data": list(corpus.data), "fingerprint": corpus.fingerprint},
                "bpe": {"src": bpe[0].sha256, "trg": bpe[1].sha256},
                "transformer": asdict(self.model.config),
                "card": corpus.card,
                "checkpoint": str(origin.directory.resolve()) if origin else None,
                "objective": objective.settings,
            }
            self.run = prepared(lambda: Run.create(directory, settings, bpe) if self.first else Run(directory))
            distributed.by_first(lambda: held.enter_context(self.run.lock()))
        self.bpe = self.run.bpe()  # not those of the cache, which may be emptied while this run trains
        self.board = self.run.board(self.step) if self.first else None
        session = {**description_of_session(device, self.step), "processes": self.processes}
        distributed.by_first(lambda: self.run.append("sessions.jsonl", session))
        self.parallel = distributed.parallel(self.model)
        parameters = sum(p.numel() for p in self.model.parameters())
        self.log(
            f"{self.run.directory}: {parameters / 1e6:.2f} million parameters, {len(self.rows)} training pairs of "
            f"{corpus.name}, vocabularies {self.bpe[0].vocab_size} and {self.bpe[1].vocab_size}, "
            f"{'bfloat16 autocast' if self.bf16 else 'float32'} on {device}"
            f"{f' in {self.processes} processes' if self.processes > 1 else ''}, from step {self.step}"
        )

    @property
    def groups(self) -> list[dict]:
        """Adam's groups that schedule and clipping are for; read anew each time, its load_state_dict replaces them."""
        return [group for group in self.optimizer.param_groups if not group.get("own_rate")]

    def _restore(self) -> None:
        """Weights, optimiser, schedule, random states and place in the epoch, from the last checkpoint."""
        step = self.run.last_step()
        if self.first:
            self.run.forget_after(-1 if step is None else step, self.config.keep_checkpoints)
        if step is None:
            self.log(f"{self.run.directory} has no checkpoint yet: resuming from step 0, with its own BPE files")
            return
        with self.objective.bare():
            tensors, state = self.run.load_checkpoint(step, self.model)
        self.objective.load_state(state.get("objective", {}))
        keys = ("step", "exp_avg", "exp_avg_sq")
        moments = {
            i: {key: tensors[f"adam.{name}.{key}"] for key in keys}
            for i, name in enumerate(self.named)
            if f"adam.{name}.step" in tensors  # a gate that was decided before its first step has none
        }
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": moments, "param_groups": groups})
        self.plateau.load_state_dict(state["plateau"])
        for group in self.groups:
            group["lr"] = state["lr"]
        of = f".{self.rank}" if self.rank else ""
        if f"random.cpu{of}" in tensors:  # it is not where there are more processes now
            torch.set_rng_state(tensors[f"random.cpu{of}"])
        if self.device.type == "cuda" and f"random.cuda{of}" in tensors:
            torch.cuda.set_rng_state(tensors[f"random.cuda{of}"], self.device)
        for name in (*PLACE, "loss_sum", "seconds"):
            setattr(self, name, state[name])
        self.log(f"{self.run.directory}: resuming from step {step} (epoch {self.epoch + 1})")

    def save(self) -> None:
        self._refuse_nan(self.loss_sum)
        states = {"random.cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            states["random.cuda"] = torch.cuda.get_rng_state(self.device)
        everyones = [(name, enumerate(distributed.of_all(state))) for name, state in states.items()]
        tensors = {f"{name}.{rank}" if rank else name: own for name, all_of in everyones for rank, own in all_of}
        distributed.by_first(lambda: self._write(tensors))

    def _write(self, tensors: dict[str, Tensor]) -> None:
        for name, parameter in self.named.items():
            for key, value in self.optimizer.state[parameter].items():
                tensors[f"adam.{name}.{key}"] = value
        state = {name: getattr(self, name) for name in PLACE}
        state |= {"loss_sum": float(self.loss_sum), "seconds": self.elapsed()}
        state |= {"lr": self.groups[0]["lr"], "plateau": self.plateau.state_dict()}
        state |= {"objective": self.objective.state()}
        with self.objective.bare():
            self.run.save_checkpoint(self.step, self.model, self.bpe, tensors, state, self.config.keep_checkpoints)

    def elapsed(self) -> float:
        """Seconds of training, over all sessions of the run."""
        return self.seconds + time.monotonic() - self.started

    def _refuse_nan(self, loss: float | Tensor) -> None:
        # The gradient may overflow where the loss does not yet: then the weights show it.
        if not math.isfinite(loss) or not all(p.isfinite().all() for p in self.model.parameters()):
            warmup = " or lengthen --noam_opt_warmup_steps" if self.config.scheduler == "noam" else ""
            raise NmtError(
                f"the loss is {float(loss)}, or a weight is not finite, at step {self.step}: lower --lr{warmup}. "
                f"{what_is_kept(self.run.directory)}"
            )

    def fit(self, on_validation: Callable | None, progress: int) -> None:
        config, pairs = self.config, len(self.rows)
        left = math.inf if config.max_minutes is None else 60 * config.max_minutes - self.seconds
        self.deadline = self.started + left
        if self.epoch >= config.max_epochs or left <= 0:
            spent = f"{self.epoch} of {config.max_epochs} epochs and {self.seconds / 60:.1f} minutes"
            self.log(f"nothing is left to do after {spent}; raise --max_epochs or --max_minutes")
        terminal = sys.stderr.isatty()  # a log file gets two states of the bar a minute
        bar = tqdm(
            total=config.max_epochs * pairs,
            initial=self.epoch * pairs + self.pairs,
            unit=" pairs",
            disable=progress == 0 or not self.first,
            **{"miniters": 1, "mininterval": 0.5 if terminal else 30, "dynamic_ncols": terminal},
        )
        with bar:
            if (self.objective.settings or config.validate_untrained) and self.step == 0:
                self._validated(distributed.by_first(self.validate), on_validation)  # before anything is done to it
            ended = self.epoch >= config.max_epochs or self._late() or self.objective.done
            while not ended:
                bar.set_description(f"epoch {self.epoch + 1}/{config.max_epochs}", refresh=False)
                finished = self._epoch(bar, progress)
                if finished:
                    self.epoch, self.done, self.pairs = self.epoch + 1, 0, 0
                due = finished and self.epoch % config.check_val_every_n_epoch == 0
                ended = self.epoch >= config.max_epochs or self._late() or self.objective.done
                if ended:
                    self.objective.finish()
                if due or ended:
                    metrics = distributed.by_first(self.validate)
                    if due and config.scheduler == "plateau":  # not after a validation that only an early end brought
                        self.plateau.step(metrics["loss"])
                    self._validated(metrics, on_validation)
                self.save()

    def _late(self) -> bool:
        """Whether the time is up. Clocks differ: all processes stop where one does."""
        return self.deadline < math.inf and distributed.anywhere(time.monotonic() >= self.deadline)

    def _validated(self, metrics: dict, on_validation: Callable | None) -> None:
        with tqdm.external_write_mode():
            self.log(
                f"epoch {metrics['epoch']:g}: loss {metrics['loss']:.3f}, perplexity {metrics['perplexity']:.2f}, "
                f"BLEU {metrics['bleu']:.2f}, chrF {metrics['chrf']:.2f} ({metrics['signature']})"
            )
        if on_validation is not None and self.first:
            on_validation(self.run, metrics)

    def _epoch(self, bar: tqdm, progress: int) -> bool:
        """Train to the end of the epoch, or to the deadline. Returns whether the end was reached."""
        config, tokens, since = self.config, 0, time.monotonic()
        for group, last in in_groups(self.batches.epoch(self.epoch, self.done), config.accumulate_grad_batches):
            self._step(group)
            tokens += sum(batch.tokens for batch in group)
            speed = tokens / (time.monotonic() - since)
            if progress and (last or self.step % progress == 0):
                stop = (self.deadline - time.monotonic()) / 60
                minutes = f", at most {stop:.0f} min more" if stop < math.inf else ""
                loss = float(self.loss_sum) / self.loss_tokens
                bar.set_postfix_str(f"loss {loss:.3f}, {speed:.0f} tokens/s{minutes}", refresh=False)
                bar.update(self.epoch * len(self.rows) + self.pairs - bar.n)
            if self.step % config.log_every_n_steps == 0:
                self._refuse_nan(self.loss_sum)
                loss = float(self.loss_sum) / self.loss_tokens
                metrics = {"split": "train", "loss": loss, "tokens_per_second": speed}
                distributed.by_first(partial(self._log, metrics))
                self.loss_sum, self.loss_tokens = 0.0, 0
            if not last and (self._late() or self.objective.done):
                return False  # `fit` saves, after the last validation
            if not last and self.step % config.checkpoint_every_n_steps == 0:
                self.save()
        return True

    def _step(self, group: list[Batch]) -> None:
        """One step of the optimiser: the mean loss per target token over all batches of the group."""
        config = self.config
        self.model.train()
        self.objective.before_step(self.step)
        tokens = sum(batch.tokens for batch in group)
        parts, losses = self.processes * config.split_batches, 0.0
        shares = [batch.share(i, parts) for batch in group for i in range(self.rank, parts, self.processes)]
        for share in shares:
            with ExitStack() as adding:
                if self.processes > 1 and share is not shares[-1]:
                    adding.enter_context(self.parallel.no_sync())
                with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
                    logits = self.parallel(share.src, share.trg_in)  # (B, T, V)
                    loss = self.objective.loss(share, logits, config.label_smoothing)
                # DistributedDataParallel takes the mean over processes; a step is the mean over the tokens of all.
                (loss * self.processes / tokens).backward()
            losses = losses + loss.detach().double()
        self.loss_sum = self.loss_sum + distributed.total(losses)
        self.loss_tokens += tokens
        if (penalty := self.objective.penalty()) is not None:
            penalty.backward()
        self.objective.after_backward(tokens)
        torch.nn.utils.clip_grad_norm_([p for group in self.groups for p in group["params"]], config.clip_norm)
        self.step, self.done = self.step + 1, self.done + len(group)
        self.pairs += sum(len(batch.rows) for batch in group)
        if config.scheduler == "noam":
            knobs = config.lr, config.noam_scaler, config.noam_step_factor
            rate = noam_rate(self.step, config.d_model, config.noam_opt_warmup_steps, *knobs)
            for parameters in self.groups:
                parameters["lr"] = rate
        self.optimizer.step()
        self.optimizer.zero_grad()
        if lines := self.objective.after_step(self.step):
            self.run.append("gates.jsonl", *({**self._place(), **line} for line in lines))

    def _place(self) -> dict:
        """`epoch` counts the epochs done, with the part of the one under way."""
        return {"step": self.step, "epoch": round(self.epoch + self.pairs / len(self.rows), 4)}

    def _log(self, metrics: dict) -> None:
        """One line of metrics.jsonl."""
        now = {"lr": self.groups[0]["lr"], "minutes": round(self.elapsed() / 60, 3)}
        self.run.append("metrics.jsonl", {**self._place(), **now, **metrics})
        if self.board is not None:
            for name, value in metrics.items():
                if isinstance(value, float):
                    self.board.add_scalar(f"{metrics['split']}/{name}", value, self.step)
            self.board.flush()

    def validate(self) -> dict:
        """Loss without smoothing, perplexity per BPE piece, BLEU and chrF of greedy translations; all logged.

        Called in the first process only."""
        self.model.eval()
        with self.objective.evaluating(), torch.inference_mode():
            return self._validate()

    def _validate(self) -> dict:
        hypotheses, nll, count = [""] * len(self.val_rows), 0.0, 0
        place = {row: i for i, row in enumerate(self.val_rows)}
        for batch in in_order(self.val_tokens, self.config.val_batch_size, self.val_rows, self.device):
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
                nll += float(token_loss(self.model(batch.src, batch.trg_in), batch.trg_out))
                outputs = greedy(self.model, batch.src)
            count += batch.tokens
            for row, text in zip(batch.rows, self.bpe[1].decode([o.ids for o in outputs]), strict=True):
                hypotheses[place[row]] = text
        self._refuse_nan(nll)
        sources, references = self.val_text
        scores = corpus_scores(hypotheses, references)
        metrics = {"split": "valid", "loss": nll / count, "perplexity": math.exp(min(nll / count, 700)), **scores}
        self._log(metrics)
        shown = zip(sources[:SHOWN], references, hypotheses, strict=False)
        samples = [{"source": s, "reference": r, "translation": h} for s, r, h in shown]
        self.run.append("samples.jsonl", *({**self._place(), **line} for line in samples))
        self.run.save_frames(self.step, self._frames())
        if lines := self.objective.after_validation(self.step):
            self.run.append("gates.jsonl", *({**self._place(), **line} for line in lines))
        return {**self._place(), **metrics, "samples": samples}

    def _frames(self) -> dict[str, np.ndarray]:
        """Attention of all heads on fixed sentences, the reference given: for each sentence i, `i.encoder`
        (L, H, S, S), `i.decoder` (L, H, T, T), `i.cross` (L, H, T, S) in float16, and its pieces as text."""
        arrays: dict[str, np.ndarray] = {}
        src, trg = ([side[row].tolist() for row in self.val_rows[:FRAMED]] for side in self.val_tokens)
        for i, maps in enumerate(attention_maps(self.model, src, trg)):
            arrays |= {f"{i}.{kind}": maps[kind].half().numpy() for kind in KINDS}
            arrays[f"{i}.src"] = np.array([*self.bpe[0].pieces(self.val_text[0][i]), "<EOS>"])
            arrays[f"{i}.trg"] = np.array(["<BOS>", *self.bpe[1].pieces(self.val_text[1][i])])
        return arrays
