"""The workshop of the phrasebook: `cd data/phrasebook && python -m grammar` writes the corpus anew, bit for bit."""
