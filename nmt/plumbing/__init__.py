"""What keeps a run safe: whole files, locks, several processes, provenance, starting and resuming."""
