"""The gold structure of a sentence pair: words, what they translate, and which word decides a form.

A word is what WORD matches: letters with inner hyphens and apostrophes, or one punctuation mark. All indices count
words from 0. SPLIT.gold.jsonl.gz holds one JSON object a line, line by line with SPLIT.tsv.gz.
"""

import re
from dataclasses import dataclass

from nmt import NmtError
from nmt.phrasebook.contrast import read_records

WORD = re.compile(r"\w+(?:['-]\w+)*'?|[^\w\s]")


@dataclass(frozen=True)
class Gold:
    """One pair. `lemmas`, `features` and `alignment` have one entry for each Russian word.

    features: part of speech and grammemes in the words of OpenCorpora ("NOUN femn sing accs").
    alignment: for each Russian word the English words that give it its lexical meaning, the main one first; none for
        words that only Russian has (a comma, a governed preposition).
    links: (kind, word, deciding word), both Russian. Kinds: agreement (gender, number, case or person come from it),
        government (case, or the infinitive, is required by it), antecedent (a pronoun or который stands for it).
    source_links: the same links between the English words they are aligned to.
    """

    english: list[str]
    russian: list[str]
    lemmas: list[str]
    features: list[str]
    alignment: list[list[int]]
    links: list[tuple[str, int, int]]
    source_links: list[tuple[str, int, int]]
    tags: list[str]


def words(text: str) -> list[str]:
    return WORD.findall(text)


def load_gold(split: str) -> list[Gold]:
    def gold(fields: dict) -> Gold:
        links = {key: [tuple(link) for link in fields[key]] for key in ("links", "source_links")}
        return Gold(**(fields | links))

    return read_records(f"{split}.gold.jsonl.gz", gold)


def pieces_of_words(words: list[str], pieces: list[str]) -> list[list[int]]:
    """For each word the indices of its BPE pieces. A piece that reaches over two words ("л.") belongs to both."""
    if "".join(pieces).replace("▁", "") != "".join(words):
        raise NmtError(f"the pieces {' '.join(pieces)!r} do not spell the words {' '.join(words)!r}")
    word_of_letter = [i for i, word in enumerate(words) for _ in word]
    found, start = [[] for _ in words], 0
    for i, piece in enumerate(pieces):
        size = len(piece.replace("▁", ""))
        # a lone ▁ goes to the word it opens
        for word in sorted(set(word_of_letter[start : start + max(size, 1)])):
            found[word].append(i)
        start += size
    return found
