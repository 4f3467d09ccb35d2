"""The contrast sets of the phrasebook. What reads its gold structure, and what writes it, is in data/phrasebook."""
