"""The embedded phrasebook: a bilingual world with known answers. See data/phrasebook/README.md.

    tables (nouns, verbs, words) -> lexicon (morphology) -> phrases -> clauses -> world
        -> statements, motion, states, having, questions, joined, rare -> frames
        -> generate (gold, edits, contrast)

The grammar is not imported here: who only reads the corpus needs gold and contrast alone.
"""
