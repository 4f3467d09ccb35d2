"""What is shown: figures, movies, the live model and its widgets."""
