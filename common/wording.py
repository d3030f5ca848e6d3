"""Labels and numbers in the reader's language."""

from django.utils.formats import get_format
from django.utils.translation import get_language, gettext

DASH = "–"


def in_sentence(label: object) -> str:
    """A label in the middle of a sentence: in lower case in English, unchanged in other languages."""
    return str(label).lower() if (get_language() or "en").startswith("en") else str(label)


def grouped(value: int) -> str:
    """A count with thousands separators: 12,345."""
    return f"{value:,}".replace(",", str(get_format("THOUSAND_SEPARATOR")))


def significant(value: float, digits: int = 3) -> str:
    """A number rounded to this many significant digits: 0.0125."""
    return _localized(f"{value:.{digits}g}")


def decimals(value: float, digits: int, *, signed: bool = False) -> str:
    """A number with this many digits after the point, and a real minus sign: −0.25. signed: a plus sign too: +12."""
    return _localized(f"{value:{'+' if signed else ''}.{digits}f}")


def percent(share: float, digits: int = 1) -> str:
    """A share from 0 to 1 as a percentage: 72.6 %."""
    return f"{decimals(100 * share, digits)} %"


def points(difference: float) -> str:
    """A difference of two shares in percentage points: +4.2 points. Percent of percent would be something else."""
    rounded = round(100 * difference, 1)
    return gettext("%(number)s points") % {"number": decimals(rounded + 0.0, 1, signed=bool(rounded))}


def _localized(written: str) -> str:
    return written.replace("-", "−").replace(".", str(get_format("DECIMAL_SEPARATOR")))


def beginning(text: str, length: int) -> str:
    """The first words of a text on one line, with an ellipsis where something is missing.

    length: at most so many characters. Only a single word that is longer than half of them is cut.
    """
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    space = cut.rfind(" ") if line[length - 1] != " " else len(cut)
    return (cut[:space] if space > length // 2 else cut).rstrip() + "…"
