"""Pruning: which heads, or neurons, a model can do without.

    masks      which are kept: one binary mask to count, to evaluate and to remove by
    removal    the smaller model
    costs      what is saved: parameters, operations, time; savings: measured for a run, and shown

The methods are one a file, behind one interface (model, corpus, budget -> mask, history); the harness that compares
them at equal compute lies beside them.
"""
