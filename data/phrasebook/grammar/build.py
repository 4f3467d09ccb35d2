"""Contrast items of generated sentences."""

import json
from collections.abc import Callable, Iterator

from grammar.clauses import Sentence, text
from grammar.edits import BOTH_WAYS, EDITS, wrong_lines
from nmt.phrasebook.contrast import Item, hit


def build(sentences: Iterator[Sentence], each: int, score: Callable[[str], float]) -> list[Item]:
    """`each` items of every phenomenon, taken from `sentences`; a sentence serves one phenomenon.

    They are balanced: `score`, which sees the Russian line only, is right as often as a coin, or one item off.
    """
    found: dict[str, list[Item]] = {tag: [] for tag in EDITS}
    luck = dict.fromkeys(EDITS, 0.0)  # hits of `score` above chance
    missing = set(found)
    while missing:
        made = next(sentences)
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


def to_json(item: Item) -> str:
    return json.dumps(vars(item), ensure_ascii=False)
