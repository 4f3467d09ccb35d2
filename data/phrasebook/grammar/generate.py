"""From frames to the four splits and the contrast set, and their files."""

import gzip
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path

from frequency import unigram
from grammar import lexicon
from grammar.contractions import contract, key
from grammar.contrast_edits import BOTH_WAYS, EDITS, wrong_lines
from grammar.frames import FRAMES, smalltalk
from grammar.gold import gold
from grammar.sentences import Sentence, text
from grammar.world import World
from nmt import NmtError
from nmt.phrasebook.contrast import Item, hit
from nmt.plumbing.files import whole_file
from nmt.plumbing.places import in_clone

SEED = 1
SIZES = {"train": 36_000, "valid": 1_000, "test": 1_000, "test_seen": 1_000}
LEAST = 20  # times a lemma stands in train before it may stand in another split
CONTRAST = 120  # items of each phenomenon
PATIENCE = 3_000  # sentences drawn for a rare lemma without finding a new one, before it is left rare
CLASHES = 2_000  # one English line in so many may be drawn with another Russian than it has, and is drawn in vain
HELD_OUT = 12  # one in so many lemma pairs is kept for `test`
CONTRACTED = {True: 1 / 2, False: 1 / 3}  # of the sentences that could be; of smalltalk, and of others


@cache
def held_out() -> frozenset[str]:
    """Lemma pairs (verb>object, adjective+noun) never seen in training, chosen by hash.

    They are spread: no verb, adjective or noun loses more than a fifth of its company.
    """
    words = lexicon.load()
    pairs = [(f"{v.key}>{noun.ru}", v.key, noun.ru) for v in words.verbs for noun in v.objects]
    pairs += [(f"{a.en}+{noun.ru}", a.en + "+", noun.ru) for a in words.adjectives for noun in a.nouns]
    company = Counter(word for _, *both in pairs for word in both)
    chosen = set()
    lost: Counter = Counter()
    for pair, *both in sorted(pairs, key=lambda pair: hashlib.sha256(pair[0].encode()).digest()):
        if len(chosen) < len(pairs) / HELD_OUT and all(5 * (lost[word] + 1) <= company[word] for word in both):
            chosen.add(pair)
            lost.update(both)
    return frozenset(chosen)


@cache
def everyday() -> frozenset[str]:
    """Keys of the sentences of data/models/everyday.tsv, which no corpus may have: models are tested on them."""
    lines = in_clone("data", "models", "everyday.tsv").read_text(encoding="utf-8").splitlines()
    return frozenset(key(line.split("\t")[0]) for line in lines if not line.startswith("#"))


def sentences(world: World, frames: Collection[str] = ()) -> Iterator[Sentence]:
    """Ever new sentences: no fixed phrase, none of `everyday`, and for each English line the Russian it had first.

    `frames`: the names of those to draw from, all where it is empty; it may change on the way.
    Raises NmtError where more than one line in CLASHES would get a second Russian: then the grammar must decide.
    """
    phrases_en, phrases_ru = smalltalk.reserved()
    known: dict[str, str] = {}
    russian = set(phrases_ru)
    clashes: list[str] = []
    while True:
        shares = {frame: share for frame, share in FRAMES.items() if not frames or frame.__name__ in frames}
        frame = world.random.choices(list(shares), list(shares.values()))[0]
        made = frame(world)
        made.frame = frame.__name__
        en, ru = text(made.english), text(made.russian)
        if (said := key(en)) in phrases_en or said in everyday():
            continue
        if known.setdefault(en, ru) != ru:
            clashes.append(f"{frame.__name__}: {en!r} is both {known[en]!r} and {ru!r}")
            if len(clashes) > 5 + len(known) / CLASHES:
                raise NmtError("the grammar must decide:\n" + "\n".join(clashes))
        elif ru not in russian:
            russian.add(ru)
            yield made


def splits(
    seed: int = SEED, sizes: dict[str, int] = SIZES, least: int = LEAST, phrases: bool = True
) -> dict[str, list[Sentence]]:
    """The four splits: `test` has a held-out pair in each sentence, the others none.

    Every lemma of the others stands `least` times in train, but for words of patterns, which stand there once.
    `phrases`: whether train has all fixed phrases, which stand nowhere else.
    """
    world = World(seed)
    frames: set[str] = set()
    source = sentences(world, frames)
    fixed = smalltalk.phrases() if phrases else []
    drawn = sizes["train"] - len(fixed)
    spare = sum(sizes.values()) // 40  # for sentences with a lemma that turns out too rare
    pools: dict[bool, list[Sentence]] = {False: [], True: []}  # by whether there is a held-out pair
    wanted = {False: drawn + sizes["valid"] + sizes["test_seen"] + spare, True: sizes["test"] + spare}
    while any(len(pools[held]) < wanted[held] for held in pools):
        made = next(source)
        held = bool(made.notes.combos & held_out())
        if len(pools[held]) < wanted[held]:
            pools[held].append(made)
            if not held:
                world.count_use(made.russian)
    seen = pools[False]
    world.random.shuffle(seen)
    train, seen = seen[:drawn], seen[drawn:]
    counts = Counter(counted for made in train for counted in lemmas(made))
    rare = {counted for counted in counts if counts[counted] < least and not is_fixed(counted)}
    frames_with = defaultdict(set)
    for made in pools[False]:
        for one in lemmas(made):
            frames_with[one].add(made.frame)
    in_vain = 0
    while rare and in_vain < PATIENCE:  # a sentence with a rare lemma replaces one whose lemmas are all frequent
        in_vain += 1
        frames.clear()
        frames |= set().union(*(frames_with[one] for one in rare))
        made = next(source)
        if not rare.isdisjoint(lemmas(made)) and not made.notes.combos & held_out():
            place = next(i for i, old in enumerate(train) if all(counts[one] > 3 * least for one in lemmas(old)))
            counts.subtract(lemmas(train[place]))
            counts.update(lemmas(made))
            train[place], in_vain = made, 0
            rare = {counted for counted in rare if counts[counted] < least}
    seen, unseen = (
        [made for made in pool if all(counts[one] >= (1 if is_fixed(one) else least) for one in lemmas(made))]
        for pool in (seen, pools[True])
    )
    valid, test_seen = seen[: sizes["valid"]], seen[sizes["valid"] :][: sizes["test_seen"]]
    train += fixed
    world.random.shuffle(train)
    made_splits = {"train": train, "valid": valid, "test": unseen[: sizes["test"]], "test_seen": test_seen}
    for made in chain(*made_splits.values()):
        if world.chance(CONTRACTED["smalltalk" in made.notes.tags]):
            contract(made, world.random)
    return made_splits


def lemmas(made: Sentence) -> list[str]:
    """The Russian lemmas of a sentence; a word that is known by its form only (smalltalk) is marked with =."""
    return [word.lemma if word.pos else "=" + word.lemma for word in made.russian]


def is_fixed(counted: str) -> bool:
    return counted.startswith("=")


def contrast_set(made: dict[str, list[Sentence]]) -> list[Item]:
    """Contrast items from sentences that are in no split, of seen combinations and lemmas that stand in train.

    They have no contractions, since the edits look at "do" and "not", and nothing of smalltalk.
    """
    counts = Counter(word.lemma for one in made["train"] for word in one.russian if word.pos)
    taken = {line for one in chain(*made.values()) for line in (key(text(one.english)), text(one.russian))}
    fresh = (
        one
        for one in sentences(World(SEED + 1))
        if not one.notes.combos & held_out()
        and "smalltalk" not in one.notes.tags
        and not {key(text(one.english)), text(one.russian)} & taken
        and all(counts[word.lemma] >= LEAST for word in one.russian)
    )
    return balanced_items(fresh, CONTRAST, unigram(text(one.russian) for one in made["train"]))


def balanced_items(source: Iterator[Sentence], each: int, score: Callable[[str], float]) -> list[Item]:
    """`each` items of every phenomenon; a sentence serves one phenomenon.

    They are balanced: `score`, which sees the Russian line only, is right as often as a coin, or one item off.
    """
    found: dict[str, list[Item]] = {tag: [] for tag in EDITS}
    luck = dict.fromkeys(EDITS, 0.0)  # hits of `score` above chance
    missing = set(found)
    while missing:
        made = next(source)
        tags = sorted((made.notes.tags | BOTH_WAYS) & missing, key=lambda tag: (len(found[tag]), tag))
        for tag in tags:
            if wrong := wrong_lines(made, tag):
                item = Item(tag, text(made.english), text(made.russian), wrong)
                gain = hit(score(item.right), list(map(score, wrong))) - 1 / (1 + len(wrong))
                if abs(luck[tag] + gain) <= 1:
                    luck[tag] += gain
                    found[tag].append(item)
                    if len(found[tag]) == each:
                        missing.discard(tag)
                    break
    return [item for tag in sorted(found) for item in found[tag]]


def write(directory: str | Path) -> None:
    """SPLIT.tsv.gz and SPLIT.gold.jsonl.gz of the four splits, and contrast.jsonl.gz."""
    made = splits()
    for name, sentences_ in made.items():
        lines = (f"{text(s.english)}\t{text(s.russian)}\t{' '.join(sorted(s.notes.tags))}" for s in sentences_)
        write_lines(Path(directory) / f"{name}.tsv.gz", lines)
        records = (json.dumps(vars(gold(s)), ensure_ascii=False, separators=(",", ":")) for s in sentences_)
        write_lines(Path(directory) / f"{name}.gold.jsonl.gz", records)
    items = (json.dumps(vars(item), ensure_ascii=False) for item in contrast_set(made))
    write_lines(Path(directory) / "contrast.jsonl.gz", items)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Gzip without a time stamp or name: equal lines give equal bytes under one zlib."""
    data = "".join(line + "\n" for line in lines).encode()
    with whole_file(path) as temporary:
        temporary.write_bytes(gzip.compress(data, mtime=0))
