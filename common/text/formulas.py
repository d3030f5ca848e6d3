"""Converts LaTeX formulas to MathML that is safe to show. Formulas are hostile input, like the text around them.

latex2mathml knows LaTeX but not hostile input: it keeps `href` and `style`, and its serialiser unescapes text between
tags. So only its element tree is used. It is written out here with an allow-list of elements and attributes. If one
element is not on the list, the whole formula is shown as it was written. So no part of it can be hidden, moved or
coloured away.

Pure: no Django, no database.
"""

import html
import re
from xml.etree.ElementTree import Element

from latex2mathml.converter import Converter

FORMULA_LIMIT = 1000
"""Characters. A longer formula is shown as it was written."""

MAX_DEPTH = 60
"""Levels of nested elements. Real formulas have fewer than 20."""

MAX_ELEMENTS = 2000

# Macros could expand a short text without end, phantoms hide text, and the others draw in the wrong place.
REFUSED = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand|newenvironment|g?def|let|DeclareMathOperator|phantom|[hv]phantom|"
    r"llap|rlap|clap|mathllap|mathrlap|mathclap|smash|hspace|raisebox|includegraphics)(?![a-zA-Z])"
)
# In TeX it begins a comment and would hide the rest of the line. Models mean a percent sign.
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
"""The elements that a formula may have, with the allowed values of their attributes."""


class NotAFormula(ValueError):
    """The text cannot be shown as a formula."""


def formula_html(latex: str, *, display: bool) -> str:
    """The formula as a `<math>` element. display: it stands on lines of its own. Raises NotAFormula."""
    latex = PERCENT.sub(r"\\%", WRAPPERS.sub("", ENVIRONMENTS.sub(r"\\\1{align*}", latex))).strip()
    if not latex or len(latex) > FORMULA_LIMIT:
        raise NotAFormula("It is empty or too long.")
    if REFUSED.search(latex):
        raise NotAFormula("It has a command that is not allowed.")
    try:
        tree = Converter(display="block" if display else "inline").convert_to_element(latex)
    # For text that is not LaTeX it raises its own exceptions and many of Python's; all mean the same.
    except Exception as error:
        raise NotAFormula("It is not LaTeX.") from error
    pieces: list[str] = []
    _write(tree, pieces, 0)
    return "".join(pieces)


def _write(element: Element, pieces: list[str], depth: int) -> None:
    allowed = ELEMENTS.get(element.tag)
    if allowed is None or depth > MAX_DEPTH or len(pieces) > 3 * MAX_ELEMENTS:
        raise NotAFormula("It has an element that is not allowed, or too many.")
    kept = [
        f' {name}="{value}"' for name, value in element.items() if name in allowed and allowed[name].fullmatch(value)
    ]
    pieces.append(f"<{element.tag}{''.join(kept)}>")
    if element.text:
        # The library writes symbols into the text as character references.
        pieces.append(html.escape(html.unescape(element.text), quote=False))
    for child in element:
        _write(child, pieces, depth + 1)
    pieces.append(f"</{element.tag}>")
