"""Whole numbers in addresses and forms, where anybody may have written anything."""

MOST_DIGITS = 18
"""The most that a key of the database can have. Python itself refuses to read a number of thousands of digits."""


def whole_number(text: str) -> int | None:
    """The number, or None if the text is no number, or one that no key or count can be."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None


class PlainFloat(float):
    """A number that is written without an exponent, as the limit of a form's field: 0.000001, not 1e-06."""

    def __str__(self) -> str:
        return f"{float(self):.12f}".rstrip("0").rstrip(".")
