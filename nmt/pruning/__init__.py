"""Pruning: which heads, or neurons, a model can do without. In reading order:

masks        which heads are kept: one binary mask to count, to evaluate and to remove by
removal      the smaller model
costs        what removal saves: parameters, operations, time
importance   scores of heads
config       PruningConfig, the settings of a run
frozen       which side of the model does not learn
compute      how much training a run may do
method       what all methods share
methods/     the methods, a file each; `nmt.pruning.methods` lists them by their names on the command line
swap_heads   exchanges of single heads after the search
prune        one run: choose, fine-tune, remove, report
"""
