"""How labels and numbers stand in the reader's language."""

from django.utils.formats import get_format
from django.utils.translation import get_language

DASH = "–"


def in_sentence(label: object) -> str:
    """A choice's label in the middle of a sentence: English writes it small, other languages as it is."""
    return str(label).lower() if (get_language() or "en").startswith("en") else str(label)


def grouped(value: int) -> str:
    """A count with its thousands apart: 12,345."""
    return f"{value:,}".replace(",", str(get_format("THOUSAND_SEPARATOR")))


def decimals(value: float, digits: int, *, signed: bool = False) -> str:
    """A measured number with that many digits after the point, and a real minus: −0.25. signed: +12 has its plus."""
    written = f"{value:{'+' if signed else ''}.{digits}f}"
    return written.replace("-", "−").replace(".", str(get_format("DECIMAL_SEPARATOR")))


def percent(share: float, digits: int = 1) -> str:
    """A share of 0 to 1: 72.6 %."""
    return f"{decimals(100 * share, digits)} %"
