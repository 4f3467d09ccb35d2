"""What decides how a run goes: one frozen dataclass; each field says what it is for."""

import math
from dataclasses import dataclass, field, fields

import torch

from nmt import NmtError
from nmt.transformer import TransformerConfig


def option(default: object, text: str, **extra: object) -> object:
    """A field of the config with the words that explain it on the command line."""
    return field(default=default, metadata={"help": text, **extra})


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides how a training run goes. The command line makes one flag of each field."""

    num_blocks: int = option(2, "blocks of the encoder, and of the decoder")
    d_model: int = option(256, "d_model, the width of the model", flag="hidden_dim")
    num_heads: int = option(8, "attention heads in each layer")
    head_size: int | None = option(
        None, "size of one head (default: hidden_dim / num_heads)", flag="key_query_value_dim"
    )
    d_ff: int | None = option(None, "width inside the feed-forward layers (default: 4 hidden_dim)")
    dropout: float = option(0.1, "dropout on embeddings and on each sub-layer's output")
    norm: str = option(
        "pre", "layer norm before each sub-layer, or after it as in the 2017 paper", choices=("pre", "post")
    )
    tied: bool = option(True, "the generator shares the matrix of the target embedding")
    src_vocab_size: int | None = option(
        None, "BPE pieces of the source (default: 10000, lowered if the corpus is small)"
    )
    trg_vocab_size: int | None = option(None, "BPE pieces of the target (default: 10000, fewer for a small corpus)")

    batch_size: int = option(100, "sentence pairs in a batch")
    batch_tokens: int | None = option(None, "make batches of about so many padded tokens instead of batch_size pairs")
    accumulate_grad_batches: int = option(1, "batches whose gradients are added up for one step")
    max_epochs: int = option(10, "epochs to train")
    max_minutes: float | None = option(None, "stop after so many minutes of wall time, over all sessions of the run")
    limit_train_batches: int | None = option(None, "train on the first N * batch_size pairs only")
    max_length: int = option(256, "training pairs with more BPE pieces on a side are left out")

    bpe_dropout: float = option(
        0.0, "probability that a merge of BPE is left out, in training only; 0.1: sentences about half as long again"
    )
    split_batches: int = option(1, "go through each batch in so many parts: the same steps in less memory")

    lr: float | None = option(
        None, "factor of the noam schedule (default: 1); with 'plateau' and 'no' the rate itself (default: 0.0003)"
    )
    scheduler: str = option("noam", "how the learning rate goes", choices=("noam", "plateau", "no"))
    noam_opt_warmup_steps: int = option(4000, "steps over which noam's rate rises")
    noam_scaler: float = option(1.0, "another factor of noam's rate")
    noam_step_factor: float = option(1.0, "noam counts each step as so many")
    scheduler_patience: int = option(10, "plateau: validations without a better loss before the rate is halved")
    label_smoothing: float = option(0.1, "label smoothing of the training loss")
    clip_norm: float = option(1.0, "gradients are scaled down to this norm")
    precision: str = option(
        "auto", "float32, or bfloat16 autocast; auto: bf16 on a GPU, 32 on a CPU", choices=("auto", "32", "bf16")
    )
    seed: int = option(1, "of initialisation, dropout and the order of batches")

    check_val_every_n_epoch: int = option(1, "epochs between validations")
    validate_untrained: bool = option(False, "validate before the first step too: what the model says untrained")
    limit_val_batches: int | None = option(None, "validate on the first N * val_batch_size pairs only")
    val_batch_size: int = option(50, "sentences decoded together in validation")
    val_split: str = option("valid", "validate on held-out pairs, or on those trained on", choices=("valid", "train"))
    checkpoint_every_n_steps: int = option(500, "steps between checkpoints inside an epoch")
    keep_checkpoints: int = option(1, "newest checkpoints kept, beside the best")
    log_every_n_steps: int = option(50, "steps between lines of metrics.jsonl")

    def __post_init__(self) -> None:
        whole = ("batch_size", "accumulate_grad_batches", "max_epochs", "val_batch_size", "keep_checkpoints")
        whole += ("check_val_every_n_epoch", "checkpoint_every_n_steps", "log_every_n_steps", "noam_opt_warmup_steps")
        for name in (*whole, "split_batches", "batch_tokens", "limit_train_batches", "limit_val_batches", "max_length"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise NmtError(f"--{name} must be at least 1, not {getattr(self, name)}")
        if self.lr is None:
            object.__setattr__(self, "lr", 1.0 if self.scheduler == "noam" else 3e-4)
        for name in ("lr", "noam_scaler", "noam_step_factor", "clip_norm", "max_minutes"):
            value = getattr(self, name)
            if value is not None and not (value > 0 and (math.isfinite(value) or name == "clip_norm")):
                raise NmtError(f"--{name} must be above 0 and finite, not {value}")
        if not 0 <= self.label_smoothing < 1:
            raise NmtError(f"--label_smoothing must be in [0, 1), not {self.label_smoothing}")
        if not 0 <= self.bpe_dropout < 1:
            raise NmtError(f"--bpe_dropout must be in [0, 1), not {self.bpe_dropout}")
        for name in ("scheduler_patience", "seed"):
            if not 0 <= getattr(self, name) < 2**63:
                raise NmtError(f"--{name} must be at least 0 and below 2^63, not {getattr(self, name)}")
        for f in fields(self):
            if "choices" in f.metadata and getattr(self, f.name) not in f.metadata["choices"]:
                raise NmtError(f"--{f.name} must be one of {f.metadata['choices']}, not {getattr(self, f.name)!r}")
        self.transformer(4, 4)  # refuses a shape that cannot work, now rather than after the corpus is read

    def bfloat16(self, device: torch.device) -> bool:
        """Whether forward passes run in bfloat16 on this device."""
        return self.precision == "bf16" or (self.precision == "auto" and device.type == "cuda")

    def autocast(self, device: torch.device) -> torch.autocast:
        """The precision of forward passes, as a context. Gradients and weights stay in float32."""
        return torch.autocast(device.type, torch.bfloat16, enabled=self.bfloat16(device))

    def transformer(self, src_vocab_size: int, trg_vocab_size: int) -> TransformerConfig:
        shape = {f.name for f in fields(TransformerConfig)} - {"src_vocab_size", "trg_vocab_size"}
        shared = shape & {f.name for f in fields(self)}
        return TransformerConfig(src_vocab_size, trg_vocab_size, **{name: getattr(self, name) for name in shared})


# What may change when a run goes on: how long it lasts and what it needs, not what happens on the way.
CHANGEABLE = ("max_epochs", "max_minutes", "split_batches")


def flag(name: str) -> str:
    """How the command line calls a field: flag("d_model") is "--hidden_dim"; other names stay as they are."""
    named = {f.name: f"--{f.metadata.get('flag', f.name)}" for f in fields(TrainingConfig)}
    return named.get(name, name)
