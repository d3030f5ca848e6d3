"""Whole numbers as they come in addresses and forms: text that anybody may have written."""

MOST_DIGITS = 18
"""What a database's key can have; Python itself refuses to read one of some thousand digits."""


def whole_number(text: str) -> int | None:
    """The number; None for what is none, and for what no row and no count of ours could be."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None
