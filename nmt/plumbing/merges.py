"""Byte-pair merges learnt so that the same text gives the same ones, and the file of them that youtokentome reads.

youtokentome, which applies them, could learn them too; but it leaves the order of pairs of equal count to chance.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from heapq import heapify, heappop, heappush
from itertools import pairwise

from nmt import BOS, EOS, PAD, UNK

SPECIAL = 4  # ids: UNK, PAD, BOS, EOS
LONGEST = 100_000  # characters of a piece: 24 rules can make one of 16 million


def learn(words: Counter, size: int) -> list[list[int]]:
    """The lines of a file of youtokentome: characters and merges of words that occur so often, at most `size` ids,
    fewer where all words are whole. Of pairs of equal count the first by text is merged."""
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
    while waiting and len(texts) < size - SPECIAL:
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
    characters = [[ord(character), SPECIAL + i] for character, i in ids.items()]
    rules = [[SPECIAL + number for number in rule] for rule in rules]
    return [[len(ids), len(rules)], *characters, *rules, [UNK, PAD, BOS, EOS]]


def parse(text: str) -> tuple[dict[str, int], dict[tuple[int, int], int]]:
    """Read youtokentome's format: {character: id} and {(left, right): merged}. Raises ValueError for a damaged file.

    Its lines are decimal numbers: a header "characters rules", "code point, id" for each character, "left, right, new"
    for each rule, the ids of UNK PAD BOS EOS. The library loads damaged files silently, so every line is checked here.
    """
    lines = text.split("\n")
    if not re.fullmatch(r"\d{1,9} \d{1,9}\n(\d{1,9}( \d{1,9})*\n)*", text):
        raise ValueError("no header, not lines of numbers, or the last line is cut")
    numbers = [[int(number) for number in line.split(" ")] for line in lines[:-1]]
    n_characters, n_rules = numbers[0]
    if len(numbers) != n_characters + n_rules + 2:
        raise ValueError(f"{len(numbers)} lines, {n_characters + n_rules + 2} announced")
    if numbers[-1] != [UNK, PAD, BOS, EOS]:
        raise ValueError(f"special ids {numbers[-1]}")
    characters = {chr(code): number for code, number in numbers[1 : n_characters + 1]}
    if sorted(characters.values()) != list(range(SPECIAL, SPECIAL + n_characters)):
        raise ValueError("the ids of the characters have gaps")
    if "▁" not in characters:  # youtokentome ends the process
        raise ValueError("▁, the beginning of a word, is not among the characters")
    if odd := [c for c in characters if f"{c}.".splitlines() != [f"{c}."] or unicodedata.category(c) == "Cs"]:
        raise ValueError(f"the character {odd[0]!r} ends a line or is none")
    rules, lengths = {}, dict.fromkeys(characters.values(), 1)
    for new, (left, right, number) in enumerate(numbers[n_characters + 1 : -1], SPECIAL + n_characters):
        if number != new or not SPECIAL <= min(left, right) <= max(left, right) < new:
            raise ValueError(f"rule {left} {right} {number} at the place of {new}")
        rules[left, right] = number
        lengths[new] = lengths[left] + lengths[right]
    if max(lengths.values()) > LONGEST or sum(lengths.values()) > 100 * LONGEST:
        raise ValueError(f"a piece of more than {LONGEST:,} characters, or all together of a hundred times as many")
    if len(rules) != n_rules:
        raise ValueError("a rule stands twice")
    return characters, rules
