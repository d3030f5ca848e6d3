"""Labeling under load: one driver, and one adapter for each system."""
