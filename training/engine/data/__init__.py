"""Preference pairs on their way into the model: read, tokenised, packed into rows, ordered."""
