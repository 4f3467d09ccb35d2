"""Learning byte-pair merges so that the same text gives the same ones: of pairs of equal count the first by text.

youtokentome, which applies them, could learn them too; but it leaves the order of equal counts to chance.
"""

from collections import Counter, defaultdict
from heapq import heapify, heappop, heappush
from itertools import pairwise


def learn(words: Counter, most: int, first: int) -> list[list[int]]:
    """The lines of a file of youtokentome, without its last: characters and merges of words that occur so often.

    Their ids begin with `first`; there are at most `most`, fewer where all words are whole.
    """
    count = Counter()
    for word, times in words.items():
        for character in word:
            count[character] += times
    texts = sorted(count, key=lambda character: (-count[character], character))
    ids, rules = {character: i for i, character in enumerate(texts)}, []
    rows, times = [[ids[character] for character in word] for word in words], list(words.values())
    pairs, places = Counter(), defaultdict(set)  # how often a pair of neighbours occurs, and in which words

    def add(i: int, sign: int) -> None:
        for pair in pairwise(rows[i]):
            pairs[pair] += sign * times[i]
            places[pair].add(i)

    def entry(pair: tuple[int, int]) -> tuple:
        return -pairs[pair], texts[pair[0]], texts[pair[1]], pair

    for i in range(len(rows)):
        add(i, 1)
    heapify(waiting := [entry(pair) for pair in pairs])
    while waiting and len(texts) < most:
        often, *_, pair = heappop(waiting)
        if often == 0 or -often != pairs[pair]:  # it has been counted anew since
            continue
        new, changed = len(texts), set()
        rules.append([*pair, new])
        texts.append(texts[pair[0]] + texts[pair[1]])
        for i in places.pop(pair):
            changed.update(pairwise(rows[i]))
            add(i, -1)
            row = []
            for one in rows[i]:
                if row and (row[-1], one) == pair:
                    row[-1] = new
                else:
                    row.append(one)
            rows[i] = row
            add(i, 1)
            changed.update(pairwise(row))
        for one in changed:
            heappush(waiting, entry(one))
    characters = [[ord(character), first + i] for character, i in ids.items()]
    return [[len(ids), len(rules)], *characters, *([first + number for number in rule] for rule in rules)]
