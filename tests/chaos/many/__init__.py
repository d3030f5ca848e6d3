"""Hundreds of faults of many kinds, while sixteen people label and the loop trains and generates."""
