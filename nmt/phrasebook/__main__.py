"""python -m nmt.phrasebook: write data/phrasebook anew."""

from nmt.corpora import shipped
from nmt.phrasebook import generate

if __name__ == "__main__":
    generate.write(shipped() / "phrasebook")
    print(f"written: {shipped() / 'phrasebook'}")
