"""Every command: its help, its flags, and where its function is. Torch, slow to import, is imported there, not here."""

import argparse
from collections.abc import Callable
from dataclasses import fields

from nmt.cli.command import with_dashes
from nmt.config import SHAPE, TrainingConfig, type_of
from nmt.pruning.config import PruningConfig

DATA_HELP = (
    "a corpus by name (phrasebook, hotels, news-commentary, wmt16); TSV files, each a corpus (FILE:N or FILE:P%%: at "
    "most so many of its pairs, or that share, for training); two files not named .tsv, English and Russian; or the "
    "folder of a corpus prepared before"
)
CHECKPOINT_HELP = "run directory, model directory, or name of a shipped model"
TYPED = "real"  # of the models that ship, the best at what people type: data/models/real/README.md

# The help shows flags in groups; of a config, each begins with one of these fields.
BEGINS = {"method": "what is pruned", "num_blocks": "the model", "batch_size": "how much, and how long"}
BEGINS |= {"lr": "how it learns", "check_val_every_n_epoch": "what is measured and kept"}

# In pruning, recipe R of data/results/claims. The rate was chosen with d_model 128; in a wider model it is lower.
SCHEDULER, LR, RECIPE = "no", 2e-3, {"warmup": 5, "average": 0.5}
PRUNE_HELP = {
    "method": "how the heads are chosen: random, last-layers, magnitude, confidence, taylor, taylor-per-layer, "
    "leave-one-out, taylor-iterative, greedy-gnorm, block-fisher, greedy-oracle, l0, l0-topk, dsp, dsp-ste, on-budget, "
    "shed; 'ours' is shed (default: ours; with a price in place of --keep: l0)",
    "scheduler": f"how the learning rate goes (default: {SCHEDULER})",
    "lr": f"learning rate of the weights (default: {LR}, less above d_model 128: times 128 / d_model; with noam 1)",
    "warmup": f"steps over which the rate rises to --lr (default: {RECIPE['warmup']} with --keep and --scheduler no)",
    "average": "the last weights are averaged, over this share of the steps, once heads are chosen (default: "
    f"{RECIPE['average']} with --keep and scheduler no, else 0)",
    "dropout": "dropout on embeddings and on each sub-layer's output (default: that of --checkpoint)",
    "max_epochs": "epochs in all, of search and fine-tuning (default: 10); for each number in --keep",
    "max_minutes": "stop after so many minutes of wall time, over all sessions of the run; for each number in --keep",
    "keep": "keep exactly so many heads; several numbers, 24,12,6: one run through them, with a model for each",
}


def training(command: Callable) -> None:
    text = "train a small model on the embedded phrasebook in a few minutes and watch it learn"
    sub = command("demo", "demo:demo_command", text, "", "--minutes 1 --run runs/first")
    sub.add_argument("--run", metavar="DIR", help="run directory (default: a new one in runs/)")
    sub.add_argument("--minutes", type=float, default=4.0, metavar="X", help="of training at most (default: 4)")

    text = "prepare a corpus and print its card"
    sub = command("data", "train:data_command", text, "phrasebook", "mine.tsv --lowercase yes")
    sub.add_argument("data", nargs="+", help=DATA_HELP)
    preparing_flags(sub)

    common = "checkpoint data run resume gpus num_blocks d_model num_heads batch_size max_epochs max_minutes lr"
    text = "train a model, or go on with a run; the log names defaults for few pairs"
    sub = command("train", "train:train_command", text,
                  "--data phrasebook --run runs/mine --hidden-dim 128 --max-minutes 10",
                  "--run runs/mine --resume --max-minutes 20", common=common)  # fmt: skip
    run = "run directory (default: runs/DATE-NAME); after torchrun say --run-dir"
    run_flags(sub, "start from the weights and vocabularies of this model", "news-commentary", run)
    config_flags(sub, TrainingConfig)

    text = "one model whose weights are the mean of a run's last checkpoints"
    sub = command("average", "train:average_command", text, "--run runs/mine --last 5 --out runs/mean",
                  "--run runs/mine --last 9 --out mean")  # fmt: skip
    sub.add_argument("--run", required=True, metavar="DIR", help="a run with --keep-checkpoints N or more")
    sub.add_argument("--last", required=True, type=count, metavar="N", help="how many of its checkpoints")
    sub.add_argument("--out", required=True, metavar="DIR", help="the new model directory")

    text = "draw a run's curves, and where its heads look, into RUN/plots; training does it at its end"
    sub = command("plot", "train:plot_command", text, "runs/mine", "runs/pruned")
    sub.add_argument("run", metavar="RUN", help="its folder")


def pruning(command: Callable) -> None:
    text = "choose heads, fine-tune, and take the other heads out of the model"
    sub = command("prune", "prune:prune_command", text, "--checkpoint phrasebook --data phrasebook --heads all "
                  "--keep 12", "--run runs/pruned --resume",
                  "--checkpoint phrasebook --data phrasebook --heads all --keep 24,12,6,3 --max-epochs 2",
                  common="checkpoint data run resume gpus method heads keep max_epochs max_minutes")  # fmt: skip
    text, run = "the trained model: a run, or a model", "new run directory (default: runs/DATE-NAME-METHOD)"
    run_flags(sub, text, "that of the run in --checkpoint", run)
    config_flags(sub, PruningConfig, PRUNE_HELP, keep=one_or_several)
    known = dict.fromkeys(SHAPE, "known from --checkpoint; refused where it contradicts")
    config_flags(sub, TrainingConfig, PRUNE_HELP | known)
    group = sub.add_argument_group("of the project that this one grew out of")
    group.add_argument("--no-freeze", dest="freeze", action="store_false", help="the same as --freeze no")
    text = "the origin's flag: --heads encoder, behind gates that are learned"
    group.add_argument("--encoder-with-hard-concrete-gate", type=int, choices=(1,), help=text)
    group.add_argument("--strict", default="", help="the origin's flag, without effect: loading is always strict")


def translating(command: Callable) -> None:
    text = "translate sentences: those given, those of a file, or lines as you type them"
    sub = command("translate", "translate:translate_command", text, '"The file could not be opened."',
                  "--checkpoint runs/mine --input english.txt --output russian.txt",
                  common="sentences checkpoint input output n_best scores beam int8 gpus")  # fmt: skip
    text = "one or more, each in quotes; else, without --input, lines of stdin. A line is cut into sentences; one that "
    text += "begins with he, it, their …, or says Yes, I do, stays with the one before it, where both come out"
    sub.add_argument("sentences", nargs="*", default=[], metavar="SENTENCE", help=text)
    search_flags(sub, f"{CHECKPOINT_HELP} (default: {TYPED})", required=False)
    sub.add_argument("--input", default="", metavar="FILE", help="translate the lines of this file, UTF-8")
    text = "write to this file, which is there when it is whole; with --input, the same command goes on after a kill"
    sub.add_argument("--output", default="", metavar="FILE", help=text)
    text = "the N best translations of each, on N lines; a wider beam where it needs one (default: 1)"
    sub.add_argument("--n-best", type=int, default=1, metavar="N", help=text)
    sub.add_argument("--scores", action="store_true", default=False, help="score (near 0: sure) and tab before each")
    text = "pieces of a translation at most (default: 2 * those of the sentence + 10)"
    sub.add_argument("--max-length", type=int, default=None, metavar="N", help=text)

    text = "the switchboard of notebook 05 as a page in the browser, without the code; needs Voila"
    sub = command("app", "app:app_command", text, "", "--dark --port 9000 --no-browser")
    sub.add_argument("--port", type=count, default=8866, metavar="N", help="default: 8866")
    sub.add_argument("--dark", action="store_true", default=False, help="light text on dark")
    sub.add_argument("--no-browser", dest="browser", action="store_false", default=True, help="only serve the page")

    text = "translate a split of a corpus and print BLEU and chrF, last as one JSON line"
    sub = command("score", "translate:score_command", text, "--checkpoint phrasebook --data phrasebook --split "
                  "test_seen", "--checkpoint runs/mine --data mine.tsv",
                  common="checkpoint data split limit beam gpus")  # fmt: skip
    search_flags(sub, CHECKPOINT_HELP, required=True)
    sub.add_argument("--data", nargs="+", help=f"{DATA_HELP} (default: that of the run in --checkpoint)")
    preparing_flags(sub)
    text = "train, valid, test or another split; all: every pair of files of your own, held out by you (default: test)"
    sub.add_argument("--split", default="test", help=text)
    sub.add_argument("--tokenize", default="13a", choices=("13a", "char", "none"), help="sacreBLEU's (default: 13a)")
    sub.add_argument("--limit", type=count, default=None, metavar="N", help="only the first N pairs")


def exchanging(command: Callable) -> None:
    text = "make a model directory of a Marian model, which nmt translate, score and prune then take"
    sub = command("import", "exchange:import_command", text, "--from marian Helsinki-NLP/opus-mt-en-ru --out opus",
                  "--from marian ~/opus-mt-en-ru --out opus")  # fmt: skip
    sub.add_argument("--from", dest="form", required=True, choices=("marian",), help="where it comes from")
    text = "folder with its files in Hugging Face's form, or name on the Hugging Face hub"
    sub.add_argument("source", metavar="DIR|NAME", help=text)
    sub.add_argument("--out", required=True, metavar="DIR", help="the new model directory")
    sub.add_argument("--revision", default="main", metavar="NAME", help="commit or tag on the hub (default: main)")

    text = "write a model, pruned or not, for another engine"
    sub = command("export", "exchange:export_command", text, "--checkpoint phrasebook --to ctranslate2 --out ct2",
                  "--checkpoint runs/opus --to hf --out opus-pruned")  # fmt: skip
    sub.add_argument("--checkpoint", required=True, metavar="DIR|NAME", help=CHECKPOINT_HELP)
    text = "ctranslate2, onnx: any model; hf: Hugging Face's transformers, a model that came from Marian"
    sub.add_argument("--to", required=True, choices=("hf", "ctranslate2", "onnx"), help=text)
    sub.add_argument("--out", required=True, metavar="DIR", help="a new folder")


def measuring(command: Callable) -> None:
    text = "measure training and decoding beside those who do the same, memory, padding, and how costs grow"
    sub = command("bench", "measure:bench_command", text, "--out runs/bench", "--out runs/bench --parts decoding")
    text = "where bench.json goes; what is there of the same code and machine is not measured again"
    sub.add_argument("--out", required=True, metavar="DIR", help=text)
    parts = "training", "decoding", "memory", "padding", "growth", "ceiling", "pruned"
    sub.add_argument("--parts", nargs="+", default=(), choices=parts, help="measure only these (default: all, minutes)")
    sub.add_argument("--rounds", type=count, default=3, metavar="N", help="turns of each that count (default: 3)")
    sub.add_argument("--smoke", action="store_true", default=False, help="tiny models: whether it works, not how fast")
    gpus_flag(sub)

    text = "methods of pruning at equal compute: models x methods x budgets x seeds"
    plan = "data/results/compare/phrasebook.json --out runs/compare"
    sub = command("compare", "measure:compare_command", text, plan, f"{plan} --seeds 1 2")
    sub.add_argument("config", metavar="CONFIG", help="a JSON file: data, dense, training, budgets, methods, seeds")
    sub.add_argument("--out", required=True, metavar="DIR", help="where results go; what is done there is not redone")
    sub.add_argument("--seeds", type=count, nargs="+", default=None, metavar="N", help="only these of its seeds")
    gpus_flag(sub)


# Flags that several commands share


def config_flags(
    sub: argparse.ArgumentParser, config: type, texts: dict[str, str] | None = None, **types: Callable
) -> None:
    """One flag for each field of a config; `texts` replace the help of some, `types` their parsers."""
    for f in fields(config):
        if f.name in BEGINS:
            group = sub.add_argument_group(BEGINS[f.name])
        kind, default = type_of(f), f.default
        if kind is bool:
            default = "yes" if default else "no"
        shown = "" if default is None else f" (default: {default})"
        group.add_argument(
            with_dashes(f"--{f.metadata.get('flag', f.name)}"),
            dest=f.name,
            type=types.get(f.name, yes_no if kind is bool else kind),
            choices=f.metadata.get("choices"),
            metavar=None if "choices" in f.metadata else {int: "N", float: "X", bool: "yes|no", str: "NAME"}[kind],
            help=with_dashes((texts or {}).get(f.name, f.metadata["help"] + shown)),
        )


def run_flags(sub: argparse.ArgumentParser, checkpoint: str, data: str, run: str) -> None:
    """What nmt train and nmt prune have in common; the helps of --checkpoint and --run are their own."""
    group = sub.add_argument_group("what goes in, and where it goes")
    group.add_argument("--checkpoint", default="", metavar="DIR|NAME", help=checkpoint)
    group.add_argument("--data", nargs="+", help=f"{DATA_HELP} (default: {data})")
    # torchrun takes --run, even behind our name, for an abbreviation of its own --run-path.
    group.add_argument("--run", "--run-dir", metavar="DIR", help=run)
    group.add_argument("--resume", action="store_true", default=False, help="go on with --run from its last checkpoint")
    preparing_flags(group)
    gpus_flag(group)
    text = "steps between refreshes, 0: no bar (default: 20)"
    group.add_argument("--progress-bar-refresh-rate", type=count, default=20, metavar="N", help=text)


def preparing_flags(sub: argparse._ActionsContainer) -> None:
    for split in "valid", "test":
        text = f"TSV file of your own that is {split}, beside files in --data (default: chosen from them by a hash)"
        told = {"dest": "held_out", "action": "append", "type": f"{split}={{}}".format}  # as `prepare` wants it
        sub.add_argument(f"--{split}-data", metavar="FILE", help=text, **told)
    sub.add_argument("--archives", metavar="DIR", help="folder with archives already downloaded (also: NMT_DATA)")
    sub.add_argument("--lowercase", type=yes_no, metavar="yes|no", help="lower-case the corpus")
    text = "training pairs with so many words and punctuation marks on each side only, say 10-100"
    sub.add_argument("--tokens", type=from_to, metavar="MIN-MAX", help=text)


def search_flags(sub: argparse.ArgumentParser, checkpoint: str, required: bool) -> None:
    sub.add_argument("--checkpoint", required=required, metavar="DIR|NAME", help=checkpoint)
    sub.add_argument("--beam", type=int, metavar="N", help="width of the beam, 1: greedy (default: 4)")
    sub.add_argument("--length-penalty", type=float, default=0.6, metavar="X", help="Wu et al. 2016 (default: 0.6)")
    text = "what that is the exponent of: wu, or length as in Hugging Face, the length itself (default: wu)"
    sub.add_argument("--penalty", default="wu", choices=("wu", "length"), help=text)
    text = "decoded together (default: 32; 1: a line is answered before the next is read)"
    sub.add_argument("--batch-size", type=int, default=32, metavar="N", help=text)
    text = "large weights as int8: with 512 dimensions twice as fast on a CPU, a little worse; with 128 no faster"
    sub.add_argument("--int8", action="store_true", default=False, help=text)
    gpus_flag(sub)


def gpus_flag(sub: argparse._ActionsContainer) -> None:
    sub.add_argument("--gpus", type=int, choices=(0, 1), help="1: CUDA, 0: CPU (default: CUDA if there is one)")


# Types of flags


def count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a whole number from 0 on, not {text!r}")
    return int(text)


def one_or_several(text: str) -> int | list[int]:
    """A whole number, or the list that 24,12,6 stands for."""
    try:
        numbers = [int(number) for number in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"a whole number, or several, as in 24,12,6, not {text!r}") from None
    return numbers if len(numbers) > 1 else numbers[0]


def from_to(text: str) -> tuple[int, int]:
    least, mark, most = text.partition("-")
    if not (mark and least.isdecimal() and most.isdecimal()):
        raise argparse.ArgumentTypeError(f"two numbers, as in 10-100, not {text!r}")
    return int(least), int(most)


def yes_no(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise argparse.ArgumentTypeError(f"yes or no, not {text!r}")
    return text.lower() == "yes"
