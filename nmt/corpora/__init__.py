"""From a name or files to clean, split sentence pairs: see `corpus.prepare`."""
