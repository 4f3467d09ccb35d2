"""What is known of each pair of the embedded phrasebook: gold structure, contrast sets, and how well a model does.

The generator is not imported here: its workshop is data/phrasebook/grammar.
"""
