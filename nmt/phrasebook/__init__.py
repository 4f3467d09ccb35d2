"""What is known of each pair of the embedded phrasebook: gold structure and contrast sets.

The generator is not imported here: its workshop is data/phrasebook/grammar.
"""
