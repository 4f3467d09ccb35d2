"""Methods of pruning compared, speed measured, records read back, notebooks rendered; only the command line needs it."""
