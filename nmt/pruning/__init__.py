"""Pruning: which heads, or neurons, a model can do without. In reading order:

masks        which heads are kept: one binary mask to count, to evaluate and to remove by
removal      the smaller model
costs        what removal saves: parameters, operations, time
importance   scores of heads
config       PruningConfig, the settings of a run
method       what all methods share: compute, what is frozen, the rate and the averaging of weights
methods/     the methods, a file each; `nmt.pruning.methods` lists them by their names on the command line
prune        one run: choose, fine-tune, remove, report
"""
