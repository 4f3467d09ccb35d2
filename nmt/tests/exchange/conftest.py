"""A Marian model of random weights in Hugging Face's form, what it becomes here, and what that has learnt, pruned."""

import io
import json

import pytest
import torch

from nmt import BOS, EOS
from nmt.batches import pad, source_batch
from nmt.exchange.export import export
from nmt.exchange.marian import import_marian
from nmt.models import save_model_directory
from nmt.objective import token_loss
from nmt.pruning import masks
from nmt.pruning.removal import remove_heads
from nmt.runs import load
from nmt.transformer import KINDS, NEURONS

SMALL = {"encoder_layers": 2, "decoder_layers": 2, "d_model": 32, "activation_function": "swish"}
SMALL |= {
    f"{side}_{name}": n for side in ("encoder", "decoder") for name, n in (("attention_heads", 4), ("ffn_dim", 48))
}


def write_marian(folder, pairs, pieces=120, fill=0, **shape):
    """Write a Marian model of random weights, as large as its choices need; `fill`: pieces that no text has."""
    sentencepiece = pytest.importorskip("sentencepiece", reason="the extra marian")
    transformers = pytest.importorskip("transformers", reason="the peer")
    names = ["</s>", "<unk>"]
    for side, name in enumerate(("source", "target")):
        content, lines = io.BytesIO(), iter([pair[side] for pair in pairs])
        options = {"vocab_size": pieces, "hard_vocab_limit": False, "minloglevel": 2}
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=lines, model_writer=content, **options)
        (folder / f"{name}.spm").write_bytes(content.getvalue())
        model = sentencepiece.SentencePieceProcessor(model_proto=content.getvalue())
        names += [model.id_to_piece(i) for i in range(3, len(model))]
    names = [*dict.fromkeys(names), *(f"<{i}>" for i in range(fill)), "<pad>"]
    (folder / "vocab.json").write_text(json.dumps({name: i for i, name in enumerate(names)}), encoding="utf-8")
    ids = {"pad_token_id": len(names) - 1, "decoder_start_token_id": len(names) - 1, "eos_token_id": 0}
    options = {"scale_embedding": True, "max_position_embeddings": 512, "forced_eos_token_id": None}
    torch.manual_seed(0)
    model = transformers.MarianMTModel(
        transformers.MarianConfig(vocab_size=len(names), **SMALL | shape, **ids, **options)
    ).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "layers" in name and parameter.dim() > 1:
                parameter.mul_(8 if "d_model" not in shape else 1)
        model.model.shared.weight.mul_(12 if "d_model" not in shape else 3)
        model.final_logits_bias.normal_()
    model.generation_config.bad_words_ids = [[len(names) - 1]]
    model.save_pretrained(folder)
    return model


@pytest.fixture(scope="session")
def theirs(pairs, tmp_path_factory):
    """(MarianMTModel, its folder)."""
    folder = tmp_path_factory.mktemp("marian")
    return write_marian(folder, pairs), folder


@pytest.fixture(scope="session")
def ours(theirs, tmp_path_factory):
    return import_marian(theirs[1], tmp_path_factory.mktemp("ours") / "model", log=print)


@pytest.fixture(scope="session")
def learnt(ours, pairs, tmp_path_factory):
    """The same with heads and neurons removed, unevenly and all of some layers, which has then learnt the pairs.

    Random weights never end a sentence, or end all at once: nothing could be compared.
    """
    torch.manual_seed(1)
    mask = {kind: torch.rand(kept.shape) < 0.6 for kind, kept in masks.all_kept(ours.model, KINDS + NEURONS).items()}
    mask["encoder"][0] = mask["decoder"][1] = mask["encoder_ff"][1] = False
    model = remove_heads(ours.model, mask)
    sides = [bpe.encode([pair[i] for pair in pairs]) for i, bpe in enumerate(ours.bpe)]
    src, trg = source_batch(sides[0]), pad([[BOS, *row, EOS] for row in sides[1]])
    for parameter in model.parameters():
        parameter.data.mul_(0.15 if parameter.dim() > 1 else 1)
    optimizer = torch.optim.Adam(model.train().parameters(), lr=5e-3)
    for _ in range(150):
        rows = torch.randperm(len(src))[:16]
        token_loss(model(src[rows], trg[rows, :-1]), trg[rows, 1:]).div(16 * 15).backward()
        optimizer.step()
        optimizer.zero_grad()
    directory = tmp_path_factory.mktemp("learnt") / "model"
    directory.mkdir()
    save_model_directory(directory, model, ours.bpe)
    return load(directory)


@pytest.fixture(scope="session")
def exported(learnt, tmp_path_factory):
    """exported(form) -> the folder of `learnt` in that form, written once."""
    folder = tmp_path_factory.mktemp("exported")

    def made(form):
        if not (folder / form).exists():
            export(learnt, form, folder / form)
        return folder / form

    return made


@pytest.fixture
def english():
    """Forty sentences that the models of the phrasebook know."""
    what = ("reads a long letter", "does not drink milk", "loves the sea", "sees a red house", "opened the door",
            "will write a book", "has a dog", "looks for the key")  # fmt: skip
    return [
        f"{who} {done}." for who in ("The old doctor", "My sister", "A boy", "The cat", "Our friend") for done in what
    ]
