"""Methods of pruning compared, speed measured, records read back, notebooks rendered; only `cli` needs it."""
