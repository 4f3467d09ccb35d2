"""Marian's models, in the form of Hugging Face (as Helsinki-NLP/opus-mt-en-ru), as model directories of ours; and back.

The two are one function. Marian is post-norm, has one embedding for both languages and for the generator, swish between
the feed-forward matrices, and positions with all sines before all cosines; it begins with the padding's id, which our
masks hide. So our vocabulary has one piece more, BOS, with a copy of that row, and it is never written.
"""

import pickle
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from nmt import BOS, PAD, NmtError
from nmt.corpora.corpus import to_stderr
from nmt.exchange.weights import MARIAN_NAMES, NEVER, renamed, with_zeros
from nmt.models import Trained, load_model_directory, save_model_directory
from nmt.plumbing.files import read_json, sha256, whole_directory, write_json
from nmt.plumbing.sentencepieces import SentencePieces, needs
from nmt.transformer import Transformer, TransformerConfig

TEXTS = "config.json", "vocab.json", "source.spm", "target.spm"
WEIGHTS = "model.safetensors", "pytorch_model.bin"  # the first that is there
SIDES = "encoder", "decoder"
# The embedding, and what is tied to it: files have one of these names, or more.
ONE_MATRIX = "model.shared.weight", *(f"model.{side}.embed_tokens.weight" for side in SIDES), "lm_head.weight"
COMPUTED = tuple(f"model.{side}.embed_positions.weight" for side in SIDES)  # some files have these sinusoids
SWITCHES = dict.fromkeys(
    ("static_position_embeddings", "share_encoder_decoder_embeddings", "tie_word_embeddings"), True
)
SWITCHES |= dict.fromkeys(("normalize_before", "normalize_embedding", "add_final_layer_norm"), False)


def import_marian(
    source: str | Path, directory: str | Path, revision: str = "main", log: Callable[[str], None] = to_stderr
) -> Trained:
    """Write the model directory `directory` from a Marian model: a folder, or a name on the Hugging Face hub.

    The files are config.json, vocab.json, source.spm, target.spm, and model.safetensors or pytorch_model.bin, of which
    nothing is unpickled but tensors. origin.json keeps where they came from, their revision and checksums. Raises
    NmtError for what is missing, damaged, or another architecture.
    """
    with whole_directory(directory, "--out") as new:
        folder = Path(source) if Path(source).is_dir() else _from_hub(str(source), revision)
        weights = next((folder / name for name in WEIGHTS if (folder / name).is_file()), folder / WEIGHTS[0])
        paths = [*(folder / name for name in TEXTS), weights]
        if missing := [path.name for path in paths if not path.is_file()]:
            raise NmtError(f"{folder}: not a Marian model in Hugging Face's form, without {', '.join(missing)}")
        bpe = tuple(SentencePieces.of_marian(folder / "vocab.json", path) for path in paths[2:4])
        model = Transformer(_config(paths[0], bpe[0]))
        _fill(model, _tensors(weights), bpe[0], weights)
        origin = {"source": str(source), "revision": None if folder == Path(source) else folder.name}  # its commit
        origin |= {"sha256": {path.name: sha256(path) for path in paths}}
        save_model_directory(new, model, bpe)
        write_json(new / "origin.json", origin)
    log(f"{source}, revision {origin['revision']}: {weights.name} has SHA-256 {origin['sha256'][weights.name]}")
    return load_model_directory(Path(directory))


def _from_hub(name: str, revision: str) -> Path:
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise NmtError(f"{name}: no such folder, and no name on the Hugging Face hub, like Helsinki-NLP/opus-mt-en-ru")
    needs("huggingface_hub", "marian")
    from huggingface_hub import model_info, snapshot_download

    try:
        there = model_info(name, revision=revision, timeout=10)  # asked once; what lists files asks again and again
        files = {one.rfilename for one in there.siblings}
        wanted = [*TEXTS, next((one for one in WEIGHTS if one in files), WEIGHTS[0])]
        return Path(snapshot_download(name, revision=there.sha, allow_patterns=wanted))
    except Exception as error:  # no network, no such model, no such revision: each of the hub's own kind
        mend = f"without a network, copy {', '.join(TEXTS)} and {' or '.join(WEIGHTS)} into a folder and name that"
        raise NmtError(f"{name}: no such folder, and not to be had from the hub ({error}); {mend}") from None


def _hf_config(c: TransformerConfig, vocabulary: SentencePieces) -> dict:
    """What of config.json decides the function of a Marian model that is ours."""
    (pad, _, _, eos), size = vocabulary.theirs[:4], len(vocabulary.theirs) - 1
    sizes = {"layers": c.num_blocks, "attention_heads": c.num_heads, "ffn_dim": c.d_ff}
    config = {"model_type": "marian", "vocab_size": size, "decoder_vocab_size": size, "d_model": c.d_model}
    config |= {f"{side}_{name}": value for side in SIDES for name, value in sizes.items()}
    config |= {"pad_token_id": pad, "decoder_start_token_id": pad, "eos_token_id": eos, "scale_embedding": True}
    return config | SWITCHES | {"activation_function": c.activation}


def _config(path: Path, vocabulary: SentencePieces) -> TransformerConfig:
    """The shape of a model, from config.json. Raises NmtError where it is no Marian model, or one that is not ours."""
    there = SWITCHES | read_json(path)
    if there.get("activation_function") == "silu":  # its other name
        there["activation_function"] = "swish"
    there.setdefault("decoder_vocab_size", there.get("vocab_size"))
    names = {"num_blocks": "encoder_layers", "num_heads": "encoder_attention_heads", "d_ff": "encoder_ffn_dim"}
    names |= {"d_model": "d_model", "activation": "activation_function"}
    shape = {ours: there.get(theirs) for ours, theirs in names.items()} | {"dropout": there.get("dropout", 0.1)}
    sizes = (vocabulary.vocab_size,) * 2
    try:
        config = TransformerConfig(*sizes, **shape, norm="post", shared=True, positions="halves")
    except (TypeError, NmtError) as error:
        raise NmtError(f"{path}: not a Marian model that can be ours ({error})") from None
    for name, value in _hf_config(config, vocabulary).items():
        if there.get(name) != value:
            raise NmtError(f"{path}: {name} is {there.get(name)!r}; with {value!r} it and its vocab.json were ours")
    return config


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)  # code in it is refused, not run
        if not isinstance(state, dict) or not all(isinstance(part, Tensor) for part in state.values()):
            raise ValueError("not names and their tensors")
        return state
    except (OSError, SafetensorError, ValueError, EOFError, KeyError, RuntimeError, pickle.UnpicklingError) as error:
        raise NmtError(f"{path}: damaged, or more than tensors ({str(error)[:200]}); fetch it anew") from None


@torch.no_grad()
def _fill(model: Transformer, state: dict[str, Tensor], vocabulary: SentencePieces, path: Path) -> None:
    """Write the weights of Marian's names into a model of ours. Raises NmtError unless the two fit to the last one."""
    matrix = next((name for name in ONE_MATRIX if name in state), ONE_MATRIX[0])
    parts = {name: part for name, part in renamed(model, MARIAN_NAMES).items() if name not in ONE_MATRIX}
    wanted = {name: tuple(part.shape) for name, part in parts.items()}
    wanted[matrix] = len(vocabulary.theirs) - 1, model.config.d_model
    wanted["final_logits_bias"] = 1, wanted[matrix][0]
    there = {
        name: tuple(part.shape) for name, part in state.items() if name in wanted or name not in ONE_MATRIX + COMPUTED
    }
    for name in [*wanted, *there]:
        if wanted.get(name) != there.get(name):
            shapes = there.get(name, "absent"), wanted.get(name, "absent")
            raise NmtError("{}: {} is {}, by config.json and vocab.json it must be {}".format(path, name, *shapes))
    for name, part in parts.items():
        part.copy_(state[name][0, vocabulary.theirs] if name == "final_logits_bias" else state[name])
    model.generator.bias[BOS] = NEVER
    model.src_embedding.tokens.weight.copy_(state[matrix][vocabulary.theirs])


def export_hf(trained: Trained, directory: Path) -> None:
    """Write a model that came from Marian in the form of Hugging Face; removed heads and neurons are zeros there.

    Raises NmtError for other models: Marian has neither our vocabularies nor norms before its sub-layers.
    """
    vocabulary = trained.bpe[0]
    if not isinstance(vocabulary, SentencePieces):
        raise NmtError(f"{trained.directory} did not come from Marian, and has no form there; take --to ctranslate2")
    model, theirs, pad = with_zeros(trained.model).float().cpu(), vocabulary.theirs, vocabulary.theirs[PAD]
    table, bias = model.src_embedding.tokens.weight.detach(), model.generator.bias.detach()
    places = torch.empty(len(theirs) - 1, dtype=torch.int64)  # Marian's id -> ours
    places[theirs] = torch.arange(len(theirs))
    places[pad] = BOS  # where it begins; as padding it is masked
    state = {name: part for name, part in renamed(model, MARIAN_NAMES).items() if name not in ONE_MATRIX}
    state |= {ONE_MATRIX[0]: table[places], "final_logits_bias": bias[None, places]}
    # It is never written. Where training moved BOS away from PAD, that row would even make the others less probable.
    state["final_logits_bias"][0, pad] = bias[PAD] if torch.equal(table[BOS], table[PAD]) else NEVER
    save_file({name: part.contiguous() for name, part in state.items()}, directory / WEIGHTS[0], {"format": "pt"})
    config = _hf_config(model.config, vocabulary) | {"architectures": ["MarianMTModel"], "is_encoder_decoder": True}
    write_json(directory / "config.json", config | {"dropout": model.config.dropout, "max_position_embeddings": 512})
    ids = {name: config[name] for name in ("pad_token_id", "decoder_start_token_id", "eos_token_id")}
    search = {"bad_words_ids": [[pad]], "forced_eos_token_id": ids["eos_token_id"], "max_length": 512, "num_beams": 4}
    write_json(directory / "generation_config.json", ids | search)
    write_json(directory / "tokenizer_config.json", {"tokenizer_class": "MarianTokenizer", "model_max_length": 512})
    contents = vocabulary.vocab_json, vocabulary.spm, trained.bpe[1].spm
    for name, content in zip(TEXTS[1:], contents, strict=True):
        (directory / name).write_bytes(content)
