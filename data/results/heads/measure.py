"""What heads look at and are needed for: `python data/results/heads/measure.py` measures what notebook 06 tells.

    nmt prune --checkpoint phrasebook --data phrasebook --batch_tokens 700 --limit_val_batches 10 --heads all --keep 12
        --dropout 0.1 --lr 0.0005 --max_epochs 5 --seed 2 --run DIR/seed-2      (and 3; each about 6 minutes)
    python data/results/heads/measure.py --runs DIR                             (about twenty minutes of one core)

Without --runs the lines of seeds 2 and 3, whose weights are not kept, stay as they are, as do those of all models that
--models does not name. Written beside this script:

    models.jsonl  what was measured, and with what
    causes.jsonl  heads closed, to zero or to their mean: the contrast items that this turns wrong, and those it turns
                  right, by their numbers, and by how many nats the margin changes in each phenomenon, mean and error
    chains.jsonl  of the dense model, for each phenomenon: heads closed one after another, each the costliest
    roles.jsonl   scores of `looking.py`, halves of the sentences apart; on PUD where it is at hand
"""

import argparse
import hashlib
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import looking
import numpy as np
import pud
import torch
import torch.nn.functional as F
from torch import Tensor

from nmt import BOS, EOS, PAD
from nmt.batches import pad, source_batch
from nmt.bpe import BPE
from nmt.corpora.corpus import prepare
from nmt.corpora.normalise import clean
from nmt.models import Trained
from nmt.phrasebook.contrast import Item, load_contrast
from nmt.plumbing.files import json_lines, read_json_lines, write_text
from nmt.plumbing.places import shipped
from nmt.plumbing.provenance import description_of_session
from nmt.pruning import masks
from nmt.runs import load
from nmt.transformer import KINDS, Transformer

sys.path.append(str(shipped() / "phrasebook"))

from gold import Gold, load_gold

SHIPPED = {"dense": "phrasebook", "pruned": "phrasebook-pruned", "real": "real", "real-pruned": "real-pruned"}
SEEDS = 2, 3  # of other pruned models; the shipped one has seed 1
PHRASEBOOKS = "dense", "pruned", *(f"seed {seed}" for seed in SEEDS)
MODELS = (*PHRASEBOOKS, "untrained dense", "real", "real-pruned", "untrained real")
SPLITS = "test_seen", "test"  # whose gold links tell roles
OFFSETS = range(-4, 5)
RELATIONS = "nsubj", "obj", "amod", "advmod"
FEWEST = 30  # pairs of a relation, or it tells nothing
LONGEST = 3  # heads of a chain
Head = tuple[str, int, int]  # kind, layer, number


# Causes.


def heads_of(model: Transformer) -> list[Head]:
    there = masks.all_kept(model, KINDS)
    return [(kind, *place) for kind in KINDS for place in there[kind].nonzero().tolist()]


def groups_of(model: Transformer) -> list[list[Head]]:
    """All heads of a layer, and all of a kind, where the model has any."""
    heads = heads_of(model)
    layers = [[head for head in heads if head[:2] == (kind, layer)] for kind in KINDS for layer in range(2)]
    kinds = [[head for head in heads if head[0] == kind] for kind in KINDS]
    return [group for group in (*layers, *(kind for kind in kinds if kind not in layers)) if len(group) > 1]


@torch.inference_mode()
def means(trained: Trained, pairs: Sequence[tuple[str, str]]) -> dict[str, list[Tensor]]:
    """What each head says in the mean over all places of these pairs: {kind: for each layer (H' K,)}."""
    model = trained.model
    sums = {kind: [torch.zeros(layer.out.in_features) for layer in model.gated_layers(kind)] for kind in KINDS}
    english, russian = (b.encode([pair[side] for pair in pairs]) for side, b in enumerate(trained.bpe))
    for source, target in zip(english, russian, strict=True):  # one by one: no padding
        hooks = [
            layer.out.register_forward_pre_hook(add_to(total))
            for kind in KINDS
            for layer, total in zip(model.gated_layers(kind), sums[kind], strict=True)
            if layer.num_heads
        ]
        model(source_batch([source], "cpu"), pad([[BOS, *target]], "cpu"))
        for hook in hooks:
            hook.remove()
    return {kind: [total / len(pairs) for total in of_kind] for kind, of_kind in sums.items()}


def add_to(total: Tensor) -> Callable:
    def hook(_: torch.nn.Module, read: tuple[Tensor]) -> None:
        total.add_(read[0][0].mean(0))

    return hook


@contextmanager
def closed(model: Transformer, heads: Sequence[Head], to: dict[str, list[Tensor]] | None = None) -> Iterator[None]:
    """Inside, these heads say nothing or, with `means`, always the same: a constant, which the bias of W_O can hold."""
    mask = masks.all_kept(model, KINDS)
    for kind, layer, head in heads:
        mask[kind][layer, head] = False
    before = {}
    with masks.without_gates(model, KINDS), torch.no_grad():
        masks.apply(model, mask)
        for kind, number, head in heads if to else ():
            layer = model.gated_layers(kind)[number]
            before.setdefault(layer, layer.out.bias.clone())
            place = model.config.kept(kind)[number].index(head) * layer.head_size
            columns = slice(place, place + layer.head_size)
            layer.out.bias += layer.out.weight[:, columns] @ to[kind][number][columns]
        try:
            yield
        finally:
            for layer, bias in before.items():
                layer.out.bias.copy_(bias)


class Margins:
    """log P(right) - log P(the most probable wrong line) of each item: call it, with the numbers of the items.

    As by `score_pairs`, but in half the time: an English line is encoded once for all its Russian ones, or, while no
    head of the encoder is closed, once for all; what the lines of an item have in common at their beginning cancels.
    """

    def __init__(self, trained: Trained, items: Sequence[Item]) -> None:
        self.model, bpe = trained.model.eval(), trained.bpe
        self.sources = bpe[0].encode([clean(item.english) for item in items])
        lines = iter(bpe[1].encode([clean(line) for item in items for line in (item.right, *item.wrong)]))
        self.targets = [[[BOS, *next(lines), EOS] for _ in (item.right, *item.wrong)] for item in items]
        self.memories: dict[tuple[int, ...], tuple[Tensor, Tensor]] = {}

    @torch.inference_mode()
    def __call__(self, numbers: Sequence[int] | None = None, encoder_closed: bool = False) -> np.ndarray:
        numbers = range(len(self.sources)) if numbers is None else numbers
        order = sorted(numbers, key=lambda number: len(self.targets[number][0]))
        found = {}
        for start in range(0, len(order), 60):
            found |= self._batch(tuple(order[start : start + 60]), encoder_closed)
        return np.array([found[number] for number in numbers])

    def _batch(self, numbers: tuple[int, ...], encoder_closed: bool) -> dict[int, float]:
        if encoder_closed or numbers not in self.memories:
            memory = self.model.encode(source_batch([self.sources[number] for number in numbers]))[:2]
            if not encoder_closed:
                self.memories[numbers] = memory
        else:
            memory = self.memories[numbers]
        lines = [(row, line) for row, number in enumerate(numbers) for line in self.targets[number]]
        rows = torch.tensor([row for row, _ in lines])
        trg = pad([line for _, line in lines])
        differs = torch.tensor([common(self.targets[number]) for number in numbers])[rows]
        states, _ = self.model.decode(trg[:, :-1], memory[0][rows], memory[1][rows])
        scored = (trg[:, 1:] != PAD) & (torch.arange(trg.size(1) - 1) >= differs[:, None])
        losses = F.cross_entropy(self.model.generator(states[scored]), trg[:, 1:][scored], reduction="none")
        scores = torch.zeros(len(lines)).index_add_(0, scored.nonzero()[:, 0], -losses).tolist()
        given = iter(scores)
        return {n: next(given) - max(next(given) for _ in self.targets[n][1:]) for n in numbers}


def common(lines: Sequence[Sequence[int]]) -> int:
    """How many tokens after BOS all lines share at their beginning."""
    return next(i for i, tokens in enumerate(zip(*lines, strict=False)) if len(set(tokens)) > 1) - 1


def cause(name: str, heads: Sequence[Head], to: str, whole: np.ndarray, now: np.ndarray, of: dict) -> dict:
    """A line of causes.jsonl. of: phenomenon -> numbers of its items."""
    change = {p: now[numbers] - whole[numbers] for p, numbers in of.items()}
    nats = {p: [round(c.mean(), 3), round(c.std(ddof=1) / len(c) ** 0.5, 3)] for p, c in change.items()}
    lost, won = ((a > 0) & (b <= 0) for a, b in ((whole, now), (now, whole)))
    turned = {"lost": lost.nonzero()[0].tolist(), "won": won.nonzero()[0].tolist()}
    return {"model": name, "closed": heads, "to": to, **turned, "nats": nats}


def causes(name: str, trained: Trained, items: Sequence[Item]) -> Iterator[dict]:
    model, of, margins = trained.model, by_phenomenon(items), Margins(trained, items)
    whole = margins()
    wrong = (whole <= 0).nonzero()[0].tolist()
    nats = {p: [round(whole[numbers].mean(), 3), 0] for p, numbers in of.items()}
    yield {"model": name, "closed": [], "to": "", "lost": wrong, "won": [], "nats": nats}
    constant = means(trained, list(prepare("phrasebook").pairs("valid")))
    for to in ("zero", "mean"):
        for heads in (*([head] for head in heads_of(model)), *groups_of(model)):
            with closed(model, heads, constant if to == "mean" else None):
                yield cause(name, heads, to, whole, margins(encoder_closed=heads[0][0] == "encoder"), of)


def by_phenomenon(items: Sequence[Item]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, item in enumerate(items):
        found.setdefault(item.phenomenon, []).append(number)
    return found


def drawn(numbers: Sequence[int]) -> tuple[list[int], list[int]]:
    """One half drawn by lot, and the other: not every second item, for of neighbours often one says *not*."""
    half = set(random.Random(0).sample(list(numbers), len(numbers) // 2))
    return [number for number in numbers if number in half], [number for number in numbers if number not in half]


def chains(trained: Trained, items: Sequence[Item]) -> Iterator[dict]:
    """For each phenomenon the heads that cost most together, found one by one on half of the items; on the others: what
    all so far cost, and what each costs alone."""
    margins = Margins(trained, items)

    def without(heads: list[Head], numbers: Sequence[int]) -> np.ndarray:
        with closed(trained.model, heads):
            return margins(numbers, any(kind == "encoder" for kind, _, _ in heads))

    for phenomenon, numbers in by_phenomenon(items).items():
        to_choose, fresh = drawn(numbers)
        whole, chain, together, alone = margins(fresh), [], [], []
        while len(chain) < LONGEST:
            tried = {head: without([*chain, head], to_choose) for head in heads_of(trained.model) if head not in chain}
            chain.append(min(tried, key=lambda head: ((tried[head] > 0).sum(), tried[head].mean())))
            for heads, kept in ((chain, together), (chain[-1:], alone)):
                now = without(heads, fresh)
                kept.append([int(((a > 0) & (b <= 0)).sum()) for a, b in ((whole, now), (now, whole))])
        line = {"phenomenon": phenomenon, "items": len(fresh), "right": int((whole > 0).sum()), "heads": chain}
        yield line | {"lost and won together": together, "lost and won alone": alone}


# Roles.


def halves(sentences: Sequence) -> list[Sequence]:
    return [sentences[0::2], sentences[1::2]]


def role_scores(found: dict, links: dict[str, list], counts: Sequence[Sequence[int]]) -> Iterator[dict]:
    """Lines of roles.jsonl: the score of each head on both halves, and of the best fixed offset of the first half.

    links: "kind relation" -> for each sentence its pairs (word that looks, partner).
    """
    for kind in KINDS:
        split = halves(found[kind])
        yield {"kind": kind, "role": "confidence", "scores": [rounded(looking.confidence(half)) for half in split]}
        for offset in OFFSETS:
            scores = [rounded(looking.positional(half, offset)) for half in split]
            yield {"kind": kind, "role": f"position {offset:+}", "scores": scores}
    for name, pairs in links.items():
        kind, _, relation = name.partition(" ")
        first, second = halves(pairs)
        if sum(map(len, first)) < FEWEST:
            continue
        offset = looking.best_offset(first)
        fixed = [round(looking.at_offset(half, offset), 4) for half in (first, second)]
        split = zip(halves(found[kind]), (first, second), strict=True)
        line = {"pairs": sum(map(len, pairs)), "offset": offset, "fixed": fixed}
        yield {"kind": kind, "role": relation, "scores": [rounded(looking.pointing(*half)) for half in split], **line}
    rare = [number for number, count in enumerate(counts) if count and min(count) > 0]
    for most in (1, 2) if rare else ():
        chosen, known = ([values[n] for n in rare] for values in (found["encoder"], counts))
        scores = [rounded(looking.rare_word(*half, most)) for half in zip(halves(chosen), halves(known), strict=True)]
        chance = round(float(np.mean([min(1, most / len(count)) for count in known])), 4)
        yield {
            "kind": "encoder",
            "role": f"rarest {most}",
            "scores": scores,
            "sentences": len(rare),
            "fixed": [chance] * 2,
        }


def rounded(scores: Tensor) -> list[list[float]]:
    return [[round(value, 4) for value in row] for row in scores.tolist()]


def backwards(pairs: Sequence[looking.Pairs]) -> list[looking.Pairs]:
    return [[(partner, word) for word, partner in links] for links in pairs]


def both_ways(kind: str, relation: str, pairs: list[looking.Pairs]) -> dict[str, list[looking.Pairs]]:
    """A relation and its reverse; of the decoder, which does not see ahead, only pairs whose partner comes before."""
    ways = {f"{kind} {relation} →": pairs, f"{kind} {relation} ←": backwards(pairs)}
    if kind == "decoder":
        ways = {name: [[(w, p) for w, p in links if p < w] for links in way] for name, way in ways.items()}
    return ways


def gold_links(gold: Sequence[Gold]) -> dict[str, list[looking.Pairs]]:
    """From each word to the one that decides its form: English ones for the encoder, Russian for the decoder."""
    links = {}
    for relation in ("agreement", "government", "antecedent"):
        for kind, field in (("encoder", "source_links"), ("decoder", "links")):
            pairs = [[(w, d) for name, w, d in getattr(one, field) if name == relation and w != d] for one in gold]
            links |= both_ways(kind, relation, pairs)
        links[f"cross {relation} →"] = [  # the English word of the deciding one
            [(w, one.alignment[d][0]) for name, w, d in one.links if name == relation and one.alignment[d]]
            for one in gold
        ]
    return links


def pud_links(sentences: Sequence[tuple[pud.Tree, pud.Tree]]) -> dict[str, list[looking.Pairs]]:
    """From each word to the one it depends on."""
    links = {}
    for relation in RELATIONS:
        for kind, side in (("encoder", 0), ("decoder", 1)):
            pairs = [[(w, h) for name, w, h in both[side].relations if name == relation] for both in sentences]
            links |= both_ways(kind, relation, pairs)
    return links


def frequencies(words: Sequence[Sequence[str]], most: int = 500) -> list[list[int]]:
    """How often each word stands in the training split of the phrasebook; nothing of sentences all of whose words are
    among the `most` frequent ones."""
    known: dict[str, int] = {}
    for one in load_gold("train"):
        for word in one.english:
            known[word.lower()] = known.get(word.lower(), 0) + 1
    common = set(sorted(known, key=known.get, reverse=True)[:most])
    counts = [[known.get(word.lower(), 0) for word in of_one] for of_one in words]
    return [c if not {w.lower() for w in of_one} <= common else [] for c, of_one in zip(counts, words, strict=True)]


def alignment_errors(found: dict, alignments: Sequence) -> Iterator[dict]:
    for name, reading in (("cross", "predicts"), ("cross input", "input")):
        scores = rounded(looking.alignment_error(found[name], alignments))
        yield {"kind": "cross", "role": f"alignment error, {reading}", "scores": [scores]}


def roles_on_gold(name: str, model: Transformer, bpe: tuple[BPE, BPE]) -> Iterator[dict]:
    corpus = prepare("phrasebook")
    gold = [one for split in SPLITS for one in load_gold(split)]
    pairs = [pair for split in SPLITS for pair in corpus.pairs(split)]
    found = looking.look(model, bpe, pairs, [(one.english, one.russian) for one in gold])
    scores = role_scores(found, gold_links(gold), frequencies([one.english for one in gold]))
    for line in (*scores, *alignment_errors(found, [one.alignment for one in gold])):
        yield {"model": name, "on": "gold links", **line}


def roles_on_pud(name: str, model: Transformer, bpe: tuple[BPE, BPE]) -> Iterator[dict]:
    """On the sentences of which the model knows all characters: the pieces of others spell nothing."""
    sentences, where = pud.at_hand()
    if not sentences:
        print(where)
        return
    known = [both for both in sentences if not any(b.unknown(one.text) for b, one in zip(bpe, both, strict=True))]
    texts = [(english.text, russian.text) for english, russian in known]
    words = [[[word.replace(" ", "") for word in one.words] for one in both] for both in known]
    found = looking.look(model, bpe, texts, words)
    for line in role_scores(found, pud_links(known), [[] for _ in known]):
        yield {"model": name, "on": "PUD", "of": len(known), **line}


def untrained(like: Transformer) -> Transformer:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Transformer(like.config).eval()


# All of it.


def about(name: str, model: Transformer) -> dict:
    weights = hashlib.sha256()
    for _, tensor in sorted(model.state_dict().items()):
        weights.update(tensor.contiguous().numpy().tobytes())
    heads = {"heads": len(heads_of(model)), "kept heads": model.config.kept_heads}
    return {"model": name, **heads, "weights": weights.hexdigest()}


def put(path: Path, lines: Iterable[dict]) -> None:
    """Write lines in place of those of the same models; those of others stay."""
    lines = list(lines)
    now = {line["model"] for line in lines}
    others = [line for line in read_json_lines(path) if line["model"] not in now] if path.is_file() else []
    write_text(path, json_lines(sorted([*others, *lines], key=lambda line: MODELS.index(line["model"]))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, help="the folder of the runs seed-2 and seed-3")
    parser.add_argument("--only", nargs="+", default=["causes", "chains", "roles"])
    parser.add_argument("--models", nargs="+", default=MODELS, metavar="NAME", help=", ".join(MODELS))
    given = parser.parse_args()
    torch.set_num_threads(1)
    folder, items = Path(__file__).resolve().parent, load_contrast()
    places = {name: shipped() / "models" / place for name, place in SHIPPED.items()}
    if given.runs:
        places |= {f"seed {seed}": given.runs / f"seed-{seed}" for seed in SEEDS}
    session = description_of_session(torch.device("cpu"), 0)
    for name, place in places.items():
        if name not in given.models:
            continue
        trained = load(str(place))
        line = about(name, trained.model) | {key: session[key] for key in ("git", "versions", "device")}
        put(folder / "models.jsonl", [line])
        if "causes" in given.only and name in PHRASEBOOKS:
            put(folder / "causes.jsonl", causes(name, trained, items))
        if "chains" in given.only and name == "dense":
            write_text(folder / "chains.jsonl", json_lines(chains(trained, items)))
        if "roles" in given.only:
            beside = {f"untrained {name}": untrained(trained.model)} if name in ("dense", "real") else {}
            for said, model in ({name: trained.model} | beside).items():
                lines = list(roles_on_gold(said, model, trained.bpe)) if name in PHRASEBOOKS else []
                if name not in PHRASEBOOKS[2:]:
                    lines += roles_on_pud(said, model, trained.bpe)
                put(folder / "roles.jsonl", lines)


if __name__ == "__main__":
    main()
