"""Notebooks rendered and stamped, kept runs read back: what the scripts of data/results and the notebooks share."""
