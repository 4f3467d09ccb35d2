"""A trained model with vocabularies of another text: `python data/models/new_vocabulary.py MODEL OUT SIZE FILE…`.

A vocabulary learnt from manuals cuts everyday words into many small pieces. The new pieces, learnt from the training
text of the files, are given the mean of the embeddings of the old pieces that they consist of (Gee et al. 2022, "Fast
vocabulary transfer", section 3); everything else in the model stays, and training goes on from there.
"""

import sys
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from nmt import UNK, NmtError, load
from nmt.bpe import BPE, SPECIAL, train
from nmt.corpora.corpus import prepare
from nmt.models import Trained, save_model_directory
from nmt.plumbing.files import whole_directory
from nmt.transformer import Transformer


def strings(bpe: BPE) -> list[str]:
    """The pieces of a vocabulary in the order of their ids, without PAD, UNK, BOS and EOS."""
    return bpe.names[SPECIAL:]


def longest_first(piece: str, ids: dict[str, int]) -> list[int]:
    """A piece cut into known ones, from the left, the longest that fits each time; unknown characters are left out."""
    found, start = [], 0
    while start < len(piece):
        end = next((e for e in range(len(piece), start, -1) if piece[start:e] in ids), None)
        if end:
            found.append(ids[piece[start:end]])
        start = end or start + 1
    return found


def means(rows: Tensor, old: BPE, new: BPE) -> Tensor:
    """Rows (old V, …) of the old pieces -> rows (new V, …) of the new ones; unknown characters count as UNK."""
    ids = {piece: i for i, piece in enumerate(strings(old), SPECIAL)}
    cut = [longest_first(piece, ids) or [UNK] for piece in strings(new)]
    return torch.stack([*rows[:SPECIAL], *(rows[one].mean(0) for one in cut)])


def with_vocabularies(trained: Trained, bpe: tuple[BPE, BPE]) -> Transformer:
    """A copy of the model for two other vocabularies."""
    config = trained.model.config
    new = replace(config, src_vocab_size=bpe[0].vocab_size, trg_vocab_size=bpe[1].vocab_size)
    weights = trained.model.state_dict()
    for name, rows in weights.items():
        if name.startswith(("src_embedding.tokens", "trg_embedding.tokens", "generator")):
            side = name.startswith(("trg", "generator"))
            weights[name] = means(rows, trained.bpe[side], bpe[side])
    model = Transformer(new)
    model.load_state_dict(weights)
    return model


if __name__ == "__main__":
    if len(sys.argv) < 5:
        raise SystemExit(__doc__)
    try:
        name, out, size, *data = sys.argv[1:]
        trained, corpus = load(name), prepare(data)
        bpe = tuple(train(corpus, side, int(size)) for side in ("en", "ru"))
        with whole_directory(Path(out)) as folder:
            save_model_directory(folder, with_vocabularies(trained, bpe), bpe)
    except NmtError as error:
        raise SystemExit(f"new_vocabulary: error: {error}") from None
