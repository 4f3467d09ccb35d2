"""The order of a vocabulary: youtokentome gives characters and merges of equal count in one that chance decides."""

from collections import Counter
from collections.abc import Iterable
from heapq import heapify, heappop, heappush

Rules = dict[tuple[int, int], int]  # (left, right) -> what they become, as in the files of youtokentome


def count(words: Iterable[list[int]], times: Iterable[int], rules: Rules) -> Counter:
    """How often each character stands in the text, and each rule applies, if words of such ids stand there so often."""
    counts = Counter()
    for ids, often in zip(words, times, strict=True):
        for one in ids:
            counts[one] += often
    for (left, right), number in sorted(rules.items(), key=lambda rule: -rule[1]):  # the largest pieces first
        counts[left] += counts[number]
        counts[right] += counts[number]
    return counts


def in_order(characters: dict[str, int], rules: Rules, counts: Counter, first: int) -> list[list[int]]:
    """The lines of a file with new ids, from `first`: the most frequent first, of equals by text, a rule after those of
    its parts."""
    names = {number: character for character, number in characters.items()}
    for (left, right), number in sorted(rules.items(), key=lambda rule: rule[1]):
        names[number] = f"({names[left]}{names[right]})"

    def place(number: int) -> tuple:
        return -counts[number], names[number].replace("(", "").replace(")", ""), names[number], number

    pairs = {number: pair for pair, number in rules.items()}
    new = {number: first + i for i, number in enumerate(sorted(characters.values(), key=place))}
    rows = [[len(new), len(pairs)], *([ord(names[number]), i] for number, i in new.items())]
    parents = {number: [] for number in names}
    for number, pair in pairs.items():
        for part in {*pair}:
            parents[part].append(number)
    ready = [place(number) for number, pair in pairs.items() if new.keys() >= {*pair}]
    heapify(ready)
    while ready:
        number = heappop(ready)[-1]
        new[number] = first + len(new)
        rows.append([*(new[part] for part in pairs[number]), new[number]])
        for parent in parents[number]:
            if new.keys() >= {*pairs[parent]}:
                heappush(ready, place(parent))
    return rows
