"""A run: reference pass, steps, checkpoints, selection, and what it may take of memory."""
