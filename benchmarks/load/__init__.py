"""Labeling under load: one driver, one adapter for each system."""
