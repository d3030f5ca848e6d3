"""LaTeX formulas to MathML that is safe to show. Formulas are hostile input like the text around them.

latex2mathml knows LaTeX, and nothing of hostile input: it passes on `href` and `style`, and its own serialiser
unescapes what stood between tags. So only its tree is used: it is written out here by an allow-list of elements and
attributes, and an element that is not on it makes the whole formula be shown as it was written. Nothing is hidden,
moved or coloured away.

Pure: no Django, no database.
"""

import html
import re
from xml.etree.ElementTree import Element

from latex2mathml.converter import Converter

FORMULA_LIMIT = 1000
"""Characters; a longer formula is shown as it was written."""

MAX_DEPTH = 60
"""Elements within each other; a formula of honest people has less than 20."""

MAX_ELEMENTS = 2000

# Macros could multiply a short text without end; phantoms hide; the others draw where they should not.
REFUSED = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand|newenvironment|g?def|let|DeclareMathOperator|phantom|[hv]phantom|"
    r"llap|rlap|clap|mathllap|mathrlap|mathclap|smash|hspace|raisebox|includegraphics)(?![a-zA-Z])"
)
# To TeX a comment, which would hide the rest of the line; whoever writes a model's formulas means percent.
PERCENT = re.compile(r"(?<!\\)%")
# latex2mathml knows these environments by other names.
ENVIRONMENTS = re.compile(r"\\(begin|end)\s*\{\s*(?:aligned|align|alignedat|gathered|gather|multline|split)\*?\s*\}")
WRAPPERS = re.compile(r"\\(?:begin|end)\s*\{\s*(?:equation|displaymath|math)\*?\s*\}")

_YES_NO = re.compile(r"true|false")
_SMALL = re.compile(r"-?0?\.[0-3]\d{0,3}em|[0-3](?:\.\d{1,4})?em")
_ALIGN = re.compile(r"(?:(?:left|right|center) ?){1,20}")
_LINES = re.compile(r"(?:(?:none|solid|dashed) ?){1,20}")
ELEMENTS: dict[str, dict[str, re.Pattern[str]]] = {
    "math": {"display": re.compile("block|inline")},
    "mi": {"mathvariant": re.compile("normal")},
    "mn": {},
    "mo": {
        **dict.fromkeys(("stretchy", "fence", "largeop", "movablelimits", "separator", "symmetric", "accent"), _YES_NO),
        **dict.fromkeys(("minsize", "maxsize"), _SMALL),
        "form": re.compile("prefix|infix|postfix"),
    },
    "mtext": {},
    "mspace": {"width": _SMALL},
    "mrow": {},
    "mfrac": {"linethickness": re.compile("0(?:em|px|pt)?")},
    "msqrt": {},
    "mroot": {},
    "mstyle": {"displaystyle": _YES_NO, "scriptlevel": re.compile("[0-3]")},
    "msub": {},
    "msup": {},
    "msubsup": {},
    "munder": {"accentunder": _YES_NO},
    "mover": {"accent": _YES_NO},
    "munderover": {"accent": _YES_NO, "accentunder": _YES_NO},
    "mmultiscripts": {},
    "mprescripts": {},
    "none": {},
    "mtable": {"columnalign": _ALIGN, "displaystyle": _YES_NO, "columnlines": _LINES, "rowlines": _LINES},
    "mtr": {},
    "mtd": {"columnalign": _ALIGN},
    "menclose": {"notation": re.compile(r"[a-z ]{1,80}")},
}
"""What a formula may be made of, with the values of the attributes it may have."""


class NotAFormula(ValueError):
    """The text cannot be shown as a formula."""


def formula_html(latex: str, *, display: bool) -> str:
    """The formula as a `<math>` element. display: on lines of its own. Raises NotAFormula."""
    latex = PERCENT.sub(r"\\%", WRAPPERS.sub("", ENVIRONMENTS.sub(r"\\\1{align*}", latex))).strip()
    if not latex or len(latex) > FORMULA_LIMIT:
        raise NotAFormula("It is empty or too long.")
    if REFUSED.search(latex):
        raise NotAFormula("It wants what formulas here may not.")
    try:
        tree = Converter(display="block" if display else "inline").convert_to_element(latex)
    # It raises its own exceptions and many of Python's for what is not LaTeX: all of them say the same.
    except Exception as error:
        raise NotAFormula("It is not LaTeX.") from error
    pieces: list[str] = []
    _write(tree, pieces, 0)
    return "".join(pieces)


def _write(element: Element, pieces: list[str], depth: int) -> None:
    allowed = ELEMENTS.get(element.tag)
    if allowed is None or depth > MAX_DEPTH or len(pieces) > 3 * MAX_ELEMENTS:
        raise NotAFormula("It is made of what formulas here may not be made of.")
    kept = [
        f' {name}="{value}"' for name, value in element.items() if name in allowed and allowed[name].fullmatch(value)
    ]
    pieces.append(f"<{element.tag}{''.join(kept)}>")
    if element.text:
        # The library writes symbols as character references into the text.
        pieces.append(html.escape(html.unescape(element.text), quote=False))
    for child in element:
        _write(child, pieces, depth + 1)
    pieces.append(f"</{element.tag}>")
