"""From a corpus name or files to clean sentence pairs, split for training and testing: see `corpus.prepare`."""
