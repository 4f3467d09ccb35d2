"""What decides how a run goes: one frozen dataclass. The command line makes one flag of each field."""

import math
import types
import typing
from dataclasses import Field, dataclass, field, fields

from nmt import NmtError

if typing.TYPE_CHECKING:  # imported where they are needed: the command line tells of all settings without torch
    from nmt.transformer import TransformerConfig

# What a number must be: how a message says it, and the test.
FROM_0 = "at least 0", lambda x: x >= 0
FROM_1 = "at least 1", lambda x: x >= 1
SEED = "at least 0 and below 2^63", lambda x: 0 <= x < 2**63
FINITE = "at least 0 and finite", lambda x: 0 <= x < math.inf
POSITIVE = "above 0", lambda x: x > 0
RATE = "above 0 and finite", lambda x: 0 < x < math.inf
SHARE = "between 0 and 1", lambda x: 0 <= x <= 1
DROPOUT = "in [0, 1)", lambda x: 0 <= x < 1
USUAL = {int: FROM_1, float: RATE}  # where an option does not say


def option(default: object, text: str, must_be: tuple | None = None, **extra: object) -> object:
    """A field of a config, with the words that explain it on the command line.

    extra: `flag`, its name there if not the field's own; `choices`.
    """
    return field(default=default, metadata={"help": text, "must_be": must_be, **extra})


def type_of(f: Field) -> type:
    """The type of a field's values: int, where it is declared as int or as int | None."""
    return next(t for t in typing.get_args(f.type) or (f.type,) if t is not types.NoneType)


def refuse_bad_values(config: object) -> None:
    """Raises NmtError for a field that is none of its choices, or not what it must be. None is always allowed."""
    for f in fields(config):
        value, choices = getattr(config, f.name), f.metadata.get("choices")
        if choices and value not in choices:
            raise NmtError(f"--{f.name} must be one of {choices}, not {value!r}")
        kind = type_of(f)
        if value is not None and type(value) is not kind and not (kind is float and type(value) is int):
            raise NmtError(f"--{f.metadata.get('flag', f.name)} must be {kind.__name__}, not {value!r:.60}")
        must_be = f.metadata["must_be"] or USUAL.get(kind)
        if must_be and value is not None and not must_be[1](value):
            raise NmtError(f"--{f.metadata.get('flag', f.name)} must be {must_be[0]}, not {value}")


@dataclass(frozen=True)
class TrainingConfig:
    num_blocks: int = option(2, "blocks of the encoder, and of the decoder")
    d_model: int = option(256, "d_model, the width of the model", flag="hidden_dim")
    num_heads: int = option(8, "attention heads in each layer")
    head_size: int | None = option(None, "size of a head (default: hidden_dim/num_heads)", flag="key_query_value_dim")
    d_ff: int | None = option(None, "width inside the feed-forward layers (default: 4 hidden_dim)")
    dropout: float = option(0.1, "dropout on embeddings and on each sub-layer's output", DROPOUT)
    norm: str = option("pre", "layer norm before each sub-layer, or after it as in 2017", choices=("pre", "post"))
    tied: bool = option(True, "the generator shares the matrix of the target embedding")
    src_vocab_size: int | None = option(None, "BPE pieces of the source (default: 10000, fewer for a small corpus)")
    trg_vocab_size: int | None = option(None, "BPE pieces of the target (default: 10000, fewer for a small corpus)")

    batch_size: int = option(100, "sentence pairs in a batch")
    batch_tokens: int | None = option(None, "make batches of about so many padded tokens instead of batch_size pairs")
    accumulate_grad_batches: int = option(1, "batches whose gradients are added up for one step")
    max_epochs: int = option(10, "epochs to train")
    max_minutes: float | None = option(None, "stop after so many minutes of wall time, over all sessions of the run")
    patience: int | None = option(None, "stop after so many validations in a row with no better BLEU (default: never)")
    limit_train_batches: int | None = option(None, "train on the first N * batch_size pairs only")
    max_length: int = option(256, "training pairs with more BPE pieces on a side are left out")

    split_batches: int = option(1, "go through each batch in so many parts: the same steps in less memory")

    lr: float | None = option(
        None, "factor of the noam schedule (default: 1); with 'plateau' and 'no' the rate itself (default: 0.0003)"
    )
    scheduler: str = option("noam", "how the learning rate goes", choices=("noam", "plateau", "no"))
    noam_opt_warmup_steps: int = option(4000, "steps over which noam's rate rises")
    noam_scaler: float = option(1.0, "another factor of noam's rate")
    noam_step_factor: float = option(1.0, "noam counts each step as so many")
    scheduler_patience: int = option(10, "plateau: validations without a better loss before the rate is halved", FROM_0)
    label_smoothing: float = option(0.1, "label smoothing of the training loss", DROPOUT)
    clip_norm: float = option(1.0, "gradients are scaled down to this norm", POSITIVE)
    precision: str = option(
        "auto",
        "float32, or autocast; auto: bf16 where the hardware has it, else fp16 on a GPU and 32 on a CPU",
        choices=("auto", "32", "bf16", "fp16"),
    )
    seed: int = option(1, "of initialisation, dropout and the order of batches", SEED)

    check_val_every_n_epoch: int = option(1, "epochs between validations")
    validate_untrained: bool = option(False, "validate before the first step too: what the model says untrained")
    limit_val_batches: int | None = option(None, "validate on the first N * val_batch_size pairs only")
    val_batch_size: int = option(50, "sentences decoded together in validation")
    val_split: str = option("valid", "validate on held-out pairs, or on those trained on", choices=("valid", "train"))
    checkpoint_every_n_steps: int = option(500, "steps between checkpoints inside an epoch")
    keep_checkpoints: int = option(1, "newest checkpoints kept, beside the best")
    log_every_n_steps: int = option(50, "steps between lines of metrics.jsonl")

    def __post_init__(self) -> None:
        if self.lr is None:
            object.__setattr__(self, "lr", 1.0 if self.scheduler == "noam" else 3e-4)
        refuse_bad_values(self)
        self.transformer(4, 4)  # refuses a shape that cannot work, now rather than after the corpus is read

    def transformer(self, src_vocab_size: int, trg_vocab_size: int) -> "TransformerConfig":
        from nmt.transformer import TransformerConfig

        shape = {name: getattr(self, name) for name in (*SHAPE, "dropout")}
        return TransformerConfig(**shape | {"src_vocab_size": src_vocab_size, "trg_vocab_size": trg_vocab_size})


# Dropout is no matter of shape.
SHAPE = "num_blocks", "d_model", "num_heads", "head_size", "d_ff", "norm", "tied", "src_vocab_size", "trg_vocab_size"


def shape_of(config: "TransformerConfig") -> dict:
    """The fields of a TrainingConfig that a trained model decides: its sizes, its norm, its vocabularies."""
    return {name: getattr(config, name) for name in SHAPE}


SMALL, STEPS = 20_000, 2_000  # with fewer training pairs than SMALL a run is planned for so many STEPS
PEAKS = 2e-3, 5e-4  # noam's highest rate after a shortened warm-up: for random weights, for those of a trained model


def suited(said: dict, pairs: int, words: float, trained: bool = False) -> tuple[TrainingConfig, list[str]]:
    """What was said and, where nothing was, what suits so many training pairs of so many words in the mean; and lines
    for the log: what was chosen, and which of what was said cannot work. `trained`: it begins with a model's weights.

    Below SMALL pairs: a narrower model, smaller batches, more epochs. Always: a warm-up of at most a fifth of the steps
    that are planned. Raises NmtError for bad values."""
    config, chosen = TrainingConfig(**said), {}

    def choose(**values: object) -> TrainingConfig:
        chosen.update((k, v) for k, v in values.items() if k not in said and v != getattr(TrainingConfig, k))
        return TrainingConfig(**said | chosen)

    if pairs < SMALL and not {"batch_tokens", "limit_train_batches"} & said.keys():
        config = choose(batch_size=min(100, max(16, pairs // 50)))
    a_pair = 1.5 * words + 1  # tokens, at 1.5 pieces a word
    in_batch = config.batch_tokens / a_pair if config.batch_tokens else config.batch_size
    pairs = round(min(pairs, in_batch * (config.limit_train_batches or math.inf)))
    an_epoch = math.ceil(pairs / in_batch / config.accumulate_grad_batches)
    if pairs < SMALL:
        config = choose(d_model=128, max_epochs=min(100, max(10, math.ceil(STEPS / an_epoch))))
        config = choose(check_val_every_n_epoch=max(1, config.max_epochs // 20))
    steps, told = an_epoch * config.max_epochs, []
    if config.scheduler == "noam":
        counted = int(steps * config.noam_step_factor)  # as noam counts them
        config = choose(noam_opt_warmup_steps=max(1, min(4000, counted // 5)))
        if "noam_opt_warmup_steps" in chosen and "noam_scaler" not in said:
            config = choose(lr=min(1.0, round(PEAKS[trained] * math.sqrt(config.d_model * counted / 5), 2) or 0.01))
        if (warmup := config.noam_opt_warmup_steps) > counted > 0:
            told += [f"warning: --noam_opt_warmup_steps {warmup}: only about {steps:,} steps are planned, all at too "
                     f"low a rate; leave it out, or give {max(1, counted // 5)}"]  # fmt: skip
    if steps < STEPS / 4 and {"max_epochs", "batch_size", "batch_tokens", "accumulate_grad_batches"} & said.keys():
        told += [f"warning: only about {steps:,} steps are planned, and a model learns little in so few: raise "
                 f"--max_epochs to {math.ceil(STEPS / an_epoch)}, or make batches smaller"]  # fmt: skip
    choice = ", ".join(f"{flag(name)} {value}" for name, value in chosen.items())
    start = f"for {pairs:,} training pairs, about {steps:,} steps, unless you say otherwise: {choice}"
    return config, [start] * bool(chosen) + told


# What may change when a run goes on: how long it lasts and what it needs, not what happens on the way.
CHANGEABLE = ("max_epochs", "max_minutes", "patience", "split_batches", "keep_checkpoints")
CHANGEABLE += ("checkpoint_every_n_steps", "log_every_n_steps", "gates_every_n_steps")


def flag(name: str) -> str:
    """How the command line calls a field: flag("d_model") is "--hidden_dim"; other names stay as they are."""
    named = {f.name: f"--{f.metadata.get('flag', f.name)}" for f in fields(TrainingConfig)}
    return named.get(name, name)
