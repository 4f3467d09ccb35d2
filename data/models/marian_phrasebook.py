"""A Marian model that nmt had no part in: `python data/models/marian_phrasebook.py` makes models/marian-phrasebook.

Notebook 09 takes it for a stranger's: a small model of the architecture of Helsinki-NLP/opus-mt-en-ru, trained on
the phrasebook with Hugging Face's transformers, and written by them. A quarter of an hour on one core.
"""

import io
import json
import random
import time
from pathlib import Path

import sentencepiece
import torch
import torch.nn.functional as F
import transformers
from transformers import MarianConfig, MarianMTModel, MarianTokenizer

from nmt.corpora.corpus import prepare
from nmt.plumbing.places import in_clone

PIECES, TOKENS, EPOCHS, PEAK, WARM_UP = 2000, 700, 5, 2e-3, 300
SIZES = {"encoder_layers": 2, "decoder_layers": 2, "d_model": 128, "activation_function": "swish", "init_std": 0.09}
for side in ("encoder", "decoder"):
    SIZES |= {f"{side}_attention_heads": 8, f"{side}_ffn_dim": 512}

CARD = """# `marian-phrasebook`

English → Russian, in the form of Hugging Face, with the architecture of Helsinki-NLP/opus-mt-en-ru, but smaller: 2
blocks instead of 6, d_model 128 instead of 512; {parameters:,} parameters, stored in float16. It stands for a model
that comes from elsewhere: [notebook 09](../../../notebooks/09_prune_a_production_model.ipynb) imports it. It knows the
small world of the [phrasebook](../../phrasebook/README.md) and no other. Data and weights: MIT licence.

Made by `python data/models/marian_phrasebook.py`, with transformers {version} and without nmt's model and training:
{epochs} epochs, {steps:,} steps, {minutes:.0f} minutes of one CPU core's time, PyTorch {torch}, seed 1.
"""


def write_pieces(pairs: list[tuple[str, str]], folder: Path) -> MarianTokenizer:
    """source.spm, target.spm and vocab.json, numbered as Marian's: </s>, <unk>, all other pieces, <pad>."""
    names = ["</s>", "<unk>"]
    for side, name in enumerate(("source", "target")):
        content, lines = io.BytesIO(), (pair[side] for pair in pairs)
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=lines, model_writer=content, vocab_size=PIECES, minloglevel=2, num_threads=1
        )
        (folder / f"{name}.spm").write_bytes(content.getvalue())
        model = sentencepiece.SentencePieceProcessor(model_proto=content.getvalue())
        names += [model.id_to_piece(number) for number in range(3, len(model))]
    numbers = {name: number for number, name in enumerate(dict.fromkeys([*names, "<pad>"]))}
    (folder / "vocab.json").write_text(json.dumps(numbers, ensure_ascii=False), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"source_lang": "en", "target_lang": "ru"}))
    return MarianTokenizer.from_pretrained(folder)


def batches(rows: list[tuple[list[int], list[int]]]) -> list[list[int]]:
    """Numbers of rows of similar length, about TOKENS in a batch with padding, in random order."""
    order = sorted(range(len(rows)), key=lambda i: (len(rows[i][1]), len(rows[i][0]), random.random()))
    made, batch, longest = [], [], 0
    for i in order:
        longest = max(longest, *map(len, rows[i]))
        if batch and longest * (len(batch) + 1) > TOKENS:
            made, batch, longest = [*made, batch], [], max(map(len, rows[i]))
        batch.append(i)
    made.append(batch)
    random.shuffle(made)
    return made


def padded(rows: list[list[int]], value: int) -> torch.Tensor:
    return torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=value)


def train(model: MarianMTModel, rows: list[tuple[list[int], list[int]]]) -> int:
    """Adam, a warm-up, a line down to zero, label smoothing of 0.1. Returns the number of steps."""
    epochs = [batches(rows) for _ in range(EPOCHS)]
    steps = sum(map(len, epochs))
    adam = torch.optim.Adam(model.train().parameters(), lr=PEAK, betas=(0.9, 0.98), fused=True)
    rate = torch.optim.lr_scheduler.LambdaLR(adam, lambda n: min((n + 1) / WARM_UP, (steps - n) / (steps - WARM_UP)))
    for number, epoch in enumerate(epochs, 1):
        total = 0.0
        for batch in epoch:
            source, target = (padded([rows[i][side] for i in batch], model.config.pad_token_id) for side in (0, 1))
            mask = (source != model.config.pad_token_id).long()
            start = torch.full((len(target), 1), model.config.decoder_start_token_id)
            inputs = torch.cat([start, target[:, :-1]], 1)
            logits = model(input_ids=source, attention_mask=mask, decoder_input_ids=inputs).logits
            ignored = {"ignore_index": model.config.pad_token_id}
            loss = F.cross_entropy(logits.flatten(0, 1), target.flatten(), label_smoothing=0.1, **ignored)
            adam.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            adam.step()
            rate.step()
            total += loss.item() / len(epoch)
        print(f"epoch {number}: loss {total:.3f}, {time.process_time() / 60:.1f} minutes", flush=True)
    return steps


def main(folder: Path) -> None:
    random.seed(1)
    torch.manual_seed(1)
    folder.mkdir(exist_ok=True)
    pairs = [*prepare("phrasebook").pairs("train")]
    tokenizer = write_pieces(pairs, folder)
    english, russian = zip(*pairs, strict=True)
    rows = list(zip(tokenizer([*english])["input_ids"], tokenizer(text_target=[*russian])["input_ids"], strict=True))
    ids = {"pad_token_id": tokenizer.pad_token_id, "decoder_start_token_id": tokenizer.pad_token_id, "eos_token_id": 0}
    config = MarianConfig(
        vocab_size=len(tokenizer), scale_embedding=True, max_position_embeddings=512, bad_words_ids=None, **SIZES, **ids
    )
    model = MarianMTModel(config)
    about = {"steps": train(model, rows), "epochs": EPOCHS, "minutes": time.process_time() / 60}
    about |= {"parameters": model.num_parameters(), "version": transformers.__version__, "torch": torch.__version__}
    (folder / "README.md").write_text(CARD.format(**about), encoding="utf-8")
    model.generation_config.bad_words_ids = [[tokenizer.pad_token_id]]
    model.half().save_pretrained(folder)


if __name__ == "__main__":
    main(in_clone("data") / "models" / "marian-phrasebook")
