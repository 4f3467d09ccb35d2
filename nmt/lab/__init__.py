"""What the tables of data/results are made with; no other wing needs it."""
