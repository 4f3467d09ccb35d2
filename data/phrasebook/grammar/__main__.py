"""cd data/phrasebook && python -m grammar: write the files of the corpus anew."""

import sys

from nmt import NmtError
from nmt.plumbing.places import shipped

if __name__ == "__main__":
    try:
        from grammar.generate import write  # reads the tables of the lexicon

        write(shipped() / "phrasebook")
    except NmtError as error:
        sys.exit(str(error))
    print(f"written: {shipped() / 'phrasebook'}")
