"""python -m nmt.phrasebook: write data/phrasebook anew."""

from pathlib import Path

import nmt.phrasebook
from nmt.phrasebook import generate

if __name__ == "__main__":
    generate.write(nmt.phrasebook.DATA, generate.generate())
    print(f"written: {Path(nmt.phrasebook.DATA)}")
