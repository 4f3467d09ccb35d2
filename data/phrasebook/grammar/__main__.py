"""cd data/phrasebook && python -m grammar: write the files of the corpus anew."""

from grammar import generate
from nmt.plumbing.places import shipped

if __name__ == "__main__":
    generate.write(shipped() / "phrasebook")
    print(f"written: {shipped() / 'phrasebook'}")
