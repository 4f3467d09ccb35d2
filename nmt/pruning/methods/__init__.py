"""The methods of pruning, one a file."""
