"""python -m grammar.cells: which forms of the commonest verbs the training pairs say fewer than three times.

A cell is a form of one verb: its infinitive, persons and pasts, of either aspect; the neuter past, which nobody says of
himself, and the imperative, which not every verb has, are left out.
"""

import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterable

from grammar import lexicon
from grammar.conjugation import TO_BE
from grammar.frames import going
from grammar.frames.requests import CAN
from nmt.plumbing.places import shipped

LEAST = 3
COMMONEST = (
    "do", "say", "tell", "speak", "go", "come", "come back", "see", "look at", "hear", "listen to", "know",
    "think about", "want", "give", "take", "buy", "sell", "eat", "drink", "cook", "sleep", "get up", "live", "work",
    "study", "learn", "read", "write", "play на", "play в", "love", "help", "wait", "ask", "answer", "call", "open",
    "close", "find", "lose", "look for", "put", "sit", "stand", "walk", "run", "swim", "understand", "remember",
    "forget", "put on", "wear", "wash", "clean", "begin", "finish", "travel", "rest", "meet", "pay for", "bring",
    "show", "send", "smile", "laugh", "cry", "teach", "smoke", "drive",
)  # fmt: skip


def cells() -> set[str]:
    """ "читать 1per sing" …, of all the verbs."""
    paradigms = [going.GOING[False].impf, going.GOING[True].impf, CAN]
    for verb in lexicon.load().verbs:
        if verb.key in COMMONEST and verb.impf["infn"] != "звать":
            paradigms += [forms for forms in (verb.impf, verb.perf) if forms and forms["infn"] != "изучить"]
    found = {f"{forms['infn']} {cell}" for forms in paradigms for cell in forms}
    found |= {f"быть {cell}" for cell in TO_BE}
    found -= {"мочь infn", "хотеть infn", "потерять infn"}  # nobody wants to lose, or can want
    return {cell for cell in found if not cell.endswith("past neut") and " impr " not in cell}


def thin(said: Iterable[tuple[str, str]]) -> list[tuple[int, str]]:
    """Cells said too rarely and how often, given the lemmas and features of words."""
    counts = Counter(f"{lemma} {_cell(features)}" for lemma, features in said)
    return sorted((counts[cell], cell) for cell in cells() if counts[cell] < LEAST)


def _cell(features: str) -> str:
    """ "VERB impf pres 1per sing" → "1per sing" """
    return " ".join(part for part in features.split() if part not in ("VERB", "INFN", "impf", "perf", "pres", "futr"))


def main() -> None:
    with gzip.open(shipped() / "phrasebook" / "train.gold.jsonl.gz", "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    found = thin(pair for record in records for pair in zip(record["lemmas"], record["features"], strict=True))
    for count, cell in found:
        print(f"{count}  {cell}")
    print(f"{len(found)} of {len(cells())} cells are said fewer than {LEAST} times in {len(records):,} pairs")


if __name__ == "__main__":
    sys.exit(main())
