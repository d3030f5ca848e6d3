"""Measurements of a model: log-probabilities, rewards, probes, and samples of its own."""
