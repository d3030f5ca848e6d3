"""The model as the engine runs it: packed rows, adapters, its head in blocks, lanes, ranks, and its files."""
