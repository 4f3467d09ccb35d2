"""The switchboard as one page of HTML, which needs no server and no installation: `python data/page/page.py`.

The page holds two models of the same shape, the second pruned from the first, and the JavaScript in web/ that
runs them. Each row of a matrix is stored as whole numbers times a scale; the second model as the difference of its
whole numbers from those of the first. So both fit into 3.5 MB, and translate nearly as the shipped ones do.
"""

import base64
import copy
import hashlib
import json
import re
import zlib
from dataclasses import asdict, replace
from pathlib import Path

import torch

import nmt
from nmt import NmtError
from nmt.analysis import score_pairs
from nmt.bpe import BPE
from nmt.corpora.corpus import prepare
from nmt.decoding import DOUBTFUL
from nmt.models import Trained
from nmt.phrasebook.contrast import load_contrast
from nmt.plumbing.files import read_json, write_text
from nmt.plumbing.places import in_clone
from nmt.transformer import KINDS, TransformerConfig

WEB = Path(__file__).parent / "web"  # the template and the JavaScript
STEPS = {"embedding": 191, "": 127}  # whole numbers on either side of 0, for tensors whose name has the word
PHENOMENA = (
    "negation", "past-agreement", "person-agreement", "adjective-agreement", "dative-experiencer", "verb-government",
    "genitive-of-negation", "it-in-sentence", "numerals", "relative-clause", "motion", "short-answer",
)  # fmt: skip
SENTENCES = 500  # that the page is compared on with the shipped models
SCRIPTS = ("model.js", "texts.js", "page.js")
EACH = 6  # sentences of a phenomenon in the page
START = {"model": "phrasebook-pruned", "text": "The cat does not drink milk.", "closed": ["cross.0.0"]}


@torch.no_grad()
def rounded(dense: Trained, pruned: Trained) -> tuple[dict, dict]:
    """The matrices of both as whole numbers times a scale for each row: {name: (int16 (R, C), float16 (R,))}, twice.

    A row has one scale in both models. Raises NmtError where the second is not pruned from a model like the first.
    """
    if [b.sha256 for b in dense.bpe] != [b.sha256 for b in pruned.bpe] or not dense.model.config.tied:
        raise NmtError("the page wants a model with a tied generator, and one that was pruned from it")
    second, found = dict(pruned.model.named_parameters()), ({}, {})
    for name, weight in dense.model.named_parameters():
        if weight.dim() == 2:
            rows, _ = _part(name, weight, pruned.model.config)
            largest = weight.abs().amax(1)
            largest[rows] = torch.maximum(largest[rows], _largest(second[name]))
            scales = (largest / next(steps for word, steps in STEPS.items() if word in name)).half()
            for numbers, matrix, its in ((found[0], weight, scales), (found[1], second[name], scales[rows])):
                numbers[name] = (matrix / its.float()[:, None]).round().short(), its
    return found


@torch.no_grad()
def as_in_the_page(trained: Trained, numbers: dict) -> Trained:
    """The model with the weights that the page has, from `rounded`."""
    model = copy.deepcopy(trained.model)
    for name, weight in model.named_parameters():
        if name in numbers:
            wholes, scales = numbers[name]
            weight.copy_(wholes * scales.float()[:, None])
        else:
            weight.copy_(weight.half())
    return replace(trained, model=model)


def pack(models: dict[str, Trained], more: dict) -> str:
    """What the page holds of a dense and a pruned model: the length of a header in JSON, the header with what `more`
    adds to it, and the numbers of both models; deflated, in base 85 without what means something in HTML."""
    numbers = rounded(*models.values())
    header, data = {"bpe": [_bpe(b) for b in next(iter(models.values())).bpe], "models": []}, []
    for (name, trained), of_model in zip(models.items(), numbers, strict=True):
        tensors = []
        for tensor, weight in trained.model.named_parameters():
            tensors.append({"name": tensor, "shape": list(weight.shape)})
            if weight.dim() == 1:
                data.append(weight.detach().half().numpy().tobytes())
                continue
            wholes, scales = of_model[tensor]
            if of_model is numbers[0]:
                data.append(_folded(wholes) + scales.numpy().tobytes())
                continue
            whole = numbers[0][tensor][0]
            rows, columns = _part(tensor, whole, trained.model.config)
            data.append(_folded(wholes - whole[rows][:, columns]))
            if wholes.shape != whole.shape:
                tensors[-1] |= {"rows": rows.tolist(), "columns": columns.tolist()}
        kept = {kind: trained.model.config.kept(kind) for kind in KINDS}
        config = asdict(trained.model.config) | {"kept_heads": kept}
        weights = read_json(trained.directory / "model.json")["sha256"]["model.safetensors"]
        header["models"].append({"name": name, "config": config, "sha256": weights, "tensors": tensors})
    told = json.dumps(header | more, ensure_ascii=False, separators=(",", ":")).encode()
    packed = zlib.compress(len(told).to_bytes(4, "little") + told + b"".join(data), 9)
    return base64.b85encode(packed).decode().translate(str.maketrans("<&", "[]"))


def _largest(weight: torch.Tensor) -> torch.Tensor:
    """The largest absolute value of each row, 0 in rows without columns."""
    return weight.abs().amax(1) if weight.size(1) else weight.new_zeros(len(weight))


def _part(name: str, weight: torch.Tensor, config: TransformerConfig) -> tuple[torch.Tensor, torch.Tensor]:
    """The rows and columns of a dense tensor that a model of this config still has: int64."""
    rows, columns, K = torch.arange(weight.size(0)), torch.arange(weight.size(-1)), config.head_size
    if found := re.fullmatch(r"(\w+)\.(\d+)\.(self|cross)_attention\.(in_weight|in_bias|out\.weight)", name):
        side, block, looking, which = found.groups()
        heads = torch.tensor(config.kept("cross" if looking == "cross" else side)[int(block)], dtype=torch.long)
        left = (heads[:, None] * K + torch.arange(K)).flatten()
        if which == "out.weight":
            columns = left
        else:
            rows = (torch.arange(3)[:, None] * config.num_heads * K + left).flatten()
    return rows, columns


def _folded(wholes: torch.Tensor) -> bytes:
    """0 -1 1 -2 2 … as 0 1 2 3 4 …: the low bytes of all, then the high ones, which deflate well."""
    folded = torch.where(wholes < 0, -2 * wholes - 1, 2 * wholes).numpy().astype("<u2").ravel()
    return (folded & 255).astype("u1").tobytes() + (folded >> 8).astype("u1").tobytes()


def _bpe(bpe: BPE) -> dict:
    """The characters in the order of their ids, and the pair of ids of each rule."""
    characters = "".join(sorted(bpe.characters, key=bpe.characters.get))
    return {"characters": characters, "rules": [i for pair in bpe.rules for i in pair]}


def instructive(models: dict[str, Trained]) -> list[dict]:
    """Contrast items that all models translate right, EACH of each of PHENOMENA where there are as many.

    Those that the last model is least sure of, which a closed head can tip.
    """
    found: list[dict] = []
    *_, last = models.values()
    for phenomenon in PHENOMENA:
        items = [item for item in load_contrast() if item.phenomenon == phenomenon]
        answers = [trained.translate([item.english for item in items]) for trained in models.values()]
        right = [item for item, *said in zip(items, *answers, strict=True) if set(said) == {item.right}]
        margins = {}
        for item in right:
            best, *others = score_pairs(last.model, last.bpe, [(item.english, x) for x in (item.right, *item.wrong)])
            margins[item.english] = best - max(others)
        found += [
            asdict(item)
            for item in sorted((x for x in right if margins[x.english] > 0), key=lambda x: margins[x.english])[:EACH]
        ]
    return found


def page(models: dict[str, Trained]) -> str:
    """The whole page; the first model dense, the second pruned from it."""
    words = sorted(next(iter(models.values())).words)
    more = {"start": START, "doubtful": DOUBTFUL, "words": words}
    more |= {"items": instructive(models), "faithful": faithful(models)}
    parts = {path.name: f"\n{path.read_text(encoding='utf-8')}" for path in WEB.iterdir()}
    policy = {"scripts": _hashes(*(parts[name] for name in SCRIPTS)), "styles": _hashes(parts["page.css"])}
    template, parts = parts["page.html"].lstrip(), parts | policy | {"data": pack(models, more)}
    return re.sub(r"\{\{(\S+)\}\}", lambda found: parts[found[1]], template)


def _hashes(*texts: str) -> str:
    """What a content-security policy says of the only scripts, or styles, that may act."""
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


def faithful(models: dict[str, Trained]) -> dict[str, int]:
    """Of how many phrasebook sentences the page writes the very translation of each shipped model."""
    corpus = prepare("phrasebook", log=lambda text: None)
    english = [pair[0] for split in ("test_seen", "test") for pair in corpus.pairs(split, SENTENCES // 2)]
    found = {"sentences": len(english)}
    for number, (trained, numbers) in enumerate(zip(models.values(), rounded(*models.values()), strict=True)):
        both = zip(trained.translate(english), as_in_the_page(trained, numbers).translate(english), strict=True)
        found[("dense", "pruned")[number]] = sum(one == other for one, other in both)
    return found


def main() -> None:
    path = in_clone("figures", "switchboard.html")
    text = page({name: nmt.load(name) for name in ("phrasebook", "phrasebook-pruned")})
    write_text(path, text)
    print(f"{path.name}: {len(text.encode()) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
