"""The phrasebook's set phrases, contracted and not: `python data/models/set_phrases.py > FILE.tsv`.

For a model that is to know them by heart; in the corpus each stands once, in one of the two ways.
"""

import gzip
import random
import sys

from nmt.plumbing.places import in_clone

sys.path.append(str(in_clone("data", "phrasebook")))

from gold import words
from grammar.contractions import contract, uncontracted
from grammar.sentences import Sentence, text
from grammar.words import Notes, Word


def both_ways(english: str) -> list[str]:
    """The line with contractions and the line without; one, where nothing is contracted."""
    full = uncontracted(english)
    made = Sentence([Word(word, word.lower()) for word in words(full)], [], Notes())
    contract(made, random.Random(1))
    return list(dict.fromkeys([english, full, text(made.english)]))


if __name__ == "__main__":
    with gzip.open(in_clone("data", "phrasebook", "train.tsv.gz"), "rt", encoding="utf-8") as lines:
        for line in lines:
            english, russian, tags = line.rstrip("\n").split("\t")
            if "smalltalk" in tags.split():
                print(*(f"{way}\t{russian}" for way in both_ways(english)), sep="\n")
