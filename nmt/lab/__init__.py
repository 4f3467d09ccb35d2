"""Methods of pruning compared, records read back, notebooks rendered; only `cli` needs it."""
